/* planted.h: problems whose answer is known, for agents that learn on features. */
#ifndef TEST_AGENT_PLANTED_H
#define TEST_AGENT_PLANTED_H

#include "world.h"

/* How an action's chance of a reward hangs on t, the inner product of a hidden vector with x * a. */
enum planted { PLANTED_LOGISTIC, PLANTED_BUMP };

static inline double test_chance(enum planted how, double t)
{
	return how == PLANTED_LOGISTIC ? 1 / (1 + exp(-3 * t)) : exp(-16 * t * t);
}

/* Coins of 0 and 1 among 80 actions of 6 dimensions, in eight contexts: (what the last 50 of `turns` turns
 * gain - uniform choice) / (best - uniform). */
static inline double test_gain(const char *name, const char *toml, enum planted how, int turns)
{
	enum { ACTIONS = 80, DIM = 6, LAST = 50 };
	struct test_world w;
	struct test_agent t;
	double hidden[DIM], chance[WORLD_LANES][ACTIONS], uniform = 0, best = 0, got = 0;
	test_world_make(&w, ACTIONS, DIM, DIM, 11);
	for (size_t j = 0; j < DIM; j++)
		hidden[j] = 2 * rho_unif(&w.rng) - 1;
	for (size_t i = 0; i < WORLD_LANES; i++) {
		double top = 0;
		for (size_t k = 0; k < ACTIONS; k++) {
			double sum = 0;
			for (size_t j = 0; j < DIM; j++)
				sum += hidden[j] * (double)w.contexts.at[i * DIM + j] *
				       (double)w.actions.at[k * DIM + j];
			chance[i][k] = test_chance(how, sum);
			uniform += chance[i][k] / (WORLD_LANES * ACTIONS);
			top = fmax(top, chance[i][k]);
		}
		best += top / WORLD_LANES;
	}
	test_agent_open(&t, name, toml, 4, test_world_spec(&w));
	for (int turn = 0; turn < turns; turn++) {
		uint32_t action[WORLD_LANES];
		float p[WORLD_LANES], reward[WORLD_LANES];
		test_act(&t, &w.b, action, p);
		for (size_t i = 0; i < WORLD_LANES; i++) {
			got += turn >= turns - LAST ? chance[i][action[i]] / (WORLD_LANES * LAST) : 0;
			reward[i] = rho_unif(&w.rng) < chance[i][action[i]] ? 1 : 0;
		}
		cr_assert_eq(test_observe(&t, &w.b, action, reward), 0, "%s", t.p.why.at);
	}
	test_free(&t.p);
	test_world_free(&w);
	return (got - uniform) / (best - uniform);
}

/* All kept arrays and streams, end to end. */
static inline size_t test_state(const struct test_plugin *p, unsigned char *out)
{
	static const size_t size[] = {
		[RHO_F32_ARRAY] = 4, [RHO_F64_ARRAY] = 8, [RHO_U64_ARRAY] = 8, [RHO_U32_ARRAY] = 4
	};
	size_t at = 0;
	for (size_t i = 0; i < p->inst->n_kept; i++) {
		const struct rho_kept *k = &p->inst->kept[i];
		if (out)
			memcpy(out + at, k->at, k->rows * k->cols * size[k->type]);
		at += k->rows * k->cols * size[k->type];
	}
	for (size_t i = 0; i < p->inst->n_streams; i++) {
		if (out)
			memcpy(out + at, &p->inst->streams[i]->rng, sizeof(struct rho_rng));
		at += sizeof(struct rho_rng);
	}
	return at;
}

