/* Every agent that was built, among ten thousand copies of actions and in the smallest and largest worlds. What
 * copies change is what an agent's definition says, and nothing else: `agents` states it for each. And what an
 * agent makes of a checkpoint that nobody wrote. */
#include "built.h"
#include "world.h"

enum {
	K = 12, /* distinct actions; the fourth is zero */
	D = 6,
	KINDS = 5, /* of these there are copies, in turn, behind all distinct ones */
	COPIES = 10000,
	MANY = K + COPIES,
	N = WORLD_LANES,
	LEARN = 60 /* batches of N rewards, the same whether there are copies or not */
};

enum law {
	FIRST,   /* nothing: the first of equals is chosen, and every probability stays to the bit */
	DRAWN,   /* nothing: equal draws lead to equal choices (no probabilities are stated) */
	UNIFORM, /* every candidate is as likely, so a vector counts as often as it is there */
	EPSILON, /* that, with probability epsilon; the best mean otherwise */
	SOFTMAX, /* a copy is as likely as its original; ratios among the distinct ones stay */
	GAPS,    /* 1/p less the number of candidates stays: it is the gap */
	ITSELF,  /* learns each action for itself: copies are new, the first of them is chosen as if it were alone */
	BETA,    /* draws each action for itself: one of the new ones wins, each as often */
	TEXTS    /* reads texts, and this world has none: it refuses to open (bm25.c has its copies) */
};

static const struct {
	const char *name;
	enum law law;
	const char *toml;
} agents[] = {
	{ "bm25", TEXTS, "" },
	{ "boltzmann", SOFTMAX, "estimate = \"linear\"\ntau = 0.3" },
	{ "bootstrap", FIRST, "" },
	{ "epsilon_greedy", EPSILON, "epsilon = 0.25" },
	{ "klucb", ITSELF, "" },
	{ "linucb", FIRST, "" },
	{ "linucb_disjoint", ITSELF, "" },
	{ "linucb_hybrid", ITSELF, "" },
	{ "logistic_ts", DRAWN, "" },
	{ "logistic_ucb", FIRST, "" },
	{ "nearest", FIRST, "" },
	{ "neural_linear", DRAWN, "" },
	{ "neural_ucb", FIRST, "" },
	{ "random", UNIFORM, "" },
	{ "spanner_greedy", FIRST, "" },
	{ "spanner_igw", FIRST, "" },
	{ "squarecb", GAPS, "" },
	{ "thompson", DRAWN, "" },
	{ "thompson_beta", BETA, "" },
	{ "ucb1", ITSELF, "" },
};

/* The agent's place in `agents`, which must have one for each that is built. */
static size_t place_of(const char *name)
{
	size_t i = 0;
	while (i < sizeof agents / sizeof *agents && strcmp(agents[i].name, name))
		i++;
	cr_assert_lt(i, sizeof agents / sizeof *agents, "say here what copies change for agent %s", name);
	return i;
}

/* An agent that faces the first n actions of a world. */
struct side {
	struct test_agent t;
	struct rho_mat actions;
	struct rho_batch b;
};

static void open_side(struct side *s, const char *name, const char *toml, const struct test_world *w, size_t n)
{
	struct rho_spec spec = test_world_spec(w);
	spec.n_actions = n;
	s->actions = w->actions;
	s->actions.rows = n;
	s->b = w->b;
	s->b.actions = (struct rho_rows){ s->actions.cols ? &s->actions : NULL, NULL, 0, n };
	test_agent_open(&s->t, name, toml, 3, spec);
}

static bool refuses_without_texts(const char *name, const struct test_world *w)
{
	struct test_agent a;
	if (agents[place_of(name)].law != TEXTS)
		return false;
	test_agent_make(&a, name, "", 3, test_world_spec(w));
	cr_assert_eq(TEST_CALL(&a.p, "open", true, a.agent->open(TEST_SELF(&a.p), &a.spec)), RHO_EINVAL);
	HAS(a.p.why.at, "texts");
	test_free(&a.p);
	return true;
}

/* Rewards of distinct actions in turn, better for higher ids. */
static void teach(struct side *s, size_t distinct)
{
	struct rho_rng rng = { { 9, 8, 7, 6 } };
	for (size_t t = 0; t < LEARN && s->t.agent->observe; t++) {
		uint32_t action[N];
		float reward[N];
		for (size_t i = 0; i < N; i++) {
			action[i] = (uint32_t)((t * N + i) % distinct);
			reward[i] = rho_unif(&rng) < 0.2 + 0.05 * action[i] ? 1 : 0;
		}
		cr_assert_eq(test_observe(&s->t, &s->b, action, reward), 0, "%s", s->t.p.why.at);
	}
}

