/* worker.c: the process, its socket and its timer. A socket and not a pipe, so that writing to a dead worker is an
 * error and no signal; a timer descriptor, so that the waiting is one poll(). */
#include "worker.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sympy-worker.inc"

enum { START_SECONDS = 60 };

/* This process's environment with PYTHONHASHSEED=0, so that SymPy goes the same way each time; free() it. */
static char **environment(void)
{
	static char fixed[] = "PYTHONHASHSEED=0";
	size_t n = 0, kept = 0;
	while (environ && environ[n])
		n++;
	char **out = calloc(n + 2, sizeof(*out));
	for (size_t i = 0; out && i < n; i++)
		if (strncmp(environ[i], "PYTHONHASHSEED=", 15))
			out[kept++] = environ[i];
	if (out)
		out[kept] = fixed;
	return out;
}

/* A group of its own, no signals blocked or ignored, the socket as its input and output. */
static int spawn(const char *python, char *const *args, int end, pid_t *pid)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t how;
	sigset_t none, all;
	char **env = environment();
	if (!env)
		return ENOMEM;
	sigemptyset(&none);
	sigfillset(&all);
	posix_spawn_file_actions_init(&files);
	posix_spawnattr_init(&how);
	posix_spawn_file_actions_adddup2(&files, end, 0);
	posix_spawn_file_actions_adddup2(&files, end, 1);
	posix_spawn_file_actions_addopen(&files, 2, "/dev/null", O_WRONLY, 0);
	posix_spawnattr_setflags(&how, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setpgroup(&how, 0);
	posix_spawnattr_setsigmask(&how, &none);
	posix_spawnattr_setsigdefault(&how, &all);
	int error = posix_spawnp(pid, python, &files, &how, args, env);
	posix_spawnattr_destroy(&how);
	posix_spawn_file_actions_destroy(&files);
	free(env);
	return error;
}

static bool set_timer(const struct worker *w, int64_t seconds)
{
	struct itimerspec when = { .it_value.tv_sec = seconds };
	return !timerfd_settime(w->timer, 0, &when, NULL);
}

int worker_start(struct worker *w, const char *python, const struct worker_options *o)
{
	char flag[] = "-c", name[256], seconds[24], memory[24], *script = strdup((const char *)worker_script);
	int ends[2] = { -1, -1 }, error = script ? 0 : ENOMEM;
	*w = (struct worker){ .fd = -1, .timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK) };
	snprintf(name, sizeof(name), "%s", python);
	snprintf(seconds, sizeof(seconds), "%lld", (long long)o->seconds);
	snprintf(memory, sizeof(memory), "%lld", (long long)o->memory << 20);
	char *args[] = { name, flag, script, seconds, memory, NULL };
	if (!error && (w->timer < 0 || !set_timer(w, START_SECONDS)
		       || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends)))
		error = errno;
	if (!error)
		error = spawn(python, args, ends[1], &w->pid);
	if (ends[1] >= 0)
		close(ends[1]);
	free(script);
	w->fd = ends[0];
	w->state = WORKER_STARTING;
	if (!error)
		return 0;
	if (w->fd >= 0)
		close(w->fd);
	if (w->timer >= 0)
		close(w->timer);
	w->state = WORKER_NONE;
	return error;
}

void worker_stop(struct worker *w)
{
	if (w->state == WORKER_NONE)
		return;
	kill(-w->pid, SIGKILL);
	while (waitpid(w->pid, NULL, 0) < 0 && errno == EINTR)
		;
	close(w->fd);
	close(w->timer);
	*w = (struct worker){ .state = WORKER_NONE };
}

static bool put(int fd, const void *bytes, size_t n)
{
	const char *at = bytes;
	while (n) {
		ssize_t did = send(fd, at, n, MSG_NOSIGNAL);
		if (did < 0 && errno == EINTR)
			continue;
		if (did <= 0)
			return false;
		at += did;
		n -= (size_t)did;
	}
	return true;
}

bool worker_ask(struct worker *w, size_t number, const struct rho_claim *c, const struct worker_options *o)
{
	uint32_t head[2] = { (uint32_t)c->reference.len, (uint32_t)c->answer.len };
	char byte;
	if (recv(w->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0)
		return false;   /* it has ended, or says something that nobody asked for */
	if (!set_timer(w, o->seconds) || !put(w->fd, head, sizeof(head)) || !put(w->fd, c->reference.at, head[0])
	    || !put(w->fd, c->answer.at, head[1]))
		return false;
	w->claim = number;
	w->n_in = 0;
	w->state = WORKER_BUSY;
	return true;
}

int worker_hear(struct worker *w, char *kind, char *text)
{
	size_t whole = w->n_in < 2 ? 2 : 2 + (size_t)w->in[1];
	ssize_t got = recv(w->fd, w->in + w->n_in, whole - w->n_in, MSG_DONTWAIT);
	if (got < 0)
		return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? 0 : -1;
	if (!got && whole > w->n_in)
		return -1;
	w->n_in += (size_t)got;
	if (w->n_in < 2)
		return 0;
	if (w->n_in < 2 + (size_t)w->in[1])
		return worker_hear(w, kind, text);      /* the text behind the head, at most two deep */
	if (!strchr("fserwu", w->in[0]) || !w->in[0])
		return -1;
	*kind = (char)w->in[0];
	memcpy(text, w->in + 2, w->in[1]);
	text[w->in[1]] = '\0';
	w->n_in = 0;
	w->state = *kind == 'f' || *kind == 'e' ? WORKER_STARTING : WORKER_READY;
	return 1;
}

bool worker_late(const struct worker *w)
{
	uint64_t times;
	return read(w->timer, &times, sizeof(times)) == (ssize_t)sizeof(times);
}
