/* real.h: the number networks are made of: float32; float64 where the tests check gradients (RHO_NN_DOUBLE).
 */
#ifndef RHO_KIT_NN_REAL_H
#define RHO_KIT_NN_REAL_H

#include <rho/rho.h>

#ifdef RHO_NN_DOUBLE
typedef double rho_real;
#else
typedef float rho_real;
#endif

/* rho_keep_f32 of what this build calls a real. [open] */
static inline rho_real *rho_keep_real(struct rho_ctx *c, const char *name, size_t rows, size_t cols)
{
#ifdef RHO_NN_DOUBLE
	return rho_keep_f64(c, name, rows, cols);
#else
	return rho_keep_f32(c, name, rows, cols);
#endif
}

#endif
