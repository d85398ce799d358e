/* A normal posterior's precision: the packed triangles of triangle.h, put together. */
#include <math.h>

#include "dot.h"
#include "precision.h"

void rho_precision_start(struct rho_precision *p, double lambda)
{
	memset(p->a, 0, p->size * sizeof *p->a);
	memset(p->w, 0, p->size * sizeof *p->w);
	for (size_t i = 0; i < p->n; i++) {
		p->a[rho_tri_at(i) + i] = lambda;
		p->w[rho_tri_at(i) + i] = 1 / sqrt(lambda);
	}
}

/* out (pad) = √scale φ. */
static void scaled(const struct rho_precision *p, double scale, const double *phi, double *out)
{
	double by = sqrt(scale);
	for (size_t j = 0; j < p->pad; j++)
		out[j] = by * phi[j];
}

void rho_precision_add_only(struct rho_precision *p, double scale, const double *phi, double *work)
{
	scaled(p, scale, phi, work);
	rho_tri_add(p->a, p->n, work, 1);
}

void rho_precision_add(struct rho_precision *p, double scale, const double *phi, double *work)
{
	rho_precision_add_only(p, scale, phi, work);
	rho_tri_update(p->w, p->n, work, 1, work + p->pad);
}

bool rho_precision_refresh(struct rho_precision *p, double *work)
{
	memcpy(p->w, p->a, p->size * sizeof *p->w);
	if (!rho_tri_factor(p->w, p->n))
		return false;
	rho_tri_invert(p->w, p->n, work);
	return true;
}

double rho_precision_solve(const struct rho_precision *p, const double *v, double *out, double *work)
{
	rho_tri_times(p->w, p->n, v, work);
	rho_tri_transposed(p->w, p->n, work, out);
	return rho_kit_dot(work, work, p->n);
}

double rho_precision_norm2(const struct rho_precision *p, const double *v, double *work)
{
	rho_tri_times(p->w, p->n, v, work);
	return rho_kit_dot(work, work, p->n);
}

void rho_precision_add_draw(const struct rho_precision *p, struct rho_rng *rng, double sd, double *out,
                            double *work)
{
	double *moved = work + p->pad;
	for (size_t i = 0; i < p->pad; i++)
		work[i] = i < p->n ? sd * rho_normal(rng) : 0;
	rho_tri_transposed(p->w, p->n, work, moved);
	for (size_t i = 0; i < p->n; i++)
		out[i] += moved[i];
}
