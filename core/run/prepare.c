/* prepare.c: filling the store, and rehearsing every arm, before any cell. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "eval.h"
#include "prepare.h"
#include "workers.h"

struct attempt { /* one arm, in a child */
	const struct rho_preparation *p;
	const struct rho_arm *arm;
	struct rho_cell_page *page;
	const char *what;
	bool rehearse;
};

struct said {
	char **text;
	size_t n;
}; /* mistakes already reported: arms share roles */

static void on_progress(void *arg, const struct rho_ctx *ctx, double done)
{
	struct rho_cell_page *page = arg;
	__atomic_store(&page->progress, &done, __ATOMIC_RELAXED);
}

static void show(void *arg)
{
	struct attempt *a = arg;
	double done;
	__atomic_load(&a->page->progress, &done, __ATOMIC_RELAXED);
	rho_progress_step(a->p->progress, a->what, done);
}

static int rehearse_evals(const struct attempt *a, const struct rho_world *world, struct rho_stage *stage,
                          struct rho_store *store, struct rho_buf *out)
{
	struct rho_cell_spec spec = { .run = a->p->plan->run,
		                      .eval = a->arm->eval,
		                      .n_evals = a->arm->n_evals };
	memcpy(spec.role, a->arm->role, sizeof spec.role);
	return rho_evals_rehearse(&spec, world, stage, store, out);
}

/* In the child: 0, or the kind of the role at fault, with its sentence in out. */
static int attempt(void *arg, struct rho_buf *out)
{
	const struct attempt *a = arg;
	const struct rho_preparation *p = a->p;
	struct rho_world world = {
		.registry = p->registry,
		.seed = p->plan->n_seeds ? p->plan->seeds[0] : 0,
		.memory = (size_t)p->plan->run.memory,
		.threads = a->rehearse ? 1 : p->threads,
		.log_level = a->rehearse ? RHO_WARN : RHO_INFO,
		.last_call = &a->page->call,
		.progress = on_progress,
		.arg = a->page,
	};
	struct rho_stage stage;
	int fault;
	struct rho_store *store = rho_store_open(p->store_dir, out);
	if (!store)
		return RHO_N_ROLES;
	if (!a->rehearse)
		return rho_stage_features(&stage, &world, a->arm->role, store, p->actions_only, out);
	fault = rho_stage_open(&stage, &world, a->arm->role, &p->plan->run, store, NULL, out);
	if (!fault)
		fault = rehearse_evals(a, &world, &stage, store, out);
	if (!fault && stage.sampled.law == RHO_LAW_ALL && stage.actions.mat && !stage.env_spec.action_mat)
		a->page->scanned = stage.actions.n * stage.actions.mat->cols * sizeof *stage.actions.mat->at;
	return fault;
}

/* The kind of the instance that was being called, "agent ppo". */
static uint32_t kind_of(const struct rho_last_call *call)
{
	char word[16];
	size_t n = strcspn(call->instance, " ");
	if (!n || n >= sizeof word)
		return 0;
	memcpy(word, call->instance, n);
	word[n] = 0;
	return rho_kind_from_name(word);
}

/* A mistake at the place of the role, once. */
static int report(const struct attempt *a, uint32_t kind, const char *text, struct said *said)
{
	const struct rho_role *role =
		kind < RHO_N_ROLES && a->arm->role[kind].module ? &a->arm->role[kind] : NULL;
	struct rho_where where = role ? role->where : (struct rho_where){ .file = a->p->plan->file };
	char *key = rho_xprintf("%s:%d:%d %s", where.file ? where.file : "", where.line, where.col, text);
	for (size_t i = 0; i < said->n; i++)
		if (!strcmp(said->text[i], key)) {
			free(key);
			return 0;
		}
	said->text = rho_xrealloc(said->text, (said->n + 1) * sizeof *said->text);
	said->text[said->n++] = key;
	rho_diag(a->p->diags, where, "%s", text);
	return 1;
}

