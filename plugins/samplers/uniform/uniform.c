/* Uniform: k of the legal actions without replacement, in random order, in O(k) whatever K is.
 *
 * The first k steps of a Fisher-Yates shuffle touch at most 2k places of the list 0 .. n-1: the
 * first k, which are the output itself, and up to k others, which a small hash table remembers.
 * Each draw comes from a stream of its own for (lane, tick), so a set can be drawn again from a
 * log that holds only those two numbers. */
#include <rho/rho.h>

struct uniform {
	int64_t k;              /* parameter */
	const struct rho_rng *key;      /* forked, never drawn from */
	uint32_t slots;         /* places in the table, a power of two, at least 4k */
	uint32_t *table;        /* (slots, 2): place, what stands there now; place 0: free, as k > 0 */
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
	if (k > spec->n_actions)
		return rho_fail(c, RHO_EINVAL, "k = %zu candidates cannot be drawn without replacement from"
		                " %zu actions; set k to at most %zu, or use the sampler \"all\"",
		                k, spec->n_actions, spec->n_actions);
	if (k < spec->slate)
		return rho_fail(c, RHO_EINVAL, "the environment wants %zu actions a decision and k = %zu"
		                " gives fewer; set k to at least %zu", spec->slate, k, spec->slate);
	for (s->slots = 16; s->slots < 4 * k; s->slots *= 2)
		;
	s->table = rho_alloc(c, s->slots, 2 * sizeof *s->table);
	s->key = rho_stream(c, "uniform");
	info->max_k = k;
	info->law = RHO_LAW_UNIFORM;
	return s->table ? 0 : RHO_ENOMEM;
}

/* Where place p stands in the table, or the free slot where it would. */
static uint32_t *find(const struct uniform *s, uint32_t p)
{
	uint32_t at = p * 0x9e3779b1u;
	for (at ^= at >> 15; ; at++) {
		uint32_t *e = s->table + 2 * (size_t)(at & (s->slots - 1));
		if (e[0] == p || !e[0])
			return e;
	}
}

/* k of the places 0 .. n-1 into out, in random order; k <= n. */
static void draw_places(struct uniform *s, struct rho_rng rng, uint32_t n, uint32_t k, uint32_t *out)
{
	memset(s->table, 0, (size_t)s->slots * 2 * sizeof *s->table);
	for (uint32_t j = 0; j < k; j++)
		out[j] = j;
	for (uint32_t j = 0; j < k; j++) {
		uint32_t r = j + rho_below(&rng, n - j), mine = out[j];
		if (r < k) {
			out[j] = out[r];
			out[r] = mine;
			continue;
		}
		uint32_t *e = find(s, r);
		out[j] = e[0] ? e[1] : r;
		e[0] = r;
		e[1] = mine;
	}
}

static int uniform_draw(struct rho_ctx *c, void *self, const struct rho_ask *ask, struct rho_pool *pool)
{
	struct uniform *s = self;
	pool->off[0] = 0;
	for (size_t i = 0; i < ask->n; i++) {
		const uint32_t *legal = ask->legal_off ? ask->legal + ask->legal_off[i] : NULL;
		size_t n = legal ? ask->legal_off[i + 1] - ask->legal_off[i] : ask->actions.n;
		size_t k = n < (size_t)s->k ? n : (size_t)s->k, at = pool->off[i];
		struct rho_rng rng = rho_fork(s->key, ask->lane[i], ask->tick[i]);
		draw_places(s, rng, (uint32_t)n, (uint32_t)k, pool->cand + at);
		for (size_t j = at; j < at + k; j++) {
			if (legal)
				pool->cand[j] = legal[pool->cand[j]];
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
