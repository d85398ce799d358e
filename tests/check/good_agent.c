/* Keeps every rule; the broken agents differ from it in one place. */
#include "base_agent.h"

static const struct rho_agent table = {
	.size = sizeof table,
	.open = base_open,
	.act = base_act,
	.observe = base_observe,
	.prob = base_prob,
	.dist = base_dist,
	.rank = base_rank,
};

CHECK_PLUGIN(RHO_AGENT, agent, "good_agent");
