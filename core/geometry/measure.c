/* measure.c: every number of geometry.h for one set of rows, each with its interval. */
#include "geometry.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "measure.h"
#include "moments.h"
#include "resample.h"

static const struct rho_estimate none = { NAN, { NAN, NAN } };

/* Streams of their own for what is drawn. */
enum { DRAW_COVER = 1, DRAW_PAIRS, DRAW_QUANTILES, DRAW_POTENTIAL, DRAW_BOOT, DRAW_GROUPS };

static uint64_t stream(const struct rho_geometry_options *o, unsigned purpose)
{
	return o->seed * 0x9e3779b97f4a7c15u + purpose;
}

void rho_geometry_defaults(struct rho_geometry_options *o, size_t n)
{
	*o = (struct rho_geometry_options){
		.parts = RHO_PART_ALL,
		.cover_rows = n <= 20000 ? 0 : 20000,
		.pair_rows = n <= 20000 ? 0 : 4096,
		.t = 2,
		.neighbours = 20,
		.lambda = 1,
		.reach = 0.5,
		.picks = 1024,
		.potential_rows = 4096,
		.top = 10,
		.resamples = 1000,
		.groups = 20,
		.eluder_groups = 5,
		.level = 0.95,
		.threads = 1,
	};
}

size_t rho_geometry_default_k(size_t n, size_t out[RHO_DEFAULT_K])
{
	static const size_t steps[] = { 1, 2, 5 };
	size_t got = 0, ten = 1;
	for (; got + 3 <= RHO_DEFAULT_K; ten *= 10)
		for (size_t s = 0; s < 3; s++) {
			if (steps[s] * ten >= n)
				return got;
			out[got++] = steps[s] * ten;
		}
	return got;
}

/* Coverage */

static void say_point(const struct rho_geometry_options *o, const struct rho_units *u, const double *value,
                      size_t m, size_t cols, size_t q, struct rho_cover_point *p)
{
	double K = (double)u->n;
	p->k = o->k[q];
	p->worst = 0;
	for (size_t i = 0; i < m; i++)
		p->worst = value[i * cols + q] > p->worst ? value[i * cols + q] : p->worst;
	p->all.value = (1 - (double)p->k / K) * p->rem.value;
	p->all.ci.lo = (1 - (double)p->k / K) * p->rem.ci.lo;
	p->all.ci.hi = (1 - (double)p->k / K) * p->rem.ci.hi;
	p->sphere = rho_sphere_cover(u->dim, (double)p->k);
	p->hit_top = rho_hit_top(u->n, p->k, o->top < u->n ? o->top : u->n);
	p->best_rank = rho_best_rank(u->n, p->k);
	p->reached = 1 / ((double)p->k + 1);
	p->best = p->gap = NAN;
	if (o->reward) {
		double top = o->reward[0];
		for (size_t i = 1; i < u->n; i++)
			top = o->reward[i] > top ? o->reward[i] : top;
		p->best = rho_expected_max(o->reward, u->n, p->k);
		p->gap = top - p->best;
	}
}

static void boot_cover(const struct rho_geometry_options *o, const double *value, size_t m,
                       struct rho_geometry *out)
{
	size_t cols = o->n_k + 1, B = o->resamples;
	double *boot = rho_xmalloc((2 * B * cols + 1) * sizeof *boot),
	       *ratio = boot + B * cols; /* (2, B, cols) */
	double one = 0;
	rho_resample_means(value, m, cols, o->resamples, stream(o, DRAW_BOOT), o->threads, boot);
	for (size_t b = 0; b < B; b++)
		for (size_t c = 0; c < cols; c++)
			ratio[b * cols + c] = boot[b * cols + c] / boot[b * cols + o->n_k];
	for (size_t i = 0; i < m; i++)
		one += value[i * cols + o->n_k];
	out->distance.value = one / (double)m;
	out->distance.ci = rho_percentile_interval(boot + o->n_k, m > 1 ? B : 0, cols, o->level);
	for (size_t q = 0; q < o->n_k; q++) {
		struct rho_cover_point *p = &out->curve[q];
		double sum = 0;
		for (size_t i = 0; i < m; i++)
			sum += value[i * cols + q];
		p->rem.value = sum / (double)m;
		p->rem.ci = rho_percentile_interval(boot + q, m > 1 ? B : 0, cols, o->level);
		p->free.value = one > 0 ? sum / one : NAN;
		p->free.ci = rho_percentile_interval(ratio + q, m > 1 ? B : 0, cols, o->level);
	}
	free(boot);
}

