/* bundles.c: electronic, clothing and food: items with titles and categories, users' purchases, and
 * bundles of items with the intent they serve. */
#include <inttypes.h>
#include <stdlib.h>

#include "amazon.h"
#include "kit/csv.h"
#include "kit/html.h"

/* The first of the category paths "[[A,B,C],[A,D]]". Names hold commas of their own, so a path is
 * left whole. */
static struct rho_str first_path(struct rho_str s)
{
	while (s.len && s.at[0] == '[') {
		s.at++;
		s.len--;
	}
	return rho_str_cut(&s, ']');
}

static int take_item(struct rho_jsonl *row, struct amazon_item *item)
{
	int e = rho_jsonl_maybe(row, "categories", &item->category);
	item->category = first_path(item->category);
	return e;
}

struct pair { uint32_t owner, item; int64_t time; size_t order; };     /* owner: an intent or a user */

struct pairs { struct pair *at; size_t n, room; };

static int add_pair(struct reading *r, struct pairs *p, struct pair one)
{
	if (p->n == p->room) {
		size_t room = p->room ? 2 * p->room : 4096;
		struct pair *at = realloc(p->at, room * sizeof(*at));
		if (!at)
			return amazon_no_memory(r);
		p->at = at;
		p->room = room;
	}
	one.order = p->n;
	p->at[p->n++] = one;
	return 0;
}

