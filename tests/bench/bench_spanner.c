/* bench_spanner.c: what exploring over a barycentric spanner costs, on the shape that its authors measured
 * (311 actions, 50 dimensions, batches of 32: 896 decisions a second for SpannerIGW, 19,100 for
 * SpannerGreedy, 14,700 for inverse gap weighting), on larger ones, and finding a spanner from nothing;
 * beside one pass over the coefficients that a search reads. CPU seconds of this thread; contexts and
 * rewards are of a linear world. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <registry/instance.h>

enum { BATCH = 32, CONTEXTS = 4096 };

static struct rho_world world;
static double passes;   /* of the last decision batch, as the agent's metric says */

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void die(const char *what, const struct rho_buf *why)
{
	fprintf(stderr, "bench-spanner: %s: %s\n", what, why && why->at ? why->at : "failed");
	exit(1);
}

static void on_metric(void *arg, const struct rho_ctx *c, const char *name, double value)
{
	(void)arg;
	(void)c;
	if (!strcmp(name, "spanner_passes"))
		passes = value;
}

static struct rho_instance *make(uint32_t kind, const char *name, const char *toml)
{
	struct rho_buf why = { 0 };
	struct rho_diags *d = rho_diags_new();
	const struct rho_module *m = rho_module_get(world.registry, kind, name, &why);
	struct rho_toml *table = m ? rho_toml_parse(toml, strlen(toml), "bench", d) : NULL;
	struct rho_instance *inst;
	if (!table || rho_params_check(world.registry, m, name, table, d))
		die(name, &why);
	inst = rho_instance_new(&world, m, table, 0, &why);
	if (!inst)
		die(name, &why);
	rho_call_begin(inst, "open", 0, true);
	rho_diags_free(d);
	return inst;
}

static void check(struct rho_instance *inst, int code)
{
	struct rho_buf why = { 0 };
	if (rho_call_end(inst, code, &why))
		die(inst->label, &why);
}

/* Rows of length 1. */
static struct rho_mat make_rows(size_t n, size_t d, uint64_t seed)
{
	struct rho_rng rng = { { seed, 2, 3, 4 } };
	float *at = malloc(n * d * sizeof *at);
	if (!at)
		die("memory", NULL);
	for (size_t i = 0; i < n; i++) {
		double sum = 0;
		for (size_t j = 0; j < d; j++) {
			at[i * d + j] = (float)rho_normal(&rng);
			sum += (double)at[i * d + j] * (double)at[i * d + j];
		}
		for (size_t j = 0; j < d; j++)
			at[i * d + j] /= (float)sqrt(sum);
	}
	return (struct rho_mat){ at, n, d, d };
}

/* 1 where chance, as good as the cosine of context and action, says so. */
static float reward_of(const float *x, const float *a, size_t d, struct rho_rng *rng)
{
	double sum = 0;
	for (size_t j = 0; j < d; j++)
		sum += (double)x[j] * (double)a[j];
	return rho_unif(rng) < fmax(2 * sum - 0.2, 0.02);
}

/* `rounds` batches of act and observe; the time of the last half. */
static void bench(const char *name, const char *toml, size_t k, size_t d, size_t rounds, double published)
{
	static const uint32_t lane[BATCH];
	struct rho_mat actions = make_rows(k, d, 1), contexts = make_rows(CONTEXTS, d, 2);
	struct rho_instance *inst = make(RHO_AGENT, name, toml);
	const struct rho_agent *agent = inst->module->plugin.agent;
	struct rho_rng rng = { { 9, 2, 3, 4 } };
	struct rho_spec spec = { .n_actions = k, .x_dim = d, .action_dim = d, .lanes = BATCH, .slate = 1,
		                 .max_cand = k, .reward_lo = 0, .reward_hi = 1, .horizon = 1 };
	double acting = 0, learning = 0, sum = 0, searched = 0;
	uint32_t action[BATCH];
	float prob[BATCH], reward[BATCH];
	uint8_t end[BATCH] = { 0 };
	passes = 0;
	check(inst, agent->open(&inst->ctx, inst->self, &spec));
	for (size_t r = 0; r < rounds; r++) {
		struct rho_batch b = { .n = BATCH, .k = 1, .actions = { &actions, NULL, 0, k },
			               .lane = lane };
		struct rho_choice out = { action, prob };
		struct rho_feedback f = { .posed = &b, .action = action, .prob = prob, .reward = reward,
			                  .end = end };
		bool timed = r >= rounds / 2;
		b.x = (struct rho_rows){ &contexts, NULL, r * BATCH % CONTEXTS, BATCH };
		double t = now();
		rho_call_begin(inst, "act", 0, false);
		check(inst, agent->act(&inst->ctx, inst->self, &b, &out));
		acting += timed ? now() - t : 0;
		searched += timed ? passes : 0;
		for (size_t i = 0; i < BATCH; i++) {
			reward[i] = reward_of(rho_row(&b.x, i), rho_row(&b.actions, action[i]), d, &rng);
			sum += timed ? (double)reward[i] : 0;
		}
		t = now();
		rho_call_begin(inst, "observe", 0, false);
		check(inst, agent->observe(&inst->ctx, inst->self, &f));
		learning += timed ? now() - t : 0;
	}
	double n = (double)(rounds - rounds / 2) * BATCH;
	printf("  %-15s K = %-7zu d = %-4zu act %8.1f us  learn %6.1f us  %9.0f decisions/s", name, k, d,
	       acting / n * 1e6, learning / n * 1e6, n / (acting + learning));
	if (published > 0)
		printf("  (published %.0f: %.1f times)", published, n / (acting + learning) / published);
	if (searched > 0)
		printf("  %.1f passes", searched / (n / BATCH));
	printf("  reward %.3f\n", sum / n);
	rho_instance_free(inst);
	free((void *)(uintptr_t)actions.at);
	free((void *)(uintptr_t)contexts.at);
}

