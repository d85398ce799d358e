/* params.c: what the user wrote for a plugin, held against its parameter table. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../base/file.h"
#include "internal.h"

/* What a parameter takes, in words: "an integer", "a list of numbers". */
static const char *takes(uint32_t type)
{
	static const char *const words[] = {
		[RHO_T_BOOL] = "true or false",
		[RHO_T_I64] = "an integer",
		[RHO_T_F64] = "a number",
		[RHO_T_STR] = "a string",
		[RHO_T_PATH] = "a path (a string)",
		[RHO_T_CHOICE] = "one of its choices (a string)",
		[RHO_T_I64S] = "a list of integers",
		[RHO_T_F64S] = "a list of numbers",
		[RHO_T_STRS] = "a list of strings",
		[RHO_T_PART] = "a table that names a plugin, such as { use = \"…\" }",
	};
	return words[type];
}

static void print_node(uint32_t type, struct rho_toml node, struct rho_buf *out)
{
	node.type = type;
	rho_toml_print(&node, out);
}

static void print_str(const char *s, struct rho_buf *out)
{
	print_node(RHO_TOML_STRING, (struct rho_toml){ .str = (char *)(uintptr_t)s, .str_len = strlen(s) },
	           out);
}

static void print_list_default(const struct rho_param *p, struct rho_buf *out)
{
	size_t n = p->type == RHO_T_I64S ? p->def.is.n : p->type == RHO_T_F64S ? p->def.fs.n : p->def.ss.n;
	rho_buf_str(out, "[");
	for (size_t i = 0; i < n; i++) {
		rho_buf_str(out, i ? ", " : "");
		if (p->type == RHO_T_I64S)
			print_node(RHO_TOML_INTEGER, (struct rho_toml){ .i = p->def.is.at[i] }, out);
		else if (p->type == RHO_T_F64S)
			print_node(RHO_TOML_FLOAT, (struct rho_toml){ .f = p->def.fs.at[i] }, out);
		else
			print_str(p->def.ss.at[i], out);
	}
	rho_buf_str(out, "]");
}

bool rho_default_print(const struct rho_param *p, struct rho_buf *out)
{
	if (p->flags & RHO_REQUIRED || p->type == RHO_T_PATH || p->type == RHO_T_PART ||
	    (p->type == RHO_T_STR && !p->def.s))
		return false;
	switch (p->type) {
	case RHO_T_BOOL: rho_buf_str(out, p->def.b ? "true" : "false"); break;
	case RHO_T_I64: print_node(RHO_TOML_INTEGER, (struct rho_toml){ .i = p->def.i }, out); break;
	case RHO_T_F64: print_node(RHO_TOML_FLOAT, (struct rho_toml){ .f = p->def.f }, out); break;
	case RHO_T_STR: print_str(p->def.s, out); break;
	case RHO_T_CHOICE: print_str(p->choices[p->def.i], out); break;
	default: print_list_default(p, out);
	}
	return true;
}

/* One check in progress. */
struct check {
	struct rho_registry *registry;
	const struct rho_module *module;
	const char *role;
	struct rho_diags *diags;
	bool part; /* the table is that of a part, which has none of the host's parameters */
	size_t errors;
};

/* Whether a table has this parameter: the host's own are not for parts. */
static bool has(const struct rho_param *p, bool part) { return !part || !(p->flags & RHO_HOST_PARAM); }

/* "epsilon: probability of drawing uniformly (default 0.1)", the last line of a message. */
static void add_help(const struct rho_param *p, struct rho_buf *text)
{
	struct rho_buf def = { 0 };
	rho_buf_printf(text, "\n%s: %s", p->name, p->help);
	if (rho_default_print(p, &def))
		rho_buf_printf(text, " (default %s)", def.at);
	else if (p->flags & RHO_REQUIRED)
		rho_buf_str(text, " (required)");
	rho_buf_free(&def);
}

/* `said`: what is wrong with role.name; the value and the help are put around it. */
static void complain(struct check *k, const struct rho_param *p, const struct rho_toml *v, const char *said)
{
	struct rho_buf text = { 0 };
	rho_buf_printf(&text, "%s.%s = ", k->role, p->name);
	rho_toml_print(v, &text);
	rho_buf_printf(&text, " %s", said);
	add_help(p, &text);
	rho_diag(k->diags, v->where, "%s", text.at);
	rho_buf_free(&text);
	k->errors++;
}

