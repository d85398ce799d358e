/* Hybrid LinUCB: weights that all actions share on features z of context and action, and weights of each
 * action's own on the context x (Li, Chu, Langford & Schapire 2010, Algorithm 2).
 *
 * The paper keeps A_a, B_a, b_a of each action and A_0, b_0. Kept here is what its formulas make of them: a
 * root of A_a⁻¹, C_a = A_a⁻¹B_a and c_a = A_a⁻¹b_a, so that with u = z - C_aᵀx
 *     mean = <u, β> + <c_a, x>,    width² = uᵀA_0⁻¹u + xᵀA_a⁻¹x,
 * the paper's lines 12 and 13. What a reward adds to A_0 and b_0 (lines 17, 18, 22 and 23) is then of rank
 * one: with h = xᵀA_a⁻¹x before the reward, uuᵀ/(1 + h) and u (r - <c_a, x>)/(1 + h). */
#include <rho/rho.h>

#include "kit/linear.h"
#include "kit/pick.h"
#include "kit/root.h"

enum { CHUNKS = 64 };   /* parts of a candidate list that may be scored side by side */

enum { AUTO, HADAMARD, CONCAT, ACTION, OUTER };
static const char *const shared_names[] = { "auto", "hadamard", "concat", "action", "outer", NULL };

struct hybrid {
	double alpha, lambda, memory;   /* parameters */
	int shared;             /* never AUTO once open */
	size_t d, a_dim, m;     /* of x, of an action's features, of z */
	double *root;           /* (n_actions, d (d + 1) / 2) kept: of A_a⁻¹; 0 before its rewards */
	double *cross;          /* (n_actions, d * m) kept: C_a */
	double *own;            /* (n_actions, d) kept: c_a */
	uint64_t *pulls;        /* (n_actions) kept */
	double *root0;          /* (m (m + 1) / 2) kept: of A_0⁻¹ */
	double *beta;           /* (m) kept: A_0⁻¹b_0 */
	double *work;           /* (3, d + m): x; v; g */
	double *u;              /* (CHUNKS, m) */
};

static const struct rho_param hybrid_params[] = {
	RHO_F64(struct hybrid, alpha, 1, 0, 1e6, "how many widths above its mean an action is scored"),
	RHO_CHOICE(struct hybrid, shared, AUTO, shared_names, "what the shared weights are on: the products"
	           " of context and action number by number, both side by side, the action, or every product;"
	           " auto: hadamard where dimensions allow, else concat"),
	RHO_F64(struct hybrid, lambda, 1, 1e-6, 1e9, "ridge: how strongly weights are held to 0"),
	RHO_F64(struct hybrid, memory, 2, 0.001, 1e6, "GiB that the actions' models may take at most"),
	RHO_END
};

static int size_up(struct rho_ctx *c, struct hybrid *s, const struct rho_spec *spec)
{
	double n = (double)spec->n_actions, d = (double)spec->x_dim, m, bytes;
	s->d = spec->x_dim;
	s->a_dim = spec->action_dim;
	if (s->shared == AUTO)
		s->shared = s->d == s->a_dim ? HADAMARD : CONCAT;
	if (s->shared == HADAMARD && s->d != s->a_dim)
		return rho_fail(c, RHO_EINVAL, "shared = \"hadamard\" multiplies a context's numbers with an"
		                " action's, and there are %zu and %zu; use \"concat\", \"action\" or"
		                " \"outer\"",
		                s->d, s->a_dim);
	m = s->shared == CONCAT ? d + (double)s->a_dim :
	    s->shared == OUTER ? d * (double)s->a_dim : (double)s->a_dim;
	bytes = 8 * (n * (d * (d + 1) / 2 + d * m + d + 1) + m * (m + 1) / 2);
	if (bytes > s->memory * 0x1p30)
		return rho_fail(c, RHO_EINVAL, "models of %zu actions with %zu numbers of context and %.0f"
		                " shared features take %.3g GiB, and memory = %g; use the agent \"linucb\","
		                " whose weights all actions share, fewer dimensions, or raise `memory`",
		                spec->n_actions, s->d, m, bytes / 0x1p30, s->memory);
	s->m = (size_t)m;
	return 0;
}

