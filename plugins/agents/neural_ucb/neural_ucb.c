/* NeuralUCB: the action whose predicted reward f, plus gamma √(gᵀZ⁻¹g / m), is highest, where g is the
 * gradient of f by the network's parameters and Z collects those of what was tried (Zhou, Li & Gu 2020). */
#include <rho/rho.h>

#include "kit/linear.h"
#include "kit/mlp.h"
#include "kit/pick.h"
#include "kit/precision.h"

enum {
	FULL_MOST = 2000,       /* parameters a full Z is kept for            */
	ROWS_MOST = 2048,       /* rows of Z, `full` or `last`, rounded up    */
	REFRESH = 256,          /* rewards between roots computed anew        */
};

enum z { Z_DIAGONAL, Z_LAST, Z_FULL };
static const char *const z_names[] = { "diagonal", "last", "full", NULL };

struct neural_ucb {
	double gamma, lambda, rate, decay, scale;       /* parameters */
	int z, features, unit;
	struct rho_i64s hidden;
	int64_t batch, steps, every, window;
	struct rho_features f;
	struct rho_mlp mlp;
	struct rho_ring ring;           /* of scaled features                */
	double width;                   /* m: units of the last hidden layer */
	double *diagonal;               /* Z_DIAGONAL: (params) kept         */
	float *weight;                  /* Z_DIAGONAL: (params) 1 / (m diagonal) */
	struct rho_precision p;         /* else: Z, kept                     */
	struct rho_rng *train;
};

static const struct rho_param neural_ucb_params[] = {
	RHO_F64(struct neural_ucb, gamma, 0.3, 0, 1e6, "how many widths above its mean an action is scored"),
	RHO_F64(struct neural_ucb, lambda, 1, 1e-6, 1e9, "what Z begins with on its diagonal"),
	RHO_CHOICE(struct neural_ucb, z, Z_DIAGONAL, z_names, "which of Z is kept: its diagonal, all of it"
	           " for the last layer's parameters, or all of it (2000 parameters at most)"),
	RHO_FEATURES_PARAM(struct neural_ucb),
	RHO_MLP_PARAMS(struct neural_ucb),
	RHO_END
};

static int neural_ucb_loaded(struct rho_ctx *c, void *self)
{
	struct neural_ucb *s = self;
	for (size_t p = 0; s->diagonal && p < s->mlp.params; p++)
		s->weight[p] = (float)(1 / (s->width * s->diagonal[p]));
	return 0;
}

/* Z's arrays, with lambda on the diagonal. */
static int open_z(struct rho_ctx *c, struct neural_ucb *s)
{
	size_t params = s->mlp.params, last = s->mlp.size[s->mlp.layers - 1] + 1;
	if (s->z == Z_FULL && params > FULL_MOST)
		return rho_fail(c, RHO_EINVAL, "z = \"full\" keeps a matrix of parameters by parameters, and"
		                " the network has %zu parameters; at most %d are possible: use z = \"last\""
		                " or \"diagonal\", or smaller `hidden` layers", params, FULL_MOST);
	if (s->z == Z_LAST && last > ROWS_MOST)
		return rho_fail(c, RHO_EINVAL, "z = \"last\" keeps a matrix of the last layer's %zu"
		                " parameters; at most %d are possible: use \"diagonal\"", last, ROWS_MOST);
	if (s->z == Z_DIAGONAL) {
		s->diagonal = rho_keep_f64(c, "z", 1, params);
		s->weight = rho_alloc(c, params, sizeof *s->weight);
		for (size_t p = 0; s->diagonal && p < params; p++)
			s->diagonal[p] = s->lambda;
		return s->diagonal && s->weight ? 0 : RHO_ENOMEM;
	}
	s->p = rho_precision_of(s->z == Z_FULL ? params : last);
	s->p.a = rho_keep_f64(c, "z", 1, s->p.size);
	s->p.w = rho_keep_f64(c, "root", 1, s->p.size);
	if (!s->p.a || !s->p.w)
		return RHO_ENOMEM;
	rho_precision_start(&s->p, s->lambda);
	return 0;
}

static int neural_ucb_open(struct rho_ctx *c, void *self, const struct rho_spec *spec)
{
	struct neural_ucb *s = self;
	const struct rho_mlp_how how = { s->hidden, s->unit, s->rate, s->decay, s->scale, s->batch,
	                                 s->steps };
	int error = rho_features_open(c, &s->f, spec, s->features, false);
	if (!error)
		error = rho_mlp_open(c, &s->mlp, &s->f, &how, rho_stream(c, "init"));
	if (!error)
		error = rho_ring_open(c, &s->ring, (size_t)s->window, s->f.dim);
	if (error)
		return error;
	s->train = rho_stream(c, "train");
	s->width = s->hidden.n ? (double)s->mlp.size[s->mlp.layers - 1] : 1;
	error = open_z(c, s);
	return error ? error : neural_ucb_loaded(c, s);
}

