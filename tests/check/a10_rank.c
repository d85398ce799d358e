/* A10: ranks by the number of pulls, and chooses by the mean. */
#include "base_agent.h"

static int rank_wrong(struct rho_ctx *c, void *self, const struct rho_batch *b, float *score, float *explore)
{
	const struct base *s = self;
	for (size_t i = 0; i < b->n; i++) {
		explore[i] = (float)base_epsilon(s, b);
		for (size_t j = 0; j < rho_n_cand(b, i); j++)
			score[rho_cand_at(b, i) + j] = (float)s->pulls[rho_cand(b, i, j)];
	}
	return 0;
}

static const struct rho_agent table = {
	.size = sizeof table,
	.open = base_open,
	.act = base_act,
	.observe = base_observe,
	.prob = base_prob,
	.dist = base_dist,
	.rank = rank_wrong,
};

CHECK_PLUGIN(RHO_AGENT, agent, "a10_rank");