/* What a search cannot do without: the coefficients read once. */
static double reading(size_t n)
{
	float *at = calloc(n, sizeof *at), sum[16] = { 0 };
	double best = 1;
	for (int r = 0; r < 50; r++) {
		double t = now();
		for (size_t i = 0; i + 16 <= n; i += 16)
			for (size_t l = 0; l < 16; l++)
				sum[l] += at[i + l];
		t = now() - t;
		best = t < best ? t : best;
	}
	at[0] = sum[3];
	best += at[0] > 1 ? 1 : 0;
	free(at);
	return best;
}

static void bench_sampler(size_t k, size_t d, const char *toml)
{
	struct rho_mat actions = make_rows(k, d, 1);
	struct rho_instance *inst = make(RHO_SAMPLER, "spanner", toml);
	struct rho_sampler_spec spec = { .n_actions = k, .actions = { &actions, NULL, 0, k }, .lanes = 1,
		                         .slate = 1 };
	struct rho_sampler_info info;
	uint32_t lane = 0, *cand = calloc(k, sizeof *cand);
	uint64_t tick = 0;
	float *incl = calloc(k, sizeof *incl);
	size_t off[2];
	struct rho_ask ask = { .n = 1, .actions = spec.actions, .lane = &lane, .tick = &tick };
	struct rho_pool pool = { cand, off, incl };
	check(inst, inst->module->plugin.sampler->open(&inst->ctx, inst->self, &spec, &info));
	double t = now();
	rho_call_begin(inst, "draw", 0, false);
	check(inst, inst->module->plugin.sampler->draw(&inst->ctx, inst->self, &ask, &pool));
	t = now() - t;
	printf("  K = %-7zu d = %-4zu %-12s %5zu members in %8.1f ms\n", k, d, toml, off[1], t * 1e3);
	rho_instance_free(inst);
	free((void *)(uintptr_t)actions.at);
	free(cand);
	free(incl);
}

int main(void)
{
	world = (struct rho_world){ .registry = rho_registry_new(NULL, 0), .seed = 1, .log_level = RHO_WARN,
		                    .metric = on_metric };
	printf("exploring over a spanner, batches of %d; reading 311 x 50 coefficients takes %.2f us\n",
	       BATCH, reading(311 * 50) * 1e6);
	bench("spanner_igw", "", 311, 50, 1000, 896);
	bench("spanner_igw", "gamma_scale = 100.0", 311, 50, 1000, 896);
	bench("spanner_igw", "", 1335, 50, 200, 0);
	bench("spanner_greedy", "", 311, 50, 1000, 19100);
	bench("squarecb", "", 311, 50, 1000, 14700);
	bench("spanner_igw", "", 10000, 64, 20, 0);
	bench("spanner_igw", "span_rank = 16", 10000, 64, 20, 0);
	bench("spanner_greedy", "", 10000, 64, 20, 0);
	printf("\na spanner from nothing\n");
	bench_sampler(311, 50, "");
	bench_sampler(10000, 64, "");
	bench_sampler(100000, 128, "rank = 32");
	rho_registry_free(world.registry);
	return 0;
}
