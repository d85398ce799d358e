/* show_table.c: what was found, as tables for people: a row a set of vectors, side by side. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../report/grid.h"
#include "show.h"

struct sheet {
	const struct rho_subjects *s;
	const struct rho_geometry_options *o;
	bool markdown;
	struct rho_grid *grid;
	struct rho_buf *out;
	struct rho_buf notes; /* why a number is missing */
};

/* ---- numbers ---- */

/* Digits after the point that show the interval to two places, or a number without one to four. */
static int decimals(struct rho_estimate e)
{
	double half = (e.ci.hi - e.ci.lo) / 2;
	double size = half > 0 ? half : fabs(e.value);
	int n = size > 0 ? (half > 0 ? 1 : 3) - (int)floor(log10(size)) : 0;
	if (!(half > 0) && e.value == floor(e.value))
		return 0;
	return n < 0 ? 0 : n > 5 ? 5 : n;
}

/* `even`: an interval that lies evenly around the value. */
static void put_estimate(struct sheet *t, struct rho_estimate e, bool even)
{
	char text[96];
	int d = decimals(e);
	e.value = fabs(e.value) < 0.5 * pow(10, -d) ? 0 : e.value; /* no -0.00 */
	if (!isfinite(e.value))
		snprintf(text, sizeof text, "-");
	else if (!isfinite(e.ci.lo) || !isfinite(e.ci.hi))
		snprintf(text, sizeof text, "%.*f", d, e.value);
	else if (even)
		snprintf(text, sizeof text, "%.*f ±%.*f", d, e.value, d, (e.ci.hi - e.ci.lo) / 2);
	else
		snprintf(text, sizeof text, "%.*f [%.*f, %.*f]", d, e.value, d, e.ci.lo, d, e.ci.hi);
	rho_grid_put(t->grid, RHO_PLAIN, text);
}

static void put_number(struct sheet *t, double v)
{
	put_estimate(t, (struct rho_estimate){ v, { NAN, NAN } }, false);
}

static void put_share(struct sheet *t, double v)
{
	char text[32];
	snprintf(text, sizeof text, "%.4f", v);
	rho_grid_put(t->grid, RHO_PLAIN, text);
}

static void put_count(struct sheet *t, size_t n)
{
	char text[32];
	snprintf(text, sizeof text, "%zu", n);
	rho_grid_put(t->grid, RHO_PLAIN, text);
}

/* ---- tables ---- */

/* A heading, and what it is about. */
static void begin(struct sheet *t, const char *title, const char *about)
{
	rho_buf_printf(t->out, t->markdown ? "**%s.** " : "%s\n", title);
	if (t->markdown)
		rho_buf_printf(t->out, "%s\n\n", about);
	else
		rho_wrap(about, 0, t->out);
}

static void end(struct sheet *t)
{
	if (t->markdown)
		rho_grid_markdown(t->grid, t->out);
	else
		rho_grid_text(t->grid, false, t->out);
	rho_buf_str(t->out, "\n");
	rho_grid_free(t->grid);
	t->grid = NULL;
}

static void columns(struct sheet *t, size_t n, const char *const *head)
{
	char align[64];
	memset(align, 'r', sizeof align);
	align[0] = 'l';
	align[n] = 0;
	t->grid = rho_grid_new(n, head, align);
}

static void show_sets(struct sheet *t)
{
	static const char *const head[] = { "",         "actions",     "numbers each",
		                            "of zeros", "coverage of", "pairs of" };
	columns(t, 6, head);
	for (size_t i = 0; i < t->s->n; i++) {
		const struct rho_geometry *g = &t->s->at[i].g;
		rho_grid_put(t->grid, RHO_PLAIN, t->s->at[i].name);
		put_count(t, g->n);
		put_count(t, g->dim);
		put_count(t, g->zero_rows);
		put_count(t, g->cover_rows);
		put_count(t, g->pair_rows);
	}
	end(t);
}

/* Whether no set before i has as many columns: a row for the uniform sphere in so many dimensions. */
static bool new_dim(const struct rho_subjects *s, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (s->at[j].g.dim == s->at[i].g.dim)
			return false;
	return true;
}

static void put_sphere(struct sheet *t, size_t i)
{
	char *name = rho_xprintf("sphere, d = %zu", t->s->at[i].g.dim);
	rho_grid_put(t->grid, RHO_PLAIN, name);
	free(name);
}

/* Columns of one of the curve's estimates, at the places `at` (n); with `spheres`, then rows of these. */
static void show_curve(struct sheet *t, const size_t *at, size_t n, const char *name, size_t estimate,
                       bool spheres)
{
	char *head[4] = { rho_xstrdup("") };
	for (size_t q = 0; q < n; q++)
		head[q + 1] = rho_xprintf("%s(%zu)", name, t->s->at[0].g.curve[at[q]].k);
	columns(t, n + 1, (const char *const *)head);
	for (size_t i = 0; i < t->s->n; i++) {
		rho_grid_put(t->grid, RHO_PLAIN, t->s->at[i].name);
		for (size_t q = 0; q < n; q++) {
			struct rho_estimate e;
			memcpy(&e, (const char *)&t->s->at[i].g.curve[at[q]] + estimate, sizeof e);
			put_estimate(t, e, false);
		}
	}
	for (size_t i = 0; i < t->s->n && spheres; i++) {
		if (!new_dim(t->s, i))
			continue;
		put_sphere(t, i);
		for (size_t q = 0; q < n; q++)
			put_number(t, t->s->at[i].g.curve[at[q]].sphere);
	}
	end(t);
	for (size_t i = 0; i <= n; i++)
		free(head[i]);
}

