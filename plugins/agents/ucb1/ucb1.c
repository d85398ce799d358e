/* UCB1: the action whose mean reward, plus a width that shrinks as it is tried, is highest (Auer,
 * Cesa-Bianchi & Fischer 2002); with forgetting, discounted or sliding-window UCB (Garivier &
 * Moulines 2008). */
#include <rho/rho.h>

#include "kit/arms.h"
#include "kit/pick.h"

struct ucb1 {
	double c, gamma;        /* parameters */
	int64_t window;
	struct rho_arms arms;
};

static const struct rho_param ucb1_params[] = {
	RHO_F64(struct ucb1, c, 1, 0, 1e6, "how many widths above its mean an action is scored"),
	RHO_ARMS_PARAMS(struct ucb1),
	RHO_END
};

static int ucb1_open(struct rho_ctx *c, void *self, const struct rho_spec *spec)
{
	struct ucb1 *s = self;
	return rho_arms_open(c, &s->arms, spec, s->gamma, s->window);
}

/* lead: an action's width times the root of its count. */
static float score_of(const struct ucb1 *s, const struct rho_batch *b, double lead, uint32_t action)
{
	double n = rho_arms_count(&s->arms, action);
	if (!(n > 0))
		return b->flags & RHO_GREEDY ? -INFINITY : INFINITY;
	return (float)(s->arms.sum[action] / s->arms.weight[action] + lead / sqrt(n));
}

static double lead_of(const struct ucb1 *s, const struct rho_batch *b)
{
	double total = rho_arms_total(&s->arms);
	return b->flags & RHO_GREEDY || !(total > 1) ? 0 : s->c * sqrt(2 * log(total));
}

/* The place of decision i's choice; score (its candidates) unless NULL. */
static uint32_t weigh(const struct ucb1 *s, const struct rho_batch *b, size_t i, float *score)
{
	double lead = lead_of(s, b);
	uint32_t best = 0, n = (uint32_t)rho_n_cand(b, i);
	float most = 0;
	for (uint32_t j = 0; j < n; j++) {
		float mine = score_of(s, b, lead, rho_cand(b, i, j));
		if (score)
			score[j] = mine;
		if (!j || mine > most) {
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

static int ucb1_act(struct rho_ctx *c, void *self, const struct rho_batch *b, struct rho_choice *out)
{
	return rho_pick_act(c, self, b, out, choose);
}

static int ucb1_observe(struct rho_ctx *c, void *self, const struct rho_feedback *f)
{
	struct ucb1 *s = self;
	return rho_arms_learn(c, &s->arms, f);
}

static int ucb1_prob(struct rho_ctx *c, void *self, const struct rho_batch *b, const uint32_t *action,
                     float *prob)
{
	return rho_pick_prob(c, self, b, action, prob, choose);
}

static int ucb1_dist(struct rho_ctx *c, void *self, const struct rho_batch *b, float *prob)
{
	return rho_pick_dist(c, self, b, prob, choose);
}

static int ucb1_rank(struct rho_ctx *c, void *self, const struct rho_batch *b, float *score, float *explore)
{
	for (size_t i = 0; i < b->n; i++) {
		weigh(self, b, i, score + rho_cand_at(b, i));
		explore[i] = 0;
	}
	return 0;
}

static const struct rho_agent ucb1_agent = {
	.size = sizeof ucb1_agent, .flags = RHO_KEEPS_ACTIONS, .open = ucb1_open,
	.act = ucb1_act, .observe = ucb1_observe, .prob = ucb1_prob, .dist = ucb1_dist, .rank = ucb1_rank,
};

RHO_EXPORT const struct rho_plugin rho_plugin = {
	RHO_PLUGIN(RHO_AGENT), .name = "ucb1", .version = "1.0.0", .revision = 1,
	.brief = "mean reward plus a width that shrinks as an action is tried",
	.doc = "Each action by itself: the candidate with the highest mean reward plus c √(2 ln t / n),\n"
	       "those never tried first. Among very many actions it shows what ignoring features costs.",
	.cite = "Auer, Cesa-Bianchi & Fischer, Finite-time analysis of the multiarmed bandit problem,\n"
	        "Machine Learning 47, 2002; Garivier & Moulines, On upper-confidence bound policies for\n"
	        "non-stationary bandit problems, arXiv:0805.3415, 2008",
	.params = ucb1_params, .self_size = sizeof(struct ucb1), .agent = &ucb1_agent,
};
