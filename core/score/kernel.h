/* kernel.h: inner products for one instruction set. Included by kernel_*.c, which name the set:
 * TARGET, the attribute that selects it, KERNEL, the function's name, and WIDE, how many rows of
 * each side are held in registers at a time (the set's registers hold that many sums and rows).
 *
 * A product's sixteen partial sums are one vector, whatever registers the set makes of it; element
 * i goes into sum i % 16, multiplied and added in two steps (no contraction), and the sums are
 * added up in a fixed tree. The bits depend on the two rows alone. */
#include <stddef.h>
#include <string.h>

#include "kernels.h"

typedef float sums __attribute__((vector_size(64)));
typedef float half __attribute__((vector_size(32)));
typedef float quarter __attribute__((vector_size(16)));
typedef float unaligned __attribute__((vector_size(64), aligned(4), may_alias));

/* The last d % 16 products of two rows, zeros behind. A sum is never -0, as it began at +0, so
 * adding those zeros changes no bit. */
TARGET static inline void add_rest(const float *a, const float *b, size_t rest, float *s)
{
	for (size_t i = 0; i < rest; i++)
		s[i] += a[i] * b[i];
}

/* ((s0 + s8) + (s4 + s12)) + ((s2 + s10) + (s6 + s14)), the same for the odd ones, then both. */
TARGET static inline float tree(const float *s)
{
	half lo, hi;
	quarter q[2];
	memcpy(&lo, s, sizeof lo);
	memcpy(&hi, s + 8, sizeof hi);
	lo += hi;
	memcpy(q, &lo, sizeof q);
	q[0] += q[1];
	return (q[0][0] + q[0][2]) + (q[0][1] + q[0][3]);
}

TARGET static inline float one(const float *a, const float *b, size_t d)
{
	size_t whole = d / 16 * 16;
	float s[16];
	sums acc = { 0 };
	for (size_t i = 0; i < whole; i += 16)
		acc += *(const unaligned *)(a + i) * *(const unaligned *)(b + i);
	memcpy(s, &acc, sizeof s);
	add_rest(a + whole, b + whole, d - whole, s);
	return tree(s);
}

/* WIDE rows of x against WIDE rows of y: each row loaded once for WIDE products. */
TARGET static inline void square(const float *const *x, const float *const *y, size_t d, float *out,
                                 size_t stride)
{
	size_t whole = d / 16 * 16;
	sums acc[WIDE][WIDE] = { 0 };
	float s[16];
	for (size_t i = 0; i < whole; i += 16) {
		sums b[WIDE];
		for (int q = 0; q < WIDE; q++)
			b[q] = *(const unaligned *)(y[q] + i);
		for (int p = 0; p < WIDE; p++) {
			sums a = *(const unaligned *)(x[p] + i);
			for (int q = 0; q < WIDE; q++)
				acc[p][q] += a * b[q];
		}
	}
	for (size_t p = 0; p < WIDE; p++) {
		for (size_t q = 0; q < WIDE; q++) {
			memcpy(s, &acc[p][q], sizeof s);
			add_rest(x[p] + whole, y[q] + whole, d - whole, s);
			out[p * stride + q] = tree(s);
		}
	}
}

TARGET void KERNEL(const float *const *x, size_t nx, const float *const *y, size_t ny, size_t d,
                   float *out, size_t stride)
{
	size_t i = 0;
	for (; i + WIDE <= nx; i += WIDE) {
		size_t j = 0;
		for (; j + WIDE <= ny; j += WIDE)
			square(x + i, y + j, d, out + i * stride + j, stride);
		for (; j < ny; j++)
			for (size_t p = i; p < i + WIDE; p++)
				out[p * stride + j] = one(x[p], y[j], d);
	}
	/* One row after another: a table read as one stream is read at the speed of the memory. */
	for (; i < nx; i++)
		for (size_t j = 0; j < ny; j++)
			out[i * stride + j] = one(x[i], y[j], d);
}
