/* relate.c: rank correlations of what embeddings are with what came of them. */
#include <fnmatch.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <rho/rng.h>

#include "../base/diag.h"
#include "relate.h"

/* The second 256 bits of the fraction of pi: fixed, so that the same scores give the same interval. */
static const struct rho_rng key = { { 0x452821e638d01377u, 0xbe5466cf34e90c6cu, 0xc0ac29b7c97c50ddu,
	                              0x3f84d5b5b5470917u } };

/* ---- settings ---- */

static size_t axis_of(const struct rho_results *r, const char *name)
{
	size_t a = 0;
	while (a < r->n_axes && strcmp(r->axis[a], name))
		a++;
	return a;
}

/* What an arm is but for its encoder. */
static char *setting_name(const struct rho_results *r, size_t arm, size_t encoder)
{
	struct rho_buf b = { 0 };
	for (size_t a = 0; a < r->n_axes; a++)
		if (a != encoder && r->arm[arm].value[a])
			rho_buf_printf(&b, "%s%s=%s", b.len ? "," : "", r->axis[a], r->arm[arm].value[a]);
	if (!b.len)
		rho_buf_str(&b, "all arms");
	return b.at;
}

/* The row of an arm's embedding; p->n where the file has none. */
static size_t find_row(const struct rho_results *r, size_t arm, size_t encoder, size_t dataset,
                       const struct rho_properties *p)
{
	const char *own = r->arm[arm].value[encoder];
	const char *data = dataset < r->n_axes ? r->arm[arm].value[dataset] : NULL;
	char *name = data ? rho_xprintf("%s/%s", data, own) : rho_xstrdup(own);
	size_t i = 0;
	while (i < p->n && strcmp(p->subject[i], name))
		i++;
	free(name);
	return i;
}

static bool has_score(const struct rho_comparison *c, size_t arm)
{
	for (size_t s = 0; s < c->results->n_seeds; s++)
		if (!isnan(c->score[arm * c->results->n_seeds + s]))
			return true;
	return false;
}

static struct rho_setting *setting_of(struct rho_relations *out, char *name)
{
	for (size_t i = 0; i < out->n_settings; i++)
		if (!strcmp(out->setting[i].name, name)) {
			free(name);
			return &out->setting[i];
		}
	out->setting = rho_xrealloc(out->setting, (out->n_settings + 1) * sizeof *out->setting);
	out->setting[out->n_settings] = (struct rho_setting){ .name = name };
	return &out->setting[out->n_settings++];
}

static bool is_left_out(const struct rho_relate_options *o, const char *name)
{
	for (size_t i = 0; i < o->n_leave_out; i++)
		if (!fnmatch(o->leave_out[i], name, 0))
			return true;
	return false;
}

static int make_settings(const struct rho_comparison *c, const struct rho_properties *p,
                         const struct rho_relate_options *o, struct rho_relations *out, struct rho_buf *why)
{
	const struct rho_results *r = c->results;
	size_t encoder = axis_of(r, "encoder"), dataset = axis_of(r, "dataset");
	bool *seen = rho_xcalloc(p->n + 1, sizeof *seen);
	int rc = 0;
	if (encoder == r->n_axes)
		rho_buf_printf(why,
		               "%s has no axis `encoder`: there are no embeddings to relate to their results",
		               r->dir);
	for (size_t i = 0; i < r->n_arms && !why->len; i++) {
		struct rho_setting *s;
		size_t row;
		if (!r->arm[i].value[encoder] || is_left_out(o, r->arm[i].value[encoder]) || !has_score(c, i))
			continue;
		row = find_row(r, i, encoder, dataset, p);
		if (row == p->n) {
			const char *near =
				rho_nearest(r->arm[i].value[encoder], (const char *const *)p->subject, p->n);
			rho_buf_printf(why, "the geometry file has no embedding called %s; ",
			               r->arm[i].value[encoder]);
			rho_buf_printf(why,
			               near ? "the nearest is %s"
			                    : "it has to be of the same experiment file%s",
			               near ? near : "");
			break;
		}
		s = setting_of(out, setting_name(r, i, encoder));
		s->arm = rho_xrealloc(s->arm, (s->n + 1) * sizeof *s->arm);
		s->row = rho_xrealloc(s->row, (s->n + 1) * sizeof *s->row);
		s->arm[s->n] = i;
		s->row[s->n++] = row;
		out->embeddings += !seen[row];
		seen[row] = true;
	}
	if (!why->len && out->embeddings < 4)
		rho_buf_printf(why, "%zu embeddings have a score; rank correlations want at least 4",
		               out->embeddings);
	rc = why->len ? -1 : 0;
	free(seen);
	return rc;
}

