/* linear.h: ridge regression on features of (context, action), for linear bandits. */
#ifndef RHO_KIT_LINEAR_H
#define RHO_KIT_LINEAR_H

#include <rho/rho.h>

/* The features φ(x, a) of context x and action a. */
enum rho_linear_features {
	RHO_LINEAR_AUTO,        /* hadamard where the two have equal length, else concat, else action */
	RHO_LINEAR_HADAMARD,    /* x[j] * a[j]: a weighted inner product     */
	RHO_LINEAR_ACTION,      /* a alone: the context is not looked at     */
	RHO_LINEAR_CONCAT,      /* x, then a: a bias that depends on the context */
};
extern const char *const rho_linear_feature_names[];    /* for RHO_CHOICE */

#define RHO_LINEAR_PARAMS(T) \
	RHO_CHOICE(T, features, RHO_LINEAR_AUTO, rho_linear_feature_names, "what is learned on: the" \
		" products of context and action, the action, or both side by side; auto: what the" \
		" dimensions allow, in this order: hadamard, concat, action"), \
	RHO_F64(T, lambda, 1, 1e-6, 1e9, "ridge: how strongly weights are held to `prior`"), \
	RHO_F64(T, prior, 0, -1e3, 1e3, "mean of every weight before anything is learned; 1 with" \
		" hadamard starts from the inner product of context and action"), \
	RHO_F64(T, gamma, 1, 0.5, 1, "forgetting: weight of what was learned, after one more reward")

/* Everything learned is in kept arrays of the instance. Zero it, then rho_linear_open. */
struct rho_linear {
	int features;           /* enum rho_linear_features, never AUTO once open */
	size_t x_dim, a_dim;
	size_t dim;             /* of φ */
	size_t skip;            /* entries of φ before those of the action   */
	double lambda, prior, gamma;
	double *precision;      /* (dim, dim) kept: lower half of A = λI + Σ φφᵀ */
	double *root;           /* (dim, dim) kept: lower triangular W, WᵀW = A⁻¹, the inverse of A's
	                         * Cholesky factor; its upper half is 0 */
	double *b;              /* (dim) kept: λ prior + Σ r φ               */
	uint64_t *updates;      /* (1) kept */
	double *theta;          /* (dim) A⁻¹ b */
	double floor;           /* >= lambda and <= all eigenvalues of S: A, or with CONCAT what of A's
	                         * action part is left when the context's is eliminated. Not kept: how
	                         * good a bound it is changes the time taken, but no choice */
	struct rho_linear_frame *frame;         /* workspace of widths; NULL: not opened */
};

/* Checks dimensions, declares the kept arrays and fills them with the prior. 0 or an error,
 * recorded. [open] */
int rho_linear_open(struct rho_ctx *, struct rho_linear *, const struct rho_spec *, int features,
                    double lambda, double prior, double gamma);

/* After a checkpoint was read back into the kept arrays. */
void rho_linear_loaded(struct rho_linear *);

/* Learns from n decisions of one action each, in order. O(dim²) a decision; with gamma < 1 and
 * once every 256 decisions O(dim³) a call. 0 or an error, recorded. */
int rho_linear_learn(struct rho_ctx *, struct rho_linear *, const struct rho_feedback *);

/* q (a_dim): under weights theta (dim), actions in context x are worth <q, a> plus a number that is
 * the same for all of them (0 but for concat). x (x_dim); not looked at where features are ACTION. */
void rho_linear_query(const struct rho_linear *, const double *theta, const float *x, float *q);

/* out (dim): a draw from N(theta, v² A⁻¹). */
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
