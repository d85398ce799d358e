/* bootstrap: models by hand, exact probabilities, episodes, weights, learning, resuming. */
#include "planted.h"
#include "kit/triangle.h"

static const char *const name = "bootstrap";

/* What heads of a kept state predict, by elimination: out (heads, actions) of context i. */
static void predict(const struct test_agent *t, const struct test_world *w, size_t heads, size_t i,
                    double *out)
{
	enum { MOST = 12 };
	size_t d = w->actions.cols;
	const double *a = test_kept(&t->p, "precision"), *b = test_kept(&t->p, "b");
	for (size_t h = 0; h < heads; h++, a += rho_tri_size(d), b += rho_tri_pad(d)) {
		double m[MOST][MOST + 1];
		for (size_t r = 0; r < d; r++) {
			for (size_t j = 0; j < d; j++)
				m[r][j] = r >= j ? a[rho_tri_at(r) + j] : a[rho_tri_at(j) + r];
			m[r][d] = b[r];
		}
		for (size_t p = 0; p < d; p++)
			for (size_t r = 0; r < d; r++) {
				double f = r == p ? 0 : m[r][p] / m[p][p];
				for (size_t j = p; r != p && j <= d; j++)
					m[r][j] -= f * m[p][j];
			}
		for (size_t k = 0; k < w->actions.rows; k++) {
			double sum = 0;
			for (size_t j = 0; j < d; j++)
				sum += m[j][d] / m[j][j] * (double)w->contexts.at[i * d + j] *
				       (double)w->actions.at[k * d + j];
			out[h * w->actions.rows + k] = sum;
		}
	}
}

/* dist is the share of models whose best an action is, and act draws accordingly. */
Test(bootstrap, probabilities_are_the_shares_of_the_models)
{
	enum { ACTIONS = 12, D = 5, HEADS = 20 };
	struct test_world w;
	struct test_agent t;
	uint32_t action[WORLD_LANES];
	float p[WORLD_LANES], dist[WORLD_LANES * ACTIONS];
	double said[HEADS * ACTIONS];
	test_world_make(&w, ACTIONS, D, D, 2);
	test_agent_open(&t, name, "heads = 20\nspread = 1.0", 1, test_world_spec(&w));
	for (int turn = 0; turn < 50; turn += 10) {
		size_t several = 0;
		test_dist(&t, &w.b, dist);
		for (size_t i = 0; i < WORLD_LANES; i++) {
			double share[ACTIONS] = { 0 };
			predict(&t, &w, HEADS, i, said);
			for (size_t h = 0; h < HEADS; h++) {
				size_t best = 0;
				for (size_t k = 1; k < ACTIONS; k++)
					best = said[h * ACTIONS + k] > said[h * ACTIONS + best] ? k : best;
				share[best] += 1.0 / HEADS;
			}
			for (size_t k = 0; k < ACTIONS; k++)
				cr_assert_float_eq(dist[i * ACTIONS + k], share[k], 1e-6);
			several += share[0] < 1 && dist[i * ACTIONS] < 1;
		}
		cr_assert_gt(several, 0);
		struct rho_batch one = w.b;
		one.n = 1;
		test_frequencies(&t, &one, 4000);
		for (int k = 0; k < 10; k++)
			test_world_turn(&w, &t, action, p);
	}
	test_free(&t.p);
	test_world_free(&w);
}

/* Before anything is learned models differ by their priors; with one model and no spread it is ridge
 * regression, as often as the weights say. */
Test(bootstrap, one_model_is_ridge_regression)
{
	static const float a[] = { 1, 2, 0, 1, 2, 1, 1, 1 }, reward[] = { 1, 0, 0.5f };
	struct rho_mat m = { a, 4, 2, 2 };
	const uint32_t lane = 0;
	struct rho_batch b = { .n = 1, .k = 1, .actions = { &m, NULL, 0, 4 }, .lane = &lane };
	struct rho_spec spec = { .n_actions = 4, .action_dim = 2 };
	size_t seen[4] = { 0 };
	for (uint64_t seed = 0; seed < 400; seed++) {
		struct test_agent t;
		test_agent_open(&t, name, "heads = 1\nspread = 0.0\nlambda = 1.0", seed, spec);
		for (uint32_t i = 0; i < 3; i++)
			cr_assert_eq(test_observe(&t, &b, &i, &reward[i]), 0);
		const double *p = test_kept(&t.p, "precision"), *sum = test_kept(&t.p, "b");
		/* The weights from A = I + Σ w φφᵀ; then b = Σ w r φ must fit them. */
		double first = p[0] - 1, off = p[rho_tri_at(1)], last = p[rho_tri_at(1) + 1] - 1;
		double third = round((first - off / 2) / 3), one = round(off / 2 - third);
		double second = round(last - 4 * one - third);
		cr_assert(third >= 0 && one >= 0 && second >= 0);
		cr_assert_float_eq(first, one + 4 * third, 1e-9);
		cr_assert_float_eq(off, 2 * one + 2 * third, 1e-9);
		cr_assert_float_eq(last, 4 * one + second + third, 1e-9);
		cr_assert_float_eq(sum[0], one + third, 1e-9);
		cr_assert_float_eq(sum[1], 2 * one + third / 2, 1e-9);
		if (third < 4)
			seen[(size_t)third]++;
		test_free(&t.p);
	}
	/* Poisson(1): 0.368, 0.368, 0.184, 0.061. */
	const double counts[] = { (double)seen[0], (double)seen[1], (double)seen[2], (double)seen[3] };
	const double expect[] = { 400 * exp(-1), 400 * exp(-1), 200 * exp(-1), 400.0 / 6 * exp(-1) };
	cr_assert_leq(test_chi2(counts, expect, 4), test_chi2_limit(4));
}

