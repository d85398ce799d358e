/* base_sampler.h: a sound sampler: k of the legal actions, uniformly, keyed by lane and tick. */
#pragma once
#include "base.h"

struct base {
	int64_t k; /* parameter */
	size_t n_actions;
	uint32_t *place;     /* (n_actions) a workspace */
	struct rho_rng *key; /* forked, never drawn from */
};

static const struct rho_param base_params[] = {
	RHO_I64(struct base, k, 10, 1, 1000000, "candidates drawn for each decision"), RHO_END
};

static inline int base_open(struct rho_ctx *c, void *self, const struct rho_sampler_spec *spec,
                            struct rho_sampler_info *info)
{
	struct base *s = self;
	if ((size_t)s->k > spec->n_actions || (size_t)s->k < spec->slate)
		return rho_fail(c, RHO_EINVAL, "k = %lld does not lie between %zu and %zu", (long long)s->k,
		                spec->slate, spec->n_actions);
	s->n_actions = spec->n_actions;
	s->place = rho_alloc(c, spec->n_actions, sizeof *s->place);
	s->key = rho_stream(c, "base");
	*info = (struct rho_sampler_info){ .max_k = (size_t)s->k, .law = RHO_LAW_UNIFORM };
	return s->place ? 0 : RHO_ENOMEM;
}

static inline size_t base_n_legal(const struct base *s, const struct rho_ask *ask, size_t i)
{
	return ask->legal_off ? ask->legal_off[i + 1] - ask->legal_off[i] : s->n_actions;
}

/* Decision i: k places of n, then the ids that are legal there. Gives how many. */
static inline size_t base_pick(struct base *s, const struct rho_ask *ask, size_t i, struct rho_rng *r,
                               uint32_t *cand, float *incl)
{
	size_t n = base_n_legal(s, ask, i), k = (size_t)s->k < n ? (size_t)s->k : n;
	for (uint32_t j = 0; j < n; j++)
		s->place[j] = j;
	for (uint32_t j = 0; j < k; j++) {
		uint32_t at = j + rho_below(r, (uint32_t)n - j), swap = s->place[j];
		s->place[j] = s->place[at];
		s->place[at] = swap;
		cand[j] = ask->legal_off ? ask->legal[ask->legal_off[i] + s->place[j]] : s->place[j];
		incl[j] = (float)k / (float)n;
	}
	return k;
}

static inline int base_draw(struct rho_ctx *c, void *self, const struct rho_ask *ask, struct rho_pool *pool)
{
	struct base *s = self;
	pool->off[0] = 0;
	for (size_t i = 0; i < ask->n; i++) {
		struct rho_rng r = rho_fork(s->key, ask->lane[i], ask->tick[i]);
		size_t at = pool->off[i];
		pool->off[i + 1] = at + base_pick(s, ask, i, &r, pool->cand + at, pool->incl + at);
	}
	return 0;
}
