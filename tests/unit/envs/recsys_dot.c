/* env recsys, users = "dot": the MDP of 1,000 unit items, as it is defined, and what its greedy policy gets.
 */
#include "recsys.h"

enum { ITEMS = 1000, D = 32, STEPS = 20 };

static double product(const float *a, const float *b)
{
	double sum = 0;
	for (size_t d = 0; d < D; d++)
		sum += (double)a[d] * (double)b[d];
	return sum;
}

Test(recsys_dot, is_the_mdp_it_is_defined_to_be)
{
	struct play g;
	float u[3][D];
	cr_assert_eq(recsys_open(&g, NULL, "users = \"dot\"", 5, 3), 0, "%s", g.p.why.at);
	const struct rho_mat *items = g.spec.action_mat;
	cr_assert(g.spec.n_actions == ITEMS && g.spec.obs == RHO_OBS_F32 && g.spec.x_dim == 2 * D);
	cr_assert(g.spec.horizon == STEPS && g.spec.slate == 1 && items->rows == ITEMS && items->cols == D);
	for (size_t a = 0; a < ITEMS; a++)
		cr_assert_float_eq(product(items->at + a * items->stride, items->at + a * items->stride), 1,
		                   1e-5);
	recsys_reset(&g);
	for (int session = 0; session < 3; session++) {
		for (size_t i = 0; i < 3; i++) {
			memcpy(u[i], g.x + i * 2 * D, sizeof u[i]);
			cr_assert_float_eq(product(u[i], u[i]), 1, 1e-5);
			for (size_t d = D; d < 2 * D; d++)
				cr_assert_eq(g.x[i * 2 * D + d], 0);
		}
		cr_assert_lt(fabs(product(u[0], u[1])), 0.9, "users of their own");
		for (uint32_t t = 0; t < STEPS; t++) {
			const uint32_t action[3] = { (t * 37) % ITEMS, 999 - t, 5 };
			recsys_step(&g, action);
			for (size_t i = 0; i < 3; i++) {
				const float *v = items->at + action[i] * items->stride;
				const float *x = (t == STEPS - 1 ? g.last_x : g.x) + i * 2 * D;
				cr_assert_float_eq((double)g.reward[i], product(u[i], v) * pow(0.99, t),
				                   1e-5);
				for (size_t d = 0; d < D; d++) {
					u[i][d] += 0.05f * v[d];
					cr_assert_float_eq(x[d], u[i][d], 1e-5f);
					cr_assert_eq(x[D + d], v[d]);
				}
				cr_assert_eq(g.end[i], t == STEPS - 1 ? RHO_TRUNCATED : RHO_RUNNING);
			}
		}
	}
	recsys_close(&g);
}

/* Mean return a session over `sessions` of 64 lanes: of the oracle's best, or of items at random. */
static double mean_return(uint64_t seed, bool greedy, size_t sessions)
{
	struct play g;
	struct rho_rng rng = { { seed, 2, 3, 4 } };
	double sum = 0;
	uint32_t action[LANES];
	cr_assert_eq(recsys_open(&g, NULL, "users = \"dot\"", seed, LANES), 0);
	const struct rho_mat *items = g.spec.action_mat;
	recsys_reset(&g);
	for (size_t n = 0; n < sessions * STEPS; n++) {
		for (size_t i = 0; i < LANES; i++) {
			double best = -9;
			action[i] = rho_below(&rng, ITEMS);
			for (uint32_t a = 0; greedy && a < ITEMS; a++) {
				double v = product(g.x + i * 2 * D, items->at + a * items->stride);
				if (v > best) {
					best = v;
					action[i] = a;
				}
			}
		}
		if (greedy) {
			static const size_t off[LANES + 1] = { 0 };
			float best[LANES];
			TEST_OK(&g.p, "oracle", false,
			        g.env->oracle(TEST_SELF(&g.p), action, off, best, best));
			recsys_step(&g, action);
			for (size_t i = 0; i < LANES; i++)
				cr_assert_float_eq(g.reward[i], best[i], 1e-5f);
		} else {
			recsys_step(&g, action);
		}
		for (size_t i = 0; i < LANES; i++)
			sum += (double)g.reward[i];
	}
	cr_assert_float_eq(recsys_metric(&g, "session_return"), sum / (double)(sessions * LANES), 1e-6);
	recsys_close(&g);
	return sum / (double)(sessions * LANES);
}

Test(recsys_dot, greedy_gets_18_1_a_session_and_chance_nothing)
{
	double greedy = 0, chance = 0;
	for (uint64_t seed = 1; seed <= 4; seed++) {
		greedy += mean_return(seed, true, 6) / 4;
		chance += mean_return(seed, false, 40) / 4;
	}
	cr_assert_float_eq(greedy, 18.1, 0.1);
	cr_assert_float_eq(chance, 0, 0.1);
}

/* The items are the seed's; who comes and what a lane is paid do not depend on the number of lanes. */
Test(recsys_dot, lanes_are_by_themselves_and_items_are_the_seed_s)
{
	struct play a, b, c;
	cr_assert_eq(recsys_open(&a, NULL, "users = \"dot\"\nsteps = 5", 5, 1), 0);
	cr_assert_eq(recsys_open(&b, NULL, "users = \"dot\"\nsteps = 5\nfeatures = false", 5, 8), 0);
	cr_assert_eq(recsys_open(&c, NULL, "users = \"dot\"\nsteps = 5", 6, 1), 0);
	cr_assert_null(b.spec.action_mat);
	cr_assert(memcmp(a.spec.action_mat->at, c.spec.action_mat->at, D * sizeof(float)));
	recsys_reset(&a);
	recsys_reset(&b);
	for (uint32_t n = 0; n < 50; n++) {
		uint32_t action[8] = { n * 13 % ITEMS, n, 2 * n, 7, 8, 9, 10, n + 3 };
		cr_assert(!memcmp(a.x, b.x, 2 * D * sizeof(float)));
		recsys_step(&a, action);
		recsys_step(&b, action);
		cr_assert(a.reward[0] == b.reward[0] && a.end[0] == b.end[0]);
	}
	recsys_close(&a);
	recsys_close(&b);
	recsys_close(&c);
}
