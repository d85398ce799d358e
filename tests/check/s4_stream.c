/* S4: draws from its stream in the order it is asked. */
#include "base_sampler.h"

static int draw_wrong(struct rho_ctx *c, void *self, const struct rho_ask *ask, struct rho_pool *pool)
{
	struct base *s = self;
	pool->off[0] = 0;
	for (size_t i = 0; i < ask->n; i++) {
		size_t at = pool->off[i];
		pool->off[i + 1] = at + base_pick(s, ask, i, s->key, pool->cand + at, pool->incl + at);
	}
	return 0;
}

static const struct rho_sampler table = { .size = sizeof table, .open = base_open, .draw = draw_wrong };

CHECK_PLUGIN(RHO_SAMPLER, sampler, "s4_stream");
