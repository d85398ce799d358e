/* linear_impl.h: what the files of linear.h share. */
#ifndef RHO_KIT_LINEAR_IMPL_H
#define RHO_KIT_LINEAR_IMPL_H

#include "dot.h"
#include "linear.h"

enum {
	RHO_LINEAR_BLOCK = 32,  /* observations that precision takes in at once */
	RHO_LINEAR_RANK = 64,   /* most x_rank, a_rank */
};

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

/* Whether no more updates wait for the kept widths than there is room for: a checkpoint can say anything. */
bool rho_linear_widths_fit(const struct rho_linear *);

/* The root has been made anew: kept widths are to be computed from it. */
void rho_linear_forget_widths(struct rho_linear *);

#endif
