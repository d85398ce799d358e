/* Thompson sampling for rewards between two ends: each action has a beta posterior of its chance to pay, one
 * draw from each decides (Thompson 1933; rewards that are no coins by the coin of Agrawal & Goyal 2012). */
#include <rho/rho.h>

#include "best.h"
#include "kit/arms.h"

struct thompson_beta {
	double prior_a, prior_b, gamma;         /* parameters */
	int64_t window, propensity_draws;
	bool exact;
	struct rho_arms arms;
	struct rho_rng *rng, *coin;
	const struct rho_rng *key;      /* forked for propensities, never drawn from */
};

static const struct rho_param thompson_beta_params[] = {
	RHO_F64(struct thompson_beta, prior_a, 1, 0.01, 1e6, "successes supposed before the first reward"),
	RHO_F64(struct thompson_beta, prior_b, 1, 0.01, 1e6, "failures supposed before the first reward"),
	RHO_ARMS_PARAMS(struct thompson_beta),
	RHO_BOOL(struct thompson_beta, exact, false,
	         "states a choice's probability, computed, where there are at most 256 candidates"),
	RHO_I64(struct thompson_beta, propensity_draws, 0, 0, 100000, "draws from which a choice's"
	        " probability is estimated where it is not computed; 0: it is not stated (NaN)"),
	RHO_END
};

static int thompson_beta_open(struct rho_ctx *c, void *self, const struct rho_spec *spec)
{
	struct thompson_beta *s = self;
	if (!(spec->reward_hi > spec->reward_lo))
		return rho_fail(c, RHO_EINVAL, "the environment does not declare the range of its rewards,"
		                " and a beta posterior is of rewards scaled to 0 .. 1; use the agent \"ucb1\","
		                " or an environment that declares reward_lo and reward_hi");
	s->rng = rho_stream(c, "draw");
	s->coin = rho_stream(c, "coin");
	s->key = rho_stream(c, "propensity");
	return rho_arms_open(c, &s->arms, spec, s->gamma, s->window);
}

/* ---- the posterior ---- */

/* Whatever a checkpoint says, a draw of Gamma comes to an end. */
static double possible(double count)
{
	return fmin(fmax(count, 0), 1e15);
}

static void posterior(const struct thompson_beta *s, uint32_t action, double *a, double *b)
{
	double n = rho_arms_count(&s->arms, action), hits = s->arms.sum[action] / s->arms.pace[0];
	*a = s->prior_a + possible(hits);
	*b = s->prior_b + possible(n - hits);
}

/* ln of a draw from Gamma(shape, 1): Marsaglia & Tsang 2000; below 1 by their U^(1/shape), whose logarithm
 * does not vanish where the number itself would. */
static double ln_gamma_draw(struct rho_rng *rng, double shape)
{
	double less = shape < 1 ? log(1 - rho_unif(rng)) / shape : 0;
	double d = (shape < 1 ? shape + 1 : shape) - 1. / 3, w = 1 / sqrt(9 * d);
	for (;;) {
		double x = rho_normal(rng), v = 1 + w * x;
		v = v * v * v;
		if (v > 0 && log(1 - rho_unif(rng)) < x * x / 2 + d - d * v + d * log(v))
			return log(d * v) + less;
	}
}

/* The place of decision i's choice: under draws from rng, or the highest mean where rng is NULL. Draws are
 * compared as ln(x / (1 - x)), which tells apart what is nearly 1. */
static uint32_t choose(const struct thompson_beta *s, const struct rho_batch *b, size_t i,
                       struct rho_rng *rng)
{
	uint32_t best = 0, n = (uint32_t)rho_n_cand(b, i);
	double most = -INFINITY;
	for (uint32_t j = 0; j < n; j++) {
		double hit, miss, mine;
		posterior(s, rho_cand(b, i, j), &hit, &miss);
		mine = rng ? ln_gamma_draw(rng, hit) - ln_gamma_draw(rng, miss) : hit / (hit + miss);
		if (mine > most) {
			most = mine;
			best = j;
		}
	}
	return best;
}

/* ---- probabilities ---- */

/* Workspace of compute: n * EACH numbers. */
enum { EACH = BEST_ROOM + 3 };

static void compute(const struct thompson_beta *s, const struct rho_batch *b, size_t i, double *room,
                    float *p)
{
	size_t n = rho_n_cand(b, i);
	double *each = room + BEST_ROOM * n;
	for (size_t j = 0; j < n; j++)
		posterior(s, rho_cand(b, i, j), each + j, each + n + j);
	beta_best(each, each + n, n, room, each + 2 * n);
	for (size_t j = 0; j < n; j++)
		p[j] = (float)each[2 * n + j];
}

/* How often each wins in propensity_draws draws of their own stream, with one more draw shared out evenly, so
 * that nothing has probability 0. */
