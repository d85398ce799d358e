/* linucb and thompson in odd worlds: that change, with bilinear rewards, of copies and zeros, of one action
 * or one dimension, too badly conditioned; and what they tell a sampler. */
#include "agent.h"

static const uint32_t one_lane[1];

static struct rho_rng rng = { { 4, 3, 2, 1 } };

struct world {
	float *a, *x;           /* (k, d), (x_dim) */
	struct rho_mat actions, contexts;
	struct rho_batch b;
	struct rho_spec spec;
};

static void make(struct world *w, size_t k, size_t d, size_t x_dim)
{
	*w = (struct world){ .a = calloc(k * d, sizeof *w->a), .x = calloc(x_dim + 1, sizeof *w->x) };
	for (size_t i = 0; i < k * d; i++)
		w->a[i] = (float)(rho_normal(&rng) / sqrt((double)d));
	w->actions = (struct rho_mat){ w->a, k, d, d };
	w->contexts = (struct rho_mat){ w->x, 1, x_dim, x_dim };
	w->b = (struct rho_batch){ .n = 1, .k = 1, .actions = { &w->actions, NULL, 0, k }, .lane = one_lane };
	w->b.x = (struct rho_rows){ x_dim ? &w->contexts : NULL, NULL, 0, 1 };
	w->spec = (struct rho_spec){ .n_actions = k, .x_dim = x_dim, .action_dim = d };
}

static void drop(struct world *w)
{
	free(w->a);
	free(w->x);
}

static double inner(const float *a, const double *b, size_t n)
{
	double sum = 0;
	for (size_t j = 0; j < n; j++)
		sum += (double)a[j] * b[j];
	return sum;
}

/* Mean reward, as a share of the best action's, over the last quarter of 4,000 steps of a world whose weights
 * turn to their opposite after half of them. */
static double after_a_switch(const char *name, const char *toml)
{
	enum { K = 60, DIM = 8, STEPS = 4000 };
	struct world w;
	struct test_agent t;
	double theta[DIM], got = 0, best = 0;
	make(&w, K, DIM, 0);
	for (size_t j = 0; j < DIM; j++)
		theta[j] = rho_normal(&rng);
	test_agent_open(&t, name, toml, 3, w.spec);
	for (size_t step = 0; step < STEPS; step++) {
		uint32_t action;
		float prob, reward;
		double most = -INFINITY;
		test_act(&t, &w.b, &action, &prob);
		for (size_t j = 0; step == STEPS / 2 && j < DIM; j++)
			theta[j] = -theta[j];
		for (size_t k = 0; k < K; k++)
			most = fmax(most, inner(w.a + k * DIM, theta, DIM));
		reward = (float)(inner(w.a + action * DIM, theta, DIM) + 0.1 * rho_normal(&rng));
		cr_assert_eq(test_observe(&t, &w.b, &action, &reward), 0, "%s", t.p.why.at);
		if (step >= STEPS - STEPS / 4) {
			got += (double)reward;
			best += most;
		}
	}
	test_free(&t.p);
	drop(&w);
	return got / best;
}

Test(worlds, what_forgets_follows_a_world_that_switches)
{
	cr_assert_gt(after_a_switch("linucb", "features = \"action\"\nwindow = 300"), 0.9);
	cr_assert_gt(after_a_switch("linucb", "features = \"action\"\ngamma = 0.99"), 0.9);
	cr_assert_gt(after_a_switch("thompson", "features = \"action\"\nwindow = 300"), 0.9);
	cr_assert_gt(after_a_switch("thompson", "features = \"action\"\ngamma = 0.99"), 0.9);
	cr_assert_lt(after_a_switch("linucb", "features = \"action\"\nalpha = 0.3"), 0.7);
	cr_assert_lt(after_a_switch("thompson", "features = \"action\""), 0.7);
}

/* Rewards x'Wa with W of rank 3 and no structure along the diagonal, where a product entry by entry says
 * nothing; actions and contexts lie near a space of 6 dimensions among 16. Share of the best reward. */
