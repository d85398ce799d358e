/* Boltzmann exploration: each candidate with probability in proportion to exp(estimate / temperature), drawn
 * by the Gumbel-max trick. */
#include <rho/softmax.h>
#include <rho/rho.h>

#include "kit/arms.h"
#include "kit/linear.h"

enum { MEANS, LINEAR };
static const char *const estimate_names[] = { "means", "linear", NULL };

struct boltzmann {
	double tau, tau_min, decay;             /* parameters */
	double lambda, prior, gamma;
	int64_t rank, window;
	int estimate, features;
	struct rho_arms arms;           /* MEANS */
	struct rho_linear model;        /* LINEAR */
	struct rho_rng *rng;
	float *query;           /* (a_dim) LINEAR */
};

static const struct rho_param boltzmann_params[] = {
	RHO_CHOICE(struct boltzmann, estimate, MEANS, estimate_names, "what rewards are estimated by: each"
	           " action's own mean, or a linear model of features that all actions share"),
	RHO_F64(struct boltzmann, tau, 0.1, 1e-6, 1e6, "temperature at first, in units of reward"),
	RHO_F64(struct boltzmann, decay, 0, 0, 10, "the temperature before reward t is tau / t^decay"),
	RHO_F64(struct boltzmann, tau_min, 0.001, 1e-6, 1e6, "least temperature that decay leads to"),
	RHO_LINEAR_PARAMS(struct boltzmann),
	RHO_LINEAR_MORE_PARAMS(struct boltzmann),
	RHO_END
};

static int boltzmann_open(struct rho_ctx *c, void *self, const struct rho_spec *spec)
{
	struct boltzmann *s = self;
	const struct rho_linear_options how = { .features = s->features, .lambda = s->lambda,
	                                        .prior = s->prior, .gamma = s->gamma, .rank = s->rank,
	                                        .window = s->window };
	int error;
	s->rng = rho_stream(c, "gumbel");
	if (s->estimate == MEANS && spec->moving)
		return rho_fail(c, RHO_EINVAL, "estimate = \"means\" remembers what each action was worth, and the"
		                " actions of this environment are others at each decision; use estimate ="
		                " \"linear\"");
	if (s->estimate == MEANS)
		return rho_arms_open(c, &s->arms, spec, s->gamma, s->window);
	error = rho_linear_open_with(c, &s->model, spec, &how);
	if (error)
		return error;
	s->query = rho_alloc(c, s->model.a_dim, sizeof *s->query);
	return s->query ? 0 : RHO_ENOMEM;
}

static int boltzmann_loaded(struct rho_ctx *c, void *self)
{
	struct boltzmann *s = self;
	return s->estimate == LINEAR ? rho_linear_loaded(c, &s->model) : 0;
}

/* max(tau_min, tau / t^decay) for the decision after t - 1 rewards; 0: greedy. */
static double temperature(const struct boltzmann *s, const struct rho_batch *b)
{
	uint64_t learned = s->estimate == MEANS ? *s->arms.learned : *s->model.updates;
	double now = s->decay > 0 ? s->tau / pow((double)learned + 1, s->decay) : s->tau;
	return b->flags & RHO_GREEDY ? 0 : s->decay > 0 ? fmax(s->tau_min, now) : now;
}

static int begin(struct rho_ctx *c, struct boltzmann *s, const struct rho_batch *b)
{
	return s->estimate == LINEAR ? rho_linear_begin(c, &s->model, &b->actions) : 0;
}

/* score (candidates of decision i): the estimates. */
static void weigh(struct rho_ctx *c, struct boltzmann *s, const struct rho_batch *b, size_t i, float *score)
{
	struct rho_rows cand = rho_cand_rows(b, i);
	if (s->estimate == LINEAR) {
		struct rho_mat mat = { s->query, 1, s->model.a_dim, s->model.a_dim };
		struct rho_rows row = { &mat, NULL, 0, 1 };
		rho_linear_query(&s->model, s->model.theta, rho_linear_context(b, i), s->query);
		rho_inner(c, &row, &cand, score, cand.n);
		return;
	}
	for (size_t j = 0; j < cand.n; j++) { /* ridge regression on one feature an action */
		uint32_t a = rho_cand(b, i, j);
		double sum = s->arms.sum[a] / s->arms.pace[0];
		score[j] = (float)((sum + s->lambda * s->prior) / (rho_arms_count(&s->arms, a) + s->lambda));
	}
}

/* p[j] = exp((score[j] - highest) / tau) / their sum, both (n); tau 0: all at the first of the highest. */
static void softmax(const float *score, size_t n, double tau, float *p)
{
	double most = (double)score[rho_linear_best(score, n)], all = 0;
	for (size_t j = 0; tau > 0 && j < n; j++)
		all += exp(((double)score[j] - most) / tau);
	for (size_t j = 0; j < n; j++)
		p[j] = tau > 0 ? (float)(exp(((double)score[j] - most) / tau) / all) : 0;
	if (!(tau > 0))
		p[rho_linear_best(score, n)] = 1;
}

