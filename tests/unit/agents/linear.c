/* linucb and thompson: oracles, blocks, distributions, forgetting, resuming, bad input. */
#include "agent.h"

enum { K = 700, D = 48 };

static const uint32_t lane[8] = { 0, 1, 2, 3, 4, 5, 6, 7 };

/* Numbers in [-1, 1), always the same. */
static void fill(float *at, size_t n, uint64_t seed)
{
	struct rho_rng rng = rho_fork(&(struct rho_rng){ { seed, 1, 2, 3 } }, 0, 0);
	for (size_t i = 0; i < n; i++)
		at[i] = (float)(2 * rho_unif(&rng) - 1);
}

struct world {
	struct rho_mat actions, contexts;
	struct rho_batch b;
};

static void make_world(struct world *w, size_t k, size_t a_dim, size_t x_dim, size_t n)
{
	float *a = calloc(k * a_dim, sizeof *a), *x = calloc(n * x_dim + 1, sizeof *x);
	fill(a, k * a_dim, 1);
	fill(x, n * x_dim, 2);
	w->actions = (struct rho_mat){ a, k, a_dim, a_dim };
	w->contexts = (struct rho_mat){ x, n, x_dim, x_dim };
	w->b = (struct rho_batch){ .n = n, .k = 1, .actions = { &w->actions, NULL, 0, k }, .lane = lane };
	w->b.x = (struct rho_rows){ x_dim ? &w->contexts : NULL, NULL, 0, n };
}

static void free_world(struct world *w)
{
	free((void *)(uintptr_t)w->actions.at);
	free((void *)(uintptr_t)w->contexts.at);
}

static struct rho_spec spec_of(const struct world *w)
{
	return (struct rho_spec){ .n_actions = w->actions.rows,
		                  .x_dim = w->contexts.cols,
		                  .action_dim = w->actions.cols,
		                  .lanes = w->b.n };
}

/* Three rewards as in the oracle, then the score of (1, 1). */
static float oracle_score(const char *toml)
{
	static const float a[] = { 1, 2, 0, 1, 2, 1, 1, 1 }, reward[] = { 1, 0, 0.5f };
	struct rho_mat m = { a, 4, 2, 2 };
	struct rho_batch b = { .n = 1, .k = 1, .actions = { &m, NULL, 0, 4 }, .lane = lane };
	struct test_agent t;
	float score[4], explore;
	test_agent_open(&t, "linucb", toml, 1, (struct rho_spec){ .n_actions = 4, .action_dim = 2 });
	for (uint32_t i = 0; i < 3; i++)
		cr_assert_eq(test_observe(&t, &b, &i, &reward[i]), 0);
	test_rank(&t, &b, score, &explore);
	cr_assert_eq(explore, 0);
	test_free(&t.p);
	return score[3];
}

Test(linucb, mean_and_width_of_the_oracle)
{
	cr_assert_float_eq(oracle_score("alpha = 0.0"), 0.4230769231, 1e-6);
	cr_assert_float_eq(oracle_score("alpha = 1.0"), 0.4230769231 + 0.4385290097, 1e-6);
	cr_assert_float_eq(oracle_score("alpha = 3.0"), 0.4230769231 + 3 * 0.4385290097, 1e-6);
}

