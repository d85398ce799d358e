/* trial.c: outcomes, processes of their own, and what a process holds. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "check.h"

#define ANSWER_LIMIT ((size_t)256 << 20) /* bytes a process apart may answer */

static int outcome(struct rho_trial *t, int what, const char *fmt, va_list ap)
{
	char *text = NULL;
	rho_buf_clear(&t->text);
	if (vasprintf(&text, fmt, ap) >= 0) {
		rho_buf_str(&t->text, text);
		free(text);
	}
	return what;
}

int rho_trial_fail(struct rho_trial *t, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	int r = outcome(t, RHO_CHECK_FAIL, fmt, ap);
	va_end(ap);
	return r;
}

int rho_trial_skip(struct rho_trial *t, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	int r = outcome(t, RHO_CHECK_SKIP, fmt, ap);
	va_end(ap);
	return r;
}

int rho_trial_module(struct rho_trial *t)
{
	struct rho_buf why = { 0 };
	if (!t->module)
		t->module = rho_module_open(t->path, &why);
	if (t->module)
		return RHO_CHECK_PASS;
	rho_trial_skip(t, "rho refuses the module: %s", why.len ? why.at : "no reason given");
	rho_buf_free(&why);
	return RHO_CHECK_SKIP;
}

/* ---- processes ---- */

struct answer {
	int outcome;
	size_t text, out;
}; /* then the bytes of both */

static void put_all(int fd, const void *bytes, size_t n)
{
	for (const char *at = bytes; n;) {
		ssize_t w = write(fd, at, n);
		if (w < 0 && errno == EINTR)
			continue;
		if (w <= 0)
			_exit(111);
		at += w;
		n -= (size_t)w;
	}
}

static _Noreturn void be_apart(struct rho_trial *t, rho_apart_fn *fn, void *arg, int fd, bool group)
{
	struct rlimit none = { 0, 0 };
	struct rho_buf out = { 0 };
	if (group)
		setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setrlimit(RLIMIT_CORE, &none);
	if (!t->verbose) {
		int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
		if (null >= 0)
			dup2(null, STDERR_FILENO);
	}
	rho_buf_clear(&t->text);
	struct answer a = { .outcome = fn(t, arg, &out) };
	a.text = t->text.len;
	a.out = out.len;
	put_all(fd, &a, sizeof a);
	put_all(fd, t->text.at, a.text);
	put_all(fd, out.at, a.out);
	fflush(stdout);
	_exit(0);
}

/* Reads until the other side closes. False when the deadline came first. */
static bool read_answer(int fd, double deadline, struct rho_buf *all)
{
	char piece[65536];
	for (;;) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		int wait = -1;
		if (deadline > 0) {
			double left = deadline - rho_check_seconds();
			if (left <= 0)
				return false;
			wait = (int)(left * 1000) + 1;
		}
		if (poll(&p, 1, wait) <= 0)
			continue;
		ssize_t n = read(fd, piece, sizeof piece);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0 || all->len > ANSWER_LIMIT)
			return true;
		rho_buf_add(all, piece, (size_t)n);
	}
}

/* "in act of agent mine" from the shared page, or "" when no call was noted. */
static const char *last_place(const struct rho_trial *t, char place[128])
{
	const struct rho_last_call *l = t->last_call;
	place[0] = 0;
	if (l && l->slot[0])
		snprintf(place, 128, " in %.*s of %.*s", (int)sizeof l->slot, l->slot,
		         (int)sizeof l->instance, l->instance);
	return place;
}

static int bad_end(struct rho_trial *t, int status, bool late, unsigned seconds)
{
	char place[128];
	last_place(t, place);
	if (late)
		return rho_trial_fail(t, "did not end within %u s%s", seconds, place);
	if (WIFSIGNALED(status)) {
		const char *name = sigabbrev_np(WTERMSIG(status));
		return rho_trial_fail(t, "crashed with SIG%s%s", name ? name : "?", place);
	}
	return rho_trial_fail(t, "ended the process (exit status %d)%s", WEXITSTATUS(status), place);
}