static int cover_quantiles(const struct rho_units *u, const struct rho_geometry_options *o,
                           struct rho_geometry *out, struct rho_buf *why)
{
	static const double p[RHO_COVER_QUANTILES] = { 0.1, 0.5, 0.9, 0.99 };
	enum { MOST = 1 << 24 }; /* sorted distances that are kept */
	size_t m = MOST / u->n < 16 ? 16 : MOST / u->n;
	uint32_t *which = rho_draw_rows(u->n, &m, stream(o, DRAW_QUANTILES));
	double *at = rho_xmalloc((o->n_k * RHO_COVER_QUANTILES + 1) * sizeof *at);
	int err = rho_cover_quantiles(u, which, m, o->k, o->n_k, p, RHO_COVER_QUANTILES, o->threads, at, why);
	out->quantile_rows = m;
	for (size_t q = 0; q < o->n_k && !err; q++)
		memcpy(out->curve[q].quantile, at + q * RHO_COVER_QUANTILES, sizeof out->curve[q].quantile);
	free(which);
	free(at);
	return err;
}

static int measure_cover(const struct rho_units *u, const struct rho_geometry_options *o,
                         struct rho_geometry *out, struct rho_buf *why)
{
	size_t m = o->cover_rows, cols = o->n_k + 1;
	uint32_t *which = rho_draw_rows(u->n, &m, stream(o, DRAW_COVER));
	size_t *k = rho_xmalloc(cols * sizeof *k);
	double *value = rho_xmalloc(m * cols * sizeof *value); /* (m, cols): k = 1 in the last */
	int err;
	out->cover_rows = m;
	out->curve = rho_xcalloc(o->n_k + 1, sizeof *out->curve);
	out->n_k = o->n_k;
	if (o->n_k)
		memcpy(k, o->k, o->n_k * sizeof *k);
	k[o->n_k] = 1;
	err = rho_cover_rows(u, which, m, k, cols, o->threads, &o->wait, value, &out->cover_error, why);
	if (!err) {
		boot_cover(o, value, m, out);
		for (size_t q = 0; q < o->n_k; q++)
			say_point(o, u, value, m, cols, q, &out->curve[q]);
		err = cover_quantiles(u, o, out, why);
	}
	free(which);
	free(k);
	free(value);
	return err;
}

/* Pairs */

/* A mean over rows of a mean over pairs: `term` (m) of n rows. ci is of the mean. */
static struct rho_estimate pair_mean(const struct rho_geometry_options *o, const double *term, size_t m,
                                     size_t n)
{
	struct rho_estimate out = { rho_mean(term, m), { NAN, NAN } };
	double *boot = rho_xmalloc((o->resamples + 1) * sizeof *boot),
	       stretch = sqrt(1 + 3 * (double)m / (double)n);
	if (m > 2) {
		rho_resample_means(term, m, 1, o->resamples, stream(o, DRAW_BOOT), o->threads, boot);
		out.ci = rho_percentile_interval(boot, o->resamples, 1, o->level);
		out.ci.lo = out.value + stretch * (out.ci.lo - out.value);
		out.ci.hi = out.value + stretch * (out.ci.hi - out.value);
	}
	free(boot);
	return out;
}

static int measure_pairs(const struct rho_units *u, const struct rho_geometry_options *o,
                         struct rho_geometry *out, struct rho_buf *why)
{
	size_t m = o->pair_rows;
	uint32_t *which = rho_draw_rows(u->n, &m, stream(o, DRAW_PAIRS));
	double *term = rho_xmalloc(u->n * sizeof *term), value;
	int err;
	rho_mean_cosine(u, o->threads, term);
	out->mean_cosine = pair_mean(o, term, u->n, u->n);
	err = rho_uniformity(u, which, m, o->t, o->threads, &o->wait, &value, term, out->histogram,
	                     RHO_COSINE_BINS, why);
	if (!err) {
		struct rho_estimate mean = pair_mean(o, term, m, u->n);
		out->uniformity = (struct rho_estimate){ value, { log(mean.ci.lo), log(mean.ci.hi) } };
		if (!(mean.ci.lo > 0))
			out->uniformity.ci = none.ci;
		out->sphere_uniformity = o->t == 2 ? rho_sphere_uniformity(u->dim) : NAN;
	}
	free(which);
	free(term);
	return err;
}

/* Dimension */

/* 1 / mean of the terms that are there; percentiles of the same over resamples. */
static struct rho_estimate inverse_mean(const struct rho_geometry_options *o, double *term, size_t m)
{
	struct rho_estimate out = none;
	double *boot = rho_xmalloc((o->resamples + 1) * sizeof *boot), mean;
	size_t n = 0;
	for (size_t i = 0; i < m; i++)
		if (!isnan(term[i]))
			term[n++] = term[i];
	mean = rho_mean(term, n);
	if (n > 1 && mean > 0) {
		rho_resample_means(term, n, 1, o->resamples, stream(o, DRAW_BOOT), o->threads, boot);
		for (size_t b = 0; b < o->resamples; b++)
			boot[b] = 1 / boot[b];
		out.value = 1 / mean;
		out.ci = rho_percentile_interval(boot, o->resamples, 1, o->level);
	}
	free(boot);
	return out;
}

