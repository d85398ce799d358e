/* Disjoint LinUCB: a linear model of the context for each action, the highest upper confidence bound wins
 * (Li, Chu, Langford & Schapire 2010, Algorithm 1). */
#include <rho/rho.h>

#include "kit/linear.h"
#include "kit/pick.h"
#include "kit/root.h"

enum { CHUNKS = 64 };   /* parts of a candidate list that may be scored side by side */

struct disjoint {
	double alpha, lambda, memory;   /* parameters */
	size_t d;
	double *root;           /* (n_actions, d (d + 1) / 2) kept: of A⁻¹; 0 before its rewards */
	double *theta;          /* (n_actions, d) kept: A⁻¹b                  */
	uint64_t *pulls;        /* (n_actions) kept                           */
	double *work;           /* (3, d): x, v, g                            */
};

static const struct rho_param disjoint_params[] = {
	RHO_F64(struct disjoint, alpha, 1, 0, 1e6, "how many widths above its mean an action is scored"),
	RHO_F64(struct disjoint, lambda, 1, 1e-6, 1e9, "ridge: how strongly weights are held to 0"),
	RHO_F64(struct disjoint, memory, 2, 0.001, 1e6, "GiB that the actions' models may take at most"),
	RHO_END
};

static int disjoint_open(struct rho_ctx *c, void *self, const struct rho_spec *spec)
{
	struct disjoint *s = self;
	size_t d = spec->x_dim, n = spec->n_actions;
	double bytes = 8 * (double)n * ((double)d * ((double)d + 3) / 2 + 1);
	s->d = d;
	if (bytes > s->memory * 0x1p30)
		return rho_fail(c, RHO_EINVAL, "one model for each of %zu actions on %zu numbers of context"
		                " takes %.3g GiB, and memory = %g; use the agent \"linucb\", whose weights"
		                " all actions share, contexts of fewer dimensions, or raise `memory`",
		                n, d, bytes / 0x1p30, s->memory);
	s->root = rho_keep_f64(c, "root", n, rho_root_size(d));
	s->theta = rho_keep_f64(c, "theta", n, d);
	s->pulls = rho_keep_u64(c, "pulls", 1, n);
	s->work = rho_alloc(c, 3 * d, sizeof *s->work);
	return s->root && s->theta && s->pulls && s->work ? 0 : RHO_ENOMEM;
}

/* ---- scores ---- */

struct scan {           /* one decision's candidates */
	const struct disjoint *s;
	const struct rho_batch *b;
	size_t i, n;
	const double *x;        /* (d) */
	double alpha, fresh;    /* widths; the score of an action without rewards */
	float *score;           /* (n) */
};

static double dot(const double *a, const double *b, size_t n)
{
	double sum = 0;
	for (size_t j = 0; j < n; j++)
		sum += a[j] * b[j];
	return sum;
}

/* Chunks from .. to - 1 of the candidates. A score depends on its action alone. */
static void score_chunks(void *arg, size_t from, size_t to)
{
	const struct scan *w = arg;
	const struct disjoint *s = w->s;
	for (size_t j = w->n * from / CHUNKS; j < w->n * to / CHUNKS; j++) {
		size_t a = rho_cand(w->b, w->i, j);
		double mean = w->fresh;
		if (s->pulls[a]) {
			mean = dot(s->theta + a * s->d, w->x, s->d);
			if (w->alpha > 0)
				mean += w->alpha * sqrt(rho_root_times(s->root + a * rho_root_size(s->d),
				                                       s->d, w->x, NULL));
		}
		w->score[j] = (float)mean;
	}
}

/* x (d) of decision i, in float64. */
static const double *context(const struct disjoint *s, const struct rho_batch *b, size_t i)
{
	const float *x = rho_linear_context(b, i);
	for (size_t j = 0; j < s->d; j++)
		s->work[j] = (double)x[j];
	return s->work;
}

/* score (candidates of decision i). */
static void weigh(struct rho_ctx *c, const struct disjoint *s, const struct rho_batch *b, size_t i,
                  float *score)
{
	struct scan w = { .s = s, .b = b, .i = i, .n = rho_n_cand(b, i), .x = context(s, b, i),
	                  .alpha = b->flags & RHO_GREEDY ? 0 : s->alpha, .score = score };
	w.fresh = w.alpha * sqrt(dot(w.x, w.x, s->d) / s->lambda);
	rho_parallel(c, CHUNKS, score_chunks, &w);
}

