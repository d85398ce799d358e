/* math: what is posed and paid, through the registry; what its parts read and reckon is in math_parts.c. */
#include "math_world.h"

#define EXACT "verifier = { use = \"exact\" }\n"

/* Plays what the oracle likes best until the episode of lane 0 ends; gives its return and length. */
static double follow(struct math_play *g, size_t *steps)
{
	double sum = 0;
	for (*steps = 1;; ++*steps) {
		uint32_t action[MATH_LANES];
		float pay[MATH_LANES];
		math_best(g, action, pay);
		math_step_play(g, action);
		for (size_t i = 0; i < g->spec.lanes; i++)
			cr_assert_eq(g->reward[i], pay[i]);
		sum += (double)g->reward[0];
		if (g->end[0]) {
			cr_assert_eq(g->end[0], RHO_TERMINATED);
			return sum;
		}
		cr_assert_lt(*steps, 20);
	}
}

Test(math, pays_right_steps_and_right_answers)
{
	struct rho_tables *t = math_tables(true);
	struct math_play g;
	size_t steps;
	double sum;
	cr_assert_eq(math_open_play(&g, t, EXACT "split = \"train\"\norder = \"file\"", 1, 1, false), 0, "%s",
	             g.p.why.at);
	cr_assert(g.spec.moving && g.spec.max_legal == 200 && g.spec.obs == RHO_OBS_ROW && g.spec.horizon == 8);
	cr_assert(g.spec.n_actions == 400 && g.spec.action_mat->cols == 608);
	math_reset_play(&g);
	/* Two steps and an answer; 16 - 3 - 4 and * 2: three; a product of three and a difference. */
	sum = follow(&g, &steps);
	cr_assert_float_eq(sum, 1.5, 1e-9);
	cr_assert_eq(steps, 3);
	cr_assert_eq(g.last_row[0], 0);
	cr_assert_eq(g.row[0], 1);
	sum = follow(&g, &steps);
	cr_assert_float_eq(sum, 1.75, 1e-9);
	cr_assert_eq(steps, 4);
	sum = follow(&g, &steps);
	cr_assert_float_eq(sum, 1 + 0.25 * (double)(steps - 1), 1e-9);
	cr_assert_eq(g.last_row[0], 2);
	cr_assert_eq(g.row[0], 0, "the file begins again");
	test_free(&g.p);
	/* Of the test problems steps are not paid, but for derivations = "all". */
	cr_assert_eq(math_open_play(&g, t, EXACT "split = \"test\"\norder = \"file\"", 1, 2, false), 0);
	math_reset_play(&g);
	cr_assert(g.row[0] == 3 && g.row[1] == 4, "the problem without an answer is left out");
	uint32_t action[MATH_LANES];
	float pay[MATH_LANES];
	math_best(&g, action, pay);
	cr_assert(pay[0] == 0 && pay[1] == 0);
	test_free(&g.p);
	cr_assert_eq(math_open_play(&g, t, EXACT "split = \"test\"\norder = \"file\"\nderivations = \"all\"", 1, 1,
	                            false), 0);
	math_reset_play(&g);
	sum = follow(&g, &steps);
	cr_assert_float_eq(sum, 1.5, 1e-9);
	test_free(&g.p);
	/* Answers alone, and what a wrong one costs. */
	cr_assert_eq(math_open_play(&g, t, EXACT "reward = \"answer\"\nwrong = 0.5\nsplit = \"train\"", 1, 1,
	                            false), 0);
	cr_assert(g.spec.reward_lo == -0.5f && g.spec.reward_hi == 1);
	test_free(&g.p);
	rho_tables_free(t);
}

/* Plays action number k of what is legal in lane 0. */
static void play_at(struct math_play *g, size_t k)
{
	uint32_t action = g->obs.legal[k];
	math_step_play(g, &action);
}

