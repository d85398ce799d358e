/* kit/spanner.h and kit/range.h: the definition checked from outside, VW's fixture, degenerate sets. */
#include "../plugin.h"
#include "kit/range.h"
#include "kit/spanner.h"

/* The kit's functions in the memory of an instance that is never opened as an agent. */
struct bench {
	struct test_plugin p;
	struct rho_spanner s, from;
};

static void make(struct bench *t, size_t dim, size_t most)
{
	test_make(&t->p, RHO_AGENT, "random", "", 1);
	TEST_OK(&t->p, "open", true, rho_spanner_open(&t->p.inst->ctx, &t->s, dim, most));
	TEST_OK(&t->p, "open", true, rho_spanner_open(&t->p.inst->ctx, &t->from, dim, most));
}

static void find(struct bench *t, const struct rho_span_set *set, double bound)
{
	TEST_OK(&t->p, "act", false, rho_spanner_find(&t->p.inst->ctx, &t->s, set, bound));
}

static void fill(float *at, size_t n, uint64_t seed)
{
	struct rho_rng rng = { { seed, 2, 3, 4 } };
	for (size_t i = 0; i < n; i++)
		at[i] = (float)rho_normal(&rng);
}

/* out: a vector, its columns brought to one size, which changes no coefficient. */
static void vector(const struct rho_span_set *set, const double *scale, size_t place, double *out)
{
	const float *row = rho_row(&set->rows, place);
	size_t d = set->rows.mat->cols;
	double w = set->weight ? (double)set->weight[place] : 1;
	for (size_t j = 0; j < d; j++)
		out[j] = w * (double)row[j] / scale[j];
	if (set->bias)
		out[d] = w;
}

/* The largest coefficient of any vector of the set in the members, by least squares in float64 (normal
 * equations by elimination); *missed: the largest part of a vector, relative to it, that no combination
 * reaches. */
static double largest(const struct rho_span_set *set, const uint32_t *member, size_t m, double *missed)
{
	enum { MOST = 72 };
	static double v[MOST][MOST], g[MOST][2 * MOST], a[MOST], h[MOST], scale[MOST];
	size_t d = set->rows.mat->cols + set->bias;
	double most = 0;
	cr_assert_leq(d, MOST);
	for (size_t j = 0; j < set->rows.mat->cols; j++) {
		scale[j] = 1e-300;
		for (size_t p = 0; p < set->rows.n; p++)
			scale[j] = fmax(scale[j], fabs((double)rho_row(&set->rows, p)[j]));
	}
	for (size_t i = 0; i < m; i++)
		vector(set, scale, member[i], v[i]);
	for (size_t i = 0; i < m; i++)
		for (size_t k = 0; k < 2 * m; k++) {
			g[i][k] = k == m + i;
			for (size_t j = 0; k < m && j < d; j++)
				g[i][k] += v[i][j] * v[k][j];
		}
	for (size_t i = 0; i < m; i++) {
		double pivot = g[i][i];
		for (size_t k = 0; k < 2 * m; k++)
			g[i][k] /= pivot;
		for (size_t r = 0; r < m; r++) {
			double times = g[r][i];
			for (size_t k = 0; r != i && k < 2 * m; k++)
				g[r][k] -= times * g[i][k];
		}
	}
	*missed = 0;
	for (size_t p = 0; p < set->rows.n; p++) {
		double length = 1e-300, rest = 0;
		vector(set, scale, p, a);
		for (size_t i = 0; i < m; i++) {
			h[i] = 0;
			for (size_t k = 0; k < m; k++)
				for (size_t j = 0; j < d; j++)
					h[i] += g[i][m + k] * v[k][j] * a[j];
			most = fmax(most, fabs(h[i]));
		}
		for (size_t j = 0; j < d; j++) {
			double left = a[j];
			length += a[j] * a[j];
			for (size_t i = 0; i < m; i++)
				left -= h[i] * v[i][j];
			rest += left * left;
		}
		*missed = fmax(*missed, sqrt(rest / length));
	}
	return most;
}

static void check(const struct rho_span_set *set, const struct rho_spanner *s, double bound, size_t rank)
{
	uint32_t member[80];
	double missed, most;
	size_t m = rho_spanner_members(s, member);
	cr_assert_eq(m, s->size);
	cr_assert_eq(m, rank, "%zu members, not %zu", m, rank);
	for (size_t i = 0; i < m; i++)
		for (size_t k = 0; k < i; k++)
			cr_assert_neq(member[i], member[k]);
	most = largest(set, member, m, &missed);
	cr_assert_leq(most, bound * (1 + 1e-3), "a coefficient of %g", most);
	cr_assert_lt(missed, 1e-3, "a vector is missed by %g", missed);
}

