/* SquareCB: the inverse gap weighting of Abe & Long (1999) over ridge estimates (Foster & Rakhlin 2020): the
 * further an action's estimate lies below the best, the less often it is tried. One pass over the actions
 * gives the estimates, a second one over these the choice. */
#include <rho/rho.h>

#include "kit/gap.h"

struct squarecb {
	double gamma_scale, gamma_exponent, lambda, prior, gamma;       /* parameters */
	int64_t rank, window;
	int features;
	struct rho_linear model;
	struct rho_spec spec;
	struct rho_rng *rng;
	float *query;           /* (RHO_GAP_GROUP, a_dim) */
};

static const struct rho_param squarecb_params[] = {
	RHO_GAP_PARAMS(struct squarecb), RHO_LINEAR_PARAMS(struct squarecb),
	RHO_LINEAR_MORE_PARAMS(struct squarecb), RHO_END
};

static int squarecb_open(struct rho_ctx *c, void *self, const struct rho_spec *spec)
{
	struct squarecb *s = self;
	struct rho_linear_options options = { s->features, s->lambda, s->prior, s->gamma, s->rank,
	                                      s->window };
	int error = rho_linear_open_with(c, &s->model, spec, &options);
	if (error)
		return error;
	s->spec = *spec;
	s->rng = rho_stream(c, "explore");
	s->query = rho_alloc(c, s->model.a_dim, RHO_GAP_GROUP * sizeof *s->query);
	return s->query ? 0 : RHO_ENOMEM;
}

static int squarecb_loaded(struct rho_ctx *c, void *self)
{
	struct squarecb *s = self;
	return rho_linear_loaded(c, &s->model);
}

/* How likely a candidate other than the best is, its estimate lying `gap` below the best of n. */
static double share(const struct rho_batch *b, double gamma, size_t n, double gap)
{
	return b->flags & RHO_GREEDY ? 0 : 1 / ((double)n + gamma * gap);
}

/* What is wanted of decision i, from its estimates f (n): a draw, the probability of action[i], the
 * distribution; NULL: not wanted. The best takes what the others leave. */
static void spread(struct squarecb *s, const struct rho_batch *b, size_t i, double gamma, const float *f,
                   uint32_t *draw, const uint32_t *action, float *prob, float *dist)
{
	size_t n = rho_n_cand(b, i), best = rho_linear_best(f, n), chosen = best;
	double u = draw ? rho_unif(s->rng) : 1, sum = 0, mine = 0;
	bool open = draw != NULL;
	for (size_t j = 0; j < n; j++) {
		if (j == best)
			continue;
		double p = share(b, gamma, n, (double)f[best] - (double)f[j]);
		sum += p;
		if (open && u < sum) {
			chosen = j;
			open = false;
		}
		if (dist)
			dist[j] = (float)p;
	}
	if (dist)
		dist[best] = (float)(1 - sum);
	if (draw)
		draw[i] = rho_cand(b, i, chosen);
	for (size_t j = 0; prob && j < n; j++)
		if (rho_cand(b, i, j) == action[i])
			mine += j == best ? 1 - sum : share(b, gamma, n, (double)f[best] - (double)f[j]);
	if (prob)
		prob[i] = (float)mine;
}

/* All slots in one; what is not wanted is NULL. */
static int choose(struct rho_ctx *c, struct squarecb *s, const struct rho_batch *b, uint32_t *draw,
                  const uint32_t *action, float *prob, float *dist)
{
	double gamma = rho_gap_gamma(&s->model, &s->spec, s->gamma_scale, s->gamma_exponent);
	float *f = rho_gap_room(c, b);
	if (!f)
		return RHO_ENOMEM;
	for (size_t i = 0, n; i < b->n; i += n) {
		n = rho_gap_together(b, i);
		int error = rho_gap_estimates(c, &s->model, b, i, n, s->query, f);
		if (error)
			return error;
		for (size_t k = 0; k < n; k++)
			spread(s, b, i + k, gamma, f + k * rho_n_cand(b, i), draw, action, prob,
			       dist ? dist + rho_cand_at(b, i + k) : NULL);
	}
	return 0;
}

static int squarecb_act(struct rho_ctx *c, void *self, const struct rho_batch *b, struct rho_choice *out)
{ return choose(c, self, b, out->action, out->action, out->prob, NULL); }
static int squarecb_prob(struct rho_ctx *c, void *self, const struct rho_batch *b, const uint32_t *a,
                         float *prob)
{ return choose(c, self, b, NULL, a, prob, NULL); }
static int squarecb_dist(struct rho_ctx *c, void *self, const struct rho_batch *b, float *prob)
{ return choose(c, self, b, NULL, NULL, NULL, prob); }

static int squarecb_observe(struct rho_ctx *c, void *self, const struct rho_feedback *f)
{
	struct squarecb *s = self;
	return rho_linear_learn(c, &s->model, f);
}

static int squarecb_query(struct rho_ctx *c, void *self, const struct rho_batch *b, float *q)
{
	struct squarecb *s = self;
	return rho_linear_queries(c, &s->model, b, q);
}

static const struct rho_agent squarecb_agent = {
	.size = sizeof squarecb_agent, .flags = RHO_NEEDS_FEATURES, .open = squarecb_open,
	.loaded = squarecb_loaded, .act = squarecb_act, .observe = squarecb_observe, .prob = squarecb_prob,
	.dist = squarecb_dist, .query = squarecb_query,
};

RHO_EXPORT const struct rho_plugin rho_plugin = {
	RHO_PLUGIN(RHO_AGENT), .name = "squarecb", .version = "1.0.0", .revision = 1,
	.brief = "linear model, actions tried by the inverse of their gap to the best",
	.doc = "Estimates every candidate's reward with ridge regression and tries each with probability\n"
	       "1 / (K + gamma * gap), where gap is how far its estimate lies below the best in units of\n"
	       "the declared range of rewards; the best takes the rest. Among K candidates it explores all\n"
	       "K, so with very many of them use it behind a sampler, or use spanner_igw.",
	.cite = "Foster & Rakhlin, Beyond UCB: optimal and efficient contextual bandits with regression\n"
	        "oracles, ICML 2020; Abe & Long, Associative reinforcement learning using linear\n"
	        "probabilistic concepts, ICML 1999",
	.params = squarecb_params, .self_size = sizeof(struct squarecb), .agent = &squarecb_agent,
};