/* ---- correlations ---- */

struct work {
	const struct rho_comparison *c;
	const struct rho_properties *p;
	double *x, *y; /* (most embeddings) */
	double *score; /* (n_settings, p->n) of this resample; NaN: none */
	size_t *drawn; /* (p->n) rows of this resample */
};

/* Spearman's rho of a property and the scores of a setting over rows `drawn` (n), those without a score left
 * out. */
static double correlate(struct work *w, size_t setting, size_t property, const size_t *drawn, size_t n)
{
	const double *score = w->score + setting * w->p->n;
	size_t m = 0;
	for (size_t i = 0; i < n; i++) {
		double v = w->p->value[drawn[i] * w->p->n_names + property];
		if (isnan(score[drawn[i]]) || isnan(v))
			continue;
		w->x[m] = v;
		w->y[m++] = score[drawn[i]];
	}
	return m < 4 ? NAN : rho_spearman(w->x, w->y, m);
}

/* Of how many embeddings of some setting the property was measured, at most. */
static size_t count_measured(const struct rho_properties *p, const struct rho_relations *out, size_t property)
{
	size_t most = 0;
	for (size_t i = 0; i < out->n_settings; i++) {
		const struct rho_setting *s = &out->setting[i];
		size_t n = 0;
		for (size_t j = 0; j < s->n; j++)
			n += isnan(p->value[s->row[j] * p->n_names + property]) ? 0 : 1;
		most = n > most ? n : most;
	}
	return most;
}

/* Each embedding's mean score in each setting: over all seeds, or over seeds drawn by rng. */
static void make_scores(struct work *w, const struct rho_relations *out, struct rho_rng *rng)
{
	size_t seeds = w->c->results->n_seeds;
	for (size_t i = 0; i < out->n_settings * w->p->n; i++)
		w->score[i] = NAN;
	for (size_t i = 0; i < out->n_settings; i++) {
		const struct rho_setting *s = &out->setting[i];
		for (size_t j = 0; j < s->n; j++) {
			const double *of = w->c->score + s->arm[j] * seeds;
			double sum = 0;
			size_t n = 0;
			for (size_t q = 0; q < seeds; q++) {
				double v = of[rng ? rho_below(rng, (uint32_t)seeds) : q];
				if (!isnan(v)) {
					sum += v;
					n++;
				}
			}
			w->score[i * w->p->n + s->row[j]] = n ? sum / (double)n : NAN;
		}
	}
}

static double mean_of(const double *x, size_t n, size_t *count)
{
	double sum = 0;
	*count = 0;
	for (size_t i = 0; i < n; i++)
		if (!isnan(x[i])) {
			sum += x[i];
			++*count;
		}
	return *count ? sum / (double)*count : NAN;
}

/* Percentiles of those of n numbers that are numbers. */
static struct rho_interval percentiles(double *x, size_t n, double level)
{
	size_t m = 0;
	for (size_t i = 0; i < n; i++)
		if (!isnan(x[i]))
			x[m++] = x[i];
	if (m < n / 2 + 1)
		return (struct rho_interval){ NAN, NAN };
	return (struct rho_interval){ rho_quantile(x, m, (1 - level) / 2),
		                      rho_quantile(x, m, (1 + level) / 2) };
}

/* The rows that any setting uses. */
static size_t used_rows(const struct rho_relations *out, size_t n, size_t *used)
{
	size_t m = 0;
	for (size_t row = 0; row < n; row++) {
		bool any = false;
		for (size_t i = 0; i < out->n_settings; i++)
			for (size_t j = 0; j < out->setting[i].n; j++)
				any |= out->setting[i].row[j] == row;
		if (any)
			used[m++] = row;
	}
	return m;
}

