/* Exact: an answer is right when it is the same number as the reference, or the same words.
 *
 * Numbers are compared as rationals, to the last digit and never as floating point, unless a tolerance is asked
 * for: 0.50 is 1/2, and 0.3333 is not 1/3. */
#include <kit/text.h>
#include <math.h>
#include <rho/rho.h>
#include <stdio.h>
#include <string.h>

#include "read.h"

struct exact {
	double tolerance, absolute;
	int percent;
	bool extract;
};

enum { WRITTEN, VALUE, LOOSE };
static const char *const percents[] = { "written", "value", "loose", NULL };

static const struct rho_param params[] = {
	RHO_F64(struct exact, tolerance, 0, 0, 1, "how far an answer may be off, relative to the reference; 0: exact"),
	RHO_F64(struct exact, absolute, 0, 0, 1e300, "how far an answer may be off in any case; 0: exact"),
	RHO_CHOICE(struct exact, percent, WRITTEN, percents,
		   "what 12% is where the other side has no percent sign: 12 as written, its value 0.12, or either"),
	RHO_BOOL(struct exact, extract, false,
		 "take the answer out of a whole response: the last \\boxed, what follows ####, A: or 'answer is', "
		 "else the last number"),
	RHO_END
};

enum { MOST_WORK = 50000000 };  /* digit products; longer fractions are undecided */

static bool same_decimal(struct exact_decimal a, struct exact_decimal b)
{
	return a.n == b.n && a.exponent == b.exponent && a.minus == b.minus && !memcmp(a.digit, b.digit, a.n);
}

/* Whether a number equals another: a.top b.bottom = b.top a.bottom. Works in `work`. */
static uint32_t compare(const struct exact_number *a, const struct exact_number *b, char *work)
{
	if ((double)a->top.n * (double)b->bottom.n + (double)b->top.n * (double)a->bottom.n > MOST_WORK)
		return RHO_UNDECIDED;
	struct exact_decimal left = exact_product(a->top, b->bottom, work);
	struct exact_decimal right = exact_product(b->top, a->bottom, work + a->top.n + b->bottom.n + 1);
	return same_decimal(left, right) ? RHO_RIGHT : RHO_WRONG;
}

/* |a - b| <= absolute, or <= tolerance |b|, in double precision, bounds included. */
static bool near(const struct exact *x, const struct exact_number *a, const struct exact_number *b)
{
	long ea, eb;
	double ma = exact_f64(a, &ea), mb = exact_f64(b, &eb), slack = 1 + 1e-12;
	long base = ma == 0 ? eb : mb == 0 || ea > eb ? ea : eb;
	double va = ma == 0 ? 0 : ma * pow(10, (double)(ea - base));
	double vb = mb == 0 ? 0 : mb * pow(10, (double)(eb - base));
	double off = fabs(va - vb);
	return off <= x->tolerance * fabs(vb) * slack
	       || (x->absolute > 0 && off <= x->absolute * slack * pow(10, (double)-base));
}

/* One reading of the percent signs: `a` and `b` as they are, or divided by 100. */
static uint32_t weigh(const struct exact *x, struct exact_number a, struct exact_number b, bool value, char *work)
{
	a.top.exponent -= value && a.percent && a.top.n ? 2 : 0;
	b.top.exponent -= value && b.percent && b.top.n ? 2 : 0;
	uint32_t ruling = compare(&a, &b, work);
	if (ruling == RHO_WRONG && (x->tolerance > 0 || x->absolute > 0) && near(x, &a, &b))
		ruling = RHO_RIGHT;
	return ruling;
}

