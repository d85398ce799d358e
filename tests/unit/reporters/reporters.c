/* csv and console: the file of a cell that was cut short and continued, names, a full disk, lines. */
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include "../plugin.h"
#include "base/file.h"

struct reporter {
	struct test_plugin p;
	const struct rho_reporter *table;
	struct rho_cell cell;
};

static int reporter_open(struct reporter *r, const char *name, const char *toml, const char *dir)
{
	memset(r, 0, sizeof *r);
	test_make(&r->p, RHO_REPORTER, name, toml, 1);
	r->p.world.log_level = RHO_INFO;
	r->table = r->p.inst->module->plugin.reporter;
	r->cell = (struct rho_cell){ .experiment = "e", .arm = "base", .dir = dir, .seed = 1, .steps = 1000 };
	return TEST_CALL(&r->p, "open", true, r->table->open(TEST_SELF(&r->p), &r->cell));
}

static int report(struct reporter *r, uint64_t step)
{
	const struct rho_metric m[] = { { "reward", step, 0.1 * (double)step },
		                        { "group \"a,b\"", step, -1e-300 },
		                        { "regret", step, 1.0 / 3 } };
	return TEST_CALL(&r->p, "metrics", false, r->table->metrics(TEST_SELF(&r->p), m, 3));
}

static char *folder(void)
{
	char *path = rho_xstrdup("/tmp/rho-test-XXXXXX");
	cr_assert_not_null(mkdtemp(path));
	return path;
}

static char *read_back(const char *dir, const char *file)
{
	struct rho_buf text = { 0 }, why = { 0 };
	char *path = rho_xprintf("%s/%s", dir, file);
	cr_assert_eq(rho_file_read(path, 0, &text, &why), 0, "%s", why.at);
	free(path);
	return text.at;
}

static void write_file(const char *dir, const char *file, const char *text, const char *mode)
{
	char *path = rho_xprintf("%s/%s", dir, file);
	FILE *f = fopen(path, mode);
	cr_assert_not_null(f);
	fputs(text, f);
	fclose(f);
	free(path);
}

Test(csv, one_line_a_value)
{
	char *dir = folder(), *text;
	struct reporter r;
	cr_assert_eq(reporter_open(&r, "csv", "", dir), 0, "%s", r.p.why.at);
	cr_assert_eq(report(&r, 100), 0);
	test_free(&r.p);
	text = read_back(dir, "metrics.csv");
	cr_assert_str_eq(text, "step,name,value\n100,reward,10\n100,\"group \"\"a,b\"\"\",-1e-300\n"
	                       "100,regret,0.33333333333333331\n");
	free(text);
	free(dir);
}

Test(csv, a_continued_cell_has_the_file_of_one_that_ran_through)
{
	char *through = folder(), *cut = folder(), *a, *b;
	struct reporter r;
	cr_assert_eq(reporter_open(&r, "csv", "file = \"m.csv\"", through), 0);
	for (uint64_t s = 1; s <= 9; s++)
		cr_assert_eq(report(&r, s * 100), 0);
	test_free(&r.p);
	cr_assert_eq(reporter_open(&r, "csv", "file = \"m.csv\"", cut), 0);
	for (uint64_t s = 1; s <= 6; s++)
		cr_assert_eq(report(&r, s * 100), 0);
	test_free(&r.p);
	write_file(cut, "m.csv", "700,rew", "a"); /* killed in the middle of a line */
	cr_assert_eq(reporter_open(&r, "csv", "file = \"m.csv\"", cut), 0);
	for (uint64_t s = 4; s <= 9; s++) /* the last checkpoint was at 300 */
		cr_assert_eq(report(&r, s * 100), 0);
	test_free(&r.p);
	a = read_back(through, "m.csv");
	b = read_back(cut, "m.csv");
	cr_assert_str_eq(a, b);
	free(a);
	free(b);
	free(through);
	free(cut);
}

Test(csv, a_header_that_was_cut_is_written_again)
{
	char *dir = folder(), *text;
	struct reporter r;
	write_file(dir, "metrics.csv", "step,na", "w");
	cr_assert_eq(reporter_open(&r, "csv", "", dir), 0);
	test_free(&r.p);
	text = read_back(dir, "metrics.csv");
	cr_assert_str_eq(text, "step,name,value\n");
	free(text);
	free(dir);
}

Test(csv, says_what_stands_in_the_way)
{
	char *dir = folder();
	struct reporter r;
	write_file(dir, "metrics.csv", "somebody's own\n", "w");
	cr_assert_eq(reporter_open(&r, "csv", "", dir), RHO_EFORMAT);
	HAS(r.p.why.at, "metrics.csv is there already");
	test_free(&r.p);
	cr_assert_eq(reporter_open(&r, "csv", "file = \"../x\"", dir), RHO_EINVAL);
	HAS(r.p.why.at, "plain name");
	test_free(&r.p);
	cr_assert_eq(reporter_open(&r, "csv", "", "/nowhere/at/all"), RHO_EIO);
	HAS(r.p.why.at, "/nowhere/at/all/metrics.csv cannot be opened");
	test_free(&r.p);
	free(dir);
}

Test(csv, a_disk_with_no_room_is_an_error)
{
	struct rlimit room = { 100, 100 };
	char *dir = folder();
	struct reporter r;
	signal(SIGXFSZ, SIG_IGN);
	cr_assert_eq(reporter_open(&r, "csv", "", dir), 0);
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &room), 0);
	cr_assert_eq(report(&r, 1), 0);
	cr_assert_eq(report(&r, 2), RHO_EIO);
	HAS(r.p.why.at, "metrics.csv cannot be written");
	test_free(&r.p);
	free(dir);
}

Test(console, a_line_now_and_then_and_at_the_end)
{
	struct reporter r;
	char *dir = folder(), *text, *path = rho_xprintf("%s/log", dir);
	size_t lines = 0;
	int saved = dup(2);
	cr_assert_eq(reporter_open(&r, "console", "every = 4", dir), 0);
	cr_assert_not_null(freopen(path, "w", stderr));
	for (uint64_t s = 1; s <= 10; s++)
		cr_assert_eq(report(&r, s * 100), 0);
	fflush(stderr);
	dup2(saved, 2);
	close(saved);
	text = read_back(dir, "log");
	for (const char *c = text; *c; c++)
		lines += *c == '\n';
	cr_assert_eq(lines, 4); /* 100, 500, 900 and the last, 1000 */
	HAS(text, "step 500 of 1000  reward 50  regret 0.333333");
	HAS(text, "step 1000 of 1000  reward 100");
	cr_assert_null(strstr(text, "group"));
	test_free(&r.p);
	free(text);
	free(path);
	free(dir);
}
