/* cmd_cell.c: `rho cell FOLDER...`: one cell in this process, or several that share it. `rho run` starts
 * them. */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../base/blas.h"
#include "../command.h"
#include "cell.h"
#include "workers.h"

static const char help[] =
	"usage: rho cell FOLDER... [--debug] [--plugins DIR]...\n"
	"\n"
	"Runs one cell of a results folder (results/NAME/cells/ID), from its last checkpoint if it has one.\n"
	"`rho run` does this for every cell; by hand it serves cluster jobs and debugging. Several cells "
	"share the\n"
	"process: they take turns, their searches over the same actions are done in one pass, and what each "
	"says\n"
	"stands in FOLDER/log. Their results are the same, byte for byte, as of cells run one by one.\n"
	"\n"
	"  --debug          say everything, and how to attach a debugger\n"
	"  --plugins DIR    look for plugins in DIR first\n"
	"\n"
	"Exit status: 0 every cell is done; 1 one failed; 2 a mistake in the command; 3 one was stopped.\n";

struct args {
	const char **folder; /* (n) */
	size_t n;
	const char **dirs;
	size_t n_dirs;
	int *page_fd; /* (n_pages) --page: the memory of each that is shared with `rho run` */
	size_t n_pages;
	bool debug;
	char **argv;
};

static volatile int stopping[RHO_FUSE_MOST]; /* enum rho_stopping, of each cell */

/* A deadline is one cell's; everything else asks all of them to stop. */
static void on_signal(int number, siginfo_t *about, void *unused)
{
	(void)unused;
	if (number == SIGALRM && about->si_code == SI_TIMER)
		*(volatile int *)about->si_value.sival_ptr = RHO_STOP_DEADLINE;
	for (size_t i = 0; number != SIGALRM && i < RHO_FUSE_MOST; i++)
		stopping[i] = RHO_STOP_ASKED;
}

static void catch_signals(void)
{
	struct sigaction a = { .sa_sigaction = on_signal, .sa_flags = SA_RESTART | SA_SIGINFO };
	const int stops[] = { SIGINT, SIGTERM, SIGALRM };
	sigset_t set;
	sigemptyset(&set);
	for (size_t i = 0; i < sizeof stops / sizeof *stops; i++) {
		sigaction(stops[i], &a, NULL);
		sigaddset(&set, stops[i]);
	}
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	signal(SIGXFSZ, SIG_IGN); /* a file size limit is then an error of write() */
}

/* 0; 2 after a message; -1 when help was wanted. */
static int parse(int argc, char **argv, struct args *a)
{
	static const char *const names[] = { "--debug", "--plugins", "--help" };
	for (int i = 1; i < argc; i++) {
		const char *v = argv[i], *near;
		if (!strcmp(v, "--help") || !strcmp(v, "-h"))
			return -1;
		if (!strcmp(v, "--debug")) {
			a->debug = true;
		} else if (!strcmp(v, "--plugins") && i + 1 < argc) {
			a->dirs[a->n_dirs++] = argv[++i];
		} else if (!strcmp(v, "--page") && i + 1 < argc) {
			a->page_fd[a->n_pages++] = atoi(argv[++i]);
		} else if (v[0] == '-') {
			near = rho_nearest(v, names, sizeof names / sizeof *names);
			fprintf(stderr, "rho cell: %s is not understood; ", v);
			fprintf(stderr, near ? "did you mean %s?\n" : "see rho cell --help\n", near);
			return 2;
		} else {
			a->folder[a->n++] = v;
		}
	}
	if (a->n && a->n <= RHO_FUSE_MOST && (!a->n_pages || a->n_pages == a->n))
		return 0;
	if (!a->n)
		fputs("rho cell: which folder? see rho cell --help\n", stderr);
	else if (a->n > RHO_FUSE_MOST)
		fprintf(stderr, "rho cell: %zu cells; 1 .. %d may share a process\n", a->n, RHO_FUSE_MOST);
	else
		fprintf(stderr, "rho cell: %zu pages for %zu cells; each needs one\n", a->n_pages, a->n);
	return 2;
}