static void show_holes(struct sheet *t, size_t at)
{
	static const char *const head[] = { "", "any other", "10%", "50%", "90%", "99%", "worst action" };
	char *title = rho_xprintf("Distance to the nearest of k = %zu", t->s->at[0].g.curve[at].k);
	begin(t, title,
	      "Its quantiles over actions and draws, and the mean of the action that is farthest off. any "
	      "other: the "
	      "mean distance of two actions, rho_rem(1).");
	columns(t, 7, head);
	for (size_t i = 0; i < t->s->n; i++) {
		const struct rho_geometry *g = &t->s->at[i].g;
		rho_grid_put(t->grid, RHO_PLAIN, t->s->at[i].name);
		put_estimate(t, g->distance, false);
		for (size_t q = 0; q < RHO_COVER_QUANTILES; q++)
			put_number(t, g->curve[at].quantile[q]);
		put_number(t, g->curve[at].worst);
	}
	end(t);
	free(title);
}

static void show_coverage(struct sheet *t)
{
	const struct rho_geometry *g = &t->s->at[0].g;
	size_t at[3], n = rho_shown_k(g->curve, g->n_k, at);
	begin(t, "Coverage",
	      "rho_rem(k): the mean cosine distance of an action to the nearest of k others drawn uniformly, "
	      "exact over "
	      "all draws. Lower: k candidates come close to everything. rho_all(k) = (1 - k/n) rho_rem(k) "
	      "counts the k "
	      "drawn ones too.");
	show_curve(t, at, n, "rho_rem", offsetof(struct rho_cover_point, rem), false);
	show_curve(t, at, n, "rho_all", offsetof(struct rho_cover_point, all), false);
	begin(t, "Coverage free of scale",
	      "rho_rem(k) / rho_rem(1): vectors in a narrow cone are all near each other, which says "
	      "nothing. Lower: k "
	      "candidates bring the nearest much closer than one does; 1: they do not at all.");
	show_curve(t, at, n, "free", offsetof(struct rho_cover_point, free), true);
	show_holes(t, at[n > 1]);
}

/* Whether an earlier set has the same numbers of ranks: as many actions, the same rewards. */
static bool ranked_before(const struct rho_subjects *s, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (s->at[j].g.n == s->at[i].g.n &&
		    (!s->at[i].reward ||
		     !memcmp(s->at[i].reward, s->at[j].reward, s->at[i].g.n * sizeof *s->at[i].reward)))
			return true;
	return false;
}

static void show_ranks(struct sheet *t)
{
	char *top = rho_xprintf("hits top %zu", t->o->top);
	const char *head[] = { "k", "", "best rank", "share above it", "best reward", "decision gap" };
	bool rewards = t->s->at[0].reward;
	head[1] = top;
	begin(t, "Ranks",
	      "What k candidates drawn uniformly hold, whatever the vectors: the chance of one of the best "
	      "actions, the "
	      "mean rank of the best candidate, the share of actions above it; with rewards, the best "
	      "candidate's mean "
	      "reward, and what it falls short of the best of all (decision gap). Exact.");
	for (size_t i = 0; i < t->s->n; i++) {
		const struct rho_geometry *g = &t->s->at[i].g;
		if (ranked_before(t->s, i))
			continue;
		if (t->s->n > 1)
			rho_buf_printf(t->out, "%zu actions (%s%s)%s\n", g->n, t->s->at[i].name,
			               i + 1 < t->s->n ? " …" : "", t->markdown ? "\n" : "");
		columns(t, rewards ? 6 : 4, head);
		for (size_t q = 0; q < g->n_k; q++) {
			const struct rho_cover_point *p = &g->curve[q];
			put_count(t, p->k);
			put_share(t, p->hit_top);
			put_number(t, p->best_rank);
			put_share(t, p->reached);
			if (rewards) {
				put_number(t, p->best);
				put_number(t, p->gap);
			}
		}
		end(t);
	}
	free(top);
}

/* Why a number is missing, and in which sets. */
static void note_missing(struct sheet *t, const struct rho_measure *m)
{
	size_t n = 0;
	for (size_t i = 0; i < t->s->n; i++)
		if (isnan(rho_measure_of(&t->s->at[i].g, m).value))
			rho_buf_printf(&t->notes, "%s%s", n++ ? ", " : "", t->s->at[i].name);
	if (n)
		rho_buf_printf(&t->notes, ": no %s: %s. ", m->head, m->missing);
}

