/* effects.c: what an axis contributes by itself: its values' mean effects over the other axes, and the
 * metric's groups. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

/* One axis laid out as blocks x values: a block is a combination of all the other axes' values. */
struct layout {
	const char **value;
	size_t n_values; /* NULL: of arms that leave the axis alone */
	size_t n_blocks;
	size_t *arm; /* (n_blocks, n_values): an arm of the results, SIZE_MAX: not planned */
};

static bool same_value(const char *a, const char *b) { return a && b ? !strcmp(a, b) : a == b; }

static bool same_block(const struct rho_results *res, size_t a, size_t b, size_t axis)
{
	for (size_t x = 0; x < res->n_axes; x++)
		if (x != axis && !same_value(res->arm[a].value[x], res->arm[b].value[x]))
			return false;
	return true;
}

static struct layout lay_out(const struct rho_results *res, size_t axis)
{
	struct layout l = { .value = rho_xcalloc(res->n_arms, sizeof *l.value) };
	size_t *first = rho_xcalloc(res->n_arms, sizeof *first); /* an arm of each block */
	size_t *block = rho_xcalloc(res->n_arms, sizeof *block),
	       *value = rho_xcalloc(res->n_arms, sizeof *value);
	for (size_t i = 0; i < res->n_arms; i++) {
		while (value[i] < l.n_values && !same_value(l.value[value[i]], res->arm[i].value[axis]))
			value[i]++;
		if (value[i] == l.n_values)
			l.value[l.n_values++] = res->arm[i].value[axis];
		while (block[i] < l.n_blocks && !same_block(res, first[block[i]], i, axis))
			block[i]++;
		if (block[i] == l.n_blocks)
			first[l.n_blocks++] = i;
	}
	l.arm = rho_xmalloc(l.n_blocks * l.n_values * sizeof *l.arm);
	for (size_t i = 0; i < l.n_blocks * l.n_values; i++)
		l.arm[i] = SIZE_MAX;
	for (size_t i = 0; i < res->n_arms; i++)
		l.arm[block[i] * l.n_values + value[i]] = i;
	free(first);
	free(block);
	free(value);
	return l;
}

/* The block's scores on one seed into x (n_values), and their mean. False when one is missing: a
 * difference is taken only inside blocks that have them all, so that no other axis leaks in. */
static bool block_scores(const struct rho_comparison *c, const struct layout *l, size_t block, size_t seed,
                         double *x, double *mean)
{
	for (size_t v = 0; v < l->n_values; v++) {
		size_t arm = l->arm[block * l->n_values + v];
		x[v] = arm == SIZE_MAX ? NAN : c->score[arm * c->results->n_seeds + seed];
		if (isnan(x[v]))
			return false;
	}
	*mean = rho_mean(x, l->n_values);
	return true;
}

/* Planned in full: only such a block can ever be complete. */
static size_t full_blocks(const struct layout *l)
{
	size_t full = 0;
	for (size_t b = 0; b < l->n_blocks; b++) {
		size_t have = 0;
		for (size_t v = 0; v < l->n_values; v++)
			have += l->arm[b * l->n_values + v] != SIZE_MAX;
		full += have == l->n_values;
	}
	return full;
}

struct sums {
	double *effect, *level; /* (n_values, seeds): on each seed used, means over its complete blocks */
	size_t used, blocks;    /* seeds with a complete block; blocks complete on some seed */
};

static struct sums sum_blocks(const struct rho_comparison *c, const struct layout *l)
{
	size_t seeds = c->results->n_seeds;
	struct sums sums = { .effect = rho_xcalloc(l->n_values * seeds, sizeof(double)),
		             .level = rho_xcalloc(l->n_values * seeds, sizeof(double)) };
	double *x = rho_xmalloc(l->n_values * sizeof *x), middle; /* (n_values) */
	bool *touched = rho_xcalloc(l->n_blocks, sizeof *touched);
	for (size_t s = 0; s < seeds; s++) {
		size_t complete = 0;
		for (size_t b = 0; b < l->n_blocks; b++) {
			if (!block_scores(c, l, b, s, x, &middle))
				continue;
			touched[b] = true;
			complete++;
			for (size_t v = 0; v < l->n_values; v++) {
				sums.effect[v * seeds + sums.used] += x[v] - middle;
				sums.level[v * seeds + sums.used] += x[v];
			}
		}
		for (size_t v = 0; v < l->n_values && complete; v++) {
			sums.effect[v * seeds + sums.used] /= (double)complete;
			sums.level[v * seeds + sums.used] /= (double)complete;
		}
		sums.used += complete > 0;
	}
	for (size_t b = 0; b < l->n_blocks; b++)
		sums.blocks += touched[b];
	free(touched);
	free(x);
	return sums;
}