static void estimate(const struct thompson_beta *s, const struct rho_batch *b, size_t i, float *p)
{
	struct rho_rng rng = rho_fork(s->key, b->lane[i], *s->arms.learned);
	size_t n = rho_n_cand(b, i);
	for (size_t j = 0; j < n; j++)
		p[j] = 1 / (float)n;
	for (int64_t d = 0; d < s->propensity_draws; d++)
		p[choose(s, b, i, &rng)] += 1;
	for (size_t j = 0; j < n; j++)
		p[j] /= (float)(s->propensity_draws + 1);
}

/* Whether probabilities of decision i are more than NaN. */
static bool states(const struct thompson_beta *s, const struct rho_batch *b, size_t i)
{
	return b->flags & RHO_GREEDY || s->propensity_draws || (s->exact && rho_n_cand(b, i) <= BEST_MOST);
}

/* p (candidates of decision i); room (BEST_MOST * EACH) where they are computed. */
static void spread(const struct thompson_beta *s, const struct rho_batch *b, size_t i, double *room, float *p)
{
	size_t n = rho_n_cand(b, i);
	bool greedy = b->flags & RHO_GREEDY;
	if (!greedy && s->exact && n <= BEST_MOST) {
		compute(s, b, i, room, p);
		return;
	}
	if (!greedy && s->propensity_draws) {
		estimate(s, b, i, p);
		return;
	}
	for (size_t j = 0; j < n; j++)
		p[j] = greedy ? 0 : NAN;
	if (greedy)
		p[choose(s, b, i, NULL)] = 1;
}

static int thompson_beta_dist(struct rho_ctx *c, void *self, const struct rho_batch *b, float *prob)
{
	double *room = rho_scratch(c, BEST_MOST * EACH, sizeof *room);
	for (size_t i = 0; room && i < b->n; i++)
		spread(self, b, i, room, prob + rho_cand_at(b, i));
	return room ? 0 : RHO_ENOMEM;
}

static int thompson_beta_prob(struct rho_ctx *c, void *self, const struct rho_batch *b,
                              const uint32_t *action, float *prob)
{
	size_t most = 0;
	for (size_t i = 0; i < b->n; i++)
		if (states(self, b, i) && rho_n_cand(b, i) > most)
			most = rho_n_cand(b, i);
	float *p = rho_scratch(c, most, sizeof *p);
	double *room = rho_scratch(c, BEST_MOST * EACH, sizeof *room);
	if (!p || !room)
		return RHO_ENOMEM;
	for (size_t i = 0; i < b->n; i++) {
		size_t n = rho_n_cand(b, i), j = 0;
		prob[i] = NAN;
		if (!states(self, b, i))
			continue;
		spread(self, b, i, room, p);
		while (j + 1 < n && rho_cand(b, i, j) != action[i])
			j++;
		prob[i] = p[j];
	}
	return 0;
}

/* ---- acting and learning ---- */

static int thompson_beta_act(struct rho_ctx *c, void *self, const struct rho_batch *b,
                             struct rho_choice *out)
{
	struct thompson_beta *s = self;
	for (size_t i = 0; i < b->n; i++)
		out->action[i] = rho_cand(b, i, choose(s, b, i, b->flags & RHO_GREEDY ? NULL : s->rng));
	return thompson_beta_prob(c, s, b, out->action, out->prob);
}

static int thompson_beta_observe(struct rho_ctx *c, void *self, const struct rho_feedback *f)
{
	struct thompson_beta *s = self;
	int error = 0;
	for (size_t i = 0; i < f->posed->n && !error; i++) {
		double reward;
		error = rho_arms_unit(c, &s->arms, f->reward[i], f->action[i], &reward);
		if (!error)
			rho_arms_add(&s->arms, f->action[i], rho_unif(s->coin) < reward ? 1 : 0);
	}
	return error;
}

static const struct rho_agent thompson_beta_agent = {
	.size = sizeof thompson_beta_agent, .flags = RHO_KEEPS_ACTIONS, .open = thompson_beta_open,
	.act = thompson_beta_act, .observe = thompson_beta_observe, .prob = thompson_beta_prob,
	.dist = thompson_beta_dist,
};

RHO_EXPORT const struct rho_plugin rho_plugin = {
	RHO_PLUGIN(RHO_AGENT), .name = "thompson_beta", .version = "1.0.0", .revision = 1,
	.brief = "best under one draw from each action's beta posterior",
	.doc = "Each action by itself: its chance to pay has a beta posterior, one draw from each is made\n"
	       "for a decision and the highest wins, so an action is tried as often as it may be the best.\n"
	       "Rewards between the ends of the range are rounded to one of them by a coin of that chance.",
	.cite = "Thompson, On the likelihood that one unknown probability exceeds another, Biometrika 25,\n"
	        "1933; Agrawal & Goyal, Analysis of Thompson sampling for the multi-armed bandit problem,\n"
	        "COLT 2012",
	.params = thompson_beta_params, .self_size = sizeof(struct thompson_beta),
	.agent = &thompson_beta_agent,
};
