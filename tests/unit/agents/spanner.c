/* spanner_greedy, spanner_igw and the sampler spanner: their definitions recomputed from outside, choices
 * against probabilities, copies of actions, resuming, degenerate sets. */
#include "agent.h"

enum { K = 120, D = 6, N = 4 };

static const uint32_t lane[8] = { 0, 1, 2, 3, 4, 5, 6, 7 };
static const uint32_t listed[] = { 39, 3, 17, 8, 20, 21, 5, 77, 100, 2, 64 };
static const size_t listed_off[] = { 0, 11 };
static float a[2 * K * D], x[N * D];
static struct rho_mat actions = { a, K, D, D }, contexts = { x, N, D, D };

static void fill(float *at, size_t n, uint64_t seed)
{
	struct rho_rng rng = { { seed, 2, 3, 4 } };
	for (size_t i = 0; i < n; i++)
		at[i] = (float)rho_normal(&rng);
}

static struct rho_batch world_of(size_t k)
{
	fill(a, K * D, 1);
	fill(x, N * D, 2);
	actions.rows = k;
	return (struct rho_batch){ .n = N, .k = 1, .x = { &contexts, NULL, 0, N }, .lane = lane,
		                   .actions = { &actions, NULL, 0, k } };
}

static struct rho_spec spec_of(size_t k)
{
	return (struct rho_spec){ .n_actions = k, .x_dim = D, .action_dim = D, .lanes = N, .reward_lo = -1,
		                  .reward_hi = 3 };
}

/* `rounds` batches of rewards that follow the context and the action. */
static void learn(struct test_agent *t, struct rho_batch *b, uint64_t seed, int rounds)
{
	struct rho_rng rng = { { seed, 7, 7, 7 } };
	for (int r = 0; r < rounds; r++) {
		uint32_t action[N];
		float reward[N];
		fill(x, N * D, seed + (uint64_t)r);
		for (size_t i = 0; i < N; i++) {
			action[i] = rho_below(&rng, K);
			reward[i] = (float)(rho_normal(&rng) / 4);
			for (size_t j = 0; j < D; j++)
				reward[i] += x[i * D + j] * a[action[i] * D + j] * (float)(j % 3) / 4;
		}
		cr_assert_eq(test_observe(t, b, action, reward), 0, "%s", t->p.why.at);
	}
}

/* The largest coefficient of any of n vectors w_j row_j in the members', by elimination in float64. */
static double largest(size_t n, const double *w, const uint32_t *member)
{
	double m[D][D + 1], most = 0;
	for (size_t p = 0; p < n; p++) {
		for (size_t j = 0; j < D; j++) {
			for (size_t k = 0; k < D; k++)
				m[j][k] = w[member[k]] * (double)a[member[k] * D + j];
			m[j][D] = w[p] * (double)a[p * D + j];
		}
		for (size_t k = 0; k < D; k++) {
			size_t best = k;
			for (size_t i = k; i < D; i++)
				best = fabs(m[i][k]) > fabs(m[best][k]) ? i : best;
			for (size_t j = 0; j <= D; j++) {
				double held = m[best][j];
				m[best][j] = m[k][j];
				m[k][j] = held;
			}
			for (size_t i = 0; i < D; i++) {
				double times = i == k ? 0 : m[i][k] / m[k][k];
				for (size_t j = 0; j <= D; j++)
					m[i][j] -= times * m[k][j];
			}
		}
		for (size_t k = 0; k < D; k++)
			most = fmax(most, fabs(m[k][D] / m[k][k]));
	}
	return most;
}

/* Decision i's estimates f (K), from the agent's query. */
static void estimates(struct test_agent *t, const struct rho_batch *b, size_t i, double *f)
{
	float q[N * D];
	TEST_OK(&t->p, "query", false, t->agent->query(TEST_SELF(&t->p), b, q));
	for (size_t k = 0; k < b->actions.n; k++) {
		f[k] = 0;
		for (size_t j = 0; j < D; j++)
			f[k] += (double)q[i * D + j] * (double)a[k * D + j];
	}
}

/* p over K actions is SpannerIGW's for these estimates: of the D members or so each has a mass q / (lambda
 * + eta gap) for one lambda in 1/2 .. 1, and the members span the shortened vectors. */
