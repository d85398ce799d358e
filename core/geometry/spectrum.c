/* spectrum.c: numbers of directions, from eigenvalues; partition isotropy. */
#include "geometry.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../base/blas.h"
#include "../score/score.h"

static double share_entropy(double share) { return share > 0 ? -share * log(share) : 0; }

/* How many eigenvalues, the largest first, hold this share of their sum. */
static double holding(const double *l, size_t d, double sum, double share)
{
	double held = 0;
	size_t i = 0;
	while (i < d && held < share * sum)
		held += l[i++];
	return (double)i;
}

void rho_spectrum_of(const double *eigen, size_t d, size_t rank, double lambda, struct rho_spectrum *out)
{
	double sum = 0, squares = 0, roots = 0, ridge = 0, entropy = 0, root_entropy = 0;
	double *l = rho_xmalloc((d + 1) * sizeof *l);
	for (size_t i = 0; i < d; i++) {
		l[i] = eigen[i] > 0 ? eigen[i] : 0;
		sum += l[i];
		squares += l[i] * l[i];
		roots += sqrt(l[i]);
		ridge += l[i] > 0 ? l[i] / (l[i] + lambda) : 0;
	}
	*out = (struct rho_spectrum){ NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN };
	if (sum > 0) {
		for (size_t i = 0; i < d; i++) {
			entropy += share_entropy(l[i] / sum);
			root_entropy += share_entropy(sqrt(l[i]) / roots);
		}
		out->participation = sum * sum / squares;
		out->iso_score = d > 1 ? (out->participation - 1) / ((double)d - 1) : NAN;
		out->effective_rank = exp(entropy);
		out->stable_rank = sum / l[0];
		out->d90 = holding(l, d, sum, 0.9);
		out->d99 = holding(l, d, sum, 0.99);
		out->ridge = ridge;
		out->entropy = rank > 1 ? root_entropy / log((double)rank) : NAN;
	}
	free(l);
}

struct partition_job {
	const struct rho_blas *blas;
	const struct rho_mat *rows;
	const float *axis;
	const uint8_t *group;
	size_t axes, first, n;
	float *dot;   /* (n, axes) */
	double *sums; /* (groups, 2 * axes) */
};

enum { BLOCK = 1024 };

static void dot_axes(void *arg, size_t from, size_t to)
{
	const struct partition_job *j = arg;
	const struct rho_mat *r = j->rows;
	j->blas->sgemm(RHO_ROW_MAJOR, RHO_NO_TRANS, RHO_TRANS, (int)(to - from), (int)j->axes, (int)r->cols,
	               1, r->at + (j->first + from) * r->stride, (int)r->stride, j->axis, (int)r->cols, 0,
	               j->dot + from * j->axes, (int)j->axes);
}

static void add_axes(void *arg, size_t from, size_t to)
{
	const struct partition_job *j = arg;
	for (size_t i = 0; i < j->n; i++) {
		double *sums = j->sums + (j->group ? (size_t)j->group[j->first + i] : 0) * 2 * j->axes;
		for (size_t a = from; a < to; a++) {
			double dot = (double)j->dot[i * j->axes + a];
			sums[2 * a] += exp(dot);
			sums[2 * a + 1] += exp(-dot);
		}
	}
}

int rho_partition(const struct rho_mat *rows, const float *axis, size_t axes, const uint8_t *group,
                  size_t groups, unsigned threads, double *sums, struct rho_buf *why)
{
	struct partition_job j = { rho_blas(why), rows, axis, group, axes, 0, 0, NULL, sums };
	if (!j.blas)
		return -1;
	memset(sums, 0, groups * 2 * axes * sizeof *sums);
	j.dot = rho_xmalloc((BLOCK * axes + 1) * sizeof *j.dot);
	for (; j.first < rows->rows; j.first += j.n) {
		j.n = rows->rows - j.first < BLOCK ? rows->rows - j.first : BLOCK;
		rho_score_parallel(j.n, dot_axes, &j, threads);
		rho_score_parallel(axes, add_axes, &j, threads);
	}
	free(j.dot);
	return 0;
}

double rho_partition_isotropy(const double *z, size_t n)
{
	double least = z[0], most = z[0];
	for (size_t i = 1; i < n; i++) {
		least = z[i] < least ? z[i] : least;
		most = z[i] > most ? z[i] : most;
	}
	return least / most;
}
