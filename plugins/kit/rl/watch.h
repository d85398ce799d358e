/* watch.h: whether learning goes well: the figures that deep agents report, and the guard that stops them where it
 * has gone wrong. */
#ifndef RHO_KIT_RL_WATCH_H
#define RHO_KIT_RL_WATCH_H

#include <rho/rho.h>

/* Means over the samples of an update. Zero-initialise. */
struct rho_watch {
	double n;               /* samples                                   */
	double k1, k3;          /* sums of -ln ρ and (ρ - 1) - ln ρ: estimates of KL(π_old || π) (Schulman 2020) */
	double clipped, entropy, policy_loss, value_loss;       /* sums      */
};

/* One sample; ratio = ρ = π / π_old. */
void rho_watch_add(struct rho_watch *, double log_ratio, bool clipped, double entropy, double policy_loss,
                   double value_loss);

static inline double rho_watch_kl(const struct rho_watch *w)
{ return w->n > 0 ? w->k3 / w->n : 0; }

/* The target-KL rule: an epoch after which k3 is above 1.5 target is the update's last (as in Stable-Baselines3 and
 * OpenAI's Spinning Up). target 0: never. */
static inline bool rho_watch_far(const struct rho_watch *w, double target)
{ return target > 0 && rho_watch_kl(w) > 1.5 * target; }

/* Metrics policy_loss, value_loss, entropy, approx_kl (k3), approx_kl_k1, clip_fraction. Nothing where n is 0.
 * [run] */
void rho_watch_report(struct rho_ctx *, const struct rho_watch *);

/* 1 - Var(back - value) / Var(back), (n) each: 1 where values say it all, 0 where they are no better than a constant,
 * below where worse. NaN where back is constant. */
double rho_explained_variance(const float *value, const float *back, size_t n);

/* Σ x², x (n), in float64 and a fixed order: the norm of a gradient is the root of these of its parts. */
double rho_square_sum(const float *x, size_t n);

/* Losses above this are no longer learning: float32 gradients are about to overflow. */
#define RHO_GUARD_MOST 1e15

/* What has been seen to be sane. */
struct rho_guard {
	double *state;          /* (3) kept: checks, the last value, the largest in size */
};

/* Kept array `name`. 0 or RHO_ENOMEM. [open] */
int rho_guard_open(struct rho_ctx *, struct rho_guard *, const char *name);

/* A loss or norm after each update. 0, or RHO_EINVAL where it is not finite or above `most` in size, with which
 * update, what it was before, and what usually helps; the host adds the step. [run] */
int rho_guard_check(struct rho_ctx *, struct rho_guard *, const char *what, double value, double most);

#endif
