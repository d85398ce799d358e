/* tools: what is posed, paid and measured, on tables written here. */
#include "../plugin.h"
#include "store/tables.h"

enum { ACTIONS = 12, CONTEXTS = 7, LANES = 3 };

/* Actions 0 to 3 are of category A, 4 to 7 of B, 8 to 11 of none. */
static const char *const category_of[] = { "A", "A", "A", "A", "B", "B", "B", "B", "", "", "", "" };

static const struct {
	const char *group, *split;
	int64_t missing;
	uint32_t relevant[5];
	size_t n;
} queries[CONTEXTS] = {
	{ "G1", "train", 0, { 2 }, 1 },
	{ "G2", "train", 0, { 1, 3 }, 2 },
	{ "G3", "train", 1, { 0, 5 }, 2 },           /* and one that the catalogue lacks */
	{ "G3", "test", 2, { 0 }, 0 },               /* all of its two are missing */
	{ "other", "train", 0, { 4, 5, 6, 7 }, 4 },  /* I2 by its categories */
	{ "other", "train", 0, { 0, 4 }, 2 },        /* I3 */
	{ "other", "train", 0, { 8, 9 }, 2 },        /* of no known category: I3 */
};

static struct rho_str str(const char *s) { return (struct rho_str){ s, strlen(s) }; }

static struct rho_tables *make_tables(bool bare)
{
	static const struct rho_column_spec actions[] = { { .name = "text", .type = RHO_COL_STR },
		                                          { .name = "category", .type = RHO_COL_LABEL } };
	static const struct rho_column_spec contexts[] = { { .name = "group", .type = RHO_COL_LABEL },
		                                           { .name = "split", .type = RHO_COL_LABEL },
		                                           { .name = "missing", .type = RHO_COL_I64 } };
	static const struct rho_column_spec links[] = {
		{ .name = "context", .type = RHO_COL_ROW, .of = RHO_CONTEXTS },
		{ .name = "action", .type = RHO_COL_ROW, .of = RHO_ACTIONS },
		{ .name = "weight", .type = RHO_COL_F64 },
	};
	struct rho_tables *t = rho_tables_new();
	struct rho_sink *s = rho_tables_sink(t);
	struct rho_buf why = { 0 };
	s->columns(s, RHO_ACTIONS, actions, bare ? 1 : 2);
	s->columns(s, RHO_CONTEXTS, contexts, bare ? 2 : 3);
	s->columns(s, RHO_LINKS, links, 3);
	for (int i = 0; i < ACTIONS; i++)
		s->add(s, RHO_ACTIONS, (union rho_value[]){ { .s = str("x") }, { .s = str(category_of[i]) } });
	for (uint32_t i = 0; i < CONTEXTS; i++) {
		s->add(s, RHO_CONTEXTS,
		       (union rho_value[]){ { .s = str(queries[i].group) },
		                            { .s = str(queries[i].split) },
		                            { .i = queries[i].missing } });
		for (size_t j = 0; j < queries[i].n; j++)
			s->add(s, RHO_LINKS,
			       (union rho_value[]){
				       { .row = i }, { .row = queries[i].relevant[j] }, { .f = 0.5 } });
		s->add(s, RHO_LINKS, /* judged, and not relevant */
		       (union rho_value[]){ { .row = i }, { .row = 11 }, { .f = 0 } });
	}
	cr_assert_eq(rho_tables_finish(t, 7, &why), 0, "%s", why.at);
	return t;
}

enum { METRICS = 100 };

struct play {
	struct test_plugin p;
	const struct rho_env *env;
	struct rho_env_spec spec;
	struct rho_obs obs, last;
	struct rho_mat features;
	uint32_t row[LANES], last_row[LANES];
	float x[LANES * 8], last_x[LANES * 8], reward[LANES], item[LANES * 100], at[ACTIONS * 2];
	uint8_t end[LANES];
	struct { char name[64]; double sum; size_t n; } metric[METRICS];
	size_t n_metrics;
};

