/* bench_codes.c: one query's best among 500,000 rows of 384, in float32 and in fewer bits; the answers are
 * compared. Beside it how fast memory is read. RHO_BENCH_QUICK in the environment: fewer rows. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <rho/rng.h>
#include "reading.h"
#include "score/score.h"

enum { D = 384, QUERIES = 3, FUSED = 16, CLUSTERS = 1000 };

/* Seconds of processor of all threads together: other work on the machine is not counted. */
static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Large pages where the system gives them, as for a matrix. */
static void *block(size_t n)
{
	size_t huge = (size_t)2 << 20, len = (n + huge - 1) / huge * huge;
	void *at = aligned_alloc(huge, len);
	if (!at) {
		printf("not enough memory\n");
		exit(1);
	}
	madvise(at, len, MADV_HUGEPAGE);
	return at;
}

/* ---- rows of length 1 ---- */

struct rows {
	float *at; /* (n, D) */
	const float *centre; /* (CLUSTERS, D), or NULL */
};

static void fill(void *arg, size_t from, size_t to)
{
	struct rows *m = arg;
	for (size_t i = from; i < to; i++) {
		struct rho_rng r = { { i + 1, 77, 3, 4 } };
		float *row = m->at + i * D;
		double length = 0;
		for (int j = 0; j < 8; j++)
			rho_u64(&r);
		for (size_t j = 0; j < D; j++) {
			double v = rho_unif(&r) + rho_unif(&r) + rho_unif(&r) - 1.5;
			row[j] = (float)(m->centre ? 0.3 * v : v);
			if (m->centre)
				row[j] += m->centre[i * 7919 % CLUSTERS * D + j];
			length += (double)row[j] * (double)row[j];
		}
		for (size_t j = 0; j < D; j++)
			row[j] /= (float)sqrt(length);
	}
}

/* ---- measuring ---- */

static void read_all(void *arg, size_t from, size_t to)
{
	const float *at = arg;
	volatile float sum = bench_read(at + from * 1024, (to - from) * 1024);
	(void)sum;
}

struct answer {
	uint32_t place[FUSED * 100];
	float score[FUSED * 100];
};

/* The least seconds a thread of `repeats` searches for n queries at once. */
static double search(const struct rho_rows *x, const struct rho_rows *y, size_t k,
		     const struct rho_codes *codes, unsigned threads, int repeats, struct answer *out)
{
	struct rho_scan s = {
		.want = RHO_SCAN_TOP, .x = *x, .y = *y, .k = k, .place = out->place, .score = out->score
	};
	double best = INFINITY;
	for (int i = 0; i < repeats; i++) {
		double t = now();
		rho_score_scan((struct rho_scan *const[]){ &s }, 1, codes, threads);
		best = fmin(best, (now() - t) / threads);
	}
	return best;
}

static struct answer want, got;

static void compare(const struct rho_rows *y, const struct rho_rows *queries, const struct rho_codes *codes,
		    unsigned threads)
{
	static const size_t ks[] = { 1, 10, 100 };
	for (size_t i = 0; i < 3; i++) {
		size_t k = ks[i], bytes = 0;
		double t[3] = { 0 };
		bool same = true;
		for (size_t q = 0; q < QUERIES; q++) {
			struct rho_rows x = rho_slice(*queries, q, 1);
			t[0] += search(&x, y, k, NULL, threads, 2, &want);
			for (size_t c = 0; c < 2; c++) {
				t[c + 1] += search(&x, y, k, &codes[c], threads, 3, &got);
				bytes = k * sizeof *want.score;
				same &= !memcmp(want.score, got.score, bytes) &&
					!memcmp(want.place, got.place, k * sizeof *want.place);
			}
		}
		printf("  %u thread%s, top %3zu: f32 %6.2f ms, bf16 %6.2f (%.1fx), int8 %6.2f (%.1fx); %s\n", threads,
		       threads > 1 ? "s" : "", k, t[0] * 1e3 / QUERIES, t[1] * 1e3 / QUERIES, t[0] / t[1],
		       t[2] * 1e3 / QUERIES, t[0] / t[2], same ? "the same answers" : "NOT THE SAME ANSWERS");
	}
	double f32 = search(queries, y, 10, NULL, threads, 1, &want);
	double int8 = search(queries, y, 10, &codes[1], threads, 1, &got);
	printf("  %u thread%s, %d queries at once, top 10: f32 %.2f ms a query, int8 %.2f\n", threads,
	       threads > 1 ? "s" : "", FUSED, f32 * 1e3 / FUSED, int8 * 1e3 / FUSED);
}

