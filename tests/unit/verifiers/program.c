/* program: chains of calculations done again, by hand and over GSM8K; the fractions under them against the
 * definition; hostile ones. */
#include <kit/jsonl.h>
#include <kit/rational.h>

#include "judged.h"

static const struct judged table[] = {
	{ "#### 72", "48/2 = <<48/2=24>>24 clips\nand 48+24 = <<48+24=72>>72\n#### 72", RHO_RIGHT },
	{ "72", "48/2 = <<48/2=24>>24\n48+24 = <<48+24=72>>72", RHO_RIGHT },       /* the last step's value */
	{ "72", "48/2 = <<48/2=25>>25\n#### 72", RHO_WRONG },
	{ "72", "48/2 = <<48/2=24>>24\n#### 73", RHO_WRONG },
	{ "72", "72", RHO_RIGHT },
	{ "$2,125", "#### 2125", RHO_RIGHT },
	{ "#### 2,125", "A: $2,125.00", RHO_RIGHT },
	{ "0.75", "<<3/4=3/4>>", RHO_RIGHT },
	{ "1/3", "<<1/3=0.3333333333333333>>0.33\n#### 1/3", RHO_WRONG },       /* exact means exact */
	{ "3", "<<1/3*9=3>>", RHO_RIGHT },
	{ "20", "<<100*20%=20>>", RHO_RIGHT },
	{ "20", "<<100*20/100=20>>", RHO_RIGHT },
	{ "-8", "<<-2^3=-8>>", RHO_RIGHT },
	{ "512", "<<2^3^2=512>>", RHO_RIGHT },
	{ "1/8", "<<2**-3=.125>>", RHO_RIGHT },
	{ "9", "<<(1+2)(1+2)=9>>", RHO_RIGHT },
	{ "14", "<<2+3*4=2+12=14>>", RHO_RIGHT },
	{ "14", "<<2+3*4=20=14>>", RHO_WRONG },
	{ "5", "<<10/(2-2)=5>>\n#### 5", RHO_WRONG },
	{ "5", "<<x+3=8>>\n#### 5", RHO_UNDECIDED },
	{ "5", "<<2+3=5\n#### 5", RHO_UNDECIDED },                             /* never closed */
	{ "24", "In 2024 she sold 48 / 2 = 24 clips.", RHO_RIGHT },
	{ "24", "she sold 3 x 8 = 24 - then slept", RHO_RIGHT },
	{ "24", "she sold $3 \xc3\x97 8 = $24 worth", RHO_RIGHT },
	{ "11", "4x+12=56, so x = 11\nA: 11", RHO_RIGHT },                      /* no product of 4 and 12 */
	{ "24", "she sold 48 / 2 = 25 clips\n#### 24", RHO_WRONG },
	{ "160000", "2 x 80,000 = 160,000", RHO_RIGHT },
	{ "16000", "80 000 x 20/100 = 16 000\n#### 16000", RHO_RIGHT },         /* not 000 x 20/100 */
	{ "8", "- 5+3 = 8", RHO_RIGHT },
	{ "8", "1) 5+3 = 8", RHO_RIGHT },
	{ "12", "#### 12:30", RHO_UNREADABLE },
	{ "12:30", "#### 12", RHO_UNDECIDED },
	{ "5", "I do not know", RHO_UNREADABLE },
	{ "5", " \n ", RHO_UNREADABLE },
	{ "five", "#### 5", RHO_UNDECIDED },
	{ "1", "<<9^9^9^9=1>>\n#### 1", RHO_UNDECIDED },
	{ "1", "<<7^(10^30)=1>>\n#### 1", RHO_UNDECIDED },
	{ "1", "<<(-1)^(10^30)=1>>\n#### 1", RHO_RIGHT },
	{ "1", "<<(2^1000)/(2^1000)=1>>", RHO_RIGHT },
	{ "0", "<<2^1000-2^1000=0>>", RHO_RIGHT },
};

