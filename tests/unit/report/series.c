/* series.c: metrics.jsonl and timing.jsonl read back. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "folder.h"

struct got { int rc; uint64_t *step; double *value; size_t n; struct rho_buf why; };

/* The series of cell 0, whose state is DONE or STOPPED. */
static struct got series(const struct folder *f, uint32_t state, const char *metric)
{
	struct got g = { 0 };
	struct rho_results *r;
	folder_status(f, 0, state, 1, NULL);
	r = rho_results_read(f->dir, &g.why);
	cr_assert(r, "%s", g.why.at);
	g.rc = rho_results_series(r, 0, metric, &g.step, &g.value, &g.n, &g.why);
	rho_results_free(r);
	return g;
}

static void drop(struct got *g)
{
	if (!g->rc) {
		free(g->step);
		free(g->value);
	}
	rho_buf_free(&g->why);
}

Test(series, values)
{
	struct folder f;
	struct got g;
	folder_make(&f, true, 2);
	folder_put(&f, 0, "metrics.jsonl",
	           "{\"step\": 10, \"reward\": 0.5, \"reward[G1]\": 1e-3}\n"
	           " {\t\"reward\":-2.5E+1,\"note\":\"a { } , : b\",\"step\":20 }\r\n"
	           "{\"step\": 30, \"reward\": null, \"ok\": true}\n"
	           "{\"step\": 40, \"re\\u0077ard\": 7}\n");
	folder_put(&f, 0, "timing.jsonl", "{\"step\": 10, \"decision_us\": 3}\n{\"step\": 20}\n");
	g = series(&f, RHO_CELL_DONE, "reward");
	cr_assert(g.rc == 0 && g.n == 4, "%d %s", g.rc, g.why.at);
	cr_assert(g.step[0] == 10 && g.step[3] == 40);
	cr_assert(g.value[0] == 0.5 && g.value[1] == -25 && isnan(g.value[2]) && g.value[3] == 7);
	drop(&g);
	g = series(&f, RHO_CELL_DONE, "reward[G1]");
	cr_assert(g.rc == 0 && g.n == 4 && g.value[0] == 1e-3 && isnan(g.value[1]));
	drop(&g);
	g = series(&f, RHO_CELL_DONE, "decision_us");
	cr_assert(g.rc == 0 && g.n == 2 && g.value[0] == 3 && isnan(g.value[1]));
	drop(&g);
	g = series(&f, RHO_CELL_DONE, "rewar");
	cr_assert(g.rc == 1);
	drop(&g);
	folder_remove(&f);
}

Test(series, a_cut_line_is_damage_only_when_the_cell_is_done)
{
	struct folder f;
	struct got g;
	folder_make(&f, true, 2);
	folder_put(&f, 0, "metrics.jsonl", "{\"step\": 10, \"reward\": 1}\n{\"step\": 20, \"rew");
	g = series(&f, RHO_CELL_STOPPED, "reward");
	cr_assert(g.rc == 0 && g.n == 1);
	drop(&g);
	g = series(&f, RHO_CELL_DONE, "reward");
	cr_assert(g.rc == -1 && strstr(g.why.at, "metrics.jsonl:2 "), "%s", g.why.at);
	drop(&g);
	folder_remove(&f);
}

Test(series, a_finished_cell_without_metrics_is_damaged)
{
	struct folder f;
	struct got g;
	folder_make(&f, true, 2);
	g = series(&f, RHO_CELL_DONE, "reward");
	cr_assert(g.rc == -1 && strstr(g.why.at, "metrics.jsonl"), "%s", g.why.at);
	drop(&g);
	g = series(&f, RHO_CELL_STOPPED, "reward");
	cr_assert(g.rc == 1);
	drop(&g);
	folder_remove(&f);
}

Test(series, damage_is_named_by_line)
{
	static const char *const bad[] = {
		"",
		"x",
		"[]",
		"{",
		"{}",
		"{\"reward\": 1}",
		"{\"step\": 20, \"reward\": 0x10}",
		"{\"step\": 20, \"reward\": 1 2}",
		"{\"step\": 20, \"reward\": +1}",
		"{\"step\": 20, \"reward\": nan}",
		"{\"step\": 20, \"reward\": 1e999}",
		"{\"step\": 20, \"reward\": \"1\"}",
		"{\"step\": 20, \"reward\": true}",
		"{\"step\": 20, \"reward\": {}}",
		"{\"step\": -20, \"reward\": 1}",
		"{\"step\": 2e1, \"reward\": 1}",
		"{\"step\": 99999999999999999999, \"reward\": 1}",
		"{\"step\": 20, \"reward\": 1} x",
		"{\"step\": 20, \"reward\": }",
		"{\"step\": 20 \"reward\": 1}",
		"{\"step\" 20}",
		"{\"step",
		"{\"step\": 20, \"a\": \"unclosed}",
		"{\"step\": 20, \"a\\",
		"{\"step\": 20, reward: 1}",
		"{\"step\": 10, \"reward\": 1}",
		"{\"step\": 5, \"reward\": 1}",
	};
	struct folder f;
	folder_make(&f, true, 2);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		char *text = rho_xprintf("{\"step\": 10, \"reward\": 1}\n%s\n", bad[i]);
		struct got g;
		folder_put(&f, 0, "metrics.jsonl", text);
		g = series(&f, RHO_CELL_DONE, "reward");
		cr_assert(g.rc == -1 && strstr(g.why.at, "metrics.jsonl:2 "), "%s: %d %s", bad[i], g.rc,
			  g.why.at);
		drop(&g);
		free(text);
	}
	folder_remove(&f);
}

