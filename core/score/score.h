/* score.h: inner products of rows with rows, each summed in one fixed order, and what is wanted of them. */
#ifndef RHO_SCORE_SCORE_H
#define RHO_SCORE_SCORE_H

#include <rho/view.h>

#include "codes.h"

/* <a, b> over d floats: sixteen partial sums, element i into sum i % 16 by a fused multiply-add, then
 * a fixed tree. The same bits on every machine and instruction set. */
float rho_dot(const float *a, const float *b, size_t d);

/* The same for a in float64, eight partial sums in float64. */
double rho_dot64(const double *a, const float *b, size_t d);

/* out[i * stride + j] = <row i of x, row j of y>; equal to rho_dot of the two rows, bit for bit. */
void rho_score_inner(const struct rho_rows *x, const struct rho_rows *y, float *out, size_t stride,
                     unsigned threads);

enum rho_scan_want {
	RHO_SCAN_ALL,   /* every product: out */
	RHO_SCAN_ALL64, /* every product of queries in float64: out64 */
	RHO_SCAN_TOP,   /* the k largest of each query: place, score */
};

/* One request for products of queries with rows. */
struct rho_scan {
	uint32_t want; /* enum rho_scan_want */
	struct rho_rows x; /* n queries; unused by ALL64 */
	const double *x64; /* (n64, d) ALL64 */
	size_t n64;
	struct rho_rows y;
	float *out; /* (x.n, stride) ALL */
	double *out64; /* (n64, stride) ALL64 */
	size_t stride; /* >= y.n */
	const uint64_t *only; /* TOP: bit j % 64 of only[j / 64]: place j may be chosen; NULL: all */
	size_t k; /* TOP */
	uint32_t *place; /* (x.n, k) TOP: places in y, best first, ties to the lower; UINT32_MAX: none left */
	float *score; /* (x.n, k) TOP: their products; -INFINITY where there is none */
};

/* Answers n > 0 requests, all over the same rows y, in one pass over them. Every product has the bits
 * of rho_dot (rho_dot64), whatever it is asked for with, the block and the number of threads (a NaN is
 * any NaN). Products that are NaN or -INFINITY are never among the top. codes: y's matrix in fewer
 * bits, to find with which rows can be among the top where that is faster (few queries, and no request
 * for all products), NULL: none; what comes out is the same. Its own memory: some blocks of products,
 * and for each thread at work k places a query. */
void rho_score_scan(struct rho_scan *const *scan, size_t n, const struct rho_codes *codes,
                    unsigned threads);

/* fn over 0 .. n-1 in ranges fixed by n alone, on up to `threads` threads. */
void rho_score_parallel(size_t n, void (*fn)(void *arg, size_t from, size_t to), void *arg,
                        unsigned threads);

#endif
