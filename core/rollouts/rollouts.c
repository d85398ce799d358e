/* rollouts.c: the episodes of an experiment's cells put together by problem, and what can be said of each
 * arm. */
#include "rollouts.h"

#include <dirent.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../base/diag.h"

enum { MOST_NAMES = 64 };

/* ---- which evaluation ---- */

struct names {
	char *at[MOST_NAMES];
	size_t n;
};

static void note_name(struct names *all, const char *file)
{
	static const char head[] = "eval-", tail[] = ".jsonl";
	size_t len = strlen(file), fixed = sizeof head - 1 + sizeof tail - 1;
	char *name;
	if (len <= fixed || strncmp(file, head, sizeof head - 1) ||
	    strcmp(file + len - (sizeof tail - 1), tail))
		return;
	name = strndup(file + sizeof head - 1, len - fixed);
	for (size_t i = 0; i < all->n && name; i++)
		if (!strcmp(all->at[i], name)) {
			free(name);
			return;
		}
	if (name && all->n < MOST_NAMES && !name[strcspn(name, "\n\r\033")])
		all->at[all->n++] = name;
	else
		free(name);
}

/* The evaluations of which a cell that is done has a file of episodes. */
static void find_names(const struct rho_results *res, struct names *all)
{
	for (size_t i = 0; i < res->n_cells && !all->n; i++) {
		char *path = rho_xprintf("%s/cells/%s", res->dir, res->cell[i].id);
		DIR *dir = res->cell[i].state == RHO_CELL_DONE ? opendir(path) : NULL;
		for (struct dirent *e; dir && (e = readdir(dir));)
			note_name(all, e->d_name);
		if (dir)
			closedir(dir);
		free(path);
	}
}

/* The name asked for, or the only one. NULL with why. */
static char *choose_eval(const struct rho_results *res, const char *wanted, struct rho_buf *why)
{
	struct names all = { .n = 0 };
	char *chosen = NULL;
	find_names(res, &all);
	for (size_t i = 0; i < all.n; i++)
		if (wanted ? !strcmp(all.at[i], wanted) : all.n == 1)
			chosen = rho_xstrdup(all.at[i]);
	if (!chosen && !all.n) {
		rho_buf_printf(why,
		               "no finished cell of %s has written the episodes of an evaluation; give the "
		               "experiment a table [eval.NAME] with log = true and run it again",
		               res->dir);
	} else if (!chosen) {
		const char *near = wanted ? rho_nearest(wanted, (const char *const *)all.at, all.n) : NULL;
		if (wanted)
			rho_buf_printf(why, "no evaluation of %s is called \"%s\" and has log = true",
			               res->dir, wanted);
		else
			rho_buf_str(why, "there are several evaluations: name one with --eval");
		rho_buf_printf(why, near ? "; did you mean %s?" : "; there", near ? near : "");
		for (size_t i = 0; i < all.n && !near; i++)
			rho_buf_printf(why, "%s %s", i ? "," : all.n == 1 ? " is" : " are", all.at[i]);
	}
	for (size_t i = 0; i < all.n; i++)
		free(all.at[i]);
	return chosen;
}

static bool choose_baseline(struct rho_rollouts *r, struct rho_buf *why)
{
	const struct rho_results *res = r->results;
	const char *wanted = r->options->baseline ? r->options->baseline : res->compare.baseline, *near;
	const char **names;
	for (size_t i = 0; i < res->n_arms && wanted; i++)
		if (!strcmp(res->arm[i].name, wanted)) {
			r->baseline = i;
			return true;
		}
	if (!wanted)
		return true;
	names = rho_xcalloc(res->n_arms, sizeof *names);
	for (size_t i = 0; i < res->n_arms; i++)
		names[i] = res->arm[i].name;
	near = rho_nearest(wanted, names, res->n_arms);
	rho_buf_printf(why, "there is no arm \"%s\" to compare with", wanted);
	rho_buf_printf(why, near ? "; did you mean %s?" : "; there", near ? near : "");
	for (size_t i = 0; i < res->n_arms && i < 20 && !near; i++)
		rho_buf_printf(why, "%s %s", i ? "," : " are", names[i]);
	free(names);
	return false;
}