static void on_metric(void *arg, const struct rho_ctx *ctx, const char *name, double value)
{
	struct play *g = arg;
	size_t i = 0;
	while (i < g->n_metrics && strcmp(g->metric[i].name, name))
		i++;
	cr_assert_lt(i, METRICS);
	g->n_metrics = i == g->n_metrics ? i + 1 : g->n_metrics;
	snprintf(g->metric[i].name, sizeof g->metric[i].name, "%s", name);
	g->metric[i].sum += value;
	g->metric[i].n++;
}

/* The mean of a metric; NaN: it was not told. */
static double told(const struct play *g, const char *name, size_t *n)
{
	for (size_t i = 0; i < g->n_metrics; i++)
		if (!strcmp(g->metric[i].name, name)) {
			if (n)
				*n = g->metric[i].n;
			return g->metric[i].sum / (double)g->metric[i].n;
		}
	return NAN;
}

static int play_open(struct play *g, const struct rho_tables *t, const char *toml, uint64_t seed, size_t lanes)
{
	memset(g, 0, sizeof *g);
	test_make(&g->p, RHO_ENV, "tools", toml, seed);
	g->p.world.metric = on_metric;
	g->p.world.arg = g;
	g->env = g->p.inst->module->plugin.env;
	for (size_t i = 0; i < ACTIONS * 2; i++)
		g->at[i] = (float)i;
	g->features = (struct rho_mat){ g->at, ACTIONS, 2, 2 };
	g->spec = (struct rho_env_spec){ .data = rho_tables_data(t),
		                         .lanes = lanes,
		                         .slate = 1,
		                         .horizon = 1,
		                         .actions = { .mat = &g->features, .n = ACTIONS } };
	g->obs = (struct rho_obs){ .row = g->row,
		                   .x = g->x,
		                   .reward = g->reward,
		                   .item_reward = g->item,
		                   .end = g->end,
		                   .last = &g->last };
	return TEST_CALL(&g->p, "open", true, g->env->open(TEST_SELF(&g->p), &g->spec));
}

static void play_reset(struct play *g)
{
	struct rho_obs *last = g->obs.last;
	g->obs.last = NULL;
	TEST_OK(&g->p, "reset", false, g->env->reset(TEST_SELF(&g->p), &g->obs));
	g->obs.last = last;
}

static void play_start(struct play *g, const struct rho_tables *t, const char *toml, size_t lanes)
{
	cr_assert_eq(play_open(g, t, toml, 1, lanes), 0, "%s", g->p.why.at);
	play_reset(g);
}

static void play_step(struct play *g, const uint32_t *action)
{
	g->last = (struct rho_obs){ .row = g->last_row, .x = g->last_x };
	TEST_OK(&g->p, "step", false, g->env->step(TEST_SELF(&g->p), action, &g->obs));
}

/* formulas.md, 6.5: relevance 1 0 1 1 0 with four relevant: R@5 .75, NDCG@5 .7536976113. */
Test(tools, ranks_as_the_formulas_do)
{
	static const uint32_t slate[] = { 4, 0, 5, 6, 1, 7 };
	static const char *const reward[] = { "hit", "ndcg", "recall", "complete" };
	static const double want[2][4] = { { 1, 0.7536976113, 0.75, 0 }, { 1, 0.8927537908, 1, 1 } };
	struct rho_tables *t = make_tables(false);
	for (int k = 5; k < 7; k++)
		for (int r = 0; r < 4; r++) {
			struct play g;
			char toml[200];
			snprintf(toml, sizeof toml, "order = \"file\"\ngroup = \"other\"\nslate = %d\n"
			         "reward = \"%s\"\ntask = \"I2\"", k, reward[r]);
			play_start(&g, t, toml, 1);
			cr_assert(g.spec.slate == (size_t)k && g.spec.horizon == 1 && g.spec.obs == RHO_OBS_ROW);
			cr_assert(g.spec.reward_lo == 0 && g.spec.reward_hi == 1 && !g.spec.history);
			play_step(&g, slate);
			cr_assert_eq(g.last_row[0], 4);
			cr_assert_eq(g.end[0], RHO_TERMINATED);
			cr_assert_float_eq(g.reward[0], want[k - 5][r], 1e-6, "%s: %g", toml, (double)g.reward[0]);
			for (int p = 0; p < k; p++)
				cr_assert_eq(g.item[p], slate[p] >= 4 ? 1 : 0);
			cr_assert_eq(told(&g, "ndcg@1", NULL), 1);
			cr_assert_float_eq(told(&g, "ndcg@5", NULL), 0.7536976113, 1e-9);
			cr_assert_float_eq(told(&g, "ndcg@5/other", NULL), 0.7536976113, 1e-9);
			cr_assert_float_eq(told(&g, "recall@5", NULL), 0.75, 1e-12);
			cr_assert_eq(told(&g, "complete@5", NULL), 0);
			if (k == 6) {
				cr_assert_float_eq(told(&g, "ndcg@6", NULL), want[1][1], 1e-9);
				cr_assert_eq(told(&g, "complete@6/other", NULL), 1);
			}
			test_free(&g.p);
		}
	rho_tables_free(t);
}

