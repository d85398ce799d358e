/* calc.c: recursive descent over a text, as deep as CALC_MOST_DEPTH. */
#include "calc.h"

#include <string.h>

struct calc {
	struct rho_str text;
	size_t i;
	size_t operators;
	unsigned depth;
	int64_t *work;
};

enum { CALL_COST = 50 };        /* of reading an expression, however short, in word operations */

static const struct sign { const char *bytes; char means; } signs[] = {
	{ "**", '^' }, { "//", '/' }, { "+", '+' }, { "-", '-' }, { "*", '*' }, { "/", '/' },
	{ "^", '^' }, { "(", '(' }, { ")", ')' },
	{ "%", '%' }, { "$", '$' }, { " ", ' ' }, { "\t", ' ' }, { "x", '*' }, { "X", '*' },
	{ "\xc3\x97", '*' }, { "\xc2\xb7", '*' }, { "\xe2\x8b\x85", '*' }, { "\xc3\xb7", '/' },
	{ "\xe2\x88\x92", '-' }, { "\xe2\x80\x93", '-' },       /* a minus, an en dash */
	{ "\xc2\xa3", '$' }, { "\xe2\x82\xac", '$' }, { "\xc2\xa0", ' ' },
};

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/* Whether the x at s.at[i] multiplies: a number follows it, without a sign, as in 3 x 4 and not in 4x+12. */
static bool multiplies(struct rho_str s, size_t i)
{
	for (i++; i < s.len && s.at[i] == ' '; i++)
		;
	return i < s.len && (is_digit(s.at[i]) || s.at[i] == '.' || s.at[i] == '(' || s.at[i] == '$');
}

static const struct sign *sign_at(struct rho_str s, size_t i)
{
	if (is_digit(s.at[i]))
		return NULL;
	for (size_t k = 0; k < sizeof(signs) / sizeof(signs[0]); k++) {
		if (signs[k].bytes[0] != s.at[i])
			continue;
		size_t n = strlen(signs[k].bytes);
		if (s.len - i >= n && !memcmp(s.at + i, signs[k].bytes, n))
			return (s.at[i] | 32) != 'x' || multiplies(s, i) ? &signs[k] : NULL;
	}
	return NULL;
}

static bool is_letter(struct rho_str s, size_t i)
{
	return i < s.len && ((s.at[i] >= 'a' && s.at[i] <= 'z') || (s.at[i] >= 'A' && s.at[i] <= 'Z'));
}

size_t calc_sign(struct rho_str s, size_t i)
{
	const struct sign *sign = sign_at(s, i);
	bool in_word = sign && is_letter(s, i) && ((i && is_letter(s, i - 1)) || is_letter(s, i + 1));
	return sign && !in_word ? strlen(sign->bytes) : 0;
}

/* What stands next, blanks aside: '0' a number, a sign's meaning, 0 something else or the end. */
static char next(struct calc *c)
{
	for (; c->i < c->text.len; c->i++) {
		const struct sign *s = sign_at(c->text, c->i);
		if (is_digit(c->text.at[c->i]) || c->text.at[c->i] == '.')
			return '0';
		if (!s)
			return 0;
		if (s->means != ' ')
			return s->means;
		c->i += strlen(s->bytes) - 1;
	}
	return 0;
}

static void take(struct calc *c) { c->i += strlen(sign_at(c->text, c->i)->bytes); }

/* Digits of a number into out without its commas: "1,234.50"; at most `room`. Gives their number; 0: none, or too
 * many. */
static size_t take_digits(struct calc *c, char *out, size_t room)
{
	struct rho_str s = c->text;
	size_t n = 0, i = c->i, group = 0;
	bool point = false, grouped = false, any = false;
	for (; i < s.len && n < room; i++) {
		if (is_digit(s.at[i])) {
			any = true;
			group++;
		} else if (s.at[i] == '.' && !point && i + 1 < s.len && is_digit(s.at[i + 1])) {
			point = true;
		} else if (s.at[i] == ',' && !point && group && group <= 3 && (group == 3 || !grouped)
			   && i + 3 < s.len && is_digit(s.at[i + 1]) && is_digit(s.at[i + 2])
			   && is_digit(s.at[i + 3]) && (i + 4 == s.len || !is_digit(s.at[i + 4]))) {
			grouped = true;
			group = 0;
			continue;
		} else {
			break;
		}
		out[n++] = s.at[i];
	}
	if (i < s.len && s.at[i] == '.' && any && !point)
		i++;    /* "12." */
	c->i = i;
	return n < room ? n : 0;
}

static enum calc_result sum(struct calc *, struct rho_rational *);

