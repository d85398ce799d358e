/* logistic.h: Bayesian logistic regression on features of (context, action), for rewards in a known range. */
#ifndef RHO_KIT_LOGISTIC_H
#define RHO_KIT_LOGISTIC_H

#include "phi.h"
#include "precision.h"

enum rho_logistic_posterior {
	RHO_LOGISTIC_FULL,      /* N(m, H⁻¹) with all of H                   */
	RHO_LOGISTIC_DIAGONAL,  /* H is diagonal (Chapelle & Li 2011)        */
};
extern const char *const rho_logistic_posteriors[];     /* for RHO_CHOICE */

/* What a user says; lies in the agent's self, see RHO_LOGISTIC_PARAMS. */
struct rho_logistic_how {
	int features, posterior;
	double lambda, prior;
	int64_t window, refit;
};

#define RHO_LOGISTIC_PARAMS(T) \
	RHO_FEATURES_PARAM(T), \
	RHO_CHOICE(T, posterior, RHO_LOGISTIC_FULL, rho_logistic_posteriors, "how uncertainty is kept:" \
		" a full matrix, or one number a weight, for very long features"), \
	RHO_F64(T, lambda, 1, 1e-6, 1e9, "prior precision: how strongly weights are held to `prior`"), \
	RHO_F64(T, prior, 0, -1e3, 1e3, "mean of every weight of an action's features before anything" \
		" is learned"), \
	RHO_I64(T, window, 0, 0, 1000000, "learn from the last so many rewards only; 0: from all, each" \
		" once (needs posterior = \"full\")"), \
	RHO_I64(T, refit, 256, 1, 1000000, "with a window: rewards between fits to all of it")

/* P(reward = 1 | φ) = σ(<w, φ>), w ~ N(mean, H⁻¹). Rewards between the ends of their range count as
 * fractions. Zero it, then rho_logistic_open. */
struct rho_logistic {
	struct rho_features f;
	struct rho_logistic_how how;
	struct rho_precision h; /* FULL: H and its root, kept; its pad goes for vectors in either case */
	double *mean;           /* (pad) kept                                */
	double *diagonal;       /* DIAGONAL: (pad) kept, H's diagonal        */
	double *room;           /* (4 pad) workspace of draws                */
	uint64_t *updates;      /* (1) kept                                  */
	struct rho_ring ring;   /* with a window                             */
};

/* Checks what is asked for, declares the kept arrays and fills them with the prior. 0 or an error,
 * recorded. [open] */
int rho_logistic_open(struct rho_ctx *, struct rho_logistic *, const struct rho_spec *,
                      const struct rho_logistic_how *);

/* Learns from a feedback's rewards, in order. A reward costs O(dim²), O(dim) with a diagonal; metric
 * log_loss: what they cost before they were learned. 0 or an error, recorded; an unfit reward leaves
 * everything as it was. */
int rho_logistic_learn(struct rho_ctx *, struct rho_logistic *, const struct rho_feedback *);

/* out (pad): a draw from N(mean, v² H⁻¹). */
void rho_logistic_draw(const struct rho_logistic *, struct rho_rng *, double v, double *out);

/* <mean, φ> without the action's part: what the context and the bias give every action. */
double rho_logistic_base(const struct rho_logistic *, const float *x);

/* width[j] = sqrt(φᵀ H⁻¹ φ) of context x and action row j: a row's does not depend on the others. 0 or
 * RHO_ENOMEM. [run] */
int rho_logistic_widths(struct rho_ctx *, const struct rho_logistic *, const float *x,
                        const struct rho_rows *rows, float *width);

/* 1 / (1 + exp(-z)), without overflow. */
double rho_sigmoid(double z);

#endif
