/* Epsilon-greedy: the best mean reward so far, or with probability epsilon a uniform draw. */
#include <rho/rho.h>

#include "kit/ranked.h"

struct eg {
	double epsilon;         /* parameter */
	float *mean;            /* (n_actions) */
	uint64_t *pulls;        /* (n_actions) */
	struct rho_rng *rng;
};

static const struct rho_param eg_params[] = {
	RHO_F64(struct eg, epsilon, 0.1, 0, 1, "probability of drawing uniformly"), RHO_END
};

static int eg_open(struct rho_ctx *c, void *self, const struct rho_spec *spec)
{
	struct eg *s = self;
	s->rng = rho_stream(c, "explore");
	s->mean = rho_keep_f32(c, "mean", 1, spec->n_actions);
	s->pulls = rho_keep_u64(c, "pulls", 1, spec->n_actions);
	return s->mean && s->pulls ? 0 : RHO_ENOMEM;
}

/* All slots in one. The candidates' means go into score, their probabilities into dist, a draw into
 * draw, the probability of action[i] into prob, of exploring into explore; NULL: not wanted. */
static int eg_choose(struct eg *s, const struct rho_batch *b, float *score, float *dist,
                     uint32_t *draw, const uint32_t *action, float *prob, float *explore)
{
	double eps = b->flags & RHO_GREEDY ? 0 : s->epsilon;
	for (size_t i = 0; i < b->n; i++) {
		uint32_t n = (uint32_t)rho_n_cand(b, i), best = 0;
		for (uint32_t j = 0; j < n; j++) {
			best = s->mean[rho_cand(b, i, j)] > s->mean[rho_cand(b, i, best)] ? j : best;
			if (score)
				score[rho_cand_at(b, i) + j] = s->mean[rho_cand(b, i, j)];
		}
		for (uint32_t j = 0; dist && j < n; j++)
			dist[rho_cand_at(b, i) + j] = (float)(eps / n + (j == best ? 1 - eps : 0));
		if (draw)
			draw[i] = rho_cand(b, i, rho_unif(s->rng) < eps ? rho_below(s->rng, n) : best);
		if (prob)
			prob[i] = (float)(eps / n + (action[i] == rho_cand(b, i, best) ? 1 - eps : 0));
		if (explore)
			explore[i] = (float)eps;
	}
	return 0;
}

static int eg_score(struct rho_ctx *c, void *self, const struct rho_batch *b, size_t i, float *score)
{
	const struct eg *s = self;
	for (size_t j = 0, n = rho_n_cand(b, i); j < n; j++)
		score[j] = s->mean[rho_cand(b, i, j)];
	return 0;
}

/* The r-th place that is not among the first p of low, which rise; it goes in among them. */
static uint32_t take_free(uint32_t r, uint32_t *low, size_t p)
{
	size_t j = 0;
	for (; j < p && low[j] <= r; j++)
		r++;
	memmove(low + j + 1, low + j, (p - j) * sizeof *low);
	low[j] = r;
	return r;
}

static bool is_taken(const uint32_t *out, size_t p, uint32_t place)
{
	for (size_t q = 0; q < p; q++)
		if (out[q] == place)
			return true;
	return false;
}

/* A slate of k places into out (k): each a uniform draw of what is left, with probability epsilon, else the best
 * of it. top (k): the best places; low (k) is workspace. */
static void draw_slate(struct eg *s, double eps, uint32_t n, size_t k, const uint32_t *top, uint32_t *low,
                       uint32_t *out)
{
	for (size_t p = 0; p < k; p++) {
		size_t best = 0, under = 0;
		bool uniform = rho_unif(s->rng) < eps;
		while (is_taken(out, p, top[best]))
			best++;
		for (size_t q = 0; q < p; q++)
			under += low[q] < top[best];
		/* The best is the place with this number among those that are left. */
		out[p] = take_free(uniform ? rho_below(s->rng, n - (uint32_t)p) : top[best] - (uint32_t)under,
		                   low, p);
	}
}

