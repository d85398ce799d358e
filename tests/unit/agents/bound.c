/* linucb looks at few widths when it chooses: its choice is to the bit the first of the highest scores,
 * which rank computes one and all, whatever was learned and whatever the actions are like. From kept widths
 * it chooses in float64: up to rank's rounding. */
#include "agent.h"

enum { LANES = 4, FEW = 1500, MOST = 9000 };    /* MOST: several tiles, where there are 30 dimensions */

static const uint32_t lane[LANES] = { 0, 1, 2, 3 };

struct problem {
	size_t k, a_dim, x_dim;
	const char *features;
	double alpha, lambda, prior, gamma, scale;
	float *a, *x;           /* (k, a_dim), (LANES, x_dim) */
	struct rho_mat actions, contexts;
	struct rho_batch b;
};

/* Rows that differ in length by orders of magnitude, that are alike, that come twice, that are zero. */
static void make_actions(struct problem *p, struct rho_rng *rng, int kind)
{
	for (size_t k = 0; k < p->k; k++) {
		double length = kind % 3 == 1 ? exp(2 * rho_normal(rng)) : 1, sum = 1e-30;
		float *row = p->a + k * p->a_dim;
		for (size_t j = 0; j < p->a_dim; j++) {
			row[j] = (float)(length * rho_normal(rng));
			sum += (double)row[j] * (double)row[j];
		}
		for (size_t j = 0; kind % 3 == 2 && j < p->a_dim; j++)
			row[j] /= (float)sqrt(sum);
		uint32_t chance = rho_below(rng, 10);
		if (kind % 2 && k && chance < 4)
			memcpy(row, p->a + rho_below(rng, (uint32_t)k) * p->a_dim, p->a_dim * sizeof *row);
		if (kind % 2 && chance == 4)
			memset(row, 0, p->a_dim * sizeof *row);
		for (size_t j = 0; j < p->a_dim; j++)
			row[j] *= (float)p->scale;
	}
}

static void make_problem(struct problem *p, struct rho_rng *rng, int kind)
{
	static const char *const features[] = { "hadamard", "action", "concat" };
	static const double alpha[] = { 0.01, 0.1, 1, 10 }, lambda[] = { 1, 1e-3, 30, 1e-6, 1e6 };
	static const double scale[] = { 1, 1, 0.05, 1, 100, 1e-25, 1e18 };
	*p = (struct problem){ .a_dim = 1 + rho_below(rng, 70) };
	p->k = rho_below(rng, 6) ? 1 + rho_below(rng, FEW) : MOST;
	p->features = features[kind % 3];
	p->x_dim = kind % 3 == 0 ? p->a_dim : kind % 3 == 1 ? 0 : 1 + rho_below(rng, 40);
	p->alpha = alpha[rho_below(rng, 4)];
	p->lambda = lambda[rho_below(rng, 5)];
	p->prior = rho_below(rng, 2);
	p->gamma = rho_below(rng, 5) ? 1 : 0.99;
	p->scale = scale[rho_below(rng, 7)];
	p->a = calloc(p->k * p->a_dim, sizeof *p->a);
	p->x = calloc(LANES * p->x_dim + 1, sizeof *p->x);
	make_actions(p, rng, kind / 3);
	p->actions = (struct rho_mat){ p->a, p->k, p->a_dim, p->a_dim };
	p->contexts = (struct rho_mat){ p->x, LANES, p->x_dim, p->x_dim };
	p->b = (struct rho_batch){ .n = LANES, .k = 1, .actions = { &p->actions, NULL, 0, p->k } };
	p->b.x = (struct rho_rows){ p->x_dim ? &p->contexts : NULL, NULL, 0, LANES };
	p->b.lane = lane;
}

static void new_contexts(struct problem *p, struct rho_rng *rng)
{
	bool sparse = rho_below(rng, 3) == 0;
	for (size_t i = 0; i < LANES * p->x_dim; i++)
		p->x[i] = sparse && rho_below(rng, 4) ? 0 : (float)rho_normal(rng);
}

/* s (n), largest s[best]: place `at` is as good, but for rounding of numbers as large as any. What is a
 * number in float64 may be none in float32. */
static bool is_as_good(const float *s, size_t n, size_t best, size_t at)
{
	double most = 0;
	for (size_t j = 0; j < n; j++)
		most = fmax(most, fabs((double)s[j]));
	return !isfinite(most) || isnan(s[best]) || isnan(s[at]) ||
	       (double)s[at] >= (double)s[best] - 1e-5 * most;
}