static bool has_type(uint32_t type, const struct rho_toml *v)
{
	switch (type) {
	case RHO_T_BOOL: return v->type == RHO_TOML_BOOLEAN;
	case RHO_T_I64:
	case RHO_T_I64S: return v->type == RHO_TOML_INTEGER;
	case RHO_T_F64:
	case RHO_T_F64S: return v->type == RHO_TOML_INTEGER || v->type == RHO_TOML_FLOAT;
	case RHO_T_PART: return v->type == RHO_TOML_TABLE;
	default: return v->type == RHO_TOML_STRING;
	}
}

static double as_double(const struct rho_toml *v)
{
	return v->type == RHO_TOML_INTEGER ? (double)v->i : v->f;
}

static void check_number(struct check *k, const struct rho_param *p, const struct rho_toml *v)
{
	struct rho_buf bounds = { 0 }, said = { 0 };
	long double x = v->type == RHO_TOML_INTEGER ? (long double)v->i : (long double)v->f;
	if (v->type == RHO_TOML_FLOAT && !isfinite(v->f)) {
		complain(k, p, v, "is not a finite number");
	} else if (!rho_in_bounds(p, x)) {
		rho_bounds_print(p, &bounds);
		bool one_sided = !strncmp(bounds.at, "at ", 3);
		rho_buf_printf(&said, "%s %s", one_sided ? "must be" : "is not within", bounds.at);
		complain(k, p, v, said.at);
	}
	rho_buf_free(&bounds);
	rho_buf_free(&said);
}

static size_t n_choices(const struct rho_param *p)
{
	size_t n = 0;
	while (p->choices[n])
		n++;
	return n;
}

int rho_choice_index(const struct rho_param *p, const char *word)
{
	for (int i = 0; p->choices[i]; i++)
		if (!strcmp(p->choices[i], word))
			return i;
	return -1;
}

static void check_choice(struct check *k, const struct rho_param *p, const struct rho_toml *v)
{
	struct rho_buf said = { 0 };
	if (rho_choice_index(p, v->str) >= 0)
		return;
	const char *near = rho_nearest(v->str, p->choices, n_choices(p));
	rho_buf_str(&said, "is not one of ");
	for (size_t i = 0; p->choices[i]; i++) {
		rho_buf_str(&said, i ? ", " : "");
		print_str(p->choices[i], &said);
	}
	if (near)
		rho_buf_printf(&said, "; did you mean \"%s\"?", near);
	complain(k, p, v, said.at);
	rho_buf_free(&said);
}

char *rho_param_path(const struct rho_toml *v, struct rho_buf *why)
{
	bool typed = !v->where.file || !strncmp(v->where.file, "--", 2);
	char *base = typed ? rho_xstrdup(".") : rho_path_dir(v->where.file);
	char *path = rho_path_resolve(base, v->str, why);
	free(base);
	return path;
}

/* What is there, or whose folder is. */
static bool can_be_made(const char *path)
{
	char *folder = rho_path_dir(path);
	bool can = !access(path, R_OK | W_OK) || (errno == ENOENT && !access(folder, W_OK));
	free(folder);
	return can;
}

static void check_path(struct check *k, const struct rho_param *p, const struct rho_toml *v)
{
	struct rho_buf why = { 0 };
	char *path = rho_param_path(v, &why);
	if (!path) {
		rho_diag(k->diags, v->where, "%s.%s: %s", k->role, p->name, why.at);
		k->errors++;
	} else if (p->flags & RHO_MADE ? !can_be_made(path) : access(path, R_OK)) {
		rho_buf_printf(&why, "cannot be read: %s: %s", path, strerror(errno));
		complain(k, p, v, why.at);
	}
	rho_buf_free(&why);
	free(path);
}

static void wrong_type(struct check *k, const struct rho_param *p, const struct rho_toml *v)
{
	struct rho_buf said = { 0 };
	rho_buf_printf(&said, "is %s; %s takes %s", rho_toml_type_name(v->type), p->name, takes(p->type));
	complain(k, p, v, said.at);
	rho_buf_free(&said);
}

static void check_one(struct check *k, const struct rho_param *p, const struct rho_toml *v);

/* One step of the host's `transform`. */
static void check_step(struct check *k, const struct rho_param *p, const struct rho_toml *v)
{
	struct rho_buf text = { 0 }, why = { 0 };
	if (rho_transform_step_check(v->str, &why)) {
		rho_buf_printf(&text, "%s.%s: %s", k->role, p->name, why.at);
		add_help(p, &text);
		rho_diag(k->diags, v->where, "%s", text.at);
		k->errors++;
	}
	rho_buf_free(&text);
	rho_buf_free(&why);
}

