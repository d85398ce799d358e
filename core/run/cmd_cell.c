/* cmd_cell.c: `rho cell FOLDER`: one cell in this process. `rho run` starts one a cell. */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
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
	"usage: rho cell FOLDER [--debug] [--plugins DIR]...\n"
	"\n"
	"Runs one cell of a results folder (results/NAME/cells/ID), from its last checkpoint if it has one.\n"
	"`rho run` does this for every cell; by hand it serves cluster jobs and debugging.\n"
	"\n"
	"  --debug          say everything, and how to attach a debugger\n"
	"  --plugins DIR    look for plugins in DIR first\n"
	"\n"
	"Exit status: 0 the cell is done; 1 it failed; 2 a mistake in the command; 3 it was stopped.\n";

struct args {
	const char *folder;
	const char **dirs;
	size_t n_dirs;
	int page_fd; /* --page: the memory shared with `rho run`; -1: none */
	bool debug;
	char **argv;
};

static volatile int stopping; /* enum rho_stopping */

static void on_signal(int number) { stopping = number == SIGALRM ? RHO_STOP_DEADLINE : RHO_STOP_ASKED; }

static void catch_signals(void)
{
	struct sigaction a = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
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
			a->page_fd = atoi(argv[++i]);
		} else if (v[0] == '-' || a->folder) {
			near = v[0] == '-' ? rho_nearest(v, names, sizeof names / sizeof *names) : NULL;
			fprintf(stderr, "rho cell: %s is not understood; ", v);
			fprintf(stderr, near ? "did you mean %s?\n" : "see rho cell --help\n", near);
			return 2;
		} else {
			a->folder = v;
		}
	}
	if (a->folder)
		return 0;
	fputs("rho cell: which folder? see rho cell --help\n", stderr);
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

/* One process a cell: a second one, or the last of an interrupted run still writing its checkpoint,
 * is waited for up to some seconds. The descriptor stays open for as long as the process lives. */
static int lock_cell(const char *dir)
{
	char *path = rho_xprintf("%s/.lock", dir);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666), tries = 0;
	if (fd < 0)
		fprintf(stderr, "rho cell: %s cannot be written: %s\n", path, strerror(errno));
	while (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB)) {
		if (errno != EWOULDBLOCK || ++tries > 100) {
			fprintf(stderr, "rho cell: another process runs %s\n", dir);
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
 * anew with them set. */
static void set_threads(const struct rho_cell_spec *spec, char **argv)
{
	const char *coretype = rho_blas_coretype();
	char n[24], *again;
	if (getenv("OPENBLAS_NUM_THREADS") && getenv("OMP_NUM_THREADS"))
		return;
	if (coretype)
		setenv("OPENBLAS_CORETYPE", coretype, 1);
	snprintf(n, sizeof n, "%llu", (unsigned long long)spec->run.threads);
	setenv("OPENBLAS_NUM_THREADS", n, 1);
	setenv("OMP_NUM_THREADS", n, 1);
	again = rho_xstrdup("/proc/self/exe");
	execv(again, argv);
	free(again); /* no /proc: go on with whatever number BLAS took */
}

static void say_debug(const struct args *a, const struct rho_cell_spec *spec)
{
	fprintf(stderr, "cell %s of %s: arm %s, seed %llu\n", spec->id, spec->experiment, spec->arm,
	        (unsigned long long)spec->seed);
	fprintf(stderr, "  debugger: gdb -p %ld    or from the start: gdb --args rho cell %s --debug\n",
	        (long)getpid(), a->folder);
}

static int run(const struct args *a, struct rho_registry *registry, const struct rho_cell_spec *spec,
               const char *dir)
{
	static const int status[] = {
		[RHO_CELL_MISSING] = 1,
		[RHO_CELL_STOPPED] = RHO_CELL_EXIT_STOPPED,
		[RHO_CELL_DONE] = 0,
		[RHO_CELL_FAILED] = 1,
	};
	struct rho_cell_options opt = { .dir = dir,
		                        .registry = registry,
		                        .page = map_page(a->page_fd),
		                        .stopping = &stopping,
		                        .log_level = a->debug ? RHO_DEBUG : RHO_INFO };
	struct rho_buf why = { 0 };
	char *store = rho_xprintf("%s/../../../.store", dir);
	uint32_t state = RHO_CELL_FAILED;
	opt.store = rho_store_open(store, &why);
	if (opt.page && opt.store)
		state = rho_cell_run(spec, &opt, &why);
	if (state == RHO_CELL_FAILED)
		fprintf(stderr, "cell %s (%s, seed %llu): %s\n", spec->id, spec->arm,
		        (unsigned long long)spec->seed, why.at ? why.at : "no shared memory");
	else if (a->debug)
		fprintf(stderr, "cell %s: %s\n", spec->id,
		        state == RHO_CELL_DONE ? "done" : "stopped; its checkpoint is written");
	if (opt.store)
		rho_store_close(opt.store);
	if (opt.page)
		munmap(opt.page, sizeof *opt.page);
	rho_buf_free(&why);
	free(store);
	return status[state];
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

static int cell(const struct args *a)
{
	struct rho_diags *diags = rho_diags_new();
	struct rho_registry *registry = rho_registry_new(a->dirs, a->n_dirs);
	struct rho_cell_spec *spec = NULL;
	char *dir = realpath(a->folder, NULL), *toml = dir ? rho_xprintf("%s/cell.toml", dir) : NULL;
	int rc = 2, lock = -1;
	if (a->page_fd >= 0) /* `rho run` has opened these very files */
		rho_modules_rehearsed();
	if (!dir || access(toml, R_OK)) {
		fprintf(stderr,
		        "rho cell: %s is not a cell's folder (results/NAME/cells/ID): it has no cell.toml\n",
		        a->folder);
	} else if (is_done(dir)) {
		fprintf(stderr, "cell %s is done; remove its status.json to run it again\n", a->folder);
		rc = 0;
	} else {
		spec = rho_cell_spec_read(registry, toml, diags);
		rho_diags_print(diags, stderr);
	}
	if (spec) {
		set_threads(spec, a->argv);
		lock = lock_cell(dir);
		rc = 1;
	}
	if (lock >= 0 && is_done(dir)) { /* by the process that held the lock until now */
		close(lock);
		lock = -1;
		rc = 0;
	}
	if (lock >= 0) {
		sweep(dir);
		catch_signals();
		if (a->debug)
			say_debug(a, spec);
		rc = run(a, registry, spec, dir);
		close(lock);
	}
	if (spec)
		rho_cell_spec_free(spec);
	rho_registry_free(registry);
	rho_diags_free(diags);
	free(dir);
	free(toml);
	return rc;
}

int rho_cmd_cell(int argc, char **argv)
{
	struct args a = { .dirs = rho_xcalloc((size_t)argc, sizeof *a.dirs), .page_fd = -1 };
	char **again = rho_xcalloc((size_t)argc + 2, sizeof *again);
	int rc = parse(argc, argv, &a);
	again[0] = rho_xstrdup("rho");
	memcpy(again + 1, argv, (size_t)argc * sizeof *again);
	a.argv = again;
	if (rc < 0)
		fputs(help, stdout);
	else if (!rc)
		rc = cell(&a);
	free(again[0]);
	free(again);
	free(a.dirs);
	return rc < 0 ? 0 : rc;
}
