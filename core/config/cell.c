/* cell.c: one cell as a file of its own, cell.toml: written from the plan, read by the process
 * that runs the cell. Both ends are here, so that they cannot drift. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../score/codes.h"
#include "experiment.h"

static void put_string(struct rho_buf *out, const char *key, const char *s)
{
	struct rho_toml t = { .type = RHO_TOML_STRING, .str = (char *)(uintptr_t)s, .str_len = strlen(s) };
	rho_buf_printf(out, "%s = ", key);
	rho_toml_print(&t, out);
	rho_buf_str(out, "\n");
}

static void put_number(struct rho_buf *out, const char *key, double f)
{
	struct rho_toml t = { .type = RHO_TOML_FLOAT, .f = f };
	rho_buf_printf(out, "%s = ", key);
	rho_toml_print(&t, out);
	rho_buf_str(out, "\n");
}

static void put_role(struct rho_registry *reg, const char *header, const struct rho_role *role,
                     struct rho_buf *out)
{
	if (!role->module)
		return;
	rho_buf_printf(out, "\n%s  # version %s\n", header, role->module->plugin.version);
	rho_params_canonical(reg, role->module, role->table, false, out);
}

void rho_plan_cell_toml(struct rho_registry *reg, const struct rho_plan *plan, size_t cell,
                        struct rho_buf *out)
{
	const struct rho_plan_cell *c = &plan->cell[cell];
	const struct rho_arm *arm = &plan->arm[c->arm];
	const struct rho_run *run = &plan->run;
	char header[32];
	rho_buf_str(out, "# One cell, every parameter written out. Made by rho " RHO_VERSION
	                 "; not to be edited.\n"
	                 "rho = 1\n\n[run]\n");
	put_string(out, "experiment", plan->name);
	put_string(out, "arm", arm->name);
	put_string(out, "id", c->id);
	rho_buf_printf(out,
	               "seed = %" PRIu64 "\nsteps = %" PRIu64 "\nlanes = %" PRIu64 "\nevery = %" PRIu64 "\n",
	               c->seed, run->steps, run->lanes, run->every);
	put_string(out, "log", rho_log_kinds[run->log]);
	put_number(out, "checkpoint", run->checkpoint);
	put_number(out, "deadline", run->deadline);
	rho_buf_printf(out, "memory = %" PRIu64 "\nthreads = %" PRIu64 "\n", run->memory, run->threads);
	put_string(out, "scan", rho_code_names[run->scan]);
	for (uint32_t kind = RHO_DATASET; kind < RHO_N_ROLES; kind++) {
		snprintf(header, sizeof header, "[%s]", rho_kind_name(kind));
		put_role(reg, header, &arm->role[kind], out);
	}
	for (size_t i = 0; i < arm->n_evals; i++)
		rho_eval_print(reg, &arm->eval[i], out);
	for (size_t i = 0; i < plan->n_reports; i++)
		put_role(reg, "[[report]]", &plan->report[i], out);
}

/* The id that this cell's parameters and the plugins of today give. */
static void check_id(struct rho_registry *reg, const struct rho_cell_spec *spec, const char *wanted,
                     struct rho_where where, struct rho_diags *d)
{
	struct rho_buf identity = { 0 };
	char id[17];
	rho_run_identity(&spec->run, &identity);
	for (uint32_t kind = RHO_DATASET; kind < RHO_N_ROLES; kind++) {
		char *text = spec->role[kind].module ? rho_role_identity(reg, kind, &spec->role[kind]) : NULL;
		if (text)
			rho_buf_str(&identity, text);
		free(text);
	}
	for (size_t i = 0; i < spec->n_evals; i++) {
		struct rho_eval *e = &spec->eval[i];
		char *env = e->env.module ? rho_role_identity(reg, RHO_ENV, &e->env) : NULL;
		char *sampler = e->sampler.module ? rho_role_identity(reg, RHO_SAMPLER, &e->sampler) : NULL;
		rho_eval_identity(e, env, sampler, &identity);
		free(env);
		free(sampler);
	}
	rho_cell_id(identity.at, spec->seed, id);
	rho_buf_free(&identity);
	if (strcmp(id, wanted))
		rho_diag(d, where,
		         "this cell was planned as %s, but its parameters and the plugins found now make "
		         "it %s: a plugin has another version, or the file was edited.\n"
		         "Run rho run on the experiment again; it plans the cell anew",
		         wanted, id);
}