static struct rho_cell_page *map_page(int fd)
{
	struct rho_cell_page *p;
	struct stat st;
	if (fd >= 0 && !fstat(fd, &st) && st.st_size >= (off_t)sizeof *p)
		p = mmap(NULL, sizeof *p, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	else
		p = mmap(NULL, sizeof *p, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return p == MAP_FAILED ? NULL : p;
}

/* One process a cell at a time: a second one, or the last of an interrupted run still writing its checkpoint,
 * is waited for up to some seconds. The descriptor stays open for as long as the process lives. */
static int lock_cell(const char *dir, FILE *log)
{
	char *path = rho_xprintf("%s/.lock", dir);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666), tries = 0;
	if (fd < 0)
		fprintf(log, "rho cell: %s cannot be written: %s\n", path, strerror(errno));
	while (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB)) {
		if (errno != EWOULDBLOCK || ++tries > 100) {
			fprintf(log, "rho cell: another process runs %s\n", dir);
			close(fd);
			fd = -1;
		} else {
			usleep(100000);
		}
	}
	free(path);
	return fd;
}

/* Files that a process killed while writing left behind. */
static void sweep(const char *dir)
{
	char *pattern = rho_xprintf("%s/*.tmp.*", dir);
	glob_t g = { 0 };
	if (!glob(pattern, 0, NULL, &g))
		for (size_t i = 0; i < g.gl_pathc; i++)
			unlink(g.gl_pathv[i]);
	globfree(&g);
	free(pattern);
}

/* BLAS reads its number of threads and its kernels' name when it is loaded, which reading
 * cell.toml may already have brought about: where `rho run` has not set them, this program starts
 * anew with them set. OpenBLAS gets one thread whatever run.threads says: with two, some of its
 * products sum in another order, and a cell's results may not depend on its threads. */
static void set_threads(const struct rho_cell_spec *spec, char **argv)
{
	const char *coretype = rho_blas_coretype();
	char n[24], *again;
	if (getenv("OPENBLAS_NUM_THREADS") && getenv("OMP_NUM_THREADS"))
		return;
	if (coretype)
		setenv("OPENBLAS_CORETYPE", coretype, 1);
	snprintf(n, sizeof n, "%llu", (unsigned long long)spec->run.threads);
	setenv("OPENBLAS_NUM_THREADS", "1", 1);
	setenv("OMP_NUM_THREADS", n, 1);
	again = rho_xstrdup("/proc/self/exe");
	execv(again, argv);
	free(again); /* no /proc: go on with whatever number BLAS took */
}

static bool is_done(const char *dir)
{
	struct rho_result_cell cell = { 0 };
	struct rho_buf why = { 0 };
	bool done = !rho_status_read(dir, &cell, &why) && cell.state == RHO_CELL_DONE;
	free(cell.why);
	rho_buf_free(&why);
	return done;
}

/* ---- cells ---- */

struct process { /* what the cells of this process have in common */
	const struct args *args;
	struct rho_registry *registry;
	struct rho_fuse *fuse;   /* NULL: there is one cell */
	struct rho_stage *stage; /* (args->n) tables and embeddings: see rho_stage_open */
};

struct cell {
	struct process *process;
	const char *folder; /* as given */
	size_t at;          /* which of the folders */
	size_t seat;        /* among those that run */
	char *dir, *features;
	struct rho_cell_spec *spec;
	struct rho_cell_page *page;
	struct rho_stage *shared;
	FILE *log;
	int lock;
	int rc; /* of the process, if it were the only cell; -1: not known yet */
	pthread_t thread;
	bool started;
};

static void say_debug(const struct cell *c)
{
	fprintf(c->log, "cell %s of %s: arm %s, seed %llu\n", c->spec->id, c->spec->experiment, c->spec->arm,
	        (unsigned long long)c->spec->seed);
	fprintf(c->log, "  debugger: gdb -p %ld    or from the start: gdb --args rho cell %s --debug\n",
	        (long)getpid(), c->folder);
}

/* The same text: the same tables and embeddings. */
static char *features_of(const struct cell *c)
{
	struct rho_buf b = { 0 };
	rho_buf_str(&b, "");
	for (uint32_t kind = RHO_DATASET; kind <= RHO_ENCODER; kind++)
		if (c->spec->role[kind].module)
			rho_params_canonical(c->process->registry, c->spec->role[kind].module,
			                     c->spec->role[kind].table, false, &b);
	return b.at;
}

/* A cell that is not to be run, or no more: what the process shared with it is told. */
static void settle(struct cell *c, int rc, uint32_t state, const char *why)
{
	c->rc = rc;
	if (!c->page)
		return;
	if (why && !c->page->why[0])
		snprintf(c->page->why, sizeof c->page->why, "%s", why);
	__atomic_store_n(&c->page->state, state, __ATOMIC_RELEASE);
}

static void refuse(struct cell *c, int rc)
{
	char *why = rho_xprintf("it was refused; see %s/log", c->dir ? c->dir : c->folder);
	settle(c, rc, RHO_CELL_FAILED, why);
	free(why);
}

