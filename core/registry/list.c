/* list.c: `rho plugin list`. Each module is opened in a child process, so that one which cannot be
 * loaded, crashes or hangs becomes a line with the reason. */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cmd.h"

enum { PATIENCE_MS = 5000 };

struct entry {
	char *path;
	struct rho_buf version, brief; /* when it could be opened */
	struct rho_buf why;            /* when not */
};

/* In the child: what the parent wants to know, as strings with their NULs. */
static void report(const char *path, int fd)
{
	struct rho_buf out = { 0 }, why = { 0 };
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (null >= 0) /* a constructor that prints must not spoil the list */
		dup2(null, STDOUT_FILENO);
	const struct rho_module *m = rho_module_open(path, &why);
	if (m) {
		rho_buf_add(&out, "+", 1);
		rho_buf_add(&out, m->plugin.version, strlen(m->plugin.version) + 1);
		rho_buf_add(&out, m->plugin.brief, strlen(m->plugin.brief) + 1);
	} else {
		rho_buf_add(&out, "-", 1);
		rho_buf_add(&out, why.at, why.len + 1);
	}
	for (size_t at = 0; at < out.len;) {
		ssize_t n = write(fd, out.at + at, out.len - at);
		if (n <= 0)
			break;
		at += (size_t)n;
	}
	_exit(0);
}

static int64_t now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Reads until the child closes its end; false when it takes too long. */
static bool read_all(int fd, struct rho_buf *out)
{
	int64_t end = now_ms() + PATIENCE_MS;
	char part[4096];
	for (;;) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		int64_t left = end - now_ms();
		if (left <= 0)
			return false;
		if (poll(&p, 1, (int)left) < 0 && errno != EINTR)
			return true;
		if (!p.revents)
			continue;
		ssize_t n = read(fd, part, sizeof part);
		if (n <= 0)
			return true;
		rho_buf_add(out, part, (size_t)n);
	}
}

static void examine(struct entry *e)
{
	struct rho_buf said = { 0 };
	int ends[2], status = 0;
	bool in_time = true;
	pid_t child = -1;
	if (!pipe2(ends, O_CLOEXEC)) {
		fflush(NULL);
		child = fork();
		if (!child)
			report(e->path, ends[1]);
		close(ends[1]);
		if (child > 0) {
			in_time = read_all(ends[0], &said);
			if (!in_time)
				kill(child, SIGKILL);
			while (waitpid(child, &status, 0) < 0 && errno == EINTR)
				;
		}
		close(ends[0]);
	}
	if (child < 0)
		rho_buf_printf(&e->why, "%s: no process could be started to open it: %s", e->path,
		               strerror(errno));
	else if (!in_time)
		rho_buf_printf(&e->why, "%s: took more than %d s to load", e->path, PATIENCE_MS / 1000);
	else if (WIFSIGNALED(status))
		rho_buf_printf(&e->why, "%s: crashed with SIG%s while it was loaded", e->path,
		               sigabbrev_np(WTERMSIG(status)) ? sigabbrev_np(WTERMSIG(status)) : "?");
	else if (said.len && said.at[0] == '+') {
		rho_buf_str(&e->version, said.at + 1);
		rho_buf_str(&e->brief, said.at + 1 + e->version.len + 1);
	} else if (said.len)
		rho_buf_str(&e->why, said.at + 1);
	else
		rho_buf_printf(&e->why, "%s: ended the process while it was loaded", e->path);
	rho_buf_free(&said);
}

static void entry_free(struct entry *e)
{
	free(e->path);
	rho_buf_free(&e->version);
	rho_buf_free(&e->brief);
	rho_buf_free(&e->why);
}

static void print_entry(const char *name, int width, const struct entry *e)
{
	if (!e->why.len) {
		printf("  %-*s  %-8s %s\n", width, name, e->version.at, e->brief.at);
		return;
	}
	printf("  %-*s  cannot be used: ", width, name);
	for (const char *s = e->why.at; *s; s++) {
		if (*s == '\n')
			printf("\n  %*s  ", width, "");
		else
			putchar(*s);
	}
	putchar('\n');
}

static json_t *entry_json(uint32_t kind, const char *name, const struct entry *e)
{
	json_t *o = json_object();
	json_object_set_new(o, "kind", json_string(rho_kind_name(kind)));
	json_object_set_new(o, "name", json_string(name));
	json_object_set_new(o, "path", json_string(e->path));
	if (e->why.len) {
		json_object_set_new(o, "error", json_string(e->why.at));
	} else {
		json_object_set_new(o, "version", json_string(e->version.at));
		json_object_set_new(o, "brief", json_string(e->brief.at));
	}
	return o;
}

/* One kind's plugins; gives how many there are. */
static size_t list_kind(const struct rho_registry *r, uint32_t kind, json_t *all)
{
	char **names;
	size_t n = rho_registry_names(r, kind, &names);
	int width = 0;
	if (n && !all)
		printf("%s\n", rho_kind_name(kind));
	for (size_t i = 0; i < n; i++)
		width = (int)strlen(names[i]) > width ? (int)strlen(names[i]) : width;
	for (size_t i = 0; i < n; i++) {
		struct entry e = { 0 };
		e.path = rho_registry_find(r, kind, names[i], 0, &e.why);
		if (e.path)
			examine(&e);
		if (all)
			json_array_append_new(all, entry_json(kind, names[i], &e));
		else
			print_entry(names[i], width, &e);
		entry_free(&e);
	}
	rho_names_free(names, n);
	return n;
}

int rho_plugin_list(const struct rho_registry *r, const struct rho_plugin_args *args)
{
	json_t *all = args->json ? json_array() : NULL;
	const char *const *dirs;
	size_t n = 0, n_dirs = rho_registry_dirs(r, &dirs);
	for (uint32_t kind = RHO_DATASET; kind <= RHO_REPORTER; kind++)
		if (!args->kind || args->kind == kind)
			n += list_kind(r, kind, all);
	if (all) {
		rho_print_json(all);
	} else if (!n) {
		printf("no plugin in");
		for (size_t i = 0; i < n_dirs; i++)
			printf("%s %s", i ? "," : "", dirs[i]);
		printf("; --plugins DIR and RHO_PLUGIN_PATH add folders\n");
	}
	return 0;
}
