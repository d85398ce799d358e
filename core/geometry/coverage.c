/* coverage.c: rho(k, K) from blocks of products; its quantiles; what the sphere would give. */
#include "geometry.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../base/blas.h"
#include "../score/score.h"
#include "products.h"
#include "ranks.h"

struct cover_job {
	const struct rho_blas *blas;
	struct rho_rank_sums *ranks;
	size_t n_k, moments;
	double *moment;    /* (rows of a block, moments) */
	double *row_error; /* (rows of a block) */
	double *out;       /* (m, n_k) */
	double error;
};

static void cover_rows(void *arg, const struct rho_products *p, size_t from, size_t to)
{
	struct cover_job *j = arg;
	struct rho_rank_sums_scratch *s = rho_rank_sums_scratch(j->ranks);
	for (size_t i = from; i < to; i++) {
		const float *row = rho_products_others(p, i);
		struct rho_chunks chunks = { NULL, NULL };
		if (p->top)
			chunks = (struct rho_chunks){ p->top + i * p->chunks * RHO_ACROSS,
				                      p->least + i * p->chunks };
		j->row_error[i] =
			rho_rank_sums_row(j->ranks, s, row, p->top ? &chunks : NULL,
		                          j->moment + i * j->moments, j->out + (p->first + i) * j->n_k);
	}
	rho_rank_sums_scratch_free(s);
}

/* The moments of all rows of a block at once: out += moments * coefficients. */
static void cover_block(void *arg, const struct rho_products *p)
{
	struct cover_job *j = arg;
	if (j->moments)
		j->blas->dgemm(RHO_ROW_MAJOR, RHO_NO_TRANS, RHO_NO_TRANS, (int)p->rows, (int)j->n_k,
		               (int)j->moments, 1, j->moment, (int)j->moments,
		               rho_rank_sums_coefficients(j->ranks), (int)j->n_k, 1,
		               j->out + p->first * j->n_k, (int)j->n_k);
	for (size_t i = 0; i < p->rows; i++)
		j->error = fmax(j->error, j->row_error[i]);
}

