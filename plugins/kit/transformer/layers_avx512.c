/* layers_avx512.c: the kernels in 512-bit vectors. */
#include "kernels.h"
#ifdef __x86_64__
#include <immintrin.h>

#define TARGET  __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl")))
#define KERNELS rho_kernels_avx512
#define NAME    "avx512"
enum { WIDE = 16, ROWS = 8 };

typedef __m512 vec;
typedef int32_t ivec __attribute__((vector_size(64)));

TARGET static inline vec splat(float x)
{
	return _mm512_set1_ps(x);
}

TARGET static inline vec load(const float *p)
{
	return _mm512_loadu_ps(p);
}

TARGET static inline void store(float *p, vec v)
{
	_mm512_storeu_ps(p, v);
}

/* The first n lanes; zeros behind. */
TARGET static inline vec load_part(const float *p, size_t n)
{
	return _mm512_maskz_loadu_ps((__mmask16)((1u << n) - 1), p);
}

TARGET static inline void store_part(float *p, size_t n, vec v)
{
	_mm512_mask_storeu_ps(p, (__mmask16)((1u << n) - 1), v);
}

/* Lane by lane `back` behind the first n. */
TARGET static inline vec keep(vec v, size_t n, vec back)
{
	return _mm512_mask_mov_ps(back, (__mmask16)((1u << n) - 1), v);
}

TARGET static inline vec mul_add(vec a, vec b, vec c)
{
	return _mm512_fmadd_ps(a, b, c);
}

/* The second where either is NaN. */
TARGET static inline vec least(vec a, vec b)
{
	return _mm512_min_ps(a, b);
}

TARGET static inline vec most(vec a, vec b)
{
	return _mm512_max_ps(a, b);
}

TARGET static inline vec size(vec v)
{
	return _mm512_abs_ps(v);
}

TARGET static inline vec whole(vec v)
{
	return _mm512_roundscale_ps(v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}

/* v * 2^n, n whole. */
TARGET static inline vec power(vec v, vec n)
{
	return _mm512_scalef_ps(v, n);
}

/* 1 / v to the last bit but one; v is positive and below 2^126. */
TARGET static inline vec inverse(vec v)
{
	vec r = _mm512_rcp14_ps(v);
	return mul_add(r, _mm512_fnmadd_ps(v, r, splat(1)), r);
}

TARGET static inline ivec to_int(vec v)
{
	return (ivec)_mm512_cvtps_epi32(v);
}

TARGET static inline vec from_int(const int32_t *p)
{
	return _mm512_cvtepi32_ps(_mm512_loadu_si512(p));
}

/* Lane by lane from the lower, then from the upper halves of a and b. */
TARGET static inline vec zip_low(vec a, vec b)
{
	const __m512i at = _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
	return _mm512_permutex2var_ps(a, at, b);
}

TARGET static inline vec zip_high(vec a, vec b)
{
	const __m512i at = _mm512_setr_epi32(8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
	return _mm512_permutex2var_ps(a, at, b);
}

TARGET static inline float sum_across(vec v)
{
	return _mm512_reduce_add_ps(v);
}

TARGET static inline float most_across(vec v)
{
	return _mm512_reduce_max_ps(v);
}

/* The lowest byte, the lower half of each lane. */
TARGET static inline void store_bytes(uint8_t *p, size_t n, ivec v)
{
	if (n == WIDE)  /* a masked store is many steps */
		_mm_storeu_si128((__m128i *)p, _mm512_cvtepi32_epi8((__m512i)v));
	else
		_mm512_mask_cvtepi32_storeu_epi8(p, (__mmask16)((1u << n) - 1), (__m512i)v);
}

TARGET static inline void store_halves(uint16_t *p, size_t n, ivec v)
{
	if (n == WIDE)
		_mm256_storeu_si256((__m256i *)p, _mm512_cvtepi32_epi16((__m512i)v));
	else
		_mm512_mask_cvtepi32_storeu_epi16(p, (__mmask16)((1u << n) - 1), (__m512i)v);
}

#include "rows_kernel.h"
#include "attention_kernel.h"
#include "kernel_list.h"
#else
typedef int rho_no_avx512;
#endif
