/* Losses and targets: published values, and every derivative against central differences. */
#include "reference.h"
#include "kit/rl/losses.h"

static struct rho_rng rng = { { 7, 2, 3, 4 } };

Test(losses, known_values)
{
	static const float online[3] = { 0.5f, 1.5f, 1 }, target[3] = { 2, 0.3f, 0.9f }, q[3] = { 1, 2, 3 };
	float g[3], adv[6];
	static const double ppo[4][3] = { { 1.3, 1, 1.2 }, { 1.3, -1, -1.3 }, { 0.7, 1, 0.7 }, { 0.7, -1, -0.8 } };
	for (size_t i = 0; i < 4; i++) {
		struct rho_ppo l = rho_ppo_loss(log(ppo[i][0]), 0, ppo[i][1], 0.2);
		NEAR(-l.loss.value, ppo[i][2], 1e-12);
		NEAR(l.ratio, ppo[i][0], 1e-12);
		cr_assert(l.clipped);
		cr_assert((i == 0 || i == 3) == (l.loss.slope == 0));
	}
	cr_assert_not(rho_ppo_loss(0.1, 0, 1, 0.2).clipped);
	NEAR(rho_k3_loss(0, log(1.3)).value, 0.0376357355, 1e-10);
	NEAR(rho_cql_loss(q, NULL, 3, 1, 1, g), 1.4076059644, 2e-7);
	NEAR(rho_q_target(1, 0.99, target, NULL, 3), 2.98, 1e-7);
	NEAR(rho_double_q_target(1, 0.99, online, target, NULL, 3), 1.297, 1e-7);
	NEAR(rho_top_k_weight(log(0.1), 5), 3.2805, 1e-12);
	NEAR(rho_top_k_weight(log(0.1), 1), 1, 0);
	NEAR(rho_top_k_weight(0, 5), 0, 0);
	NEAR(rho_capped_ratio(log(0.6), log(0.2), 10), 3, 1e-12);
	NEAR(rho_capped_ratio(log(0.6), log(0.02), 10), 10, 0);
	NEAR(rho_awr_weight(0.3, 0.1, 100), exp(3), 1e-12);
	NEAR(rho_awr_weight(30, 0.1, 100), 100, 0);
	const float reward[6] = { 0, 1, 1, 4, 4, 4 };
	rho_group_advantages(reward, 6, 3, 0, adv);
	NEAR((double)adv[0], -2 / sqrt(3), 1e-6); /* mean 2/3, deviation 1/√3 */
	NEAR((double)adv[1], 1 / sqrt(3), 1e-6);
	NEAR((double)adv[4], 0, 0);
	rho_group_advantages(reward, 6, 1, 0, adv);
	NEAR((double)adv[3], 0, 0);
}

/* Each loss as a function of x alone; which of the parameters are at hand is the same for all. */
struct at { double a, b, c, d; };

static struct rho_loss policy(double x, const struct at *p) { return rho_policy_loss(x, p->a); }
static struct rho_loss ppo(double x, const struct at *p) { return rho_ppo_loss(x, p->b, p->a, 0.2).loss; }
static struct rho_loss k3(double x, const struct at *p) { return rho_k3_loss(x, p->b); }
static struct rho_loss square(double x, const struct at *p) { return rho_square_loss(x, p->a); }
static struct rho_loss huber(double x, const struct at *p) { return rho_huber_loss(x, p->a, 0.5 + p->d); }
static struct rho_loss expectile(double x, const struct at *p) { return rho_expectile_loss(x, p->a, p->d); }
static struct rho_loss clipped(double x, const struct at *p)
{ return rho_clipped_value_loss(x, p->b, p->a, p->d); }

Test(losses, slopes_are_central_differences)
{
	struct rho_loss (*const all[])(double, const struct at *) = { policy, ppo, k3, square, huber, expectile,
		                                                      clipped };
	for (size_t f = 0; f < sizeof all / sizeof *all; f++) {
		double moved = 0;
		for (int t = 0; t < 2000; t++) {
			struct at p = { rho_normal(&rng), rho_normal(&rng), rho_normal(&rng),
			                0.1 + 0.8 * rho_unif(&rng) };
			double x = rho_normal(&rng), h = 1e-6;
			struct rho_loss here = all[f](x, &p), up = all[f](x + h, &p), down = all[f](x - h, &p);
			double far_up = all[f](x + 100 * h, &p).slope, far_down = all[f](x - 100 * h, &p).slope;
			if (fabs(far_up - far_down) > 0.01)
				continue; /* beside a corner */
			NEAR(here.slope, (up.value - down.value) / (2 * h), 1e-6 * (1 + fabs(here.slope)));
			moved += fabs(here.slope);
		}
		cr_assert_gt(moved, 100);
	}
}