static void check_igw(const float *p, const double *f, double eta, double c)
{
	uint32_t member[K];
	double w[K], lambda = 0, sum = 0;
	size_t n = 0, best = 0;
	for (uint32_t k = 0; k < K; k++) {
		best = f[k] > f[best] ? k : best;
		sum += (double)p[k];
		if (p[k] > 0)
			member[n++] = k;
	}
	cr_assert_float_eq(sum, 1, 1e-6);
	cr_assert(n == D || n == D + 1, "%zu", n);
	cr_assert_gt(p[best], 0.5 - 1e-6);
	for (size_t k = 0; k < K; k++)
		w[k] = 1 / sqrt(1 + eta * (f[best] - f[k]));
	for (size_t k = 0; k < n; k++) {
		if (member[k] == best)
			continue;
		double l = 0.5 / D / (double)p[member[k]] - eta * (f[best] - f[member[k]]);
		lambda = lambda > 0 ? lambda : l;
		cr_assert_float_eq(l, lambda, 2e-4 * (1 + l), "%g and %g", l, lambda);
	}
	cr_assert(lambda > 0.5 - 1e-3 && lambda < 1 + 1e-3, "lambda %g", lambda);
	cr_assert_float_eq((double)p[best] * lambda, n == D ? 0.5 + 0.5 / D : 0.5, 2e-3);
	if (n == D + 1)         /* the best is no member */
		for (size_t k = 0; k < n; k++)
			if (member[k] == best)
				member[k] = member[--n];
	cr_assert_leq(largest(K, w, member), c * (1 + 1e-3));
}

Test(spanner_igw, probabilities_are_the_definitions)
{
	struct rho_batch b = world_of(K);
	struct test_agent t;
	static float p[N * K];
	double f[K];
	test_agent_open(&t, "spanner_igw", "gamma_scale = 20.0\nfeatures = \"action\"\nc = 1.5", 1,
	                spec_of(K));
	for (int turn = 0; turn < 30; turn++) {
		test_dist(&t, &b, p);
		for (size_t i = 0; i < N; i++) {
			estimates(&t, &b, i, f);
			check_igw(p + i * K, f, 20 * sqrt(1 + 4 * N * turn) / 4 / D, 1.5);
		}
		learn(&t, &b, (uint64_t)turn, 4);
	}
	test_free(&t.p);
}

Test(spanner_greedy, explores_a_spanner_of_the_features)
{
	struct rho_batch b = world_of(K);
	struct test_agent t;
	static float p[N * K];
	double w[K], f[K];
	test_agent_open(&t, "spanner_greedy", "epsilon = 0.3\nc = 1.2", 1, spec_of(K));
	learn(&t, &b, 1, 10);
	test_dist(&t, &b, p);
	for (size_t i = 0; i < N; i++) {
		uint32_t member[K], n = 0, best = 0;
		estimates(&t, &b, i, f);
		for (uint32_t k = 0; k < K; k++) {
			w[k] = 1;
			best = f[k] > f[best] ? k : best;
		}
		for (uint32_t k = 0; k < K; k++) {
			double rest = (double)p[i * K + k] - (k == best ? 0.7 : 0);
			cr_assert(fabs(rest) < 1e-6 || fabs(rest - 0.05) < 1e-6, "%g", rest);
			if (rest > 0.01)
				member[n++] = k;
		}
		cr_assert_eq(n, D);
		cr_assert_leq(largest(K, w, member), 1.2 * (1 + 1e-3));
	}
	test_free(&t.p);
}

static void check_choices(const char *name, const char *toml)
{
	struct rho_batch b = world_of(K), one, list;
	struct test_agent t;
	static float all[N * K], alone[K];
	float p[N];
	uint32_t action[N];
	test_agent_open(&t, name, toml, 3, spec_of(K));
	learn(&t, &b, 5, 50);
	test_dist(&t, &b, all);
	for (size_t i = 0; i < N; i++) {
		one = b;
		one.n = 1;
		one.x = rho_slice(b.x, i, 1);
		test_dist(&t, &one, alone);
		cr_assert(!memcmp(alone, all + i * K, sizeof alone), "%s %s", name, toml);
	}
	test_frequencies(&t, &one, 30000);
	list = one;
	list.cand = listed;
	list.cand_off = listed_off;
	test_frequencies(&t, &list, 30000);
	b.flags = RHO_GREEDY;
	test_act(&t, &b, action, p);
	test_dist(&t, &b, all);
	for (size_t i = 0; i < N; i++)
		cr_assert(p[i] == 1 && all[i * K + action[i]] == 1);
	test_free(&t.p);
}

