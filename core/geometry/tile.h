/* tile.h: a small block of inner products in registers: what the products of all rows with all are made of where the
 * processor has AVX-512. Rows that are multiplied again and again are packed once, where sgemm would pack them anew
 * each time, and a product's bits depend on its two rows alone. */
#ifndef RHO_GEOMETRY_TILE_H
#define RHO_GEOMETRY_TILE_H

#include "chunks.h"

enum { RHO_TILE_ROWS = 14, RHO_TILE_COLS = 32 };

/* Whether this processor can. */
bool rho_tile_usable(void);

/* x: rows of d floats, one after another; of them `rows`, from `first`. out (d, width): column r is row first + r,
 * zeros where there is none. */
void rho_tile_pack(const float *x, size_t rows, size_t first, size_t d, size_t width, float *out);

/* out[r * stride + c] = <row r of a, row c of b> for r < rows <= RHO_TILE_ROWS and all RHO_TILE_COLS; a (d,
 * RHO_TILE_ROWS), b (d, RHO_TILE_COLS), both packed. Summed from the first to the last, each product and sum rounded
 * once together (fused). Only where rho_tile_usable(). */
void rho_tile(const float *a, const float *b, size_t d, float *out, size_t stride, size_t rows);

/* rho_chunk_extremes with the processor's widest registers. Only where rho_tile_usable(). */
void rho_tile_chunk(const float *x, size_t n, float *top, float *least);

#endif
