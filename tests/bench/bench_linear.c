/* bench_linear.c: decisions with learning of linear bandits on one core: LinUCB over all actions in passes
 * over the matrix, Thompson over 500 of a million; NumPy's LinUCB beside it. CPU seconds of this thread. */
#include <sys/mman.h>

#include "instance.h"
#include "reading.h"

enum { REPEATS = 7, MOST = 1000000, WIDEST = 384, CAND = 500 };

static struct rho_world world;
static float *numbers; /* (MOST, WIDEST); smaller matrices begin where it does */

/* Rows of length 1, of uniform entries: what they are does not matter to the time. */
static void fill(size_t rows, size_t d)
{
	struct rho_rng rng = { { 1, 2, 3, 4 } };
	for (size_t i = 0; i < rows; i++) {
		float *row = numbers + i * d, sum = 0;
		for (size_t j = 0; j < d; j++) {
			row[j] = (float)(rho_u64(&rng) >> 40) * 0x1p-23f - 1;
			sum += row[j] * row[j];
		}
		for (size_t j = 0; j < d; j++)
			row[j] /= sqrtf(sum);
	}
}

/* Seconds to read n numbers. */
static double reading(size_t n)
{
	double t = bench_now();
	volatile float sum = bench_read(numbers, n);
	(void)sum;
	return bench_now() - t;
}

struct loop {
	struct rho_instance *agent, *sampler; /* sampler NULL: all actions */
	struct rho_mat actions, contexts;
	struct rho_rng rng;
	uint64_t tick;
};

static void open_loop(struct loop *l, const char *agent, const char *toml, size_t k, size_t d, bool sampled)
{
	static float x[WIDEST];
	struct rho_spec spec = { .n_actions = k, .x_dim = d, .action_dim = d, .lanes = 1, .slate = 1 };
	struct rho_sampler_spec law = { .n_actions = k, .actions = { .n = k }, .lanes = 1, .slate = 1 };
	struct rho_sampler_info info;
	*l = (struct loop){ .agent = bench_make(&world, RHO_AGENT, agent, toml) };
	l->actions = (struct rho_mat){ numbers, k, d, d };
	l->contexts = (struct rho_mat){ x, 1, d, d };
	l->rng = (struct rho_rng){ { 5, 6, 7, 8 } };
	spec.max_cand = sampled ? CAND : k;
	spec.horizon = 1;
	bench_check(l->agent, l->agent->module->plugin.agent->open(&l->agent->ctx, l->agent->self, &spec));
	if (!sampled)
		return;
	l->sampler = bench_make(&world, RHO_SAMPLER, "uniform", "k = 500");
	bench_check(l->sampler,
	            l->sampler->module->plugin.sampler->open(&l->sampler->ctx, l->sampler->self, &law,
	                                                     &info));
}

static void close_loop(struct loop *l)
{
	rho_instance_free(l->agent);
	if (l->sampler)
		rho_instance_free(l->sampler);
}

/* One decision and what is learned from it; gives its seconds, what the world does left out. */
static double step(struct loop *l)
{
	static uint32_t cand[CAND];
	static float incl[CAND];
	const struct rho_agent *agent = l->agent->module->plugin.agent;
	uint32_t action, lane = 0;
	float prob, reward, *x = (float *)(uintptr_t)l->contexts.at;
	size_t off[2] = { 0, 0 };
	uint8_t end = RHO_TERMINATED;
	struct rho_batch b = { .n = 1, .k = 1, .lane = &lane };
	struct rho_choice out = { &action, &prob };
	for (size_t j = 0; j < l->contexts.cols; j++)
		x[j] = (float)(rho_u64(&l->rng) >> 40) * 0x1p-23f - 1;
	reward = (float)rho_unif(&l->rng);
	b.x = (struct rho_rows){ &l->contexts, NULL, 0, 1 };
	b.actions = (struct rho_rows){ &l->actions, NULL, 0, l->actions.rows };
	double t = bench_now();
	if (l->sampler) {
		struct rho_ask ask = { .n = 1, .lane = &lane, .tick = &l->tick };
		struct rho_pool pool = { cand, off, incl };
		ask.actions.n = l->actions.rows;
		rho_call_begin(l->sampler, "draw", 0, false);
		bench_check(l->sampler, l->sampler->module->plugin.sampler->draw(
			&l->sampler->ctx, l->sampler->self, &ask, &pool));
		b.cand = cand;
		b.cand_off = off;
	}
	rho_call_begin(l->agent, "act", 0, false);
	bench_check(l->agent, agent->act(&l->agent->ctx, l->agent->self, &b, &out));
	struct rho_feedback f = {
		.posed = &b, .action = &action, .prob = &prob, .reward = &reward, .end = &end
	};
	rho_call_begin(l->agent, "observe", 0, false);
	bench_check(l->agent, agent->observe(&l->agent->ctx, l->agent->self, &f));
	l->tick++;
	return bench_now() - t;
}

