/* workers.c: starting, watching and ending cell processes. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
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

struct member { /* a cell of a process */
	struct rho_job *job;
	struct rho_cell_page *page;
	int page_fd;
	bool told; /* its end is known and passed on */
};

struct slot {
	pid_t pid;             /* 0: free */
	struct member *member; /* (n) */
	size_t n;
	double started;
	bool late; /* killed for not heeding its deadline */
};

struct pool {
	const struct rho_workers *p;
	const sigset_t *before;
	struct slot *slot;      /* (p->jobs) */
	struct rho_job **apart; /* (p->n) of processes that crashed: each gets one of its own */
	size_t next, n_apart, next_apart;
	int stop;
};

/* The command line of `rho cell`; page (s->n, 16): numbers as text. */
static const char **command_line(const struct rho_workers *p, const struct slot *s, char (*page)[16])
{
	const char **argv = rho_xcalloc(2 * p->n_plugin_dirs + 3 * s->n + 3, sizeof *argv);
	size_t n = 0;
	argv[n++] = "rho";
	argv[n++] = "cell";
	for (size_t i = 0; i < s->n; i++)
		argv[n++] = s->member[i].job->dir;
	for (size_t i = 0; i < s->n; i++) {
		snprintf(page[i], sizeof page[i], "%d", s->member[i].page_fd);
		argv[n++] = "--page";
		argv[n++] = page[i];
	}
	for (size_t i = 0; i < p->n_plugin_dirs; i++) {
		argv[n++] = "--plugins";
		argv[n++] = p->plugin_dirs[i];
	}
	return argv;
}

/* In the child: becomes `rho cell`. Ends with the parent, as if asked to stop. What is said by no cell in
 * particular goes to the first one's log. */
static void become_cells(const struct rho_workers *p, const struct slot *s, const sigset_t *before,
                         pid_t parent)
{
	char *log = rho_xprintf("%s/log", s->member[0].job->dir), threads[24];
	const char **argv = command_line(p, s, rho_xcalloc(s->n, sizeof(char[16])));
	int fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	snprintf(threads, sizeof threads, "%llu", (unsigned long long)p->threads);
	for (size_t i = 0; i < s->n; i++)
		fcntl(s->member[i].page_fd, F_SETFD, 0); /* these go along */
	dup2(null, 0);
	dup2(fd < 0 ? null : fd, 1);
	dup2(fd < 0 ? null : fd, 2);
	setenv("OPENBLAS_NUM_THREADS", "1", 1); /* see set_threads in cmd_cell.c */
	setenv("OMP_NUM_THREADS", threads, 1);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(RHO_CELL_EXIT_STOPPED);
	signal(SIGPIPE, SIG_DFL);
	sigprocmask(SIG_SETMASK, before, NULL);
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

/* The job's state is final. */
static void tell(const struct rho_workers *p, struct member *m)
{
	m->told = true;
	if (m->page) {
		m->job->from = __atomic_load_n(&m->page->from, __ATOMIC_RELAXED);
		m->job->done = __atomic_load_n(&m->page->done, __ATOMIC_RELAXED);
	}
	if (p->finished)
		p->finished(p->arg, m->job);
}

static void release(struct slot *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->member[i].page)
			rho_page_free(s->member[i].page, s->member[i].page_fd);
	free(s->member);
	*s = (struct slot){ 0 };
}

static void start(struct pool *w, struct slot *s, struct rho_job *job, size_t n)
{
	struct rho_buf why = { 0 };
	pid_t parent = getpid();
	*s = (struct slot){ .n = n, .started = rho_clock(), .member = rho_xcalloc(n, sizeof *s->member) };
	for (size_t i = 0; i < n; i++) {
		s->member[i].job = &job[i];
		if (!why.len)
			s->member[i].page = rho_page_new(&s->member[i].page_fd, &why);
	}
	if (!why.len && (s->pid = fork()) < 0)
		rho_buf_printf(&why, "cannot start a process: %s", strerror(errno));
	if (!why.len && !s->pid)
		become_cells(w->p, s, w->before, parent);
	if (!why.len)
		return;
	for (size_t i = 0; i < n; i++) {
		fail_job(&job[i], rho_xstrdup(why.at));
		tell(w->p, &s->member[i]);
	}
	rho_buf_free(&why);
	release(s);
}

