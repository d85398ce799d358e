/* returns.h: what a step turned out to be worth: generalised advantages, λ-returns and n-step returns, episodes
 * that are over and episodes that were cut off kept apart. */
#ifndef RHO_KIT_RL_RETURNS_H
#define RHO_KIT_RL_RETURNS_H

#include <rho/rho.h>

/* Steps of several lanes side by side. The value of what step t led to is 0 where end says RHO_TERMINATED,
 * boot[t] where it says RHO_TRUNCATED and in the last row, else value[t + 1]; nothing runs on behind an end. */
struct rho_steps {
	size_t n, lanes;
	const float *reward;    /* (n, lanes)                                */
	const float *value;     /* (n, lanes) V of the state each step was taken in */
	const float *boot;      /* (n, lanes) V of what it led to, looked at only there; see above */
	const uint32_t *end;    /* (n, lanes) enum rho_end                   */
};

/* advantage (n, lanes): Â_t = δ_t + γλ Â_{t+1}, δ_t = r_t + γ V_{t+1} - V_t (Schulman et al. 2016, eqs. 11, 16).
 * back (n, lanes): Â_t + V_t, the λ-return (Sutton & Barto 2018, eq. 12.2). λ = 1: what was paid until the end, γ
 * counted; λ = 0: one step. Either may be NULL. Sums in float64. */
void rho_gae(const struct rho_steps *, double gamma, double lambda, float *advantage, float *back);

/* back (n, lanes): R_t = r_t + ... + γ^{m-1} r_{t+m-1} + γ^m V, over m = ahead steps or as many as there are
 * until an end or the last row (Sutton & Barto 2018, eq. 7.1; Mnih et al. 2016). ahead > 0; where it is at least
 * n, rho_gae with λ = 1 is the same in one pass. */
void rho_n_step(const struct rho_steps *, double gamma, size_t ahead, float *back);

/* x (n) less its mean, divided by its standard deviation (of n - 1) plus eps: advantages of a minibatch. All 0
 * where they are equal, one number included. */
void rho_standardise(float *x, size_t n, double eps);

#endif
