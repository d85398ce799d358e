/* exact: the same number in other clothes, other numbers, texts, hostile answers. */
#include <kit/jsonl.h>

#include "judged.h"

static const struct judged table[] = {
	{ "42", "42", RHO_RIGHT },
	{ "42", " 42.0 ", RHO_RIGHT },
	{ "42", "+42.", RHO_RIGHT },
	{ "42", "0042", RHO_RIGHT },
	{ "1234567", "1,234,567", RHO_RIGHT },
	{ "1,234.50", "$1234.5", RHO_RIGHT },
	{ "-5", "-$5", RHO_RIGHT },
	{ "-5", "$ -5", RHO_RIGHT },
	{ "50", "50%", RHO_RIGHT },
	{ "50", "50 %", RHO_RIGHT },
	{ "1/2", "0.5", RHO_RIGHT },
	{ "2/4", "1/2", RHO_RIGHT },
	{ "-1/2", "1/-2", RHO_RIGHT },
	{ "1/3", "2/6", RHO_RIGHT },
	{ "0.125", "1 / 8", RHO_RIGHT },
	{ "3", "9/3", RHO_RIGHT },
	{ "0", "-0.00", RHO_RIGHT },
	{ "0", "0/7", RHO_RIGHT },
	{ ".5", "5/10", RHO_RIGHT },
	{ "123456789012345678901234567890.5", "246913578024691357802469135781/2", RHO_RIGHT },
	{ "0.1", "0.10000000000000000001", RHO_WRONG },
	{ "1/3", "0.3333333333333333", RHO_WRONG },
	{ "42", "41", RHO_WRONG },
	{ "42", "-42", RHO_WRONG },
	{ "10", "1", RHO_WRONG },
	{ "1", "10", RHO_WRONG },
	{ "1234", "1,23,4", RHO_WRONG },
	{ "1/2", "1/0", RHO_WRONG },
	{ "3", "1/2/3", RHO_WRONG },
	{ "0", "1/3", RHO_WRONG },
	{ "0", ".", RHO_WRONG },
	{ "0", "-", RHO_WRONG },
	{ "100", "1e2", RHO_RIGHT },
	{ "-0.0012", "-1.2E-3", RHO_RIGHT },
	{ "1200", "1.2 x 10^3", RHO_RIGHT },
	{ "1200", "1.2\\times 10^{3}", RHO_RIGHT },
	{ "1e-99999999", "10e-100000000", RHO_WRONG },
	{ "1e99999999", "10e99999998", RHO_RIGHT },
	{ "100", "1e", RHO_WRONG },
	{ "5", "5 apples", RHO_RIGHT },
	{ "5 apples", "5 apple", RHO_RIGHT },
	{ "5 boxes", "5 Box.", RHO_RIGHT },
	{ "5 apples", "5 pears", RHO_WRONG },
	{ "12 km/h", "12 KM/H", RHO_RIGHT },
	{ "12 km/h", "12 km", RHO_WRONG },
	{ "9", "9 cm^2", RHO_RIGHT },
	{ "9 m\xc2\xb2", "9 m\xc2\xb2", RHO_RIGHT },
	{ "30", "30\xc2\xb0", RHO_RIGHT },
	{ "5", "5x", RHO_WRONG },
	{ "5", "5 \xcf\x80", RHO_WRONG },
	{ "5", "5\xc2\xbd", RHO_WRONG },
	{ "5", "5\xc2\xb2", RHO_WRONG },
	{ "5", "5 or 6", RHO_WRONG },
	{ "5", "5 or more", RHO_WRONG },
	{ "5", "5 sqrt 2", RHO_WRONG },
	{ "5", "5 dozen", RHO_WRONG },
	{ "5", "5 is what I would have said before", RHO_WRONG },
	{ "5", "5 million", RHO_WRONG },
	{ "5000000", "$5 million", RHO_RIGHT },
	{ "$5", "5 dollars", RHO_RIGHT },
	{ "$5", "\xc2\xa3" "5", RHO_WRONG },
	{ "5 euros", "\xe2\x82\xac" "5", RHO_RIGHT },
	{ "$5", "5 cents", RHO_WRONG },
	{ "5%", "$5", RHO_WRONG },
	{ "5 percent", "5\\%", RHO_RIGHT },
	{ "0.12", "12%", RHO_WRONG },
	{ "1234567", "1 234 567", RHO_RIGHT },
	{ "1234567", "1'234'567", RHO_RIGHT },
	{ "1234567", "1\xe2\x80\xaf" "234\xc2\xa0" "567", RHO_RIGHT },
	{ "1234567", "1'234,567", RHO_WRONG },
	{ "1234567", "1234,567", RHO_WRONG },
	{ "12", "1 2", RHO_WRONG },
	{ "7/2", "3 1/2", RHO_RIGHT },
	{ "-7/2", "-3 1/2", RHO_RIGHT },
	{ "-7/2", "\xe2\x88\x92" "3 and 1/2 miles", RHO_RIGHT },
	{ "3.5", "3 2/1", RHO_WRONG },
	{ "31/2", "3 1/2", RHO_WRONG },
	{ "blue  whale", " blue\twhale\n", RHO_RIGHT },
	{ "blue", "Blue", RHO_WRONG },
	{ "42", "", RHO_UNREADABLE },
	{ "42", " \n ", RHO_UNREADABLE },
	{ "", "42", RHO_UNDECIDED },
};

