/* Slates: the k best by an agent's own scores, what it says of them, and what it learns from each item. */
#include "world.h"

enum { K = 60, D = 6, SLATE = 5, N = WORLD_LANES };

static const struct { const char *name, *toml; } ranking[] = {
	{ "linucb", "alpha = 0.7" },
	{ "linucb", "alpha = 0.7\nfeatures = \"concat\"" },
	{ "linucb", "alpha = 0.7\nfeatures = \"bilinear\"\nrank = 3" },
	{ "linucb", "alpha = 0.0" },
	{ "thompson", "v = 0.0" },
	{ "epsilon_greedy", "epsilon = 0.0" },
};

static void open_slates(struct test_agent *a, const char *name, const char *toml, struct test_world *w)
{
	struct rho_spec spec = test_world_spec(w);
	spec.slate = w->b.k = SLATE;
	test_agent_open(a, name, toml, 4, spec);
}

/* Learns from slates with a reward an item; better for lower ids. */
static void teach(struct test_agent *a, struct test_world *w, const uint32_t *action)
{
	float item[N * SLATE], reward[N] = { 0 }, prob[N * SLATE];
	uint8_t end[N];
	for (size_t j = 0; j < N * SLATE; j++) {
		item[j] = rho_unif(&w->rng) < 1 / (1 + 0.2 * action[j]) ? 1 : 0;
		reward[j / SLATE] += item[j];
		prob[j] = 1;
	}
	memset(end, RHO_TERMINATED, sizeof end);
	struct rho_feedback f = { .posed = &w->b,
		                  .action = action,
		                  .prob = prob,
		                  .reward = reward,
		                  .item_reward = item,
		                  .end = end };
	TEST_OK(&a->p, "observe", false, a->agent->observe(TEST_SELF(&a->p), &f));
}

/* The slate is what sorting the agent's scores gives, and prob says so of it and of others. */
static void check_turn(struct test_agent *a, struct test_world *w, const char *name, uint32_t *action)
{
	static float score[N * K];
	float p[N * SLATE], said[N * SLATE], explore[N];
	uint32_t other[N * SLATE];
	test_act(a, &w->b, action, p);
	if (!a->agent->rank)
		return;
	test_rank(a, &w->b, score, explore);
	for (size_t i = 0; i < N; i++) {
		float *mine = score + i * K;
		for (size_t s = 0; s < SLATE; s++) {
			size_t best = 0;
			for (size_t j = 1; j < K; j++)
				best = mine[j] > mine[best] ? j : best;
			cr_assert_eq(action[i * SLATE + s], best, "%s: place %zu", name, s);
			cr_assert_eq(p[i * SLATE + s], 1);
			mine[best] = -INFINITY;
		}
	}
	test_prob(a, &w->b, action, said);
	memcpy(other, action, sizeof other);
	for (size_t j = 0; j < N * SLATE; j++)
		cr_assert_eq(said[j], 1);
	other[1] = action[0]; /* the first two the other way round: the second is then the best of what is left */
	other[0] = action[1];
	test_prob(a, &w->b, other, said);
	cr_assert(said[0] == 0 && said[1] == 1 && said[2] == 1, "%s: %g %g %g", name, (double)said[0],
	          (double)said[1], (double)said[2]);
}

Test(slates, are_the_best_by_score)
{
	for (size_t r = 0; r < sizeof ranking / sizeof *ranking; r++) {
		struct test_world w;
		struct test_agent a;
		uint32_t action[N * SLATE];
		test_world_make(&w, K, D, D, 11);
		open_slates(&a, ranking[r].name, ranking[r].toml, &w);
		for (int t = 0; t < 12; t++) {
			check_turn(&a, &w, ranking[r].toml, action);
			teach(&a, &w, action);
		}
		test_free(&a.p);
		test_world_free(&w);
	}
}

/* A slate's items teach what as many single decisions do. */
Test(slates, teach_by_item)
{
	static const char *const name[] = { "linucb", "epsilon_greedy", "thompson" };
	for (size_t r = 0; r < 3; r++) {
		struct test_world w, one;
		struct test_agent a, b;
		uint32_t action[N * SLATE];
		float p[N * SLATE], x[K], y[K], dummy[N], item[SLATE], prob[SLATE] = { 1, 1, 1, 1, 1 };
		uint8_t end[1] = { RHO_TERMINATED };
		test_world_make(&w, K, D, D, 11);
		test_world_make(&one, K, D, D, 11);
		open_slates(&a, name[r], "", &w);
		test_agent_open(&b, name[r], "", 4, test_world_spec(&one));
		test_act(&a, &w.b, action, p);
		w.b.n = w.b.x.n = one.b.n = one.b.x.n = 1;
		for (size_t s = 0; s < SLATE; s++) {
			item[s] = (float)s / 4;
			cr_assert_eq(test_observe(&b, &one.b, &action[s], &item[s]), 0);
		}
		struct rho_feedback f = { .posed = &w.b,
			                  .action = action,
			                  .prob = prob,
			                  .reward = &item[3],
			                  .item_reward = item,
			                  .end = end };
		TEST_OK(&a.p, "observe", false, a.agent->observe(TEST_SELF(&a.p), &f));
		if (a.agent->rank) {
			test_rank(&a, &w.b, x, dummy);
			test_rank(&b, &one.b, y, dummy);
			cr_assert(!memcmp(x, y, sizeof x), "%s", name[r]);
		} else {
			TEST_OK(&a.p, "query", false, a.agent->query(TEST_SELF(&a.p), &w.b, x));
			TEST_OK(&b.p, "query", false, b.agent->query(TEST_SELF(&b.p), &one.b, y));
			cr_assert(!memcmp(x, y, D * sizeof *x), "%s", name[r]);
		}
		item[2] = NAN;
		cr_assert_eq(TEST_CALL(&a.p, "observe", false, a.agent->observe(TEST_SELF(&a.p), &f)), RHO_EINVAL);
		HAS(a.p.why.at, "action");
		test_free(&a.p);
		test_free(&b.p);
		test_world_free(&w);
		test_world_free(&one);
	}
}

