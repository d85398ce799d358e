/* codes_kernel.c: coded rows with a coded query: portable, AVX2, AVX-512. */
#include "codes_kernel.h"

#include <string.h>

#include "codes.h"

/* Sums of so many products fit in 32 bits: 16,256 * 255 * 512 < 2^31. */
enum { CHUNK = 512 };

void rho_codes_int8_base(const struct rho_code_query *q, const unsigned char *rows, size_t stride, size_t n,
                         float *out)
{
	for (size_t j = 0; j < n; j++) {
		const unsigned char *row = rows + j * stride;
		int64_t sum = -q->bias;
		for (size_t from = 0; from < q->d; from += CHUNK) {
			size_t to = q->d - from < CHUNK ? q->d : from + CHUNK;
			int32_t part = 0;
			for (size_t i = from; i < to; i++)
				part += q->whole[i] * row[i];
			sum += part;
		}
		out[j] = (float)sum;
	}
}

static float from_bf16(const unsigned char *at)
{
	uint16_t half;
	float f;
	memcpy(&half, at, sizeof half);
	uint32_t bits = (uint32_t)half << 16;
	memcpy(&f, &bits, sizeof f);
	return f;
}

void rho_codes_bf16_base(const struct rho_code_query *q, const unsigned char *rows, size_t stride, size_t n,
                         float *out)
{
	for (size_t j = 0; j < n; j++) {
		const unsigned char *row = rows + j * stride;
		float s[8] = { 0 }, sum = 0;
		for (size_t i = 0; i < q->d; i += 8) /* rows end in zeros, as the query does */
			for (size_t p = 0; p < 8; p++)
				s[p] += q->f32[i + p] * from_bf16(row + 2 * (i + p));
		for (size_t p = 0; p < 8; p++)
			sum += s[p];
		out[j] = sum;
	}
}

#ifdef __x86_64__
#include <immintrin.h>

#define AVX2   __attribute__((target("avx2,fma")))
#define VNNI   __attribute__((target("avx512f,avx512bw,avx512vl,avx512vnni")))
#define AVX512 __attribute__((target("avx512f")))

AVX2 static inline int64_t sum8(__m256i v)
{
	__m256i wide = _mm256_add_epi64(_mm256_cvtepi32_epi64(_mm256_castsi256_si128(v)),
	                                _mm256_cvtepi32_epi64(_mm256_extracti128_si256(v, 1)));
	__m128i two = _mm_add_epi64(_mm256_castsi256_si128(wide), _mm256_extracti128_si256(wide, 1));
	return _mm_cvtsi128_si64(two) + _mm_extract_epi64(two, 1);
}

/* A step adds at most 2 * 16,256 * 255 to each sum: 128 of them fit in 32 bits. */
AVX2 void rho_codes_int8_avx2(const struct rho_code_query *q, const unsigned char *rows, size_t stride,
                              size_t n, float *out)
{
	enum { MOST = 128 * 16 };
	for (size_t j = 0; j < n; j++) {
		const unsigned char *row = rows + j * stride;
		int64_t sum = -q->bias;
		for (size_t i = 0; i < q->d;) {
			size_t to = q->d - i < MOST ? q->d : i + MOST;
			__m256i acc = _mm256_setzero_si256();
			for (; i < to; i += 16) {
				__m256i a = _mm256_cvtepu8_epi16(
					_mm_loadu_si128((const __m128i *)(const void *)(row + i)));
				__m256i b = _mm256_loadu_si256((const __m256i *)(const void *)(q->whole + i));
				acc = _mm256_add_epi32(acc, _mm256_madd_epi16(a, b));
			}
			sum += sum8(acc);
		}
		out[j] = (float)sum;
	}
}

/* Sums of a's and b's pairs of lanes, in the lanes' turn: of [hi] and [lo], then of two rows' [hi, lo]. */
VNNI static inline __m512i pairs(__m512i a, __m512i b)
{
	return _mm512_add_epi32(_mm512_unpacklo_epi32(a, b), _mm512_unpackhi_epi32(a, b));
}

/* Four rows' sums: hi and lo of each, one after another. A sum of either is at most 127 * 255 * 65,536 <
 * 2^31. */
VNNI static inline void four_sums(const struct rho_code_query *q, const unsigned char *const row[4],
                                  int32_t out[8])
{
	size_t whole = q->d / 64 * 64;
	__mmask64 rest = ((__mmask64)1 << (q->d - whole)) - 1;
	__m512i hi[4], lo[4], a, b, c;
	for (size_t p = 0; p < 4; p++)
		hi[p] = lo[p] = _mm512_setzero_si512();
	for (size_t i = 0; i < whole; i += 64) {
		b = _mm512_loadu_si512(q->hi + i);
		c = _mm512_loadu_si512(q->lo + i);
		for (size_t p = 0; p < 4; p++) {
			a = _mm512_loadu_si512(row[p] + i);
			hi[p] = _mm512_dpbusd_epi32(hi[p], a, b);
			lo[p] = _mm512_dpbusd_epi32(lo[p], a, c);
		}
	}
	if (rest) {
		b = _mm512_loadu_si512(q->hi + whole);
		c = _mm512_loadu_si512(q->lo + whole);
		for (size_t p = 0; p < 4; p++) {
			a = _mm512_maskz_loadu_epi8(rest, row[p] + whole);
			hi[p] = _mm512_dpbusd_epi32(hi[p], a, b);
			lo[p] = _mm512_dpbusd_epi32(lo[p], a, c);
		}
	}
	for (size_t p = 0; p < 4; p++)
		hi[p] = pairs(hi[p], lo[p]);
	for (size_t p = 0; p < 4; p += 2) {
		a = _mm512_add_epi32(_mm512_unpacklo_epi64(hi[p], hi[p + 1]),
		                     _mm512_unpackhi_epi64(hi[p], hi[p + 1]));
		__m256i half = _mm256_add_epi32(_mm512_castsi512_si256(a), _mm512_extracti64x4_epi64(a, 1));
		_mm_storeu_si128(
			(__m128i *)(void *)(out + 2 * p),
			_mm_add_epi32(_mm256_castsi256_si128(half), _mm256_extracti128_si256(half, 1)));
	}
}

