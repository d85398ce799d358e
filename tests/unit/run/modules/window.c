/* window.c: for tests: k legal actions in a row from a drawn start; its draws depend on what it drew
 * before, so that a resumed run shows whether streams were saved. `fault` makes it misbehave. */
#include <rho/rho.h>

enum fault { NONE, TWICE, UNKNOWN, ILLEGAL, MANY, FEW, INCL, OFFSET };

struct window {
	int64_t k, at;
	int fault;
	size_t n;
	struct rho_rng *start;
	uint64_t calls;
};

static const char *const faults[] = {
	"none", "twice", "unknown", "illegal", "many", "few", "incl", "offset", NULL,
};

static const struct rho_param params[] = {
	RHO_I64(struct window, k, 4, 1, 1000000, "candidates a decision"),
	RHO_I64(struct window, at, 3, 0, 1000000, "draws before the fault"),
	RHO_CHOICE(struct window, fault, NONE, faults, "what to do wrong"), RHO_END
};

static int window_open(struct rho_ctx *c, void *self, const struct rho_sampler_spec *spec,
                       struct rho_sampler_info *info)
{
	struct window *s = self;
	s->n = spec->n_actions;
	info->max_k = (size_t)s->k; /* more than there are is for the host to notice */
	info->law = RHO_LAW_OTHER;
	s->start = rho_stream(c, "start");
	return 0;
}

static void misbehave(const struct window *s, const struct rho_ask *ask, struct rho_pool *pool)
{
	size_t legal = ask->legal_off ? ask->legal_off[1] : s->n;
	switch (s->fault) {
	case TWICE: pool->cand[1] = pool->cand[0]; break;
	case UNKNOWN: pool->cand[0] = (uint32_t)s->n; break;
	case ILLEGAL:
		for (uint32_t a = 0; ask->legal_off && a < s->n; a++) {
			size_t j = 0;
			while (j < legal && ask->legal[j] != a)
				j++;
			if (j == legal)
				pool->cand[0] = a;
		}
		break;
	case MANY: pool->off[1] = (size_t)s->k + 1; break;
	case FEW: pool->off[1] = 0; break;
	case INCL: pool->incl[0] = 1.5f; break;
	case OFFSET: pool->off[0] = 1; break;
	default: break;
	}
}

static int window_draw(struct rho_ctx *c, void *self, const struct rho_ask *ask, struct rho_pool *pool)
{
	struct window *s = self;
	size_t at = 0;
	for (size_t i = 0; i < ask->n; i++) {
		uint32_t n = (uint32_t)(ask->legal_off ? ask->legal_off[i + 1] - ask->legal_off[i] : s->n);
		uint32_t k = n < (uint32_t)s->k ? n : (uint32_t)s->k, from = rho_below(s->start, n);
		for (uint32_t j = 0; j < k; j++) {
			uint32_t id = (from + j) % n;
			pool->incl[at] = (float)k / (float)n;
			pool->cand[at++] = ask->legal_off ? ask->legal[ask->legal_off[i] + id] : id;
		}
		pool->off[i + 1] = at;
	}
	if (++s->calls > (uint64_t)s->at)
		misbehave(s, ask, pool);
	return 0;
}

static const struct rho_sampler window = {
	.size = sizeof window,
	.open = window_open,
	.draw = window_draw,
};

RHO_EXPORT const struct rho_plugin rho_plugin = {
	RHO_PLUGIN(RHO_SAMPLER),
	.name = "window",
	.version = "1.0.0",
	.revision = 1,
	.brief = "for tests: neighbouring actions",
	.params = params,
	.self_size = sizeof(struct window),
	.sampler = &window,
};