/* Each item of an exploring slate comes as often as its probability, given those before it, says. */
Test(slates, explore_as_they_say)
{
	enum { DRAWS = 4000 };
	struct test_world w;
	struct test_agent a;
	uint32_t action[N * SLATE];
	float p[N * SLATE], said[N * SLATE];
	double seen[2] = { 0 }, expected[2] = { 0 }, first = 0;
	test_world_make(&w, 9, D, D, 11);
	open_slates(&a, "epsilon_greedy", "epsilon = 0.4", &w);
	for (int t = 0; t < 30; t++) {
		test_act(&a, &w.b, action, p);
		teach(&a, &w, action);
	}
	for (int t = 0; t < DRAWS / N; t++) {
		test_act(&a, &w.b, action, p);
		test_prob(&a, &w.b, action, said);
		cr_assert(!memcmp(p, said, sizeof p));
		for (size_t i = 0; i < N; i++) {
			double best = 0.6 + 0.4 / 9;
			first += fabs((double)p[i * SLATE] - best) < 1e-6;
			/* In third place 7 are left: the best of them has 0.6 + 0.4/7, each other 0.4/7. */
			bool top = (double)p[i * SLATE + 2] > 0.5;
			cr_assert_float_eq(p[i * SLATE + 2], (top ? 0.6 : 0) + 0.4 / 7, 1e-6);
			seen[!top]++;
			expected[0] += 0.6 + 0.4 / 7;
			expected[1] += 0.4 * 6 / 7;
			for (size_t s = 0; s < SLATE; s++)
				for (size_t q = 0; q < s; q++)
					cr_assert_neq(action[i * SLATE + s], action[i * SLATE + q]);
		}
	}
	cr_assert_leq(test_chi2(seen, expected, 2), test_chi2_limit(1));
	double mean = DRAWS * (0.6 + 0.4 / 9);
	cr_assert_float_eq(first, mean, 4.5 * sqrt(mean * 0.4));
	test_free(&a.p);
	test_world_free(&w);
}

/* thompson's slates are the best under one draw: with one action far ahead it is first nearly always, and what it
 * has no closed form for it does not state. */
Test(slates, of_draws_have_no_stated_probability)
{
	struct test_world w;
	struct test_agent a;
	uint32_t action[N * SLATE];
	float p[N * SLATE];
	test_world_make(&w, K, D, D, 11);
	open_slates(&a, "thompson", "v = 0.5\npropensity_draws = 20", &w);
	for (int t = 0; t < 10; t++) {
		test_act(&a, &w.b, action, p);
		for (size_t j = 0; j < N * SLATE; j++) {
			cr_assert(isnan(p[j]) && action[j] < K);
			for (size_t q = j / SLATE * SLATE; q < j; q++)
				cr_assert_neq(action[j], action[q]);
		}
		teach(&a, &w, action);
	}
	w.b.flags = RHO_GREEDY;
	test_act(&a, &w.b, action, p);
	float said[N * SLATE];
	test_prob(&a, &w.b, action, said);
	for (size_t j = 0; j < N * SLATE; j++)
		cr_assert(p[j] == 1 && said[j] == 1);
	test_free(&a.p);
	test_world_free(&w);
}

/* Where ids move, what remembers by id says so: in its flags, or, where it depends on a parameter, when opened. */
Test(slates, and_ids_that_move)
{
	static const char *const keeps[] = { "bm25",          "epsilon_greedy", "klucb",       "linucb_disjoint",
		                             "linucb_hybrid", "spanner_greedy", "spanner_igw", "thompson_beta",
		                             "ucb1" };
	struct test_world w;
	struct test_agent a;
	struct rho_spec spec;
	test_world_make(&w, K, D, D, 11);
	spec = test_world_spec(&w);
	spec.moving = true;
	for (size_t i = 0; i < sizeof keeps / sizeof *keeps; i++) {
		test_agent_make(&a, keeps[i], "", 1, spec);
		cr_assert(a.agent->flags & RHO_KEEPS_ACTIONS, "%s", keeps[i]);
		test_free(&a.p);
	}
	test_agent_make(&a, "boltzmann", "", 1, spec);
	cr_assert_eq(TEST_CALL(&a.p, "open", true, a.agent->open(TEST_SELF(&a.p), &a.spec)), RHO_EINVAL);
	HAS(a.p.why.at, "estimate = \"linear\"");
	test_free(&a.p);
	test_agent_open(&a, "boltzmann", "estimate = \"linear\"", 1, spec);
	test_free(&a.p);
	test_agent_open(&a, "linucb", "features = \"action\"", 1, spec); /* keeps no widths by id */
	for (size_t i = 0; i < a.p.inst->n_kept; i++)
		cr_assert(strcmp(a.p.inst->kept[i].name, "width"));
	test_free(&a.p);
	test_world_free(&w);
}
