/* symbolic: pairs that are the same and that are not, in both directions; adversaries; real problems and
 * answers. */
#include <jansson.h>

#include "kit/lines.h"
#include "kit/text.h"

#include "../../../plugins/verifiers/symbolic/decide.h"
#include "../plugin.h"
#include "symbolic_table.h"

static struct rho_str str(const char *s) { return (struct rho_str){ s, strlen(s) }; }

static void verify(struct test_plugin *p, const struct rho_claim *c, size_t n, struct rho_verdict *v)
{
	TEST_OK(p, "verify", false, p->inst->module->plugin.verifier->verify(TEST_SELF(p), c, n, v));
}

static struct rho_verdict one(struct test_plugin *p, struct rho_str reference, struct rho_str answer)
{
	struct rho_claim c = { str(""), reference, answer };
	struct rho_verdict v;
	verify(p, &c, 1, &v);
	cr_assert(strlen(v.why) < sizeof v.why && *v.why, "no reason given for %.*s", (int)answer.len,
	          answer.at);
	return v;
}

static size_t not_as_said(struct test_plugin *p, const char *const pairs[][2], size_t n, uint32_t ruling)
{
	size_t wrong = 0;
	for (size_t i = 0; i < n; i++)
		for (int turn = 0; turn < 2; turn++) {
			const char *a = pairs[i][turn], *b = pairs[i][!turn];
			struct rho_verdict v = one(p, str(a), str(b));
			/* What has no value is an undecided reference, but a wrong answer. */
			bool fine =
				v.ruling == ruling || (ruling != RHO_RIGHT && turn && v.ruling != RHO_RIGHT);
			if (!fine)
				fprintf(stderr, "%s for %s: %u (%s)\n", b, a, v.ruling, v.why);
			wrong += !fine;
		}
	return wrong;
}

#define COUNT(array) (sizeof(array) / sizeof *(array))

Test(symbolic, rules_as_the_tables_say_in_both_directions)
{
	struct test_plugin p;
	test_make(&p, RHO_VERIFIER, "symbolic", "", 1);
	cr_assert_eq(not_as_said(&p, same, COUNT(same), RHO_RIGHT), 0);
	cr_assert_eq(not_as_said(&p, different, COUNT(different), RHO_WRONG), 0);
	cr_assert_eq(not_as_said(&p, undecided, COUNT(undecided), RHO_UNDECIDED), 0);
	test_free(&p);
}

struct told { const char *toml, *reference, *answer; uint32_t ruling; float score; };

Test(symbolic, does_what_its_parameters_say)
{
	static const struct told told[] = {
		{ "percent = \"loose\"", "10\\%", "10", RHO_RIGHT, 1 },
		{ "percent = \"loose\"", "10\\%", "0.1", RHO_RIGHT, 1 },
		{ "percent = \"loose\"", "10\\%", "11", RHO_WRONG, 0 },
		{ "", "10\\%", "10", RHO_WRONG, 0 },
		{ "tolerance = 0.001", "\\pi", "3.1416", RHO_RIGHT, 1 },
		{ "tolerance = 0.001", "\\pi", "3.15", RHO_WRONG, 0 },
		{ "tolerance = 0.001", "1000", "1001", RHO_WRONG, 0 },
		{ "digits = 6", "\\frac{1}{3}", "0.333333", RHO_RIGHT, 1 },
		{ "digits = 6", "\\frac{1}{3}", "0.333335", RHO_WRONG, 0 },
		{ "digits = 0", "\\sqrt2", "1.4142135623730951", RHO_WRONG, 0 },
		{ "reduced = true", "\\frac12", "\\frac{2}{4}", RHO_WRONG, 0 },
		{ "reduced = true", "\\frac12", "\\frac{1}{2}", RHO_RIGHT, 1 },
		{ "reduced = true", "\\frac12", "0.5", RHO_RIGHT, 1 },
		{ "partial = true", "1, 2, 3, 4", "4, 1", RHO_PARTIAL, 0.5f },
		{ "partial = true", "1, 2", "1, 2, 3, 4", RHO_PARTIAL, 0.5f },
		{ "partial = true", "1, 2", "3", RHO_WRONG, 0 },
		{ "", "1, 2, 3, 4", "4, 1", RHO_WRONG, 0 },
		{ "extract = \"always\"", "9", "I think it is $3^2$", RHO_RIGHT, 1 },
		{ "extract = \"never\"", "41", "The answer is 41, or 42", RHO_WRONG, 0 },
		{ "budget = 1000", "\\sqrt{12}", "2\\sqrt{3}", RHO_UNDECIDED, 0 },
		{ "", "42", "", RHO_UNREADABLE, 0 },
		{ "", "42", "\\frac{1", RHO_UNREADABLE, 0 },
		{ "", "", "42", RHO_UNDECIDED, 0 },
	};
	for (size_t i = 0; i < COUNT(told); i++) {
		struct test_plugin p;
		test_make(&p, RHO_VERIFIER, "symbolic", told[i].toml, 1);
		struct rho_verdict v = one(&p, str(told[i].reference), str(told[i].answer));
		cr_expect_eq(v.ruling, told[i].ruling, "%s: %s for %s: %u (%s)", told[i].toml, told[i].answer,
		             told[i].reference, v.ruling, v.why);
		cr_expect_eq(v.score, told[i].score, "%s: %s", told[i].toml, told[i].answer);
		test_free(&p);
	}
}

