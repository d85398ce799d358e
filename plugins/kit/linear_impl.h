/* linear_impl.h: what the files of linear.h share. */
#ifndef RHO_KIT_LINEAR_IMPL_H
#define RHO_KIT_LINEAR_IMPL_H

#include "linear.h"

enum {
	RHO_LINEAR_BLOCK = 32,  /* observations that precision takes in at once */
	RHO_LINEAR_RANK = 64,   /* most x_rank, a_rank */
};

/* <a, b> over n numbers: eight sums, so that it can use vectors without changing the order. */
static inline double rho_linear_dot(const double *a, const double *b, size_t n)
{
	double sum[8] = { 0 };
	size_t i = 0;
	for (; i + 8 <= n; i += 8)
		for (size_t l = 0; l < 8; l++)
			sum[l] += a[i + l] * b[i + l];
	for (size_t l = 0; i < n; i++, l++)
		sum[l] += a[i] * b[i];
	return ((sum[0] + sum[4]) + (sum[2] + sum[6])) + ((sum[1] + sum[5]) + (sum[3] + sum[7]));
}

/* out = A⁻¹v; gives vᵀA⁻¹v. v, out (pad). Uses room's first row. */
double rho_linear_solve(const struct rho_linear *, const double *v, double *out);

/* y (rank) = axes (rank, n) times v (n). */
void rho_linear_project(const double *axes, size_t rank, const float *v, size_t n, double *y);

static inline const double *rho_linear_x_axes(const struct rho_linear *m) { return m->axes; }
static inline const double *rho_linear_a_axes(const struct rho_linear *m)
{
	return m->axes + m->x_rank * m->x_dim;
}

/* The root was updated by sign uuᵀ, A⁻¹ -= sign uuᵀ, with u = scale * g (pad): kept widths are to follow.
 * 0 or an error, recorded. [run] */
int rho_linear_note(struct rho_ctx *, struct rho_linear *, const struct rho_rows *actions, const double *g,
                    double scale, double sign);

/* The root has been made anew: kept widths are to be computed from it. */
void rho_linear_forget_widths(struct rho_linear *);

#endif
