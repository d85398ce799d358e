/* codes.c: rows in fewer bits change what a search costs, never what it finds. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "score/codes_kernel.h"
#include "score/score.h"
#include <rho/rng.h>

enum kind { NORMAL, CLUSTERED, COPIES, ZEROS, SIZES, EQUAL, TINY, KINDS };

struct coded {
	struct rho_mat mat;
	struct rho_codes codes;
	float *at, *scale, *error;
	void *bytes;
};

static float normal(struct rho_rng *r)
{
	double s = 0;
	for (int i = 0; i < 6; i++)
		s += rho_unif(r) - 0.5;
	return (float)s;
}

static void fill(float *v, size_t n, size_t d, enum kind kind, struct rho_rng *r)
{
	for (size_t i = 0; i < n; i++) {
		size_t like = kind == CLUSTERED ? i % 20 : rho_below(r, 10);
		float size = kind == SIZES ? (float)exp(30 * rho_unif(r) - 15) : kind == TINY ? 0x1p-130f : 1;
		for (size_t j = 0; j < d; j++) {
			float *at = v + i * d + j;
			*at = size * normal(r);
			if (kind == CLUSTERED && i >= 20)
				*at = v[like * d + j] + 0.01f * *at;
			else if (kind == COPIES && i >= 10)
				*at = v[like * d + j];
			else if (kind == ZEROS && i % 3)
				*at = 0;
			else if (kind == EQUAL)
				*at = 0.25f;
		}
	}
}

static void code(struct coded *c, uint32_t kind)
{
	size_t stride = rho_codes_stride(kind, c->mat.cols), n = c->mat.rows;
	c->bytes = malloc(n * stride + 1);
	c->scale = malloc(n * sizeof *c->scale);
	c->error = malloc(n * sizeof *c->error);
	rho_codes_make(&c->mat, kind, 0, n, c->bytes, c->scale, c->error);
	c->codes = (struct rho_codes){ kind, &c->mat, stride, c->bytes, c->scale, c->error };
}

static void drop(struct coded *c)
{
	free(c->bytes);
	free(c->scale);
	free(c->error);
}

/* What codes find, beside sorting every product. */
static void same_top(const struct coded *c, const struct rho_rows *x, struct rho_rows y, const uint64_t *only,
		     size_t k, unsigned threads, const char *what)
{
	uint32_t *place = malloc(x->n * k * sizeof *place);
	float *score = malloc(x->n * k * sizeof *score), *all = malloc(y.n * sizeof *all);
	struct rho_scan s = {
		.want = RHO_SCAN_TOP, .x = *x, .y = y, .only = only, .k = k, .place = place, .score = score
	};
	rho_codes_top((struct rho_scan *const[]){ &s }, 1, &c->codes, threads);
	for (size_t i = 0; i < x->n; i++) {
		struct rho_rows one = rho_slice(*x, i, 1);
		char *taken = calloc(y.n, 1);
		rho_score_inner(&one, &y, all, y.n, 1);
		for (size_t at = 0; at < k; at++) {
			size_t best = SIZE_MAX;
			for (size_t j = 0; j < y.n; j++)
				if (!taken[j] && (!only || only[j / 64] >> j % 64 & 1) && all[j] > -INFINITY &&
				    (best == SIZE_MAX || all[j] > all[best]))
					best = j;
			if (best != SIZE_MAX)
				taken[best] = 1;
			cr_assert_eq(place[i * k + at], best == SIZE_MAX ? UINT32_MAX : (uint32_t)best,
				     "%s: query %zu, place %zu: %u, not %zu", what, i, at, place[i * k + at], best);
			cr_assert(best == SIZE_MAX ? score[i * k + at] == -INFINITY
						   : !memcmp(&score[i * k + at], &all[best], sizeof *all));
		}
		free(taken);
	}
	free(place);
	free(score);
	free(all);
}

/* Whole matrix, a part of it, masks that leave half, few and nothing. */
static void every_way(struct coded *c, const struct rho_rows *x, const size_t *k, size_t n_k, const char *what)
{
	size_t n = c->mat.rows;
	struct rho_rows all = { &c->mat, NULL, 0, n }, part = { &c->mat, NULL, n / 5, n / 2 };
	uint64_t *only = calloc(n / 64 + 1, sizeof *only);
	for (size_t i = 0; i < n_k; i++) {
		same_top(c, x, all, NULL, k[i], 1, what);
		same_top(c, x, part, NULL, k[i], 3, what);
		for (size_t j = 0; j < n; j++)
			only[j / 64] |= (uint64_t)(j % 7 > 3) << j % 64;
		same_top(c, x, all, only, k[i], 2, what);
		memset(only, 0, (n / 64 + 1) * sizeof *only);
		same_top(c, x, all, only, k[i], 1, what);
		for (size_t j = 3; j < n; j += n / 5)
			only[j / 64] |= (uint64_t)1 << j % 64;
		same_top(c, x, all, only, k[i], 1, what);
		memset(only, 0, (n / 64 + 1) * sizeof *only);
	}
	free(only);
}