/* What is meant to cost more than anybody has. */
static const char *const adversaries[] = {
	"9^{9^{9^{9^9}}}",
	"5^{(5^{(5^{(5^5)})} - 4)}",
	"((((9!)!)!)!)!",
	"10^{-10^{10^{10}}}",
	"\\binom{10^{12}}{5\\cdot 10^{11}}",
	"\\sin(9^{9^9})",
	"e^{e^{e^{e^{e^e}}}}",
	"\\ln\\ln\\ln\\ln 2",
	"(x+y+z+1)^{4000}",
	"(x+1)^{100000}(y+1)^{100000}",
	"\\sqrt[999]{2}",
	"\\lfloor 10^{300}\\pi \\rfloor",
	"\\lfloor e^{e^{40}} \\rfloor",
	"\\gcd(10^{100000}!,7)",
	"\\sqrt{\\sqrt2\\sqrt2-2}",
	"x^{x^{x^x}}",
	"\\frac{1}{\\sqrt{2}\\sqrt{2}-2}",
	"\\tan\\frac{\\pi}{2}",
	"\\log_1 5",
	"0^0",
	"0^{-1}",
	"(-8)^{1/3}",
	"\\ln 0",
	"(-3)!",
	"\\sqrt[0]{4}",
	"\\cos\\frac{\\pi}{100003}",
	"1e999999999",
	"0.\\overline{0}",
	"2^{3.5^{2.5^{1.5}}}",
	"\\arcsin 1",
	"\\arcsin 2",
	"NaN",
	"\\infty-\\infty",
	"\\sqrt2+\\sqrt3+\\sqrt5+\\sqrt7+\\sqrt{11}+\\sqrt{13}+\\sqrt{17}+\\sqrt{19}+\\sqrt{23}+\\sqrt{29}",
	"\\sum_{k=1}^{10^{10}} k",
	"1/x + 1/(x-x)",
	"\\max(x, 9^{9^9})",
	"f(f(f(f(x))))",
	"\\{\\{\\{1\\}\\}\\}",
	"x \\in x",
	"x<x",
	"(a,b)\\cup(c,d)",
};

Test(symbolic, adversaries_stay_within_their_budget)
{
	static const uint64_t budgets[] = { 1000, 100000, 5000000 };
	struct decider *d = decider_new();
	struct expr a = { 0 }, b = { 0 };
	char why[120];
	for (size_t i = 0; i < COUNT(adversaries); i++)
		for (size_t k = 0; k < COUNT(adversaries); k++)
			for (size_t m = 0; m < COUNT(budgets); m++) {
				struct decide_options options = { .budget = budgets[m], .digits = 15 };
				struct decided out;
				if (expr_read(&a, str(adversaries[i]), false, why) ||
				    expr_read(&b, str(adversaries[k]), false, why))
					continue;
				decide(d, &a, &b, &options, &out);
				cr_assert_leq(out.steps, budgets[m], "%s for %s", adversaries[k],
				              adversaries[i]);
				cr_assert(i == k || out.what != DECIDE_SAME, "%s is not %s (%s)",
				          adversaries[k], adversaries[i], out.why);
			}
	expr_free(&a);
	expr_free(&b);
	decider_free(d);
}