/* act, dist and prob against the scores of rank; the choices into action (LANES). */
static void check_choice(struct test_agent *t, const struct rho_batch *b, bool kept, uint32_t *action)
{
	static float score[LANES * MOST], dist[LANES * MOST];
	float explore[LANES], p[LANES], q[LANES];
	test_rank(t, b, score, explore);
	test_act(t, b, action, p);
	test_prob(t, b, action, q);
	test_dist(t, b, dist);
	for (size_t i = 0; i < b->n; i++) {
		const float *s = score + rho_cand_at(b, i);
		size_t best = 0;
		for (size_t j = 1; j < rho_n_cand(b, i); j++)
			best = s[j] > s[best] ? j : best;
		if (kept && is_as_good(s, rho_n_cand(b, i), best, action[i]))
			best = action[i];
		cr_assert_eq(action[i], rho_cand(b, i, best), "decision %zu: %u, not %u", i, action[i],
		             rho_cand(b, i, best));
		cr_assert(p[i] == 1 && q[i] == 1 && dist[rho_cand_at(b, i) + best] == 1);
	}
}

/* Lists of some actions, some of them more than once. */
static struct rho_batch with_lists(const struct problem *p, struct rho_rng *rng, uint32_t *cand, size_t *off)
{
	struct rho_batch b = p->b;
	for (size_t i = 0; i < LANES; i++) {
		size_t n = 1 + rho_below(rng, (uint32_t)p->k);
		off[i + 1] = off[i] + n;
		for (size_t j = off[i]; j < off[i + 1]; j++)
			cand[j] = rho_below(rng, (uint32_t)p->k);
	}
	b.cand = cand;
	b.cand_off = off;
	return b;
}

static void play(const struct problem *p, struct rho_rng *rng, int turns)
{
	static uint32_t cand[LANES * MOST];
	struct problem mine = *p;
	struct rho_spec spec = { .n_actions = p->k, .x_dim = p->x_dim, .action_dim = p->a_dim };
	struct test_agent t;
	uint32_t action[LANES];
	float reward[LANES];
	char toml[200];
	spec.lanes = LANES;
	snprintf(toml, sizeof toml, "features = \"%s\"\nalpha = %g\nlambda = %.7f\nprior = %.1f\n"
	         "gamma = %.2f", p->features, p->alpha, p->lambda, p->prior, p->gamma);
	test_agent_open(&t, "linucb", toml, 1, spec);
	for (int turn = 0; turn < turns; turn++) {
		size_t off[LANES + 1] = { 0 };
		new_contexts(&mine, rng);
		struct rho_batch b = turn % 2 ? with_lists(&mine, rng, cand, off) : mine.b;
		if (turn % 7 < 2 || turn + 2 >= turns)
			check_choice(&t, &b, !b.cand_off && p->gamma == 1 && *p->features != 'h', action);
		else
			for (size_t i = 0; i < LANES; i++)
				action[i] = rho_cand(&b, i, rho_below(rng, (uint32_t)rho_n_cand(&b, i)));
		for (size_t i = 0; i < LANES; i++)
			reward[i] = (float)(rho_normal(rng) + action[i] % 3);
		/* So badly conditioned that it is refused: nothing more to learn. */
		if (test_observe(&t, &b, action, reward))
			break;
	}
	test_free(&t.p);
}

static void check_problems(uint64_t seed, int problems, int turns)
{
	struct rho_rng rng = { { seed, 2, 3, 4 } };
	for (int i = 0; i < problems; i++) {
		struct problem p;
		make_problem(&p, &rng, i);
		play(&p, &rng, turns);
		free(p.a);
		free(p.x);
	}
}

Test(linucb_bound, chooses_as_rank_scores) { check_problems(1, 150, 24); }
Test(linucb_bound, chooses_as_rank_scores_after_many_updates) { check_problems(2, 20, 300); }

/* Scores of numbers that are none follow the same rule. */
Test(linucb_bound, chooses_as_rank_scores_where_features_are_not_finite)
{
	static const float odd[] = { NAN, INFINITY, -INFINITY, 1e30f, 3e38f };
	struct rho_rng rng = { { 3, 2, 3, 4 } };
	for (int i = 0; i < 90; i++) {
		struct problem p;
		make_problem(&p, &rng, i);
		p.a[i % 2 ? 0 : rho_below(&rng, (uint32_t)(p.k * p.a_dim))] = odd[i % 5];
		play(&p, &rng, 2);
		free(p.a);
		free(p.x);
	}
}
