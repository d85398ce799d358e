/* workers.c: starting, watching and ending cell processes. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "workers.h"

enum { TICK_MS = 200, GRACE_S = 10 }; /* GRACE_S: for a cell past its deadline to stop by itself */

/* ---- signals ---- */

static void held(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGCHLD);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGTERM);
}

void rho_signals_hold(sigset_t *before)
{
	sigset_t set;
	held(&set);
	sigprocmask(SIG_BLOCK, &set, before);
}

int rho_signals_peek(void)
{
	sigset_t set;
	sigpending(&set);
	return sigismember(&set, SIGINT) ? SIGINT : sigismember(&set, SIGTERM) ? SIGTERM : 0;
}

/* ---- pages and blame ---- */

struct rho_cell_page *rho_page_new(int *fd, struct rho_buf *why)
{
	struct rho_cell_page *p;
	*fd = memfd_create("rho-cell", MFD_CLOEXEC);
	if (*fd < 0 || ftruncate(*fd, sizeof *p)) {
		rho_buf_printf(why, "no shared memory: %s", strerror(errno));
		return NULL;
	}
	p = mmap(NULL, sizeof *p, PROT_READ | PROT_WRITE, MAP_SHARED, *fd, 0);
	if (p != MAP_FAILED)
		return p;
	rho_buf_printf(why, "no shared memory: %s", strerror(errno));
	close(*fd);
	return NULL;
}

void rho_page_free(struct rho_cell_page *p, int fd)
{
	munmap(p, sizeof *p);
	close(fd);
}

void rho_blame(struct rho_buf *b, int number, const struct rho_last_call *last)
{
	const char *name = sigabbrev_np(number);
	if (name)
		rho_buf_printf(b, "killed by SIG%s", name);
	else
		rho_buf_printf(b, "killed by signal %d", number);
	if (last->instance[0])
		rho_buf_printf(b, " in %.47s, %.15s, at step %llu", last->instance, last->slot,
		               (unsigned long long)last->step);
	else
		rho_buf_str(b, " before any plugin was called");
	if (number == SIGKILL)
		rho_buf_str(b, " (by somebody, or by the kernel for lack of memory)");
}

/* ---- one process ---- */

struct slot {
	pid_t pid; /* 0: free */
	struct rho_job *job;
	struct rho_cell_page *page;
	int page_fd;
	double started;
	bool late; /* killed for not heeding its deadline */
};

/* In the child: becomes `rho cell`. Ends with the parent, as if asked to stop. */
static void become_cell(const struct rho_workers *p, const struct slot *s, const sigset_t *before,
                        pid_t parent)
{
	char *log = rho_xprintf("%s/log", s->job->dir), threads[24], page[16];
	const char **argv = rho_xcalloc(p->n_plugin_dirs * 2 + 6, sizeof *argv);
	size_t n = 0;
	int fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	snprintf(threads, sizeof threads, "%llu", (unsigned long long)p->threads);
	snprintf(page, sizeof page, "%d", s->page_fd);
	fcntl(s->page_fd, F_SETFD, 0); /* this one goes along */
	dup2(null, 0);
	dup2(fd < 0 ? null : fd, 1);
	dup2(fd < 0 ? null : fd, 2);
	setenv("OPENBLAS_NUM_THREADS", threads, 1);
	setenv("OMP_NUM_THREADS", threads, 1);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(RHO_CELL_EXIT_STOPPED);
	signal(SIGPIPE, SIG_DFL);
	sigprocmask(SIG_SETMASK, before, NULL);
	argv[n++] = "rho";
	argv[n++] = "cell";
	argv[n++] = s->job->dir;
	argv[n++] = "--page";
	argv[n++] = page;
	for (size_t i = 0; i < p->n_plugin_dirs; i++) {
		argv[n++] = "--plugins";
		argv[n++] = p->plugin_dirs[i];
	}
	execv("/proc/self/exe", (char *const *)(uintptr_t)argv);
	fprintf(stderr, "rho: cannot start /proc/self/exe: %s\n", strerror(errno));
	_exit(127);
}

