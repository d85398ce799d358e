/* base_dataset.h: a sound dataset: a few actions, contexts and links, and a file that it looks at. */
#pragma once
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base.h"

enum { ACTIONS = 20, CONTEXTS = 5 };

struct base {
	const char *path; /* parameter */
	double weight;    /* parameter */
};

static const struct rho_param base_params[] = {
	RHO_PATH_OPT(struct base, path, "a file that begins with the word base"),
	RHO_F64(struct base, weight, 1, 0, 10, "of every link"), RHO_END
};

static inline struct rho_str base_str(const char *s) { return (struct rho_str){ s, strlen(s) }; }

static inline int base_file(struct rho_ctx *c, const struct base *s, const char *missing)
{
	char word[4] = { 0 };
	if (!s->path)
		return 0;
	FILE *f = fopen(s->path, "r");
	if (!f)
		return rho_fail(c, RHO_EIO, missing, s->path);
	size_t n = fread(word, 1, 4, f);
	fclose(f);
	return n == 4 && !memcmp(word, "base", 4)
	               ? 0
	               : rho_fail(c, RHO_EFORMAT, "%s does not begin with base", s->path);
}

static inline int base_declare(struct rho_sink *sink, uint32_t price)
{
	const struct rho_column_spec actions[] = { { "text", RHO_COL_STR, 0, 0 }, { "price", price, 0, 0 } };
	const struct rho_column_spec contexts[] = { { "text", RHO_COL_STR, 0, 0 } };
	const struct rho_column_spec links[] = { { "context", RHO_COL_ROW, RHO_CONTEXTS, 0 },
		                                 { "action", RHO_COL_ROW, RHO_ACTIONS, 0 },
		                                 { "weight", RHO_COL_F64, 0, 0 } };
	int code = sink->columns(sink, RHO_ACTIONS, actions, 2);
	if (!code)
		code = sink->columns(sink, RHO_CONTEXTS, contexts, 1);
	return code ? code : sink->columns(sink, RHO_LINKS, links, 3);
}

static inline int base_add(struct rho_sink *sink, uint32_t table, const union rho_value *row)
{
	int64_t at = sink->add(sink, table, row);
	return at < 0 ? (int)at : 0;
}

/* Rows of all tables; `far` is added to the action of the last link, `noise` to every weight. */
static inline int base_rows(const struct base *s, struct rho_sink *sink, uint32_t far, double noise)
{
	int code = 0;
	for (uint32_t i = 0; i < ACTIONS && !code; i++)
		code = base_add(sink, RHO_ACTIONS,
		                (union rho_value[]){ { .s = base_str("a thing") }, { .f = i } });
	for (uint32_t i = 0; i < CONTEXTS && !code; i++)
		code = base_add(sink, RHO_CONTEXTS, (union rho_value[]){ { .s = base_str("a wish") } });
	for (uint32_t i = 0; i < CONTEXTS && !code; i++)
		code = base_add(sink, RHO_LINKS,
		                (union rho_value[]){ { .row = i },
		                                     { .row = i + (i == CONTEXTS - 1 ? far : 0) },
		                                     { .f = s->weight + noise } });
	return code;
}

static inline int base_read(struct rho_ctx *c, void *self, struct rho_sink *sink)
{
	int code = base_file(c, self, "%s: cannot be opened");
	if (!code)
		code = base_declare(sink, RHO_COL_F64);
	return code ? code : base_rows(self, sink, 0, 0);
}

#define BASE_TABLES (1u << RHO_ACTIONS | 1u << RHO_CONTEXTS | 1u << RHO_LINKS)
