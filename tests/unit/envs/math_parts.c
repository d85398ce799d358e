/* math_parts: fractions, texts, solutions and candidates of the env math, its sources built in. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <rho/rng.h>

#include "../../../plugins/envs/math/cues.h"
#include "../../../plugins/envs/math/lane.h"

static struct rho_str str(const char *s) { return (struct rho_str){ s, strlen(s) }; }
static struct math_fraction of(int64_t p, int64_t q) { return math_fraction_of(p, q); }

Test(math_parts, fractions)
{
	static const struct { int64_t p, q; const char *text; } written[] = {
		{ 72, 1, "72" }, { -25, 2, "-12.5" }, { 1, 3, "1/3" }, { 1, 40, "0.025" }, { 0, 5, "0" },
		{ 6, -4, "-1.5" }, { -7, 3, "-7/3" }, { 1, 1000000, "0.000001" },
	};
	struct math_fraction v;
	char text[32];
	for (size_t i = 0; i < sizeof written / sizeof *written; i++) {
		math_fraction_write(of(written[i].p, written[i].q), text);
		cr_assert_str_eq(text, written[i].text);
	}
	cr_assert_eq(math_fraction_read(str("1,234.50 km"), &v), 8);
	cr_assert(v.p == 2469 && v.q == 2);
	cr_assert_eq(math_fraction_read(str("1,23"), &v), 1, "no comma between thousands");
	cr_assert_eq(math_fraction_read(str(".5"), &v), 2);
	cr_assert_eq(math_fraction_read(str("99999999999999999999"), &v), 0, "too long");
	cr_assert_eq(math_fraction_read(str("-3"), &v), 0);
	/* Against doubles, over numbers that doubles hold exactly. */
	struct rho_rng rng = { { 1, 2, 3, 4 } };
	for (int n = 0; n < 20000; n++) {
		struct math_fraction a = of((int64_t)rho_below(&rng, 2001) - 1000, 1 + rho_below(&rng, 30));
		struct math_fraction b = of((int64_t)rho_below(&rng, 2001) - 1000, 1 + rho_below(&rng, 30));
		double x = (double)a.p / (double)a.q, y = (double)b.p / (double)b.q;
		const char ops[] = "+-*/";
		double r[] = { x + y, x - y, x * y, x / y };
		for (int k = 0; k < 4; k++) {
			struct math_fraction c = math_do(a, ops[k], b);
			if (k == 3 && !b.p) {
				cr_assert_eq(c.q, 0);
				continue;
			}
			cr_assert(c.q > 0 && fabs((double)c.p / (double)c.q - r[k]) <= 1e-9 * (1 + fabs(r[k])));
		}
		int order = math_order(a, b);
		cr_assert_eq((order > 0) - (order < 0), a.p * b.q > b.p * a.q ? 1 : a.p * b.q < b.p * a.q ? -1 : 0);
	}
	cr_assert_eq(math_do(of(1000000000000, 1), '*', of(10, 1)).q, 0, "13 digits");
	cr_assert_eq(math_do(of(1, 999999999989), '+', of(1, 999999999961)).q, 0);
}

/* The quantities of a text, as "48 0.5". */
static void quantities(const char *text, const char *expected)
{
	struct math_problem p;
	struct math_quantity q[MATH_MOST_TEXT];
	char got[600] = "", one[32];
	math_read_text(str(text), &p, q);
	for (size_t i = 0; i < p.n_quantities; i++) {
		math_fraction_write(q[i].value, one);
		strcat(got, i ? " " : "");
		strcat(got, one);
	}
	cr_assert_str_eq(got, expected, "%s", text);
}

Test(math_parts, texts)
{
	quantities("Natalia sold 48 clips, then half as many.", "48 0.5");
	quantities("It costs $1,250.75 and 2 1/2 hours; 3/4 of them", "1250.75 2.5 0.75 4 3");
	quantities("20% of twenty-five dozen, three hundred, two thirds", "20 0.2 25 12 300 2 2/3 3");
	quantities("twenty percent off, twice, thrice and a quarter", "20 0.2 2 3 0.25 4");
	quantities("5 and 5 and 5", "5 5");
	quantities("123456789012345678901234567890 birds", "");
	quantities("1111111 7/21111113", "1111111 7/21111113 21111113 7");
	quantities("no numbers here", "");
	struct math_problem p;
	struct math_quantity q[MATH_MOST_TEXT];
	math_read_text(str("Tom has 3 red apples. Each costs $2 more than 4 pears. How many apples are left?"), &p, q);
	cr_assert(q[0].sentence == 0 && q[1].sentence == 1 && !q[0].asked);
	cr_assert_eq(q[1].unit, 1, "money");
	cr_assert_eq(p.asked_unit, math_word_hash(str("apple")));
	cr_assert_neq(p.asks, 0);
	cr_assert_eq(q[1].ahead, 1 << 0 | 1 << 2, "more than");
	cr_assert_eq(q[1].behind, 1 << 4 | 1 << 6, "each costs");
	cr_assert_eq(q[0].ahead, 0);
	math_read_text(str("A 20% tip on 50 dollars"), &p, q);
	cr_assert(q[0].mention == 0 && q[1].mention == 0 && q[2].mention == 1, "20%% and 1/5 are one");
}

/* The cues of words, one after another. */
static uint64_t cues(const char *words)
{
	uint64_t set = 0;
	for (const char *at = words; *at; ) {
		size_t n = strcspn(at, " ");
		int class = math_cue((struct rho_str){ at, n });
		cr_assert(class >= 0 && class < 64, "%s", at);
		set |= (uint64_t)1 << class;
		at += n + (at[n] == ' ');
	}
	return set;
}

