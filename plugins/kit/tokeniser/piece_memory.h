/* piece_memory.h: what a thread keeps for one token model: the ids of the pieces it met lately, and room
 * to work. */
#ifndef RHO_KIT_PIECE_MEMORY_H
#define RHO_KIT_PIECE_MEMORY_H

#include "token_model.h"

struct rho_piece_memory;

/* A number no other model of this process has; a memory remembers by it whose pieces it holds. Any thread. */
uint64_t rho_piece_owner(void);

/* The memory in the scratch, made or emptied where it was not this owner's. NULL: out of memory. */
struct rho_piece_memory *rho_piece_memory(struct rho_token_scratch *, uint64_t owner);

/* True: the piece is remembered and its ids have been appended (or ids->spent is set). */
bool rho_piece_recall(const struct rho_piece_memory *, struct rho_str piece, struct rho_ids *);
/* Remembers the n ids of a piece, if it is short and they are few, in place of another. */
void rho_piece_remember(struct rho_piece_memory *, struct rho_str piece, const uint32_t *ids, size_t n);

/* size bytes to work in, aligned for anything, until the next call. NULL: out of memory. */
void *rho_piece_room(struct rho_piece_memory *, size_t size);

#endif
