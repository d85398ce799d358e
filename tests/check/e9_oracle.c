/* E9: an oracle that promises a tenth more than is paid. */
#include "base_env.h"

static int oracle_wrong(struct rho_ctx *c, void *self, const uint32_t *action, const size_t *off, float *mean,
                        float *best)
{
	const struct base *s = self;
	base_oracle(c, self, action, off, mean, best);
	for (size_t j = 0; j < off[s->lanes]; j++)
		mean[j] += 0.1f;
	for (size_t i = 0; i < s->lanes; i++)
		best[i] += 0.1f;
	return 0;
}

static const struct rho_env table = {
	.size = sizeof table,
	.flags = RHO_HAS_CONTEXT,
	.open = base_open,
	.reset = base_reset,
	.step = base_step,
	.oracle = oracle_wrong,
};

CHECK_PLUGIN(RHO_ENV, env, "e9_oracle");
