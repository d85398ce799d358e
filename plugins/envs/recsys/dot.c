/* dot.c: users who are a vector and pay its product with the item's, moving towards what they are shown:
 * 1,000 unit items of 32 numbers, 20 steps. */
#include "recsys.h"

static const double reward_decay = 0.99;
static const float drift = 0.05f;

/* n standard normal numbers, scaled to length 1. */
static void draw_unit(struct rho_rng *rng, float *out, size_t n)
{
	double sum = 0;
	for (size_t d = 0; d < n; d++) {
		double v = rho_normal(rng);
		out[d] = (float)v;
		sum += v * v;
	}
	for (size_t d = 0; d < n; d++)
		out[d] = (float)((double)out[d] / sqrt(sum));
}

static float *taste(const struct recsys *s, size_t lane) { return s->dot.taste + lane * s->dot.dim; }

int dot_open(struct rho_ctx *c, struct recsys *s, struct rho_env_spec *spec)
{
	struct dot *m = &s->dot;
	size_t n = s->n_actions;
	const struct rho_rng *key = rho_stream(c, "items");
	float *items = rho_alloc(c, n * m->dim, sizeof *items);
	m->by_dim = rho_alloc(c, n * m->dim, sizeof *m->by_dim);
	m->decay = rho_alloc(c, s->horizon, sizeof *m->decay);
	m->taste = rho_keep_f32(c, "taste", s->lanes, m->dim);
	s->user_key = rho_stream(c, "user");
	if (!items || !m->by_dim || !m->decay || !m->taste)
		return RHO_ENOMEM;
	for (size_t a = 0; a < n; a++) {
		struct rho_rng rng = rho_fork(key, a, 0);
		draw_unit(&rng, items + a * m->dim, m->dim);
		for (size_t d = 0; d < m->dim; d++)
			m->by_dim[d * n + a] = items[a * m->dim + d];
	}
	m->items = (struct rho_mat){ items, n, m->dim, m->dim };
	m->decay[0] = 1;
	for (size_t i = 1; i < s->horizon; i++)
		m->decay[i] = m->decay[i - 1] * reward_decay;
	if (s->features)
		spec->action_mat = &m->items;
	/* |u| is at most 1 + 0.05 for each step before; rounding apart. */
	spec->reward_hi = 1.0001f * (1 + drift * (float)(s->horizon - 1));
	spec->reward_lo = -spec->reward_hi;
	return 0;
}

void dot_restart(struct recsys *s, size_t lane)
{
	struct rho_rng rng = rho_fork(s->user_key, lane, s->episode[lane]);
	draw_unit(&rng, taste(s, lane), s->dot.dim);
}

float dot_mean(const struct recsys *s, size_t lane, uint32_t action)
{
	const float *u = taste(s, lane), *v = s->dot.items.at + action * s->dot.dim;
	float sum = 0;
	for (size_t d = 0; d < s->dot.dim; d++)
		sum += u[d] * v[d];
	return (float)((double)sum * s->dot.decay[s->t[lane]]);
}

float dot_best(const struct recsys *s, size_t lane, float *room)
{
	const float *u = taste(s, lane);
	size_t n = s->n_actions;
	float best = -INFINITY;
	memset(room, 0, n * sizeof *room);
	for (size_t d = 0; d < s->dot.dim; d++)
		for (size_t a = 0; a < n; a++)
			room[a] += u[d] * s->dot.by_dim[d * n + a];
	const uint32_t *shown = session_shown(s, lane);
	for (size_t i = 0; i < s->t[lane] && s->repeat == REPEAT_FORBID; i++)
		room[shown[i]] = -INFINITY;
	for (size_t a = 0; a < n; a++)
		best = room[a] > best ? room[a] : best;
	return (float)((double)best * s->dot.decay[s->t[lane]]);
}

void dot_move(struct recsys *s, size_t lane, uint32_t action)
{
	float *u = taste(s, lane);
	const float *v = s->dot.items.at + action * s->dot.dim;
	for (size_t d = 0; d < s->dot.dim; d++)
		u[d] += drift * v[d];
}

void dot_show(const struct recsys *s, size_t lane, float *x)
{
	size_t dim = s->dot.dim, t = s->t[lane];
	memcpy(x, taste(s, lane), dim * sizeof *x);
	if (t)
		memcpy(x + dim, s->dot.items.at + session_shown(s, lane)[t - 1] * dim, dim * sizeof *x);
}
