/* params.c: what users write against a parameter table: messages, canonical text, the manual. */
#include "base/file.h"
#include "helper.h"

/* Checks `text`, which stands in exp.toml, as [agent] of agent-good; the caller frees what is said. */
static char *said(const char *text, size_t errors)
{
	struct rho_registry *r = test_registry();
	struct rho_diags *d = rho_diags_new();
	struct rho_toml *t = test_toml(text, "exp.toml");
	size_t n = rho_params_check(r, test_module(r, "agent", "good"), "agent", t, d);
	char *all = test_said(d);
	cr_assert_eq(n, errors, "%zu errors, not %zu:\n%s", n, errors, all);
	cr_assert_eq(rho_diags_errors(d), errors);
	rho_toml_free(t);
	rho_diags_free(d);
	rho_registry_free(r);
	return all;
}

Test(params, defaults_and_good_values_pass)
{
	free(said("", 0));
	free(said("use = \"good\"\neager = false\ndepth = 10\nepsilon = 1\ntitle = \"\"\nmode = \"turbo\"\n"
		  "hidden = []\nrates = [0, 1.0]\nstages = [\"a\"]\njudge = { use = \"judge\", tolerance = 0 "
		  "}\n",
		  0));
}

Test(params, a_value_out_of_bounds)
{
	char *s = said("use = \"good\"\nepsilon = 1.5\n", 1);
	cr_assert_str_eq(s, "exp.toml:2:11: agent.epsilon = 1.5 is not within 0 .. 1\n"
			    "        epsilon: probability of drawing uniformly (default 0.1)\n");
	free(s);
	free(said("depth = 0\n", 1));
	free(said("depth = 11\n", 1));
	free(said("epsilon = nan\n", 1));
	free(said("epsilon = inf\n", 1));
	s = said("spare = -1", 1);
	HAS(s, "agent.spare = -1 must be at least 0");
	free(s);
	s = said("hidden = [64, 0, 2000]\nrates = [0.5, -0.5]", 3);
	HAS(s, "exp.toml:1:15: agent.hidden = 0 is not within 1 .. 1000");
	HAS(s, "exp.toml:1:18: agent.hidden = 2000 is not within 1 .. 1000");
	free(s);
}

Test(params, an_unknown_key)
{
	char *s = said("epsilonn = 0.1\n", 1);
	cr_assert_str_eq(s,
			 "exp.toml:1:1: agent.epsilonn: good has no such parameter; did you mean epsilon?\n");
	free(s);
	s = said("\nxyzzy = 0.1\n", 1);
	HAS(s, "exp.toml:2:1: agent.xyzzy: good has no such parameter; it has eager, depth, ");
	free(s);
}

Test(params, a_wrong_type)
{
	char *s = said("eager = 1\ndepth = 2.0\nepsilon = \"much\"\ntitle = 4\nmode = 1\nhidden = 64\n"
		       "rates = [\"a\"]\nstages = [1]\njudge = \"judge\"\nweights = []\n",
		       10);
	HAS(s, "exp.toml:1:9: agent.eager = 1 is an integer; eager takes true or false");
	HAS(s, "agent.depth = 2.0 is a number; depth takes an integer");
	HAS(s, "agent.epsilon = \"much\" is a string; epsilon takes a number");
	HAS(s, "agent.hidden = 64 is an integer; hidden takes a list of integers");
	HAS(s, "exp.toml:7:10: agent.rates = \"a\" is a string; rates takes a list of numbers");
	HAS(s, "judge takes a table that names a plugin, such as { use = ");
	free(s);
}

Test(params, a_string_with_a_nul_inside)
{
	struct rho_registry *r = test_registry();
	struct rho_diags *d = rho_diags_new();
	struct rho_toml *t = test_toml("title = \"abc\"\n", "exp.toml");
	t->child->str[1] = '\0';
	cr_assert_eq(rho_params_check(r, test_module(r, "agent", "good"), "agent", t, d), 1);
	char *s = test_said(d);
	HAS(s, "holds a NUL character");
	free(s);
	rho_toml_free(t);
	rho_diags_free(d);
	rho_registry_free(r);
}

