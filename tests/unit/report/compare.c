/* compare.c: what is computed, against the same computed another way. */
#include "report/compare.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "folder.h"
#include "report/grid.h"
#include "report/internal.h"

#define NEAR(a, b) cr_assert_float_eq((a), (b), 1e-12, "%.17g is not %.17g", (double)(a), (double)(b))

static struct rho_results *read_folder(const struct folder *f)
{
	struct rho_buf why = { 0 };
	struct rho_results *r = rho_results_read(f->dir, &why);
	cr_assert(r, "%s", why.at);
	return r;
}

static struct rho_comparison *compare(const struct rho_results *r, struct rho_compare_options o)
{
	struct rho_buf why = { 0 };
	struct rho_comparison *c = rho_compare(r, &o, &why);
	cr_assert(c, "%s", why.at);
	return c;
}

static const struct rho_compared *arm(const struct rho_comparison *c, const char *label)
{
	for (size_t i = 0; i < c->n_arms; i++)
		if (!strcmp(c->arm[i].label, label))
			return &c->arm[i];
	cr_assert_fail("no arm %s", label);
	abort();
}

Test(compare, direction)
{
	cr_assert(rho_lower_is_better("regret") && rho_lower_is_better("regret[G1]"));
	cr_assert(rho_lower_is_better("test.regret[v1.0]") && !rho_lower_is_better("regret.reward"));
	cr_assert(rho_lower_is_better("coverage_regret") && rho_lower_is_better("selection_regret[a_b]"));
	cr_assert(rho_lower_is_better("decision_us") && rho_lower_is_better("loss") &&
		  rho_lower_is_better("value_loss"));
	cr_assert(!rho_lower_is_better("reward") && !rho_lower_is_better("reward[regret]"));
	cr_assert(!rho_lower_is_better("decisions_per_s") && !rho_lower_is_better("best") &&
		  !rho_lower_is_better(""));
}

Test(compare, scores_are_means_over_the_window)
{
	struct folder f;
	folder_make(&f, true, 5);
	folder_run(&f);
	folder_put(&f, folder_cell(&f, "agent=greedy,sampler=uniform", 2), "metrics.jsonl",
		   "{\"step\": 300, \"reward\": 1}\n{\"step\": 850, \"reward\": 2}\n{\"step\": 1000, "
		   "\"reward\": 6}\n");
	struct rho_results *r = read_folder(&f);
	struct rho_comparison *c = compare(r, (struct rho_compare_options){ 0 });
	size_t at = 3 * 5 + 1;
	NEAR(c->score[at], (50 * 2 + 150 * 6) / 200.0);
	NEAR(c->auc[at], (300 * 1 + 550 * 2 + 150 * 6) / 1000.0);
	rho_comparison_free(c);
	c = compare(r, (struct rho_compare_options){ .window = 1 });
	NEAR(c->score[at], c->auc[at]);
	rho_comparison_free(c);
	rho_results_free(r);
	folder_remove(&f);
}

Test(compare, numbers_of_an_arm)
{
	struct folder f;
	double p[5], d[6], x[6], y[6];
	folder_make(&f, true, 6);
	folder_run(&f);
	struct rho_results *r = read_folder(&f);
	struct rho_comparison *c = compare(r, (struct rho_compare_options){ 0 });
	const struct rho_compared *a = arm(c, "greedy,all");
	cr_assert(c->baseline == 4 && a->arm == 2);
	for (size_t s = 0; s < 6; s++) {
		x[s] = c->score[2 * 6 + s];
		y[s] = c->score[4 * 6 + s];
		d[s] = x[s] - y[s];
	}
	cr_assert(a->n == 6 && a->pairs == 6 && a->wins == 6 && a->ties == 0);
	NEAR(a->mean, rho_mean(x, 6));
	NEAR(a->iqm, rho_iqm(x, 6));
	NEAR(a->diff, rho_iqm(x, 6) - rho_iqm(y, 6));
	NEAR(a->better, rho_prob_better(x, 6, y, 6, 1));
	NEAR(a->p, 2.0 / 64);
	NEAR(a->detectable, rho_detectable(rho_sd(d, 6), 6, 0.95, 0.8));
	struct rho_interval ci = rho_boot_paired(x, y, 6, RHO_EXPANDED, 0.95, 2000);
	cr_assert(a->diff_ci.lo == ci.lo && a->diff_ci.hi == ci.hi);
	for (size_t i = 0, n = 0; i < c->n_arms; i++)
		if (c->arm[i].arm != c->baseline)
			p[n++] = c->arm[i].p;
	rho_holm(p, 5);
	for (size_t i = 0, n = 0; i < c->n_arms; i++) {
		if (c->arm[i].arm == c->baseline)
			continue;
		NEAR(c->arm[i].p_holm, p[n]);
		n++;
	}
	NEAR(a->decision_us, 14.5);     /* the record with 500 us is one of ten */
	NEAR(a->coverage, 0.25);
	NEAR(a->regret, a->coverage + a->selection);
	for (size_t i = 1; i < c->n_arms; i++)
		cr_assert(c->arm[i - 1].iqm >= c->arm[i].iqm);
	rho_comparison_free(c);
	rho_results_free(r);
	folder_remove(&f);
}