/* p (n) of a decision among n, q (MANY) of the same one among all. */
static void judge(const char *name, enum law law, const float *p, size_t n, const float *q)
{
	size_t best = 0;
	for (size_t j = 0; j < n; j++)
		best = p[j] > p[best] ? j : best;
	for (size_t j = 0; j < MANY; j++) {
		size_t like = j < n ? j : j < K ? j : (j - K) % KINDS; /* its original */
		double mine = (double)q[j], its = (double)p[like], want = mine, slack = 1e-6;
		if (law == FIRST || law == ITSELF) {
			want = j < n ? its : 0;
			slack = 0;
		} else if (law == UNIFORM) {
			want = 1.0 / MANY;
		} else if (law == EPSILON) {
			want = 0.25 / MANY + (j == best ? 0.75 : 0);
		} else if (law == SOFTMAX) {
			want = its / (double)p[best] * (double)q[best];
			slack = 1e-4 * want;
		} else if (law == GAPS && j != best) {
			want = 1 / ((like == best ? 0 : 1 / its - K) + MANY);
			slack = 1e-5 * want;
		}
		cr_assert_leq(fabs(mine - want), slack, "%s: action %zu has probability %g, not %g", name, j, mine,
		              want);
	}
}

/* Which of the copied vectors are chosen: each as often, and hardly ever one that was learned about. */
static void judge_draws(const char *name, struct side *many)
{
	double seen[KINDS] = { 0 }, expected[KINDS], known = 0;
	for (int t = 0; t < 30; t++) {
		uint32_t action[N];
		float p[N];
		test_act(&many->t, &many->b, action, p);
		for (size_t i = 0; i < N; i++) {
			known += action[i] < K;
			seen[action[i] < K ? 0 : (action[i] - K) % KINDS] += action[i] >= K;
		}
	}
	cr_assert_leq(known, 10, "%s", name);
	for (size_t i = 0; i < KINDS; i++)
		expected[i] = (30 * N - known) / KINDS;
	cr_assert_leq(test_chi2(seen, expected, KINDS), test_chi2_limit(KINDS - 1), "%s", name);
}

static void same_choices(const char *name, struct side *few, struct side *many)
{
	for (int t = 0; t < 5; t++) {
		uint32_t one[N], other[N];
		float p[N];
		test_act(&few->t, &few->b, one, p);
		test_act(&many->t, &many->b, other, p);
		for (size_t i = 0; i < N; i++)
			cr_assert_eq(one[i], other[i], "%s: chose %u, and %u with copies", name, one[i], other[i]);
	}
}

Test(every_agent, ten_thousand_copies)
{
	static float p[N * (K + KINDS)], q[N * MANY];
	static struct names built;
	struct test_world w;
	find_built("agent", &built);
	test_world_make(&w, MANY, D, D, 23);
	float *a = (float *)(uintptr_t)w.actions.at;
	memset(a + 3 * D, 0, D * sizeof *a);
	for (size_t j = K; j < MANY; j++)
		memcpy(a + j * D, a + (j - K) % KINDS * D, D * sizeof *a);
	for (size_t i = 0; i < built.n; i++) {
		const char *name = built.at[i];
		size_t at = place_of(name), n = agents[at].law == ITSELF ? K + KINDS : K;
		struct side few, many;
		if (refuses_without_texts(name, &w))
			continue;
		open_side(&few, name, agents[at].toml, &w, n);
		open_side(&many, name, agents[at].toml, &w, MANY);
		teach(&few, K);
		teach(&many, K);
		if (agents[at].law == BETA) {
			judge_draws(name, &many);
		} else if (agents[at].law == DRAWN) {
			same_choices(name, &few, &many);
		} else {
			test_dist(&few.t, &few.b, p);
			test_dist(&many.t, &many.b, q);
			for (size_t d = 0; d < N; d++)
				judge(name, agents[at].law, p + d * n, n, q + d * MANY);
		}
		test_free(&few.t.p);
		test_free(&many.t.p);
	}
	test_world_free(&w);
}