Test(losses, a2c_is_the_sum_of_its_parts)
{
	double h = 1e-6, lp = -1.2, ent = 0.9, v = 0.4, back = 1.1, adv = 0.7;
	struct rho_a2c l = rho_a2c_loss(lp, ent, v, back, adv, 0.5, 0.01);
	NEAR(l.value, 1.2 * 0.7 + 0.5 * 0.7 * 0.7 / 2 - 0.01 * 0.9, 1e-12);
	NEAR(l.dlogp, (rho_a2c_loss(lp + h, ent, v, back, adv, 0.5, 0.01).value - l.value) / h, 1e-6);
	NEAR(l.dvalue, (rho_a2c_loss(lp, ent, v + h, back, adv, 0.5, 0.01).value - l.value) / h, 1e-5);
	NEAR(l.dentropy, (rho_a2c_loss(lp, ent + h, v, back, adv, 0.5, 0.01).value - l.value) / h, 1e-6);
	cr_assert_neq(l.dentropy, rho_a2c_loss(lp, ent, v, back, adv, 0.5, 0.02).dentropy);
}

Test(losses, huber_and_expectile_by_hand)
{
	NEAR(rho_huber_loss(1.5, 1, 1).value, 0.125, 1e-12);
	NEAR(rho_huber_loss(-4, 1, 1).value, 4.5, 1e-12);
	NEAR(rho_huber_loss(-4, 1, 1).slope, -1, 0);
	NEAR(rho_expectile_loss(1, 3, 0.7).value, 0.7 * 4, 1e-12);
	NEAR(rho_expectile_loss(3, 1, 0.7).value, 0.3 * 4, 1e-12);
	NEAR(rho_clipped_value_loss(2, 0, 2, 0.5).value, 1.125, 1e-12); /* too far moved: the clipped one is larger */
	NEAR(rho_clipped_value_loss(2, 0, 2, 0.5).slope, 0, 0);
	NEAR(rho_clipped_value_loss(2, 0, -3, 0.5).slope, 5, 0);        /* away from the target: still learned */
}

Test(losses, targets_under_masks_and_ends)
{
	static const float q[4] = { 1, 5, 3, -2 }, other[4] = { 10, 20, 30, 40 };
	const uint64_t open = 0xd, none = 0; /* without place 1 */
	NEAR(rho_q_target(1, 0.5, q, &open, 4), 2.5, 1e-12);
	NEAR(rho_double_q_target(1, 0.5, q, other, &open, 4), 16, 1e-12);
	NEAR(rho_double_q_target(1, 0, q, other, &open, 4), 1, 0);
	NEAR(rho_q_target(1, 0.5, q, &none, 4), 1, 0);
	NEAR(rho_expected_sarsa_target(1, 0.5, q, NULL, 4, 0), 3.5, 1e-12);
	NEAR(rho_expected_sarsa_target(1, 0.5, q, NULL, 4, 1), 1 + 0.5 * 1.75, 1e-12);
	NEAR(rho_expected_sarsa_target(1, 0.5, q, &open, 4, 0.3), 1 + 0.5 * (0.7 * 3 + 0.3 * 2 / 3), 1e-12);
	NEAR(rho_expected_sarsa_target(1, 0.5, q, &none, 4, 0.3), 1, 0);
	float logp[4];
	rho_log_softmax(q, &open, 4, logp);
	double z = exp(1) + exp(3) + exp(-2);
	NEAR(rho_expectation(logp, other, 4), (10 * exp(1) + 30 * exp(3) + 40 * exp(-2)) / z, 1e-4);
}

Test(losses, dueling_heads_and_their_way_back)
{
	enum { K = 77 };
	static float adv[K], q[K], g[K], out[K];
	static double wide[K];
	uint64_t mask[2];
	for (int masked = 0; masked < 2; masked++) {
		const uint64_t *m = masked ? mask : NULL;
		double mean = 0, n = 0, weighed = 0;
		ref_logits(&rng, K, 1, 2, adv, wide);
		ref_mask(&rng, K, mask);
		for (size_t j = 0; j < K; j++) {
			mean += ref_may(m, j) ? wide[j] : 0;
			n += ref_may(m, j);
			g[j] = ref_may(m, j) ? (float)rho_normal(&rng) : 0;
		}
		rho_dueling(3, adv, m, K, q);
		for (size_t j = 0; j < K; j++) {
			if (ref_may(m, j))
				NEAR((double)q[j], 3 + wide[j] - mean / n, 2e-6);
			else
				cr_assert_eq(q[j], -INFINITY);
			weighed += (double)g[j];
		}
		NEAR(rho_dueling_back(g, m, K, out), weighed, 1e-5);
		for (size_t j = 0; j < K; j++)
			NEAR((double)out[j], ref_may(m, j) ? (double)g[j] - weighed / n : 0, 1e-6);
	}
}

Test(losses, cql_pushes_down_what_was_not_seen)
{
	enum { K = 600 };
	static float q[K], g[K];
	static double wide[K], logp[K];
	uint64_t mask[K / 64 + 1];
	ref_logits(&rng, K, 3, 0, q, wide);
	ref_mask(&rng, K, mask);
	double lse = ref_log_softmax(wide, mask, K, logp), sum = 0;
	NEAR(rho_cql_loss(q, mask, K, K - 1, 5, g), lse - wide[K - 1], 2e-6);
	for (size_t j = 0; j < K; j++) {
		NEAR((double)g[j], 5 * (exp(logp[j]) - (j == K - 1)), 3e-6);
		sum += (double)g[j];
	}
	NEAR(sum, 0, 1e-5);
}