int rho_trial_apart(struct rho_trial *t, unsigned seconds, rho_apart_fn *fn, void *arg, struct rho_buf *out)
{
	int fd[2], status = 0;
	struct rho_buf all = { 0 };
	struct answer a;
	siginfo_t ended;
	if (t->in_process) {
		rho_buf_clear(&t->text);
		return fn(t, arg, out);
	}
	if (t->last_call)
		memset(t->last_call, 0, sizeof *t->last_call);
	fflush(NULL);
	if (pipe2(fd, O_CLOEXEC))
		return rho_trial_skip(t, "no pipe: %s", strerror(errno));
	pid_t pid = fork();
	if (pid < 0) {
		close(fd[0]);
		close(fd[1]);
		return rho_trial_skip(t, "no process: %s", strerror(errno));
	}
	if (!pid) {
		close(fd[0]);
		be_apart(t, fn, arg, fd[1], seconds > 0);
	}
	close(fd[1]);
	bool late = !read_answer(fd[0], seconds ? rho_check_seconds() + seconds : 0, &all);
	if (late && kill(-pid, SIGKILL)) /* its whole group; before it made one, itself */
		kill(pid, SIGKILL);
	close(fd[0]);
	while (waitid(P_PID, (id_t)pid, &ended, WEXITED | WNOWAIT) < 0 && errno == EINTR)
		;
	if (seconds)
		kill(-pid, SIGKILL); /* what it may have left running; its number is still taken */
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	int r = RHO_CHECK_FAIL;
	if (late || all.len < sizeof a) {
		r = bad_end(t, status, late, seconds);
	} else {
		memcpy(&a, all.at, sizeof a);
		if (a.text > all.len - sizeof a || a.out != all.len - sizeof a - a.text) {
			r = bad_end(t, status, late, seconds);
		} else {
			rho_buf_clear(&t->text);
			rho_buf_add(&t->text, all.at + sizeof a, a.text);
			if (out)
				rho_buf_add(out, all.at + sizeof a + a.text, a.out);
			r = a.outcome;
		}
	}
	rho_buf_free(&all);
	return r;
}

/* ---- what a process holds ---- */

/* The sanitizers' own count of live bytes: their allocators leave mallinfo empty. */
extern size_t __sanitizer_get_current_allocated_bytes(void) __attribute__((weak));

bool rho_is_sanitized(void) { return __sanitizer_get_current_allocated_bytes != NULL; }

static size_t count_entries(const char *dir)
{
	size_t n = 0;
	DIR *d = opendir(dir);
	if (!d)
		return 0;
	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

/* Fills the allocator's per-thread cache, whose blocks count as in use: 7 of every size it has. */
static void settle(void)
{
	void *p[7];
	for (size_t size = 24; size <= 1032; size += 16) {
		for (int i = 0; i < 7; i++)
			p[i] = malloc(size);
		for (int i = 0; i < 7; i++)
			free(p[i]);
	}
}

struct rho_usage rho_usage_now(void)
{
	settle();
	struct rho_usage u = { .files = count_entries("/proc/self/fd"),
		               .threads = count_entries("/proc/self/task") };
	if (__sanitizer_get_current_allocated_bytes) {
		u.heap = __sanitizer_get_current_allocated_bytes();
	} else {
		struct mallinfo2 m = mallinfo2();
		u.heap = m.uordblks + m.hblkhd;
	}
	return u;
}

int rho_usage_judge(struct rho_trial *t, const struct rho_usage *at, size_t n, size_t rounds,
                    const char *what)
{
	size_t least = SIZE_MAX;
	for (size_t i = 1; i < n; i++) {
		size_t grown = at[i].heap > at[i - 1].heap ? at[i].heap - at[i - 1].heap : 0;
		least = grown < least ? grown : least;
	}
	if (at[n - 1].files > at[0].files)
		return rho_trial_fail(t, "%s leaves files open, %zu of them after %zu times", what,
		                      at[n - 1].files - at[0].files, (n - 1) * rounds);
	if (at[n - 1].threads > at[0].threads)
		return rho_trial_fail(t, "%s leaves threads running, %zu of them after %zu times", what,
		                      at[n - 1].threads - at[0].threads, (n - 1) * rounds);
	if (least >= 16 * rounds)
		return rho_trial_fail(t, "%s leaves %zu bytes of malloc memory behind each time", what,
		                      least / rounds);
	return RHO_CHECK_PASS;
}

double rho_check_seconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* ---- statistics ---- */

double rho_chi2_bound(double df)
{
	double a = 2 / (9 * df), z = 1 - a + 5 * sqrt(a); /* Wilson & Hilferty (1931) at 5 sigma */
	return df * z * z * z;
}

double rho_chi2_ratio(const double *observed, const double *expected, size_t n)
{
	double chi = 0, few_o = 0, few_e = 0;
	size_t cells = 0;
	for (size_t i = 0; i < n; i++) {
		if (expected[i] < 5) {
			few_o += observed[i];
			few_e += expected[i];
			continue;
		}
		chi += (observed[i] - expected[i]) * (observed[i] - expected[i]) / expected[i];
		cells++;
	}
	if (few_e >= 5) {
		chi += (few_o - few_e) * (few_o - few_e) / few_e;
		cells++;
	} else if (few_o > few_e + 5 * sqrt(few_e) + 5) {
		return INFINITY; /* what can hardly happen happened again and again */
	}
	return chi / rho_chi2_bound(cells > 1 ? (double)(cells - 1) : 1);
}
