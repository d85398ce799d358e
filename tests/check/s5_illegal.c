/* S5: counts the legal actions and then takes any. */
#include "base_sampler.h"

static int draw_wrong(struct rho_ctx *c, void *self, const struct rho_ask *ask, struct rho_pool *pool)
{
	struct base *s = self;
	base_draw(c, self, ask, pool);
	for (size_t i = 0; i < ask->n && ask->legal_off; i++)
		for (size_t j = pool->off[i]; j < pool->off[i + 1]; j++)
			pool->cand[j] = (pool->cand[j] + 1) % (uint32_t)s->n_actions;
	return 0;
}

static const struct rho_sampler table = { .size = sizeof table, .open = base_open, .draw = draw_wrong };

CHECK_PLUGIN(RHO_SAMPLER, sampler, "s5_illegal");
