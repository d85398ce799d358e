/* running.h: means and variances of what comes by, in kept arrays: observations to unit scale, rewards by the scale
 * of their returns. */
#ifndef RHO_KIT_RL_RUNNING_H
#define RHO_KIT_RL_RUNNING_H

#include <rho/rho.h>

/* Of each of `dim` numbers, over all rows so far. Rows are merged a batch at a time (Chan, Golub & LeVeque 1983;
 * Welford 1962 for one row), in float64. */
struct rho_running {
	size_t dim;
	double *count;          /* (1) kept: rows                            */
	double *mean;           /* (dim) kept                                */
	double *square;         /* (dim) kept: Σ (x - mean)²                 */
};

/* Kept arrays NAME_count, NAME_mean, NAME_square. 0 or RHO_ENOMEM. [open] */
int rho_running_open(struct rho_ctx *, struct rho_running *, const char *name, size_t dim);

/* A checkpoint is back: refuses what no numbers have. 0 or RHO_EFORMAT, recorded. */
int rho_running_loaded(struct rho_ctx *, const struct rho_running *);

/* n rows of x (n, dim), `stride` floats apart. The first row with a number that is not finite, n where there is
 * none: then, and only then, all are added. [run] */
size_t rho_running_add(struct rho_running *, const float *x, size_t n, size_t stride);

/* Variance of number j (of n, not n - 1); 1 before there are two rows. */
double rho_running_variance(const struct rho_running *, size_t j);

/* out (n, dim) = (x - mean) / √(variance + eps), cut to -clip .. clip; out may be x where stride is dim. [run] */
void rho_running_apply(const struct rho_running *, const float *x, size_t n, size_t stride, double eps, double clip,
                       float *out);

/* Rewards divided by the standard deviation of the discounted sums that they lead to, not shifted (Engstrom et
 * al. 2020, "reward scaling"). */
struct rho_reward_scale {
	double gamma;
	size_t lanes;
	double *sum;            /* (1, lanes) kept: Σ γ^i r of the episode so far */
	struct rho_running of;  /* those sums                                */
};

/* Kept arrays NAME_sum and those of a rho_running. 0 or RHO_ENOMEM. [open] */
int rho_reward_scale_open(struct rho_ctx *, struct rho_reward_scale *, const char *name, size_t lanes, double gamma);

/* As rho_running_loaded. */
int rho_reward_scale_loaded(struct rho_ctx *, const struct rho_reward_scale *);

/* One step's rewards and ends (lanes), by lane. out (lanes) = reward / √(variance + eps), cut to -clip .. clip, by
 * the scale as it is with this step; out may be reward. 0, or RHO_EINVAL, recorded, for a reward that is not
 * finite; nothing is changed then. [run] */
int rho_reward_scale_step(struct rho_ctx *, struct rho_reward_scale *, const float *reward, const uint8_t *end,
                          double eps, double clip, float *out);

#endif