struct making {
	const struct rho_mat *m;
	const struct rho_codes *c;
	void *at;
	float *scale, *error;
};

static void make(void *arg, size_t from, size_t to)
{
	struct making *m = arg;
	rho_codes_make(m->m, m->c->code, from, to, m->at, m->scale, m->error);
}

int main(void)
{
	size_t n = getenv("RHO_BENCH_QUICK") ? 50000 : 500000;
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned most = cores > 1 ? (unsigned)cores : 1;
	float *centre = malloc(CLUSTERS * D * sizeof *centre), *q = malloc(FUSED * D * sizeof *q);
	struct rows m = { block(n * D * sizeof(float)), NULL }, c = { centre, NULL };
	struct rho_mat mat = { m.at, n, D, D }, queries = { q, FUSED, D, D };
	struct rho_rows y = { &mat, NULL, 0, n }, x = { &queries, NULL, 0, FUSED };
	struct rho_codes codes[2];
	fill(&c, 0, CLUSTERS);
	for (int clustered = 0; clustered < 2; clustered++) {
		m.centre = clustered ? centre : NULL;
		rho_score_parallel(n, fill, &m, most);
		for (size_t i = 0; i < FUSED; i++) /* near a row, as an agent's query is after a while */
			for (size_t j = 0; j < D; j++)
				q[i * D + j] = m.at[(i * 1777 + 5) % n * D + j] + 0.5f * m.at[(i * 31 + 9) * D + j];
		printf("codes: K = %zu, d = %d, %s vectors of length 1\n", n, D, clustered ? "clustered" : "isotropic");
		for (unsigned threads = 1; threads <= most && !clustered; threads += most > 1 ? most - 1 : 1) {
			double t = INFINITY;
			for (int i = 0; i < 3; i++) {
				double from = now();
				rho_score_parallel(n * D / 1024, read_all, m.at, threads);
				t = fmin(t, (now() - from) / threads);
			}
			printf("  %u thread%s read memory at %.1f GB/s\n", threads, threads > 1 ? "s" : "",
			       (double)n * D * 4 / t * 1e-9);
		}
		for (uint32_t i = 0; i < 2; i++) {
			uint32_t code = i ? RHO_CODE_INT8 : RHO_CODE_BF16;
			size_t stride = rho_codes_stride(code, D);
			struct making k = { &mat, &codes[i], block(n * stride), malloc(n * sizeof(float)),
					    malloc(n * sizeof(float)) };
			codes[i] = (struct rho_codes){ code, &mat, stride, k.at, k.scale, k.error };
			double t = now();
			rho_score_parallel(n, make, &k, most);
			printf("  %s made in %.2f s a thread on %u\n", rho_code_names[code], (now() - t) / most, most);
		}
		for (unsigned threads = 1; threads <= most; threads += most > 1 ? most - 1 : 1)
			compare(&y, &x, codes, threads);
		for (int i = 0; i < 2; i++) {
			free((void *)(size_t)codes[i].at);
			free((void *)(size_t)codes[i].scale);
			free((void *)(size_t)codes[i].error);
		}
	}
	free(m.at);
	free(centre);
	free(q);
	return 0;
}
