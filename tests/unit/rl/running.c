/* Running moments, reward scales, the figures about learning and the guard. */
#include "../plugin.h"
#include "reference.h"
#include "kit/rl/running.h"
#include "kit/rl/watch.h"

enum { N = 500, DIM = 70 };
static struct rho_rng rng = { { 8, 2, 3, 4 } };
static float x[N * DIM], out[N * DIM];

Test(running, moments_are_those_of_all_rows_at_once)
{
	struct test_plugin p;
	struct rho_running r;
	test_make(&p, RHO_AGENT, "random", "", 1);
	TEST_OK(&p, "open", true, rho_running_open(&p.inst->ctx, &r, "obs", DIM));
	NEAR(rho_running_variance(&r, 0), 1, 0);
	for (size_t i = 0; i < N * DIM; i++) /* far from 0, where sums of squares would lose all */
		x[i] = (float)(1e4 * (double)(i % DIM) + rho_normal(&rng));
	for (size_t at = 0; at < N; ) {
		size_t n = 1 + rho_below(&rng, 17);
		n = n < N - at ? n : N - at;
		cr_assert_eq(rho_running_add(&r, x + at * DIM, n, DIM), n);
		at += n;
	}
	NEAR(*r.count, N, 0);
	rho_running_apply(&r, x, N, DIM, 1e-8, 2, out);
	for (size_t j = 0; j < DIM; j++) {
		double mean = 0, var = 0;
		for (size_t i = 0; i < N; i++)
			mean += (double)x[i * DIM + j] / N;
		for (size_t i = 0; i < N; i++)
			var += pow((double)x[i * DIM + j] - mean, 2) / N;
		NEAR(r.mean[j], mean, 1e-8);
		NEAR(rho_running_variance(&r, j), var, 1e-9);
		for (size_t i = 0; i < N; i++)
			NEAR((double)out[i * DIM + j],
			     fmax(-2, fmin(2, ((double)x[i * DIM + j] - mean) / sqrt(var + 1e-8))), 1e-5);
	}
	x[3 * DIM + 1] = NAN;
	cr_assert_eq(rho_running_add(&r, x, 10, DIM), 3);
	NEAR(*r.count, N, 0);
	cr_assert(isfinite(r.mean[1]));
	TEST_OK(&p, "loaded", false, rho_running_loaded(&p.inst->ctx, &r));
	r.square[5] = -1;
	cr_assert_eq(TEST_CALL(&p, "loaded", false, rho_running_loaded(&p.inst->ctx, &r)), RHO_EFORMAT);
	test_free(&p);
}

Test(running, rewards_are_scaled_by_their_discounted_sums)
{
	enum { LANES = 3, STEPS = 200 };
	struct test_plugin p;
	struct rho_reward_scale s;
	double sum[LANES] = { 0 }, all[LANES * STEPS], n = 0;
	float reward[LANES], scaled[LANES];
	uint8_t end[LANES];
	test_make(&p, RHO_AGENT, "random", "", 1);
	TEST_OK(&p, "open", true, rho_reward_scale_open(&p.inst->ctx, &s, "reward", LANES, 0.9));
	for (int t = 0; t < STEPS; t++) {
		double mean = 0, var = 0;
		for (size_t l = 0; l < LANES; l++) {
			reward[l] = (float)(1000 * rho_normal(&rng));
			end[l] = (uint8_t)(rho_below(&rng, 6) ? 0 : 1 + rho_below(&rng, 2));
			sum[l] = 0.9 * sum[l] + (double)reward[l];
			all[(size_t)n++] = sum[l];
			sum[l] = end[l] ? 0 : sum[l];
		}
		TEST_OK(&p, "observe", false,
		        rho_reward_scale_step(&p.inst->ctx, &s, reward, end, 1e-8, 2, scaled));
		for (size_t i = 0; i < (size_t)n; i++)
			mean += all[i] / n;
		for (size_t i = 0; i < (size_t)n; i++)
			var += (all[i] - mean) * (all[i] - mean) / n;
		for (size_t l = 0; l < LANES; l++)
			NEAR((double)scaled[l], fmax(-2, fmin(2, (double)reward[l] / sqrt(var))), 1e-5);
	}
	reward[1] = NAN;
	cr_assert_eq(TEST_CALL(&p, "observe", false,
	                       rho_reward_scale_step(&p.inst->ctx, &s, reward, end, 1e-8, 2, scaled)), RHO_EINVAL);
	HAS(p.why.at, "lane 1");
	NEAR(*s.of.count, n, 0);
	TEST_OK(&p, "loaded", false, rho_reward_scale_loaded(&p.inst->ctx, &s));
	s.sum[2] = INFINITY;
	cr_assert_eq(TEST_CALL(&p, "loaded", false, rho_reward_scale_loaded(&p.inst->ctx, &s)), RHO_EFORMAT);
	test_free(&p);
}

