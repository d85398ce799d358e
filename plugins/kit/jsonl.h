/* jsonl.h: JSON Lines, plain or gzipped: one object a line, its members asked for by name and type. */
#ifndef RHO_KIT_JSONL_H
#define RHO_KIT_JSONL_H

#include <jansson.h>

#include "lines.h"

struct rho_jsonl { /* zero-initialise; the fields are the reader's */
	struct rho_lines *lines;
	json_t *row;        /* the object of this line */
	void *last;         /* where in it the member asked for last stands; NULL: at its end */
	const json_t *list; /* asked for last */
	const char *list_name;
	char number[24]; /* an integer id as text */
};

/* 0 or trouble. The trouble must outlive the reader. */
int rho_jsonl_open(struct rho_jsonl *, const char *path, struct rho_trouble *);
void rho_jsonl_close(struct rho_jsonl *); /* also when open failed */

/* 1: a row stands ready; 0: no more; less than 0: trouble with file and line: what rho_lines_next
 * says, not JSON, not an object. Lines without anything are passed over. */
int rho_jsonl_next(struct rho_jsonl *);

/* All give 0, or RHO_EFORMAT recorded with file, line, the member's name and what is there instead.
 * Views last until the next row. Asking in the order of the file is fastest.
 *   str   a string;  maybe: a string, or empty where the member is missing or null
 *   id    a string or an integer, as text; an integer's text lasts until the next id
 *   list  a list (of anything), its length in *n;  item, item_id: the elements of the list asked
 *         for last, as str and id */
int rho_jsonl_str(struct rho_jsonl *, const char *key, struct rho_str *out);
int rho_jsonl_maybe(struct rho_jsonl *, const char *key, struct rho_str *out);
int rho_jsonl_id(struct rho_jsonl *, const char *key, struct rho_str *out);
int rho_jsonl_list(struct rho_jsonl *, const char *key, size_t *n);
int rho_jsonl_item(struct rho_jsonl *, size_t i, struct rho_str *out);
int rho_jsonl_item_id(struct rho_jsonl *, size_t i, struct rho_str *out);

#endif