Test(program, rules_as_the_table_says)
{
	static const struct judged annotated[] = {
		{ "24", "she sold 48 / 2 = 25 clips\n#### 24", RHO_RIGHT },
		{ "24", "<<48/2=25>>\n#### 24", RHO_WRONG },
		{ "24", "she sold 48 / 2 = 24 clips", RHO_RIGHT },
	};
	static const struct judged ignored[] = {
		{ "24", "<<48/2=25>>\n#### 24", RHO_RIGHT },
		{ "24", "<<x+2=8>>\n#### 24", RHO_RIGHT },
		{ "24", "<<48/2=25>>\n#### 25", RHO_WRONG },
	};
	static const struct judged near[] = {
		{ "3", "<<10/3=3.3333333333333335>>\n#### 3", RHO_RIGHT },
		{ "3", "<<10/3=3.33>>\n#### 3", RHO_WRONG },
		{ "3", "#### 3.0000000001", RHO_WRONG },        /* the final number is always exact */
	};
	JUDGE("program", "", table);
	JUDGE("program", "steps = \"annotated\"", annotated);
	JUDGE("program", "steps = \"ignored\"", ignored);
	JUDGE("program", "tolerance = 1e-9", near);
}

Test(program, says_which_step)
{
	struct test_plugin p;
	struct rho_verdict v;
	struct rho_claim c = { str(""), str("72"), str("<<48/2=24>>\n<<48+24=71>>\n<<1/0=1>>\n#### 72") };
	judge_open(&p, "program", "");
	judge(&p, &c, 1, &v);
	cr_assert_str_eq(v.why, "step 2: 48+24=71: it is 72 and not 71");
	c.answer = str("<<3/(5-5)=1>>\n#### 72");
	judge(&p, &c, 1, &v);
	cr_assert_str_eq(v.why, "step 1: 3/(5-5)=1 divides by 0");
	test_free(&p);
}

/* Fractions of numbers that fit 64 bits after every operation, against arithmetic in 128 bits; and laws that large
 * ones must keep: (a + b) c - ac = bc, (a / b) b = a. */
Test(program, fractions_are_exact)
{
	struct rho_rng key = { 0 }, r = rho_fork(&key, 1, 2);
	for (int i = 0; i < 20000; i++) {
		int64_t n[4];
		struct rho_rational a, b, c, x, y, z;
		for (int k = 0; k < 4; k++)
			n[k] = (int64_t)rho_below(&r, 2000001) - 1000000;
		n[1] = n[1] ? n[1] : 1;
		n[3] = n[3] ? n[3] : 1;
		x = rho_rational_of(n[0]), y = rho_rational_of(n[1]);
		cr_assert(rho_rational_div(&x, &y, &a));
		x = rho_rational_of(n[2]), y = rho_rational_of(n[3]);
		cr_assert(rho_rational_div(&x, &y, &b));
		cr_assert(rho_rational_add(&a, &b, &c));
		x = rho_rational_of(n[0] * n[3] + n[2] * n[1]), y = rho_rational_of(n[1] * n[3]);
		cr_assert(rho_rational_div(&x, &y, &z));
		cr_assert_eq(rho_rational_order(&c, &z), 0);
		cr_assert_float_eq(rho_rational_f64(&z),
		                   (double)n[0] / (double)n[1] + (double)n[2] / (double)n[3], 1e-6);
	}
	for (int i = 0; i < 300; i++) {
		struct rho_rational v[3], x, y, z;
		char digits[3][250];
		for (int k = 0; k < 3; k++) {
			size_t len = 1 + rho_below(&r, 120);
			for (size_t j = 0; j < len; j++)
				digits[k][j] = (char)('0' + rho_below(&r, i % 3 ? 10 : 2) * (i % 3 ? 1 : 9));
			digits[k][rho_below(&r, (uint32_t)len)] = '.';
			digits[k][len ? len - 1 : 0] = '1';
			cr_assert(rho_rational_read((struct rho_str){ digits[k], len }, &v[k]));
		}
		cr_assert(rho_rational_add(&v[0], &v[1], &x) && rho_rational_mul(&x, &v[2], &x));
		cr_assert(rho_rational_mul(&v[0], &v[2], &y) && rho_rational_sub(&x, &y, &x));
		cr_assert(rho_rational_mul(&v[1], &v[2], &z));
		cr_assert_eq(rho_rational_order(&x, &z), 0);
		cr_assert(rho_rational_div(&v[0], &v[1], &x) && rho_rational_mul(&x, &v[1], &x));
		cr_assert_eq(rho_rational_order(&x, &v[0]), 0);
		cr_assert(rho_rational_mul(&v[0], &v[1], &x));
		cr_assert_eq(rho_rational_order(&x, &y), -rho_rational_order(&y, &x));
	}
}

