/* experiment.c: the tables of an experiment file, one after the other: what the top level holds,
 * the base's roles, the arms of each axis, the reporters. Mistakes are told and reading goes on,
 * so that all of a file's mistakes come in one go. */
#include "experiment.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../base/digest.h"
#include "../base/file.h"

enum { LONGEST_FILE = 16 << 20, LONGEST_NAME = 64 };

static const uint32_t arm_kinds[] = { RHO_DATASET, RHO_ENCODER, RHO_SAMPLER, RHO_ENV, RHO_AGENT };
enum { N_ARM_KINDS = sizeof arm_kinds / sizeof *arm_kinds };

static const char *const top_keys[] = { "rho",   "run",  "dataset", "encoder", "sampler", "env",
	                                "agent", "arms", "compare", "report",  "eval" };

void rho_role_free(struct rho_role *r)
{
	rho_toml_free(r->table);
	*r = (struct rho_role){ 0 };
}

struct rho_role rho_role_copy(const struct rho_role *r)
{
	struct rho_role c = *r;
	c.table = rho_toml_copy(r->table);
	return c;
}

/* What to write for a table without `use`. */
static void missing_use(struct rho_registry *reg, uint32_t kind, const char *label, struct rho_where where,
                        struct rho_diags *d)
{
	char **names;
	size_t n = rho_registry_names(reg, kind, &names);
	struct rho_buf b = { 0 };
	for (size_t i = 0; i < n && i < 12; i++)
		rho_buf_printf(&b, "%s%s", i ? ", " : "", names[i]);
	rho_diag(d, where, "%s.use is missing: the name of the %s plugin%s%s%s", label, rho_kind_name(kind),
	         n ? "; there are " : "; there are none in the folders searched, see rho plugin list",
	         n ? b.at : "", n > 12 ? " …" : "");
	rho_buf_free(&b);
	rho_names_free(names, n);
}

/* Two plugins of one name are not an error, since the order of the folders says which is meant; but who
 * meant the other would never know. */
static void warn_rival(struct rho_registry *reg, const struct rho_module *m, const char *label,
                       struct rho_where where, struct rho_diags *d)
{
	char *rival = rho_registry_rival(reg, m->plugin.kind, m->plugin.name);
	if (rival)
		rho_warn(d, where,
		         "%s.use = \"%s\": %s is used, and %s, which is another, is not; rename one of "
		         "them, or take its folder out of --plugins and RHO_PLUGIN_PATH",
		         label, m->plugin.name, m->path, rival);
	free(rival);
}

bool rho_role_read(struct rho_registry *reg, uint32_t kind, const char *label, const struct rho_toml *table,
                   struct rho_where where, struct rho_role *role, struct rho_diags *d)
{
	const struct rho_toml *use = rho_toml_get(table, "use");
	struct rho_buf why = { 0 };
	*role = (struct rho_role){ .where = use ? use->where : table->where };
	if (table->type != RHO_TOML_TABLE) {
		rho_diag(d, table->where, "%s is %s; a table with the key use is wanted", label,
		         rho_toml_type_name(table->type));
		return false;
	}
	if (!use) {
		missing_use(reg, kind, label, where, d);
		return false;
	}
	if (use->type != RHO_TOML_STRING) {
		rho_diag(d, use->where, "%s.use is %s; the name of a plugin, a string, is wanted", label,
		         rho_toml_type_name(use->type));
		return false;
	}
	const struct rho_module *module = rho_module_get(reg, kind, use->str, &why);
	if (!module)
		rho_diag(d, use->where, "%s.use = \"%s\": %s", label, use->str, why.at);
	rho_buf_free(&why);
	if (!module || rho_params_check(reg, module, label, table, d))
		return false;
	warn_rival(reg, module, label, use->where, d);
	role->module = module;
	role->table = rho_toml_copy(table);
	return true;
}

void rho_top_check(const struct rho_toml *root, const char *file, const char *const *keys, size_t n,
                   struct rho_diags *d)
{
	const struct rho_toml *format = rho_toml_get(root, "rho");
	if (!format)
		rho_diag(d, (struct rho_where){ file, 1, 1 },
		         "the format is missing; the first line is to be: rho = 1");
	else if (format->type != RHO_TOML_INTEGER || format->i != 1) {
		char *quoted = rho_quote_value("", format);
		rho_diag(d, format->where, "%s is a format this rho does not know; it reads rho = 1", quoted);
		free(quoted);
	}
	for (const struct rho_toml *t = root->child; t; t = t->next) {
		size_t i = 0;
		while (i < n && strcmp(keys[i], t->key))
			i++;
		if (i < n)
			continue;
		if (!strcmp(t->key, rho_kind_name(RHO_VERIFIER)))
			rho_diag(d, t->key_where,
			         "verifier: a verifier has no table of its own; it is a parameter of the "
			         "env that asks it: [env.verifier]");
		else
			rho_unknown_key(d, t, "", keys, n);
	}
}