/* Seconds a step, the mean of `steps`: what is done now and then is in it. */
static double mean_step(struct loop *l, size_t steps)
{
	double sum = 0;
	for (size_t i = 0; i < steps; i++)
		sum += step(l);
	return sum / (double)steps;
}

/* Steps beside reading the matrix once, in turn; medians. */
static void bench_all(const char *toml, size_t k, size_t d, size_t steps)
{
	struct loop l;
	double t[REPEATS], pass[REPEATS], first;
	open_loop(&l, "linucb", toml, k, d, false);
	first = step(&l);
	mean_step(&l, 3);
	for (int r = 0; r < REPEATS; r++) {
		pass[r] = reading(k * d);
		t[r] = mean_step(&l, steps);
	}
	double all = bench_median(t, REPEATS), once = bench_median(pass, REPEATS);
	printf("  %-21s K = %-7zu d = %-4zu %9.1f a second   %.2f passes (reading once: %.0f us, %.1f GB/s);"
	       " the first %.1f ms\n",
	       toml, k, d, 1 / all, all / once, once * 1e6, (double)(k * d * 4) / once * 1e-9, first * 1e3);
	fflush(stdout);
	close_loop(&l);
}

static void bench_few(size_t d, size_t steps, double wanted)
{
	struct loop l;
	double t[REPEATS];
	open_loop(&l, "thompson", "", MOST, d, true);
	mean_step(&l, 20);
	for (int r = 0; r < REPEATS; r++)
		t[r] = mean_step(&l, steps);
	double all = bench_median(t, REPEATS);
	printf("  thompson, 500 of %d, d = %-4zu %9.0f a second (%.2f of the %.0f wanted)\n", MOST, d, 1 / all,
	       1 / all / wanted, wanted);
	fflush(stdout);
	close_loop(&l);
}

/* The same decisions in NumPy, where one of the system's Pythons has it. */
static void bench_numpy(void)
{
	static const char run[] = "for p in python3 /usr/bin/python3; do"
				  " $p -c 'import numpy' 2>/dev/null &&"
				  " exec $p '%s/tests/bench/peers/linucb.py';"
				  " done; exit 1";
	const char *root = getenv("RHO_SOURCE_ROOT");
	char command[4096];
	fflush(stdout);
	if (!root || snprintf(command, sizeof command, run, root) >= (int)sizeof command || system(command))
		printf("  NumPy: not measured (no Python here has it)\n");
}

int main(void)
{
	size_t bytes = (size_t)MOST * WIDEST * sizeof *numbers;
	numbers = aligned_alloc(2 << 20, (bytes + (2 << 20) - 1) / (2 << 20) * (2 << 20));
	if (!numbers)
		bench_die("memory", NULL);
	madvise(numbers, bytes, MADV_HUGEPAGE); /* as the store's files are mapped */
	world = (struct rho_world){ .registry = rho_registry_new(NULL, 0), .seed = 1, .log_level = RHO_WARN };
	printf("linear bandits, one core: decisions with learning\n");
	fill(MOST, 64);
	bench_all("features = \"action\"", 10000, 64, 500);
	bench_all("features = \"concat\"", 10000, 64, 500);
	bench_few(64, 2000, 40000);
	fill(MOST, 384);
	bench_few(384, 500, 5000);
	bench_all("features = \"action\"", 500000, 384, 4);
	bench_all("features = \"concat\"", 500000, 384, 4);
	bench_numpy();
	rho_registry_free(world.registry);
	free(numbers);
	return 0;
}