/* VW's fixture (its test of cb_explore_adf_large_action_space): the columns of X and the rows of U. */
Test(spanner, steps_of_the_oracle)
{
	static const float at[][3] = { { 1, 3, 2 }, { 2, 2, 1 }, { 3, 1, 3 }, { 1, 2, 3 }, { 4, 5, 6 },
	                               { 7, 8, 9 }, { 0, 0, 0 }, { 7, 5, 3 }, { 6, 4, 8 } };
	static const double want[3] = { 2.083333, 3.333333, 2.166667 };
	struct rho_mat mat = { at[0], 9, 3, 3 };
	struct rho_span_set set = { .rows = { &mat, NULL, 0, 9 } };
	struct bench t;
	float best[3];
	uint32_t place[3];
	make(&t, 3, 9);
	rho_call_begin(t.p.inst, "act", 0, false);
	for (uint32_t i = 0; i < 3; i++)
		t.s.slot[i] = i;
	cr_assert(rho_spanner_settle(&t.p.inst->ctx, &t.s, &set));
	cr_assert_eq(rho_spanner_scan(&t.p.inst->ctx, &t.s, &set, best, place), 0);
	for (int i = 0; i < 3; i++)
		cr_assert_float_eq(best[i], want[i], 1e-5);
	cr_assert(place[0] == 3 + 2 && place[1] == 3 + 4 && place[2] == 3 + 5);
	rho_call_end(t.p.inst, 0, &t.p.why);
	find(&t, &set, 1.05);
	check(&set, &t.s, 1.05, 3);
	test_free(&t.p);
}

static void check_random(size_t n, size_t d, double bound, bool bias, bool weighted, uint64_t seed)
{
	float *at = calloc(n * d, sizeof *at), *w = calloc(n, sizeof *w);
	struct rho_mat mat = { at, n, d, d };
	struct rho_span_set set = { .rows = { &mat, NULL, 0, n }, .bias = bias,
		                    .weight = weighted ? w : NULL };
	struct bench t;
	size_t rank = n < d + bias ? n : d + bias;
	fill(at, n * d, seed);
	fill(w, n, seed + 1);
	for (size_t i = 0; i < n; i++)
		w[i] = expf(2 * w[i]);
	make(&t, d + bias, n);
	find(&t, &set, bound);
	check(&set, &t.s, bound, rank);
	t.s.table = NULL;       /* as where the set is large */
	find(&t, &set, bound);
	check(&set, &t.s, bound, rank);
	test_free(&t.p);
	free(at);
	free(w);
}

Test(spanner, no_coefficient_exceeds_c)
{
	static const struct { size_t n, d; } shape[] = { { 311, 50 }, { 3000, 17 }, { 64, 64 }, { 9, 30 },
	                                                 { 40, 1 }, { 1, 1 }, { 1, 5 }, { 700, 33 } };
	for (size_t i = 0; i < sizeof shape / sizeof *shape; i++) {
		check_random(shape[i].n, shape[i].d, 2, false, false, i);
		check_random(shape[i].n, shape[i].d, 1.1, i % 2, true, 100 + i);
	}
}

/* From a spanner of the same vectors with other weights: as good as one from nothing, with and without
 * table. */
Test(spanner, a_start_from_other_weights_ends_as_well)
{
	enum { N = 900, D = 24 };
	static float at[N * D], w[N];
	struct rho_mat mat = { at, N, D, D };
	struct rho_span_set set = { .rows = { &mat, NULL, 0, N } };
	struct bench t;
	struct rho_ctx *c;
	fill(at, N * D, 5);
	make(&t, D, N);
	c = &t.p.inst->ctx;
	rho_call_begin(t.p.inst, "act", 0, false);
	cr_assert_eq(rho_spanner_find(c, &t.from, &set, 2), 0);
	cr_assert(rho_spanner_settle(c, &t.from, &set));
	for (uint64_t turn = 0; turn < 20; turn++) {
		uint32_t again[D];
		float *table = t.s.table;
		fill(w, N, 50 + turn);
		for (size_t i = 0; i < N; i++)
			w[i] = 1 / sqrtf(1 + (float)turn * fabsf(w[i]));
		set.weight = w;
		cr_assert_eq(rho_spanner_reweigh(c, &t.s, &t.from, &set, 2), 0);
		check(&set, &t.s, 2, D);
		memcpy(again, t.s.slot, sizeof again);
		cr_assert_eq(rho_spanner_reweigh(c, &t.s, &t.from, &set, 2), 0);
		cr_assert(!memcmp(again, t.s.slot, sizeof again));      /* from is as it was */
		t.s.table = NULL;
		cr_assert_eq(rho_spanner_reweigh(c, &t.s, &t.from, &set, 2), 0);
		check(&set, &t.s, 2, D);
		t.s.table = table;
	}
	rho_call_end(t.p.inst, 0, &t.p.why);
	test_free(&t.p);
}

/* Rows that span fewer dimensions than they have numbers, zeros among them, columns of very different
 * size. */
