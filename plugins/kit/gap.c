/* Estimates of candidates, and the schedule of gamma. */
#include <math.h>

#include "gap.h"

float *rho_gap_room(struct rho_ctx *c, const struct rho_batch *b)
{
	return rho_linear_room(c, b, b->cand_off ? 1 : RHO_GAP_GROUP);
}

int rho_gap_estimates(struct rho_ctx *c, struct rho_linear *m, const struct rho_batch *b, size_t i, size_t n,
                      float *query, float *f)
{
	struct rho_rows cand = rho_cand_rows(b, i);
	struct rho_mat mat = { query, n, m->a_dim, m->a_dim };
	struct rho_rows rows = { &mat, NULL, 0, n };
	int error = rho_linear_begin(c, m, &b->actions);
	if (error)
		return error;
	for (size_t k = 0; k < n; k++)
		rho_linear_query(m, m->theta, rho_linear_context(b, i + k), query + k * m->a_dim);
	rho_inner(c, &rows, &cand, f, cand.n);
	for (size_t j = 0; j < n * cand.n; j++)
		if (!isfinite(f[j]))
			return rho_fail(c, RHO_EINVAL, "the estimate of action %u is %g; features of contexts"
			                " and actions must be finite, and small enough to multiply",
			                rho_cand(b, i, j % cand.n), (double)f[j]);
	return 0;
}

double rho_gap_gamma(const struct rho_linear *m, const struct rho_spec *spec, double scale, double exponent)
{
	double range = (double)spec->reward_hi - (double)spec->reward_lo;
	double gamma = scale * pow((double)*m->updates + 1, exponent);
	return range > 0 && isfinite(range) ? gamma / range : gamma;
}
