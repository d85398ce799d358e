/* LinUCB: the action whose predicted reward, plus alpha times how unsure the prediction is, is
 * highest (Li, Chu, Langford & Schapire 2010), with one set of weights shared by all actions. */
#include <rho/rho.h>

#include "kit/linear.h"
#include "kit/pick.h"
#include "kit/ranked.h"

struct linucb {
	double alpha, lambda, prior, gamma;     /* parameters */
	int features;
	int64_t rank, window;
	struct rho_linear model;
};

static const struct rho_param linucb_params[] = {
	RHO_F64(struct linucb, alpha, 1, 0, 1e6, "how many widths above its mean an action is scored"),
	RHO_LINEAR_PARAMS(struct linucb),
	RHO_LINEAR_MORE_PARAMS(struct linucb),
	RHO_END
};

static int linucb_open(struct rho_ctx *c, void *self, const struct rho_spec *spec)
{
	struct linucb *s = self;
	int error = rho_linear_open_with(c, &s->model, spec, &(struct rho_linear_options){
		.features = s->features, .lambda = s->lambda, .prior = s->prior, .gamma = s->gamma,
		.rank = s->rank, .window = s->window });
	if (!error)
		error = rho_linear_open_widths(c, &s->model);
	return error || s->alpha == 0 || spec->slate > 1 ? error : rho_linear_keep_widths(c, &s->model, spec);
}

static int linucb_loaded(struct rho_ctx *c, void *self)
{
	struct linucb *s = self;
	return rho_linear_loaded(c, &s->model);
}

static double alpha_of(const struct linucb *s, const struct rho_batch *b)
{
	return b->flags & RHO_GREEDY ? 0 : s->alpha;
}

/* score (candidates of decision i): mean plus alpha widths; query (a_dim) is workspace. */
static void weigh(struct rho_ctx *c, const struct linucb *s, const struct rho_batch *b, size_t i,
                  float *query, float *score)
{
	const float *x = rho_linear_context(b, i);
	struct rho_rows cand = rho_cand_rows(b, i);
	struct rho_mat mat = { query, 1, s->model.a_dim, s->model.a_dim };
	struct rho_rows row = { &mat, NULL, 0, 1 };
	double alpha = alpha_of(s, b);
	rho_linear_query(&s->model, s->model.theta, x, query);
	rho_inner(c, &row, &cand, score, cand.n);
	if (alpha > 0)
		rho_linear_add_widths(&s->model, x, &cand, alpha, score);
}

/* The place of each decision's choice into best (n): where mean plus alpha widths is largest. */
static int choose(struct rho_ctx *c, void *self, const struct rho_batch *b, uint32_t *best)
{
	struct linucb *s = self;
	struct rho_linear *m = &s->model;
	double alpha = alpha_of(s, b);
	int error = rho_linear_begin(c, m, &b->actions);
	if (error)
		return error;
	if (alpha == 0)
		return rho_linear_best_mean(c, m, b, best);
	if (m->kept && !b->cand_off && rho_linear_kept_is_sure(m))
		return rho_linear_best_kept(c, m, b, alpha, best);
	float *query = rho_scratch(c, m->a_dim, sizeof *query), *score = rho_linear_room(c, b, 2);
	struct rho_mat mat = { query, 1, m->a_dim, m->a_dim };
	struct rho_rows row = { &mat, NULL, 0, 1 };
	if (!query || !score)
		return RHO_ENOMEM;
	for (size_t i = 0; i < b->n; i++) {
		struct rho_rows cand = rho_cand_rows(b, i);
		const float *x = rho_linear_context(b, i);
		rho_linear_query(m, m->theta, x, query);
		best[i] = (uint32_t)rho_linear_best_bound(c, m, x, &row, &cand, alpha, score, score + cand.n);
	}
	return 0;
}

/* The k candidates of decision i with the highest scores into place (k). query (a_dim), score (2 candidates)
 * are workspace. */
