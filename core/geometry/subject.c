/* subject.c: the list of what is to be measured: opened, looked over, let go. */
#include "subject.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../run/prepare.h"
#include "../run/workers.h"
#include "moments.h"

struct rho_subject *rho_subjects_add(struct rho_subjects *s, char *name)
{
	struct rho_subject *one;
	s->at = rho_xrealloc(s->at, (s->n + 1) * sizeof *s->at);
	one = &s->at[s->n++];
	*one = (struct rho_subject){ .name = name };
	return one;
}

void rho_subjects_add_file(struct rho_subjects *s, const char *word)
{
	const char *equals = strchr(word, '='), *slash = strrchr(word, '/');
	if (equals && equals > word && equals[1] && !memchr(word, '/', (size_t)(equals - word))) {
		rho_subjects_add(s, rho_xprintf("%.*s", (int)(equals - word), word))->file = equals + 1;
	} else {
		const char *stem = slash ? slash + 1 : word, *dot = strrchr(stem, '.');
		int len = (int)(dot && dot > stem ? (size_t)(dot - stem) : strlen(stem));
		rho_subjects_add(s, rho_xprintf("%.*s", len, stem))->file = word;
	}
}

/* ---- experiment files ---- */

/* The arms of a kind, or the base as the only one. */
static const struct rho_variant *variants(const struct rho_experiment *x, uint32_t kind, size_t *n)
{
	for (size_t i = 0; i < x->n_axes; i++)
		if (x->axis[i].kind == kind) {
			*n = x->axis[i].n;
			return x->axis[i].arm;
		}
	*n = 1;
	return &x->base[kind];
}

void rho_subjects_add_experiment(struct rho_subjects *s, struct rho_registry *reg, const char *path,
                                 const char *const *set, size_t n_set, struct rho_diags *d)
{
	struct rho_experiment *x = rho_experiment_read_features(reg, path, set, n_set, d);
	size_t n_data, n_encoders;
	if (!x)
		return;
	s->read = rho_xrealloc(s->read, (s->n_read + 1) * sizeof(struct rho_experiment *));
	s->read[s->n_read++] = x;
	if (rho_diags_errors(d))
		return;
	const struct rho_variant *data = variants(x, RHO_DATASET, &n_data),
				 *encoder = variants(x, RHO_ENCODER, &n_encoders);
	if (!data[0].role.module) {
		rho_diag(d, (struct rho_where){ .file = x->kept[0] },
		         "there is no [dataset]; what is measured are the actions of one");
		return;
	}
	for (size_t i = 0; i < n_data; i++)
		for (size_t j = 0; j < n_encoders; j++) {
			const struct rho_module *m =
				encoder[j].role.module ? encoder[j].role.module : data[i].role.module;
			const char *own = encoder[j].name ? encoder[j].name : m->plugin.name;
			char *name = data[i].name && encoder[j].name
			                     ? rho_xprintf("%s/%s", data[i].name, own)
			                     : rho_xstrdup(data[i].name ? data[i].name : own);
			struct rho_subject *one = rho_subjects_add(s, name);
			one->role[RHO_DATASET] = data[i].role;
			one->role[RHO_ENCODER] = encoder[j].role;
		}
}

/* ---- opening ---- */

/* Fills the store. 0 or the exit status. */
static int prepare(struct rho_subjects *s, const struct rho_opening *o)
{
	struct rho_plan plan = { .arm = rho_xcalloc(s->n, sizeof *plan.arm) };
	struct rho_diags *diags = rho_diags_new();
	struct rho_progress progress;
	struct rho_buf why = { 0 };
	bool *needed = rho_xcalloc(s->n, sizeof *needed);
	sigset_t before;
	int n, stopped;
	for (size_t i = 0; i < s->n; i++) {
		if (s->at[i].file)
			continue;
		plan.arm[plan.n_arms].name = s->at[i].name;
		memcpy(plan.arm[plan.n_arms].role, s->at[i].role, sizeof s->at[i].role);
		needed[plan.n_arms++] = true;
	}
	rho_progress_init(&progress, o->quiet);
	rho_signals_hold(&before);
	n = rho_prepare_store(&(struct rho_preparation){ .registry = o->registry,
	                                                 .plan = &plan,
	                                                 .needed = needed,
	                                                 .store_dir = o->store_dir,
	                                                 .actions_only = !o->contexts,
	                                                 .threads = o->threads,
	                                                 .before = &before,
	                                                 .progress = &progress,
	                                                 .diags = diags },
	                      &why);
	rho_progress_clear(&progress);
	stopped = rho_signals_peek();
	if (stopped)
		fputs("stopped; what was encoded whole is kept for the next time\n", stderr);
	else
		sigprocmask(SIG_SETMASK, &before, NULL);
	rho_diags_print(diags, stderr);
	if (n < 0)
		fprintf(stderr, "%s: %s\n", o->command, why.at);
	rho_diags_free(diags);
	rho_buf_free(&why);
	free(needed);
	free(plan.arm);
	return stopped ? 130 : n > 0 ? 2 : n < 0 ? 1 : 0;
}

