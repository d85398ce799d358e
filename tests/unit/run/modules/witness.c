/* witness.c: for tests: an agent that fails when what it is shown of the env `walker` is not what that shows. */
#include <string.h>

#include <rho/rho.h>

enum { LENGTH = 5, HISTORY = 3, NUMBERS = 3 };

struct witness {
	size_t width;                      /* of a context's vector */
	uint64_t *taken;                   /* (lanes, LENGTH) kept */
	uint64_t *age;                     /* (lanes) kept */
	struct rho_rng *draw;
};

static int witness_open(struct rho_ctx *c, void *self, const struct rho_spec *spec)
{
	struct witness *s = self;
	if (!spec->data || !spec->data->table[RHO_CONTEXTS].n || spec->history != HISTORY || spec->moving ||
	    spec->x_dim <= NUMBERS)
		return rho_fail(c, RHO_EBUG, "history %zu, x_dim %zu", spec->history, spec->x_dim);
	s->width = spec->x_dim - NUMBERS;
	s->taken = rho_keep_u64(c, "taken", spec->lanes, LENGTH);
	s->age = rho_keep_u64(c, "age", 1, spec->lanes);
	s->draw = rho_stream(c, "draw");
	return s->taken && s->age ? 0 : RHO_ENOMEM;
}

/* Decision i of a batch, in an episode that is `age` steps old. */
static int look(struct rho_ctx *c, const struct witness *s, const struct rho_batch *b, size_t i, size_t age)
{
	size_t w = s->width, n = age < HISTORY ? age : HISTORY, at = b->past_off[i];
	const float *x = rho_row(&b->x, i);
	float sum = 0;
	for (size_t j = 0; j < w; j++)
		sum += x[j];
	if (x[w] != (float)age || x[w + 1] != (float)(1 + b->lane[i]) || x[w + 2] != sum || !b->row)
		return rho_fail(c, RHO_EBUG, "lane %u, age %zu: shown age %g, lane %g, sum %g of %g",
		                b->lane[i], age, (double)x[w], (double)x[w + 1], (double)x[w + 2], (double)sum);
	if (b->past_off[i + 1] - at != n)
		return rho_fail(c, RHO_EBUG, "lane %u, age %zu: a past of %zu", b->lane[i], age,
		                b->past_off[i + 1] - at);
	for (size_t j = 0; j < n; j++)
		if (b->past[at + j] != s->taken[b->lane[i] * LENGTH + age - n + j])
			return rho_fail(c, RHO_EBUG, "lane %u, age %zu: another past", b->lane[i], age);
	return 0;
}

static int witness_act(struct rho_ctx *c, void *self, const struct rho_batch *b, struct rho_choice *out)
{
	struct witness *s = self;
	for (size_t i = 0; i < b->n; i++) {
		int e = look(c, s, b, i, s->age[b->lane[i]]);
		if (e)
			return e;
		out->action[i] = rho_cand(b, i, rho_below(s->draw, (uint32_t)rho_n_cand(b, i)));
		out->prob[i] = 1.0f / (float)rho_n_cand(b, i);
	}
	return 0;
}

static int witness_observe(struct rho_ctx *c, void *self, const struct rho_feedback *f)
{
	struct witness *s = self;
	for (size_t i = 0; i < f->posed->n; i++) {
		uint32_t lane = f->posed->lane[i];
		s->taken[lane * LENGTH + s->age[lane]] = f->action[i];
		int e = look(c, s, f->next, i, ++s->age[lane]); /* of an episode that ended, its last */
		if (e)
			return e;
		if (f->end[i])
			s->age[lane] = 0;
	}
	return 0;
}

static const struct rho_agent table = {
	.size = sizeof table,
	.flags = RHO_NEEDS_X | RHO_DOES_EPISODES,
	.open = witness_open,
	.act = witness_act,
	.observe = witness_observe,
};

RHO_EXPORT const struct rho_plugin rho_plugin = {
	RHO_PLUGIN(RHO_AGENT), .name = "witness", .version = "1.0.0", .revision = 1,
	.brief = "for tests: fails when it is shown something else than the env walker shows",
	.self_size = sizeof(struct witness), .agent = &table,
};
