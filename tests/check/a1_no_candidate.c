/* A1: chooses an action that was not offered, when only one was. */
#include "base_agent.h"

static int act_wrong(struct rho_ctx *c, void *self, const struct rho_batch *b, struct rho_choice *out)
{
	base_act(c, self, b, out);
	for (size_t i = 0; i < b->n; i++)
		if (rho_n_cand(b, i) == 1)
			out->action[i] = (out->action[i] + 1) % (uint32_t)b->actions.n;
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

CHECK_PLUGIN(RHO_AGENT, agent, "a1_no_candidate");
