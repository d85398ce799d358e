/* seal_tools: tools of 146 fields, and queries with the calls that answer them, in order. */
#include <stdlib.h>
#include <string.h>

#include "kit/toolbox.h"

struct seal_tools {             /* parameters */
	const char *path;
	bool parameters;
};

static const struct rho_param seal_tools_params[] = {
	RHO_PATH(struct seal_tools, path, "folder with tools.jsonl and queries.jsonl, gzip or not"),
	RHO_BOOL(struct seal_tools, parameters, false,
		 "whether the names and descriptions of a tool's parameters are part of its text"),
	RHO_END
};

struct reading {
	struct rho_toolbox box;
	const struct seal_tools *p;
	struct rho_idmap names; /* of the tools; numbers are rows of actions */
	size_t *last;           /* (tools) number, from 1, of the query that called each last; 0: none has */
	size_t *place;          /* (tools) where among that query's calls it first stands */
	size_t n_valid;
};

/* Appends "name: description" of each parameter. */
static int add_parameters(struct rho_toolbox *b)
{
	struct rho_str name, text;
	int e = rho_jsonl_object(&b->rows, "parameters");
	for (size_t n = 0; !e && rho_jsonl_object_next(&b->rows, &name); n++) {
		e = rho_jsonl_object_maybe(&b->rows, "description", &text);
		if (e)
			break;
		rho_text_join(&b->text, n ? "; " : ". ", name);
		rho_text_join(&b->text, ": ", text);
	}
	return e;
}

static int read_tool(void *arg)
{
	struct reading *r = arg;
	struct rho_jsonl *rows = &r->box.rows;
	struct rho_text *text = &r->box.text;
	struct rho_str id, category, tool, api, description;
	bool fresh;
	int e = rho_jsonl_id(rows, "api_id", &id);
	if (!e)
		e = rho_jsonl_maybe(rows, "category", &category);
	if (!e)
		e = rho_jsonl_maybe(rows, "tool", &tool);
	if (!e)
		e = rho_jsonl_str(rows, "api", &api);
	if (!e)
		e = rho_jsonl_maybe(rows, "description", &description);
	if (e)
		return e;
	if (rho_idmap_add(&r->names, api, &fresh) == RHO_NO_ID)
		return rho_toolbox_no_memory(&r->box);
	if (!fresh)
		return rho_lines_fail(rows->lines,
				      "a tool called \"%.*s\" stands in an earlier row, too; calls name tools, so "
				      "names must differ", (int)api.len, api.at);
	rho_text_clear(text);
	rho_text_add(text, tool.len ? tool : category);
	rho_text_join(text, ". ", api);
	rho_text_join(text, ". ", description);
	e = r->p->parameters ? add_parameters(&r->box) : 0;
	if (e || text->spent)
		return e ? e : rho_toolbox_no_memory(&r->box);
	const union rho_value row[] = {
		{ .s = id }, { .s = rho_text_view(text) }, { .s = api }, { .s = category }, { .s = tool }
	};
	return rho_toolbox_api(&r->box, id, row);
}

/* Notes the place of each tool's first call of context number n_contexts, still to be added. */
static int read_calls(struct reading *r)
{
	struct rho_jsonl *rows = &r->box.rows;
	struct rho_str name;
	size_t n, n_tools = rho_idmap_n(&r->names), query = r->box.n_contexts + 1;
	int e = rho_jsonl_list(rows, "calls", &n);
	if (!e && !r->last) {
		r->last = calloc(n_tools + 1, sizeof(*r->last));
		r->place = calloc(n_tools + 1, sizeof(*r->place));
		if (!r->last || !r->place)
			return rho_toolbox_no_memory(&r->box);
	}
	for (size_t i = 0; !e && i < n; i++) {
		e = rho_jsonl_item_maybe(rows, i, "api", &name);
		uint32_t tool = e ? RHO_NO_ID : rho_idmap_find(&r->names, name);
		if (!e && tool == RHO_NO_ID)
			e = rho_lines_fail(rows->lines, "call %zu is of \"%.*s\", which is not in the tools' file",
					   i + 1, (int)name.len, name.at);
		if (e || r->last[tool] == query)
			continue;
		r->last[tool] = query;
		r->place[tool] = i;
	}
	return e;
}