static void try_matrix(size_t n, size_t d, size_t n_x, enum kind kind, const size_t *k, size_t n_k)
{
	struct rho_rng r = { { d + 1, 2, n, kind + 4 } };
	struct coded c = { .at = malloc(n * d * sizeof(float)) };
	float *q = malloc(n_x * d * sizeof *q);
	struct rho_mat queries = { q, n_x, d, d };
	struct rho_rows x = { &queries, NULL, 0, n_x };
	char what[80];
	fill(c.at, n, d, kind, &r);
	fill(q, n_x, d, kind == ZEROS ? ZEROS : NORMAL, &r);
	memcpy(q, c.at + (n - 1) / 2 * d, d * sizeof *q); /* a row among the queries */
	c.mat = (struct rho_mat){ c.at, n, d, d };
	for (uint32_t bits = RHO_CODE_BF16; bits <= RHO_CODE_INT8; bits++) {
		snprintf(what, sizeof what, "%s, kind %d, n = %zu, d = %zu", rho_code_names[bits], (int)kind, n, d);
		code(&c, bits);
		every_way(&c, &x, k, n_k, what);
		drop(&c);
	}
	free(c.at);
	free(q);
}

Test(codes, what_is_found_is_what_all_products_say, .timeout = 200)
{
	static const size_t few[] = { 1, 10 }, some[] = { 1, 10, 100, 3000 };
	for (size_t d = 1; d <= 70; d++)
		try_matrix(600, d, 2, (enum kind)(d % KINDS), few, 2);
	for (enum kind kind = 0; kind < KINDS; kind++)
		try_matrix(2500, 384, 3, kind, some, 4);
	for (enum kind kind = 0; kind < KINDS; kind++)
		try_matrix(300, 4097, 2, kind, few, 2);
	try_matrix(200, 65536, 2, NORMAL, few, 2);
	try_matrix(1, 5, 2, NORMAL, few, 1);
}

Test(codes, rows_and_queries_that_are_no_numbers)
{
	enum { N = 1000, D = 20, NX = 6 };
	static const size_t k[] = { 1, 10, 30 };
	static const float odd[] = { NAN, INFINITY, -INFINITY, 1e30f, 3e38f, -1e25f, 1e-45f };
	struct rho_rng r = { { 1, 2, 3, 4 } };
	struct coded c = { .at = malloc(N * D * sizeof(float)) };
	float q[NX * D];
	struct rho_mat queries = { q, NX, D, D };
	struct rho_rows x = { &queries, NULL, 0, NX };
	fill(c.at, N, D, NORMAL, &r);
	fill(q, NX, D, NORMAL, &r);
	for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
		c.at[(i * 97 + 5) * D + i] = odd[i];
		c.at[(i * 97 + 6) * D + i] = odd[i];
	}
	q[1 * D] = NAN;
	q[2 * D + 3] = INFINITY;
	q[3 * D + 3] = 2e38f;
	for (size_t j = 0; j < D; j++)
		q[4 * D + j] = j == 7 ? 1e-44f : 0;
	c.mat = (struct rho_mat){ c.at, N, D, D };
	for (uint32_t bits = RHO_CODE_BF16; bits <= RHO_CODE_INT8; bits++) {
		code(&c, bits);
		every_way(&c, &x, k, 3, rho_code_names[bits]);
		drop(&c);
	}
	free(c.at);
}

