/* Neural linear: a small network makes a representation of context and action, and Bayesian linear
 * regression with unknown noise on top of it is what Thompson sampling draws from (Riquelme, Tucker &
 * Snoek 2018). */
#include <rho/rho.h>

#include "kit/linear.h"
#include "kit/mlp.h"
#include "kit/precision.h"

enum {
	GROUP = 64,             /* draws for a probability scored together    */
	REFRESH = 256,          /* rewards between roots computed anew        */
};

struct neural_linear {
	double lambda, a0, b0, rate, decay, scale;      /* parameters */
	int features, unit;
	struct rho_i64s hidden;
	int64_t batch, steps, every, window, propensity_draws;
	struct rho_features f;
	struct rho_mlp mlp;
	struct rho_ring ring;           /* of scaled features                */
	size_t h;                       /* numbers in a representation z     */
	struct rho_precision p;         /* λI + Σ zzᵀ, kept                  */
	double *xy;                     /* (pad) kept: Σ r z                 */
	double *noise;                  /* (1, 3) kept: a, b of σ² ~ IG(a, b), and Σ r² */
	double *mu;                     /* (pad) the posterior's mean        */
	double *drawn;                  /* (4 pad) the first part a draw, the rest workspace */
	struct rho_rng *rng, *train;
	const struct rho_rng *key;      /* forked for propensities, never drawn from */
};

static const struct rho_param neural_linear_params[] = {
	RHO_F64(struct neural_linear, lambda, 1, 1e-6, 1e9, "prior precision of the weights of a"
	        " representation, in units of the noise's"),
	RHO_F64(struct neural_linear, a0, 2, 0.5, 1e6, "prior of the noise's variance, inverse gamma: shape"),
	RHO_F64(struct neural_linear, b0, 0.1, 1e-9, 1e6, "prior of the noise's variance: scale"),
	RHO_FEATURES_PARAM(struct neural_linear),
	RHO_MLP_PARAMS(struct neural_linear),
	RHO_I64(struct neural_linear, propensity_draws, 0, 0, 10000,
	        "draws from which a choice's probability is estimated; 0: it is not stated (NaN)"),
	RHO_END
};

/* What follows from the kept arrays: mean, and the noise's scale. */
static int neural_linear_loaded(struct rho_ctx *c, void *self)
{
	struct neural_linear *s = self;
	double explained = rho_precision_solve(&s->p, s->xy, s->mu, s->drawn), rest = s->noise[2] - explained;
	s->noise[1] = s->b0 + (rest > 0 ? rest / 2 : 0);
	return 0;
}

static int neural_linear_open(struct rho_ctx *c, void *self, const struct rho_spec *spec)
{
	struct neural_linear *s = self;
	const struct rho_mlp_how how = { s->hidden, s->unit, s->rate, s->decay, s->scale, s->batch,
	                                 s->steps };
	int error = rho_features_open(c, &s->f, spec, s->features, false);
	if (!error)
		error = rho_mlp_open(c, &s->mlp, &s->f, &how, rho_stream(c, "init"));
	if (!error)
		error = rho_ring_open(c, &s->ring, (size_t)s->window, s->f.dim);
	if (error)
		return error;
	s->h = s->mlp.size[s->mlp.layers - 1];
	s->p = rho_precision_of(s->h);
	s->rng = rho_stream(c, "draw");
	s->train = rho_stream(c, "train");
	s->key = rho_stream(c, "propensity");
	s->p.a = rho_keep_f64(c, "precision", 1, s->p.size);
	s->p.w = rho_keep_f64(c, "root", 1, s->p.size);
	s->xy = rho_keep_f64(c, "xy", 1, s->p.pad);
	s->noise = rho_keep_f64(c, "noise", 1, 3);
	s->mu = rho_alloc(c, s->p.pad, sizeof *s->mu);
	s->drawn = rho_alloc(c, 4 * s->p.pad, sizeof *s->drawn);
	if (!s->p.a || !s->p.w || !s->xy || !s->noise || !s->mu || !s->drawn)
		return RHO_ENOMEM;
	rho_precision_start(&s->p, s->lambda);
	s->noise[0] = s->a0;
	return neural_linear_loaded(c, s);
}

