/* amazon.h: what the parts of the amazon dataset share. */
#ifndef RHO_DATASET_AMAZON_H
#define RHO_DATASET_AMAZON_H

#include "kit/idmap.h"
#include "kit/jsonl.h"

enum amazon_contexts { AMAZON_AUTO, AMAZON_BUNDLES, AMAZON_USERS };

struct amazon {                 /* parameters */
	const char *path;
	int set, contexts;
	int64_t history;
	double later;
	bool descriptions;
};

struct reading;

struct amazon_set {
	const char *prefix;     /* of its files' names; "" for none */
	const char *folder;     /* where they lie below a folder with all sets */
	int (*read)(struct reading *);
	bool bundles;           /* it has bundles, too */
};

struct reading {                /* what one call of read holds */
	const struct amazon *p;
	const struct amazon_set *set;
	struct rho_ctx *ctx;
	struct rho_sink *sink;
	struct rho_trouble trouble;
	struct rho_idmap items; /* item ids; numbers are rows of actions */
	struct rho_pile titles; /* of each item, decoded */
	size_t n_contexts, n_links, left_out;
	struct rho_text text, title, extra;     /* of the row being composed */
};

/* An item as a file has it; all may hold HTML entities, the description tags, too. */
struct amazon_item { struct rho_str id, title, brand, category, description; };

/* The sets' readers: everything of one set into the sink. 0 or an error. */
int amazon_read_bundles(struct reading *);      /* electronic, clothing, food */
int amazon_read_sequences(struct reading *);    /* games, beauty, toys, sports */
int amazon_read_next_item(struct reading *);    /* office, industrial */

/* Declares the columns of contexts and links. `context_split`: contexts have a split; `n_link`: 3
 * for context, action, weight; 4: and split; 5: and time. */
int amazon_columns(struct reading *, bool context_split, size_t n_link);

/* Adds an action; `lines` says where, should the id have been seen before. */
int amazon_add_item(struct reading *, struct rho_lines *lines, const struct amazon_item *);

/* After the items: an error if there were none. */
int amazon_some_items(struct reading *, const char *path);

/* Adds an action for each row of items.jsonl: id and title are filled in, and take() fills in what else
 * the set's rows have. 0 or an error, also when there are no items. */
int amazon_read_items(struct reading *, int (*take)(struct rho_jsonl *, struct amazon_item *));

/* The row of an item id, or an error with file and line: RHO_NO_ID never comes back. */
int amazon_find_item(struct reading *, struct rho_lines *lines, struct rho_str id, uint32_t *row);

/* Adds a context of that text; its number is r->n_contexts of before. */
int amazon_add_context(struct reading *, struct rho_str id, struct rho_str text, const char *split);
int amazon_add_link(struct reading *, size_t context, uint32_t item, const char *split, int64_t time);

/* Sets r->text to the titles of the last `history` of these items, oldest first. */
int amazon_write_titles(struct reading *, const uint32_t *item, size_t n);

/* Adds a user of n items, oldest first, as a context and links: the later share of the items are
 * links ("test" the last, "valid" the last but one, "train" the others), the earlier ones the
 * text. time (n) or NULL: with it, every earlier item is older than every later one. Items that
 * repeat count once, where they first stand; `item` and `time` are reordered for that. Someone with
 * nothing earlier or later is left out and counted. */
int amazon_add_user(struct reading *, struct rho_str id, uint32_t *item, int64_t *time, size_t n);

/* Path of the set's file "PREFIX_NAME"; the caller frees. NULL: trouble recorded. */
char *amazon_file(struct reading *, const char *name);

/* Records that memory ran out, and gives RHO_ENOMEM. */
int amazon_no_memory(struct reading *);

#endif
