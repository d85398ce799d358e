/* csv: items, interactions and, if there are any, users, from CSV files: one's own data.
 *
 * Items become actions and users contexts. A user's first interactions tell who that is: their
 * titles go into the context's text and they are not links, so that nothing to be found is given
 * away. Later ones are links in order of time, the earlier share of them "train", the rest "test". */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "kit/csv.h"
#include "kit/idmap.h"

struct csv {
	const char *interactions, *items, *users, *separator;   /* parameters */
	int64_t history;
	double train;
};

static const struct rho_param csv_params[] = {
	RHO_PATH(struct csv, interactions, "file with user_id, item_id and, where known, timestamp, weight"),
	RHO_PATH(struct csv, items, "file with item_id, title and, where known, category, price, rating"),
	RHO_PATH_OPT(struct csv, users,
		     "file with user_id and, where known, age, gender, location, signup_date"),
	RHO_STR(struct csv, separator, ",", "the character between fields, in all files"),
	RHO_I64(struct csv, history, 5, 0, 1000,
		"titles of a user's first interactions that make up the context's text; the rest are links"),
	RHO_F64(struct csv, train, 0.8, 0, 1, "share of the links, the earliest, that is labelled train"),
	RHO_END
};

struct event {
	uint32_t user, item;
	size_t order;           /* in the file */
	int64_t time;           /* INT64_MIN: the file has none */
	double weight;
	bool link;              /* else: history */
};

struct reading {                /* what one call of read holds */
	const struct csv *p;
	struct rho_ctx *ctx;
	struct rho_sink *sink;
	struct rho_trouble trouble;
	struct rho_idmap items, users;
	struct rho_pile titles; /* of each item */
	struct event *event;    /* (n_events), sorted by user, then time, once all are read */
	size_t n_events, room;
	size_t *first;          /* (n_users + 1) into event */
	size_t *line;           /* (n_users, as line_room allows) where each user is first met */
	size_t line_room;
	uint32_t *row;          /* (n_users): its context; RHO_NO_ID: none yet */
	uint32_t n_contexts;
	struct rho_text text;   /* of the row being composed */
};

static int no_memory(struct reading *r)
{
	return rho_trouble_set(&r->trouble, RHO_ENOMEM, "no memory left to read the files");
}

static int read_item(struct reading *r, struct rho_csv *f, const int column[5])
{
	struct rho_str id = rho_csv_field(f, column[0]), title = rho_csv_field(f, column[1]);
	struct rho_str category = rho_csv_field(f, column[2]);
	double price, rating;
	bool fresh;
	if (!id.len)
		return rho_csv_fail(f, "item_id is empty");
	if (rho_idmap_add(&r->items, id, &fresh) == RHO_NO_ID || !rho_pile_add(&r->titles, title))
		return no_memory(r);
	if (!fresh)
		return rho_csv_fail(f,
				    "item_id \"%.*s\" stands in an earlier row, too; each item needs one row",
				    (int)id.len, id.at);
	int e = rho_csv_f64(f, column[3], &price);
	if (!e)
		e = rho_csv_f64(f, column[4], &rating);
	if (e)
		return e;
	rho_text_clear(&r->text);
	rho_text_add(&r->text, title);
	if (!rho_text_join(&r->text, ", ", category))
		return no_memory(r);
	const union rho_value row[] = { { .s = id }, { .s = rho_text_view(&r->text) }, { .s = title },
		                        { .s = category }, { .f = price }, { .f = rating } };
	int64_t at = r->sink->add(r->sink, RHO_ACTIONS, row);
	return at < 0 ? (int)at : 0;
}

static int read_items(struct reading *r)
{
	static const struct rho_column_spec columns[] = {
		{ .name = "id", .type = RHO_COL_STR },     { .name = "text", .type = RHO_COL_STR },
		{ .name = "title", .type = RHO_COL_STR },  { .name = "category", .type = RHO_COL_LABEL },
		{ .name = "price", .type = RHO_COL_F64 },  { .name = "rating", .type = RHO_COL_F64 },
	};
	struct rho_csv *f = rho_csv_open(r->p->items, r->p->separator[0], &r->trouble);
	if (!f)
		return r->trouble.code;
	int column[5] = { rho_csv_column(f, "item_id", true), rho_csv_column(f, "title", true),
		          rho_csv_column(f, "category", false), rho_csv_column(f, "price", false),
		          rho_csv_column(f, "rating", false) };
	int e = r->trouble.code ? r->trouble.code : r->sink->columns(r->sink, RHO_ACTIONS, columns, 6),
	    more = 0;
	while (!e && (more = rho_csv_next(f)) > 0) {
		e = read_item(r, f, column);
		if (!e)
			e = rho_csv_pulse(f, r->ctx);
	}
	rho_csv_close(f);
	if (!e && more < 0)
		e = more;
	if (!e && !rho_idmap_n(&r->items))
		e = rho_trouble_at(&r->trouble, RHO_EFORMAT, r->p->items, 0,
				   "the file has a header but no items");
	return e;
}

