/* pickle.h: what a pickle says, as a tree of plain values: nothing in it is ever called or imported.
 *
 * Pickle is a program for a small stack machine. Here the opcodes that torch.save writes build values;
 * the few functions a checkpoint names stand in the tree as RHO_PICKLE_CALL, for torch.c to understand.
 * Every other opcode and every other name is refused. */
#ifndef RHO_KIT_PICKLE_H
#define RHO_KIT_PICKLE_H

#include "checkpoint.h"

enum rho_pickle_kind {
	RHO_PICKLE_NONE, RHO_PICKLE_BOOL, RHO_PICKLE_INT,
	RHO_PICKLE_LONG,        /* does not fit into 64 bits: its bytes, little-endian two's complement */
	RHO_PICKLE_FLOAT,
	RHO_PICKLE_TEXT, RHO_PICKLE_BYTES,
	RHO_PICKLE_TUPLE, RHO_PICKLE_LIST,
	RHO_PICKLE_DICT,        /* a collections.OrderedDict as well; item: key, value, key, value … */
	RHO_PICKLE_GLOBAL,      /* one of enum rho_pickle_global */
	RHO_PICKLE_CALL,        /* that function (number) of the tuple `argument` */
	RHO_PICKLE_STORAGE      /* what the persistent id, the tuple `argument`, stands for */
};

enum rho_pickle_global {        /* from RHO_PICKLE_TYPED on: a storage class, TYPED + enum rho_dtype */
	RHO_PICKLE_ORDERED_DICT, RHO_PICKLE_TENSOR, RHO_PICKLE_TENSOR_V2, RHO_PICKLE_PARAMETER,
	RHO_PICKLE_TYPED
};

struct rho_pickle_value {
	uint32_t kind;          /* enum rho_pickle_kind */
	size_t n;               /* bytes of text, items of the others (two a pair of a dictionary) */
	size_t room;            /* of item */
	union {
		int64_t number; /* BOOL, INT; GLOBAL and CALL: enum rho_pickle_global */
		double real;
		const char *text;       /* (n), in the file */
		struct rho_pickle_value **item;         /* (n) */
	};
	struct rho_pickle_value *argument;      /* CALL, STORAGE: their tuple */
};

struct rho_pickle {             /* zero-initialise */
	struct rho_pickle_block *blocks;
	size_t taken;           /* bytes, of at most 256 MiB */
	struct rho_pickle_value **storage;      /* (n_storages): every STORAGE, as they came */
	size_t n_storages, storage_room;
};

/* Reads the pickle that begins at byte *at of the file and moves *at behind it. The value lives until
 * rho_pickle_free. NULL with the trouble: an opcode or a name that no checkpoint needs, a stack that
 * does not hold what an opcode takes, an end too early, more than 16 MiB of pickle, no memory. */
const struct rho_pickle_value *rho_pickle_read(struct rho_pickle *, const struct rho_blob *, size_t *at,
                                               struct rho_trouble *);
void rho_pickle_free(struct rho_pickle *);

/* The value of that key in a dictionary (the last one given to it), or NULL. */
const struct rho_pickle_value *rho_pickle_get(const struct rho_pickle_value *dict, const char *key);

static inline struct rho_str rho_pickle_text(const struct rho_pickle_value *v)
{
	return (struct rho_str){ v->text, v->n };
}

/* What a value is, in words: "a list", "a number". */
const char *rho_pickle_kind_name(const struct rho_pickle_value *);

#endif
