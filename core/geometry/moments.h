/* moments.h: means, scatter matrices and eigenvalues of rows, in float64 and in one order of summing: the same bits
 * for any number of threads. */
#ifndef RHO_GEOMETRY_MOMENTS_H
#define RHO_GEOMETRY_MOMENTS_H

#include <rho/view.h>
#include "../base/buf.h"

/* Mean of the rows into out (cols); zeros when there are none. */
void rho_mean_row(const struct rho_mat *rows, unsigned threads, double *out);

/* sum over rows of (x - mean)(x - mean)^T into out (cols, cols), both triangles; mean NULL: of the rows as they
 * are. Takes 2 * rows * cols^2 operations. 0, or -1 with why: no OpenBLAS. */
int rho_scatter(const struct rho_mat *rows, const double *mean, unsigned threads, double *out, struct rho_buf *why);

/* Eigenvalues of the symmetric matrix a (d, d), the largest first, into value (d). With `vectors` row j of a becomes
 * the unit eigenvector of value[j], its largest component (the first of equals) positive; without them a is lost.
 * LAPACK's dsyevd. 0, or -1 with why: no OpenBLAS, numbers that are not finite. */
int rho_eigen(double *a, size_t d, double *value, bool vectors, struct rho_buf *why);

/* Whether every number is finite. Else *row and *col say where the first is that is not. */
bool rho_rows_finite(const struct rho_mat *rows, size_t *row, size_t *col);

#endif
