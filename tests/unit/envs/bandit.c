/* bandit: what is posed and paid, on tables written here. */
#include "../plugin.h"
#include "store/tables.h"

struct play {
	struct test_plugin p;
	const struct rho_env *env;
	struct rho_env_spec spec;
	struct rho_obs obs, last;
	uint32_t row[16], last_row[16];
	float reward[16], item_reward[16];
	uint8_t end[16];
};

enum { ACTIONS = 6, CONTEXTS = 5 };

struct row {
	uint32_t context, action;
	double weight;
	const char *split;
};

/* Context 0: actions 1 (0.5), 4 (1); 1: none; 2: 0 twice (0.25 and 0.75), 5 (-1); 3: all six at 2;
 * 4: 3 (0.1), in split "test" as the context is. */
static const struct row rows[] = {
	{ 0, 4, 1, "train" },    { 2, 0, 0.25, "train" }, { 0, 1, 0.5, "train" }, { 2, 5, -1, "train" },
	{ 2, 0, 0.75, "train" }, { 3, 0, 2, "train" },    { 3, 1, 2, "train" },   { 3, 2, 2, "train" },
	{ 3, 3, 2, "train" },    { 3, 4, 2, "train" },    { 3, 5, 2, "train" },   { 4, 3, 0.1, "test" },
};

static struct rho_str str(const char *s) { return (struct rho_str){ s, strlen(s) }; }

/* click: weights as probabilities. */
static struct rho_tables *make_tables(bool click)
{
	static const struct rho_column_spec actions[] = { { .name = "text", .type = RHO_COL_STR } };
	static const struct rho_column_spec contexts[] = { { .name = "group", .type = RHO_COL_LABEL },
		                                           { .name = "split", .type = RHO_COL_LABEL } };
	static const struct rho_column_spec links[] = {
		{ .name = "context", .type = RHO_COL_ROW, .of = RHO_CONTEXTS },
		{ .name = "action", .type = RHO_COL_ROW, .of = RHO_ACTIONS },
		{ .name = "weight", .type = RHO_COL_F64 },
		{ .name = "split", .type = RHO_COL_LABEL },
	};
	struct rho_tables *t = rho_tables_new();
	struct rho_sink *s = rho_tables_sink(t);
	struct rho_buf why = { 0 };
	s->columns(s, RHO_ACTIONS, actions, 1);
	s->columns(s, RHO_CONTEXTS, contexts, 2);
	s->columns(s, RHO_LINKS, links, 4);
	for (int i = 0; i < ACTIONS; i++)
		s->add(s, RHO_ACTIONS, &(union rho_value){ .s = str("thing") });
	for (int i = 0; i < CONTEXTS; i++)
		s->add(s, RHO_CONTEXTS,
		       (union rho_value[]){ { .s = str(i < 3 ? "A" : "B") },
		                            { .s = str(i < 4 ? "train" : "test") } });
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		double w = click ? fabs(rows[i].weight) / 2 : rows[i].weight;
		s->add(s, RHO_LINKS,
		       (union rho_value[]){ { .row = rows[i].context },
		                            { .row = rows[i].action },
		                            { .f = w },
		                            { .s = str(rows[i].split) } });
	}
	cr_assert_eq(rho_tables_finish(t, 7, &why), 0, "%s", why.at);
	return t;
}

static int play_open(struct play *g, const struct rho_tables *t, const char *toml, uint64_t seed,
                     size_t lanes)
{
	memset(g, 0, sizeof *g);
	test_make(&g->p, RHO_ENV, "bandit", toml, seed);
	g->env = g->p.inst->module->plugin.env;
	g->spec =
		(struct rho_env_spec){ .data = rho_tables_data(t), .lanes = lanes, .slate = 1, .horizon = 1 };
	g->obs = (struct rho_obs){ .row = g->row,
		                   .reward = g->reward,
		                   .item_reward = g->item_reward,
		                   .end = g->end,
		                   .last = &g->last };
	g->last = (struct rho_obs){ .row = g->last_row };
	return TEST_CALL(&g->p, "open", true, g->env->open(TEST_SELF(&g->p), &g->spec));
}

static void play_reset(struct play *g)
{
	struct rho_obs *last = g->obs.last;
	g->obs.last = NULL;
	TEST_OK(&g->p, "reset", false, g->env->reset(TEST_SELF(&g->p), &g->obs));
	g->obs.last = last;
}

static void play_step(struct play *g, const uint32_t *action)
{
	TEST_OK(&g->p, "step", false, g->env->step(TEST_SELF(&g->p), action, &g->obs));
}

static double truth(uint32_t context, uint32_t action, double base)
{
	double best = base;
	bool found = false;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (rows[i].context == context && rows[i].action == action) {
			best = found && best > rows[i].weight ? best : rows[i].weight;
			found = true;
		}
	return best;
}

