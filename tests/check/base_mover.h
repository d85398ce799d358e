/* base_mover.h: an environment whose actions are others at each decision: features drawn anew, ids in SETS sets
 * that take turns: 2 as it should be, 1 to overwrite. */
#pragma once
#include <string.h>

#include "base.h"

enum { SLOTS = 5, DIM = 3 };

struct base {
	double top; /* parameter */
	size_t lanes;
	uint64_t *tick;       /* (lanes) kept: decisions of the lane */
	float *feature;       /* (2, lanes, SLOTS, DIM) rebuilt where posed */
	uint32_t *legal;      /* (lanes, SLOTS) */
	size_t *off;          /* (lanes + 1) */
	struct rho_mat mat;
	struct rho_rng *key;  /* forked, never drawn from */
};

static const struct rho_param base_params[] = {
	RHO_F64(struct base, top, 0.9, 0.2, 1, "mean reward of the best action there can be"), RHO_END
};

static inline int base_open(struct rho_ctx *c, void *self, struct rho_env_spec *spec)
{
	struct base *s = self;
	size_t n = 2 * spec->lanes * SLOTS;
	s->lanes = spec->lanes;
	s->tick = rho_keep_u64(c, "tick", 1, s->lanes);
	s->feature = rho_alloc(c, n, DIM * sizeof *s->feature);
	s->legal = rho_alloc(c, s->lanes, SLOTS * sizeof *s->legal);
	s->off = rho_alloc(c, s->lanes + 1, sizeof *s->off);
	s->key = rho_stream(c, "env");
	s->mat = (struct rho_mat){ s->feature, n, DIM, DIM };
	spec->n_actions = n;
	spec->action_mat = &s->mat;
	spec->moving = true;
	spec->max_legal = SLOTS;
	spec->reward_hi = 1;
	return s->tick && s->feature && s->legal && s->off ? 0 : RHO_ENOMEM;
}

/* The first id of a lane's decision. */
static inline uint32_t base_first(const struct base *s, size_t lane)
{
	return (uint32_t)((s->tick[lane] % SETS * s->lanes + lane) * SLOTS);
}

static inline int base_loaded(struct rho_ctx *c, void *self)
{
	struct base *s = self;
	for (size_t i = 0; i < s->lanes; i++) {
		struct rho_rng r = rho_fork(s->key, i, 2 * s->tick[i]);
		uint32_t first = base_first(s, i);
		for (uint32_t j = 0; j < SLOTS; j++) {
			s->legal[i * SLOTS + j] = first + j;
			for (size_t d = 0; d < DIM; d++)
				s->feature[(first + j) * DIM + d] = (float)rho_unif(&r);
		}
		s->off[i + 1] = (i + 1) * SLOTS;
	}
	return 0;
}

static inline int base_reset(struct rho_ctx *c, void *self, struct rho_obs *o)
{
	struct base *s = self;
	base_loaded(c, self);
	o->legal = s->legal;
	o->legal_off = s->off;
	return 0;
}

static inline float base_mean(const struct base *s, uint32_t action)
{
	return (float)s->top * s->feature[action * DIM];
}

static inline int base_step(struct rho_ctx *c, void *self, const uint32_t *action, struct rho_obs *o)
{
	struct base *s = self;
	for (size_t i = 0; i < s->lanes; i++) {
		struct rho_rng r = rho_fork(s->key, i, 2 * s->tick[i] + 1);
		o->reward[i] = rho_unif(&r) < (double)base_mean(s, action[i]);
		o->end[i] = RHO_TERMINATED;
		s->tick[i]++;
	}
	return base_reset(c, self, o);
}

static inline int base_oracle(struct rho_ctx *c, void *self, const uint32_t *action, const size_t *off,
                              float *mean, float *best)
{
	const struct base *s = self;
	for (size_t i = 0; i < s->lanes; i++) {
		best[i] = 0;
		for (size_t j = off[i]; j < off[i + 1]; j++)
			mean[j] = base_mean(s, action[j]);
		for (size_t j = s->off[i]; j < s->off[i + 1]; j++)
			best[i] = fmaxf(best[i], base_mean(s, s->legal[j]));
	}
	return 0;
}

static const struct rho_env table = {
	.size = sizeof table,
	.open = base_open,
	.loaded = base_loaded,
	.reset = base_reset,
	.step = base_step,
	.oracle = base_oracle,
};
