/* metatool: ChatGPT plugins and what users ask of them (MetaTool's ToolE). */
#include <stdlib.h>

#include "kit/share.h"
#include "kit/toolbox.h"

struct metatool {               /* parameters */
	const char *path;
	bool model_descriptions;
	double test;
};

static const struct rho_param metatool_params[] = {
	RHO_PATH(struct metatool, path, "folder with tools.jsonl and queries.jsonl, gzip or not"),
	RHO_BOOL(struct metatool, model_descriptions, false,
		 "whether the description that a plugin's makers wrote for the model is part of its text"),
	RHO_F64(struct metatool, test, 0.2, 0, 1,
		"share of the queries, by a fixed hash of their text, that is labelled test; the rest is train"),
	RHO_END
};

struct pair { uint32_t query, action; };

struct reading {
	struct rho_toolbox box;
	const struct metatool *p;
	struct rho_idmap queries;       /* their texts; numbers are rows of contexts */
	struct rho_pile id, group;      /* of each query, from the first row that has its text */
	struct pair *pair;      /* (n_pairs) */
	size_t n_pairs, room, n_rows, n_test;
};

static int read_tool(void *arg)
{
	struct reading *r = arg;
	struct rho_jsonl *rows = &r->box.rows;
	struct rho_text *text = &r->box.text;
	struct rho_str id, api, description, human, model;
	int e = rho_jsonl_id(rows, "api_id", &id);
	if (!e)
		e = rho_jsonl_str(rows, "api", &api);
	if (!e)
		e = rho_jsonl_maybe(rows, "description", &description);
	if (!e)
		e = rho_jsonl_maybe(rows, "name_for_human", &human);
	if (!e)
		e = rho_jsonl_maybe(rows, "description_for_model", &model);
	if (e)
		return e;
	rho_text_clear(text);
	rho_text_add(text, api);
	rho_text_join(text, ". ", description);
	if (r->p->model_descriptions && !rho_str_same(model, description))
		rho_text_join(text, ". ", model);
	if (text->spent)
		return rho_toolbox_no_memory(&r->box);
	const union rho_value row[] = {
		{ .s = id }, { .s = rho_text_view(text) }, { .s = human.len ? human : api }, { .s = api }
	};
	return rho_toolbox_api(&r->box, id, row);
}

/* Without blanks around, and without quotes around the whole of it: they are the writer's, not the user's. */
static struct rho_str bare(struct rho_str s)
{
	s = rho_str_trim(s);
	if (s.len < 3 || s.at[0] != '"' || s.at[s.len - 1] != '"')
		return s;
	for (size_t i = 1; i < s.len - 1; i++)
		if (s.at[i] == '"')
			return s;
	return rho_str_trim((struct rho_str){ s.at + 1, s.len - 2 });
}

static int add_pair(struct reading *r, uint32_t query, uint32_t action)
{
	if (r->n_pairs == r->room) {
		size_t room = r->room ? 2 * r->room : 4096;
		struct pair *at = realloc(r->pair, room * sizeof(*at));
		if (!at)
			return rho_toolbox_no_memory(&r->box);
		r->pair = at;
		r->room = room;
	}
	r->pair[r->n_pairs++] = (struct pair){ query, action };
	return 0;
}

static int read_query(void *arg)
{
	struct reading *r = arg;
	struct rho_jsonl *rows = &r->box.rows;
	struct rho_str id, group, query;
	uint32_t action;
	size_t n;
	bool fresh;
	int e = rho_jsonl_id(rows, "query_id", &id);
	if (!e)
		e = rho_jsonl_str(rows, "group", &group);
	if (!e)
		e = rho_jsonl_str(rows, "query", &query);
	if (e)
		return e;
	query = bare(query);
	if (!query.len)
		return rho_lines_fail(rows->lines, "\"query\" is empty");
	uint32_t at = rho_idmap_add(&r->queries, query, &fresh);
	if (at == RHO_NO_ID || (fresh && (!rho_pile_add(&r->id, id) || !rho_pile_add(&r->group, group))))
		return rho_toolbox_no_memory(&r->box);
	r->n_rows++;
	e = rho_jsonl_list(rows, "relevant", &n);
	if (!e && !n)
		e = rho_lines_fail(rows->lines, "\"relevant\" is an empty list; a query needs a tool");
	for (size_t i = 0; !e && i < n; i++) {
		e = rho_toolbox_relevant(&r->box, i, &action);
		if (!e)
			e = add_pair(r, at, action);
	}
	return e;
}

static int by_query(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;
	if (x->query != y->query)
		return x->query < y->query ? -1 : 1;
	return x->action < y->action ? -1 : x->action > y->action;
}

