/* eval.c: [eval.NAME], from the file to what a cell does: its mistakes, its part of an identity and of a
 * cell.toml, and when it is due. */
#include "eval.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "experiment.h"

static char *label_of(const struct rho_toml *t) { return rho_xprintf("eval.%s", t->key); }

/* Metrics are called NAME.metric, and a plugin's that is called as another's is called KIND.metric. */
static void check_name(const struct rho_toml *t, struct rho_diags *d)
{
	if (!rho_arm_name_valid(t->key))
		rho_diag(d, t->key_where,
		         "eval.%s: the name of an evaluation is made of letters, digits and . _ + -, at most "
		         "64",
		         t->key);
	else if (rho_kind_from_name(t->key))
		rho_diag(
			d, t->key_where,
			"eval.%s: metrics are called NAME.metric, and %s.metric is already another; give the "
			"evaluation another name",
			t->key, t->key);
}

static void read_one(const struct rho_toml *t, const struct rho_run *run, struct rho_eval_table *out,
                     struct rho_diags *d)
{
	char *label = label_of(t);
	check_name(t, d);
	if (t->type == RHO_TOML_TABLE)
		rho_eval_table_read(t, label, out, d);
	else
		rho_diag(d, t->where, "%s is %s; a table such as { episodes = 100 } is wanted", label,
		         rho_toml_type_name(t->type));
	if (!out->eval.lanes)
		out->eval.lanes = run->lanes;
	out->eval.name = rho_xstrdup(t->key);
	free(label);
}

struct rho_eval_table *rho_evals_read(const struct rho_toml *root, const struct rho_run *run, size_t *n,
                                      struct rho_diags *d)
{
	const struct rho_toml *all = rho_toml_get(root, "eval");
	struct rho_eval_table *list;
	*n = 0;
	if (!all)
		return NULL;
	if (all->type != RHO_TOML_TABLE) {
		rho_diag(d, all->where, "eval is %s; there may be several evaluations, so write [eval.NAME]",
		         rho_toml_type_name(all->type));
		return NULL;
	}
	if (all->n > RHO_EVALS_MOST) {
		rho_diag(d, all->where, "eval holds %zu evaluations; at most %d are possible", all->n,
		         RHO_EVALS_MOST);
		return NULL;
	}
	list = rho_xcalloc(all->n, sizeof *list);
	for (const struct rho_toml *t = all->child; t; t = t->next)
		read_one(t, run, &list[(*n)++], d);
	return list;
}

void rho_eval_tables_free(struct rho_eval_table *t, size_t n)
{
	for (size_t i = 0; i < n; i++)
		rho_eval_free(&t[i].eval);
	free(t);
}

bool rho_eval_role_read(struct rho_registry *reg, uint32_t kind, const struct rho_eval_table *t,
                        const struct rho_toml *base, struct rho_role *role, struct rho_diags *d)
{
	const struct rho_toml *patch = kind == RHO_ENV ? t->env : t->sampler;
	struct rho_toml *merged;
	struct rho_diags *own;
	char *label;
	bool sound;
	*role = (struct rho_role){ 0 };
	if (!patch)
		return true;
	own = rho_diags_new();
	label = rho_xprintf("eval.%s.%s", t->eval.name, rho_kind_name(kind));
	merged = rho_toml_merge(base, patch);
	merged->where = patch->where;
	sound = rho_role_read(reg, kind, label, merged, patch->where, role, own);
	rho_diags_take(d, own);
	rho_toml_free(merged);
	free(label);
	return sound;
}

void rho_eval_free(struct rho_eval *e)
{
	free(e->name);
	rho_role_free(&e->env);
	rho_role_free(&e->sampler);
	*e = (struct rho_eval){ 0 };
}

/* ---- as text ---- */

static const char *word(bool b) { return b ? "true" : "false"; }

static void put_settings(const struct rho_eval *e, struct rho_buf *out)
{
	struct rho_toml name = { .type = RHO_TOML_STRING, .str = e->name, .str_len = strlen(e->name) };
	rho_buf_str(out, "[eval.");
	rho_toml_print(&name, out);
	rho_buf_printf(out,
	               "]\nevery = %" PRIu64 "\nepisodes = %" PRIu64 "\nlanes = %" PRIu64
	               "\nfirst = %s\ngreedy = %s\nlog = %s\n",
	               e->every, e->episodes, e->lanes, word(e->first), word(e->greedy), word(e->log));
}

void rho_eval_identity(const struct rho_eval *e, const char *env, const char *sampler, struct rho_buf *out)
{
	put_settings(e, out);
	if (env)
		rho_buf_str(out, env);
	if (sampler)
		rho_buf_str(out, sampler);
}

void rho_eval_print(struct rho_registry *reg, const struct rho_eval *e, struct rho_buf *out)
{
	const struct rho_role *const role[] = { &e->env, &e->sampler };
	struct rho_toml name = { .type = RHO_TOML_STRING, .str = e->name, .str_len = strlen(e->name) };
	rho_buf_str(out, "\n");
	put_settings(e, out);
	for (size_t i = 0; i < 2; i++) {
		if (!role[i]->module)
			continue;
		rho_buf_str(out, "[eval.");
		rho_toml_print(&name, out);
		rho_buf_printf(out, ".%s]  # version %s\n", i ? "sampler" : "env",
		               role[i]->module->plugin.version);
		rho_params_canonical(reg, role[i]->module, role[i]->table, false, out);
	}
}

/* ---- when ---- */

bool rho_eval_due(const struct rho_eval *e, const struct rho_run *run, uint64_t step)
{
	if (step == 0)
		return e->first;
	if (step >= run->steps)
		return true;
	/* the last batch, of as many decisions as there are lanes, reached or passed a multiple of `every` */
	return e->every && step / e->every > (step - run->lanes) / e->every;
}

uint64_t rho_eval_times(const struct rho_eval *e, const struct rho_run *run)
{
	uint64_t n = e->first;
	if (!e->every || e->every >= run->steps)
		return n + 1;
	if (e->every <= run->lanes)
		return n + run->steps / run->lanes;
	/* each multiple of `every` has a batch of its own; the last may be before the end */
	uint64_t multiples = run->steps / e->every, last = multiples * e->every;
	uint64_t reached = (last + run->lanes - 1) / run->lanes * run->lanes;
	return n + multiples + (reached < run->steps);
}
