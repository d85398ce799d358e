/* base_agent.h: a sound agent, epsilon-greedy over the candidates' mean rewards, made of small parts
 * that the broken ones replace. */
#pragma once
#include "base.h"

struct base {
	double epsilon;  /* parameter */
	double *total;   /* (n_actions) kept */
	uint64_t *pulls; /* (n_actions) kept */
	uint64_t *more;  /* (1) a workspace: not kept */
	struct rho_rng *rng;
};

static const struct rho_param base_params[] = {
	RHO_F64(struct base, epsilon, 0.2, 0, 1, "probability of drawing uniformly"), RHO_END
};

static inline int base_open(struct rho_ctx *c, void *self, const struct rho_spec *spec)
{
	struct base *s = self;
	s->rng = rho_stream(c, "explore");
	s->total = rho_keep_f64(c, "total", 1, spec->n_actions);
	s->pulls = rho_keep_u64(c, "pulls", 1, spec->n_actions);
	s->more = rho_alloc(c, 1, sizeof *s->more);
	return s->total && s->pulls && s->more ? 0 : RHO_ENOMEM;
}

static inline float base_mean(const struct base *s, uint32_t a)
{
	return s->pulls[a] ? (float)(s->total[a] / (double)s->pulls[a]) : 0;
}

/* The first candidate of the highest mean, as a place in the list. */
static inline uint32_t base_best(const struct base *s, const struct rho_batch *b, size_t i)
{
	uint32_t best = 0;
	for (uint32_t j = 1; j < rho_n_cand(b, i); j++)
		if (base_mean(s, rho_cand(b, i, j)) > base_mean(s, rho_cand(b, i, best)))
			best = j;
	return best;
}

static inline double base_epsilon(const struct base *s, const struct rho_batch *b)
{
	return b->flags & RHO_GREEDY ? 0 : s->epsilon;
}

static inline float base_prob_of(const struct base *s, const struct rho_batch *b, size_t i, uint32_t action)
{
	double eps = base_epsilon(s, b), n = (double)rho_n_cand(b, i);
	return (float)(eps / n + (rho_cand(b, i, base_best(s, b, i)) == action ? 1 - eps : 0));
}

static inline uint32_t base_draw(struct base *s, const struct rho_batch *b, size_t i, double eps)
{
	uint32_t n = (uint32_t)rho_n_cand(b, i);
	return rho_cand(b, i, rho_unif(s->rng) < eps ? rho_below(s->rng, n) : base_best(s, b, i));
}

static inline int base_act(struct rho_ctx *c, void *self, const struct rho_batch *b, struct rho_choice *out)
{
	for (size_t i = 0; i < b->n; i++) {
		out->action[i] = base_draw(self, b, i, base_epsilon(self, b));
		out->prob[i] = base_prob_of(self, b, i, out->action[i]);
	}
	return 0;
}

static inline int base_observe(struct rho_ctx *c, void *self, const struct rho_feedback *f)
{
	struct base *s = self;
	for (size_t i = 0; i < f->posed->n; i++) {
		if (!isfinite(f->reward[i]))
			return rho_fail(c, RHO_EINVAL, "a reward of %g cannot be averaged",
			                (double)f->reward[i]);
		s->total[f->action[i]] += (double)f->reward[i];
		s->pulls[f->action[i]]++;
	}
	return 0;
}

static inline int base_prob(struct rho_ctx *c, void *self, const struct rho_batch *b, const uint32_t *action,
                            float *prob)
{
	for (size_t i = 0; i < b->n; i++)
		prob[i] = base_prob_of(self, b, i, action[i]);
	return 0;
}

static inline int base_dist(struct rho_ctx *c, void *self, const struct rho_batch *b, float *prob)
{
	for (size_t i = 0; i < b->n; i++)
		for (size_t j = 0; j < rho_n_cand(b, i); j++)
			prob[rho_cand_at(b, i) + j] = base_prob_of(self, b, i, rho_cand(b, i, j));
	return 0;
}

static inline int base_rank(struct rho_ctx *c, void *self, const struct rho_batch *b, float *score,
                            float *explore)
{
	for (size_t i = 0; i < b->n; i++) {
		explore[i] = (float)base_epsilon(self, b);
		for (size_t j = 0; j < rho_n_cand(b, i); j++)
			score[rho_cand_at(b, i) + j] = base_mean(self, rho_cand(b, i, j));
	}
	return 0;
}
