/* S1: puts an id twice into a set. */
#include "base_sampler.h"

static int draw_wrong(struct rho_ctx *c, void *self, const struct rho_ask *ask, struct rho_pool *pool)
{
	base_draw(c, self, ask, pool);
	for (size_t i = 0; i < ask->n && !ask->legal_off; i++)
		pool->cand[pool->off[i + 1] - 1] = pool->cand[pool->off[i]];
	return 0;
}

static const struct rho_sampler table = { .size = sizeof table, .open = base_open, .draw = draw_wrong };

CHECK_PLUGIN(RHO_SAMPLER, sampler, "s1_twice");
