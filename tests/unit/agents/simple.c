/* random and epsilon_greedy: distributions, ties, candidate lists, slates. */
#include "agent.h"

static const uint32_t one_lane[1];

static struct rho_batch all_of(size_t n_actions)
{
	return (struct rho_batch){ .n = 1, .k = 1, .actions = { .n = n_actions }, .lane = one_lane };
}

static const uint32_t list[] = { 7, 2, 5, 9 };
static const size_t list_off[] = { 0, 4 };

static struct rho_batch of_list(size_t n_actions)
{
	struct rho_batch b = all_of(n_actions);
	b.cand = list;
	b.cand_off = list_off;
	return b;
}

Test(random, is_uniform_over_all_and_over_a_list)
{
	struct test_agent a;
	struct rho_batch all = all_of(13), some = of_list(13);
	test_agent_open(&a, "random", "", 1, (struct rho_spec){ .n_actions = 13 });
	test_frequencies(&a, &all, 20000);
	test_frequencies(&a, &some, 20000);
	all.flags = RHO_GREEDY;
	test_frequencies(&a, &all, 20000);
	test_free(&a.p);
}

Test(random, slates_are_distinct_and_every_order_is_as_likely)
{
	struct test_agent a;
	struct rho_batch b = all_of(5);
	double seen[125] = { 0 }, expected[125] = { 0 };
	enum { DRAWS = 30000 };
	b.k = 3;
	test_agent_open(&a, "random", "", 2, (struct rho_spec){ .n_actions = 5, .slate = 3 });
	for (int d = 0; d < DRAWS; d++) {
		uint32_t s[3];
		float p[3], q[3];
		test_act(&a, &b, s, p);
		test_prob(&a, &b, s, q);
		cr_assert_float_eq(p[0], 1.0 / 5, 1e-7);
		cr_assert_float_eq(p[1], 1.0 / 4, 1e-7);
		cr_assert_float_eq(p[2], 1.0 / 3, 1e-7);
		cr_assert(!memcmp(p, q, sizeof p));
		seen[s[0] * 25 + s[1] * 5 + s[2]]++;
	}
	for (size_t i = 0; i < 125; i++)
		if (i / 25 != i / 5 % 5 && i / 5 % 5 != i % 5 && i / 25 != i % 5)
			expected[i] = DRAWS / 60.0;
	cr_assert_leq(test_chi2(seen, expected, 125), test_chi2_limit(59));
	test_free(&a.p);
}

Test(random, a_slate_of_everything)
{
	struct test_agent a;
	struct rho_batch b = of_list(10);
	uint32_t s[4], sum = 0;
	float p[4];
	b.k = 4;
	test_agent_open(&a, "random", "", 3, (struct rho_spec){ .n_actions = 10, .slate = 4 });
	test_act(&a, &b, s, p);
	for (int i = 0; i < 4; i++)
		sum += 1u << s[i];
	cr_assert_eq(sum, 1u << 7 | 1u << 2 | 1u << 5 | 1u << 9);
	cr_assert_eq(p[3], 1);
	test_free(&a.p);
}

Test(random, says_that_it_always_explores)
{
	struct test_agent a;
	struct rho_batch b = of_list(10);
	float score[4] = { 1, 2, 3, 4 }, explore = 0;
	test_agent_open(&a, "random", "", 3, (struct rho_spec){ .n_actions = 10 });
	test_rank(&a, &b, score, &explore);
	cr_assert_eq(explore, 1);
	cr_assert(score[0] == 0 && score[3] == 0);
	test_free(&a.p);
}

Test(epsilon_greedy, ties_go_to_the_first_in_the_list)
{
	struct test_agent a;
	struct rho_batch b = of_list(10);
	uint32_t action;
	float p;
	test_agent_open(&a, "epsilon_greedy", "epsilon = 0.0", 1, (struct rho_spec){ .n_actions = 10 });
	test_act(&a, &b, &action, &p);
	cr_assert_eq(action, 7);
	cr_assert_eq(p, 1);
	test_free(&a.p);
}

Test(epsilon_greedy, learns_means_and_states_its_distribution)
{
	struct test_agent a;
	struct rho_batch b = of_list(10), all = all_of(10);
	const uint32_t action[] = { 5, 2, 5, 5, 0 };
	const float reward[] = { 1, 0.5f, 0, 0.5f, 0.75f };
	float dist[10], score[10], explore;
	test_agent_open(&a, "epsilon_greedy", "epsilon = 0.2", 1, (struct rho_spec){ .n_actions = 10 });
	for (int i = 0; i < 5; i++)
		cr_assert_eq(test_observe(&a, &all, &action[i], &reward[i]), 0);
	test_rank(&a, &b, score, &explore);
	cr_assert_float_eq(explore, 0.2, 1e-7);
	cr_assert_float_eq(score[2], 0.5, 1e-7); /* action 5: mean of 1, 0, 0.5 */
	cr_assert_float_eq(score[1], 0.5, 1e-7); /* action 2 stands before it */
	test_dist(&a, &b, dist);
	cr_assert_float_eq(dist[1], 0.85, 1e-6);
	cr_assert_float_eq(dist[2], 0.05, 1e-6);
	test_dist(&a, &all, dist);
	cr_assert_float_eq(dist[0], 0.82, 1e-6);
	test_frequencies(&a, &b, 20000);
	test_frequencies(&a, &all, 20000);
	all.flags = RHO_GREEDY;
	test_frequencies(&a, &all, 100);
	test_free(&a.p);
}

Test(epsilon_greedy, lists_of_several_decisions_lie_end_to_end)
{
	struct test_agent a;
	const uint32_t cand[] = { 3, 1, 2, 0, 1 }, lane[] = { 0, 1 };
	const size_t off[] = { 0, 2, 5 };
	struct rho_batch one = all_of(4), b = { .n = 2,
		                                .k = 1,
		                                .actions = { .n = 4 },
		                                .cand = cand,
		                                .cand_off = off,
		                                .lane = lane,
		                                .flags = RHO_GREEDY };
	const uint32_t taken = 0;
	const float paid = 1;
	uint32_t action[2];
	float p[2], dist[5], score[5], explore[2];
	test_agent_open(&a, "epsilon_greedy", "", 1, (struct rho_spec){ .n_actions = 4, .lanes = 2 });
	cr_assert_eq(test_observe(&a, &one, &taken, &paid), 0);
	test_act(&a, &b, action, p);
	cr_assert(action[0] == 3 && action[1] == 0);
	test_dist(&a, &b, dist);
	cr_assert(dist[0] == 1 && dist[1] == 0 && dist[2] == 0 && dist[3] == 1 && dist[4] == 0);
	test_rank(&a, &b, score, explore);
	cr_assert(score[3] == 1 && score[0] == 0 && score[4] == 0 && explore[0] == 0 && explore[1] == 0);
	test_free(&a.p);
}
