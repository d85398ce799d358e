/* rollouts.c: solve@n and rollouts to a threshold against exact values; episodes read back and refused; a
 * folder's cells pooled by problem. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "rollouts/rollouts.h"

static void near(double got, double want, double tolerance, const char *what)
{
	cr_assert(fabs(got - want) <= tolerance, "%s: %.17g, expected %.17g", what, got, want);
}

/* C(n, k) where it is exact. */
static double choose(uint64_t n, uint64_t k)
{
	double c = 1;
	for (uint64_t i = 0; i < k; i++)
		c = c * (double)(n - i) / (double)(i + 1);
	return k > n ? 0 : c;
}

Test(rollouts, solve_at)
{
	/* 3 of 10 solved: 3/10, 1 - 21/45, 1 - 21/252 */
	near(rho_solve_at(10, 3, 1), .3, 1e-15, "n = 1");
	near(rho_solve_at(10, 3, 2), 24. / 45, 1e-15, "n = 2");
	near(rho_solve_at(10, 3, 5), 11. / 12, 1e-15, "n = 5");
	for (uint64_t all = 1; all <= 24; all++)
		for (uint64_t solved = 0; solved <= all; solved++)
			for (uint64_t n = 1; n <= all; n++)
				near(rho_solve_at(all, solved, n),
				     1 - choose(all - solved, n) / choose(all, n), 1e-12, "by binomials");
	cr_assert(rho_solve_at(100000, 0, 100000) == 0 && rho_solve_at(100000, 1, 100000) == 1);
	near(rho_solve_at(100000, 1, 50000), .5, 1e-12, "one of many");
}

Test(rollouts, until)
{
	cr_assert(rho_rollouts_until(.1, .95) == 29); /* ln .05 / ln .9 = 28.43 */
	cr_assert(rho_rollouts_until(.5, .75) == 2 && rho_rollouts_until(.5, .76) == 3);
	cr_assert(rho_rollouts_until(.5, .5) == 1 && rho_rollouts_until(1, .99) == 1);
	cr_assert(isinf(rho_rollouts_until(0, .5)));
}

/* The first n whose mean of solve@n is the threshold, one after the other. */
static double by_hand(const struct rho_problem *p, size_t n, uint64_t most, double threshold)
{
	for (uint64_t k = 1; k <= most; k++) {
		double sum = 0;
		for (size_t i = 0; i < n; i++)
			sum += rho_solve_at(p[i].n, p[i].solved, k);
		if (sum / (double)n >= threshold - 1e-9)
			return (double)k;
	}
	return INFINITY;
}

Test(rollouts, needed)
{
	struct rho_problem p[60];
	struct rho_interval ci;
	for (uint32_t i = 0; i < 60; i++)
		p[i] = (struct rho_problem){ i, 40 + i % 3, i % 7 ? i % 13 : 0 };
	for (double t = 0.05; t < 1; t += 0.05)
		cr_assert(rho_rollouts_needed(p, 60, 40, t) == by_hand(p, 60, 40, t), "threshold %g", t);
	cr_assert(isinf(rho_rollouts_needed(p, 60, 40, 0.95)), "a seventh is never solved");
	/* half of the problems always, half never: a threshold of .5 is met to the last bit */
	for (uint32_t i = 0; i < 10; i++)
		p[i] = (struct rho_problem){ i, 8, i % 2 ? 8 : 0 };
	cr_assert(rho_rollouts_needed(p, 10, 8, .5) == 1);
	ci = rho_rollouts_interval(p, 10, 8, .5, .95, 1000);
	cr_assert(ci.lo == 1 && isinf(ci.hi), "more than half of a resample may be unsolvable");
	/* all alike: every resample is the same */
	for (uint32_t i = 0; i < 10; i++)
		p[i] = (struct rho_problem){ i, 10, 3 };
	ci = rho_rollouts_interval(p, 10, 10, .9, .95, 100);
	cr_assert(ci.lo == 5 && ci.hi == 5 && rho_rollouts_needed(p, 10, 10, .9) == 5);
	cr_assert(isnan(rho_rollouts_interval(p, 1, 10, .9, .95, 100).lo));
}

