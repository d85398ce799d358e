/* S2: states half the inclusion probability. */
#include "base_sampler.h"

static int open_wrong(struct rho_ctx *c, void *self, const struct rho_sampler_spec *spec,
                      struct rho_sampler_info *info)
{
	int code = base_open(c, self, spec, info);
	info->law = RHO_LAW_OTHER;
	return code;
}

static int draw_wrong(struct rho_ctx *c, void *self, const struct rho_ask *ask, struct rho_pool *pool)
{
	base_draw(c, self, ask, pool);
	for (size_t j = 0; j < pool->off[ask->n]; j++)
		pool->incl[j] /= 2;
	return 0;
}

static const struct rho_sampler table = { .size = sizeof table, .open = open_wrong, .draw = draw_wrong };

CHECK_PLUGIN(RHO_SAMPLER, sampler, "s2_incl");