static void axis_effects(struct rho_comparison *c, size_t axis)
{
	struct layout l = lay_out(c->results, axis);
	struct sums sums = sum_blocks(c, &l);
	size_t seeds = c->results->n_seeds, full = full_blocks(&l);
	c->effect = rho_xrealloc(c->effect, (c->n_effects + l.n_values) * sizeof *c->effect);
	for (size_t v = 0; v < l.n_values && l.n_values > 1; v++)
		c->effect[c->n_effects++] = (struct rho_effect){
			.axis = axis,
			.value = l.value[v] ? l.value[v] : "base",
			.seeds = sums.used,
			.blocks = sums.blocks,
			.all_blocks = full,
			.mean = rho_mean(sums.level + v * seeds, sums.used),
			.effect = rho_mean(sums.effect + v * seeds, sums.used),
			.ci = rho_boot_mean(sums.effect + v * seeds, sums.used, RHO_EXPANDED, c->interval,
			                    c->resamples),
		};
	free(sums.effect);
	free(sums.level);
	free(l.value);
	free(l.arm);
}

void rho_compare_effects(struct rho_comparison *c, size_t only)
{
	for (size_t a = 0; a < c->results->n_axes; a++)
		if (only == SIZE_MAX || only == a)
			axis_effects(c, a);
}

/* ---- groups ---- */

/* Scores of all cells by one group's metric: (n_arms of results, n_seeds). */
static double *group_scores(const struct rho_comparison *c, const size_t *index, const char *metric)
{
	size_t n = c->results->n_arms * c->results->n_seeds;
	double *x = rho_xmalloc(n * sizeof *x);
	for (size_t i = 0; i < n; i++)
		x[i] = isnan(c->score[i]) ? NAN : rho_cell_score(c, index[i], metric);
	return x;
}

/* IQM and interval of each arm over the seeds that have every one of these n tasks. */
static struct rho_group group_of(const struct rho_comparison *c, const char *name, double *const *task,
                                 size_t n)
{
	size_t seeds = c->results->n_seeds;
	double *x = rho_xmalloc(seeds * n * sizeof *x); /* (runs, n) */
	struct rho_group g = { .name = name ? rho_xstrdup(name) : NULL };
	g.iqm = rho_xmalloc(c->n_arms * sizeof *g.iqm);
	g.ci = rho_xmalloc(c->n_arms * sizeof *g.ci);
	for (size_t i = 0; i < c->n_arms; i++) {
		size_t runs = 0;
		for (size_t s = 0; s < seeds; s++) {
			size_t have = 0;
			for (; have < n; have++) {
				x[runs * n + have] = task[have][c->arm[i].arm * seeds + s];
				if (isnan(x[runs * n + have]))
					break;
			}
			runs += have == n;
		}
		g.iqm[i] = rho_iqm(x, runs * n);
		g.ci[i] = rho_boot_iqm(x, runs, n, RHO_EXPANDED, c->interval, c->resamples);
	}
	free(x);
	return g;
}

void rho_compare_groups(struct rho_comparison *c)
{
	char **names;
	size_t n_names = rho_recorded_metrics(c->results, &names), len = strlen(c->metric), n = 0;
	size_t *index = rho_cell_index(c->results);
	double **score = rho_xcalloc(n_names + 1, sizeof *score); /* (n) each as in group_scores */
	c->group = rho_xcalloc(n_names + 1, sizeof *c->group);
	for (size_t i = 0; i < n_names; i++) {
		size_t full = strlen(names[i]);
		if (full < len + 2 || strncmp(names[i], c->metric, len) || names[i][len] != '[' ||
		    names[i][full - 1] != ']')
			continue;
		score[n] = group_scores(c, index, names[i]);
		names[i][full - 1] = '\0';
		c->group[n] = group_of(c, names[i] + len + 1, &score[n], 1);
		n++;
	}
	if (n > 1) {
		c->group[n] = group_of(c, NULL, score, n);
		c->n_groups = n + 1;
	} else {
		c->n_groups = n;
	}
	for (size_t i = 0; i < n; i++)
		free(score[i]);
	free(score);
	free(index);
	rho_metric_names_free(names, n_names);
}