static int eg_act_slates(struct rho_ctx *c, struct eg *s, const struct rho_batch *b, struct rho_choice *out)
{
	double eps = b->flags & RHO_GREEDY ? 0 : s->epsilon;
	uint32_t *top = rho_scratch(c, b->k, 2 * sizeof *top);
	int error = top ? 0 : RHO_ENOMEM;
	for (size_t i = 0; !error && i < b->n; i++) {
		uint32_t n = (uint32_t)rho_n_cand(b, i), *action = out->action + i * b->k;
		float *score = rho_scratch(c, n, sizeof *score);
		if (!score)
			return RHO_ENOMEM;
		eg_score(c, s, b, i, score);
		rho_ranked_top(score, n, b->k, top);
		draw_slate(s, eps, n, b->k, top, top + b->k, action);
		for (size_t p = 0; p < b->k; p++)
			action[p] = rho_cand(b, i, action[p]);
		rho_ranked_slate_prob(b, i, top, eps, action, out->prob + i * b->k);
	}
	return error;
}

static int eg_prob_slates(struct rho_ctx *c, struct eg *s, const struct rho_batch *b, const uint32_t *action,
                          float *prob)
{
	double eps = b->flags & RHO_GREEDY ? 0 : s->epsilon;
	uint32_t *top = rho_scratch(c, b->k, sizeof *top);
	int error = top ? 0 : RHO_ENOMEM;
	for (size_t i = 0; !error && i < b->n; i++) {
		float *score = rho_scratch(c, rho_n_cand(b, i), sizeof *score);
		if (!score)
			return RHO_ENOMEM;
		eg_score(c, s, b, i, score);
		rho_ranked_top(score, rho_n_cand(b, i), b->k, top);
		rho_ranked_slate_prob(b, i, top, eps, action + i * b->k, prob + i * b->k);
	}
	return error;
}

static int eg_act(struct rho_ctx *c, void *self, const struct rho_batch *b, struct rho_choice *out)
{
	return b->k > 1 ? eg_act_slates(c, self, b, out)
	                : eg_choose(self, b, NULL, NULL, out->action, out->action, out->prob, NULL);
}

static int eg_prob(struct rho_ctx *c, void *self, const struct rho_batch *b, const uint32_t *a, float *prob)
{
	return b->k > 1 ? eg_prob_slates(c, self, b, a, prob)
	                : eg_choose(self, b, NULL, NULL, NULL, a, prob, NULL);
}

static int eg_dist(struct rho_ctx *c, void *self, const struct rho_batch *b, float *prob)
{ return eg_choose(self, b, NULL, prob, NULL, NULL, NULL, NULL); }
static int eg_rank(struct rho_ctx *c, void *self, const struct rho_batch *b, float *score, float *explore)
{ return eg_choose(self, b, score, NULL, NULL, NULL, NULL, explore); }

static int eg_observe(struct rho_ctx *c, void *self, const struct rho_feedback *f)
{
	struct eg *s = self;
	size_t k = f->posed->k;
	for (size_t j = 0; j < f->posed->n * k; j++) {
		uint32_t a = f->action[j];
		float reward = k > 1 && f->item_reward ? f->item_reward[j] : f->reward[j / k];
		if (!isfinite(reward))
			return rho_fail(c, RHO_EINVAL, "a reward of %g (action %u) has no mean", (double)reward, a);
		s->mean[a] += (reward - s->mean[a]) / (float)++s->pulls[a];
	}
	return 0;
}

static const struct rho_agent eg_agent = {
	.size = sizeof eg_agent, .flags = RHO_DOES_SLATES | RHO_KEEPS_ACTIONS, .open = eg_open, .act = eg_act,
	.observe = eg_observe,
	.prob = eg_prob, .dist = eg_dist, .rank = eg_rank,
};

RHO_EXPORT const struct rho_plugin rho_plugin = {
	RHO_PLUGIN(RHO_AGENT), .name = "epsilon_greedy", .version = "1.0.0", .revision = 1,
	.brief = "best mean so far, with a uniform draw now and then",
	.params = eg_params, .self_size = sizeof(struct eg), .agent = &eg_agent,
};
