/* Logistic UCB: the action whose predicted chance of a reward, plus alpha times how unsure the prediction
 * is, is highest (GLM-UCB: Filippi, Cappé, Garivier & Szepesvári 2010; UCB-GLM: Li, Lu & Zhou 2017; in the
 * norm of the Hessian: Faury et al. 2020). */
#include <rho/rho.h>

#include "kit/linear.h"
#include "kit/logistic.h"
#include "kit/pick.h"

enum bonus { BONUS_LOGIT, BONUS_CHANCE };
static const char *const bonus_names[] = { "logit", "chance", NULL };

struct logistic_ucb {
	double alpha, lambda, prior;    /* parameters */
	int bonus, features, posterior;
	int64_t window, refit;
	struct rho_logistic model;
};

static const struct rho_param logistic_ucb_params[] = {
	RHO_F64(struct logistic_ucb, alpha, 1, 0, 1e6, "how many widths above its mean an action is scored"),
	RHO_CHOICE(struct logistic_ucb, bonus, BONUS_LOGIT, bonus_names, "what widths are added to: the"
	           " logit (UCB-GLM), or the chance of a reward (GLM-UCB)"),
	RHO_LOGISTIC_PARAMS(struct logistic_ucb),
	RHO_END
};

static int logistic_ucb_open(struct rho_ctx *c, void *self, const struct rho_spec *spec)
{
	struct logistic_ucb *s = self;
	const struct rho_logistic_how how = { s->features, s->posterior, s->lambda, s->prior, s->window,
	                                      s->refit };
	return rho_logistic_open(c, &s->model, spec, &how);
}

/* score (candidates of decision i); width (as many) and query (a_dim) are workspace. */
static int weigh(struct rho_ctx *c, const struct logistic_ucb *s, const struct rho_batch *b, size_t i,
                 float *query, float *width, float *score)
{
	const float *x = rho_linear_context(b, i);
	struct rho_rows cand = rho_cand_rows(b, i);
	struct rho_mat mat = { query, 1, s->model.f.a_dim, s->model.f.a_dim };
	struct rho_rows row = { &mat, NULL, 0, 1 };
	double alpha = b->flags & RHO_GREEDY ? 0 : s->alpha, base = rho_logistic_base(&s->model, x);
	rho_features_query(&s->model.f, s->model.mean, x, query);
	rho_inner(c, &row, &cand, score, cand.n);
	if (alpha == 0)
		return 0;
	int error = rho_logistic_widths(c, &s->model, x, &cand, width);
	for (size_t j = 0; !error && j < cand.n; j++) {
		double z = (double)score[j];
		z = s->bonus == BONUS_CHANCE ? rho_sigmoid(base + z) : z;
		score[j] = (float)(z + alpha * (double)width[j]);
	}
	return error;
}

/* The place of each decision's choice into best (n): where weigh's score is largest. */
static int choose(struct rho_ctx *c, void *self, const struct rho_batch *b, uint32_t *best)
{
	const struct logistic_ucb *s = self;
	float *query = rho_scratch(c, s->model.f.a_dim, sizeof *query), *score = rho_linear_room(c, b, 2);
	int error = query && score ? 0 : RHO_ENOMEM;
	for (size_t i = 0; !error && i < b->n; i++) {
		size_t n = rho_n_cand(b, i);
		error = weigh(c, s, b, i, query, score + n, score);
		best[i] = error ? 0 : (uint32_t)rho_linear_best(score, n);
	}
	return error;
}

static int logistic_ucb_act(struct rho_ctx *c, void *self, const struct rho_batch *b, struct rho_choice *out)
{
	return rho_pick_act(c, self, b, out, choose);
}

static int logistic_ucb_observe(struct rho_ctx *c, void *self, const struct rho_feedback *f)
{
	struct logistic_ucb *s = self;
	return rho_logistic_learn(c, &s->model, f);
}

static int logistic_ucb_prob(struct rho_ctx *c, void *self, const struct rho_batch *b,
                             const uint32_t *action, float *prob)
{
	return rho_pick_prob(c, self, b, action, prob, choose);
}

static int logistic_ucb_dist(struct rho_ctx *c, void *self, const struct rho_batch *b, float *prob)
{
	return rho_pick_dist(c, self, b, prob, choose);
}

static int logistic_ucb_rank(struct rho_ctx *c, void *self, const struct rho_batch *b,
                             float *score, float *explore)
{
	const struct logistic_ucb *s = self;
	float *query = rho_scratch(c, s->model.f.a_dim, sizeof *query), *width = rho_linear_room(c, b, 1);
	int error = query && width ? 0 : RHO_ENOMEM;
	for (size_t i = 0; !error && i < b->n; i++) {
		error = weigh(c, s, b, i, query, width, score + rho_cand_at(b, i));
		explore[i] = 0;
	}
	return error;
}

static int logistic_ucb_query(struct rho_ctx *c, void *self, const struct rho_batch *b, float *q)
{
	const struct logistic_ucb *s = self;
	for (size_t i = 0; i < b->n; i++)
		rho_features_query(&s->model.f, s->model.mean, rho_linear_context(b, i),
		                   q + i * s->model.f.a_dim);
	return 0;
}

static const struct rho_agent logistic_ucb_agent = {
	.size = sizeof logistic_ucb_agent, .flags = RHO_NEEDS_FEATURES, .open = logistic_ucb_open,
	.act = logistic_ucb_act, .observe = logistic_ucb_observe, .prob = logistic_ucb_prob,
	.dist = logistic_ucb_dist, .rank = logistic_ucb_rank, .query = logistic_ucb_query,
};

RHO_EXPORT const struct rho_plugin rho_plugin = {
	RHO_PLUGIN(RHO_AGENT), .name = "logistic_ucb", .version = "1.0.0", .revision = 1,
	.brief = "logistic model, highest upper confidence bound",
	.doc = "For clicks and other rewards of 0 or 1: predicts the chance of a reward by a logistic model\n"
	       "of context and action, and takes the candidate whose prediction plus alpha widths is\n"
	       "highest.",
	.cite = "Filippi, Cappé, Garivier & Szepesvári, Parametric bandits: the generalized linear case,\n"
	        "NeurIPS 2010; Li, Lu & Zhou, Provably optimal algorithms for generalized linear contextual\n"
	        "bandits, ICML 2017; Faury et al., Improved optimistic algorithms for logistic\n"
	        "bandits, ICML 2020",
	.params = logistic_ucb_params, .self_size = sizeof(struct logistic_ucb), .agent = &logistic_ucb_agent,
};
