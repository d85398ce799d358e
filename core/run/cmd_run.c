/* cmd_run.c: `rho run FILE`: what is missing of an experiment, then its comparison. */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "../base/file.h"
#include "../command.h"
#include "../report/compare.h"
#include "clock.h"
#include "fuse.h"
#include "fuse_plan.h"
#include "prepare.h"
#include "workers.h"

static const char help[] =
	"usage: rho run FILE [--jobs N] [--results DIR] [--set KEY=VALUE]... [--plugins DIR]...\n"
	"               [--fresh] [--dry] [--quiet]\n"
	"\n"
	"Runs the cells (arms x seeds) of an experiment file that are not done yet, each in a process of "
	"its\n"
	"own or with others like it (run.fuse), then compares the arms. Cells that were cut off go on from "
	"their last checkpoint.\n"
	"\n"
	"  --jobs N          processes at a time (as many as there are processors)\n"
	"  --results DIR     where results go: DIR/NAME (results)\n"
	"  --set KEY=VALUE   override a key: --set agent.alpha=0.5, --set run.seeds=3\n"
	"  --plugins DIR     look for plugins in DIR first\n"
	"  --fresh           forget this experiment's cells and run all of them\n"
	"  --dry             check and print the plan, run nothing (rho plan)\n"
	"  --quiet           no progress, no comparison; only what went wrong\n"
	"\n"
	"Exit status: 0 all cells are done; 1 some failed, or results cannot be written; 2 a mistake in the\n"
	"file or the command; 130 stopped by Ctrl-C.\n";

struct args {
	const char *file, *results;
	const char **set, **dirs;
	size_t n_set, n_dirs;
	uint64_t jobs; /* 0: as many as there are processors */
	bool fresh, dry, quiet;
};

struct session {
	const struct args *args;
	struct rho_registry *registry;
	struct rho_plan *plan;
	struct rho_progress progress;
	sigset_t before;
	char *dir, *store; /* DIR/NAME, DIR/.store */
	struct rho_job *job;
	size_t n_jobs; /* cells to run */
	struct rho_plan_cell const **job_cell;
	bool *needed;         /* (n_arms) */
	uint64_t *scanned;    /* (n_arms) see rho_preparation */
	size_t n_done;        /* cells done before this run */
	size_t ended, failed; /* of the jobs */
	size_t *seed_left;    /* (n_seeds) jobs still to end */
	double started;
};

/* ---- arguments ---- */

static int misused(const char *arg)
{
	static const char *const names[] = { "--jobs",  "--results", "--set",   "--plugins",
		                             "--fresh", "--dry",     "--quiet", "--help" };
	const char *near = arg[0] == '-' ? rho_nearest(arg, names, sizeof names / sizeof *names) : NULL;
	fprintf(stderr, "rho run: %s is not understood; ", arg);
	fprintf(stderr, near ? "did you mean %s?\n" : "see rho run --help\n", near);
	return 2;
}

static int parse_jobs(const char *v, uint64_t *jobs)
{
	char *rest;
	errno = 0;
	*jobs = strtoull(v, &rest, 10);
	if (!*v) {
		fputs("rho run: how many --jobs? 1 .. 4096\n", stderr);
		return 2;
	}
	if (*rest || v[0] < '0' || v[0] > '9' || errno || *jobs < 1 || *jobs > 4096) {
		fprintf(stderr, "rho run: --jobs %s is not a number within 1 .. 4096\n", v);
		return 2;
	}
	return 0;
}

/* 0; 2 after a message; -1 when help was wanted. */
static int parse(int argc, char **argv, struct args *a)
{
	for (int i = 1; i < argc; i++) {
		const char *v, *arg = argv[i];
		if (!strcmp(arg, "--help") || !strcmp(arg, "-h"))
			return -1;
		if (!strcmp(arg, "--fresh"))
			a->fresh = true;
		else if (!strcmp(arg, "--dry"))
			a->dry = true;
		else if (!strcmp(arg, "--quiet") || !strcmp(arg, "-q"))
			a->quiet = true;
		else if ((v = rho_option_value("--set", argc, argv, &i)))
			a->set[a->n_set++] = v;
		else if ((v = rho_option_value("--plugins", argc, argv, &i)))
			a->dirs[a->n_dirs++] = v;
		else if ((v = rho_option_value("--results", argc, argv, &i)))
			a->results = v;
		else if ((v = rho_option_value("--jobs", argc, argv, &i)) ||
		         (v = rho_option_value("-j", argc, argv, &i))) {
			if (parse_jobs(v, &a->jobs))
				return 2;
		} else if (arg[0] == '-' || a->file)
			return misused(arg);
		else
			a->file = arg;
	}
	if (a->file && a->results[0])
		return 0;
	fprintf(stderr, "rho run: which %s? see rho run --help\n", a->file ? "folder for --results" : "file");
	return 2;
}

