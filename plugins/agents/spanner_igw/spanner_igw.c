/* SpannerIGW (Zhu, Foster, Langford & Mineiro 2022): inverse gap weighting over a barycentric spanner of the
 * actions, each shortened by its gap to the best: what looks bad now has to be far out to be tried. */
#include <rho/rho.h>

#include "kit/gap.h"
#include "kit/spanned.h"

/* After so many rewards the spanner over all actions is found anew from where the last one stood. */
#define MOVE_EVERY 32

/* An action is never made shorter than this, so that no weight is 0. */
#define SHORTEST 1e-12

struct igw {
	double gamma_scale, gamma_exponent, c, lambda, prior, gamma;    /* parameters */
	int64_t rank, window, span_rank;
	int features;
	struct rho_linear model;
	struct rho_spanned spanned;
	struct rho_spec spec;
	struct rho_rng *rng;
	float *query;           /* (RHO_GAP_GROUP, a_dim) */
	float *weight;          /* (max_cand) */
	uint32_t *member;       /* (dim + 1) */
	double *mass;           /* (dim + 1) */
	double *gap;            /* (dim + 1) */
};

static const struct rho_param igw_params[] = {
	RHO_GAP_PARAMS(struct igw), RHO_SPANNED_PARAMS(struct igw), RHO_LINEAR_PARAMS(struct igw),
	RHO_LINEAR_MORE_PARAMS(struct igw), RHO_END
};

static int igw_open(struct rho_ctx *c, void *self, const struct rho_spec *spec)
{
	struct igw *s = self;
	struct rho_linear_options options = { s->features, s->lambda, s->prior, s->gamma, s->rank,
	                                      s->window };
	int error = rho_linear_open_with(c, &s->model, spec, &options);
	if (!error)
		error = rho_spanned_open(c, &s->spanned, spec, &s->model, s->span_rank, s->c, true);
	if (error)
		return error;
	size_t most = s->spanned.some.dim + 1;
	s->spec = *spec;
	s->rng = rho_stream(c, "explore");
	s->query = rho_alloc(c, s->model.a_dim, RHO_GAP_GROUP * sizeof *s->query);
	s->weight = rho_alloc(c, spec->max_cand, sizeof *s->weight);
	s->member = rho_alloc(c, most, sizeof *s->member);
	s->mass = rho_alloc(c, most, sizeof *s->mass);
	s->gap = rho_alloc(c, most, sizeof *s->gap);
	return s->query && s->weight && s->member && s->mass && s->gap ? 0 : RHO_ENOMEM;
}

static int igw_loaded(struct rho_ctx *c, void *self)
{
	struct igw *s = self;
	rho_spanned_loaded(&s->spanned);
	return rho_linear_loaded(c, &s->model);
}

/* eta: gamma by the dimension, so that it means what it means in SquareCB among as many actions. */
static double eta_of(const struct igw *s)
{
	double gamma = rho_gap_gamma(&s->model, &s->spec, s->gamma_scale, s->gamma_exponent);
	return gamma / (double)s->spanned.some.dim;
}

static void make_weights(const struct igw *s, double eta, const float *f, size_t n, size_t best)
{
	for (size_t j = 0; j < n; j++) {
		double gap = (double)f[best] - (double)f[j];
		s->weight[j] = (float)fmax(1 / sqrt(1 + eta * gap), SHORTEST);
	}
}

/* lambda in 1/2 .. 1 for which the n masses q / (lambda + eta gap) add up to 1: the sum is convex and falls
 * from at least 1 at 1/2, so Newton's method from there only rises, to the last bit. */
static double find_lambda(const double *q, const double *gap, double eta, size_t n)
{
	double lambda = 0.5;
	for (;;) {
		double sum = -1, slope = 0;
		for (size_t k = 0; k < n; k++) {
			double p = q[k] / (lambda + eta * gap[k]);
			sum += p;
			slope += p / (lambda + eta * gap[k]);
		}
		double next = fmin(lambda + sum / slope, 1);
		if (!(next > lambda))
			return lambda;
		lambda = next;
	}
}

/* Decision i's support: *n places into member and their probabilities into mass; the best comes last and
 * takes what the others leave. f: its estimates. */
static int support(struct rho_ctx *c, struct igw *s, const struct rho_batch *b, size_t i, const float *f,
                   size_t *n)
{
	size_t most = rho_n_cand(b, i), best = rho_linear_best(f, most), members = 0, kept = 0;
	double eta = eta_of(s), rest = 1, best_q = 0.5;
	if (!(b->flags & RHO_GREEDY)) {
		make_weights(s, eta, f, most, best);
		int error = rho_spanned_members(c, &s->spanned, b, i, s->weight, s->member, &members);
		if (error)
			return error;
	}
	for (size_t k = 0; k < members; k++) {
		if (s->member[k] == best) {
			best_q += 0.5 / (double)members;
			continue;
		}
		s->member[kept] = s->member[k];
		s->mass[kept] = 0.5 / (double)members;
		s->gap[kept] = (double)f[best] - (double)f[s->member[k]];
		kept++;
	}
	s->member[kept] = (uint32_t)best;
	s->mass[kept] = members ? best_q : 1;
	s->gap[kept] = 0;
	double lambda = find_lambda(s->mass, s->gap, eta, kept + 1);
	for (size_t k = 0; k < kept; k++) {
		s->mass[k] /= lambda + eta * s->gap[k];
		rest -= s->mass[k];
	}
	s->mass[kept] = rest;
	*n = kept + 1;
	return 0;
}

