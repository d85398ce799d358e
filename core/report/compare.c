/* compare.c: from the metrics of cells to scores, from scores to what can be said of each arm. */
#include "compare.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../base/diag.h"
#include "internal.h"

#define BETTER_RESAMPLES 2000 /* as Agarwal et al. take for the probability of improvement */

bool rho_lower_is_better(const char *metric)
{
	size_t len = strcspn(metric, "["), from = len;
	static const char *const ends[] = { "_regret", "loss", "_us" };
	while (from && metric[from - 1] != '.')
		from--;
	metric += from; /* whose it is does not matter: test.regret */
	len -= from;
	if (!strncmp(metric, "regret", 6))
		return true;
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		size_t end = strlen(ends[i]);
		if (len >= end && !strncmp(metric + len - end, ends[i], end))
			return true;
	}
	return false;
}

struct seed_at {
	uint64_t seed;
	size_t at;
};

static int seed_order(const void *a, const void *b)
{
	const struct seed_at *x = a, *y = b;
	return (x->seed > y->seed) - (x->seed < y->seed);
}

size_t *rho_cell_index(const struct rho_results *res)
{
	size_t *index = rho_xmalloc(res->n_arms * res->n_seeds * sizeof *index);
	struct seed_at *seed = rho_xmalloc(res->n_seeds * sizeof *seed);
	for (size_t i = 0; i < res->n_seeds; i++)
		seed[i] = (struct seed_at){ res->seeds[i], i };
	qsort(seed, res->n_seeds, sizeof *seed, seed_order);
	for (size_t i = 0; i < res->n_arms * res->n_seeds; i++)
		index[i] = SIZE_MAX;
	for (size_t i = 0; i < res->n_cells; i++) {
		struct seed_at want = { res->cell[i].seed, 0 };
		const struct seed_at *found = bsearch(&want, seed, res->n_seeds, sizeof want, seed_order);
		if (found)
			index[res->cell[i].arm * res->n_seeds + found->at] = i;
	}
	free(seed);
	return index;
}

/* ---- scores ---- */

/* Score and AUC of a finished cell. 0, 1: it never recorded the metric, -1: its file is damaged. */
static int score_cell(const struct rho_comparison *c, size_t cell, const char *metric, double *score,
                      double *auc, struct rho_buf *why)
{
	uint64_t *step;
	double *value, end = (double)c->results->steps;
	size_t n;
	int rc = rho_results_series(c->results, cell, metric, &step, &value, &n, why);
	*score = *auc = NAN;
	if (rc)
		return rc;
	if (n && (double)step[n - 1] > end)
		end = (double)step[n - 1];
	*score = rho_window_mean(step, value, n, end * (1 - c->window), end);
	*auc = rho_window_mean(step, value, n, 0, end);
	free(step);
	free(value);
	return 0;
}

double rho_cell_score(const struct rho_comparison *c, size_t cell, const char *metric)
{
	struct rho_buf why = { 0 };
	double score, auc;
	if (score_cell(c, cell, metric, &score, &auc, &why))
		score = NAN;
	rho_buf_free(&why);
	return score;
}

static void add_hole(struct rho_comparison *c, size_t arm, size_t seed, char *why)
{
	c->hole = rho_xrealloc(c->hole, (c->n_holes + 1) * sizeof *c->hole);
	c->hole[c->n_holes++] = (struct rho_hole){ arm, c->results->seeds[seed], why };
}

static char *why_unfinished(const struct rho_results *res, size_t cell)
{
	const struct rho_result_cell *at;
	if (cell == SIZE_MAX)
		return rho_xstrdup("not planned");
	at = &res->cell[cell];
	if (at->state == RHO_CELL_FAILED)
		return rho_xprintf("failed: %s", at->why);
	if (at->state == RHO_CELL_STOPPED)
		return rho_xprintf("stopped at step %llu of %llu", (unsigned long long)at->step,
		                   (unsigned long long)res->steps);
	return rho_xstrdup("not run to an end yet");
}

