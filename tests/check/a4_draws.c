/* A4: draws a number when asked for a probability. */
#include "base_agent.h"

static int prob_wrong(struct rho_ctx *c, void *self, const struct rho_batch *b, const uint32_t *action,
                      float *prob)
{
	rho_u64(((struct base *)self)->rng);
	return base_prob(c, self, b, action, prob);
}

static const struct rho_agent table = {
	.size = sizeof table,
	.open = base_open,
	.act = base_act,
	.observe = base_observe,
	.prob = prob_wrong,
	.dist = base_dist,
	.rank = base_rank,
};

CHECK_PLUGIN(RHO_AGENT, agent, "a4_draws");
