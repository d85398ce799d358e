/* loaded.c: see loaded.h. */
#include "loaded.h"

#include <criterion/criterion.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct loaded load_args(const char *name, const char *toml, va_list args)
{
	struct loaded l = { .world = { .seed = 1, .log_level = RHO_WARN } };
	struct rho_diags *diags = rho_diags_new();
	char text[4000];
	int len = vsnprintf(text, sizeof(text), toml, args);
	cr_assert(len >= 0 && (size_t)len < sizeof(text));
	l.world.registry = rho_registry_new(NULL, 0);
	const struct rho_module *module = rho_module_get(l.world.registry, RHO_DATASET, name, &l.why);
	cr_assert(module, "%s", l.why.at);
	l.table = rho_toml_parse(text, (size_t)len, "test.toml", diags);
	if (!l.table || rho_params_check(l.world.registry, module, "dataset", l.table, diags)) {
		rho_diags_print(diags, stderr);
		cr_assert(false, "the parameters were refused");
	}
	rho_diags_free(diags);
	l.instance = rho_instance_new(&l.world, module, l.table, 0, &l.why);
	cr_assert(l.instance, "%s", l.why.at);
	l.tables = rho_tables_new();
	rho_call_begin(l.instance, "read", 0, true);
	l.code = module->table.dataset.read(&l.instance->ctx, l.instance->self, rho_tables_sink(l.tables));
	l.code = rho_call_end(l.instance, l.code, &l.why);
	if (!l.code)
		l.code = rho_tables_finish(l.tables, module->table.dataset.tables, &l.why);
	l.data = l.code ? NULL : rho_tables_data(l.tables);
	return l;
}

struct loaded load(const char *name, const char *toml, ...)
{
	va_list args;
	va_start(args, toml);
	struct loaded l = load_args(name, toml, args);
	va_end(args);
	return l;
}

struct loaded load_well(const char *name, const char *toml, ...)
{
	va_list args;
	va_start(args, toml);
	struct loaded l = load_args(name, toml, args);
	va_end(args);
	cr_assert_eq(l.code, 0, "%s", l.why.at);
	return l;
}

void load_badly(const char *name, int code, const char *has, const char *toml, ...)
{
	va_list args;
	va_start(args, toml);
	struct loaded l = load_args(name, toml, args);
	va_end(args);
	cr_assert_eq(l.code, code, "%d: %s", l.code, l.why.at ? l.why.at : "");
	cr_assert(l.why.at && strstr(l.why.at, has), "\"%s\" does not say \"%s\"", l.why.at ? l.why.at : "",
		  has);
	unload(&l);
}

void unload(struct loaded *l)
{
	rho_tables_free(l->tables);
	rho_instance_free(l->instance);
	rho_toml_free(l->table);
	rho_registry_free(l->world.registry);
	rho_buf_free(&l->why);
}

static const struct rho_column *column(const struct loaded *l, uint32_t table, const char *name)
{
	for (size_t i = 0; i < l->data->table[table].n_columns; i++)
		if (!strcmp(l->data->table[table].column[i]->name, name))
			return l->data->table[table].column[i];
	cr_assert(false, "table %u has no column %s", table, name);
	return NULL;
}

const char *cell(const struct loaded *l, uint32_t table, const char *name, size_t row)
{
	static char kept[5][12000];
	static int next;
	const struct rho_column *c = column(l, table, name);
	cr_assert_lt(row, c->n);
	struct rho_str s = rho_column_str(c, c->type == RHO_COL_LABEL ? c->label[row] : row);
	next = (next + 1) % 5;
	cr_assert_lt(s.len, sizeof(kept[0]));
	memcpy(kept[next], s.at, s.len);
	kept[next][s.len] = 0;
	return kept[next];
}

size_t rows(const struct loaded *l, uint32_t table) { return l->data->table[table].n; }

uint32_t link_context(const struct loaded *l, size_t i) { return column(l, RHO_LINKS, "context")->row[i]; }
uint32_t link_action(const struct loaded *l, size_t i) { return column(l, RHO_LINKS, "action")->row[i]; }
double link_weight(const struct loaded *l, size_t i) { return column(l, RHO_LINKS, "weight")->f64[i]; }

const char *real_data(const char *folder)
{
	static char path[1000];
	const char *root = getenv("RHO_REAL_DATA");
	if (!root || !*root)
		cr_skip_test("no real data: set it with meson's -Dreal_data");
	snprintf(path, sizeof(path), "%s/data/%s", root, folder);
	return path;
}
