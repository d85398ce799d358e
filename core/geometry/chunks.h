/* chunks.h: the extremes of a row of cosines, chunk by chunk: they say where its nearest are without another look at
 * all of it. Worked out while the products are still in the cache, or later. */
#ifndef RHO_GEOMETRY_CHUNKS_H
#define RHO_GEOMETRY_CHUNKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum {
	RHO_CHUNK = 256,
	RHO_ACROSS = 16, /* of each chunk, the greatest of every sixteenth cosine from its first, its second, ... */
};

struct rho_chunks {     /* of one row, (n + RHO_CHUNK - 1) / RHO_CHUNK chunks */
	float *top;     /* (chunks, RHO_ACROSS); -2 where there is none */
	float *least;   /* (chunks) */
};

typedef float rho_across __attribute__((vector_size(4 * RHO_ACROSS), aligned(4), may_alias));
typedef int32_t rho_across_bits __attribute__((vector_size(4 * RHO_ACROSS), aligned(4), may_alias));

/* *a becomes the greater of *a and v, the lesser where `less`, lane by lane. */
static inline __attribute__((always_inline)) void rho_keep(rho_across *a, const rho_across *v, bool less)
{
	rho_across_bits new = less ? *v < *a : *v > *a;
	*a = (rho_across)(((rho_across_bits)*v & new) | ((rho_across_bits)*a & ~new));
}

/* One chunk x (n <= RHO_CHUNK) into top (RHO_ACROSS) and *least. Inlined into code for any instruction set. */
static inline __attribute__((always_inline)) void rho_chunk_extremes(const float *x, size_t n, float *top, float *least)
{
	rho_across most = { 0 }, low = { 0 };
	float bottom = 2;
	size_t i = 0;
	most -= 2;
	low += 2;
	for (; i + RHO_ACROSS <= n; i += RHO_ACROSS) {
		const rho_across *v = (const rho_across *)(x + i);
		rho_keep(&most, v, false);
		rho_keep(&low, v, true);
	}
	memcpy(top, &most, sizeof most);
	for (size_t l = 0; i + l < n; l++) {
		top[l] = x[i + l] > top[l] ? x[i + l] : top[l];
		bottom = x[i + l] < bottom ? x[i + l] : bottom;
	}
	for (size_t l = 0; l < RHO_ACROSS; l++)
		bottom = low[l] < bottom ? low[l] : bottom;
	*least = bottom;
}

#endif
