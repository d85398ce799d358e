/* all and uniform: laws, inclusion, order, keys, legal lists, cost, bad input. */
#include "../plugin.h"

struct sampler {
	struct test_plugin p;
	const struct rho_sampler *table;
	struct rho_sampler_info info;
};

static int sampler_open(struct sampler *s, const char *name, const char *toml, uint64_t seed,
                        size_t n_actions, size_t slate)
{
	struct rho_sampler_spec spec = {
		.n_actions = n_actions, .actions = { .n = n_actions }, .lanes = 4, .slate = slate
	};
	memset(s, 0, sizeof *s);
	test_make(&s->p, RHO_SAMPLER, name, toml, seed);
	s->table = s->p.inst->module->plugin.sampler;
	return TEST_CALL(&s->p, "open", true, s->table->open(TEST_SELF(&s->p), &spec, &s->info));
}

/* One decision's set into cand; gives its size. */
static size_t draw(struct sampler *s, size_t n_actions, uint32_t lane, uint64_t tick, uint32_t *cand,
                   float *incl)
{
	size_t off[2];
	struct rho_ask ask = { .n = 1, .actions = { .n = n_actions }, .lane = &lane, .tick = &tick };
	struct rho_pool pool = { cand, off, incl };
	TEST_OK(&s->p, "draw", false, s->table->draw(TEST_SELF(&s->p), &ask, &pool));
	cr_assert_eq(off[0], 0);
	return off[1];
}

Test(all, says_so)
{
	struct sampler s;
	cr_assert_eq(sampler_open(&s, "all", "", 1, 10, 3), 0);
	cr_assert_eq(s.info.law, RHO_LAW_ALL);
	cr_assert_eq(s.info.max_k, 0);
	test_free(&s.p);
	cr_assert_eq(sampler_open(&s, "all", "", 1, 2, 3), RHO_EINVAL);
	HAS(s.p.why.at, "only 2");
	test_free(&s.p);
}

/* All ordered draws of 3 of 6 are equally likely, which is all the law says. */
Test(uniform, every_ordered_set_is_as_likely)
{
	enum { DRAWS = 60000 };
	struct sampler s;
	double *seen = calloc(216, sizeof *seen), expected[216] = { 0 }, included[6] = { 0 };
	cr_assert_eq(sampler_open(&s, "uniform", "k = 3", 1, 6, 1), 0);
	cr_assert_eq(s.info.law, RHO_LAW_UNIFORM);
	cr_assert_eq(s.info.max_k, 3);
	for (uint64_t d = 0; d < DRAWS; d++) {
		uint32_t c[3];
		float incl[3];
		cr_assert_eq(draw(&s, 6, d % 4, d / 4, c, incl), 3);
		seen[c[0] * 36 + c[1] * 6 + c[2]]++;
		for (int j = 0; j < 3; j++) {
			included[c[j]]++;
			cr_assert_eq(incl[j], 0.5f);
		}
	}
	for (size_t i = 0; i < 216; i++)
		if (i / 36 != i / 6 % 6 && i / 6 % 6 != i % 6 && i / 36 != i % 6)
			expected[i] = DRAWS / 120.0;
	cr_assert_leq(test_chi2(seen, expected, 216), test_chi2_limit(119));
	for (int i = 0; i < 6; i++)
		cr_assert_float_eq(included[i] / DRAWS, 0.5, 4.5 * sqrt(0.25 / DRAWS));
	test_free(&s.p);
	free(seen);
}

Test(uniform, inclusion_and_distinctness_at_size)
{
	enum { K = 5000, k = 137, DRAWS = 4000 };
	struct sampler s;
	double *seen = calloc(K, sizeof *seen), *expected = calloc(K, sizeof *expected);
	uint32_t cand[k], *last = calloc(K, sizeof *last);
	float incl[k];
	cr_assert_eq(sampler_open(&s, "uniform", "k = 137", 3, K, 1), 0);
	for (uint32_t d = 0; d < DRAWS; d++) {
		cr_assert_eq(draw(&s, K, 0, d, cand, incl), k);
		for (size_t j = 0; j < k; j++) {
			cr_assert_lt(cand[j], K);
			cr_assert_neq(last[cand[j]], d + 1, "%u is there twice", cand[j]);
			last[cand[j]] = d + 1;
			seen[cand[j]]++;
		}
		cr_assert_float_eq(incl[0], 137.0 / K, 1e-7);
	}
	for (size_t i = 0; i < K; i++)
		expected[i] = (double)DRAWS * k / K;
	/* without replacement counts vary a little less than chi-square supposes */
	cr_assert_leq(test_chi2(seen, expected, K), test_chi2_limit(K - 1));
	test_free(&s.p);
	free(seen);
	free(expected);
	free(last);
}

Test(uniform, all_of_them_is_a_permutation)
{
	struct sampler s;
	uint32_t cand[100], sum = 0, moved = 0;
	float incl[100];
	cr_assert_eq(sampler_open(&s, "uniform", "k = 100", 3, 100, 1), 0);
	cr_assert_eq(draw(&s, 100, 0, 0, cand, incl), 100);
	for (uint32_t j = 0; j < 100; j++) {
		sum += cand[j];
		moved += cand[j] != j;
	}
	cr_assert_eq(sum, 4950);
	cr_assert_gt(moved, 80);
	cr_assert_eq(incl[99], 1);
	test_free(&s.p);
}