static const char *const variant[] = { "", "features = \"action\"", "features = \"concat\"", "span_rank = 3",
	                               "features = \"bilinear\"\nrank = 4",
	                               "features = \"concat\"\nspan_rank = 2",
	                               "features = \"bilinear\"\nrank = 4\nspan_rank = 2", "window = 20" };

Test(spanner_igw, choices_are_as_frequent_as_it_says)
{
	for (size_t v = 0; v < sizeof variant / sizeof *variant; v++)
		check_choices("spanner_igw", variant[v]);
}

Test(spanner_greedy, choices_are_as_frequent_as_it_says)
{
	for (size_t v = 0; v < sizeof variant / sizeof *variant; v++)
		check_choices("spanner_greedy", variant[v]);
}

/* The published check in its sharpest form: copies behind the actions change no probability by one bit,
 * whatever was learned; copies before them only move it to the first of each. */
static void check_copies(const char *name, const char *toml)
{
	enum { MORE = 100 };
	static float few[N * K], many[N * (K + MORE)];
	struct rho_batch b = world_of(K), c;
	struct test_agent t, u;
	struct rho_mat mat = { a, K + MORE, D, D };
	for (size_t k = K; k < K + MORE; k++)
		memcpy(a + k * D, a + (k * 7 % K) * D, D * sizeof *a);
	c = b;
	c.actions = (struct rho_rows){ &mat, NULL, 0, K + MORE };
	test_agent_open(&t, name, toml, 3, spec_of(K));
	test_agent_open(&u, name, toml, 3, spec_of(K + MORE));
	for (uint64_t turn = 0; turn < 12; turn++) {
		test_dist(&t, &b, few);
		test_dist(&u, &c, many);
		for (size_t i = 0; i < N; i++) {
			cr_assert(!memcmp(few + i * K, many + i * (K + MORE), K * sizeof *few), "%s", name);
			for (size_t k = K; k < K + MORE; k++)
				cr_assert_eq(many[i * (K + MORE) + k], 0);
		}
		learn(&t, &b, turn, 12);
		learn(&u, &c, turn, 12);
	}
	test_free(&t.p);
	test_free(&u.p);
}

Test(spanner_igw, copies_of_actions_change_nothing) { check_copies("spanner_igw", "gamma_scale = 50.0"); }
Test(spanner_greedy, copies_of_actions_change_nothing) { check_copies("spanner_greedy", ""); }

/* What is kept is enough: a second instance goes on to the bit, though its tables are made anew. */
Test(spanner_igw, goes_on_from_what_it_kept)
{
	static float p[N * K], q[N * K];
	struct rho_batch b = world_of(K);
	struct test_agent t, u;
	test_agent_open(&t, "spanner_igw", "gamma_scale = 30.0", 3, spec_of(K));
	test_dist(&t, &b, p);
	for (uint64_t turn = 0; turn < 6; turn++) {
		learn(&t, &b, turn, 7);
		test_agent_open(&u, "spanner_igw", "gamma_scale = 30.0", 4, spec_of(K));
		test_copy_kept(&t.p, &u.p);
		TEST_OK(&u.p, "loaded", false, u.agent->loaded(TEST_SELF(&u.p)));
		for (int again = 0; again < 2; again++) {
			test_dist(&t, &b, p);
			test_dist(&u, &b, q);
			cr_assert(!memcmp(p, q, sizeof p));
			learn(&t, &b, 50 + turn, 9);
			learn(&u, &b, 50 + turn, 9);
		}
		test_free(&u.p);
	}
	((uint32_t *)test_kept(&t.p, "spanner"))[0] = K + 5;
	TEST_OK(&t.p, "loaded", false, t.agent->loaded(TEST_SELF(&t.p)));
	cr_assert_eq(TEST_CALL(&t.p, "dist", false, t.agent->dist(TEST_SELF(&t.p), &b, p)), RHO_EFORMAT);
	HAS(t.p.why.at, "checkpoint");
	test_free(&t.p);
}

