/* Mix: the m legal actions of largest inner product with a query, and k - m uniform ones of the rest.
 * The uniform ones come from a stream of their own for (lane, tick). */
#include <stdlib.h>

#include "kit/sampling.h"

struct mix {
	int64_t k, top;         /* parameters */
	int query;
	const struct rho_rng *key;      /* forked, never drawn from */
	struct rho_subset subset;
};

static const struct rho_param mix_params[] = {
	RHO_I64(struct mix, k, 500, 1, 1 << 28, "candidates for each decision"),
	RHO_I64(struct mix, top, 100, 1, 1 << 28, "how many of them are the best by the query; the others are"
	        " drawn uniformly from the rest"),
	RHO_QUERY_PARAM(struct mix),
	RHO_END
};

static int mix_open(struct rho_ctx *c, void *self, const struct rho_sampler_spec *spec,
                    struct rho_sampler_info *info)
{
	struct mix *s = self;
	size_t k = (size_t)s->k;
	int e = rho_sampling_k(c, k, spec);
	if (!e && s->top > s->k)
		e = rho_fail(c, RHO_EINVAL, "top = %lld of k = %zu candidates are more than there are; set top"
		             " to at most %zu", (long long)s->top, k, k);
	if (!e)
		e = rho_sampling_features(c, spec);
	if (!e)
		e = rho_query_open(c, s->query, spec, info);
	if (e)
		return e;
	s->key = rho_stream(c, "mix");
	info->max_k = k;
	info->law = RHO_LAW_OTHER;
	return rho_subset_open(c, &s->subset, k);
}

static int ascending(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return (x > y) - (x < y);
}

/* taken (m), rising: the places of the ids top (m) among the legal ones. sorted (m): workspace. */
static void find_places(const struct rho_legal *legal, const uint32_t *top, size_t m, uint32_t *sorted,
                        uint32_t *taken)
{
	size_t n = 0;
	memcpy(sorted, top, m * sizeof *sorted);
	qsort(sorted, m, sizeof *sorted, ascending);
	if (!legal->id) {
		memcpy(taken, sorted, m * sizeof *taken);
		return;
	}
	for (size_t j = 0; j < legal->n && n < m; j++)
		if (bsearch(&legal->id[j], sorted, m, sizeof *sorted, ascending))
			taken[n++] = (uint32_t)j;
}

/* The p-th of the places that are not among taken (m), which rises. */
static uint32_t skip(const uint32_t *taken, size_t m, uint32_t p)
{
	size_t lo = 0, hi = m;  /* how many of the taken stand before it */
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (taken[mid] - mid <= p)
			lo = mid + 1;
		else
			hi = mid;
	}
	return p + (uint32_t)lo;
}

static int mix_draw(struct rho_ctx *c, void *self, const struct rho_ask *ask, struct rho_pool *pool)
{
	struct mix *s = self;
	size_t top = (size_t)s->top;
	struct rho_rows query = rho_query_rows(s->query, ask);
	uint32_t *id = rho_scratch(c, ask->n * top, sizeof *id), *work = rho_scratch(c, 2 * top, sizeof *work);
	int e = id && work ? rho_search(c, &query, ask, top, id) : RHO_ENOMEM;
	pool->off[0] = 0;
	for (size_t i = 0; i < ask->n && !e; i++) {
		struct rho_rng rng = rho_fork(s->key, ask->lane[i], ask->tick[i]);
		struct rho_legal legal = rho_legal(ask, i);
		size_t k = legal.n < (size_t)s->k ? legal.n : (size_t)s->k;
		size_t at = pool->off[i], m = rho_search_found(id + i * top, top);
		uint32_t *taken = work + top;
		find_places(&legal, id + i * top, m, work, taken);
		for (size_t j = 0; j < m; j++) {
			pool->cand[at + j] = id[i * top + j];
			pool->incl[at + j] = 1;
		}
		rho_subset_draw(&s->subset, &rng, (uint32_t)(legal.n - m), (uint32_t)(k - m),
		                pool->cand + at + m);
		for (size_t j = at + m; j < at + k; j++) {
			pool->cand[j] = rho_legal_id(&legal, skip(taken, m, pool->cand[j]));
			pool->incl[j] = (float)(k - m) / (float)(legal.n - m);
		}
		pool->off[i + 1] = at + k;
	}
	return e;
}

static const struct rho_sampler mix_sampler = {
	.size = sizeof mix_sampler, .open = mix_open, .draw = mix_draw,
};

RHO_EXPORT const struct rho_plugin rho_plugin = {
	RHO_PLUGIN(RHO_SAMPLER), .name = "mix", .version = "1.0.0", .revision = 1,
	.brief = "the m actions of largest inner product with a query, and k - m uniform ones of the rest",
	.params = mix_params, .self_size = sizeof(struct mix), .sampler = &mix_sampler,
};