/* What the catalogue lacks counts: query 2 has three relevant, two of which can be found, and 3 none. */
Test(tools, counts_what_is_missing_or_not)
{
	struct rho_tables *t = make_tables(false), *bare = make_tables(true);
	const uint32_t slate[] = { 0, 5, 1, 2, 3 };
	double ideal3 = 1 + 1 / log2(3) + 0.5, dcg = 1 + 1 / log2(3);
	struct play g;
	size_t n;
	play_start(&g, t, "order = \"file\"\ngroup = \"G3\"\nslate = 5\nreward = \"recall\"", 1);
	play_step(&g, slate);
	cr_assert_eq(g.last_row[0], 2);
	cr_assert_float_eq(g.reward[0], 2.0 / 3, 1e-6);
	play_step(&g, slate);
	cr_assert_eq(g.last_row[0], 3);
	cr_assert_eq(g.reward[0], 0);
	cr_assert_float_eq(told(&g, "ndcg@5/G3", &n), dcg / ideal3 / 2, 1e-9);
	cr_assert_eq(n, 2);
	cr_assert_eq(g.row[0], 2);
	test_free(&g.p);
	play_start(&g, t, "order = \"file\"\ngroup = \"G3\"\nslate = 5\nreward = \"recall\"\nmissing = \"ignore\"", 1);
	play_step(&g, slate);
	cr_assert_eq(g.reward[0], 1);
	cr_assert_eq(g.row[0], 2, "the query without a link is left out");
	cr_assert_eq(told(&g, "ndcg@5/G3", NULL), 1);
	test_free(&g.p);
	play_start(&g, bare, "order = \"file\"\nper = \"task\"", 1); /* without the column */
	for (uint32_t i = 0; i < 6; i++) {
		cr_assert_eq(g.row[0], i < 3 ? i : i + 1);
		play_step(&g, (const uint32_t[]){ 0 });
	}
	cr_assert_eq(told(&g, "ndcg@1", NULL), 2.0 / 6);
	cr_assert_eq(told(&g, "recall@1/I3", &n), (0.5 + 0.5) / 4); /* without categories I3 takes in all of "other" */
	cr_assert_eq(n, 4);
	test_free(&g.p);
	rho_tables_free(t);
	rho_tables_free(bare);
}

Test(tools, poses_the_queries_of_a_task)
{
	static const struct { const char *toml; uint32_t rows[5]; size_t n; } tasks[] = {
		{ "task = \"I1\"", { 0 }, 1 },
		{ "task = \"I2\"", { 1, 4 }, 2 },
		{ "task = \"I3\"", { 2, 3, 5, 6 }, 4 },
		{ "task = \"I3\"\nsplit = \"train\"\nmissing = \"ignore\"", { 2, 5, 6 }, 3 },
	};
	static const char *const orders[] = { "file", "shuffle" };
	struct rho_tables *t = make_tables(false);
	for (size_t i = 0; i < 8; i++) {
		struct play g;
		char toml[200];
		uint32_t seen = 0, all = 0;
		size_t at = i / 2;
		snprintf(toml, sizeof toml, "%s\norder = \"%s\"", tasks[at].toml, orders[i % 2]);
		play_start(&g, t, toml, 1);
		for (size_t j = 0; j < tasks[at].n; j++) {
			if (i % 2 == 0)
				cr_assert_eq(g.row[0], tasks[at].rows[j]);
			seen |= 1u << g.row[0];
			all |= 1u << tasks[at].rows[j];
			play_step(&g, (const uint32_t[]){ 0 });
		}
		cr_assert_eq(seen, all, "%s: each query once an epoch", toml);
		test_free(&g.p);
	}
	rho_tables_free(t);
}

