/* phi.h: what φ(x, a) is made of, for all agents that learn on it; φ in float32 and rewards in units of their
 * range, for those that are no ridge regression (linear.h, in float64). */
#ifndef RHO_KIT_PHI_H
#define RHO_KIT_PHI_H

#include <rho/rho.h>

/* How φ is made of context x and action a. */
enum rho_features_map {
	RHO_FEATURES_AUTO,      /* hadamard where the two have equal length, else concat, else action */
	RHO_FEATURES_HADAMARD,  /* x[j] * a[j]: a weighted inner product     */
	RHO_FEATURES_ACTION,    /* a alone: the context is not looked at     */
	RHO_FEATURES_CONCAT,    /* x, then a: a bias that depends on the context */
	RHO_FEATURES_BILINEAR,  /* of linear.h alone: (Px)[i] * (Qa)[j], P and Q projections to `rank`
	                         * numbers: what any of the context's main directions says of any of the
	                         * actions' */
};
extern const char *const rho_features_names[];  /* for RHO_CHOICE; without bilinear */

/* Makes *map what it is where it was AUTO, and refuses what the dimensions do not allow; bilinear: whether that
 * may be recommended. 0 or RHO_EINVAL, recorded. [open] */
int rho_features_settle(struct rho_ctx *, size_t x_dim, size_t a_dim, bool bilinear, int *map);

#define RHO_FEATURES_PARAM(T) \
	RHO_CHOICE(T, features, RHO_FEATURES_AUTO, rho_features_names, "what is learned on: the" \
		" products of context and action, the action, or both side by side; auto: what the" \
		" dimensions allow, in this order: hadamard, concat, action")

struct rho_features {
	int map;                /* never AUTO once open                      */
	bool bias;              /* φ ends with a constant 1                  */
	size_t x_dim, a_dim;
	size_t skip;            /* entries of φ before those of the action   */
	size_t dim;             /* of φ                                      */
	double lo, span;        /* rewards are learned as (r - lo) / span: in units of the declared range,
	                         * or as they are where none is declared    */
};

/* Checks dimensions. 0 or an error, recorded. [open] */
int rho_features_open(struct rho_ctx *, struct rho_features *, const struct rho_spec *, int map, bool bias);

/* phi (dim) of context x (x_dim; not looked at where map is ACTION) and action a (a_dim). */
void rho_features_make(const struct rho_features *, const float *x, const float *a, float *phi);

/* q (a_dim): under weights w (dim), actions in context x are worth <q, a> plus a number that is the same
 * for all of them. */
void rho_features_query(const struct rho_features *, const double *w, const float *x, float *q);

/* Whether all of a feedback can be learned from: the features' length is finite, and the reward in
 * units of the range lies in lo .. hi. 0 or an error that names reward and action. */
int rho_features_check(struct rho_ctx *, const struct rho_features *, const struct rho_feedback *, double lo,
                       double hi);

/* A reward in units of the declared range. */
static inline double rho_features_reward(const struct rho_features *f, float reward)
{
	return ((double)reward - f->lo) / f->span;
}

/* The last N observations, in kept arrays. */
struct rho_ring {
	size_t most, dim;
	float *phi;             /* (most, dim) kept                          */
	double *reward;         /* (1, most) kept, in units of the range     */
	uint64_t *seen;         /* (1) kept: observations ever               */
};

/* Declares the arrays "ring", "ring_reward" and "seen". 0 or RHO_ENOMEM. [open] */
int rho_ring_open(struct rho_ctx *, struct rho_ring *, size_t most, size_t dim);

/* One more; where the ring is full the oldest goes. */
void rho_ring_push(struct rho_ring *, const float *phi, double reward);

/* How many it holds: places 0 .. n-1 of its arrays, in no particular order. */
size_t rho_ring_held(const struct rho_ring *);

#endif
