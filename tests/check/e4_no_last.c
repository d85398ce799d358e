/* E4: shows the new episode's beginning and forgets the old one's end. */
#include "base_env.h"

static int step_wrong(struct rho_ctx *c, void *self, const uint32_t *action, struct rho_obs *o)
{
	struct base *s = self;
	base_step(c, self, action, o);
	memset(o->last->x, 0, s->lanes * DIM * sizeof *o->last->x);
	return 0;
}

static const struct rho_env table = {
	.size = sizeof table,
	.flags = RHO_HAS_CONTEXT,
	.open = base_open,
	.reset = base_reset,
	.step = step_wrong,
	.oracle = base_oracle,
};

CHECK_PLUGIN(RHO_ENV, env, "e4_no_last");
