/* kernel_avx2.c: inner products with 256-bit registers: eight of the sixteen sums after the other eight. */
#ifdef __x86_64__
#include <immintrin.h>

#define TARGET  __attribute__((target("avx2,fma")))
#define KERNEL  rho_products_avx2
#define X       float
#define SUMS    16
#define LANES   8
#define VEC     __m256
#define TREES   8
#define ABREAST 2

TARGET static inline __m256 nothing(void) { return _mm256_setzero_ps(); }
TARGET static inline __m256 load_x(const float *p) { return _mm256_loadu_ps(p); }
TARGET static inline __m256 load_y(const float *p) { return _mm256_loadu_ps(p); }
TARGET static inline __m256 fma_of(__m256 a, __m256 b, __m256 s) { return _mm256_fmadd_ps(a, b, s); }
TARGET static inline void store(float *p, __m256 s) { _mm256_store_ps(p, s); }

TARGET static inline __m256 fma_part(const float *a, const float *b, size_t n, __m256 s)
{
	const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
	__m256i k = _mm256_cmpgt_epi32(_mm256_set1_epi32((int)n), lane);
	__m256 sum = _mm256_fmadd_ps(_mm256_maskload_ps(a, k), _mm256_maskload_ps(b, k), s);
	return _mm256_blendv_ps(s, sum, _mm256_castsi256_ps(k));
}

TARGET static inline __m256 eight(const float *s)
{
	return _mm256_add_ps(_mm256_load_ps(s), _mm256_load_ps(s + 8));
}

TARGET static inline float tree(const float *s)
{
	__m256 h = eight(s);
	__m128 q = _mm_add_ps(_mm256_castps256_ps128(h), _mm256_extractf128_ps(h, 1));
	q = _mm_add_ps(q, _mm_movehl_ps(q, q));
	return _mm_cvtss_f32(_mm_add_ss(q, _mm_movehdup_ps(q)));
}

/* Four sums of each of the products s[0] and s[4], one in either half. */
TARGET static inline __m256 halves(const float (*s)[16])
{
	__m256 u = eight(s[0]), v = eight(s[4]);
	return _mm256_add_ps(_mm256_permute2f128_ps(u, v, 0x20), _mm256_permute2f128_ps(u, v, 0x31));
}

/* tree() of eight products: s (8, 16) to out (8). */
TARGET static inline void trees(const float (*s)[16], float *out)
{
	__m256 p = halves(s), q = halves(s + 1), u, v;
	u = _mm256_add_ps(_mm256_shuffle_ps(p, q, 0x44), _mm256_shuffle_ps(p, q, 0xee));
	p = halves(s + 2);
	q = halves(s + 3);
	v = _mm256_add_ps(_mm256_shuffle_ps(p, q, 0x44), _mm256_shuffle_ps(p, q, 0xee));
	u = _mm256_add_ps(_mm256_shuffle_ps(u, v, 0x88), _mm256_shuffle_ps(u, v, 0xdd));
	_mm256_storeu_ps(out, u);
}

#include "kernel.h"

TARGET size_t rho_reach_avx2(const float *s, size_t n, float floor, uint32_t *at)
{
	const __m256 least = _mm256_set1_ps(floor);
	size_t found = 0, i = 0;
	for (; i + 8 <= n; i += 8) {
		__m256 reached = _mm256_cmp_ps(_mm256_loadu_ps(s + i), least, _CMP_GE_OQ);
		for (unsigned k = (unsigned)_mm256_movemask_ps(reached); k; k &= k - 1)
			at[found++] = (uint32_t)i + (uint32_t)__builtin_ctz(k);
	}
	for (; i < n; i++)
		if (s[i] >= floor)
			at[found++] = (uint32_t)i;
	return found;
}
#else
typedef int rho_no_avx2;
#endif