/* delta (room): df / d(sum of each unit) of n rows. */
static void differentiate(const struct neural_ucb *s, size_t n, const float *act, float *delta)
{
	float *last = delta + n * s->mlp.below[s->mlp.layers - 1];
	for (size_t i = 0; i < n; i++)
		last[i] = 1;
	rho_mlp_backward(&s->mlp, n, act, delta);
}

/* v (pad of Z) = g / √m of row i of n, for a matrix Z: of one row x, act, delta where Z is full; of the last
 * layer's parameters, its inputs and 1, where Z is theirs. gradient (params) is workspace of the former. */
static void tangent(const struct neural_ucb *s, size_t n, size_t i, const float *x, const float *act,
                    const float *delta, float *gradient, double *v)
{
	double by = 1 / sqrt(s->width);
	size_t h = s->mlp.size[s->mlp.layers - 1];
	memset(v, 0, s->p.pad * sizeof *v);
	if (s->z == Z_LAST) {
		const float *last = rho_mlp_last(&s->mlp, n, x, act) + i * h;
		for (size_t j = 0; j < h; j++)
			v[j] = by * (double)last[j];
		v[h] = by;
		return;
	}
	memset(gradient, 0, s->mlp.params * sizeof *gradient);
	rho_mlp_gradient(&s->mlp, 1, x, act, delta, gradient);
	for (size_t p = 0; p < s->mlp.params; p++)
		v[p] = by * (double)gradient[p];
}

/* ---- choosing ---- */

struct weigh { const struct neural_ucb *s; double gamma; float *score; };

/* gᵀZ⁻¹g / m of each of n rows into out, for a matrix Z. A row's layers are taken out of the tile for `full`,
 * whose gradient is that of one row. */
static void matrix_norms(const struct neural_ucb *s, size_t n, const float *x, const float *act, float *delta,
                         double *out)
{
	_Alignas(64) double v[ROWS_MOST], work[ROWS_MOST];
	float gradient[FULL_MOST];
	float *mine = delta, *mine_delta = delta + s->mlp.room;
	for (size_t i = 0; i < n; i++) {
		if (s->z == Z_LAST) {
			tangent(s, n, i, x, act, NULL, NULL, v);
		} else {
			for (size_t l = 0; l < s->mlp.layers; l++) {
				size_t units = s->mlp.size[l + 1], below = s->mlp.below[l];
				memcpy(mine + below, act + n * below + i * units, units * sizeof *mine);
			}
			differentiate(s, 1, mine, mine_delta);
			tangent(s, 1, 0, x + i * s->f.dim, mine, mine_delta, gradient, v);
		}
		out[i] = rho_precision_norm2(&s->p, v, work);
	}
}

static void weigh_rows(void *arg, size_t from, size_t n, const float *x, const float *act, float *delta)
{
	const struct weigh *w = arg;
	const struct neural_ucb *s = w->s;
	const float *f = act + n * s->mlp.below[s->mlp.layers - 1];
	double norm[RHO_MLP_TILE] = { 0 };
	if (w->gamma > 0 && s->z == Z_DIAGONAL) {
		differentiate(s, n, act, delta);
		rho_mlp_norms(&s->mlp, n, x, act, delta, s->weight, delta + n * s->mlp.room, norm);
	} else if (w->gamma > 0) {
		matrix_norms(s, n, x, act, delta, norm);
	}
	for (size_t i = 0; i < n; i++)
		w->score[from + i] = (float)((double)f[i] + w->gamma * sqrt(norm[i]));
}

/* score (candidates of decision i). */
static int weigh(struct rho_ctx *c, const struct neural_ucb *s, const struct rho_batch *b, size_t i,
                 float *score)
{
	struct rho_rows cand = rho_cand_rows(b, i);
	struct weigh w = { s, b->flags & RHO_GREEDY ? 0 : s->gamma, score };
	return rho_mlp_each(c, &s->mlp, &s->f, rho_linear_context(b, i), &cand, weigh_rows, &w);
}

/* The place of each decision's choice into best (n): where weigh's score is largest. */
static int choose(struct rho_ctx *c, void *self, const struct rho_batch *b, uint32_t *best)
{
	const struct neural_ucb *s = self;
	float *score = rho_linear_room(c, b, 1);
	int error = score ? 0 : RHO_ENOMEM;
	for (size_t i = 0; !error && i < b->n; i++) {
		error = weigh(c, s, b, i, score);
		best[i] = error ? 0 : (uint32_t)rho_linear_best(score, rho_n_cand(b, i));
	}
	return error;
}

static int neural_ucb_act(struct rho_ctx *c, void *self, const struct rho_batch *b, struct rho_choice *out)
{
	return rho_pick_act(c, self, b, out, choose);
}