static void choose_slate(struct rho_ctx *c, const struct linucb *s, const struct rho_batch *b, size_t i,
                         float *query, float *score, uint32_t *place)
{
	const struct rho_linear *m = &s->model;
	const float *x = rho_linear_context(b, i);
	struct rho_rows cand = rho_cand_rows(b, i);
	struct rho_mat mat = { query, 1, m->a_dim, m->a_dim };
	struct rho_rows row = { &mat, NULL, 0, 1 };
	double alpha = alpha_of(s, b);
	if (alpha == 0) {
		weigh(c, s, b, i, query, score);
		rho_ranked_top(score, cand.n, b->k, place);
		return;
	}
	rho_linear_query(m, m->theta, x, query);
	rho_linear_top_bound(c, m, x, &row, &cand, alpha, b->k, score, score + cand.n, place);
}

static int act_slates(struct rho_ctx *c, struct linucb *s, const struct rho_batch *b, struct rho_choice *out)
{
	float *query = rho_scratch(c, s->model.a_dim, sizeof *query), *score = rho_linear_room(c, b, 2);
	int error = query && score ? rho_linear_begin(c, &s->model, &b->actions) : RHO_ENOMEM;
	for (size_t i = 0; !error && i < b->n; i++) {
		uint32_t *action = out->action + i * b->k;
		choose_slate(c, s, b, i, query, score, action);
		for (size_t p = 0; p < b->k; p++) {
			action[p] = rho_cand(b, i, action[p]);
			out->prob[i * b->k + p] = 1;
		}
	}
	return error;
}

static int linucb_act(struct rho_ctx *c, void *self, const struct rho_batch *b, struct rho_choice *out)
{
	return b->k > 1 ? act_slates(c, self, b, out) : rho_pick_act(c, self, b, out, choose);
}

static int linucb_observe(struct rho_ctx *c, void *self, const struct rho_feedback *f)
{
	struct linucb *s = self;
	return rho_linear_learn(c, &s->model, f);
}

static int score_of(struct rho_ctx *c, void *self, const struct rho_batch *b, size_t i, float *score)
{
	struct linucb *s = self;
	float *query = rho_scratch(c, s->model.a_dim, sizeof *query);
	int error = query ? rho_linear_begin(c, &s->model, &b->actions) : RHO_ENOMEM;
	if (!error)
		weigh(c, s, b, i, query, score);
	return error;
}

static int linucb_prob(struct rho_ctx *c, void *self, const struct rho_batch *b,
                       const uint32_t *action, float *prob)
{
	return b->k > 1 ? rho_ranked_prob(c, self, b, action, prob, score_of)
	                : rho_pick_prob(c, self, b, action, prob, choose);
}

static int linucb_dist(struct rho_ctx *c, void *self, const struct rho_batch *b, float *prob)
{
	return rho_pick_dist(c, self, b, prob, choose);
}

static int linucb_rank(struct rho_ctx *c, void *self, const struct rho_batch *b,
                       float *score, float *explore)
{
	return rho_ranked_rank(c, self, b, score, explore, score_of);
}

static int linucb_query(struct rho_ctx *c, void *self, const struct rho_batch *b, float *q)
{
	struct linucb *s = self;
	return rho_linear_queries(c, &s->model, b, q);
}

static const struct rho_agent linucb_agent = {
	.size = sizeof linucb_agent, .flags = RHO_NEEDS_FEATURES | RHO_DOES_SLATES, .open = linucb_open,
	.loaded = linucb_loaded, .act = linucb_act, .observe = linucb_observe, .prob = linucb_prob,
	.dist = linucb_dist, .rank = linucb_rank, .query = linucb_query,
};

RHO_EXPORT const struct rho_plugin rho_plugin = {
	RHO_PLUGIN(RHO_AGENT), .name = "linucb", .version = "1.1.0", .revision = 2,
	.brief = "linear model, highest upper confidence bound",
	.doc = "Predicts reward linearly from features of context and action, and takes the candidate whose\n"
	       "prediction plus alpha standard deviations is highest: what is unsure is tried. One set of\n"
	       "weights for all actions, so that what is learned on one carries over to its neighbours,\n"
	       "which is what makes a million actions learnable at all.",
	.cite = "Li, Chu, Langford & Schapire, A contextual-bandit approach to personalized news article\n"
	        "recommendation, WWW 2010",
	.params = linucb_params, .self_size = sizeof(struct linucb), .agent = &linucb_agent,
};
