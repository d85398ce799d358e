/* scan.c: one pass answers every request as each alone would be answered, by definition. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "exact.h"
#include "score/best.h"
#include "score/score.h"

enum { K = 5000, MOST_QUERIES = 64 };

struct table {
	struct rho_mat mat, queries;
	double *wide; /* (MOST_QUERIES, d) */
	uint32_t *id; /* (K) some rows, some of them twice */
	uint64_t only[K / 64 + 1];
};

/* Rows of small whole numbers in part, so that many products are equal, and some rows that are no numbers. */
static void make(struct table *t, size_t d)
{
	struct rho_rng r = { { 5, d, 3, 4 } };
	size_t pitch = d + 3;
	float *v = noisy(K * pitch, d), *x = noisy(MOST_QUERIES * pitch, d + 1);
	for (size_t i = 0; i < K; i += 2)
		for (size_t j = 0; j < d; j++)
			v[i * pitch + j] = (float)rho_below(&r, 3) - 1;
	for (size_t j = 0; j < d; j++)
		x[j] = x[pitch + j] = (float)(j < 4);
	v[7 * pitch] = v[1234 * pitch + d - 1] = NAN;
	v[8 * pitch] = INFINITY;
	v[9 * pitch] = -INFINITY;
	t->mat = (struct rho_mat){ v, K, d, pitch };
	t->queries = (struct rho_mat){ x, MOST_QUERIES, d, pitch };
	t->wide = noisy64(MOST_QUERIES * d, d);
	t->id = malloc(K * sizeof *t->id);
	for (size_t i = 0; i < K; i++)
		t->id[i] = rho_below(&r, K);
	for (size_t i = 0; i < K / 64 + 1; i++)
		t->only[i] = i % 5 == 3 ? rho_u64(&r) & rho_u64(&r) : i % 5 == 1 ? ~UINT64_C(0) : 0;
}

static void unmake(struct table *t)
{
	free((float *)t->mat.at);
	free((float *)t->queries.at);
	free(t->wide);
	free(t->id);
}

struct scored {
	float score;
	uint32_t place;
};

static int better(const void *a, const void *b)
{
	const struct scored *x = a, *y = b;
	if (x->score != y->score)
		return x->score < y->score ? 1 : -1;
	return (x->place > y->place) - (x->place < y->place);
}

/* The top as it is defined: every product, sorted. */
static void check_top(const struct rho_scan *s, const char *what)
{
	struct scored *all = malloc(s->y.n * sizeof *all);
	for (size_t i = 0; i < s->x.n; i++) {
		size_t n = 0;
		for (size_t j = 0; j < s->y.n; j++) {
			float p = by_definition(rho_row(&s->x, i), rho_row(&s->y, j), s->y.mat->cols);
			if (p > -INFINITY && (!s->only || s->only[j / 64] >> j % 64 & 1))
				all[n++] = (struct scored){ p, (uint32_t)j };
		}
		qsort(all, n, sizeof *all, better);
		for (size_t k = 0; k < s->k; k++) {
			struct scored want = k < n ? all[k] : (struct scored){ -INFINITY, UINT32_MAX };
			cr_assert_eq(s->place[i * s->k + k], want.place, "%s: query %zu, %zu: %u, not %u",
				     what, i, k, s->place[i * s->k + k], want.place);
			cr_assert(s->score[i * s->k + k] == want.score);
		}
	}
	free(all);
}

static void top(struct table *t, size_t n, size_t rows, size_t k, bool ids, bool masked, unsigned threads)
{
	char what[128];
	struct rho_scan s = { .want = RHO_SCAN_TOP,
			      .x = { &t->queries, NULL, 0, n },
			      .y = { &t->mat, ids ? t->id : NULL, ids ? 0 : K - rows, rows },
			      .only = masked ? t->only : NULL,
			      .k = k,
			      .place = malloc((n * k + 1) * sizeof(uint32_t)),
			      .score = malloc((n * k + 1) * sizeof(float)) };
	s.place[n * k] = 77;
	s.score[n * k] = 77;
	snprintf(what, sizeof what, "d = %zu, n = %zu, K = %zu, k = %zu, ids %d, mask %d, %u threads",
		 t->mat.cols, n, rows, k, ids, masked, threads);
	rho_score_scan((struct rho_scan *const[]){ &s }, 1, NULL, threads);
	check_top(&s, what);
	cr_assert(s.place[n * k] == 77 && s.score[n * k] == 77, "%s: wrote beyond", what);
	free(s.place);
	free(s.score);
}

Test(scan, the_top_is_the_top, .timeout = 200)
{
	static const size_t dims[] = { 1, 5, 64, 385 };
	for (size_t e = 0; e < 4; e++) {
		struct table t;
		make(&t, dims[e]);
		for (unsigned threads = 1; threads <= 3; threads++) {
			top(&t, 1, K, 10, false, false, threads);
			top(&t, 3, K, 1, false, true, threads);
			top(&t, 5, K, 100, true, false, threads);
			top(&t, 2, K, K, true, true, threads);
			top(&t, 2, 300, 1000, false, false, threads);
			top(&t, 3, 1, 3, false, false, threads);
			top(&t, 2, 0, 3, false, false, threads);
			top(&t, 2, K, 0, false, false, threads);
		}
		top(&t, e < 3 ? MOST_QUERIES : 20, K, 7, false, false, 2);
		memset(t.only, 0, sizeof t.only);
		top(&t, 2, K, 3, false, true, 2);
		unmake(&t);
	}
}