/* Fills score, auc and hole. False when cells are finished and none has the metric. */
static bool collect(struct rho_comparison *c)
{
	const struct rho_results *res = c->results;
	size_t *index = rho_cell_index(res), n = res->n_arms * res->n_seeds, done = 0, without = 0;
	struct rho_buf why = { 0 };
	c->score = rho_xmalloc(n * sizeof *c->score);
	c->auc = rho_xmalloc(n * sizeof *c->auc);
	for (size_t i = 0; i < n; i++) {
		size_t cell = index[i], arm = i / res->n_seeds, seed = i % res->n_seeds;
		int rc;
		c->score[i] = c->auc[i] = NAN;
		if (cell == SIZE_MAX || res->cell[cell].state != RHO_CELL_DONE) {
			add_hole(c, arm, seed, why_unfinished(res, cell));
			continue;
		}
		rho_buf_clear(&why);
		rc = score_cell(c, cell, c->metric, &c->score[i], &c->auc[i], &why);
		done++;
		without += rc == 1;
		if (rc < 0)
			add_hole(c, arm, seed, rho_xprintf("unreadable: %s", why.at));
		else if (rc)
			add_hole(c, arm, seed, rho_xprintf("never recorded %s", c->metric));
		else if (isnan(c->score[i]))
			add_hole(c, arm, seed,
			         rho_xprintf("recorded no %s in the last %g%% of the run", c->metric,
			                     100 * c->window));
	}
	rho_buf_free(&why);
	free(index);
	return !done || without < done;
}

size_t rho_recorded_metrics(const struct rho_results *res, char ***names)
{
	size_t total = 0, kept = 0, *index = rho_cell_index(res);
	char **all = NULL;
	struct rho_buf why = { 0 };
	for (size_t arm = 0; arm < res->n_arms; arm++) {
		size_t s = 0, n = 0, *cell = index + arm * res->n_seeds;
		char **one = NULL;
		while (s < res->n_seeds && (cell[s] == SIZE_MAX || res->cell[cell[s]].state != RHO_CELL_DONE))
			s++;
		if (s == res->n_seeds || rho_results_metrics(res, cell[s], &one, &n, &why))
			continue;
		all = rho_xrealloc(all, (total + n + 1) * sizeof *all);
		for (size_t i = 0; i < n; i++) {
			size_t have = 0;
			while (have < total && strcmp(all[have], one[i]))
				have++;
			if (have == total)
				all[total++] = one[i];
			else
				free(one[i]);
		}
		free(one);
	}
	/* by name: an insertion sort of a few names that mostly are in order already */
	for (kept = 1; kept < total; kept++)
		for (size_t i = kept; i && strcmp(all[i - 1], all[i]) > 0; i--) {
			char *t = all[i];
			all[i] = all[i - 1];
			all[i - 1] = t;
		}
	rho_buf_free(&why);
	free(index);
	*names = all;
	return total;
}

/* ---- statistics of one arm ---- */

static size_t gather(const struct rho_comparison *c, const double *from, size_t arm, double *x)
{
	size_t n = 0, seeds = c->results->n_seeds;
	for (size_t s = 0; s < seeds; s++)
		if (!isnan(c->score[arm * seeds + s]))
			x[n++] = from[arm * seeds + s];
	return n;
}

static void against(struct rho_comparison *c, struct rho_compared *a, const double *x, double *px, double *py)
{
	size_t seeds = c->results->n_seeds, ny;
	const double *mine = c->score + a->arm * seeds, *theirs = c->score + c->baseline * seeds;
	for (size_t s = 0; s < seeds; s++) {
		if (isnan(mine[s]) || isnan(theirs[s]))
			continue;
		px[a->pairs] = mine[s];
		py[a->pairs++] = theirs[s];
		a->wins += c->lower ? mine[s] < theirs[s] : mine[s] > theirs[s];
		a->ties += mine[s] == theirs[s];
	}
	a->diff = rho_iqm(px, a->pairs) - rho_iqm(py, a->pairs);
	a->diff_ci = rho_boot_paired(px, py, a->pairs, RHO_EXPANDED, c->interval, c->resamples);
	for (size_t i = 0; i < a->pairs; i++)
		px[i] -= py[i];
	a->p = a->pairs ? rho_sign_flip(px, a->pairs) : NAN;
	a->detectable = rho_detectable(rho_sd(px, a->pairs), a->pairs, c->interval, 0.8);
	ny = gather(c, c->score, c->baseline, py);
	if (c->lower) {
		a->better = rho_prob_better(py, ny, x, a->n, 1);
		a->better_ci = rho_boot_better(py, ny, x, a->n, 1, c->interval, BETTER_RESAMPLES);
	} else {
		a->better = rho_prob_better(x, a->n, py, ny, 1);
		a->better_ci = rho_boot_better(x, a->n, py, ny, 1, c->interval, BETTER_RESAMPLES);
	}
}