/* The place of a draw: score / tau plus a standard Gumbel variable each, the highest (Gumbel 1954). */
static uint32_t draw(struct boltzmann *s, const float *score, size_t n, double tau)
{
	double base = (double)score[0], most = -INFINITY;
	size_t best = 0;
	if (!(tau > 0))
		return (uint32_t)rho_linear_best(score, n);
	for (size_t j = 0; j < n; j++) {
		double mine = ((double)score[j] - base) / tau - log(-log1p(-rho_unif(s->rng)));
		if (mine > most) {
			most = mine;
			best = j;
		}
	}
	return (uint32_t)best;
}

static int boltzmann_act(struct rho_ctx *c, void *self, const struct rho_batch *b, struct rho_choice *out)
{
	struct boltzmann *s = self;
	float *score = rho_linear_room(c, b, 2);
	double tau = temperature(s, b);
	int error = score ? begin(c, s, b) : RHO_ENOMEM;
	for (size_t i = 0; !error && i < b->n; i++) {
		size_t n = rho_n_cand(b, i);
		uint32_t at;
		weigh(c, s, b, i, score);
		at = draw(s, score, n, tau);
		softmax(score, n, tau, score + n);
		out->action[i] = rho_cand(b, i, at);
		out->prob[i] = score[n + at];
	}
	return error;
}

static int boltzmann_prob(struct rho_ctx *c, void *self, const struct rho_batch *b, const uint32_t *action,
                          float *prob)
{
	struct boltzmann *s = self;
	float *score = rho_linear_room(c, b, 2);
	int error = score ? begin(c, s, b) : RHO_ENOMEM;
	for (size_t i = 0; !error && i < b->n; i++) {
		size_t n = rho_n_cand(b, i), j = 0;
		weigh(c, s, b, i, score);
		softmax(score, n, temperature(s, b), score + n);
		while (j + 1 < n && rho_cand(b, i, j) != action[i])
			j++;
		prob[i] = score[n + j];
	}
	return error;
}

static int boltzmann_dist(struct rho_ctx *c, void *self, const struct rho_batch *b, float *prob)
{
	struct boltzmann *s = self;
	float *score = rho_linear_room(c, b, 1);
	int error = score ? begin(c, s, b) : RHO_ENOMEM;
	for (size_t i = 0; !error && i < b->n; i++) {
		weigh(c, s, b, i, score);
		softmax(score, rho_n_cand(b, i), temperature(s, b), prob + rho_cand_at(b, i));
	}
	return error;
}

static int boltzmann_scores(struct rho_ctx *c, void *self, const struct rho_batch *b, float *score,
                            double *tau)
{
	struct boltzmann *s = self;
	int error = begin(c, s, b);
	for (size_t i = 0; !error && i < b->n; i++) {
		weigh(c, s, b, i, score + rho_cand_at(b, i));
		tau[i] = temperature(s, b);
	}
	return error;
}

static int boltzmann_query(struct rho_ctx *c, void *self, const struct rho_batch *b, float *q)
{
	struct boltzmann *s = self;
	if (s->estimate != LINEAR)
		return rho_fail(c, RHO_EINVAL, "estimate = \"means\" knows actions by name and cannot say"
		                " what features it looks for; use estimate = \"linear\", or a sampler that"
		                " does not ask it");
	return rho_linear_queries(c, &s->model, b, q);
}

static const struct rho_softmax as_softmax = {
	.size = sizeof as_softmax, .scores = boltzmann_scores,
};

static const void *boltzmann_extension(struct rho_ctx *c, void *self, const char *id)
{
	return strcmp(id, RHO_EXT_SOFTMAX) ? NULL : &as_softmax;
}

static int boltzmann_observe(struct rho_ctx *c, void *self, const struct rho_feedback *f)
{
	struct boltzmann *s = self;
	if (s->estimate == LINEAR)
		return rho_linear_learn(c, &s->model, f);
	for (size_t i = 0; i < f->posed->n; i++) {
		if (!isfinite(f->reward[i]))
			return rho_fail(c, RHO_EINVAL, "a reward of %g (action %u) has no mean",
			                (double)f->reward[i], f->action[i]);
		rho_arms_add(&s->arms, f->action[i], (double)f->reward[i]);
	}
	return 0;
}

static const struct rho_agent boltzmann_agent = {
	.size = sizeof boltzmann_agent, .open = boltzmann_open, .loaded = boltzmann_loaded,
	.act = boltzmann_act, .observe = boltzmann_observe, .prob = boltzmann_prob, .dist = boltzmann_dist,
	.extension = boltzmann_extension, .query = boltzmann_query,
};

RHO_EXPORT const struct rho_plugin rho_plugin = {
	RHO_PLUGIN(RHO_AGENT), .name = "boltzmann", .version = "1.0.0", .revision = 1,
	.brief = "softmax of estimated rewards over the candidates",
	.doc = "Each candidate with probability in proportion to exp(estimated reward / temperature): what\n"
	       "is nearly as good is chosen nearly as often, what is clearly worse hardly. The estimate is\n"
	       "each action's own mean or a linear model shared by all; the temperature may sink with time.",
	.cite = "Sutton & Barto, Reinforcement Learning, 2018, section 2.8; Maddison, Tarlow & Minka,\n"
	        "A* sampling, NIPS 2014 (the Gumbel-max trick)",
	.params = boltzmann_params, .self_size = sizeof(struct boltzmann), .agent = &boltzmann_agent,
};