Test(series, names)
{
	struct folder f;
	struct rho_buf why = { 0 };
	char **names;
	size_t n;
	folder_make(&f, true, 2);
	folder_put(&f, 0, "metrics.jsonl",
		   "{\"step\": 10, \"reward\": 1}\n{\"step\": 20, \"loss\": 2, \"a\\\"b\": 1}\n");
	folder_put(&f, 0, "timing.jsonl", "{\"step\": 10, \"decision_us\": 3}\n");
	struct rho_results *r = rho_results_read(f.dir, &why);
	cr_assert(!rho_results_metrics(r, 0, &names, &n, &why), "%s", why.at);
	cr_assert(n == 4);
	cr_assert_str_eq(names[0], "a\"b");
	cr_assert_str_eq(names[1], "decision_us");
	cr_assert_str_eq(names[2], "loss");
	cr_assert_str_eq(names[3], "reward");
	rho_metric_names_free(names, n);
	rho_results_free(r);
	folder_remove(&f);
}

/* A million records: read in well under the three seconds allowed here (a sanitizer's build included). */
Test(series, a_million_records, .timeout = 60)
{
	struct folder f;
	struct rho_buf text = { 0 };
	struct timespec from, to;
	struct got g;
	double seconds;
	folder_make(&f, true, 2);
	for (int i = 1; i <= 1000000; i++)
		rho_buf_printf(&text, "{\"step\": %d, \"reward\": %.17g, \"regret\": 0.25, \"loss\": 1.5}\n",
			       i, 1.0 / i);
	folder_put(&f, 0, "metrics.jsonl", text.at);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
	g = series(&f, RHO_CELL_DONE, "reward");
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
	seconds = (double)(to.tv_sec - from.tv_sec) + 1e-9 * (double)(to.tv_nsec - from.tv_nsec);
	cr_assert(g.rc == 0 && g.n == 1000000, "%s", g.why.at);
	for (size_t i = 0; i < g.n; i++)
		cr_assert(g.step[i] == i + 1 && g.value[i] == 1.0 / (double)(i + 1));
	cr_log_info("a million records in %.3f s", seconds);
	cr_assert(seconds < 3, "%g s", seconds);
	drop(&g);
	rho_buf_free(&text);
	folder_remove(&f);
}

/* An evaluation's records stand between the training's, and neither kind counts among the other's. */
Test(series, evaluations)
{
	struct folder f;
	struct got g;
	char **names;
	size_t n;
	folder_make(&f, true, 2);
	folder_put(&f, 0, "metrics.jsonl",
	           "{\"step\": 0, \"eval\": \"test\", \"test.reward\": 0.25}\n"
	           "{\"step\": 10, \"reward\": 0.5}\n"
	           "{\"step\": 15, \"eval\": \"other\", \"other.reward\": 9}\n"
	           "{\"step\": 20, \"reward\": 0.75}\n"
	           "{\"step\": 20, \"eval\": \"test\", \"test.reward\": 1, \"test.x\": 3}\n"
	           "{\"step\": 20, \"eval\": \"oth\\u0065r\", \"other.reward\": 7}\n");
	g = series(&f, RHO_CELL_DONE, "reward");
	cr_assert(g.rc == 0 && g.n == 2, "%d %zu %s", g.rc, g.n, g.why.at);
	cr_assert(g.step[0] == 10 && g.step[1] == 20 && g.value[1] == 0.75);
	drop(&g);
	g = series(&f, RHO_CELL_DONE, "test.reward");
	cr_assert(g.rc == 0 && g.n == 2 && g.step[0] == 0 && g.step[1] == 20 && g.value[1] == 1);
	drop(&g);
	g = series(&f, RHO_CELL_DONE, "other.reward");
	cr_assert(g.rc == 0 && g.n == 2 && g.step[0] == 15 && g.value[1] == 7);
	drop(&g);
	cr_assert_eq((g = series(&f, RHO_CELL_DONE, "eval")).rc, 1);
	drop(&g);
	struct rho_buf why = { 0 };
	struct rho_results *r = rho_results_read(f.dir, &why);
	cr_assert_eq(rho_results_metrics(r, 0, &names, &n, &why), 0, "%s", why.at);
	cr_assert(n == 4 && !strcmp(names[0], "other.reward") && !strcmp(names[1], "reward") &&
	          !strcmp(names[3], "test.x"));
	rho_metric_names_free(names, n);
	rho_results_free(r);
	rho_buf_free(&why);
	/* the same evaluation twice at a step, or one before the training's last record, is no such file */
	folder_put(&f, 0, "metrics.jsonl",
	           "{\"step\": 20, \"eval\": \"test\", \"test.reward\": 1}\n"
	           "{\"step\": 20, \"eval\": \"test\", \"test.reward\": 1}\n");
	g = series(&f, RHO_CELL_DONE, "test.reward");
	cr_assert(g.rc == -1 && strstr(g.why.at, "metrics.jsonl:2 has step 20 after step 20"), "%s", g.why.at);
	drop(&g);
	folder_put(&f, 0, "metrics.jsonl",
	           "{\"step\": 20, \"reward\": 1}\n{\"step\": 10, \"eval\": \"test\", \"test.reward\": 1}\n");
	g = series(&f, RHO_CELL_DONE, "reward");
	cr_assert(g.rc == -1 && strstr(g.why.at, "metrics.jsonl:2 has step 10 after step 20"), "%s", g.why.at);
	drop(&g);
	folder_remove(&f);
}
