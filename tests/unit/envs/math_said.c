/* math_said: what a language model may say to the env math, its sources built in: lines become steps on the lane's
 * quantities, or answers, and nothing that is said does harm. The whole over HTTP is in tests/cli/llm.sh. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include <rho/rng.h>

#include "../../../plugins/envs/math/said.h"

static struct rho_str str(const char *s) { return (struct rho_str){ s, strlen(s) }; }

/* Reads `reply` and compares: NULL where there is to be none. */
static void expect(const char *reply, const char *step, const char *answer)
{
	struct math_phrase got[2];
	unsigned n = math_read_reply(str(reply), got), want = (step ? 1u : 0u) + (answer ? 1u : 0u);
	cr_assert_eq(n, want, "\"%s\" gives %u", reply, n);
	for (unsigned i = 0; i < n; i++) {
		const char *text = got[i].answers ? answer : step;
		cr_assert(text && got[i].len == strlen(text) && !memcmp(got[i].text, text, got[i].len),
		          "\"%s\" gives %s \"%.*s\"", reply, got[i].answers ? "answer" : "step", (int)got[i].len,
		          got[i].text);
	}
}

Test(math_said, replies)
{
	expect("48 / 2 = 24", "48 / 2 = 24", NULL);
	expect("\n\n  Step 2: **48 / 2 = 24** \nand so on", "48 / 2 = 24", NULL);
	expect("3. She sold 24 clips.\n", "She sold 24 clips.", NULL);
	expect("- 5 - 3 = 2", "5 - 3 = 2", NULL);
	expect("-5 + 3 = -2", "-5 + 3 = -2", NULL);
	expect("3 + 4 = 7\r\n", "3 + 4 = 7", NULL);
	expect("Answer: 72", NULL, "72");
	expect("**Answer:** $72.", NULL, "$72");
	expect("So the final answer is: \\boxed{\\frac{3}{4}}.", NULL, "\\frac{3}{4}");
	expect("#### 1,072", NULL, "1,072");
	expect("$x = \\boxed{\\sqrt{2}}$", NULL, "\\sqrt{2}");
	expect("48 + 24 = 72. The answer is 72", "48 + 24 = 72.", "72");
	expect("48 / 2 = 24\n48 + 24 = 72\nAnswer: 24\nNo, wait.\nANSWER : 72", "48 / 2 = 24", "72");
	expect("48 / 2 = 24\nAnswer: 24\nno: Answer: 72", "48 / 2 = 24", "72");
	expect("The answer to the first part is 24.", "The answer to the first part is 24.", NULL);
	expect("My answers: 3", "My answers: 3", NULL);
	expect("<think>\n1 + 1 = 2\nAnswer: 2</think>\n\n2 + 2 = 4", "2 + 2 = 4", NULL);
	expect("<THINK> Answer: 2", NULL, NULL);
	expect("\\boxed{\n  7\n}", "\\boxed{", "7");
	expect("", NULL, NULL);
	expect(" \n\t\n```\n```\n***", NULL, NULL);
	expect("a\tb\x1b[31mc\x7f", "a b [31mc ", NULL);
	expect("Answer:", NULL, NULL);
	expect("Answer: \nAnswer is", NULL, NULL);
}

Test(math_said, long_and_strange)
{
	struct math_phrase got[2];
	char text[2000];
	/* Cut between characters. */
	for (size_t i = 0; i < 600; i++)
		memcpy(text + 3 * i + 1, "\u20ac", 3);
	text[0] = 'x';
	cr_assert_eq(math_read_reply((struct rho_str){ text, 1801 }, got), 1);
	cr_assert(got[0].len <= MATH_LINE_BYTES && got[0].len > MATH_LINE_BYTES - 4 && got[0].len % 3 == 1);
	/* Anything at all, built from what the reader looks for. */
	static const char *const parts[] = { "answer", ":", " is ", "####", "\\boxed{", "}", "<think>", "</think>",
	                                     "\n", "48", " / ", "=", "Step ", "1. ", "**", "\\times", "\xc3\x97",
	                                     "\xc3", "(", ")", ". ", "x", "\x01", "$", "%", "\\$", "<<", ">>", "-" };
	struct rho_rng rng = { { 1, 2, 3, 4 } };
	struct math_worked w[8];
	for (int n = 0; n < 20000; n++) {
		size_t len = 0;
		for (uint32_t k = rho_below(&rng, 40); k > 0; k--) {
			const char *p = parts[rho_below(&rng, sizeof parts / sizeof *parts)];
			memcpy(text + len, p, strlen(p));
			len += strlen(p);
		}
		unsigned k = math_read_reply((struct rho_str){ text, len }, got);
		cr_assert(k <= 2);
		for (unsigned i = 0; i < k; i++)
			cr_assert(got[i].len > 0 && got[i].len <= MATH_LINE_BYTES &&
			          math_line_steps(&got[i], w, 8) <= 8);
	}
}