Test(program, fractions_have_an_end)
{
	struct rho_rational two = rho_rational_of(2), v = two, zero = rho_rational_of(0), e = rho_rational_of(2047);
	char text[64];
	cr_assert(rho_rational_pow(&two, &e, &v));
	cr_assert_not(rho_rational_mul(&v, &two, &v));
	rho_rational_write(&v, text, sizeof text);
	cr_assert_eq(strlen(text), sizeof text - 1);
	cr_assert_str_eq(text + 60, "...");
	cr_assert(!strncmp(text, "16158503035655503650357438344334975980222051334857742016065172713762", 60));
	cr_assert(isinf(rho_rational_f64(&v)));
	cr_assert_not(rho_rational_div(&v, &zero, &v));
	e = rho_rational_of(-1);
	cr_assert_not(rho_rational_pow(&zero, &e, &v));
	v = rho_rational_of(INT64_MIN);
	rho_rational_write(&v, text, sizeof text);
	cr_assert_str_eq(text, "-9223372036854775808");
	rho_rational_write(&zero, text, sizeof text);
	cr_assert_str_eq(text, "0");
	cr_assert_not(rho_rational_read(str("1.2.3"), &v));
	cr_assert_not(rho_rational_read(str("."), &v));
	cr_assert_not(rho_rational_read(str(""), &v));
}

Test(program, hostile_answers_end_in_time, .timeout = 60)
{
	enum { LONG = 1 << 20 };
	static const char *const motifs[] = { "(", "<<", "<<1+1=2>>", "1+", "=", "1=", "9^", "x", "1 + 1 = 2 ", "####",
		                              "3*(", "\xe2\x88\x92", "<<9999999999999999999999^9=1>>",
		                              "1.5/7.3*", "%", "$" };
	struct test_plugin p;
	char *at = malloc(LONG);
	judge_open(&p, "program", "");
	for (size_t i = 0; i < sizeof motifs / sizeof *motifs; i++) {
		struct rho_claim c = { str(""), str("7"), { at, LONG } };
		struct rho_verdict v = { .ruling = RHO_RIGHT };
		for (size_t j = 0, m = strlen(motifs[i]); j < LONG; j++)
			at[j] = motifs[i][j % m];
		judge(&p, &c, 1, &v);
		cr_assert_neq(v.ruling, RHO_RIGHT, "%s: %s", motifs[i], v.why);
	}
	test_free(&p);
	free(at);
}

/* Every derivation that people wrote confirms its own answer by its annotations; what the prose around them claims
 * holds, too, but for 60 slips. */
Test(program, gsm8k_confirms_itself, .timeout = 120)
{
	static const char *const files[] = { "train.jsonl.gz", "test.jsonl" };
	const char *real = getenv("RHO_REAL_DATA");
	struct test_plugin all, annotated;
	size_t n = 0, slips = 0;
	if (!real || !*real)
		cr_skip_test("RHO_REAL_DATA is empty");
	judge_open(&all, "program", "");
	judge_open(&annotated, "program", "steps = \"annotated\"");
	for (size_t i = 0; i < 2; i++) {
		char *path = rho_xprintf("%s/data/gsm8k/%s", real, files[i]);
		struct rho_trouble t = { 0 };
		struct rho_jsonl j;
		int more;
		cr_assert_eq(rho_jsonl_open(&j, path, &t), 0, "%s", t.text);
		while ((more = rho_jsonl_next(&j)) > 0) {
			struct rho_claim c = { .problem = str("") };
			struct rho_verdict v;
			cr_assert_eq(rho_jsonl_str(&j, "answer", &c.answer), 0);
			c.reference = c.answer;
			judge(&annotated, &c, 1, &v);
			cr_assert_eq(v.ruling, RHO_RIGHT, "%s:%zu: %s", files[i], rho_lines_number(j.lines), v.why);
			judge(&all, &c, 1, &v);
			slips += v.ruling == RHO_WRONG;
			cr_assert(v.ruling == RHO_WRONG || v.ruling == RHO_RIGHT, "%s", v.why);
			n++;
		}
		cr_assert_eq(more, 0, "%s", t.text);
		rho_jsonl_close(&j);
		free(path);
	}
	cr_assert_eq(n, 8792);
	cr_assert_eq(slips, 60);
	test_free(&all);
	test_free(&annotated);
}
