/* A5: what it has learned is not in kept arrays. */
#include "base_agent.h"

static int open_wrong(struct rho_ctx *c, void *self, const struct rho_spec *spec)
{
	struct base *s = self;
	s->rng = rho_stream(c, "explore");
	s->total = rho_alloc(c, spec->n_actions, sizeof *s->total);
	s->pulls = rho_alloc(c, spec->n_actions, sizeof *s->pulls);
	return s->total && s->pulls ? 0 : RHO_ENOMEM;
}

static const struct rho_agent table = {
	.size = sizeof table,
	.open = open_wrong,
	.act = base_act,
	.observe = base_observe,
	.prob = base_prob,
	.dist = base_dist,
	.rank = base_rank,
};

CHECK_PLUGIN(RHO_AGENT, agent, "a5_forgets");