/* The parts inside a plugin, by key, each with its version: a new version is a new identity. */
static void part_versions(struct rho_registry *reg, const struct rho_module *m, const struct rho_toml *table,
                          struct rho_buf *out)
{
	for (size_t i = 0; i < m->n_params; i++) {
		const struct rho_param *p = &m->params[i];
		const struct rho_toml *part = p->type == RHO_T_PART ? rho_toml_get(table, p->name) : NULL;
		const struct rho_toml *use = rho_toml_get(part, "use");
		struct rho_buf why = { 0 };
		if (!use || use->type != RHO_TOML_STRING)
			continue;
		const struct rho_module *inner = rho_module_get(reg, p->kind, use->str, &why);
		rho_buf_free(&why);
		if (!inner)
			continue;
		rho_buf_printf(out, "%s version %s\n", p->name, inner->plugin.version);
		part_versions(reg, inner, part, out);
	}
}

char *rho_role_identity(struct rho_registry *reg, uint32_t kind, const struct rho_role *role)
{
	struct rho_buf b = { 0 };
	rho_buf_printf(&b, "[%s] version %s\n", rho_kind_name(kind), role->module->plugin.version);
	part_versions(reg, role->module, role->table, &b);
	rho_params_canonical(reg, role->module, role->table, true, &b);
	return b.at;
}

void rho_run_identity(const struct rho_run *run, struct rho_buf *out)
{
	rho_buf_printf(out,
	               "[run]\nsteps = %" PRIu64 "\nlanes = %" PRIu64 "\nevery = %" PRIu64 "\nlog = %s\n",
	               run->steps, run->lanes, run->every, rho_log_kinds[run->log]);
}

void rho_cell_id(const char *identity, uint64_t seed, char id[17])
{
	char *text = rho_xprintf("%sseed = %" PRIu64 "\n", identity, seed), hex[33];
	rho_digest_hex(rho_digest_bytes(text, strlen(text)), hex);
	memcpy(id, hex, 16);
	id[16] = '\0';
	free(text);
}

bool rho_arm_name_valid(const char *s)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._+-";
	return *s && !s[strspn(s, allowed)] && strlen(s) <= LONGEST_NAME;
}

/* The role as each evaluation has it; `table`: as the training has it, NULL: there is none. */
static void read_evals_of(struct rho_registry *reg, const struct rho_experiment *x, uint32_t kind,
                          const struct rho_toml *table, struct rho_variant *v, struct rho_diags *d)
{
	if (kind != RHO_ENV && kind != RHO_SAMPLER)
		return;
	for (size_t i = 0; i < x->n_evals; i++)
		if (rho_eval_role_read(reg, kind, &x->eval[i], table, &v->eval[i], d) && v->eval[i].module)
			v->eval_identity[i] = rho_role_identity(reg, kind, &v->eval[i]);
}

/* Reads one arm of an axis: a patch on the base's table. In a one-at-a-time design the base runs
 * too, so what is missing in it is told there, once; otherwise where the arm stands. */
static void read_arm(struct rho_registry *reg, struct rho_experiment *x, uint32_t kind,
                     const struct rho_toml *patch, struct rho_variant *v, struct rho_diags *d)
{
	const struct rho_toml *under = rho_toml_get(x->root, rho_kind_name(kind));
	char *label = rho_xprintf("arms.%s.%s", rho_kind_name(kind), patch->key);
	*v = (struct rho_variant){ .name = rho_xstrdup(patch->key), .where = patch->key_where };
	if (!rho_arm_name_valid(patch->key))
		rho_diag(d, patch->key_where,
		         "%s: the name of an arm is made of letters, digits and . _ + -, "
		         "at most %d",
		         label, LONGEST_NAME);
	if (patch->type != RHO_TOML_TABLE) {
		rho_diag(d, patch->where,
		         "%s is %s; an arm is a table of parameters, such as { use = \"NAME\" }", label,
		         rho_toml_type_name(patch->type));
	} else if (!under || under->type == RHO_TOML_TABLE) {
		struct rho_toml *merged = rho_toml_merge(under, patch);
		struct rho_diags *own = rho_diags_new();
		if (x->compare.factorial)
			merged->where = patch->where;
		if (rho_role_read(reg, kind, label, merged, merged->where, &v->role, own)) {
			v->identity = rho_role_identity(reg, kind, &v->role);
			read_evals_of(reg, x, kind, merged, v, own);
		}
		rho_diags_take(d, own);
		rho_toml_free(merged);
	}
	free(label);
}

