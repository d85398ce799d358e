/* Bootstrap: several ridge regressions, each of which learns a reward a random number of times; a decision
 * is the best action under one of them, drawn evenly (Osband & Van Roy 2015; online bagging after Oza &
 * Russell 2001). */
#include <rho/rho.h>

#include "kit/dot.h"
#include "kit/linear.h"
#include "kit/phi.h"
#include "kit/precision.h"

enum {
	REFRESH = 256,          /* rewards between roots computed anew        */
	GROUP = 64,             /* queries that share a pass over the actions, about */
};

enum weights { WEIGHTS_POISSON, WEIGHTS_DOUBLE };
static const char *const weights_names[] = { "poisson", "double_or_nothing", NULL };
enum per { PER_DECISION, PER_EPISODE };
static const char *const per_names[] = { "decision", "episode", NULL };

struct bootstrap {
	double lambda, prior, spread;   /* parameters */
	int weights, per, features;
	int64_t heads;
	struct rho_features f;
	size_t n, lanes;        /* heads, and lanes                          */
	struct rho_precision shape;     /* of one head's matrix, without arrays */
	double *a, *w;          /* (n, size) kept                            */
	double *b;              /* (n, pad) kept: λ prior mean + Σ weight r φ */
	uint32_t *head;         /* (lanes) kept: 1 + the episode's head; 0: none yet */
	uint64_t *updates;      /* (1) kept                                  */
	double *theta;          /* (n, pad) A⁻¹b of each head                */
	double *mean;           /* (pad) of all theta                        */
	double *room;           /* (n, 8 pad) workspace of learning          */
	struct rho_rng *rng, *weigh;
};

static const struct rho_param bootstrap_params[] = {
	RHO_I64(struct bootstrap, heads, 10, 1, 1000, "how many models"),
	RHO_CHOICE(struct bootstrap, weights, WEIGHTS_POISSON, weights_names,
	           "how often a model learns a reward: a Poisson number of mean 1, or twice or never"),
	RHO_CHOICE(struct bootstrap, per, PER_DECISION, per_names, "how long one model decides"),
	RHO_F64(struct bootstrap, spread, 0.3, 0, 1e3, "standard deviation of the models' own prior means"
	        " about `prior`: what makes them differ before anything is learned"),
	RHO_FEATURES_PARAM(struct bootstrap),
	RHO_F64(struct bootstrap, lambda, 1, 1e-6, 1e9, "ridge: how much weights are held to their prior"),
	RHO_F64(struct bootstrap, prior, 0, -1e3, 1e3, "mean of every weight before anything is learned; 1"
	        " with hadamard starts from the inner product of context and action"),
	RHO_END
};

/* One head's matrix. */
static struct rho_precision matrix(const struct bootstrap *s, size_t h)
{
	struct rho_precision p = s->shape;
	p.a = s->a + h * p.size;
	p.w = s->w + h * p.size;
	return p;
}

/* theta of heads from .. to - 1, on any thread. */
static void solve_heads(void *arg, size_t from, size_t to)
{
	struct bootstrap *s = arg;
	size_t pad = s->shape.pad;
	for (size_t h = from; h < to; h++) {
		struct rho_precision p = matrix(s, h);
		rho_precision_solve(&p, s->b + h * pad, s->theta + h * pad, s->room + 8 * h * pad);
	}
}

static int bootstrap_loaded(struct rho_ctx *c, void *self)
{
	struct bootstrap *s = self;
	size_t pad = s->shape.pad;
	for (size_t i = 0; i < s->lanes; i++)
		if (s->head[i] > s->n)
			return rho_fail(c, RHO_EFORMAT, "the checkpoint's lane %zu is decided by model %u of %zu;"
			                " delete the run's folder and start again", i, s->head[i] - 1, s->n);
	rho_parallel(c, s->n, solve_heads, s);
	memset(s->mean, 0, pad * sizeof *s->mean);
	for (size_t h = 0; h < s->n; h++)
		for (size_t j = 0; j < pad; j++)
			s->mean[j] += s->theta[h * pad + j] / (double)s->n;
	return 0;
}