static void put_measure(struct sheet *t, const struct rho_geometry *g, const struct rho_measure *m)
{
	struct rho_estimate e = rho_measure_of(g, m);
	if (isnan(e.value) && m->offset == offsetof(struct rho_geometry, eluder) && g->n_width) {
		char *over = rho_xprintf("> %zu", g->n_width);
		rho_grid_put(t->grid, RHO_PLAIN, over);
		free(over);
	} else {
		put_estimate(t, e, m->interval && !strcmp(m->interval, "groups"));
	}
}

/* Whether a table of this group has a column for it. */
static bool has_column(const struct sheet *t, const struct rho_measure *m, uint32_t group)
{
	return m->group == group && m->head && rho_measure_told(&t->s->at[0].g, m);
}

static void show_group(struct sheet *t, uint32_t group, const char *title, const char *about)
{
	const char *head[16] = { "" };
	size_t n = 1;
	begin(t, title, about);
	for (size_t j = 0; j < rho_n_measures; j++)
		if (has_column(t, &rho_measures[j], group)) {
			head[n++] = rho_measures[j].head;
			if (rho_measures[j].missing)
				note_missing(t, &rho_measures[j]);
		}
	columns(t, n, head);
	for (size_t i = 0; i < t->s->n; i++) {
		rho_grid_put(t->grid, RHO_PLAIN, t->s->at[i].name);
		for (size_t j = 0; j < rho_n_measures; j++)
			if (has_column(t, &rho_measures[j], group))
				put_measure(t, &t->s->at[i].g, &rho_measures[j]);
	}
	for (size_t i = 0; i < t->s->n && group == RHO_MEASURE_SPREAD; i++) {
		if (!new_dim(t->s, i))
			continue;
		put_sphere(t, i);
		put_number(t, 0);
		put_number(t, t->s->at[i].g.sphere_uniformity);
		for (size_t c = 3; c < n; c++)
			put_number(t, strcmp(head[c], "alignment") ? 1 : NAN);
	}
	end(t);
}

static void show_groups(struct sheet *t)
{
	const char *rows = t->o->raw ? "rows as they are" : "unit rows";
	char *explore = rho_xprintf(
		"What a linear learner with ridge %g has to find out; of %s. Information gain: 1/2 ln det "
		"after all "
		"actions once, in nats. Potential: sum of min(1, width^2) over %zu actions in random order "
		"(or "
		"all), and what it cannot pass. Eluder count: picks of the widest action until no width is "
		"above "
		"%g; lower: fewer actions tell about all. Greedy gain: the information in those picks.",
		t->o->lambda, rows, t->o->potential_rows, t->o->reach);
	char *filled =
		rho_xprintf("How many directions hold the variance of %s: six ways of counting, each at most "
	                    "the number of "
	                    "columns. ridge: sum of s / (s + %g) over the eigenvalues of all second moments.",
	                    rows, t->o->lambda);
	show_group(t, RHO_MEASURE_SPREAD, "Evenness",
	           "Mean cosine: 0 when directions cancel out, 1 when all are one. Uniformity (Wang & "
	           "Isola): lower "
	           "is more even. Partition (Mu & Viswanath), IsoScore, entropy of singular values: 1 is "
	           "isotropic, 0 is one direction. Alignment (with --alignment): mean squared distance of "
	           "contexts to the actions they are linked to; lower is nearer, 2 is unrelated.");
	show_group(t, RHO_MEASURE_FILLED, "Dimensions filled", filled);
	show_group(t, RHO_MEASURE_NEARBY, "Dimension nearby",
	           "How many dimensions the nearest neighbours seem to lie in: TwoNN by two of them, MLE "
	           "(Levina & "
	           "Bickel) by 20. Copies of an action are none.");
	show_group(t, RHO_MEASURE_EXPLORE, "Exploration", explore);
	free(explore);
	free(filled);
}

static void show_foot(struct sheet *t)
{
	char *text = rho_xprintf("Intervals, %g%%, say how a number would move with other actions of the "
	                         "same kind. [lo, hi]: percentiles "
	                         "of %u bootstrap resamples of the actions (mean cosine and uniformity: "
	                         "stretched to those of a mean over "
	                         "pairs). ±: jackknife over %u groups of actions (the eluder count: %u). "
	                         "Neither: exact for these "
	                         "actions, or too few of them.",
	                         100 * t->o->level, t->o->resamples, t->o->groups, t->o->eluder_groups);
	rho_wrap(text, 0, t->out);
	if (t->notes.len) {
		rho_buf_str(t->out, t->markdown ? "\n" : "");
		rho_wrap(t->notes.at, 0, t->out);
	}
	free(text);
}

void rho_show_table(const struct rho_subjects *s, const struct rho_geometry_options *o, bool markdown,
                    struct rho_buf *out)
{
	struct sheet t = { .s = s, .o = o, .markdown = markdown, .out = out };
	show_sets(&t);
	show_coverage(&t);
	show_ranks(&t);
	show_groups(&t);
	show_foot(&t);
	rho_buf_free(&t.notes);
}
