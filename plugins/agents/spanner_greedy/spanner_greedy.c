/* SpannerGreedy: the best estimate, or with probability epsilon one of few actions of whose features all
 * others' are combinations (Zhu, Foster, Langford & Mineiro 2022). */
#include <rho/rho.h>

#include "kit/gap.h"
#include "kit/spanned.h"

struct greedy {
	double epsilon, c, lambda, prior, gamma;        /* parameters */
	int64_t rank, window, span_rank;
	int features;
	struct rho_linear model;
	struct rho_spanned spanned;
	struct rho_rng *rng;
	float *query;           /* (RHO_GAP_GROUP, a_dim) */
	uint32_t *member;       /* (dim) */
};

static const struct rho_param greedy_params[] = {
	RHO_F64(struct greedy, epsilon, 0.1, 0, 1, "probability of a uniform draw from the spanner"),
	RHO_SPANNED_PARAMS(struct greedy), RHO_LINEAR_PARAMS(struct greedy),
	RHO_LINEAR_MORE_PARAMS(struct greedy), RHO_END
};

static int greedy_open(struct rho_ctx *c, void *self, const struct rho_spec *spec)
{
	struct greedy *s = self;
	struct rho_linear_options options = { s->features, s->lambda, s->prior, s->gamma, s->rank,
	                                      s->window };
	int error = rho_linear_open_with(c, &s->model, spec, &options);
	if (!error)
		error = rho_spanned_open(c, &s->spanned, spec, &s->model, s->span_rank, s->c, false);
	if (error)
		return error;
	s->rng = rho_stream(c, "explore");
	s->query = rho_alloc(c, s->model.a_dim, RHO_GAP_GROUP * sizeof *s->query);
	s->member = rho_alloc(c, s->spanned.some.dim, sizeof *s->member);
	return s->query && s->member ? 0 : RHO_ENOMEM;
}

static int greedy_loaded(struct rho_ctx *c, void *self)
{
	struct greedy *s = self;
	rho_spanned_loaded(&s->spanned);
	return rho_linear_loaded(c, &s->model);
}

/* What is wanted of decision i, whose best candidate is at place `best`: a draw, the probability of
 * action[i], the distribution; NULL: not wanted. */
static int spread(struct rho_ctx *c, struct greedy *s, const struct rho_batch *b, size_t i, size_t best,
                  uint32_t *draw, const uint32_t *action, float *prob, float *dist)
{
	double eps = b->flags & RHO_GREEDY ? 0 : s->epsilon, mine = 0;
	size_t n = 0;
	int error = eps > 0 ? rho_spanned_members(c, &s->spanned, b, i, NULL, s->member, &n) : 0;
	if (error)
		return error;
	eps = n ? eps : 0;      /* actions without features: nothing to explore */
	if (draw && eps > 0 && rho_unif(s->rng) < eps)
		draw[i] = rho_cand(b, i, s->member[rho_below(s->rng, (uint32_t)n)]);
	else if (draw)
		draw[i] = rho_cand(b, i, best);
	if (dist) {
		memset(dist, 0, rho_n_cand(b, i) * sizeof *dist);
		dist[best] = (float)(1 - eps);
		for (size_t k = 0; k < n; k++)
			dist[s->member[k]] = (float)(eps / (double)n + (s->member[k] == best ? 1 - eps : 0));
	}
	if (!prob)
		return 0;
	mine = rho_cand(b, i, best) == action[i] ? 1 - eps : 0;
	for (size_t k = 0; k < n; k++)
		mine = rho_cand(b, i, s->member[k]) == action[i] ? eps / (double)n + mine : mine;
	prob[i] = (float)mine;
	return 0;
}

/* All slots in one; what is not wanted is NULL. */
static int choose(struct rho_ctx *c, struct greedy *s, const struct rho_batch *b, uint32_t *draw,
                  const uint32_t *action, float *prob, float *dist)
{
	float *f = rho_gap_room(c, b);
	int error = f ? 0 : RHO_ENOMEM;
	for (size_t i = 0, n; !error && i < b->n; i += n) {
		n = rho_gap_together(b, i);
		error = rho_gap_estimates(c, &s->model, b, i, n, s->query, f);
		for (size_t k = 0; !error && k < n; k++) {
			size_t at = rho_n_cand(b, i);
			error = spread(c, s, b, i + k, rho_linear_best(f + k * at, at), draw, action, prob,
			               dist ? dist + rho_cand_at(b, i + k) : NULL);
		}
	}
	return error;
}

static int greedy_act(struct rho_ctx *c, void *self, const struct rho_batch *b, struct rho_choice *out)
{ return choose(c, self, b, out->action, out->action, out->prob, NULL); }
static int greedy_prob(struct rho_ctx *c, void *self, const struct rho_batch *b, const uint32_t *a,
                       float *prob)
{ return choose(c, self, b, NULL, a, prob, NULL); }
static int greedy_dist(struct rho_ctx *c, void *self, const struct rho_batch *b, float *prob)
{ return choose(c, self, b, NULL, NULL, NULL, prob); }

static int greedy_observe(struct rho_ctx *c, void *self, const struct rho_feedback *f)
{
	struct greedy *s = self;
	return rho_linear_learn(c, &s->model, f);
}

static int greedy_query(struct rho_ctx *c, void *self, const struct rho_batch *b, float *q)
{
	struct greedy *s = self;
	return rho_linear_queries(c, &s->model, b, q);
}

static const struct rho_agent greedy_agent = {
	.size = sizeof greedy_agent, .flags = RHO_NEEDS_FEATURES | RHO_KEEPS_ACTIONS, .open = greedy_open,
	.loaded = greedy_loaded, .act = greedy_act, .observe = greedy_observe, .prob = greedy_prob,
	.dist = greedy_dist, .query = greedy_query,
};

RHO_EXPORT const struct rho_plugin rho_plugin = {
	RHO_PLUGIN(RHO_AGENT), .name = "spanner_greedy", .version = "1.0.0", .revision = 1,
	.brief = "linear model, epsilon-greedy over a barycentric spanner",
	.doc = "Takes the candidate of the highest ridge estimate; with probability epsilon one of a\n"
	       "barycentric spanner: at most as many actions as features have numbers (or `span_rank`), of\n"
	       "which every other action is a combination with small coefficients. Trying these is enough to\n"
	       "learn about all, however many they are and however often one is there.",
	.cite = "Zhu, Foster, Langford & Mineiro, Contextual bandits with large action spaces: made\n"
	        "practical, ICML 2022; Awerbuch & Kleinberg, Online linear optimization and adaptive\n"
	        "routing, JCSS 2008",
	.params = greedy_params, .self_size = sizeof(struct greedy), .agent = &greedy_agent,
};
