/* moments.c: sums over rows, cut by the number of rows and columns alone and added up in order. */
#include "moments.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../base/blas.h"
#include "../score/score.h"

enum { MEAN_BLOCK = 1024, BLOCK = 1024, TILE = 128 };

struct mean_job {
	const struct rho_mat *rows;
	double *sum; /* (blocks, cols) */
};

static void add_blocks(void *arg, size_t from, size_t to)
{
	const struct mean_job *j = arg;
	size_t d = j->rows->cols;
	for (size_t b = from; b < to; b++) {
		double *sum = j->sum + b * d;
		size_t end = (b + 1) * MEAN_BLOCK < j->rows->rows ? (b + 1) * MEAN_BLOCK : j->rows->rows;
		for (size_t i = b * MEAN_BLOCK; i < end; i++) {
			const float *x = j->rows->at + i * j->rows->stride;
			for (size_t c = 0; c < d; c++)
				sum[c] += (double)x[c];
		}
	}
}

void rho_mean_row(const struct rho_mat *rows, unsigned threads, double *out)
{
	size_t d = rows->cols, blocks = (rows->rows + MEAN_BLOCK - 1) / MEAN_BLOCK;
	struct mean_job j = { rows, rho_xcalloc(blocks * d + 1, sizeof(double)) };
	rho_score_parallel(blocks, add_blocks, &j, threads);
	memset(out, 0, d * sizeof *out);
	for (size_t b = 0; b < blocks; b++)
		for (size_t c = 0; c < d; c++)
			out[c] += j.sum[b * d + c];
	for (size_t c = 0; c < d && rows->rows; c++)
		out[c] /= (double)rows->rows;
	free(j.sum);
}

struct scatter_job {
	const struct rho_blas *blas;
	const struct rho_mat *rows;
	const double *mean;
	size_t first, n; /* the rows of this block */
	double *block;   /* (n, cols) */
	double *out;
};

static void widen(void *arg, size_t from, size_t to)
{
	const struct scatter_job *j = arg;
	size_t d = j->rows->cols;
	for (size_t i = from; i < to; i++) {
		const float *x = j->rows->at + (j->first + i) * j->rows->stride;
		double *y = j->block + i * d;
		for (size_t c = 0; c < d; c++)
			y[c] = (double)x[c] - (j->mean ? j->mean[c] : 0);
	}
}

/* Tiles of the upper triangle, numbered along its rows. */
static void add_tiles(void *arg, size_t from, size_t to)
{
	const struct scatter_job *j = arg;
	size_t d = j->rows->cols, tiles = (d + TILE - 1) / TILE, p = 0, q;
	for (q = from; q >= tiles - p; p++)
		q -= tiles - p;
	for (q += p; from < to; from++) {
		size_t r = p * TILE, c = q * TILE;
		size_t m = d - r < TILE ? d - r : TILE, n = d - c < TILE ? d - c : TILE;
		j->blas->dgemm(RHO_ROW_MAJOR, RHO_TRANS, RHO_NO_TRANS, (int)m, (int)n, (int)j->n, 1,
		               j->block + r, (int)d, j->block + c, (int)d, 1, j->out + r * d + c, (int)d);
		if (++q == tiles)
			q = ++p;
	}
}

int rho_scatter(const struct rho_mat *rows, const double *mean, unsigned threads, double *out,
                struct rho_buf *why)
{
	size_t d = rows->cols, tiles = (d + TILE - 1) / TILE;
	struct scatter_job j = { .blas = rho_blas(why), .rows = rows, .mean = mean, .out = out };
	if (!j.blas)
		return -1;
	memset(out, 0, d * d * sizeof *out);
	j.block = rho_xmalloc((BLOCK * d + 1) * sizeof *j.block);
	for (; j.first < rows->rows; j.first += j.n) {
		j.n = rows->rows - j.first < BLOCK ? rows->rows - j.first : BLOCK;
		rho_score_parallel(j.n, widen, &j, threads);
		rho_score_parallel(tiles * (tiles + 1) / 2, add_tiles, &j, threads);
	}
	for (size_t r = 0; r < d; r++)
		for (size_t c = 0; c < r; c++)
			out[r * d + c] = out[c * d + r];
	free(j.block);
	return 0;
}

/* Reverses the order of the rows of a (d, d): LAPACK has the smallest first. */
static void turn_over(double *a, size_t d)
{
	for (size_t r = 0; r < d / 2; r++)
		for (size_t c = 0; c < d; c++) {
			double keep = a[r * d + c];
			a[r * d + c] = a[(d - 1 - r) * d + c];
			a[(d - 1 - r) * d + c] = keep;
		}
}

static void fix_sign(double *v, size_t d)
{
	size_t top = 0;
	for (size_t c = 1; c < d; c++)
		if (fabs(v[c]) > fabs(v[top]))
			top = c;
	if (v[top] < 0)
		for (size_t c = 0; c < d; c++)
			v[c] = -v[c];
}

int rho_eigen(double *a, size_t d, double *value, bool vectors, struct rho_buf *why)
{
	const struct rho_blas *blas = rho_blas(why);
	int n = (int)d, ask = -1, info = 0, iwanted, *iwork;
	double wanted, *work;
	if (!blas)
		return -1;
	for (size_t i = 0; i < d * d; i++)
		if (!isfinite(a[i])) {
			rho_buf_str(why, "the covariance is not finite: the rows' numbers are too large");
			return -1;
		}
	blas->dsyevd(vectors ? "V" : "N", "U", &n, a, &n, value, &wanted, &ask, &iwanted, &ask, &info);
	if (wanted > INT_MAX) {
		rho_buf_printf(why, "a covariance of %zu columns is more than LAPACK's numbers can count", d);
		return -1;
	}
	work = rho_xmalloc(((size_t)wanted + 1) * sizeof *work);
	iwork = rho_xmalloc(((size_t)iwanted + 1) * sizeof *iwork);
	ask = (int)wanted;
	blas->dsyevd(vectors ? "V" : "N", "U", &n, a, &n, value, work, &ask, iwork, &iwanted, &info);
	free(work);
	free(iwork);
	if (info) {
		rho_buf_printf(why, "LAPACK's dsyevd gave up on a (%zu, %zu) covariance (info %d)", d, d,
		               info);
		return -1;
	}
	for (size_t i = 0; i < d / 2; i++) {
		double keep = value[i];
		value[i] = value[d - 1 - i];
		value[d - 1 - i] = keep;
	}
	if (vectors) { /* columns of a column-major matrix: rows of ours */
		turn_over(a, d);
		for (size_t r = 0; r < d; r++)
			fix_sign(a + r * d, d);
	}
	return 0;
}

/* Without a branch, so that many numbers are looked at at once: the host asks this at each decision whose
 * actions are new. */
static bool all_finite(const float *x, size_t n)
{
	uint32_t found = 0;
	for (size_t i = 0; i < n; i++) {
		uint32_t bits;
		memcpy(&bits, &x[i], sizeof bits);
		found |= (bits & 0x7f800000u) == 0x7f800000u;
	}
	return !found;
}

bool rho_rows_finite(const struct rho_mat *rows, size_t *row, size_t *col)
{
	for (*row = 0; *row < rows->rows; ++*row) {
		const float *x = rows->at + *row * rows->stride;
		if (all_finite(x, rows->cols))
			continue;
		for (*col = 0; isfinite(x[*col]);)
			++*col;
		return false;
	}
	return true;
}