/* What is wanted of decision i: a draw, the probability of action[i], the distribution; NULL: not wanted. */
static int spread(struct rho_ctx *c, struct igw *s, const struct rho_batch *b, size_t i, const float *f,
                  uint32_t *draw, const uint32_t *action, float *prob, float *dist)
{
	size_t n, chosen = 0;
	double sum = 0, mine = 0;
	int error = support(c, s, b, i, f, &n);
	if (error)
		return error;
	if (draw) {
		double u = rho_unif(s->rng);
		while (chosen + 1 < n && u >= (sum += s->mass[chosen]))
			chosen++;
		draw[i] = rho_cand(b, i, s->member[chosen]);
	}
	if (dist)
		memset(dist, 0, rho_n_cand(b, i) * sizeof *dist);
	for (size_t k = 0; dist && k < n; k++)
		dist[s->member[k]] = (float)s->mass[k];
	for (size_t k = 0; prob && k < n; k++)
		mine += rho_cand(b, i, s->member[k]) == action[i] ? s->mass[k] : 0;
	if (prob)
		prob[i] = (float)mine;
	return 0;
}

/* All slots in one; what is not wanted is NULL. */
static int choose(struct rho_ctx *c, struct igw *s, const struct rho_batch *b, uint32_t *draw,
                  const uint32_t *action, float *prob, float *dist)
{
	float *f = rho_gap_room(c, b);
	int error = f ? 0 : RHO_ENOMEM;
	for (size_t i = 0, n; !error && i < b->n; i += n) {
		n = rho_gap_together(b, i);
		error = rho_gap_estimates(c, &s->model, b, i, n, s->query, f);
		for (size_t k = 0; !error && k < n; k++)
			error = spread(c, s, b, i + k, f + k * rho_n_cand(b, i), draw, action, prob,
			               dist ? dist + rho_cand_at(b, i + k) : NULL);
	}
	return error;
}

static int igw_act(struct rho_ctx *c, void *self, const struct rho_batch *b, struct rho_choice *out)
{
	struct igw *s = self;
	uint64_t before = s->spanned.some.passes;
	int error = choose(c, s, b, out->action, out->action, out->prob, NULL);
	if (!error && b->n && !(b->flags & RHO_GREEDY))
		rho_metric(c, "spanner_passes", (double)(s->spanned.some.passes - before) / (double)b->n);
	return error;
}

static int igw_prob(struct rho_ctx *c, void *self, const struct rho_batch *b, const uint32_t *a, float *prob)
{ return choose(c, self, b, NULL, a, prob, NULL); }
static int igw_dist(struct rho_ctx *c, void *self, const struct rho_batch *b, float *prob)
{ return choose(c, self, b, NULL, NULL, NULL, prob); }

/* act changes nothing that a choice depends on, so the start for the next spanners moves here. */
static int igw_observe(struct rho_ctx *c, void *self, const struct rho_feedback *fb)
{
	struct igw *s = self;
	const struct rho_batch *b = fb->posed;
	uint64_t before = *s->model.updates;
	int error = rho_linear_learn(c, &s->model, fb);
	if (error || b->cand_off || !b->n || !s->spanned.all.dim ||
	    before / MOVE_EVERY == *s->model.updates / MOVE_EVERY)
		return error;
	float *f = rho_gap_room(c, b);
	if (!f)
		return RHO_ENOMEM;
	error = rho_gap_estimates(c, &s->model, b, 0, 1, s->query, f);
	if (error)
		return error;
	make_weights(s, eta_of(s), f, b->actions.n, rho_linear_best(f, b->actions.n));
	return rho_spanned_move(c, &s->spanned, b, 0, s->weight);
}

static int igw_query(struct rho_ctx *c, void *self, const struct rho_batch *b, float *q)
{
	struct igw *s = self;
	return rho_linear_queries(c, &s->model, b, q);
}

static const struct rho_agent igw_agent = {
	.size = sizeof igw_agent, .flags = RHO_NEEDS_FEATURES | RHO_KEEPS_ACTIONS, .open = igw_open,
	.loaded = igw_loaded, .act = igw_act, .observe = igw_observe, .prob = igw_prob, .dist = igw_dist,
	.query = igw_query,
};

RHO_EXPORT const struct rho_plugin rho_plugin = {
	RHO_PLUGIN(RHO_AGENT), .name = "spanner_igw", .version = "1.0.0", .revision = 1,
	.brief = "linear model, inverse gap weighting over a barycentric spanner",
	.doc = "Estimates rewards with ridge regression, shortens each action's features by how far its\n"
	       "estimate lies below the best, and explores over a barycentric spanner of the shortened\n"
	       "ones: at most as many actions as features have numbers (or `span_rank`), each with a\n"
	       "probability that falls with its gap. Regret does not grow with the number of actions, and\n"
	       "copies of actions change nothing.",
	.cite = "Zhu, Foster, Langford & Mineiro, Contextual bandits with large action spaces: made\n"
	        "practical, ICML 2022",
	.params = igw_params, .self_size = sizeof(struct igw), .agent = &igw_agent,
};
