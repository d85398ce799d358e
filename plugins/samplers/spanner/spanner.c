/* Spanner: few of the legal actions such that every other one's features are a combination of theirs with no
 * coefficient above c (Awerbuch & Kleinberg 2008), and uniform ones beside them if wanted. Where everything
 * is legal the spanner is found once; a decision then costs its size. */
#include <stdlib.h>

#include <rho/rho.h>

#include "kit/range.h"
#include "kit/spanner.h"

struct spanner {
	int64_t rank, uniform;  /* parameters */
	double c;
	size_t slate;
	struct rho_range range;
	struct rho_spanner spanner;     /* of the legal actions               */
	uint32_t *member;       /* (dim) of all actions, or of the list at hand: places, ascending */
	size_t members;
	bool found;             /* those of all actions are known          */
	uint32_t *taken;        /* (slots) places drawn already, one higher; 0: free */
	size_t slots;           /* a power of two, at least twice what is drawn */
	const struct rho_rng *key;      /* forked, never drawn from          */
};

static const struct rho_param spanner_params[] = {
	RHO_SPANNER_PARAMS(struct spanner, rank, "directions the spanner spans: so many of the actions'"
	                   " strongest, found by a randomised range finder; 0: all"),
	RHO_I64(struct spanner, uniform, 0, 0, 1 << 28, "further candidates, uniform among the others"),
	RHO_END
};

static int spanner_open(struct rho_ctx *c, void *self, const struct rho_sampler_spec *spec,
                        struct rho_sampler_info *info)
{
	struct spanner *s = self;
	if (!spec->actions.mat)
		return rho_fail(c, RHO_EINVAL, "a spanner needs features of actions and there are none;"
		                " add an [encoder], or a dataset with a `features` column");
	size_t dim = spec->actions.mat->cols, extra = (size_t)s->uniform;
	int error = rho_range_open(c, &s->range, spec->n_actions, dim, s->rank);
	if (!error)
		error = rho_spanner_open(c, &s->spanner, s->range.dim, spec->n_actions);
	if (error)
		return error;
	extra = extra > spec->slate ? extra : spec->slate;
	extra = extra < spec->n_actions ? extra : spec->n_actions;
	if (spec->slate > spec->n_actions)
		return rho_fail(c, RHO_EINVAL, "the environment wants %zu actions a decision and there are"
		                " %zu; give it a smaller slate, or more actions", spec->slate,
		                spec->n_actions);
	for (s->slots = 16; s->slots < 2 * extra; s->slots *= 2)
		;
	s->slate = spec->slate;
	s->member = rho_alloc(c, s->range.dim, sizeof *s->member);
	s->taken = rho_alloc(c, s->slots, sizeof *s->taken);
	s->key = rho_stream(c, "uniform");
	info->max_k = s->range.dim + extra < spec->n_actions ? s->range.dim + extra : spec->n_actions;
	info->law = RHO_LAW_OTHER;
	return s->member && s->taken ? 0 : RHO_ENOMEM;
}

static int by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return (x > y) - (x < y);
}

/* member and members: of the legal actions of decision i, as places among them, ascending. */
static int find(struct rho_ctx *c, struct spanner *s, const struct rho_ask *ask, size_t i)
{
	struct rho_rows legal = ask->actions;
	struct rho_span_set set = { .weight = NULL };
	if (ask->legal_off) {
		legal.id = ask->legal + ask->legal_off[i];
		legal.n = ask->legal_off[i + 1] - ask->legal_off[i];
	} else if (s->found) {
		return 0;
	}
	int error = rho_range_rows(c, &s->range, &ask->actions, &legal, &set.rows);
	if (!error)
		error = rho_spanner_find(c, &s->spanner, &set, s->c);
	if (error)
		return error;
	s->members = rho_spanner_members(&s->spanner, s->member);
	s->found = !ask->legal_off;
	qsort(s->member, s->members, sizeof *s->member, by_number);
	return 0;
}

/* Whether place p was not taken before; it is now. */
static bool take(struct spanner *s, uint32_t p)
{
	size_t at = p * 0x9e3779b1u;
	for (at ^= at >> 15; ; at++) {
		uint32_t *e = s->taken + (at & (s->slots - 1));
		if (*e == p + 1)
			return false;
		if (!*e) {
			*e = p + 1;
			return true;
		}
	}
}

/* The place of the j-th action, counted from 0, that is no member: there are `low` members below it, the
 * most for which member[low - 1] - (low - 1) <= j. */
static uint32_t other(const struct spanner *s, uint32_t j)
{
	size_t low = 0, high = s->members;
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (s->member[middle] - middle <= j)
			low = middle + 1;
		else
			high = middle;
	}
	return j + (uint32_t)low;
}

/* k of the n places that are no members into out, each set as likely as any other (Floyd; Bentley, CACM
 * 30(9), 1987). */
static void draw_others(struct spanner *s, struct rho_rng rng, uint32_t n, uint32_t k, uint32_t *out)
{
	memset(s->taken, 0, s->slots * sizeof *s->taken);
	for (uint32_t j = n - k; j < n; j++) {
		uint32_t p = rho_below(&rng, j + 1);
		if (!take(s, p)) {
			p = j;
			take(s, p);
		}
		*out++ = other(s, p);
	}
}

static int spanner_draw(struct rho_ctx *c, void *self, const struct rho_ask *ask, struct rho_pool *pool)
{
	struct spanner *s = self;
	pool->off[0] = 0;
	for (size_t i = 0; i < ask->n; i++) {
		size_t n = ask->legal_off ? ask->legal_off[i + 1] - ask->legal_off[i] : ask->actions.n;
		size_t at = pool->off[i], want = (size_t)s->uniform;
		int error = find(c, s, ask, i);
		if (error)
			return error;
		/* a spanner may be smaller than the slate: uniform ones fill it up */
		want = s->members + want < s->slate ? s->slate - s->members : want;
		want = n - s->members < want ? n - s->members : want;
		memcpy(pool->cand + at, s->member, s->members * sizeof *s->member);
		draw_others(s, rho_fork(s->key, ask->lane[i], ask->tick[i]), (uint32_t)(n - s->members),
		            (uint32_t)want, pool->cand + at + s->members);
		for (size_t j = 0; j < s->members + want; j++) {
			uint32_t *id = pool->cand + at + j;
			pool->incl[at + j] = j < s->members ? 1 : (float)want / (float)(n - s->members);
			*id = ask->legal_off ? ask->legal[ask->legal_off[i] + *id] : *id;
		}
		pool->off[i + 1] = at + s->members + want;
	}
	return 0;
}

static const struct rho_sampler spanner_sampler = {
	.size = sizeof spanner_sampler, .open = spanner_open, .draw = spanner_draw,
};

RHO_EXPORT const struct rho_plugin rho_plugin = {
	RHO_PLUGIN(RHO_SAMPLER), .name = "spanner", .version = "1.0.0", .revision = 1,
	.brief = "a barycentric spanner of the legal actions, and uniform ones beside it",
	.doc = "At most as many candidates as an action's features have numbers (or `rank`), such that every\n"
	       "other legal action is a combination of them in which no coefficient exceeds c: few actions\n"
	       "to learn about all from, though not where the best is. `uniform` adds others at random.",
	.cite = "Awerbuch & Kleinberg, Online linear optimization and adaptive routing, JCSS 2008; Zhu,\n"
	        "Foster, Langford & Mineiro, Contextual bandits with large action spaces: made practical,\n"
	        "ICML 2022",
	.params = spanner_params, .self_size = sizeof(struct spanner), .sampler = &spanner_sampler,
};