/* Contexts in the order of first appearance, each with its tools, none twice. */
static int write_queries(struct reading *r)
{
	const struct pair *p = r->pair;
	int e = 0;
	if (r->n_pairs)
		qsort(r->pair, r->n_pairs, sizeof(*r->pair), by_query);
	for (size_t from = 0, to; !e && from < r->n_pairs; from = to) {
		struct rho_str text = rho_pile_at(&r->queries.names, p[from].query);
		bool test = rho_share(text) < r->p->test;
		const union rho_value row[] = { { .s = rho_pile_at(&r->id, p[from].query) },
						{ .s = text },
						{ .s = rho_pile_at(&r->group, p[from].query) },
						{ .s = rho_str_of(test ? "test" : "train") } };
		e = rho_toolbox_context(&r->box, row);
		r->n_test += test;
		for (to = from; !e && to < r->n_pairs && p[to].query == p[from].query; to++) {
			const union rho_value link[] = { { .row = p[to].query }, { .row = p[to].action }, { .f = 1 } };
			if (to == from || p[to].action != p[to - 1].action)
				e = rho_toolbox_link(&r->box, link);
		}
	}
	return e;
}

static int declare(struct rho_sink *sink)
{
	static const struct rho_column_spec actions[] = {
		{ .name = "id", .type = RHO_COL_STR },    { .name = "text", .type = RHO_COL_STR },
		{ .name = "title", .type = RHO_COL_STR }, { .name = "tool", .type = RHO_COL_STR },
	};
	static const struct rho_column_spec contexts[] = {
		{ .name = "id", .type = RHO_COL_STR },      { .name = "text", .type = RHO_COL_STR },
		{ .name = "group", .type = RHO_COL_LABEL }, { .name = "split", .type = RHO_COL_LABEL },
	};
	static const struct rho_column_spec links[] = {
		{ .name = "context", .type = RHO_COL_ROW, .of = RHO_CONTEXTS },
		{ .name = "action", .type = RHO_COL_ROW, .of = RHO_ACTIONS },
		{ .name = "weight", .type = RHO_COL_F64 },
	};
	int e = sink->columns(sink, RHO_ACTIONS, actions, 4);
	if (!e)
		e = sink->columns(sink, RHO_CONTEXTS, contexts, 4);
	return e ? e : sink->columns(sink, RHO_LINKS, links, 3);
}

static int metatool_read(struct rho_ctx *c, void *self, struct rho_sink *sink)
{
	const struct metatool *p = self;
	struct reading r = { .box = { .path = p->path, .ctx = c, .sink = sink }, .p = p };
	int e = declare(sink);
	if (!e)
		e = rho_toolbox_read(&r.box, "tools.jsonl", read_tool, &r);
	if (!e)
		e = rho_toolbox_read(&r.box, "queries.jsonl", read_query, &r);
	if (!e)
		e = write_queries(&r);
	if (!e)
		rho_log(c, RHO_INFO,
			"%zu actions, %zu contexts (%zu train, %zu test), %zu links; queries merged with an earlier "
			"one of the same text: %zu",
			r.box.n_actions, r.box.n_contexts, r.box.n_contexts - r.n_test, r.n_test, r.box.n_links,
			r.n_rows - r.box.n_contexts);
	e = rho_toolbox_end(&r.box, e);
	rho_idmap_free(&r.queries);
	rho_pile_free(&r.id);
	rho_pile_free(&r.group);
	free(r.pair);
	return e;
}

static const struct rho_dataset metatool_dataset = {
	.size = sizeof(metatool_dataset),
	.tables = 1u << RHO_ACTIONS | 1u << RHO_CONTEXTS | 1u << RHO_LINKS,
	.read = metatool_read,
};

RHO_EXPORT const struct rho_plugin rho_plugin = {
	RHO_PLUGIN(RHO_DATASET), .name = "metatool", .version = "1.0.0", .revision = 1, .flags = RHO_THREADS,
	.brief = "199 ChatGPT plugins and 21,000 queries for one or two of them",
	.doc = "An action is a tool; its text is \"name. description\", with the longer description for the model "
	       "if asked for. A context is a distinct query text, linked with weight 1 to the tools of all rows "
	       "that have it; group (single, multi) is the first one's. split is by a fixed hash of the text, so "
	       "no text is in both parts.",
	.cite = "Huang et al. 2023, MetaTool Benchmark for Large Language Models: Deciding Whether to Use Tools "
		"and Which to Use",
	.params = metatool_params, .self_size = sizeof(struct metatool), .dataset = &metatool_dataset,
};
