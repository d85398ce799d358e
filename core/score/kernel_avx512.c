/* kernel_avx512.c: inner products with 512-bit registers. */
#ifdef __x86_64__
#include <immintrin.h>

#define TARGET  __attribute__((target("avx512f")))
#define KERNEL  rho_products_avx512
#define X       float
#define SUMS    16
#define LANES   16
#define VEC     __m512
#define TREES   16
#define ABREAST 4

TARGET static inline __m512 nothing(void) { return _mm512_setzero_ps(); }
TARGET static inline __m512 load_x(const float *p) { return _mm512_loadu_ps(p); }
TARGET static inline __m512 load_y(const float *p) { return _mm512_loadu_ps(p); }
TARGET static inline __m512 fma_of(__m512 a, __m512 b, __m512 s) { return _mm512_fmadd_ps(a, b, s); }
TARGET static inline void store(float *p, __m512 s) { _mm512_store_ps(p, s); }

TARGET static inline __m512 fma_part(const float *a, const float *b, size_t n, __m512 s)
{
	__mmask16 k = (__mmask16)((1u << n) - 1);
	return _mm512_mask3_fmadd_ps(_mm512_maskz_loadu_ps(k, a), _mm512_maskz_loadu_ps(k, b), s, k);
}

TARGET static inline float tree(const float *s)
{
	__m256 h = _mm256_add_ps(_mm256_load_ps(s), _mm256_load_ps(s + 8));
	__m128 q = _mm_add_ps(_mm256_castps256_ps128(h), _mm256_extractf128_ps(h, 1));
	q = _mm_add_ps(q, _mm_movehl_ps(q, q));
	return _mm_cvtss_f32(_mm_add_ss(q, _mm_movehdup_ps(q)));
}

/* Sums j + sums j + 8 of two products, one in either half. */
TARGET static inline __m512 halves(const float *a, const float *b)
{
	__m512 u = _mm512_load_ps(a), v = _mm512_load_ps(b);
	return _mm512_add_ps(_mm512_mask_blend_ps(0xff00, u, v), _mm512_shuffle_f32x4(u, v, 0x4e));
}

/* Those j + those j + 4 of the four products s[0], s[4], s[8], s[12], one in each quarter. */
TARGET static inline __m512 quarters(const float (*s)[16])
{
	__m512 u = halves(s[0], s[4]), v = halves(s[8], s[12]);
	return _mm512_add_ps(_mm512_shuffle_f32x4(u, v, 0x88), _mm512_shuffle_f32x4(u, v, 0xdd));
}

/* tree() of sixteen products: s (16, 16) to out (16). */
TARGET static inline void trees(const float (*s)[16], float *out)
{
	__m512 p = quarters(s), q = quarters(s + 1), u, v;
	u = _mm512_add_ps(_mm512_shuffle_ps(p, q, 0x44), _mm512_shuffle_ps(p, q, 0xee));
	p = quarters(s + 2);
	q = quarters(s + 3);
	v = _mm512_add_ps(_mm512_shuffle_ps(p, q, 0x44), _mm512_shuffle_ps(p, q, 0xee));
	u = _mm512_add_ps(_mm512_shuffle_ps(u, v, 0x88), _mm512_shuffle_ps(u, v, 0xdd));
	_mm512_storeu_ps(out, u);
}

#include "kernel.h"

TARGET size_t rho_reach_avx512(const float *s, size_t n, float floor, uint32_t *at)
{
	const __m512 least = _mm512_set1_ps(floor);
	const __m512i first = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
	size_t found = 0;
	for (size_t i = 0; i < n; i += 16) {
		__mmask16 k = (__mmask16)(n - i < 16 ? (1u << (n - i)) - 1 : 0xffffu);
		k = _mm512_mask_cmp_ps_mask(k, _mm512_maskz_loadu_ps(k, s + i), least, _CMP_GE_OQ);
		if (!k)
			continue;
		_mm512_storeu_si512(
			at + found,
			_mm512_maskz_compress_epi32(k, _mm512_add_epi32(first, _mm512_set1_epi32((int)i))));
		found += (size_t)__builtin_popcount(k);
	}
	return found;
}
#else
typedef int rho_no_avx512;
#endif
