#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/diag.h"

static char *told(const struct rho_diags *d)
{
	char *s = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&s, &n);
	rho_diags_print(d, f);
	fclose(f);
	return s;
}

Test(diag, sorted_by_place_and_indented)
{
	struct rho_diags *d = rho_diags_new();
	rho_diag(d, (struct rho_where){ "b.toml", 2, 1 }, "late");
	rho_diag(d, (struct rho_where){ "a.toml", 10, 2 }, "x = %d\nhelp\nmore", 3);
	rho_warn(d, (struct rho_where){ "a.toml", 9, 7 }, "careful");
	rho_diag(d, (struct rho_where){ "a.toml", 0, 0 }, "the file");
	rho_diag(d, (struct rho_where){ "a.toml", 10, 2 }, "second here");
	rho_diag(d, (struct rho_where){ 0 }, "nowhere");
	char *s = told(d);
	cr_expect_str_eq(s, "nowhere\na.toml: the file\na.toml:9:7: warning: careful\n"
	                 "a.toml:10:2: x = 3\n        help\n        more\na.toml:10:2: second here\n"
	                 "b.toml:2:1: late\n");
	cr_expect_eq(rho_diags_errors(d), 5);
	free(s);
	rho_diags_free(d);
	rho_diags_free(NULL);
}

Test(diag, keeps_the_terminal_out_of_it)
{
	struct rho_diags *d = rho_diags_new();
	rho_diag(d, (struct rho_where){ 0 }, "%s", "a\x1b[31mb\x7f\r\té\n");
	char *s = told(d);
	cr_expect_str_eq(s, "a\\x1b[31mb\\x7f\\x0d\té\n");
	free(s);
	rho_diags_free(d);
}

Test(diag, take_leaves_out_places_told_already)
{
	struct rho_diags *d = rho_diags_new(), *more = rho_diags_new();
	rho_diag(d, (struct rho_where){ "f", 1, 1 }, "one");
	rho_diag(more, (struct rho_where){ "f", 1, 1 }, "one again");
	rho_diag(more, (struct rho_where){ "f", 1, 2 }, "two");
	rho_diag(more, (struct rho_where){ "f", 1, 2 }, "two too");
	rho_warn(more, (struct rho_where){ "f", 1, 1 }, "a warning is another thing");
	rho_diags_take(d, more);
	char *s = told(d);
	cr_expect_str_eq(s, "f:1:1: one\nf:1:1: warning: a warning is another thing\nf:1:2: two\nf:1:2: two too\n");
	cr_expect_eq(rho_diags_errors(d), 3);
	free(s);
	rho_diags_free(d);
}

Test(diag, very_many_are_counted_not_kept)
{
	struct rho_diags *d = rho_diags_new();
	for (int i = 1; i <= 1234; i++)
		rho_diag(d, (struct rho_where){ "f", i, 1 }, "x");
	char *s = told(d);
	cr_expect_eq(rho_diags_errors(d), 1234);
	cr_expect_str_eq(strstr(s, "f:1000:"), "f:1000:1: x\nand 234 more\n");
	free(s);
	rho_diags_free(d);
}

Test(diag, nearest)
{
	static const char *const names[] = { "epsilon", NULL, "alpha", "prior_variance", "k", "steps" };
	enum { N = sizeof names / sizeof *names };
	static const struct { const char *word, *near; } tries[] = {
		{ "epsilonn", "epsilon" }, { "espilon", "epsilon" }, { "Epsilon", "epsilon" }, { "alhpa", "alpha" },
		{ "prior-variance", "prior_variance" }, { "prior", NULL }, { "zzzz", NULL }, { "x", NULL },
		{ "", NULL },
		{ "kk", NULL }, { "stpes", "steps" }, { "step", "steps" }, { "setps", "steps" },
	};
	for (size_t i = 0; i < sizeof tries / sizeof *tries; i++) {
		const char *near = rho_nearest(tries[i].word, names, N);
		cr_expect(near ? tries[i].near && !strcmp(near, tries[i].near) : !tries[i].near, "%s: %s",
		          tries[i].word, near ? near : "(none)");
	}
	char long_word[200];
	memset(long_word, 'a', sizeof long_word - 1);
	long_word[sizeof long_word - 1] = '\0';
	cr_expect_null(rho_nearest(long_word, names, N));
	const char *also = long_word;
	cr_expect_null(rho_nearest("aaaa", &also, 1));
	cr_expect_null(rho_nearest("a", NULL, 0));
}