/* ---- learning ---- */

/* One more observation of representation z (pad) in xy and the noise. */
static void count(struct neural_linear *s, const double *z, double reward)
{
	for (size_t j = 0; j < s->h; j++)
		s->xy[j] += reward * z[j];
	s->noise[0] += 0.5;
	s->noise[2] += reward * reward;
}

/* Everything above the network anew from the ring. x and act have room for a tile; z (tile, pad). */
static void refit(struct neural_linear *s, float *act, double *z)
{
	size_t held = rho_ring_held(&s->ring), pad = s->p.pad;
	rho_precision_start(&s->p, s->lambda);
	memset(s->xy, 0, pad * sizeof *s->xy);
	s->noise[0] = s->a0;
	s->noise[2] = 0;
	for (size_t at = 0, n; at < held; at += n) {
		n = held - at < RHO_MLP_TILE ? held - at : RHO_MLP_TILE;
		const float *x = s->ring.phi + at * s->f.dim;
		rho_mlp_forward(&s->mlp, n, x, act);
		const float *last = rho_mlp_last(&s->mlp, n, x, act);
		memset(z, 0, n * pad * sizeof *z);
		for (size_t i = 0; i < n; i++) {
			for (size_t j = 0; j < s->h; j++)
				z[i * pad + j] = (double)last[i * s->h + j];
			count(s, z + i * pad, s->ring.reward[at + i]);
		}
		rho_tri_add(s->p.a, s->h, z, n);
	}
}

static int neural_linear_observe(struct rho_ctx *c, void *self, const struct rho_feedback *fb)
{
	struct neural_linear *s = self;
	size_t pad = s->p.pad;
	float *phi = rho_scratch(c, s->f.dim, sizeof *phi);
	float *act = rho_scratch(c, RHO_MLP_TILE * s->mlp.room, sizeof *act);
	double *z = rho_scratch(c, RHO_MLP_TILE * pad, sizeof *z);
	double *work = rho_scratch(c, 8 * pad, sizeof *work);
	uint64_t before = *s->ring.seen, every = (uint64_t)s->every;
	int error = phi && act && z && work ? rho_features_check(c, &s->f, fb, -1e6, 1e6) : RHO_ENOMEM;
	for (size_t i = 0; !error && i < fb->posed->n; i++) {
		double reward = rho_features_reward(&s->f, fb->reward[i]);
		rho_mlp_features(&s->mlp, &s->f, rho_linear_context(fb->posed, i),
		                 rho_row(&fb->posed->actions, fb->action[i]), phi);
		rho_ring_push(&s->ring, phi, reward);
		rho_mlp_forward(&s->mlp, 1, phi, act);
		const float *last = rho_mlp_last(&s->mlp, 1, phi, act);
		memset(z, 0, pad * sizeof *z);
		for (size_t j = 0; j < s->h; j++)
			z[j] = (double)last[j];
		count(s, z, reward);
		rho_precision_add(&s->p, 1, z, work);
	}
	if (error)
		return error;
	bool due = *s->ring.seen / REFRESH != before / REFRESH;
	if (s->hidden.n && *s->ring.seen / every != before / every) {
		double loss;
		error = rho_mlp_train(c, &s->mlp, &s->ring, s->train, &loss);
		if (error)
			return error;
		rho_metric(c, "loss", loss);
		refit(s, act, z);
		due = true;
	}
	if (due && !rho_precision_refresh(&s->p, work))
		return rho_fail(c, RHO_EINVAL, "the precision of the network's last layer is not positive"
		                " definite after %llu rewards; raise lambda (now %g) or lower rate (now %g)",
		                (unsigned long long)*s->ring.seen, s->lambda, s->rate);
	neural_linear_loaded(c, s);
	rho_metric(c, "noise", sqrt(s->noise[1] / s->noise[0]));
	return 0;
}

