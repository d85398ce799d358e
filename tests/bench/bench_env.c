/* bench_env.c: steps a second of environments whose episodes go on, 64 lanes, actions drawn by a cheap
 * generator, no encoding. CPU seconds of this thread, medians. */
#include "instance.h"

#include <math.h>
#include <run/metrics.h>
#include <store/tables.h>

enum {
	REPEATS = 5,
	LANES = 64,
	K = 10000,
	USERS = 2000,
	LINKS = 40,
	BATCHES = 2000,
	MOST_X = 256,
	MOST_SLATE = 10
};

static struct rho_world world;

struct steps {
	struct rho_instance *inst;
	struct rho_env_spec spec;
	struct rho_obs obs, last;
	uint32_t row[LANES], last_row[LANES], action[LANES * MOST_SLATE];
	float x[LANES * MOST_X], last_x[LANES * MOST_X];
	float reward[LANES], item_reward[LANES * MOST_SLATE];
	uint8_t end[LANES];
	uint64_t state;
};

/* What the host does before each call. */
static void clear(struct steps *s)
{
	s->obs = (struct rho_obs){
		.x = s->x, .row = s->row, .reward = s->reward, .item_reward = s->item_reward, .end = s->end
	};
	s->last = (struct rho_obs){ .x = s->last_x, .row = s->last_row };
	memset(s->x, 0, LANES * s->spec.x_dim * sizeof *s->x);
	memset(s->last_x, 0, LANES * s->spec.x_dim * sizeof *s->x);
	memset(s->item_reward, 0, LANES * s->spec.slate * sizeof *s->item_reward);
}

/* One of the actions that are legal in lane i. */
static uint32_t choose(struct steps *s, size_t i)
{
	uint64_t n = s->obs.legal_off ? s->obs.legal_off[i + 1] - s->obs.legal_off[i] : s->spec.n_actions;
	s->state = s->state * 6364136223846793005u + 1442695040888963407u;
	uint32_t at = (uint32_t)((s->state >> 32) * n >> 32);
	return s->obs.legal_off ? s->obs.legal[s->obs.legal_off[i] + at] : at;
}

static void step(struct steps *s)
{
	size_t k = s->spec.slate;
	for (size_t i = 0; i < LANES; i++) {
		s->action[i * k] = choose(s, i);
		for (size_t p = 1; p < k; p++)
			s->action[i * k + p] = (s->action[i * k] + (uint32_t)p) % (uint32_t)s->spec.n_actions;
	}
	clear(s);
	s->obs.last = &s->last;
	rho_call_begin(s->inst, "step", 0, false);
	bench_check(s->inst,
	            s->inst->module->plugin.env->step(&s->inst->ctx, s->inst->self, s->action, &s->obs));
}

static void run(const char *name, const char *toml, const struct rho_tables *tables)
{
	static struct steps s;
	double v[REPEATS], opened = bench_now();
	memset(&s, 0, sizeof s);
	s.inst = bench_make(&world, RHO_ENV, name, toml);
	s.spec = (struct rho_env_spec){
		.data = tables ? rho_tables_data(tables) : NULL, .lanes = LANES, .slate = 1, .horizon = 1
	};
	bench_check(s.inst, s.inst->module->plugin.env->open(&s.inst->ctx, s.inst->self, &s.spec));
	opened = bench_now() - opened;
	if (s.spec.x_dim > MOST_X || s.spec.slate > MOST_SLATE)
		bench_die("the env shows or takes more than this benchmark has room for", NULL);
	clear(&s);
	rho_call_begin(s.inst, "reset", 0, false);
	bench_check(s.inst, s.inst->module->plugin.env->reset(&s.inst->ctx, s.inst->self, &s.obs));
	for (int r = 0; r < REPEATS; r++) {
		double t = bench_now();
		for (int i = 0; i < BATCHES; i++)
			step(&s);
		v[r] = (bench_now() - t) / BATCHES / LANES;
	}
	double t = bench_median(v, REPEATS);
	for (const char *c = toml; *c; c++)
		putchar(*c == '\n' ? ' ' : *c);
	printf("%*s %6.0f ns, %6.2f million steps/s; opened in %4.0f ms\n", (int)(44 - strlen(toml)), "",
	       t * 1e9, 1e-6 / t, opened * 1e3);
	rho_instance_free(s.inst);
}

/* Users with links at random to K items of 20 categories, a tenth of them to be found. */
static struct rho_tables *make_tables(void)
{
	static const struct rho_column_spec actions[] = { { .name = "category", .type = RHO_COL_LABEL } };
	static const struct rho_column_spec contexts[] = { { .name = "text", .type = RHO_COL_STR } };
	static const struct rho_column_spec links[] = {
		{ .name = "context", .type = RHO_COL_ROW, .of = RHO_CONTEXTS },
		{ .name = "action", .type = RHO_COL_ROW, .of = RHO_ACTIONS },
		{ .name = "split", .type = RHO_COL_LABEL },
	};
	struct rho_tables *t = rho_tables_new();
	struct rho_sink *s = rho_tables_sink(t);
	struct rho_rng rng = { { 9, 2, 3, 4 } };
	struct rho_buf why = { 0 };
	char label[2] = "a";
	s->columns(s, RHO_ACTIONS, actions, 1);
	s->columns(s, RHO_CONTEXTS, contexts, 1);
	s->columns(s, RHO_LINKS, links, 3);
	for (uint32_t i = 0; i < K; i++) {
		label[0] = (char)('a' + i % 20);
		s->add(s, RHO_ACTIONS, &(union rho_value){ .s = { label, 1 } });
	}
	for (uint32_t i = 0; i < USERS; i++) {
		s->add(s, RHO_CONTEXTS, &(union rho_value){ .s = { "x", 1 } });
		for (int j = 0; j < LINKS; j++)
			s->add(s, RHO_LINKS,
			       (union rho_value[]){ { .row = i },
			                            { .row = rho_below(&rng, K) },
			                            { .s = j % 10 ? (struct rho_str){ "train", 5 }
			                                          : (struct rho_str){ "test", 4 } } });
	}
	if (rho_tables_finish(t, 7, &why))
		bench_die("tables", &why);
	return t;
}

