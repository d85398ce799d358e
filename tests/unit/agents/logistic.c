/* logistic_ts and logistic_ucb: scores, learning, probabilities, resuming, bad input. */
#include "planted.h"
#include "kit/triangle.h"

static const char *const ts = "logistic_ts", *const ucb = "logistic_ucb";

/* φ (n) of context i and action k with hadamard features and the bias. */
static void features(const struct test_world *w, size_t i, size_t k, double *phi)
{
	size_t d = w->actions.cols;
	for (size_t j = 0; j < d; j++)
		phi[j] = (double)(w->contexts.at[i * d + j] * w->actions.at[k * d + j]);
	phi[d] = 1;
}

/* φᵀH⁻¹φ by elimination from the kept Hessian, full or its diagonal. */
static double width2(const double *h, size_t n, const double *phi, bool full)
{
	double a[16][17], sum = 0;
	for (size_t i = 0; i < n; i++) {
		for (size_t j = 0; j < n; j++)
			a[i][j] = !full ? (i == j ? h[i] : 0) :
			          i >= j ? h[rho_tri_at(i) + j] : h[rho_tri_at(j) + i];
		a[i][n] = phi[i];
	}
	for (size_t i = 0; i < n; i++)
		for (size_t r = 0; r < n; r++) {
			double f = r == i ? 0 : a[r][i] / a[i][i];
			for (size_t j = i; r != i && j <= n; j++)
				a[r][j] -= f * a[i][j];
		}
	for (size_t i = 0; i < n; i++)
		sum += phi[i] * a[i][n] / a[i][i];
	return sum;
}

static void check_scores(const char *posterior, const char *bonus)
{
	enum { ACTIONS = 600, D = 7 }; /* more than a block of widths */
	struct test_world w;
	struct test_agent t;
	uint32_t action[WORLD_LANES];
	float p[WORLD_LANES], explore[WORLD_LANES], *score = calloc(WORLD_LANES * ACTIONS, sizeof *score);
	char toml[120];
	bool chance = !strcmp(bonus, "chance"), full = !strcmp(posterior, "full");
	test_world_make(&w, ACTIONS, D, D, 2);
	snprintf(toml, sizeof toml, "alpha = 0.7\nposterior = \"%s\"\nbonus = \"%s\"\nprior = 0.2", posterior,
	         bonus);
	test_agent_open(&t, ucb, toml, 1, test_world_spec(&w));
	for (int turn = 0; turn < 40; turn++) /* past a refresh at 256 updates */
		test_world_turn(&w, &t, action, p);
	test_rank(&t, &w.b, score, explore);
	const double *mean = test_kept(&t.p, "mean"), *hessian = test_kept(&t.p, "hessian");
	for (size_t i = 0; i < WORLD_LANES; i += 3)
		for (size_t k = 0; k < ACTIONS; k += 5) {
			double phi[D + 1], z = 0, want;
			features(&w, i, k, phi);
			for (size_t j = 0; j <= D; j++)
				z += mean[j] * phi[j];
			want = chance ? 1 / (1 + exp(-z)) : z - mean[D];
			want += 0.7 * sqrt(width2(hessian, D + 1, phi, full));
			cr_assert_float_eq(score[i * ACTIONS + k], want, 2e-5, "%s, %s: %g, not %g",
			                   posterior, bonus, (double)score[i * ACTIONS + k], want);
		}
	test_acts_as_ranked(&t, &w.b);
	w.b.flags = RHO_GREEDY;
	test_acts_as_ranked(&t, &w.b);
	free(score);
	test_free(&t.p);
	test_world_free(&w);
}

Test(logistic, scores_are_the_definitions)
{
	check_scores("full", "logit");
	check_scores("full", "chance");
	check_scores("diagonal", "logit");
	check_scores("diagonal", "chance");
}

Test(logistic, finds_the_best_actions)
{
	static const char *const ways[] = { "", "posterior = \"diagonal\"", "window = 600\nrefit = 64",
		                            "features = \"hadamard\"\nlambda = 0.3" };
	for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
		double one = test_gain(ts, ways[i], PLANTED_LOGISTIC, 250);
		double other = test_gain(ucb, ways[i], PLANTED_LOGISTIC, 250);
		cr_assert_gt(one, 0.75, "logistic_ts with \"%s\" gains %g", ways[i], one);
		cr_assert_gt(other, 0.75, "logistic_ucb with \"%s\" gains %g", ways[i], other);
	}
}

Test(logistic, choices_fit_the_estimated_probabilities)
{
	test_estimates(ts, "");
	test_estimates(ts, "posterior = \"diagonal\"\nv = 0.5");
}

Test(logistic, goes_on_the_same_after_a_checkpoint)
{
	struct test_world w;
	test_world_make(&w, 60, 6, 6, 4);
	test_resumes(ts, "propensity_draws = 20", &w);
	test_resumes(ts, "window = 100\nrefit = 30", &w);
	test_resumes(ucb, "", &w);
	test_resumes(ucb, "posterior = \"diagonal\"\nfeatures = \"concat\"", &w);
	test_world_free(&w);
}

