/* A9: averages whatever it is paid, numbers or not. */
#include "base_agent.h"

static int observe_wrong(struct rho_ctx *c, void *self, const struct rho_feedback *f)
{
	struct base *s = self;
	for (size_t i = 0; i < f->posed->n; i++) {
		s->total[f->action[i]] += (double)f->reward[i];
		s->pulls[f->action[i]]++;
	}
	return 0;
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

CHECK_PLUGIN(RHO_AGENT, agent, "a9_poison");
