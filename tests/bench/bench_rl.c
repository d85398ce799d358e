/* bench_rl.c: policies over 1,000, 10,000 and 100,000 actions: log-softmax, its gradient, draws of one and of slates,
 * and targets of DQN, beside copying the same numbers once (what no pass can do without); prioritised replay; GAE.
 * CPU seconds of this thread, the median of rounds. The same in NumPy: tests/bench/peers/rl_numpy.py. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <registry/instance.h>
#include "kit/rl/losses.h"
#include "kit/rl/replay.h"
#include "kit/rl/returns.h"

enum { ROUNDS = 9, MOST = 100000, SLATE = 10, ROWS = 64 };

static struct rho_rng rng = { { 1, 2, 3, 4 } };
static float *logit, *logp, *grad;      /* (ROWS * k) */
static uint64_t mask[MOST / 64 + 1];
static double tile[2 * (MOST / RHO_SOFT_TILE + 1)];
static volatile double sink;

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

typedef void work_fn(size_t k, size_t row);

/* Microseconds a row. */
static double timed(work_fn *work, size_t k)
{
	double seconds[ROUNDS];
	size_t again = 400000 / k + 1;
	for (size_t r = 0; r < ROUNDS; r++) {
		double from = now();
		for (size_t i = 0; i < again; i++)
			work(k, i % ROWS);
		seconds[r] = (now() - from) / (double)again;
	}
	qsort(seconds, ROUNDS, sizeof *seconds, by_size);
	return seconds[ROUNDS / 2] * 1e6;
}

static void copying(size_t k, size_t row)
{
	memcpy(grad + row * k, logit + row * k, k * sizeof *grad);
}

static void log_softmax(size_t k, size_t row)
{
	rho_log_softmax(logit + row * k, NULL, k, logp + row * k);
}

static void masked(size_t k, size_t row)
{
	rho_log_softmax(logit + row * k, mask, k, logp + row * k);
}

static void gradient(size_t k, size_t row)
{
	rho_policy_grad(logp + row * k, k, row % k, -0.7, -0.01, 3, grad + row * k);
}

static void entropy(size_t k, size_t row)
{
	sink = rho_entropy(logp + row * k, k);
}

static void draw(size_t k, size_t row)
{
	struct rho_soft s;
	if (rho_soft_open(&s, logit + row * k, NULL, k, tile))
		sink = rho_soft_log(&s, rho_soft_draw(&s, &rng));
}

static void slate(size_t k, size_t row)
{
	struct rho_soft s;
	uint32_t place[SLATE];
	double key[SLATE];
	float given[SLATE];
	if (rho_soft_open(&s, logit + row * k, NULL, k, tile) && rho_soft_top(&s, &rng, SLATE, place, key))
		rho_soft_slate(&s, place, SLATE, given);
}

/* The usual way: noise of its own for every action. */
static void noise(size_t k, size_t row)
{
	double most = -INFINITY;
	for (size_t j = 0; j < k; j++) {
		double mine = (double)logit[row * k + j] - log(-log1p(-rho_unif(&rng)));
		most = mine > most ? mine : most;
	}
	sink = most;
}

static void double_q(size_t k, size_t row)
{
	sink = rho_double_q_target(1, 0.99, logit + row * k, logp + row * k, NULL, k);
}

static void policies(size_t k)
{
	static const struct { const char *name; work_fn *work; } all[] = {
		{ "copying the numbers", copying }, { "log-softmax", log_softmax },
		{ "log-softmax, a quarter masked", masked }, { "gradient with entropy bonus", gradient },
		{ "entropy", entropy }, { "one action and ln prob", draw }, { "slate of 10 and ln probs", slate },
		{ "Gumbel noise, scalar", noise }, { "double-Q target", double_q },
	};
	for (size_t i = 0; i < ROWS * k; i++)
		logit[i] = (float)(2 * rho_normal(&rng));
	for (size_t j = 0; j <= k / 64; j++)
		mask[j] = rho_u64(&rng) | rho_u64(&rng);
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		double us = timed(all[i].work, k);
		printf("  K = %-7zu %-30s %9.2f us a row  %7.2f actions/ns\n", k, all[i].name, us,
		       (double)k / us / 1e3);
	}
}

