/* base_env.h: a sound environment of its own: episodes of five steps, two thirds of twelve actions
 * legal, coins for rewards. Each lane draws from forks of its own. */
#pragma once
#include <string.h>

#include "base.h"

enum { ACTIONS = 12, DIM = 3, HORIZON = 5 };

struct base {
	double top; /* parameter */
	size_t lanes;
	uint64_t *tick, *age; /* (lanes) kept: steps of the lane; of its episode */
	uint64_t *mix;        /* (1) kept: what the broken ones put there */
	uint32_t *legal;      /* (lanes * ACTIONS) rebuilt at every call */
	size_t *off;          /* (lanes + 1) */
	struct rho_rng *key;  /* forked, never drawn from */
};

static const struct rho_param base_params[] = {
	RHO_F64(struct base, top, 0.9, 0.2, 1, "mean reward of the best action"), RHO_END
};

static inline int base_open(struct rho_ctx *c, void *self, struct rho_env_spec *spec)
{
	struct base *s = self;
	s->lanes = spec->lanes;
	s->tick = rho_keep_u64(c, "tick", 1, s->lanes);
	s->age = rho_keep_u64(c, "age", 1, s->lanes);
	s->mix = rho_keep_u64(c, "mix", 1, 1);
	s->legal = rho_alloc(c, s->lanes * ACTIONS, sizeof *s->legal);
	s->off = rho_alloc(c, s->lanes + 1, sizeof *s->off);
	s->key = rho_stream(c, "env");
	spec->n_actions = ACTIONS;
	spec->obs = RHO_OBS_F32;
	spec->x_dim = DIM;
	spec->reward_hi = 1;
	spec->horizon = HORIZON;
	return s->tick && s->age && s->mix && s->legal && s->off ? 0 : RHO_ENOMEM;
}

/* The observation of a lane after `tick` steps, `age` of them in its episode. */
static inline void base_look(const struct base *s, size_t lane, uint64_t tick, uint64_t age, float *x)
{
	struct rho_rng r = rho_fork(s->key, lane, 2 * tick);
	x[0] = 1 + (float)age;
	x[1] = (float)rho_normal(&r);
	x[2] = (float)rho_normal(&r);
}

static inline void base_pose(struct base *s, struct rho_obs *o)
{
	size_t n = 0;
	for (size_t i = 0; i < s->lanes; i++) {
		base_look(s, i, s->tick[i], s->age[i], o->x + i * DIM);
		for (uint32_t a = 0; a < ACTIONS; a++)
			if ((a + s->tick[i] + i) % 3)
				s->legal[n++] = a;
		s->off[i + 1] = n;
	}
	o->legal = s->legal;
	o->legal_off = s->off;
}

static inline float base_mean(const struct base *s, uint32_t action)
{
	return (float)(s->top * (action + 1) / ACTIONS);
}

static inline int base_reset(struct rho_ctx *c, void *self, struct rho_obs *o)
{
	base_pose(self, o);
	return 0;
}

/* Takes a lane one step on; `horizon`: when its episode ends. */
static inline void base_move(struct base *s, size_t i, uint32_t action, uint64_t horizon, struct rho_obs *o)
{
	struct rho_rng r = rho_fork(s->key, i, 2 * s->tick[i] + 1);
	o->reward[i] = rho_unif(&r) < (double)base_mean(s, action);
	s->tick[i]++;
	if (++s->age[i] < horizon)
		return;
	base_look(s, i, s->tick[i], s->age[i], o->last->x + i * DIM);
	o->end[i] = RHO_TRUNCATED;
	s->age[i] = 0;
}

static inline int base_step(struct rho_ctx *c, void *self, const uint32_t *action, struct rho_obs *o)
{
	struct base *s = self;
	for (size_t i = 0; i < s->lanes; i++)
		base_move(s, i, action[i], HORIZON, o);
	base_pose(s, o);
	return 0;
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
