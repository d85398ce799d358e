/* bench_fuse.c: twenty seeds of Thompson sampling that share passes over 500,000 actions, beside one seed alone:
 * seconds of processor a round of decisions, updates included; the memory both take. RHO_BENCH_QUICK in the
 * environment: fewer actions. */
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>

#include <registry/instance.h>
#include <run/fuse.h>

enum { D = 384, SEEDS = 20, CONTEXTS = 64, ALONE = 8, TOGETHER = 4 };

static struct rho_registry *registry;
static struct rho_mat actions, contexts;

static void die(const char *what, const struct rho_buf *why)
{
	fprintf(stderr, "bench-fuse: %s: %s\n", what, why && why->at ? why->at : "failed");
	exit(1);
}

static double now(clockid_t clock)
{
	struct timespec t;
	clock_gettime(clock, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Rows of length 1 in even directions but for the corners of the cube they come from: what matters is their size. */
static struct rho_mat make_rows(size_t n, uint64_t seed)
{
	struct rho_rng rng = { { seed, 2, 3, 4 } };
	float *at = mmap(NULL, n * D * sizeof *at, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (at == MAP_FAILED)
		die("memory", NULL);
	madvise(at, n * D * sizeof *at, MADV_HUGEPAGE);
	for (size_t i = 0; i < n; i++) {
		float sum = 0;
		for (size_t j = 0; j < D; j += 2) {
			uint64_t bits = rho_u64(&rng);
			at[i * D + j] = (float)(int32_t)bits * 0x1p-31f;
			at[i * D + j + 1] = (float)(int32_t)(bits >> 32) * 0x1p-31f;
		}
		for (size_t j = 0; j < D; j++)
			sum += at[i * D + j] * at[i * D + j];
		for (size_t j = 0; j < D; j++)
			at[i * D + j] /= sqrtf(sum);
	}
	return (struct rho_mat){ at, n, D, D };
}

/* ---- a cell: one seed ---- */

struct cell {
	struct rho_world world;
	struct rho_instance *agent;
	struct rho_fuse *fuse; /* NULL: alone */
	size_t seat, rounds;
	struct rho_rng rng;
	uint32_t chosen; /* of the last round */
};

static bool on_scan(void *arg, struct rho_scan *scan, const struct rho_codes *codes)
{
	struct cell *c = arg;
	if (!c->fuse || !rho_fuse_worth(scan))
		return false;
	rho_fuse_scan(c->fuse, c->seat, scan, codes);
	return true;
}

static void check(struct cell *c, int code)
{
	struct rho_buf why = { 0 };
	if (rho_call_end(c->agent, code, &why))
		die(c->agent->label, &why);
}

static void open_cell(struct cell *c, uint64_t seed)
{
	struct rho_buf why = { 0 };
	struct rho_diags *d = rho_diags_new();
	const struct rho_module *m = rho_module_get(registry, RHO_AGENT, "thompson", &why);
	struct rho_toml *table = m ? rho_toml_parse("", 0, "bench", d) : NULL;
	struct rho_spec spec = { .n_actions = actions.rows, .x_dim = D, .action_dim = D, .lanes = 1, .slate = 1,
		                 .max_cand = actions.rows, .reward_hi = 1, .horizon = 1 };
	*c = (struct cell){ .world = { .registry = registry, .seed = seed, .log_level = RHO_WARN, .scan = on_scan },
		            .rng = { { seed, 5, 6, 7 } } };
	c->world.arg = c;
	if (!table || rho_params_check(registry, m, "agent", table, d))
		die("thompson", &why);
	c->agent = rho_instance_new(&c->world, m, table, 0, &why);
	if (!c->agent)
		die("thompson", &why);
	rho_call_begin(c->agent, "open", 0, true);
	check(c, m->plugin.agent->open(&c->agent->ctx, c->agent->self, &spec));
	rho_toml_free(table);
	rho_diags_free(d);
}

static void play_round(struct cell *c)
{
	static const uint32_t lane;
	const struct rho_agent *agent = c->agent->module->plugin.agent;
	struct rho_batch b = { .n = 1,
		               .k = 1,
		               .x = { &contexts, NULL, rho_below(&c->rng, CONTEXTS), 1 },
		               .actions = { &actions, NULL, 0, actions.rows },
		               .lane = &lane };
	float prob = 0, reward;
	uint8_t end = 0;
	struct rho_choice out = { &c->chosen, &prob };
	struct rho_feedback f = { .posed = &b, .action = &c->chosen, .prob = &prob, .reward = &reward, .end = &end };
	rho_call_begin(c->agent, "act", 0, false);
	check(c, agent->act(&c->agent->ctx, c->agent->self, &b, &out));
	reward = (float)rho_unif(&c->rng);
	rho_call_begin(c->agent, "observe", 0, false);
	check(c, agent->observe(&c->agent->ctx, c->agent->self, &f));
}

static void *play_together(void *arg)
{
	struct cell *c = arg;
	rho_fuse_enter(c->fuse, c->seat);
	for (size_t i = 0; i < c->rounds; i++)
		play_round(c);
	rho_fuse_leave(c->fuse, c->seat);
	return NULL;
}

static void run_together(struct cell *cell, size_t rounds)
{
	struct rho_fuse *fuse = rho_fuse_new(SEEDS, 1, NULL);
	pthread_t id[SEEDS];
	for (size_t i = 0; i < SEEDS; i++) {
		cell[i].fuse = fuse;
		cell[i].seat = i;
		cell[i].rounds = rounds;
		if (pthread_create(&id[i], NULL, play_together, &cell[i]))
			die("thread", NULL);
	}
	for (size_t i = 0; i < SEEDS; i++)
		pthread_join(id[i], NULL);
	rho_fuse_free(fuse);
}

static double resident_mib(void)
{
	struct rusage u;
	getrusage(RUSAGE_SELF, &u);
	return (double)u.ru_maxrss / 1024;
}

int main(void)
{
	static struct cell alone, cell[SEEDS];
	size_t n = getenv("RHO_BENCH_QUICK") ? 50000 : 500000;
	double one, twenty, wall;
	registry = rho_registry_new(NULL, 0);
	actions = make_rows(n, 1);
	contexts = make_rows(CONTEXTS, 2);
	printf("thompson, every action of K = %zu, d = %d: ms of processor a round, updates included\n", n, D);
	open_cell(&alone, 1);
	play_round(&alone);
	one = now(CLOCK_PROCESS_CPUTIME_ID);
	for (size_t i = 0; i < ALONE; i++)
		play_round(&alone);
	one = (now(CLOCK_PROCESS_CPUTIME_ID) - one) / ALONE;
	printf("  one seed           %8.1f   (%.0f MiB resident at most)\n", one * 1e3, resident_mib());
	for (size_t i = 0; i < SEEDS; i++)
		open_cell(&cell[i], i + 1);
	run_together(cell, 1);
	wall = now(CLOCK_MONOTONIC);
	twenty = now(CLOCK_PROCESS_CPUTIME_ID);
	run_together(cell, TOGETHER);
	twenty = (now(CLOCK_PROCESS_CPUTIME_ID) - twenty) / TOGETHER;
	wall = (now(CLOCK_MONOTONIC) - wall) / TOGETHER;
	printf("  %d seeds, fused    %8.1f   (%.0f MiB; %.1f ms by the clock)\n", SEEDS, twenty * 1e3,
	       resident_mib(), wall * 1e3);
	printf("  %.2f times the time of one; at most 4 is wanted\n", twenty / one);
	for (size_t i = ALONE - TOGETHER; i > 0; i--) /* until the first has played as much as the one alone */
		cell[0].fuse = NULL, play_round(&cell[0]);
	if (cell[0].chosen != alone.chosen)
		die("the same seed", &(struct rho_buf){ .at = (char[]){ "chose another action fused than alone" } });
	rho_instance_free(alone.agent);
	for (size_t i = 0; i < SEEDS; i++)
		rho_instance_free(cell[i].agent);
	rho_registry_free(registry);
	return 0;
}
