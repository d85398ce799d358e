/* measure.c: the time that scans of all rows and decisions over samples of them take on this machine. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "../run/clock.h"
#include "../score/score.h"
#include "scale.h"

/* A time is the lower quartile (other work on the machine only adds) of at least LEAST and at most MOST, as
 * many as fit into about a third of a second. */
enum { LEAST = 5, MOST = 41, MOST_GRID = 64 };

const size_t rho_scale_tops[RHO_SCALE_TOPS] = { 1, 10, 100 };
const char *const rho_scale_names[RHO_PASSES] = { "f32", "bf16", "int8", "f32, 20 at once",
	                                          "int8, 20 at once" };

struct bench {
	const struct rho_mat *mat;
	unsigned threads;
	uint64_t seed;
	float *query; /* (RHO_SCALE_FUSED, cols) */
	struct rho_mat queries;
};

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static double quartile(double *v, size_t n) /* v (n) is sorted in place */
{
	qsort(v, n, sizeof *v, by_value);
	return v[n / 4];
}

/* Sums of two rows: as near to some actions as an agent's query is after a while. */
static void make_queries(struct bench *b)
{
	size_t d = b->mat->cols, K = b->mat->rows;
	b->query = rho_xmalloc(RHO_SCALE_FUSED * d * sizeof *b->query);
	for (size_t i = 0; i < RHO_SCALE_FUSED; i++) {
		const float *one = b->mat->at + (i * 7919 + b->seed) % K * b->mat->stride;
		const float *two = b->mat->at + (i * 104729 + b->seed / 3 + 1) % K * b->mat->stride;
		for (size_t j = 0; j < d; j++)
			b->query[i * d + j] = one[j] + 0.5f * two[j];
	}
	b->queries = (struct rho_mat){ b->query, RHO_SCALE_FUSED, d, d };
}

/* Seconds of one search for the best row of `y` for n queries from the i-th on. */
static double once(const struct bench *b, const struct rho_rows *y, size_t i, size_t n,
                   const struct rho_codes *codes)
{
	uint32_t place[RHO_SCALE_FUSED];
	float score[RHO_SCALE_FUSED];
	struct rho_scan s = { .want = RHO_SCAN_TOP,
		              .x = { &b->queries, NULL, i, n },
		              .y = *y,
		              .k = 1,
		              .place = place,
		              .score = score };
	double t = rho_clock();
	rho_score_scan((struct rho_scan *const[]){ &s }, 1, codes, b->threads);
	return rho_clock() - t;
}

static double time_pass(const struct bench *b, size_t n, const struct rho_codes *codes)
{
	struct rho_rows y = { b->mat, NULL, 0, b->mat->rows };
	double t[MOST], sum = 0;
	size_t made = 0;
	once(b, &y, 0, n, codes); /* the memory is there */
	for (; made < MOST && (made < LEAST || sum < 0.3); made++)
		sum += t[made] = once(b, &y, n > 1 ? 0 : made % RHO_SCALE_FUSED, n, codes);
	return quartile(t, made) / (double)n;
}

/* Each time another sample: what it gathers is where the last decisions left it. */
static double time_sample(const struct bench *b, size_t k)
{
	double t[MOST], sum = 0;
	size_t made = 0;
	for (; made < MOST && (made < LEAST || sum < 0.3); made++) {
		size_t m = k;
		uint32_t *id = rho_draw_rows(b->mat->rows, &m, b->seed + 1000003 * k + made);
		struct rho_rows y = { b->mat, id, 0, m };
		sum += t[made] = once(b, &y, made % RHO_SCALE_FUSED, 1, NULL);
		free(id);
	}
	return quartile(t, made);
}

/* ---- codes, for as long as they are measured ---- */

struct making {
	const struct rho_mat *mat;
	uint32_t code;
	char *at;
	float *scale, *error;
};

static void make_rows(void *arg, size_t from, size_t to)
{
	struct making *m = arg;
	rho_codes_make(m->mat, m->code, from, to, m->at, m->scale, m->error);
}

static void time_codes(const struct bench *b, uint32_t code, double *one, double *fused)
{
	size_t rows = b->mat->rows, stride = rho_codes_stride(code, b->mat->cols);
	struct making m = { b->mat, code, rho_xmalloc(rows * stride), rho_xmalloc(rows * sizeof(float)),
		            rho_xmalloc(rows * sizeof(float)) };
	struct rho_codes codes = { code, b->mat, stride, m.at, m.scale, m.error };
	rho_score_parallel(rows, make_rows, &m, b->threads);
	*one = time_pass(b, 1, &codes);
	if (fused)
		*fused = time_pass(b, RHO_SCALE_FUSED, &codes);
	free(m.at);
	free(m.scale);
	free(m.error);
}

