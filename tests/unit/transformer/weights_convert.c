/* weights: every half there is, whole numbers, unaligned reads, and the search for what is not finite. */
#include <criterion/criterion.h>
#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "kit/weights/checkpoint.h"

/* IEEE 754 binary16 by its definition. */
static uint32_t half_by_definition(unsigned h)
{
	unsigned exponent = h >> 10 & 31, fraction = h & 1023;
	float size;
	uint32_t bits;
	if (exponent == 31)
		bits = 0x7f800000u | fraction << 13 | (fraction ? 0x400000u : 0);
	else {
		size = exponent ? ldexpf(1024 + (float)fraction, (int)exponent - 25) : ldexpf((float)fraction,
		                         -24);
		memcpy(&bits, &size, sizeof(bits));
	}
	return bits | (h & 0x8000u) << 16;
}

Test(weights_convert, every_half_exactly_by_both_ways_at_any_place)
{
	enum { ALL = 65536 };
	unsigned char *in = malloc(2 * ALL + 1);
	float *out = malloc(ALL * sizeof(float));
	for (size_t shift = 0; shift < 2; shift++) {
		for (size_t i = 0; i < ALL; i++) {
			in[shift + 2 * i] = (unsigned char)(i & 255);
			in[shift + 2 * i + 1] = (unsigned char)(i >> 8);
		}
		for (int portable = 0; portable < 2; portable++) {
			memset(out, 0x5a, ALL * sizeof(float));
			(portable ? rho_half_portable : rho_half)(in + shift, ALL, out);
			for (unsigned i = 0; i < ALL; i++) {
				uint32_t bits;
				memcpy(&bits, &out[i], 4);
				cr_assert_eq(bits, half_by_definition(i), "0x%04x is 0x%08x", i, bits);
			}
		}
	}
	/* every length up to a few registers, nothing written behind it */
	for (size_t n = 0; n < 70; n++) {
		memset(out, 0, 80 * sizeof(float));
		rho_half(in + 1 + 2 * 0x3c00, n, out);
		for (size_t i = 0; i < 80; i++)
			cr_assert_eq(out[i], i < n ? 1 + (float)i / 1024 : 0);
	}
	free(in);
	free(out);
}

Test(weights_convert, every_bfloat_and_doubles_are_rounded)
{
	enum { ALL = 65536 };
	uint16_t *in = malloc(2 * ALL);
	float *out = malloc(ALL * sizeof(float));
	for (unsigned i = 0; i < ALL; i++)
		in[i] = (uint16_t)i;
	struct rho_tensor x = { .dtype = RHO_DT_BF16, .rank = 1, .shape = { ALL }, .n = ALL, .at = in };
	rho_tensor_read(&x, 0, ALL, out);
	for (unsigned i = 0; i < ALL; i++) {
		uint32_t bits;
		memcpy(&bits, &out[i], 4);
		cr_assert_eq(bits, i << 16);
	}
	double d[] = { 1 + 0x1p-24, 1 + 0x1.8p-23, 1e300, -0.0, 0x1p-149 };
	struct rho_tensor y = { .dtype = RHO_DT_F64, .rank = 1, .shape = { 5 }, .n = 5, .at = d };
	rho_tensor_read(&y, 0, 5, out);
	cr_assert(out[0] == 1 && out[1] == 1 + 0x1p-22f && isinf(out[2]) && signbit(out[3]));
	cr_assert_eq(out[4], 0x1p-149f);
	free(in);
	free(out);
}

/* Puts one odd element at `where` among n ones. */
static void plant(struct rho_tensor *x, unsigned char *at, uint32_t dtype, uint64_t one, uint64_t odd,
                  size_t n, size_t where)
{
	size_t size = rho_dtype_size(dtype);
	*x = (struct rho_tensor){ .name = "layer.weight", .dtype = dtype, .rank = 1, .shape = { n }, .n = n,
	      .at = at };
	for (size_t i = 0; i < n; i++)
		memcpy(at + size * i, i == where ? &odd : &one, size);
}