static double share_of_first(void *arg, const uint32_t *count)
{
	const size_t *n = arg;
	size_t all = 0;
	for (size_t i = 0; i < *n; i++)
		all += count[i];
	cr_assert_eq(all, *n);
	return (double)count[0];
}

/* count[0] of n = 400 things is Poisson(1) but for little: its quantiles at 2.5 and 97.5 % are 0 and 3. */
Test(rollouts, resamples)
{
	size_t n = 400;
	struct rho_interval ci = rho_boot_counts(n, .95, 4000, share_of_first, &n);
	cr_assert(ci.lo == 0 && ci.hi == 3, "%g %g", ci.lo, ci.hi);
}

Test(rollouts, success)
{
	struct rho_success s;
	cr_assert(rho_success_parse("return>=1", &s) && !s.last && !s.above && s.least == 1);
	cr_assert(rho_success_parse("reward>-0.5", &s) && s.last && s.above && s.least == -0.5);
	const char *const wrong[] = { "",           "reward",      "reward>",   "reward>=",
		                      "reward>=x",  "reward<1",    "rewards>1", "return>= 1",
		                      "return>=1 ", "return>=nan", "r>1" };
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		cr_assert_not(rho_success_parse(wrong[i], &s), "%s", wrong[i]);
}

/* ---- files ---- */

static char dir[] = "/tmp/rho-rollouts-XXXXXX";

static char *path_in(const char *file) { return rho_xprintf("%s/%s", dir, file); }

static void put(const char *file, const char *text)
{
	struct rho_buf why = { 0 };
	char *path = path_in(file), *folder = rho_path_dir(path);
	cr_assert_eq(rho_mkdirs(folder, &why), 0, "%s", why.at);
	cr_assert_eq(rho_file_write(path, text, strlen(text), &why), 0, "%s", why.at);
	free(path);
	free(folder);
}

static void remove_all(void)
{
	char *command = rho_xprintf("rm -rf %s", dir);
	cr_assert_eq(system(command), 0);
	free(command);
}

#define LINE(step, episode, context, sum, last)                                                              \
	"{\"step\": " step ", \"episode\": " episode ", \"context\": " context ", \"return\": " sum          \
	", \"reward\": " last ", \"length\": 2, \"end\": \"terminated\"}\n"

static int read_text(const char *text, uint64_t step, struct rho_episodes *e, struct rho_buf *why)
{
	const struct rho_success s = { .last = true, .least = 1 };
	char *path = path_in("x.jsonl");
	int rc;
	put("x.jsonl", text);
	rho_buf_clear(why);
	rc = rho_episodes_read(path, step, &s, e, why);
	free(path);
	return rc;
}