static int bootstrap_open(struct rho_ctx *c, void *self, const struct rho_spec *spec)
{
	struct bootstrap *s = self;
	int error = rho_features_open(c, &s->f, spec, s->features, false);
	if (error)
		return error;
	s->f.lo = 0;            /* rewards are learned as they are, like a linear model's */
	s->f.span = 1;
	s->n = (size_t)s->heads;
	s->lanes = spec->lanes;
	s->shape = rho_precision_of(s->f.dim);
	s->rng = rho_stream(c, "head");
	s->weigh = rho_stream(c, "weight");
	struct rho_rng *prior = rho_stream(c, "prior");
	size_t pad = s->shape.pad;
	s->a = rho_keep_f64(c, "precision", s->n, s->shape.size);
	s->w = rho_keep_f64(c, "root", s->n, s->shape.size);
	s->b = rho_keep_f64(c, "b", s->n, pad);
	s->head = rho_keep_u32(c, "head", 1, spec->lanes);
	s->updates = rho_keep_u64(c, "updates", 1, 1);
	s->theta = rho_alloc(c, s->n * pad, sizeof *s->theta);
	s->mean = rho_alloc(c, pad, sizeof *s->mean);
	s->room = rho_alloc(c, s->n * 8 * pad, sizeof *s->room);
	if (!s->a || !s->w || !s->b || !s->head || !s->updates || !s->theta || !s->mean || !s->room)
		return RHO_ENOMEM;
	for (size_t h = 0; h < s->n; h++) {
		struct rho_precision p = matrix(s, h);
		rho_precision_start(&p, s->lambda);
		for (size_t j = 0; j < s->f.dim; j++)
			s->b[h * pad + j] = s->lambda * (s->prior + s->spread * rho_normal(prior));
	}
	return bootstrap_loaded(c, s);
}

/* ---- learning ---- */

/* How often a model learns a reward. */
static uint8_t draw_weight(struct bootstrap *s)
{
	double u = rho_unif(s->weigh), term = exp(-1), sum = term;
	uint8_t k = 0;
	if (s->weights == WEIGHTS_DOUBLE)
		return u < 0.5 ? 2 : 0;
	while (u >= sum && k < 20) {    /* what lies beyond 20 has probability 2e-20 */
		term /= ++k;
		sum += term;
	}
	return k;
}

struct lesson {
	struct bootstrap *s;
	size_t rewards;
	const double *phi;      /* (rewards, pad)                            */
	const double *reward;   /* (rewards)                                 */
	const uint8_t *weight;  /* (rewards, n)                              */
	bool refresh;           /* the roots are computed anew               */
	uint8_t *spoilt;        /* (n): the matrix is not positive definite  */
};

/* What heads from .. to - 1 make of it, on any thread. */
static void teach(void *arg, size_t from, size_t to)
{
	const struct lesson *l = arg;
	struct bootstrap *s = l->s;
	size_t pad = s->shape.pad;
	for (size_t h = from; h < to; h++) {
		struct rho_precision p = matrix(s, h);
		double *room = s->room + 8 * h * pad, *b = s->b + h * pad;
		for (size_t i = 0; i < l->rewards; i++) {
			double times = l->weight[i * s->n + h];
			if (times == 0)
				continue;
			rho_precision_add(&p, times, l->phi + i * pad, room);
			for (size_t j = 0; j < pad; j++)
				b[j] += times * l->reward[i] * l->phi[i * pad + j];
		}
		l->spoilt[h] = l->refresh && !rho_precision_refresh(&p, room);
	}
}

