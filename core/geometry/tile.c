/* tile.c: fourteen rows times thirty-two in twenty-eight 512-bit registers; two more hold the thirty-two. */
#include "tile.h"

#include <stdlib.h>

void rho_tile_pack(const float *x, size_t rows, size_t first, size_t d, size_t width, float *out)
{
	for (size_t c = 0; c < d; c++)
		for (size_t r = 0; r < width; r++)
			out[c * width + r] = first + r < rows ? x[(first + r) * d + c] : 0;
}

#ifdef __x86_64__
#include <immintrin.h>

bool rho_tile_usable(void) { return __builtin_cpu_supports("avx512f"); }

__attribute__((target("avx512f"))) void rho_tile(const float *a, const float *b, size_t d, float *out,
                                                 size_t stride, size_t rows)
{
	__m512 sum[RHO_TILE_ROWS][2];
	for (size_t r = 0; r < RHO_TILE_ROWS; r++)
		sum[r][0] = sum[r][1] = _mm512_setzero_ps();
	for (size_t i = 0; i < d; i++, a += RHO_TILE_ROWS, b += RHO_TILE_COLS) {
		__m512 left = _mm512_loadu_ps(b), right = _mm512_loadu_ps(b + 16);
		for (size_t r = 0; r < RHO_TILE_ROWS; r++) {
			__m512 x = _mm512_set1_ps(a[r]);
			sum[r][0] = _mm512_fmadd_ps(x, left, sum[r][0]);
			sum[r][1] = _mm512_fmadd_ps(x, right, sum[r][1]);
		}
	}
	for (size_t r = 0; r < RHO_TILE_ROWS; r++) {
		if (r >= rows)
			break;
		_mm512_storeu_ps(out + r * stride, sum[r][0]);
		_mm512_storeu_ps(out + r * stride + 16, sum[r][1]);
	}
}

__attribute__((target("avx512f"))) void rho_tile_chunk(const float *x, size_t n, float *top, float *least)
{
	rho_chunk_extremes(x, n, top, least);
}
#else
bool rho_tile_usable(void) { return false; }

void rho_tile(const float *a, const float *b, size_t d, float *out, size_t stride, size_t rows) { abort(); }

void rho_tile_chunk(const float *x, size_t n, float *top, float *least) { abort(); }
#endif
