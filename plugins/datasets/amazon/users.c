/* users.c: items, contexts and links of the amazon dataset, as all its sets write them. */
#include <stdlib.h>
#include <string.h>

#include "amazon.h"
#include "kit/html.h"
#include "kit/place.h"

int amazon_no_memory(struct reading *r)
{
	return rho_trouble_set(&r->trouble, RHO_ENOMEM, "no memory left to read %s", r->p->path);
}

char *amazon_file(struct reading *r, const char *name)
{
	struct rho_text whole = { 0 };
	rho_text_adds(&whole, r->set->prefix);
	rho_text_adds(&whole, *r->set->prefix ? "_" : "");
	rho_text_adds(&whole, name);
	rho_text_add(&whole, (struct rho_str){ "", 1 });
	char *path = whole.spent ? NULL : rho_place(r->p->path, r->set->folder, whole.at);
	rho_text_free(&whole);
	if (!path)
		amazon_no_memory(r);
	return path;
}

int amazon_columns(struct reading *r, bool context_split, size_t n_link)
{
	static const struct rho_column_spec actions[] = {
		{ .name = "id", .type = RHO_COL_STR },     { .name = "text", .type = RHO_COL_STR },
		{ .name = "title", .type = RHO_COL_STR },  { .name = "category", .type = RHO_COL_LABEL },
		{ .name = "brand", .type = RHO_COL_LABEL },
	};
	static const struct rho_column_spec contexts[] = {
		{ .name = "id", .type = RHO_COL_STR }, { .name = "text", .type = RHO_COL_STR },
		{ .name = "split", .type = RHO_COL_LABEL },
	};
	static const struct rho_column_spec links[] = {
		{ .name = "context", .type = RHO_COL_ROW, .of = RHO_CONTEXTS },
		{ .name = "action", .type = RHO_COL_ROW, .of = RHO_ACTIONS },
		{ .name = "weight", .type = RHO_COL_F64 }, { .name = "split", .type = RHO_COL_LABEL },
		{ .name = "time", .type = RHO_COL_I64 },
	};
	int e = r->sink->columns(r->sink, RHO_ACTIONS, actions, 5);
	if (!e)
		e = r->sink->columns(r->sink, RHO_CONTEXTS, contexts, context_split ? 3 : 2);
	return e ? e : r->sink->columns(r->sink, RHO_LINKS, links, n_link);
}

int amazon_add_item(struct reading *r, struct rho_lines *lines, const struct amazon_item *item)
{
	bool fresh;
	rho_text_clear(&r->title);
	rho_text_clear(&r->extra);
	if (!rho_html_plain(&r->title, item->title) || !rho_html_plain(&r->extra, item->brand)
	    || rho_idmap_add(&r->items, item->id, &fresh) == RHO_NO_ID
	    || !rho_pile_add(&r->titles, rho_text_view(&r->title)))
		return amazon_no_memory(r);
	if (!fresh)
		return rho_lines_fail(lines, "item \"%.*s\" stands in an earlier row, too", (int)item->id.len,
				      item->id.at);
	rho_text_adds(&r->extra, "\n");
	rho_html_decode(&r->extra, item->category);
	rho_text_clear(&r->text);
	rho_text_add(&r->text, rho_text_view(&r->title));
	struct rho_str category = rho_text_view(&r->extra), brand = rho_str_cut(&category, '\n');
	rho_text_join(&r->text, ". ", brand);
	rho_text_join(&r->text, ". ", category);
	if (r->p->descriptions && item->description.len) {
		rho_text_adds(&r->text, r->text.len ? ". " : "");
		rho_html_plain(&r->text, item->description);
	}
	if (r->text.spent || r->extra.spent)
		return amazon_no_memory(r);
	const union rho_value row[] = { { .s = item->id },
					{ .s = rho_text_view(&r->text) },
					{ .s = rho_text_view(&r->title) },
					{ .s = category },
					{ .s = brand } };
	int64_t at = r->sink->add(r->sink, RHO_ACTIONS, row);
	return at < 0 ? (int)at : rho_lines_pulse(lines, r->ctx);
}

