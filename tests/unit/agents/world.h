/* world.h: a small world of contexts and actions, and what every agent must stand up to in it. */
#ifndef TEST_AGENT_WORLD_H
#define TEST_AGENT_WORLD_H

#include "agent.h"

enum { WORLD_LANES = 8 };

struct test_world {
	struct rho_mat actions, contexts;
	struct rho_batch b; /* WORLD_LANES decisions among all actions */
	uint32_t lane[WORLD_LANES];
	struct rho_rng rng;
};

/* Numbers in [-1, 1), the same for a seed. a_dim or x_dim 0: none. */
static inline void test_world_make(struct test_world *w, size_t k, size_t a_dim, size_t x_dim, uint64_t seed)
{
	float *a = calloc(k * a_dim + 1, sizeof *a), *x = calloc(WORLD_LANES * x_dim + 1, sizeof *x);
	w->rng = rho_fork(&(struct rho_rng){ { seed, 1, 2, 3 } }, 0, 0);
	for (size_t i = 0; i < k * a_dim; i++)
		a[i] = (float)(2 * rho_unif(&w->rng) - 1);
	for (size_t i = 0; i < WORLD_LANES * x_dim; i++)
		x[i] = (float)(2 * rho_unif(&w->rng) - 1);
	for (uint32_t i = 0; i < WORLD_LANES; i++)
		w->lane[i] = i;
	w->actions = (struct rho_mat){ a, k, a_dim, a_dim };
	w->contexts = (struct rho_mat){ x, WORLD_LANES, x_dim, x_dim };
	w->b = (struct rho_batch){ .n = WORLD_LANES, .k = 1, .lane = w->lane };
	w->b.actions = (struct rho_rows){ a_dim ? &w->actions : NULL, NULL, 0, k };
	w->b.x = (struct rho_rows){ x_dim ? &w->contexts : NULL, NULL, 0, WORLD_LANES };
}

static inline void test_world_free(struct test_world *w)
{
	free((void *)(uintptr_t)w->actions.at);
	free((void *)(uintptr_t)w->contexts.at);
}

static inline struct rho_spec test_world_spec(const struct test_world *w)
{
	return (struct rho_spec){ .n_actions = w->actions.rows,
		                  .x_dim = w->contexts.cols,
		                  .action_dim = w->actions.cols,
		                  .lanes = WORLD_LANES,
		                  .reward_lo = 0,
		                  .reward_hi = 1 };
}

/* Rewards in 0 .. 1, better for lower ids. */
static inline void test_world_rewards(struct test_world *w, const uint32_t *action, float *reward)
{
	for (size_t i = 0; i < w->b.n; i++)
		reward[i] =
			rho_unif(&w->rng) < 1 / (1 + (double)action[i]) ? 1 : (float)rho_unif(&w->rng) / 2;
}

static inline void test_world_turn(struct test_world *w, struct test_agent *a, uint32_t *action, float *prob)
{
	float reward[WORLD_LANES];
	test_act(a, &w->b, action, prob);
	test_world_rewards(w, action, reward);
	cr_assert_eq(test_observe(a, &w->b, action, reward), 0, "%s", a->p.why.at);
}

/* Kept arrays and streams of one instance, in another one made with another seed: they go on alike. */
static inline void test_resumes(const char *name, const char *toml, struct test_world *w)
{
	struct test_agent a, b;
	uint32_t one[WORLD_LANES], other[WORLD_LANES];
	float p[WORLD_LANES], q[WORLD_LANES];
	test_agent_open(&a, name, toml, 1, test_world_spec(w));
	test_agent_open(&b, name, toml, 2, test_world_spec(w));
	for (int t = 0; t < 40; t++)
		test_world_turn(w, &a, one, p);
	test_copy_kept(&a.p, &b.p);
	if (b.agent->loaded)
		TEST_OK(&b.p, "loaded", false, b.agent->loaded(TEST_SELF(&b.p)));
	for (int t = 0; t < 40; t++) {
		float reward[WORLD_LANES];
		test_act(&a, &w->b, one, p);
		test_act(&b, &w->b, other, q);
		cr_assert(!memcmp(one, other, sizeof one), "%s: other choices at turn %d", name, t);
		cr_assert(!memcmp(p, q, sizeof p), "%s: other probabilities at turn %d", name, t);
		test_world_rewards(w, one, reward);
		cr_assert_eq(test_observe(&a, &w->b, one, reward), 0);
		cr_assert_eq(test_observe(&b, &w->b, one, reward), 0);
	}
	test_free(&a.p);
	test_free(&b.p);
}

/* Rewards that are no numbers are refused with a sentence that names the action. */
static inline void test_refuses(const char *name, const char *toml, struct test_world *w)
{
	static const float bad[] = { NAN, INFINITY, -INFINITY };
	struct test_agent a;
	uint32_t action[WORLD_LANES];
	float p[WORLD_LANES];
	test_agent_open(&a, name, toml, 1, test_world_spec(w));
	for (int t = 0; t < 10; t++)
		test_world_turn(w, &a, action, p);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		float reward[WORLD_LANES] = { bad[i] };
		cr_assert_eq(test_observe(&a, &w->b, action, reward), RHO_EINVAL, "%s takes %g", name,
		             (double)bad[i]);
		HAS(a.p.why.at, "action");
	}
	test_act(&a, &w->b, action, p);
	test_free(&a.p);
}

/* With one action there is one choice. */
static inline void test_single(const char *name, const char *toml, size_t a_dim, size_t x_dim)
{
	struct test_world w;
	struct test_agent a;
	uint32_t action[WORLD_LANES];
	float p[WORLD_LANES];
	test_world_make(&w, 1, a_dim, x_dim, 5);
	test_agent_open(&a, name, toml, 1, test_world_spec(&w));
	for (int t = 0; t < 20; t++) {
		test_world_turn(&w, &a, action, p);
		for (size_t i = 0; i < WORLD_LANES; i++)
			cr_assert(action[i] == 0 && (p[i] == 1 || isnan(p[i])), "%s: %u, %g", name, action[i],
			          (double)p[i]);
	}
	test_free(&a.p);
	test_world_free(&w);
}

/* act in each decision is the first of the highest score that rank gives. */
static inline void test_acts_as_ranked(struct test_agent *a, const struct rho_batch *b)
{
	size_t n = b->actions.n;
	float *score = calloc(b->n * n, sizeof *score), explore[WORLD_LANES], p[WORLD_LANES];
	uint32_t action[WORLD_LANES];
	test_act(a, b, action, p);
	test_rank(a, b, score, explore);
	for (size_t i = 0; i < b->n; i++) {
		size_t best = rho_cand_at(b, i), at = best;
		for (size_t j = 0; j < rho_n_cand(b, i); j++)
			best = score[at + j] > score[best] ? at + j : best;
		cr_assert_eq(action[i], rho_cand(b, i, best - at));
		cr_assert_eq(explore[i], 0);
	}
	free(score);
}

#endif