/* A few turns in a world of k actions of d numbers; whatever is chosen is there, and has a probability. */
static void live_in(const char *name, const char *toml, size_t k, size_t d, bool zeros, int turns)
{
	struct test_world w;
	struct side s;
	test_world_make(&w, k, d, d, 31);
	if (zeros) {
		memset((void *)(uintptr_t)w.actions.at, 0, k * d * sizeof(float));
		memset((void *)(uintptr_t)w.contexts.at, 0, N * d * sizeof(float));
	}
	if (d > 1000) /* embeddings are about 1 long; what is drawn is not */
		for (size_t j = 0; j < k * d; j++)
			((float *)(uintptr_t)w.actions.at)[j] /= 40;
	open_side(&s, name, toml, &w, k);
	s.b.n = s.b.x.n = d > 1000 ? 1 : N;
	for (int t = 0; t < turns; t++) {
		uint32_t action[N];
		float p[N], reward[N] = { 1, 0, 0.5f };
		test_act(&s.t, &s.b, action, p);
		for (size_t i = 0; i < s.b.n; i++)
			cr_assert(action[i] < k && (isnan(p[i]) || (p[i] > 0 && p[i] <= 1)),
			          "%s, %zu actions of %zu numbers: %u with %g", name, k, d, action[i], (double)p[i]);
		if (s.t.agent->observe)
			cr_assert_eq(test_observe(&s.t, &s.b, action, reward), 0, "%s: %s", name,
			             s.t.p.why.at);
	}
	test_free(&s.t.p);
	test_world_free(&w);
}

Test(every_agent, one_action_one_number_nothing_but_zeros_and_very_long_rows)
{
	static struct names built;
	find_built("agent", &built);
	for (size_t i = 0; i < built.n; i++) {
		const char *name = built.at[i], *toml = agents[place_of(name)].toml;
		if (agents[place_of(name)].law == TEXTS)
			continue;
		live_in(name, toml, 1, 1, false, 10);
		live_in(name, toml, 1, D, false, 10);
		live_in(name, toml, 20, 1, false, 10);
		live_in(name, toml, 20, D, true, 10);
		live_in(name, strcmp(name, "bootstrap") ? toml : "heads = 2", 3, 4097, false, 2);
	}
}

/* A checkpoint's checksum says that it came back as it was written, not who wrote it: whatever the kept numbers
 * are, what follows is a choice among the actions, or an error. */
static void forge(const char *name, const char *toml, unsigned char with)
{
	static const size_t size[] = {
		[RHO_F32_ARRAY] = 4, [RHO_F64_ARRAY] = 8, [RHO_U64_ARRAY] = 8, [RHO_U32_ARRAY] = 4
	};
	struct test_world w;
	struct side s;
	test_world_make(&w, K, D, D, 37);
	for (size_t k = 0, n = 1; k < n; k++) {
		uint32_t action[N] = { 0 };
		float p[N], reward[N] = { 1, 0, 1 };
		struct rho_choice out = { action, p };
		open_side(&s, name, toml, &w, K);
		teach(&s, K);
		n = s.t.p.inst->n_kept;
		if (k < n) {
			const struct rho_kept *at = &s.t.p.inst->kept[k];
			memset(at->at, with, at->rows * at->cols * size[at->type]);
		}
		int e = s.t.agent->loaded ? TEST_CALL(&s.t.p, "loaded", false,
		                                      s.t.agent->loaded(TEST_SELF(&s.t.p))) : 0;
		for (int t = 0; t < 3 && !e; t++) {
			e = TEST_CALL(&s.t.p, "act", false, s.t.agent->act(TEST_SELF(&s.t.p), &s.b, &out));
			for (size_t i = 0; i < N && !e; i++)
				cr_assert_lt(action[i], K, "%s: action %u", name, action[i]);
			if (!e && s.t.agent->observe)
				e = test_observe(&s.t, &s.b, action, reward);
		}
		cr_assert(!e || s.t.p.why.len, "%s says nothing", name);
		test_free(&s.t.p);
	}
	test_world_free(&w);
}

Test(every_agent, forged_checkpoints)
{
	static const char *const more[][2] = {
		{ "ucb1", "window = 40" },
		{ "thompson_beta", "window = 40" },
		{ "linucb", "window = 40" },
		{ "linucb", "features = \"bilinear\"\nrank = 3" },
		{ "bootstrap", "per = \"episode\"" },
		{ "logistic_ts", "window = 40" },
	};
	static struct names built;
	find_built("agent", &built);
	for (int with = 0; with < 2; with++) {
		for (size_t i = 0; i < built.n; i++)
			if (agents[place_of(built.at[i])].law != TEXTS)
				forge(built.at[i], agents[place_of(built.at[i])].toml, with ? 0xff : 0x45);
		for (size_t i = 0; i < sizeof more / sizeof *more; i++)
			forge(more[i][0], more[i][1], with ? 0xff : 0x45);
	}
}