static void read_evals(struct rho_registry *reg, const struct rho_toml *root, struct rho_cell_spec *spec,
                       const struct rho_run *run, struct rho_diags *d)
{
	struct rho_eval_table *t = rho_evals_read(root, run, &spec->n_evals, d);
	spec->eval = rho_xcalloc(spec->n_evals, sizeof *spec->eval);
	for (size_t i = 0; i < spec->n_evals; i++) {
		struct rho_eval *e = &spec->eval[i];
		*e = t[i].eval;
		rho_eval_role_read(reg, RHO_ENV, &t[i], rho_toml_get(root, "env"), &e->env, d);
		rho_eval_role_read(reg, RHO_SAMPLER, &t[i], rho_toml_get(root, "sampler"), &e->sampler, d);
		t[i].eval.name = NULL;
	}
	rho_eval_tables_free(t, spec->n_evals);
}

static void read_spec(struct rho_registry *reg, const struct rho_toml *root, struct rho_cell_spec *spec,
                      struct rho_diags *d)
{
	static const char *const top[] = { "rho", "run",   "dataset", "encoder", "sampler",
		                           "env", "agent", "report",  "eval" };
	struct rho_where whole = { .file = spec->file };
	struct rho_run_table run;
	rho_top_check(root, spec->file, top, sizeof top / sizeof *top, d);
	rho_run_table_read(root, true, whole, &run, d);
	for (uint32_t kind = RHO_DATASET; kind <= RHO_AGENT; kind++) {
		const struct rho_toml *table = rho_toml_get(root, rho_kind_name(kind));
		if (table)
			rho_role_read(reg, kind, rho_kind_name(kind), table, table->where, &spec->role[kind],
			              d);
		else if (kind == RHO_ENV || kind == RHO_AGENT)
			rho_diag(d, whole, "there is no [%s]; a cell needs one", rho_kind_name(kind));
	}
	rho_reports_read(reg, root, &spec->report, &spec->n_reports, d);
	read_evals(reg, root, spec, &run.run, d);
	spec->run = run.run;
	spec->seed = run.seed;
	spec->experiment = run.name;
	spec->arm = run.arm;
	run.name = run.arm = NULL;
	if (!rho_diags_errors(d)) {
		check_id(reg, spec, run.id, rho_toml_get(rho_toml_get(root, "run"), "id")->where, d);
		snprintf(spec->id, sizeof spec->id, "%s", run.id);
	}
	rho_run_table_free(&run);
}

struct rho_cell_spec *rho_cell_spec_read(struct rho_registry *reg, const char *cell_toml, struct rho_diags *d)
{
	struct rho_cell_spec *spec = rho_xcalloc(1, sizeof *spec);
	spec->file = rho_xstrdup(cell_toml);
	struct rho_toml *root = rho_toml_read(spec->file, d);
	if (root)
		read_spec(reg, root, spec, d);
	rho_toml_free(root);
	if (rho_diags_errors(d)) {
		rho_cell_spec_free(spec);
		return NULL;
	}
	return spec;
}

void rho_cell_spec_free(struct rho_cell_spec *spec)
{
	if (!spec)
		return;
	for (size_t i = 0; i < RHO_N_ROLES; i++)
		rho_role_free(&spec->role[i]);
	for (size_t i = 0; i < spec->n_reports; i++)
		rho_role_free(&spec->report[i]);
	free(spec->report);
	for (size_t i = 0; i < spec->n_evals; i++)
		rho_eval_free(&spec->eval[i]);
	free(spec->eval);
	free(spec->experiment);
	free(spec->arm);
	free(spec->file);
	free(spec);
}