/* A top, all products and all products in float64 of the same rows, answered together and alone. */
Test(scan, requests_together_are_answered_as_alone, .timeout = 200)
{
	static const size_t dims[] = { 3, 64, 100 }, sizes[] = { 1, 2, 3, 5, 20, 64 };
	for (size_t e = 0; e < 18; e++) {
		struct table t;
		size_t d = dims[e % 3], n = sizes[e / 3], n64 = e % 2 ? n : 2;
		make(&t, d);
		uint32_t place[2][64 * 4];
		float score[2][64 * 4], *out = malloc(n * (K + 1) * sizeof *out);
		double *out64 = malloc(n64 * (K + 2) * sizeof *out64);
		struct rho_rows x = { &t.queries, NULL, 0, n };
		struct rho_rows y = { &t.mat, e % 4 == 1 ? t.id : NULL, 0, K };
		struct rho_scan a = { .want = RHO_SCAN_TOP, .x = x, .y = y, .k = 4 };
		struct rho_scan all = { .want = RHO_SCAN_ALL, .x = x, .y = y, .out = out, .stride = K + 1 };
		struct rho_scan wide = { .want = RHO_SCAN_ALL64, .x64 = t.wide, .n64 = n64, .y = y,
					 .out64 = out64, .stride = K + 2 };
		struct rho_scan b = a, none = { .want = RHO_SCAN_TOP, .x = x, .y = y, .k = 0 };
		a.place = place[0];
		a.score = score[0];
		b.place = place[1];
		b.score = score[1];
		b.only = t.only;
		rho_score_scan((struct rho_scan *const[]){ &all, &a, &wide, &none, &b }, 5, NULL,
			       1 + (unsigned)e % 3);
		check_top(&a, "with others");
		check_top(&b, "with others, masked");
		size_t wrong = 0;
		for (size_t j = e % 7; j < K; j += 7) {
			for (size_t i = 0; i < n; i++) {
				float want = by_definition(rho_row(&x, i), rho_row(&y, j), d);
				wrong += !same(out[i * (K + 1) + j], want) && !isnan(want);
			}
			for (size_t i = 0; i < n64; i++) {
				double want = by_definition64(t.wide + i * d, rho_row(&y, j), d);
				wrong += !same64(out64[i * (K + 2) + j], want) && !isnan(want);
			}
		}
		cr_assert_eq(wrong, 0, "d = %zu, n = %zu: %zu wrong", d, n, wrong);
		free(out);
		free(out64);
		unmake(&t);
	}
}

Test(scan, a_hundred_queries_of_many_requests)
{
	enum { REQUESTS = 100, ROWS = 700 };
	struct table t;
	struct rho_scan s[REQUESTS], *p[REQUESTS];
	static uint32_t place[REQUESTS][3];
	static float score[REQUESTS][3];
	make(&t, 33);
	for (size_t i = 0; i < REQUESTS; i++) {
		s[i] = (struct rho_scan){ .want = RHO_SCAN_TOP,
					  .x = { &t.queries, NULL, i % MOST_QUERIES, 1 },
					  .y = { &t.mat, NULL, 5, ROWS },
					  .k = 1 + i % 3,
					  .place = place[i],
					  .score = score[i] };
		p[i] = s + i;
	}
	rho_score_scan(p, REQUESTS, NULL, 2);
	for (size_t i = 0; i < REQUESTS; i++)
		check_top(&s[i], "one of a hundred");
	unmake(&t);
}

Test(scan, the_best_do_not_depend_on_the_order_they_come_in)
{
	enum { N = 500 };
	struct scored all[N];
	struct rho_rng r = { { 3, 1, 4, 1 } };
	for (uint32_t i = 0; i < N; i++)
		all[i] = (struct scored){ (float)rho_below(&r, 40), i };
	for (size_t room = 1; room <= N + 1; room += room < 20 ? 1 : 60) {
		for (int again = 0; again < 3; again++) {
			uint32_t place[N + 1];
			float score[N + 1];
			struct rho_best b = { .place = place, .score = score, .room = room };
			for (size_t i = N; i-- > 1;) { /* another order */
				size_t j = rho_below(&r, (uint32_t)i + 1);
				struct scored swap = all[i];
				all[i] = all[j];
				all[j] = swap;
			}
			for (size_t i = 0; i < N; i++)
				rho_best_offer(&b, all[i].score, all[i].place);
			rho_best_sort(&b);
			qsort(all, N, sizeof *all, better);
			cr_assert_eq(b.n, room < N ? room : N);
			for (size_t i = 0; i < b.n; i++)
				cr_assert(score[i] == all[i].score && place[i] == all[i].place);
		}
	}
}
