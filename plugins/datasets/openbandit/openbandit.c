/* openbandit: what a fashion shop's recommender showed at three places, with what probability, and whether it was
 * clicked (Open Bandit Dataset). */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kit/csv.h"
#include "kit/idmap.h"
#include "kit/number.h"
#include "kit/place.h"

enum { N_HASHED = 4, ITEM_HASHED = 3 }; /* columns of hashes a user, an item has */
enum { MOST_VALUES = 1000 };            /* different hashes a column: each is a feature of every row */
static const char *const policy_names[] = { "random", "bts", NULL };
static const char *const campaign_names[] = { "men", "women", "all", NULL };

struct openbandit {             /* parameters */
	const char *path;
	int policy, campaign;
};

static const struct rho_param openbandit_params[] = {
	RHO_PATH(struct openbandit, path, "folder with POLICY_CAMPAIGN.csv and POLICY_CAMPAIGN_item_context.csv"),
	RHO_CHOICE(struct openbandit, policy, 0, policy_names, "whose log: the uniform one's, or Thompson sampling's"),
	RHO_CHOICE(struct openbandit, campaign, 0, campaign_names, "which items were on offer"),
	RHO_END
};

struct hashes {                 /* the values of one column of hashes */
	struct rho_idmap seen;
	uint32_t *place;        /* (seen) of each in the one-hot code */
};

struct reading {                /* what one call of read holds */
	const struct openbandit *p;
	struct rho_ctx *ctx;
	struct rho_sink *sink;
	struct rho_trouble trouble;
	struct rho_idmap items, users;  /* item_ids, rows of actions; users' fields as they stand, rows of contexts */
	double *number;         /* (items) item_feature_0 */
	uint32_t *hash;         /* (items, ITEM_HASHED) */
	size_t room;
	struct hashes item[ITEM_HASHED], user[N_HASHED];
	int time, shown, position, click, propensity, feature[N_HASHED];        /* columns of the log */
	int *affinity;          /* (items) columns */
	size_t width;           /* of a context's features */
	float *features;        /* (width) */
	size_t n_rows, n_clicks;
	double least, most;     /* propensities */
	struct rho_text text;
};

static int no_memory(struct reading *r)
{
	return rho_trouble_set(&r->trouble, RHO_ENOMEM, "no memory left to read %s", r->p->path);
}

/* Opens POLICY_CAMPAIGN + ending; NULL: trouble. `maybe`: NULL without trouble where there is no such file. */
static struct rho_csv *open_file(struct reading *r, int policy, const char *ending, bool maybe)
{
	struct rho_text name = { 0 };
	rho_text_adds(&name, policy_names[policy]);
	rho_text_adds(&name, "_");
	rho_text_adds(&name, campaign_names[r->p->campaign]);
	rho_text_adds(&name, ending);
	rho_text_add(&name, (struct rho_str){ "", 1 });
	char *path = name.spent ? NULL : rho_place(r->p->path, NULL, name.at);
	struct rho_csv *f = NULL;
	if (!path)
		no_memory(r);
	else if (!maybe || access(path, F_OK) == 0)
		f = rho_csv_open(path, ',', &r->trouble);
	rho_text_free(&name);
	free(path);
	return f;
}

/* Notes field `column` as a value of that column of hashes; *number: which. */
static int note_hash(struct reading *r, struct rho_csv *f, struct hashes *h, int column, uint32_t *number)
{
	*number = rho_idmap_add(&h->seen, rho_csv_field(f, column), NULL);
	if (*number == RHO_NO_ID)
		return no_memory(r);
	return *number < MOST_VALUES ? 0 : rho_csv_fail(f, "a hashed feature has more than %d different values in this "
							   "column; is the file what its name says?", MOST_VALUES);
}

static bool more_items(struct reading *r)
{
	size_t room = r->room ? 2 * r->room : 128;
	double *number = realloc(r->number, room * sizeof(*number));
	r->number = number ? number : r->number;
	uint32_t *hash = realloc(r->hash, room * ITEM_HASHED * sizeof(*hash));
	r->hash = hash ? hash : r->hash;
	r->room = number && hash ? room : r->room;
	return number && hash;
}

static int read_item(struct reading *r, struct rho_csv *f, int id_column, int number, const int hashed[ITEM_HASHED])
{
	struct rho_str id = rho_csv_field(f, id_column);
	bool fresh;
	if (!id.len)
		return rho_csv_fail(f, "item_id is empty");
	uint32_t item = rho_idmap_add(&r->items, id, &fresh);
	if (item == RHO_NO_ID || (item >= r->room && !more_items(r)))
		return no_memory(r);
	if (!fresh)
		return rho_csv_fail(f, "item_id %.*s stands in an earlier row, too", (int)id.len, id.at);
	int e = rho_csv_f64(f, number, &r->number[item]);
	if (!e && isnan(r->number[item]))
		e = rho_csv_fail(f, "item_feature_0 is empty");
	for (size_t k = 0; !e && k < ITEM_HASHED; k++)
		e = note_hash(r, f, &r->item[k], hashed[k], &r->hash[item * ITEM_HASHED + k]);
	return e;
}

