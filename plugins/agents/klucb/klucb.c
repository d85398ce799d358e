/* KL-UCB: the action with the highest mean that its rewards do not yet rule out, by the Kullback-Leibler
 * divergence of coins (Garivier & Cappé 2011). */
#include <rho/rho.h>

#include "kit/arms.h"
#include "kit/pick.h"

struct klucb {
	double c, gamma;        /* parameters */
	int64_t window;
	struct rho_arms arms;
};

static const struct rho_param klucb_params[] = {
	RHO_F64(struct klucb, c, 0, 0, 100, "weight of ln ln t beside ln t in the level of doubt; the theorem"
	        " has 3, in practice 0 is better"),
	RHO_ARMS_PARAMS(struct klucb),
	RHO_END
};

static int klucb_open(struct rho_ctx *c, void *self, const struct rho_spec *spec)
{
	struct klucb *s = self;
	if (!(spec->reward_hi > spec->reward_lo))
		return rho_fail(c, RHO_EINVAL, "the environment does not declare the range of its rewards,"
		                " and KL-UCB holds for rewards scaled to 0 .. 1 only; use the agent \"ucb1\","
		                " or an environment that declares reward_lo and reward_hi");
	return rho_arms_open(c, &s->arms, spec, s->gamma, s->window);
}

/* An action's count times the divergence that it is given; below 0: greedy. */
static double level_of(const struct klucb *s, const struct rho_batch *b)
{
	double total = rho_arms_total(&s->arms), ln = total > 1 ? log(total) : 0;
	return b->flags & RHO_GREEDY ? -1 : ln + (ln > 1 ? s->c * log(ln) : 0);
}

struct last { double mean, n; float index; };    /* what was computed last: many actions are alike */

/* An action's index, or `below` where that is not exceeded: by Pinsker's inequality no index exceeds
 * mean + √(level / 2n), which is quickly said of most. */
static float score_of(const struct klucb *s, double level, uint32_t action, float below, struct last *last)
{
	double n = rho_arms_count(&s->arms, action);
	if (!(n > 0))
		return level < 0 ? -INFINITY : INFINITY;
	double mean = fmin(fmax(s->arms.sum[action] / s->arms.weight[action], 0), 1);
	if (level < 0)
		return (float)mean;
	if (fmin(1, mean + sqrt(level / (2 * n))) * (1 + 1e-6) < (double)below)
		return below;
	if (mean != last->mean || n != last->n)
		*last = (struct last){ mean, n, (float)rho_kl_upper(mean, level / n) };
	return last->index;
}

/* The place of decision i's choice; score (its candidates) unless NULL, all of them then. */
static uint32_t weigh(const struct klucb *s, const struct rho_batch *b, size_t i, float *score)
{
	double level = level_of(s, b);
	uint32_t best = 0, n = (uint32_t)rho_n_cand(b, i);
	float most = -INFINITY;
	struct last last = { 0 };       /* n = 0: nothing yet */
	for (uint32_t j = 0; j < n; j++) {
		float mine = score_of(s, level, rho_cand(b, i, j), score ? -INFINITY : most, &last);
		if (score)
			score[j] = mine;
		if (mine > most) {
			most = mine;
			best = j;
		}
	}
	return best;
}

static int choose(struct rho_ctx *c, void *self, const struct rho_batch *b, uint32_t *best)
{
	for (size_t i = 0; i < b->n; i++)
		best[i] = weigh(self, b, i, NULL);
	return 0;
}

static int klucb_act(struct rho_ctx *c, void *self, const struct rho_batch *b, struct rho_choice *out)
{
	return rho_pick_act(c, self, b, out, choose);
}

static int klucb_observe(struct rho_ctx *c, void *self, const struct rho_feedback *f)
{
	struct klucb *s = self;
	return rho_arms_learn(c, &s->arms, f);
}

static int klucb_prob(struct rho_ctx *c, void *self, const struct rho_batch *b, const uint32_t *action,
                      float *prob)
{
	return rho_pick_prob(c, self, b, action, prob, choose);
}

static int klucb_dist(struct rho_ctx *c, void *self, const struct rho_batch *b, float *prob)
{
	return rho_pick_dist(c, self, b, prob, choose);
}

static int klucb_rank(struct rho_ctx *c, void *self, const struct rho_batch *b, float *score, float *explore)
{
	for (size_t i = 0; i < b->n; i++) {
		weigh(self, b, i, score + rho_cand_at(b, i));
		explore[i] = 0;
	}
	return 0;
}

static const struct rho_agent klucb_agent = {
	.size = sizeof klucb_agent, .flags = RHO_KEEPS_ACTIONS, .open = klucb_open,
	.act = klucb_act, .observe = klucb_observe, .prob = klucb_prob, .dist = klucb_dist, .rank = klucb_rank,
};

RHO_EXPORT const struct rho_plugin rho_plugin = {
	RHO_PLUGIN(RHO_AGENT), .name = "klucb", .version = "1.0.0", .revision = 1,
	.brief = "highest mean that an action's rewards do not rule out, for rewards in a known range",
	.doc = "Each action by itself: the candidate with the largest q for which n kl(mean, q) <= ln t +\n"
	       "c ln ln t, those never tried first; kl is the divergence of coins. Tighter than ucb1 where\n"
	       "means are near an end of the range, as clicks and solved tasks are.",
	.cite = "Garivier & Cappé, The KL-UCB algorithm for bounded stochastic bandits and beyond,\n"
	        "COLT 2011",
	.params = klucb_params, .self_size = sizeof(struct klucb), .agent = &klucb_agent,
};