/* Links that context to its relevant tools, each at the place of its first call. */
static int link_relevant(struct reading *r)
{
	struct rho_jsonl *rows = &r->box.rows;
	uint32_t action;
	size_t n, context = r->box.n_contexts;
	int e = read_calls(r);
	if (!e)
		e = rho_jsonl_list(rows, "relevant", &n);
	if (!e && !n)
		e = rho_lines_fail(rows->lines, "\"relevant\" is an empty list; a query needs a tool");
	for (size_t i = 0; !e && i < n; i++) {
		e = rho_toolbox_relevant(&r->box, i, &action);
		if (!e && r->last[action] != context + 1)
			e = rho_lines_fail(rows->lines, "element %zu of \"relevant\" is in none of the calls", i + 1);
		if (e)
			break;
		const union rho_value row[] = {
			{ .row = (uint32_t)context }, { .row = action }, { .f = 1 }, { .i = (int64_t)r->place[action] }
		};
		e = rho_toolbox_link(&r->box, row);
	}
	return e;
}

static int read_query(void *arg)
{
	struct reading *r = arg;
	struct rho_jsonl *rows = &r->box.rows;
	struct rho_str id, group, query;
	int e = rho_jsonl_str(rows, "group", &group);
	if (!e)
		e = rho_jsonl_str(rows, "query", &query);
	if (!e)
		e = link_relevant(r);
	if (!e)
		e = rho_jsonl_id(rows, "query_id", &id); /* now: an integer's text lasts until the next id */
	if (e)
		return e;
	bool test = group.len > 4 && !memcmp(group.at, "test", 4);
	const union rho_value row[] = {
		{ .s = id }, { .s = query }, { .s = group }, { .s = rho_str_of(test ? "test" : "valid") }
	};
	r->n_valid += !test;
	return rho_toolbox_context(&r->box, row);
}

static int declare(struct rho_sink *sink)
{
	static const struct rho_column_spec actions[] = {
		{ .name = "id", .type = RHO_COL_STR },    { .name = "text", .type = RHO_COL_STR },
		{ .name = "title", .type = RHO_COL_STR }, { .name = "category", .type = RHO_COL_LABEL },
		{ .name = "tool", .type = RHO_COL_STR },
	};
	static const struct rho_column_spec contexts[] = {
		{ .name = "id", .type = RHO_COL_STR },      { .name = "text", .type = RHO_COL_STR },
		{ .name = "group", .type = RHO_COL_LABEL }, { .name = "split", .type = RHO_COL_LABEL },
	};
	static const struct rho_column_spec links[] = {
		{ .name = "context", .type = RHO_COL_ROW, .of = RHO_CONTEXTS },
		{ .name = "action", .type = RHO_COL_ROW, .of = RHO_ACTIONS },
		{ .name = "weight", .type = RHO_COL_F64 }, { .name = "time", .type = RHO_COL_I64 },
	};
	int e = sink->columns(sink, RHO_ACTIONS, actions, 5);
	if (!e)
		e = sink->columns(sink, RHO_CONTEXTS, contexts, 4);
	return e ? e : sink->columns(sink, RHO_LINKS, links, 4);
}

static int seal_tools_read(struct rho_ctx *c, void *self, struct rho_sink *sink)
{
	const struct seal_tools *p = self;
	struct reading r = { .box = { .path = p->path, .ctx = c, .sink = sink }, .p = p };
	int e = declare(sink);
	if (!e)
		e = rho_toolbox_read(&r.box, "tools.jsonl", read_tool, &r);
	if (!e)
		e = rho_toolbox_read(&r.box, "queries.jsonl", read_query, &r);
	if (!e)
		rho_log(c, RHO_INFO, "%zu actions, %zu contexts (%zu valid, %zu test), %zu links", r.box.n_actions,
			r.box.n_contexts, r.n_valid, r.box.n_contexts - r.n_valid, r.box.n_links);
	e = rho_toolbox_end(&r.box, e);
	rho_idmap_free(&r.names);
	free(r.last);
	free(r.place);
	return e;
}

static const struct rho_dataset seal_tools_dataset = {
	.size = sizeof(seal_tools_dataset),
	.tables = 1u << RHO_ACTIONS | 1u << RHO_CONTEXTS | 1u << RHO_LINKS,
	.read = seal_tools_read,
};

RHO_EXPORT const struct rho_plugin rho_plugin = {
	RHO_PLUGIN(RHO_DATASET), .name = "seal_tools", .version = "1.0.0", .revision = 1, .flags = RHO_THREADS,
	.brief = "4,076 tools of many fields and queries for chains of one to six of them",
	.doc = "An action is a tool; its text is \"field. name. description\", with its parameters' names and "
	       "descriptions if asked for. A context is a query; its links, of weight 1, go to the tools that its "
	       "calls use, and their time is the place, from 0, of the first call of each. split is valid for the "
	       "group dev, else test; upstream's training queries are not to be had.",
	.cite = "Wu et al. 2024, Seal-Tools: Self-Instruct Tool Learning Dataset for Agent Tuning and Detailed "
		"Benchmark",
	.params = seal_tools_params, .self_size = sizeof(struct seal_tools), .dataset = &seal_tools_dataset,
};
