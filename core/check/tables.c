/* tables.c: a small catalogue with every standard column, for environments that run on one. */
#include <math.h>
#include <stdio.h>

#include "../store/tables.h"
#include "play.h"

enum { ACTIONS = 40, CONTEXTS = 24, PER_CONTEXT = 6, LOGGED = 60, WIDTH = 8 };

static struct rho_str str(const char *s)
{
	struct rho_str v = { s, 0 };
	while (s[v.len])
		v.len++;
	return v;
}

static const char *const topics[] = { "weather", "music", "travel", "sport" };

static int fill_actions(struct rho_sink *s, struct rho_rng *r)
{
	static const struct rho_column_spec columns[] = {
		{ "text", RHO_COL_STR, 0, 0 },         { "id", RHO_COL_STR, 0, 0 },
		{ "title", RHO_COL_STR, 0, 0 },        { "category", RHO_COL_LABEL, 0, 0 },
		{ "price", RHO_COL_F64, 0, 0 },        { "rating", RHO_COL_F64, 0, 0 },
		{ "features", RHO_COL_F32S, 0, WIDTH }
	};
	int code = s->columns(s, RHO_ACTIONS, columns, 7);
	for (unsigned i = 0; i < ACTIONS && !code; i++) {
		char text[64], id[16], title[32];
		float f[WIDTH];
		snprintf(title, sizeof title, "%s tool %u", topics[i % 4], i);
		snprintf(text, sizeof text, "%s: answers questions of %s", title, topics[i % 4]);
		snprintf(id, sizeof id, "a%u", i);
		for (size_t d = 0; d < WIDTH; d++)
			f[d] = (float)(rho_normal(r) / sqrt(WIDTH) + (d == i % 4));
		union rho_value row[] = { { .s = str(text) },  { .s = str(id) },
			                  { .s = str(title) }, { .s = str(topics[i % 4]) },
			                  { .f = 1 + i % 7 },  { .f = 1 + i % 5 },
			                  { .v = f } };
		code = s->add(s, RHO_ACTIONS, row) < 0;
	}
	return code;
}

static int fill_contexts(struct rho_sink *s, struct rho_rng *r)
{
	static const struct rho_column_spec columns[] = {
		{ "text", RHO_COL_STR, 0, 0 },          { "id", RHO_COL_STR, 0, 0 },
		{ "group", RHO_COL_LABEL, 0, 0 },       { "split", RHO_COL_LABEL, 0, 0 },
		{ "features", RHO_COL_F32S, 0, WIDTH }, { "answer", RHO_COL_STR, 0, 0 },
		{ "solution", RHO_COL_STR, 0, 0 }
	};
	int code = s->columns(s, RHO_CONTEXTS, columns, 7);
	for (unsigned i = 0; i < CONTEXTS && !code; i++) {
		char text[64], id[16], answer[16], solution[64];
		float f[WIDTH];
		snprintf(text, sizeof text, "question %u of %s", i, topics[i % 4]);
		snprintf(answer, sizeof answer, "%u", 2 * i);
		snprintf(solution, sizeof solution, "Twice that: <<%u*2=%u>>%u.\n#### %u", i, 2 * i, 2 * i,
		         2 * i);
		snprintf(id, sizeof id, "c%u", i);
		for (size_t d = 0; d < WIDTH; d++)
			f[d] = (float)(rho_normal(r) / sqrt(WIDTH) + (d == i % 4));
		union rho_value row[] = { { .s = str(text) },
			                  { .s = str(id) },
			                  { .s = str(i % 2 ? "G1" : "G2") },
			                  { .s = str(i % 3 ? "train" : "test") },
			                  { .v = f },
			                  { .s = str(answer) },
			                  { .s = str(solution) } };
		code = s->add(s, RHO_CONTEXTS, row) < 0;
	}
	return code;
}

