/* apart.c: the child, the page it shares, and what its end means. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../run/progress.h"
#include "../run/workers.h"
#include "apart.h"

struct watched {
	const struct rho_apart *a;
	struct rho_cell_page *page;
	struct rho_progress progress;
};

static void on_progress(void *arg, const struct rho_ctx *ctx, double done)
{
	struct rho_cell_page *page = arg;
	__atomic_store(&page->progress, &done, __ATOMIC_RELAXED);
}

static void show(void *arg)
{
	struct watched *w = arg;
	double done;
	__atomic_load(&w->page->progress, &done, __ATOMIC_RELAXED);
	if (done > 0)
		rho_progress_rows(&w->progress, w->a->what, (uint64_t)(done * (double)w->a->rows + 0.5),
		                  w->a->rows);
}

/* In the child: the code as an exit status that survives. */
static int child(void *arg, struct rho_buf *out)
{
	const struct watched *w = arg;
	struct rho_world world = { .registry = w->a->chosen->registry,
		                   .threads = w->a->chosen->threads,
		                   .log_level = w->a->chosen->log_level,
		                   .last_call = &w->page->call,
		                   .progress = on_progress,
		                   .arg = w->page };
	int code = w->a->work(w->a->arg, &world, out);
	return code < 0 ? 16 - code : code;
}

/* What a code of the child is to whoever started the command. */
static int status_of(int code)
{
	switch (16 - code) {
	case RHO_EINVAL:
	case RHO_EIO:
	case RHO_EFORMAT:
	case RHO_ENOSUP: return 2;
	default: return code == RHO_APART_MISTAKE ? 2 : 1;
	}
}

static int blame(const struct watched *w, int signal)
{
	const struct rho_chosen *c = w->a->chosen;
	struct rho_buf text = { 0 };
	rho_blame(&text, signal, &w->page->call);
	fprintf(stderr, "%s: %s\n", c->command, text.at);
	if (signal != SIGKILL)
		fprintf(stderr, "  the plugin is at fault; `rho plugin check encoder %s` tries it out\n",
		        c->role.module->plugin.name);
	rho_buf_free(&text);
	return 1;
}

int rho_apart_run(const struct rho_apart *a, struct rho_buf *answer)
{
	struct watched w = { .a = a };
	struct rho_buf why = { 0 };
	sigset_t before;
	int fd, code, stopped;
	w.page = rho_page_new(&fd, &why);
	if (!w.page) {
		fprintf(stderr, "%s: %s\n", a->chosen->command, why.at);
		rho_buf_free(&why);
		return 1;
	}
	rho_progress_init(&w.progress, a->quiet);
	rho_signals_hold(&before);
	code = rho_in_child(child, &w, &before, show, &w, answer);
	stopped = rho_signals_peek();
	if (!stopped) /* else it would end this process before a word is said */
		sigprocmask(SIG_SETMASK, &before, NULL);
	rho_progress_clear(&w.progress);
	if (stopped)
		code = 130;
	else if (code < 0)
		code = blame(&w, -code);
	else if (code) {
		fprintf(stderr, "%s: %s\n", a->chosen->command,
		        answer->len ? answer->at : "failed without a word");
		code = status_of(code);
	}
	rho_page_free(w.page, fd);
	return code;
}

/* ---- texts in memory ---- */

struct texts {
	const struct rho_chosen *chosen;
	const struct rho_str *text;
	size_t n;
	int fd; /* of the memory that the rows go to */
};

/* What the child answers. */
struct shape {
	size_t dim;
	bool unit_norm;
};

static int into_memory(struct texts *t, struct rho_coder *c, struct rho_buf *out)
{
	size_t len = t->n * c->info.dim * sizeof(float);
	void *at;
	int code = rho_coder_fit(c, t->text, t->n, out);
	if (code)
		return code;
	at = ftruncate(t->fd, (off_t)len) ? MAP_FAILED
	                                  : mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, t->fd, 0);
	if (at == MAP_FAILED) {
		rho_buf_printf(out, "no memory for %zu rows of %zu floats: %s", t->n, c->info.dim,
		               strerror(errno));
		return RHO_ENOMEM;
	}
	c->rows = t->n;
	return rho_coder_rows(c, t->text, t->n, at, out);
}

static int encode_texts(void *arg, struct rho_world *w, struct rho_buf *out)
{
	struct texts *t = arg;
	const struct rho_role *role = &t->chosen->role;
	struct rho_coder c;
	int code = rho_coder_open(&c, w, role->module, role->table, RHO_TEXT, out);
	if (!code)
		code = into_memory(t, &c, out);
	if (!code) {
		struct shape s;
		memset(&s, 0, sizeof s);
		s.dim = c.info.dim;
		s.unit_norm = c.info.unit_norm;
		rho_buf_add(out, &s, sizeof s);
	}
	rho_coder_close(&c);
	return code;
}

/* Puts the transformed rows in place of the rows. */
static int transform(const struct rho_chosen *c, struct rho_mat *rows, size_t *len, bool unit_norm)
{
	struct rho_transform *t = rho_params_transform(c->role.table);
	struct rho_buf why = { 0 };
	int status = 0;
	if (t && rho_transform_fit(t, rows, unit_norm, c->threads, &why)) {
		fprintf(stderr, "%s: --transform: %s\n", c->command, why.at);
		status = 2;
	} else if (t) {
		size_t dim = rho_transform_dim(t), bytes = rows->rows * dim * sizeof(float);
		float *out = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (out == MAP_FAILED) {
			fprintf(stderr, "%s: no memory for %zu rows: %s\n", c->command, rows->rows,
			        strerror(errno));
			status = 1;
		} else {
			rho_transform_apply(t, rows, out, dim, c->threads);
			munmap((void *)(uintptr_t)rows->at, *len);
			*rows = (struct rho_mat){ out, rows->rows, dim, dim };
			*len = bytes;
		}
	}
	rho_transform_free(t);
	rho_buf_free(&why);
	return status;
}

int rho_apart_texts(const struct rho_chosen *c, const char *what, const struct rho_str *text, size_t n,
                    bool quiet, struct rho_mat *rows, size_t *len)
{
	struct texts t = { .chosen = c, .text = text, .n = n, .fd = memfd_create("rho-rows", MFD_CLOEXEC) };
	struct rho_apart a = { c, what, n, quiet, encode_texts, &t };
	struct rho_buf answer = { 0 };
	struct shape s = { .dim = 0 };
	int status = t.fd < 0 ? 1 : rho_apart_run(&a, &answer);
	if (t.fd < 0)
		fprintf(stderr, "%s: no shared memory: %s\n", c->command, strerror(errno));
	if (!status && answer.len == sizeof s) {
		memcpy(&s, answer.at, sizeof s);
		*len = n * s.dim * sizeof(float);
		const float *at = mmap(NULL, *len, PROT_READ, MAP_SHARED, t.fd, 0);
		if (at == MAP_FAILED) {
			fprintf(stderr, "%s: the rows cannot be mapped: %s\n", c->command, strerror(errno));
			status = 1;
		} else {
			*rows = (struct rho_mat){ at, n, s.dim, s.dim };
			status = transform(c, rows, len, s.unit_norm);
			if (status)
				munmap((void *)(uintptr_t)rows->at, *len);
		}
	}
	if (t.fd >= 0)
		close(t.fd);
	rho_buf_free(&answer);
	return status;
}
