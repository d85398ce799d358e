/* idlists.h: lists of ids that are remembered beside decisions, in kept arrays: candidates and what was done
 * before. */
#ifndef RHO_KIT_RL_IDLISTS_H
#define RHO_KIT_RL_IDLISTS_H

#include <rho/rho.h>

struct rho_idlists_how {
	size_t places;          /* lists                                     */
	size_t most;            /* most ids of one                           */
	size_t n_ids;           /* ids are 0 .. n_ids - 1                    */
	bool sets;              /* the order of a list may be forgotten: kept as a bit an id where that is smaller */
	bool incl;              /* with inclusion probabilities              */
	size_t dim;             /* numbers of features beside each id (of a space whose actions move); 0: none */
};

/* Kept arrays NAME_n, and NAME_bit or NAME_id, NAME_incl, NAME_row. */
struct rho_idlists {
	struct rho_idlists_how how;
	size_t words;           /* of a list's bits; 0: ids are kept         */
	uint32_t *n;            /* (places) kept: ids of each, plus 1; 0: every id is meant, in order */
	uint64_t *bit;          /* (places, words) kept                      */
	uint32_t *id;           /* (places, most) kept                       */
	float *incl;            /* (places, most) kept                       */
	float *row;             /* (places, most * dim) kept                 */
};

struct rho_idlist {             /* one of them; id and incl as rho_batch has them */
	size_t n;
	const uint32_t *id;     /* (n); NULL: 0 .. n - 1                     */
	const uint64_t *bit;    /* ((n_ids + 63) / 64) its ids, where they are kept so; id is NULL then too unless
	                         * asked for */
	const float *incl;      /* (n), or NULL                              */
	const float *row;       /* (n, dim), or NULL                         */
};

/* 0 or an error, recorded. [open] */
int rho_idlists_open(struct rho_ctx *, struct rho_idlists *, const char *name, const struct rho_idlists_how *);

/* What a checkpoint brought is possible: no list longer than `most`, no id beyond n_ids. 0 or RHO_EFORMAT. */
int rho_idlists_loaded(struct rho_ctx *, const struct rho_idlists *);

/* n ids become list `place`; id NULL: every id. incl (n) or NULL (NaN is kept); actions: the rows by id, looked at
 * where how.dim is set. 0, or RHO_EBUG where they are too many or no ids. */
int rho_idlists_put(struct rho_ctx *, struct rho_idlists *, size_t place, const uint32_t *id, size_t n,
                    const float *incl, const struct rho_rows *actions);

/* A decision's candidates in a batch, as above. */
int rho_idlists_put_cand(struct rho_ctx *, struct rho_idlists *, size_t place, const struct rho_batch *, size_t i);

/* List `from` of `of`, which was opened alike. */
void rho_idlists_copy(struct rho_idlists *, size_t place, const struct rho_idlists *of, size_t from);

/* List `place`. room (most): where bits are kept, filled with the ids, in rising order; NULL: only bits are
 * wanted. Valid until the list is put again. */
struct rho_idlist rho_idlists_get(const struct rho_idlists *, size_t place, uint32_t *room);

#endif