/* With weights "double_or_nothing" a matrix has moved by 2 φφᵀ or not at all. */
Test(bootstrap, double_or_nothing)
{
	enum { HEADS = 200 };
	static const float a[] = { 1, 3 };
	struct rho_mat m = { a, 2, 1, 1 };
	const uint32_t lane = 0, action = 0;
	struct rho_batch b = { .n = 1, .k = 1, .actions = { &m, NULL, 0, 2 }, .lane = &lane };
	struct test_agent t;
	size_t twice = 0;
	test_agent_open(&t, name, "heads = 200\nweights = \"double_or_nothing\"", 3,
	                (struct rho_spec){ .n_actions = 2, .action_dim = 1 });
	cr_assert_eq(test_observe(&t, &b, &action, &(float){ 1 }), 0);
	const double *p = test_kept(&t.p, "precision");
	for (size_t h = 0; h < HEADS; h++) {
		double got = p[h * rho_tri_size(1)];
		cr_assert(fabs(got - 1) < 1e-12 || fabs(got - 3) < 1e-12);
		twice += got > 2;
	}
	cr_assert(twice > 65 && twice < 135); /* five standard deviations */
	test_free(&t.p);
}

/* per = "episode": the model stays until an episode of its lane ends; then it is drawn again. */
Test(bootstrap, one_model_for_an_episode)
{
	enum { ACTIONS = 30, HEADS = 10 };
	struct test_world w;
	struct test_agent t;
	uint32_t first[WORLD_LANES], now[WORLD_LANES];
	float p[WORLD_LANES], q[WORLD_LANES], reward[WORLD_LANES] = { 0 }, prob[WORLD_LANES];
	uint8_t end[WORLD_LANES] = { 0 };
	test_world_make(&w, ACTIONS, 6, 6, 2);
	test_agent_open(&t, name, "heads = 10\nper = \"episode\"\nspread = 1.0", 1, test_world_spec(&w));
	test_dist(&t, &w.b, (float[WORLD_LANES * ACTIONS]){ 0 });
	test_act(&t, &w.b, first, p);
	const uint32_t *head = test_kept(&t.p, "head");
	uint32_t before[WORLD_LANES];
	memcpy(before, head, sizeof before);
	for (size_t i = 0; i < WORLD_LANES; i++) {
		cr_assert(before[i] >= 1 && before[i] <= HEADS && p[i] > 0 && p[i] <= 1);
		prob[i] = p[i];
		end[i] = i % 2 ? RHO_RUNNING : RHO_TRUNCATED;
	}
	test_act(&t, &w.b, now, q);
	cr_assert(!memcmp(first, now, sizeof first));
	for (size_t i = 0; i < WORLD_LANES; i++)
		cr_assert_eq(q[i], 1);
	struct rho_feedback f = { .posed = &w.b, .action = now, .prob = prob, .reward = reward, .end = end };
	TEST_OK(&t.p, "observe", false, t.agent->observe(TEST_SELF(&t.p), &f));
	for (size_t i = 0; i < WORLD_LANES; i++)
		cr_assert_eq(head[i], i % 2 ? before[i] : 0);
	w.b.flags = RHO_GREEDY; /* the mean of the models, whoever's turn it is */
	test_act(&t, &w.b, now, q);
	for (size_t i = 0; i < WORLD_LANES; i++)
		cr_assert(q[i] == 1 && head[i] == (i % 2 ? before[i] : 0));
	test_free(&t.p);
	test_world_free(&w);
}

Test(bootstrap, finds_the_best_actions)
{
	static const char *const ways[] = { "", "heads = 30\nweights = \"double_or_nothing\"",
		                            "per = \"episode\"\nlambda = 0.3" };
	for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
		double got = test_gain(name, ways[i], PLANTED_LOGISTIC, 250);
		cr_assert_gt(got, 0.6, "with \"%s\" it gains %g", ways[i], got);
	}
}

Test(bootstrap, stands_what_every_agent_must)
{
	struct test_world w;
	test_world_make(&w, 60, 6, 6, 4);
	test_resumes(name, "", &w);
	test_resumes(name, "per = \"episode\"\nheads = 70\nfeatures = \"concat\"", &w);
	test_untouched(name, "");
	test_alone(name, "");
	test_alone(name, "heads = 90\nfeatures = \"concat\"");
	test_duplicates(name, "");
	test_single(name, "", 1, 1);
	test_single(name, "features = \"action\"", 3, 0);
	test_open_refused(name, "", (struct rho_spec){ .n_actions = 5 }, "add an [encoder]");
	test_world_free(&w);
}