Test(rollouts, episodes)
{
	static const char two[] = LINE("100", "0", "7", "1", "1") LINE("100", "1", "3", "2", "0.5")
		LINE("200", "0", "5", "0", "1") LINE("200", "1", "7", "1.5", "0")
			LINE("200", "2", "7", "1e0", "1");
	struct rho_episodes e;
	struct rho_buf why = { 0 };
	cr_assert(mkdtemp(dir));
	cr_assert_eq(read_text(two, UINT64_MAX, &e, &why), 0, "%s", why.at);
	cr_assert(e.step == 200 && e.n == 3 && e.contexts);
	cr_assert(e.at[0].context == 5 && e.at[0].solved && !e.at[1].solved && e.at[2].solved);
	rho_episodes_free(&e);
	cr_assert_eq(read_text(two, 100, &e, &why), 0, "%s", why.at);
	cr_assert(e.step == 100 && e.n == 2 && e.at[0].solved && !e.at[1].solved);
	rho_episodes_free(&e);
	cr_assert_eq(read_text(two, 150, &e, &why), -1);
	cr_assert(strstr(why.at, "no evaluation at step 150; there is one at 100, 200"), "%s", why.at);
	cr_assert_eq(read_text(LINE("100", "0", "null", "1", "1"), UINT64_MAX, &e, &why), 0);
	cr_assert(e.n == 1 && !e.contexts && e.at[0].context == 0);
	rho_episodes_free(&e);
	const struct {
		const char *text, *said;
	} wrong[] = {
		{ "", "holds no episodes" },
		{ "[]\n", "x.jsonl:1: " },
		{ "{\"step\": 1}\n", "x.jsonl:1: `context` is missing" },
		{ LINE("-1", "0", "7", "1", "1"), "`step` is not a whole number" },
		{ LINE("1", "0", "4294967295", "1", "1"), "`context` is not a whole number, or too large" },
		{ LINE("1", "0", "7", "\"1\"", "1"), "`return` is not a number" },
		{ LINE("2", "0", "7", "1", "1") LINE("1", "0", "7", "1", "1"),
		  "x.jsonl:2: step 1 follows step 2" },
		{ LINE("1", "0", "7", "1", "1") LINE("1", "1", "null", "1", "1"),
		  "some episodes have a context" },
		{ LINE("1", "0", "7", "1", "1") "{\"step\": 1, \"epi", "x.jsonl:2: " },
	};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		cr_assert_eq(read_text(wrong[i].text, UINT64_MAX, &e, &why), -1, "%s", wrong[i].text);
		cr_assert(strstr(why.at, wrong[i].said), "%s", why.at);
		cr_assert(e.n == 0 && e.at == NULL);
	}
	rho_buf_free(&why);
	remove_all();
}

/* Two arms with two seeds each: problem 1 is solved in 3 of 10 rollouts (of both seeds) by base, in 6 by the
 * other arm; problem 2 in none and in 5; problem 3 has fewer rollouts. */
static void make_results(void)
{
	static const int solved[2][2][2] = { { { 1, 0 }, { 2, 0 } }, { { 4, 5 }, { 2, 0 } } };
	put("r/plan.json", "{\"rho_results\": 1, \"rho\": \"0.1.0\", \"name\": \"r\", \"file\": \"/r.toml\", "
	                   "\"steps\": 100, "
	                   "\"axes\": [\"agent\"], \"compare\": {\"metric\": \"reward\", \"baseline\": null, "
	                   "\"interval\": 0.95, "
	                   "\"window\": 0.2, \"resamples\": 1000}, \"seeds\": [1, 2], \"arms\": [{\"name\": "
	                   "\"base\", \"values\": "
	                   "{}}, {\"name\": \"agent=x\", \"values\": {\"agent\": \"x\"}}], \"cells\": ["
	                   "{\"id\": \"0000000000000000\", \"arm\": \"base\", \"seed\": 1}, "
	                   "{\"id\": \"0000000000000001\", \"arm\": \"base\", \"seed\": 2}, "
	                   "{\"id\": \"0000000000000002\", \"arm\": \"agent=x\", \"seed\": 1}, "
	                   "{\"id\": \"0000000000000003\", \"arm\": \"agent=x\", \"seed\": 2}]}");
	for (int arm = 0; arm < 2; arm++)
		for (int seed = 0; seed < 2; seed++) {
			struct rho_buf text = { 0 };
			char *cell = rho_xprintf("r/cells/000000000000000%d/", 2 * arm + seed), *file;
			for (int i = 0; i < 11; i++) {
				int problem = i == 10 ? 3 : 1 + i / 5;
				int right = i < 10 && i % 5 < solved[arm][seed][i / 5];
				rho_buf_printf(
					&text,
					"{\"step\": 100, \"episode\": %d, \"context\": %d, \"return\": "
					"%d, \"reward\": %d, \"length\": 1, \"end\": \"terminated\"}\n",
					i, problem, right, right);
			}
			file = rho_xprintf("%seval-test.jsonl", cell);
			put(file, text.at);
			free(file);
			file = rho_xprintf("%sstatus.json", cell);
			put(file, "{\"state\": \"done\", \"step\": 100, \"seconds\": 1.0}");
			free(file);
			free(cell);
			rho_buf_free(&text);
		}
}

