/* squarecb: the oracle, units and schedule of gamma, distributions, greedy choices, bad input. */
#include "agent.h"

static const uint32_t lane[8] = { 0, 1, 2, 3, 4, 5, 6, 7 };

/* Three actions of their own, each seen once: the estimates are the rewards, but for a ridge of 1e-6. */
static void learned(struct test_agent *t, const char *toml, float unit, float hi)
{
	static const float one[] = { 1, 0, 0, 0, 1, 0, 0, 0, 1 }, cost[] = { 0.2f, 0.5f, 0.9f };
	static const struct rho_mat mat = { one, 3, 3, 3 };
	struct rho_batch b = { .n = 1, .k = 1, .actions = { &mat, NULL, 0, 3 }, .lane = lane };
	struct rho_spec spec = { .n_actions = 3, .action_dim = 3, .reward_lo = 0, .reward_hi = hi };
	char all[300];
	snprintf(all, sizeof all, "lambda = 1e-6\nfeatures = \"action\"\n%s", toml);
	test_agent_open(t, "squarecb", all, 1, spec);
	for (uint32_t a = 0; a < 3; a++) {
		float reward = unit * (1 - cost[a]);
		cr_assert_eq(test_observe(t, &b, &a, &reward), 0, "%s", t->p.why.at);
	}
}

static void check_dist(const char *toml, float unit, float hi, const double *want)
{
	static const float one[] = { 1, 0, 0, 0, 1, 0, 0, 0, 1 };
	static const struct rho_mat mat = { one, 3, 3, 3 };
	struct rho_batch b = { .n = 1, .k = 1, .actions = { &mat, NULL, 0, 3 }, .lane = lane };
	struct test_agent t;
	float p[3];
	learned(&t, toml, unit, hi);
	test_dist(&t, &b, p);
	for (int a = 0; a < 3; a++)
		cr_assert_float_eq(p[a], want[a], 2e-6, "%s: action %d: %g", toml, a, (double)p[a]);
	b.flags = RHO_GREEDY;
	test_dist(&t, &b, p);
	cr_assert(p[0] == 1 && p[1] == 0 && p[2] == 0);
	test_free(&t.p);
}

Test(squarecb, the_oracle_in_any_unit_of_reward)
{
	static const double oracle[] = { .733333, .166667, .1 }, uniform[] = { 1 / 3., 1 / 3., 1 / 3. };
	/* gamma 2 * 4 after 3 rewards: 1 / (3 + 2.4), 1 / (3 + 5.6) */
	static const double later[] = { 1 - 1 / 5.4 - 1 / 8.6, 1 / 5.4, 1 / 8.6 };
	check_dist("gamma_scale = 10.0\ngamma_exponent = 0.0", 1, 1, oracle);
	check_dist("gamma_scale = 10.0\ngamma_exponent = 0.0", 50, 50, oracle);
	check_dist("gamma_scale = 10.0\ngamma_exponent = 0.0", 1, 0, oracle);   /* no range is declared */
	check_dist("gamma_scale = 2.0\ngamma_exponent = 1.0", 1, 1, later);
	check_dist("gamma_scale = 2.0\ngamma_exponent = 1.0", 4, 4, later);
	check_dist("gamma_scale = 0.0", 1, 1, uniform);
}

static void fill(float *at, size_t n, uint64_t seed)
{
	struct rho_rng rng = { { seed, 2, 3, 4 } };
	for (size_t i = 0; i < n; i++)
		at[i] = (float)rho_normal(&rng);
}

/* act draws what dist and prob say, over all actions and over lists; batches of many are decisions alone. */
Test(squarecb, choices_are_as_frequent_as_it_says)
{
	enum { K = 40, D = 6, N = 5 };
	static float a[K * D], x[N * D], all[N * K], one[K];
	static const uint32_t cand[] = { 39, 3, 17, 8, 20, 21, 5 };
	static const size_t off[] = { 0, 7 };
	struct rho_mat actions = { a, K, D, D }, contexts = { x, N, D, D };
	struct rho_batch b = { .n = N, .k = 1, .x = { &contexts, NULL, 0, N }, .lane = lane,
		               .actions = { &actions, NULL, 0, K } };
	struct rho_spec spec = { .n_actions = K, .x_dim = D, .action_dim = D, .lanes = N,
		                 .reward_lo = -3, .reward_hi = 5 };
	static const char *const toml[] = { "", "features = \"concat\"", "features = \"bilinear\"\nrank = 3",
		                            "window = 10\ngamma_scale = 40.0" };
	fill(a, K * D, 1);
	fill(x, N * D, 2);
	for (size_t v = 0; v < sizeof toml / sizeof *toml; v++) {
		struct test_agent t;
		test_agent_open(&t, "squarecb", toml[v], 3, spec);
		for (uint32_t r = 0; r < 20; r++) {
			const uint32_t action[N] = { r, r + 1, 39 - r, r + 7, r / 2 };
			const float reward[N] = { 1, 5, -3, (float)(r % 3), 2 };
			cr_assert_eq(test_observe(&t, &b, action, reward), 0, "%s", t.p.why.at);
		}
		test_dist(&t, &b, all);
		for (size_t i = 0; i < N; i++) {
			struct rho_batch alone = b;
			alone.n = 1;
			alone.x = rho_slice(b.x, i, 1);
			test_dist(&t, &alone, one);
			cr_assert(!memcmp(one, all + i * K, sizeof one));
			cr_assert_gt(one[0], 0);
		}
		b.n = b.x.n = 1;
		test_frequencies(&t, &b, 40000);
		b.cand = cand;
		b.cand_off = off;
		test_frequencies(&t, &b, 40000);
		b.cand = NULL;
		b.cand_off = NULL;
		b.n = b.x.n = N;
		test_free(&t.p);
	}
}

Test(squarecb, refuses_what_has_no_estimate)
{
	float a[] = { 1, 0, 0, NAN }, reward = NAN;
	struct rho_mat mat = { a, 2, 2, 2 };
	struct rho_batch b = { .n = 1, .k = 1, .actions = { &mat, NULL, 0, 2 }, .lane = lane };
	struct rho_spec spec = { .n_actions = 2, .action_dim = 2, .reward_lo = 0, .reward_hi = 1 };
	struct test_agent t;
	uint32_t action = 0;
	float p[2];
	test_agent_open(&t, "squarecb", "", 1, spec);
	cr_assert_eq(test_observe(&t, &b, &action, &reward), RHO_EINVAL);
	cr_assert_eq(TEST_CALL(&t.p, "dist", false, t.agent->dist(TEST_SELF(&t.p), &b, p)), RHO_EINVAL);
	HAS(t.p.why.at, "action 1");
	a[3] = 1;
	test_dist(&t, &b, p);
	cr_assert_eq(p[0] + p[1], 1);
	test_free(&t.p);
}
