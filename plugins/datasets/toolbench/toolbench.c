/* toolbench: RapidAPI endpoints and instructions with the endpoints that solve them (ToolLLM). */
#include <stdlib.h>
#include <string.h>

#include "kit/idmap.h"
#include "kit/jsonl.h"
#include "kit/place.h"

enum { DESCRIBED, ALL };
static const char *const catalog_names[] = { "described", "all", NULL };

static const char *const group_names[] = { "G1", "G2", "G3", "AnyTool", "ToolLens" };
#define N_GROUPS (sizeof(group_names) / sizeof(group_names[0]))
#define TOOLLENS (N_GROUPS - 1)         /* has a file of its own */

struct toolbench {
	const char *path;       /* parameters */
	int catalog;
	struct rho_strs groups;
};

static const struct rho_param toolbench_params[] = {
	RHO_PATH(struct toolbench, path,
		 "folder with apis.jsonl, queries.jsonl and, for ToolLens, toollens_queries.jsonl, gzip or "
		 "not"),
	RHO_CHOICE(struct toolbench, catalog, DESCRIBED, catalog_names,
		   "actions: the APIs with a description, or all of them, most with names only"),
	RHO_STRS(struct toolbench, groups, "whose queries are contexts: G1, G2, G3, AnyTool, ToolLens", "G1",
		 "G2", "G3"),
	RHO_END
};

struct reading {                /* what one call of read holds */
	const struct toolbench *p;
	struct rho_ctx *ctx;
	struct rho_sink *sink;
	struct rho_trouble trouble;
	struct rho_jsonl rows;
	struct rho_idmap apis;  /* every api_id of the file */
	uint32_t *row;          /* (apis, as room allows): its action; RHO_NO_ID: outside the catalogue */
	size_t room;
	bool wanted[N_GROUPS];
	size_t n_actions, n_contexts, n_links, outside, left_out;
	struct rho_text text;
};

static int no_memory(struct reading *r)
{
	return rho_trouble_set(&r->trouble, RHO_ENOMEM, "no memory left to read %s", r->p->path);
}

static int open_file(struct reading *r, const char *name)
{
	char *path = rho_place(r->p->path, NULL, name);
	int e = path ? rho_jsonl_open(&r->rows, path, &r->trouble) : no_memory(r);
	free(path);
	return e;
}

static int choose_groups(struct reading *r)
{
	struct rho_str names[N_GROUPS];
	for (size_t g = 0; g < N_GROUPS; g++)
		names[g] = rho_str_of(group_names[g]);
	for (size_t i = 0; i < r->p->groups.n; i++) {
		size_t g = 0;
		while (g < N_GROUPS && strcmp(r->p->groups.at[i], group_names[g]) != 0)
			g++;
		if (g == N_GROUPS) {
			size_t near = rho_kit_nearest(rho_str_of(r->p->groups.at[i]), names, N_GROUPS);
			return rho_trouble_set(&r->trouble, RHO_EINVAL,
					       "groups: there is no group \"%s\"; there are G1, G2, "
					       "G3, AnyTool and ToolLens%s%s%s",
					       r->p->groups.at[i], near < N_GROUPS ? "; did you mean " : "",
					       near < N_GROUPS ? group_names[near] : "",
					       near < N_GROUPS ? "?" : "");
		}
		r->wanted[g] = true;
	}
	return r->p->groups.n ? 0
			      : rho_trouble_set(
					&r->trouble, RHO_EINVAL,
					"groups is empty; name one or more of G1, G2, G3, AnyTool, ToolLens");
}

/* Gives the api_id its place; `action` is its row, or RHO_NO_ID. */
static int note_api(struct reading *r, struct rho_str id, uint32_t action)
{
	bool fresh;
	uint32_t api = rho_idmap_add(&r->apis, id, &fresh);
	if (api == RHO_NO_ID)
		return no_memory(r);
	if (!fresh)
		return rho_lines_fail(r->rows.lines, "api_id %.*s stands in an earlier row, too", (int)id.len,
				      id.at);
	if (api >= r->room) {
		size_t room = r->room ? 2 * r->room : 16384;
		uint32_t *row = realloc(r->row, room * sizeof(*row));
		if (!row)
			return no_memory(r);
		r->row = row;
		r->room = room;
	}
	r->row[api] = action;
	return 0;
}