int rho_cover_rows(const struct rho_units *u, const uint32_t *which, size_t m, const size_t *k, size_t n_k,
                   unsigned threads, const struct rho_waiting *wait, double *out, double *error,
                   struct rho_buf *why)
{
	struct cover_job j = { .blas = rho_blas(why), .n_k = n_k, .out = out };
	struct rho_each each = { cover_rows, cover_block, &j, true, false };
	int err;
	if (!j.blas)
		return -1;
	j.ranks = rho_rank_sums_new(u->n - 1, k, n_k);
	j.moments = rho_rank_sums_moments(j.ranks);
	j.moment = rho_xmalloc((RHO_PRODUCTS_ROWS * j.moments + 1) * sizeof *j.moment);
	j.row_error = rho_xmalloc(RHO_PRODUCTS_ROWS * sizeof *j.row_error);
	err = rho_products_each(u, which, m, &each, threads, wait, "coverage", why);
	*error = j.error;
	free(j.moment);
	free(j.row_error);
	rho_rank_sums_free(j.ranks);
	return err;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

void rho_cover_sorted(double *distance, size_t n, const size_t *k, size_t n_k, double *out)
{
	qsort(distance, n, sizeof *distance, by_value);
	rho_rank_sums_sorted(distance, n, k, n_k, out);
}

/* Quantiles
 * */

struct quantile_job {
	float *sorted; /* (m, others): distances, rising */
	size_t m, others;
	const size_t *k;
	size_t n_k, n_p;
	const double *p;
	double *left; /* (others + 1, n_k): T_k(c) */
	double *out;
};

static int by_float(const void *a, const void *b)
{
	float x = *(const float *)a, y = *(const float *)b;
	return (x > y) - (x < y);
}

static void keep_sorted(void *arg, const struct rho_products *p, size_t from, size_t to)
{
	struct quantile_job *j = arg;
	for (size_t i = from; i < to; i++) {
		const float *row = rho_products_others(p, i);
		float *d = j->sorted + (p->first + i) * j->others;
		for (size_t c = 0; c < j->others; c++)
			d[c] = row[c] < 1 ? 1 - row[c] : 0;
		qsort(d, j->others, sizeof *d, by_float);
	}
}

/* How many of the sorted d (n) are at most t. */
static size_t up_to(const float *d, size_t n, double t)
{
	size_t lo = 0, hi = n;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if ((double)d[mid] <= t)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* P(distance to S at most t), over the rows and S. */
static double share_within(const struct quantile_job *j, size_t q, double t)
{
	double sum = 0;
	for (size_t i = 0; i < j->m; i++)
		sum += 1 - j->left[up_to(j->sorted + i * j->others, j->others, t) * j->n_k + q];
	return sum / (double)j->m;
}

static void find_quantiles(void *arg, size_t from, size_t to)
{
	const struct quantile_job *j = arg;
	for (size_t a = from; a < to; a++) {
		double lo = -1e-9, hi = 2 + 1e-6;
		for (int step = 0; step < 60 && hi - lo > 1e-8;
		     step++) { /* a float32 product knows no more */
			double mid = 0.5 * (lo + hi);
			if (share_within(j, a / j->n_p, mid) >= j->p[a % j->n_p])
				hi = mid;
			else
				lo = mid;
		}
		j->out[a] = hi;
	}
}

int rho_cover_quantiles(const struct rho_units *u, const uint32_t *which, size_t m, const size_t *k,
                        size_t n_k, const double *p, size_t n_p, unsigned threads, double *out,
                        struct rho_buf *why)
{
	size_t others = u->n - 1;
	struct quantile_job j = {
		.m = m, .others = others, .k = k, .n_k = n_k, .n_p = n_p, .p = p, .out = out
	};
	struct rho_each each = { keep_sorted, NULL, &j, false, false };
	int err;
	j.sorted = rho_xmalloc((m * others + 1) * sizeof *j.sorted);
	err = rho_products_each(u, which, m, &each, threads, NULL, NULL, why);
	if (!err) {
		j.left = rho_xmalloc((others + 1) * n_k * sizeof *j.left);
		for (size_t q = 0; q < n_k; q++)
			rho_rank_sums_left(others, k[q], j.left + q, n_k);
		rho_score_parallel(n_k * n_p, find_quantiles, &j, threads);
		free(j.left);
	}
	free(j.sorted);
	return err;
}

/* The sphere
 * */

/* P(none of k points falls within the angle), times the sine: the integrand over angles. */
static double beyond(double angle, double a, double k)
{
	double near = sin(angle / 2), far = cos(angle / 2), inside;
	inside = rho_beta_inc(a, a, near * near, far * far);
	return inside < 1 ? exp(k * log1p(-inside)) * sin(angle) : 0;
}

/* Adaptive Simpson over lo .. hi, with the integrand's values at the ends and the middle. */
static double simpson(double lo, double hi, double f_lo, double f_mid, double f_hi, double whole, double a,
                      double k, double tolerance, int depth)
{
	double mid = 0.5 * (lo + hi), h = hi - lo;
	double f_l = beyond(0.5 * (lo + mid), a, k), f_r = beyond(0.5 * (mid + hi), a, k);
	double left = h / 12 * (f_lo + 4 * f_l + f_mid), right = h / 12 * (f_mid + 4 * f_r + f_hi);
	double change = left + right - whole;
	if (!depth || fabs(change) < 15 * tolerance)
		return left + right + change / 15;
	return simpson(lo, mid, f_lo, f_l, f_mid, left, a, k, tolerance / 2, depth - 1) +
	       simpson(mid, hi, f_mid, f_r, f_hi, right, a, k, tolerance / 2, depth - 1);
}

double rho_sphere_cover(size_t d, double k)
{
	enum { HALVINGS = 40, PANELS = 16 };
	double sum = 0, a = ((double)d - 1) / 2, top = acos(-1);
	if (d < 2 || !(k >= 1))
		return NAN;
	for (int h = 0; h < HALVINGS; h++, top /= 2) { /* with many points the angles that matter are tiny */
		for (size_t p = 0; p < PANELS; p++) {
			double lo = top / 2 * (1 + (double)p / PANELS),
			       hi = top / 2 * (1 + (double)(p + 1) / PANELS);
			double f_lo = beyond(lo, a, k), f_mid = beyond(0.5 * (lo + hi), a, k),
			       f_hi = beyond(hi, a, k);
			double whole = (hi - lo) / 6 * (f_lo + 4 * f_mid + f_hi);
			sum += simpson(lo, hi, f_lo, f_mid, f_hi, whole, a, k, 1e-14, 20);
		}
	}
	return sum;
}
