/* score.h: inner products of rows with rows, each summed in one fixed order. */
#ifndef RHO_SCORE_SCORE_H
#define RHO_SCORE_SCORE_H

#include <rho/view.h>

/* <a, b> over d floats: sixteen partial sums, element i into sum i % 16, then a fixed tree. The
 * same bits on every machine and instruction set (no contraction). */
float rho_dot(const float *a, const float *b, size_t d);

/* out[i * stride + j] = <row i of x, row j of y>; equal to rho_dot of the two rows, bit for bit. */
void rho_score_inner(const struct rho_rows *x, const struct rho_rows *y, float *out, size_t stride,
                     unsigned threads);

/* fn over 0 .. n-1 in ranges fixed by n alone, on up to `threads` threads. */
void rho_score_parallel(size_t n, void (*fn)(void *arg, size_t from, size_t to), void *arg,
                        unsigned threads);

#endif