/* The definition of the three arrays, in float64. */
Test(codes, errors_bound_what_was_lost)
{
	enum { N = 500, D = 100 };
	struct rho_rng r = { { 9, 2, 3, 4 } };
	struct coded c = { .at = malloc(N * D * sizeof(float)) };
	fill(c.at, N, D, SIZES, &r);
	c.mat = (struct rho_mat){ c.at, N, D, D };
	for (uint32_t bits = RHO_CODE_BF16; bits <= RHO_CODE_INT8; bits++) {
		code(&c, bits);
		for (size_t i = 0; i < N; i++) {
			double lost = 0, kept = 0, most = 0, length = 0;
			for (size_t j = 0; j < D; j++) {
				const unsigned char *row = (const unsigned char *)c.bytes + i * c.codes.stride;
				double v = (double)c.at[i * D + j], back = (double)c.scale[i] * (row[j] - 128);
				if (bits == RHO_CODE_BF16) {
					uint32_t word = (uint32_t)(row[2 * j] | row[2 * j + 1] << 8) << 16;
					float f;
					memcpy(&f, &word, sizeof f);
					back = (double)f;
					cr_assert_leq(fabs(back - v), 0x1p-8 * fabs(v));
				}
				lost += (v - back) * (v - back);
				kept += back * back;
				length += v * v;
				most = fmax(most, fabs(v));
			}
			cr_assert_geq((double)c.error[i], sqrt(lost));
			cr_assert_leq((double)c.error[i], sqrt(lost) * 1.00001 + 1e-44);
			if (bits == RHO_CODE_BF16)
				cr_assert(c.scale[i] >= sqrt(kept) && c.scale[i] <= sqrt(kept) * 1.00001);
			else
				cr_assert_float_eq((double)c.scale[i], most / 127, 1e-6 * most);
			cr_assert_lt((double)c.error[i], (bits == RHO_CODE_BF16 ? 0.003 : 0.03) * sqrt(length));
		}
		drop(&c);
	}
	free(c.at);
}

Test(codes, every_kernel_adds_the_same)
{
	enum { N = 37, MOST = 3000 };
	static const size_t dims[] = { 1, 15, 16, 17, 63, 64, 65, 130, 384, 2047, 2049, 3000 };
	struct rho_rng r = { { 5, 6, 7, 8 } };
	unsigned char *rows = calloc(N, 2 * (MOST + 64));
	int16_t *whole = malloc((MOST + 64) * sizeof *whole);
	int8_t *hi = malloc(MOST + 64), *lo = malloc(MOST + 64);
	float *f = malloc((MOST + 64) * sizeof *f), out[N], want[N];
	for (size_t e = 0; e < sizeof dims / sizeof *dims; e++) {
		size_t d = dims[e];
		struct rho_code_query q = { .d = d, .hi = hi, .lo = lo, .whole = whole, .f32 = f };
		for (int extreme = 0; extreme < 2; extreme++) {
			const char *name;
			size_t stride = rho_codes_stride(RHO_CODE_INT8, d);
			q.bias = 0;
			for (size_t i = 0; i < (d + 63) / 64 * 64; i++) {
				int v = i >= d ? 0 : extreme ? 16256 : (int)rho_below(&r, 32513) - 16256;
				whole[i] = (int16_t)v;
				hi[i] = (int8_t)((v + 64) >> 7);
				lo[i] = (int8_t)(v - 128 * hi[i]);
				q.bias += 128 * v;
				f[i] = i < d ? normal(&r) : 0;
			}
			for (size_t i = 0; i < N * stride; i++)
				rows[i] = extreme ? 255 : (unsigned char)rho_below(&r, 256);
			for (size_t j = 0; j < N; j++) {
				int64_t sum = 0;
				for (size_t i = 0; i < d; i++)
					sum += (int64_t)whole[i] * (rows[j * stride + i] - 128);
				want[j] = (float)sum;
			}
			for (size_t k = 0; rho_codes_kernel_at(RHO_CODE_INT8, k, &name); k++) {
				rho_codes_kernel_at(RHO_CODE_INT8, k, &name)(&q, rows, stride, N, out);
				cr_assert_arr_eq(out, want, sizeof out, "%s, d = %zu", name, d);
			}
		}
		size_t stride = rho_codes_stride(RHO_CODE_BF16, d);
		memset(rows, 0, N * stride);
		for (size_t j = 0; j < N; j++) {
			double sum = 0;
			for (size_t i = 0; i < d; i++) {
				float v = normal(&r);
				uint32_t bits;
				memcpy(&bits, &v, sizeof bits);
				bits &= 0xffff0000;
				memcpy(&v, &bits, sizeof v);
				rows[j * stride + 2 * i] = (unsigned char)(bits >> 16);
				rows[j * stride + 2 * i + 1] = (unsigned char)(bits >> 24);
				sum += (double)v * (double)f[i];
			}
			want[j] = (float)sum;
		}
		const char *name;
		for (size_t k = 0; rho_codes_kernel_at(RHO_CODE_BF16, k, &name); k++) {
			rho_codes_kernel_at(RHO_CODE_BF16, k, &name)(&q, rows, stride, N, out);
			for (size_t j = 0; j < N; j++)
				cr_assert_float_eq(out[j], want[j], 1e-6 * (double)d, "%s, d = %zu", name, d);
		}
	}
	free(rows);
	free(whole);
	free(hi);
	free(lo);
	free(f);
}

