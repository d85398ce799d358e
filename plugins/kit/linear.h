/* linear.h: ridge regression on features of (context, action), for linear bandits. */
#ifndef RHO_KIT_LINEAR_H
#define RHO_KIT_LINEAR_H

#include <rho/rho.h>

#include "phi.h"
#include "triangle.h"

/* The names of enum rho_features_map, for RHO_CHOICE. */
extern const char *const rho_linear_feature_names[];

#define RHO_LINEAR_PARAMS(T) \
	RHO_CHOICE(T, features, RHO_FEATURES_AUTO, rho_linear_feature_names, "what is learned on: the" \
		" products of context and action, the action, both side by side, or all products of" \
		" their main directions (bilinear); auto: what the dimensions allow, in this order:" \
		" hadamard, concat, action"), \
	RHO_F64(T, lambda, 1, 1e-6, 1e9, "ridge: how strongly weights are held to `prior`"), \
	RHO_F64(T, prior, 0, -1e3, 1e3, "mean of every weight before anything is learned; 1 with" \
		" hadamard starts from the inner product of context and action"), \
	RHO_F64(T, gamma, 1, 0.5, 1, "forgetting: weight of what was learned, after one more reward")

/* Beside RHO_LINEAR_PARAMS, for agents that take all of struct rho_linear_options. */
#define RHO_LINEAR_MORE_PARAMS(T) \
	RHO_I64(T, rank, 16, 1, 64, "bilinear: main directions of contexts and of actions"), \
	RHO_I64(T, window, 0, 0, 10000000, "how many of the last rewards are learned from; 0: all")

struct rho_linear_options {
	int features;           /* enum rho_features_map                     */
	double lambda, prior, gamma;
	int64_t rank, window;
};

/* Everything learned is in kept arrays of the instance. Zero it, then rho_linear_open. Triangles and
 * vectors are laid out as triangle.h says; pad is rho_tri_pad(dim). */
struct rho_linear {
	int features;           /* enum rho_features_map, never AUTO once open */
	size_t x_dim, a_dim;
	size_t dim;             /* of φ */
	size_t skip;            /* entries of φ before those of the action   */
	size_t x_rank, a_rank;  /* BILINEAR: rows of P and of Q; φ[i * a_rank + j] */
	double lambda, prior, gamma;
	size_t window;          /* 0: none */
	double *precision;      /* triangle, kept: A = λI + Σ φφᵀ, but for what rho_linear_settle adds */
	double *root;           /* triangle, kept: W, WᵀW = A⁻¹, the inverse of A's Cholesky factor */
	double *b;              /* (pad) kept: λ prior + Σ r φ               */
	double *theta;          /* (pad) kept: A⁻¹ b                         */
	uint64_t *updates;      /* (1) kept: rewards learned from            */
	uint64_t *repaired;     /* (1) kept: how often A had to be repaired  */
	double *recent;         /* (window or some, pad) kept: observations, a ring with a window, else
	                         * those that precision has not got yet */
	double *recent_reward;  /* (1, window) kept; NULL without a window   */
	uint64_t *waiting;      /* (1) kept: rows of recent that precision has not got; 0 with a window */
	double *axes;           /* (x_rank, x_dim) P, then (a_rank, a_dim) Q, kept; NULL but for BILINEAR */
	uint64_t *axes_made;    /* (1) kept */
	const struct rho_rng *axes_key; /* never drawn from */
	double *room;           /* (8, pad) workspace of any call            */
	double trace;           /* of A, about                               */
	double floor;           /* >= lambda and <= all eigenvalues of S: A, or with CONCAT what of A's
	                         * action part is left when the context's is eliminated. Not kept: how
	                         * good a bound it is changes the time taken, but no choice */
	struct rho_linear_frame *frame;         /* workspace of widths; NULL: not opened */
	struct rho_linear_kept *kept;           /* widths of all actions; NULL: none are kept */
};

/* Checks dimensions, declares the kept arrays and fills them with the prior. 0 or an error,
 * recorded. [open] */
int rho_linear_open_with(struct rho_ctx *, struct rho_linear *, const struct rho_spec *,
                         const struct rho_linear_options *);

/* The same with rank 16 and no window. [open] */
int rho_linear_open(struct rho_ctx *, struct rho_linear *, const struct rho_spec *, int features,
                    double lambda, double prior, double gamma);

/* Before anything is asked of the model: where features are BILINEAR and this is the first time, finds
 * the projections from the actions' features. P and Q are the actions' main directions (the leading
 * eigenvectors of Σ aaᵀ over up to 16,384 rows) where contexts are as long as actions; else P is a random
 * projection, from the stream "axes". 0 or an error, recorded. [run] */
int rho_linear_begin(struct rho_ctx *, struct rho_linear *, const struct rho_rows *actions);

/* After a checkpoint was read back into the kept arrays. 0, or RHO_EFORMAT, recorded: they cannot be a model's. */
int rho_linear_loaded(struct rho_ctx *, struct rho_linear *);

