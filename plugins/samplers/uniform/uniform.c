/* Uniform: k of the legal actions without replacement, in random order, in O(k) whatever K is.
 *
 * Each draw comes from a stream of its own for (lane, tick), so a set can be drawn again from a
 * log that holds only those two numbers. */
#include "kit/sampling.h"

struct uniform {
	int64_t k;              /* parameter */
	const struct rho_rng *key;      /* forked, never drawn from */
	struct rho_subset subset;
};

static const struct rho_param uniform_params[] = {
	RHO_I64(struct uniform, k, 500, 1, 1 << 28, "candidates drawn for each decision"),
	RHO_END
};

static int uniform_open(struct rho_ctx *c, void *self, const struct rho_sampler_spec *spec,
                        struct rho_sampler_info *info)
{
	struct uniform *s = self;
	size_t k = (size_t)s->k;
	int e = rho_sampling_k(c, k, spec);
	if (e)
		return e;
	s->key = rho_stream(c, "uniform");
	info->max_k = k;
	info->law = RHO_LAW_UNIFORM;
	return rho_subset_open(c, &s->subset, k);
}

static int uniform_draw(struct rho_ctx *c, void *self, const struct rho_ask *ask, struct rho_pool *pool)
{
	struct uniform *s = self;
	pool->off[0] = 0;
	for (size_t i = 0; i < ask->n; i++) {
		struct rho_legal legal = rho_legal(ask, i);
		size_t n = legal.n, k = n < (size_t)s->k ? n : (size_t)s->k, at = pool->off[i];
		struct rho_rng rng = rho_fork(s->key, ask->lane[i], ask->tick[i]);
		rho_subset_draw(&s->subset, &rng, (uint32_t)n, (uint32_t)k, pool->cand + at);
		for (size_t j = at; j < at + k; j++) {
			pool->cand[j] = rho_legal_id(&legal, pool->cand[j]);
			pool->incl[j] = (float)k / (float)n;
		}
		pool->off[i + 1] = at + k;
	}
	return 0;
}

static const struct rho_sampler uniform_sampler = {
	.size = sizeof uniform_sampler, .open = uniform_open, .draw = uniform_draw,
};

RHO_EXPORT const struct rho_plugin rho_plugin = {
	RHO_PLUGIN(RHO_SAMPLER), .name = "uniform", .version = "1.0.0", .revision = 1,
	.brief = "k of the legal actions, each set and each order as likely as any other",
	.cite = "Fisher & Yates 1938; Durstenfeld, Algorithm 235, CACM 7(7), 1964",
	.params = uniform_params, .self_size = sizeof(struct uniform), .sampler = &uniform_sampler,
};
