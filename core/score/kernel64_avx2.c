/* kernel64_avx2.c: inner products of queries in float64 with 256-bit registers. */
#ifdef __x86_64__
#include <immintrin.h>

#define TARGET  __attribute__((target("avx2,fma")))
#define KERNEL  rho_products64_avx2
#define X       double
#define SUMS    8
#define LANES   4
#define VEC     __m256d
#define TREES   4
#define ABREAST 2

TARGET static inline __m256d nothing(void) { return _mm256_setzero_pd(); }
TARGET static inline __m256d load_x(const double *p) { return _mm256_loadu_pd(p); }
TARGET static inline __m256d load_y(const float *p) { return _mm256_cvtps_pd(_mm_loadu_ps(p)); }
TARGET static inline __m256d fma_of(__m256d a, __m256d b, __m256d s) { return _mm256_fmadd_pd(a, b, s); }
TARGET static inline void store(double *p, __m256d s) { _mm256_store_pd(p, s); }

TARGET static inline __m256d fma_part(const double *a, const float *b, size_t n, __m256d s)
{
	const __m128i lane = _mm_setr_epi32(0, 1, 2, 3);
	__m128i k = _mm_cmpgt_epi32(_mm_set1_epi32((int)n), lane);
	__m256i wide = _mm256_cvtepi32_epi64(k);
	__m256d y = _mm256_cvtps_pd(_mm_maskload_ps(b, k));
	__m256d sum = _mm256_fmadd_pd(_mm256_maskload_pd(a, wide), y, s);
	return _mm256_blendv_pd(s, sum, _mm256_castsi256_pd(wide));
}

TARGET static inline __m256d four(const double *s)
{
	return _mm256_add_pd(_mm256_load_pd(s), _mm256_load_pd(s + 4));
}

TARGET static inline double tree(const double *s)
{
	__m256d h = four(s);
	__m128d q = _mm_add_pd(_mm256_castpd256_pd128(h), _mm256_extractf128_pd(h, 1));
	return _mm_cvtsd_f64(_mm_add_sd(q, _mm_unpackhi_pd(q, q)));
}

/* Two sums of each of the products s[0] and s[2], one in either half. */
TARGET static inline __m256d halves(const double (*s)[8])
{
	__m256d u = four(s[0]), v = four(s[2]);
	return _mm256_add_pd(_mm256_permute2f128_pd(u, v, 0x20), _mm256_permute2f128_pd(u, v, 0x31));
}

/* tree() of four products: s (4, 8) to out (4). */
TARGET static inline void trees(const double (*s)[8], double *out)
{
	__m256d p = halves(s), q = halves(s + 1);
	_mm256_storeu_pd(out, _mm256_add_pd(_mm256_unpacklo_pd(p, q), _mm256_unpackhi_pd(p, q)));
}

#include "kernel.h"
#else
typedef int rho_no_avx2_64;
#endif
