/* sympy: what a real SymPy says; claims that never end; processes that are killed; nothing left behind. */
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "judged.h"

/* Opens it, or skips the test where there is no SymPy. */
static void open_or_skip(struct test_plugin *p, const char *toml)
{
	test_make(p, RHO_VERIFIER, "sympy", toml, 1);
	if (TEST_CALL(p, "open", true, p->inst->module->plugin.verifier->open(TEST_SELF(p)))) {
		HAS(p->why.at, "apt-get install python3-sympy");
		cr_skip_test("there is no SymPy");
	}
}

static size_t entries(const char *dir)
{
	size_t n = 0;
	DIR *d = opendir(dir);
	while (d && readdir(d))
		n++;
	closedir(d);
	return n;
}

/* The first child of this process, 0: it has none. */
static pid_t child(void)
{
	char path[64];
	int pid = 0;
	snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
	FILE *f = fopen(path, "r");
	if (f && fscanf(f, "%d", &pid) != 1)
		pid = 0;
	if (f)
		fclose(f);
	return pid;
}

static const struct judged table[] = {
	{ "\\frac12", "0.5", RHO_RIGHT },
	{ "\\frac{1}{2}", "\\dfrac 12", RHO_RIGHT },
	{ "$(x+1)^2$", "x^2 + 2x + 1", RHO_RIGHT },
	{ "(x+1)^2", "x^2 + 1", RHO_WRONG },
	{ "2\\sqrt{3}", "\\sqrt{12}", RHO_RIGHT },
	{ "\\sin^2 x + \\cos^2 x", "1", RHO_RIGHT },
	{ "\\frac{\\pi}{4}", "\\arctan 1", RHO_RIGHT },
	{ "\\pi", "3.14", RHO_UNDECIDED },      /* a decimal may be rounded: it is not for the referee to say */
	{ "\\pi", "3", RHO_WRONG },
	{ "\\pi", "22/7", RHO_WRONG },
	{ "x = 5", "5", RHO_RIGHT },
	{ "x = 5", "x = 6", RHO_WRONG },
	{ "2x + 2y = 4", "x + y - 2 = 0", RHO_RIGHT },
	{ "2x + 2y = 4", "x + y = 3", RHO_UNDECIDED },
	{ "(1, 2)", "(1, 2)", RHO_RIGHT },
	{ "(1, 2)", "(2, 1)", RHO_WRONG },
	{ "\\{1, 2, 3\\}", "3, 2, 1", RHO_RIGHT },
	{ "\\{1, 2\\}", "\\{1, 3\\}", RHO_WRONG },
	{ "[2, 5)", "2 \\le x < 5", RHO_RIGHT },
	{ "[2, 5)", "2 < x < 5", RHO_WRONG },
	{ "(-\\infty, 2) \\cup (2, \\infty)", "x \\ne 2", RHO_RIGHT },
	{ "\\begin{pmatrix} 1 \\\\ 2 \\end{pmatrix}", "\\begin{bmatrix} 1 \\\\ \\frac42 \\end{bmatrix}", RHO_RIGHT },
	{ "3 \\pm \\sqrt2", "3 + \\sqrt{2}, 3 - \\sqrt{2}", RHO_RIGHT },
	{ "10101_2", "21", RHO_RIGHT },
	{ "1,234", "1234", RHO_RIGHT },
	{ "3\\frac12", "7/2", RHO_RIGHT },
	{ "50\\%", "0.5", RHO_RIGHT },
	{ "50\\%", "50", RHO_UNDECIDED },
	{ "\\boxed{42}", "the answer is \\boxed{42}", RHO_RIGHT },
	{ "\\text{Evelyn}", "\\text{Evelyn}", RHO_RIGHT },
	{ "\\text{Evelyn}", "\\text{Carla}", RHO_UNDECIDED },
	{ "\\sqrt{x^2}", "x", RHO_UNDECIDED },  /* for positive x only */
	{ "1", "\\frac{1}{0}", RHO_UNDECIDED },
	{ "1", "\\frac{1}{", RHO_UNDECIDED },
	{ "1", "__import__('os').system('true')", RHO_UNDECIDED },
	{ "1", "\xff\xfe", RHO_UNDECIDED },
	{ "1", " ", RHO_UNREADABLE },
	{ "", "1", RHO_UNDECIDED },
};

Test(sympy, rules_as_the_table_says, .timeout = 120)
{
	struct test_plugin p;
	open_or_skip(&p, "");
	test_free(&p);
	JUDGE("sympy", "workers = 2\nseconds = 30", table);
}

Test(sympy, what_does_not_end_is_undecided, .timeout = 120)
{
	static const char *const endless[] = { "9^{9^{9^9}}", "1000000000!", "x^{1000000} - (x+1)^{1000000}" };
	struct test_plugin p;
	struct rho_claim c[5];
	struct rho_verdict v[5];
	open_or_skip(&p, "workers = 2\nseconds = 2");
	for (size_t i = 0; i < 3; i++)
		c[i] = (struct rho_claim){ str(""), str("1"), str(endless[i]) };
	c[3] = (struct rho_claim){ str(""), str("1"), str("2/2") };
	size_t long_text = 1 << 20;
	char *digits = malloc(long_text);
	memset(digits, '7', long_text);
	c[4] = (struct rho_claim){ str(""), str("1"), { digits, long_text } };
	judge(&p, c, 5, v);
	for (size_t i = 0; i < 3; i++)
		cr_assert_eq(v[i].ruling, RHO_UNDECIDED, "%s: %s", endless[i], v[i].why);
	cr_assert_str_eq(v[0].why, "no answer within 2 s");
	cr_assert_eq(v[3].ruling, RHO_RIGHT, "%s", v[3].why);
	cr_assert_eq(v[4].ruling, RHO_UNDECIDED);
	test_free(&p);
	free(digits);
}

Test(sympy, killed_processes_come_back_and_none_stays, .timeout = 120)
{
	struct test_plugin p;
	struct rho_verdict v;
	const struct rho_claim c = { str(""), str("1/2"), str("0.5") };
	size_t files = entries("/proc/self/fd");
	open_or_skip(&p, "seconds = 30");
	for (int i = 0; i < 3; i++) {
		pid_t pid = child();
		cr_assert(pid > 0);
		judge(&p, &c, 1, &v);
		cr_assert_eq(v.ruling, RHO_RIGHT, "%s", v.why);
		kill(pid, SIGKILL);
		usleep(100000);         /* it is dead, though nobody has waited for it */
		judge(&p, &c, 1, &v);
		cr_assert_eq(v.ruling, RHO_RIGHT, "after a kill: %s", v.why);
		cr_assert_neq(child(), pid);
	}
	test_free(&p);
	cr_assert_eq(child(), 0, "a process stays");
	cr_assert_eq(entries("/proc/self/fd"), files);
}

Test(sympy, a_python_without_it_is_told, .timeout = 120)
{
	struct test_plugin p;
	test_make(&p, RHO_VERIFIER, "sympy", "python = \"/no/such/python\"", 1);
	const struct rho_verifier *table_of = p.inst->module->plugin.verifier;
	int code = TEST_CALL(&p, "open", true, table_of->open(TEST_SELF(&p)));
	if (code) {     /* no other one to fall back on */
		cr_assert_eq(code, RHO_EIO);
		HAS(p.why.at, "/no/such/python");
		HAS(p.why.at, "apt-get install python3-sympy");
	}
	test_free(&p);
}
