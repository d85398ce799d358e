/* vocab.c: a vocabulary as an open-addressing table: 8 bytes a slot, of which half are the text's hash, so
 * that the texts themselves, which lie end to end, are looked at once a find. And growing lists of ids. */
#include "token_model.h"

#include <stdlib.h>
#include <string.h>

bool rho_ids_add(struct rho_ids *ids, uint32_t id)
{
	if (ids->n == ids->room) {
		size_t room = ids->room ? ids->room + ids->room / 2 : 256;
		uint32_t *at = ids->spent ? NULL : realloc(ids->at, room * sizeof(*at));
		if (!at) {
			ids->spent = true;
			return false;
		}
		ids->at = at;
		ids->room = room;
	}
	ids->at[ids->n++] = id;
	return true;
}

struct entry {
	size_t from;            /* in the texts */
	uint32_t len, id;
};

struct rho_vocab {
	uint64_t seed;
	uint64_t *slot;         /* (n_slots): hash << 32 | entry + 1; 0: free */
	size_t n_slots;         /* a power of two, more than the entries */
	struct entry *entry;    /* (room) */
	size_t n, room;
	struct rho_text texts;
};

/* Any function of the bytes would do; the seed keeps a file from making all of its tokens meet in one
 * slot. */
static uint64_t hash_of(uint64_t seed, struct rho_str s)
{
	const uint64_t odd = 0x9e3779b97f4a7c15u;
	uint64_t h = seed ^ s.len * odd, v;
	const char *p = s.at;
	size_t n = s.len;
	for (; n > 8; n -= 8, p += 8) {
		memcpy(&v, p, 8);
		h = (h ^ v) * odd;
		h ^= h >> 29;
	}
	if (n >= 4) {
		uint32_t a, b;
		memcpy(&a, p, 4);
		memcpy(&b, p + n - 4, 4);
		v = a | (uint64_t)b << 32;
	} else {
		v = n ? (unsigned char)p[0] | (uint64_t)(unsigned char)p[n / 2] << 8
		        | (uint64_t)(unsigned char)p[n - 1] << 16 : 0;
	}
	h = (h ^ v) * odd;
	h = (h ^ h >> 32) * odd;
	return h ^ h >> 29;
}

static struct rho_str text_of(const struct rho_vocab *v, const struct entry *e)
{
	struct rho_str s = { v->texts.at + e->from, e->len };
	return s;
}

static bool make_slots(struct rho_vocab *v, size_t n_slots)
{
	uint64_t *slot = calloc(n_slots, sizeof(*slot));
	if (!slot)
		return false;
	for (size_t i = 0; i < v->n; i++) {
		uint64_t h = hash_of(v->seed, text_of(v, &v->entry[i]));
		size_t at = h & (n_slots - 1);
		while (slot[at])
			at = (at + 1) & (n_slots - 1);
		slot[at] = (h >> 32) << 32 | (i + 1);
	}
	free(v->slot);
	v->slot = slot;
	v->n_slots = n_slots;
	return true;
}

struct rho_vocab *rho_vocab_new(size_t expected)
{
	struct rho_vocab *v = calloc(1, sizeof(*v));
	size_t n_slots = 64;
	while (n_slots < 2 * expected && n_slots < (size_t)1 << 30)
		n_slots *= 2;
	if (!v)
		return NULL;
	v->seed = (uint64_t)(uintptr_t)v * 0xd6e8feb86659fd93u;
	v->room = n_slots / 2;
	v->entry = malloc(v->room * sizeof(*v->entry));
	if (!v->entry || !make_slots(v, n_slots)) {
		rho_vocab_free(v);
		return NULL;
	}
	return v;
}

void rho_vocab_free(struct rho_vocab *v)
{
	if (!v)
		return;
	free(v->slot);
	free(v->entry);
	rho_text_free(&v->texts);
	free(v);
}

size_t rho_vocab_n(const struct rho_vocab *v) { return v->n; }

static bool grow(struct rho_vocab *v)
{
	struct entry *entry = realloc(v->entry, 2 * v->room * sizeof(*entry));
	if (!entry)
		return false;
	v->entry = entry;
	v->room *= 2;
	return make_slots(v, 2 * v->room);
}

/* The slot of the text, or the free one where it would go. */
static size_t slot_of(const struct rho_vocab *v, struct rho_str s, uint64_t h)
{
	size_t mask = v->n_slots - 1, at = h & mask;
	for (; v->slot[at]; at = (at + 1) & mask)
		if (v->slot[at] >> 32 == h >> 32
		    && rho_str_same(text_of(v, &v->entry[(uint32_t)v->slot[at] - 1]), s))
			break;
	return at;
}

bool rho_vocab_add(struct rho_vocab *v, struct rho_str token, uint32_t id)
{
	if (token.len >= UINT32_MAX || v->n >= UINT32_MAX - 1 || (v->n == v->room && !grow(v)))
		return false;
	uint64_t h = hash_of(v->seed, token);
	size_t at = slot_of(v, token, h);
	if (v->slot[at])
		return true;
	struct entry e = { v->texts.len, (uint32_t)token.len, id };
	if (!rho_text_add(&v->texts, token))
		return false;
	v->entry[v->n++] = e;
	v->slot[at] = (h >> 32) << 32 | v->n;
	return true;
}

uint32_t rho_vocab_find(const struct rho_vocab *v, struct rho_str token)
{
	uint64_t found = v->slot[slot_of(v, token, hash_of(v->seed, token))];
	return found ? v->entry[(uint32_t)found - 1].id : UINT32_MAX;
}

struct rho_str rho_vocab_at(const struct rho_vocab *v, size_t i, uint32_t *id)
{
	*id = v->entry[i].id;
	return text_of(v, &v->entry[i]);
}