int amazon_some_items(struct reading *r, const char *path)
{
	return rho_idmap_n(&r->items)
		       ? 0
		       : rho_trouble_at(&r->trouble, RHO_EFORMAT, path, 0, "the file has no items");
}

int amazon_read_items(struct reading *r, int (*take)(struct rho_jsonl *, struct amazon_item *))
{
	struct rho_jsonl rows = { 0 };
	char *path = amazon_file(r, "items.jsonl");
	int more = 0, e = path ? rho_jsonl_open(&rows, path, &r->trouble) : r->trouble.code;
	while (!e && (more = rho_jsonl_next(&rows)) > 0) {
		struct amazon_item item = { .category = { "", 0 } };
		e = rho_jsonl_id(&rows, "item_id", &item.id);
		if (!e)
			e = rho_jsonl_str(&rows, "title", &item.title);
		if (!e)
			e = take(&rows, &item);
		if (!e)
			e = amazon_add_item(r, rows.lines, &item);
	}
	if (!e)
		e = more < 0 ? more : amazon_some_items(r, path);
	rho_jsonl_close(&rows);
	free(path);
	return e;
}

int amazon_find_item(struct reading *r, struct rho_lines *lines, struct rho_str id, uint32_t *row)
{
	*row = rho_idmap_find(&r->items, id);
	return *row != RHO_NO_ID ? 0 : rho_lines_fail(lines, "item \"%.*s\" is not in the items' file",
	                                              (int)id.len, id.at);
}

int amazon_add_context(struct reading *r, struct rho_str id, struct rho_str text, const char *split)
{
	const union rho_value row[] = { { .s = id }, { .s = text }, { .s = rho_str_of(split) } };
	int64_t at = r->sink->add(r->sink, RHO_CONTEXTS, row);
	r->n_contexts++;
	return at < 0 ? (int)at : 0;
}

int amazon_add_link(struct reading *r, size_t context, uint32_t item, const char *split, int64_t time)
{
	const union rho_value row[] = { { .row = (uint32_t)context }, { .row = item }, { .f = 1 },
		                        { .s = rho_str_of(split) }, { .i = time } };
	int64_t at = r->sink->add(r->sink, RHO_LINKS, row);
	r->n_links++;
	return at < 0 ? (int)at : 0;
}

int amazon_write_titles(struct reading *r, const uint32_t *item, size_t n)
{
	size_t most = (size_t)r->p->history;
	rho_text_clear(&r->text);
	for (size_t i = n > most ? n - most : 0; i < n; i++)
		rho_text_join(&r->text, "; ", rho_pile_at(&r->titles, item[i]));
	return r->text.spent ? amazon_no_memory(r) : 0;
}

/* Drops what was there before; n is a user's, so looking back is cheap. */
static size_t drop_repeats(uint32_t *item, int64_t *time, size_t n)
{
	size_t kept = 0;
	for (size_t i = 0; i < n; i++) {
		size_t j = 0;
		while (j < kept && item[j] != item[i])
			j++;
		if (j < kept)
			continue;
		item[kept] = item[i];
		if (time)
			time[kept] = time[i];
		kept++;
	}
	return kept;
}

int amazon_add_user(struct reading *r, struct rho_str id, uint32_t *item, int64_t *time, size_t n)
{
	n = drop_repeats(item, time, n);
	size_t later = (size_t)((double)n * r->p->later);
	size_t cut = n - (later ? later : 1 < n ? 1 : n);
	while (time && cut && time[cut - 1] == time[cut])
		cut--;
	if (!cut) {
		r->left_out++;
		return 0;
	}
	size_t context = r->n_contexts;
	int e = amazon_write_titles(r, item, cut);
	if (!e)
		e = amazon_add_context(r, id, rho_text_view(&r->text), "");
	for (size_t i = cut; !e && i < n; i++)
		e = amazon_add_link(r, context, item[i], i + 1 == n ? "test" : i + 2 == n ? "valid" : "train",
				    time ? time[i] : INT64_MIN);
	return e;
}