static int neural_ucb_prob(struct rho_ctx *c, void *self, const struct rho_batch *b, const uint32_t *action,
                           float *prob)
{
	return rho_pick_prob(c, self, b, action, prob, choose);
}

static int neural_ucb_dist(struct rho_ctx *c, void *self, const struct rho_batch *b, float *prob)
{
	return rho_pick_dist(c, self, b, prob, choose);
}

static int neural_ucb_rank(struct rho_ctx *c, void *self, const struct rho_batch *b, float *score,
                           float *explore)
{
	int error = 0;
	for (size_t i = 0; !error && i < b->n; i++) {
		error = weigh(c, self, b, i, score + rho_cand_at(b, i));
		explore[i] = 0;
	}
	return error;
}

/* ---- learning ---- */

/* Workspace of observe. */
struct room { float *phi, *act, *delta, *gradient; double *v, *work; };

static int make_room(struct rho_ctx *c, const struct neural_ucb *s, struct room *r)
{
	r->phi = rho_scratch(c, s->f.dim, sizeof *r->phi);
	r->act = rho_scratch(c, 2 * s->mlp.room, sizeof *r->act);
	r->gradient = rho_scratch(c, s->mlp.params, sizeof *r->gradient);
	r->v = rho_scratch(c, s->p.pad + 1, sizeof *r->v);
	r->work = rho_scratch(c, 8 * s->p.pad + 1, sizeof *r->work);
	r->delta = r->act ? r->act + s->mlp.room : NULL;
	return r->phi && r->act && r->gradient && r->v && r->work ? 0 : RHO_ENOMEM;
}

/* One more tried action, whose features are in phi, in Z. */
static void add(struct neural_ucb *s, const struct room *r)
{
	rho_mlp_forward(&s->mlp, 1, r->phi, r->act);
	differentiate(s, 1, r->act, r->delta);
	if (!s->diagonal) {
		tangent(s, 1, 0, r->phi, r->act, r->delta, r->gradient, r->v);
		rho_precision_add(&s->p, 1, r->v, r->work);
		return;
	}
	memset(r->gradient, 0, s->mlp.params * sizeof *r->gradient);
	rho_mlp_gradient(&s->mlp, 1, r->phi, r->act, r->delta, r->gradient);
	for (size_t p = 0; p < s->mlp.params; p++)
		s->diagonal[p] += (double)r->gradient[p] * (double)r->gradient[p] / s->width;
}

static int neural_ucb_observe(struct rho_ctx *c, void *self, const struct rho_feedback *fb)
{
	struct neural_ucb *s = self;
	struct room r;
	uint64_t before = *s->ring.seen, every = (uint64_t)s->every;
	int error = make_room(c, s, &r);
	if (!error)
		error = rho_features_check(c, &s->f, fb, -1e6, 1e6);
	for (size_t i = 0; !error && i < fb->posed->n; i++) {
		rho_mlp_features(&s->mlp, &s->f, rho_linear_context(fb->posed, i),
		                 rho_row(&fb->posed->actions, fb->action[i]), r.phi);
		add(s, &r);
		rho_ring_push(&s->ring, r.phi, rho_features_reward(&s->f, fb->reward[i]));
	}
	if (!error && !s->diagonal && *s->ring.seen / REFRESH != before / REFRESH &&
	    !rho_precision_refresh(&s->p, r.work))
		return rho_fail(c, RHO_EINVAL, "Z is not positive definite after %llu rewards; raise lambda"
		                " (now %g)", (unsigned long long)*s->ring.seen, s->lambda);
	if (!error && *s->ring.seen / every != before / every) {
		double loss;
		error = rho_mlp_train(c, &s->mlp, &s->ring, s->train, &loss);
		if (!error)
			rho_metric(c, "loss", loss);
	}
	return error ? error : neural_ucb_loaded(c, s);
}

static const struct rho_agent neural_ucb_agent = {
	.size = sizeof neural_ucb_agent, .flags = RHO_NEEDS_FEATURES, .open = neural_ucb_open,
	.loaded = neural_ucb_loaded, .act = neural_ucb_act, .observe = neural_ucb_observe,
	.prob = neural_ucb_prob, .dist = neural_ucb_dist, .rank = neural_ucb_rank,
};

RHO_EXPORT const struct rho_plugin rho_plugin = {
	RHO_PLUGIN(RHO_AGENT), .name = "neural_ucb", .version = "1.0.0", .revision = 1,
	.brief = "a network's prediction, highest upper confidence bound by its gradient",
	.doc = "A small network predicts the reward, and how far its gradient at an action lies from those\n"
	       "of what was tried says how unsure that is. For candidate lists of hundreds to thousands:\n"
	       "every candidate goes through the network and back.",
	.cite = "Zhou, Li & Gu, Neural contextual bandits with UCB-based exploration, ICML 2020",
	.params = neural_ucb_params, .self_size = sizeof(struct neural_ucb), .agent = &neural_ucb_agent,
};
