/* gap.h: what agents share that explore by the gap to the best estimate: estimates of all candidates of some
 * decisions at once, and how much a gap weighs by now. */
#ifndef RHO_KIT_GAP_H
#define RHO_KIT_GAP_H

#include "linear.h"

#define RHO_GAP_PARAMS(T) \
	RHO_F64(T, gamma_scale, 10, 0, 1e9, "how much a gap to the best weighs: gamma is this times" \
		" t^gamma_exponent, after t - 1 rewards; 0 does not look at gaps"), \
	RHO_F64(T, gamma_exponent, 0.5, 0, 2, "how fast gamma grows")

enum { RHO_GAP_GROUP = 8 };

/* Decisions from one on whose estimates fit into one pass: those over all actions share it. */
static inline size_t rho_gap_together(const struct rho_batch *b, size_t i)
{
	return b->cand_off ? 1 : b->n - i < RHO_GAP_GROUP ? b->n - i : RHO_GAP_GROUP;
}

/* Room for rho_gap_estimates of any decision of the batch. NULL: RHO_ENOMEM, recorded. [run] */
float *rho_gap_room(struct rho_ctx *, const struct rho_batch *);

/* f (n, candidates): the estimates of decisions i .. i + n - 1, n as rho_gap_together gives it, but for
 * what is the same for all actions of a decision. query (n, a_dim) is workspace. 0 or an error, recorded:
 * an estimate is not finite. [run] */
int rho_gap_estimates(struct rho_ctx *, struct rho_linear *, const struct rho_batch *, size_t i, size_t n,
                      float *query, float *f);

/* gamma for gaps in units of the declared range of rewards (as they are where there is none). */
double rho_gap_gamma(const struct rho_linear *, const struct rho_spec *, double scale, double exponent);

#endif
