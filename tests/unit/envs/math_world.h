/* math_world.h: a few word problems with worked solutions, and the env math played on them. */
#ifndef TEST_MATH_WORLD_H
#define TEST_MATH_WORLD_H

#include "../plugin.h"
#include "store/tables.h"

enum { MATH_LANES = 16, MATH_PROBLEMS = 6, MATH_WIDTH = 4 };

static const struct math_row {
	const char *text, *answer, *solution, *split;
	float features[MATH_WIDTH];
} math_rows[MATH_PROBLEMS] = {
	{ "Natalia sold clips to 48 of her friends in April, and then she sold half as many clips in May. How many "
	  "clips did Natalia sell altogether in April and May?",
	  "72", "Natalia sold 48/2 = <<48/2=24>>24 clips in May.\nAnd <<48+24=72>>72 altogether.\n#### 72", "train",
	  { 1, 0, 0, 0 } },
	{ "Ducks lay 16 eggs per day. Janet eats three and bakes muffins with four. She sells the rest for $2 per egg. "
	  "How much does she make?",
	  "18", "She sells 16 - 3 - 4 = <<16-3-4=9>>9.\nShe makes 9 * 2 = $<<9*2=18>>18.\n#### 18", "train",
	  { 0, 1, 0, 0 } },
	{ "A shirt costs $80. The price is cut by 25%. What does it cost now?", "60",
	  "The cut is 80*25/100 = $<<80*25/100=20>>20.\nIt costs <<80-20=60>>60.\n#### 60", "train", { 0, 0, 1, 0 } },
	{ "Olga sold pens to 30 of her friends in June, and then she sold half as many pens in July. How many pens did "
	  "Olga sell altogether in June and July?",
	  "45", "In July 30/2=<<30/2=15>>15.\nAltogether <<30+15=45>>45.\n#### 45", "test", { 0.9f, 0.1f, 0, 0 } },
	{ "What is it?", "\\sqrt{2}", "It is \\boxed{\\sqrt{2}}.", "test", { 0, 0, 0, 1 } },
	{ "Nobody knows.", "", "", "test", { 0, 0, 0, 1 } },
};

static inline struct rho_str math_str(const char *s) { return (struct rho_str){ s, strlen(s) }; }

static inline struct rho_tables *math_tables(bool answers)
{
	static const struct rho_column_spec columns[] = {
		{ .name = "text", .type = RHO_COL_STR },
		{ .name = "split", .type = RHO_COL_LABEL },
		{ .name = "solution", .type = RHO_COL_STR },
		{ .name = "features", .type = RHO_COL_F32S, .width = MATH_WIDTH },
		{ .name = "answer", .type = RHO_COL_STR },
	};
	struct rho_tables *t = rho_tables_new();
	struct rho_sink *s = rho_tables_sink(t);
	struct rho_buf why = { 0 };
	s->columns(s, RHO_CONTEXTS, columns, answers ? 5 : 4);
	for (int i = 0; i < MATH_PROBLEMS; i++)
		s->add(s, RHO_CONTEXTS,
		       (union rho_value[]){ { .s = math_str(math_rows[i].text) },
		                            { .s = math_str(math_rows[i].split) },
		                            { .s = math_str(math_rows[i].solution) },
		                            { .v = math_rows[i].features },
		                            { .s = math_str(math_rows[i].answer) } });
	cr_assert_eq(rho_tables_finish(t, 1u << RHO_CONTEXTS, &why), 0, "%s", why.at);
	return t;
}

struct math_play {
	struct test_plugin p;
	const struct rho_env *env;
	struct rho_env_spec spec;
	struct rho_mat features;
	struct rho_obs obs, last;
	uint32_t row[MATH_LANES], last_row[MATH_LANES];
	float reward[MATH_LANES], item_reward[MATH_LANES];
	uint8_t end[MATH_LANES];
};

/* features: whether the host has vectors of the problems. Gives what open gave. */
static inline int math_open_play(struct math_play *g, const struct rho_tables *t, const char *toml, uint64_t seed,
                                 size_t lanes, bool features)
{
	const struct rho_data *d = rho_tables_data(t);
	const struct rho_column *f = rho_find_column(d, RHO_CONTEXTS, "features", RHO_COL_F32S);
	memset(g, 0, sizeof *g);
	test_make(&g->p, RHO_ENV, "math", toml, seed);
	g->env = g->p.inst->module->plugin.env;
	g->features = (struct rho_mat){ f->f32, f->n, f->width, f->width };
	g->spec = (struct rho_env_spec){ .data = d, .lanes = lanes, .slate = 1, .horizon = 1 };
	g->spec.contexts = (struct rho_rows){ .mat = features ? &g->features : NULL, .n = f->n };
	return TEST_CALL(&g->p, "open", true, g->env->open(TEST_SELF(&g->p), &g->spec));
}

static inline void math_clear(struct math_play *g)
{
	memset(g->end, 0, sizeof g->end);
	memset(g->reward, 0, sizeof g->reward);
	g->obs = (struct rho_obs){ .row = g->row, .reward = g->reward, .item_reward = g->item_reward, .end = g->end };
	g->last = (struct rho_obs){ .row = g->last_row };
}

static inline void math_reset_play(struct math_play *g)
{
	math_clear(g);
	TEST_OK(&g->p, "reset", false, g->env->reset(TEST_SELF(&g->p), &g->obs));
}

static inline void math_step_play(struct math_play *g, const uint32_t *action)
{
	math_clear(g);
	g->obs.last = &g->last;
	TEST_OK(&g->p, "step", false, g->env->step(TEST_SELF(&g->p), action, &g->obs));
}

/* The best legal action of each lane by the oracle, the first of equals, and what it pays. */
static inline void math_best(struct math_play *g, uint32_t *action, float *pay)
{
	size_t n = g->obs.legal_off[g->spec.lanes];
	float *mean = calloc(n, sizeof *mean), best[MATH_LANES];
	TEST_OK(&g->p, "oracle", false,
	        g->env->oracle(TEST_SELF(&g->p), g->obs.legal, g->obs.legal_off, mean, best));
	for (size_t i = 0; i < g->spec.lanes; i++) {
		size_t at = g->obs.legal_off[i];
		for (size_t j = at; j < g->obs.legal_off[i + 1]; j++)
			at = mean[j] > mean[at] ? j : at;
		cr_assert_eq(mean[at], best[i]);
		action[i] = g->obs.legal[at];
		pay[i] = mean[at];
	}
	free(mean);
}

static inline const float *math_features_of(const struct math_play *g, uint32_t action)
{
	return g->spec.action_mat->at + action * g->spec.action_mat->stride;
}

#endif