/* n bytes of text over and over. */
static struct rho_str filled(const char *text, size_t n)
{
	char *at = malloc(n);
	for (size_t i = 0; i < n; i++)
		at[i] = text[i % strlen(text)];
	return (struct rho_str){ at, n };
}

Test(symbolic, a_megabyte_of_anything_ends_in_a_verdict)
{
	static const char *const texts[] = { "7",
		                             "(",
		                             "{",
		                             "\\boxed{",
		                             "$",
		                             "1+",
		                             "x,",
		                             "\\frac",
		                             "^",
		                             "\\sqrt{",
		                             "9^",
		                             "!",
		                             "\xe2\x88\x9e",
		                             "\xff",
		                             "{1,",
		                             "1,2;",
		                             "\\pm 1",
		                             "answer is ",
		                             "0.1 ",
		                             "x^2+",
		                             "a b c ",
		                             "\\begin{pmatrix}",
		                             "||",
		                             "&\\\\",
		                             "<",
		                             "= 1" };
	struct test_plugin p;
	test_make(&p, RHO_VERIFIER, "symbolic", "", 1);
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct rho_str mega = filled(texts[i], 1 << 20), some = filled(texts[i], 5000);
		cr_assert_neq(one(&p, str("42"), mega).ruling, RHO_RIGHT, "%s", texts[i]);
		cr_assert_neq(one(&p, mega, str("42")).ruling, RHO_RIGHT, "%s", texts[i]);
		one(&p, some, some);
		one(&p, some, mega);
		free((void *)(uintptr_t)mega.at);
		free((void *)(uintptr_t)some.at);
	}
	test_free(&p);
}

Test(symbolic, threads_change_nothing)
{
	enum { N = 3 * (COUNT(same) + COUNT(different) + COUNT(undecided)) };
	static struct rho_claim c[N];
	static struct rho_verdict first[N], second[N];
	size_t n = 0;
	for (int round = 0; round < 3; round++) {
		for (size_t i = 0; i < COUNT(same); i++)
			c[n++] = (struct rho_claim){ str(""), str(same[i][0]), str(same[i][1]) };
		for (size_t i = 0; i < COUNT(different); i++)
			c[n++] = (struct rho_claim){ str(""), str(different[i][0]), str(different[i][1]) };
		for (size_t i = 0; i < COUNT(undecided); i++)
			c[n++] = (struct rho_claim){ str(""), str(undecided[i][0]), str(undecided[i][1]) };
	}
	for (unsigned threads = 1; threads <= 8; threads += 7) {
		struct test_plugin p;
		test_make(&p, RHO_VERIFIER, "symbolic", "", 1);
		p.world.threads = threads;
		verify(&p, c, n, threads == 1 ? first : second);
		test_free(&p);
	}
	cr_assert_eq(memcmp(first, second, sizeof first), 0);
	cr_assert_eq(memcmp(first, first + n / 3, n / 3 * sizeof *first), 0,
	             "a claim's verdict depends on its place");
}

/* ---- real data ---- */

static const char *real_data(void)
{
	const char *folder = getenv("RHO_REAL_DATA");
	if (!folder || !*folder)
		cr_skip_test("no real data: set it with meson's -Dreal_data");
	return folder;
}

struct rows { json_t *at; };            /* an array of the file's objects */

static struct rows rows_of(const char *name)
{
	struct rho_trouble trouble = { 0 };
	struct rho_str line;
	struct rows rows = { json_array() };
	char path[1024];
	snprintf(path, sizeof path, "%s/data/%s", real_data(), name);
	struct rho_lines *lines = rho_lines_open(path, &trouble);
	cr_assert_not_null(lines, "%s", trouble.text);
	while (rho_lines_next(lines, &line) > 0)
		json_array_append_new(rows.at, json_loadb(line.at, line.len, 0, NULL));
	cr_assert_eq(trouble.code, 0, "%s", trouble.text);
	rho_lines_close(lines);
	return rows;
}

static const char *field(struct rows rows, size_t i, const char *name)
{
	return json_string_value(json_object_get(json_array_get(rows.at, i), name));
}