Test(math_parts, cue_words)
{
	cr_assert_eq(math_cue_groups(cues("than less more each per times"), MATH_AHEAD), 63);
	cr_assert_eq(math_cue_groups(cues("times as"), MATH_AHEAD), 1 << 5);
	cr_assert_eq(math_cue_groups(cues("split"), MATH_AHEAD), 1 << 15);
	cr_assert_eq(math_cue_groups(cues("sold gave ate paid"), MATH_BEHIND), 1);
	cr_assert_eq(math_cue_groups(cues("off of"), MATH_BEHIND), 1 << 7);
	cr_assert_eq(math_cue_groups(cues("total altogether sum all both"), MATH_ASKS), 1);
	cr_assert_eq(math_cue_groups(cues("left remaining average"), MATH_ASKS), 1 << 1 | 1 << 7);
	cr_assert(math_cue_groups(0, MATH_ASKS) == 0 && math_cue_groups(UINT64_MAX, MATH_ASKS) == 4095 &&
	          math_cue_groups(UINT64_MAX, MATH_BEHIND) == 255);
	cr_assert(math_cue(str("clip")) == -1 && math_cue(str("")) == -1 && math_cue(str("totals")) == -1);
}

static bool right(const char *solution, int64_t a, char op, int64_t b)
{
	struct math_problem p = { 0 };
	struct math_good good[MATH_MOST_GOOD];
	uint64_t key = math_step_key(of(a, 1), op, of(b, 1));
	math_read_solution(str(solution), &p, good);
	for (size_t i = 0; i < p.n_good; i++)
		if (good[i].key == key)
			return true;
	return false;
}

Test(math_parts, solutions)
{
	const char *s = "She sells 16 - 3 - 4 = <<16-3-4=9>>9 and makes 9*2=18. Also <<(5+1)*2/3=4>>.";
	cr_assert(right(s, 16, '-', 3) && right(s, 13, '-', 4) && right(s, 16, '-', 4) && right(s, 12, '-', 3));
	cr_assert(right(s, 3, '+', 4) && right(s, 16, '-', 7), "in any order");
	cr_assert(right(s, 9, '*', 2) && right(s, 2, '*', 9), "without an annotation");
	cr_assert(right(s, 5, '+', 1) && right(s, 6, '*', 2) && right(s, 12, '/', 3) && right(s, 6, '/', 3));
	cr_assert(!right(s, 16, '+', 3) && !right(s, 9, '+', 2) && !right(s, 3, '/', 12));
	cr_assert(!right("3+4=8", 3, '+', 4), "wrong arithmetic is no step");
	/* 10 / 4 is 10 times a quarter; the other way round is another step. */
	cr_assert_eq(math_step_key(of(10, 1), '/', of(4, 1)), math_step_key(of(1, 4), '*', of(10, 1)));
	cr_assert_neq(math_step_key(of(7, 1), '-', of(3, 1)), math_step_key(of(3, 1), '-', of(7, 1)));
	cr_assert_neq(math_step_key(of(7, 1), '-', of(3, 1)), math_step_key(of(7, 1), '+', of(3, 1)));
	struct math_worked w[8];
	cr_assert_eq(math_worked_steps(str("<<10/4*2-1=4>>"), w, 8), 3);
	cr_assert(w[0].op == '/' && w[0].b.p == 4 && w[1].op == '*' && w[2].op == '-' && w[2].result.p == 4);
	cr_assert_eq(math_worked_steps(str("<<((((((((((((((1+1"), w, 8), 0);
	static const struct { const char *text; int64_t p, q; } answers[] = {
		{ "2,125", 2125, 1 }, { "-5", -5, 1 }, { "$12.50", 25, 2 }, { "3/4", 3, 4 }, { "\\frac{3}{4}", 3, 4 },
		{ "-\\frac{1}{2}", -1, 2 }, { "20\\%", 20, 1 }, { "\\sqrt{2}", 0, 0 }, { "", 0, 0 }, { "x", 0, 0 },
		{ "\\frac{3}", 0, 0 }, { "3/", 0, 0 },
	};
	for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
		struct math_fraction v = math_read_answer(str(answers[i].text));
		cr_assert(v.p == answers[i].p && v.q == answers[i].q, "%s", answers[i].text);
	}
}

Test(math_parts, every_candidate_is_reckoned_right)
{
	static struct math_lane l;
	struct rho_rng rng = { { 1, 2, 3, 5 } };
	l.n_constants = 2;
	for (int n = 0; n < 3000; n++) {
		for (unsigned i = 0; i < 6; i++)
			math_set_value(&l.q[i], of((int64_t)rho_below(&rng, 400) - 20,
			                           rho_below(&rng, 4) ? 1 : 1 + rho_below(&rng, 12)));
		for (unsigned op = 0; op < MATH_ANSWER; op++)
			for (unsigned i = 0; i < 6; i++) {
				unsigned j = (i + 1 + rho_below(&rng, 5)) % 6;
				struct math_fraction v = math_result(&l, op, i, j);
				uint32_t e = math_entry(&l, op, i, j);
				if (!v.q) {
					cr_assert_eq(e, UINT32_MAX);
					continue;
				}
				cr_assert(math_op(e) == op && math_i(e) == i && math_j(e) == j);
				cr_assert_eq(math_bit(e, MATH_WHOLE), v.q == 1);
				cr_assert_eq(math_bit(e, MATH_MINUS), v.p < 0);
				char text[128], a[32], b[32], want[128];
				math_fraction_write(l.q[i].value, a);
				math_fraction_write(l.q[j].value, b);
				size_t len = (size_t)snprintf(want, sizeof want, "%s %c %s = ", a, "+-*/"[op], b);
				math_fraction_write(v, want + len);
				math_write_step(&l, e, text);
				cr_assert_str_eq(text, want);
			}
	}
}
