/* walker.c: for tests: episodes of 5 steps on a dataset's tables. It shows a context, three numbers behind it (the
 * episode's age, 1 + the lane, the sum of the context's features) and the last 3 actions of the episode, and cuts
 * every episode off. */
#include <string.h>

#include <rho/rho.h>

enum { LENGTH = 5, HISTORY = 3, NUMBERS = 3 };

struct walker {
	size_t lanes, contexts;
	struct rho_rows features;       /* of contexts */
	uint64_t *tick;         /* (1) kept */
	uint64_t *taken;        /* (lanes, LENGTH) kept: actions of the episode */
	uint32_t *past, *last_past;     /* (lanes, HISTORY) */
	size_t *off, *last_off; /* (lanes + 1) */
};

static int walker_open(struct rho_ctx *c, void *self, struct rho_env_spec *spec)
{
	struct walker *s = self;
	s->lanes = spec->lanes;
	s->contexts = spec->data->table[RHO_CONTEXTS].n;
	if (spec->contexts.n != s->contexts || spec->actions.n != spec->data->table[RHO_ACTIONS].n ||
	    !spec->contexts.mat || !spec->actions.mat)
		return rho_fail(c, RHO_EBUG, "the tables' features are not given");
	s->features = spec->contexts;
	s->tick = rho_keep_u64(c, "tick", 1, 1);
	s->taken = rho_keep_u64(c, "taken", s->lanes, LENGTH);
	s->past = rho_alloc(c, s->lanes, HISTORY * sizeof *s->past);
	s->last_past = rho_alloc(c, s->lanes, HISTORY * sizeof *s->past);
	s->off = rho_alloc(c, s->lanes + 1, sizeof *s->off);
	s->last_off = rho_alloc(c, s->lanes + 1, sizeof *s->off);
	spec->n_actions = spec->actions.n;
	spec->obs = RHO_OBS_ROW_F32;
	spec->x_dim = NUMBERS;
	spec->history = HISTORY;
	spec->horizon = LENGTH;
	return s->tick && s->taken && s->past && s->last_past && s->off && s->last_off ? 0 : RHO_ENOMEM;
}

static void show(const struct walker *s, size_t i, uint64_t tick, size_t age, struct rho_obs *o, uint32_t *past,
                 size_t *off)
{
	size_t n = age < HISTORY ? age : HISTORY;
	o->row[i] = (uint32_t)((tick + i) % s->contexts);
	o->x[i * NUMBERS] = (float)age;
	o->x[i * NUMBERS + 1] = (float)(1 + i);
	for (size_t j = 0; j < s->features.mat->cols; j++)
		o->x[i * NUMBERS + 2] += rho_row(&s->features, o->row[i])[j];
	for (size_t j = 0; j < n; j++)
		past[off[i] + j] = (uint32_t)s->taken[i * LENGTH + age - n + j];
	off[i + 1] = off[i] + n;
	o->past = past;
	o->past_off = off;
}

static int walker_reset(struct rho_ctx *c, void *self, struct rho_obs *o)
{
	struct walker *s = self;
	for (size_t i = 0; i < s->lanes; i++)
		show(s, i, *s->tick, *s->tick % LENGTH, o, s->past, s->off);
	return 0;
}

static int walker_step(struct rho_ctx *c, void *self, const uint32_t *action, struct rho_obs *o)
{
	struct walker *s = self;
	size_t age = *s->tick % LENGTH;
	++*s->tick;
	for (size_t i = 0; i < s->lanes; i++) {
		s->taken[i * LENGTH + age] = action[i];
		o->reward[i] = 1;
		if (age + 1 < LENGTH)
			continue;
		o->end[i] = RHO_TRUNCATED;
		show(s, i, *s->tick, LENGTH, o->last, s->last_past, s->last_off);
	}
	return walker_reset(c, s, o);
}

static const struct rho_env table = {
	.size = sizeof table,
	.flags = RHO_NEEDS_ACTIONS | RHO_NEEDS_CONTEXTS | RHO_HAS_CONTEXT,
	.open = walker_open,
	.reset = walker_reset,
	.step = walker_step,
};

RHO_EXPORT const struct rho_plugin rho_plugin = {
	RHO_PLUGIN(RHO_ENV), .name = "walker", .version = "1.0.0", .revision = 1,
	.brief = "for tests: a context, numbers behind it, and what was done before",
	.self_size = sizeof(struct walker), .env = &table,
};