Test(params, a_choice_that_is_none)
{
	char *s = said("mode = \"turb\"\n", 1);
	HAS(s, "agent.mode = \"turb\" is not one of \"slow\", \"fast\", \"turbo\"; did you mean \"turbo\"?");
	free(s);
}

Test(params, parts_are_checked_too)
{
	char *s = said("judge = { use = \"judge\", tolerance = 2, tolerence = 1 }\n", 2);
	HAS(s, "agent.judge.tolerance = 2 is not within 0 .. 1");
	HAS(s, "agent.judge.tolerence: judge has no such parameter; did you mean tolerance?");
	free(s);
	s = said("judge = { tolerance = 1 }\n", 1);
	HAS(s, "agent.judge: must name its plugin");
	free(s);
	s = said("judge = { use = \"jugde\" }\n", 1);
	HAS(s, "exp.toml:1:17: agent.judge: there is no verifier \"jugde\"; did you mean judge?");
	free(s);
}

Test(params, all_mistakes_come_at_once)
{
	free(said("epsilon = 2\ndepth = \"a\"\nwrong = 1\nmode = \"x\"\nweights = \"/no/such/file\"\n", 5));
}

Test(params, paths_are_resolved_beside_their_file)
{
	struct rho_registry *r = test_registry();
	const struct rho_module *m = test_module(r, "agent", "good");
	struct rho_buf why = { 0 }, out = { 0 };
	struct rho_diags *d = rho_diags_new();
	char *dir = test_folder(), *file = rho_xprintf("%s/exp.toml", dir),
	     *data = rho_xprintf("%s/w.bin", dir);
	struct rho_toml *t = test_toml("weights = \"./sub/../w.bin\"\n", file);
	cr_assert_eq(rho_params_check(r, m, "agent", t, d), 1, "a file that is not there is a mistake");
	char *s = test_said(d);
	HAS(s, data);
	HAS(s, "No such file or directory");
	cr_assert_eq(rho_file_write(data, "x", 1, &why), 0);
	cr_assert_eq(rho_params_check(r, m, "agent", t, d), 0);
	rho_params_canonical(r, m, t, true, &out);
	char *line = rho_xprintf("weights = \"%s\"\n", data);
	HAS(out.at, line);
	rho_toml_free(t);
	t = test_toml("weights = \"${RHO_NO_SUCH_VARIABLE}/w\"\n", file);
	cr_assert_eq(rho_params_check(r, m, "agent", t, d), 1);
	free(s);
	s = test_said(d);
	HAS(s, "RHO_NO_SUCH_VARIABLE is not set");
	rho_toml_free(t);
	rho_diags_free(d);
	rho_buf_free(&out);
	rho_buf_free(&why);
	free(s);
	free(line);
	test_remove(dir);
	free(file);
	free(data);
	rho_registry_free(r);
}

Test(params, what_must_be_given_is_asked_for)
{
	struct rho_registry *r = test_registry();
	struct rho_diags *d = rho_diags_new();
	struct rho_toml *t = test_toml("\nuse = \"quiz\"\n", "exp.toml");
	cr_assert_eq(rho_params_check(r, test_module(r, "env", "quiz"), "env", t, d), 1);
	char *s = test_said(d);
	cr_assert_str_eq(s, "exp.toml:2:7: env: quiz needs problems, a path (a string)\n"
			    "        problems: a file of problems (required)\n");
	free(s);
	rho_diags_free(d);
	d = rho_diags_new();
	cr_assert_eq(rho_params_check(r, test_module(r, "env", "quiz"), "env", NULL, d), 1);
	rho_diags_free(d);
	rho_toml_free(t);
	rho_registry_free(r);
}

