/* kernels.h: the inner-product kernels, one an instruction set, all with the same bits. */
#ifndef RHO_SCORE_KERNELS_H
#define RHO_SCORE_KERNELS_H

#include <stddef.h>

/* out[i * stride + j] = <x[i], y[j]> over d floats, for rows given by their addresses. */
typedef void rho_kernel(const float *const *x, size_t nx, const float *const *y, size_t ny, size_t d,
                        float *out, size_t stride);

rho_kernel rho_kernel_base;
#ifdef __x86_64__
rho_kernel rho_kernel_avx2, rho_kernel_avx512;
#endif

/* The n-th of the kernels this machine runs, the widest first, and its name; NULL beyond. */
rho_kernel *rho_kernel_at(size_t n, const char **name);

#endif
