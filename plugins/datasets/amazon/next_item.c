/* next_item.c: office and industrial: items with brands and descriptions, and rows of a user's last
 * items with the one that came next. */
#include <stdlib.h>

#include "amazon.h"

static int take_item(struct rho_jsonl *row, struct amazon_item *item)
{
	int e = rho_jsonl_maybe(row, "brand", &item->brand);
	return e ? e : rho_jsonl_maybe(row, "description", &item->description);
}

/* The row's history into item (at most most); *n: how many. Of a longer one the latest are kept. */
static int read_history(struct reading *r, struct rho_jsonl *rows, uint32_t *item, size_t most, size_t *n)
{
	size_t length;
	struct rho_str id;
	int e = rho_jsonl_list(rows, "history", &length);
	*n = 0;
	for (size_t i = !e && length > most ? length - most : 0; !e && i < length; i++) {
		e = rho_jsonl_item_id(rows, i, &id);
		if (!e)
			e = amazon_find_item(r, rows->lines, id, &item[(*n)++]);
	}
	return e;
}

static int read_row(struct reading *r, struct rho_jsonl *rows, uint32_t *item)
{
	struct rho_str user, split, id;
	uint32_t target = 0;
	size_t n;
	int e = read_history(r, rows, item, (size_t)r->p->history, &n);
	if (!e)
		e = rho_jsonl_id(rows, "target", &id);
	if (!e)
		e = amazon_find_item(r, rows->lines, id, &target);
	if (!e)
		e = rho_jsonl_str(rows, "split", &split);
	if (!e && !rho_str_is(split, "valid") && !rho_str_is(split, "test"))
		e = rho_lines_fail(rows->lines, "split is \"%.*s\", and must be valid or test",
				   (int)split.len, split.at);
	if (!e)
		e = rho_jsonl_id(rows, "user_id", &user);
	if (!e && !n) {
		r->left_out++;
		return 0;
	}
	if (!e)
		e = amazon_write_titles(r, item, n);
	if (!e)
		e = amazon_add_context(r, user, rho_text_view(&r->text),
				       rho_str_is(split, "test") ? "test" : "valid");
	if (!e)
		e = amazon_add_link(r, r->n_contexts - 1, target, "", INT64_MIN);
	return e ? e : rho_lines_pulse(rows->lines, r->ctx);
}

int amazon_read_next_item(struct reading *r)
{
	struct rho_jsonl rows = { 0 };
	uint32_t *item = malloc((size_t)r->p->history * sizeof(*item));         /* (history) */
	int more = 0, e = item ? amazon_columns(r, true, 3) : amazon_no_memory(r);
	if (!e)
		e = amazon_read_items(r, take_item);
	char *path = e ? NULL : amazon_file(r, "next_item.jsonl");
	if (!e)
		e = path ? rho_jsonl_open(&rows, path, &r->trouble) : r->trouble.code;
	while (!e && (more = rho_jsonl_next(&rows)) > 0)
		e = read_row(r, &rows, item);
	rho_jsonl_close(&rows);
	free(item);
	free(path);
	return e ? e : more;
}