/* --dry is `rho plan` with the same file. */
static int dry(const struct args *a)
{
	char **argv = rho_xcalloc(2 * (a->n_set + a->n_dirs) + 3, sizeof *argv);
	int n = 0, rc;
	argv[n++] = rho_xstrdup("plan");
	argv[n++] = rho_xstrdup(a->file);
	for (size_t i = 0; i < a->n_set; i++) {
		argv[n++] = rho_xstrdup("--set");
		argv[n++] = rho_xstrdup(a->set[i]);
	}
	for (size_t i = 0; i < a->n_dirs; i++) {
		argv[n++] = rho_xstrdup("--plugins");
		argv[n++] = rho_xstrdup(a->dirs[i]);
	}
	rc = rho_cmd_plan(n, argv);
	while (n)
		free(argv[--n]);
	free(argv);
	return rc;
}

/* ---- what there is to do ---- */

/* One run at a time on an experiment's folder. The descriptor, held until the process ends; -1
 * after a message. It stands beside the store, so that a mistaken file leaves no folder behind. */
static int lock_run(const struct session *s)
{
	char *path = rho_xprintf("%s/run-%s.lock", s->store, s->plan->name);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	if (fd < 0) {
		fprintf(stderr,
		        "rho run: %s cannot be written: %s; make the folder writable, or choose another with "
		        "--results\n",
		        path, strerror(errno));
	} else if (flock(fd, LOCK_EX | LOCK_NB)) {
		fprintf(stderr,
		        "rho run: another rho run is at work on %s; wait for it, or give this one another "
		        "--results folder\n",
		        s->dir);
		close(fd);
		fd = -1;
	}
	free(path);
	return fd;
}

/* Whether the folder, if there is one, is ours to add to. */
static int check_folder(const struct session *s)
{
	char *plan = rho_xprintf("%s/plan.json", s->dir);
	struct rho_buf why = { 0 };
	struct rho_results *r = NULL;
	int rc = 0;
	if (!access(plan, F_OK) && !s->args->fresh) {
		r = rho_results_read(s->dir, &why);
		if (!r) {
			fprintf(stderr,
			        "rho run: %s\n  --fresh starts this experiment over; --results DIR keeps the "
			        "old one\n",
			        why.at);
			rc = 2;
		} else {
			rho_results_free(r);
		}
	}
	rho_buf_free(&why);
	free(plan);
	return rc;
}

static uint32_t state_of(const char *dir)
{
	struct rho_result_cell cell = { 0 };
	struct rho_buf why = { 0 };
	uint32_t state = rho_status_read(dir, &cell, &why) ? RHO_CELL_MISSING : cell.state;
	free(cell.why);
	rho_buf_free(&why);
	return state;
}