/* The text is "category. tool. api. description", as far as it is known. */
static int read_api(struct reading *r)
{
	static const char *const maybe[] = { "category", "description", "tool_description" };
	struct rho_str id, tool, api, m[3];
	int e = rho_jsonl_id(&r->rows, "api_id", &id);
	if (!e)
		e = rho_jsonl_str(&r->rows, "tool", &tool);
	if (!e)
		e = rho_jsonl_str(&r->rows, "api", &api);
	for (size_t i = 0; !e && i < 3; i++)
		e = rho_jsonl_maybe(&r->rows, maybe[i], &m[i]);
	if (e)
		return e;
	if (r->p->catalog == DESCRIBED && !m[1].len)
		return note_api(r, id, RHO_NO_ID);
	rho_text_clear(&r->text);
	rho_text_add(&r->text, m[0]);
	rho_text_join(&r->text, ". ", tool);
	rho_text_join(&r->text, ". ", api);
	rho_text_join(&r->text, ". ", m[1]);
	rho_text_join(&r->text, ". ", m[2]);
	if (r->text.spent)
		return no_memory(r);
	const union rho_value row[] = {
		{ .s = id }, { .s = rho_text_view(&r->text) }, { .s = api }, { .s = m[0] }, { .s = tool }
	};
	int64_t at = r->sink->add(r->sink, RHO_ACTIONS, row);
	if (at < 0)
		return (int)at;
	r->n_actions++;
	return note_api(r, id, (uint32_t)at);
}

/* Reads a file row by row with `one`. */
static int read_file(struct reading *r, const char *name, int (*one)(struct reading *))
{
	int more = 0, e = open_file(r, name);
	while (!e && (more = rho_jsonl_next(&r->rows)) > 0) {
		e = one(r);
		if (!e)
			e = rho_lines_pulse(r->rows.lines, r->ctx);
	}
	if (!e && more < 0)
		e = more;
	if (!e && !rho_lines_number(r->rows.lines))
		e = rho_trouble_at(&r->trouble, RHO_EFORMAT, rho_lines_path(r->rows.lines), 0,
				   "the file is empty");
	rho_jsonl_close(&r->rows);
	return e;
}

/* Upstream's sample training queries and ToolLens's train part; all else are test queries. */
static const char *split_of(struct rho_str subset)
{
	static const char ending[] = "_example";
	size_t n = sizeof(ending) - 1;
	bool example = subset.len > n && !memcmp(subset.at + subset.len - n, ending, n);
	return example || rho_str_is(subset, "train") ? "train" : "test";
}

/* Links context number n_contexts, still to be added, to its relevant APIs; *found: to how many. */
static int link_relevant(struct reading *r, size_t *found)
{
	size_t n;
	struct rho_str id;
	int e = rho_jsonl_list(&r->rows, "relevant", &n);
	*found = 0;
	for (size_t i = 0; !e && i < n; i++) {
		e = rho_jsonl_item_id(&r->rows, i, &id);
		uint32_t api = e ? RHO_NO_ID : rho_idmap_find(&r->apis, id);
		if (!e && api == RHO_NO_ID)
			e = rho_lines_fail(r->rows.lines,
					   "relevant names api_id %.*s, which is not in the APIs' file",
					   (int)id.len, id.at);
		if (e)
			break;
		if (r->row[api] == RHO_NO_ID) {
			r->outside++;
			continue;
		}
		const union rho_value row[] = { { .row = (uint32_t)r->n_contexts },
						{ .row = r->row[api] },
						{ .f = 1 } };
		int64_t at = r->sink->add(r->sink, RHO_LINKS, row);
		e = at < 0 ? (int)at : 0;
		*found += !e;
	}
	r->n_links += *found;
	return e;
}

static int read_query(struct reading *r)
{
	struct rho_str id, group, subset, query;
	size_t g = 0, found;
	int e = rho_jsonl_str(&r->rows, "group", &group);
	if (!e)
		e = rho_jsonl_id(&r->rows, "query_id", &id);
	if (!e)
		e = rho_jsonl_str(&r->rows, "subset", &subset);
	if (!e)
		e = rho_jsonl_str(&r->rows, "query", &query);
	if (e)
		return e;
	while (g < N_GROUPS && !rho_str_is(group, group_names[g]))
		g++;
	if (g == N_GROUPS)
		return rho_lines_fail(r->rows.lines,
				      "group \"%.*s\" is none of G1, G2, G3, AnyTool, ToolLens",
				      (int)group.len, group.at);
	if (!r->wanted[g])
		return 0;
	e = link_relevant(r, &found);
	if (e)
		return e;
	if (!found) {
		r->left_out++;
		return 0;
	}
	const union rho_value row[] = { { .s = id }, { .s = query }, { .s = group }, { .s = subset },
		                        { .s = rho_str_of(split_of(subset)) } };
	int64_t at = r->sink->add(r->sink, RHO_CONTEXTS, row);
	r->n_contexts++;
	return at < 0 ? (int)at : 0;
}

