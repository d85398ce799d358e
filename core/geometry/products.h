/* products.h: cosines of some rows with all rows, a block at a time, in memory that does not grow with the square of
 * their number. */
#ifndef RHO_GEOMETRY_PRODUCTS_H
#define RHO_GEOMETRY_PRODUCTS_H

#include "chunks.h"
#include "geometry.h"

enum {
	RHO_PRODUCTS = 1 << 27,         /* floats that a block of products holds, about */
	RHO_PRODUCTS_ROWS = 1008,       /* its rows, at most: whole tiles; so many that fetching all anew is little */
};

struct rho_products {
	float *at;              /* (rows, n), `stride` floats a row: may be written over */
	size_t n, stride;       /* all rows */
	size_t first, rows;     /* these are of the rows which[first .. first + rows - 1] */
	const uint32_t *which;
	float *top, *least;     /* each row's chunks (see chunks.h), the row itself left out; or NULL */
	size_t chunks;          /* of a row */
};

struct rho_each {
	/* Rows from .. to - 1 of a block; called from several threads at once, for different rows. */
	void (*rows)(void *arg, const struct rho_products *, size_t from, size_t to);
	void (*block)(void *arg, const struct rho_products *);  /* after each block, from one thread; or NULL */
	void *arg;
	bool chunks;            /* top and least are wanted, if they cost nothing */
	bool sgemm;             /* OpenBLAS's products even where tile.h's can be had: for comparing them */
};

/* Row i of a block without its product with itself, where the last one now stands: n - 1 cosines. Once a row. */
static inline float *rho_products_others(const struct rho_products *p, size_t i)
{
	float *row = p->at + i * p->stride;
	size_t self = p->which[p->first + i];
	row[self] = row[p->n - 1];
	if (p->top) {
		float *top = p->top + (i * p->chunks + self / RHO_CHUNK) * RHO_ACROSS + self % RHO_ACROSS;
		float *least = p->least + i * p->chunks + self / RHO_CHUNK;
		*top = row[self] > *top ? row[self] : *top;
		*least = row[self] < *least ? row[self] : *least;
	}
	return row;
}

/* Goes through the rows `which` (m) in blocks: products with all rows, each->rows, each->block. A row's product with
 * itself may be anything. `what` is what those who wait are told. 0, or -1 with why. */
int rho_products_each(const struct rho_units *, const uint32_t *which, size_t m, const struct rho_each *,
                      unsigned threads, const struct rho_waiting *, const char *what, struct rho_buf *why);

#endif