static enum calc_result primary(struct calc *c, struct rho_rational *out)
{
	char digits[700];
	char what = next(c);
	while (what == '$') {
		take(c);
		what = next(c);
	}
	if (what == '(') {
		if (++c->depth > CALC_MOST_DEPTH)
			return CALC_TOO_LARGE;
		take(c);
		enum calc_result r = sum(c, out);
		c->depth--;
		if (r)
			return r;
		if (next(c) != ')')
			return CALC_UNREADABLE;
		take(c);
	} else if (what == '0') {
		size_t from = c->i;
		struct rho_str s = { digits, take_digits(c, digits, sizeof(digits)) };
		if (!s.len)
			return c->i - from >= sizeof(digits) ? CALC_TOO_LARGE : CALC_UNREADABLE;
		*c->work -= (int64_t)(s.len * s.len / 8);
		if (!rho_rational_read(s, out))
			return CALC_TOO_LARGE;
	} else {
		return CALC_UNREADABLE;
	}
	const struct rho_rational hundred = rho_rational_of(100);
	while (next(c) == '%') {
		take(c);
		if (!rho_rational_div(out, &hundred, out))
			return CALC_TOO_LARGE;
	}
	return CALC_OK;
}

/* out = a OP b, its cost off the budget first. */
static enum calc_result apply(struct calc *c, char op, const struct rho_rational *a, const struct rho_rational *b,
			      struct rho_rational *out)
{
	int64_t limbs = (int64_t)a->n_top + a->n_bottom + b->n_top + b->n_bottom;
	*c->work -= op == '^' ? 40000 : limbs <= 8 ? 8 : limbs * limbs * 8;
	c->operators++;
	if (*c->work < 0)
		return CALC_TOO_LARGE;
	if (op == '/' && !b->n_top)
		return CALC_BY_ZERO;
	if (op == '^' && b->minus && !a->n_top)
		return CALC_BY_ZERO;
	bool fits = op == '+' ? rho_rational_add(a, b, out) : op == '-' ? rho_rational_sub(a, b, out)
		  : op == '*' ? rho_rational_mul(a, b, out) : op == '/' ? rho_rational_div(a, b, out)
		  : rho_rational_pow(a, b, out);
	return fits ? CALC_OK : CALC_TOO_LARGE;
}

/* A number with its signs and its power: -2^2 is -4. */
static enum calc_result power(struct calc *c, struct rho_rational *out)
{
	bool minus = false;
	char what;
	enum calc_result r;
	for (what = next(c); what == '-' || what == '+'; what = next(c)) {
		minus ^= what == '-';
		take(c);
	}
	if ((r = primary(c, out)))
		return r;
	if (next(c) == '^') {
		struct rho_rational exponent;
		if (++c->depth > CALC_MOST_DEPTH)
			return CALC_TOO_LARGE;
		take(c);
		r = power(c, &exponent);
		c->depth--;
		r = r ? r : apply(c, '^', out, &exponent, out);
	}
	out->minus = out->n_top && out->minus != minus;
	return r;
}

/* left OP operand, as long as an operand follows an operator; what does not is left standing. */
static enum calc_result operations(struct calc *c, const char *ops,
				   enum calc_result (*operand)(struct calc *, struct rho_rational *),
				   struct rho_rational *out)
{
	struct rho_rational right;
	enum calc_result r = operand(c, out);
	while (!r) {
		size_t from = c->i;
		char op = next(c);
		if (!op || !strchr(ops, op)) {
			c->i = from;
			break;
		}
		if (op == '(')
			op = '*';
		else
			take(c);
		r = operand(c, &right);
		if (r == CALC_UNREADABLE) {
			c->i = from;
			r = CALC_OK;
			break;
		}
		r = r ? r : apply(c, op, out, &right, out);
	}
	return r;
}

static enum calc_result product(struct calc *c, struct rho_rational *out)
{
	return operations(c, "*/(", power, out);
}

static enum calc_result sum(struct calc *c, struct rho_rational *out)
{
	return operations(c, "+-", product, out);
}

enum calc_result calc_prefix(struct rho_str s, int64_t *work, struct calc_value *out)
{
	struct calc c = { .text = s, .work = work };
	enum calc_result r = *work <= 0 ? CALC_TOO_LARGE : sum(&c, &out->v);
	*work -= (int64_t)c.i + CALL_COST;
	out->operators = c.operators;
	out->end = c.i;
	return r;
}

enum calc_result calc_whole(struct rho_str s, int64_t *work, struct calc_value *out)
{
	enum calc_result r = calc_prefix(s, work, out);
	if (r)
		return r;
	struct calc c = { .text = s, .i = out->end };
	next(&c);
	return c.i == s.len ? CALC_OK : CALC_UNREADABLE;
}
