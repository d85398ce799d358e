/* tables_check.c: what must hold between the columns and rows of tables that were just read. */
#include "tables_impl.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

static const struct rho_standard_column standards[] = {
	{ RHO_ACTIONS, "text", RHO_COL_STR, 0, false },
	{ RHO_ACTIONS, "id", RHO_COL_STR, 0, false },
	{ RHO_ACTIONS, "title", RHO_COL_STR, 0, false },
	{ RHO_ACTIONS, "category", RHO_COL_LABEL, 0, false },
	{ RHO_ACTIONS, "price", RHO_COL_F64, 0, false },
	{ RHO_ACTIONS, "rating", RHO_COL_F64, 0, false },
	{ RHO_ACTIONS, "features", RHO_COL_F32S, 0, false },
	{ RHO_CONTEXTS, "text", RHO_COL_STR, 0, false },
	{ RHO_CONTEXTS, "id", RHO_COL_STR, 0, false },
	{ RHO_CONTEXTS, "group", RHO_COL_LABEL, 0, false },
	{ RHO_CONTEXTS, "split", RHO_COL_LABEL, 0, false },
	{ RHO_CONTEXTS, "features", RHO_COL_F32S, 0, false },
	{ RHO_LINKS, "context", RHO_COL_ROW, RHO_CONTEXTS, true },
	{ RHO_LINKS, "action", RHO_COL_ROW, RHO_ACTIONS, true },
	{ RHO_LINKS, "weight", RHO_COL_F64, 0, false },
	{ RHO_LINKS, "time", RHO_COL_I64, 0, false },
	{ RHO_LINKS, "group", RHO_COL_LABEL, 0, false },
	{ RHO_LINKS, "split", RHO_COL_LABEL, 0, false },
	{ RHO_LOG, "context", RHO_COL_ROW, RHO_CONTEXTS, false },
	{ RHO_LOG, "action", RHO_COL_ROW, RHO_ACTIONS, true },
	{ RHO_LOG, "reward", RHO_COL_F64, 0, true },
	{ RHO_LOG, "prob", RHO_COL_F64, 0, false },
	{ RHO_LOG, "position", RHO_COL_I64, 0, false },
	{ RHO_LOG, "time", RHO_COL_I64, 0, false },
};

const struct rho_standard_column *rho_standard_columns(size_t *n)
{
	*n = sizeof standards / sizeof *standards;
	return standards;
}

static const char *type_name(uint32_t type)
{
	static const char *const names[] = { "", "I64", "F64", "ROW", "STR", "LABEL", "F32S" };
	return names[type];
}

static int check_standard(const struct rho_tables *t, const struct rho_standard_column *s,
                          struct rho_buf *why)
{
	const struct tables_table *tab = &t->table[s->table];
	const struct rho_column *c = NULL;
	for (size_t i = 0; !c && i < tab->n_columns; i++)
		if (!strcmp(tab->column[i].name, s->name))
			c = &tab->column[i].c;
	if (!c && s->must) {
		rho_buf_printf(why, "%s: there is no column %s; this table must have one of type %s",
		               tables_name(s->table), s->name, type_name(s->type));
		return RHO_EBUG;
	}
	if (c && c->type != s->type) {
		rho_buf_printf(why, "%s: column %s has type %s; a column of this name must have type %s",
		               tables_name(s->table), s->name, type_name(c->type), type_name(s->type));
		return RHO_EBUG;
	}
	if (c && c->type == RHO_COL_ROW && c->of != s->of) {
		rho_buf_printf(why,
		               "%s: column %s names rows of %s; a column of this name must name "
		               "rows of %s",
		               tables_name(s->table), s->name, tables_name(c->of), tables_name(s->of));
		return RHO_EBUG;
	}
	return 0;
}

/* Every ROW value must name a row that exists. */
static int check_rows(const struct rho_tables *t, uint32_t table, const struct tables_column *c,
                      struct rho_buf *why)
{
	size_t n = t->table[table].n, of = t->table[c->c.of].n;
	const uint32_t *row = c->cells;
	for (size_t i = 0; i < n; i++)
		if (row[i] >= of) {
			rho_buf_printf(why,
			               "%s, row %zu, column %s: row %" PRIu32 " of %s does not exist; "
			               "there are %zu, counted from 0",
			               tables_name(table), i, c->name, row[i], tables_name(c->c.of), of);
			return RHO_EFORMAT;
		}
	return 0;
}

static bool is(uint32_t table, const struct tables_column *c, uint32_t want, const char *name)
{
	return table == want && c->c.type == RHO_COL_F64 && !strcmp(c->name, name);
}

/* Weights and rewards must be finite, propensities in (0, 1]; other numbers may be missing. */
static int check_numbers(const struct rho_tables *t, uint32_t table, const struct tables_column *c,
                         struct rho_buf *why)
{
	bool prob = is(table, c, RHO_LOG, "prob");
	if (!prob && !is(table, c, RHO_LINKS, "weight") && !is(table, c, RHO_LOG, "reward"))
		return 0;
	const double *v = c->cells;
	for (size_t i = 0; i < t->table[table].n; i++)
		if (!(prob ? v[i] > 0 && v[i] <= 1 : isfinite(v[i]))) {
			rho_buf_printf(why, "%s, row %zu, column %s: %g is not %s", tables_name(table), i,
			               c->name, v[i],
			               prob ? "a probability above 0 and up to 1" : "a finite number");
			return RHO_EFORMAT;
		}
	return 0;
}

static int check_table(const struct rho_tables *t, uint32_t table, uint32_t promised, struct rho_buf *why)
{
	const struct tables_table *tab = &t->table[table];
	if (tab->declared && !tab->n && promised >> table & 1) {
		rho_buf_printf(why,
		               "%s: there is not one row; look at the dataset's files and at what its "
		               "parameters leave out",
		               tables_name(table));
		return RHO_EFORMAT;
	}
	int code = 0;
	for (size_t i = 0; !code && i < tab->n_columns; i++) {
		if (tab->column[i].c.type == RHO_COL_ROW)
			code = check_rows(t, table, &tab->column[i], why);
		else
			code = check_numbers(t, table, &tab->column[i], why);
	}
	return code;
}

/* Points what readers see of a column at its memory. */
static void complete(struct tables_column *c, size_t n)
{
	c->c.n = n;
	c->c.i64 = c->cells; /* one union: any member sets the pointer */
	c->c.off = c->off;
	c->c.bytes = c->bytes ? c->bytes : "";
	c->c.n_labels = c->n_labels;
}

int rho_tables_finish(struct rho_tables *t, uint32_t promised, struct rho_buf *why)
{
	if (t->code) {
		rho_buf_str(why, t->error.at);
		return t->code;
	}
	size_t rows = 0;
	for (uint32_t i = 0; i < RHO_N_TABLES; i++)
		rows += t->table[i].n;
	if (!rows && promised) {
		rho_buf_str(why, "the dataset is empty: not one row was read into any table");
		return RHO_EFORMAT;
	}
	int code = 0;
	for (size_t i = 0; !code && i < sizeof standards / sizeof *standards; i++)
		if (t->table[standards[i].table].declared)
			code = check_standard(t, &standards[i], why);
	for (uint32_t i = 0; !code && i < RHO_N_TABLES; i++)
		code = check_table(t, i, promised, why);
	if (code)
		return code;
	for (uint32_t i = 0; i < RHO_N_TABLES; i++)
		for (size_t j = 0; j < t->table[i].n_columns; j++)
			complete(&t->table[i].column[j], t->table[i].n);
	tables_view(t);
	return 0;
}