static int bootstrap_observe(struct rho_ctx *c, void *self, const struct rho_feedback *fb)
{
	struct bootstrap *s = self;
	size_t n = fb->posed->n, pad = s->shape.pad;
	float *row = rho_scratch(c, s->f.dim, sizeof *row);
	double *phi = rho_scratch(c, n * pad, sizeof *phi), *reward = rho_scratch(c, n, sizeof *reward);
	uint8_t *weight = rho_scratch(c, n, s->n), *spoilt = rho_scratch(c, s->n, 1);
	double off = 0;
	if (!row || !phi || !reward || !weight || !spoilt)
		return RHO_ENOMEM;
	int error = rho_features_check(c, &s->f, fb, -1e15, 1e15);
	if (error)
		return error;
	memset(phi, 0, n * pad * sizeof *phi);
	for (size_t i = 0; i < n; i++) {
		rho_features_make(&s->f, rho_linear_context(fb->posed, i),
		                  rho_row(&fb->posed->actions, fb->action[i]), row);
		for (size_t j = 0; j < s->f.dim; j++)
			phi[i * pad + j] = (double)row[j];
		reward[i] = (double)fb->reward[i];
		for (size_t h = 0; h < s->n; h++)
			weight[i * s->n + h] = draw_weight(s);
		double wrong = reward[i] - rho_kit_dot(s->mean, phi + i * pad, pad);
		off += wrong * wrong / (double)n;
		if (fb->end[i] != RHO_RUNNING)
			s->head[fb->posed->lane[i]] = 0;
	}
	uint64_t before = *s->updates;
	*s->updates += n;
	struct lesson l = { s, n, phi, reward, weight, *s->updates / REFRESH != before / REFRESH, spoilt };
	rho_parallel(c, s->n, teach, &l);
	for (size_t h = 0; h < s->n; h++)
		if (spoilt[h])
			return rho_fail(c, RHO_EINVAL, "model %zu's precision matrix is not positive definite"
			                " after %llu updates; raise lambda (now %g)", h,
			                (unsigned long long)*s->updates, s->lambda);
	if (n)
		rho_metric(c, "loss", off);
	return bootstrap_loaded(c, s);
}

/* ---- choosing ---- */

/* Whether one set of weights decides: their mean's. */
static bool is_greedy(const struct rho_batch *b)
{
	return b->flags & RHO_GREEDY;
}

/* How many models have a say in a decision. */
static size_t voices(const struct bootstrap *s, const struct rho_batch *b)
{
	return is_greedy(b) ? 1 : s->n;
}

/* best (n, voices): where each model's best candidate of each decision stands. Decisions over all actions
 * share a pass over them. */
static int vote(struct rho_ctx *c, const struct bootstrap *s, const struct rho_batch *b, uint32_t *best)
{
	size_t each = voices(s, b), dim = s->f.a_dim;
	size_t together = b->cand_off || each >= GROUP ? 1 : GROUP / each;
	float *query = rho_scratch(c, together * each * dim, sizeof *query);
	float *score = rho_scratch(c, together * each, sizeof *score);
	if (!query || !score)
		return RHO_ENOMEM;
	for (size_t i = 0, n; i < b->n; i += n) {
		struct rho_rows cand = rho_cand_rows(b, i);
		n = b->n - i < together ? b->n - i : together;
		struct rho_mat mat = { query, n * each, dim, dim };
		struct rho_rows rows = { &mat, NULL, 0, n * each };
		for (size_t j = 0; j < n * each; j++) {
			const double *theta = is_greedy(b) ? s->mean : s->theta + j % each * s->shape.pad;
			const float *x = rho_linear_context(b, i + j / each);
			rho_features_query(&s->f, theta, x, query + j * dim);
		}
		int error = rho_top(c, &rows, &cand, NULL, 1, best + i * each, score);
		for (size_t j = 0; !error && j < n * each; j++)
			if (best[i * each + j] == UINT32_MAX)
				error = rho_fail(c, RHO_EINVAL, "no candidate's score is a number: the"
				                 " actions' features, or the context, are not finite");
		if (error)
			return error;
	}
	return 0;
}

/* The models that may decide for decision i, as a range of `count` from the one given back. */
static size_t deciding(const struct bootstrap *s, const struct rho_batch *b, size_t i, size_t *count)
{
	uint32_t fixed = s->per == PER_EPISODE && !is_greedy(b) ? s->head[b->lane[i]] : 0;
	*count = fixed ? 1 : voices(s, b);
	return fixed ? fixed - 1 : 0;
}