static void fail_job(struct rho_job *j, char *why)
{
	j->state = RHO_CELL_FAILED;
	free(j->why);
	j->why = why;
}

static void start(const struct rho_workers *p, struct slot *s, struct rho_job *job, const sigset_t *before)
{
	struct rho_buf why = { 0 };
	pid_t parent = getpid();
	*s = (struct slot){ .job = job, .started = rho_clock() };
	s->page = rho_page_new(&s->page_fd, &why);
	if (!s->page) {
		fail_job(job, why.at);
		return;
	}
	s->pid = fork();
	if (!s->pid)
		become_cell(p, s, before, parent);
	if (s->pid > 0)
		return;
	fail_job(job, rho_xprintf("cannot start a process: %s", strerror(errno)));
	rho_page_free(s->page, s->page_fd);
	s->pid = 0;
}

/* A cell that crashed says nothing itself: its page does. */
static void crashed(struct slot *s, int number)
{
	uint64_t checkpoint = __atomic_load_n(&s->page->checkpoint, __ATOMIC_RELAXED);
	struct rho_buf b = { 0 }, why = { 0 };
	rho_blame(&b, number, &s->page->call);
	if (s->late)
		rho_buf_printf(&b, ": it did not stop within %d s of its deadline", GRACE_S);
	if (checkpoint)
		rho_buf_printf(&b,
		               "; checkpoint of step %llu kept; `rho cell --debug %s` reruns it from there",
		               (unsigned long long)checkpoint, s->job->dir);
	else
		rho_buf_printf(&b, "; it had no checkpoint yet; `rho cell --debug %s` reruns it",
		               s->job->dir);
	if (rho_status_write(s->job->dir, RHO_CELL_FAILED, checkpoint, rho_clock() - s->started, b.at, &why))
		rho_buf_printf(&b, "; and %s", why.at);
	rho_buf_free(&why);
	fail_job(s->job, b.at);
}

/* What the cell said of itself; where it could not even do that, where to look. */
static void failed(struct slot *s, int code)
{
	if (s->page->why[0])
		fail_job(s->job, rho_xprintf("%.*s", (int)sizeof s->page->why - 1, s->page->why));
	else
		fail_job(s->job, rho_xprintf("exit status %d; see %s/log", code, s->job->dir));
}

static void ended(struct slot *s, int status)
{
	struct rho_job *j = s->job;
	j->from = __atomic_load_n(&s->page->from, __ATOMIC_RELAXED);
	j->done = __atomic_load_n(&s->page->done, __ATOMIC_RELAXED);
	if (WIFSIGNALED(status))
		crashed(s, WTERMSIG(status));
	else if (WEXITSTATUS(status) == RHO_CELL_EXIT_STOPPED)
		j->state = RHO_CELL_STOPPED;
	else if (WEXITSTATUS(status))
		failed(s, WEXITSTATUS(status));
	else
		j->state = RHO_CELL_DONE;
	rho_page_free(s->page, s->page_fd);
	s->pid = 0;
}

/* ---- the pool ---- */

static size_t reap(const struct rho_workers *p, struct slot *slot)
{
	size_t n = 0;
	for (size_t i = 0; i < p->jobs; i++) {
		int status;
		if (!slot[i].pid || waitpid(slot[i].pid, &status, WNOHANG) != slot[i].pid)
			continue;
		ended(&slot[i], status);
		if (p->finished)
			p->finished(p->arg, slot[i].job);
		n++;
	}
	return n;
}

static size_t running(const struct rho_workers *p, const struct slot *slot)
{
	size_t n = 0;
	for (size_t i = 0; i < p->jobs; i++)
		n += slot[i].pid > 0;
	return n;
}

static void signal_all(const struct rho_workers *p, const struct slot *slot, int number)
{
	for (size_t i = 0; i < p->jobs; i++)
		if (slot[i].pid)
			kill(slot[i].pid, number);
}