/* Cells that are not done, seed by seed: whoever looks early finds all arms with the same seeds. */
static void list_jobs(struct session *s)
{
	const struct rho_plan *p = s->plan;
	s->job = rho_xcalloc(p->n_cells + 1, sizeof *s->job);
	s->job_cell = rho_xcalloc(p->n_cells + 1, sizeof *s->job_cell);
	s->needed = rho_xcalloc(p->n_arms + 1, sizeof *s->needed);
	s->scanned = rho_xcalloc(p->n_arms + 1, sizeof *s->scanned);
	s->seed_left = rho_xcalloc(p->n_seeds + 1, sizeof *s->seed_left);
	for (size_t k = 0; k < p->n_seeds; k++)
		for (size_t i = 0; i < p->n_cells; i++) {
			const struct rho_plan_cell *c = &p->cell[i];
			char *dir;
			if (c->seed != p->seeds[k])
				continue;
			dir = rho_xprintf("%s/cells/%s", s->dir, c->id);
			if (!s->args->fresh && state_of(dir) == RHO_CELL_DONE) {
				s->n_done++;
				free(dir);
				continue;
			}
			s->needed[c->arm] = true;
			s->seed_left[k]++;
			s->job_cell[s->n_jobs] = c;
			s->job[s->n_jobs++] = (struct rho_job){
				.id = c->id, .arm = p->arm[c->arm].name, .dir = dir, .seed = c->seed
			};
		}
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

/* --fresh: the cells and the plan go; whatever else stands in the folder stays. */
static int forget_cells(const struct session *s, struct rho_buf *why)
{
	char *cells = rho_xprintf("%s/cells", s->dir), *plan = rho_xprintf("%s/plan.json", s->dir);
	int e = 0;
	if (!access(cells, F_OK) && nftw(cells, remove_one, 32, FTW_DEPTH | FTW_PHYS))
		e = -1;
	if (unlink(plan) && errno != ENOENT)
		e = -1;
	if (e)
		rho_buf_printf(why, "cannot empty %s: %s", s->dir, strerror(errno));
	free(cells);
	free(plan);
	return e;
}

/* Folders and cell.toml of the jobs. */
static int write_cells(const struct session *s, struct rho_buf *why)
{
	struct rho_buf toml = { 0 };
	int e = s->args->fresh ? forget_cells(s, why) : 0;
	if (!e)
		e = rho_mkdirs(s->dir, why);
	if (!e)
		e = rho_results_write(s->dir, s->plan, why);
	for (size_t i = 0; i < s->n_jobs && !e; i++) {
		char *path = rho_xprintf("%s/cell.toml", s->job[i].dir);
		rho_buf_clear(&toml);
		rho_plan_cell_toml(s->registry, s->plan, (size_t)(s->job_cell[i] - s->plan->cell), &toml);
		e = rho_mkdirs(s->job[i].dir, why);
		if (!e)
			e = rho_file_write(path, toml.at, toml.len, why);
		free(path);
	}
	rho_buf_free(&toml);
	return e;
}

/* ---- cells that share a process ---- */

enum { FUSE_BY_ITSELF = 32 };                        /* most cells of a process, where run.fuse is 0 */
static const uint64_t FUSE_FROM = (uint64_t)8 << 20; /* bytes: what is smaller stays in the caches */

/* All that arms have in common which may share a process: their agents differ in parameters alone. */
static char *shared_text(const struct session *s, const struct rho_arm *arm)
{
	struct rho_buf b = { 0 };
	for (uint32_t kind = RHO_DATASET; kind < RHO_N_ROLES; kind++) {
		const struct rho_role *r = &arm->role[kind];
		rho_buf_printf(&b, "%u:", kind);
		if (r->module && kind == RHO_AGENT)
			rho_buf_printf(&b, "%s\n", r->module->plugin.name);
		else if (r->module)
			rho_params_canonical(s->registry, r->module, r->table, true, &b);
	}
	return b.at;
}

struct named_arm {
	char *text;
	size_t arm;
};

static int by_text(const void *a, const void *b)
{
	const struct named_arm *x = a, *y = b;
	int order = strcmp(x->text, y->text);
	return order ? order : (x->arm > y->arm) - (x->arm < y->arm);
}

/* of (n_arms): the first arm that each may share a process with; SIZE_MAX: none. */
static void find_classes(const struct session *s, size_t *of)
{
	const struct rho_plan *p = s->plan;
	struct named_arm *named = rho_xcalloc(p->n_arms + 1, sizeof *named);
	size_t n = 0;
	for (size_t i = 0; i < p->n_arms; i++) {
		of[i] = SIZE_MAX;
		if (s->needed[i] && p->run.fuse != 1 && (p->run.fuse || s->scanned[i] >= FUSE_FROM))
			named[n++] = (struct named_arm){ shared_text(s, &p->arm[i]), i };
	}
	qsort(named, n, sizeof *named, by_text);
	for (size_t i = 0; i < n; i++)
		of[named[i].arm] =
			i && !strcmp(named[i].text, named[i - 1].text) ? of[named[i - 1].arm] : named[i].arm;
	for (size_t i = 0; i < n; i++)
		free(named[i].text);
	free(named);
}

/* Puts jobs that share a process beside each other. The number of processes. */
static size_t fuse_jobs(struct session *s, size_t jobs)
{
	const struct rho_plan *p = s->plan;
	size_t n = s->n_jobs, processes;
	size_t *arm_class = rho_xcalloc(p->n_arms + 1, sizeof *arm_class);
	size_t *of = rho_xcalloc(n + 1, sizeof *of), *order = rho_xcalloc(n + 1, sizeof *order);
	size_t *together = rho_xcalloc(n + 1, sizeof *together);
	struct rho_job *job = rho_xcalloc(n + 1, sizeof *job);
	const struct rho_plan_cell **cell = rho_xcalloc(n + 1, sizeof(*cell));
	find_classes(s, arm_class);
	for (size_t i = 0; i < n; i++)
		of[i] = arm_class[s->job_cell[i]->arm];
	processes = rho_fuse_plan(of, n, p->n_arms, p->run.fuse ? (size_t)p->run.fuse : FUSE_BY_ITSELF,
	                          p->run.fuse ? 1 : jobs, order, together);
	for (size_t i = 0; i < n; i++) {
		job[i] = s->job[order[i]];
		job[i].together = together[i];
		cell[i] = s->job_cell[order[i]];
	}
	free(s->job);
	free(s->job_cell);
	s->job = job;
	s->job_cell = cell;
	free(arm_class);
	free(of);
	free(order);
	free(together);
	return processes;
}

/* Store and rehearsal. 0, or the exit status after the messages. */
static int prepare(struct session *s, struct rho_diags *diags)
{
	struct rho_buf why = { 0 };
	struct rho_preparation p = {
		.registry = s->registry,
		.plan = s->plan,
		.needed = s->needed,
		.store_dir = s->store,
		.threads = (unsigned)sysconf(_SC_NPROCESSORS_ONLN),
		.before = &s->before,
		.progress = &s->progress,
		.scanned = s->scanned,
		.diags = diags,
	};
	int n = rho_prepare_store(&p, &why);
	if (!n)
		n = rho_prepare_rehearse(&p, &why);
	rho_progress_clear(&s->progress);
	if (rho_signals_peek()) {
		fputs("stopped before any cell had begun; what was encoded whole is kept for the next run\n",
		      stderr);
		return 130;
	}
	if (n > 0)
		rho_diags_print(diags, stderr);
	if (n < 0)
		fprintf(stderr, "rho run: %s\n", why.at);
	rho_buf_free(&why);
	return n > 0 ? 2 : n < 0 ? 1 : 0;
}

/* ---- running ---- */

static const double SAY_EVERY = 1; /* seconds between lines about completed seeds */

static void on_tick(void *arg, uint64_t made, uint64_t reached)
{
	struct session *s = arg;
	uint64_t all = s->plan->run.steps * s->n_jobs;
	rho_progress_cells(&s->progress, s->n_done + s->ended, s->plan->n_cells, made,
	                   all > reached ? all - reached : 0);
}

static void on_finished(void *arg, const struct rho_job *j)
{
	struct session *s = arg;
	if (j->state == RHO_CELL_STOPPED)
		return;
	s->ended++;
	if (j->state == RHO_CELL_FAILED) {
		s->failed++;
		rho_progress_clear(&s->progress);
		fprintf(stderr, "cell %s (%s, seed %llu): %s\n", j->id, j->arm, (unsigned long long)j->seed,
		        j->why);
	}
	for (size_t k = 0; k < s->plan->n_seeds; k++)
		if (s->plan->seeds[k] == j->seed && --s->seed_left[k] == 0 &&
		    rho_clock() - s->progress.last >= SAY_EVERY)
			rho_progress_say(&s->progress, "seed %llu is complete, %zu of %zu cells ended",
			                 (unsigned long long)j->seed, s->n_done + s->ended, s->plan->n_cells);
}

/* `processes`: of all jobs together; `jobs` of them at a time. */
static void say_start(struct session *s, size_t processes, size_t jobs)
{
	struct rho_buf b = { 0 };
	rho_buf_printf(&b, "%s: %zu cells (%zu arm%s, %zu seed%s)", s->dir, s->plan->n_cells, s->plan->n_arms,
	               s->plan->n_arms == 1 ? "" : "s", s->plan->n_seeds, s->plan->n_seeds == 1 ? "" : "s");
	if (s->n_done)
		rho_buf_printf(&b, ", %zu already done", s->n_done);
	if (s->n_jobs)
		rho_buf_printf(&b, ", %zu to run, ", s->n_jobs);
	if (s->n_jobs && processes < s->n_jobs)
		rho_buf_printf(&b, "in %zu process%s, ", processes, processes == 1 ? "" : "es");
	if (s->n_jobs)
		rho_buf_printf(&b, "%zu at a time", jobs < processes ? jobs : processes);
	rho_progress_say(&s->progress, "%s", b.at);
	rho_buf_free(&b);
}

/* Exit status of a run whose processes have all ended. */
static int conclude(struct session *s, int stopped)
{
	size_t done = s->n_done + s->ended - s->failed;
	rho_progress_clear(&s->progress);
	if (stopped) {
		fprintf(stderr,
		        "stopped: %zu of %zu cells are done, the others go on from their checkpoints when "
		        "this command is given again\n",
		        done, s->plan->n_cells);
		return 130;
	}
	if (s->failed) {
		fprintf(stderr, "%zu of %zu cells failed:\n", s->failed, s->plan->n_cells);
		for (size_t i = 0; i < s->n_jobs; i++)
			if (s->job[i].state == RHO_CELL_FAILED)
				fprintf(stderr, "  %s (%s, seed %llu)\n", s->job[i].id, s->job[i].arm,
				        (unsigned long long)s->job[i].seed);
		fprintf(stderr, "run again to retry them; %zu are done (rho compare %s)\n", done, s->dir);
		return 1;
	}
	if (s->n_jobs)
		rho_progress_say(&s->progress, "done: %zu cells in %.3g s", s->n_jobs,
		                 rho_clock() - s->started);
	if (s->args->quiet || s->plan->n_arms < 2)
		return 0;
	return rho_compare_print(s->dir, stdout) ? 1 : 0;
}

static int run_cells(struct session *s)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	uint64_t threads = s->plan->run.threads ? s->plan->run.threads : 1;
	size_t processes;
	struct rho_workers w = {
		.n = s->n_jobs,
		.threads = threads,
		.deadline = s->plan->run.deadline,
		.plugin_dirs = s->args->dirs,
		.n_plugin_dirs = s->args->n_dirs,
		.finished = on_finished,
		.tick = on_tick,
		.arg = s,
	};
	w.jobs = s->args->jobs ? (size_t)s->args->jobs : (size_t)((uint64_t)(cpus > 0 ? cpus : 1) / threads);
	w.jobs = w.jobs < 1 ? 1 : w.jobs;
	processes = fuse_jobs(s, w.jobs);
	w.job = s->job;
	say_start(s, processes, w.jobs);
	s->started = rho_clock();
	return conclude(s, rho_workers_run(&w, &s->before));
}

