/* piece_memory.c: a thread's cache of piece -> ids: a table of fixed size in which a piece has one place;
 * who comes later stays. What is recalled is what the model would have said, so results do not depend on
 * it. */
#include "piece_memory.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS     8192          /* 512 KiB a thread: about what stays in a core's own cache */
#define SLOT_TEXT 30
#define SLOT_IDS  8

struct slot {                   /* one cache line; len 0: empty */
	uint8_t len, n;
	char text[SLOT_TEXT];
	uint32_t ids[SLOT_IDS];
};

struct rho_piece_memory {
	struct slot slots[SLOTS];
	uint64_t owner;
	void *room;
	size_t room_size;
};

uint64_t rho_piece_owner(void)
{
	static _Atomic uint64_t last;
	return atomic_fetch_add(&last, 1) + 1;
}

static void memory_free(void *own)
{
	struct rho_piece_memory *m = own;
	free(m->room);
	free(m);
}

struct rho_piece_memory *rho_piece_memory(struct rho_token_scratch *s, uint64_t owner)
{
	struct rho_piece_memory *m = s->free_own == memory_free ? s->own : NULL;
	if (m && m->owner == owner)
		return m;
	if (!m) {
		m = aligned_alloc(64, (sizeof(*m) + 63) / 64 * 64);
		if (!m)
			return NULL;
		m->room = NULL;
		m->room_size = 0;
		if (s->own && s->free_own)
			s->free_own(s->own);
		s->own = m;
		s->free_own = memory_free;
	}
	memset(m->slots, 0, sizeof(m->slots));
	m->owner = owner;
	return m;
}

/* Where a piece of 1 .. SLOT_TEXT bytes has its place: eight bytes at a time, multiplied and folded. */
static size_t place_of(struct rho_str piece)
{
	uint64_t h = piece.len * UINT64_C(0x9e3779b97f4a7c15), w;
	for (; piece.len >= 8; piece.at += 8, piece.len -= 8) {
		memcpy(&w, piece.at, 8);
		h = (h ^ w) * UINT64_C(0x9e3779b97f4a7c15);
		h ^= h >> 32;
	}
	w = 0;
	for (size_t i = 0; i < piece.len; i++)
		w = w << 8 | (unsigned char)piece.at[i];
	h = (h ^ w) * UINT64_C(0x9e3779b97f4a7c15);
	return (size_t)(h >> 40) % SLOTS;
}

bool rho_piece_recall(const struct rho_piece_memory *m, struct rho_str piece, struct rho_ids *ids)
{
	if (!piece.len || piece.len > SLOT_TEXT)
		return false;
	const struct slot *slot = &m->slots[place_of(piece)];
	if (slot->len != piece.len || memcmp(slot->text, piece.at, piece.len))
		return false;
	for (size_t i = 0; i < slot->n; i++)
		rho_ids_add(ids, slot->ids[i]);
	return true;
}

void rho_piece_remember(struct rho_piece_memory *m, struct rho_str piece, const uint32_t *ids, size_t n)
{
	if (!piece.len || piece.len > SLOT_TEXT || n > SLOT_IDS)
		return;
	struct slot *slot = &m->slots[place_of(piece)];
	slot->len = (uint8_t)piece.len;
	slot->n = (uint8_t)n;
	memcpy(slot->text, piece.at, piece.len);
	if (n)
		memcpy(slot->ids, ids, n * sizeof(*ids));
}

void *rho_piece_room(struct rho_piece_memory *m, size_t size)
{
	if (size > m->room_size) {
		free(m->room);
		m->room = malloc(size);
		m->room_size = m->room ? size : 0;
	}
	return m->room;
}