/* One action, fewer than dimensions, rows of zeros, rows all alike, one dimension: the rest is the
 * definition. */
static void check_degenerate(const char *name)
{
	for (int kind = 0; kind < 5; kind++) {
		size_t k = kind == 0 ? 1 : kind == 1 ? 3 : 20, d = kind == 4 ? 1 : D;
		struct rho_batch b = world_of(k);
		struct rho_mat mat = { a, k, d, d };
		struct rho_spec spec = { .n_actions = k, .action_dim = d, .lanes = N };
		struct test_agent t;
		static float p[N * K];
		const uint32_t action[N] = { 0 };
		const float reward[N] = { 1, 0, 1, 0.5f };
		b.actions.mat = &mat;
		b.x.mat = NULL;
		for (size_t i = 0; kind == 2 && i < k * d; i++)
			a[i] = 0;
		for (size_t i = d; kind == 3 && i < k * d; i++)
			a[i] = a[i % d];
		test_agent_open(&t, name, "", 1, spec);
		for (int turn = 0; turn < 20; turn++) {
			double sum = 0;
			test_dist(&t, &b, p);
			for (size_t j = 0; j < k; j++) {
				sum += (double)p[j];
				cr_assert(p[j] >= 0 && (kind < 2 || kind > 3 || j == 0 || p[j] == 0));
			}
			cr_assert_float_eq(sum, 1, 1e-6, "%s, kind %d: %g", name, kind, sum);
			cr_assert_eq(test_observe(&t, &b, action, reward), 0, "%s", t.p.why.at);
		}
		test_free(&t.p);
	}
}

Test(spanner_igw, degenerate_sets) { check_degenerate("spanner_igw"); }
Test(spanner_greedy, degenerate_sets) { check_degenerate("spanner_greedy"); }

Test(spanner_igw, refuses_what_has_no_estimate)
{
	static const char *const name[] = { "spanner_igw", "spanner_greedy" };
	for (int i = 0; i < 2; i++) {
		struct rho_batch b = world_of(K);
		const uint32_t action[N] = { 0 };
		const float reward[N] = { 0, NAN, 0, 0 };
		static float p[N * K];
		struct test_agent t;
		test_agent_open(&t, name[i], "", 1, spec_of(K));
		cr_assert_eq(test_observe(&t, &b, action, reward), RHO_EINVAL);
		a[3 * D + 1] = NAN;
		cr_assert_eq(TEST_CALL(&t.p, "dist", false, t.agent->dist(TEST_SELF(&t.p), &b, p)),
		             RHO_EINVAL);
		HAS(t.p.why.at, "action 3");
		test_free(&t.p);
		test_agent_make(&t, name[i], "span_rank = 7", 1, spec_of(K));
		cr_assert_eq(TEST_CALL(&t.p, "open", true, t.agent->open(TEST_SELF(&t.p), &t.spec)),
		             RHO_EINVAL);
		HAS(t.p.why.at, "at most 6");
		test_free(&t.p);
	}
}

struct sampler {
	struct test_plugin p;
	const struct rho_sampler *table;
	struct rho_sampler_info info;
	size_t k;
};

static int sampler_open(struct sampler *s, const char *toml, size_t k, size_t slate)
{
	struct rho_sampler_spec spec = { .n_actions = k, .actions = { &actions, NULL, 0, k }, .lanes = 4,
		                         .slate = slate };
	memset(s, 0, sizeof *s);
	s->k = k;
	test_make(&s->p, RHO_SAMPLER, "spanner", toml, 5);
	s->table = s->p.inst->module->plugin.sampler;
	return TEST_CALL(&s->p, "open", true, s->table->open(TEST_SELF(&s->p), &spec, &s->info));
}

static size_t sampler_draw(struct sampler *s, uint64_t tick, const uint32_t *legal, size_t n, uint32_t *cand,
                           float *incl)
{
	const uint32_t zero = 0;
	const size_t legal_off[] = { 0, n };
	size_t off[2];
	struct rho_ask ask = { .n = 1, .actions = { &actions, NULL, 0, s->k }, .lane = &zero, .tick = &tick,
		               .legal = legal, .legal_off = legal ? legal_off : NULL };
	struct rho_pool pool = { cand, off, incl };
	TEST_OK(&s->p, "draw", false, s->table->draw(TEST_SELF(&s->p), &ask, &pool));
	cr_assert_leq(off[1], s->info.max_k);
	return off[1];
}