static int read_items(struct reading *r)
{
	struct rho_csv *f = open_file(r, r->p->policy, "_item_context.csv", false);
	if (!f)
		return r->trouble.code;
	int id = rho_csv_column(f, "item_id", true), number = rho_csv_column(f, "item_feature_0", true);
	int hashed[ITEM_HASHED] = { rho_csv_column(f, "item_feature_1", true),
				    rho_csv_column(f, "item_feature_2", true),
				    rho_csv_column(f, "item_feature_3", true) };
	int e = r->trouble.code, more = 0;
	while (!e && (more = rho_csv_next(f)) > 0)
		e = read_item(r, f, id, number, hashed);
	if (!e && more < 0)
		e = more;
	if (!e && !rho_idmap_n(&r->items))
		e = rho_csv_fail(f, "the file has a header but no items");
	rho_csv_close(f);
	return e;
}

/* An action's features: item_feature_0, then one-hot codes in the order in which the file's items first have each
 * value. The hashes are other ones for the other policy, but the items and thus this order are the same. */
static int write_items(struct reading *r)
{
	size_t n = rho_idmap_n(&r->items), width = 1;
	for (size_t k = 0; k < ITEM_HASHED; k++)
		width += rho_idmap_n(&r->item[k].seen);
	const struct rho_column_spec columns[] = {
		{ .name = "id", .type = RHO_COL_STR }, { .name = "features", .type = RHO_COL_F32S, .width = width },
	};
	float *v = malloc(width * sizeof(*v));  /* (width) */
	int e = v ? r->sink->columns(r->sink, RHO_ACTIONS, columns, 2) : no_memory(r);
	for (uint32_t i = 0; !e && i < n; i++) {
		size_t at = 1;
		memset(v, 0, width * sizeof(*v));
		v[0] = (float)r->number[i];
		for (size_t k = 0; k < ITEM_HASHED; at += rho_idmap_n(&r->item[k++].seen))
			v[at + r->hash[i * ITEM_HASHED + k]] = 1;
		const union rho_value row[] = { { .s = rho_pile_at(&r->items.names, i) }, { .v = v } };
		int64_t added = r->sink->add(r->sink, RHO_ACTIONS, row);
		e = added < 0 ? (int)added : 0;
	}
	free(v);
	return e;
}

static int find_features(struct reading *r, struct rho_csv *f)
{
	char name[40];
	for (size_t k = 0; k < N_HASHED; k++) {
		snprintf(name, sizeof(name), "user_feature_%zu", k);
		r->feature[k] = rho_csv_column(f, name, true);
	}
	return r->trouble.code;
}

/* Collects the values of the users' hashes from one policy's log. */
static int read_hashes(struct reading *r, int policy)
{
	struct rho_csv *f = open_file(r, policy, ".csv", policy != r->p->policy);
	if (!f)
		return r->trouble.code;
	uint32_t number;
	int e = find_features(r, f), more = 0;
	while (!e && (more = rho_csv_next(f)) > 0) {
		for (size_t k = 0; !e && k < N_HASHED; k++)
			e = note_hash(r, f, &r->user[k], r->feature[k], &number);
		if (!e)
			e = rho_csv_pulse(f, r->ctx);
	}
	rho_csv_close(f);
	return e || more >= 0 ? e : more;
}

struct named { struct rho_str name; uint32_t number; };

static int by_name(const void *a, const void *b)
{
	return rho_str_order(((const struct named *)a)->name, ((const struct named *)b)->name);
}

/* Gives each value its place in sorted order: the same for both policies, whichever comes first in a log. */
static int sort_hashes(struct reading *r, struct hashes *h)
{
	size_t n = rho_idmap_n(&h->seen);
	struct named *all = malloc((n + 1) * sizeof(*all));     /* (n) */
	h->place = malloc((n + 1) * sizeof(*h->place));
	if (!all || !h->place) {
		free(all);
		return no_memory(r);
	}
	for (uint32_t i = 0; i < n; i++)
		all[i] = (struct named){ rho_pile_at(&h->seen.names, i), i };
	qsort(all, n, sizeof(*all), by_name);
	for (uint32_t i = 0; i < n; i++)
		h->place[all[i].number] = i;
	free(all);
	return 0;
}

/* The hashes of all logs of this campaign that are there, so that a user is the same vector in each. */
static int collect_users(struct reading *r)
{
	int e = 0;
	for (int policy = 0; !e && policy_names[policy]; policy++)
		e = read_hashes(r, policy);
	r->width = rho_idmap_n(&r->items);
	for (size_t k = 0; !e && k < N_HASHED; k++) {
		e = sort_hashes(r, &r->user[k]);
		r->width += rho_idmap_n(&r->user[k].seen);
	}
	return e;
}

