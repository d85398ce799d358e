/* E5: offers an action twice. */
#include "base_env.h"

static int step_wrong(struct rho_ctx *c, void *self, const uint32_t *action, struct rho_obs *o)
{
	struct base *s = self;
	base_step(c, self, action, o);
	s->legal[1] = s->legal[0];
	return 0;
}

static const struct rho_env table = {
	.size = sizeof table,
	.flags = RHO_HAS_CONTEXT,
	.open = base_open,
	.reset = base_reset,
	.step = step_wrong,
};

CHECK_PLUGIN(RHO_ENV, env, "e5_twice");