/* a: the answer; b: the reference. */
static uint32_t judge_numbers(const struct exact *x, const struct exact_number *a, const struct exact_number *b,
			      char *work, const char **as)
{
	uint32_t ruling;
	if (a->unit.len && b->unit.len && !exact_same_unit(a->unit, b->unit)) {
		*as = "another unit";
		return RHO_WRONG;
	}
	ruling = weigh(x, *a, *b, x->percent == VALUE, work);
	if (ruling == RHO_WRONG && x->percent == LOOSE)
		ruling = weigh(x, *a, *b, true, work);
	*as = ruling == RHO_UNDECIDED ? "fractions too long to compare" : "as numbers";
	return ruling;
}

/* Tidied, and out of a whole response where that is wanted: what it marks, else (`any`) its last number. Works in out
 * (4 times the length of `text` and 42); the number in *v where *is says so, which goes on using it. */
static struct rho_str take_answer(const struct exact *x, struct rho_str text, bool any, char *out,
				  struct exact_number *v, bool *is)
{
	struct rho_str marked = x->extract ? exact_marked(text) : text, tidy = exact_tidy(marked, out);
	char *digits = out + marked.len;
	*is = exact_read(tidy, digits, v);
	bool whole = marked.at == text.at && marked.len == text.len;
	if (*is || !x->extract || (whole && !any))
		return tidy;
	struct rho_str one = exact_number_in(tidy, whole);
	*is = one.len && exact_read(one, digits, v);
	return *is ? one : tidy;
}

static bool is_cut(struct rho_str s) { return s.len > 36; }

/* room: see exact_verify. */
static void judge(const struct exact *x, const struct rho_claim *claim, char *room, struct rho_verdict *v)
{
	struct exact_number a, b;
	bool is_a, is_b;
	char *second = room + 4 * claim->answer.len + 42, *work = second + 4 * claim->reference.len + 42;
	struct rho_str answer = take_answer(x, claim->answer, true, room, &a, &is_a);
	struct rho_str reference = take_answer(x, claim->reference, false, second, &b, &is_b);
	const char *as = "as text";
	v->score = 0;
	if (!answer.len || !reference.len) {
		v->ruling = answer.len ? RHO_UNDECIDED : RHO_UNREADABLE;
		snprintf(v->why, sizeof v->why, "%s", answer.len ? "there is no reference" : "the answer is empty");
		return;
	}
	if (is_a && is_b)
		v->ruling = judge_numbers(x, &a, &b, work, &as);
	else
		v->ruling = rho_str_same(answer, reference) ? RHO_RIGHT : RHO_WRONG;
	v->score = v->ruling == RHO_RIGHT ? 1 : 0;
	snprintf(v->why, sizeof v->why, "%s: %.*s%s %s %.*s%s", as, (int)rho_str_head(answer, 36).len, answer.at,
		 is_cut(answer) ? "..." : "", v->ruling == RHO_RIGHT ? "is" : "for",
		 (int)rho_str_head(reference, 36).len, reference.at, is_cut(reference) ? "..." : "");
}

static int exact_verify(struct rho_ctx *c, void *self, const struct rho_claim *claim, size_t n,
			struct rho_verdict *verdict)
{
	size_t longest = 0;
	for (size_t i = 0; i < n; i++) {
		longest = claim[i].answer.len > longest ? claim[i].answer.len : longest;
		longest = claim[i].reference.len > longest ? claim[i].reference.len : longest;
	}
	/* Both texts with their digits, 4 times the length each, and products of twice as many digits each. */
	char *room = rho_scratch(c, longest + 16, 14);
	if (!room)
		return RHO_ENOMEM;
	for (size_t i = 0; i < n; i++)
		judge(self, &claim[i], room, &verdict[i]);
	return 0;
}

static const struct rho_verifier exact_verifier = { .size = sizeof exact_verifier, .verify = exact_verify };

RHO_EXPORT const struct rho_plugin rho_plugin = {
	RHO_PLUGIN(RHO_VERIFIER), .name = "exact", .version = "1.1.0", .revision = 2,
	.brief = "the same number, compared exactly, or the same words",
	.params = params, .self_size = sizeof(struct exact), .verifier = &exact_verifier,
};