/* The log's columns; every item must have its affinity. */
static int find_columns(struct reading *r, struct rho_csv *f)
{
	r->time = rho_csv_column(f, "timestamp", true);
	r->shown = rho_csv_column(f, "item_id", true);
	r->position = rho_csv_column(f, "position", true);
	r->click = rho_csv_column(f, "click", true);
	r->propensity = rho_csv_column(f, "propensity_score", true);
	int e = find_features(r, f);
	for (size_t i = 0; !e && i < rho_idmap_n(&r->items); i++) {
		rho_text_clear(&r->text);
		rho_text_adds(&r->text, "user-item_affinity_");
		rho_text_add(&r->text, rho_pile_at(&r->items.names, i));
		if (!rho_text_add(&r->text, (struct rho_str){ "", 1 }))
			return no_memory(r);
		r->affinity[i] = rho_csv_column(f, r->text.at, true);
		e = r->trouble.code;
	}
	return e;
}

/* Fills r->features from the user's fields of this row: one-hot codes, then the affinities to all items. */
static int fill_features(struct reading *r, struct rho_csv *f)
{
	size_t at = 0;
	int e = 0;
	memset(r->features, 0, r->width * sizeof(*r->features));
	for (size_t k = 0; k < N_HASHED; at += rho_idmap_n(&r->user[k++].seen)) {
		uint32_t h = rho_idmap_find(&r->user[k].seen, rho_csv_field(f, r->feature[k]));
		if (h == RHO_NO_ID)
			return rho_csv_fail(f, "the file changed while it was read");
		r->features[at + r->user[k].place[h]] = 1;
	}
	for (size_t i = 0; !e && i < rho_idmap_n(&r->items); i++) {
		double v;
		e = rho_csv_f64(f, r->affinity[i], &v);
		if (!e && !(fabs(v) <= 1e30))
			e = rho_csv_fail(f, "the affinity to item %zu is empty or beyond 1e30", i);
		r->features[at + i] = (float)v;
	}
	return e;
}

/* The context of this row's user: users of equal fields are one. */
static int find_user(struct reading *r, struct rho_csv *f, uint32_t *user)
{
	bool fresh;
	rho_text_clear(&r->text);
	for (size_t k = 0; k < N_HASHED; k++) {
		rho_text_add(&r->text, rho_csv_field(f, r->feature[k]));
		rho_text_adds(&r->text, "\n");
	}
	for (size_t i = 0; i < rho_idmap_n(&r->items); i++) {
		rho_text_add(&r->text, rho_csv_field(f, r->affinity[i]));
		rho_text_adds(&r->text, "\n");
	}
	*user = r->text.spent ? RHO_NO_ID : rho_idmap_add(&r->users, rho_text_view(&r->text), &fresh);
	if (*user == RHO_NO_ID)
		return no_memory(r);
	int e = fresh ? fill_features(r, f) : 0;
	if (e || !fresh)
		return e;
	const union rho_value row[] = { { .v = r->features } };
	int64_t at = r->sink->add(r->sink, RHO_CONTEXTS, row);
	return at < 0 ? (int)at : 0;
}

static int read_numbers(struct reading *r, struct rho_csv *f, union rho_value row[6])
{
	struct rho_str position = rho_csv_field(f, r->position), click = rho_csv_field(f, r->click);
	int e = rho_csv_f64(f, r->propensity, &row[3].f);
	if (!e && !(row[3].f > 0 && row[3].f <= 1))
		e = rho_csv_fail(f, "propensity_score is \"%.*s\", and must be above 0 and at most 1",
				 (int)rho_str_head(rho_csv_field(f, r->propensity), 40).len,
				 rho_csv_field(f, r->propensity).at);
	if (!e && !rho_str_is(click, "0") && !rho_str_is(click, "1"))
		e = rho_csv_fail(f, "click is \"%.*s\", and must be 0 or 1", (int)rho_str_head(click, 40).len,
				 click.at);
	if (!e && (!rho_read_i64(position, &row[4].i) || row[4].i < 1))
		e = rho_csv_fail(f, "position is \"%.*s\", and must be 1, 2, 3 …",
				 (int)rho_str_head(position, 40).len, position.at);
	if (!e)
		e = rho_csv_time(f, r->time, &row[5].i);
	row[2].f = rho_str_is(click, "1") ? 1 : 0;
	return e;
}

