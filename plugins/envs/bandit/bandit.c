/* Bandit: a context from the dataset, one action, a reward from the link between the two.
 *
 * Links are kept as one sorted row of actions a context, so a reward is a binary search. Contexts
 * come in an order that no choice can change: all arms of an experiment see the same ones. */
#include <rho/rho.h>

#include "kit/order.h"
#include "kit/relevance.h"

enum { PAY_WEIGHT, PAY_CLICK };
enum { KEEP_MAX, KEEP_SUM };
static const char *const reward_names[] = { "weight", "click", NULL };
static const char *const duplicate_names[] = { "max", "sum", NULL };

struct bandit {
	int order, reward, duplicates;          /* parameters */
	double base, noise;
	const char *group, *split;
	size_t lanes;
	struct rho_relevance links;     /* n contexts that are posed */
	float *best;            /* (n) the highest mean reward there is */
	uint32_t *turn;         /* (n) with shuffle: this epoch's permutation */
	uint64_t epoch;         /* of turn, plus 1; 0: none yet */
	uint64_t *tick;         /* (1) kept: batches posed so far */
	uint32_t *now;          /* (lanes) kept: which of the n each lane poses */
	const struct rho_rng *context_key, *reward_key; /* forked, never drawn from */
};

static const struct rho_param bandit_params[] = {
	RHO_CHOICE(struct bandit, order, RHO_ORDER_SHUFFLE, rho_order_names,
	           "order of contexts: a new permutation each epoch, independent draws, or as in the file"),
	RHO_CHOICE(struct bandit, reward, PAY_WEIGHT, reward_names,
	           "pay the link's weight, or 1 with the weight as probability"),
	RHO_CHOICE(struct bandit, duplicates, KEEP_MAX, duplicate_names,
	           "weight of a pair that is linked more than once"),
	RHO_F64(struct bandit, base, 0, -1e6, 1e6, "weight of a pair that is not linked"),
	RHO_F64(struct bandit, noise, 0, 0, 1e6,
	        "standard deviation of Gaussian noise on the reward; only with reward = \"weight\""),
	RHO_STR(struct bandit, group, "", "pose only contexts and links of this group; empty: all"),
	RHO_STR(struct bandit, split, "", "pose only contexts and links of this split; empty: all"),
	RHO_END
};

/* The highest mean reward that there is in each posed context. */
static int find_best(struct rho_ctx *c, struct bandit *s)
{
	const struct rho_relevance *m = &s->links;
	s->best = rho_alloc(c, m->n, sizeof *s->best);
	for (size_t i = 0; s->best && i < m->n; i++) {
		float best = m->off[i + 1] - m->off[i] < m->n_actions ? (float)s->base : -INFINITY;
		for (uint64_t j = m->off[i]; j < m->off[i + 1]; j++)
			best = m->link[j].weight > best ? m->link[j].weight : best;
		s->best[i] = best;
	}
	return s->best ? 0 : RHO_ENOMEM;
}

/* The range of rewards; clicks must have probabilities. */
static int set_range(struct rho_ctx *c, struct bandit *s, struct rho_env_spec *spec)
{
	float lo = (float)s->base, hi = lo;
	for (size_t i = 0; i < s->links.n; i++) {
		for (uint64_t j = s->links.off[i]; j < s->links.off[i + 1]; j++) {
			float w = s->links.link[j].weight;
			lo = w < lo ? w : lo;
			hi = w > hi ? w : hi;
			if (s->reward == PAY_CLICK && !(w >= 0 && w <= 1))
				return rho_fail(c, RHO_EINVAL, "reward = \"click\" takes weights as"
				                " probabilities, and context %u has action %u at %g; use"
				                " reward = \"weight\"",
				                s->links.row[i], s->links.link[j].action, (double)w);
		}
	}
	if (s->reward == PAY_CLICK) {
		if (!(s->base >= 0 && s->base <= 1))
			return rho_fail(c, RHO_EINVAL, "reward = \"click\" takes base as a probability, and"
			                " it is %g; set it within 0 .. 1", s->base);
		lo = 0;
		hi = 1;
	}
	if (s->noise > 0)
		lo = hi = 0;    /* Gaussian noise has no bounds */
	spec->reward_lo = lo;
	spec->reward_hi = hi;
	return 0;
}