/* A batch with one reward that cannot be learned from teaches nothing at all, and the error names it. */
static inline void test_untouched(const char *name, const char *toml)
{
	static const float bad[] = { NAN, 1e30f, -1e30f };
	struct test_world w;
	struct test_agent t;
	uint32_t action[WORLD_LANES];
	float p[WORLD_LANES];
	test_world_make(&w, 20, 5, 5, 3);
	test_agent_open(&t, name, toml, 1, test_world_spec(&w));
	for (int turn = 0; turn < 20; turn++)
		test_world_turn(&w, &t, action, p);
	size_t n = test_state(&t.p, NULL);
	unsigned char *before = calloc(2, n), *after = before + n;
	test_state(&t.p, before);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		float reward[WORLD_LANES] = { 1, 0, 1, 0, bad[i] };
		char says[64];
		cr_assert_eq(test_observe(&t, &w.b, action, reward), RHO_EINVAL, "%s takes %g", name,
		             (double)bad[i]);
		snprintf(says, sizeof says, "reward %g of action %u", (double)bad[i], action[4]);
		HAS(t.p.why.at, says);
		test_state(&t.p, after);
		cr_assert(!memcmp(before, after, n), "%s learns beside a reward of %g", name, (double)bad[i]);
	}
	free(before);
	test_free(&t.p);
	test_world_free(&w);
}

/* Lists of several lengths: prob and dist of the batch are those of each decision alone. */
static inline void test_alone(const char *name, const char *toml)
{
	enum { ACTIONS = 40 };
	struct test_world w;
	struct test_agent t;
	uint32_t action[WORLD_LANES], cand[WORLD_LANES * ACTIONS];
	size_t off[WORLD_LANES + 1] = { 0 };
	float p[WORLD_LANES], q[WORLD_LANES], dist[WORLD_LANES * ACTIONS], mine[ACTIONS];
	test_world_make(&w, ACTIONS, 5, 5, 3);
	test_agent_open(&t, name, toml, 1, test_world_spec(&w));
	for (int turn = 0; turn < 20; turn++)
		test_world_turn(&w, &t, action, p);
	struct rho_batch b = w.b;
	b.cand = cand;
	b.cand_off = off;
	for (size_t i = 0; i < WORLD_LANES; i++) {
		off[i + 1] = off[i] + (i % 3 ? 1 + 5 * i : ACTIONS);
		for (size_t j = off[i]; j < off[i + 1]; j++)
			cand[j] = (uint32_t)(((j - off[i]) * 7 + i) % ACTIONS);
	}
	test_act(&t, &b, action, p);
	test_prob(&t, &b, action, q);
	test_dist(&t, &b, dist);
	cr_assert(!memcmp(p, q, sizeof p));
	for (size_t i = 0; i < WORLD_LANES; i++) {
		const size_t own[2] = { 0, off[i + 1] - off[i] };
		struct rho_batch one = b;
		one.n = 1;
		one.x = rho_slice(b.x, i, 1);
		one.lane = b.lane + i;
		one.cand = cand + off[i];
		one.cand_off = own;
		test_prob(&t, &one, action + i, q);
		test_dist(&t, &one, mine);
		cr_assert(!memcmp(q, p + i, sizeof *q), "%s, decision %zu: %g alone, %g in the batch", name,
		          i, (double)q[0], (double)p[i]);
		cr_assert(!memcmp(mine, dist + off[i], own[1] * sizeof *mine));
	}
	test_free(&t.p);
	test_world_free(&w);
}

/* Copies of all actions behind them change no choice among distinct vectors. */
static inline void test_duplicates(const char *name, const char *toml)
{
	enum { ACTIONS = 25, TIMES = 40, DIM = 5 };
	struct test_world w, many;
	struct test_agent a, b;
	test_world_make(&w, ACTIONS, DIM, DIM, 3);
	test_world_make(&many, ACTIONS * TIMES, DIM, DIM, 3);
	float *copies = (float *)(uintptr_t)many.actions.at;
	for (size_t k = 0; k < ACTIONS * TIMES; k++)
		memcpy(copies + k * DIM, w.actions.at + k % ACTIONS * DIM, DIM * sizeof *copies);
	many.b.x = w.b.x;
	test_agent_open(&a, name, toml, 1, test_world_spec(&w));
	test_agent_open(&b, name, toml, 1, test_world_spec(&many));
	for (int turn = 0; turn < 25; turn++) {
		uint32_t one[WORLD_LANES], other[WORLD_LANES];
		float p[WORLD_LANES], reward[WORLD_LANES];
		test_act(&a, &w.b, one, p);
		test_act(&b, &many.b, other, p);
		for (size_t i = 0; i < WORLD_LANES; i++)
			cr_assert_eq(one[i], other[i] % ACTIONS, "%s: other choices at turn %d", name, turn);
		test_world_rewards(&w, one, reward);
		cr_assert_eq(test_observe(&a, &w.b, one, reward), 0);
		cr_assert_eq(test_observe(&b, &many.b, other, reward), 0);
	}
	test_free(&a.p);
	test_free(&b.p);
	test_world_free(&w);
	test_world_free(&many);
}

