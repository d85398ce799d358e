/* bpe.h: a byte-pair encoding model in memory, between what reads one (bpe_open.c) and what runs it
 * (bpe.c). */
#ifndef RHO_KIT_BPE_H
#define RHO_KIT_BPE_H

#include "token_model.h"

#define RHO_BPE_NONE  UINT32_MAX        /* no id, no rank */
#define RHO_BPE_AFFIX 64                /* the most bytes of a prefix or suffix */
#define RHO_BPE_NEAR  0x200             /* code points below are looked up in a table */

struct rho_bpe_merge {
	uint64_t pair;                  /* left id << 32 | right id; UINT64_MAX: an empty place */
	uint32_t rank, id;              /* lower ranks merge first (empty: RHO_BPE_NONE); what they become */
};

struct rho_bpe_affix { char at[RHO_BPE_AFFIX]; size_t len; };

struct rho_bpe {
	uint64_t owner;
	uint64_t seed;                  /* keeps a file from making its merges meet in one place */
	struct rho_vocab *vocab;
	struct rho_bpe_merge *merges;   /* (places), open addressing, at most half full */
	size_t places, n_merges;
	uint32_t unk;                   /* RHO_BPE_NONE: characters that are not known leave nothing */
	bool fuse_unk, byte_fallback, ignore_merges;
	struct rho_bpe_affix prefix;    /* of every character of a piece but the first */
	struct rho_bpe_affix suffix;    /* of the last */
	uint32_t near[4][RHO_BPE_NEAR]; /* ids of characters; row: 1 not the first, 2 the last, 3 both */
	uint32_t byte[256];             /* ids of <0x00> .. <0xFF> */
};

/* The place of a pair in the table, or the empty one where it would go. The table is not full. */
static inline struct rho_bpe_merge *rho_bpe_place(const struct rho_bpe *b, uint32_t left, uint32_t right)
{
	uint64_t pair = (uint64_t)left << 32 | right;
	uint64_t h = (pair ^ b->seed) * UINT64_C(0x9e3779b97f4a7c15);
	h = (h ^ h >> 32) * UINT64_C(0x9e3779b97f4a7c15);
	size_t i = (size_t)(h >> 32) & (b->places - 1);
	while (b->merges[i].pair != pair && b->merges[i].pair != UINT64_MAX)
		i = (i + 1) & (b->places - 1);
	return &b->merges[i];
}

/* The id of one character (n bytes, at most 4) of a piece with its affixes, or RHO_BPE_NONE; `whole`
 * (NULL: not wanted) receives its spelling. */
struct rho_bpe_spelling { char at[2 * RHO_BPE_AFFIX + 4]; size_t len; };
uint32_t rho_bpe_character(const struct rho_bpe *, const char *at, size_t n, bool inner, bool last,
                           struct rho_bpe_spelling *whole);

void rho_bpe_run(const void *self, struct rho_str piece, struct rho_token_scratch *, struct rho_ids *);

#endif
