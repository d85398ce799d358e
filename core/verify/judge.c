/* judge.c: verifiers at work in a child process, so that one that crashes is a sentence. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "../config/experiment.h"
#include "../registry/instance.h"
#include "../run/progress.h"
#include "../run/workers.h"
#include "verify.h"

enum { BATCH = 256 };

struct work {
	const char *command;
	struct rho_registry *registry;
	struct rho_verify_judge *judge;
	size_t n, rows;
	const struct rho_verify_row *row;
	unsigned threads;
	int log_level;
	struct rho_cell_page *page;
	struct rho_progress progress;
};

const char *rho_ruling_name(uint32_t ruling)
{
	static const char *const names[] = { "wrong", "right", "partial", "unreadable", "undecided" };
	return ruling < sizeof names / sizeof *names ? names[ruling] : "?";
}

/* A verdict that another process wrote is believed within its bounds only. */
static int sound(const struct rho_verdict *v, size_t n, const char *name, const struct rho_verify_row *row,
                 struct rho_buf *out)
{
	for (size_t i = 0; i < n; i++) {
		if (v[i].ruling <= RHO_UNDECIDED && v[i].score >= 0 && v[i].score <= 1 &&
		    memchr(v[i].why, 0, sizeof v[i].why))
			continue;
		rho_buf_printf(out,
		               "verifier %s gave line %zu a verdict that is none (ruling %u, score %g); "
		               "`rho plugin check verifier %s` tries it out",
		               name, row[i].number, v[i].ruling, (double)v[i].score, name);
		return RHO_EBUG;
	}
	return 0;
}

static int rule(struct work *w, struct rho_instance *inst, struct rho_verify_judge *j, uint64_t *done,
                struct rho_buf *out)
{
	const struct rho_verifier *v = inst->module->plugin.verifier;
	struct rho_claim claim[BATCH];
	int code = 0;
	rho_call_begin(inst, "open", 0, true);
	code = rho_call_end(inst, v->open ? v->open(&inst->ctx, inst->self) : 0, out);
	for (size_t i = 0; i < w->rows && !code; i += BATCH) {
		const struct rho_verify_row *row = w->row + i;
		size_t n = w->rows - i < BATCH ? w->rows - i : BATCH;
		for (size_t k = 0; k < n; k++)
			claim[k] = (struct rho_claim){ row[k].problem, row[k].gold, row[k].pred };
		rho_call_begin(inst, "verify", row->number, false);
		code = rho_call_end(inst, v->verify(&inst->ctx, inst->self, claim, n, j->verdict + i), out);
		code = code ? code : sound(j->verdict + i, n, j->name, row, out);
		*done += n;
		__atomic_store_n(&w->page->done, *done, __ATOMIC_RELAXED);
	}
	return code;
}

/* In the child: the code as an exit status that survives. */
static int child(void *arg, struct rho_buf *out)
{
	struct work *w = arg;
	struct rho_world world = { .registry = w->registry,
		                   .threads = w->threads,
		                   .log_level = w->log_level,
		                   .last_call = &w->page->call };
	uint64_t done = 0;
	int code = 0;
	for (size_t i = 0; i < w->n && !code; i++) {
		struct rho_verify_judge *j = &w->judge[i];
		struct rho_instance *inst = rho_instance_new(&world, j->role.module, j->role.table, i, out);
		code = inst ? rule(w, inst, j, &done, out) : RHO_EINVAL;
		rho_instance_free(inst);
	}
	return code < 0 ? 16 - code : code;
}

static void show(void *arg)
{
	struct work *w = arg;
	uint64_t done = __atomic_load_n(&w->page->done, __ATOMIC_RELAXED);
	if (done)
		rho_progress_rows(&w->progress, "judging", done, (uint64_t)w->n * w->rows);
}

/* What a code of the child is to whoever started the command. */
static int status_of(int code)
{
	int error = 16 - code;
	return error == RHO_EINVAL || error == RHO_EIO || error == RHO_EFORMAT || error == RHO_ENOSUP ? 2 : 1;
}

static void blame(const struct work *w, int signal)
{
	struct rho_buf text = { 0 };
	rho_blame(&text, signal, &w->page->call);
	fprintf(stderr, "%s: %s, of a batch that begins at line %llu\n", w->command, text.at,
	        (unsigned long long)w->page->call.step);
	if (signal != SIGKILL)
		fprintf(stderr, "  the plugin is at fault; `rho plugin check verifier NAME` tries it out\n");
	rho_buf_free(&text);
}

static int apart(struct work *w, bool quiet)
{
	struct rho_buf answer = { 0 };
	sigset_t before;
	int fd, code, stopped;
	w->page = rho_page_new(&fd, &answer);
	if (!w->page) {
		fprintf(stderr, "%s: %s\n", w->command, answer.at);
		rho_buf_free(&answer);
		return 1;
	}
	rho_progress_init(&w->progress, quiet);
	rho_signals_hold(&before);
	code = rho_in_child(child, w, &before, show, w, &answer);
	stopped = rho_signals_peek();
	if (!stopped) /* else it would end this process before a word is said */
		sigprocmask(SIG_SETMASK, &before, NULL);
	rho_progress_clear(&w->progress);
	if (stopped) {
		code = 130;
	} else if (code < 0) {
		blame(w, -code);
		code = 1;
	} else if (code) {
		fprintf(stderr, "%s: %s\n", w->command, answer.len ? answer.at : "failed without a word");
		code = status_of(code);
	}
	rho_page_free(w->page, fd);
	rho_buf_free(&answer);
	return code;
}

int rho_verify_run(const char *command, struct rho_registry *registry, struct rho_verify_judge *judge,
                   size_t n, const struct rho_verify_rows *rows, unsigned threads, int log_level, bool quiet)
{
	struct work w = { .command = command,
		          .registry = registry,
		          .judge = judge,
		          .n = n,
		          .rows = rows->n,
		          .row = rows->at,
		          .threads = threads,
		          .log_level = log_level };
	for (size_t i = 0; i < n; i++) {
		void *at = mmap(NULL, rows->n * sizeof *judge->verdict, PROT_READ | PROT_WRITE,
		                MAP_SHARED | MAP_ANONYMOUS, -1, 0);
		if (at == MAP_FAILED) {
			fprintf(stderr, "%s: no memory for %zu verdicts: %s\n", command, rows->n,
			        strerror(errno));
			return 1;
		}
		judge[i].verdict = at;
	}
	return apart(&w, quiet);
}

void rho_verify_judge_free(struct rho_verify_judge *judge, size_t n, size_t rows)
{
	for (size_t i = 0; i < n; i++) {
		if (judge[i].verdict)
			munmap(judge[i].verdict, rows * sizeof *judge[i].verdict);
		rho_role_free(&judge[i].role);
	}
}
