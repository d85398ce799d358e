/* `rho plan` as a user runs it. */
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

/* Runs rho with these arguments; stdout and stderr together; the exit status. */
static int rho(struct rho_buf *out, const char *arguments)
{
	char piece[4096];
	char *command = rho_xprintf("'%s' %s 2>&1", getenv("RHO_PROGRAM"), arguments);
	FILE *f = popen(command, "r");
	cr_assert_not_null(f);
	rho_buf_clear(out);
	rho_buf_add(out, "", 0);
	for (size_t n; (n = fread(piece, 1, sizeof piece, f)) > 0;)
		rho_buf_add(out, piece, n);
	int status = pclose(f);
	free(command);
	cr_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

Test(command, prints_arms_and_cells)
{
	struct trial *t = trial_new(NULL);
	struct rho_buf out = { 0 };
	trial_write(t, "x.toml", HEAD "[dataset]\nuse = \"fixture_shelf\"\n[encoder]\nuse = \"fixture_words\"\n"
	            "[env]\nuse = \"fixture_posed\"\n[agent]\nuse = \"fixture_seer\"\n"
	            "[arms.agent]\nshy = { mood = \"shy\" }\n");
	char *args = rho_xprintf("plan --plugins '%s' %s/x.toml --set run.steps=1234567", CONFIG_FIXTURES, t->dir);
	cr_expect_eq(rho(&out, args), 0);
	cr_expect_str_eq(out.at,
		"base                 2 cells   encodes the texts of fixture_shelf (fixture_words 1.0.0)\n"
		"agent=shy            2         encodes the texts of fixture_shelf (fixture_words 1.0.0)\n"
		"4 cells, 4 938 268 decisions\n");
	free(args);
	args = rho_xprintf("plan --plugins='%s' --cells --set=run.seeds=[7] %s/x.toml", CONFIG_FIXTURES, t->dir);
	cr_expect_eq(rho(&out, args), 0);
	char id[17], other[17];
	int used = 0;
	cr_expect_eq(sscanf(out.at, "%16[0-9a-f]  7  base\n%16[0-9a-f]  7  agent=shy%n", id, other, &used), 2);
	cr_expect_eq(out.at[used], '\n', "%s", out.at);
	cr_expect_str_neq(id, other);
	free(args);
	rho_buf_free(&out);
	trial_free(t);
}

Test(command, exit_status_2_for_mistakes)
{
	static const struct { const char *args, *says; } wrong[] = {
		{ "plan", "rho plan: which FILE? See rho plan --help\n" },
		{ "plan --sat x", "rho plan: there is no option --sat; did you mean --set?\n" },
		{ "plan x --set", "rho plan: --set wants a value; see rho plan --help\n" },
		{ "plan x y", "rho plan: one FILE, not x and y\n" },
		{ "plan /nowhere/x.toml", "/nowhere/x.toml cannot be opened: No such file or directory\n"
		                          "1 mistake; nothing was run\n" },
	};
	struct rho_buf out = { 0 };
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		cr_expect_eq(rho(&out, wrong[i].args), 2, "%s", wrong[i].args);
		cr_expect_str_eq(out.at, wrong[i].says);
	}
	cr_expect_eq(rho(&out, "plan --help"), 0);
	cr_expect_eq(strncmp(out.at, "usage: rho plan FILE", 20), 0);
	rho_buf_free(&out);
}
