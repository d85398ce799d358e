/* E1: pays more than it declares. */
#include "base_env.h"

static int open_wrong(struct rho_ctx *c, void *self, struct rho_env_spec *spec)
{
	int code = base_open(c, self, spec);
	spec->reward_hi = 0.5f;
	return code;
}

static const struct rho_env table = {
	.size = sizeof table,
	.flags = RHO_HAS_CONTEXT,
	.open = open_wrong,
	.reset = base_reset,
	.step = base_step,
	.oracle = base_oracle,
};

CHECK_PLUGIN(RHO_ENV, env, "e1_beyond");