/* Scores by elimination on A from the definition, in double. */
static void scores_by_hand(const struct world *w, const char *features, const uint32_t *action,
                           const float *reward, double alpha, double prior, double *out)
{
	enum { MOST = 2 * D };
	static double a[MOST][MOST + 2];
	size_t ad = w->actions.cols, xd = w->contexts.cols;
	bool hadamard = !strcmp(features, "hadamard"), concat = !strcmp(features, "concat");
	size_t skip = concat ? xd : 0, d = skip + ad, n = w->b.n;
	double phi[MOST], b[MOST], theta[MOST];
	double(*seen)[MOST] = calloc(n, sizeof *seen);
	for (size_t k = 0; k < w->actions.rows; k++) {
		memset(a, 0, sizeof a);
		for (size_t i = 0; i < d; i++) {
			a[i][i] = 1;
			b[i] = prior;
		}
		for (size_t t = 0; t <= n; t++) { /* the last one is the action asked about */
			const float *x = w->contexts.at + (t < n ? t : 0) * xd;
			const float *v = w->actions.at + (t < n ? action[t] : k) * ad;
			for (size_t j = 0; j < d; j++)
				phi[j] = j < skip ? (double)x[j]
				                  : (double)v[j - skip] * (hadamard ? (double)x[j] : 1);
			for (size_t i = 0; t < n && i < d; i++) {
				b[i] += (double)reward[t] * phi[i];
				for (size_t j = 0; j < d; j++)
					a[i][j] += phi[i] * phi[j];
			}
		}
		for (size_t i = 0; i < d; i++) {
			a[i][d] = b[i];
			a[i][d + 1] = phi[i];
		}
		for (size_t i = 0; i < d; i++)
			for (size_t r = 0; r < d; r++) {
				double f = r == i ? 0 : a[r][i] / a[i][i];
				for (size_t j = i; r != i && j < d + 2; j++)
					a[r][j] -= f * a[i][j];
			}
		double mean = 0, width = 0;
		for (size_t i = 0; i < d; i++) {
			theta[i] = a[i][d] / a[i][i];
			width += phi[i] * a[i][d + 1] / a[i][i];
			mean += i < skip ? 0 : theta[i] * phi[i];
		}
		out[k] = mean + alpha * sqrt(width);
	}
	free(seen);
}

static void check_features(const char *features, size_t a_dim, size_t x_dim, bool zeros)
{
	enum { SOME = 150 };
	struct world w;
	struct test_agent t;
	uint32_t action[8] = { 3, 77, 149, 3, 8, 120, 64, 31 };
	float reward[8] = { 1, 0, 0.5f, 0.25f, 1, -1, 0, 2 }, score[8 * SOME], explore[8];
	double want[SOME];
	char toml[100];
	make_world(&w, SOME, a_dim, x_dim, 8);
	for (size_t i = 0; zeros && i < 8 * x_dim; i++)
		if (i % 3)
			((float *)(uintptr_t)w.contexts.at)[i] = 0;
	snprintf(toml, sizeof toml, "features = \"%s\"\nalpha = 0.7\nprior = 0.5", features);
	test_agent_open(&t, "linucb", toml, 1, spec_of(&w));
	cr_assert_eq(test_observe(&t, &w.b, action, reward), 0, "%s", t.p.why.at);
	test_rank(&t, &w.b, score, explore);
	scores_by_hand(&w, features, action, reward, 0.7, 0.5, want);
	for (size_t k = 0; k < SOME; k++)
		cr_assert_float_eq(score[k], want[k], 2e-5, "%s, action %zu: %g, not %g", features, k,
		                   (double)score[k], want[k]);
	test_free(&t.p);
	free_world(&w);
}

Test(linucb, scores_are_the_definitions)
{
	check_features("hadamard", D, D, false);
	check_features("hadamard", D, D, true);
	check_features("hadamard", 33, 33, true);
	check_features("action", D, 0, false);
	check_features("action", 7, 20, false);
	check_features("concat", 20, D, false);
	check_features("concat", D, 5, true);
}

