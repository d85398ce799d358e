/* layers_avx2.c: the kernels in 256-bit vectors. */
#include "kernels.h"
#ifdef __x86_64__
#include <immintrin.h>
#include <string.h>

#define TARGET  __attribute__((target("avx2,fma")))
#define KERNELS rho_kernels_avx2
#define NAME    "avx2"
enum { WIDE = 8, ROWS = 4 };

typedef __m256 vec;
typedef int32_t ivec __attribute__((vector_size(32)));

TARGET static inline vec splat(float x)
{
	return _mm256_set1_ps(x);
}

TARGET static inline vec load(const float *p)
{
	return _mm256_loadu_ps(p);
}

TARGET static inline void store(float *p, vec v)
{
	_mm256_storeu_ps(p, v);
}

TARGET static inline __m256i first(size_t n)
{
	return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

/* The first n lanes; zeros behind. */
TARGET static inline vec load_part(const float *p, size_t n)
{
	return _mm256_maskload_ps(p, first(n));
}

TARGET static inline void store_part(float *p, size_t n, vec v)
{
	_mm256_maskstore_ps(p, first(n), v);
}

/* Lane by lane `back` behind the first n. */
TARGET static inline vec keep(vec v, size_t n, vec back)
{
	return _mm256_blendv_ps(back, v, (__m256)first(n));
}

TARGET static inline vec mul_add(vec a, vec b, vec c)
{
	return _mm256_fmadd_ps(a, b, c);
}

/* The second where either is NaN. */
TARGET static inline vec least(vec a, vec b)
{
	return _mm256_min_ps(a, b);
}

TARGET static inline vec most(vec a, vec b)
{
	return _mm256_max_ps(a, b);
}

TARGET static inline vec size(vec v)
{
	return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), v);
}

TARGET static inline vec whole(vec v)
{
	return _mm256_round_ps(v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}

/* v * 2^n, n whole, both of them and the result neither huge nor tiny. */
TARGET static inline vec power(vec v, vec n)
{
	return (vec)_mm256_add_epi32((__m256i)v, _mm256_slli_epi32(_mm256_cvtps_epi32(n), 23));
}

/* 1 / v to the last bits; v is positive and below 2^126. */
TARGET static inline vec inverse(vec v)
{
	return splat(1) / v;
}

TARGET static inline ivec to_int(vec v)
{
	return (ivec)_mm256_cvtps_epi32(v);
}

TARGET static inline vec from_int(const int32_t *p)
{
	return _mm256_cvtepi32_ps(_mm256_loadu_si256((const __m256i *)p));
}

/* Lane by lane from the lower, then from the upper halves of a and b. */
TARGET static inline vec zip_low(vec a, vec b)
{
	return _mm256_permute2f128_ps(_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b), 0x20);
}

TARGET static inline vec zip_high(vec a, vec b)
{
	return _mm256_permute2f128_ps(_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b), 0x31);
}

TARGET static inline float sum_across(vec v)
{
	__m128 h = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
	h = _mm_add_ps(h, _mm_movehl_ps(h, h));
	return _mm_cvtss_f32(_mm_add_ss(h, _mm_movehdup_ps(h)));
}

TARGET static inline float most_across(vec v)
{
	__m128 h = _mm_max_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
	h = _mm_max_ps(h, _mm_movehl_ps(h, h));
	return _mm_cvtss_f32(_mm_max_ss(h, _mm_movehdup_ps(h)));
}

/* The lowest byte, the lower half of each lane. */
TARGET static inline void store_bytes(uint8_t *p, size_t n, ivec v)
{
	__m256i low = _mm256_and_si256((__m256i)v, _mm256_set1_epi32(255));
	__m128i h = _mm_packus_epi32(_mm256_castsi256_si128(low), _mm256_extracti128_si256(low, 1));
	h = _mm_packus_epi16(h, h);
	memcpy(p, &h, n);
}

TARGET static inline void store_halves(uint16_t *p, size_t n, ivec v)
{
	__m256i low = _mm256_and_si256((__m256i)v, _mm256_set1_epi32(65535));
	__m128i h = _mm_packus_epi32(_mm256_castsi256_si128(low), _mm256_extracti128_si256(low, 1));
	memcpy(p, &h, n * sizeof *p);
}

#include "rows_kernel.h"
#include "attention_kernel.h"
#include "kernel_list.h"
#else
typedef int rho_no_avx2;
#endif