/* From a sound plan to the exit status. */
static int run_plan(struct session *s, struct rho_diags *diags)
{
	struct rho_buf why = { 0 };
	struct rho_store *store = rho_store_open(s->store, &why);
	int rc, lock;
	if (!store) {
		fprintf(stderr, "rho run: %s\n", why.at);
		rho_buf_free(&why);
		return 1;
	}
	rho_store_close(store);
	lock = lock_run(s);
	if (lock < 0)
		return 1;
	rc = check_folder(s);
	if (!rc) {
		list_jobs(s);
		rc = prepare(s, diags);
	}
	if (!rc && write_cells(s, &why)) {
		fprintf(stderr, "rho run: %s\n", why.at);
		rc = 1;
	}
	if (!rc)
		rc = run_cells(s);
	rho_buf_free(&why);
	close(lock);
	return rc;
}

static void free_session(struct session *s)
{
	for (size_t i = 0; i < s->n_jobs; i++) {
		free(s->job[i].dir);
		free(s->job[i].why);
	}
	free(s->job);
	free(s->job_cell);
	free(s->needed);
	free(s->scanned);
	free(s->seed_left);
	free(s->dir);
	free(s->store);
	if (s->plan)
		rho_plan_free(s->plan);
	rho_registry_free(s->registry);
}