static int note_user(struct reading *r, uint32_t user, size_t line)
{
	if (user >= r->line_room) {
		size_t room = r->line_room ? 2 * r->line_room : 1024;
		size_t *at = realloc(r->line, room * sizeof(*at));
		if (!at)
			return no_memory(r);
		r->line = at;
		r->line_room = room;
	}
	r->line[user] = line;
	return 0;
}

static int add_event(struct reading *r, struct event ev)
{
	if (r->n_events == r->room) {
		size_t room = r->room ? r->room + r->room / 2 : 4096;
		struct event *at = realloc(r->event, room * sizeof(*at));
		if (!at)
			return no_memory(r);
		r->event = at;
		r->room = room;
	}
	r->event[r->n_events++] = ev;
	return 0;
}

static int read_event(struct reading *r, struct rho_csv *f, const int column[4])
{
	struct rho_str user = rho_csv_field(f, column[0]), item = rho_csv_field(f, column[1]);
	struct event ev = { .order = r->n_events, .item = rho_idmap_find(&r->items, item), .weight = 1 };
	bool fresh;
	int e = 0;
	if (!user.len)
		return rho_csv_fail(f, "user_id is empty");
	if (ev.item == RHO_NO_ID)
		return rho_csv_fail(f, "item_id \"%.*s\" is not in %s; add the item or leave out this row",
		                    (int)item.len, item.at, r->p->items);
	ev.user = rho_idmap_add(&r->users, user, &fresh);
	if (ev.user == RHO_NO_ID)
		return no_memory(r);
	if (fresh)
		e = note_user(r, ev.user, rho_csv_line(f));
	if (!e)
		e = rho_csv_time(f, column[2], &ev.time);
	if (!e && column[3] >= 0)
		e = rho_csv_f64(f, column[3], &ev.weight);
	if (!e && column[2] >= 0 && ev.time == INT64_MIN)
		return rho_csv_fail(f, "timestamp is empty; every row needs one, or leave the column out");
	if (!e && isnan(ev.weight))
		return rho_csv_fail(f, "weight is empty; every row needs one, or leave the column out for 1");
	return e ? e : add_event(r, ev);
}

static int read_events(struct reading *r)
{
	struct rho_csv *f = rho_csv_open(r->p->interactions, r->p->separator[0], &r->trouble);
	if (!f)
		return r->trouble.code;
	int column[4] = { rho_csv_column(f, "user_id", true), rho_csv_column(f, "item_id", true),
		          rho_csv_column(f, "timestamp", false), rho_csv_column(f, "weight", false) };
	int e = r->trouble.code, more = 0;
	while (!e && (more = rho_csv_next(f)) > 0) {
		e = read_event(r, f, column);
		if (!e)
			e = rho_csv_pulse(f, r->ctx);
	}
	rho_csv_close(f);
	if (!e && more < 0)
		e = more;
	if (!e && !r->n_events)
		e = rho_trouble_at(&r->trouble, RHO_EFORMAT, r->p->interactions, 0,
		                   "the file has a header but no interactions");
	return e;
}