static int declare(struct rho_sink *sink)
{
	static const struct rho_column_spec actions[] = {
		{ .name = "id", .type = RHO_COL_STR },     { .name = "text", .type = RHO_COL_STR },
		{ .name = "title", .type = RHO_COL_STR },  { .name = "category", .type = RHO_COL_LABEL },
		{ .name = "tool", .type = RHO_COL_STR },
	};
	static const struct rho_column_spec contexts[] = {
		{ .name = "id", .type = RHO_COL_STR },       { .name = "text", .type = RHO_COL_STR },
		{ .name = "group", .type = RHO_COL_LABEL },  { .name = "subset", .type = RHO_COL_LABEL },
		{ .name = "split", .type = RHO_COL_LABEL },
	};
	static const struct rho_column_spec links[] = {
		{ .name = "context", .type = RHO_COL_ROW, .of = RHO_CONTEXTS },
		{ .name = "action", .type = RHO_COL_ROW, .of = RHO_ACTIONS },
		{ .name = "weight", .type = RHO_COL_F64 },
	};
	int e = sink->columns(sink, RHO_ACTIONS, actions, 5);
	if (!e)
		e = sink->columns(sink, RHO_CONTEXTS, contexts, 5);
	return e ? e : sink->columns(sink, RHO_LINKS, links, 3);
}

static int read_all(struct reading *r)
{
	bool rapid = false;
	int e = choose_groups(r);
	if (!e)
		e = declare(r->sink);
	if (!e)
		e = read_file(r, "apis.jsonl", read_api);
	for (size_t g = 0; g < TOOLLENS; g++)
		rapid |= r->wanted[g];
	if (!e && rapid)
		e = read_file(r, "queries.jsonl", read_query);
	if (!e && r->wanted[TOOLLENS])
		e = read_file(r, "toollens_queries.jsonl", read_query);
	if (!e && !r->n_contexts)
		e = rho_trouble_set(&r->trouble, RHO_EFORMAT,
				    "%s has no query of these groups with a relevant API in the "
				    "catalogue (%zu left out); choose other groups or catalog = \"all\"",
				    r->p->path, r->left_out);
	if (!e)
		rho_log(r->ctx, RHO_INFO,
			"%zu actions, %zu contexts, %zu links; outside this catalogue: %zu relevant APIs; "
			"left out: %zu queries, all of whose relevant APIs are",
			r->n_actions, r->n_contexts, r->n_links, r->outside, r->left_out);
	return e;
}

static int toolbench_read(struct rho_ctx *c, void *self, struct rho_sink *sink)
{
	struct reading r = { .p = self, .ctx = c, .sink = sink };
	int e = read_all(&r);
	if (r.trouble.code)
		e = rho_fail(c, r.trouble.code, "%s", r.trouble.text);
	rho_idmap_free(&r.apis);
	rho_text_free(&r.text);
	free(r.row);
	return e;
}

static const struct rho_dataset toolbench_dataset = {
	.size = sizeof(toolbench_dataset),
	.tables = 1u << RHO_ACTIONS | 1u << RHO_CONTEXTS | 1u << RHO_LINKS,
	.read = toolbench_read,
};

RHO_EXPORT const struct rho_plugin rho_plugin = {
	RHO_PLUGIN(RHO_DATASET),
	.name = "toolbench",
	.version = "1.0.0",
	.revision = 1,
	.flags = RHO_THREADS,
	.brief = "RapidAPI endpoints and the instructions they solve",
	.doc = "An action is an API; its text is \"category. tool. api. description. the tool's "
	       "description\", as far as each is known. A context is a query; its links, of weight 1, go to "
	       "its relevant APIs. Relevant APIs outside the catalogue are dropped, queries that have no "
	       "other are left out; both are counted in the log. group and subset are upstream's; split is "
	       "train for ToolLens's training queries and ToolBench's ten examples, else test.",
	.cite = "Qin et al. 2024, ToolLLM: Facilitating Large Language Models to Master 16000+ Real-world "
		"APIs",
	.params = toolbench_params,
	.self_size = sizeof(struct toolbench),
	.dataset = &toolbench_dataset,
};
