/* A2: explores half as often as it says. */
#include "base_agent.h"

static int act_wrong(struct rho_ctx *c, void *self, const struct rho_batch *b, struct rho_choice *out)
{
	for (size_t i = 0; i < b->n; i++) {
		out->action[i] = base_draw(self, b, i, base_epsilon(self, b) / 2);
		out->prob[i] = base_prob_of(self, b, i, out->action[i]);
	}
	return 0;
}

static const struct rho_agent table = {
	.size = sizeof table,
	.open = base_open,
	.act = act_wrong,
	.observe = base_observe,
	.prob = base_prob,
	.dist = base_dist,
};

CHECK_PLUGIN(RHO_AGENT, agent, "a2_greedier");
