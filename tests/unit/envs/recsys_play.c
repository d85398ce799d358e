/* recsys_play.c: playing env recsys on tables written in a test. */
#include "recsys.h"

static struct rho_str str(const char *s) { return (struct rho_str){ s, strlen(s) }; }

static void add_actions(struct rho_sink *s, const struct catalogue *t)
{
	struct rho_column_spec column[4] = { { .name = "text", .type = RHO_COL_STR } };
	size_t n = 1;
	if (t->category)
		column[n++] = (struct rho_column_spec){ .name = "category", .type = RHO_COL_LABEL };
	if (t->price)
		column[n++] = (struct rho_column_spec){ .name = "price", .type = RHO_COL_F64 };
	if (t->width)
		column[n++] = (struct rho_column_spec){ .name = "features",
			                                .type = RHO_COL_F32S,
			                                .width = t->width };
	s->columns(s, RHO_ACTIONS, column, n);
	for (size_t a = 0; a < t->actions; a++) {
		union rho_value v[4] = { { .s = str("thing") } };
		float f[NUMBERS];
		size_t i = 1;
		for (size_t d = 0; d < t->width; d++)
			f[d] = (float)(a * 10 + d);
		if (t->category)
			v[i++].s = str(t->category[a]);
		if (t->price)
			v[i++].f = t->price[a];
		if (t->width)
			v[i++].v = f;
		s->add(s, RHO_ACTIONS, v);
	}
}

struct rho_tables *recsys_tables(const struct catalogue *t)
{
	static const struct rho_column_spec context = { .name = "text", .type = RHO_COL_STR };
	static const struct rho_column_spec link[] = {
		{ .name = "context", .type = RHO_COL_ROW, .of = RHO_CONTEXTS },
		{ .name = "action", .type = RHO_COL_ROW, .of = RHO_ACTIONS },
		{ .name = "weight", .type = RHO_COL_F64 },
		{ .name = "time", .type = RHO_COL_I64 },
		{ .name = "split", .type = RHO_COL_LABEL },
	};
	struct rho_tables *tables = rho_tables_new();
	struct rho_sink *s = rho_tables_sink(tables);
	struct rho_buf why = { 0 };
	add_actions(s, t);
	s->columns(s, RHO_CONTEXTS, &context, 1);
	s->columns(s, RHO_LINKS, link, 5);
	for (size_t i = 0; i < t->contexts; i++)
		s->add(s, RHO_CONTEXTS, &(union rho_value){ .s = str("user") });
	for (size_t i = 0; i < t->n_links; i++)
		s->add(s, RHO_LINKS,
		       (union rho_value[]){ { .row = t->link[i].context },
		                            { .row = t->link[i].action },
		                            { .f = t->link[i].weight },
		                            { .i = t->link[i].time },
		                            { .s = str(t->link[i].split) } });
	cr_assert_eq(rho_tables_finish(tables, 7, &why), 0, "%s", why.at);
	return tables;
}

static void on_metric(void *arg, const struct rho_ctx *c, const char *name, double value)
{
	struct play *g = arg;
	size_t i = 0;
	cr_assert(isfinite(value), "%s", name);
	while (i < METRICS && g->metric[i].name && strcmp(g->metric[i].name, name) != 0)
		i++;
	cr_assert_lt(i, METRICS);
	g->metric[i].name = name;
	g->metric[i].sum += value;
	g->metric[i].n++;
}

double recsys_metric(const struct play *g, const char *name)
{
	for (size_t i = 0; i < METRICS && g->metric[i].name; i++)
		if (!strcmp(g->metric[i].name, name))
			return g->metric[i].sum / (double)g->metric[i].n;
	return NAN;
}

int recsys_open(struct play *g, const struct rho_tables *t, const char *toml, uint64_t seed, size_t lanes)
{
	memset(g, 0, sizeof *g);
	test_make(&g->p, RHO_ENV, "recsys", toml, seed);
	g->p.world.metric = on_metric;
	g->p.world.arg = g;
	g->env = g->p.inst->module->plugin.env;
	g->spec = (struct rho_env_spec){ .lanes = lanes, .slate = 1, .horizon = 1 };
	if (t) {
		static struct rho_mat mat;
		const struct rho_column *f;
		g->spec.data = rho_tables_data(t);
		f = rho_find_column(g->spec.data, RHO_ACTIONS, "features", RHO_COL_F32S);
		if (f) {
			mat = (struct rho_mat){ f->f32, f->n, f->width, f->width };
			g->spec.actions = (struct rho_rows){ .mat = &mat, .n = f->n };
		}
	}
	int e = TEST_CALL(&g->p, "open", true, g->env->open(TEST_SELF(&g->p), &g->spec));
	cr_assert(e || (g->spec.slate <= SLATE && g->spec.x_dim <= NUMBERS && lanes <= LANES));
	return e;
}

static void clear(struct play *g)
{
	g->obs = (struct rho_obs){
		.x = g->x, .row = g->row, .reward = g->reward, .item_reward = g->item_reward, .end = g->end
	};
	g->last = (struct rho_obs){ .x = g->last_x, .row = g->last_row };
	memset(g->x, 0, sizeof g->x);
	memset(g->last_x, 0, sizeof g->last_x);
}

void recsys_reset(struct play *g)
{
	clear(g);
	TEST_OK(&g->p, "reset", false, g->env->reset(TEST_SELF(&g->p), &g->obs));
}

void recsys_step(struct play *g, const uint32_t *action)
{
	clear(g);
	g->obs.last = &g->last;
	TEST_OK(&g->p, "step", false, g->env->step(TEST_SELF(&g->p), action, &g->obs));
}

void recsys_close(struct play *g) { test_free(&g->p); }

float recsys_means(struct play *g, size_t lane, float *mean)
{
	size_t n = g->spec.n_actions, off[LANES + 1] = { 0 };
	uint32_t *every = calloc(n, sizeof *every);
	float best[LANES];
	for (size_t i = 0; i < n; i++)
		every[i] = (uint32_t)i;
	for (size_t i = 0; i < g->spec.lanes; i++)
		off[i + 1] = i >= lane ? n : 0;
	TEST_OK(&g->p, "oracle", false, g->env->oracle(TEST_SELF(&g->p), every, off, mean, best));
	free(every);
	return best[lane];
}