Test(weights_convert, what_is_not_finite_is_found_where_it_is)
{
	static const struct { uint32_t dtype; uint64_t one, odd, largest; bool nan; } kind[] = {
		{ RHO_DT_F32, 0x3f800000, 0x7f800001, 0x7f7fffff, true },
		{ RHO_DT_F32, 0x3f800000, 0xff800000, 0xff7fffff, false },
		{ RHO_DT_F16, 0x3c00, 0x7e00, 0x7bff, true },
		{ RHO_DT_F16, 0x3c00, 0xfc00, 0xfbff, false },
		{ RHO_DT_BF16, 0x3f80, 0xffc0, 0x7f7f, true },
		{ RHO_DT_F64, 0x3ff0000000000000, 0x7ff0000000000000, 0x7fefffffffffffff, false },
	};
	static const size_t place[] = { 0, 1, 4095, 4096, 9998, 9999 };
	enum { N = 10000 };
	unsigned char *at = malloc(8 * N + 1);
	struct rho_tensor x;
	char words[64];
	for (size_t k = 0; k < sizeof(kind) / sizeof(kind[0]); k++)
		for (size_t i = 0; i < 6; i++) {
			struct rho_trouble t = { 0 };
			plant(&x, at + (i & 1), kind[k].dtype, kind[k].one, kind[k].odd, N, place[i]);
			cr_assert_eq(rho_tensor_finite(&x, &t), RHO_EFORMAT);
			snprintf(words, sizeof(words), "element %zu is %s;", place[i],
			         kind[k].nan ? "NaN" : "infinite");
			cr_assert(strstr(t.text, words) && strstr(t.text, "'layer.weight' of shape (10000,)"),
			          "%s", t.text);
			struct rho_trouble none = { 0 };
			plant(&x, at, kind[k].dtype, kind[k].one, kind[k].largest, N, place[i]);
			cr_assert_eq(rho_tensor_finite(&x, &none), 0, "%s", none.text);
		}
	plant(&x, at, RHO_DT_I64, 0x7ff0000000000000, 1, N, 3);
	struct rho_trouble none = { 0 };
	cr_assert_eq(rho_tensor_finite(&x, &none), 0);
	free(at);
}

Test(weights_convert, strided_views_and_shapes)
{
	float in[24], out[24];
	size_t n;
	char text[RHO_SHAPE_TEXT];
	for (size_t i = 0; i < 24; i++)
		in[i] = (float)i;
	/* (2, 3, 4) turned to (4, 2, 3) */
	rho_strided_copy(out, in, 4, 3, (size_t[]){ 4, 2, 3 }, (size_t[]){ 1, 12, 4 });
	for (size_t k = 0; k < 4; k++)
		for (size_t i = 0; i < 2; i++)
			for (size_t j = 0; j < 3; j++)
				cr_assert_eq(out[(k * 2 + i) * 3 + j], in[(i * 3 + j) * 4 + k]);
	cr_assert(rho_shape_count(0, NULL, 4, &n) && n == 1);
	cr_assert(rho_shape_count(3, (size_t[]){ SIZE_MAX, 0, SIZE_MAX }, 8, &n) && n == 0);
	cr_assert(!rho_shape_count(2, (size_t[]){ (size_t)1 << 32, (size_t)1 << 32 }, 1, &n));
	cr_assert(!rho_shape_count(1, (size_t[]){ (size_t)1 << 61 }, 4, &n));
	cr_assert_str_eq(rho_shape_text(0, NULL, text), "()");
	cr_assert_str_eq(rho_shape_text(1, (size_t[]){ 7 }, text), "(7,)");
	size_t most[8] = { SIZE_MAX, SIZE_MAX, SIZE_MAX, SIZE_MAX, SIZE_MAX, SIZE_MAX, SIZE_MAX, SIZE_MAX };
	cr_assert_eq(strlen(rho_shape_text(8, most, text)), 8 * 20 + 7 * 2 + 2);
}