static void read_axis(struct rho_registry *reg, struct rho_experiment *x, const struct rho_toml *t,
                      struct rho_diags *d)
{
	const char *names[N_ARM_KINDS];
	uint32_t kind = 0;
	for (size_t i = 0; i < N_ARM_KINDS; i++) {
		names[i] = rho_kind_name(arm_kinds[i]);
		if (!strcmp(names[i], t->key))
			kind = arm_kinds[i];
	}
	if (!kind) {
		rho_unknown_key(d, t, "arms", names, N_ARM_KINDS);
	} else if (t->type != RHO_TOML_TABLE) {
		rho_diag(d, t->where, "arms.%s is %s; a table of arms, [arms.%s.NAME], is wanted", t->key,
		         rho_toml_type_name(t->type), t->key);
	} else if (!t->n) {
		rho_diag(d, t->where, "arms.%s has no arms; write [arms.%s.NAME], or take the table out",
		         t->key, t->key);
	} else {
		struct rho_axis *axis = &x->axis[x->n_axes++];
		*axis = (struct rho_axis){ .kind = kind,
			                   .where = t->where,
			                   .arm = rho_xcalloc(t->n, sizeof *axis->arm) };
		for (const struct rho_toml *patch = t->child; patch; patch = patch->next)
			read_arm(reg, x, kind, patch, &axis->arm[axis->n++], d);
	}
}

/* Whether the base's table of that kind is run as it stands, or at least stands under an arm that
 * is: otherwise its own mistakes would go unnoticed. */
static bool base_counts(const struct rho_experiment *x, uint32_t kind)
{
	const struct rho_toml *base = rho_toml_get(x->root, rho_kind_name(kind));
	const struct rho_toml *arms = rho_toml_get(rho_toml_get(x->root, "arms"), rho_kind_name(kind));
	const struct rho_toml *use = rho_toml_get(base, "use");
	if (!x->compare.factorial || !arms || !arms->n || !use || use->type != RHO_TOML_STRING)
		return true;
	for (const struct rho_toml *arm = arms->child; arm; arm = arm->next) {
		const struct rho_toml *own = rho_toml_get(arm, "use");
		if (!own || (own->type == RHO_TOML_STRING && !strcmp(own->str, use->str)))
			return false; /* checked as part of that arm */
	}
	return true;
}

static void read_base(struct rho_registry *reg, struct rho_experiment *x, uint32_t kind, const char *file,
                      struct rho_diags *d)
{
	const char *name = rho_kind_name(kind);
	const struct rho_toml *table = rho_toml_get(x->root, name);
	const struct rho_toml *arms = rho_toml_get(rho_toml_get(x->root, "arms"), name);
	struct rho_variant *v = &x->base[kind];
	v->where = table ? table->where : (struct rho_where){ .file = file };
	if (table && base_counts(x, kind)) {
		if (rho_role_read(reg, kind, name, table, table->where, &v->role, d)) {
			v->identity = rho_role_identity(reg, kind, &v->role);
			read_evals_of(reg, x, kind, table, v, d);
		}
	} else if (!table && kind == RHO_SAMPLER && !(x->compare.factorial && arms)) {
		read_evals_of(reg, x, kind, NULL, v, d);
	} else if (!table && (kind == RHO_ENV || kind == RHO_AGENT) && !(x->compare.factorial && arms)) {
		rho_diag(d, v->where, "there is no [%s]; an experiment needs one, with use = \"NAME\"", name);
	}
}

void rho_reports_read(struct rho_registry *reg, const struct rho_toml *root, struct rho_role **roles,
                      size_t *n, struct rho_diags *d)
{
	const struct rho_toml *list = rho_toml_get(root, "report");
	*roles = NULL;
	*n = 0;
	if (!list)
		return;
	if (list->type != RHO_TOML_ARRAY) {
		rho_diag(d, list->where, "report is %s; there may be several reporters, so write [[report]]",
		         rho_toml_type_name(list->type));
		return;
	}
	*roles = rho_xcalloc(list->n, sizeof **roles);
	for (const struct rho_toml *t = list->child; t; t = t->next)
		if (rho_role_read(reg, RHO_REPORTER, "report", t, t->where, &(*roles)[*n], d))
			(*n)++;
}

