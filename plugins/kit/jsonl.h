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
	json_t *object;     /* asked for last; NULL: it is not there */
	void *inner;        /* its member that object_next gave last */
	char number[24]; /* an integer id as text */
};

/* 0 or trouble. The trouble must outlive the reader. */
int rho_jsonl_open(struct rho_jsonl *, const char *path, struct rho_trouble *);
void rho_jsonl_close(struct rho_jsonl *); /* also when open failed */

/* 1: a row stands ready; 0: no more; less than 0: trouble with file and line: what rho_lines_next
 * says, not JSON, not an object. Lines without anything are passed over. */
int rho_jsonl_next(struct rho_jsonl *);

/* Opens FOLDER/NAME or FOLDER/NAME.gz, calls one(arg) for every row while it gives 0, and closes it: 0, what `one`
 * gave, trouble (also when the file is empty), or RHO_ESTOP from the host. */
int rho_jsonl_each(struct rho_jsonl *, const char *folder, const char *name, struct rho_trouble *, struct rho_ctx *,
		   int (*one)(void *arg), void *arg);

/* All give 0, or RHO_EFORMAT recorded with file, line, the member's name and what is there instead.
 * Views last until the next row. Asking in the order of the file is fastest.
 *   str   a string;  maybe: a string, or empty where the member is missing or null
 *   id    a string or an integer, as text; an integer's text lasts until the next id
 *   scalar  a string in *s, or a number in *v and s->at NULL
 *   list  a list (of anything), its length in *n;  maybe_list: length 0 where it is missing or null
 *   item, item_id  the elements of the list asked for last, as str and id
 *   item_maybe  member `key` of such an element, which is an object, as maybe
 *   object  an object, empty where the member is missing or null; its members in the file's order by
 *         object_next: 1 with the name, 0 after the last one, and object_maybe: member `key` of the member
 *         that object_next gave last, an object, as maybe */
int rho_jsonl_str(struct rho_jsonl *, const char *key, struct rho_str *out);
int rho_jsonl_maybe(struct rho_jsonl *, const char *key, struct rho_str *out);
int rho_jsonl_id(struct rho_jsonl *, const char *key, struct rho_str *out);
int rho_jsonl_scalar(struct rho_jsonl *, const char *key, struct rho_str *s, double *v);
int rho_jsonl_list(struct rho_jsonl *, const char *key, size_t *n);
int rho_jsonl_maybe_list(struct rho_jsonl *, const char *key, size_t *n);
int rho_jsonl_item(struct rho_jsonl *, size_t i, struct rho_str *out);
int rho_jsonl_item_id(struct rho_jsonl *, size_t i, struct rho_str *out);
int rho_jsonl_item_maybe(struct rho_jsonl *, size_t i, const char *key, struct rho_str *out);
int rho_jsonl_object(struct rho_jsonl *, const char *key);
int rho_jsonl_object_next(struct rho_jsonl *, struct rho_str *name);
int rho_jsonl_object_maybe(struct rho_jsonl *, const char *key, struct rho_str *out);

#endif
