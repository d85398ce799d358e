/* bench_math.c: steps a second of the env math with candidates from operations, on made-up problems of the kind and
 * length of GSM8K, the exact verifier judging every final answer. CPU seconds of this thread, medians. */
#include "instance.h"

#include <store/tables.h>

enum { REPEATS = 5, MOST_LANES = 64, PROBLEMS = 2000, STEPS = 100000 };

static struct rho_world world;

struct play {
	struct rho_instance *inst;
	struct rho_env_spec spec;
	struct rho_obs obs, last;
	uint32_t row[MOST_LANES], last_row[MOST_LANES], action[MOST_LANES];
	float reward[MOST_LANES], item_reward[MOST_LANES];
	uint8_t end[MOST_LANES];
	uint64_t state;
	size_t ended;
};

static struct rho_str str(const char *s) { return (struct rho_str){ s, strlen(s) }; }

/* Problems with three to six numbers and two or three steps. */
static struct rho_tables *make_tables(void)
{
	static const struct rho_column_spec columns[] = {
		{ .name = "text", .type = RHO_COL_STR },     { .name = "answer", .type = RHO_COL_STR },
		{ .name = "solution", .type = RHO_COL_STR }, { .name = "split", .type = RHO_COL_LABEL },
		{ .name = "group", .type = RHO_COL_LABEL },
	};
	struct rho_tables *t = rho_tables_new();
	struct rho_sink *s = rho_tables_sink(t);
	struct rho_buf why = { 0 };
	s->columns(s, RHO_CONTEXTS, columns, 5);
	for (int i = 0; i < PROBLEMS; i++) {
		char text[400], answer[32], solution[200];
		int boxes = 2 + i % 17, each = 3 + i % 23, left = 1 + i % 5, price = 2 + i % 7, friends = 2 + i % 4;
		int all = boxes * each, rest = all - left;
		snprintf(text, sizeof text,
		         "Maria has %d boxes with %d pencils each. She gives %d pencils to her %d friends, and half of "
		         "them are red. She sells the remaining pencils for $%d per pencil at the market on %d days. "
		         "How much money does she make in total?",
		         boxes, each, left, friends, price, 2 + i % 3);
		snprintf(answer, sizeof answer, "%d", rest * price);
		snprintf(solution, sizeof solution, "<<%d*%d=%d>> <<%d-%d=%d>> <<%d*%d=%d>>\n#### %d", boxes, each,
		         all, all, left, rest, rest, price, rest * price, rest * price);
		s->add(s, RHO_CONTEXTS,
		       (union rho_value[]){ { .s = str(text) }, { .s = str(answer) }, { .s = str(solution) },
		                            { .s = str("train") }, { .s = str("made") } });
	}
	if (rho_tables_finish(t, 1u << RHO_CONTEXTS, &why))
		bench_die("tables", &why);
	return t;
}

static void step(struct play *p)
{
	size_t lanes = p->spec.lanes;
	for (size_t i = 0; i < lanes; i++) {
		uint64_t n = p->obs.legal_off[i + 1] - p->obs.legal_off[i];
		p->state = p->state * 6364136223846793005u + 1442695040888963407u;
		p->action[i] = p->obs.legal[p->obs.legal_off[i] + ((p->state >> 32) * n >> 32)];
		p->end[i] = 0;
	}
	p->last = (struct rho_obs){ .row = p->last_row };
	p->obs = (struct rho_obs){ .row = p->row, .reward = p->reward, .item_reward = p->item_reward,
		                   .end = p->end, .last = &p->last };
	rho_call_begin(p->inst, "step", 0, false);
	bench_check(p->inst, p->inst->module->plugin.env->step(&p->inst->ctx, p->inst->self, p->action, &p->obs));
	for (size_t i = 0; i < lanes; i++)
		p->ended += p->end[i] != 0;
}

static void run(const struct rho_tables *tables, size_t lanes, const char *name, const char *toml)
{
	static struct play p;
	double v[REPEATS], opened;
	memset(&p, 0, sizeof p);
	p.spec = (struct rho_env_spec){ .data = rho_tables_data(tables), .lanes = lanes, .slate = 1, .horizon = 1 };
	p.spec.contexts.n = PROBLEMS;
	p.inst = bench_make(&world, RHO_ENV, "math", toml);
	opened = bench_now();
	bench_check(p.inst, p.inst->module->plugin.env->open(&p.inst->ctx, p.inst->self, &p.spec));
	opened = bench_now() - opened;
	p.obs = (struct rho_obs){ .row = p.row };
	rho_call_begin(p.inst, "reset", 0, false);
	bench_check(p.inst, p.inst->module->plugin.env->reset(&p.inst->ctx, p.inst->self, &p.obs));
	for (int r = 0; r < REPEATS; r++) {
		double t = bench_now();
		for (size_t i = 0; i < STEPS / lanes; i++)
			step(&p);
		v[r] = (bench_now() - t) / (double)(STEPS / lanes * lanes);
	}
	double each = bench_median(v, REPEATS);
	printf("  %2zu lanes, %-18s %8.0f steps a second (%.2f of the 100,000 wanted), opened in %.0f ms\n", lanes,
	       name, 1 / each, 1e-5 / each, opened * 1e3);
	fflush(stdout);
	rho_instance_free(p.inst);
}

int main(void)
{
	struct rho_tables *t = make_tables();
	world = (struct rho_world){ .registry = rho_registry_new(NULL, 0), .seed = 1, .log_level = RHO_WARN };
	printf("env math, operations, exact verifier, uniform choice\n");
	run(t, 1, "200 candidates", "verifier = { use = \"exact\" }");
	run(t, 8, "200 candidates", "verifier = { use = \"exact\" }");
	run(t, 64, "200 candidates", "verifier = { use = \"exact\" }");
	run(t, 8, "100 candidates", "candidates = 100\nverifier = { use = \"exact\" }");
	run(t, 8, "50 candidates", "candidates = 50\nverifier = { use = \"exact\" }");
	rho_tables_free(t);
	rho_registry_free(world.registry);
	return 0;
}