static int by_time(const void *a, const void *b)
{
	const struct event *x = a, *y = b;
	if (x->time != y->time)
		return x->time < y->time ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

static int by_user(const void *a, const void *b)
{
	const struct event *x = a, *y = b;
	if (x->user != y->user)
		return x->user < y->user ? -1 : 1;
	return by_time(a, b);
}

/* Sorts, finds each user's events and marks those after the history as links: of n events at most
 * n - 1 are history, so that everyone has something to be found. */
static int split_events(struct reading *r)
{
	size_t n_users = rho_idmap_n(&r->users), at = 0;
	r->first = malloc((n_users + 1) * sizeof(*r->first));
	r->row = malloc(n_users * sizeof(*r->row));
	if (!r->first || !r->row)
		return no_memory(r);
	qsort(r->event, r->n_events, sizeof(*r->event), by_user);
	for (size_t u = 0; u < n_users; u++) {
		size_t from = r->first[u] = at;
		while (at < r->n_events && r->event[at].user == u)
			at++;
		size_t before = at - from - 1 < (size_t)r->p->history ? at - from - 1 : (size_t)r->p->history;
		for (size_t i = from + before; i < at; i++)
			r->event[i].link = true;
		r->row[u] = RHO_NO_ID;
	}
	r->first[n_users] = at;
	return 0;
}

static const struct rho_column_spec user_columns[] = {
	{ .name = "id", .type = RHO_COL_STR },       { .name = "text", .type = RHO_COL_STR },
	{ .name = "age", .type = RHO_COL_F64 },      { .name = "gender", .type = RHO_COL_LABEL },
	{ .name = "location", .type = RHO_COL_LABEL }, { .name = "signup", .type = RHO_COL_I64 },
};

/* Adds a context of values row; r->text holds the profile so far, and gets the history's titles.
 * `user` RHO_NO_ID: one without interactions. */
static int add_user(struct reading *r, uint32_t user, struct rho_str id, union rho_value row[6])
{
	size_t from = user == RHO_NO_ID ? 0 : r->first[user], to = user == RHO_NO_ID ? 0 : r->first[user + 1];
	for (size_t i = from; i < to && !r->event[i].link; i++)
		rho_text_join(&r->text, i == from ? ". " : "; ", rho_pile_at(&r->titles, r->event[i].item));
	if (r->text.spent)
		return no_memory(r);
	row[0].s = id;
	row[1].s = rho_text_view(&r->text);
	int64_t at = r->sink->add(r->sink, RHO_CONTEXTS, row);
	if (at < 0)
		return (int)at;
	if (user != RHO_NO_ID)
		r->row[user] = (uint32_t)at;
	r->n_contexts++;
	return 0;
}

/* Without a users file, users are those who interacted, as they first appear. */
static int users_from_events(struct reading *r)
{
	int e = r->sink->columns(r->sink, RHO_CONTEXTS, user_columns, 2);
	for (uint32_t u = 0; !e && u < rho_idmap_n(&r->users); u++) {
		union rho_value row[6] = { 0 };
		rho_text_clear(&r->text);
		e = add_user(r, u, rho_pile_at(&r->users.names, u), row);
	}
	return e;
}

/* "female, 34 years old, from Berlin", as far as it is known. */
static void write_profile(struct rho_text *t, struct rho_str age, struct rho_str gender,
			  struct rho_str location)
{
	bool f = rho_str_is(gender, "F") || rho_str_is(gender, "f");
	bool m = rho_str_is(gender, "M") || rho_str_is(gender, "m");
	rho_text_clear(t);
	rho_text_add(t, f ? rho_str_of("female") : m ? rho_str_of("male") : gender);
	rho_text_join(t, ", ", age);
	if (age.len)
		rho_text_adds(t, " years old");
	if (location.len) {
		rho_text_adds(t, t->len ? ", from " : "from ");
		rho_text_add(t, location);
	}
}

/* `seen`: the ids that stood in earlier rows. */
static int read_user(struct reading *r, struct rho_csv *f, const int column[5], struct rho_idmap *seen)
{
	struct rho_str id = rho_csv_field(f, column[0]), age = rho_str_trim(rho_csv_field(f, column[1]));
	struct rho_str gender = rho_csv_field(f, column[2]), location = rho_csv_field(f, column[3]);
	union rho_value row[6] = { 0 };
	bool fresh;
	if (!id.len)
		return rho_csv_fail(f, "user_id is empty");
	if (rho_idmap_add(seen, id, &fresh) == RHO_NO_ID)
		return no_memory(r);
	if (!fresh)
		return rho_csv_fail(f,
				    "user_id \"%.*s\" stands in an earlier row, too; each user needs one row",
				    (int)id.len, id.at);
	int e = rho_csv_f64(f, column[1], &row[2].f);
	if (!e)
		e = rho_csv_time(f, column[4], &row[5].i);
	if (e)
		return e;
	row[3].s = gender;
	row[4].s = location;
	write_profile(&r->text, age, gender, location);
	return add_user(r, rho_idmap_find(&r->users, id), id, row);
}

static int read_users(struct reading *r)
{
	struct rho_idmap seen = { 0 };
	struct rho_csv *f = rho_csv_open(r->p->users, r->p->separator[0], &r->trouble);
	if (!f)
		return r->trouble.code;
	int column[5] = { rho_csv_column(f, "user_id", true), rho_csv_column(f, "age", false),
		          rho_csv_column(f, "gender", false), rho_csv_column(f, "location", false),
		          rho_csv_column(f, "signup_date", false) };
	int e = r->trouble.code ? r->trouble.code : r->sink->columns(r->sink, RHO_CONTEXTS, user_columns, 6),
	    more = 0;
	while (!e && (more = rho_csv_next(f)) > 0)
		e = read_user(r, f, column, &seen);
	rho_csv_close(f);
	rho_idmap_free(&seen);
	if (!e && more < 0)
		e = more;
	for (size_t u = 0; !e && u < rho_idmap_n(&r->users); u++) {
		struct rho_str id = rho_pile_at(&r->users.names, u);
		if (r->row[u] == RHO_NO_ID)
			e = rho_trouble_at(
				&r->trouble, RHO_EFORMAT, r->p->interactions, r->line[u],
				"user_id \"%.*s\" is not in %s; add the user or leave out this row",
				(int)id.len, id.at, r->p->users);
	}
	return e;
}

static int write_links(struct reading *r)
{
	static const struct rho_column_spec columns[] = {
		{ .name = "context", .type = RHO_COL_ROW, .of = RHO_CONTEXTS },
		{ .name = "action", .type = RHO_COL_ROW, .of = RHO_ACTIONS },
		{ .name = "weight", .type = RHO_COL_F64 }, { .name = "time", .type = RHO_COL_I64 },
		{ .name = "split", .type = RHO_COL_LABEL },
	};
	size_t n_links = 0, done = 0;
	for (size_t i = 0; i < r->n_events; i++)
		n_links += r->event[i].link;
	size_t n_train = (size_t)floor((double)n_links * r->p->train + 1e-9);
	int e = r->sink->columns(r->sink, RHO_LINKS, columns, 5);
	qsort(r->event, r->n_events, sizeof(*r->event), by_time);
	for (size_t i = 0; !e && i < r->n_events; i++) {
		const struct event *ev = &r->event[i];
		if (!ev->link)
			continue;
		const union rho_value row[] = { { .row = r->row[ev->user] },
						{ .row = ev->item },
						{ .f = ev->weight },
						{ .i = ev->time },
						{ .s = rho_str_of(done++ < n_train ? "train" : "test") } };
		int64_t at = r->sink->add(r->sink, RHO_LINKS, row);
		e = at < 0 ? (int)at : 0;
	}
	if (!e)
		rho_log(r->ctx, RHO_INFO,
			"%zu actions, %" PRIu32 " contexts, %zu links of %zu interactions "
			"(the first of each user, up to %" PRId64 ", are in the contexts' texts)",
			rho_idmap_n(&r->items), r->n_contexts, n_links, r->n_events, r->p->history);
	return e;
}

static int read_all(struct reading *r)
{
	char sep = r->p->separator[0];
	if (!sep || r->p->separator[1] || sep == '"' || sep == '\n' || sep == '\r')
		return rho_trouble_set(&r->trouble, RHO_EINVAL,
				       "separator = \"%s\" must be one character of ASCII, such as "
				       "\",\", \";\" or \"\\t\", and no quote",
				       r->p->separator);
	int e = read_items(r);
	if (!e)
		e = read_events(r);
	if (!e)
		e = split_events(r);
	if (!e)
		e = r->p->users ? read_users(r) : users_from_events(r);
	return e ? e : write_links(r);
}

static int csv_read(struct rho_ctx *c, void *self, struct rho_sink *sink)
{
	struct reading r = { .p = self, .ctx = c, .sink = sink };
	int e = read_all(&r);
	if (r.trouble.code)
		e = rho_fail(c, r.trouble.code, "%s", r.trouble.text);
	rho_idmap_free(&r.items);
	rho_idmap_free(&r.users);
	rho_pile_free(&r.titles);
	rho_text_free(&r.text);
	free(r.event);
	free(r.first);
	free(r.line);
	free(r.row);
	return e;
}

static const struct rho_dataset csv_dataset = {
	.size = sizeof(csv_dataset),
	.tables = 1u << RHO_ACTIONS | 1u << RHO_CONTEXTS | 1u << RHO_LINKS,
	.read = csv_read,
};

RHO_EXPORT const struct rho_plugin rho_plugin = {
	RHO_PLUGIN(RHO_DATASET), .name = "csv", .version = "1.0.0", .revision = 1, .flags = RHO_THREADS,
	.brief = "items, interactions and users from CSV files",
	.doc = "Files are CSV as in RFC 4180, with a header, UTF-8, plain or gzip; columns are found by "
	       "name, in any order, others are passed over. An action's text is \"title, category\". A "
	       "context's text is what the users file says of the user, then the titles of the user's first "
	       "interactions; these are not links. The links are all later interactions, in order of time, "
	       "of weight 1 where there is no column weight; a user with n interactions has at most n - 1 "
	       "of them as history. Times are seconds since 1970 or dates such as 2014-04-24 or "
	       "2014-04-24T10:20:30; without timestamps the file's order is the order.",
	.params = csv_params, .self_size = sizeof(struct csv), .dataset = &csv_dataset,
};