static void summarise(struct rho_comparison *c, struct rho_compared *a)
{
	size_t seeds = c->results->n_seeds;
	double *x = rho_xmalloc(3 * seeds * sizeof *x); /* scores; then room for a pair of them */
	a->n = gather(c, c->auc, a->arm, x);
	a->auc = rho_mean(x, a->n);
	gather(c, c->score, a->arm, x);
	a->mean = rho_mean(x, a->n);
	a->sd = rho_sd(x, a->n);
	a->mean_t = rho_t_interval(x, a->n, c->interval);
	a->iqm = rho_iqm(x, a->n);
	a->iqm_ci = rho_boot_iqm(x, a->n, 1, RHO_EXPANDED, c->interval, c->resamples);
	a->diff = a->p = a->better = a->detectable = NAN;
	a->diff_ci = a->better_ci = (struct rho_interval){ NAN, NAN };
	if (a->arm != c->baseline)
		against(c, a, x, x + seeds, x + 2 * seeds);
	a->p_holm = a->p;
	free(x);
}

/* Median over a cell's records: a pause of the machine during one of them must not count. */
static double median_record(const struct rho_results *res, size_t cell, const char *metric)
{
	struct rho_buf why = { 0 };
	uint64_t *step;
	double *value, median = NAN;
	size_t n, m = 0;
	if (!rho_results_series(res, cell, metric, &step, &value, &n, &why)) {
		for (size_t i = 0; i < n; i++)
			if (!isnan(value[i]))
				value[m++] = value[i];
		median = rho_quantile(value, m, 0.5);
		free(step);
		free(value);
	}
	rho_buf_free(&why);
	return median;
}

static void costs(const struct rho_comparison *c, struct rho_compared *a, const size_t *index)
{
	static const char *const metric[] = { "regret", "coverage_regret", "selection_regret",
		                              "decision_us" };
	double *to[] = { &a->regret, &a->coverage, &a->selection, &a->decision_us };
	size_t seeds = c->results->n_seeds;
	double *x = rho_xmalloc(seeds * sizeof *x);
	for (size_t m = 0; m < 4; m++) {
		size_t n = 0;
		for (size_t s = 0; s < seeds; s++) {
			size_t at = a->arm * seeds + s;
			if (isnan(c->score[at]))
				continue;
			x[n] = m < 3 ? rho_cell_score(c, index[at], metric[m])
			             : median_record(c->results, index[at], metric[m]);
			n += isnan(x[n]) ? 0 : 1;
		}
		*to[m] = m < 3 ? rho_mean(x, n) : rho_quantile(x, n, 0.5);
	}
	free(x);
}

static void holm(struct rho_comparison *c)
{
	double *p = rho_xmalloc(c->n_arms * sizeof *p);
	for (size_t i = 0; i < c->n_arms; i++)
		p[i] = c->arm[i].p;
	rho_holm(p, c->n_arms);
	for (size_t i = 0; i < c->n_arms; i++)
		c->arm[i].p_holm = p[i];
	free(p);
}

/* Best first; without a score last; otherwise as planned. `iqm` is negated where more is better. */
static int best_first(const void *a, const void *b)
{
	const struct rho_compared *x = a, *y = b;
	if (isnan(x->iqm) != isnan(y->iqm))
		return isnan(x->iqm) ? 1 : -1;
	if (x->iqm != y->iqm && !isnan(x->iqm))
		return x->iqm < y->iqm ? -1 : 1;
	return (x->arm > y->arm) - (x->arm < y->arm);
}

static void order(struct rho_comparison *c)
{
	double sign = c->lower ? 1 : -1;
	for (size_t i = 0; i < c->n_arms; i++)
		c->arm[i].iqm *= sign;
	qsort(c->arm, c->n_arms, sizeof *c->arm, best_first);
	for (size_t i = 0; i < c->n_arms; i++)
		c->arm[i].iqm *= sign;
}

/* ---- settings ---- */

static void suggest(struct rho_buf *why, const char *near)
{
	if (near)
		rho_buf_printf(why, "; did you mean %s", near);
	rho_buf_str(why, near ? "?" : ".");
}

static bool find_baseline(struct rho_comparison *c, const char *name, char **label, struct rho_buf *why)
{
	const struct rho_results *res = c->results;
	const char **known;
	size_t n = res->n_arms;
	c->baseline = 0;
	if (!name)
		return true;
	for (size_t i = 0; i < n; i++)
		if (!strcmp(name, res->arm[i].name) || !strcmp(name, label[i])) {
			c->baseline = i;
			return true;
		}
	known = rho_xmalloc(2 * n * sizeof *known);
	for (size_t i = 0; i < n; i++) {
		known[i] = label[i];
		known[n + i] = res->arm[i].name;
	}
	rho_buf_printf(why, "there is no arm \"%s\" to compare with", name);
	suggest(why, rho_nearest(name, known, 2 * n));
	rho_buf_str(why, " The arms are:");
	for (size_t i = 0; i < n && i < 50; i++)
		rho_buf_printf(why, "%s %s", i ? "," : "", res->arm[i].name);
	rho_buf_str(why, n > 50 ? " …" : "");
	free(known);
	return false;
}

