/* kernel.h: inner products for one instruction set and type of query. Included by kernel*_*.c, which
 * name the set:
 *   TARGET  the attribute that selects it
 *   KERNEL  the function's name
 *   X       float or double: the type of queries, sums and products
 *   SUMS    partial sums of a product: 16 in float, 8 in double
 *   LANES   numbers in a register: SUMS, or a part of them
 *   VEC     a register, with load_x, load_y (which widens to X), nothing, fma_of, fma_part (of the
 *           first n lanes, the others stay as they are) and store
 *   TREES   how many products' sums trees() adds up at a time; tree() those of one
 *   ABREAST rows at a time where there are QUAD queries: as many as the registers hold.
 *
 * Element i goes into sum i % SUMS by one fused multiply-add, in the order of i; the sums are added
 * up in a fixed tree. Lanes run over the elements, so whatever the tile, a product's bits depend on
 * its two rows alone. */
#include <string.h>

#include "kernels.h"

#define INLINE TARGET static inline __attribute__((always_inline))

enum {
	QUAD = 4, /* queries at a time */
	ROWS = 16 /* rows at a time: they stay in the first-level cache while all queries meet them */
};

/* Rows to be fetched, so many in so many calls of add(). */
struct ahead {
	const float *const *row;
	size_t n, taken, calls, call;
};

/* How many rows to fetch in the next call. */
static inline size_t take(struct ahead *a)
{
	size_t due = ++a->call * a->n / a->calls - a->taken;
	return due < 4 ? due : 4;
}

/* The elements i .. i + n - 1, n <= LANES, which are behind the last whole SUMS. */
TARGET static void add_rest(const X *const *x, size_t m, const float *const *y, size_t r, size_t i, size_t n,
			    X (*s)[SUMS], size_t apart, size_t from)
{
	for (size_t p = 0; p < m; p++) {
		for (size_t q = 0; q < r; q++) {
			X *sum = s[p * apart + q] + from;
			store(sum, fma_part(x[p] + i, y[q] + i, n, load_x(sum)));
		}
	}
}

/* The next LANES elements of m queries and r rows, each loaded once for all. */
INLINE void step(const X *const *x, const size_t m, const float *const *y, const size_t r, size_t i,
		 VEC (*acc)[ABREAST])
{
	VEC a, b[ABREAST];
	for (size_t q = 0; q < r; q++)
		b[q] = load_y(y[q] + i);
	for (size_t p = 0; p < m; p++) {
		a = load_x(x[p] + i);
		for (size_t q = 0; q < r; q++)
			acc[p][q] = fma_of(a, b[q], acc[p][q]);
	}
}

/* The sums of m queries with r rows: s[p * apart + q]; meanwhile f rows are fetched. Constant m, r and
 * f, so that all sums are in registers. */
INLINE void add(const X *const *x, const size_t m, const float *const *y, const size_t r, size_t d,
		X (*s)[SUMS], size_t apart, const float *const *next, const size_t f)
{
	size_t whole = d / SUMS * SUMS;
	for (size_t from = 0; from < SUMS; from += LANES) {
		VEC acc[QUAD][ABREAST];
		size_t end = whole + from, rest = d > end ? d - end : 0;
		for (size_t p = 0; p < m; p++)
			for (size_t q = 0; q < r; q++)
				acc[p][q] = nothing();
		for (size_t i = from; i < end; i += SUMS) {
			for (size_t q = 0; q < f && !from; q++)
				__builtin_prefetch(next[q] + i, 0, 1);
			step(x, m, y, r, i, acc);
		}
		for (size_t p = 0; p < m; p++)
			for (size_t q = 0; q < r; q++)
				store(s[p * apart + q] + from, acc[p][q]);
		if (rest)
			add_rest(x, m, y, r, end, rest < LANES ? rest : LANES, s, apart, from);
	}
}

/* m queries with n rows, r after r: one where the memory's speed is what counts, as it is read fastest
 * as one stream. */
INLINE void some(const X *const *x, const size_t m, const float *const *y, size_t n, const size_t r, size_t d,
		 X (*s)[SUMS], struct ahead *a)
{
	size_t j = 0;
	for (; j + r <= n; j += r) {
		size_t f = take(a);
		const float *const *next = a->row + a->taken;
		a->taken += f;
		if (f == 0)
			add(x, m, y + j, r, d, s + j, n, next, 0);
		else if (f == 1)
			add(x, m, y + j, r, d, s + j, n, next, 1);
		else if (f == 2)
			add(x, m, y + j, r, d, s + j, n, next, 2);
		else
			add(x, m, y + j, r, d, s + j, n, next, 4);
	}
	for (; j < n; j++)
		add(x, m, y + j, 1, d, s + j, n, NULL, 0);
}

INLINE void sum_up(const X (*s)[SUMS], size_t n, X *out)
{
	size_t i = 0;
	for (; i + TREES <= n; i += TREES)
		trees(s + i, out + i);
	for (; i < n; i++)
		out[i] = tree(s[i]);
}

/* How many rows of d floats stay in the first-level cache beside some queries. */
static inline size_t rows_at_a_time(size_t d) { return d <= 512 ? ROWS : d <= 1024 ? ROWS / 2 : ROWS / 4; }

TARGET void KERNEL(const X *const *x, size_t nx, const float *const *y, size_t ny, size_t d, X *const *out,
		   const struct rho_ahead *ahead)
{
	_Alignas(64) X s[QUAD * ROWS][SUMS];
	size_t most = nx < QUAD ? ROWS : rows_at_a_time(d);
	struct ahead a = { .calls = nx / QUAD * (ny / ABREAST) + (nx % QUAD ? ny : 0) + 1 };
	if (ahead) {
		a.row = ahead->row;
		a.n = ahead->n;
	}
	for (size_t j = 0, n; j < ny; j += n) {
		n = ny - j < most ? ny - j : most;
		for (size_t i = 0, m; i < nx; i += m) {
			m = nx - i < QUAD ? nx - i : QUAD;
			if (m == 1)
				some(x + i, 1, y + j, n, 1, d, s, &a);
			else if (m == 2)
				some(x + i, 2, y + j, n, 1, d, s, &a);
			else if (m == 3)
				some(x + i, 3, y + j, n, 1, d, s, &a);
			else
				some(x + i, 4, y + j, n, ABREAST, d, s, &a);
			for (size_t p = 0; p < m; p++)
				sum_up((const X(*)[SUMS])s + p * n, n, out[i + p] + j);
		}
	}
}