/* A cell that crashed says nothing itself: its page does. */
static void crashed(const struct slot *s, struct member *m, int number)
{
	uint64_t checkpoint = __atomic_load_n(&m->page->checkpoint, __ATOMIC_RELAXED);
	struct rho_buf b = { 0 }, why = { 0 };
	rho_blame(&b, number, &m->page->call);
	if (s->late)
		rho_buf_printf(&b, ": it did not stop within %d s of its deadline", GRACE_S);
	if (checkpoint)
		rho_buf_printf(&b,
		               "; checkpoint of step %llu kept; `rho cell --debug %s` reruns it from there",
		               (unsigned long long)checkpoint, m->job->dir);
	else
		rho_buf_printf(&b, "; it had no checkpoint yet; `rho cell --debug %s` reruns it",
		               m->job->dir);
	if (rho_status_write(m->job->dir, RHO_CELL_FAILED, checkpoint, rho_clock() - s->started, b.at, &why))
		rho_buf_printf(&b, "; and %s", why.at);
	rho_buf_free(&why);
	fail_job(m->job, b.at);
}

/* What the cell said of itself; where it could not even do that, where to look. */
static void failed(struct member *m, int code)
{
	if (m->page->why[0])
		fail_job(m->job, rho_xprintf("%.*s", (int)sizeof m->page->why - 1, m->page->why));
	else
		fail_job(m->job, rho_xprintf("exit status %d; see %s/log", code, m->job->dir));
}

/* A process of one cell has ended. */
static void ended_alone(struct slot *s, int status)
{
	struct member *m = s->member;
	if (WIFSIGNALED(status))
		crashed(s, m, WTERMSIG(status));
	else if (WEXITSTATUS(status) == RHO_CELL_EXIT_STOPPED)
		m->job->state = RHO_CELL_STOPPED;
	else if (WEXITSTATUS(status))
		failed(m, WEXITSTATUS(status));
	else
		m->job->state = RHO_CELL_DONE;
}

/* ---- cells that share a process ---- */

/* Those that have come to their end; the others of the process go on. */
static void tell_settled(const struct rho_workers *p, const struct slot *s)
{
	for (size_t i = 0; i < s->n && s->n > 1; i++) {
		struct member *m = &s->member[i];
		uint32_t state =
			m->told ? RHO_CELL_MISSING : __atomic_load_n(&m->page->state, __ATOMIC_ACQUIRE);
		if (state == RHO_CELL_MISSING)
			continue;
		m->job->state = state;
		if (state == RHO_CELL_FAILED)
			failed(m, 1);
		tell(p, m);
	}
}

/* Into the log of a cell whose process ended with it: whose turn it was, and what happens now. */
static void log_crash(const struct member *m, const struct member *at_work, const char *what)
{
	char *path = rho_xprintf("%s/log", m->job->dir);
	FILE *f = fopen(path, "ae");
	free(path);
	if (!f)
		return;
	if (m == at_work)
		fprintf(f, "its process, shared with other cells, was %s;", what);
	else if (at_work)
		fprintf(f, "its process was %s, in cell %s (%s, seed %llu);", what, at_work->job->id,
		        at_work->job->arm, (unsigned long long)at_work->job->seed);
	else
		fprintf(f, "its process, shared with other cells, was %s while none of them had its turn;",
		        what);
	fputs(" this cell goes on from its last checkpoint in a process of its own\n", f);
	fclose(f);
}

/* A process of several cells has ended before some of them: each of those gets one of its own, the one whose
 * turn it was last. It fails if it crashes there, too. */
static void go_apart(struct pool *w, struct slot *s, int status)
{
	struct member *at_work = NULL;
	struct rho_buf what = { 0 };
	for (size_t i = 0; i < s->n; i++)
		if (!s->member[i].told && __atomic_load_n(&s->member[i].page->holds, __ATOMIC_RELAXED))
			at_work = &s->member[i];
	if (WIFSIGNALED(status) && at_work)
		rho_blame(&what, WTERMSIG(status), &at_work->page->call);
	else if (WIFSIGNALED(status))
		rho_buf_printf(&what, "killed by signal %d (%s)", WTERMSIG(status),
		               strsignal(WTERMSIG(status)));
	else
		rho_buf_printf(&what, "over with status %d", WEXITSTATUS(status));
	for (size_t i = 0; i <= s->n; i++) {
		struct member *m = i < s->n ? &s->member[i] : at_work;
		if (!m || m->told || (i < s->n && m == at_work))
			continue;
		if (w->stop) {
			m->job->state = RHO_CELL_STOPPED;
			tell(w->p, m);
		} else {
			log_crash(m, at_work, what.at);
			w->apart[w->n_apart++] = m->job;
		}
	}
	rho_buf_free(&what);
}