Test(bandit, pays_the_links_and_knows_the_truth)
{
	struct rho_tables *t = make_tables(false);
	struct play g;
	cr_assert_eq(play_open(&g, t, "base = -0.5", 1, 3), 0, "%s", g.p.why.at);
	cr_assert_eq(g.spec.n_actions, ACTIONS);
	cr_assert_eq(g.spec.obs, RHO_OBS_ROW);
	cr_assert(g.spec.reward_lo == -1 && g.spec.reward_hi == 2 && g.spec.horizon == 1);
	play_reset(&g);
	for (uint32_t n = 0; n < 200; n++) {
		uint32_t posed[3], action[3], every[3 * ACTIONS];
		size_t off[] = { 0, ACTIONS, 2 * ACTIONS, 3 * ACTIONS };
		float mean[3 * ACTIONS], best[3];
		memcpy(posed, g.row, sizeof posed);
		for (uint32_t i = 0; i < 3 * ACTIONS; i++)
			every[i] = (i * 5 + n) % ACTIONS; /* any order */
		TEST_OK(&g.p, "oracle", false, g.env->oracle(TEST_SELF(&g.p), every, off, mean, best));
		for (uint32_t lane = 0; lane < 3; lane++) {
			double top = -9;
			cr_assert_neq(posed[lane], 1, "context 1 has no links");
			for (size_t j = off[lane]; j < off[lane + 1]; j++) {
				cr_assert_eq(mean[j], (float)truth(posed[lane], every[j], -0.5));
				top = (double)mean[j] > top ? (double)mean[j] : top;
			}
			cr_assert_eq(best[lane], (float)top);
			action[lane] = (n + lane) % ACTIONS;
		}
		play_step(&g, action);
		for (uint32_t lane = 0; lane < 3; lane++) {
			cr_assert_eq(g.reward[lane], (float)truth(posed[lane], action[lane], -0.5));
			cr_assert_eq(g.end[lane], RHO_TERMINATED);
			cr_assert_eq(g.last_row[lane], posed[lane]);
		}
	}
	test_free(&g.p);
	rho_tables_free(t);
}

Test(bandit, duplicates_can_be_summed)
{
	struct rho_tables *t = make_tables(false);
	struct play g;
	const uint32_t zero[1] = { 0 };
	cr_assert_eq(play_open(&g, t, "duplicates = \"sum\"\norder = \"file\"", 1, 1), 0);
	play_reset(&g);
	cr_assert_eq(g.row[0], 0);
	play_step(&g, zero);
	cr_assert_eq(g.row[0], 2);
	play_step(&g, zero);
	cr_assert_eq(g.reward[0], 1);
	cr_assert_eq(g.row[0], 3);
	play_step(&g, zero);
	cr_assert_eq(g.row[0], 4);
	play_step(&g, zero);
	cr_assert_eq(g.row[0], 0);
	test_free(&g.p);
	rho_tables_free(t);
}

/* Every context once an epoch, epochs in different orders, lanes side by side. */
Test(bandit, shuffles_anew_each_epoch)
{
	struct rho_tables *t = make_tables(false);
	struct play g;
	uint32_t orders[16] = { 0 }, different = 0;
	const uint32_t action[2] = { 0, 0 };
	cr_assert_eq(play_open(&g, t, "", 5, 2), 0);
	play_reset(&g);
	for (int epoch = 0; epoch < 16; epoch++) {
		uint32_t seen = 0;
		for (int n = 0; n < 2; n++) { /* four contexts, two lanes */
			for (int lane = 0; lane < 2; lane++) {
				seen |= 1u << g.row[lane];
				orders[epoch] = orders[epoch] * 8 + g.row[lane];
			}
			play_step(&g, action);
		}
		cr_assert_eq(seen, 1u << 0 | 1u << 2 | 1u << 3 | 1u << 4);
		for (int e = 0; e < epoch; e++)
			different += orders[e] != orders[epoch];
	}
	cr_assert_gt(different, 100); /* of 120 pairs, one in 24 alike by chance */
	test_free(&g.p);
	rho_tables_free(t);
}

/* What a lane is shown and paid depends on no other lane's choices, and not on an arm's. */
Test(bandit, choices_do_not_change_what_comes)
{
	struct rho_tables *t = make_tables(false);
	static const char *const orders[] = { "order = \"shuffle\"\nnoise = 1.0", "order = \"uniform\"",
		                              "order = \"file\"" };
	for (int o = 0; o < 3; o++) {
		struct play a, b;
		cr_assert_eq(play_open(&a, t, orders[o], 9, 3), 0);
		cr_assert_eq(play_open(&b, t, orders[o], 9, 3), 0);
		play_reset(&a);
		play_reset(&b);
		for (uint32_t n = 0; n < 100; n++) {
			const uint32_t x[3] = { n % 6, 1, 2 }, y[3] = { n % 6, n % 5, n % 4 };
			cr_assert(!memcmp(a.row, b.row, sizeof a.row));
			play_step(&a, x);
			play_step(&b, y);
			cr_assert_eq(a.reward[0], b.reward[0]);
		}
		test_free(&a.p);
		test_free(&b.p);
	}
	rho_tables_free(t);
}

