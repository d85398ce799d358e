/* inner.c: the same bits, whatever kernel, batch, stride, order of rows or number of threads. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "score/kernels.h"
#include "score/score.h"
#include <rho/rng.h>

static float noise(struct rho_rng *r)
{
	/* Numbers of very different size, so that another order of summing shows in the last bits. */
	return (float)((rho_unif(r) - 0.5) * exp(8 * rho_unif(r)));
}

static float *noisy(size_t n, uint64_t seed)
{
	struct rho_rng r = { { seed, 2, 3, 4 } };
	float *v = malloc((n ? n : 1) * sizeof *v);
	for (size_t i = 0; i < n; i++)
		v[i] = noise(&r);
	return v;
}

/* The definition, one number at a time; volatile keeps the compiler from fusing or reordering. */
static float by_definition(const float *a, const float *b, size_t d)
{
	volatile float s[16] = { 0 };
	for (size_t i = 0; i < d; i++) {
		volatile float p = a[i] * b[i];
		s[i % 16] = s[i % 16] + p;
	}
	for (size_t w = 8; w; w /= 2)
		for (size_t j = 0; j < w; j++)
			s[j] = s[j] + s[j + w];
	return s[0];
}

static bool same(float a, float b) { return !memcmp(&a, &b, sizeof a); }

Test(score, a_dot_is_its_definition_at_every_length)
{
	float *a = noisy(4000, 1), *b = noisy(4000, 9);
	for (size_t d = 0; d < 200; d++)
		for (size_t shift = 0; shift < 3; shift++) /* rows need not be aligned */
			cr_assert(same(rho_dot(a + shift, b + 2 * shift, d),
				       by_definition(a + shift, b + 2 * shift, d)),
				  "d = %zu", d);
	cr_assert(same(rho_dot(a, b, 3999), by_definition(a, b, 3999)));
	free(a);
	free(b);
}

Test(score, every_kernel_gives_the_same_bits)
{
	enum { NX = 11, NY = 23 };
	static const size_t dims[] = { 1, 7, 16, 17, 33, 64, 100, 384 };
	const char *name;
	float *v = noisy((NX + NY) * 384, 5);
	const float *x[NX], *y[NY];
	cr_assert_not_null(rho_kernel_at(0, &name));
	for (size_t k = 0; rho_kernel_at(k, &name); k++) {
		for (size_t e = 0; e < sizeof dims / sizeof *dims; e++) {
			float out[NX * (NY + 3)];
			for (size_t i = 0; i < NX; i++)
				x[i] = v + i * dims[e];
			for (size_t j = 0; j < NY; j++)
				y[j] = v + (NX + j) * dims[e];
			for (size_t nx = 0; nx <= NX; nx++) {
				memset(out, 0xff, sizeof out);
				rho_kernel_at(k, &name)(x, nx, y, NY, dims[e], out, NY + 3);
				for (size_t i = 0; i < nx; i++)
					for (size_t j = 0; j < NY; j++)
						cr_assert(same(out[i * (NY + 3) + j],
							       by_definition(x[i], y[j], dims[e])),
							  "%s, d = %zu", name, dims[e]);
				for (size_t i = 0; i < nx; i++)
					for (size_t j = NY; j < NY + 3; j++)
						cr_assert(isnan(out[i * (NY + 3) + j]),
							  "nothing between rows");
			}
		}
	}
	free(v);
}

Test(score, inner_does_not_depend_on_batch_threads_stride_or_where_rows_lie)
{
	enum { K = 3000, D = 50, PITCH = 53, NX = 70 };
	float *table = noisy((size_t)K * PITCH, 3), *out = malloc(sizeof(float) * NX * K);
	float *again = malloc(sizeof(float) * NX * (K + 5));
	uint32_t *ids = malloc(sizeof *ids * K);
	struct rho_rng r = { { 7, 7, 7, 7 } };
	struct rho_mat m = { table, K, D, PITCH };
	struct rho_rows all = { &m, NULL, 0, K };
	for (size_t i = 0; i < K; i++)
		ids[i] = rho_below(&r, K);
	struct rho_rows some = { &m, ids, 0, K };
	for (size_t nx = 1; nx <= NX; nx += nx < 10 ? 1 : 20) {
		struct rho_rows x = { &m, NULL, 100, nx };
		rho_score_inner(&x, &all, out, K, 1);
		for (size_t i = 0; i < nx; i++)
			for (size_t j = 0; j < K; j += 7)
				cr_assert(same(out[i * K + j], by_definition(table + (100 + i) * PITCH,
									     table + j * PITCH, D)));
		for (unsigned threads = 2; threads <= 5; threads++) {
			rho_score_inner(&x, &all, again, K + 5, threads);
			for (size_t i = 0; i < nx; i++)
				cr_assert_arr_eq(out + i * K, again + i * (K + 5), K * sizeof *out);
			rho_score_inner(&x, &some, again, K + 5, threads);
			for (size_t i = 0; i < nx; i++)
				for (size_t j = 0; j < K; j++)
					cr_assert(same(again[i * (K + 5) + j], out[i * K + ids[j]]));
		}
	}
	free(table);
	free(out);
	free(again);
	free(ids);
}

Test(score, nothing_to_do_is_done)
{
	float a[4] = { 1, 2, 3, 4 }, out[4] = { 9, 9, 9, 9 };
	struct rho_mat m = { a, 2, 2, 2 };
	struct rho_rows none = { &m, NULL, 0, 0 }, two = { &m, NULL, 0, 2 };
	rho_score_inner(&none, &two, out, 2, 4);
	rho_score_inner(&two, &none, out, 0, 4);
	cr_assert_eq(out[0], 9);
	rho_score_inner(&two, &two, out, 2, 4);
	cr_assert(out[0] == 5 && out[1] == 11 && out[2] == 11 && out[3] == 25);
}
