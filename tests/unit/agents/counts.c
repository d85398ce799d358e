/* ucb1, klucb, thompson_beta: oracles, forgetting, probabilities, resuming, bad input. */
#include "kit/arms.h"
#include "world.h"

/* An agent on K actions with rewards of a range; one decision among all of them. */
static void open_on(struct test_agent *a, struct test_world *w, const char *name, const char *toml, size_t k,
                    float lo, float hi)
{
	struct rho_spec spec;
	test_world_make(w, k, 0, 0, 1);
	w->b.n = 1;
	spec = test_world_spec(w);
	spec.reward_lo = lo;
	spec.reward_hi = hi;
	test_agent_open(a, name, toml, 1, spec);
}

static void close_it(struct test_agent *a, struct test_world *w)
{
	test_free(&a->p);
	test_world_free(w);
}

static void pay(struct test_agent *a, struct test_world *w, uint32_t action, double reward, int times)
{
	float r = (float)reward;
	for (int i = 0; i < times; i++)
		cr_assert_eq(test_observe(a, &w->b, &action, &r), 0, "%s", a->p.why.at);
}

/* The score of action 0 after ten rewards of mean one half, of a hundred. */
static float score_of_ten(const char *name, const char *toml, float lo, float hi)
{
	struct test_agent a;
	struct test_world w;
	float score[3], explore, p;
	uint32_t action;
	open_on(&a, &w, name, toml, 3, lo, hi);
	pay(&a, &w, 0, (double)lo, 5);
	pay(&a, &w, 1, (double)hi, 90);
	pay(&a, &w, 0, (double)hi, 5);
	test_rank(&a, &w.b, score, &explore);
	cr_assert_eq(explore, 0);
	cr_assert(isinf(score[2]) && score[2] > 0);
	test_act(&a, &w.b, &action, &p);
	cr_assert(action == 2 && p == 1, "what was never tried comes first");
	w.b.flags = RHO_GREEDY;
	test_act(&a, &w.b, &action, &p);
	cr_assert(action == 1 && p == 1, "the highest mean, of those that have one");
	close_it(&a, &w);
	return score[0];
}

Test(counts, indices_of_the_oracles)
{
	cr_assert_float_eq(score_of_ten("ucb1", "", 0, 1), 1.4597051825, 1e-6);
	cr_assert_float_eq(score_of_ten("ucb1", "", -1, 3), 1.4597051825, 1e-6);
	cr_assert_float_eq(score_of_ten("ucb1", "c = 0.5", 0, 1), 0.9798525912, 1e-6);
	cr_assert_float_eq(score_of_ten("klucb", "", 0, 1), 0.8879087617, 1e-7);
	cr_assert_float_eq(score_of_ten("klucb", "", -1, 3), 0.8879087617, 1e-7);
	/* level (ln t + 3 ln ln t) / n; kl(1/2, q) = -ln(4 q (1 - q)) / 2 */
	double level = (log(100) + 3 * log(log(100))) / 10, q = (1 + sqrt(1 - exp(-2 * level))) / 2;
	cr_assert_float_eq(score_of_ten("klucb", "c = 3.0", 0, 1), q, 1e-6);
}

Test(counts, bernoulli_divergences)
{
	static const double of[][3] = { { .1, .9, 1.757780 }, { .4, .5, .020136 }, { .8, .9, .0444030076 } };
	for (int i = 0; i < 3; i++) {
		cr_assert_float_eq(rho_kl_bernoulli(of[i][0], of[i][1]), of[i][2], i == 2 ? 1e-10 : 5e-7);
		cr_assert_float_eq(rho_kl_upper(of[i][0], rho_kl_bernoulli(of[i][0], of[i][1])), of[i][1],
		                   1e-9);
	}
	cr_assert_float_eq(0.1 / rho_kl_bernoulli(.8, .9), 2.2520997, 1e-7); /* Lai & Robbins */
	cr_assert_float_eq(0.1 / rho_kl_bernoulli(.5, .6), 4.8993197, 1e-7);
	cr_assert_eq(rho_kl_bernoulli(0, 0), 0);
	cr_assert_eq(rho_kl_bernoulli(1, 1), 0);
	cr_assert(isinf(rho_kl_bernoulli(.5, 1)));
	cr_assert_float_eq(rho_kl_upper(0, 0.2), 1 - exp(-0.2), 1e-9); /* kl(0, q) = -ln(1 - q) */
	cr_assert_eq(rho_kl_upper(1, 0.2), 1);
	cr_assert_eq(rho_kl_upper(0.3, 0), 0.3);
}