static int measure_dimension(const struct rho_units *u, const struct rho_geometry_options *o,
                             struct rho_geometry *out, struct rho_buf *why)
{
	size_t m = o->pair_rows, near = o->neighbours < u->n - 1 ? o->neighbours : u->n - 1;
	uint32_t *which = rho_draw_rows(u->n, &m, stream(o, DRAW_PAIRS));
	double *nearest = rho_xmalloc(m * near * sizeof *nearest), *term = rho_xmalloc(m * sizeof *term);
	int err = rho_nearest_rows(u, which, m, near, o->threads, &o->wait, nearest, why);
	if (!err && near >= 2) {
		rho_two_nn(nearest, m, near, term);
		out->two_nn = inverse_mean(o, term, m);
		rho_levina_bickel(nearest, m, near, term);
		for (size_t i = 0; i < m; i++)
			out->no_neighbours += isnan(term[i]) ? 1 : 0;
		out->levina_bickel = inverse_mean(o, term, m);
	}
	free(which);
	free(nearest);
	free(term);
	return err;
}

/* All */

static void clear(struct rho_geometry *out, const struct rho_mat *rows)
{
	struct rho_estimate *const all[] = {
		&out->distance,      &out->mean_cosine,   &out->uniformity,
		&out->participation, &out->iso_score,     &out->effective_rank,
		&out->stable_rank,   &out->d90,           &out->d99,
		&out->entropy,       &out->ridge,         &out->partition,
		&out->two_nn,        &out->levina_bickel, &out->information_gain,
		&out->eluder,
	};
	*out = (struct rho_geometry){ .n = rows->rows, .dim = rows->cols };
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		*all[i] = none;
	out->cover_error = out->sphere_uniformity = out->potential = out->potential_bound = out->greedy_gain =
		NAN;
}

static int check(const struct rho_mat *rows, const struct rho_geometry_options *o, struct rho_buf *why)
{
	size_t row, col;
	if (rows->rows < 2 || !rows->cols) {
		rho_buf_printf(why,
		               "%zu rows of %zu numbers: geometry needs at least two rows of at least one",
		               rows->rows, rows->cols);
		return -1;
	}
	for (size_t q = 0; q < o->n_k; q++)
		if (!o->k[q] || o->k[q] >= rows->rows) {
			rho_buf_printf(why, "k = %zu: with %zu rows k goes from 1 to %zu", o->k[q],
			               rows->rows, rows->rows - 1);
			return -1;
		}
	if (rho_rows_finite(rows, &row, &col))
		return 0;
	rho_buf_printf(why, "row %zu, column %zu is not a finite number", row, col);
	return -1;
}

int rho_geometry_measure(const struct rho_mat *rows, const struct rho_geometry_options *o,
                         struct rho_geometry *out, struct rho_buf *why)
{
	struct rho_units u;
	struct rho_mat at_length_1, used;
	int err = 0;
	clear(out, rows);
	if (check(rows, o, why))
		return -1;
	rho_units_init(&u, rows, o->threads);
	at_length_1 = (struct rho_mat){ u.at, u.n, u.dim, u.dim };
	used = o->raw ? *rows : at_length_1;
	out->zero_rows = u.zeros;
	if (o->parts & RHO_PART_PAIRS) {
		out->pair_rows = o->pair_rows && o->pair_rows < u.n ? o->pair_rows : u.n;
		err = measure_pairs(&u, o, out, why);
	}
	if (!err && o->parts & RHO_PART_DIMENSION) {
		out->pair_rows = o->pair_rows && o->pair_rows < u.n ? o->pair_rows : u.n;
		err = measure_dimension(&u, o, out, why);
	}
	if (!err && o->parts & RHO_PART_SPECTRUM)
		err = rho_measure_spectrum(&used, o, stream(o, DRAW_GROUPS), out, why);
	if (!err && o->parts & RHO_PART_ELUDER)
		rho_measure_eluder(&used, o, stream(o, DRAW_GROUPS), stream(o, DRAW_POTENTIAL), out);
	if (!err && o->parts & RHO_PART_COVERAGE)
		err = measure_cover(&u, o, out, why);
	rho_units_free(&u);
	return err;
}

void rho_geometry_free(struct rho_geometry *g)
{
	free(g->curve);
	free(g->eigen);
	free(g->width);
	*g = (struct rho_geometry){ 0 };
}