VNNI void rho_codes_int8_vnni(const struct rho_code_query *q, const unsigned char *rows, size_t stride,
                              size_t n, float *out)
{
	for (size_t j = 0; j < n; j += 4) {
		const unsigned char *row[4];
		int32_t sum[8];
		size_t left = n - j < 4 ? n - j : 4;
		for (size_t p = 0; p < 4; p++)
			row[p] = rows + (p < left ? j + p : j) * stride;
		four_sums(q, row, sum);
		for (size_t p = 0; p < left; p++)
			out[j + p] = (float)((int64_t)sum[2 * p] * 128 + sum[2 * p + 1] - q->bias);
	}
}

AVX2 static inline __m256 eight(const unsigned char *at)
{
	__m256i v = _mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)(const void *)at));
	return _mm256_castsi256_ps(_mm256_slli_epi32(v, 16));
}

AVX2 void rho_codes_bf16_avx2(const struct rho_code_query *q, const unsigned char *rows, size_t stride,
                              size_t n, float *out)
{
	size_t d = (q->d + 15) / 16 * 16;
	for (size_t j = 0; j < n; j++) {
		const unsigned char *row = rows + j * stride;
		__m256 s[4] = { 0 };
		size_t i = 0;
		for (; i + 32 <= d; i += 32)
			for (size_t p = 0; p < 4; p++)
				s[p] = _mm256_fmadd_ps(eight(row + 2 * i + 16 * p),
				                       _mm256_loadu_ps(q->f32 + i + 8 * p), s[p]);
		for (; i < d; i += 8)
			s[0] = _mm256_fmadd_ps(eight(row + 2 * i), _mm256_loadu_ps(q->f32 + i), s[0]);
		s[0] = _mm256_add_ps(_mm256_add_ps(s[0], s[1]), _mm256_add_ps(s[2], s[3]));
		__m128 h = _mm_add_ps(_mm256_castps256_ps128(s[0]), _mm256_extractf128_ps(s[0], 1));
		h = _mm_add_ps(h, _mm_movehl_ps(h, h));
		out[j] = _mm_cvtss_f32(_mm_add_ss(h, _mm_movehdup_ps(h)));
	}
}

AVX512 static inline __m512 sixteen(const unsigned char *at)
{
	__m512i v = _mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)(const void *)at));
	return _mm512_castsi512_ps(_mm512_slli_epi32(v, 16));
}

AVX512 void rho_codes_bf16_avx512(const struct rho_code_query *q, const unsigned char *rows, size_t stride,
                                  size_t n, float *out)
{
	size_t d = (q->d + 15) / 16 * 16;
	for (size_t j = 0; j < n; j++) {
		const unsigned char *row = rows + j * stride;
		__m512 s[4] = { 0 };
		size_t i = 0;
		for (; i + 64 <= d; i += 64)
			for (size_t p = 0; p < 4; p++)
				s[p] = _mm512_fmadd_ps(sixteen(row + 2 * i + 32 * p),
				                       _mm512_loadu_ps(q->f32 + i + 16 * p), s[p]);
		for (; i < d; i += 16)
			s[0] = _mm512_fmadd_ps(sixteen(row + 2 * i), _mm512_loadu_ps(q->f32 + i), s[0]);
		out[j] = _mm512_reduce_add_ps(
			_mm512_add_ps(_mm512_add_ps(s[0], s[1]), _mm512_add_ps(s[2], s[3])));
	}
}
#endif

rho_codes_kernel *rho_codes_kernel_at(uint32_t code, size_t n, const char **name)
{
	bool int8 = code == RHO_CODE_INT8;
#ifdef __x86_64__
	bool wide = int8 ? __builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512bw") &&
	                            __builtin_cpu_supports("avx512vl")
	                 : __builtin_cpu_supports("avx512f") != 0;
	if (wide && !n--) {
		*name = int8 ? "AVX-512 VNNI" : "AVX-512";
		return int8 ? rho_codes_int8_vnni : rho_codes_bf16_avx512;
	}
	if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && !n--) {
		*name = "AVX2";
		return int8 ? rho_codes_int8_avx2 : rho_codes_bf16_avx2;
	}
#endif
	if (n)
		return NULL;
	*name = "base";
	return int8 ? rho_codes_int8_base : rho_codes_bf16_base;
}