static void ended(struct pool *w, struct slot *s, int status)
{
	tell_settled(w->p, s);
	if (s->n > 1) {
		go_apart(w, s, status);
	} else {
		ended_alone(s, status);
		tell(w->p, s->member);
	}
	release(s);
}

/* ---- the pool ---- */

static void reap(struct pool *w)
{
	for (size_t i = 0; i < w->p->jobs; i++) {
		struct slot *s = &w->slot[i];
		int status;
		if (!s->pid)
			continue;
		if (waitpid(s->pid, &status, WNOHANG) == s->pid)
			ended(w, s, status);
		else
			tell_settled(w->p, s);
	}
}

static size_t running(const struct pool *w)
{
	size_t n = 0;
	for (size_t i = 0; i < w->p->jobs; i++)
		n += w->slot[i].pid > 0;
	return n;
}

static void signal_all(const struct pool *w, int number)
{
	for (size_t i = 0; i < w->p->jobs; i++)
		if (w->slot[i].pid)
			kill(w->slot[i].pid, number);
}

static void show(const struct pool *w)
{
	uint64_t made = 0, reached = 0;
	for (size_t i = 0; i < w->p->n; i++) {
		made += w->p->job[i].done - w->p->job[i].from;
		reached += w->p->job[i].done;
	}
	for (size_t i = 0; i < w->p->jobs; i++)
		for (size_t k = 0; k < w->slot[i].n; k++) {
			const struct member *m = &w->slot[i].member[k];
			uint64_t done = m->told ? 0 : __atomic_load_n(&m->page->done, __ATOMIC_RELAXED);
			made += m->told ? 0 : done - __atomic_load_n(&m->page->from, __ATOMIC_RELAXED);
			reached += done;
		}
	if (w->p->tick)
		w->p->tick(w->p->arg, made, reached);
}

/* A deadline counts a cell's own time: while the others have theirs, it waits. */
static void enforce_deadline(const struct pool *w)
{
	for (size_t i = 0; i < w->p->jobs && w->p->deadline > 0; i++) {
		struct slot *s = &w->slot[i];
		if (s->pid && !s->late &&
		    rho_clock() - s->started > w->p->deadline * (double)s->n + GRACE_S) {
			s->late = true;
			kill(s->pid, SIGKILL);
		}
	}
}

/* Starts what there is to start in a free slot. */
static void fill(struct pool *w)
{
	for (size_t i = 0; i < w->p->jobs && !w->stop; i++) {
		struct slot *s = &w->slot[i];
		if (s->pid)
			continue;
		if (w->next_apart < w->n_apart) {
			start(w, s, w->apart[w->next_apart++], 1);
		} else if (w->next < w->p->n) {
			struct rho_job *j = &w->p->job[w->next];
			size_t n = j->together ? j->together : 1;
			w->next += n;
			start(w, s, j, n);
		}
	}
}

int rho_workers_run(struct rho_workers *p, const sigset_t *before)
{
	const struct timespec wait = { 0, TICK_MS * 1000000L };
	struct pool w = {
		.p = p,
		.before = before,
		.slot = rho_xcalloc(p->jobs, sizeof *w.slot),
		.apart = rho_xcalloc(p->n + 1, sizeof(*w.apart)),
	};
	sigset_t set;
	held(&set);
	while (((w.next < p->n || w.next_apart < w.n_apart) && !w.stop) || running(&w)) {
		int got;
		fill(&w);
		got = sigtimedwait(&set, NULL, &wait);
		if (got == SIGINT || got == SIGTERM) {
			signal_all(&w, w.stop ? SIGKILL : SIGTERM);
			w.stop = got;
		}
		reap(&w);
		enforce_deadline(&w);
		show(&w);
	}
	free(w.apart);
	free(w.slot);
	return w.stop;
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