Test(rollouts, of_a_folder)
{
	static const double thresholds[] = { .25, .9 };
	struct rho_rollouts_options o = { .success = { .last = true, .least = 1 },
		                          .step = UINT64_MAX,
		                          .rollouts = 10,
		                          .threshold = thresholds,
		                          .n_thresholds = 2,
		                          .level = .95,
		                          .resamples = 500 };
	struct rho_buf why = { 0 }, text = { 0 };
	cr_assert(mkdtemp(dir));
	make_results();
	char *folder = path_in("r");
	struct rho_results *res = rho_results_read(folder, &why);
	cr_assert(res, "%s", why.at);
	struct rho_rollouts *r = rho_rollouts(res, &o, &why);
	cr_assert(r, "%s", why.at);
	cr_assert(r->n_groups == 2 && r->most == 10 && r->n_at == 5 && r->at[3] == 8 && r->at[4] == 10);
	const struct rho_rollouts_group *base = &r->group[0], *x = &r->group[1];
	cr_assert(base->n_problems == 2 && base->left_out == 1 && base->cells == 2 && x->pairs == 2);
	near(base->solved[0].mean, .15, 1e-15, "base, solve@1");
	near(base->solved[1].mean, 12. / 45, 1e-15, "base, solve@2");
	near(x->solved[0].mean, .55, 1e-15, "x, solve@1");
	near(x->solved[0].diff, .4, 1e-15, "the difference");
	near(x->solved[0].diff_ci.lo, .3, 1e-12, "to problem 1");
	near(x->solved[0].diff_ci.hi, .5, 1e-12, "to problem 2");
	cr_assert(base->needed[0].n == 2 && isinf(base->needed[1].n), "problem 2 is never solved");
	cr_assert(x->needed[0].n == 1 && x->needed[1].n == 3);
	rho_rollouts_show(r, RHO_ROLLOUTS_TEXT, "reward>=1", false, &text);
	cr_assert(strstr(text.at, "not reached within 10") && strstr(text.at, "+0.4000"), "%s", text.at);
	rho_buf_clear(&text);
	rho_rollouts_show(r, RHO_ROLLOUTS_CSV, "reward>=1", false, &text);
	cr_assert(strstr(text.at, "\nbase,,2,solve,1,0.15"), "%s", text.at);
	cr_assert(strstr(text.at, "\nbase,,2,rollouts,0.9,inf,"), "%s", text.at);
	rho_buf_clear(&text);
	rho_rollouts_show(r, RHO_ROLLOUTS_JSON, "reward>=1", false, &text);
	cr_assert(strstr(text.at, "\"reached\": false"), "%s", text.at);
	rho_rollouts_free(r);
	o.rollouts = 0; /* problem 3 counts, too: there is one rollout a seed, two of both */
	r = rho_rollouts(res, &o, &why);
	cr_assert(r && r->most == 2 && r->group[0].n_problems == 3);
	rho_rollouts_free(r);
	o.by_seed = true;
	r = rho_rollouts(res, &o, &why);
	cr_assert(r && r->n_groups == 4 && r->most == 1 && r->group[3].seed == 2);
	near(r->group[3].solved[0].diff, 0, 1e-15, "seed 2: (0 + 0 + 0) / 3");
	rho_rollouts_free(r);
	o.rollouts = 11;
	cr_assert_null(rho_rollouts(res, &o, &why));
	cr_assert(strstr(why.at, "no problem has 11 rollouts: the most that one has is 5"), "%s", why.at);
	rho_buf_clear(&why);
	o.eval = "tests";
	cr_assert_null(rho_rollouts(res, &o, &why));
	cr_assert(strstr(why.at, "is called \"tests\" and has log = true; did you mean test?"), "%s", why.at);
	rho_results_free(res);
	rho_buf_free(&why);
	rho_buf_free(&text);
	free(folder);
	remove_all();
}