Test(compare, lower_is_better_turns_everything_round)
{
	struct folder f;
	folder_make(&f, true, 6);
	folder_run(&f);
	struct rho_results *r = read_folder(&f);
	struct rho_comparison *up = compare(r, (struct rho_compare_options){ 0 });
	struct rho_comparison *down = compare(r, (struct rho_compare_options){ .metric = "regret" });
	cr_assert(down->lower);
	for (size_t i = 0; i < 6; i++) {        /* regret is 1 - reward here */
		const struct rho_compared *a = &up->arm[i], *b = &down->arm[i];
		cr_assert(a->arm == b->arm && a->wins == b->wins);
		if (a->arm == up->baseline)
			continue;
		NEAR(a->diff, -b->diff);
		NEAR(a->better, b->better);
	}
	rho_comparison_free(up);
	rho_comparison_free(down);
	rho_results_free(r);
	folder_remove(&f);
}

/* The seeds of a difference are those both arms have. */
Test(compare, holes_are_left_out_and_listed)
{
	struct folder f;
	folder_make(&f, true, 6);
	folder_run(&f);
	folder_status(&f, folder_cell(&f, "agent=random,sampler=all", 1), RHO_CELL_FAILED, 3, "boom");
	folder_status(&f, folder_cell(&f, "agent=greedy,sampler=all", 2), RHO_CELL_STOPPED, 3, NULL);
	folder_put(&f, folder_cell(&f, "agent=greedy,sampler=all", 5), "metrics.jsonl", "{\"step\": 1000}\n");
	folder_put(&f, folder_cell(&f, "agent=greedy,sampler=all", 6), "metrics.jsonl",
		   "{\"step\": 10, \"reward\": 1}\n");
	struct rho_results *r = read_folder(&f);
	struct rho_comparison *c = compare(r, (struct rho_compare_options){ .baseline = "random,all" });
	const struct rho_compared *a = arm(c, "greedy,all");
	static const char *const why[] = { "stopped at step 3 of 1000", "never recorded reward",
	                                   "recorded no reward in the last 20% of the run", "failed: boom" };
	cr_assert(a->n == 3 && a->pairs == 2, "%zu %zu", a->n, a->pairs);
	cr_assert(arm(c, "linucb,all")->pairs == 5 && arm(c, "linucb,all")->n == 6);
	cr_assert(c->n_holes == 4);
	for (size_t i = 0; i < 4; i++)
		cr_assert_str_eq(c->hole[i].why, why[i]);
	rho_comparison_free(c);
	rho_results_free(r);
	folder_remove(&f);
}

Test(compare, effects_are_differences_within_blocks)
{
	struct folder f;
	folder_make(&f, true, 6);
	folder_run(&f);
	struct rho_results *r = read_folder(&f);
	struct rho_comparison *c = compare(r, (struct rho_compare_options){ 0 });
	double all = 0, uniform = 0;
	cr_assert(c->factorial && c->n_effects == 5);
	cr_assert_str_eq(c->effect[3].value, "all");
	cr_assert(c->effect[3].axis == 1 && c->effect[3].blocks == 3 && c->effect[3].all_blocks == 3);
	for (size_t i = 0; i < 6; i++)
		for (size_t s = 0; s < 6; s++)
			*(i % 2 ? &uniform : &all) += c->score[i * 6 + s] / 18;
	NEAR(c->effect[3].mean, all);
	NEAR(c->effect[3].effect, (all - uniform) / 2);
	NEAR(c->effect[4].effect, (uniform - all) / 2);
	NEAR(c->effect[0].effect + c->effect[1].effect + c->effect[2].effect, 0);
	rho_comparison_free(c);
	rho_results_free(r);
	folder_remove(&f);
}

/* A seed that one arm of a block lacks leaves the block out for that seed, so that the arms left do not
 * shift the others' means. */
