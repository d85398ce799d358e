/* kernels.h: the inner-product kernels, one set for each instruction set, all with the same bits. */
#ifndef RHO_SCORE_KERNELS_H
#define RHO_SCORE_KERNELS_H

#include <stddef.h>
#include <stdint.h>

/* Rows that will be read next, to be fetched into the cache evenly over a kernel's work. */
struct rho_ahead {
	const float *const *row; /* (n + 4) the last ones only so that they can be read */
	size_t n;
};

/* out[i][j] = <x[i], y[j]> over d floats, for nx queries and ny rows given by their addresses. ahead:
 * NULL: nothing. */
typedef void rho_kernel(const float *const *x, size_t nx, const float *const *y, size_t ny, size_t d,
                        float *const *out, const struct rho_ahead *ahead);

/* The same for queries in float64. */
typedef void rho_kernel64(const double *const *x, size_t nx, const float *const *y, size_t ny, size_t d,
                          double *const *out, const struct rho_ahead *ahead);

/* Which of n <= 256 numbers are >= floor (a NaN is not): their places, rising, into at (n + 16);
 * how many. */
typedef size_t rho_reach(const float *s, size_t n, float floor, uint32_t *at);

struct rho_score_kernels {
	const char *name;
	rho_kernel *products;
	rho_kernel64 *products64;
	rho_reach *reach;
};

/* The n-th of the sets this machine runs, the widest first; NULL beyond. There is always one. */
const struct rho_score_kernels *rho_score_kernels_at(size_t n);

rho_kernel rho_products_base;
rho_kernel64 rho_products64_base;
rho_reach rho_reach_base;
#ifdef __x86_64__
rho_kernel rho_products_avx2, rho_products_avx512;
rho_kernel64 rho_products64_avx2, rho_products64_avx512;
rho_reach rho_reach_avx2, rho_reach_avx512;
#endif

#endif
