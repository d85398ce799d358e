/* A6: learns only from what it has decided itself. */
#include "base_agent.h"

static int act_wrong(struct rho_ctx *c, void *self, const struct rho_batch *b, struct rho_choice *out)
{
	*((struct base *)self)->more = 1;
	return base_act(c, self, b, out);
}

static int observe_wrong(struct rho_ctx *c, void *self, const struct rho_feedback *f)
{
	if (!*((struct base *)self)->more)
		return rho_fail(c, RHO_EINVAL, "there was no decision to learn from");
	return base_observe(c, self, f);
}

static const struct rho_agent table = {
	.size = sizeof table,
	.open = base_open,
	.act = act_wrong,
	.observe = observe_wrong,
	.prob = base_prob,
	.dist = base_dist,
	.rank = base_rank,
};

CHECK_PLUGIN(RHO_AGENT, agent, "a6_own_only");
