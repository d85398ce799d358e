/* boltzmann: softmax of means and of a linear model, temperatures, what it says for marginals. */
#include <rho/softmax.h>

#include "world.h"

static const struct rho_softmax *softmax_of(struct test_agent *a)
{
	const struct rho_softmax *s = a->agent->extension(TEST_SELF(&a->p), RHO_EXT_SOFTMAX);
	cr_assert(s && s->size >= sizeof *s);
	cr_assert_null(a->agent->extension(TEST_SELF(&a->p), "rho.softmax/2"));
	return s;
}

static void softmax(const float *score, size_t n, double tau, double *p)
{
	double most = (double)score[0], sum = 0;
	for (size_t j = 0; j < n; j++)
		most = fmax(most, (double)score[j]);
	for (size_t j = 0; j < n; j++)
		sum += p[j] = exp(((double)score[j] - most) / tau);
	for (size_t j = 0; j < n; j++)
		p[j] /= sum;
}

Test(boltzmann, is_the_softmax_of_means)
{
	enum { K = 6 };
	struct test_world w;
	struct test_agent a;
	/* (Σ r + λ prior) / (n + λ) with λ = 0.5, prior = 0.2 */
	static const float paid[K][2] = { { 1, 1 }, { 0, 1 }, { 0.5f, 0 }, { 0.25f, 0.75f }, { 1, 0.25f } };
	float want[K], dist[K], score[K];
	double p[K], tau;
	test_world_make(&w, K, 0, 0, 1);
	w.b.n = 1;
	test_agent_open(&a, "boltzmann", "tau = 0.3\nlambda = 0.5\nprior = 0.2", 1, test_world_spec(&w));
	for (uint32_t i = 0; i < K; i++) {
		for (int t = 0; i < K - 1 && t < 2; t++)
			cr_assert_eq(test_observe(&a, &w.b, &i, &paid[i][t]), 0);
		want[i] = i < K - 1 ? (paid[i][0] + paid[i][1] + 0.1f) / 2.5f : 0.2f;
	}
	softmax(want, K, 0.3, p);
	test_dist(&a, &w.b, dist);
	for (size_t i = 0; i < K; i++)
		cr_assert_float_eq(dist[i], p[i], 1e-6);
	test_frequencies(&a, &w.b, 30000);
	TEST_OK(&a.p, "boltzmann", false, softmax_of(&a)->scores(TEST_SELF(&a.p), &w.b, score, &tau));
	for (size_t i = 0; i < K; i++)
		cr_assert_float_eq(score[i], want[i], 1e-6);
	cr_assert_eq(tau, 0.3);
	w.b.flags = RHO_GREEDY;
	test_frequencies(&a, &w.b, 20);
	TEST_OK(&a.p, "boltzmann", false, softmax_of(&a)->scores(TEST_SELF(&a.p), &w.b, score, &tau));
	cr_assert_eq(tau, 0);
	test_free(&a.p);
	test_world_free(&w);
}

Test(boltzmann, temperatures_sink_as_told)
{
	struct test_world w;
	struct test_agent a;
	static const uint64_t at[] = { 0, 3, 99, 10000 };
	static const double want[] = { 2, 1, 0.5, 0.5 }; /* max(0.5, 2 / √t) */
	uint64_t learned = 0;
	test_world_make(&w, 3, 0, 0, 1);
	w.b.n = 1;
	test_agent_open(&a, "boltzmann", "tau = 2.0\ndecay = 0.5\ntau_min = 0.5", 1, test_world_spec(&w));
	for (size_t i = 0; i < sizeof at / sizeof *at; i++) {
		const uint32_t action = 1;
		const float reward = 0.5f;
		float score[3];
		double tau;
		for (; learned < at[i]; learned++)
			cr_assert_eq(test_observe(&a, &w.b, &action, &reward), 0);
		TEST_OK(&a.p, "boltzmann", false, softmax_of(&a)->scores(TEST_SELF(&a.p), &w.b, score, &tau));
		cr_assert_float_eq(tau, want[i], 1e-12);
	}
	test_free(&a.p);
	test_world_free(&w);
}