Test(symbolic, agrees_with_what_public_graders_are_tested_with)
{
	struct rows rows = rows_of("math_equivalence/cases.jsonl");
	struct test_plugin p;
	size_t n = 0, agrees = 0, false_accepts = 0;
	test_make(&p, RHO_VERIFIER, "symbolic", "", 1);
	for (size_t i = 0; i < json_array_size(rows.at); i++) {
		const char *policy = field(rows, i, "policy");
		if (policy || strcmp(field(rows, i, "kind"), "math"))
			continue;
		bool equal = json_is_true(json_object_get(json_array_get(rows.at, i), "equal"));
		struct rho_verdict v = one(&p, str(field(rows, i, "gold")), str(field(rows, i, "pred")));
		bool agreed = (v.ruling == RHO_RIGHT) == equal;
		n++;
		agrees += agreed;
		false_accepts += v.ruling == RHO_RIGHT && !equal;
		if (!agreed)
			fprintf(stderr, "%s for %s: %u (%s)\n", field(rows, i, "pred"),
			        field(rows, i, "gold"), v.ruling, v.why);
	}
	cr_assert_gt(n, 100);
	cr_assert_eq(false_accepts, 0);
	cr_assert_geq((double)agrees, 0.97 * (double)n, "%zu of %zu", agrees, n);
	json_decref(rows.at);
	test_free(&p);
}

/* Every answer is itself, also in other clothes, and not the next problem's but where that is the same
 * number. */
Test(symbolic, tells_the_answers_of_math_500_apart)
{
	struct rows rows = rows_of("math/math500.jsonl");
	struct test_plugin p;
	size_t n = json_array_size(rows.at), next = 0;
	test_make(&p, RHO_VERIFIER, "symbolic", "", 1);
	cr_assert_eq(n, 500);
	for (size_t i = 0; i < n; i++) {
		const char *answer = field(rows, i, "answer"), *other = field(rows, (i + 1) % n, "answer");
		char dressed[1024];
		snprintf(dressed, sizeof dressed, "Therefore the answer is $\\boxed{ %s }$.", answer);
		cr_expect_eq(one(&p, str(answer), str(answer)).ruling, RHO_RIGHT, "%s", answer);
		cr_expect_eq(one(&p, str(answer), str(dressed)).ruling, RHO_RIGHT, "%s", dressed);
		cr_expect_eq(one(&p, str(dressed), str(answer)).ruling, RHO_RIGHT, "%s", dressed);
		struct rho_verdict v = one(&p, str(answer), str(other));
		/* 5 and x=5 stand next to each other */
		bool alike = !strcmp(answer, other) || (!strcmp(answer, "5") && !strcmp(other, "x=5"));
		cr_expect_eq(v.ruling, alike ? RHO_RIGHT : RHO_WRONG, "%s for %s: %s", other, answer, v.why);
		next += v.ruling == RHO_WRONG;
	}
	cr_assert_gt(next, 490);
	json_decref(rows.at);
	test_free(&p);
}

Test(symbolic, agrees_with_the_labels_of_gsm8k_solutions)
{
	static const char *const models[] = { "6b_finetuning", "6b_verification", "175b_finetuning",
		                              "175b_verification" };
	struct rows rows = rows_of("gsm8k/model_solutions_dev.jsonl.gz");
	struct test_plugin p;
	size_t n = 0, agrees = 0, false_accepts = 0;
	test_make(&p, RHO_VERIFIER, "symbolic", "", 1);
	for (size_t i = 0; i < json_array_size(rows.at); i++)
		for (size_t k = 0; k < COUNT(models); k++) {
			json_t *solved = json_object_get(json_array_get(rows.at, i), models[k]);
			bool right = json_is_true(json_object_get(solved, "is_correct"));
			struct rho_verdict v =
				one(&p, str(field(rows, i, "ground_truth")),
			            str(json_string_value(json_object_get(solved, "solution"))));
			n++;
			agrees += (v.ruling == RHO_RIGHT) == right;
			false_accepts += v.ruling == RHO_RIGHT && !right;
		}
	cr_assert_eq(n, 4 * 659);
	cr_assert_eq(false_accepts, 0, "%zu", false_accepts);
	cr_assert_eq(agrees, n, "%zu of %zu", agrees, n);
	json_decref(rows.at);
	test_free(&p);
}
