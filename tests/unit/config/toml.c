/* The TOML adapter: order, places, refusals, printing, merging. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/toml.h"

static char *told(struct rho_diags *d)
{
	char *s = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&s, &n);
	rho_diags_print(d, f);
	fclose(f);
	return s;
}

static struct rho_toml *parse(const char *text)
{
	struct rho_diags *d = rho_diags_new();
	struct rho_toml *t = rho_toml_parse(text, strlen(text), "f", d);
	cr_assert_not_null(t, "%s", told(d));
	cr_assert_eq(rho_diags_errors(d), 0);
	rho_diags_free(d);
	return t;
}

static void refused(const char *text, size_t len, const char *wanted)
{
	struct rho_diags *d = rho_diags_new();
	cr_expect_null(rho_toml_parse(text, len, "f", d));
	cr_expect_eq(rho_diags_errors(d), 1);
	char *s = told(d);
	cr_expect_eq(strncmp(s, wanted, strlen(wanted)), 0, "%s", s);
	free(s);
	rho_diags_free(d);
}

static void prints(const struct rho_toml *t, const char *wanted)
{
	struct rho_buf b = { 0 };
	rho_toml_print(t, &b);
	cr_expect_str_eq(b.at, wanted);
	rho_buf_free(&b);
}

Test(toml, keeps_file_order_and_places)
{
	struct rho_toml *t =
		parse("rho = 1\n[run]\nz = \"é\"\na = [1, 2.5]\n\n[arms.agent]\nq = { x = true }\n"
	              "b.use = 'w'\n[[report]]\n[[report]]\nuse = 1979-05-27\n");
	const struct rho_toml *run = rho_toml_get(t, "run"), *z = rho_toml_get(run, "z"), *a = z->next;
	const struct rho_toml *agent = rho_toml_get(rho_toml_get(t, "arms"), "agent");
	const struct rho_toml *report = rho_toml_get(t, "report");
	cr_assert_str_eq(t->child->key, "rho");
	cr_assert_eq(z, run->child);
	cr_assert_str_eq(z->str, "é");
	cr_assert_eq(z->str_len, 2);
	cr_assert_str_eq(a->key, "a");
	cr_assert(a->type == RHO_TOML_ARRAY && a->n == 2 && a->child->i == 1 && a->child->next->f == 2.5);
	cr_assert(a->key_where.line == 4 && a->key_where.col == 1 && a->where.line == 4 && a->where.col == 5);
	cr_assert(a->child->next->where.line == 4 && a->child->next->where.col == 9);
	cr_assert_str_eq(agent->child->key, "q");
	cr_assert_str_eq(agent->child->next->key, "b");
	cr_assert(rho_toml_get(agent->child, "x")->b);
	cr_assert_eq(report->n, 2);
	cr_assert_eq(report->child->next->child->type, RHO_TOML_DATETIME);
	cr_assert_str_eq(report->child->next->child->str, "1979-05-27");
	cr_assert_null(rho_toml_get(t, "nothing"));
	cr_assert_null(rho_toml_get(NULL, "nothing"));
	cr_assert_null(rho_toml_get(z, "nothing"));
	rho_toml_free(t);
}

Test(toml, refuses_what_is_not_toml)
{
	refused("a = 1\nb = \n", 11, "f:2:5: this is not TOML: parsing key-value pair: expected value");
	refused("a = 1\na = 2\n", 12, "f:2:5: this is not TOML: parsing key-value pair: cannot redefine");
	refused("a = \"\xff\"", 7, "f:1:5: this is not TOML: Encountered invalid utf-8 sequence");
	refused("a = 1\0b = 2", 11, "f:1:6: this is not TOML: ");
	refused("a = \"x\\u0000y\"", 14, "f:1:5: text may not hold the character NUL");
	refused("\"a\\u0000\" = 1", 13, "f:1:1: text may not hold the character NUL");
	refused("a = 99999999999999999999", 24, "f:1:25: this is not TOML: ");
	refused("a = \"open", 9, "f:1:10: this is not TOML: ");
}

Test(toml, refuses_depth_without_using_the_stack)
{
	enum { N = 1 << 20 };
	static const char *const units[] = { "[", "{a=", "a.", "[a.", "a.\"b\". " };
	char *text = malloc(N + 16);
	for (size_t u = 0; u < sizeof units / sizeof *units; u++) {
		size_t n = strlen(units[u]), len = 0;
		if (u < 2) {
			memcpy(text, "x = ", 4);
			len = 4;
		}
		for (; len + n <= N; len += n)
			memcpy(text + len, units[u], n);
		refused(text, len, "f:1:");
	}
	free(text);
	/* Dots and brackets in text and comments are no depth. */
	rho_toml_free(parse(
		"a = '''\n[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\n"
		"......................................................................''''\n"
		"b = \"\\\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\"\n"
		"# [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\n"
		"c = [1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5,\n"
		"1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5,\n"
		"1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5,\n"
		"1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5]\n"));
}

