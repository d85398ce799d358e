/* convert.c: elements of tensors as float32, and whether they are all finite.
 *
 * Half and bfloat16 fit into float32, so that each has exactly one right answer; what the processor's own
 * instruction gives and what the portable code gives are the same bits (signalling NaNs become quiet). */
#include <string.h>

#include "checkpoint.h"

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#endif

enum { BLOCK = 4096 };  /* elements looked at before the first one is searched for */

static inline float as_float(uint32_t bits)
{
	float f;
	memcpy(&f, &bits, sizeof(f));
	return f;
}

static inline uint32_t as_bits(float f)
{
	uint32_t bits;
	memcpy(&bits, &f, sizeof(bits));
	return bits;
}

void rho_half_portable(const void *in, size_t n, float *out)
{
	for (size_t i = 0; i < n; i++) {
		uint16_t h;
		memcpy(&h, (const char *)in + 2 * i, 2);
		uint32_t size = h & 0x7fffu, sign = (uint32_t)(h & 0x8000u) << 16;
		uint32_t normal = (size << 13) + (112u << 23);  /* the exponent's bias: 127 for 15 */
		uint32_t special = 0x7f800000u | size << 13 | (size > 0x7c00u ? 0x400000u : 0);
		uint32_t small = as_bits((float)(int32_t)size * 0x1p-24f);
		out[i] = as_float(sign | (size < 0x400u ? small : size < 0x7c00u ? normal : special));
	}
}

#if defined(__x86_64__)
__attribute__((target("f16c,avx")))
static inline __m256 half8(const unsigned char *in)
{
	return _mm256_cvtph_ps(_mm_loadu_si128((const __m128i_u *)(const void *)in));
}

__attribute__((target("f16c,avx")))
static void half_f16c(const unsigned char *in, size_t n, float *out)
{
	size_t i = 0;
	for (; i + 8 <= n; i += 8)
		_mm256_storeu_ps(out + i, half8(in + 2 * i));
	if (i < n) {
		unsigned char rest[16] = { 0 };
		float last[8];
		memcpy(rest, in + 2 * i, 2 * (n - i));
		_mm256_storeu_ps(last, half8(rest));
		memcpy(out + i, last, (n - i) * sizeof(float));
	}
}

__attribute__((target("avx512f")))
static inline __m512 half16(const unsigned char *in)
{
	return _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i_u *)(const void *)in));
}

__attribute__((target("avx512f")))
static void half_avx512(const unsigned char *in, size_t n, float *out)
{
	size_t i = 0;
	for (; i + 16 <= n; i += 16)
		_mm512_storeu_ps(out + i, half16(in + 2 * i));
	if (i < n) {
		unsigned char rest[32] = { 0 };
		memcpy(rest, in + 2 * i, 2 * (n - i));
		_mm512_mask_storeu_ps(out + i, (__mmask16)((1u << (n - i)) - 1), half16(rest));
	}
}

/* F16C came with AVX on some processors and after it on others; the compilers' own test of it is young. */
static bool has_f16c(void)
{
	unsigned a, b, c, d;
	return __builtin_cpu_supports("avx") && __get_cpuid(1, &a, &b, &c, &d) && c & bit_F16C;
}
#endif

void rho_half(const void *in, size_t n, float *out)
{
#if defined(__x86_64__)
	if (__builtin_cpu_supports("avx512f")) {
		half_avx512(in, n, out);
		return;
	}
	if (has_f16c()) {
		half_f16c(in, n, out);
		return;
	}
#endif
	rho_half_portable(in, n, out);
}

/* memcpy and shifts only: compilers make vectors of this. */
static void bfloat(const unsigned char *in, size_t n, float *out)
{
	for (size_t i = 0; i < n; i++) {
		uint16_t h;
		memcpy(&h, in + 2 * i, 2);
		out[i] = as_float((uint32_t)h << 16);
	}
}

