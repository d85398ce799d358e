/* bench_score.c: the scoring kernel beside what the machine can do, measured in turn with it: one and few
 * queries beside reading the same rows, many beside sgemm. Medians of PASSES; RHO_BENCH_QUICK in the
 * environment: fewer rows. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <rho/rng.h>
#include "base/blas.h"
#include "reading.h"
#include "score/kernels.h"
#include "score/score.h"

enum { D = 384, PASSES = 5, MOST = 64, TOP = 10, SIDE = 2048, HUGE = 2 << 20 };

/* Seconds of processor of all threads together: other work on the machine is not counted. */
static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

struct bench {
	struct rho_mat rows;
	float *x;    /* (MOST, D) queries */
	double *x64; /* (MOST, D) */
	float *out;  /* (4, rows) */
	double *out64;
	unsigned threads;
	size_t n, n64; /* queries */
	const struct rho_blas *blas;
};

/* ---- the limits ---- */

static void read_range(void *arg, size_t from, size_t to)
{
	const struct bench *b = arg;
	volatile float sum = bench_read(b->rows.at + from * b->rows.stride, (to - from) * b->rows.stride);
	(void)sum;
}

static void read_rows(struct bench *b)
{
	if (b->threads < 2)
		read_range(b, 0, b->rows.rows);
	else
		rho_score_parallel(b->rows.rows, read_range, b, b->threads);
}

/* out += side x side squares. */
static void multiply_square(void *arg, size_t from, size_t to)
{
	const struct bench *b = arg;
	for (size_t i = from; i < to; i++)
		b->blas->sgemm(RHO_ROW_MAJOR, RHO_NO_TRANS, RHO_TRANS, SIDE / 2, SIDE, SIDE, 1, b->rows.at,
		               SIDE, b->rows.at + SIDE * SIDE, SIDE, 0, b->out + i * SIDE * SIDE / 2, SIDE);
}

static void squares(struct bench *b) { rho_score_parallel(b->threads, multiply_square, b, b->threads); }

/* The same queries with as many rows as the memory for products holds. */
static void same_shape(struct bench *b)
{
	int rows = (int)(b->rows.rows * 4 / MOST);
	b->blas->sgemm(RHO_ROW_MAJOR, RHO_NO_TRANS, RHO_TRANS, (int)b->n, rows, D, 1, b->x, D, b->rows.at, D,
	               0, b->out, rows);
}

/* ---- the kernel ---- */

static void scan_all(struct bench *b)
{
	struct rho_mat x = { b->x, MOST, b->rows.cols, b->rows.cols };
	struct rho_rows y = { &b->rows, NULL, 0, b->rows.rows };
	struct rho_scan all = { .want = RHO_SCAN_ALL,
		                .x = { &x, NULL, 0, b->n },
		                .y = y,
		                .out = b->out,
		                .stride = b->rows.rows };
	struct rho_scan all64 = { .want = RHO_SCAN_ALL64,
		                  .x64 = b->x64,
		                  .n64 = b->n64,
		                  .y = y,
		                  .out64 = b->out64,
		                  .stride = b->rows.rows };
	struct rho_scan *scan[] = { b->n ? &all : &all64, &all64 };
	rho_score_scan(scan, b->n && b->n64 ? 2 : 1, NULL, b->threads);
}

static void scan_top(struct bench *b)
{
	static uint32_t place[MOST * TOP];
	static float score[MOST * TOP];
	struct rho_mat x = { b->x, MOST, b->rows.cols, b->rows.cols };
	struct rho_scan top = { .want = RHO_SCAN_TOP,
		                .x = { &x, NULL, 0, b->n },
		                .y = { &b->rows, NULL, 0, b->rows.rows },
		                .k = TOP,
		                .place = place,
		                .score = score };
	rho_score_scan((struct rho_scan *const[]){ &top }, 1, NULL, b->threads);
}

/* Median seconds a thread of fn and of its limit, one after the other each time; the first is not counted. */
static double beside(struct bench *b, void (*fn)(struct bench *), void (*limit)(struct bench *), double *of)
{
	double t[PASSES], l[PASSES], start;
	fn(b);
	for (int i = 0; i < PASSES; i++) {
		start = now();
		limit(b);
		l[i] = now() - start;
		start = now();
		fn(b);
		t[i] = now() - start;
	}
	qsort(t, PASSES, sizeof *t, by_value);
	qsort(l, PASSES, sizeof *l, by_value);
	*of = l[PASSES / 2] / b->threads;
	return t[PASSES / 2] / b->threads;
}

/* ---- what is measured ---- */