/* Learns from n decisions, in order, or from none of them where a reward is not finite or larger than 1e15:
 * of a slate from each item's reward (the decision's, where there are none of items). O(dim²) an action; with
 * gamma < 1 and now and then O(dim³) a call. 0 or an error, recorded. [run] */
int rho_linear_learn(struct rho_ctx *, struct rho_linear *, const struct rho_feedback *);

/* Brings precision up to date. */
void rho_linear_settle(struct rho_linear *);

/* phi (pad) of context x (x_dim; not looked at where features are ACTION) and action a (a_dim). */
void rho_linear_phi(const struct rho_linear *, const float *x, const float *a, double *phi);

/* q (a_dim): under weights theta (dim), actions in context x are worth <q, a> plus a number that is
 * the same for all of them (0 but for concat). x as above. */
void rho_linear_query(const struct rho_linear *, const double *theta, const float *x, float *q);

/* An agent's query slot: rho_linear_query under the mean, for each decision. */
int rho_linear_queries(struct rho_ctx *, struct rho_linear *, const struct rho_batch *, float *q);

/* out (pad): a draw from N(theta, v² A⁻¹). */
void rho_linear_draw(const struct rho_linear *, struct rho_rng *, double v, double *out);

/* Workspace for widths; only agents that ask for them need it. 0 or RHO_ENOMEM. [open] */
int rho_linear_open_widths(struct rho_ctx *, struct rho_linear *);

/* score[j] (rows->n) += alpha * sqrt(φᵀ A⁻¹ φ) of context x and action row j. A row's sum does not
 * depend on the other rows, nor on the machine. After rho_linear_open_widths. */
void rho_linear_add_widths(const struct rho_linear *, const float *x, const struct rho_rows *rows,
                           double alpha, float *score);

/* The first place of the largest <query, row> + alpha * width of rows->n > 0 action rows in context x:
 * to the bit what rho_inner, rho_linear_add_widths and rho_linear_best find, but with the widths only
 * of actions that could be it. score, most (rows->n) are workspace. After rho_linear_open_widths. [run] */
size_t rho_linear_best_bound(struct rho_ctx *, const struct rho_linear *, const float *x,
                             const struct rho_rows *query, const struct rho_rows *rows, double alpha,
                             float *score, float *most);

/* place (k): the first places of the k <= rows->n largest, largest first, of equals the lower; to the bit what
 * sorting rho_inner's products after rho_linear_add_widths finds. As above otherwise. [run] */
void rho_linear_top_bound(struct rho_ctx *, const struct rho_linear *, const float *x,
                          const struct rho_rows *query, const struct rho_rows *rows, double alpha, size_t k,
                          float *score, float *most, uint32_t *place);

/* Keeps the widths of all actions up to date, at one inner product an action and reward: w -= (a·u)² for
 * a root's update by u. Only where a decision is among all actions, an action's part of φ is the action
 * itself (ACTION, CONCAT), ids do not move and nothing fades: else does nothing, and m->kept stays NULL. 0 or
 * RHO_ENOMEM. [open] */
int rho_linear_keep_widths(struct rho_ctx *, struct rho_linear *, const struct rho_spec *);

/* best (n): for each decision of a batch over all actions, the first with the largest <theta, φ> +
 * alpha * width, in float64, from kept widths: one pass over the actions for means, what the context
 * adds to widths, and the last updates of widths. Now and then, and the first time, computes all widths
 * from the root. 0, or an error, recorded. m->kept is not NULL. [run] */
int rho_linear_best_kept(struct rho_ctx *, struct rho_linear *, const struct rho_batch *, double alpha,
                         uint32_t *best);

/* Whether kept widths are good to 1e-4 of the smallest there can be. They are not where features' lengths
 * are so many times √λ that float64 cannot hold the difference. */
bool rho_linear_kept_is_sure(const struct rho_linear *);

/* The squared widths (n_actions) of actions' part of φ, up to date: aᵀRa, R that part of A⁻¹. NULL: an
 * error, recorded. m->kept is not NULL. [run] */
const double *rho_linear_kept(struct rho_ctx *, struct rho_linear *, const struct rho_rows *actions);

/* best (n): for each decision of a batch the first place with the largest <theta, φ>. 0 or an error,
 * recorded. After rho_linear_begin. [run] */
int rho_linear_best_mean(struct rho_ctx *, const struct rho_linear *, const struct rho_batch *,
                         uint32_t *best);

/* Room for `times` lists of scores of any one decision of the batch. NULL: RHO_ENOMEM. [run] */
float *rho_linear_room(struct rho_ctx *, const struct rho_batch *, size_t times);

/* The first place of the largest of n > 0 scores. */
size_t rho_linear_best(const float *score, size_t n);

/* The context of decision i of a batch, NULL where there is none. */
static inline const float *rho_linear_context(const struct rho_batch *b, size_t i)
{
	return b->x.mat ? rho_row(&b->x, i) : NULL;
}

#endif
