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
 *   ABREAST rows at a time: as many as the registers hold with QUAD queries.
 *
 * Element i goes into sum i % SUMS by one fused multiply-add, in the order of i; the sums are added
 * up in a fixed tree. Lanes run over the elements, so whatever the tile, a product's bits depend on
 * its two rows alone. */
#include <stdbool.h>
#include <string.h>

#include "kernels.h"

#define INLINE TARGET static inline __attribute__((always_inline))

enum {
	QUAD = 4,  /* queries at a time */
	ROWS = 16, /* rows at a time: they stay in the first-level cache while all queries meet them */
	LINE = 16, /* floats in a line of the cache */
	PACE = SUMS * ABREAST / LINE, /* lines that a step of fewer than QUAD queries goes through */
	MOST_PACE = 4 * SUMS / LINE, /* four rows a tile: no more is at hand behind the last one */
	BURST = 8 /* lines that can be fetched between two tiles and keep nothing waiting */
};

/* Rows to be fetched into the cache, line by line in the order they stand in. */
struct ahead {
	const float *const *row;
	size_t n, d;  /* rows, floats each */
	size_t at, i; /* the next line: row at, from float i */
	size_t burst; /* lines for every tile of QUAD queries and ABREAST rows */
	size_t pace;  /* lines a step, so that there are enough: 0 (between two tiles), 1, 2 or MOST_PACE */
};

/* Fetches the next n lines. Beyond the last row nothing is at hand but rows that can be read. */
INLINE void fetch(struct ahead *a, const size_t n)
{
	for (size_t l = 0; l < n; l++) {
		__builtin_prefetch(a->row[a->at] + a->i, 0, 1);
		a->i += LINE;
		if (a->i >= a->d) {
			a->i = 0;
			a->at++;
		}
	}
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

/* The sums of m queries with r rows: s[p * apart + q]; meanwhile f lines are fetched in every step.
 * Constant m, r and f, so that all sums are in registers. */
INLINE void add(const X *const *x, const size_t m, const float *const *y, const size_t r, size_t d,
		X (*s)[SUMS], size_t apart, struct ahead *a, const size_t f)
{
	size_t whole = d / SUMS * SUMS;
	for (size_t from = 0; from < SUMS; from += LANES) {
		VEC acc[QUAD][ABREAST];
		size_t end = whole + from, rest = d > end ? d - end : 0;
		for (size_t p = 0; p < m; p++)
			for (size_t q = 0; q < r; q++)
				acc[p][q] = nothing();
		for (size_t i = from; i < end; i += SUMS) {
			if (f && !from)
				fetch(a, f);
			step(x, m, y, r, i, acc);
		}
		for (size_t p = 0; p < m; p++)
			for (size_t q = 0; q < r; q++)
				store(s[p * apart + q] + from, acc[p][q]);
		if (rest)
			add_rest(x, m, y, r, end, rest < LANES ? rest : LANES, s, apart, from);
	}
}

/* Fewer than QUAD queries with n rows: what counts is the memory's speed. The lines to come are fetched
 * one after another, as it is read fastest as one stream, and rows go ABREAST, as the sums of one would
 * wait for each other. */
INLINE void few(const X *const *x, const size_t m, const float *const *y, size_t n, size_t d, X (*s)[SUMS],
		struct ahead *a)
{
	struct ahead next = *a;
	size_t j = 0;
	for (; j + ABREAST <= n; j += ABREAST) {
		if (next.at >= next.n)
			add(x, m, y + j, ABREAST, d, s + j, n, &next, 0);
		else if (next.pace <= 1)
			add(x, m, y + j, ABREAST, d, s + j, n, &next, 1);
		else
			add(x, m, y + j, ABREAST, d, s + j, n, &next, PACE);
	}
	for (; j < n; j++)
		add(x, m, y + j, 1, d, s + j, n, &next, 0);
	*a = next;
}

/* QUAD queries with n rows: what counts are multiplications, and the memory's speed too where there are few
 * more queries. A few lines are fetched between two tiles, many in the steps of one. */
INLINE void quad(const X *const *x, const float *const *y, size_t n, size_t d, X (*s)[SUMS], struct ahead *a)
{
	size_t j = 0;
	for (; j + ABREAST <= n; j += ABREAST) {
		if (!a->pace || a->at >= a->n) {
			add(x, QUAD, y + j, ABREAST, d, s + j, n, a, 0);
			for (size_t l = 0; l < a->burst && a->at < a->n; l++)
				fetch(a, 1);
		} else if (a->pace == 1) {
			add(x, QUAD, y + j, ABREAST, d, s + j, n, a, 1);
		} else if (a->pace == 2) {
			add(x, QUAD, y + j, ABREAST, d, s + j, n, a, 2);
		} else {
			add(x, QUAD, y + j, ABREAST, d, s + j, n, a, MOST_PACE);
		}
	}
	for (; j < n; j++)
		add(x, QUAD, y + j, 1, d, s + j, n, a, 0);
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

/* How to fetch what is ahead evenly while nx queries meet ny rows. */
static inline struct ahead ahead_of(const struct rho_ahead *ahead, size_t nx, size_t ny, size_t d)
{
	struct ahead a = { .d = d };
	size_t tiles = (nx < QUAD ? 1 : nx / QUAD) * (ny / ABREAST), steps = d / SUMS;
	if (!ahead || !tiles)
		return a;
	a.row = ahead->row;
	a.n = ahead->n;
	a.burst = (a.n * ((d + LINE - 1) / LINE) + tiles - 1) / tiles;
	if (nx < QUAD || a.burst > BURST)
		a.pace = a.burst <= steps ? 1 : a.burst <= 2 * steps ? 2 : MOST_PACE;
	return a;
}

TARGET void KERNEL(const X *const *x, size_t nx, const float *const *y, size_t ny, size_t d, X *const *out,
		   const struct rho_ahead *ahead)
{
	_Alignas(64) X s[QUAD * ROWS][SUMS];
	size_t most = nx < QUAD ? ROWS : rows_at_a_time(d);
	struct ahead a = ahead_of(ahead, nx, ny, d);
	for (size_t j = 0, n; j < ny; j += n) {
		n = ny - j < most ? ny - j : most;
		for (size_t i = 0, m; i < nx; i += m) {
			m = nx - i < QUAD ? nx - i : QUAD;
			if (m == 1)
				few(x + i, 1, y + j, n, d, s, &a);
			else if (m == 2)
				few(x + i, 2, y + j, n, d, s, &a);
			else if (m == 3)
				few(x + i, 3, y + j, n, d, s, &a);
			else
				quad(x + i, y + j, n, d, s, &a);
			for (size_t p = 0; p < m; p++)
				sum_up((const X(*)[SUMS])s + p * n, n, out[i + p] + j);
		}
	}
}