/* The same bits for an action whatever list it stands in, and wherever. */
Test(linucb, a_score_does_not_depend_on_the_list)
{
	struct world w;
	struct test_agent t;
	uint32_t action[4] = { 1, 2, 3, 4 }, cand[4 * K];
	float reward[4] = { 1, 0, 1, 0 }, *score = calloc(4 * K, sizeof *score), listed[4 * K], explore[4];
	size_t off[5] = { 0 };
	make_world(&w, K, D, D, 4);
	test_agent_open(&t, "linucb", "", 1, spec_of(&w));
	cr_assert_eq(test_observe(&t, &w.b, action, reward), 0);
	test_rank(&t, &w.b, score, explore);
	struct rho_batch b = w.b;
	b.cand = cand;
	b.cand_off = off;
	for (size_t i = 0; i < 4; i++) {
		const size_t many[] = { 1, 127, 130, K };
		for (size_t j = 0; j < many[i]; j++)
			cand[off[i] + j] = (uint32_t)((j * 37 + i) % K);
		off[i + 1] = off[i] + many[i];
	}
	test_rank(&t, &b, listed, explore);
	for (size_t i = 0; i < 4; i++)
		for (size_t j = off[i]; j < off[i + 1]; j++)
			cr_assert(!memcmp(&listed[j], &score[i * K + cand[j]], sizeof(float)));
	uint32_t chosen[4];
	float p[4], dist[4 * K];
	test_act(&t, &b, chosen, p);
	test_dist(&t, &b, dist);
	for (size_t i = 0; i < 4; i++) {
		size_t best = off[i];
		for (size_t j = off[i]; j < off[i + 1]; j++)
			best = listed[j] > listed[best] ? j : best;
		cr_assert_eq(chosen[i], cand[best]);
		cr_assert(p[i] == 1 && dist[best] == 1);
	}
	test_free(&t.p);
	free(score);
	free_world(&w);
}

/* Rewards of a linear world: LinUCB and Thompson find its best actions, far above chance. */
static double learn(const char *name, const char *toml)
{
	struct world w;
	struct test_agent t;
	float theta[16], p;
	double last = 0, best = 0, average = 0;
	make_world(&w, 200, 16, 0, 1);
	fill(theta, 16, 9);
	test_agent_open(&t, name, toml, 4, spec_of(&w));
	for (int step = 0; step < 600; step++) {
		uint32_t action;
		float reward = 0;
		test_act(&t, &w.b, &action, &p);
		for (size_t j = 0; j < 16; j++)
			reward += theta[j] * w.actions.at[action * 16 + j];
		cr_assert_eq(test_observe(&t, &w.b, &action, &reward), 0);
		last += step >= 500 ? (double)reward / 100 : 0;
	}
	for (size_t k = 0; k < 200; k++) {
		double r = 0;
		for (size_t j = 0; j < 16; j++)
			r += (double)theta[j] * (double)w.actions.at[k * 16 + j];
		best = r > best ? r : best;
		average += r / 200;
	}
	test_free(&t.p);
	free_world(&w);
	return (last - average) / (best - average);
}

Test(linucb, finds_the_best_action) { cr_assert_gt(learn("linucb", "alpha = 2.0"), 0.99); }
Test(linucb, finds_it_while_forgetting) { cr_assert_gt(learn("linucb", "gamma = 0.99"), 0.95); }
Test(thompson, finds_the_best_action) { cr_assert_gt(learn("thompson", "v = 0.3"), 0.95); }

Test(linucb, prior_of_one_is_the_inner_product)
{
	struct world w;
	struct test_agent t;
	float score[4 * 50], explore[4];
	make_world(&w, 50, D, D, 4);
	test_agent_open(&t, "linucb", "alpha = 0.0\nprior = 1.0\nlambda = 3.0", 1, spec_of(&w));
	test_rank(&t, &w.b, score, explore);
	for (size_t i = 0; i < 4; i++)
		for (size_t k = 0; k < 50; k++) {
			double dot = 0;
			for (size_t j = 0; j < D; j++)
				dot += (double)w.contexts.at[i * D + j] * (double)w.actions.at[k * D + j];
			cr_assert_float_eq(score[i * 50 + k], dot, 1e-5);
		}
	test_free(&t.p);
	free_world(&w);
}