/* Beside other cells, what a cell says goes to its own folder. */
static FILE *open_log(const char *dir)
{
	char *path = rho_xprintf("%s/log", dir);
	FILE *f = fopen(path, "ae");
	free(path);
	if (f)
		setvbuf(f, NULL, _IOLBF, 0);
	return f ? f : stderr;
}

/* Reads the folder; rc tells what came of it. */
static void read_cell(struct cell *c)
{
	const struct args *a = c->process->args;
	struct rho_diags *diags;
	char *toml;
	c->page = map_page(a->n_pages ? a->page_fd[c->at] : -1);
	c->dir = realpath(c->folder, NULL);
	toml = c->dir ? rho_xprintf("%s/cell.toml", c->dir) : NULL;
	if (!c->dir || access(toml, R_OK)) {
		fprintf(stderr,
		        "rho cell: %s is not a cell's folder (results/NAME/cells/ID): it has no cell.toml\n",
		        c->folder);
		refuse(c, 2);
		free(toml);
		return;
	}
	c->log = a->n > 1 ? open_log(c->dir) : stderr;
	if (is_done(c->dir)) {
		fprintf(c->log, "cell %s is done; remove its status.json to run it again\n", c->folder);
		settle(c, 0, RHO_CELL_DONE, NULL);
	} else {
		diags = rho_diags_new();
		c->spec = rho_cell_spec_read(c->process->registry, toml, diags);
		rho_diags_print(diags, c->log);
		rho_diags_free(diags);
		if (c->spec)
			c->features = features_of(c);
		else
			refuse(c, 2);
	}
	free(toml);
}

/* Takes the cell's lock; rc tells if it cannot be had, or another process has done the cell meanwhile. */
static void take_cell(struct cell *c)
{
	c->lock = lock_cell(c->dir, c->log);
	if (c->lock < 0) {
		refuse(c, 1);
	} else if (is_done(c->dir)) {
		settle(c, 0, RHO_CELL_DONE, NULL);
	} else {
		sweep(c->dir);
		if (c->process->args->debug)
			say_debug(c);
	}
}

static void run_cell(struct cell *c)
{
	static const int status[] = {
		[RHO_CELL_MISSING] = 1,
		[RHO_CELL_STOPPED] = RHO_CELL_EXIT_STOPPED,
		[RHO_CELL_DONE] = 0,
		[RHO_CELL_FAILED] = 1,
	};
	const struct process *p = c->process;
	struct rho_cell_options opt = { .dir = c->dir,
		                        .registry = p->registry,
		                        .page = c->page,
		                        .stopping = &stopping[c->seat],
		                        .log_level = p->args->debug ? RHO_DEBUG : RHO_INFO,
		                        .log = c->log,
		                        .fuse = p->fuse,
		                        .seat = c->seat,
		                        .shared = c->shared };
	struct rho_buf why = { 0 };
	char *store = rho_xprintf("%s/../../../.store", c->dir);
	uint32_t state = RHO_CELL_FAILED;
	opt.store = rho_store_open(store, &why);
	if (opt.page && opt.store)
		state = rho_cell_run(c->spec, &opt, &why);
	if (state == RHO_CELL_FAILED)
		fprintf(c->log, "cell %s (%s, seed %llu): %s\n", c->spec->id, c->spec->arm,
		        (unsigned long long)c->spec->seed, why.at ? why.at : "no shared memory");
	else if (p->args->debug)
		fprintf(c->log, "cell %s: %s\n", c->spec->id,
		        state == RHO_CELL_DONE ? "done" : "stopped; its checkpoint is written");
	if (state == RHO_CELL_FAILED && c->log != stderr && !p->args->n_pages)
		fprintf(stderr, "cell %s (%s, seed %llu): failed; see %s/log\n", c->spec->id, c->spec->arm,
		        (unsigned long long)c->spec->seed, c->dir);
	if (opt.store)
		rho_store_close(opt.store);
	settle(c, status[state], state, why.at);
	rho_buf_free(&why);
	free(store);
}

/* ---- several of them ---- */

/* A cell's thread: from its first turn to its end. One that was asked to stop before that has nothing to
 * save. */
static void *take_seat(void *arg)
{
	struct cell *c = arg;
	rho_fuse_enter(c->process->fuse, c->seat);
	if (stopping[c->seat] == RHO_GO_ON)
		run_cell(c);
	else
		settle(c, RHO_CELL_EXIT_STOPPED, RHO_CELL_STOPPED, NULL);
	rho_fuse_leave(c->process->fuse, c->seat);
	return NULL;
}