static int fill_links(struct rho_sink *s, struct rho_rng *r)
{
	static const struct rho_column_spec columns[] = { { "context", RHO_COL_ROW, RHO_CONTEXTS, 0 },
		                                          { "action", RHO_COL_ROW, RHO_ACTIONS, 0 },
		                                          { "weight", RHO_COL_F64, 0, 0 },
		                                          { "time", RHO_COL_I64, 0, 0 },
		                                          { "group", RHO_COL_LABEL, 0, 0 },
		                                          { "split", RHO_COL_LABEL, 0, 0 } };
	int code = s->columns(s, RHO_LINKS, columns, 6);
	for (unsigned i = 0; i < CONTEXTS * PER_CONTEXT && !code; i++) {
		unsigned c = i / PER_CONTEXT, j = i % PER_CONTEXT;
		uint32_t a = (c % 4 + 4 * (c + j * 7)) % ACTIONS; /* of the context's topic, none twice */
		union rho_value row[] = { { .row = c },
			                  { .row = a },
			                  { .f = 0.25 + 0.75 * rho_unif(r) },
			                  { .i = 1000 + i },
			                  { .s = str(c % 2 ? "G1" : "G2") },
			                  { .s = str(c % 3 ? "train" : "test") } };
		code = s->add(s, RHO_LINKS, row) < 0;
	}
	return code;
}

static int fill_log(struct rho_sink *s, struct rho_rng *r)
{
	static const struct rho_column_spec columns[] = { { "context", RHO_COL_ROW, RHO_CONTEXTS, 0 },
		                                          { "action", RHO_COL_ROW, RHO_ACTIONS, 0 },
		                                          { "reward", RHO_COL_F64, 0, 0 },
		                                          { "prob", RHO_COL_F64, 0, 0 },
		                                          { "position", RHO_COL_I64, 0, 0 },
		                                          { "time", RHO_COL_I64, 0, 0 } };
	int code = s->columns(s, RHO_LOG, columns, 6);
	for (unsigned i = 0; i < LOGGED && !code; i++) {
		union rho_value row[] = { { .row = i % CONTEXTS },
			                  { .row = rho_below(r, ACTIONS) },
			                  { .f = rho_below(r, 2) },
			                  { .f = 1.0 / ACTIONS },
			                  { .i = 1 },
			                  { .i = 1000 + i } };
		code = s->add(s, RHO_LOG, row) < 0;
	}
	return code;
}

struct rho_tables *rho_check_tables(uint64_t seed, struct rho_buf *why)
{
	struct rho_tables *t = rho_tables_new();
	struct rho_sink *s = rho_tables_sink(t);
	struct rho_rng r = rho_stream_seed(seed, "check", 0, "tables");
	if (fill_actions(s, &r) || fill_contexts(s, &r) || fill_links(s, &r) || fill_log(s, &r))
		rho_buf_str(why, rho_tables_error(t));
	else if (!rho_tables_finish(t, 0xf, why))
		return t;
	rho_tables_free(t);
	return NULL;
}

/* A table of `n` texts, each of a topic. */
static int fill_texts(struct rho_sink *s, uint32_t table, size_t n, const char *what)
{
	static const struct rho_column_spec column = { "text", RHO_COL_STR, 0, 0 };
	int code = s->columns(s, table, &column, 1);
	for (size_t i = 0; i < n && !code; i++) {
		char text[64];
		snprintf(text, sizeof text, "%s %zu of %s", what, i, topics[i % 4]);
		union rho_value row = { .s = str(text) };
		code = s->add(s, table, &row) < 0;
	}
	return code;
}

struct rho_tables *rho_check_texts(size_t actions, size_t contexts, struct rho_buf *why)
{
	struct rho_tables *t = rho_tables_new();
	struct rho_sink *s = rho_tables_sink(t);
	if (fill_texts(s, RHO_ACTIONS, actions, "tool") || fill_texts(s, RHO_CONTEXTS, contexts, "question"))
		rho_buf_str(why, rho_tables_error(t));
	else if (!rho_tables_finish(t, 1u << RHO_ACTIONS | 1u << RHO_CONTEXTS, why))
		return t;
	rho_tables_free(t);
	return NULL;
}