/* Codes that are wrong mislead: they are what is looked at. */
Test(codes, a_search_looks_at_the_codes)
{
	enum { N = 4000, D = 64, WRONG = 1234 };
	struct rho_rng r = { { 3, 2, 3, 4 } };
	struct coded c = { .at = malloc(N * D * sizeof(float)) };
	float score;
	uint32_t place;
	fill(c.at, N, D, NORMAL, &r);
	c.mat = (struct rho_mat){ c.at, N, D, D };
	memcpy(c.at + (N - 1) * D, c.at, D * sizeof *c.at);
	for (size_t j = 0; j < D; j++)
		c.at[(N - 1) * D + j] *= 1.5f;
	struct rho_scan s = { .want = RHO_SCAN_TOP,
			      .x = { &c.mat, NULL, 0, 1 },
			      .y = { &c.mat, NULL, 0, N },
			      .k = 1,
			      .place = &place,
			      .score = &score };
	for (uint32_t bits = RHO_CODE_BF16; bits <= RHO_CODE_INT8; bits++) {
		code(&c, bits);
		rho_score_scan((struct rho_scan *const[]){ &s }, 1, &c.codes, 1);
		cr_assert_eq(place, N - 1);
		memset((char *)c.bytes + (N - 1) * c.codes.stride, bits == RHO_CODE_INT8 ? 128 : 0, c.codes.stride);
		rho_score_scan((struct rho_scan *const[]){ &s }, 1, &c.codes, 1);
		cr_assert_eq(place, 0);
		cr_assert_eq(score, rho_dot(c.at, c.at, D));
		drop(&c);
	}
	free(c.at);
}

/* Requests of different k and masks over the same rows; 40 queries are more than one pass takes. */
Test(codes, many_requests_are_answered_as_each_alone)
{
	enum { N = 3000, D = 48, NX = 40, K = 20 };
	struct rho_rng r = { { 8, 6, 7, 8 } };
	struct coded c = { .at = malloc(N * D * sizeof(float)) };
	float *q = malloc(NX * D * sizeof *q), *out = malloc(N * sizeof *out);
	struct rho_mat queries = { q, NX, D, D };
	struct rho_scan scan[4], alone;
	struct rho_scan *list[4] = { &scan[0], &scan[1], &scan[2], &scan[3] };
	uint32_t place[3][NX * K], place1[NX * K];
	float score[3][NX * K], score1[NX * K];
	uint64_t only[N / 64 + 1] = { 0 };
	fill(c.at, N, D, CLUSTERED, &r);
	fill(q, NX, D, NORMAL, &r);
	c.mat = (struct rho_mat){ c.at, N, D, D };
	code(&c, RHO_CODE_INT8);
	for (size_t j = 0; j < N; j++)
		only[j / 64] |= (uint64_t)rho_below(&r, 2) << j % 64;
	for (size_t i = 0; i < 3; i++)
		scan[i] = (struct rho_scan){ .want = RHO_SCAN_TOP,
					     .x = { &queries, NULL, i, NX - 10 * i - 2 },
					     .y = { &c.mat, NULL, 0, N },
					     .only = i == 1 ? only : NULL,
					     .k = i ? 3 * i : K,
					     .place = place[i],
					     .score = score[i] };
	scan[3] = (struct rho_scan){ .want = RHO_SCAN_ALL,
				     .x = { &queries, NULL, 5, 1 },
				     .y = { &c.mat, NULL, 0, N },
				     .out = out,
				     .stride = N };
	for (unsigned threads = 1; threads <= 4; threads++) {
		memset(place, 7, sizeof place);
		rho_score_scan(list, 4, &c.codes, threads);
		for (size_t i = 0; i < 3; i++) {
			size_t n = scan[i].x.n * scan[i].k;
			alone = scan[i];
			alone.place = place1;
			alone.score = score1;
			rho_score_scan((struct rho_scan *const[]){ &alone }, 1, NULL, threads);
			cr_assert_arr_eq(place[i], place1, n * sizeof *place1);
			cr_assert_arr_eq(score[i], score1, n * sizeof *score1);
		}
		for (size_t j = 0; j < N; j++)
			cr_assert_eq(out[j], rho_dot(q + 5 * D, c.at + j * D, D));
	}
	drop(&c);
	free(c.at);
	free(q);
	free(out);
}