static void run_together(struct process *p, struct cell *const *cell, size_t n)
{
	uint32_t **holds = rho_xcalloc(n, sizeof(*holds));
	for (size_t i = 0; i < n; i++) {
		size_t first = 0;
		while (strcmp(cell[first]->features, cell[i]->features) != 0)
			first++;
		cell[i]->seat = i;
		cell[i]->shared = &p->stage[first];
		holds[i] = cell[i]->page ? &cell[i]->page->holds : NULL;
	}
	p->fuse = rho_fuse_new(n, (unsigned)cell[0]->spec->run.threads, holds);
	for (size_t i = 0; i < n; i++)
		cell[i]->started = !pthread_create(&cell[i]->thread, NULL, take_seat, cell[i]);
	for (size_t i = 0; i < n; i++) {
		if (cell[i]->started) {
			pthread_join(cell[i]->thread, NULL);
			continue;
		}
		rho_fuse_enter(p->fuse, i);
		fputs("rho cell: no thread could be started for this cell\n", cell[i]->log);
		refuse(cell[i], 1);
		rho_fuse_leave(p->fuse, i);
	}
	for (size_t i = 0; i < n; i++)
		rho_stage_close(&p->stage[i]);
	rho_fuse_free(p->fuse);
	p->fuse = NULL;
	free(holds);
}

static void free_cell(struct cell *c)
{
	if (c->lock >= 0)
		close(c->lock);
	if (c->spec)
		rho_cell_spec_free(c->spec);
	if (c->log && c->log != stderr)
		fclose(c->log);
	if (c->page)
		munmap(c->page, sizeof *c->page);
	free(c->features);
	free(c->dir);
}

/* Of an exit status: mistaken, failed, stopped, done. */
static int badness(int rc) { return rc == 2 ? 3 : rc == 1 ? 2 : rc == RHO_CELL_EXIT_STOPPED ? 1 : 0; }

/* Reads, locks and runs all cells. The exit status. */
static int run(struct process *p)
{
	const struct args *a = p->args;
	struct cell *cell = rho_xcalloc(a->n, sizeof *cell), **live = rho_xcalloc(a->n, sizeof(*live));
	size_t n = 0;
	int rc = 0;
	for (size_t i = 0; i < a->n; i++) {
		cell[i] =
			(struct cell){ .process = p, .folder = a->folder[i], .at = i, .lock = -1, .rc = -1 };
		read_cell(&cell[i]);
		if (cell[i].rc < 0)
			live[n++] = &cell[i];
	}
	if (n)
		set_threads(live[0]->spec, a->argv);
	for (size_t i = 0; i < n; i++)
		take_cell(live[i]);
	n = 0;
	for (size_t i = 0; i < a->n; i++)
		if (cell[i].rc < 0)
			live[n++] = &cell[i];
	catch_signals();
	if (n == 1)
		run_cell(live[0]);
	else if (n)
		run_together(p, live, n);
	for (size_t i = 0; i < a->n; i++) {
		rc = badness(cell[i].rc) > badness(rc) ? cell[i].rc : rc;
		free_cell(&cell[i]);
	}
	free(live);
	free(cell);
	return rc;
}

static int start(const struct args *a)
{
	struct process p = { .args = a,
		             .registry = rho_registry_new(a->dirs, a->n_dirs),
		             .stage = rho_xcalloc(a->n, sizeof *p.stage) };
	int rc;
	if (a->n_pages) /* `rho run` has opened these very files */
		rho_modules_rehearsed();
	rc = run(&p);
	rho_registry_free(p.registry);
	free(p.stage);
	return rc;
}

int rho_cmd_cell(int argc, char **argv)
{
	size_t room = (size_t)argc + 2;
	struct args a = { .folder = rho_xcalloc(room, sizeof *a.folder),
		          .dirs = rho_xcalloc(room, sizeof *a.dirs),
		          .page_fd = rho_xcalloc(room, sizeof *a.page_fd) };
	char **again = rho_xcalloc(room, sizeof *again);
	int rc = parse(argc, argv, &a);
	again[0] = rho_xstrdup("rho");
	memcpy(again + 1, argv, (size_t)argc * sizeof *again);
	a.argv = again;
	if (rc < 0)
		fputs(help, stdout);
	else if (!rc)
		rc = start(&a);
	free(again[0]);
	free(again);
	free(a.folder);
	free(a.dirs);
	free(a.page_fd);
	return rc < 0 ? 0 : rc;
}
