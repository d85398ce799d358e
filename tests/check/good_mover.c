/* good_mover.c: an environment whose actions move, without fault. */
#include "base_mover.h"

static int mover_reset(struct rho_ctx *c, void *self, struct rho_obs *o)
{
	base_pose(self, 2, o);
	return 0;
}

static int mover_step(struct rho_ctx *c, void *self, const uint32_t *action, struct rho_obs *o)
{
	base_pay(self, action, o);
	base_pose(self, 2, o);
	return 0;
}

static int mover_loaded(struct rho_ctx *c, void *self)
{
	base_fill(self, 2);
	return 0;
}

static const struct rho_env table = {
	.size = sizeof table,
	.open = base_open,
	.loaded = mover_loaded,
	.reset = mover_reset,
	.step = mover_step,
	.oracle = base_oracle,
};

CHECK_PLUGIN(RHO_ENV, env, "good_mover");