/* One arm in a child. The number of new mistakes, or -1 with why. */
static int try(struct attempt *a, struct said *said, struct rho_buf *why)
{
	struct rho_buf text = { 0 };
	int fd, code, n = 0;
	a->page = rho_page_new(&fd, why);
	if (!a->page)
		return -1;
	code = rho_in_child(attempt, a, a->p->before, a->rehearse ? NULL : show, a, &text);
	if (rho_signals_peek()) {
		n = 0; /* it did not end by itself */
	} else if (code < 0) {
		uint32_t kind = kind_of(&a->page->call);
		rho_buf_clear(&text);
		rho_blame(&text, -code, &a->page->call);
		if (kind && kind < RHO_N_ROLES && a->arm->role[kind].module && code != -SIGKILL)
			rho_buf_printf(&text,
			               "\nthe plugin is at fault; `rho plugin check %s %s` tries it out",
			               rho_kind_name(kind), a->arm->role[kind].module->plugin.name);
		n = report(a, kind ? kind : RHO_N_ROLES, text.at, said);
	} else if (code == RHO_N_ROLES) {
		rho_buf_str(why, text.at ? text.at : "the store cannot be used");
		n = -1;
	} else if (code) {
		n = report(a, (uint32_t)code, text.at ? text.at : "failed without a word", said);
	} else if (a->rehearse && a->p->scanned) {
		a->p->scanned[a->arm - a->p->plan->arm] = a->page->scanned;
	}
	rho_page_free(a->page, fd);
	rho_buf_free(&text);
	return n;
}

static void forget(struct said *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->text[i]);
	free(s->text);
}

/* Dataset and encoder of an arm as one text: what is equal is prepared once. */
static char *features_of(const struct rho_preparation *p, const struct rho_arm *arm)
{
	struct rho_buf b = { 0 };
	for (uint32_t kind = RHO_DATASET; kind <= RHO_ENCODER; kind++)
		if (arm->role[kind].module)
			rho_params_canonical(p->registry, arm->role[kind].module, arm->role[kind].table, true,
			                     &b);
	rho_buf_str(&b, "");
	return b.at;
}

static char *describe(const struct rho_arm *arm)
{
	const struct rho_module *d = arm->role[RHO_DATASET].module, *e = arm->role[RHO_ENCODER].module;
	return e ? rho_xprintf("encoding %s with %s", d ? d->plugin.name : "nothing", e->plugin.name)
	         : rho_xprintf("reading dataset %s", d->plugin.name);
}

int rho_prepare_store(const struct rho_preparation *p, struct rho_buf *why)
{
	struct said said = { 0 }, seen = { 0 };
	int mistakes = 0, n = 0;
	for (size_t i = 0; i < p->plan->n_arms && n >= 0 && !rho_signals_peek(); i++) {
		const struct rho_arm *arm = &p->plan->arm[i];
		struct attempt a = { .p = p, .arm = arm };
		char *key, *what;
		bool known = false;
		if (!p->needed[i] || (!arm->role[RHO_DATASET].module && !arm->role[RHO_ENCODER].module))
			continue;
		key = features_of(p, arm);
		for (size_t k = 0; k < seen.n && !known; k++)
			known = !strcmp(seen.text[k], key);
		seen.text = rho_xrealloc(seen.text, (seen.n + 1) * sizeof *seen.text);
		seen.text[seen.n++] = key;
		if (known)
			continue;
		a.what = what = describe(arm);
		n = try(&a, &said, why);
		free(what);
		mistakes += n;
	}
	forget(&said);
	forget(&seen);
	return n < 0 ? -1 : mistakes;
}

int rho_prepare_rehearse(const struct rho_preparation *p, struct rho_buf *why)
{
	struct said said = { 0 };
	int mistakes = 0, n = 0;
	for (size_t i = 0; i < p->plan->n_arms && n >= 0 && !rho_signals_peek(); i++) {
		struct attempt a = { .p = p, .arm = &p->plan->arm[i], .rehearse = true };
		if (!p->needed[i])
			continue;
		n = try(&a, &said, why);
		mistakes += n;
	}
	forget(&said);
	return n < 0 ? -1 : mistakes;
}
