/* kernel64_avx512.c: inner products of queries in float64 with 512-bit registers. */
#ifdef __x86_64__
#include <immintrin.h>

#define TARGET  __attribute__((target("avx512f")))
#define KERNEL  rho_products64_avx512
#define X       double
#define SUMS    8
#define LANES   8
#define VEC     __m512d
#define TREES   8
#define ABREAST 4

TARGET static inline __m512d nothing(void) { return _mm512_setzero_pd(); }
TARGET static inline __m512d load_x(const double *p) { return _mm512_loadu_pd(p); }
TARGET static inline __m512d load_y(const float *p) { return _mm512_cvtps_pd(_mm256_loadu_ps(p)); }
TARGET static inline __m512d fma_of(__m512d a, __m512d b, __m512d s) { return _mm512_fmadd_pd(a, b, s); }
TARGET static inline void store(double *p, __m512d s) { _mm512_store_pd(p, s); }

TARGET static inline __m512d fma_part(const double *a, const float *b, size_t n, __m512d s)
{
	__mmask8 k = (__mmask8)((1u << n) - 1);
	__m512d wide = _mm512_cvtps_pd(_mm512_castps512_ps256(_mm512_maskz_loadu_ps(k, b)));
	return _mm512_mask3_fmadd_pd(_mm512_maskz_loadu_pd(k, a), wide, s, k);
}

TARGET static inline double tree(const double *s)
{
	__m256d h = _mm256_add_pd(_mm256_load_pd(s), _mm256_load_pd(s + 4));
	__m128d q = _mm_add_pd(_mm256_castpd256_pd128(h), _mm256_extractf128_pd(h, 1));
	return _mm_cvtsd_f64(_mm_add_sd(q, _mm_unpackhi_pd(q, q)));
}

/* Sums j + sums j + 4 of two products, one in either half. */
TARGET static inline __m512d halves(const double *a, const double *b)
{
	__m512d u = _mm512_load_pd(a), v = _mm512_load_pd(b);
	return _mm512_add_pd(_mm512_mask_blend_pd(0xf0, u, v), _mm512_shuffle_f64x2(u, v, 0x4e));
}

/* Those j + those j + 2 of the four products s[0], s[2], s[4], s[6], one in each quarter. */
TARGET static inline __m512d quarters(const double (*s)[8])
{
	__m512d u = halves(s[0], s[2]), v = halves(s[4], s[6]);
	return _mm512_add_pd(_mm512_shuffle_f64x2(u, v, 0x88), _mm512_shuffle_f64x2(u, v, 0xdd));
}

/* tree() of eight products: s (8, 8) to out (8). */
TARGET static inline void trees(const double (*s)[8], double *out)
{
	__m512d p = quarters(s), q = quarters(s + 1);
	_mm512_storeu_pd(out, _mm512_add_pd(_mm512_unpacklo_pd(p, q), _mm512_unpackhi_pd(p, q)));
}

#include "kernel.h"
#else
typedef int rho_no_avx512_64;
#endif