/* A set can be drawn again from seed, lane and tick alone, in any order, in any batch. */
Test(uniform, a_set_is_keyed_by_seed_lane_and_tick)
{
	struct sampler a, b, other;
	uint32_t first[50], again[50], batch[200], legal_free[50];
	const uint32_t lane[4] = { 0, 1, 2, 3 };
	const uint64_t tick[4] = { 9, 0, 7, 9 };
	size_t off[5];
	float incl[200];
	cr_assert_eq(sampler_open(&a, "uniform", "k = 50", 11, 100000, 1), 0);
	cr_assert_eq(sampler_open(&b, "uniform", "k = 50", 11, 100000, 1), 0);
	cr_assert_eq(sampler_open(&other, "uniform", "k = 50", 12, 100000, 1), 0);
	for (uint64_t t = 0; t < 20; t++)
		draw(&a, 100000, 1, t, again, incl);
	draw(&a, 100000, 2, 7, first, incl);
	struct rho_ask ask = { .n = 4, .actions = { .n = 100000 }, .lane = lane, .tick = tick };
	struct rho_pool pool = { batch, off, incl };
	TEST_OK(&b.p, "draw", false, b.table->draw(TEST_SELF(&b.p), &ask, &pool));
	cr_assert(!memcmp(batch + off[2], first, sizeof first));
	cr_assert(memcmp(batch + off[0], batch + off[3], sizeof first));
	draw(&a, 100000, 2, 8, again, incl);
	cr_assert(memcmp(first, again, sizeof first));
	draw(&other, 100000, 2, 7, legal_free, incl);
	cr_assert(memcmp(first, legal_free, sizeof first));
	test_free(&a.p);
	test_free(&b.p);
	test_free(&other.p);
}

Test(uniform, draws_from_the_legal_list)
{
	struct sampler s;
	const uint32_t legal[] = { 50, 40, 30, 20, 10, 7, 3 }, lane[3] = { 0, 1, 2 };
	const size_t legal_off[] = { 0, 5, 6, 7 };
	const uint64_t tick[3] = { 0, 0, 0 };
	size_t off[4];
	uint32_t cand[9], seen[51] = { 0 };
	float incl[9];
	cr_assert_eq(sampler_open(&s, "uniform", "k = 3", 1, 60, 1), 0);
	struct rho_ask ask = { .n = 3,
		               .actions = { .n = 60 },
		               .legal = legal,
		               .legal_off = legal_off,
		               .lane = lane,
		               .tick = tick };
	struct rho_pool pool = { cand, off, incl };
	TEST_OK(&s.p, "draw", false, s.table->draw(TEST_SELF(&s.p), &ask, &pool));
	cr_assert(off[1] == 3 && off[2] == 4 && off[3] == 5);
	for (size_t j = 0; j < 3; j++) {
		cr_assert(cand[j] % 10 == 0 && !seen[cand[j]]++);
		cr_assert_float_eq(incl[j], 0.6, 1e-7);
	}
	cr_assert(cand[3] == 7 && cand[4] == 3 && incl[3] == 1 && incl[4] == 1);
	test_free(&s.p);
}

/* Work and memory are those of k: of 4,000 million actions a thousand sets are drawn at once, and
 * the sampler holds as many bytes as for ten thousand. */
Test(uniform, costs_nothing_for_more_actions)
{
	enum { k = 500 };
	const size_t many = 4000000000u;
	struct sampler few, s;
	uint32_t cand[k];
	float incl[k];
	double sum = 0;
	cr_assert_eq(sampler_open(&few, "uniform", "", 1, 10000, 1), 0);
	cr_assert_eq(sampler_open(&s, "uniform", "", 1, many, 1), 0);
	cr_assert_eq(s.p.world.used, few.p.world.used);
	for (uint64_t t = 0; t < 1000; t++) {
		cr_assert_eq(draw(&s, many, 0, t, cand, incl), k);
		for (size_t j = 0; j < k; j++)
			sum += (double)cand[j] / (double)many / 1000 / k;
	}
	cr_assert_float_eq(sum, 0.5, 4.5 * sqrt(1 / 12.0 / 1000 / k));
	test_free(&few.p);
	test_free(&s.p);
}

Test(uniform, refuses_what_cannot_be_drawn)
{
	struct sampler s;
	cr_assert_eq(sampler_open(&s, "uniform", "k = 500", 1, 120, 1), RHO_EINVAL);
	HAS(s.p.why.at, "k = 500");
	HAS(s.p.why.at, "120 actions");
	HAS(s.p.why.at, "at most 120");
	test_free(&s.p);
	cr_assert_eq(sampler_open(&s, "uniform", "k = 3", 1, 120, 5), RHO_EINVAL);
	HAS(s.p.why.at, "at least 5");
	test_free(&s.p);
}
