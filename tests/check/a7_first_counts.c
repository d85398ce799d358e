/* A7: takes the first decision's number of candidates for every decision's. */
#include "base_agent.h"

static int prob_wrong(struct rho_ctx *c, void *self, const struct rho_batch *b, const uint32_t *action,
                      float *prob)
{
	double eps = base_epsilon(self, b);
	for (size_t i = 0; i < b->n; i++)
		prob[i] = (float)(eps / (double)rho_n_cand(b, 0) +
		                  (rho_cand(b, i, base_best(self, b, i)) == action[i] ? 1 - eps : 0));
	return 0;
}

static const struct rho_agent table = {
	.size = sizeof table,
	.open = base_open,
	.act = base_act,
	.observe = base_observe,
	.prob = prob_wrong,
};

CHECK_PLUGIN(RHO_AGENT, agent, "a7_first_counts");