/* How likely decision i is to be the candidate at `place`: the share of models whose best it is. */
static float share(const struct bootstrap *s, const struct rho_batch *b, size_t i, const uint32_t *best,
                   uint32_t place)
{
	size_t count, from = deciding(s, b, i, &count), each = voices(s, b), votes = 0;
	for (size_t h = from; h < from + count; h++)
		votes += best[i * each + h] == place;
	return (float)votes / (float)count;
}

static int bootstrap_act(struct rho_ctx *c, void *self, const struct rho_batch *b, struct rho_choice *out)
{
	struct bootstrap *s = self;
	size_t each = voices(s, b);
	uint32_t *best = rho_scratch(c, b->n * each, sizeof *best);
	int error = best ? vote(c, s, b, best) : RHO_ENOMEM;
	for (size_t i = 0; !error && i < b->n; i++) {
		size_t count, head = deciding(s, b, i, &count);
		if (count > 1)
			head = rho_below(s->rng, (uint32_t)count);
		out->action[i] = rho_cand(b, i, best[i * each + head]);
		out->prob[i] = share(s, b, i, best, best[i * each + head]);
		if (s->per == PER_EPISODE && !is_greedy(b))
			s->head[b->lane[i]] = (uint32_t)head + 1;
	}
	return error;
}

static int bootstrap_prob(struct rho_ctx *c, void *self, const struct rho_batch *b, const uint32_t *action,
                          float *prob)
{
	const struct bootstrap *s = self;
	uint32_t *best = rho_scratch(c, b->n * voices(s, b), sizeof *best);
	int error = best ? vote(c, s, b, best) : RHO_ENOMEM;
	for (size_t i = 0; !error && i < b->n; i++) {
		uint32_t n = (uint32_t)rho_n_cand(b, i), j = 0;
		while (j + 1 < n && rho_cand(b, i, j) != action[i])
			j++;
		prob[i] = share(s, b, i, best, j);
	}
	return error;
}

static int bootstrap_dist(struct rho_ctx *c, void *self, const struct rho_batch *b, float *prob)
{
	const struct bootstrap *s = self;
	size_t each = voices(s, b);
	uint32_t *best = rho_scratch(c, b->n * each, sizeof *best);
	int error = best ? vote(c, s, b, best) : RHO_ENOMEM;
	for (size_t i = 0; !error && i < b->n; i++) {
		float *mine = prob + rho_cand_at(b, i);
		memset(mine, 0, rho_n_cand(b, i) * sizeof *mine);
		for (size_t h = 0; h < each; h++)
			mine[best[i * each + h]] = share(s, b, i, best, best[i * each + h]);
	}
	return error;
}

static int bootstrap_query(struct rho_ctx *c, void *self, const struct rho_batch *b, float *q)
{
	const struct bootstrap *s = self;
	for (size_t i = 0; i < b->n; i++)
		rho_features_query(&s->f, s->mean, rho_linear_context(b, i), q + i * s->f.a_dim);
	return 0;
}

static const struct rho_agent bootstrap_agent = {
	.size = sizeof bootstrap_agent, .flags = RHO_NEEDS_FEATURES, .open = bootstrap_open,
	.loaded = bootstrap_loaded, .act = bootstrap_act, .observe = bootstrap_observe,
	.prob = bootstrap_prob, .dist = bootstrap_dist, .query = bootstrap_query,
};

RHO_EXPORT const struct rho_plugin rho_plugin = {
	RHO_PLUGIN(RHO_AGENT), .name = "bootstrap", .version = "1.0.0", .revision = 1,
	.brief = "several linear models on resampled rewards, best action under one of them",
	.doc = "Each of several ridge regressions learns a reward a random number of times; a decision is\n"
	       "the best action under one of them, drawn evenly. Explores as Thompson sampling does, with\n"
	       "probabilities that are known exactly. All models together read the actions once.",
	.cite = "Osband & Van Roy, Bootstrapped Thompson sampling and deep exploration, 2015; Oza &\n"
	        "Russell, Online bagging and boosting, AISTATS 2001; Lu & Van Roy, Ensemble sampling,\n"
	        "NeurIPS 2017",
	.params = bootstrap_params, .self_size = sizeof(struct bootstrap), .agent = &bootstrap_agent,
};