static int read_row(struct reading *r, struct rho_csv *f)
{
	struct rho_str item = rho_csv_field(f, r->shown);
	uint32_t action = rho_idmap_find(&r->items, item);
	union rho_value row[6] = { 0 };
	if (action == RHO_NO_ID)
		return rho_csv_fail(f, "item_id \"%.*s\" is not in the items' file",
				    (int)rho_str_head(item, 40).len, item.at);
	int e = read_numbers(r, f, row);
	if (!e)
		e = find_user(r, f, &row[0].row);
	if (e)
		return e;
	row[1].row = action;
	int64_t at = r->sink->add(r->sink, RHO_LOG, row);
	r->least = r->n_rows ? fmin(r->least, row[3].f) : row[3].f;
	r->most = fmax(r->most, row[3].f);
	r->n_rows++;
	r->n_clicks += row[2].f > 0;
	return at < 0 ? (int)at : rho_csv_pulse(f, r->ctx);
}

static int read_log(struct reading *r)
{
	const struct rho_column_spec contexts[] = {
		{ .name = "features", .type = RHO_COL_F32S, .width = r->width },
	};
	static const struct rho_column_spec log[] = {
		{ .name = "context", .type = RHO_COL_ROW, .of = RHO_CONTEXTS },
		{ .name = "action", .type = RHO_COL_ROW, .of = RHO_ACTIONS },
		{ .name = "reward", .type = RHO_COL_F64 },   { .name = "prob", .type = RHO_COL_F64 },
		{ .name = "position", .type = RHO_COL_I64 }, { .name = "time", .type = RHO_COL_I64 },
	};
	r->affinity = malloc(rho_idmap_n(&r->items) * sizeof(*r->affinity));
	r->features = malloc(r->width * sizeof(*r->features));
	if (!r->affinity || !r->features)
		return no_memory(r);
	struct rho_csv *f = open_file(r, r->p->policy, ".csv", false);
	int e = f ? find_columns(r, f) : r->trouble.code, more = 0;
	if (!e)
		e = r->sink->columns(r->sink, RHO_CONTEXTS, contexts, 1);
	if (!e)
		e = r->sink->columns(r->sink, RHO_LOG, log, 6);
	while (!e && (more = rho_csv_next(f)) > 0)
		e = read_row(r, f);
	if (!e && more < 0)
		e = more;
	if (!e && !r->n_rows)
		e = rho_csv_fail(f, "the file has a header but no rows");
	rho_csv_close(f);
	return e;
}

static void release(struct reading *r)
{
	for (size_t k = 0; k < ITEM_HASHED; k++)
		rho_idmap_free(&r->item[k].seen);
	for (size_t k = 0; k < N_HASHED; k++) {
		rho_idmap_free(&r->user[k].seen);
		free(r->user[k].place);
	}
	rho_idmap_free(&r->items);
	rho_idmap_free(&r->users);
	rho_text_free(&r->text);
	free(r->number);
	free(r->hash);
	free(r->affinity);
	free(r->features);
}

static int openbandit_read(struct rho_ctx *c, void *self, struct rho_sink *sink)
{
	struct reading r = { .p = self, .ctx = c, .sink = sink };
	int e = read_items(&r);
	if (!e)
		e = write_items(&r);
	if (!e)
		e = collect_users(&r);
	if (!e)
		e = read_log(&r);
	if (r.trouble.code)
		e = rho_fail(c, r.trouble.code, "%s", r.trouble.text);
	if (!e)
		rho_log(c, RHO_INFO,
			"%zu actions, %zu contexts (users of different features), %zu rows of the log, %zu of them "
			"clicked; propensities from %g to %g",
			rho_idmap_n(&r.items), rho_idmap_n(&r.users), r.n_rows, r.n_clicks, r.least, r.most);
	release(&r);
	return e;
}

static const struct rho_dataset openbandit_dataset = {
	.size = sizeof(openbandit_dataset),
	.tables = 1u << RHO_ACTIONS | 1u << RHO_CONTEXTS | 1u << RHO_LOG,
	.read = openbandit_read,
};

RHO_EXPORT const struct rho_plugin rho_plugin = {
	RHO_PLUGIN(RHO_DATASET), .name = "openbandit", .version = "1.0.0", .revision = 1, .flags = RHO_THREADS,
	.brief = "a shop's log of items shown and clicked, with propensities, under two policies",
	.doc = "An action is an item, features only: a number and one-hot codes of three hashed properties. A "
	       "context is a user: one-hot codes of four hashed properties and the past clicks on each item; equal "
	       "users are one. Each row of the log is an item shown to a user: reward 1 if clicked, the probability "
	       "with which the policy showed it there, the position from 1 and the time. Where both policies' logs are "
	       "there, the features of both are the same.",
	.cite = "Saito et al. 2020, Open Bandit Dataset and Pipeline: Towards Realistic and Reproducible Off-Policy "
		"Evaluation",
	.params = openbandit_params, .self_size = sizeof(struct openbandit), .dataset = &openbandit_dataset,
};