static struct math_phrase phrase(const char *text, bool answers)
{
	struct math_phrase p = { .answers = answers, .len = strlen(text) };
	memcpy(p.text, text, p.len);
	return p;
}

static const struct math_line *add(struct math_lane *l, const struct math_good *good, const char *text, bool answers)
{
	struct math_phrase p = phrase(text, answers);
	unsigned before = l->said->n;
	math_add_phrase(l, &p, good);
	cr_assert_eq(l->said->n, before + 1, "%s", text);
	return &l->said->line[before];
}

Test(math_said, lines_are_steps)
{
	static struct math_lane l;
	static struct math_said said;
	static struct math_problem p;
	struct math_quantity q[MATH_MOST_TEXT];
	struct math_good good[MATH_MOST_GOOD];
	l.said = &said;
	math_set_value(&l.q[0], math_fraction_of(2, 1));
	l.q[0].kind = MATH_CONSTANT;
	l.n_constants = 1;
	math_read_text(str("Ducks lay 16 eggs. Janet eats three and bakes with 4. She sells the rest for $2 per egg."),
	               &p, q);
	math_read_solution(str("<<16-3-4=9>>9 and <<9*2=18>>18"), &p, good);
	math_begin(&l, &p, 0, q);
	const struct math_line *line = add(&l, good, "She keeps 16 - 3 = 13 eggs", false);
	cr_assert(line->n == 1 && line->right == 1 && math_op(line->step[0]) == MATH_SUB);
	cr_assert_eq(math_line_kind(&l, 0), MATH_SUB);
	/* A vote, not another candidate: the same operation in other words. */
	struct math_phrase again = phrase("16 \xe2\x88\x92 3 = $13", false);
	math_add_phrase(&l, &again, good);
	cr_assert(said.n == 1 && said.line[0].votes == 2);
	line = add(&l, good, "(16 - 3 - 4) \xc3\x97 2 = 18", false);
	cr_assert(line->n == 3 && line->right == 3, "%u, %u right", line->n, line->right);
	line = add(&l, good, "16 + 4 = 20", false);
	cr_assert(line->n == 1 && line->right == 0);
	line = add(&l, good, "16 - 3 = 12", false);
	cr_assert_eq(line->n, 0, "wrong arithmetic is words");
	line = add(&l, good, "365 - 16 = 349", false);
	cr_assert_eq(line->n, 0, "a number from nowhere");
	cr_assert_eq(math_line_kind(&l, 4), MATH_SAID);
	line = add(&l, good, "3*4*3*4*3*4 = 1728", false);
	cr_assert_eq(line->n, 0, "too many at once");
	cr_assert_eq(add(&l, good, "13", true)->names, 0, "13 is no result yet");
	math_take_line(&l, 0, good);
	cr_assert(l.n_results == 1 && l.n_right == 1 && l.n_steps == 1 && said.n_past == 1);
	said.n = 0;
	unsigned names = add(&l, good, "13", true)->names;
	cr_assert(l.q[names].kind == MATH_RESULT && l.q[names].value.p == 13);
	cr_assert_eq(l.verdict[0], -1);
	line = add(&l, good, "13 - 4 = 9, 9 x 2 = 18", false);
	cr_assert(line->n == 2 && line->right == 2);
	math_take_line(&l, 1, good);
	cr_assert(l.n_results == 3 && l.n_right == 3 && l.q[l.n_constants + l.n_text + 2].value.p == 18);
	/* As many as anyone says; a lane has room for so many operations and no more. */
	for (unsigned turn = 0; turn < MATH_MOST_STEPS - 3; turn++) {
		said.n = 0;
		for (unsigned k = 0; k < 2 * MATH_MOST_LINES; k++) {
			char text[64];
			snprintf(text, sizeof text, "%u words and 16 + 4 = 20", k);
			struct math_phrase some = phrase(k % 2 ? text : "4 + 16 = 20, 20 - 3 = 17, 17 * 2 = 34", false);
			some.len -= k % 4 == 1 ? 7 : 0;
			math_add_phrase(&l, &some, good);
		}
		cr_assert(said.n <= MATH_MOST_LINES && said.n > 2);
		math_take_line(&l, 0, good);
		cr_assert(l.n_steps < MATH_MOST_STEPS && l.n_results < MATH_MOST_STEPS);
	}
}
