/* Kdpp: sets of actions that are unlike each other, drawn from the k-determinantal point process of
 * their features. Each draw comes from a stream of its own for (lane, tick). */
#include <float.h>

#include "dpp.h"

enum { MOST = 2048 };           /* the smaller side of the features: its cube is the time to open */

struct kdpp {
	int64_t k, pool;        /* parameters */
	size_t slate;
	bool whole;             /* `all` and `incl` serve decisions in which all is legal */
	struct dpp all;
	float *incl;            /* (n_actions) */
	const struct rho_rng *key;      /* forked, never drawn from */
	struct rho_subset subset;
};

static const struct rho_param kdpp_params[] = {
	RHO_I64(struct kdpp, k, 8, 1, MOST, "candidates drawn for each decision; no more than the rank of the"
	        " features, which is at most their length"),
	RHO_I64(struct kdpp, pool, 0, 0, 1 << 28, "the process is on that many legal actions, drawn uniformly"
	        " for each decision, and inclusion is then not known; 0: on all of them"),
	RHO_END
};

static int check(struct rho_ctx *c, const struct kdpp *s, const struct rho_sampler_spec *spec)
{
	size_t n = s->pool ? (size_t)s->pool : spec->n_actions, d;
	int e = rho_sampling_k(c, (size_t)s->k, spec);
	if (!e)
		e = rho_sampling_features(c, spec);
	if (e)
		return e;
	d = spec->actions.mat->cols;
	if (s->pool && s->pool < s->k)
		return rho_fail(c, RHO_EINVAL, "k = %lld candidates cannot come from a pool of %lld actions; set"
		                " pool to at least %lld, better ten times that, or to 0 for all actions",
		                (long long)s->k, (long long)s->pool, (long long)s->k);
	if ((size_t)s->k > d)
		return rho_fail(c, RHO_EINVAL, "k = %lld rows of %zu numbers are never independent, and the"
		                " process gives such sets no probability; set k to at most %zu, or use"
		                " the sampler kcentre or stratified", (long long)s->k, d, d);
	if (n > MOST && d > MOST)
		return rho_fail(c, RHO_EINVAL, "it diagonalises a matrix of the features' length, %zu, or of the"
		                " number of actions, and %d is the most it takes; reduce the features (transform)"
		                " or set pool to at most %d", d, MOST, MOST);
	return 0;
}

static int kdpp_open(struct rho_ctx *c, void *self, const struct rho_sampler_spec *spec,
                     struct rho_sampler_info *info)
{
	struct kdpp *s = self;
	int e = check(c, s, spec);
	if (e)
		return e;
	s->slate = spec->slate;
	s->key = rho_stream(c, "kdpp");
	info->max_k = (size_t)s->k;
	info->law = RHO_LAW_OTHER;
	s->whole = !s->pool || (size_t)s->pool >= spec->n_actions;
	if (!s->whole)
		return rho_subset_open(c, &s->subset, (size_t)s->pool);
	e = dpp_make(c, &s->all, &spec->actions, (size_t)s->k, rho_alloc);
	if (e)
		return e;
	if (s->all.k < (size_t)s->k)
		return rho_fail(c, RHO_EINVAL, "the features of these %zu actions have rank %zu, and k = %lld rows"
		                " of them are never independent: the process gives such sets no probability;"
		                " set k to at most %zu", spec->n_actions, s->all.rank, (long long)s->k,
		                s->all.rank);
	s->incl = rho_alloc(c, spec->n_actions, sizeof *s->incl);
	return s->incl ? dpp_inclusion(c, &s->all, &spec->actions, s->incl) : RHO_ENOMEM;
}

/* The actions that decision i's process is on, and whether they are all that are legal. */
static int choose_pool(struct rho_ctx *c, struct kdpp *s, const struct rho_ask *ask, const struct rho_legal *legal,
                       struct rho_rng *rng, struct rho_rows *rows, bool *all)
{
	size_t n = (size_t)s->pool;
	uint32_t *id;
	*rows = (struct rho_rows){ .mat = ask->actions.mat, .id = legal->id, .n = legal->n };
	*all = !n || n >= legal->n;
	if (*all)
		return 0;
	id = rho_scratch(c, n, sizeof *id);
	if (!id)
		return RHO_ENOMEM;
	rho_subset_draw(&s->subset, rng, (uint32_t)legal->n, (uint32_t)n, id);
	for (size_t j = 0; j < n; j++)
		id[j] = rho_legal_id(legal, id[j]);
	rows->id = id;
	rows->n = n;
	return 0;
}

static int draw_one(struct rho_ctx *c, struct kdpp *s, const struct rho_ask *ask, size_t i, struct rho_pool *pool)
{
	struct rho_rng rng = rho_fork(s->key, ask->lane[i], ask->tick[i]);
	struct rho_legal legal = rho_legal(ask, i);
	struct rho_rows rows;
	struct dpp mine, *p = &s->all;
	const float *incl = s->incl;
	float *fresh;
	size_t at = pool->off[i];
	bool all;
	int e = choose_pool(c, s, ask, &legal, &rng, &rows, &all);
	if (!e && (legal.id || !s->whole)) {
		p = &mine;
		incl = fresh = all ? rho_scratch(c, rows.n, sizeof *fresh) : NULL;
		if (all && !fresh)
			return RHO_ENOMEM;
		e = dpp_make(c, p, &rows, (size_t)s->k, rho_scratch);
		if (!e && all)
			e = dpp_inclusion(c, p, &rows, fresh);
	}
	if (!e && p->k < s->slate)
		e = rho_fail(c, RHO_EINVAL, "the features of lane %u's %zu %s actions have rank %zu, and a slate of"
		             " %zu is wanted: no set of so many is independent", ask->lane[i], rows.n,
		             all ? "legal" : "drawn", p->rank, s->slate);
	if (!e)
		e = dpp_draw(c, p, &rows, &rng, pool->cand + at);
	if (e)
		return e;
	for (size_t j = at; j < at + p->k; j++) {
		size_t place = pool->cand[j];
		if (incl)
			pool->incl[j] = fmaxf(incl[place], FLT_MIN);
		pool->cand[j] = rows.id ? rows.id[place] : (uint32_t)place;
	}
	pool->off[i + 1] = at + p->k;
	return 0;
}

static int kdpp_draw(struct rho_ctx *c, void *self, const struct rho_ask *ask, struct rho_pool *pool)
{
	struct kdpp *s = self;
	int e = 0;
	pool->off[0] = 0;
	for (size_t i = 0; i < ask->n && !e; i++)
		e = draw_one(c, s, ask, i, pool);
	return e;
}

static const struct rho_sampler kdpp_sampler = {
	.size = sizeof kdpp_sampler, .open = kdpp_open, .draw = kdpp_draw,
};

RHO_EXPORT const struct rho_plugin rho_plugin = {
	RHO_PLUGIN(RHO_SAMPLER), .name = "kdpp", .version = "1.0.0", .revision = 1,
	.brief = "actions unlike each other: sets of k with probability as the volume they span, squared",
	.cite = "Kulesza & Taskar, k-DPPs: fixed-size determinantal point processes, ICML 2011",
	.params = kdpp_params, .self_size = sizeof(struct kdpp), .sampler = &kdpp_sampler,
};