/* The place of each decision's choice into best (n). */
static int choose(struct rho_ctx *c, void *self, const struct rho_batch *b, uint32_t *best)
{
	const struct disjoint *s = self;
	float *score = rho_linear_room(c, b, 1);
	for (size_t i = 0; score && i < b->n; i++) {
		weigh(c, s, b, i, score);
		best[i] = (uint32_t)rho_linear_best(score, rho_n_cand(b, i));
	}
	return score ? 0 : RHO_ENOMEM;
}

static int disjoint_act(struct rho_ctx *c, void *self, const struct rho_batch *b, struct rho_choice *out)
{
	return rho_pick_act(c, self, b, out, choose);
}

static int disjoint_prob(struct rho_ctx *c, void *self, const struct rho_batch *b, const uint32_t *action,
                         float *prob)
{
	return rho_pick_prob(c, self, b, action, prob, choose);
}

static int disjoint_dist(struct rho_ctx *c, void *self, const struct rho_batch *b, float *prob)
{
	return rho_pick_dist(c, self, b, prob, choose);
}

static int disjoint_rank(struct rho_ctx *c, void *self, const struct rho_batch *b, float *score,
                         float *explore)
{
	for (size_t i = 0; i < b->n; i++) {
		weigh(c, self, b, i, score + rho_cand_at(b, i));
		explore[i] = 0;
	}
	return 0;
}

/* ---- learning ---- */

/* theta of A + xxᵀ and b + rx is theta + A⁻¹x (r - <theta, x>) / (1 + xᵀA⁻¹x). */
static int disjoint_observe(struct rho_ctx *c, void *self, const struct rho_feedback *f)
{
	struct disjoint *s = self;
	double *v = s->work + s->d, *g = v + s->d;
	for (size_t i = 0; i < f->posed->n; i++) {
		size_t a = f->action[i];
		double *root = s->root + a * rho_root_size(s->d), *theta = s->theta + a * s->d;
		const double *x = context(s, f->posed, i);
		double reward = (double)f->reward[i], length2 = dot(x, x, s->d);
		if (!isfinite(reward) || !isfinite(length2))
			return rho_fail(c, RHO_EINVAL, "reward %g of action %zu, context of length %g: both"
			                " must be finite", reward, a, sqrt(length2));
		if (!s->pulls[a]++)
			rho_root_init(root, s->d, s->lambda);
		double width2 = rho_root_times(root, s->d, x, v);
		double step = (reward - dot(theta, x, s->d)) / (1 + width2);
		rho_root_back(root, s->d, v, g);
		for (size_t j = 0; j < s->d; j++)
			theta[j] += step * g[j];
		rho_root_add(root, s->d, v, g);
	}
	return 0;
}

static const struct rho_agent disjoint_agent = {
	.size = sizeof disjoint_agent, .flags = RHO_NEEDS_X | RHO_KEEPS_ACTIONS, .open = disjoint_open,
	.act = disjoint_act, .observe = disjoint_observe, .prob = disjoint_prob, .dist = disjoint_dist,
	.rank = disjoint_rank,
};

RHO_EXPORT const struct rho_plugin rho_plugin = {
	RHO_PLUGIN(RHO_AGENT), .name = "linucb_disjoint", .version = "1.0.0", .revision = 1,
	.brief = "a linear model of the context for each action, highest upper confidence bound",
	.doc = "Predicts an action's reward linearly from the context, with weights of the action's own,\n"
	       "and takes the candidate whose prediction plus alpha standard deviations is highest. Needs no\n"
	       "features of actions; nothing carries over from one action to another, so it is for\n"
	       "thousands, not millions.",
	.cite = "Li, Chu, Langford & Schapire, A contextual-bandit approach to personalized news article\n"
	        "recommendation, WWW 2010, Algorithm 1",
	.params = disjoint_params, .self_size = sizeof(struct disjoint), .agent = &disjoint_agent,
};
