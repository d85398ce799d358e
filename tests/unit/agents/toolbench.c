/* bm25 on real queries: ToolBench's 765 solvable ones over its described APIs, each once, through env tools. What is
 * expected was computed by a Python program of its own (its words by a regular expression, its index a dictionary). */
#include "../datasets/loaded.h"
#include "agent.h"

enum { QUERIES = 765, SLATE = 5 };

static const struct { const char *name; double plain, parameters; } expected[] = {
	{ "ndcg@1/G1", 0.5232, 0.5464 }, { "ndcg@5/G1", 0.5104, 0.526983 }, { "ndcg@1/G2", 0.5217, 0.5043 },
	{ "ndcg@5/G2", 0.4487, 0.4485 }, { "ndcg@1/G3", 0.3770, 0.5738 }, { "ndcg@5/G3", 0.3239, 0.4130 },
	{ "ndcg@5", 0.4770, 0.494307 },    { "recall@5", 0.4934, 0.5131 },  { "complete@5", 0.2967, 0.3150 },
};
enum { N = sizeof expected / sizeof *expected };

struct sums { double sum[N]; size_t n[N]; };

static void on_metric(void *arg, const struct rho_ctx *ctx, const char *name, double value)
{
	struct sums *s = arg;
	for (size_t i = 0; i < N; i++)
		if (!strcmp(expected[i].name, name)) {
			s->sum[i] += value;
			s->n[i]++;
		}
}

static void play(const struct rho_data *data, struct sums *s)
{
	struct test_plugin p;
	struct test_agent a;
	uint32_t row, last_row, action[SLATE], lane = 0;
	float reward, item[SLATE], prob[SLATE];
	uint8_t end;
	struct rho_obs last = { .row = &last_row };
	struct rho_obs obs = { .row = &row, .reward = &reward, .item_reward = item, .end = &end };
	struct rho_env_spec spec = { .data = data, .lanes = 1, .slate = 1, .horizon = 1 };
	test_make(&p, RHO_ENV, "tools", "order = \"file\"\nsplit = \"test\"\nslate = 5", 1);
	p.world.metric = on_metric;
	p.world.arg = s;
	const struct rho_env *env = p.inst->module->plugin.env;
	TEST_OK(&p, "open", true, env->open(TEST_SELF(&p), &spec));
	test_agent_open(&a, "bm25", "", 1,
	                (struct rho_spec){ .n_actions = spec.n_actions, .slate = SLATE, .data = data });
	TEST_OK(&p, "reset", false, env->reset(TEST_SELF(&p), &obs));
	obs.last = &last;
	for (int i = 0; i < QUERIES; i++) {
		uint32_t now = row;
		struct rho_batch b = { .n = 1, .k = SLATE, .actions = { .n = spec.n_actions }, .lane = &lane,
			               .row = &now };
		test_act(&a, &b, action, prob);
		TEST_OK(&p, "step", false, env->step(TEST_SELF(&p), action, &obs));
	}
	test_free(&p);
	test_free(&a.p);
}

Test(bm25_toolbench, ranks_as_an_independent_program_does)
{
	const char *path = real_data("toolbench");
	for (int with = 0; with < 2; with++) {
		struct sums s = { 0 };
		struct loaded l = load_well("toolbench", "path = \"%s\"\nparameters = %s", path,
		                            with ? "true" : "false");
		play(l.data, &s);
		for (size_t i = 0; i < N; i++) {
			double want = with ? expected[i].parameters : expected[i].plain;
			cr_assert_gt(s.n[i], 0, "%s", expected[i].name);
			cr_assert_float_eq(s.sum[i] / (double)s.n[i], want, 6e-5, "%s: %.6f, not %.6f",
			                   expected[i].name, s.sum[i] / (double)s.n[i], want);
		}
		unload(&l);
	}
}