enum { ROUNDS = 900, ARMS = 6 };

/* Scores from the definition: Σ γ^(t - s) over all, or the last `window` ones. */
static void scores_by_hand(const char *name, double gamma, size_t window, size_t t, const uint32_t *action,
                           const double *reward, double *out)
{
	double n[ARMS] = { 0 }, sum[ARMS] = { 0 }, total = 0, weight = 1;
	for (size_t s = t; s-- > 0 && (!window || t - s <= window); weight *= gamma) {
		n[action[s]] += weight;
		sum[action[s]] += weight * reward[s];
		total += weight;
	}
	for (size_t i = 0; i < ARMS; i++) {
		double mean = sum[i] / n[i], level = log(fmax(total, 1));
		out[i] = !(n[i] > 0)             ? INFINITY
		         : !strcmp(name, "ucb1") ? mean + sqrt(2 * level / n[i])
		                                 : rho_kl_upper(mean, level / n[i]);
	}
}

static void forgets(const char *name, const char *toml, double gamma, size_t window)
{
	static uint32_t action[ROUNDS];
	static double reward[ROUNDS];
	struct test_agent a;
	struct test_world w;
	double want[ARMS];
	float score[ARMS], explore;
	open_on(&a, &w, name, toml, ARMS, 0, 1);
	for (size_t t = 0; t < ROUNDS; t++) {
		action[t] = t < 300 ? rho_below(&w.rng, ARMS)
		                    : rho_below(&w.rng, ARMS - 1); /* one falls silent */
		reward[t] = (double)(float)rho_unif(&w.rng);
		pay(&a, &w, action[t], reward[t], 1);
		if (t % 50 != 49 && t != 3)
			continue;
		scores_by_hand(name, gamma, window, t + 1, action, reward, want);
		test_rank(&a, &w.b, score, &explore);
		for (size_t i = 0; i < ARMS; i++)
			cr_assert(isinf(want[i]) || isinf(score[i])
			                  ? isinf(score[i]) && (isinf(want[i]) || want[i] > 1e37)
			                  : fabs((double)score[i] - want[i]) <= 2e-6 * fmax(1, want[i]),
			          "%s, %s, round %zu, action %zu: %g, not %g", name, toml, t, i,
			          (double)score[i], want[i]);
		test_acts_as_ranked(&a, &w.b);
	}
	close_it(&a, &w);
}

Test(counts, forget_as_defined)
{
	forgets("ucb1", "", 1, 0);
	forgets("ucb1", "gamma = 0.97", 0.97, 0);
	forgets("ucb1", "gamma = 0.5", 0.5, 0); /* what a reward weighs is divided out within 333 rewards */
	forgets("ucb1", "window = 25", 1, 25);
	forgets("klucb", "", 1, 0);
	forgets("klucb", "gamma = 0.97", 0.97, 0);
	forgets("klucb", "window = 25", 1, 25);
}

/* Few indices of many are computed; the choice is that of all. */
Test(klucb, chooses_as_rank_scores_among_many)
{
	struct test_agent a;
	struct test_world w;
	open_on(&a, &w, "klucb", "", 500, 0, 1);
	for (uint32_t i = 0; i < 500; i++)
		pay(&a, &w, i, rho_unif(&w.rng) < 0.5 ? 0 : 1, 1);
	for (int t = 0; t < 300; t++) {
		uint32_t at = rho_below(&w.rng, 500);
		pay(&a, &w, at, rho_unif(&w.rng) < at / 600.0 ? 1 : 0, 1 + (int)rho_below(&w.rng, 40));
		test_acts_as_ranked(&a, &w.b);
	}
	close_it(&a, &w);
}