static void check_list(struct check *k, const struct rho_param *p, const struct rho_toml *v)
{
	if (v->type != RHO_TOML_ARRAY) {
		wrong_type(k, p, v);
		return;
	}
	for (const struct rho_toml *e = v->child; e; e = e->next)
		check_one(k, p, e);
}

static size_t check_table(struct rho_registry *, const struct rho_module *, const char *role, bool part,
                          const struct rho_toml *table, struct rho_diags *);

static void check_part(struct check *k, const struct rho_param *p, const struct rho_toml *v)
{
	const struct rho_toml *use = rho_toml_get(v, "use");
	struct rho_buf why = { 0 };
	const struct rho_module *m = NULL;
	if (!use || use->type != RHO_TOML_STRING)
		rho_buf_printf(&why, "must name its plugin: { use = \"…\" }, one of `rho plugin list %s`",
		               rho_kind_name(p->kind));
	else
		m = rho_module_get(k->registry, p->kind, use->str, &why);
	if (m) {
		char *role = rho_xprintf("%s.%s", k->role, p->name);
		k->errors += check_table(k->registry, m, role, true, v, k->diags);
		free(role);
	} else {
		rho_diag(k->diags, use ? use->where : v->where, "%s.%s: %s", k->role, p->name, why.at);
		k->errors++;
	}
	rho_buf_free(&why);
}

/* A value by itself, or one element of a list. */
static void check_one(struct check *k, const struct rho_param *p, const struct rho_toml *v)
{
	if (!has_type(p->type, v)) {
		wrong_type(k, p, v);
		return;
	}
	if (v->type == RHO_TOML_STRING && strlen(v->str) != v->str_len) {
		complain(k, p, v, "holds a NUL character, which no plugin can read");
		return;
	}
	switch (p->type) {
	case RHO_T_I64:
	case RHO_T_F64:
	case RHO_T_I64S:
	case RHO_T_F64S: check_number(k, p, v); break;
	case RHO_T_CHOICE: check_choice(k, p, v); break;
	case RHO_T_PATH: check_path(k, p, v); break;
	case RHO_T_PART: check_part(k, p, v); break;
	default:
		if (p->flags & RHO_HOST_PARAM)
			check_step(k, p, v);
	}
}

static bool is_list(uint32_t type) { return type == RHO_T_I64S || type == RHO_T_F64S || type == RHO_T_STRS; }

static void unknown_key(struct check *k, const struct rho_toml *v)
{
	const struct rho_module *m = k->module;
	const char **names = rho_xcalloc(m->n_params + 1, sizeof *names);
	struct rho_buf text = { 0 };
	size_t n = 0;
	for (size_t i = 0; i < m->n_params; i++)
		if (has(&m->params[i], k->part))
			names[n++] = m->params[i].name;
	const char *near = rho_nearest(v->key, names, n);
	rho_buf_printf(&text, "%s.%s: %s has no such parameter", k->role, v->key, m->plugin.name);
	if (near) {
		rho_buf_printf(&text, "; did you mean %s?", near);
	} else if (n) {
		for (size_t i = 0; i < n; i++)
			rho_buf_printf(&text, "%s%s", i ? ", " : "; it has ", names[i]);
	} else {
		rho_buf_str(&text, ", nor any other");
	}
	rho_diag(k->diags, v->key_where, "%s", text.at);
	k->errors++;
	rho_buf_free(&text);
	free(names);
}

static const struct rho_param *param(const struct rho_module *m, const char *name)
{
	for (size_t i = 0; i < m->n_params; i++)
		if (!strcmp(m->params[i].name, name))
			return &m->params[i];
	return NULL;
}

static size_t check_table(struct rho_registry *r, const struct rho_module *m, const char *role, bool part,
                          const struct rho_toml *table, struct rho_diags *diags)
{
	struct check k = { .registry = r, .module = m, .role = role, .diags = diags, .part = part };
	const struct rho_toml *use = rho_toml_get(table, "use");
	for (const struct rho_toml *v = table ? table->child : NULL; v; v = v->next) {
		const struct rho_param *p = param(m, v->key);
		if (!strcmp(v->key, "use"))
			continue;
		if (!p || !has(p, part))
			unknown_key(&k, v);
		else if (is_list(p->type))
			check_list(&k, p, v);
		else
			check_one(&k, p, v);
	}
	for (const struct rho_param *p = m->params; p->name; p++) {
		struct rho_where where = use ? use->where : table ? table->where : (struct rho_where){ 0 };
		struct rho_buf text = { 0 };
		if (!(p->flags & RHO_REQUIRED) || rho_toml_get(table, p->name))
			continue;
		rho_buf_printf(&text, "%s: %s needs %s, %s", role, m->plugin.name, p->name, takes(p->type));
		add_help(p, &text);
		rho_diag(diags, where, "%s", text.at);
		rho_buf_free(&text);
		k.errors++;
	}
	return k.errors;
}

