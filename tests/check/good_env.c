/* Keeps every rule; the broken environments differ from it in one place. */
#include "base_env.h"

static const struct rho_env table = {
	.size = sizeof table,
	.flags = RHO_HAS_CONTEXT,
	.open = base_open,
	.reset = base_reset,
	.step = base_step,
	.oracle = base_oracle,
};

CHECK_PLUGIN(RHO_ENV, env, "good_env");