static double bilinear_share(const char *name, const char *toml)
{
	enum { K = 80, DIM = 16, SPACE = 6, STEPS = 3000 };
	struct world w;
	struct test_agent t;
	static double basis[SPACE][DIM], weights[DIM][DIM];
	double got = 0, best = 0;
	rng = (struct rho_rng){ { 4, 3, 2, 1 } };
	make(&w, K, DIM, DIM);
	for (size_t i = 0; i < SPACE * DIM; i++)
		basis[i / DIM][i % DIM] = rho_normal(&rng);
	for (size_t i = 0; i < DIM; i++)
		for (size_t j = 0; j < DIM; j++)
			weights[i][j] = rho_normal(&rng) / DIM;
	for (size_t k = 0; k < K; k++)
		for (size_t s = 0; s < SPACE; s++) {
			double z = rho_normal(&rng) / SPACE;
			for (size_t j = 0; j < DIM; j++)
				w.a[k * DIM + j] = (s ? w.a[k * DIM + j] : 0) + (float)(z * basis[s][j]);
		}
	test_agent_open(&t, name, toml, 3, w.spec);
	for (size_t step = 0; step < STEPS; step++) {
		double q[DIM] = { 0 }, most = -INFINITY;
		uint32_t action;
		float prob, reward;
		memset(w.x, 0, DIM * sizeof *w.x);
		for (size_t s = 0; s < SPACE; s++) {
			double z = rho_normal(&rng) / SPACE;
			for (size_t j = 0; j < DIM; j++)
				w.x[j] += (float)(z * basis[s][j]);
		}
		for (size_t j = 0; j < DIM; j++)
			for (size_t i = 0; i < DIM; i++)
				q[j] += (double)w.x[i] * weights[i][j];
		test_act(&t, &w.b, &action, &prob);
		for (size_t k = 0; k < K; k++)
			most = fmax(most, inner(w.a + k * DIM, q, DIM));
		reward = (float)inner(w.a + action * DIM, q, DIM);
		cr_assert_eq(test_observe(&t, &w.b, &action, &reward), 0, "%s", t.p.why.at);
		if (step >= STEPS / 2) {
			got += (double)reward;
			best += most;
		}
	}
	test_free(&t.p);
	drop(&w);
	return got / best;
}

Test(worlds, bilinear_features_learn_what_products_cannot)
{
	cr_assert_gt(bilinear_share("linucb", "features = \"bilinear\"\nrank = 6\nalpha = 0.1"), 0.95);
	cr_assert_gt(bilinear_share("thompson", "features = \"bilinear\"\nrank = 6\nv = 0.05"), 0.95);
	cr_assert_lt(bilinear_share("linucb", "features = \"hadamard\"\nalpha = 0.1"), 0.9);
}

/* Choices of a thousand steps by the rows' original numbers. */
static void trace(const char *toml, const float *a, const size_t *original, size_t k, size_t d, size_t *out)
{
	struct rho_mat m = { a, k, d, d };
	struct rho_batch b = { .n = 1, .k = 1, .actions = { &m, NULL, 0, k }, .lane = one_lane };
	struct test_agent t;
	test_agent_open(&t, "linucb", toml, 1, (struct rho_spec){ .n_actions = k, .action_dim = d });
	for (size_t step = 0; step < 200; step++) {
		uint32_t action;
		float prob, reward;
		test_act(&t, &b, &action, &prob);
		out[step] = original[action];
		reward = (float)(out[step] % 7) / 7;
		cr_assert_eq(test_observe(&t, &b, &action, &reward), 0);
	}
	test_free(&t.p);
}

Test(worlds, copies_and_zeros_change_no_choice_among_distinct_rows)
{
	enum { FEW = 40, COPIES = 10000, DIM = 12, STEPS = 200 };
	static float few[FEW * DIM], many[(FEW + COPIES) * DIM];
	static size_t first[FEW], second[FEW + COPIES], a[STEPS], b[STEPS];
	static const char *const toml[] = { "features = \"action\"", "features = \"action\"\nwindow = 60",
		                            "features = \"action\"\ngamma = 0.99" };
	for (size_t i = 0; i < FEW * DIM; i++)
		few[i] = i / DIM == 3 ? 0 : (float)rho_normal(&rng);
	for (size_t i = 0; i < FEW; i++)
		first[i] = i;
	memcpy(many, few, sizeof few);
	memcpy(second, first, sizeof first);
	for (size_t i = FEW; i < FEW + COPIES; i++) { /* of five rows, one of them zero */
		second[i] = i % 5;
		memcpy(many + i * DIM, few + second[i] * DIM, DIM * sizeof *few);
	}
	for (size_t i = 0; i < sizeof toml / sizeof *toml; i++) {
		trace(toml[i], few, first, FEW, DIM, a);
		trace(toml[i], many, second, FEW + COPIES, DIM, b);
		for (size_t s = 0; s < STEPS; s++)
			cr_assert_eq(a[s], b[s], "%s, step %zu", toml[i], s);
	}
}

