/* Exact: an answer is right when it is the same number as the reference, or the same words.
 *
 * Blanks, a leading $ and a closing % are not looked at, nor are commas between thousands. Numbers
 * are compared as rationals, never as floating point: 0.50 is 1/2, and 0.3333 is not 1/3. */
#include <ctype.h>
#include <stdio.h>

#include <rho/rho.h>

/* Digits (n, no zero at either end; none for 0) times 10^exponent. */
struct decimal { char *digit; size_t n; long exponent; bool minus; };

struct number { struct decimal top, bottom; };  /* bottom: of a fraction; digit NULL: 1 */

enum { MOST_WORK = 50000000 };  /* digit products; longer fractions are undecided */

static bool is_digit(char ch) { return ch >= '0' && ch <= '9'; }
static bool is_sign(char ch) { return ch == '-' || ch == '+'; }

/* s without blanks around it and with each run of blanks inside as one; into out (s.len). */
static struct rho_str tidy(struct rho_str s, char *out)
{
	size_t n = 0;
	for (size_t i = 0; i < s.len; i++) {
		bool blank = isspace((unsigned char)s.at[i]);
		if (!blank)
			out[n++] = s.at[i];
		else if (n && out[n - 1] != ' ')
			out[n++] = ' ';
	}
	return (struct rho_str){ out, n && out[n - 1] == ' ' ? n - 1 : n };
}

/* A comma that stands between thousands: three digits follow it and no fourth. */
static bool is_thousands(struct rho_str s, size_t i)
{
	size_t n = 0;
	while (i + 1 + n < s.len && is_digit(s.at[i + 1 + n]))
		n++;
	return i && is_digit(s.at[i - 1]) && n == 3;
}

/* Zeros at the end of the digits go into the exponent. */
static struct decimal trimmed(struct decimal d)
{
	for (; d.n && d.digit[d.n - 1] == '0'; d.n--)
		d.exponent++;
	if (!d.n)
		d = (struct decimal){ .digit = d.digit };
	return d;
}

/* Reads a decimal such as -1,234.50 from the whole of s; its digits go to out (s.len + 1). */
static bool read_decimal(struct rho_str s, char *out, struct decimal *d)
{
	size_t i = 0;
	bool point = false, any = false;
	*d = (struct decimal){ .digit = out };
	if (i < s.len && is_sign(s.at[i]))
		d->minus = s.at[i++] == '-';
	for (; i < s.len; i++) {
		if (s.at[i] == '.' && !point) {
			point = true;
		} else if (is_digit(s.at[i])) {
			any = true;
			if (d->n || s.at[i] != '0')
				out[d->n++] = s.at[i];
			d->exponent -= point;
		} else if (s.at[i] != ',' || point || !is_thousands(s, i)) {
			return false;
		}
	}
	*d = trimmed(*d);
	return any;
}

/* Reads a decimal or a fraction of two; blanks, a $ in front and a % behind are left out. Works in
 * out (2 s.len + 2), which the number goes on using. */
static bool read_number(struct rho_str s, char *out, struct number *v)
{
	struct rho_str plain = { out, 0 };
	size_t slash = 0, n = 0;
	for (size_t i = 0; i < s.len; i++) {
		bool dollar = s.at[i] == '$' && (!n || (n == 1 && is_sign(out[0])));
		bool percent = s.at[i] == '%' && i + 1 == s.len;
		if (s.at[i] == '/' && !slash)
			slash = n;
		if (s.at[i] != ' ' && !dollar && !percent)
			out[n++] = s.at[i];
	}
	*v = (struct number){ 0 };
	plain.len = slash ? slash : n;
	if (!read_decimal(plain, out + n, &v->top))
		return false;
	if (!slash)
		return true;
	struct rho_str below = { out + slash + 1, n - slash - 1 };
	return read_decimal(below, out + n + slash, &v->bottom) && v->bottom.n;
}

