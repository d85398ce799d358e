/* rho/view.h: text and numbers that somebody else owns. A view never frees. */
#pragma once
#include "abi.h"

struct rho_str { const char *at; size_t len; };         /* UTF-8, or bytes; no NUL promised */

struct rho_mat {                                        /* (rows, cols), row-major */
	const float *at;
	size_t rows, cols, stride;                      /* stride in floats */
};

struct rho_rows {               /* some rows of a matrix, in some order     */
	const struct rho_mat *mat;      /* NULL: no features; n still counts */
	const uint32_t *id;     /* NULL: rows first .. first + n - 1        */
	size_t first, n;
};

/* Row i of a view: (mat->cols) floats. */
static inline const float *rho_row(const struct rho_rows *r, size_t i)
{
	size_t row = r->id ? r->id[i] : r->first + i;
	return r->mat->at + row * r->mat->stride;
}

/* Rows from .. from + n - 1 of a view, as a view. */
static inline struct rho_rows rho_slice(struct rho_rows r, size_t from, size_t n)
{
	if (r.id)
		r.id += from;
	else
		r.first += from;
	r.n = n;
	return r;
}