static void dist_is(const char *toml, const int (*paid)[2], size_t n, const double *want, double tolerance)
{
	struct test_agent a;
	struct test_world w;
	float dist[16], p;
	open_on(&a, &w, "thompson_beta", toml, n, 0, 1);
	for (uint32_t i = 0; i < n; i++) {
		pay(&a, &w, i, 1, paid[i][0]);
		pay(&a, &w, i, 0, paid[i][1]);
	}
	test_dist(&a, &w.b, dist);
	for (uint32_t i = 0; i < n; i++) {
		cr_assert_float_eq(dist[i], want[i], tolerance, "%s, action %u: %.9g, not %.9g", toml, i,
		                   (double)dist[i], want[i]);
		test_prob(&a, &w.b, &i, &p);
		cr_assert_eq(p, dist[i]);
	}
	close_it(&a, &w);
}

Test(thompson_beta, probabilities_in_closed_form)
{
	static const int two[][2] = { { 1, 0 }, { 0, 1 } }, none[8][2] = { { 0, 0 } };
	static const int hits[][2] = { { 3, 0 }, { 1, 0 }, { 0, 0 } }, one[][2] = { { 1, 0 }, { 0, 0 } };
	static const int many[][2] = { { 4000, 0 }, { 1000, 0 }, { 0, 0 } };
	dist_is("exact = true", two, 2, (const double[]){ 5 / 6., 1 / 6. }, 1e-6);
	dist_is("exact = true", none, 8, (const double[8]){ .125, .125, .125, .125, .125, .125, .125, .125 },
	        1e-6);
	/* F is x^a where b is 1: P = a / Σ a */
	dist_is("exact = true", hits, 3, (const double[]){ 4 / 7., 2 / 7., 1 / 7. }, 1e-6);
	dist_is("exact = true\nprior_a = 0.01", one, 2, (const double[]){ 1.01 / 1.02, .01 / 1.02 }, 1e-5);
	dist_is("exact = true", many, 3, (const double[]){ 4001 / 5003., 1001 / 5003., 1 / 5003. }, 1e-6);
	/* P(Beta(2,2) > Beta(1,1)) = 1/2, P(Beta(3,1) > Beta(1,2)) = E[1 - (1 - x)²] over Beta(3,1) = 9/10 */
	static const int more[][2] = { { 2, 0 }, { 0, 1 } };
	dist_is("exact = true", more, 2, (const double[]){ .9, .1 }, 1e-6);
}

static void frequencies(const char *toml, int scale)
{
	struct test_agent a;
	struct test_world w;
	open_on(&a, &w, "thompson_beta", toml, 7, 0, 1);
	for (uint32_t i = 0; i < 7; i++) {
		pay(&a, &w, i, 1, (int)(3 + i) * scale);
		pay(&a, &w, i, 0, (int)(9 - i % 3) * scale);
	}
	test_frequencies(&a, &w.b, 20000);
	w.b.flags = RHO_GREEDY;
	test_frequencies(&a, &w.b, 50);
	close_it(&a, &w);
}

Test(thompson_beta, frequencies_fit_the_probabilities)
{
	frequencies("exact = true", 1);
	frequencies("exact = true\nprior_a = 0.05\nprior_b = 0.02", 0);
	frequencies("exact = true\nprior_a = 0.05\nprior_b = 0.02", 1);
	frequencies("exact = true", 20);
	frequencies("exact = true\ngamma = 0.9", 2);
}