Test(math, slips_end_episodes_that_teach)
{
	static const struct { const char *toml; int wrong; } cases[] = {
		{ "split = \"train\"\nslips = 0", 1 }, { "split = \"train\"\nslips = 2", 3 },
		{ "split = \"test\"\nslips = 0", 8 }, { "split = \"train\"", 8 },
	};
	struct rho_tables *t = math_tables(true);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct math_play g;
		char toml[200];
		int n = 0;
		snprintf(toml, sizeof toml, EXACT "order = \"file\"\n%s", cases[i].toml);
		cr_assert_eq(math_open_play(&g, t, toml, 1, 1, false), 0, "%s", g.p.why.at);
		math_reset_play(&g);
		while (!g.end[0] && n < 20) {   /* the last is no answer, and what costs most is in no solution */
			play_at(&g, g.obs.legal_off[1] - 1);
			cr_assert_eq(g.reward[0], 0);
			n++;
		}
		cr_assert_eq(n, cases[i].wrong, "case %zu: %d steps", i, n);
		test_free(&g.p);
	}
	rho_tables_free(t);
}

Test(math, poses_no_more_than_the_limit)
{
	struct rho_tables *t = math_tables(true);
	struct math_play g;
	cr_assert_eq(math_open_play(&g, t, EXACT "split = \"train\"\nlimit = 2\norder = \"file\"\nslips = 0", 1, 4,
	                            false), 0, "%s", g.p.why.at);
	math_reset_play(&g);
	cr_assert(g.row[0] == 0 && g.row[1] == 1 && g.row[2] == 0 && g.row[3] == 1, "0, 1 of the three, and again");
	test_free(&g.p);
	rho_tables_free(t);
}

/* What one row has of features: so many of its numbers are not 0, in the block of its operation and the one for all. */
Test(math, rows_have_one_block)
{
	struct rho_tables *t = math_tables(true);
	struct math_play g;
	struct rho_rng rng = { { 9, 2, 3, 4 } };
	cr_assert_eq(math_open_play(&g, t, EXACT, 1, 1, false), 0);
	math_reset_play(&g);
	for (int n = 0; n < 200; n++) {
		for (size_t j = 0; j < g.obs.legal_off[1]; j++) {
			const float *x = math_features_of(&g, g.obs.legal[j]);
			size_t blocks = 0, all = 0;
			double sum = 0;
			for (size_t b = 0; b < 5; b++) {
				bool any = false;
				for (size_t k = 128 * b; k < (b < 4 ? 128 * b + 128 : 576); k++) {
					any |= x[k] != 0;
					sum += (double)(x[k] * x[k]);
				}
				blocks += any;
			}
			for (size_t k = 576; k < 608; k++)
				all += x[k] != 0;
			cr_assert(blocks == 1 && all <= 1, "%zu blocks, %zu for all", blocks, all);
			cr_assert(sum > 0.03 && sum < 4);
		}
		play_at(&g, rho_below(&rng, (uint32_t)g.obs.legal_off[1]));
	}
	test_free(&g.p);
	rho_tables_free(t);
}