/* Epochs differ, and every query comes as often in every place. */
Test(tools, shuffles_evenly)
{
	enum { EPOCHS = 4000, N = 7 };
	static double seen[N * N], expected[N * N];
	struct rho_tables *t = make_tables(false);
	struct play g;
	play_start(&g, t, "", 1);
	for (int e = 0; e < EPOCHS; e++)
		for (int p = 0; p < N; p++) {
			seen[p * N + (int)g.row[0]]++;
			play_step(&g, (const uint32_t[]){ 0 });
		}
	for (int j = 0; j < N * N; j++)
		expected[j] = (double)EPOCHS / N;
	cr_assert_leq(test_chi2(seen, expected, (size_t)N * N), test_chi2_limit((N - 1) * (N - 1)));
	test_free(&g.p);
	rho_tables_free(t);
}

/* ---- chains ---- */

Test(tools, chains_pay_calls_completion_and_shares)
{
	struct rho_tables *t = make_tables(false);
	struct play g;
	play_start(&g, t, "formulation = \"chain\"\norder = \"file\"\ngroup = \"G2\"\ncalls = 4\nright = 2.0\n"
	           "wrong = 0.5\nbonus = 7.0\npartial = 3.0\nstate = \"query+found\"", 1);
	cr_assert(g.spec.horizon == 4 && g.spec.history == 4 && g.spec.obs == RHO_OBS_ROW_F32);
	cr_assert(g.spec.x_dim == 3 && g.spec.reward_lo == -0.5f && g.spec.reward_hi == 12);
	cr_assert(g.row[0] == 1 && g.x[0] == 0 && g.x[1] == 0 && g.x[2] == 1);
	cr_assert(g.obs.past_off[0] == 0 && g.obs.past_off[1] == 0 && !g.obs.legal_off);
	static const struct { uint32_t action; float reward, best; uint8_t end; float x[3]; } script[] = {
		{ 3, 2, 2, RHO_RUNNING, { 6, 7, 0.75f } },
		{ 3, -0.5f, 12, RHO_RUNNING, { 6, 7, 0.5f } },      /* again: a wrong call */
		{ 1, 12, 12, RHO_TERMINATED, { 4, 5, 0.25f } },
		{ 11, -0.5f, 2, RHO_RUNNING, { 0, 0, 0.75f } },    /* linked with weight 0 */
		{ 1, 2, 2, RHO_RUNNING, { 2, 3, 0.5f } },
		{ 0, -0.5f, 12, RHO_RUNNING, { 2, 3, 0.25f } },
		{ 5, 1, 12, RHO_TRUNCATED, { 2, 3, 0 } },           /* a wrong call, and half of partial */
	};
	for (size_t i = 0; i < sizeof script / sizeof *script; i++) {
		uint32_t a = script[i].action;
		float mean, best;
		TEST_OK(&g.p, "oracle", false,
		        g.env->oracle(TEST_SELF(&g.p), &a, (const size_t[]){ 0, 1 }, &mean, &best));
		cr_assert_eq(mean, script[i].reward);
		cr_assert_eq(best, script[i].best, "%zu: %g", i, (double)best);
		play_step(&g, &a);
		cr_assert_eq(g.reward[0], script[i].reward);
		cr_assert_eq(g.end[0], script[i].end);
		const float *x = script[i].end ? g.last_x : g.x;
		cr_assert(!memcmp(x, script[i].x, sizeof script[i].x), "%zu: %g %g %g", i, (double)x[0],
		          (double)x[1], (double)x[2]);
		if (i == 2) {
			cr_assert_eq(g.last.past_off[1], 3);
			cr_assert(g.last.past[0] == 3 && g.last.past[1] == 3 && g.last.past[2] == 1);
			cr_assert_eq(g.last_row[0], 1);
		}
		if (i == 4)
			cr_assert(g.obs.past_off[1] == 2 && g.obs.past[0] == 11 && g.obs.past[1] == 1);
	}
	size_t n;
	cr_assert_eq(told(&g, "success", &n), 0.5);
	cr_assert_eq(n, 2);
	cr_assert_eq(told(&g, "recall", NULL), 0.75);
	cr_assert_eq(told(&g, "calls", &n), 3);
	cr_assert_eq(n, 1);
	cr_assert_eq(told(&g, "success/G2", NULL), 0.5);
	test_free(&g.p);
	rho_tables_free(t);
}