static void show(const struct rho_workers *p, const struct slot *slot)
{
	uint64_t made = 0, reached = 0;
	for (size_t i = 0; i < p->n; i++) {
		made += p->job[i].done - p->job[i].from;
		reached += p->job[i].done;
	}
	for (size_t i = 0; i < p->jobs; i++)
		if (slot[i].pid) {
			uint64_t done = __atomic_load_n(&slot[i].page->done, __ATOMIC_RELAXED);
			made += done - __atomic_load_n(&slot[i].page->from, __ATOMIC_RELAXED);
			reached += done;
		}
	if (p->tick)
		p->tick(p->arg, made, reached);
}

static void enforce_deadline(const struct rho_workers *p, struct slot *slot)
{
	for (size_t i = 0; i < p->jobs && p->deadline > 0; i++)
		if (slot[i].pid && !slot[i].late && rho_clock() - slot[i].started > p->deadline + GRACE_S) {
			slot[i].late = true;
			kill(slot[i].pid, SIGKILL);
		}
}

int rho_workers_run(struct rho_workers *p, const sigset_t *before)
{
	const struct timespec wait = { 0, TICK_MS * 1000000L };
	struct slot *slot = rho_xcalloc(p->jobs, sizeof *slot);
	size_t next = 0;
	sigset_t set;
	int stop = 0, got;
	held(&set);
	while ((next < p->n && !stop) || running(p, slot)) {
		for (size_t i = 0; i < p->jobs && next < p->n && !stop; i++)
			if (!slot[i].pid) {
				struct rho_job *j = &p->job[next++];
				start(p, &slot[i], j, before);
				if (!slot[i].pid && p->finished)
					p->finished(p->arg, j);
			}
		got = sigtimedwait(&set, NULL, &wait);
		if (got == SIGINT || got == SIGTERM) {
			signal_all(p, slot, stop ? SIGKILL : SIGTERM);
			stop = got;
		}
		reap(p, slot);
		enforce_deadline(p, slot);
		show(p, slot);
	}
	free(slot);
	return stop;
}

/* ---- one function in a child ---- */

static void write_all(int fd, const char *at, size_t n)
{
	while (n) {
		ssize_t did = write(fd, at, n);
		if (did < 0 && errno != EINTR)
			return;
		at += did > 0 ? did : 0;
		n -= did > 0 ? (size_t)did : 0;
	}
}

static void read_all(int fd, pid_t pid, void (*tick)(void *), void *tick_arg, struct rho_buf *text)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char piece[4096];
	for (;;) {
		int ready = poll(&p, 1, TICK_MS);
		ssize_t n;
		if (rho_signals_peek())
			kill(pid, SIGTERM);
		if (!ready || (ready < 0 && errno == EINTR)) {
			if (tick)
				tick(tick_arg);
			continue;
		}
		n = read(fd, piece, sizeof piece);
		if (n <= 0)
			return;
		rho_buf_add(text, piece, (size_t)n);
	}
}

int rho_in_child(int (*fn)(void *arg, struct rho_buf *out), void *arg, const sigset_t *before,
                 void (*tick)(void *tick_arg), void *tick_arg, struct rho_buf *text)
{
	int ends[2], status = 0;
	pid_t pid, parent = getpid();
	fflush(NULL);
	if (pipe2(ends, O_CLOEXEC) || (pid = fork()) < 0) {
		rho_buf_printf(text, "cannot start a process: %s", strerror(errno));
		return 1;
	}
	if (!pid) {
		struct rho_buf out = { 0 };
		int code;
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		if (getppid() != parent)
			_exit(1);
		sigprocmask(SIG_SETMASK, before, NULL);
		close(ends[0]);
		code = fn(arg, &out);
		write_all(ends[1], out.at, out.len);
		_exit(code);
	}
	close(ends[1]);
	read_all(ends[0], pid, tick, tick_arg, text);
	close(ends[0]);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}