Test(logistic, a_decision_is_its_own)
{
	test_alone(ts, "propensity_draws = 70");
	test_alone(ts, "v = 0.0");
	test_alone(ucb, "");
	test_alone(ucb, "bonus = \"chance\"\nposterior = \"diagonal\"");
	test_duplicates(ts, "");
	test_duplicates(ucb, "");
	test_duplicates(ucb, "posterior = \"diagonal\"\nfeatures = \"concat\"");
	for (size_t d = 1; d < 4; d += 2) {
		test_single(ts, "propensity_draws = 5", d, d);
		test_single(ts, "posterior = \"diagonal\"", d, 0);
		test_single(ucb, "window = 10", d, 2);
		test_single(ucb, "bonus = \"chance\"", d, 0);
	}
}

/* Choices of a batch share a pass over the actions; alone, or from lists of all, they are the same. */
Test(logistic, draws_do_not_depend_on_who_shares_a_pass)
{
	enum { ACTIONS = 300 };
	struct test_world w;
	struct test_agent a, b;
	uint32_t together[WORLD_LANES], alone, cand[ACTIONS];
	const size_t off[2] = { 0, ACTIONS };
	float p[WORLD_LANES];
	test_world_make(&w, ACTIONS, 9, 9, 3);
	test_agent_open(&a, ts, "", 3, test_world_spec(&w));
	test_agent_open(&b, ts, "", 3, test_world_spec(&w));
	test_act(&a, &w.b, together, p);
	for (uint32_t k = 0; k < ACTIONS; k++)
		cand[k] = k;
	for (size_t i = 0; i < WORLD_LANES; i++) {
		struct rho_batch one = w.b;
		one.n = 1;
		one.x = rho_slice(w.b.x, i, 1);
		if (i % 2) {
			one.cand = cand;
			one.cand_off = off;
		}
		test_act(&b, &one, &alone, p);
		cr_assert_eq(alone, together[i]);
	}
	test_free(&a.p);
	test_free(&b.p);
	test_world_free(&w);
}

/* What samplers search for is what greedy chooses by. */
Test(logistic, query_finds_the_greedy_choice)
{
	struct test_world w;
	struct test_agent t;
	uint32_t action[WORLD_LANES];
	float p[WORLD_LANES], q[WORLD_LANES * 6];
	test_world_make(&w, 90, 6, 6, 4);
	test_agent_open(&t, ucb, "features = \"concat\"", 1, test_world_spec(&w));
	for (int turn = 0; turn < 10; turn++)
		test_world_turn(&w, &t, action, p);
	w.b.flags = RHO_GREEDY;
	test_act(&t, &w.b, action, p);
	TEST_OK(&t.p, "query", false, t.agent->query(TEST_SELF(&t.p), &w.b, q));
	for (size_t i = 0; i < WORLD_LANES; i++) {
		double top = -INFINITY;
		size_t best = 0;
		for (size_t k = 0; k < 90; k++) {
			double sum = 0;
			for (size_t j = 0; j < 6; j++)
				sum += (double)q[i * 6 + j] * (double)w.actions.at[k * 6 + j];
			best = sum > top ? k : best;
			top = fmax(top, sum);
		}
		cr_assert_eq(action[i], best);
	}
	test_free(&t.p);
	test_world_free(&w);
}

Test(logistic, refuses_what_it_cannot_learn_from)
{
	struct rho_spec none = { .n_actions = 5, .reward_hi = 1 }, no_x = none, uneven, no_range;
	no_x.action_dim = 4;
	uneven = no_x;
	uneven.x_dim = 3;
	no_range = no_x;
	no_range.reward_hi = 0;
	test_untouched(ts, "");
	test_untouched(ucb, "posterior = \"diagonal\"");
	test_open_refused(ts, "", none, "add an [encoder]");
	test_open_refused(ts, "features = \"hadamard\"", no_x, "needs contexts");
	test_open_refused(ucb, "features = \"hadamard\"", uneven, "there are 3 and 4");
	test_open_refused(ucb, "", no_range, "declares none; use a linear agent");
	test_open_refused(ts, "window = 50\nposterior = \"diagonal\"", no_x, "use posterior = \"full\"");
}

/* Rewards are fractions of the declared range: those of another unit teach the same. */
Test(logistic, learns_in_units_of_the_range)
{
	struct test_world w;
	struct test_agent a, b;
	uint32_t action[WORLD_LANES];
	float p[WORLD_LANES], reward[WORLD_LANES], other[WORLD_LANES];
	test_world_make(&w, 30, 4, 4, 6);
	struct rho_spec wide = test_world_spec(&w);
	wide.reward_lo = -8;
	wide.reward_hi = 24;
	test_agent_open(&a, ucb, "", 1, test_world_spec(&w));
	test_agent_open(&b, ucb, "", 1, wide);
	for (int turn = 0; turn < 20; turn++) {
		test_act(&a, &w.b, action, p);
		test_world_rewards(&w, action, reward);
		for (size_t i = 0; i < WORLD_LANES; i++) {
			reward[i] = (float)(int)(reward[i] * 16) / 16;
			other[i] = 32 * reward[i] - 8;
		}
		cr_assert_eq(test_observe(&a, &w.b, action, reward), 0);
		cr_assert_eq(test_observe(&b, &w.b, action, other), 0);
	}
	cr_assert(!memcmp(test_kept(&a.p, "mean"), test_kept(&b.p, "mean"), 5 * sizeof(double)));
	other[3] = 24.5f;
	cr_assert_eq(test_observe(&b, &w.b, action, other), RHO_EINVAL);
	HAS(b.p.why.at, "not within -8");
	test_free(&a.p);
	test_free(&b.p);
	test_world_free(&w);
}