/* The linear estimate is what linucb without widths ranks by. */
Test(boltzmann, is_the_softmax_of_a_linear_model)
{
	enum { K = 40, D = 6 };
	static const char *const features[] = { "hadamard", "action", "concat" };
	for (size_t v = 0; v < 3; v++) {
		struct test_world w;
		struct test_agent a, l;
		char one[100], other[100];
		float score[WORLD_LANES * K], mine[WORLD_LANES * K], dist[WORLD_LANES * K],
			explore[WORLD_LANES];
		double p[K], tau[WORLD_LANES];
		test_world_make(&w, K, D, D, 4);
		snprintf(one, sizeof one, "estimate = \"linear\"\nfeatures = \"%s\"\nprior = 0.5\ntau = 0.2",
		         features[v]);
		snprintf(other, sizeof other, "alpha = 0.0\nfeatures = \"%s\"\nprior = 0.5", features[v]);
		test_agent_open(&a, "boltzmann", one, 1, test_world_spec(&w));
		test_agent_open(&l, "linucb", other, 1, test_world_spec(&w));
		for (int t = 0; t < 20; t++) {
			uint32_t action[WORLD_LANES];
			float reward[WORLD_LANES], given[WORLD_LANES];
			test_act(&a, &w.b, action, given);
			test_world_rewards(&w, action, reward);
			cr_assert_eq(test_observe(&a, &w.b, action, reward), 0);
			cr_assert_eq(test_observe(&l, &w.b, action, reward), 0);
		}
		test_rank(&l, &w.b, score, explore);
		TEST_OK(&a.p, "boltzmann", false, softmax_of(&a)->scores(TEST_SELF(&a.p), &w.b, mine, tau));
		test_dist(&a, &w.b, dist);
		for (size_t i = 0; i < WORLD_LANES; i++) {
			softmax(score + i * K, K, 0.2, p);
			for (size_t j = 0; j < K; j++) {
				cr_assert_float_eq(mine[i * K + j], score[i * K + j], 1e-6);
				cr_assert_float_eq(dist[i * K + j], p[j], 1e-5);
			}
		}
		w.b.n = w.b.x.n = 1;
		test_frequencies(&a, &w.b, 20000);
		test_free(&a.p);
		test_free(&l.p);
		test_world_free(&w);
	}
}

/* Estimates far apart in units of the temperature: no overflow, no NaN. */
Test(boltzmann, stands_extreme_estimates)
{
	struct test_world w;
	struct test_agent a;
	float dist[3];
	test_world_make(&w, 3, 0, 0, 1);
	w.b.n = 1;
	test_agent_open(&a, "boltzmann", "tau = 1e-6", 1, test_world_spec(&w));
	for (uint32_t i = 0; i < 3; i++) {
		const float reward = i == 2 ? 1e30f : i ? -1e30f : 0;
		cr_assert_eq(test_observe(&a, &w.b, &i, &reward), 0);
	}
	test_dist(&a, &w.b, dist);
	cr_assert(dist[0] == 0 && dist[1] == 0 && dist[2] == 1);
	test_frequencies(&a, &w.b, 100);
	test_free(&a.p);
	test_world_free(&w);
}

Test(boltzmann, resumes_and_refuses)
{
	static const char *const how[] = { "", "estimate = \"linear\"", "decay = 0.5\ngamma = 0.99",
		                           "window = 30" };
	struct test_world w;
	test_world_make(&w, 12, 4, 4, 3);
	for (size_t i = 0; i < sizeof how / sizeof *how; i++) {
		test_resumes("boltzmann", how[i], &w);
		test_refuses("boltzmann", how[i], &w);
		test_single("boltzmann", how[i], 4, 4);
	}
	test_world_free(&w);
}

/* Means know no features: a sampler that asks for them is told so. */
Test(boltzmann, has_a_query_only_of_features)
{
	struct test_world w;
	struct test_agent a;
	float q[WORLD_LANES * 4];
	test_world_make(&w, 12, 4, 4, 3);
	test_agent_open(&a, "boltzmann", "", 1, test_world_spec(&w));
	cr_assert_eq(TEST_CALL(&a.p, "query", false, a.agent->query(TEST_SELF(&a.p), &w.b, q)), RHO_EINVAL);
	HAS(a.p.why.at, "estimate = \"linear\"");
	test_free(&a.p);
	test_agent_open(&a, "boltzmann", "estimate = \"linear\"\nprior = 1.0", 1, test_world_spec(&w));
	TEST_OK(&a.p, "query", false, a.agent->query(TEST_SELF(&a.p), &w.b, q));
	for (size_t i = 0; i < WORLD_LANES * 4; i++) /* before the first reward: the context itself */
		cr_assert_float_eq(q[i], w.contexts.at[i], 1e-6);
	test_free(&a.p);
	test_world_free(&w);
}