/* ---- where sampling and scanning cost the same ---- */

size_t rho_scale_even(const size_t *k, const double *seconds, size_t n, double cost)
{
	double before = 0;
	for (size_t i = 0; i < n; i++) {
		double now = fmax(seconds[i], before);
		if (now >= cost && !i)
			return k[0];
		if (now >= cost) {
			double share = log(cost / before) / log(now / before);
			double at = exp(log((double)k[i - 1]) + share * log((double)k[i] / (double)k[i - 1]));
			return at < (double)k[i] ? (size_t)(at + 0.5) : k[i];
		}
		before = now;
	}
	return 0;
}

static int by_size(const void *a, const void *b)
{
	const size_t *x = a, *y = b;
	return (*x > *y) - (*x < *y);
}

/* The k asked for, powers of four and all rows, rising, each once: (room for n_k + MOST_GRID). */
static size_t make_grid(size_t rows, const size_t *k, size_t n_k, size_t *grid)
{
	size_t n = 0, all = 0;
	for (size_t i = 0; i < n_k; i++)
		grid[all++] = k[i];
	for (size_t v = 4; v<rows; v = v> SIZE_MAX / 4 ? SIZE_MAX : 4 * v)
		grid[all++] = v;
	grid[all++] = rows;
	qsort(grid, all, sizeof *grid, by_size);
	for (size_t i = 0; i < all; i++)
		if (!n || grid[i] != grid[n - 1])
			grid[n++] = grid[i];
	return n;
}

static void fill_point(const struct rho_scale *s, size_t k, double seconds, struct rho_scale_point *p)
{
	*p = (struct rho_scale_point){ .k = k, .seconds = seconds, .gap = NAN, .error = NAN };
	if (!k)
		return;
	p->rank = rho_best_rank(s->rows, k);
	for (size_t i = 0; i < RHO_SCALE_TOPS; i++)
		p->hit[i] =
			rho_hit_top(s->rows, k, rho_scale_tops[i] < s->rows ? rho_scale_tops[i] : s->rows);
}

static void say(const struct rho_waiting *w, const char *what, double done)
{
	if (w->said)
		w->said(w->arg, what, done);
}

static void time_passes(const struct bench *b, const struct rho_waiting *wait, double *seconds)
{
	bool coded = b->mat->cols <= RHO_CODES_MOST_COLS;
	for (size_t i = 0; i < RHO_PASSES; i++)
		seconds[i] = NAN;
	say(wait, "timing scans", 0);
	seconds[RHO_PASS_F32] = time_pass(b, 1, NULL);
	seconds[RHO_PASS_F32_FUSED] = time_pass(b, RHO_SCALE_FUSED, NULL);
	say(wait, "timing scans", 0.3);
	if (coded)
		time_codes(b, RHO_CODE_BF16, &seconds[RHO_PASS_BF16], NULL);
	say(wait, "timing scans", 0.6);
	if (coded)
		time_codes(b, RHO_CODE_INT8, &seconds[RHO_PASS_INT8], &seconds[RHO_PASS_INT8_FUSED]);
	say(wait, "timing scans", 1);
}

void rho_scale_measure(const struct rho_mat *mat, const size_t *k, size_t n_k, unsigned threads,
                       uint64_t seed, const struct rho_waiting *wait, struct rho_scale *out)
{
	struct bench b = { .mat = mat, .threads = threads, .seed = seed };
	size_t *grid = rho_xmalloc((n_k + MOST_GRID) * sizeof *grid), n = make_grid(mat->rows, k, n_k, grid);
	double *seconds = rho_xmalloc(n * sizeof *seconds); /* (n) */
	*out = (struct rho_scale){ .rows = mat->rows, .cols = mat->cols, .n_k = n_k };
	out->at = rho_xcalloc(n_k + 1, sizeof *out->at);
	make_queries(&b);
	time_passes(&b, wait, out->seconds);
	for (size_t i = 0, found = 0; i < n; i++) {
		say(wait, "timing samples", (double)i / (double)n);
		seconds[i] = time_sample(&b, grid[i]);
		if (found < n_k && grid[i] == k[found])
			fill_point(out, grid[i], seconds[i], &out->at[found++]);
	}
	for (size_t i = 0; i < RHO_PASSES; i++) {
		double cost = out->seconds[i];
		size_t even = isfinite(cost) ? rho_scale_even(grid, seconds, n, cost) : 0;
		fill_point(out, even, cost, &out->even[i]);
	}
	free(b.query);
	free(grid);
	free(seconds);
}

void rho_scale_free(struct rho_scale *s)
{
	free(s->at);
	*s = (struct rho_scale){ 0 };
}
