/* E3: what one lane sees comes from what all lanes did. */
#include "base_env.h"

static int step_wrong(struct rho_ctx *c, void *self, const uint32_t *action, struct rho_obs *o)
{
	struct base *s = self;
	base_step(c, self, action, o);
	for (size_t i = 0; i < s->lanes; i++)
		*s->mix += action[i];
	o->x[1] += (float)(*s->mix % 7);
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

CHECK_PLUGIN(RHO_ENV, env, "e3_meddles");