static int by_owner(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;
	if (x->owner != y->owner)
		return x->owner < y->owner ? -1 : 1;
	if (x->time != y->time)
		return x->time < y->time ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

struct intents {
	struct rho_idmap folded;        /* trimmed, blanks collapsed, ASCII letters in lower case */
	struct rho_pile written, id;    /* as first met: the intent, and its bundle's id */
	struct pairs pairs;
	size_t n_bundles, n_empty;
};

static int read_bundle(struct reading *r, struct rho_jsonl *rows, struct intents *in)
{
	struct rho_str intent, id, item_id;
	struct pair one = { 0 };
	size_t n;
	bool fresh;
	int e = rho_jsonl_str(rows, "intent", &intent);
	if (!e)
		e = rho_jsonl_list(rows, "items", &n);
	if (e)
		return e;
	in->n_bundles++;
	rho_text_clear(&r->title);
	rho_text_clear(&r->text);
	if (!rho_html_plain(&r->title, intent) || !rho_text_add(&r->text, rho_text_view(&r->title)))
		return amazon_no_memory(r);
	for (size_t i = 0; i < r->text.len; i++)
		if (r->text.at[i] >= 'A' && r->text.at[i] <= 'Z')
			r->text.at[i] = (char)(r->text.at[i] + 'a' - 'A');
	if (!r->text.len) {
		in->n_empty++;
		return 0;
	}
	one.owner = rho_idmap_add(&in->folded, rho_text_view(&r->text), &fresh);
	if (one.owner == RHO_NO_ID)
		return amazon_no_memory(r);
	e = rho_jsonl_id(rows, "bundle_id", &id);
	if (!e && fresh &&
	    (!rho_pile_add(&in->written, rho_text_view(&r->title)) || !rho_pile_add(&in->id, id)))
		return amazon_no_memory(r);
	for (size_t i = 0; !e && i < n; i++) {
		e = rho_jsonl_item_id(rows, i, &item_id);
		if (!e)
			e = amazon_find_item(r, rows->lines, item_id, &one.item);
		if (!e)
			e = add_pair(r, &in->pairs, one);
	}
	return e;
}

/* Contexts in the order of first appearance, each with its items in theirs, none twice. */
static int write_intents(struct reading *r, struct intents *in)
{
	struct pair *p = in->pairs.at;
	size_t from = 0, to;
	int e = 0;
	if (in->pairs.n)
		qsort(p, in->pairs.n, sizeof(*p), by_owner);
	for (; !e && from < in->pairs.n; from = to) {
		uint32_t intent = p[from].owner;
		e = amazon_add_context(r, rho_pile_at(&in->id, intent), rho_pile_at(&in->written, intent),
				       "");
		for (to = from; !e && to < in->pairs.n && p[to].owner == intent; to++) {
			size_t j = from;
			while (p[j].item != p[to].item)
				j++;
			if (j == to)
				e = amazon_add_link(r, r->n_contexts - 1, p[to].item, "", INT64_MIN);
		}
	}
	return e;
}

static int read_intents(struct reading *r)
{
	struct rho_jsonl rows = { 0 };
	struct intents in = { 0 };
	char *path = amazon_file(r, "bundles.jsonl");
	int more = 0, e = path ? rho_jsonl_open(&rows, path, &r->trouble) : r->trouble.code;
	while (!e && (more = rho_jsonl_next(&rows)) > 0)
		e = read_bundle(r, &rows, &in);
	if (!e)
		e = more;
	if (!e)
		e = write_intents(r, &in);
	if (!e && !r->n_contexts)
		e = rho_trouble_at(&r->trouble, RHO_EFORMAT, path, 0,
				   "the file has no bundle with an intent");
	if (!e)
		rho_log(r->ctx, RHO_INFO,
			"%zu bundles: %zu distinct intents, %zu bundles without an intent left out",
			in.n_bundles, r->n_contexts, in.n_empty);
	rho_jsonl_close(&rows);
	rho_idmap_free(&in.folded);
	rho_pile_free(&in.written);
	rho_pile_free(&in.id);
	free(in.pairs.at);
	free(path);
	return e;
}

static int read_purchases(struct reading *r, const char *path, struct rho_idmap *users, struct pairs *pairs)
{
	struct rho_csv *f = rho_csv_open(path, ',', &r->trouble);
	if (!f)
		return r->trouble.code;
	int column[3] = { rho_csv_column(f, "user_id", true), rho_csv_column(f, "item_id", true),
		          rho_csv_column(f, "timestamp", true) };
	int e = r->trouble.code, more = 0;
	while (!e && (more = rho_csv_next(f)) > 0) {
		struct rho_str item = rho_csv_field(f, column[1]);
		struct pair one = { .item = rho_idmap_find(&r->items, item) };
		e = rho_csv_time(f, column[2], &one.time);
		if (!e && one.item == RHO_NO_ID)
			e = rho_csv_fail(f, "item \"%.*s\" is not in the items' file", (int)item.len,
					 item.at);
		if (!e && one.time == INT64_MIN)
			e = rho_csv_fail(f, "timestamp is empty");
		one.owner = e ? 0 : rho_idmap_add(users, rho_csv_field(f, column[0]), NULL);
		if (one.owner == RHO_NO_ID)
			e = amazon_no_memory(r);
		if (!e)
			e = add_pair(r, pairs, one);
	}
	rho_csv_close(f);
	return e ? e : more;
}

static int write_users(struct reading *r, const struct rho_idmap *users, struct pairs *pairs)
{
	struct pair *p = pairs->at;
	uint32_t *item = malloc((pairs->n + 1) * sizeof(*item));        /* (n) of all users, in turn */
	int64_t *time = malloc((pairs->n + 1) * sizeof(*time));         /* (n) */
	int e = item && time ? 0 : amazon_no_memory(r);
	if (!e && pairs->n)
		qsort(p, pairs->n, sizeof(*p), by_owner);
	for (size_t i = 0; !e && i < pairs->n; i++) {
		item[i] = p[i].item;
		time[i] = p[i].time;
	}
	for (size_t from = 0, to; !e && from < pairs->n; from = to) {
		for (to = from; to < pairs->n && p[to].owner == p[from].owner; )
			to++;
		e = amazon_add_user(r, rho_pile_at(&users->names, p[from].owner), item + from, time + from,
				    to - from);
	}
	free(item);
	free(time);
	return e;
}

static int read_users(struct reading *r)
{
	struct rho_idmap users = { 0 };
	struct pairs pairs = { 0 };
	char *path = amazon_file(r, "interactions.csv");
	int e = path ? read_purchases(r, path, &users, &pairs) : r->trouble.code;
	if (!e)
		e = write_users(r, &users, &pairs);
	rho_idmap_free(&users);
	free(pairs.at);
	free(path);
	return e;
}

int amazon_read_bundles(struct reading *r)
{
	bool users = r->p->contexts == AMAZON_USERS;
	int e = amazon_columns(r, false, users ? 5 : 3);
	if (!e)
		e = amazon_read_items(r, take_item);
	return e ? e : users ? read_users(r) : read_intents(r);
}
