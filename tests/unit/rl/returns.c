/* Advantages and returns against published values and the definitions. */
#include "reference.h"
#include "kit/rl/returns.h"

static struct rho_rng rng = { { 4, 2, 3, 4 } };

Test(returns, known_values)
{
	static const float reward[3] = { 1, 0, 2 }, value[3] = { 0.5f, 0.4f, 0.3f }, boot[3] = { 9, 9, 0.2f };
	static const double want[2][3] = { { 1.740992, 1.2236, 1.88 }, { 1.64768, 1.094, 1.7 } };
	static const double ahead[3] = { 2.7658, 1.962, 2.18 };
	for (uint32_t kind = 0; kind < 3; kind++) { /* goes on, cut off, over */
		static const uint32_t ends[3] = { RHO_RUNNING, RHO_TRUNCATED, RHO_TERMINATED };
		const uint32_t end[3] = { 0, 0, ends[kind] };
		struct rho_steps s = { 3, 1, reward, value, boot, end };
		float adv[3], back[3];
		rho_gae(&s, 0.9, 0.8, adv, back);
		for (size_t t = 0; t < 3; t++) {
			NEAR((double)adv[t], want[kind == 2][t], 2e-7);
			NEAR((double)back[t], want[kind == 2][t] + (double)value[t], 2e-7);
		}
		rho_n_step(&s, 0.9, 3, back);
		for (size_t t = 0; t < 3 && kind < 2; t++)
			NEAR((double)back[t], ahead[t], 2e-7);
	}
}

/* A single reward of 1 at the last of 64 steps, values all 0: Â_t = (γλ)^(63 - t). */
Test(returns, one_reward_at_the_end)
{
	enum { T = 64 };
	static float reward[T], value[T], boot[T], adv[T];
	static uint32_t end[T];
	reward[T - 1] = 1;
	end[T - 1] = RHO_TERMINATED;
	boot[T - 1] = 100;
	struct rho_steps s = { T, 1, reward, value, boot, end };
	rho_gae(&s, 0.99, 0.95, adv, NULL);
	for (int t = 0; t < T; t++)
		NEAR((double)adv[t], pow(0.99 * 0.95, T - 1 - t), 1e-7);
}

enum { STEPS = 37, LANES = 19 };
static float reward[STEPS * LANES], value[STEPS * LANES], boot[STEPS * LANES];
static uint32_t end[STEPS * LANES];

static double value_after(size_t t, size_t l)
{
	size_t at = t * LANES + l;
	if (end[at] == RHO_TERMINATED)
		return 0;
	return (double)(end[at] == RHO_TRUNCATED || t == STEPS - 1 ? boot[at] : value[at + LANES]);
}

/* (1 - λ) Σ_n λ^(n-1) G^(n), the rest of the weight on the last (Sutton & Barto 2018, eq. 12.3). */
static double lambda_return(size_t t, size_t l, double gamma, double lambda)
{
	double paid = 0, pace = 1, weight = 1, sum = 0;
	for (size_t u = t; ; u++) {
		size_t at = u * LANES + l;
		paid += pace * (double)reward[at];
		pace *= gamma;
		bool last = u == STEPS - 1 || end[at] != RHO_RUNNING;
		sum += weight * (last ? 1 : 1 - lambda) * (paid + pace * value_after(u, l));
		weight *= lambda;
		if (last)
			return sum;
	}
}

static double ahead_return(size_t t, size_t l, double gamma, size_t n)
{
	double paid = 0, pace = 1;
	for (size_t u = t; ; u++) {
		size_t at = u * LANES + l;
		paid += pace * (double)reward[at];
		pace *= gamma;
		if (u == STEPS - 1 || end[at] != RHO_RUNNING || u - t + 1 == n)
			return paid + pace * value_after(u, l);
	}
}

Test(returns, episodes_of_all_lengths_in_all_lanes)
{
	static float adv[STEPS * LANES], back[STEPS * LANES], ahead[STEPS * LANES];
	struct rho_steps s = { STEPS, LANES, reward, value, boot, end };
	for (size_t i = 0; i < STEPS * LANES; i++) {
		reward[i] = (float)rho_normal(&rng);
		value[i] = (float)rho_normal(&rng);
		boot[i] = (float)rho_normal(&rng);
		end[i] = i % LANES == 3 ? RHO_TERMINATED : rho_below(&rng, 5) ? RHO_RUNNING : 1 + rho_below(&rng, 2);
	}
	rho_gae(&s, 0.97, 0.9, adv, back);
	for (size_t n = 1; n < 60; n += n < 6 ? 1 : 13) {
		rho_n_step(&s, 0.97, n, ahead);
		for (size_t i = 0; i < STEPS * LANES; i++) {
			size_t t = i / LANES, l = i % LANES;
			NEAR((double)ahead[i], ahead_return(t, l, 0.97, n), 2e-6);
			NEAR((double)back[i], lambda_return(t, l, 0.97, 0.9), 2e-6);
			NEAR((double)adv[i], lambda_return(t, l, 0.97, 0.9) - (double)value[i], 2e-6);
		}
	}
	rho_gae(&s, 0.97, 1, NULL, back);
	rho_n_step(&s, 0.97, STEPS, ahead);
	for (size_t i = 0; i < STEPS * LANES; i++)
		NEAR((double)back[i], (double)ahead[i], 2e-6);
	rho_gae(&s, 0.97, 0, NULL, back);
	rho_n_step(&s, 0.97, 1, ahead);
	for (size_t i = 0; i < STEPS * LANES; i++)
		NEAR((double)back[i], (double)ahead[i], 1e-6);
}

/* Two-state MDP (s0: stay for 1, s1: stay for 2; γ = .9): TD(λ) from GAE's returns finds V of the two policies. */
Test(returns, values_of_a_known_chain)
{
	float v[2] = { 0 };
	for (int sweep = 0; sweep < 400; sweep++) {
		for (int s0 = 0; s0 < 2; s0++) {
			/* From s0 to s1 for 0, then staying for 2; or staying in s1. */
			float r[4] = { s0 ? 2 : 0, 2, 2, 2 }, val[4] = { v[s0], v[1], v[1], v[1] };
			float b[4] = { 0, 0, 0, v[1] }, back[4];
			uint32_t e[4] = { 0, 0, 0, RHO_TRUNCATED };
			struct rho_steps s = { 4, 1, r, val, b, e };
			rho_gae(&s, 0.9, 0.8, NULL, back);
			v[s0] += 0.5f * (back[0] - v[s0]);
		}
	}
	NEAR((double)v[0], 18, 1e-3);
	NEAR((double)v[1], 20, 1e-3);
}

Test(returns, standardised)
{
	float x[4] = { 1, 2, 3, 6 }, same[3] = { 2, 2, 2 }, one = 5;
	double sd = sqrt((4.0 + 1 + 0 + 9) / 3);
	rho_standardise(x, 4, 1e-8);
	NEAR((double)x[0], -2 / sd, 1e-6);
	NEAR((double)x[3], 3 / sd, 1e-6);
	rho_standardise(same, 3, 1e-8);
	NEAR((double)same[1], 0, 0);
	rho_standardise(&one, 1, 1e-8);
	NEAR((double)one, 0, 0);
	rho_standardise(x, 0, 1e-8);
}