/* Computed probabilities against estimated ones, and none where neither is asked for. */
Test(thompson_beta, says_as_much_as_it_is_asked)
{
	struct test_agent exact, drawn, mute;
	struct test_world w, v, u;
	float p[300], q[300];
	uint32_t action;
	open_on(&exact, &w, "thompson_beta", "exact = true", 256, 0, 1);
	open_on(&drawn, &v, "thompson_beta", "propensity_draws = 20000", 256, 0, 1);
	open_on(&mute, &u, "thompson_beta", "exact = true", 257, 0, 1);
	for (uint32_t i = 0; i < 256; i++) {
		int up = (int)rho_below(&w.rng, 4), down = (int)rho_below(&w.rng, 30);
		pay(&exact, &w, i, 1, up);
		pay(&exact, &w, i, 0, down);
		pay(&drawn, &v, i, 1, up);
		pay(&drawn, &v, i, 0, down);
	}
	test_dist(&exact, &w.b, p);
	test_dist(&drawn, &v.b, q);
	for (size_t i = 0; i < 256; i++)
		cr_assert(fabs((double)(p[i] - q[i])) <= 5 * sqrt((double)p[i] / 20000) + 3. / 20000);
	test_act(&mute, &u.b, &action, p);
	cr_assert(isnan(p[0]));
	test_dist(&mute, &u.b, p);
	cr_assert(isnan(p[256]));
	close_it(&exact, &w);
	close_it(&drawn, &v);
	close_it(&mute, &u);
}

/* A reward of 0.3 is a success three times of ten. */
Test(thompson_beta, rounds_rewards_by_a_coin)
{
	enum { TIMES = 20000 };
	struct test_agent a;
	struct test_world w;
	open_on(&a, &w, "thompson_beta", "", 2, -10, 10);
	pay(&a, &w, 1, -4, TIMES);
	const double *sum = test_kept(&a.p, "sum"), *weight = test_kept(&a.p, "weight");
	cr_assert_eq(weight[1], TIMES);
	cr_assert_eq(sum[1], floor(sum[1]));
	cr_assert_float_eq(sum[1] / TIMES, 0.3, 4.5 * sqrt(0.21 / TIMES));
	close_it(&a, &w);
}

Test(counts, ranges_are_kept_to)
{
	struct test_agent a;
	struct test_world w;
	const uint32_t action = 1;
	const float far = 1e30f, below = -0.1f;
	for (size_t i = 0; i < 3; i++) {
		open_on(&a, &w, (const char *const[]){ "ucb1", "klucb", "thompson_beta" }[i], "", 3, 0, 1);
		cr_assert_eq(test_observe(&a, &w.b, &action, &far), RHO_EINVAL);
		HAS(a.p.why.at, "outside of 0 .. 1");
		cr_assert_eq(test_observe(&a, &w.b, &action, &below), RHO_EINVAL);
		cr_assert_eq(*(uint64_t *)test_kept(&a.p, "learned"), 0);
		close_it(&a, &w);
	}
	for (size_t i = 0; i < 2; i++) {
		struct rho_spec spec = { .n_actions = 3 };
		test_agent_make(&a, i ? "klucb" : "thompson_beta", "", 1, spec);
		cr_assert_eq(TEST_CALL(&a.p, "open", true, a.agent->open(TEST_SELF(&a.p), &a.spec)),
		             RHO_EINVAL);
		HAS(a.p.why.at, "does not declare the range");
		test_free(&a.p);
	}
	open_on(&a, &w, "ucb1", "", 3, 0, 0);
	pay(&a, &w, 1, 25, 3); /* no range: rewards as they are */
	close_it(&a, &w);
	test_agent_make(&a, "ucb1", "gamma = 0.9\nwindow = 5", 1, (struct rho_spec){ .n_actions = 3 });
	cr_assert_eq(TEST_CALL(&a.p, "open", true, a.agent->open(TEST_SELF(&a.p), &a.spec)), RHO_EINVAL);
	HAS(a.p.why.at, "two ways to forget");
	test_free(&a.p);
}

Test(counts, resume_and_refuse)
{
	static const char *const how[][2] = { { "ucb1", "" },
		                              { "ucb1", "window = 50" },
		                              { "klucb", "gamma = 0.9" },
		                              { "thompson_beta", "exact = true" },
		                              { "thompson_beta", "gamma = 0.9\npropensity_draws = 50" } };
	struct test_world w;
	test_world_make(&w, 12, 0, 0, 3);
	for (size_t i = 0; i < sizeof how / sizeof *how; i++) {
		test_resumes(how[i][0], how[i][1], &w);
		test_refuses(how[i][0], how[i][1], &w);
		test_single(how[i][0], how[i][1], 0, 0);
	}
	test_world_free(&w);
}
