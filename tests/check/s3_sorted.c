/* S3: puts the lowest id of each set in front. */
#include "base_sampler.h"

static int draw_wrong(struct rho_ctx *c, void *self, const struct rho_ask *ask, struct rho_pool *pool)
{
	base_draw(c, self, ask, pool);
	for (size_t i = 0; i < ask->n; i++) {
		uint32_t *first = pool->cand + pool->off[i], *end = pool->cand + pool->off[i + 1];
		for (uint32_t *at = first + 1; at < end; at++) {
			uint32_t swap = *first < *at ? *first : *at;
			*at = *first < *at ? *at : *first;
			*first = swap;
		}
	}
	return 0;
}

static const struct rho_sampler table = { .size = sizeof table, .open = base_open, .draw = draw_wrong };

CHECK_PLUGIN(RHO_SAMPLER, sampler, "s3_sorted");
