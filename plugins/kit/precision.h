/* precision.h: the precision matrix of a normal posterior, growing by one observation after another. */
#ifndef RHO_KIT_PRECISION_H
#define RHO_KIT_PRECISION_H

#include <rho/rho.h>

#include "triangle.h"

/* A (n, n) positive definite, and W with WᵀW = A⁻¹, both as packed triangles (see triangle.h). The arrays
 * are the caller's, kept ones as a rule. Vectors have `pad` numbers, zero from n on, and begin at
 * multiples of 64 bytes. */
struct rho_precision {
	size_t n, pad, size;    /* rows; numbers in a vector; in a triangle  */
	double *a, *w;          /* (size) each                               */
};

/* Of n rows, without arrays yet. */
static inline struct rho_precision rho_precision_of(size_t n)
{
	return (struct rho_precision){ .n = n, .pad = rho_tri_pad(n), .size = rho_tri_size(n) };
}

/* A = lambda I. */
void rho_precision_start(struct rho_precision *, double lambda);

/* A += scale φφᵀ, and W accordingly, in O(n²). phi (pad), work (2 pad); scale >= 0. */
void rho_precision_add(struct rho_precision *, double scale, const double *phi, double *work);

/* A += scale φφᵀ alone; rho_precision_refresh is due before W is used. phi, work (pad). */
void rho_precision_add_only(struct rho_precision *, double scale, const double *phi, double *work);

/* W anew from A in O(n³); work (8 pad). False when A is not positive definite: W is then of no use. */
bool rho_precision_refresh(struct rho_precision *, double *work);

/* out = A⁻¹v, v, out and work (pad); gives vᵀA⁻¹v. */
double rho_precision_solve(const struct rho_precision *, const double *v, double *out, double *work);

/* vᵀA⁻¹v; v, work (pad). */
double rho_precision_norm2(const struct rho_precision *, const double *v, double *work);

/* out += a draw from N(0, sd² A⁻¹); out and work (2 pad). n normal numbers from rng. */
void rho_precision_add_draw(const struct rho_precision *, struct rho_rng *, double sd, double *out,
                            double *work);

#endif