Test(spanner, degenerate_sets_are_spanned_too)
{
	enum { N = 500, D = 20, R = 7 };
	static float at[N * D], low[N * R], mix[R * D];
	struct rho_mat mat = { at, N, D, D };
	struct rho_span_set set = { .rows = { &mat, NULL, 0, N } };
	struct bench t;
	make(&t, D, N);
	fill(low, N * R, 1);
	fill(mix, R * D, 2);
	for (int kind = 0; kind < 2; kind++) {
		for (size_t i = 0; i < N * D; i++) {
			double sum = 0;
			for (size_t r = 0; r < R; r++)
				sum += (double)low[i / D * R + r] * (double)mix[r * D + i % D];
			at[i] = i / D % 9 ? (float)sum : 0;
		}
		if (kind)
			t.s.table = NULL;
		find(&t, &set, 1.5);
		check(&set, &t.s, 1.5, R);
	}
	memset(at, 0, sizeof at);
	find(&t, &set, 2);
	cr_assert_eq(t.s.size, 0);
	at[3 * D + 4] = 1e-20f;
	find(&t, &set, 2);
	check(&set, &t.s, 2, 1);
	fill(at, N * D, 3);
	for (size_t i = 0; i < N * D; i++)
		at[i] *= (float)pow(10, -(double)(i % D) / 2);
	find(&t, &set, 2);
	check(&set, &t.s, 2, D);
	at[5] = NAN;
	at[D + 5] = INFINITY;
	at[2 * D] = 3e38f;
	find(&t, &set, 2);
	for (size_t i = 0; i < D; i++)
		cr_assert(t.s.slot[i] != 0 && t.s.slot[i] != 1);
	test_free(&t.p);
}

/* Ten thousand copies of one vector, some of all: the members are the same. */
Test(spanner, copies_change_nothing)
{
	enum { N = 200, MANY = 10000, D = 12 };
	static float at[(N + MANY + 300) * D];
	struct rho_mat mat = { at, N, D, D };
	struct rho_span_set set = { .rows = { &mat, NULL, 0, N } };
	struct bench few, many;
	uint32_t a[D], b[D];
	fill(at, N * D, 7);
	for (size_t i = N; i < N + MANY + 300; i++)
		memcpy(at + i * D, at + (i < N + MANY ? 3 : i % N) * D, D * sizeof *at);
	make(&few, D, N);
	find(&few, &set, 1.2);
	mat.rows = set.rows.n = N + MANY + 300;
	make(&many, D, N + MANY + 300);
	find(&many, &set, 1.2);
	cr_assert_eq(rho_spanner_members(&few.s, a), D);
	cr_assert_eq(rho_spanner_members(&many.s, b), D);
	cr_assert(!memcmp(a, b, sizeof a));
	test_free(&few.p);
	test_free(&many.p);
}

/* A matrix of known singular vectors: the basis spans the strongest, orthonormal, in order. */
Test(range, finds_the_strongest_directions)
{
	enum { N = 2000, D = 40, R = 6 };
	float *at = calloc(N * D, sizeof *at), basis[R * D];
	static double frame[D][D];
	struct rho_mat mat = { at, N, D, D };
	struct rho_rows rows = { &mat, NULL, 0, N };
	struct rho_rng rng = { { 3, 2, 3, 4 } };
	struct bench t;
	for (size_t i = 0; i < D; i++) {        /* an orthonormal frame by Gram and Schmidt */
		for (size_t j = 0; j < D; j++)
			frame[i][j] = rho_normal(&rng);
		for (size_t k = 0; k <= i; k++) {
			double sum = 0;
			for (size_t j = 0; j < D; j++)
				sum += frame[i][j] * frame[k][j];
			for (size_t j = 0; j < D; j++)
				frame[i][j] = k < i ? frame[i][j] - sum * frame[k][j]
				                    : frame[i][j] / sqrt(sum);
		}
	}
	for (size_t a = 0; a < N; a++)
		for (size_t i = 0; i < D; i++) {
			double v = rho_normal(&rng) * (i < R ? 10 * (double)(R - i) : 0.3);
			for (size_t j = 0; j < D; j++)
				at[a * D + j] += (float)(v * frame[i][j]);
		}
	make(&t, D, 1);
	TEST_OK(&t.p, "act", false, rho_range_find(&t.p.inst->ctx, &rows, R, &rng, basis));
	for (size_t r = 0; r < R; r++) {
		double along = 0;
		for (size_t j = 0; j < D; j++)
			along += (double)basis[r * D + j] * frame[r][j];
		cr_assert_gt(fabs(along), 0.97, "direction %zu: %g", r, along);
		for (size_t k = 0; k <= r; k++) {
			double sum = 0;
			for (size_t j = 0; j < D; j++)
				sum += (double)basis[r * D + j] * (double)basis[k * D + j];
			cr_assert_float_eq(sum, k == r, 1e-5);
		}
	}
	at[7] = NAN;
	cr_assert_eq(TEST_CALL(&t.p, "act", false, rho_range_find(&t.p.inst->ctx, &rows, R, &rng, basis)),
	             RHO_EINVAL);
	HAS(t.p.why.at, "not finite");
	test_free(&t.p);
	free(at);
}