Test(bandit, draws_contexts_uniformly)
{
	struct rho_tables *t = make_tables(false);
	struct play g;
	const uint32_t action[4] = { 0, 0, 0, 0 };
	double seen[5] = { 0 }, expected[5] = { 5000, 0, 5000, 5000, 5000 };
	cr_assert_eq(play_open(&g, t, "order = \"uniform\"", 5, 4), 0);
	play_reset(&g);
	for (int n = 0; n < 5000; n++) {
		for (int lane = 0; lane < 4; lane++)
			seen[g.row[lane]]++;
		play_step(&g, action);
	}
	cr_assert_leq(test_chi2(seen, expected, 5), test_chi2_limit(3));
	test_free(&g.p);
	rho_tables_free(t);
}

Test(bandit, clicks_have_the_weight_as_probability)
{
	struct rho_tables *t = make_tables(true);
	struct play g;
	double shown[CONTEXTS] = { 0 }, clicks[CONTEXTS] = { 0 };
	const uint32_t action[1] = { 5 };
	cr_assert_eq(play_open(&g, t, "reward = \"click\"\nbase = 0.1", 5, 1), 0, "%s", g.p.why.at);
	cr_assert(g.spec.reward_lo == 0 && g.spec.reward_hi == 1);
	play_reset(&g);
	for (int n = 0; n < 40000; n++) {
		uint32_t row = g.row[0];
		play_step(&g, action);
		cr_assert(g.reward[0] == 0 || g.reward[0] == 1);
		shown[row]++;
		clicks[row] += (double)g.reward[0];
	}
	const double want[CONTEXTS] = { 0.1, 0, 0.5, 1, 0.1 };
	for (int i = 0; i < CONTEXTS; i++)
		if (shown[i] > 0)
			cr_assert_float_eq(clicks[i] / shown[i], want[i], 4.5 * sqrt(0.25 / shown[i]));
	cr_assert_eq(shown[0], 10000);
	test_free(&g.p);
	rho_tables_free(t);
}

Test(bandit, noise_has_its_standard_deviation_and_no_bounds)
{
	enum { N = 20000 };
	struct rho_tables *t = make_tables(false);
	struct play g;
	double sum = 0, squares = 0;
	const uint32_t action[1] = { 2 };
	cr_assert_eq(play_open(&g, t, "noise = 0.3\ngroup = \"A\"", 5, 1), 0, "%s", g.p.why.at);
	cr_assert(g.spec.reward_lo == 0 && g.spec.reward_hi == 0);
	play_reset(&g);
	for (int n = 0; n < N; n++) {
		cr_assert(g.row[0] == 0 || g.row[0] == 2);
		play_step(&g, action);
		sum += (double)g.reward[0];
		squares += (double)g.reward[0] * (double)g.reward[0];
	}
	cr_assert_float_eq(sum / N, 0, 4.5 * 0.3 / sqrt(N));
	cr_assert_float_eq(squares / N, 0.09, 4.5 * 0.09 * sqrt(2.0 / N));
	test_free(&g.p);
	rho_tables_free(t);
}

Test(bandit, resumes_to_the_bit)
{
	struct rho_tables *t = make_tables(true);
	struct play a, b;
	const char *toml = "reward = \"click\"";
	cr_assert_eq(play_open(&a, t, toml, 9, 3), 0);
	play_reset(&a);
	for (uint32_t n = 0; n < 33; n++)
		play_step(&a, (const uint32_t[]){ 1, 2, 3 });
	cr_assert_eq(play_open(&b, t, toml, 9, 3), 0);
	test_copy_kept(&a.p, &b.p);
	TEST_OK(&b.p, "loaded", false, b.env->loaded(TEST_SELF(&b.p)));
	for (uint32_t n = 0; n < 33; n++) {
		const uint32_t action[3] = { n % 6, 3, 5 };
		play_step(&a, action);
		play_step(&b, action);
		cr_assert(!memcmp(a.row, b.row, sizeof a.row));
		cr_assert(!memcmp(a.last_row, b.last_row, sizeof a.row));
		cr_assert(!memcmp(a.reward, b.reward, sizeof a.reward));
	}
	test_free(&a.p);
	test_free(&b.p);
	rho_tables_free(t);
}

static void check_refused(const struct rho_tables *t, const char *toml, const char *part, const char *other)
{
	struct play g;
	cr_assert_eq(play_open(&g, t, toml, 9, 3), RHO_EINVAL);
	HAS(g.p.why.at, part);
	HAS(g.p.why.at, other);
	test_free(&g.p);
}

Test(bandit, refuses_with_a_way_out)
{
	struct rho_tables *t = make_tables(false), *click = make_tables(true);
	check_refused(t, "group = \"C\"", "no group is called \"C\"", "\"A\", \"B\"");
	check_refused(t, "split = \"valid\"", "no split", "\"train\", \"test\"");
	check_refused(t, "group = \"A\"\nsplit = \"test\"", "none has a link", "0 contexts");
	check_refused(t, "reward = \"click\"", "as probabilities", "use reward = \"weight\"");
	check_refused(click, "reward = \"click\"\nbase = 1.5", "base", "0 .. 1");
	check_refused(click, "reward = \"click\"\nnoise = 0.5", "noise = 0.5", "leave it out");
	rho_tables_free(t);
	rho_tables_free(click);
}
