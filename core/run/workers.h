/* workers.h: cells as processes, one or several in each: so many at a time, watched, blamed when they die. */
#ifndef RHO_RUN_WORKERS_H
#define RHO_RUN_WORKERS_H

#include <signal.h>
#include "cell.h"

enum { RHO_CELL_EXIT_STOPPED = 3 }; /* `rho cell`: asked to stop, and its checkpoint is written */

struct rho_job { /* a cell to be run */
	const char *id, *arm;
	char *dir;
	uint64_t seed;
	size_t together; /* this one and the together - 1 that follow share a process; 0, 1: it has its own */
	/* afterwards */
	uint32_t state;      /* enum rho_cell_state; MISSING: never started */
	char *why;           /* FAILED; owned */
	uint64_t from, done; /* decisions before and after this run of it */
};

struct rho_workers {
	struct rho_job *job;
	size_t n;
	size_t jobs;      /* processes at a time */
	uint64_t threads; /* of each: BLAS */
	double deadline;  /* seconds a cell may take, of its own; 0: none */
	const char *const *plugin_dirs;
	size_t n_plugin_dirs;
	void (*finished)(void *arg, const struct rho_job *);
	void (*tick)(void *arg, uint64_t made,
	             uint64_t reached); /* a few times a second: decisions made
	                                 * by this run, and where the cells of this run stand all together */
	void *arg;
};

/* Blocks SIGCHLD, SIGINT and SIGTERM for this process, which then asks for them; `before` is what
 * children get back. */
void rho_signals_hold(sigset_t *before);
int rho_signals_peek(void); /* SIGINT or SIGTERM that has arrived and waits, or 0 */

/* Runs all jobs. When a process of several cells crashes, each of them that was not done goes on in one of
 * its own. 0, or the signal that asked to stop, when every process has ended: cells write
 * their checkpoints first; a second signal kills them. */
int rho_workers_run(struct rho_workers *, const sigset_t *before);

/* fn in a child process, so that a plugin that crashes is a sentence: fn's result (0 .. 125) with
 * its `out` in `text`, or minus the signal that ended it. `tick`, or NULL, is called a few times a second
 * meanwhile; whom to blame, fn must note in a page that was shared before. */
int rho_in_child(int (*fn)(void *arg, struct rho_buf *out), void *arg, const sigset_t *before,
                 void (*tick)(void *tick_arg), void *tick_arg, struct rho_buf *text);

/* A page that children share; NULL with why. */
struct rho_cell_page *rho_page_new(int *fd, struct rho_buf *why);
void rho_page_free(struct rho_cell_page *, int fd);

/* "killed by SIGSEGV in agent ppo, observe, at step 20480" */
void rho_blame(struct rho_buf *, int signal, const struct rho_last_call *);

#endif