Test(math, episodes_end_and_rows_stay)
{
	struct rho_tables *t = math_tables(true);
	struct math_play g;
	enum { LANES = 5, DIM = 128, SHOWN = LANES * 120 };
	static float before[SHOWN][DIM];
	static uint32_t id[SHOWN];
	size_t age[LANES] = { 0 }, ends = 0, answers = 0;
	struct rho_rng rng = { { 1, 2, 3, 4 } };
	cr_assert_eq(math_open_play(&g, t, EXACT "candidates = 120\nfeatures = 128\nsteps = 4", 3, LANES, false), 0,
	             "%s", g.p.why.at);
	math_reset_play(&g);
	for (int n = 0; n < 500; n++) {
		uint32_t action[MATH_LANES];
		size_t shown = g.obs.legal_off[LANES];
		for (size_t j = 0; j < shown; j++) {
			id[j] = g.obs.legal[j];
			memcpy(before[j], math_features_of(&g, id[j]), sizeof before[j]);
		}
		for (size_t i = 0; i < LANES; i++) {
			size_t from = g.obs.legal_off[i], k = g.obs.legal_off[i + 1] - from;
			cr_assert(k >= 1 && k <= 120);
			/* Mostly one of the first, which are the answers once there are any. */
			action[i] = g.obs.legal[from + rho_below(&rng, n % 3 && k > 2 ? 3 : (uint32_t)k)];
			age[i]++;
		}
		math_step_play(&g, action);
		for (size_t j = 0; j < shown; j++)
			cr_assert_eq(memcmp(before[j], math_features_of(&g, id[j]), sizeof before[j]), 0,
			             "row %u was written over", id[j]);
		for (size_t i = 0; i < LANES; i++) {
			cr_assert(age[i] <= 4);
			cr_assert(g.end[i] || age[i] < 4);
			answers += g.end[i] && age[i] < 4;
			ends += g.end[i] != 0;
			age[i] = g.end[i] ? 0 : age[i];
		}
	}
	cr_assert(ends > 100 && answers > 20, "%zu ends, %zu answers", ends, answers);
	test_free(&g.p);
	rho_tables_free(t);
}

Test(math, a_lane_is_its_own)
{
	/* One problem, the same steps: the same rows, in the same places, however many lanes there are. */
	struct rho_tables *t = math_tables(true);
	struct math_play one, many;
	const char *toml = EXACT "split = \"test\"\ngroup = \"\"\norder = \"file\"";
	cr_assert_eq(math_open_play(&one, t, toml, 1, 2, false), 0);
	cr_assert_eq(math_open_play(&many, t, toml, 9, 8, false), 0);
	math_reset_play(&one);
	math_reset_play(&many);
	for (int n = 0; n < 60; n++) {
		uint32_t a[MATH_LANES], b[MATH_LANES];
		size_t k = one.obs.legal_off[1];
		cr_assert_eq(k, many.obs.legal_off[1]);
		for (size_t j = 0; j < k; j++) {
			cr_assert_eq(one.obs.legal[j], many.obs.legal[j]);
			cr_assert_eq(memcmp(math_features_of(&one, one.obs.legal[j]),
			                    math_features_of(&many, many.obs.legal[j]), 608 * sizeof(float)), 0);
		}
		for (size_t i = 0; i < 8; i++) {
			b[i] = many.obs.legal[many.obs.legal_off[i] + (i ? (size_t)n % 3 : (size_t)n % k)];
			if (i < 2)
				a[i] = one.obs.legal[one.obs.legal_off[i] + (i ? (size_t)n % 2 : (size_t)n % k)];
		}
		math_step_play(&one, a);
		math_step_play(&many, b);
		cr_assert_eq(one.reward[0], many.reward[0]);
		cr_assert_eq(one.end[0], many.end[0]);
	}
	test_free(&one.p);
	test_free(&many.p);
	rho_tables_free(t);
}