/* The members always, the same ones, spanning all; each of the others as often as it says. */
Test(spanner_sampler, members_always_others_as_often_as_it_says)
{
	enum { DRAWS = 20000, M = 9 };
	double seen[K] = { 0 }, expected[K] = { 0 }, w[K];
	struct sampler s;
	world_of(K);
	for (size_t k = 0; k < K; k++)
		w[k] = 1;
	cr_assert_eq(sampler_open(&s, "uniform = 9\nc = 1.3", K, 1), 0, "%s", s.p.why.at);
	cr_assert(s.info.law == RHO_LAW_OTHER && s.info.max_k == D + M);
	for (uint64_t d = 0; d < DRAWS; d++) {
		uint32_t cand[D + M];
		float incl[D + M];
		cr_assert_eq(sampler_draw(&s, d, NULL, 0, cand, incl), D + M);
		for (size_t j = 0; j < D + M; j++) {
			for (size_t k = 0; k < j; k++)
				cr_assert_neq(cand[j], cand[k]);
			cr_assert_float_eq(incl[j], j < D ? 1 : (double)M / (K - D), 1e-6);
			seen[cand[j]]++;
		}
		if (!d)
			cr_assert_leq(largest(K, w, cand), 1.3 * (1 + 1e-3));
	}
	double all = 0;
	for (size_t k = 0; k < K; k++) {
		all += seen[k] == DRAWS;
		expected[k] = seen[k] == DRAWS ? DRAWS : (double)DRAWS * M / (K - D);
	}
	cr_assert_eq(all, D);
	cr_assert_leq(test_chi2(seen, expected, K), test_chi2_limit(K - D - 1));
	test_free(&s.p);
}

Test(spanner_sampler, legal_lists_slates_and_few_actions)
{
	uint32_t legal[40], cand[K], seen[K] = { 0 };
	float incl[K];
	double w[K];
	struct sampler s;
	world_of(K);
	for (size_t k = 0; k < K; k++)
		w[k] = 0;
	for (uint32_t k = 0; k < 40; k++) {
		legal[k] = 119 - 3 * k % 117;
		w[legal[k]] = 1;
	}
	cr_assert_eq(sampler_open(&s, "uniform = 4", K, 12), 0);
	size_t n = sampler_draw(&s, 0, legal, 39, cand, incl);
	cr_assert_eq(n, 12);    /* 6 members, and more than 4 others because the slate wants them */
	for (size_t j = 0; j < n; j++)
		cr_assert(w[cand[j]] == 1 && !seen[cand[j]]++);
	cr_assert_float_eq(incl[11], 6. / 33, 1e-6);
	cr_assert_leq(largest(K, w, cand), 2 * (1 + 1e-3));
	cr_assert_eq(sampler_draw(&s, 0, legal, 3, cand, incl), 3);
	cr_assert_eq(incl[2], 1);
	test_free(&s.p);
	cr_assert_eq(sampler_open(&s, "", 1, 1), 0);
	cr_assert(sampler_draw(&s, 3, NULL, 0, cand, incl) == 1 && cand[0] == 0 && incl[0] == 1);
	test_free(&s.p);
	memset(a, 0, sizeof a);         /* nothing to span: the slate is filled all the same */
	cr_assert_eq(sampler_open(&s, "rank = 3", K, 5), 0);
	cr_assert_eq(sampler_draw(&s, 3, NULL, 0, cand, incl), 5);
	cr_assert_float_eq(incl[0], 5. / K, 1e-6);
	test_free(&s.p);
	cr_assert_eq(sampler_open(&s, "rank = 9", K, 1), RHO_EINVAL);
	HAS(s.p.why.at, "at most 6");
	test_free(&s.p);
	cr_assert_eq(sampler_open(&s, "", 4, 5), RHO_EINVAL);
	HAS(s.p.why.at, "there are 4");
	test_free(&s.p);
}
