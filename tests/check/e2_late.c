/* E2: ends its episodes one step after its horizon. */
#include "base_env.h"

static int step_wrong(struct rho_ctx *c, void *self, const uint32_t *action, struct rho_obs *o)
{
	struct base *s = self;
	for (size_t i = 0; i < s->lanes; i++)
		base_move(s, i, action[i], HORIZON + 1, o);
	base_pose(s, o);
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

CHECK_PLUGIN(RHO_ENV, env, "e2_late");