/* Point estimates into the relations, then resamples: stat (n, n_settings + 1, resamples). */
static void estimate(struct work *w, struct rho_relations *out, const struct rho_relate_options *o)
{
	size_t S = out->n_settings, R = (size_t)o->resamples,
	       *used = rho_xmalloc((w->p->n + 1) * sizeof *used);
	size_t n = used_rows(out, w->p->n, used), count;
	double *stat = rho_xmalloc(out->n * (S + 1) * R * sizeof *stat),
	       *one = rho_xmalloc((S + 1) * sizeof *one);
	make_scores(w, out, NULL);
	for (size_t q = 0; q < out->n; q++) {
		struct rho_relation *r = &out->relation[q];
		for (size_t i = 0; i < S; i++)
			r->rank[i] = correlate(w, i, r->property, used, n);
		r->mean = mean_of(r->rank, S, &r->settings);
	}
	for (size_t b = 0; b < R; b++) {
		struct rho_rng rng = rho_fork(&key, b, n);
		for (size_t i = 0; i < n; i++)
			w->drawn[i] = used[rho_below(&rng, (uint32_t)n)];
		make_scores(w, out, &rng);
		for (size_t q = 0; q < out->n; q++) {
			for (size_t i = 0; i < S; i++)
				stat[(q * (S + 1) + i) * R + b] = one[i] =
					correlate(w, i, out->relation[q].property, w->drawn, n);
			stat[(q * (S + 1) + S) * R + b] = mean_of(one, S, &count);
		}
	}
	for (size_t q = 0; q < out->n; q++) {
		struct rho_relation *r = &out->relation[q];
		for (size_t i = 0; i < S; i++)
			r->rank_ci[i] = isnan(r->rank[i])
			                        ? (struct rho_interval){ NAN, NAN }
			                        : percentiles(stat + (q * (S + 1) + i) * R, R, o->level);
		r->ci = isnan(r->mean) ? (struct rho_interval){ NAN, NAN }
		                       : percentiles(stat + (q * (S + 1) + S) * R, R, o->level);
	}
	free(stat);
	free(one);
	free(used);
}

static int strongest_first(const void *a, const void *b)
{
	const struct rho_relation *x = a, *y = b;
	double p = isnan(x->mean) ? -1 : fabs(x->mean), q = isnan(y->mean) ? -1 : fabs(y->mean);
	return p != q ? (p < q) - (p > q) : (x->property > y->property) - (x->property < y->property);
}

/* Fisher's z with Fieller, Hartley & Pearson's variance for ranks, 1.06 / (n - 3) (Biometrika 44, 1957);
 * power 0.8. */
static double detectable(size_t n, double level)
{
	double z = rho_t_quantile((1 + level) / 2, 1e6) + rho_t_quantile(0.8, 1e6);
	return n > 3 ? tanh(z * sqrt(1.06 / ((double)n - 3))) : NAN;
}

struct rho_relations *rho_relate(const struct rho_comparison *c, const struct rho_properties *p,
                                 const struct rho_relate_options *o, struct rho_buf *why)
{
	struct rho_relations *out = rho_xcalloc(1, sizeof *out);
	struct work w = { .c = c, .p = p };
	if (make_settings(c, p, o, out, why)) {
		rho_relations_free(out);
		return NULL;
	}
	out->n = p->n_names;
	for (size_t i = 0; i < out->n_settings; i++)
		out->most = out->setting[i].n > out->most ? out->setting[i].n : out->most;
	out->detectable = detectable(out->most, o->level);
	out->relation = rho_xcalloc(out->n, sizeof *out->relation);
	for (size_t i = 0; i < out->n; i++) {
		out->relation[i].property = i;
		out->relation[i].measured = count_measured(p, out, i);
		out->relation[i].rank = rho_xmalloc(out->n_settings * sizeof(double));
		out->relation[i].rank_ci = rho_xmalloc(out->n_settings * sizeof(struct rho_interval));
	}
	w.x = rho_xmalloc(2 * (p->n + 1) * sizeof *w.x);
	w.y = w.x + p->n + 1;
	w.score = rho_xmalloc(out->n_settings * p->n * sizeof *w.score);
	w.drawn = rho_xmalloc((p->n + 1) * sizeof *w.drawn);
	estimate(&w, out, o);
	qsort(out->relation, out->n, sizeof *out->relation, strongest_first);
	free(w.x);
	free(w.score);
	free(w.drawn);
	return out;
}

void rho_relations_free(struct rho_relations *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->n_settings; i++) {
		free(r->setting[i].name);
		free(r->setting[i].arm);
		free(r->setting[i].row);
	}
	for (size_t i = 0; i < r->n; i++) {
		free(r->relation[i].rank);
		free(r->relation[i].rank_ci);
	}
	free(r->setting);
	free(r->relation);
	free(r);
}