static void read_tables(struct rho_registry *reg, struct rho_experiment *x, const char *file,
                        struct rho_diags *d)
{
	const struct rho_toml *arms = rho_toml_get(x->root, "arms");
	rho_top_check(x->root, file, top_keys, sizeof top_keys / sizeof *top_keys, d);
	rho_run_table_read(x->root, false, (struct rho_where){ .file = file }, &x->run, d);
	rho_compare_table_read(x->root, &x->compare, d);
	x->eval = rho_evals_read(x->root, &x->run.run, &x->n_evals, d);
	for (size_t i = 0; i < N_ARM_KINDS; i++)
		read_base(reg, x, arm_kinds[i], file, d);
	if (arms && arms->type != RHO_TOML_TABLE)
		rho_diag(d, arms->where, "arms is %s; tables [arms.AXIS.NAME] are wanted",
		         rho_toml_type_name(arms->type));
	for (const struct rho_toml *t = arms ? arms->child : NULL; t && arms->type == RHO_TOML_TABLE;
	     t = t->next)
		read_axis(reg, x, t, d);
	rho_reports_read(reg, x->root, &x->report, &x->n_reports, d);
}

/* Of a table that has arms, the base is read only as far as it stands under them: as in a factorial design.
 */
static void read_feature_tables(struct rho_registry *reg, struct rho_experiment *x, const char *file,
                                struct rho_diags *d)
{
	const struct rho_toml *arms = rho_toml_get(x->root, "arms");
	rho_top_check(x->root, file, top_keys, sizeof top_keys / sizeof *top_keys, d);
	x->compare.factorial = 1;
	for (uint32_t kind = RHO_DATASET; kind <= RHO_ENCODER; kind++) {
		const struct rho_toml *axis = rho_toml_get(arms, rho_kind_name(kind));
		read_base(reg, x, kind, file, d);
		if (axis)
			read_axis(reg, x, axis, d);
	}
}

static struct rho_experiment *read_file(struct rho_registry *reg, const char *path, const char *const *set,
                                        size_t n_set, bool features, struct rho_diags *d)
{
	struct rho_experiment *x = rho_xcalloc(1, sizeof *x);
	struct rho_buf why = { 0 };
	x->n_kept = n_set + 1;
	x->kept = rho_xcalloc(x->n_kept, sizeof *x->kept);
	x->kept[0] = rho_xstrdup(path);
	if (rho_file_read(path, LONGEST_FILE, &x->source, &why))
		rho_diag(d, (struct rho_where){ 0 }, "%s", why.at);
	else
		x->root = rho_toml_parse(x->source.at, x->source.len, x->kept[0], d);
	rho_buf_free(&why);
	if (!x->root) {
		rho_experiment_free(x);
		return NULL;
	}
	x->file = realpath(path, NULL);
	if (!x->file)
		x->file = rho_xstrdup(path);
	rho_overrides_apply(&x->root, set, n_set, x->kept + 1, d);
	if (features)
		read_feature_tables(reg, x, x->kept[0], d);
	else
		read_tables(reg, x, x->kept[0], d);
	return x;
}

struct rho_experiment *rho_experiment_read(struct rho_registry *reg, const char *path, const char *const *set,
                                           size_t n_set, struct rho_diags *d)
{
	return read_file(reg, path, set, n_set, false, d);
}

struct rho_experiment *rho_experiment_read_features(struct rho_registry *reg, const char *path,
                                                    const char *const *set, size_t n_set, struct rho_diags *d)
{
	return read_file(reg, path, set, n_set, true, d);
}

static void variant_free(struct rho_variant *v)
{
	free(v->name);
	free(v->identity);
	rho_role_free(&v->role);
	for (size_t i = 0; i < RHO_EVALS_MOST; i++) {
		rho_role_free(&v->eval[i]);
		free(v->eval_identity[i]);
	}
}

void rho_experiment_free(struct rho_experiment *x)
{
	if (!x)
		return;
	for (size_t i = 0; i < RHO_N_ROLES; i++)
		variant_free(&x->base[i]);
	for (size_t i = 0; i < x->n_axes; i++) {
		for (size_t j = 0; j < x->axis[i].n; j++)
			variant_free(&x->axis[i].arm[j]);
		free(x->axis[i].arm);
	}
	for (size_t i = 0; i < x->n_reports; i++)
		rho_role_free(&x->report[i]);
	free(x->report);
	for (size_t i = 0; i < x->n_kept; i++)
		free(x->kept[i]);
	free(x->kept);
	rho_run_table_free(&x->run);
	rho_eval_tables_free(x->eval, x->n_evals);
	free(x->compare.settings.metric);
	free(x->compare.settings.baseline);
	rho_toml_free(x->root);
	rho_buf_free(&x->source);
	free(x->file);
	free(x);
}