/* Maps what `prepare` stored. */
static int open_stage(struct rho_subject *one, const struct rho_opening *o, struct rho_buf *why)
{
	struct rho_world world = { .registry = o->registry, .threads = o->threads, .log_level = RHO_WARN };
	struct rho_store *store = rho_store_open(o->store_dir, why);
	int fault;
	if (!store)
		return 1;
	fault = rho_stage_features(&one->stage, &world, one->role, store, !o->contexts, why);
	rho_store_close(store);
	if (fault)
		return fault == RHO_N_ROLES ? 1 : 2;
	one->rows = one->stage.action_emb.map ? one->stage.action_emb.mat : one->stage.action_own;
	if (one->rows.at)
		return 0;
	rho_buf_printf(
		why,
		"dataset %s has no column `features` of its actions, and there is no encoder for their text",
		one->role[RHO_DATASET].module->plugin.name);
	return 2;
}

/* Whether every row is a multiple, above 0, of the first that is not 0. Stops at the first that is not. */
static bool one_way(const struct rho_mat *m)
{
	const float *first = NULL;
	double length = 0;
	for (size_t i = 0; i < m->rows; i++) {
		const float *row = m->at + i * m->stride;
		double own = 0, product = 0;
		for (size_t j = 0; j < m->cols; j++) {
			own += (double)row[j] * (double)row[j];
			product += first ? (double)row[j] * (double)first[j] : 0;
		}
		if (own > 0 && first && product < (1 - 1e-9) * sqrt(own * length))
			return false;
		if (own > 0 && !first) {
			if (i)
				return false; /* zeros before it: two places at least */
			first = row;
			length = own;
		} else if (!(own > 0) && first) {
			return false;
		}
	}
	return true;
}

static int look_over(const struct rho_subject *one, bool any_shape, struct rho_buf *why)
{
	const struct rho_mat *m = &one->rows;
	size_t row, col;
	if (any_shape ? !m->rows || !m->cols : m->rows < 2 || m->cols < 2)
		rho_buf_printf(why,
		               any_shape ? "it is %zu by %zu: there is nothing in it"
		                         : "it is %zu by %zu; at least two rows of at least two numbers have "
		                           "a geometry",
		               m->rows, m->cols);
	else if (!rho_rows_finite(m, &row, &col))
		rho_buf_printf(why, "row %zu, column %zu (from 0) is not a finite number", row, col);
	else if (!any_shape && one_way(m))
		rho_buf_printf(why,
		               "all %zu rows point the same way, or nowhere: there is no distance to measure",
		               m->rows);
	return why->len ? 2 : 0;
}

static int open_one(struct rho_subject *one, const struct rho_opening *o)
{
	struct rho_buf why = { 0 };
	const char *lead = one->file ? one->file : one->name;
	int status = 0;
	if (one->file && rho_npy_map(one->file, &one->rows, &one->map, &one->map_len, &why)) {
		one->map = NULL;
		status = 2;
		lead = o->command; /* the file is named */
	} else if (!one->file) {
		status = open_stage(one, o, &why);
	}
	if (!status)
		status = look_over(one, o->any_shape, &why);
	if (status)
		fprintf(stderr, "%s: %s\n", lead, why.at);
	rho_buf_free(&why);
	return status;
}

static int check_names(const struct rho_subjects *s, const char *command)
{
	int status = 0;
	for (size_t i = 0; i < s->n; i++)
		for (size_t j = 0; j < i; j++)
			if (!strcmp(s->at[i].name, s->at[j].name)) {
				fprintf(stderr,
				        "%s: two are named %s; give a file a name of its own: "
				        "NAME=%s\n",
				        command, s->at[i].name, s->at[i].file ? s->at[i].file : "FILE.npy");
				status = 2;
			}
	return status;
}

int rho_subjects_open(struct rho_subjects *s, const struct rho_opening *o)
{
	int status = check_names(s, o->command);
	bool encoded = false;
	for (size_t i = 0; i < s->n; i++)
		encoded |= !s->at[i].file;
	if (!status && encoded)
		status = prepare(s, o);
	if (status)
		return status;
	for (size_t i = 0; i < s->n; i++) {
		int own = open_one(&s->at[i], o);
		status = own > status ? own : status;
	}
	return status;
}

void rho_subjects_free(struct rho_subjects *s)
{
	for (size_t i = 0; i < s->n; i++) {
		struct rho_subject *one = &s->at[i];
		rho_geometry_free(&one->g);
		rho_stage_close(&one->stage);
		if (one->map)
			munmap(one->map, one->map_len);
		free(one->reward);
		free(one->name);
	}
	free(s->at);
	for (size_t i = 0; i < s->n_read; i++)
		rho_experiment_free(s->read[i]);
	free(s->read);
	*s = (struct rho_subjects){ 0 };
}
