/* exact: the same number in other clothes, other numbers, texts, hostile answers. */
#include "../plugin.h"

static void verify(struct test_plugin *p, const struct rho_claim *c, size_t n, struct rho_verdict *v)
{
	const struct rho_verifier *table = p->inst->module->plugin.verifier;
	if (table->open)
		TEST_OK(p, "open", true, table->open(TEST_SELF(p)));
	TEST_OK(p, "verify", false, table->verify(TEST_SELF(p), c, n, v));
}

static struct rho_str str(const char *s) { return (struct rho_str){ s, strlen(s) }; }

struct entry {
	const char *reference, *answer;
	uint32_t ruling;
};

static const struct entry table[] = {
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
	{ "100", "1e2", RHO_WRONG },
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
	{ "5", "5 apples", RHO_WRONG },
	{ "0", "1/3", RHO_WRONG },
	{ "0", ".", RHO_WRONG },
	{ "0", "-", RHO_WRONG },
	{ "blue  whale", " blue\twhale\n", RHO_RIGHT },
	{ "blue", "Blue", RHO_WRONG },
	{ "42", "", RHO_UNREADABLE },
	{ "42", " \n ", RHO_UNREADABLE },
	{ "", "42", RHO_UNDECIDED },
};

enum { N = sizeof table / sizeof *table };

Test(exact, rules_as_the_table_says_in_any_order)
{
	struct test_plugin p;
	struct rho_claim c[N];
	struct rho_verdict v[N], back[N];
	test_make(&p, RHO_VERIFIER, "exact", "", 1);
	for (size_t i = 0; i < N; i++)
		c[i] = (struct rho_claim){ str("how many?"), str(table[i].reference), str(table[i].answer) };
	verify(&p, c, N, v);
	for (size_t i = 0; i < N; i++) {
		cr_assert_eq(v[i].ruling, table[i].ruling, "\"%s\" for \"%s\": %u (%s)", table[i].answer,
		             table[i].reference, v[i].ruling, v[i].why);
		cr_assert_eq(v[i].score, v[i].ruling == RHO_RIGHT ? 1 : 0);
		cr_assert(*v[i].why && strlen(v[i].why) < sizeof v[i].why);
		c[N - 1 - i] = (struct rho_claim){ str(""), str(table[i].reference), str(table[i].answer) };
	}
	verify(&p, c, N, back);
	for (size_t i = 0; i < N; i++)
		cr_assert_eq(back[N - 1 - i].ruling, v[i].ruling);
	test_free(&p);
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
	test_make(&p, RHO_VERIFIER, "exact", "", 1);
	verify(&p, c, 5, v);
	cr_assert_eq(v[0].ruling, RHO_WRONG);
	cr_assert_eq(v[1].ruling, RHO_WRONG);
	cr_assert_eq(v[2].ruling, RHO_WRONG);
	cr_assert_eq(v[3].ruling, RHO_UNDECIDED);
	cr_assert_eq(v[4].ruling, RHO_RIGHT);
	test_free(&p);
	free(digits);
	free(commas);
	free(bytes);
	free(fraction);
}
