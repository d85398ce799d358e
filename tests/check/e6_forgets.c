/* E6: counts its steps where no checkpoint looks. */
#include "base_env.h"

static int open_wrong(struct rho_ctx *c, void *self, struct rho_env_spec *spec)
{
	struct base *s = self;
	int code = base_open(c, self, spec);
	s->tick = rho_alloc(c, s->lanes, sizeof *s->tick);
	return s->tick ? code : RHO_ENOMEM;
}

static const struct rho_env table = {
	.size = sizeof table,
	.flags = RHO_HAS_CONTEXT,
	.open = open_wrong,
	.reset = base_reset,
	.step = base_step,
	.oracle = base_oracle,
};

CHECK_PLUGIN(RHO_ENV, env, "e6_forgets");
