/* E10: shows a context that its flags do not mention. */
#include "base_env.h"

static const struct rho_env table = {
	.size = sizeof table,
	.open = base_open,
	.reset = base_reset,
	.step = base_step,
	.oracle = base_oracle,
};

CHECK_PLUGIN(RHO_ENV, env, "e10_flags");