static int hybrid_open(struct rho_ctx *c, void *self, const struct rho_spec *spec)
{
	struct hybrid *s = self;
	size_t n = spec->n_actions;
	int error = size_up(c, s, spec);
	if (error)
		return error;
	s->root = rho_keep_f64(c, "root", n, rho_root_size(s->d));
	s->cross = rho_keep_f64(c, "cross", n, s->d * s->m);
	s->own = rho_keep_f64(c, "own", n, s->d);
	s->pulls = rho_keep_u64(c, "pulls", 1, n);
	s->root0 = rho_keep_f64(c, "root0", 1, rho_root_size(s->m));
	s->beta = rho_keep_f64(c, "beta", 1, s->m);
	s->work = rho_alloc(c, 3 * (s->d + s->m), sizeof *s->work);
	s->u = rho_alloc(c, s->m, CHUNKS * sizeof *s->u);
	if (!s->root || !s->cross || !s->own || !s->pulls || !s->root0 || !s->beta || !s->work || !s->u)
		return RHO_ENOMEM;
	rho_root_init(s->root0, s->m, s->lambda);
	return 0;
}

/* ---- scores ---- */

static double dot(const double *a, const double *b, size_t n)
{
	double sum = 0;
	for (size_t j = 0; j < n; j++)
		sum += a[j] * b[j];
	return sum;
}

/* u (m) = z - C_aᵀx. */
static void innovation(const struct hybrid *s, const struct rho_rows *actions, size_t a, const double *x,
                       double *u)
{
	const float *f = actions->mat->at + (actions->first + a) * actions->mat->stride;
	const double *cross = s->cross + a * s->d * s->m;
	size_t at = 0;
	for (size_t j = 0; s->shared == CONCAT && j < s->d; j++)
		u[at++] = x[j];
	for (size_t i = 0; s->shared == OUTER && i < s->d; i++)
		for (size_t j = 0; j < s->a_dim; j++)
			u[at++] = x[i] * (double)f[j];
	for (size_t j = 0; s->shared != OUTER && j < s->a_dim; j++)
		u[at++] = (double)f[j] * (s->shared == HADAMARD ? x[j] : 1);
	for (size_t i = 0; s->pulls[a] && i < s->d; i++, cross += s->m)
		for (size_t j = 0; j < s->m; j++)
			u[j] -= x[i] * cross[j];
}

struct scan {           /* one decision's candidates */
	const struct hybrid *s;
	const struct rho_batch *b;
	size_t i, n;
	const double *x;        /* (d) */
	double alpha, fresh2;   /* widths; xᵀA_a⁻¹x of an action without rewards */
	float *score;           /* (n) */
};

/* Chunks from .. to - 1 of the candidates. A score depends on its action alone. */
static void score_chunks(void *arg, size_t from, size_t to)
{
	const struct scan *w = arg;
	const struct hybrid *s = w->s;
	double *u = s->u + from * s->m;
	for (size_t j = w->n * from / CHUNKS; j < w->n * to / CHUNKS; j++) {
		size_t a = rho_cand(w->b, w->i, j);
		double mean, width2 = w->fresh2;
		innovation(s, &w->b->actions, a, w->x, u);
		mean = dot(u, s->beta, s->m);
		if (s->pulls[a])
			mean += dot(s->own + a * s->d, w->x, s->d);
		if (s->pulls[a] && w->alpha > 0)
			width2 = rho_root_times(s->root + a * rho_root_size(s->d), s->d, w->x, NULL);
		if (w->alpha > 0)
			mean += w->alpha * sqrt(width2 + rho_root_times(s->root0, s->m, u, NULL));
		w->score[j] = (float)mean;
	}
}

/* x (d) of decision i, in float64. */
static const double *context(const struct hybrid *s, const struct rho_batch *b, size_t i)
{
	const float *x = rho_linear_context(b, i);
	for (size_t j = 0; j < s->d; j++)
		s->work[j] = (double)x[j];
	return s->work;
}

/* score (candidates of decision i). */
static void weigh(struct rho_ctx *c, const struct hybrid *s, const struct rho_batch *b, size_t i,
                  float *score)
{
	struct scan w = { .s = s, .b = b, .i = i, .n = rho_n_cand(b, i), .x = context(s, b, i),
	                  .alpha = b->flags & RHO_GREEDY ? 0 : s->alpha, .score = score };
	w.fresh2 = dot(w.x, w.x, s->d) / s->lambda;
	rho_parallel(c, CHUNKS, score_chunks, &w);
}

/* The place of each decision's choice into best (n). */
static int choose(struct rho_ctx *c, void *self, const struct rho_batch *b, uint32_t *best)
{
	const struct hybrid *s = self;
	float *score = rho_linear_room(c, b, 1);
	for (size_t i = 0; score && i < b->n; i++) {
		weigh(c, s, b, i, score);
		best[i] = (uint32_t)rho_linear_best(score, rho_n_cand(b, i));
	}
	return score ? 0 : RHO_ENOMEM;
}

