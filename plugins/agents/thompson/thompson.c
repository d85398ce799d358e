/* Thompson: draws one set of weights from the linear model's posterior for each decision and takes
 * the action that is best under it (Agrawal & Goyal 2013). A draw costs O(dim²), and the actions are
 * then read once, however many there are. */
#include <rho/rho.h>

#include "kit/linear.h"
#include "kit/ranked.h"

enum { GROUP = 8 };     /* decisions or draws scored in one pass over the actions */

struct thompson {
	double v, lambda, prior, gamma;         /* parameters */
	int features;
	int64_t rank, window, propensity_draws;
	struct rho_linear model;
	struct rho_rng *rng;
	const struct rho_rng *key;      /* forked for propensities, never drawn from */
	double *drawn;          /* (pad) */
	float *query;           /* (GROUP, a_dim) */
};

static const struct rho_param thompson_params[] = {
	RHO_F64(struct thompson, v, 0.3, 0, 1e6, "standard deviation of a draw, in widths"),
	RHO_LINEAR_PARAMS(struct thompson),
	RHO_LINEAR_MORE_PARAMS(struct thompson),
	RHO_I64(struct thompson, propensity_draws, 0, 0, 100000,
	        "draws from which a choice's probability is estimated; 0: it is not stated (NaN)"),
	RHO_END
};

static int thompson_open(struct rho_ctx *c, void *self, const struct rho_spec *spec)
{
	struct thompson *s = self;
	int error = rho_linear_open_with(c, &s->model, spec, &(struct rho_linear_options){
		.features = s->features, .lambda = s->lambda, .prior = s->prior, .gamma = s->gamma,
		.rank = s->rank, .window = s->window });
	if (error)
		return error;
	s->rng = rho_stream(c, "draw");
	s->key = rho_stream(c, "propensity");
	s->drawn = rho_alloc(c, rho_tri_pad(s->model.dim), sizeof *s->drawn);
	s->query = rho_alloc(c, s->model.a_dim, GROUP * sizeof *s->query);
	return s->drawn && s->query ? 0 : RHO_ENOMEM;
}

static int thompson_loaded(struct rho_ctx *c, void *self)
{
	struct thompson *s = self;
	return rho_linear_loaded(c, &s->model);
}

/* Query `at` of the group: the weights of actions in decision i under a draw from rng; under the
 * mean where rng is NULL. */
static void draw_query(struct thompson *s, const struct rho_batch *b, size_t i, struct rho_rng *rng,
                       size_t at)
{
	const double *theta = rng ? s->drawn : s->model.theta;
	if (rng)
		rho_linear_draw(&s->model, rng, s->v, s->drawn);
	rho_linear_query(&s->model, theta, rho_linear_context(b, i), s->query + at * s->model.a_dim);
}

/* Whatever has no score, because it is no number, follows behind those that have one; the first of all first.
 * place (k), of at least k. */
static void fill_up(uint32_t *place, size_t k)
{
	uint32_t next = 0;
	for (size_t p = 0; p < k; p++) {
		for (size_t q = 0; place[p] == UINT32_MAX && q < p; q++)
			if (place[q] == next) {
				next++;
				q = SIZE_MAX;
			}
		place[p] = place[p] == UINT32_MAX ? next++ : place[p];
	}
}

/* The k best of candidates `cand` under each of the first n queries, into place (n, k), first of equals.
 * score (n, k) is workspace. */
static int best_of_group(struct rho_ctx *c, const struct thompson *s, size_t n, const struct rho_rows *cand,
                         size_t k, uint32_t *place, float *score)
{
	struct rho_mat mat = { s->query, n, s->model.a_dim, s->model.a_dim };
	struct rho_rows rows = { &mat, NULL, 0, n };
	int error = rho_top(c, &rows, cand, NULL, k, place, score);
	for (size_t j = 0; !error && j < n; j++)
		fill_up(place + j * k, k);
	return error;
}

/* The k best places of each decision into best (n, k), under fresh draws from rng, or under the mean
 * where rng is NULL. Decisions over all actions share a pass. */
static int choose(struct rho_ctx *c, struct thompson *s, const struct rho_batch *b, struct rho_rng *rng,
                  size_t k, uint32_t *best)
{
	size_t together = b->cand_off ? 1 : GROUP;
	float *score = rho_scratch(c, GROUP * k, sizeof *score);
	int error = score ? rho_linear_begin(c, &s->model, &b->actions) : RHO_ENOMEM;
	for (size_t i = 0, n; !error && i < b->n; i += n) {
		struct rho_rows cand = rho_cand_rows(b, i);
		n = b->n - i < together ? b->n - i : together;
		for (size_t j = 0; j < n; j++)
			draw_query(s, b, i + j, rng, j);
		error = best_of_group(c, s, n, &cand, k, best + i * k, score);
	}
	return error;
}

/* Whether the choice follows from the model alone. */
static bool is_greedy(const struct thompson *s, const struct rho_batch *b)
{
	return b->flags & RHO_GREEDY || s->v == 0;
}

/* p (candidates of decision i): how often each wins in propensity_draws draws of their own stream,
 * with one more draw shared out evenly, so that nothing has probability 0. */
static int estimate(struct rho_ctx *c, struct thompson *s, const struct rho_batch *b, size_t i, float *p)
{
	struct rho_rng rng = rho_fork(s->key, b->lane[i], *s->model.updates);
	struct rho_rows cand = rho_cand_rows(b, i);
	size_t draws = (size_t)s->propensity_draws;
	uint32_t place[GROUP];
	float score[GROUP];
	int error = 0;
	for (size_t j = 0; j < cand.n; j++)
		p[j] = 1 / (float)cand.n;
	for (size_t d = 0, n; !error && d < draws; d += n) {
		n = draws - d < GROUP ? draws - d : GROUP;
		for (size_t j = 0; j < n; j++)
			draw_query(s, b, i, &rng, j);
		error = best_of_group(c, s, n, &cand, 1, place, score);
		for (size_t j = 0; !error && j < n; j++)
			p[place[j]] += 1;
	}
	for (size_t j = 0; j < cand.n; j++)
		p[j] /= (float)(draws + 1);
	return error;
}