static void check_legal(const struct play *g, size_t lane, uint32_t bits)
{
	uint32_t is = 0;
	for (size_t j = g->obs.legal_off[lane]; j < g->obs.legal_off[lane + 1]; j++) {
		cr_assert_eq(is & 1u << g->obs.legal[j], 0);
		is |= 1u << g->obs.legal[j];
	}
	cr_assert_eq(is, bits, "lane %zu: %#x, not %#x", lane, is, bits);
}

Test(tools, masks_by_category_and_by_what_was_called)
{
	struct rho_tables *t = make_tables(false);
	static const uint32_t by_row[] = { 0x00f, 0x00f, 0x0ff, 0xfff, 0x0f0, 0x0ff, 0xf00 };
	struct play g;
	play_start(&g, t, "formulation = \"chain\"\norder = \"file\"\nmask = \"category\"\ncalls = 1", LANES);
	cr_assert_eq(g.spec.max_legal, ACTIONS);
	for (int n = 0; n < 5; n++) {
		for (size_t i = 0; i < LANES; i++)
			check_legal(&g, i, by_row[g.row[i]]);
		play_step(&g, (const uint32_t[]){ 0, 1, 2 });
		for (size_t i = 0; i < LANES; i++)
			if (g.end[i] == RHO_TRUNCATED)
				cr_assert_eq(g.last.legal_off[i + 1] - g.last.legal_off[i],
				             (size_t)__builtin_popcount(by_row[g.last_row[i]]));
	}
	test_free(&g.p);
	play_start(&g, t, "mask = \"category\"\nslate = 5\norder = \"file\"\ngroup = \"G1\"", 1);
	check_legal(&g, 0, 0xfff); /* its category has four: too few for the slate */
	test_free(&g.p);
	play_start(&g, t, "formulation = \"chain\"\norder = \"file\"\nmask = \"called\"\ncalls = 3", 2);
	check_legal(&g, 0, 0xfff);
	play_step(&g, (const uint32_t[]){ 4, 0 });
	check_legal(&g, 0, 0xfef);
	check_legal(&g, 1, 0xffe);
	play_step(&g, (const uint32_t[]){ 2, 7 }); /* lane 0 is done */
	cr_assert(g.end[0] == RHO_TERMINATED && g.end[1] == RHO_RUNNING);
	check_legal(&g, 0, 0xfff);
	check_legal(&g, 1, 0xf7e);
	test_free(&g.p);
	play_start(&g, t, "formulation = \"chain\"\norder = \"file\"\nmask = \"category+called\"\ncalls = 4\n"
	           "group = \"G2\"", 1);
	check_legal(&g, 0, 0x00f);
	for (uint32_t a = 0; a < 3; a++)
		play_step(&g, &a);
	check_legal(&g, 0, 0x008);
	test_free(&g.p);
	play_start(&g, t, "formulation = \"chain\"\norder = \"file\"\nmask = \"category+called\"\ncalls = 5\n"
	           "group = \"G2\"", 1);
	play_step(&g, (const uint32_t[]){ 2 });
	check_legal(&g, 0, 0xffb); /* four APIs would not last for five calls */
	test_free(&g.p);
	rho_tables_free(t);
}

