/* A8: learns the wrong way round: bad rewards please it. */
#include "base_agent.h"

static int observe_wrong(struct rho_ctx *c, void *self, const struct rho_feedback *f)
{
	struct base *s = self;
	int code = base_observe(c, self, f);
	for (size_t i = 0; i < f->posed->n && !code; i++)
		s->total[f->action[i]] -= 2 * (double)f->reward[i];
	return code;
}

static const struct rho_agent table = {
	.size = sizeof table,
	.open = base_open,
	.act = base_act,
	.observe = observe_wrong,
	.prob = base_prob,
	.dist = base_dist,
	.rank = base_rank,
};

CHECK_PLUGIN(RHO_AGENT, agent, "a8_backwards");