static void bench_recsys(void)
{
	static const char *const links[] = {
		"users = \"links\"",
		"users = \"links\"\ntarget = \"next\"",
		"users = \"links\"\nformulation = \"bandit\"",
		"users = \"links\"\nslate = 10",
		"users = \"links\"\nrepeat = \"forbid\"",
		"users = \"latent\"",
		"users = \"latent\"\nalike = \"vectors\"",
		"users = \"latent\"\nformulation = \"bandit\"",
		"users = \"latent\"\nslate = 10",
	};
	struct rho_tables *tables = make_tables();
	printf("recsys, %d lanes, %d items: a step\n", LANES, K);
	for (size_t i = 0; i < sizeof links / sizeof *links; i++)
		run("recsys", links[i], tables);
	run("recsys", "users = \"dot\"\nitems = 10000", NULL);
	run("recsys", "users = \"dot\"", NULL);
	rho_tables_free(tables);
}

/* Queries of three groups, each with one to three relevant APIs of K. */
static struct rho_tables *make_queries(void)
{
	static const struct rho_column_spec actions[] = { { .name = "category", .type = RHO_COL_LABEL } };
	static const struct rho_column_spec contexts[] = { { .name = "group", .type = RHO_COL_LABEL } };
	static const struct rho_column_spec links[] = {
		{ .name = "context", .type = RHO_COL_ROW, .of = RHO_CONTEXTS },
		{ .name = "action", .type = RHO_COL_ROW, .of = RHO_ACTIONS },
	};
	struct rho_tables *t = rho_tables_new();
	struct rho_sink *s = rho_tables_sink(t);
	struct rho_rng rng = { { 9, 2, 3, 4 } };
	struct rho_buf why = { 0 };
	char label[3] = "G1", category[2] = "a";
	s->columns(s, RHO_ACTIONS, actions, 1);
	s->columns(s, RHO_CONTEXTS, contexts, 1);
	s->columns(s, RHO_LINKS, links, 2);
	for (uint32_t i = 0; i < K; i++) {
		category[0] = (char)('a' + i % 26);
		s->add(s, RHO_ACTIONS, &(union rho_value){ .s = { category, 1 } });
	}
	for (uint32_t i = 0; i < USERS; i++) {
		label[1] = (char)('1' + i % 3);
		s->add(s, RHO_CONTEXTS, &(union rho_value){ .s = { label, 2 } });
		for (uint32_t j = 0; j <= i % 3; j++)
			s->add(s, RHO_LINKS,
			       (union rho_value[]){ { .row = i }, { .row = rho_below(&rng, K) } });
	}
	if (rho_tables_finish(t, 7, &why))
		bench_die("tables", &why);
	return t;
}

static void on_metric(void *arg, const struct rho_ctx *ctx, const char *name, double value)
{
	rho_metrics_named(arg, "env", name, value);
}

/* With the metrics going where a run's go, which is a good part of the time. */
static void bench_tools(void)
{
	static const char *const toml[] = {
		"",
		"per = \"none\"",
		"slate = 5",
		"formulation = \"chain\"",
		"formulation = \"chain\"\norder = \"file\"",
		"formulation = \"chain\"\nmask = \"category\"",
		"formulation = \"chain\"\nmask = \"called\"",
	};
	struct rho_tables *tables = make_queries();
	struct rho_metrics metrics;
	rho_metrics_init(&metrics, false, NULL);
	world.metric = on_metric;
	world.arg = &metrics;
	printf("tools, %d lanes, %d APIs: a step\n", LANES, K);
	for (size_t i = 0; i < sizeof toml / sizeof *toml; i++)
		run("tools", toml[i], tables);
	world.metric = NULL;
	rho_metrics_free(&metrics);
	rho_tables_free(tables);
}

/* The MDP `dot` in NumPy, where one of the system's Pythons has it. */
static void bench_numpy(void)
{
	static const char command[] = "for p in python3 /usr/bin/python3; do"
				      " $p -c 'import numpy' 2>/dev/null &&"
				      " exec $p \"$RHO_SOURCE_ROOT/tests/bench/peers/recsys_numpy.py\";"
				      " done; exit 1";
	fflush(stdout);
	if (!getenv("RHO_SOURCE_ROOT") || system(command))
		printf("  NumPy: not measured (no Python here has it)\n");
}

int main(void)
{
	world = (struct rho_world){ .registry = rho_registry_new(NULL, 0), .seed = 1, .log_level = RHO_WARN };
	bench_recsys();
	bench_numpy();
	bench_tools();
	rho_registry_free(world.registry);
	return 0;
}