Test(compare, effects_use_complete_blocks_only)
{
	struct folder f;
	folder_make(&f, true, 4);
	folder_run(&f);
	for (uint64_t s = 1; s <= 4; s++)
		folder_status(&f, folder_cell(&f, "agent=random,sampler=uniform", s), RHO_CELL_FAILED, 3,
			      "boom");
	folder_status(&f, folder_cell(&f, "agent=greedy,sampler=all", 2), RHO_CELL_FAILED, 3, "boom");
	struct rho_results *r = read_folder(&f);
	struct rho_comparison *c = compare(r, (struct rho_compare_options){ .by = "sampler" });
	double want = 0;
	cr_assert(c->n_effects == 2 && c->effect[0].blocks == 2 && c->effect[0].all_blocks == 3);
	cr_assert(c->effect[0].seeds == 4);
	for (size_t s = 0; s < 4; s++) {
		double linucb = c->score[s] - c->score[4 + s], greedy = c->score[8 + s] - c->score[12 + s];
		want += (s == 1 ? linucb : (linucb + greedy) / 2) / 2 / 4;
	}
	NEAR(c->effect[0].effect, want);
	rho_comparison_free(c);
	c = compare(r, (struct rho_compare_options){ .by = "agent" });
	cr_assert(c->n_effects == 3 && c->effect[0].blocks == 1 && c->effect[0].seeds == 3);
	rho_comparison_free(c);
	rho_results_free(r);
	folder_remove(&f);
}

Test(compare, groups_are_tasks)
{
	struct folder f;
	double x[12];
	folder_make(&f, true, 6);
	folder_run(&f);
	struct rho_results *r = read_folder(&f);
	struct rho_comparison *c = compare(r, (struct rho_compare_options){ .groups = true });
	cr_assert(c->n_groups == 3);
	cr_assert_str_eq(c->group[0].name, "G1");
	cr_assert_str_eq(c->group[1].name, "G2");
	cr_assert(!c->group[2].name);
	for (size_t s = 0; s < 6; s++) {
		double *score = &c->score[c->arm[0].arm * 6 + s];
		x[2 * s] = *score + 0.1;
		/* G2 was seen by records 2, 4 … 10 only: of the window's two, the last */
		x[2 * s + 1] = *score * 2 * (1 - exp(-5)) / (2 - exp(-5) - exp(-4.5)) - 0.1;
	}
	cr_assert_float_eq(c->group[2].iqm[0], rho_iqm(x, 12), 1e-12);
	cr_assert(c->group[2].ci[0].lo < c->group[2].iqm[0] && c->group[2].iqm[0] < c->group[2].ci[0].hi);
	rho_comparison_free(c);
	rho_results_free(r);
	folder_remove(&f);
}

static void refused(const struct rho_results *r, struct rho_compare_options o, const char *const *say)
{
	struct rho_buf why = { 0 };
	cr_assert(!rho_compare(r, &o, &why));
	for (; *say; say++)
		cr_assert(strstr(why.at, *say), "\"%s\" lacks \"%s\"", why.at, *say);
	rho_buf_free(&why);
}

Test(compare, mistakes_name_what_is_right)
{
	struct folder f;
	folder_make(&f, true, 2);
	folder_run(&f);
	struct rho_results *r = read_folder(&f);
	refused(r, (struct rho_compare_options){ .metric = "rewards" },
		(const char *[]){ "\"rewards\"", "did you mean reward?", "coverage_regret", "decision_us",
				  NULL });
	refused(r, (struct rho_compare_options){ .baseline = "linucb,al" },
	        (const char *[]){ "did you mean linucb,all?", "agent=random,sampler=uniform", NULL });
	refused(r, (struct rho_compare_options){ .by = "agents" },
	        (const char *[]){ "did you mean agent?", "agent, sampler", NULL });
	refused(r, (struct rho_compare_options){ .window = 1.5 }, (const char *[]){ "window", "1.5", NULL });
	refused(r, (struct rho_compare_options){ .interval = 1 },
		(const char *[]){ "interval", "0.95", NULL });
	refused(r, (struct rho_compare_options){ .resamples = 1u << 30 },
		(const char *[]){ "resamples", NULL });
	rho_results_free(r);
	folder_remove(&f);
}

/* ---- the sentence ---- */

static void say(const struct folder *f, const char *const *want, const char *not)
{
	struct rho_results *r = read_folder(f);
	struct rho_comparison *c = compare(r, (struct rho_compare_options){ .window = 1 });
	struct rho_buf found = { 0 };
	rho_compare_found(c, &found);
	for (; *want; want++)
		cr_assert(strstr(found.at, *want), "\"%s\" lacks \"%s\"", found.at, *want);
	cr_assert(!not || !strstr(found.at, not), "\"%s\" has \"%s\"", found.at, not);
	rho_buf_free(&found);
	rho_comparison_free(c);
	rho_results_free(r);
}

/* Every cell of an arm finished with these rewards, one a seed. */
static void set_arm(const struct folder *f, const char *name, const double *x)
{
	for (size_t s = 0; s < f->plan.n_seeds; s++) {
		char *text = rho_xprintf("{\"step\": 1000, \"reward\": %.17g}\n", x[s]);
		size_t cell = folder_cell(f, name, s + 1);
		folder_put(f, cell, "metrics.jsonl", text);
		folder_status(f, cell, RHO_CELL_DONE, 1000, NULL);
		free(text);
	}
}

