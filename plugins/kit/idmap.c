/* idmap.c: a hash table by open addressing with linear steps, at most half full. Numbers follow
 * the order of adding, so nothing depends on the hash. */
#include "idmap.h"

#include <stdlib.h>
#include <string.h>

/* Eight bytes at a time, multiplied and folded; the constants are odd numbers without pattern. */
static uint64_t hash(struct rho_str s)
{
	uint64_t h = 0x9e3779b97f4a7c15u ^ s.len;
	while (s.len >= 8) {
		uint64_t v;
		memcpy(&v, s.at, 8);
		h = (h ^ v) * 0xd6e8feb86659fd93u;
		h ^= h >> 32;
		s.at += 8;
		s.len -= 8;
	}
	uint64_t v = 0;
	if (s.len)
		memcpy(&v, s.at, s.len);
	h = (h ^ v) * 0xd6e8feb86659fd93u;
	h ^= h >> 32;
	h *= 0xa0761d6478bd642fu;
	return h ^ h >> 29;
}

/* The slot that holds `name`, or the free one where it would go. n_slots > 0. */
static size_t seek(const struct rho_idmap *m, struct rho_str name)
{
	size_t mask = m->n_slots - 1, at = (size_t)hash(name) & mask;
	while (m->slot[at] && !rho_str_same(rho_pile_at(&m->names, m->slot[at] - 1), name))
		at = (at + 1) & mask;
	return at;
}

static bool grow(struct rho_idmap *m)
{
	size_t n_slots = m->n_slots ? m->n_slots * 2 : 256;
	uint32_t *slot = calloc(n_slots, sizeof(*slot)), *old = m->slot;
	if (!slot)
		return false;
	m->slot = slot;
	m->n_slots = n_slots;
	for (size_t i = 0; i < m->names.n; i++)
		m->slot[seek(m, rho_pile_at(&m->names, i))] = (uint32_t)(i + 1);
	free(old);
	return true;
}

uint32_t rho_idmap_add(struct rho_idmap *m, struct rho_str name, bool *fresh)
{
	if (fresh)
		*fresh = false;
	if (2 * (m->names.n + 1) > m->n_slots && !grow(m))
		return RHO_NO_ID;
	size_t at = seek(m, name);
	if (m->slot[at])
		return m->slot[at] - 1;
	if (m->names.n >= RHO_NO_ID - 1 || !rho_pile_add(&m->names, name))
		return RHO_NO_ID;
	m->slot[at] = (uint32_t)m->names.n;
	if (fresh)
		*fresh = true;
	return m->slot[at] - 1;
}

uint32_t rho_idmap_find(const struct rho_idmap *m, struct rho_str name)
{
	if (!m->n_slots)
		return RHO_NO_ID;
	size_t at = seek(m, name);
	return m->slot[at] ? m->slot[at] - 1 : RHO_NO_ID;
}

void rho_idmap_free(struct rho_idmap *m)
{
	rho_pile_free(&m->names);
	free(m->slot);
	memset(m, 0, sizeof(*m));
}
