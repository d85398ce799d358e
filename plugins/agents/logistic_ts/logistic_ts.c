/* Logistic Thompson sampling: draws one set of weights from the posterior of a logistic model for each
 * decision and takes the action that is best under it (Chapelle & Li 2011). σ is monotone, so that is the
 * action of the largest inner product: one query over the actions, however many there are. */
#include <rho/rho.h>

#include "kit/linear.h"
#include "kit/logistic.h"

enum { GROUP = 64 };    /* draws for a probability that share a pass over the actions */

struct logistic_ts {
	double v, lambda, prior;        /* parameters */
	int features, posterior;
	int64_t window, refit, propensity_draws;
	struct rho_logistic model;
	struct rho_rng *rng;
	const struct rho_rng *key;      /* forked for propensities, never drawn from */
	double *drawn;          /* (pad) */
};

static const struct rho_param logistic_ts_params[] = {
	RHO_F64(struct logistic_ts, v, 1, 0, 1e6, "standard deviation of a draw, in those of the posterior"),
	RHO_LOGISTIC_PARAMS(struct logistic_ts),
	RHO_I64(struct logistic_ts, propensity_draws, 0, 0, 10000,
	        "draws from which a choice's probability is estimated; 0: it is not stated (NaN)"),
	RHO_END
};

static int logistic_ts_open(struct rho_ctx *c, void *self, const struct rho_spec *spec)
{
	struct logistic_ts *s = self;
	const struct rho_logistic_how how = { s->features, s->posterior, s->lambda, s->prior, s->window,
	                                      s->refit };
	int error = rho_logistic_open(c, &s->model, spec, &how);
	if (error)
		return error;
	s->rng = rho_stream(c, "draw");
	s->key = rho_stream(c, "propensity");
	s->drawn = rho_alloc(c, s->model.h.pad, sizeof *s->drawn);
	return s->drawn ? 0 : RHO_ENOMEM;
}

/* Whether the choice follows from the model alone. */
static bool is_greedy(const struct logistic_ts *s, const struct rho_batch *b)
{
	return b->flags & RHO_GREEDY || s->v == 0;
}

/* q (a_dim): the weights of actions in decision i under a draw from rng; under the mean where it is NULL. */
static void make_query(struct logistic_ts *s, const struct rho_batch *b, size_t i, struct rho_rng *rng,
                       float *q)
{
	if (rng)
		rho_logistic_draw(&s->model, rng, s->v, s->drawn);
	rho_features_query(&s->model.f, rng ? s->drawn : s->model.mean, rho_linear_context(b, i), q);
}

/* place (n): the best of cand under each of n queries. */
static int best_of(struct rho_ctx *c, const struct logistic_ts *s, const float *query, size_t n,
                   const struct rho_rows *cand, uint32_t *place)
{
	struct rho_mat mat = { query, n, s->model.f.a_dim, s->model.f.a_dim };
	struct rho_rows rows = { &mat, NULL, 0, n };
	float *score = rho_scratch(c, n, sizeof *score);
	int error = score ? rho_top(c, &rows, cand, NULL, 1, place, score) : RHO_ENOMEM;
	for (size_t i = 0; !error && i < n; i++)
		if (place[i] == UINT32_MAX)
			return rho_fail(c, RHO_EINVAL, "no candidate's score is a number: the actions'"
			                " features, or the context, are not finite");
	return error;
}

/* The place of each decision's choice into best (n), under fresh draws from rng, or under the mean
 * where rng is NULL. Decisions over all actions share a pass. */
static int choose(struct rho_ctx *c, struct logistic_ts *s, const struct rho_batch *b, struct rho_rng *rng,
                  uint32_t *best)
{
	size_t together = b->cand_off ? 1 : GROUP, dim = s->model.f.a_dim;
	float *query = rho_scratch(c, together * dim, sizeof *query);
	int error = query ? 0 : RHO_ENOMEM;
	for (size_t i = 0, n; !error && i < b->n; i += n) {
		struct rho_rows cand = rho_cand_rows(b, i);
		n = b->n - i < together ? b->n - i : together;
		for (size_t j = 0; j < n; j++)
			make_query(s, b, i + j, rng, query + j * dim);
		error = best_of(c, s, query, n, &cand, best + i);
	}
	return error;
}

/* p (candidates of decision i): how often each wins in propensity_draws draws of their own stream,
 * with one more draw shared out evenly, so that nothing has probability 0; query (GROUP, a_dim) is
 * workspace. */