/* ---- problems ---- */

static int by_context(const void *a, const void *b)
{
	const struct rho_episode *x = a, *y = b;
	return (x->context > y->context) - (x->context < y->context);
}

/* Adds a cell's episodes to those of its group. */
static void pool(struct rho_episodes *all, const struct rho_episodes *one)
{
	all->at = rho_xrealloc(all->at, (all->n + one->n) * sizeof *all->at);
	memcpy(all->at + all->n, one->at, one->n * sizeof *one->at);
	all->n += one->n;
}

static void count(struct rho_rollouts_group *g, struct rho_episodes *all)
{
	qsort(all->at, all->n, sizeof *all->at, by_context);
	g->problem = rho_xcalloc(all->n, sizeof *g->problem);
	for (size_t i = 0; i < all->n; i++) {
		if (!i || all->at[i].context != all->at[i - 1].context)
			g->problem[g->n_problems++].context = all->at[i].context;
		g->problem[g->n_problems - 1].n++;
		g->problem[g->n_problems - 1].solved += all->at[i].solved;
	}
}

/* One cell's episodes, which must be of the same kind and step as those before. */
static int read_cell(struct rho_rollouts *r, size_t cell, bool first, struct rho_episodes *out,
                     struct rho_buf *why)
{
	const struct rho_results *res = r->results;
	char *path = rho_xprintf("%s/cells/%s/eval-%s.jsonl", res->dir, res->cell[cell].id, r->eval);
	int e = rho_episodes_read(path, r->options->step, &r->options->success, out, why);
	if (!e && !first && (out->step != r->step || out->contexts != r->contexts)) {
		rho_buf_printf(why,
		               "%s is of step %llu%s, and the cells before it are of step %llu%s; say which "
		               "step with --step",
		               path, (unsigned long long)out->step, out->contexts ? "" : " without contexts",
		               (unsigned long long)r->step, r->contexts ? "" : " without contexts");
		rho_episodes_free(out);
		e = -1;
	}
	if (!e) {
		r->step = out->step;
		r->contexts = out->contexts;
	}
	free(path);
	return e;
}

/* The group of an arm, or of one seed of it (an index; SIZE_MAX: all of them). */
static int read_group(struct rho_rollouts *r, size_t arm, size_t seed, struct rho_buf *why)
{
	const struct rho_results *res = r->results;
	struct rho_rollouts_group g = { .arm = arm };
	struct rho_episodes all = { 0 };
	for (size_t i = 0; i < res->n_cells; i++) {
		const struct rho_result_cell *cell = &res->cell[i];
		struct rho_episodes one;
		if (cell->arm != arm || (seed != SIZE_MAX && cell->seed != res->seeds[seed]))
			continue;
		if (cell->state != RHO_CELL_DONE) {
			r->missing++;
			continue;
		}
		if (read_cell(r, i, !r->n_groups && !g.cells, &one, why)) {
			rho_episodes_free(&all);
			return -1;
		}
		g.cells++;
		g.seed = cell->seed;
		pool(&all, &one);
		rho_episodes_free(&one);
	}
	if (g.cells) {
		count(&g, &all);
		r->group = rho_xrealloc(r->group, (r->n_groups + 1) * sizeof *r->group);
		r->group[r->n_groups++] = g;
	}
	rho_episodes_free(&all);
	return 0;
}

/* Leaves out problems with fewer rollouts than asked for; `most` is what the others all have. */
static bool choose_most(struct rho_rollouts *r, struct rho_buf *why)
{
	uint64_t least = r->options->rollouts, largest = 0;
	size_t kept = 0;
	r->most = least ? least : UINT64_MAX;
	for (size_t i = 0; i < r->n_groups; i++) {
		struct rho_rollouts_group *g = &r->group[i];
		size_t n = 0;
		for (size_t k = 0; k < g->n_problems; k++) {
			uint64_t have = g->problem[k].n;
			largest = have > largest ? have : largest;
			if (have < least)
				continue;
			g->problem[n++] = g->problem[k];
			r->most = have < r->most ? have : r->most;
		}
		g->left_out = g->n_problems - n;
		g->n_problems = n;
		kept += n;
	}
	if (!kept)
		rho_buf_printf(why, "no problem has %llu rollouts: the most that one has is %llu",
		               (unsigned long long)least, (unsigned long long)largest);
	return kept;
}