/* ---- choosing ---- */

/* From Gamma(shape, 1), shape >= 1/3 (Marsaglia & Tsang 2000; for small shapes their remark in section 6). */
static double draw_gamma(struct rho_rng *rng, double shape)
{
	double boost = shape < 1 ? pow(1 - rho_unif(rng), 1 / shape) : 1;
	double d = (shape < 1 ? shape + 1 : shape) - 1.0 / 3, by = 1 / sqrt(9 * d);
	for (;;) {
		double x = rho_normal(rng), v = 1 + by * x, u = 1 - rho_unif(rng);
		v = v * v * v;
		if (v > 0 && log(u) < x * x / 2 + d - d * v + d * log(v))
			return boost * d * v;
	}
}

/* q (h): weights of representations drawn from rng; their mean where it is NULL. */
static void make_query(struct neural_linear *s, struct rho_rng *rng, float *q)
{
	memcpy(s->drawn, s->mu, s->p.pad * sizeof *s->drawn);
	if (rng) {
		/* Whatever a checkpoint says, the draw comes to an end. */
		double variance = s->noise[1] / draw_gamma(rng, fmin(fmax(s->noise[0], 0.5), 1e15));
		rho_precision_add_draw(&s->p, rng, sqrt(variance), s->drawn, s->drawn + s->p.pad);
	}
	for (size_t j = 0; j < s->h; j++)
		q[j] = (float)s->drawn[j];
}

struct take { const struct rho_mlp *mlp; size_t h; float *z; };

static void take_last(void *arg, size_t from, size_t n, const float *x, const float *act, float *delta)
{
	const struct take *t = arg;
	memcpy(t->z + from * t->h, rho_mlp_last(t->mlp, n, x, act), n * t->h * sizeof *t->z);
}

/* z (candidates, h): the representations of decision i's candidates. */
static int represent(struct rho_ctx *c, const struct neural_linear *s, const struct rho_batch *b, size_t i,
                     float *z)
{
	struct rho_rows cand = rho_cand_rows(b, i);
	struct take t = { &s->mlp, s->h, z };
	return rho_mlp_each(c, &s->mlp, &s->f, rho_linear_context(b, i), &cand, take_last, &t);
}

/* place (draws): the best of n representations under each draw from rng. query (draws, h) is workspace. */
static int best_of(struct rho_ctx *c, struct neural_linear *s, struct rho_rng *rng, size_t draws,
                   const float *z, size_t n, float *query, uint32_t *place)
{
	struct rho_mat q = { query, draws, s->h, s->h }, m = { z, n, s->h, s->h };
	struct rho_rows queries = { &q, NULL, 0, draws }, rows = { &m, NULL, 0, n };
	float score[GROUP];
	for (size_t d = 0; d < draws; d++)
		make_query(s, rng, query + d * s->h);
	int error = rho_top(c, &queries, &rows, NULL, 1, place, score);
	for (size_t d = 0; !error && d < draws; d++)
		if (place[d] == UINT32_MAX)
			return rho_fail(c, RHO_EINVAL, "no candidate's score is a number: the actions'"
			                " features, the context or the network's output are not finite");
	return error;
}

/* Workspace of a call: z (most candidates, h), query (GROUP, h), p (most candidates). */
struct room { float *z, *query, *p; };

static int make_room(struct rho_ctx *c, const struct neural_linear *s, const struct rho_batch *b,
                     struct room *r)
{
	r->z = rho_linear_room(c, b, s->h);
	r->query = rho_scratch(c, GROUP * s->h, sizeof *r->query);
	r->p = rho_linear_room(c, b, 1);
	return r->z && r->query && r->p ? 0 : RHO_ENOMEM;
}

/* p (candidates of decision i): how often each wins in propensity_draws draws of their own stream,
 * with one more draw shared out evenly, so that nothing has probability 0. 0 and 1 where greedy, NaN where
 * it is not estimated. */
