/* toolbox.h: what the datasets of tools share: rows of JSON Lines, and APIs found by the ids that queries name. */
#ifndef RHO_KIT_TOOLBOX_H
#define RHO_KIT_TOOLBOX_H

#include "idmap.h"
#include "jsonl.h"

struct rho_toolbox {            /* path, ctx and sink are filled in, all else is zero */
	const char *path;       /* the folder */
	struct rho_ctx *ctx;
	struct rho_sink *sink;
	struct rho_trouble trouble;
	struct rho_jsonl rows;  /* of the file being read */
	struct rho_idmap apis;  /* every api_id of the file */
	uint32_t *row;          /* (apis, as room allows): its action; RHO_NO_ID: outside the catalogue */
	size_t room;
	struct rho_text text;   /* of the row being composed */
	size_t n_actions, n_contexts, n_links;
};

/* rho_jsonl_each of a file in the folder. */
int rho_toolbox_read(struct rho_toolbox *, const char *name, int (*one)(void *arg), void *arg);

/* Adds an action of these values and gives api_id `id` its row; values NULL: it is known, but outside the
 * catalogue. 0 or trouble, also when the id stands in an earlier row. */
int rho_toolbox_api(struct rho_toolbox *, struct rho_str id, const union rho_value *values);

/* The row of api_id number i of the list asked for last, RHO_NO_ID where it is outside the catalogue. 0 or
 * trouble, also when the APIs' file has no such id. */
int rho_toolbox_relevant(struct rho_toolbox *, size_t i, uint32_t *action);

/* Adds these rows and counts them. 0 or the sink's error. */
int rho_toolbox_context(struct rho_toolbox *, const union rho_value *values);
int rho_toolbox_link(struct rho_toolbox *, const union rho_value *values);

int rho_toolbox_no_memory(struct rho_toolbox *);        /* records it, and gives RHO_ENOMEM */

/* Hands the trouble, if any, to the host, and frees all. `e`, or the trouble's code. */
int rho_toolbox_end(struct rho_toolbox *, int e);

#endif
