/* bench_core.c: what the core itself costs: the empty loop, planning, starting a cell; each beside a
 * limit measured in the same run. Drives the program as a user would; figures are medians. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <rho/rng.h>

#define REPEATS 7

static char folder[] = "/tmp/rho-bench-XXXXXX";
static const char *rho;

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static double median(double *v, size_t n)       /* v (n) is sorted in place */
{
	qsort(v, n, sizeof *v, by_value);
	return v[n / 2];
}

/* Seconds a command takes, output dropped; -1 when it fails. */
static double timed(char *const argv[])
{
	double t = now();
	pid_t pid = fork();
	int status;
	if (pid == 0) {
		int null = open("/dev/null", O_WRONLY);
		dup2(null, 1);
		dup2(null, 2);
		execv(argv[0], argv);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0 || !WIFEXITED(status) || WEXITSTATUS(status))
		return -1;
	return now() - t;
}

static void write_text(const char *name, const char *text)
{
	char path[512];
	snprintf(path, sizeof path, "%s/%s", folder, name);
	FILE *f = fopen(path, "w");
	if (!f || fputs(text, f) < 0 || fclose(f)) {
		perror(path);
		exit(1);
	}
}

/* Runs an experiment text of one cell from scratch; seconds. */
static double run_text(const char *text)
{
	char file[512], results[512];
	write_text("x.toml", text);
	snprintf(file, sizeof file, "%s/x.toml", folder);
	snprintf(results, sizeof results, "%s/results", folder);
	char *argv[] = { (char *)rho, "run", file, "--results", results, "--fresh", "--quiet", "--jobs", "1", NULL };
	return timed(argv);
}

/* The same decisions without any boundary: draw an action, look up its reward among the context's links. */
static double bare_loop(size_t steps)
{
	enum { CONTEXTS = 200, ACTIONS = 1000 };
	static float reward[CONTEXTS][ACTIONS];
	static double total;
	struct rho_rng r = { { 1, 2, 3, 4 } };
	for (size_t i = 0; i < CONTEXTS; i++)
		for (size_t j = 0; j < ACTIONS; j++)
			reward[i][j] = (float)rho_unif(&r);
	double t = now();
	for (size_t i = 0; i < steps; i++)
		total += (double)reward[rho_below(&r, CONTEXTS)][rho_below(&r, ACTIONS)];
	t = now() - t;
	return total > 0 ? t : 0;
}

static void bench_loop(void)
{
	static const char *const text =
		"rho = 1\n[run]\nname = \"loop\"\nsteps = %zu\nlanes = 64\nevery = 1_000_000\nseeds = 1\n"
		"[dataset]\nuse = \"synthetic\"\nactions = 1000\ncontexts = 200\n"
		"[env]\nuse = \"bandit\"\n[agent]\nuse = \"random\"\n";
	double few[REPEATS], many[REPEATS], bare[REPEATS];
	const size_t less = 1000000, more = 9000000;
	char a[1024], b[1024];
	snprintf(a, sizeof a, text, less);
	snprintf(b, sizeof b, text, more);
	for (size_t i = 0; i < REPEATS; i++) {
		few[i] = run_text(a);
		many[i] = run_text(b);
		bare[i] = bare_loop(more - less);
		if (few[i] < 0 || many[i] < 0) {
			printf("empty loop: the run failed\n");
			return;
		}
	}
	double rate = (double)(more - less) / (median(many, REPEATS) - median(few, REPEATS));
	double limit = (double)(more - less) / median(bare, REPEATS);
	printf("empty loop (random agent, bandit env, 1,000 actions, 64 lanes; start-up taken off)\n"
	       "  %.2f million decisions/s on one core; asked for: 2\n"
	       "  limit: %.0f million/s, the same draw and look-up without rho; %.0f ns a decision are rho's\n",
	       rate / 1e6, limit / 1e6, 1e9 / rate - 1e9 / limit);
}

static void bench_plan(void)
{
	char file[512];
	double t[REPEATS], none[REPEATS];
	write_text("plan.toml",
	           "rho = 1\n[run]\nname = \"plan\"\nsteps = 1000\nseeds = 100\n[dataset]\nuse = \"synthetic\"\n"
	           "[env]\nuse = \"bandit\"\n[agent]\nuse = \"epsilon_greedy\"\n[arms.agent]\n"
	           "a = { epsilon = 0.1 }\nb = { epsilon = 0.2 }\nc = { epsilon = 0.3 }\nd = { epsilon = 0.4 }\n"
	           "e = { epsilon = 0.5 }\nf = { epsilon = 0.6 }\ng = { epsilon = 0.7 }\nh = { epsilon = 0.8 }\n"
	           "i = { epsilon = 0.9 }\n");
	snprintf(file, sizeof file, "%s/plan.toml", folder);
	for (size_t i = 0; i < REPEATS; i++) {
		char *argv[] = { (char *)rho, "plan", file, NULL }, *version[] = { (char *)rho, "--version", NULL };
		t[i] = timed(argv);
		none[i] = timed(version);
	}
	printf("rho plan of 1,000 cells\n  %.1f ms; asked for: 200\n  limit: %.1f ms, rho --version\n",
	       1e3 * median(t, REPEATS), 1e3 * median(none, REPEATS));
}

static void bench_start(void)
{
	double t[REPEATS], none[REPEATS];
	char cell[512], find[1024];
	if (run_text("rho = 1\n[run]\nname = \"start\"\nsteps = 1\nseeds = 1\n[dataset]\nuse = \"synthetic\"\n"
	             "actions = 1000\ncontexts = 200\n[env]\nuse = \"bandit\"\n[agent]\nuse = \"random\"\n") < 0) {
		printf("start-up of a cell: the run failed\n");
		return;
	}
	snprintf(find, sizeof find, "ls -d %s/results/start/cells/*", folder);
	FILE *p = popen(find, "r");
	if (!p || !fgets(cell, sizeof cell, p) || pclose(p)) {
		printf("start-up of a cell: no cell was found\n");
		return;
	}
	cell[strcspn(cell, "\n")] = 0;
	for (size_t i = 0; i < REPEATS; i++) {
		char status[600];
		snprintf(status, sizeof status, "%s/status.json", cell);
		unlink(status);
		snprintf(status, sizeof status, "%s/checkpoint", cell);
		unlink(status);
		char *argv[] = { (char *)rho, "cell", cell, NULL }, *version[] = { (char *)rho, "--version", NULL };
		t[i] = timed(argv);
		none[i] = timed(version);
	}
	printf("start-up of a cell (a cell of one decision, from exec to exit, files synced)\n"
	       "  %.1f ms; asked for: 20\n  limit: %.1f ms, rho --version\n",
	       1e3 * median(t, REPEATS), 1e3 * median(none, REPEATS));
}

int main(void)
{
	rho = getenv("RHO_PROGRAM");
	if (!rho || !mkdtemp(folder)) {
		fprintf(stderr, "bench_core: RHO_PROGRAM is not set; run `make bench`\n");
		return 1;
	}
	bench_loop();
	bench_plan();
	bench_start();
	char rm[600];
	snprintf(rm, sizeof rm, "rm -rf %s", folder);
	return system(rm) != 0;
}