Test(exact, rules_as_the_table_says_in_any_order)
{
	JUDGE("exact", "", table);
}

Test(exact, percent_tolerance_and_extraction)
{
	static const struct judged value[] = {
		{ "0.12", "12%", RHO_RIGHT },   { "12", "12%", RHO_WRONG },  { "12 %", "12%", RHO_RIGHT },
		{ "12.5%", "1/8", RHO_RIGHT },  { "0%", "0", RHO_RIGHT },
	};
	static const struct judged loose[] = {
		{ "0.12", "12%", RHO_RIGHT }, { "12", "12%", RHO_RIGHT }, { "12%", "0.12", RHO_RIGHT },
		{ "12%", "1.2", RHO_WRONG },
	};
	static const struct judged relative[] = {
		{ "100", "101", RHO_RIGHT },    { "100", "99", RHO_RIGHT },      { "100", "101.01", RHO_WRONG },
		{ "1/3", "0.333", RHO_RIGHT },  { "-100", "100", RHO_WRONG },    { "0", "0.001", RHO_WRONG },
		{ "1e5000", "1.005e5000", RHO_RIGHT }, { "1e5000", "1e4000", RHO_WRONG },
		{ "1e-99999999", "1e99999999", RHO_WRONG }, { "0", "0.0", RHO_RIGHT },
	};
	static const struct judged absolute[] = {
		{ "3.14", "3.15", RHO_RIGHT }, { "3.14", "3.1501", RHO_WRONG }, { "0", "-1/100", RHO_RIGHT },
		{ "1e300", "1.1e300", RHO_WRONG }, { "1e-300", "0", RHO_RIGHT }, { "0", "1e-99999999", RHO_RIGHT },
	};
	static const struct judged taken[] = {
		{ "5 + 7 = 12\n#### 12", "So it is 11.\nNo: 12 of 13.\nA: 12", RHO_RIGHT },
		{ "#### 2,125", "The answer is $2,125.", RHO_RIGHT },
		{ "#### 2,125", "First 2125. The Answer is: 7 apples", RHO_WRONG },
		{ "18", "we get \\boxed{17}, no: \\boxed{\\$18}.", RHO_RIGHT },
		{ "18", "She has 20 - 2 = 18 apples", RHO_RIGHT },
		{ "18", "She has 18 apples and 3 pears.", RHO_WRONG },
		{ "-2.5", "it falls to -2.5 degrees.", RHO_RIGHT },
		{ "2", "\\frac{1+\\sqrt{5}}{2}", RHO_WRONG },
		{ "2", "answer: x^2", RHO_WRONG },
		{ "x + 2", "2", RHO_WRONG },    /* of a reference without a mark no number is taken */
		{ "blue", "the answer is blue", RHO_RIGHT },
		{ "7", "####", RHO_UNREADABLE },
	};
	JUDGE("exact", "percent = \"value\"", value);
	JUDGE("exact", "percent = \"loose\"", loose);
	JUDGE("exact", "tolerance = 0.01", relative);
	JUDGE("exact", "absolute = 0.01", absolute);
	JUDGE("exact", "extract = true", taken);
}