static float *map(size_t bytes, bool huge)
{
	char *at = mmap(NULL, bytes + HUGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (at == MAP_FAILED) {
		perror("bench-score: memory");
		exit(1);
	}
	at += (HUGE - (uintptr_t)at % HUGE) % HUGE;
	madvise(at, bytes, huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
	return (float *)(void *)at;
}

static void fill(float *at, size_t n)
{
	struct rho_rng r = { { 1, 2, 3, 4 } };
	for (size_t i = 0; i < n; i++)
		at[i] = (float)(rho_u64(&r) >> 40) * 0x1p-23f - 1;
}

static void few(struct bench *b, const char *name, void (*fn)(struct bench *), size_t n, size_t n64)
{
	double bytes = (double)b->rows.rows * (double)b->rows.stride * sizeof(float);
	printf("  %-30s", name);
	for (unsigned t = 1; t <= 2; t++) {
		double limit, s;
		b->threads = t;
		b->n = n;
		b->n64 = n64;
		s = beside(b, fn, read_rows, &limit);
		printf("   %u thread%s %6.1f ms %5.1f GB/s of %5.1f (%3.0f%%)", t, t > 1 ? "s" : "", 1e3 * s,
		       1e-9 * bytes / s, 1e-9 * bytes / limit, 100 * limit / s);
	}
	printf("\n");
	fflush(stdout);
}

static void many(struct bench *b, size_t n)
{
	double work = 2 * (double)n * (double)b->rows.rows * D, limit, shape, s;
	double part = (double)(b->rows.rows * 4 / MOST) / (double)b->rows.rows;
	printf("  %2zu queries, best %d:", n, TOP);
	for (unsigned t = 1; t <= 2; t++) {
		b->threads = t;
		b->n = n;
		s = beside(b, scan_top, squares, &limit);
		limit = (double)t * SIDE * SIDE * SIDE / limit;
		printf("   %u thread%s %6.1f ms %4.0f queries/s %5.1f Gflop/s of %5.1f (%3.0f%%)", t,
		       t > 1 ? "s" : "", 1e3 * s, (double)n / s, 1e-9 * work / s, 1e-9 * limit,
		       100 * work / s / limit);
	}
	b->threads = 1;
	beside(b, same_shape, same_shape, &shape);
	printf("\n      sgemm of this shape, one thread, without looking for the best: %.1f Gflop/s\n",
	       1e-9 * work * part / shape);
	fflush(stdout);
}

static void small(struct bench *b)
{
	enum { CALLS = 400 };
	double t[PASSES];
	b->threads = 1;
	b->n = 1;
	b->rows.cols = b->rows.stride = 64;
	b->rows.rows = 10000;
	scan_top(b);
	for (int i = 0; i < PASSES; i++) {
		t[i] = now();
		for (int c = 0; c < CALLS; c++)
			scan_top(b);
		t[i] = (now() - t[i]) / CALLS;
	}
	qsort(t, PASSES, sizeof *t, by_value);
	printf("one query, K = 10000, d = 64, best %d, one thread: %.1f us, %.0f a second, %.1f GB/s\n", TOP,
	       1e6 * t[PASSES / 2], 1 / t[PASSES / 2], 1e-9 * 10000 * 64 * 4 / t[PASSES / 2]);
}

int main(void)
{
	size_t K = getenv("RHO_BENCH_QUICK") ? 200000 : 500000;
	struct rho_buf why = { 0 };
	struct bench b = { .blas = rho_blas(&why) };
	if (!b.blas) {
		printf("scoring: %s\n", why.at);
		return 1;
	}
	b.x = map(MOST * D * sizeof(float), false);
	b.x64 = malloc(MOST * D * sizeof *b.x64);
	b.out = map((K * 4 + SIDE * SIDE) * sizeof(float), true);
	b.out64 = malloc(K * 3 * sizeof *b.out64);
	fill(b.x, MOST * D);
	for (size_t i = 0; i < MOST * D; i++)
		b.x64[i] = (double)b.x[i];
	printf("scoring, K = %zu, d = %d, kernels: %s; beside reading the same rows, in turn\n", K, D,
	       rho_score_kernels_at(0)->name);
	for (int huge = 0; huge < 2; huge++) {
		float *at = map(K * D * sizeof(float), huge);
		fill(at, K * D);
		b.rows = (struct rho_mat){ at, K, D, D };
		printf(" pages of %s\n", huge ? "2 MiB" : "4 KiB");
		few(&b, "1 query, all products", scan_all, 1, 0);
		few(&b, "1 query, best 10", scan_top, 1, 0);
		if (huge) {
			few(&b, "2 queries, all products", scan_all, 2, 0);
			few(&b, "3 queries, all products", scan_all, 3, 0);
			few(&b, "1 query in float64", scan_all, 0, 1);
			few(&b, "2 queries in float64", scan_all, 0, 2);
			few(&b, "3 queries in float64", scan_all, 0, 3);
			few(&b, "1 in float32, 2 in float64", scan_all, 1, 2);
			printf(" beside sgemm of %d x %d by %d x %d, a thread each\n", SIDE / 2, SIDE, SIDE,
			       SIDE);
			many(&b, 20);
			many(&b, 64);
			small(&b);
		}
		munmap(at, K * D * sizeof(float));
	}
	return 0;
}
