/* @NAME@: k neighbouring ids from a random place on, round the corner. Change `mine_draw`. */
#include <rho/rho.h>

struct mine {
	int64_t k;              /* parameter */
	struct rho_rng *key;    /* never drawn from, only forked: a set can be drawn again from a log */
};

static const struct rho_param mine_params[] = {
	RHO_I64(struct mine, k, 10, 1, 100000000, "candidates for each decision"),
	RHO_END
};

static int mine_open(struct rho_ctx *c, void *self, const struct rho_sampler_spec *spec,
                     struct rho_sampler_info *info)
{
	struct mine *s = self;
	if ((size_t)s->k > spec->n_actions)
		return rho_fail(c, RHO_EINVAL, "k = %lld is more than the %zu actions there are; lower k",
		                (long long)s->k, spec->n_actions);
	if ((size_t)s->k < spec->slate)
		return rho_fail(c, RHO_EINVAL, "k = %lld is less than the slate of %zu", (long long)s->k, spec->slate);
	s->key = rho_stream(c, "draw");
	info->max_k = (size_t)s->k;
	info->law = RHO_LAW_OTHER;
	return 0;
}

static int mine_draw(struct rho_ctx *c, void *self, const struct rho_ask *ask, struct rho_pool *out)
{
	const struct mine *s = self;
	for (size_t i = 0; i < ask->n; i++) {
		size_t n = ask->legal_off ? ask->legal_off[i + 1] - ask->legal_off[i] : ask->actions.n;
		size_t k = (size_t)s->k < n ? (size_t)s->k : n, at = out->off[i];
		struct rho_rng r = rho_fork(s->key, ask->lane[i], ask->tick[i]);
		uint32_t from = rho_below(&r, (uint32_t)n);
		for (size_t j = 0; j < k; j++) {
			uint32_t p = (uint32_t)((from + j) % n);
			out->cand[at + j] = ask->legal_off ? ask->legal[ask->legal_off[i] + p] : p;
			out->incl[at + j] = (float)k / (float)n;
		}
		out->off[i + 1] = at + k;
	}
	return 0;
}

static const struct rho_sampler mine_sampler = {
	.size = sizeof mine_sampler, .open = mine_open, .draw = mine_draw,
};

RHO_EXPORT const struct rho_plugin rho_plugin = {
	RHO_PLUGIN(RHO_SAMPLER), .name = "@NAME@", .version = "0.1.0", .revision = 1,
	.brief = "a run of neighbouring ids; a template to start from",
	.params = mine_params, .self_size = sizeof(struct mine), .sampler = &mine_sampler,
};