/* Every answer that people worked out is its own, and the labels of what models wrote are reproduced. */
Test(exact, gsm8k_labels, .timeout = 120)
{
	static const char *const model[] = { "6b_finetuning", "6b_verification", "175b_finetuning",
		                             "175b_verification" };
	const char *real = getenv("RHO_REAL_DATA");
	struct rho_trouble t = { 0 };
	struct rho_jsonl j;
	struct test_plugin p;
	size_t n = 0, right = 0;
	int more;
	if (!real || !*real)
		cr_skip_test("RHO_REAL_DATA is empty");
	char *path = rho_xprintf("%s/data/gsm8k/model_solutions_dev.jsonl.gz", real);
	judge_open(&p, "exact", "extract = true");
	cr_assert_eq(rho_jsonl_open(&j, path, &t), 0, "%s", t.text);
	while ((more = rho_jsonl_next(&j)) > 0)
		for (size_t i = 0; i < 4; i++) {
			const json_t *s = json_object_get(j.row, model[i]);
			bool label = json_is_true(json_object_get(s, "is_correct"));
			struct rho_claim c = { str(""), str(json_string_value(json_object_get(j.row, "ground_truth"))),
				               str(json_string_value(json_object_get(s, "solution"))) };
			struct rho_verdict v;
			judge(&p, &c, 1, &v);
			cr_assert_eq(v.ruling == RHO_RIGHT, label, "line %zu, %s: %s", rho_lines_number(j.lines),
			             model[i], v.why);
			right += label;
			n++;
		}
	cr_assert_eq(more, 0, "%s", t.text);
	cr_assert_eq(n, 4 * 659);
	cr_assert_eq(right, 147 + 279 + 230 + 387);
	rho_jsonl_close(&j);
	test_free(&p);
	free(path);
}

Test(exact, ten_megabytes_end_in_time)
{
	enum { LONG = 10 << 20 };
	struct test_plugin p;
	struct rho_verdict v[5];
	char *digits = malloc(LONG), *commas = malloc(LONG), *bytes = malloc(LONG), *fraction = malloc(LONG);
	memset(digits, '7', LONG);
	memset(commas, ',', LONG);
	memset(bytes, 0xe2, LONG);
	memset(fraction, '3', LONG);
	fraction[LONG / 2] = '/';
	const struct rho_str one = str("1/3");
	const struct rho_claim c[5] = {
		{ one, one, { digits, LONG } },
		{ one, one, { commas, LONG } },
		{ one, one, { bytes, LONG } },
		{ one, { fraction, LONG }, { fraction, LONG } },
		{ one, { digits, LONG }, { digits, LONG } },
	};
	judge_open(&p, "exact", "");
	judge(&p, c, 5, v);
	cr_assert_eq(v[0].ruling, RHO_WRONG);
	cr_assert_eq(v[1].ruling, RHO_WRONG);
	cr_assert_eq(v[2].ruling, RHO_WRONG);
	cr_assert_eq(v[3].ruling, RHO_UNDECIDED);
	cr_assert_eq(v[4].ruling, RHO_RIGHT);
	test_free(&p);
	judge_open(&p, "exact", "extract = true\ntolerance = 0.1");
	judge(&p, c, 5, v);
	cr_assert_eq(v[0].ruling, RHO_WRONG);
	cr_assert_eq(v[3].ruling, RHO_UNDECIDED);
	test_free(&p);
	free(digits);
	free(commas);
	free(bytes);
	free(fraction);
}
