/* categorical.h: policies over K actions: exact log-softmax under a mask, its gradients, entropy and divergence,
 * and draws from it, of one action or of a slate. */
#ifndef RHO_KIT_RL_CATEGORICAL_H
#define RHO_KIT_RL_CATEGORICAL_H

#include <rho/rho.h>

/* Everywhere: logit (k) are one decision's scores, over all actions or over its candidates end to end. mask
 * ((k + 63) / 64): place j may be chosen where bit j % 64 of mask[j / 64] is set; NULL: all may. float32 in
 * and out, sums in float64 in one order: the same bits whatever vectors the machine has. An exponential is
 * within 2e-7 of itself, and 0 where it is below 2^-126. A NaN among the logits makes results NaN. Nothing is
 * allocated. [any] */

enum { RHO_SOFT_TILE = 512 };   /* places that share a partial sum */

/* out (k) = ln π, π_j = exp(logit_j) / Σ exp(logit); -INFINITY where masked; out may be logit. Error of an
 * entry: 3e-7 (1 + |ln π_j|). Gives ln Σ exp(logit); -INFINITY, with out all so, where nothing may be chosen.
 * (Boltzmann's distribution; Sutton & Barto 2018, eq. 2.11.) */
double rho_log_softmax(const float *logit, const uint64_t *mask, size_t k, float *out);

/* ln Σ_j exp(logit_j) alone, as above. */
double rho_log_sum_exp(const float *logit, const uint64_t *mask, size_t k);

/* logp (k), here and below: what rho_log_softmax gave. grad (k) of w ln π_a + wh H with respect to the logits:
 * w (1[j = a] - π_j) - wh π_j (ln π_j + H). 0 where masked. grad may be logp. entropy: rho_entropy(logp, k), used
 * where wh is not 0. (Williams 1992 for the first part; Mnih et al. 2016, section 4, for the bonus.) */
void rho_policy_grad(const float *logp, size_t k, size_t a, double w, double wh, double entropy, float *grad);

/* grad (k): of a loss whose derivative with respect to ln π_j is g[j] (0 where masked), with respect to the
 * logits: g_j - π_j Σ g. grad may be g or logp. */
void rho_log_softmax_back(const float *logp, const float *g, size_t k, float *grad);

/* H = -Σ π ln π, in nats. */
double rho_entropy(const float *logp, size_t k);

/* KL(p || q) = Σ p (ln p - ln q); INFINITY where q is 0 and p is not. */
double rho_kl(const float *logp, const float *logq, size_t k);

/* Σ_j π_j v_j; v (k) may hold anything where π is 0. Expected SARSA's value of a state. */
double rho_expectation(const float *logp, const float *v, size_t k);

/* The place of the largest v (k) that may be chosen, ties to the first; k where there is none. */
size_t rho_best(const float *v, const uint64_t *mask, size_t k);

/* out (n) = logit - ln q: logits of a softmax over candidates that stands for one over all actions, where
 * candidate j is in the set with probability q[j] (rho_batch.incl; 1 for one that is put in whatever is drawn).
 * Σ exp(out) is then an unbiased estimate of all actions' Σ exp(logit) (Horvitz & Thompson 1952; Bengio &
 * Senécal 2008, eq. 10), and its logarithm too low by about Var / 2 of its relative error. n where every q is in
 * (0, 1]; else the first place whose q is not, and out is not to be used. */
size_t rho_sampled_logits(const float *logit, const float *q, size_t n, float *out);

/* ---- draws ---- */

/* A softmax as far as one pass of exponentials goes: enough to draw and to say with what probability. */
struct rho_soft {
	const float *logit;     /* (k) the caller's, must stay               */
	const uint64_t *mask;
	size_t k;
	float most;             /* the largest that may be chosen            */
	double sum;             /* Σ exp(logit - most)                       */
	double *tile;           /* (rho_soft_tiles(k)) its parts, and workspace */
};

/* Partial sums of k places, and as much again: workspace the caller brings. */
static inline size_t rho_soft_tiles(size_t k)
{ return 2 * ((k + RHO_SOFT_TILE - 1) / RHO_SOFT_TILE); }

/* False where nothing can be drawn: all is masked, or a logit is NaN or INFINITY. */
bool rho_soft_open(struct rho_soft *, const float *logit, const uint64_t *mask, size_t k, double *tile);

/* ln π_j; -INFINITY where masked. */
double rho_soft_log(const struct rho_soft *, size_t j);

/* A place with probability π, from one uniform number (inversion): the law of the Gumbel-max trick without
 * its k random numbers. */
size_t rho_soft_draw(const struct rho_soft *, struct rho_rng *);

/* place (s): s of the places one after another, each with probability π of those left (Plackett 1975, Luce
 * 1959), which is the order of the s largest logits with Gumbel noise (Vieira 2014; Kool et al. 2019). One pass
 * with about 2 s (1 + ln(k / s)) random numbers: the noise of places that cannot come in is jumped over
 * (Efraimidis & Spirakis 2006, A-ExpJ). Where fewer than s places have π above 2^-126, by plain noise. key (s):
 * workspace. Gives how many there are: s, or as many as may be chosen. */
size_t rho_soft_top(const struct rho_soft *, struct rho_rng *, size_t s, uint32_t *place, double *key);

/* logp (s): of each place of a slate, given those before it: what rho_choice.prob is the exponential of. Their
 * sum is the slate's. */
void rho_soft_slate(const struct rho_soft *, const uint32_t *place, size_t s, float *logp);

#endif