static void die(const char *what, const struct rho_buf *why)
{
	fprintf(stderr, "bench-rl: %s: %s\n", what, why && why->at ? why->at : "failed");
	exit(1);
}

/* A million priorities: what a batch of 64 costs. */
static void priorities(void)
{
	enum { N = 1000000, BATCH = 64, TIMES = 2000 };
	struct rho_world world = { .registry = rho_registry_new(NULL, 0), .seed = 1, .log_level = RHO_WARN };
	struct rho_buf why = { 0 };
	const struct rho_module *m = rho_module_get(world.registry, RHO_AGENT, "random", &why);
	struct rho_diags *d = rho_diags_new();
	struct rho_toml *table = m ? rho_toml_parse("", 0, "bench", d) : NULL;
	struct rho_instance *inst = table ? rho_instance_new(&world, m, table, 0, &why) : NULL;
	struct rho_replay r = { .how = { .capacity = N, .priority = true, .alpha = 0.6, .floor = 1e-6 } };
	uint32_t place[BATCH];
	float weight[BATCH], error[BATCH];
	uint64_t seen = N;
	double top = 1;
	if (!inst)
		die("random", &why);
	rho_call_begin(inst, "open", 0, true);
	if (rho_call_end(inst, rho_sumtree_open(&inst->ctx, &r.tree, "tree", N), &why))
		die("tree", &why);
	r.seen = &seen;
	r.top = &top;
	for (size_t j = 0; j < N; j++)
		rho_sumtree_set(&r.tree, j, rho_unif(&rng));
	double from = now();
	for (size_t i = 0; i < TIMES; i++) {
		rho_replay_draw_by_priority(&r, &rng, 0.4, BATCH, place, weight);
		for (size_t j = 0; j < BATCH; j++)
			error[j] = weight[j];
		rho_replay_learned(&r, BATCH, place, error);
	}
	printf("  a million priorities: %.2f us to draw %d and give them new ones\n", (now() - from) / TIMES * 1e6,
	       BATCH);
	rho_instance_free(inst);
	rho_toml_free(table);
	rho_diags_free(d);
	rho_registry_free(world.registry);
}

static void advantages(void)
{
	enum { T = 128, LANES = 16, TIMES = 2000 };
	static float reward[T * LANES], value[T * LANES], boot[T * LANES], adv[T * LANES], back[T * LANES];
	static uint32_t end[T * LANES];
	struct rho_steps s = { T, LANES, reward, value, boot, end };
	for (size_t i = 0; i < T * LANES; i++) {
		reward[i] = (float)rho_normal(&rng);
		value[i] = (float)rho_normal(&rng);
		end[i] = rho_below(&rng, 20) == 0;
	}
	double from = now();
	for (size_t i = 0; i < TIMES; i++)
		rho_gae(&s, 0.99, 0.95, adv, back);
	printf("  GAE of %d steps of %d lanes: %.2f us\n", T, LANES, (now() - from) / TIMES * 1e6);
}

int main(void)
{
	logit = malloc(ROWS * MOST * sizeof *logit);
	logp = malloc(ROWS * MOST * sizeof *logp);
	grad = malloc(ROWS * MOST * sizeof *grad);
	if (!logit || !logp || !grad)
		die("memory", NULL);
	printf("policies over K actions, %d rows in turn\n", ROWS);
	policies(100);
	policies(1000);
	policies(10000);
	policies(100000);
	printf("memories\n");
	priorities();
	advantages();
	free(logit);
	free(logp);
	free(grad);
	return 0;
}
