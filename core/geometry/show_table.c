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
	int n = size > 0 ? (half > 0 ? 1 : 3) - (int)floor(log10(size)) : 3;
	return n < 0 ? 0 : n > 6 ? 6 : n;
}

static void put_estimate(struct sheet *t, struct rho_estimate e)
{
	char text[96];
	int d = decimals(e);
	if (!isfinite(e.value))
		snprintf(text, sizeof text, "-");
	else if (isfinite(e.ci.lo) && isfinite(e.ci.hi))
		snprintf(text, sizeof text, "%.*f [%.*f, %.*f]", d, e.value, d, e.ci.lo, d, e.ci.hi);
	else
		snprintf(text, sizeof text, "%.*f", d, e.value);
	rho_grid_put(t->grid, RHO_PLAIN, text);
}

static void put_number(struct sheet *t, double v)
{
	put_estimate(t, (struct rho_estimate){ v, { NAN, NAN } });
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
	static const char *const head[] = {
		"", "actions", "numbers each", "of zeros", "rows drawn: coverage", "pairs"
	};
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

/* Three columns, of the places `at`, of one of the curve's estimates; then as many plain ones of another. */
static void show_curve(struct sheet *t, const size_t *at, size_t n, const char *name, size_t estimate,
                       const char *beside, size_t plain)
{
	char *head[7] = { rho_xstrdup("") };
	size_t n_head = 1;
	for (size_t q = 0; q < n; q++)
		head[n_head++] = rho_xprintf("%s(%zu)", name, t->s->at[0].g.curve[at[q]].k);
	for (size_t q = 0; q < n && beside; q++)
		head[n_head++] = rho_xprintf("%s(%zu)", beside, t->s->at[0].g.curve[at[q]].k);
	columns(t, n_head, (const char *const *)head);
	for (size_t i = 0; i < t->s->n; i++) {
		const struct rho_cover_point *curve = t->s->at[i].g.curve;
		rho_grid_put(t->grid, RHO_PLAIN, t->s->at[i].name);
		for (size_t q = 0; q < n; q++) {
			struct rho_estimate e;
			memcpy(&e, (const char *)&curve[at[q]] + estimate, sizeof e);
			put_estimate(t, e);
		}
		for (size_t q = 0; q < n && beside; q++) {
			double v;
			memcpy(&v, (const char *)&curve[at[q]] + plain, sizeof v);
			put_number(t, v);
		}
	}
	end(t);
	for (size_t i = 0; i < n_head; i++)
		free(head[i]);
}

static void show_holes(struct sheet *t, size_t at)
{
	static const char *const head[] = { "",    "mean of all pairs",  "10%", "50%", "90%",
		                            "99%", "worst action's mean" };
	char *title = rho_xprintf("Distance to the nearest of k = %zu", t->s->at[0].g.curve[at].k);
	begin(t, title,
	      "Its quantiles over actions and draws, and the action that is farthest off on average; beside "
	      "the mean "
	      "distance of two actions, rho_rem(1).");
	columns(t, 7, head);
	for (size_t i = 0; i < t->s->n; i++) {
		const struct rho_geometry *g = &t->s->at[i].g;
		rho_grid_put(t->grid, RHO_PLAIN, t->s->at[i].name);
		put_estimate(t, g->distance);
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
	      "exact over all "
	      "draws. Lower: k candidates come close to everything. rho_all(k) = (1 - k/n) rho_rem(k) counts "
	      "the k drawn "
	      "ones too. Depends on the vectors' scale of distances; see below for what does not.");
	show_curve(t, at, n, "rho_rem", offsetof(struct rho_cover_point, rem), NULL, 0);
	show_curve(t, at, n, "rho_all", offsetof(struct rho_cover_point, all), NULL, 0);
	begin(t, "Coverage free of scale",
	      "rho_rem(k) / rho_rem(1). Lower: k candidates bring the nearest much closer than one does; 1: "
	      "they do not at "
	      "all. sphere(k): of points uniform on the sphere in as many dimensions, the worst there is "
	      "without structure.");
	show_curve(t, at, n, "free", offsetof(struct rho_cover_point, free), "sphere",
	           offsetof(struct rho_cover_point, sphere));
	show_holes(t, at[n - 1 < 1 ? 0 : 1]);
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
	      "actions, the mean "
	      "rank of the best candidate, the share of actions above it; with rewards, the best candidate's "
	      "mean reward and "
	      "what it falls short of the best of all (decision gap). Exact.");
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

static void note(struct sheet *t, const char *name, const struct rho_measure *m)
{
	rho_buf_printf(&t->notes, "%s, %s: %s.\n", name, m->head, m->missing);
}

static void show_group(struct sheet *t, uint32_t group, const char *title, const char *about)
{
	const char *head[16] = { "" };
	size_t n = 1;
	begin(t, title, about);
	for (size_t i = 0; i < rho_n_measures; i++)
		if (rho_measures[i].group == group)
			head[n++] = rho_measures[i].head;
	columns(t, n, head);
	for (size_t i = 0; i < t->s->n; i++) {
		const struct rho_geometry *g = &t->s->at[i].g;
		rho_grid_put(t->grid, RHO_PLAIN, t->s->at[i].name);
		for (size_t j = 0; j < rho_n_measures; j++) {
			const struct rho_measure *m = &rho_measures[j];
			struct rho_estimate e =
				m->group == group ? rho_measure_of(g, m) : (struct rho_estimate){ 0 };
			if (m->group != group)
				continue;
			if (isnan(e.value) && m->missing)
				note(t, t->s->at[i].name, m);
			if (isnan(e.value) && m->offset == offsetof(struct rho_geometry, eluder)) {
				char *over = rho_xprintf("> %zu", g->n_width);
				rho_grid_put(t->grid, RHO_PLAIN, over);
				free(over);
			} else {
				put_estimate(t, e);
			}
		}
	}
	end(t);
}

static void show_groups(struct sheet *t)
{
	const struct rho_geometry *g = &t->s->at[0].g;
	char *explore = rho_xprintf(
		"What a linear learner has to find out, ridge %g, of %s rows. Information gain: 1/2 ln det "
	        "of all actions seen "
		"once, in nats. Potential: sum of min(1, width^2) over %zu of them in random order, and what "
	        "it cannot pass. "
		"Eluder count: picks of the widest action until no width is above %g; lower: fewer actions "
	        "tell about all (the "
		"general bound for %zu dimensions is %.0f). Greedy gain: the information in those picks.",
		t->o->lambda, t->o->raw ? "the given" : "unit", g->potential_rows, t->o->reach, g->dim,
		rho_eluder_bound((double)g->dim, 1, t->o->reach));
	char *filled = rho_xprintf("Of the covariance of %s rows: how many directions hold the variance, by "
	                           "six ways of counting; up to the number "
	                           "of columns. ridge: sum s / (s + %g) over all actions' second moments.",
	                           t->o->raw ? "the given" : "unit", t->o->lambda);
	show_group(t, RHO_MEASURE_SPREAD, "Evenness",
	           "Mean cosine: 0 when directions cancel out, 1 when all are one. Uniformity (Wang & "
	           "Isola): lower is more "
	           "even; beside it that of the uniform distribution on the sphere. Partition (Mu & "
	           "Viswanath), IsoScore, "
	           "entropy of singular values: 1 is isotropic, 0 is one direction.");
	show_group(t, RHO_MEASURE_FILLED, "Dimensions filled", filled);
	show_group(t, RHO_MEASURE_NEARBY, "Dimension nearby",
	           "As how many dimensions the nearest neighbours look: TwoNN by two neighbours, MLE (Levina "
	           "& Bickel) by 20. "
	           "Copies do not count as neighbours.");
	show_group(t, RHO_MEASURE_EXPLORE, "Exploration", explore);
	free(explore);
	free(filled);
}

static void show_foot(struct sheet *t)
{
	char *text = rho_xprintf("In brackets: %g%% intervals of how a number would move with other actions "
	                         "of the same kind. Coverage and "
	                         "Dimension nearby: %u bootstrap resamples of the actions, percentiles; mean "
	                         "cosine and uniformity: the same, for "
	                         "pairs; all others: jackknife over %u groups of actions (the eluder count: "
	                         "%u). Without brackets: exact for "
	                         "these actions, or too few of them.",
	                         100 * t->o->level, t->o->resamples, t->o->groups, t->o->eluder_groups);
	rho_wrap(text, 0, t->out);
	if (t->notes.len)
		rho_buf_printf(t->out, "%s%s", t->markdown ? "\n" : "", t->notes.at);
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
