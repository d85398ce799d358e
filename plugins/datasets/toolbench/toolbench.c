/* toolbench: RapidAPI endpoints and instructions with the endpoints that solve them (ToolLLM). */
#include <string.h>

#include "kit/toolbox.h"

enum { DESCRIBED, ALL };
static const char *const catalog_names[] = { "described", "all", NULL };

static const char *const group_names[] = { "G1", "G2", "G3", "AnyTool", "ToolLens" };
#define N_GROUPS (sizeof(group_names) / sizeof(group_names[0]))
#define TOOLLENS (N_GROUPS - 1)         /* has a file of its own */

struct toolbench {
	const char *path;       /* parameters */
	int catalog;
	struct rho_strs groups;
	bool parameters;
};

static const struct rho_param toolbench_params[] = {
	RHO_PATH(struct toolbench, path,
		 "folder with apis.jsonl, queries.jsonl and, for ToolLens, toollens_queries.jsonl, gzip or "
		 "not"),
	RHO_CHOICE(struct toolbench, catalog, DESCRIBED, catalog_names,
		   "actions: the APIs with a description, or all of them, most with names only"),
	RHO_STRS(struct toolbench, groups, "whose queries are contexts: G1, G2, G3, AnyTool, ToolLens", "G1",
		 "G2", "G3"),
	RHO_BOOL(struct toolbench, parameters, false,
		 "whether the names and descriptions of an API's parameters are part of its text"),
	RHO_END
};

struct reading {                /* what one call of read holds */
	struct rho_toolbox box; /* first: it is what the callbacks are given */
	const struct toolbench *p;
	bool wanted[N_GROUPS];
	size_t outside, unanswered;
};

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
			return rho_trouble_set(&r->box.trouble, RHO_EINVAL,
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
					&r->box.trouble, RHO_EINVAL,
					"groups is empty; name one or more of G1, G2, G3, AnyTool, ToolLens");
}

/* Appends "name: description" of each parameter in list `key`, where there is one. */
static int add_parameters(struct rho_toolbox *b, const char *key, size_t *written)
{
	struct rho_str name, text;
	size_t n;
	int e = rho_jsonl_maybe_list(&b->rows, key, &n);
	for (size_t i = 0; !e && i < n; i++) {
		e = rho_jsonl_item_maybe(&b->rows, i, "name", &name);
		if (!e)
			e = rho_jsonl_item_maybe(&b->rows, i, "description", &text);
		if (e)
			break;
		rho_text_join(&b->text, (*written)++ ? "; " : ". ", name);
		rho_text_join(&b->text, ": ", text);
	}
	return e;
}

/* The text is "category. tool. api. description. the tool's description", as far as it is known. */
static int compose(struct reading *r, const struct rho_str part[5])
{
	struct rho_toolbox *b = &r->box;
	size_t written = 0;
	int e = 0;
	rho_text_clear(&b->text);
	for (size_t i = 0; i < 5; i++)
		rho_text_join(&b->text, ". ", part[i]);
	if (r->p->parameters)
		e = add_parameters(b, "required_params", &written);
	if (!e && r->p->parameters)
		e = add_parameters(b, "optional_params", &written);
	return e ? e : b->text.spent ? rho_toolbox_no_memory(b) : 0;
}

static int read_api(void *arg)
{
	static const char *const maybe[] = { "category", "description", "tool_description" };
	struct reading *r = arg;
	struct rho_jsonl *rows = &r->box.rows;
	struct rho_str id, tool, api, m[3];
	int e = rho_jsonl_id(rows, "api_id", &id);
	if (!e)
		e = rho_jsonl_str(rows, "tool", &tool);
	if (!e)
		e = rho_jsonl_str(rows, "api", &api);
	for (size_t i = 0; !e && i < 3; i++)
		e = rho_jsonl_maybe(rows, maybe[i], &m[i]);
	if (!e && r->p->catalog == DESCRIBED && !m[1].len)
		return rho_toolbox_api(&r->box, id, NULL);
	if (!e)
		e = compose(r, (const struct rho_str[]){ m[0], tool, api, m[1], m[2] });
	if (e)
		return e;
	const union rho_value row[] = {
		{ .s = id }, { .s = rho_text_view(&r->box.text) }, { .s = api }, { .s = m[0] }, { .s = tool }
	};
	return rho_toolbox_api(&r->box, id, row);
}

/* Upstream's sample training queries and ToolLens's train part; all else are test queries. */
static const char *split_of(struct rho_str subset)
{
	static const char ending[] = "_example";
	size_t n = sizeof(ending) - 1;
	bool example = subset.len > n && !memcmp(subset.at + subset.len - n, ending, n);
	return example || rho_str_is(subset, "train") ? "train" : "test";
}

/* Links context number n_contexts, still to be added, to its relevant APIs; *missing: to how many it cannot, as
 * they are outside the catalogue. */