static void whole_numbers(const unsigned char *in, uint32_t dtype, size_t n, float *out)
{
	size_t size = rho_dtype_size(dtype);
	bool no_sign = dtype == RHO_DT_BOOL || dtype == RHO_DT_U8;
	for (size_t i = 0; i < n; i++) {
		uint64_t bits = 0;
		memcpy(&bits, in + size * i, size);
		unsigned unused = (unsigned)(64 - 8 * size);
		int64_t drawn_out = (int64_t)(bits << unused) >> unused;        /* the sign, over all bits */
		out[i] = no_sign ? (float)bits : (float)drawn_out;
	}
}

void rho_tensor_read(const struct rho_tensor *x, size_t first, size_t n, float *out)
{
	const unsigned char *in = (const unsigned char *)x->at + first * rho_dtype_size(x->dtype);
	if (!n)
		return;
	switch (x->dtype) {
	case RHO_DT_F32:
		memcpy(out, in, n * sizeof(float));
		break;
	case RHO_DT_F16:
		rho_half(in, n, out);
		break;
	case RHO_DT_BF16:
		bfloat(in, n, out);
		break;
	case RHO_DT_F64:
		for (size_t i = 0; i < n; i++) {
			double d;
			memcpy(&d, in + 8 * i, 8);
			out[i] = (float)d;
		}
		break;
	default:
		whole_numbers(in, x->dtype, n, out);
	}
}

/* Infinite numbers and NaNs are those whose exponent is all ones. Each gives whether there is one
 * among n elements; without an early end, so that the loop becomes vectors. */
static bool odd16(const unsigned char *in, size_t n, uint16_t ones)
{
	uint16_t any = 0;
	for (size_t i = 0; i < n; i++) {
		uint16_t b;
		memcpy(&b, in + 2 * i, 2);
		any |= (uint16_t)((b & ones) == ones ? 1 : 0);
	}
	return any;
}

static bool odd32(const unsigned char *in, size_t n)
{
	uint32_t any = 0;
	for (size_t i = 0; i < n; i++) {
		uint32_t b;
		memcpy(&b, in + 4 * i, 4);
		any |= (b & 0x7f800000u) == 0x7f800000u ? 1u : 0u;
	}
	return any;
}

static bool odd64(const unsigned char *in, size_t n)
{
	uint64_t any = 0;
	for (size_t i = 0; i < n; i++) {
		uint64_t b;
		memcpy(&b, in + 8 * i, 8);
		any |= (b & 0x7ff0000000000000u) == 0x7ff0000000000000u ? 1u : 0u;
	}
	return any;
}

static bool odd(const struct rho_tensor *x, size_t first, size_t n)
{
	const unsigned char *in = (const unsigned char *)x->at + first * rho_dtype_size(x->dtype);
	switch (x->dtype) {
	case RHO_DT_F16:
		return odd16(in, n, 0x7c00);
	case RHO_DT_BF16:
		return odd16(in, n, 0x7f80);
	case RHO_DT_F32:
		return odd32(in, n);
	case RHO_DT_F64:
		return odd64(in, n);
	default:
		return false;
	}
}

int rho_tensor_finite(const struct rho_tensor *x, struct rho_trouble *t)
{
	for (size_t at = 0; at < x->n; at += BLOCK) {
		size_t n = x->n - at < BLOCK ? x->n - at : BLOCK;
		if (!odd(x, at, n))
			continue;
		while (!odd(x, at, 1))
			at++;
		char shape[RHO_SHAPE_TEXT];
		float value;
		rho_tensor_read(x, at, 1, &value);
		return rho_trouble_set(t, RHO_EFORMAT,
		                       "tensor '%.200s' of shape %s: element %zu is %s; weights must be "
		                       "finite (the training went wrong, or the file is damaged)",
		                       x->name, rho_shape_text(x->rank, x->shape, shape), at,
		                       value != value ? "NaN" : "infinite");
	}
	return 0;
}