static int hybrid_act(struct rho_ctx *c, void *self, const struct rho_batch *b, struct rho_choice *out)
{
	return rho_pick_act(c, self, b, out, choose);
}

static int hybrid_prob(struct rho_ctx *c, void *self, const struct rho_batch *b, const uint32_t *action,
                       float *prob)
{
	return rho_pick_prob(c, self, b, action, prob, choose);
}

static int hybrid_dist(struct rho_ctx *c, void *self, const struct rho_batch *b, float *prob)
{
	return rho_pick_dist(c, self, b, prob, choose);
}

static int hybrid_rank(struct rho_ctx *c, void *self, const struct rho_batch *b, float *score, float *explore)
{
	for (size_t i = 0; i < b->n; i++) {
		weigh(c, self, b, i, score + rho_cand_at(b, i));
		explore[i] = 0;
	}
	return 0;
}

/* ---- learning ---- */

/* One reward of action a: u (m) its innovation, x (d); v and g (d + m) are workspace. */
static void learn(struct hybrid *s, size_t a, const double *x, double *u, double reward, double *v, double *g)
{
	double *root = s->root + a * rho_root_size(s->d), *cross = s->cross + a * s->d * s->m;
	double *own = s->own + a * s->d, h = rho_root_times(root, s->d, x, v);
	double error = reward - dot(own, x, s->d), error0;
	rho_root_back(root, s->d, v, g);
	for (size_t i = 0; i < s->d; i++) { /* C_a and c_a of the new A_a, B_a and b_a */
		double step = g[i] / (1 + h);
		for (size_t j = 0; j < s->m; j++)
			cross[i * s->m + j] += step * u[j];
		own[i] += step * error;
	}
	rho_root_add(root, s->d, v, g);
	for (size_t j = 0; j < s->m; j++)
		u[j] /= sqrt(1 + h);
	error0 = error / sqrt(1 + h) - dot(u, s->beta, s->m);
	h = rho_root_times(s->root0, s->m, u, v);
	rho_root_back(s->root0, s->m, v, g);
	for (size_t j = 0; j < s->m; j++)
		s->beta[j] += g[j] / (1 + h) * error0;
	rho_root_add(s->root0, s->m, v, g);
}

static int hybrid_observe(struct rho_ctx *c, void *self, const struct rho_feedback *f)
{
	struct hybrid *s = self;
	double *v = s->work + s->d + s->m, *g = v + s->d + s->m;
	for (size_t i = 0; i < f->posed->n; i++) {
		size_t a = f->action[i];
		const double *x = context(s, f->posed, i);
		double reward = (double)f->reward[i], length2;
		innovation(s, &f->posed->actions, a, x, s->u);
		length2 = dot(x, x, s->d) + dot(s->u, s->u, s->m);
		if (!isfinite(reward) || !isfinite(length2))
			return rho_fail(c, RHO_EINVAL, "reward %g of action %zu, features of length %g: both"
			                " must be finite", reward, a, sqrt(length2));
		if (!s->pulls[a]++)
			rho_root_init(s->root + a * rho_root_size(s->d), s->d, s->lambda);
		learn(s, a, x, s->u, reward, v, g);
	}
	return 0;
}

static const struct rho_agent hybrid_agent = {
	.size = sizeof hybrid_agent, .flags = RHO_NEEDS_X | RHO_NEEDS_FEATURES | RHO_KEEPS_ACTIONS, .open = hybrid_open,
	.act = hybrid_act, .observe = hybrid_observe, .prob = hybrid_prob, .dist = hybrid_dist,
	.rank = hybrid_rank,
};

RHO_EXPORT const struct rho_plugin rho_plugin = {
	RHO_PLUGIN(RHO_AGENT), .name = "linucb_hybrid", .version = "1.0.0", .revision = 1,
	.brief = "shared weights and weights of each action's own, highest upper confidence bound",
	.doc = "Predicts reward by weights that all actions share, on features of context and action, plus\n"
	       "weights of each action's own on the context: what is common is learned from all, what is\n"
	       "particular from an action's own rewards. Takes the candidate whose prediction plus alpha standard\n"
	       "deviations is highest.",
	.cite = "Li, Chu, Langford & Schapire, A contextual-bandit approach to personalized news article\n"
	        "recommendation, WWW 2010, Algorithm 2",
	.params = hybrid_params, .self_size = sizeof(struct hybrid), .agent = &hybrid_agent,
};