/* a * b, digit by digit, in out (a.n + b.n + 1); a times 1 where b has no digits at all. */
static struct decimal product(struct decimal a, struct decimal b, char *out)
{
	if (!b.digit || !a.n)
		return a;
	size_t n = a.n + b.n, first = 0;
	memset(out, 0, n);
	for (size_t i = a.n; i-- > 0; ) {
		int carry = 0;
		for (size_t j = b.n; j-- > 0; ) {
			int sum = out[i + j + 1] + (a.digit[i] - '0') * (b.digit[j] - '0') + carry;
			out[i + j + 1] = (char)(sum % 10);
			carry = sum / 10;
		}
		out[i] = (char)carry;
	}
	while (!out[first])
		first++;
	for (size_t i = first; i < n; i++)
		out[i] = (char)(out[i] + '0');
	struct decimal d = { out + first, n - first, a.exponent + b.exponent, a.minus != b.minus };
	return trimmed(d);
}

static bool same_decimal(struct decimal a, struct decimal b)
{
	return a.n == b.n && a.exponent == b.exponent && a.minus == b.minus && !memcmp(a.digit, b.digit, a.n);
}

static bool same_text(struct rho_str a, struct rho_str b)
{
	return a.len == b.len && !memcmp(a.at, b.at, a.len);
}

/* At most so many bytes of s as fit a sentence, whole characters. */
static int shown(struct rho_str s)
{
	size_t n = s.len < 36 ? s.len : 36;
	while (n && n < s.len && ((unsigned char)s.at[n] & 0xc0) == 0x80)
		n--;
	return (int)n;
}

/* Whether a number equals another: a.top b.bottom = b.top a.bottom. Works in `work`. */
static uint32_t compare(struct number a, struct number b, char *work)
{
	if ((double)a.top.n * (double)b.bottom.n + (double)b.top.n * (double)a.bottom.n > MOST_WORK)
		return RHO_UNDECIDED;
	struct decimal left = product(a.top, b.bottom, work);
	struct decimal right = product(b.top, a.bottom, work + a.top.n + b.bottom.n + 1);
	return same_decimal(left, right) ? RHO_RIGHT : RHO_WRONG;
}

/* room: 10 times the longer of the two texts and 16 bytes. */
static void judge(const struct rho_claim *claim, char *room, struct rho_verdict *v)
{
	struct rho_str answer = tidy(claim->answer, room);
	struct rho_str reference = tidy(claim->reference, room + claim->answer.len);
	char *first = room + claim->answer.len + claim->reference.len;
	char *second = first + 2 * answer.len + 2, *work = second + 2 * reference.len + 2;
	const char *as;
	struct number a, b;
	if (!answer.len || !reference.len) {
		v->ruling = answer.len ? RHO_UNDECIDED : RHO_UNREADABLE;
		as = answer.len ? "there is no reference" : "the answer is empty";
	} else if (read_number(answer, first, &a) && read_number(reference, second, &b)) {
		v->ruling = compare(a, b, work);
		as = v->ruling == RHO_UNDECIDED ? "fractions too long to compare" : "as numbers";
	} else {
		v->ruling = same_text(answer, reference) ? RHO_RIGHT : RHO_WRONG;
		as = "as text";
	}
	v->score = v->ruling == RHO_RIGHT ? 1 : 0;
	snprintf(v->why, sizeof v->why, "%s: %.*s%s %s %.*s%s", as, shown(answer), answer.at,
	         (size_t)shown(answer) < answer.len ? "..." : "", v->ruling == RHO_RIGHT ? "is" : "for",
	         shown(reference), reference.at, (size_t)shown(reference) < reference.len ? "..." : "");
}

static int exact_verify(struct rho_ctx *c, void *self, const struct rho_claim *claim, size_t n,
                        struct rho_verdict *verdict)
{
	size_t longest = 0;
	for (size_t i = 0; i < n; i++) {
		longest = claim[i].answer.len > longest ? claim[i].answer.len : longest;
		longest = claim[i].reference.len > longest ? claim[i].reference.len : longest;
	}
	char *room = rho_scratch(c, longest + 2, 10);
	if (!room)
		return RHO_ENOMEM;
	for (size_t i = 0; i < n; i++)
		judge(&claim[i], room, &verdict[i]);
	return 0;
}

static const struct rho_verifier exact_verifier = { .size = sizeof exact_verifier, .verify = exact_verify };

RHO_EXPORT const struct rho_plugin rho_plugin = {
	RHO_PLUGIN(RHO_VERIFIER), .name = "exact", .version = "1.0.0", .revision = 1,
	.brief = "the same number, compared exactly, or the same words",
	.verifier = &exact_verifier,
};