static double told[6];
static const char *const metrics[6] = { "policy_loss", "value_loss", "entropy", "approx_kl", "approx_kl_k1",
	                                "clip_fraction" };

static void on_metric(void *arg, const struct rho_ctx *c, const char *name, double value)
{
	for (size_t i = 0; i < 6; i++)
		if (!strcmp(name, metrics[i]))
			told[i] = value;
}

Test(running, figures_about_learning)
{
	static const float back[4] = { 1, 2, 3, 4 }, good[4] = { 0, 1, 2, 3 }, half[4] = { 1, 2, 3, 3 };
	static const float flat[4] = { 7, 7, 7, 7 }, bad[4] = { 4, 3, 2, 1 };
	struct test_plugin p;
	struct rho_watch w = { 0 };
	double k3 = 0;
	NEAR(rho_explained_variance(good, back, 4), 1, 1e-12);          /* off by a constant */
	NEAR(rho_explained_variance(flat, back, 4), 0, 1e-12);
	NEAR(rho_explained_variance(bad, back, 4), -3, 1e-12);
	NEAR(rho_explained_variance(half, back, 4), 1 - 0.75 / 5, 1e-12);
	cr_assert(isnan(rho_explained_variance(good, flat, 4)));
	cr_assert(isnan(rho_explained_variance(good, flat, 0)));
	for (size_t i = 0; i < 50; i++)
		x[i] = (float)i;
	NEAR(rho_square_sum(x, 50), 40425, 1e-9);

	for (int i = 0; i < 5; i++) {
		double ratio = 0.8 + 0.1 * i;
		rho_watch_add(&w, log(ratio), i == 0, 2, i, 3);
		k3 += (ratio - 1 - log(ratio)) / 5;
	}
	NEAR(rho_watch_kl(&w), k3, 1e-12);
	cr_assert(rho_watch_far(&w, k3 / 1.6) && !rho_watch_far(&w, k3 / 1.4) && !rho_watch_far(&w, 0));
	test_make(&p, RHO_AGENT, "random", "", 1);
	p.world.metric = on_metric;
	rho_call_begin(p.inst, "observe", 0, false);
	rho_watch_report(&p.inst->ctx, &w);
	rho_watch_report(&p.inst->ctx, &(struct rho_watch){ 0 });
	rho_call_end(p.inst, 0, &p.why);
	NEAR(told[0], 2, 1e-12);
	NEAR(told[1], 3, 1e-12);
	NEAR(told[2], 2, 1e-12);
	NEAR(told[3], k3, 1e-12);
	NEAR(told[4], -(log(0.8) + log(0.9) + log(1.1) + log(1.2)) / 5, 1e-12);
	NEAR(told[5], 0.2, 1e-12);
	test_free(&p);
}

Test(running, what_diverges_is_stopped_with_its_cause)
{
	struct test_plugin p;
	struct rho_guard g;
	test_make(&p, RHO_AGENT, "random", "", 1);
	TEST_OK(&p, "open", true, rho_guard_open(&p.inst->ctx, &g, "guard"));
	cr_assert_eq(TEST_CALL(&p, "observe", false, rho_guard_check(&p.inst->ctx, &g, "the loss", INFINITY, 1e15)),
	             RHO_EINVAL);
	HAS(p.why.at, "the loss is inf at the first update");
	TEST_OK(&p, "observe", false, rho_guard_check(&p.inst->ctx, &g, "the loss", -12.5, 1e15));
	TEST_OK(&p, "observe", false, rho_guard_check(&p.inst->ctx, &g, "the loss", 0.25, 1e15));
	cr_assert_eq(TEST_CALL(&p, "observe", false, rho_guard_check(&p.inst->ctx, &g, "the loss", NAN, 1e15)),
	             RHO_EINVAL);
	HAS(p.why.at, "the loss is nan at update 4, and was 0.25 before (at most 12.5");
	cr_assert_eq(TEST_CALL(&p, "observe", false, rho_guard_check(&p.inst->ctx, &g, "the loss", 2e15, 1e15)),
	             RHO_EINVAL);
	HAS(p.why.at, "2e+15 at update 5");
	test_free(&p);
}
