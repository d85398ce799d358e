/* reporter.c: R checks: a resumed cell and a full disk. */
#include <dirent.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "play.h"

enum { BATCH = 50, DISK = 8192, BATCHES = 400 };

static int reporter_set(struct rho_play *p)
{
	struct rho_cell *c = p->problem = rho_xcalloc(1, sizeof *c);
	*c = (struct rho_cell){ .experiment = "check",
		                .arm = "agent=mine,sampler=all",
		                .dir = p->trial->tmp,
		                .seed = 1,
		                .steps = 100000 };
	return RHO_CHECK_PASS;
}

static void reporter_clear(struct rho_play *p) { free(p->problem); }

static int reporter_open(struct rho_play *p)
{
	rho_play_begin(p, "open", 0, true);
	return rho_play_end(p, p->module->table.reporter.open(p->ctx, p->self, p->problem));
}

/* n metrics of one step. */
static int report(struct rho_play *p, uint64_t step, size_t n)
{
	static const char *const names[] = { "reward", "regret", "coverage_regret", "loss",
		                             "a name with, comma" };
	struct rho_rng key = rho_stream_seed(p->trial->seed, "check", p->how.problem, "reporter");
	struct rho_rng r = rho_fork(&key, step, 0);
	struct rho_metric *m = rho_play_buf(p, n, sizeof *m);
	for (size_t i = 0; i < n; i++)
		m[i] = (struct rho_metric){ names[i % 5], step, rho_normal(&r) };
	rho_play_begin(p, "metrics", step, false);
	return rho_play_end(p, p->module->table.reporter.metrics(p->ctx, p->self, m, n));
}

static int reporter_turn(struct rho_play *p, unsigned t)
{
	int code = report(p, t * 10, 1 + t % 5);
	rho_buf_add(&p->line, &code, sizeof code);
	return code;
}

const struct rho_player rho_player_reporter = {
	.ground = "R1",
	.turns = 0,
	.set = reporter_set,
	.open = reporter_open,
	.turn = reporter_turn,
	.clear = reporter_clear,
};

/* ---- checks ---- */

/* One run of the cell: steps from .. to by tens. */
static int run_cell(struct rho_trial *t, uint64_t from, uint64_t to)
{
	struct rho_play_how how = { 0 };
	struct rho_play *p = rho_play_ready(t, &how);
	int r = p ? RHO_CHECK_PASS : RHO_CHECK_SKIP;
	for (uint64_t step = from; step <= to && !r; step += 10) {
		if (report(p, step, 5))
			r = rho_trial_fail(t, "metrics of step %llu: %s", (unsigned long long)step,
			                   p->why.at);
		rho_play_drop(p);
	}
	rho_play_free(p);
	return r;
}

static int r1(struct rho_trial *t)
{
	int r = run_cell(t, 10, 500);
	if (!r)
		r = run_cell(t, 300, 900); /* resumed from the checkpoint of step 300 */
	if (!r)
		r = run_cell(t, 10, 50); /* and from the beginning */
	return r;
}

static bool holds_bytes(const char *dir)
{
	bool yes = false;
	DIR *d = opendir(dir);
	for (struct dirent *e; d && (e = readdir(d)) && !yes;) {
		char *path = rho_xprintf("%s/%s", dir, e->d_name);
		struct stat st;
		yes = !stat(path, &st) && S_ISREG(st.st_mode) && st.st_size > 0;
		free(path);
	}
	if (d)
		closedir(d);
	return yes;
}

static int r2(struct rho_trial *t)
{
	struct rho_play_how how = { 0 };
	struct rlimit full = { DISK, DISK };
	int r = run_cell(t, 10, 50), code = 0;
	if (r)
		return rho_trial_skip(t, "it cannot report, see R1");
	if (!holds_bytes(t->tmp))
		return rho_trial_skip(t, "it writes no files into the cell's folder");
	if (t->in_process)
		return rho_trial_skip(t, "the limit on files would stay with this process");
	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &full);
	struct rho_play *p = rho_play_new(t, &how);
	if (!p)
		return RHO_CHECK_SKIP;
	code = rho_play_open(p);
	for (uint64_t step = 1; step <= BATCHES && !code; step++)
		code = report(p, 1000 + step, BATCH);
	if (!code)
		r = rho_trial_fail(
			t,
			"no more than %d bytes could be written, and %d batches of %d metrics gave no "
			"error; look at what fwrite and fflush return",
			DISK, BATCHES, BATCH);
	else if (code != RHO_EIO)
		r = rho_trial_fail(t, "a full disk gives %s, not RHO_EIO: %s", rho_error_name(code),
		                   p->why.at);
	rho_play_free(p);
	return r;
}

const struct rho_check rho_checks_reporter[] = {
	{ "R1", RHO_CHECK_OF(RHO_REPORTER), "takes the steps a resumed cell repeats", r1, 0 },
	{ "R2", RHO_CHECK_OF(RHO_REPORTER), "a full disk gives RHO_EIO", r2, 0 },
	{ .id = NULL },
};
