/* cosine.c: what the cosines of pairs say: how evenly the rows lie. */
#include "geometry.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../score/score.h"
#include "moments.h"
#include "products.h"

struct pair_job {
	double t;
	double *term; /* (m) */
	uint64_t *histogram;
	size_t bins;
};

static void count_cosines(const float *cosine, size_t n, uint64_t *count, size_t bins)
{
	for (size_t c = 0; c < n; c++) {
		double at = 0.5 * ((double)cosine[c] + 1) * (double)bins;
		size_t b = at > 0 ? (size_t)at : 0;
		count[b < bins ? b : bins - 1]++;
	}
}

static void pair_rows(void *arg, const struct rho_products *p, size_t from, size_t to)
{
	struct pair_job *j = arg;
	uint64_t *count = rho_xcalloc(j->bins + 1, sizeof *count); /* (bins) */
	for (size_t i = from; i < to; i++) {
		const float *cosine = rho_products_others(p, i);
		double sum = 0;
		for (size_t c = 0; c + 1 < p->n; c++)
			sum += cosine[c] < 1 ? exp(-2 * j->t * (1 - (double)cosine[c])) : 1;
		j->term[p->first + i] = sum / (double)(p->n - 1);
		if (j->histogram)
			count_cosines(cosine, p->n - 1, count, j->bins);
	}
	/* Whole numbers: in whatever order they are added. */
	for (size_t b = 0; j->histogram && b < j->bins; b++)
		__atomic_fetch_add(&j->histogram[b], count[b], __ATOMIC_RELAXED);
	free(count);
}

int rho_uniformity(const struct rho_units *u, const uint32_t *which, size_t m, double t, unsigned threads,
                   const struct rho_waiting *wait, double *value, double *term, uint64_t *histogram,
                   size_t bins, struct rho_buf *why)
{
	struct pair_job j = { t, rho_xmalloc((m + 1) * sizeof(double)), histogram, histogram ? bins : 0 };
	struct rho_each each = { pair_rows, NULL, &j, false, false };
	int err = 0;
	*value = NAN;
	memset(j.term, 0, (m + 1) * sizeof *j.term);
	if (histogram)
		memset(histogram, 0, bins * sizeof *histogram);
	if (u->n > 1 && m)
		err = rho_products_each(u, which, m, &each, threads, wait, "uniformity", why);
	if (!err && u->n > 1 && m)
		*value = log(rho_mean(j.term, m));
	if (!err && term)
		memcpy(term, j.term, m * sizeof *term);
	free(j.term);
	return err;
}

double rho_sphere_uniformity(size_t d)
{
	double sum = 1, step = 1, b = (double)d / 2;
	for (int n = 1; n < 1000 && step > 1e-18 * sum; n++) {
		step *= 4 / (n * (b + n - 1));
		sum += step;
	}
	return d ? log(sum) - 4 : NAN;
}

struct mean_job {
	const struct rho_units *units;
	const double *sum; /* (dim) */
	double *dot;       /* (n): <e_i, sum> */
	double *own;       /* (n): |e_i|^2 */
};

static void dot_with_sum(void *arg, size_t from, size_t to)
{
	const struct mean_job *j = arg;
	for (size_t i = from; i < to; i++) {
		const float *x = j->units->at + i * j->units->dim;
		j->dot[i] = j->own[i] = 0;
		for (size_t c = 0; c < j->units->dim; c++) {
			j->dot[i] += (double)x[c] * j->sum[c];
			j->own[i] += (double)x[c] * (double)x[c];
		}
	}
}

double rho_mean_cosine(const struct rho_units *u, unsigned threads, double *term)
{
	struct rho_mat rows = { u->at, u->n, u->dim, u->dim };
	double *sum = rho_xmalloc((u->dim + 1) * sizeof *sum),
	       *dot = rho_xmalloc((2 * u->n + 1) * sizeof *dot), all = 0;
	struct mean_job j = { u, sum, dot, dot + u->n };
	double others = (double)u->n - 1;
	rho_mean_row(&rows, threads, sum);
	for (size_t c = 0; c < u->dim; c++)
		sum[c] *= (double)u->n;
	rho_score_parallel(u->n, dot_with_sum, &j, threads);
	for (size_t i = 0; i < u->n; i++) {
		double mine = u->n > 1 ? (j.dot[i] - j.own[i]) / others : NAN;
		if (term)
			term[i] = mine;
		all += mine;
	}
	free(sum);
	free(dot);
	return u->n > 1 ? all / (double)u->n : NAN;
}