static void check_resume(const char *name, const char *toml)
{
	struct world w;
	struct test_agent a, b;
	uint32_t action[4], other[4];
	float p[4], q[4], reward[4] = { 0.5f, 1, -1, 0 };
	make_world(&w, 100, D, D, 4);
	test_agent_open(&a, name, toml, 7, spec_of(&w));
	for (int i = 0; i < 100; i++) { /* past a refresh at 256 updates */
		test_act(&a, &w.b, action, p);
		cr_assert_eq(test_observe(&a, &w.b, action, reward), 0);
	}
	test_agent_open(&b, name, toml, 8, spec_of(&w));
	test_copy_kept(&a.p, &b.p);
	TEST_OK(&b.p, "loaded", false, b.agent->loaded(TEST_SELF(&b.p)));
	for (int i = 0; i < 100; i++) {
		test_act(&a, &w.b, action, p);
		test_act(&b, &w.b, other, q);
		cr_assert(!memcmp(action, other, sizeof action));
		cr_assert(!memcmp(p, q, sizeof p));
		cr_assert_eq(test_observe(&a, &w.b, action, reward), 0);
		cr_assert_eq(test_observe(&b, &w.b, action, reward), 0);
	}
	test_free(&a.p);
	test_free(&b.p);
	free_world(&w);
}

Test(linucb, resumes_to_the_bit)
{
	check_resume("linucb", "");
	check_resume("linucb", "gamma = 0.999\nfeatures = \"concat\"");
	check_resume("linucb", "features = \"concat\"");
	check_resume("linucb", "features = \"action\"\nwindow = 77");
	check_resume("linucb", "features = \"bilinear\"\nrank = 5\nprior = 1.0");
}

Test(thompson, resumes_to_the_bit)
{
	check_resume("thompson", "");
	check_resume("thompson", "propensity_draws = 16");
	check_resume("thompson", "window = 300");
	check_resume("thompson", "features = \"bilinear\"\nrank = 7");
}

Test(thompson, frequencies_fit_the_estimated_probabilities)
{
	enum { DRAWS = 20000, FEW = 6 };
	struct world w;
	struct test_agent t;
	double seen[FEW] = { 0 };
	float dist[FEW], p, q, sum = 0;
	make_world(&w, FEW, 3, 0, 1);
	test_agent_open(&t, "thompson", "propensity_draws = 20000\nv = 1.0", 5, spec_of(&w));
	test_dist(&t, &w.b, dist);
	for (uint32_t j = 0; j < FEW; j++) {
		test_prob(&t, &w.b, &j, &p);
		cr_assert_eq(p, dist[j]);
		sum += p;
	}
	cr_assert_float_eq(sum, 1, 1e-5);
	test_free(&t.p);
	test_agent_open(&t, "thompson", "v = 1.0", 5, spec_of(&w));
	for (int d = 0; d < DRAWS; d++) {
		uint32_t action;
		test_act(&t, &w.b, &action, &q);
		cr_assert(isnan(q));
		seen[action]++;
	}
	for (size_t j = 0; j < FEW; j++) { /* two estimates of one probability */
		double f = seen[j] / DRAWS, sd = sqrt(2 * f * (1 - f) / DRAWS);
		cr_assert_leq(fabs(f - (double)dist[j]), 4.5 * sd + 1e-4);
	}
	test_free(&t.p);
	free_world(&w);
}

/* Decisions are drawn for one after another, so how many share a pass cannot matter. */
Test(thompson, choices_do_not_depend_on_how_many_share_a_pass)
{
	struct world w;
	struct test_agent a, b;
	uint32_t together[8], alone, cand[K];
	size_t off[2] = { 0, K };
	float p[8];
	make_world(&w, K, D, D, 8);
	test_agent_open(&a, "thompson", "", 3, spec_of(&w));
	test_agent_open(&b, "thompson", "", 3, spec_of(&w));
	test_act(&a, &w.b, together, p);
	for (uint32_t k = 0; k < K; k++)
		cand[k] = k;
	for (size_t i = 0; i < 8; i++) {
		struct rho_batch one = w.b;
		one.n = 1;
		one.x = rho_slice(w.b.x, i, 1);
		if (i % 2) {
			one.cand = cand;
			one.cand_off = off;
		}
		test_act(&b, &one, &alone, p);
		cr_assert_eq(alone, together[i]);
	}
	test_free(&a.p);
	test_free(&b.p);
	free_world(&w);
}