/* What a resumed run goes on from is what was there: the same lists, the same rows. */
static void resume(const char *toml)
{
	struct rho_tables *t = math_tables(true);
	struct math_play a, b;
	struct rho_rng rng = { { 5, 2, 3, 4 } };
	cr_assert_eq(math_open_play(&a, t, toml, 4, 3, true), 0, "%s", a.p.why.at);
	math_reset_play(&a);
	for (int n = 0; n < 120; n++) {
		uint32_t action[MATH_LANES];
		for (size_t i = 0; i < 3; i++) {
			size_t from = a.obs.legal_off[i], k = a.obs.legal_off[i + 1] - from;
			action[i] = a.obs.legal[from + rho_below(&rng, (uint32_t)k)];
		}
		if (n % 13 == 7) {
			cr_assert_eq(math_open_play(&b, t, toml, 4, 3, true), 0);
			test_copy_kept(&a.p, &b.p);
			TEST_OK(&b.p, "loaded", false, b.env->loaded(TEST_SELF(&b.p)));
			for (size_t j = 0; j < a.obs.legal_off[3]; j++)
				cr_assert_eq(memcmp(math_features_of(&a, a.obs.legal[j]),
				                    math_features_of(&b, a.obs.legal[j]), 608 * sizeof(float)), 0);
			math_step_play(&b, action);
		}
		math_step_play(&a, action);
		if (n % 13 == 7) {
			cr_assert_eq(memcmp(a.obs.legal_off, b.obs.legal_off, 4 * sizeof(size_t)), 0);
			cr_assert_eq(memcmp(a.obs.legal, b.obs.legal, a.obs.legal_off[3] * sizeof(uint32_t)), 0);
			cr_assert_eq(memcmp(a.reward, b.reward, sizeof a.reward), 0);
			test_free(&b.p);
		}
	}
	test_free(&a.p);
	rho_tables_free(t);
}

Test(math, goes_on_as_before)
{
	resume(EXACT);
	resume(EXACT "source = \"retrieved\"\nsimilar = 2");
}

Test(math, retrieved_steps_take_this_problems_numbers)
{
	/* Problem 3 is problem 0 with other numbers; its steps, with 30 for 48, solve it. */
	struct rho_tables *t = math_tables(true);
	struct math_play g;
	size_t steps;
	double sum;
	const char *toml = EXACT "source = \"retrieved\"\nsimilar = 1\nsplit = \"test\"\norder = \"file\"\n"
	                   "derivations = \"all\"";
	cr_assert_eq(math_open_play(&g, t, toml, 1, 1, true), 0, "%s", g.p.why.at);
	math_reset_play(&g);
	cr_assert_leq(g.obs.legal_off[1], 20, "a handful of steps, not every operation");
	sum = follow(&g, &steps);
	cr_assert_float_eq(sum, 1.5, 1e-9);
	test_free(&g.p);
	rho_tables_free(t);
}

/* A missing verifier is told when the experiment is read, not when a cell runs. */
Test(math, wants_a_verifier)
{
	struct rho_registry *r = rho_registry_new(NULL, 0);
	struct rho_diags *d = rho_diags_new();
	struct rho_buf why = { 0 };
	const struct rho_module *m = rho_module_get(r, RHO_ENV, "math", &why);
	struct rho_toml *table = rho_toml_parse("use = \"math\"", 12, "test.toml", d);
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);
	cr_assert_eq(rho_params_check(r, m, "env", table, d), 1);
	rho_diags_print(d, f);
	fclose(f);
	HAS(text, "env: math needs verifier, a table that names a plugin");
	free(text);
	rho_toml_free(table);
	rho_diags_free(d);
	rho_registry_free(r);
}

Test(math, says_what_it_lacks)
{
	static const struct { const char *toml, *why; bool answers, features; } cases[] = {
		{ EXACT, "no column \"answer\"", false, true },
		{ EXACT "split = \"tset\"", "there is \"train\", \"test\"", true, true },
		{ EXACT "group = \"x\"", "no column \"group\"", true, true },
		{ EXACT "features = 100", "not a multiple of 16; try 96", true, true },
		{ EXACT "constants = [2, 3, 2]", "lists 2 twice", true, true },
		{ EXACT "constants = [2]", "2 .. 12 are possible", true, true },
		{ EXACT "source = \"retrieved\"", "add an [encoder]", true, false },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct rho_tables *t = math_tables(cases[i].answers);
		struct math_play g;
		cr_assert_eq(math_open_play(&g, t, cases[i].toml, 1, 1, cases[i].features), RHO_EINVAL, "case %zu", i);
		HAS(g.p.why.at, cases[i].why);
		test_free(&g.p);
		rho_tables_free(t);
	}
}
