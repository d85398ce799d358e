/* A3: a distribution that loses a tenth. */
#include "base_agent.h"

static int dist_wrong(struct rho_ctx *c, void *self, const struct rho_batch *b, float *prob)
{
	base_dist(c, self, b, prob);
	for (size_t i = 0; i < b->n; i++)
		for (size_t j = 0; j < rho_n_cand(b, i); j++)
			prob[rho_cand_at(b, i) + j] *= 0.9f;
	return 0;
}

static const struct rho_agent table = {
	.size = sizeof table,
	.open = base_open,
	.act = base_act,
	.observe = base_observe,
	.prob = base_prob,
	.dist = dist_wrong,
	.rank = base_rank,
};

CHECK_PLUGIN(RHO_AGENT, agent, "a3_dist");