Test(toml, files_that_cannot_be_read)
{
	struct rho_diags *d = rho_diags_new();
	cr_assert_null(rho_toml_read("/nowhere/x.toml", d));
	char *s = told(d);
	cr_assert_str_eq(s, "/nowhere/x.toml cannot be opened: No such file or directory\n");
	free(s);
	rho_diags_free(d);
}

Test(toml, prints_what_reads_back)
{
	static const double numbers[] = { 0.1, 1.0 / 3, 1e300, 5e-324, 1e15, 123456789012345680.0, -0.0, 2 };
	struct rho_toml *t =
		parse("a = { s = \"q\\\"\\\\\\n\\t\\u001fé\", \"k y\" = [], e = {} }\nb = [inf, -inf, nan]\n"
	              "c = -9223372036854775808\nd = 1979-05-27T07:32:00Z");
	prints(rho_toml_get(t, "a"), "{ s = \"q\\\"\\\\\\n\\t\\u001fé\", \"k y\" = [], e = {} }");
	prints(rho_toml_get(t, "b"), "[inf, -inf, nan]");
	prints(rho_toml_get(t, "c"), "-9223372036854775808");
	prints(rho_toml_get(t, "d"), "1979-05-27T07:32:00Z");
	rho_toml_free(t);
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		struct rho_toml number = { .type = RHO_TOML_FLOAT, .f = numbers[i] };
		struct rho_buf b = { 0 };
		rho_buf_str(&b, "x = ");
		rho_toml_print(&number, &b);
		t = parse(b.at);
		cr_expect_eq(t->child->type, RHO_TOML_FLOAT, "%s", b.at);
		cr_expect(!memcmp(&t->child->f, &numbers[i], sizeof(double)), "%s", b.at);
		rho_toml_free(t);
		rho_buf_free(&b);
	}
}

Test(toml, merges_key_by_key)
{
	struct rho_toml *base = parse("a = 1\nt = { x = 1, y = [1, 2] }\nagent = { use = 'p', k = 1 }\n");
	struct rho_toml *patch =
		parse("a = 2\nt = { y = [3], z = 0 }\nagent = { use = 'p', m = 1 }\nn = 1\n");
	struct rho_toml *other = parse("agent = { use = 'q', m = 1 }\n");
	struct rho_toml *merged = rho_toml_merge(base, patch), *changed = rho_toml_merge(merged, other);
	prints(merged,
	       "{ a = 2, t = { x = 1, y = [3], z = 0 }, agent = { use = \"p\", k = 1, m = 1 }, n = 1 }");
	cr_expect_eq(merged->n, 4);
	cr_expect_eq(rho_toml_get(merged, "t")->n, 3);
	prints(changed, "{ a = 2, t = { x = 1, y = [3], z = 0 }, agent = { use = \"q\", m = 1 }, n = 1 }");
	rho_toml_free(changed);
	rho_toml_free(merged);
	merged = rho_toml_merge(NULL, patch);
	cr_expect_eq(merged->n, 4);
	rho_toml_free(merged);
	merged = rho_toml_merge(base, NULL);
	cr_expect_eq(merged->n, 3);
	rho_toml_free(merged);
	cr_expect_null(rho_toml_merge(NULL, NULL));
	rho_toml_free(base);
	rho_toml_free(patch);
	rho_toml_free(other);
}