static int link_relevant(struct reading *r, int64_t *missing)
{
	struct rho_toolbox *b = &r->box;
	uint32_t action;
	size_t n, before = b->n_links;
	int e = rho_jsonl_list(&b->rows, "relevant", &n);
	*missing = 0;
	for (size_t i = 0; !e && i < n; i++) {
		e = rho_toolbox_relevant(b, i, &action);
		if (e || action == RHO_NO_ID) {
			++*missing;
			continue;
		}
		const union rho_value row[] = { { .row = (uint32_t)b->n_contexts }, { .row = action }, { .f = 1 } };
		e = rho_toolbox_link(b, row);
	}
	r->outside += (size_t)*missing;
	r->unanswered += b->n_links == before;
	return e;
}

static int read_query(void *arg)
{
	struct reading *r = arg;
	struct rho_jsonl *rows = &r->box.rows;
	struct rho_str id, group, subset, query;
	size_t g = 0;
	int64_t missing;
	int e = rho_jsonl_str(rows, "group", &group);
	if (!e)
		e = rho_jsonl_str(rows, "subset", &subset);
	if (!e)
		e = rho_jsonl_str(rows, "query", &query);
	if (e)
		return e;
	while (g < N_GROUPS && !rho_str_is(group, group_names[g]))
		g++;
	if (g == N_GROUPS)
		return rho_lines_fail(rows->lines, "group \"%.*s\" is none of G1, G2, G3, AnyTool, ToolLens",
				      (int)group.len, group.at);
	if (!r->wanted[g])
		return 0;
	e = link_relevant(r, &missing);
	if (!e)
		e = rho_jsonl_id(rows, "query_id", &id); /* now: an integer's text lasts until the next id */
	if (e)
		return e;
	const union rho_value row[] = { { .s = id }, { .s = query }, { .s = group }, { .s = subset },
		                        { .s = rho_str_of(split_of(subset)) }, { .i = missing } };
	return rho_toolbox_context(&r->box, row);
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
		{ .name = "split", .type = RHO_COL_LABEL },  { .name = "missing", .type = RHO_COL_I64 },
	};
	static const struct rho_column_spec links[] = {
		{ .name = "context", .type = RHO_COL_ROW, .of = RHO_CONTEXTS },
		{ .name = "action", .type = RHO_COL_ROW, .of = RHO_ACTIONS },
		{ .name = "weight", .type = RHO_COL_F64 },
	};
	int e = sink->columns(sink, RHO_ACTIONS, actions, 5);
	if (!e)
		e = sink->columns(sink, RHO_CONTEXTS, contexts, 6);
	return e ? e : sink->columns(sink, RHO_LINKS, links, 3);
}

static int toolbench_read(struct rho_ctx *c, void *self, struct rho_sink *sink)
{
	const struct toolbench *p = self;
	struct reading r = { .box = { .path = p->path, .ctx = c, .sink = sink }, .p = p };
	struct rho_toolbox *b = &r.box;
	bool rapid = false;
	int e = choose_groups(&r);
	if (!e)
		e = declare(sink);
	if (!e)
		e = rho_toolbox_read(b, "apis.jsonl", read_api, &r);
	for (size_t g = 0; g < TOOLLENS; g++)
		rapid |= r.wanted[g];
	if (!e && rapid)
		e = rho_toolbox_read(b, "queries.jsonl", read_query, &r);
	if (!e && r.wanted[TOOLLENS])
		e = rho_toolbox_read(b, "toollens_queries.jsonl", read_query, &r);
	if (!e && !b->n_links)
		e = rho_trouble_set(&b->trouble, RHO_EFORMAT,
				    "%s has no query of these groups with a relevant API in the catalogue (of "
				    "%zu); choose other groups or catalog = \"all\"",
				    p->path, b->n_contexts);
	if (!e)
		rho_log(c, RHO_INFO,
			"%zu actions, %zu contexts, %zu links; relevant APIs outside this catalogue: %zu; contexts "
			"without a link, as all of theirs are: %zu",
			b->n_actions, b->n_contexts, b->n_links, r.outside, r.unanswered);
	return rho_toolbox_end(b, e);
}

static const struct rho_dataset toolbench_dataset = {
	.size = sizeof(toolbench_dataset),
	.tables = 1u << RHO_ACTIONS | 1u << RHO_CONTEXTS | 1u << RHO_LINKS,
	.read = toolbench_read,
};

RHO_EXPORT const struct rho_plugin rho_plugin = {
	RHO_PLUGIN(RHO_DATASET),
	.name = "toolbench",
	.version = "1.1.0",
	.revision = 2,
	.flags = RHO_THREADS,
	.brief = "RapidAPI endpoints and the instructions they solve",
	.doc = "An action is an API; its text is \"category. tool. api. description. the tool's "
	       "description\", as far as each is known; with parameters = true the names and descriptions of "
	       "its parameters follow. A context is a query; its links, of weight 1, go to its relevant APIs. "
	       "missing says how many more of them are outside the catalogue; where all are, the query has no "
	       "link. group and subset are upstream's; split is train for ToolLens's training queries and "
	       "ToolBench's ten examples, else test.",
	.cite = "Qin et al. 2024, ToolLLM: Facilitating Large Language Models to Master 16000+ Real-world "
		"APIs",
	.params = toolbench_params,
	.self_size = sizeof(struct toolbench),
	.dataset = &toolbench_dataset,
};