size_t rho_params_check(struct rho_registry *r, const struct rho_module *m, const char *role,
                        const struct rho_toml *table, struct rho_diags *diags)
{
	return check_table(r, m, role, false, table, diags);
}

static void canonical_value(struct rho_registry *, const struct rho_param *, const struct rho_toml *,
                            bool identity, struct rho_buf *out);

/* Whether the entry is left out: what cannot change results; no transform, so that the identities from
 * before there were any stay. */
static bool left_out(const struct rho_param *p, const struct rho_toml *v, bool identity)
{
	return identity && (p->flags & RHO_SPEED || (p->flags & RHO_HOST_PARAM && !(v && v->n)));
}

/* Of a part it is an inline table's inside, else lines. */
static void canonical(struct rho_registry *r, const struct rho_module *m, const struct rho_toml *table,
                      bool identity, bool part, struct rho_buf *out)
{
	rho_buf_str(out, "use = ");
	print_str(m->plugin.name, out);
	for (const struct rho_param *p = m->params; p->name; p++) {
		const struct rho_toml *v = rho_toml_get(table, p->name);
		struct rho_buf value = { 0 };
		if (!has(p, part) || left_out(p, v, identity))
			continue;
		if (v)
			canonical_value(r, p, v, identity, &value);
		else
			rho_default_print(p, &value);
		if (value.len)
			rho_buf_printf(out, "%s%s = %s", part ? ", " : "\n", p->name, value.at);
		rho_buf_free(&value);
	}
}

static void canonical_part(struct rho_registry *r, const struct rho_param *p, const struct rho_toml *v,
                           bool identity, struct rho_buf *out)
{
	struct rho_buf why = { 0 };
	const struct rho_toml *use = rho_toml_get(v, "use");
	const struct rho_module *m = use ? rho_module_get(r, p->kind, use->str, &why) : NULL;
	rho_buf_free(&why);
	if (!m)
		return;
	rho_buf_str(out, "{ ");
	canonical(r, m, v, identity, true, out);
	/* Another version of a part makes another instance: no parameter has a dot in its name. */
	if (identity)
		rho_buf_printf(out, ", use.version = \"%s\"", m->plugin.version);
	rho_buf_str(out, " }");
}

/* A string of a list; the host's steps mean the same however their numbers are written. */
static void canonical_str(const struct rho_param *p, const char *s, struct rho_buf *out)
{
	struct rho_buf step = { 0 };
	if (p->flags & RHO_HOST_PARAM)
		rho_transform_step_print(s, &step);
	print_str(step.at ? step.at : s, out);
	rho_buf_free(&step);
}

static void canonical_value(struct rho_registry *r, const struct rho_param *p, const struct rho_toml *v,
                            bool identity, struct rho_buf *out)
{
	struct rho_buf why = { 0 };
	char *path;
	switch (p->type) {
	case RHO_T_F64: print_node(RHO_TOML_FLOAT, (struct rho_toml){ .f = as_double(v) }, out); break;
	case RHO_T_F64S:
		rho_buf_str(out, "[");
		for (const struct rho_toml *e = v->child; e; e = e->next) {
			print_node(RHO_TOML_FLOAT, (struct rho_toml){ .f = as_double(e) }, out);
			rho_buf_str(out, e->next ? ", " : "");
		}
		rho_buf_str(out, "]");
		break;
	case RHO_T_STRS:
		rho_buf_str(out, "[");
		for (const struct rho_toml *e = v->child; e; e = e->next) {
			canonical_str(p, e->str, out);
			rho_buf_str(out, e->next ? ", " : "");
		}
		rho_buf_str(out, "]");
		break;
	case RHO_T_PATH:
		path = rho_param_path(v, &why);
		print_str(path ? path : v->str, out);
		free(path);
		rho_buf_free(&why);
		break;
	case RHO_T_PART: canonical_part(r, p, v, identity, out); break;
	default: rho_toml_print(v, out);
	}
}

void rho_params_canonical(struct rho_registry *r, const struct rho_module *m, const struct rho_toml *table,
                          bool identity, struct rho_buf *out)
{
	canonical(r, m, table, identity, false, out);
	rho_buf_str(out, "\n");
}
