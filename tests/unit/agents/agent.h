/* agent.h: an opened agent, and batches for it. */
#ifndef TEST_AGENT_H
#define TEST_AGENT_H

#include "../plugin.h"

struct test_agent {
	struct test_plugin p;
	const struct rho_agent *agent;
	struct rho_spec spec;
};

static inline void test_agent_make(struct test_agent *a, const char *name, const char *toml, uint64_t seed,
                                   struct rho_spec spec)
{
	test_make(&a->p, RHO_AGENT, name, toml, seed);
	a->agent = a->p.inst->module->plugin.agent;
	a->spec = spec;
	a->spec.lanes = spec.lanes ? spec.lanes : 1;
	a->spec.slate = spec.slate ? spec.slate : 1;
	a->spec.max_cand = spec.max_cand ? spec.max_cand : spec.n_actions;
	a->spec.horizon = 1;
}

static inline void test_agent_open(struct test_agent *a, const char *name, const char *toml, uint64_t seed,
                                   struct rho_spec spec)
{
	test_agent_make(a, name, toml, seed, spec);
	TEST_OK(&a->p, "open", true, a->agent->open(TEST_SELF(&a->p), &a->spec));
}

static inline void test_act(struct test_agent *a, const struct rho_batch *b, uint32_t *action, float *prob)
{
	struct rho_choice out = { action, prob };
	TEST_OK(&a->p, "act", false, a->agent->act(TEST_SELF(&a->p), b, &out));
}

static inline void test_prob(struct test_agent *a, const struct rho_batch *b, const uint32_t *action,
                             float *p)
{
	TEST_OK(&a->p, "prob", false, a->agent->prob(TEST_SELF(&a->p), b, action, p));
}

static inline void test_dist(struct test_agent *a, const struct rho_batch *b, float *p)
{
	TEST_OK(&a->p, "dist", false, a->agent->dist(TEST_SELF(&a->p), b, p));
}

static inline void test_rank(struct test_agent *a, const struct rho_batch *b, float *score, float *explore)
{
	TEST_OK(&a->p, "rank", false, a->agent->rank(TEST_SELF(&a->p), b, score, explore));
}

static inline int test_observe(struct test_agent *a, const struct rho_batch *b, const uint32_t *action,
                               const float *reward)
{
	float prob[64];
	uint8_t end[64];
	cr_assert_leq(b->n * b->k, 64);
	for (size_t i = 0; i < b->n * b->k; i++)
		prob[i] = 1;
	memset(end, RHO_TERMINATED, sizeof end);
	struct rho_feedback f = { .posed = b, .action = action, .prob = prob, .reward = reward, .end = end };
	return TEST_CALL(&a->p, "observe", false, a->agent->observe(TEST_SELF(&a->p), &f));
}

/* Frequencies of act in one decision against dist, over `draws` draws. */
static inline void test_frequencies(struct test_agent *a, const struct rho_batch *b, size_t draws)
{
	size_t n = rho_n_cand(b, 0), df = 0;
	float *dist = calloc(n, sizeof *dist), p;
	double *seen = calloc(n, sizeof *seen), *expected = calloc(n, sizeof *expected), sum = 0;
	test_dist(a, b, dist);
	for (size_t d = 0; d < draws; d++) {
		uint32_t action;
		size_t j = 0;
		test_act(a, b, &action, &p);
		while (j < n && rho_cand(b, 0, j) != action)
			j++;
		cr_assert_lt(j, n, "action %u is not a candidate", action);
		cr_assert_eq(p, dist[j]);
		seen[j]++;
	}
	for (size_t j = 0; j < n; j++) {
		expected[j] = (double)dist[j] * (double)draws;
		df += dist[j] > 0;
		sum += (double)dist[j];
		uint32_t action = rho_cand(b, 0, j);
		test_prob(a, b, &action, &p);
		cr_assert_eq(p, dist[j]);
	}
	cr_assert_float_eq(sum, 1, 1e-5);
	double chi2 = test_chi2(seen, expected, n);
	cr_assert_leq(chi2, df > 1 ? test_chi2_limit((double)(df - 1)) : 0);
	free(dist);
	free(seen);
	free(expected);
}

#endif