Test(thompson, greedy_is_the_mean_and_draws_nothing)
{
	struct world w;
	struct test_agent a, b;
	uint32_t action[4], chosen[4], taken[4] = { 1, 2, 3, 4 };
	float reward[4] = { 1, 0, 1, 0.5f }, p[4], q[4];
	make_world(&w, 60, D, D, 4);
	test_agent_open(&a, "thompson", "", 3, spec_of(&w));
	test_agent_open(&b, "linucb", "alpha = 0.0", 3, spec_of(&w));
	cr_assert_eq(test_observe(&a, &w.b, taken, reward), 0);
	cr_assert_eq(test_observe(&b, &w.b, taken, reward), 0);
	w.b.flags = RHO_GREEDY;
	struct rho_rng before = a.p.inst->streams[0]->rng;
	test_act(&a, &w.b, action, p);
	cr_assert(!memcmp(&before, &a.p.inst->streams[0]->rng, sizeof before));
	test_act(&b, &w.b, chosen, q);
	cr_assert(!memcmp(action, chosen, sizeof action));
	cr_assert(p[0] == 1 && p[3] == 1);
	test_prob(&a, &w.b, action, q);
	cr_assert(q[0] == 1 && q[3] == 1);
	test_free(&a.p);
	test_free(&b.p);
	free_world(&w);
}

static void check_refused(const char *name, const char *toml, struct rho_spec spec, const char *part)
{
	struct test_agent t;
	test_agent_make(&t, name, toml, 1, spec);
	cr_assert_eq(TEST_CALL(&t.p, "open", true, t.agent->open(TEST_SELF(&t.p), &t.spec)), RHO_EINVAL);
	HAS(t.p.why.at, part);
	test_free(&t.p);
}

Test(linucb, refuses_dimensions_that_cannot_work)
{
	struct rho_spec none = { .n_actions = 5 }, no_x = { .n_actions = 5, .action_dim = 4 };
	struct rho_spec uneven = { .n_actions = 5, .action_dim = 4, .x_dim = 3 };
	check_refused("linucb", "", none, "features of actions");
	check_refused("thompson", "", none, "add an [encoder]");
	check_refused("linucb", "features = \"hadamard\"", no_x, "needs contexts");
	check_refused("linucb", "features = \"concat\"", no_x, "features = \"action\"");
	check_refused("thompson", "features = \"hadamard\"", uneven, "there are 3 and 4");
	uneven.x_dim = 0;
	check_refused("linucb", "window = 9\ngamma = 0.9", uneven, "two ways to forget");
}

/* The second of three rewards is none: nothing is learned from the first either. */
static void check_no_reward(const char *name, float odd, const char *part)
{
	struct world w;
	struct test_agent t, fresh;
	uint32_t action[3] = { 1, 9, 2 };
	float reward[3] = { 1, odd, 0 };
	make_world(&w, 10, 4, 4, 3);
	test_agent_open(&t, name, "", 1, spec_of(&w));
	test_agent_open(&fresh, name, "", 1, spec_of(&w));
	cr_assert_eq(test_observe(&t, &w.b, action, reward), RHO_EINVAL);
	HAS(t.p.why.at, part);
	for (size_t i = 0; i < t.p.inst->n_kept; i++) {
		const struct rho_kept *k = &t.p.inst->kept[i];
		cr_assert(!memcmp(k->at, test_kept(&fresh.p, k->name), k->rows * k->cols * 8), "%s", k->name);
	}
	test_free(&t.p);
	test_free(&fresh.p);
	free_world(&w);
}

Test(linucb, refuses_a_reward_that_is_no_number)
{
	check_no_reward("linucb", NAN, "reward nan of action 9");
	check_no_reward("linucb", 1e30f, "of action 9");
	check_no_reward("thompson", -1e30f, "no larger than 1e+15");
	check_no_reward("thompson", INFINITY, "reward inf of action 9");
}