Test(found, says_what_the_intervals_say)
{
	static const double low[] = { .1, .2, .3, .4, .5 }, high[] = { .4, .5, .6, .7, .8 },
	                    near[] = { .3, .6, .5, .8, .7 }, third[] = { .45, .45, .65, .72, .75 };
	struct folder f;
	folder_make(&f, false, 5);
	say(&f, (const char *[]){ "nothing yet", "rho run /home/me/demo.toml", NULL }, NULL);
	set_arm(&f, "base", low);
	say(&f, (const char *[]){ "base has reward 0.300", "no other arm has a score", NULL }, NULL);
	set_arm(&f, "agent=linucb", high);
	say(&f,
	    (const char *[]){ "linucb has the highest reward, 0.600 [",
			      "beats the runner-up base by 0.300 [0.300, 0.300]", "(5 of 5 seeds).", NULL },
	    "clearly");
	set_arm(&f, "agent=greedy", near);
	say(&f,
	    (const char *[]){ "no arm is clearly best: linucb has",
			      "its lead on the runner-up greedy, 0.000 [-0.100, 0.100]",
			      "includes 0 (3 of 5 seeds).", NULL },
	    "beats");
	set_arm(&f, "agent=random", third);
	say(&f, (const char *[]){ "no arm is clearly best: random", "nor can it be told from", NULL },
	    "beats");
	set_arm(&f, "agent=greedy", high);
	set_arm(&f, "agent=random", low);
	say(&f, (const char *[]){ "no arm is best: linucb and greedy have the same reward", NULL }, "beats");
	folder_remove(&f);
}

Test(found, few_or_unshared_seeds)
{
	static const double low[] = { .1, .2, .3 }, high[] = { .4, .5, .6 };
	struct folder f;
	folder_make(&f, false, 3);
	set_arm(&f, "base", low);
	set_arm(&f, "agent=linucb", high);
	say(&f, (const char *[]){ "with 3 seeds this is a hint, not a finding", NULL }, NULL);
	folder_status(&f, folder_cell(&f, "base", 1), RHO_CELL_STOPPED, 1, NULL);
	folder_status(&f, folder_cell(&f, "agent=linucb", 2), RHO_CELL_STOPPED, 1, NULL);
	say(&f, (const char *[]){ "shares only one seed with the runner-up base", NULL }, "beats");
	folder_status(&f, folder_cell(&f, "agent=linucb", 3), RHO_CELL_STOPPED, 1, NULL);
	say(&f, (const char *[]){ "shares no seed", NULL }, "beats");
	folder_remove(&f);
}

/* ---- names ---- */

static void check_labels(const struct rho_results *r, const char *first, const char *second)
{
	char **label = rho_arm_labels(r);
	cr_assert_str_eq(label[0], first);
	cr_assert_str_eq(label[1], second);
	free(label[0]);
	free(label[1]);
	free(label);
}

Test(labels, keep_the_axis_where_a_value_is_on_two)
{
	char *axis[] = { "encoder", "agent" }, *small[] = { "small", "random" },
	     *mixed[] = { "hash", "small" };
	char *base[] = { NULL, NULL }, *one[] = { NULL, "random" };
	struct rho_result_arm two[] = { { "encoder=small,agent=random", small },
					{ "encoder=hash,agent=small", mixed } };
	struct rho_result_arm clear[] = { { "base", base }, { "agent=random", one } };
	struct rho_results r = { .axis = axis, .n_axes = 2, .arm = two, .n_arms = 2 };
	check_labels(&r, two[0].name, two[1].name);
	r.arm = clear;
	check_labels(&r, "base", "random");
	one[1] = (char[]){ "base" };
	check_labels(&r, "base", "agent=base");
}

Test(grid, wide_tables_are_cut_and_repeat_the_first_column)
{
	const char *head[] = { "arm", "first", "second" };
	struct rho_grid *g = rho_grid_new(3, head, "lll");
	struct rho_buf out = { 0 };
	char wide[61];
	memset(wide, 'x', 60);
	wide[60] = '\0';
	rho_grid_put(g, RHO_PLAIN, "a");
	rho_grid_put(g, RHO_PLAIN, wide);
	rho_grid_put(g, RHO_PLAIN, wide);
	rho_grid_text(g, false, &out);
	cr_assert(strstr(out.at, "arm  first\na    xxx"));
	cr_assert(strstr(out.at, "\n\narm  second\na    xxx"), "%s", out.at);
	rho_grid_free(g);
	rho_buf_free(&out);
}
