/* kernels.h: the loops of a network outside its products, once for each instruction set. All go entry by
 * entry, or sum in sixteen parts (entry j in part j % 16) and one tree, with fused multiply-adds: the same
 * bits in every set. */
#ifndef RHO_KIT_NN_KERNELS_H
#define RHO_KIT_NN_KERNELS_H

#include <stdbool.h>
#include <stddef.h>

#include "real.h"

/* What one step of a rule does to each parameter; see enum rho_nn_rule. */
struct rho_nn_step {
	rho_real times, rate, beta1, rest1, beta2, rest2, root, eps, inside, shrink, decay, momentum;
};

struct rho_nn_kernels {
	const char *name;
	/* y (m, n) = f(y + bias), f of enum rho_nn_unit; bias NULL: zeros. z (m, n): y + bias, NULL: not
	 * wanted. Errors: docs/nn.md. */
	void (*finish)(unsigned unit, size_t m, size_t n, const rho_real *bias, rho_real *y, rho_real *z);
	/* dy (n) *= f'(z), from y = f(z) or, for GELU and GELU_TANH, from z. */
	void (*unfinish)(unsigned unit, size_t n, const rho_real *y, const rho_real *z, rho_real *dy);
	/* y (n) += a x */
	void (*add)(size_t n, rho_real a, const rho_real *x, rho_real *y);
	/* sum (n) += the columns of x (m, n), in float64 */
	void (*columns)(size_t m, size_t n, const rho_real *x, rho_real *sum);
	/* s (n): e^(s - most) over their sum; -INFINITY becomes 0; all of them -INFINITY: zeros. */
	void (*soften)(size_t n, rho_real *s);
	/* dp (n) from the gradient of the softmax's results p to that of what was softened */
	void (*unsoften)(size_t n, const rho_real *p, rho_real *dp);
	/* <a, b> in float64 */
	double (*dot)(size_t n, const rho_real *a, const rho_real *b);
	/* One row of LayerNorm: y = (x - mean) scale gamma + beta; gives mean and scale = 1 / √(variance +
	 * eps). */
	void (*norm)(size_t n, const rho_real *x, const rho_real *gamma, const rho_real *beta, double eps,
	             rho_real *y, rho_real *mean_scale);
	/* The way back: dx = beta_dx dx + ..., NULL: not wanted; sums (2, n) += the row's share of dgamma and
	 * dbeta. */
	void (*unnorm)(size_t n, const rho_real *x, const rho_real *gamma, const rho_real *mean_scale,
	               const rho_real *dy, rho_real beta_dx, rho_real *dx, double *sums);
	/* One row of a GRU: gate (3 n) holds x W' + b and becomes r, z, n; again (3 n) holds h U' + c, of
	 * which the last third is read by unstep; h (n) the state before, y (n) the one after. */
	void (*gru)(size_t n, rho_real *gate, const rho_real *again, const rho_real *h, rho_real *y);
	/* The way back: dh (n) is dL/dy and becomes the share of h that does not go through U; gate (3 n)
	 * becomes dL/d(x W' + b), again (3 n) dL/d(h U' + c). */
	void (*ungru)(size_t n, rho_real *gate, rho_real *again, const rho_real *h, rho_real *dh);
	void (*adam)(size_t n, const struct rho_nn_step *, const rho_real *g, rho_real *first,
	             rho_real *second, rho_real *p);
	void (*sgd)(size_t n, const struct rho_nn_step *, const rho_real *g, rho_real *first, rho_real *p);
	void (*rmsprop)(size_t n, const struct rho_nn_step *, const rho_real *g, rho_real *second,
	                rho_real *p);
	/* y (n) = a x + b y */
	void (*mix)(size_t n, rho_real a, const rho_real *x, rho_real b, rho_real *y);
};

/* The i-th set of kernels this machine runs, the widest first; NULL beyond. [any] */
const struct rho_nn_kernels *rho_nn_kernels_at(size_t i);

#endif