static int run(const struct args *a)
{
	struct session s = { .args = a };
	struct rho_diags *diags = rho_diags_new();
	int rc = 2;
	signal(SIGXFSZ, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	rho_signals_hold(&s.before);
	rho_progress_init(&s.progress, a->quiet);
	s.registry = rho_registry_new(a->dirs, a->n_dirs);
	s.plan = rho_plan_load(s.registry, a->file, a->set, a->n_set, diags);
	if (!s.plan || !a->quiet)
		rho_diags_print(diags, stderr);
	rho_diags_free(diags);
	diags = rho_diags_new(); /* warnings are not said twice */
	if (s.plan) {
		s.dir = rho_xprintf("%s/%s", a->results, s.plan->name);
		s.store = rho_xprintf("%s/.store", a->results);
		rc = run_plan(&s, diags);
	}
	rho_diags_free(diags);
	free_session(&s);
	return rc;
}

int rho_cmd_run(int argc, char **argv)
{
	struct args a = { .results = "results",
		          .set = rho_xcalloc((size_t)argc, sizeof *a.set),
		          .dirs = rho_xcalloc((size_t)argc, sizeof *a.dirs) };
	int rc = parse(argc, argv, &a);
	if (rc < 0)
		fputs(help, stdout);
	else if (!rc)
		rc = a.dry ? dry(&a) : run(&a);
	free(a.set);
	free(a.dirs);
	return rc < 0 ? 0 : rc;
}