static int spread(struct rho_ctx *c, struct neural_linear *s, const struct rho_batch *b, size_t i,
                  const struct room *r, float *p)
{
	bool greedy = b->flags & RHO_GREEDY;
	struct rho_rng rng = rho_fork(s->key, b->lane[i], *s->ring.seen);
	size_t draws = greedy ? 1 : (size_t)s->propensity_draws, n = rho_n_cand(b, i);
	float floor = greedy ? 0 : draws ? 1 / (float)n : NAN;
	uint32_t best[GROUP];
	int error = draws ? represent(c, s, b, i, r->z) : 0;
	for (size_t j = 0; j < n; j++)
		p[j] = floor;
	for (size_t d = 0, some; d < draws && !error; d += some) {
		some = draws - d < GROUP ? draws - d : GROUP;
		error = best_of(c, s, greedy ? NULL : &rng, some, r->z, n, r->query, best);
		for (size_t j = 0; !error && j < some; j++)
			p[best[j]] += 1;
	}
	for (size_t j = 0; !greedy && j < n; j++)
		p[j] /= (float)(draws + 1);
	return error;
}

static int neural_linear_dist(struct rho_ctx *c, void *self, const struct rho_batch *b, float *prob)
{
	struct neural_linear *s = self;
	struct room r;
	int error = make_room(c, s, b, &r);
	for (size_t i = 0; !error && i < b->n; i++)
		error = spread(c, s, b, i, &r, prob + rho_cand_at(b, i));
	return error;
}

static int neural_linear_prob(struct rho_ctx *c, void *self, const struct rho_batch *b,
                              const uint32_t *action, float *prob)
{
	struct neural_linear *s = self;
	struct room r;
	int error = make_room(c, s, b, &r);
	for (size_t i = 0; !error && i < b->n; i++) {
		size_t n = rho_n_cand(b, i), j = 0;
		error = spread(c, s, b, i, &r, r.p);
		while (j + 1 < n && rho_cand(b, i, j) != action[i])
			j++;
		prob[i] = r.p[j];
	}
	return error;
}

static int neural_linear_act(struct rho_ctx *c, void *self, const struct rho_batch *b, struct rho_choice *out)
{
	struct neural_linear *s = self;
	struct room r;
	bool greedy = b->flags & RHO_GREEDY;
	int error = make_room(c, s, b, &r);
	for (size_t i = 0; !error && i < b->n; i++) {
		uint32_t best = 0;
		error = represent(c, s, b, i, r.z);
		if (!error)
			error = best_of(c, s, greedy ? NULL : s->rng, 1, r.z, rho_n_cand(b, i), r.query,
			                &best);
		out->action[i] = error ? 0 : rho_cand(b, i, best);
		out->prob[i] = greedy ? 1 : NAN;
	}
	if (error || greedy || !s->propensity_draws)
		return error;
	return neural_linear_prob(c, s, b, out->action, out->prob);
}

static const struct rho_agent neural_linear_agent = {
	.size = sizeof neural_linear_agent, .flags = RHO_NEEDS_FEATURES, .open = neural_linear_open,
	.loaded = neural_linear_loaded, .act = neural_linear_act, .observe = neural_linear_observe,
	.prob = neural_linear_prob, .dist = neural_linear_dist,
};

RHO_EXPORT const struct rho_plugin rho_plugin = {
	RHO_PLUGIN(RHO_AGENT), .name = "neural_linear", .version = "1.0.0", .revision = 1,
	.brief = "Thompson sampling on a linear model over a network's last layer",
	.doc = "A small network learns what to make of context and action; Bayesian linear regression on\n"
	       "its last hidden layer says how sure that is, and Thompson sampling draws from it. For\n"
	       "candidate lists of hundreds to thousands: every candidate goes through the network.",
	.cite = "Riquelme, Tucker & Snoek, Deep Bayesian bandits showdown, ICLR 2018",
	.params = neural_linear_params, .self_size = sizeof(struct neural_linear),
	.agent = &neural_linear_agent,
};