/* A lane shows and pays the same whatever the others do and an arm chose before, and resumes to the bit. */
Test(tools, lanes_stand_alone_and_resume)
{
	static const char *const toml[] = { "formulation = \"chain\"\ncalls = 3\nstate = \"query+found\"",
		                            "slate = 2\norder = \"uniform\"",
		                            "formulation = \"chain\"\norder = \"uniform\"\nmask = \"called\"" };
	struct rho_tables *t = make_tables(false);
	for (size_t i = 0; i < 3; i++) {
		static struct play a, b;
		cr_assert_eq(play_open(&a, t, toml[i], 9, LANES), 0);
		cr_assert_eq(play_open(&b, t, toml[i], 9, LANES), 0);
		play_reset(&a);
		play_reset(&b);
		for (uint32_t n = 0; n < 60; n++) {
			const uint32_t x[] = { n % 7, 8, 1, 2, 3, 4 }, y[] = { n % 7, 8, n % 5, 6, 5, 9 };
			cr_assert_eq(a.row[0], b.row[0]);
			play_step(&a, x);
			play_step(&b, y);
			cr_assert_eq(a.reward[0], b.reward[0]);
		}
		test_free(&b.p);
		cr_assert_eq(play_open(&b, t, toml[i], 9, LANES), 0);
		test_copy_kept(&a.p, &b.p);
		TEST_OK(&b.p, "loaded", false, b.env->loaded(TEST_SELF(&b.p)));
		for (uint32_t n = 0; n < 40; n++) {
			const uint32_t x[] = { n % 7, n % 11, 1, 2, 3, 4 };
			play_step(&a, x);
			play_step(&b, x);
			cr_assert(!memcmp(a.row, b.row, sizeof a.row));
			cr_assert(!memcmp(a.x, b.x, sizeof a.x));
			cr_assert(!memcmp(a.reward, b.reward, sizeof a.reward));
			for (size_t lane = 0; lane < LANES; lane++)
				cr_assert(!a.end[lane] || a.last_row[lane] == b.last_row[lane]);
		}
		if (i == 0) {
			memset(test_kept(&b.p, "call"), 0xff, 4);
			((uint32_t *)test_kept(&b.p, "n_calls"))[0] = 1;
			cr_assert_eq(TEST_CALL(&b.p, "loaded", false, b.env->loaded(TEST_SELF(&b.p))), RHO_EFORMAT);
			((uint32_t *)test_kept(&b.p, "n_calls"))[0] = 3;
			cr_assert_eq(TEST_CALL(&b.p, "loaded", false, b.env->loaded(TEST_SELF(&b.p))), RHO_EFORMAT);
			HAS(b.p.why.at, "delete the run's folder");
		}
		test_free(&a.p);
		test_free(&b.p);
	}
	rho_tables_free(t);
}

static void refuses(const struct rho_tables *t, const char *toml, const char *part, const char *other)
{
	static struct play g;
	cr_assert_eq(play_open(&g, t, toml, 9, LANES), RHO_EINVAL, "%s", toml);
	HAS(g.p.why.at, part);
	HAS(g.p.why.at, other);
	test_free(&g.p);
}

Test(tools, refuses_with_a_way_out)
{
	struct rho_tables *t = make_tables(false), *bare = make_tables(true);
	refuses(t, "group = \"G4\"", "no group is called \"G4\"", "\"G1\"");
	refuses(t, "group = \"G1\"\ntask = \"I3\"", "1 of I1", "task = \"any\"");
	refuses(t, "slate = 13", "12 APIs", "1 .. 12");
	refuses(t, "formulation = \"chain\"\nslate = 2", "slate = 2", "one API at a time");
	refuses(t, "state = \"query+found\"", "query+found", "formulation = \"chain\"");
	refuses(t, "mask = \"called\"", "mask = \"called\"", "formulation = \"chain\"");
	refuses(t, "mask = \"category+called\"", "mask = \"category+called\"", "formulation = \"chain\"");
	refuses(t, "formulation = \"chain\"\nmask = \"called\"\ncalls = 13", "calls is 13", "fewer calls");
	refuses(bare, "mask = \"category\"", "column \"category\"", "mask = \"none\"");
	rho_tables_free(t);
	rho_tables_free(bare);
}
