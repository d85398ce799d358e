/* losses.h: what deep agents minimise, as functions of one number with their derivative, and the targets they learn
 * towards. All are pure; weights, advantages and targets count as constants. [any] */
#ifndef RHO_KIT_RL_LOSSES_H
#define RHO_KIT_RL_LOSSES_H

#include "categorical.h"

/* A loss and its derivative with respect to the number named at each function. */
struct rho_loss {
	double value, slope;
};

/* ---- of policies, with respect to ln π(a) ---- */

/* -weight ln π: REINFORCE with weight = return - baseline (Williams 1992), A2C with the advantage (Mnih et al.
 * 2016), behavioural cloning with 1, AWR with rho_awr_weight. */
static inline struct rho_loss rho_policy_loss(double logp, double weight)
{ return (struct rho_loss){ -weight * logp, -weight }; }

struct rho_ppo {
	struct rho_loss loss;
	double ratio;           /* ρ = π / π_old                             */
	bool clipped;           /* ρ is outside 1 - clip .. 1 + clip: for the clip fraction */
};

/* -min(ρ A, clamp(ρ, 1 - clip, 1 + clip) A) (Schulman et al. 2017, eq. 7). */
struct rho_ppo rho_ppo_loss(double logp, double logp_old, double advantage, double clip);

/* Top-K off-policy correction: λ_K = K (1 - π)^(K - 1), by which a step's weight is multiplied where the slate shows
 * K items (Chen et al., WSDM 2019, eq. 9). */
double rho_top_k_weight(double logp, size_t k);

/* min(π / β, most), the importance weight of a step that β took (their section 4.4). */
double rho_capped_ratio(double logp, double logp_behaviour, double most);

/* k3 = exp(logp_other - logp) - (logp_other - logp) - 1, an estimate of KL(π || other) from a ~ π that is never
 * below 0 (Schulman 2020; GRPO's penalty, Shao et al. 2024, eq. 4). */
struct rho_loss rho_k3_loss(double logp, double logp_other);

/* advantage (n): (reward - mean) / (standard deviation + eps) within each group of `group` rewards, which stand
 * side by side; n a multiple of group. The deviation is that of n - 1. All 0 in a group of equals, and in groups of
 * one. (GRPO: Shao et al. 2024, section 4.1.2.) */
void rho_group_advantages(const float *reward, size_t n, size_t group, double eps, float *advantage);

/* ---- of values, with respect to the value v ---- */

/* (v - target)² / 2 */
static inline struct rho_loss rho_square_loss(double v, double target)
{ return (struct rho_loss){ (v - target) * (v - target) / 2, v - target }; }

/* PPO's clipped one: the larger of that and of the same at v_old + clamp(v - v_old, -clip, clip). */
struct rho_loss rho_clipped_value_loss(double v, double v_old, double target, double clip);

/* Huber's (1964): e² / 2 for |e| <= edge, else edge (|e| - edge / 2), e = v - target. edge > 0. DQN: 1. */
struct rho_loss rho_huber_loss(double v, double target, double edge);

/* |τ - 1[u < 0]| u², u = target - v (Newey & Powell 1987; IQL: Kostrikov et al. 2022, eq. 5). */
struct rho_loss rho_expectile_loss(double v, double target, double tau);

/* min(exp(advantage / temperature), most): IQL's and AWR's weight of ln π (Peng et al. 2019; IQL's β is 1 /
 * temperature; its authors take most = 100). */
double rho_awr_weight(double advantage, double temperature, double most);

/* A2C's loss of one step: -A ln π + c_v (R - V)² / 2 - c_e H, A = R - V held constant in the first part. */
struct rho_a2c {
	double value;           /* the loss                                  */
	double dlogp, dvalue, dentropy; /* its derivatives; hand dlogp and dentropy to rho_policy_grad */
};
struct rho_a2c rho_a2c_loss(double logp, double entropy, double v, double back, double advantage,
                            double value_weight, double entropy_weight);

/* ---- targets of action values; next (k): those of what the step led to, mask as in categorical.h ---- */

/* reward + discount max next (Mnih et al. 2015). discount: 0 where the episode is over, else γ^n. Where nothing
 * may be chosen there: reward. */
double rho_q_target(double reward, double discount, const float *next, const uint64_t *mask, size_t k);

/* reward + discount target[argmax online] (van Hasselt, Guez & Silver 2016). */
double rho_double_q_target(double reward, double discount, const float *online, const float *target,
                           const uint64_t *mask, size_t k);

/* reward + discount ((1 - epsilon) max next + epsilon mean next): expected SARSA under an epsilon-greedy policy (van
 * Seijen et al. 2009); under another, discount rho_expectation. */
double rho_expected_sarsa_target(double reward, double discount, const float *next, const uint64_t *mask, size_t k,
                                 double epsilon);

/* q (k) = value + advantage - their mean over what may be chosen (Wang et al. 2016, eq. 9); -INFINITY where masked.
 * q may be advantage. */
void rho_dueling(double value, const float *advantage, const uint64_t *mask, size_t k, float *q);

/* The other way: g (k) derivatives with respect to q, 0 where masked; out, with respect to advantage; gives that with
 * respect to value. out may be g. */
double rho_dueling_back(const float *g, const uint64_t *mask, size_t k, float *out);

/* ln Σ exp q - q_a, conservative Q-learning's regulariser CQL(H) (Kumar et al. 2020, eq. 4). grad (k): times weight,
 * its derivatives with respect to q. With q corrected by rho_sampled_logits, a among the candidates: its estimate
 * over all actions, too low by what that says of ln Σ. */
double rho_cql_loss(const float *q, const uint64_t *mask, size_t k, size_t a, double weight, float *grad);

#endif