Test(params, canonical_text_is_complete_and_the_same_however_it_was_written)
{
	struct rho_registry *r = test_registry();
	const struct rho_module *m = test_module(r, "agent", "good");
	struct rho_toml *t = test_toml("judge = { use = \"judge\" }\nspare = 9\nepsilon = 1\n", "exp.toml");
	struct rho_buf a = { 0 }, b = { 0 };
	rho_params_canonical(r, m, t, false, &a);
	cr_assert_str_eq(
		a.at,
		"use = \"good\"\neager = true\ndepth = 3\nepsilon = 1.0\ntitle = \"a \\\"quoted\\\" word\"\n"
		"mode = \"fast\"\nhidden = [64, 32]\nrates = [0.5, 0.25]\nstages = [\"look\", \"leap\"]\n"
		"judge = { use = \"judge\", tolerance = 0.001, refuse = false }\nspare = 9\n");
	struct rho_toml *again = test_toml(a.at, "cell.toml");
	rho_params_canonical(r, m, again, false, &b);
	cr_assert_str_eq(a.at, b.at, "canonical text read back gives itself");
	rho_buf_clear(&b);
	rho_params_canonical(r, m, t, true, &b);
	cr_assert_null(strstr(b.at, "spare"), "what only changes speed is no part of the identity");
	HAS(b.at, "2.1.0");
	rho_buf_clear(&a);
	rho_params_canonical(r, m, NULL, true, &a);
	HAS(a.at, "epsilon = 0.1\n");
	rho_toml_free(t);
	rho_toml_free(again);
	rho_buf_free(&a);
	rho_buf_free(&b);
	rho_registry_free(r);
}

/* No line of prose is longer than a wide terminal; none loses a word. */
Test(params, the_manual_folds_long_lines)
{
	struct rho_registry *r = test_registry();
	struct rho_module m = *test_module(r, "agent", "good");
	struct rho_buf doc = { 0 }, out = { 0 };
	size_t words = 0;
	for (int i = 0; i < 60; i++)
		rho_buf_printf(&doc, "%sword%d", i == 30 ? ".\n\n" : i ? " " : "", i);
	for (int i = 0; i < 130; i++)
		rho_buf_str(&doc, i ? "x" : " ");
	m.plugin.doc = doc.at;
	rho_params_manual(&m, &out);
	for (const char *at = strstr(out.at, "word0"); at && at < strstr(out.at, "xxx"); words++)
		at = strstr(at + 1, "word");
	cr_assert_eq(words, 60);
	HAS(out.at, " word29.\n\n  word30 ");
	for (const char *line = strstr(out.at, "  word0"), *end; strncmp(line, "  xx", 4); line = end + 1) {
		end = strchr(line, '\n');
		cr_assert(end - line <= 106, "%.*s", (int)(end - line), line);
	}
	rho_buf_free(&doc);
	rho_buf_free(&out);
	rho_registry_free(r);
}

Test(params, the_manual_says_everything)
{
	struct rho_registry *r = test_registry();
	struct rho_buf out = { 0 };
	rho_params_manual(test_module(r, "agent", "good"), &out);
	HAS(out.at, "agent good 1.0.0 -- takes the first candidates\n");
	HAS(out.at, "built for ABI 0.3; one action per decision; needs no contexts");
	HAS(out.at, MODULES "/agent-good.so\n");
	HAS(out.at, "  For tests.\n\n  It learns nothing.\n");
	HAS(out.at, "  epsilon  number 0 .. 1, default 0.1\n           probability of drawing uniformly\n");
	HAS(out.at, "  mode     one of \"slow\", \"fast\", \"turbo\", default \"fast\"\n");
	HAS(out.at, "  weights  path, may be left out\n");
	HAS(out.at, "  hidden   list of integers, each 1 .. 1000, default [64, 32]\n");
	HAS(out.at, "  spare    integer at least 0, default 8; cannot change results\n");
	HAS(out.at, "    Nobody (2024)\n");
	HAS(out.at, "  [agent]\n  use = \"good\"\n  eager = true\n  depth = 3\n  epsilon = 0.1\n");
	HAS(out.at, "  # weights = \"path/to/it\"\n");
	rho_buf_clear(&out);
	rho_params_manual(test_module(r, "verifier", "judge"), &out);
	HAS(out.at, "verifier = { use = \"judge\", tolerance = 0.001, refuse = false }\n");
	rho_buf_clear(&out);
	rho_params_manual(test_module(r, "env", "quiz"), &out);
	HAS(out.at, "  problems  path, required\n");
	rho_buf_free(&out);
	rho_registry_free(r);
}