/* Which context each lane poses at the present tick: a function of lane and tick alone. */
static void pose(struct bandit *s)
{
	const uint64_t n = s->links.n;
	for (size_t lane = 0; lane < s->lanes; lane++) {
		uint64_t at = *s->tick * s->lanes + lane, epoch = at / n;
		if (s->order == RHO_ORDER_UNIFORM) {
			struct rho_rng rng = rho_fork(s->context_key, lane, *s->tick);
			s->now[lane] = rho_below(&rng, (uint32_t)n);
			continue;
		}
		if (s->order == RHO_ORDER_SHUFFLE && s->epoch != epoch + 1) {
			struct rho_rng rng = rho_fork(s->context_key, epoch, 0);
			for (uint32_t i = 0; i < n; i++) {
				uint32_t j = rho_below(&rng, i + 1);
				s->turn[i] = s->turn[j];
				s->turn[j] = i;
			}
			s->epoch = epoch + 1;
		}
		size_t place = at - epoch * n;
		s->now[lane] = s->order == RHO_ORDER_SHUFFLE ? s->turn[place] : (uint32_t)place;
	}
}

static int bandit_open(struct rho_ctx *c, void *self, struct rho_env_spec *spec)
{
	struct bandit *s = self;
	const struct rho_relevance_how how = { .group = s->group, .split = s->split,
	                                       .sum = s->duplicates == KEEP_SUM };
	int error;
	if (s->reward == PAY_CLICK && s->noise > 0)
		return rho_fail(c, RHO_EINVAL, "noise = %g has no meaning with reward = \"click\", which pays"
		                " 0 or 1; leave it out", s->noise);
	s->lanes = spec->lanes;
	if ((error = rho_relevance_open(c, &s->links, spec->data, &how)) || (error = find_best(c, s)) ||
	    (error = set_range(c, s, spec)))
		return error;
	s->turn = rho_alloc(c, s->links.n, sizeof *s->turn);
	s->now = rho_alloc(c, s->lanes, sizeof *s->now);
	s->tick = rho_keep_u64(c, "tick", 1, 1);
	s->context_key = rho_stream(c, "context");
	s->reward_key = rho_stream(c, "reward");
	spec->n_actions = s->links.n_actions;
	spec->obs = RHO_OBS_ROW;
	spec->horizon = 1;
	return s->turn && s->now && s->tick ? 0 : RHO_ENOMEM;
}

static int bandit_loaded(struct rho_ctx *c, void *self)
{
	pose(self);
	return 0;
}

static int bandit_reset(struct rho_ctx *c, void *self, struct rho_obs *obs)
{
	struct bandit *s = self;
	pose(s);
	for (size_t lane = 0; lane < s->lanes; lane++)
		obs->row[lane] = s->links.row[s->now[lane]];
	return 0;
}

/* The mean reward of action a in context i. */
static float mean_reward(const struct bandit *s, uint32_t i, uint32_t a)
{
	const struct rho_link *link = rho_relevance_find(&s->links, i, a);
	return link ? link->weight : (float)s->base;
}

static int bandit_step(struct rho_ctx *c, void *self, const uint32_t *action, struct rho_obs *obs)
{
	struct bandit *s = self;
	for (size_t lane = 0; lane < s->lanes; lane++) {
		float reward = mean_reward(s, s->now[lane], action[lane]);
		if (s->reward == PAY_CLICK || s->noise > 0) {
			struct rho_rng rng = rho_fork(s->reward_key, lane, *s->tick);
			if (s->reward == PAY_CLICK)
				reward = rho_unif(&rng) < (double)reward ? 1 : 0;
			else
				reward += (float)(s->noise * rho_normal(&rng));
		}
		obs->reward[lane] = reward;
		obs->end[lane] = RHO_TERMINATED;
		obs->last->row[lane] = s->links.row[s->now[lane]];
	}
	++*s->tick;
	return bandit_reset(c, s, obs);
}

static int bandit_oracle(struct rho_ctx *c, void *self, const uint32_t *action, const size_t *off,
                         float *mean, float *best)
{
	const struct bandit *s = self;
	for (size_t lane = 0; lane < s->lanes; lane++) {
		for (size_t j = off[lane]; j < off[lane + 1]; j++)
			mean[j] = mean_reward(s, s->now[lane], action[j]);
		best[lane] = s->best[s->now[lane]];
	}
	return 0;
}

static const struct rho_env bandit_env = {
	.size = sizeof bandit_env,
	.flags = RHO_NEEDS_ACTIONS | RHO_NEEDS_CONTEXTS | RHO_NEEDS_LINKS | RHO_HAS_CONTEXT,
	.open = bandit_open, .loaded = bandit_loaded, .reset = bandit_reset, .step = bandit_step,
	.oracle = bandit_oracle,
};

RHO_EXPORT const struct rho_plugin rho_plugin = {
	RHO_PLUGIN(RHO_ENV), .name = "bandit", .version = "1.0.0", .revision = 1,
	.brief = "a context from the dataset, one action, a reward from the link between them",
	.doc = "Poses the contexts that have at least one link, in an order no choice can change, and pays\n"
	       "the weight of the link (or a click with that probability). Pairs that are not linked pay\n"
	       "`base`. The truth is known, so regret is reported.",
	.params = bandit_params, .self_size = sizeof(struct bandit), .env = &bandit_env,
};