/* Choices in one decision fit the probabilities that another instance has estimated from its own draws. */
static inline void test_estimates(const char *name, const char *toml)
{
	enum { DRAWS = 8000, FEW = 6, ESTIMATE = 8000 };
	struct test_world w;
	struct test_agent t;
	uint32_t action[WORLD_LANES];
	double seen[FEW] = { 0 };
	float dist[WORLD_LANES * FEW], p[WORLD_LANES], sum = 0;
	char with[300];
	test_world_make(&w, FEW, 3, 3, 8);
	snprintf(with, sizeof with, "propensity_draws = %d\n%s", ESTIMATE, toml);
	test_agent_open(&t, name, with, 5, test_world_spec(&w));
	struct rho_batch b = w.b;
	b.n = 1;
	for (uint32_t k = 0; k < 3; k++)
		cr_assert_eq(test_observe(&t, &b, &k, &(float){ 1 }), 0, "%s", t.p.why.at);
	test_dist(&t, &b, dist);
	for (uint32_t j = 0; j < FEW; j++) {
		test_prob(&t, &b, &j, p);
		cr_assert_eq(p[0], dist[j]);
		sum += p[0];
	}
	cr_assert_float_eq(sum, 1, 1e-5);
	test_free(&t.p);
	test_agent_open(&t, name, toml, 5, test_world_spec(&w));
	for (uint32_t k = 0; k < 3; k++)
		cr_assert_eq(test_observe(&t, &b, &k, &(float){ 1 }), 0);
	for (int d = 0; d < DRAWS; d++) {
		test_act(&t, &b, action, p);
		cr_assert(isnan(p[0]));
		seen[action[0]]++;
	}
	for (size_t j = 0; j < FEW; j++) { /* two estimates of one probability */
		double f = (double)dist[j], sd = sqrt(f * (1 - f) * (1.0 / DRAWS + 1.0 / ESTIMATE));
		cr_assert_leq(fabs(seen[j] / DRAWS - f), 4.5 * sd + 2e-4, "%s: action %zu: %g, not %g",
		              name, j, seen[j] / DRAWS, f);
	}
	b.flags = RHO_GREEDY; /* the mean alone: no luck, and the probability is known */
	struct rho_rng before = t.p.inst->streams[0]->rng;
	test_act(&t, &b, action, p);
	cr_assert_eq(p[0], 1);
	for (size_t i = 0; i < t.p.inst->n_streams; i++)
		if (!strcmp(t.p.inst->streams[i]->name, "draw"))
			before = t.p.inst->streams[i]->rng;
	test_act(&t, &b, action + 1, p);
	test_prob(&t, &b, action, p);
	cr_assert(action[0] == action[1] && p[0] == 1);
	for (size_t i = 0; i < t.p.inst->n_streams; i++)
		if (!strcmp(t.p.inst->streams[i]->name, "draw"))
			cr_assert(!memcmp(&before, &t.p.inst->streams[i]->rng, sizeof before));
	test_free(&t.p);
	test_world_free(&w);
}

/* open gives EINVAL and a sentence that says `part`. */
static inline void test_open_refused(const char *name, const char *toml, struct rho_spec spec,
                                     const char *part)
{
	struct test_agent t;
	test_agent_make(&t, name, toml, 1, spec);
	cr_assert_eq(TEST_CALL(&t.p, "open", true, t.agent->open(TEST_SELF(&t.p), &t.spec)), RHO_EINVAL);
	HAS(t.p.why.at, part);
	test_free(&t.p);
}

#endif