Test(worlds, one_action_and_one_dimension)
{
	static const char *const name[] = { "linucb", "thompson" };
	static const char *const features[] = { "hadamard", "action", "concat", "bilinear" };
	for (size_t i = 0; i < 32; i++) {
		struct world w;
		struct test_agent t;
		char toml[100];
		size_t k = i / 8 % 2 ? 1 : 3, d = i / 16 ? 1 : 5;
		make(&w, k, d, d);
		snprintf(toml, sizeof toml, "features = \"%s\"", features[i / 2 % 4]);
		test_agent_open(&t, name[i % 2], toml, 1, w.spec);
		for (size_t step = 0; step < 300; step++) {
			uint32_t action;
			float prob, reward = (float)step / 100;
			w.x[0] = step % 3 ? 1 : 0;
			test_act(&t, &w.b, &action, &prob);
			cr_assert_lt(action, k);
			cr_assert_eq(test_observe(&t, &w.b, &action, &reward), 0, "%s", t.p.why.at);
		}
		test_free(&t.p);
		drop(&w);
	}
}

static double metric_seen;

static void note(void *arg, const struct rho_ctx *c, const char *name, double value)
{
	if (!strcmp(name, "repaired"))
		metric_seen = value;
}

/* Rows a billion long beside rows of length 1: after some hundred of them λ = 1 is lost in rounding. */
Test(worlds, a_matrix_that_loses_definiteness_is_repaired)
{
	enum { K = 40, DIM = 10 };
	static const char *const name[] = { "linucb", "thompson" };
	for (int i = 0; i < 2; i++) {
		struct world w;
		struct test_agent t;
		make(&w, K, DIM, 0);
		for (size_t j = 0; j < K * DIM; j++)
			w.a[j] = w.a[j % DIM] * (j / DIM % 2 ? 3e9f : 1);
		test_agent_make(&t, name[i], "features = \"action\"", 1, w.spec);
		t.p.world.metric = note;
		metric_seen = 0;
		TEST_OK(&t.p, "open", true, t.agent->open(TEST_SELF(&t.p), &t.spec));
		for (uint32_t step = 0; step < 600; step++) {
			uint32_t action = step % K, chosen;
			float prob, reward = (float)(step % 3);
			cr_assert_eq(test_observe(&t, &w.b, &action, &reward), 0, "%s", t.p.why.at);
			test_act(&t, &w.b, &chosen, &prob);
		}
		const double *theta = test_kept(&t.p, "theta"), *root = test_kept(&t.p, "root");
		for (size_t j = 0; j < DIM; j++)
			cr_assert(isfinite(theta[j]) && isfinite(root[j]));
		cr_assert_gt(metric_seen, 0);
		cr_assert_eq(*(uint64_t *)test_kept(&t.p, "repaired"), (uint64_t)metric_seen);
		test_free(&t.p);
		drop(&w);
	}
}

/* Under query, all actions' estimates differ from rank's without widths by one number. */
Test(worlds, a_sampler_is_told_what_the_agent_looks_for)
{
	enum { K = 30, DIM = 9 };
	static const char *const features[] = { "hadamard", "action", "concat", "bilinear" };
	for (size_t i = 0; i < 4; i++) {
		struct world w;
		struct test_agent t, same;
		char toml[100];
		float q[DIM], other[DIM], score[K], explore;
		make(&w, K, DIM, DIM);
		for (size_t j = 0; j < DIM; j++)
			w.x[j] = (float)rho_normal(&rng);
		snprintf(toml, sizeof toml, "features = \"%s\"\nrank = 4", features[i]);
		test_agent_open(&t, "linucb", toml, 1, w.spec);
		test_agent_open(&same, "thompson", toml, 1, w.spec);
		for (uint32_t step = 0; step < 40; step++) {
			uint32_t action = step * 7 % K;
			float reward = (float)(step % 5);
			cr_assert_eq(test_observe(&t, &w.b, &action, &reward), 0);
			cr_assert_eq(test_observe(&same, &w.b, &action, &reward), 0);
		}
		w.b.flags = RHO_GREEDY;
		test_rank(&t, &w.b, score, &explore);
		TEST_OK(&t.p, "query", false, t.agent->query(TEST_SELF(&t.p), &w.b, q));
		TEST_OK(&same.p, "query", false, same.agent->query(TEST_SELF(&same.p), &w.b, other));
		cr_assert(!memcmp(q, other, sizeof q));
		for (size_t k = 0; k < K; k++) {
			double mine = 0;
			for (size_t j = 0; j < DIM; j++)
				mine += (double)q[j] * (double)w.a[k * DIM + j];
			cr_assert_float_eq(mine, score[k], 1e-5);
		}
		test_free(&t.p);
		test_free(&same.p);
		drop(&w);
	}
}
