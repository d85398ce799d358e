/* bench_geometry.c: rho(k, K) exactly for twenty k, beside sgemm's peak measured in the same run; and how far
 * its sums are from a float64 sort. RHO_BENCH_QUICK in the environment: fewer rows. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <rho/rng.h>
#include "base/blas.h"
#include "geometry/geometry.h"
#include "geometry/ranks.h"
#include "score/score.h"

enum { D = 384, CURVES = 20, SIDE = 2048, REPEATS = 5, CHECKED = 24, MOST_BLOCKS = 128 };

static const size_t some_k[CURVES] = { 1,   2,   3,    5,    10,   20,   50,   100,  200,   300,
	                               500, 700, 1000, 1500, 2000, 3000, 5000, 7000, 10000, 15000 };

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

struct square {
	const struct rho_blas *blas;
	const float *in;
	float *out; /* (threads, SIDE, SIDE) */
};

static void multiply_squares(void *arg, size_t from, size_t to)
{
	const struct square *s = arg;
	for (size_t i = from; i < to; i++)
		s->blas->sgemm(RHO_ROW_MAJOR, RHO_NO_TRANS, RHO_TRANS, SIDE, SIDE, SIDE, 1, s->in, SIDE,
		               s->in + SIDE * SIDE, SIDE, 0, s->out + i * SIDE * SIDE, SIDE);
}

/* Seconds of square products, one for each thread at once, into t (REPEATS). */
static void time_squares(const float *rows, unsigned threads, double *t)
{
	struct rho_buf why = { 0 };
	struct square s = { rho_blas(&why), rows, malloc((size_t)threads * SIDE * SIDE * sizeof(float)) };
	multiply_squares(&s, 0, threads); /* the memory is there */
	for (int i = 0; i < REPEATS; i++) {
		t[i] = now();
		rho_score_parallel(threads, multiply_squares, &s, threads);
		t[i] = now() - t[i];
	}
	free(s.out);
}

struct blocks { /* when each block of rows was done */
	double at[MOST_BLOCKS], done[MOST_BLOCKS];
	size_t n;
};

static void note(void *arg, const char *what, double done)
{
	struct blocks *b = arg;
	if (b->n < MOST_BLOCKS) {
		b->at[b->n] = now();
		b->done[b->n++] = done;
	}
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static double median(double *v, size_t n) /* v (n) is sorted in place */
{
	qsort(v, n, sizeof *v, by_value);
	return v[n / 2];
}

/* Seconds that all rows would take by the median block; the first, for which memory is fetched, not counted.
 */
static double median_block(const struct blocks *b)
{
	double t[MOST_BLOCKS];
	size_t n = 0;
	for (size_t i = 1; i < b->n; i++)
		t[n++] = (b->at[i] - b->at[i - 1]) / (b->done[i] - b->done[i - 1]);
	return median(t, n);
}

/* The greatest difference, over some rows and all k, from the same products sorted in float64. */
static double compare(const struct rho_units *u, const uint32_t *which)
{
	struct rho_buf why = { 0 };
	const struct rho_blas *blas = rho_blas(&why);
	struct rho_rank_sums *r = rho_rank_sums_new(u->n - 1, some_k, CURVES);
	struct rho_rank_sums_scratch *s = rho_rank_sums_scratch(r);
	size_t n = u->n - 1, moments = rho_rank_sums_moments(r);
	float *row = malloc(u->n * sizeof *row);
	double *distance = malloc(n * sizeof *distance), *moment = malloc(moments * sizeof *moment);
	double want[CURVES], got[CURVES], worst = 0;
	for (size_t i = 0; i < CHECKED; i++) {
		blas->sgemm(RHO_ROW_MAJOR, RHO_NO_TRANS, RHO_TRANS, 1, (int)u->n, D, 1,
		            u->at + (size_t)which[i] * D, D, u->at, D, 0, row, (int)u->n);
		row[which[i]] = row[n];
		for (size_t j = 0; j < n; j++)
			distance[j] = row[j] < 1 ? 1 - (double)row[j] : 0;
		rho_cover_sorted(distance, n, some_k, CURVES, want);
		rho_rank_sums_row(r, s, row, NULL, moment, got);
		for (size_t q = 0; q < CURVES; q++) {
			for (size_t p = 0; p < moments; p++)
				got[q] += moment[p] * rho_rank_sums_coefficients(r)[p * CURVES + q];
			worst = fmax(worst, fabs(got[q] - want[q]));
		}
	}
	rho_rank_sums_free(r);
	rho_rank_sums_scratch_free(s);
	free(row);
	free(distance);
	free(moment);
	return worst;
}

int main(void)
{
	bool quick = getenv("RHO_BENCH_QUICK");
	size_t K = quick ? 30000 : 100000, m = quick ? 4096 : 9216;
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned threads = cores > 1 ? (unsigned)cores : 1;
	struct rho_rng rng = { { 1, 2, 3, 4 } };
	float *x = malloc(K * D * sizeof *x);
	struct rho_mat rows = { x, K, D, D };
	struct rho_units u;
	struct rho_buf why = { 0 };
	for (size_t i = 0; i < K * D; i++)
		x[i] = (float)(rho_unif(&rng) + rho_unif(&rng) - 1);
	rho_blas_environment();
	if (!rho_blas(&why)) {
		printf("rho(k, K): %s\n", why.at);
		return 1;
	}
	rho_units_init(&u, &rows, threads);
	uint32_t *which = rho_draw_rows(K, &m, 1);
	double *out = malloc(m * CURVES * sizeof *out), square[2 * REPEATS], error, t;
	struct blocks blocks = { .n = 0 };
	struct rho_waiting wait = { note, &blocks };
	time_squares(u.at, threads, square); /* before and after: other work may come and go */
	t = now();
	if (rho_cover_rows(&u, which, m, some_k, CURVES, threads, &wait, out, &error, &why)) {
		printf("rho(k, K): %s\n", why.at);
		return 1;
	}
	t = now() - t;
	time_squares(u.at, threads, square + REPEATS);
	double limit = 2.0 * SIDE * SIDE * SIDE * threads / median(square, 2 * REPEATS);
	double work = 2.0 * (double)m * (double)K * D, rate = work / median_block(&blocks);
	printf("rho(k, K), K = %zu, d = %d, %d values of k, exact inner expectation; %u threads\n"
	       "  %.0f us a row; %.0f Gflop/s in products, %.0f%% of sgemm's peak; asked for: 80%%\n"
	       "  (median block of 1,008 rows; %.0f%% over %zu rows with everything that comes before the "
	       "first)\n"
	       "  limit: %.0f Gflop/s, sgemm of %d x %d squares, a thread each, their median\n"
	       "  off a float64 sort of the products by %.1e at most (%d rows); bound %.1e\n",
	       K, D, CURVES, threads, 1e6 * median_block(&blocks) / (double)m, rate / 1e9, 100 * rate / limit,
	       100 * work / t / limit, m, limit / 1e9, SIDE, SIDE, compare(&u, which), CHECKED, error);
	return 0;
}