/* ---- what can be said ---- */

static const struct rho_rollouts_group *base_of(const struct rho_rollouts *r,
                                                const struct rho_rollouts_group *g)
{
	for (size_t i = 0; i < r->n_groups; i++)
		if (r->group[i].arm == r->baseline && g->arm != r->baseline &&
		    (!r->options->by_seed || r->group[i].seed == g->seed))
			return &r->group[i];
	return NULL;
}

/* x (n_problems), d (n_problems): room. */
static void say_solved(const struct rho_rollouts *r, struct rho_rollouts_group *g, size_t at, double *x,
                       double *d)
{
	const struct rho_rollouts_group *base = base_of(r, g);
	struct rho_solved *s = &g->solved[at];
	uint64_t n = r->at[at];
	g->pairs = 0;
	for (size_t i = 0, k = 0; i < g->n_problems; i++) {
		x[i] = rho_solve_at(g->problem[i].n, g->problem[i].solved, n);
		while (base && k < base->n_problems && base->problem[k].context < g->problem[i].context)
			k++;
		if (base && k < base->n_problems && base->problem[k].context == g->problem[i].context)
			d[g->pairs++] = x[i] - rho_solve_at(base->problem[k].n, base->problem[k].solved, n);
	}
	s->mean = rho_mean(x, g->n_problems);
	s->ci = rho_boot_mean(x, g->n_problems, RHO_PERCENTILE, r->options->level, r->options->resamples);
	s->diff = rho_mean(d, g->pairs);
	s->diff_ci = rho_boot_mean(d, g->pairs, RHO_PERCENTILE, r->options->level, r->options->resamples);
}

static void say_group(const struct rho_rollouts *r, struct rho_rollouts_group *g)
{
	const struct rho_rollouts_options *o = r->options;
	double *room = rho_xcalloc(2 * g->n_problems + 1, sizeof *room);
	g->solved = rho_xcalloc(r->n_at, sizeof *g->solved);
	g->needed = rho_xcalloc(o->n_thresholds, sizeof *g->needed);
	for (size_t i = 0; i < r->n_at; i++)
		say_solved(r, g, i, room, room + g->n_problems);
	for (size_t i = 0; i < o->n_thresholds; i++) {
		g->needed[i].n = rho_rollouts_needed(g->problem, g->n_problems, r->most, o->threshold[i]);
		g->needed[i].ci = rho_rollouts_interval(g->problem, g->n_problems, r->most, o->threshold[i],
		                                        o->level, o->resamples);
	}
	free(room);
}

struct rho_rollouts *rho_rollouts(const struct rho_results *res, const struct rho_rollouts_options *o,
                                  struct rho_buf *why)
{
	struct rho_rollouts *r = rho_xcalloc(1, sizeof *r);
	int e = 0;
	r->results = res;
	r->options = o;
	r->eval = choose_eval(res, o->eval, why);
	if (!r->eval || !choose_baseline(r, why))
		e = -1;
	for (size_t arm = 0; arm < res->n_arms && !e; arm++)
		for (size_t seed = 0; seed < (o->by_seed ? res->n_seeds : 1) && !e; seed++)
			e = read_group(r, arm, o->by_seed ? seed : SIZE_MAX, why);
	if (e || !choose_most(r, why)) {
		rho_rollouts_free(r);
		return NULL;
	}
	for (uint64_t n = 1; n < r->most; n *= 2)
		r->at[r->n_at++] = n;
	r->at[r->n_at++] = r->most;
	for (size_t i = 0; i < r->n_groups; i++)
		say_group(r, &r->group[i]);
	return r;
}

void rho_rollouts_free(struct rho_rollouts *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->n_groups; i++) {
		free(r->group[i].problem);
		free(r->group[i].solved);
		free(r->group[i].needed);
	}
	free(r->group);
	free(r->eval);
	free(r);
}