static int thompson_dist(struct rho_ctx *c, void *self, const struct rho_batch *b, float *prob)
{
	struct thompson *s = self;
	bool greedy = is_greedy(s, b);
	uint32_t *best = rho_scratch(c, b->n, sizeof *best);
	int error = !best ? RHO_ENOMEM :
	            greedy ? choose(c, s, b, NULL, 1, best) : rho_linear_begin(c, &s->model, &b->actions);
	for (size_t i = 0; !error && i < b->n; i++) {
		float *mine = prob + rho_cand_at(b, i);
		if (!greedy && s->propensity_draws) {
			error = estimate(c, s, b, i, mine);
			continue;
		}
		for (size_t j = 0; j < rho_n_cand(b, i); j++)
			mine[j] = greedy ? 0 : NAN;
		if (greedy)
			mine[best[i]] = 1;
	}
	return error;
}

/* The scores under the mean: what a greedy slate goes by. */
static int score_of(struct rho_ctx *c, void *self, const struct rho_batch *b, size_t i, float *score)
{
	struct thompson *s = self;
	struct rho_rows cand = rho_cand_rows(b, i);
	struct rho_mat mat = { s->query, 1, s->model.a_dim, s->model.a_dim };
	struct rho_rows row = { &mat, NULL, 0, 1 };
	int error = rho_linear_begin(c, &s->model, &b->actions);
	if (error)
		return error;
	draw_query(s, b, i, NULL, 0);
	rho_inner(c, &row, &cand, score, cand.n);
	return 0;
}

/* Of slates no probability is estimated: each place of each would take draws of its own. */
static int prob_of_slates(struct rho_ctx *c, struct thompson *s, const struct rho_batch *b,
                          const uint32_t *action, float *prob)
{
	if (is_greedy(s, b))
		return rho_ranked_prob(c, s, b, action, prob, score_of);
	for (size_t j = 0; j < b->n * b->k; j++)
		prob[j] = NAN;
	return 0;
}

static int thompson_prob(struct rho_ctx *c, void *self, const struct rho_batch *b,
                         const uint32_t *action, float *prob)
{
	struct thompson *s = self;
	bool greedy = is_greedy(s, b), estimated = !greedy && s->propensity_draws;
	if (b->k > 1)
		return prob_of_slates(c, s, b, action, prob);
	uint32_t *best = rho_scratch(c, b->n, sizeof *best);
	float *all = estimated ? rho_linear_room(c, b, 1) : NULL;
	int error = !best || (estimated && !all) ? RHO_ENOMEM :
	            greedy ? choose(c, s, b, NULL, 1, best) : rho_linear_begin(c, &s->model, &b->actions);
	for (size_t i = 0; !error && i < b->n; i++) {
		size_t n = rho_n_cand(b, i), j = 0;
		prob[i] = !greedy ? NAN : action[i] == rho_cand(b, i, best[i]) ? 1 : 0;
		if (!estimated)
			continue;
		error = estimate(c, s, b, i, all);
		while (j + 1 < n && rho_cand(b, i, j) != action[i])
			j++;
		prob[i] = all[j];
	}
	return error;
}

static int thompson_act(struct rho_ctx *c, void *self, const struct rho_batch *b, struct rho_choice *out)
{
	struct thompson *s = self;
	int error = choose(c, s, b, is_greedy(s, b) ? NULL : s->rng, b->k, out->action);
	for (size_t j = 0; !error && j < b->n * b->k; j++) {
		out->action[j] = rho_cand(b, j / b->k, out->action[j]);
		out->prob[j] = is_greedy(s, b) ? 1 : NAN;
	}
	if (error || b->k > 1 || is_greedy(s, b) || !s->propensity_draws)
		return error;
	return thompson_prob(c, s, b, out->action, out->prob);
}

static int thompson_observe(struct rho_ctx *c, void *self, const struct rho_feedback *f)
{
	struct thompson *s = self;
	return rho_linear_learn(c, &s->model, f);
}

static int thompson_query(struct rho_ctx *c, void *self, const struct rho_batch *b, float *q)
{
	struct thompson *s = self;
	return rho_linear_queries(c, &s->model, b, q);
}

static const struct rho_agent thompson_agent = {
	.size = sizeof thompson_agent, .flags = RHO_NEEDS_FEATURES | RHO_DOES_SLATES, .open = thompson_open,
	.loaded = thompson_loaded, .act = thompson_act, .observe = thompson_observe,
	.prob = thompson_prob, .dist = thompson_dist, .query = thompson_query,
};

RHO_EXPORT const struct rho_plugin rho_plugin = {
	RHO_PLUGIN(RHO_AGENT), .name = "thompson", .version = "1.1.0", .revision = 2,
	.brief = "linear model, best action under weights drawn from the posterior",
	.doc = "Draws weights from N(mean, v² A⁻¹) for every decision and takes the candidate that is best\n"
	       "under them: an action is tried as often as it may be the best. Reads the actions once a\n"
	       "decision, so it is the cheapest way to explore a very large set.",
	.cite = "Agrawal & Goyal, Thompson sampling for contextual bandits with linear payoffs, ICML 2013",
	.params = thompson_params, .self_size = sizeof(struct thompson), .agent = &thompson_agent,
};
