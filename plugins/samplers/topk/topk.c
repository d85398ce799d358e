/* Topk: the k legal actions of largest inner product with a query, exactly. */
#include "kit/sampling.h"

struct topk {
	int64_t k;              /* parameters */
	int query;
	size_t slate;
};

static const struct rho_param topk_params[] = {
	RHO_I64(struct topk, k, 500, 1, 1 << 28, "candidates for each decision"),
	RHO_QUERY_PARAM(struct topk),
	RHO_END
};

static int topk_open(struct rho_ctx *c, void *self, const struct rho_sampler_spec *spec,
                     struct rho_sampler_info *info)
{
	struct topk *s = self;
	int e = rho_sampling_k(c, (size_t)s->k, spec);
	if (!e)
		e = rho_sampling_features(c, spec);
	if (!e)
		e = rho_query_open(c, s->query, spec, info);
	s->slate = spec->slate;
	info->max_k = (size_t)s->k;
	info->law = RHO_LAW_OTHER;
	return e;
}

static int topk_draw(struct rho_ctx *c, void *self, const struct rho_ask *ask, struct rho_pool *pool)
{
	struct topk *s = self;
	size_t k = (size_t)s->k;
	struct rho_rows query = rho_query_rows(s->query, ask);
	uint32_t *id = rho_scratch(c, ask->n * k, sizeof *id);
	int e = id ? rho_search(c, &query, ask, k, id) : RHO_ENOMEM;
	pool->off[0] = 0;
	for (size_t i = 0; i < ask->n && !e; i++) {
		size_t at = pool->off[i], n = rho_search_found(id + i * k, k);
		if (n < s->slate)
			return rho_search_short(c, n, s->slate);
		for (size_t j = 0; j < n; j++) {
			pool->cand[at + j] = id[i * k + j];
			pool->incl[at + j] = 1;
		}
		pool->off[i + 1] = at + n;
	}
	return e;
}

static const struct rho_sampler topk_sampler = {
	.size = sizeof topk_sampler, .open = topk_open, .draw = topk_draw,
};

RHO_EXPORT const struct rho_plugin rho_plugin = {
	RHO_PLUGIN(RHO_SAMPLER), .name = "topk", .version = "1.0.0", .revision = 1,
	.brief = "the k legal actions of largest inner product with what the agent looks for, exactly",
	.params = topk_params, .self_size = sizeof(struct topk), .sampler = &topk_sampler,
};
