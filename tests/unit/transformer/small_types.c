/* The ways to and from bfloat16 and whole numbers, in every set of kernels this machine runs. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <rho/rng.h>
#include "kit/transformer/dense.h"
#include "kit/transformer/kernels.h"

static uint32_t bits_of(float x)
{
	uint32_t b;
	memcpy(&b, &x, sizeof b);
	return b;
}

/* The nearer of the two bfloat16 around x; at half way the one whose last bit is 0. */
static uint16_t nearest_bf16(float x)
{
	uint32_t b = bits_of(x), low = b & 0xffff, high = b >> 16;
	if (isnan(x))
		return 0x7fc0;
	return (uint16_t)(low > 0x8000 || (low == 0x8000 && high & 1) ? high + 1 : high);
}

Test(small_types, bf16_to_the_nearest_even)
{
	enum { N = 5003 };
	static const uint32_t special[] = { 0, 0x80000000, 0x3f808000, 0x3f818000, 0x3f80ffff, 0x7f7fffff,
		0x7f800000, 0xff800000, 0x7fc00000, 0x7f800001, 0xffffffff, 1, 0x00008001, 0x807f8000 };
	struct rho_rng r = { { 3, 3, 1, 2 } };
	float x[N], kept[N];
	uint16_t out[N];
	for (size_t i = 0; i < N; i++)
		x[i] = (float)(rho_normal(&r) * pow(10, 20 * rho_unif(&r) - 10));
	memcpy(x + 100, special, sizeof special);
	for (size_t k = 0; rho_kernels_at(k); k++)
		for (size_t n = N - 17; n <= N; n++) {
			memset(out, 0xee, sizeof out);
			rho_kernels_at(k)->to_bf16(x, n, out);
			rho_kernels_at(k)->round_bf16(x, n, kept);
			for (size_t i = 0; i < n; i++) {
				cr_assert_eq(out[i], nearest_bf16(x[i]), "%s: %08x becomes %04x",
				             rho_kernels_at(k)->name, bits_of(x[i]), out[i]);
				cr_assert_eq(bits_of(kept[i]), (uint32_t)out[i] << 16);
			}
			for (size_t i = n; i < N; i++)
				cr_assert_eq(out[i], 0xeeee);
		}
}

/* A row of bytes says what it was made from, to half a step; 0 exactly. */
static void check_bytes(const struct rho_kernels *k, const float *x, size_t n, float slack)
{
	uint8_t *q = malloc(n);
	float scale, zero;
	k->to_u8(x, 1, n, q, &scale, &zero);
	cr_assert(zero >= 0 && zero <= 255 && zero == floorf(zero));
	for (size_t i = 0; i < n; i++)
		cr_assert_leq(fabsf(scale * ((float)q[i] - zero) - x[i]), slack * scale, "%s, n %zu", k->name,
		              n);
	free(q);
}

Test(small_types, bytes_of_rows_to_half_a_step)
{
	enum { N = 200 };
	struct rho_rng r = { { 1, 2, 1, 2 } };
	float x[N], scale[3], zero[3];
	uint8_t q[3 * 5];
	for (size_t k = 0; rho_kernels_at(k); k++) {
		const struct rho_kernels *kernels = rho_kernels_at(k);
		for (size_t n = 1; n <= N; n++) {
			static const float shifts[] = { 0, 2, -2, 30, -30 };
			for (size_t s = 0; s < 5; s++) {
				for (size_t i = 0; i < n; i++)
					x[i] = (float)rho_normal(&r) + shifts[s];
				/* The ends may fall half a step outside of the bytes. */
				check_bytes(kernels, x, n, 1.001f);
			}
			memset(x, 0, sizeof x);
			check_bytes(kernels, x, n, 0);
		}
		const float rows[3 * 5] = { 0, 1, 2, 3, 255, NAN, 1, 1, 1, 1, 0, 0, INFINITY, 0, 0 };
		kernels->to_u8(rows, 3, 5, q, scale, zero);
		cr_assert(!memcmp(q, (uint8_t[]){ 0, 1, 2, 3, 255 }, 5));
		cr_assert(scale[0] == 1 && zero[0] == 0 && isnan(scale[1]) && isnan(scale[2]));
	}
}

Test(small_types, weights_to_whole_numbers)
{
	enum { N = 131 };
	struct rho_rng r = { { 7, 2, 7, 2 } };
	float w[N], sum;
	int8_t q[N];
	for (size_t i = 0; i < N; i++)
		w[i] = (float)rho_normal(&r);
	for (size_t k = 0; rho_kernels_at(k); k++)
		for (size_t n = 1; n <= N; n++)
			for (int limit = 63; limit <= 127; limit += 64) {
				float step = rho_kernels_at(k)->to_s8(w, n, limit, q, &sum), total = 0;
				int most = 0;
				for (size_t i = 0; i < n; i++) {
					cr_assert_leq(fabsf(step * (float)q[i] - w[i]), 0.5001f * step);
					most = abs(q[i]) > most ? abs(q[i]) : most;
					total += (float)q[i];
				}
				cr_assert_eq(most, limit);
				cr_assert_eq(sum, total);
			}
	memset(w, 0, sizeof w);
	cr_assert_eq(rho_kernels_at(0)->to_s8(w, N, 127, q, &sum), 0);
	cr_assert(sum == 0 && q[0] == 0);
}

static void check_products(const struct rho_kernels *k, struct rho_rng *r, size_t n)
{
	enum { MOST = 131, M = 4 };
	static const float scale[M] = { 0.5f, 2, 1e-3f, NAN }, zero[M] = { 0, 128, 255, 3 };
	float times[MOST], sum[MOST], bias[MOST], y[M * MOST];
	struct rho_int8_columns c = { times, sum, bias, n };
	int32_t acc[M * MOST];
	for (size_t i = 0; i < n; i++) {
		times[i] = (float)rho_unif(r);
		sum[i] = (float)(int)(200 * rho_unif(r) - 100);
		bias[i] = (float)rho_normal(r);
	}
	for (size_t i = 0; i < M * n; i++)
		acc[i] = (int32_t)(20000 * rho_unif(r) - 10000);
	for (unsigned a = 0; a <= RHO_ACT_TANH; a++) {
		k->from_int32(acc, M, &c, scale, zero, a, y);
		for (size_t i = 0; i < M * n; i++) {
			size_t row = i / n, j = i % n;
			float v = scale[row] * times[j] * ((float)acc[i] - zero[row] * sum[j]) + bias[j];
			rho_kernels_base.finish(&v, NULL, 1, 1, a);
			cr_assert(row == 3 ? isnan(y[i]) : fabsf(y[i] - v) <= 4e-6f * fmaxf(1, fabsf(v)),
			          "%s, n %zu, activation %u: %.9g, not %.9g", k->name, n, a, (double)y[i],
			          (double)v);
		}
	}
}

Test(small_types, products_back_to_float)
{
	struct rho_rng r = { { 2, 7, 2, 7 } };
	for (size_t k = 0; rho_kernels_at(k); k++)
		for (size_t n = 1; n <= 131; n += 13)
			check_products(rho_kernels_at(k), &r, n);
}