static int estimate(struct rho_ctx *c, struct logistic_ts *s, const struct rho_batch *b, size_t i,
                    float *query, float *p)
{
	struct rho_rng rng = rho_fork(s->key, b->lane[i], *s->model.updates);
	struct rho_rows cand = rho_cand_rows(b, i);
	size_t draws = (size_t)s->propensity_draws, dim = s->model.f.a_dim;
	uint32_t best[GROUP];
	int error = 0;
	for (size_t j = 0; j < cand.n; j++)
		p[j] = 1 / (float)cand.n;
	for (size_t d = 0, n; d < draws && !error; d += n) {
		n = draws - d < GROUP ? draws - d : GROUP;
		for (size_t j = 0; j < n; j++)
			make_query(s, b, i, &rng, query + j * dim);
		error = best_of(c, s, query, n, &cand, best);
		for (size_t j = 0; !error && j < n; j++)
			p[best[j]] += 1;
	}
	for (size_t j = 0; j < cand.n; j++)
		p[j] /= (float)(draws + 1);
	return error;
}

static int logistic_ts_dist(struct rho_ctx *c, void *self, const struct rho_batch *b, float *prob)
{
	struct logistic_ts *s = self;
	bool greedy = is_greedy(s, b), estimated = !greedy && s->propensity_draws;
	uint32_t *best = rho_scratch(c, b->n, sizeof *best);
	float *query = rho_scratch(c, GROUP * s->model.f.a_dim, sizeof *query);
	int error = !best || !query ? RHO_ENOMEM : greedy ? choose(c, s, b, NULL, best) : 0;
	for (size_t i = 0; !error && i < b->n; i++) {
		float *mine = prob + rho_cand_at(b, i);
		for (size_t j = 0; j < rho_n_cand(b, i); j++)
			mine[j] = greedy ? 0 : NAN;
		if (greedy)
			mine[best[i]] = 1;
		if (estimated)
			error = estimate(c, s, b, i, query, mine);
	}
	return error;
}

static int logistic_ts_prob(struct rho_ctx *c, void *self, const struct rho_batch *b,
                            const uint32_t *action, float *prob)
{
	struct logistic_ts *s = self;
	bool greedy = is_greedy(s, b), estimated = !greedy && s->propensity_draws;
	uint32_t *best = rho_scratch(c, b->n, sizeof *best);
	float *query = rho_scratch(c, GROUP * s->model.f.a_dim, sizeof *query), *p = rho_linear_room(c, b, 1);
	int error = !best || !query || !p ? RHO_ENOMEM : greedy ? choose(c, s, b, NULL, best) : 0;
	for (size_t i = 0; !error && i < b->n; i++) {
		size_t j = 0;
		prob[i] = !greedy ? NAN : action[i] == rho_cand(b, i, best[i]) ? 1 : 0;
		if (!estimated)
			continue;
		error = estimate(c, s, b, i, query, p);
		while (j + 1 < rho_n_cand(b, i) && rho_cand(b, i, j) != action[i])
			j++;
		prob[i] = p[j];
	}
	return error;
}

static int logistic_ts_act(struct rho_ctx *c, void *self, const struct rho_batch *b, struct rho_choice *out)
{
	struct logistic_ts *s = self;
	bool greedy = is_greedy(s, b);
	int error = choose(c, s, b, greedy ? NULL : s->rng, out->action);
	for (size_t i = 0; !error && i < b->n; i++) {
		out->action[i] = rho_cand(b, i, out->action[i]);
		out->prob[i] = greedy ? 1 : NAN;
	}
	if (error || greedy || !s->propensity_draws)
		return error;
	return logistic_ts_prob(c, s, b, out->action, out->prob);
}

static int logistic_ts_observe(struct rho_ctx *c, void *self, const struct rho_feedback *f)
{
	struct logistic_ts *s = self;
	return rho_logistic_learn(c, &s->model, f);
}

static int logistic_ts_query(struct rho_ctx *c, void *self, const struct rho_batch *b, float *q)
{
	struct logistic_ts *s = self;
	for (size_t i = 0; i < b->n; i++)
		make_query(s, b, i, NULL, q + i * s->model.f.a_dim);
	return 0;
}

static const struct rho_agent logistic_ts_agent = {
	.size = sizeof logistic_ts_agent, .flags = RHO_NEEDS_FEATURES, .open = logistic_ts_open,
	.act = logistic_ts_act, .observe = logistic_ts_observe, .prob = logistic_ts_prob,
	.dist = logistic_ts_dist, .query = logistic_ts_query,
};

RHO_EXPORT const struct rho_plugin rho_plugin = {
	RHO_PLUGIN(RHO_AGENT), .name = "logistic_ts", .version = "1.0.0", .revision = 1,
	.brief = "logistic model, best action under weights drawn from the posterior",
	.doc = "Thompson sampling for clicks and other rewards of 0 or 1: a logistic model with Laplace's\n"
	       "approximation of its posterior, updated by each reward. Reads the actions once a decision.",
	.cite = "Chapelle & Li, An empirical evaluation of Thompson sampling, NeurIPS 2011",
	.params = logistic_ts_params, .self_size = sizeof(struct logistic_ts), .agent = &logistic_ts_agent,
};