static bool find_axis(const struct rho_results *res, const char *name, size_t *axis, struct rho_buf *why)
{
	*axis = SIZE_MAX;
	for (size_t a = 0; name && a < res->n_axes; a++)
		if (!strcmp(name, res->axis[a]))
			*axis = a;
	if (!name || *axis != SIZE_MAX)
		return true;
	rho_buf_printf(why, "there is no axis \"%s\" in %s", name, res->dir);
	suggest(why, rho_nearest(name, (const char *const *)res->axis, res->n_axes));
	for (size_t a = 0; a < res->n_axes; a++)
		rho_buf_printf(why, "%s%s", a ? ", " : " The axes are: ", res->axis[a]);
	return false;
}

static void unknown_metric(const struct rho_comparison *c, struct rho_buf *why)
{
	char **names;
	size_t n = rho_recorded_metrics(c->results, &names);
	rho_buf_printf(why, "no finished cell of %s recorded \"%s\"", c->results->dir, c->metric);
	suggest(why, rho_nearest(c->metric, (const char *const *)names, n));
	for (size_t i = 0; i < n; i++)
		rho_buf_printf(why, "%s%s", i ? ", " : " Recorded are: ", names[i]);
	rho_metric_names_free(names, n);
}

static bool settings(struct rho_comparison *c, const struct rho_compare_options *o, struct rho_buf *why)
{
	const struct rho_compare_settings *file = &c->results->compare;
	c->interval = o->interval != 0 ? o->interval : file->interval;
	c->window = o->window != 0 ? o->window : file->window;
	c->resamples = o->resamples ? o->resamples : file->resamples;
	c->metric = rho_xstrdup(o->metric ? o->metric : file->metric);
	c->lower = rho_lower_is_better(c->metric);
	if (!(c->interval > 0 && c->interval < 1)) {
		rho_buf_printf(why, "the interval must lie between 0 and 1, such as 0.95; it is %g",
		               c->interval);
		return false;
	}
	if (!(c->window > 0 && c->window <= 1)) {
		rho_buf_printf(
			why,
			"the window is the last share of a run, above 0 and at most 1, such as 0.2; it is %g",
			c->window);
		return false;
	}
	if (c->resamples > 10000000) {
		rho_buf_printf(
			why,
			"%llu resamples are more than the 10000000 allowed; 50000 are enough for two digits",
			(unsigned long long)c->resamples);
		return false;
	}
	return true;
}

static bool is_factorial(const struct rho_results *res)
{
	bool all = res->n_axes >= 2;
	for (size_t i = 0; i < res->n_arms; i++)
		for (size_t a = 0; a < res->n_axes; a++)
			all = all && res->arm[i].value[a];
	return all;
}

struct rho_comparison *rho_compare(const struct rho_results *res, const struct rho_compare_options *o,
                                   struct rho_buf *why)
{
	struct rho_comparison *c = rho_xcalloc(1, sizeof *c);
	char **label = rho_arm_labels(res);
	size_t axis, *index;
	bool ok;
	c->results = res;
	c->factorial = is_factorial(res);
	c->n_arms = res->n_arms;
	c->arm = rho_xcalloc(res->n_arms, sizeof *c->arm);
	for (size_t i = 0; i < res->n_arms; i++)
		c->arm[i] = (struct rho_compared){ .arm = i, .label = label[i] };
	ok = settings(c, o, why) && find_axis(res, o->by, &axis, why) &&
	     find_baseline(c, o->baseline ? o->baseline : res->compare.baseline, label, why);
	free(label);
	if (ok && !collect(c)) {
		unknown_metric(c, why);
		ok = false;
	}
	if (!ok) {
		rho_comparison_free(c);
		return NULL;
	}
	index = rho_cell_index(res);
	for (size_t i = 0; i < c->n_arms; i++) {
		summarise(c, &c->arm[i]);
		costs(c, &c->arm[i], index);
	}
	free(index);
	holm(c);
	order(c);
	if (o->by || c->factorial)
		rho_compare_effects(c, axis);
	if (o->groups)
		rho_compare_groups(c);
	return c;
}

void rho_comparison_free(struct rho_comparison *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->n_arms; i++)
		free(c->arm[i].label);
	for (size_t i = 0; i < c->n_holes; i++)
		free(c->hole[i].why);
	for (size_t i = 0; i < c->n_groups; i++) {
		free(c->group[i].name);
		free(c->group[i].iqm);
		free(c->group[i].ci);
	}
	free(c->arm);
	free(c->hole);
	free(c->group);
	free(c->effect);
	free(c->score);
	free(c->auc);
	free(c->metric);
	free(c);
}
