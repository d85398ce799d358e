/* rho/dataset.h: a dataset yields tables of typed, named columns. It never steps.
 * Names that environments look for (a dataset may add columns of its own):
 *   actions   text STR, id STR, title STR, category LABEL, price F64, rating F64, features F32S
 *   contexts  text STR, id STR, group LABEL, split LABEL, features F32S, answer STR, solution STR
 *   links     context ROW, action ROW, weight F64 (absent: 1), time I64, group LABEL, split LABEL
 *   log       context ROW, action ROW, reward F64, prob F64 (propensity), position I64, time I64
 */
#pragma once
#include <string.h>

#include "host.h"

enum rho_table_id { RHO_ACTIONS, RHO_CONTEXTS, RHO_LINKS, RHO_LOG, RHO_N_TABLES };

enum rho_column_type {
	RHO_COL_I64 = 1,        /* int64_t; INT64_MIN: missing               */
	RHO_COL_F64,            /* double; NaN: missing                      */
	RHO_COL_ROW,            /* uint32_t: a row of table `of`             */
	RHO_COL_STR,            /* UTF-8; empty: missing                     */
	RHO_COL_LABEL,          /* few distinct strings, each stored once    */
	RHO_COL_F32S,           /* `width` floats a row                      */
};

struct rho_column_spec {
	const char *name;
	uint32_t type;          /* enum rho_column_type                      */
	uint32_t of;            /* ROW: enum rho_table_id                    */
	size_t   width;         /* F32S                                      */
};

union rho_value { int64_t i; double f; uint32_t row; struct rho_str s; const float *v; };

struct rho_sink {               /* the host's; append-only, tables may be filled in any order */
	uint32_t size;
	/* Declares a table's columns, once, before its first row. 0 or an error, recorded. */
	int     (*columns)(struct rho_sink *, uint32_t table, const struct rho_column_spec *, size_t n);
	/* Appends a row, one value a column in the order declared; bytes are copied. Gives the row's
	 * number, or an error, recorded. ROW values may name rows that come later. */
	int64_t (*add)(struct rho_sink *, uint32_t table, const union rho_value *row);
};

struct rho_dataset {
	uint32_t size;
	uint32_t tables;        /* bits 1u << RHO_ACTIONS …: what read can fill */
	/* Reads everything, streaming; strings need live only until rho_add returns. A bad row is
	 * an error that names file and line, never skipped in silence. */
	int  (*read)(struct rho_ctx *, void *self, struct rho_sink *);
	const void *(*extension)(struct rho_ctx *, void *self, const char *id);
};

struct rho_column {             /* of a finished table; the host's memory, mapped; lives as long as the instance */
	const char *name;
	uint32_t type, of;
	size_t n, width;
	union {
		const int64_t  *i64;    /* (n) */
		const double   *f64;    /* (n) */
		const uint32_t *row;    /* (n) */
		const uint32_t *label;  /* (n), each below n_labels */
		const float    *f32;    /* (n, width) */
	};
	const uint64_t *off;    /* STR (n + 1), LABEL (n_labels + 1): offsets into bytes */
	const char     *bytes;
	size_t n_labels;
};

struct rho_table { size_t n, n_columns; const struct rho_column *const *column; };
struct rho_data  { struct rho_table table[RHO_N_TABLES]; };

/* The column of that name and type, or NULL. */
static inline const struct rho_column *rho_find_column(const struct rho_data *d, uint32_t table,
                                                  const char *name, uint32_t type)
{
	const struct rho_table *t = &d->table[table];
	for (size_t i = 0; i < t->n_columns; i++)
		if (!strcmp(t->column[i]->name, name) && t->column[i]->type == type)
			return t->column[i];
	return NULL;
}

/* String i of a STR column, or label i's name of a LABEL column. */
static inline struct rho_str rho_column_str(const struct rho_column *c, size_t i)
{
	struct rho_str s = { c->bytes + c->off[i], (size_t)(c->off[i + 1] - c->off[i]) };
	return s;
}
