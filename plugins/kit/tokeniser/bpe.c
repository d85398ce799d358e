/* bpe.c: byte-pair encoding (Sennrich et al. 2016) as Hugging Face's tokenizers does it: characters to
 * symbols, then the adjacent pair of the lowest rank becomes one, the leftmost first, until no pair is
 * left that merges. */
#include "bpe.h"

#include <string.h>

#include "piece_memory.h"
#include "utf8.h"

#define FEW 48                  /* symbols up to which looking at all pairs beats keeping a heap */

uint32_t rho_bpe_character(const struct rho_bpe *b, const char *at, size_t n, bool inner, bool last,
                           struct rho_bpe_spelling *whole)
{
	whole->len = 0;
	if (inner && b->prefix.len) {
		memcpy(whole->at, b->prefix.at, b->prefix.len);
		whole->len = b->prefix.len;
	}
	memcpy(whole->at + whole->len, at, n);
	whole->len += n;
	if (last && b->suffix.len) {
		memcpy(whole->at + whole->len, b->suffix.at, b->suffix.len);
		whole->len += b->suffix.len;
	}
	return rho_vocab_find(b->vocab, (struct rho_str){ whole->at, whole->len });
}

/* Symbols on their way; in `unk` one that is still to be put, which a neighbour may join. */
struct symbols {
	uint32_t *at;
	size_t n;
	bool unk;
};

static void flush_unk(const struct rho_bpe *b, struct symbols *s)
{
	if (s->unk)
		s->at[s->n++] = b->unk;
	s->unk = false;
}

/* A character that is not in the vocabulary: its bytes, if all of them are and that is wanted, else the
 * unknown token. As in the reference, an unknown that waits is put behind bytes that follow it. */
static void put_unknown(const struct rho_bpe *b, const struct rho_bpe_spelling *whole, struct symbols *s)
{
	bool all = b->byte_fallback;
	for (size_t k = 0; all && k < whole->len; k++)
		all = b->byte[(unsigned char)whole->at[k]] != RHO_BPE_NONE;
	if (all) {
		for (size_t k = 0; k < whole->len; k++)
			s->at[s->n++] = b->byte[(unsigned char)whole->at[k]];
		return;
	}
	if (b->unk == RHO_BPE_NONE)
		return;
	if (!b->fuse_unk)
		flush_unk(b, s);
	s->unk = true;
}

/* The characters of a piece as symbols. `at` has room for all that `most_symbols` allows. */
static size_t start(const struct rho_bpe *b, struct rho_str piece, uint32_t *at)
{
	struct symbols s = { at, 0, false };
	struct rho_bpe_spelling whole;
	for (size_t i = 0, step; i < piece.len; i += step) {
		step = rho_utf8_step(piece, i);
		bool inner = i > 0, last = i + step == piece.len;
		int32_t point = rho_utf8_point(piece.at + i, step);
		uint32_t id = point < RHO_BPE_NEAR ? b->near[inner + 2 * last][point] : RHO_BPE_NONE;
		if (id == RHO_BPE_NONE)
			id = rho_bpe_character(b, piece.at + i, step, inner, last, &whole);
		if (id == RHO_BPE_NONE) {
			put_unknown(b, &whole, &s);
			continue;
		}
		flush_unk(b, &s);
		s.at[s.n++] = id;
	}
	flush_unk(b, &s);
	return s.n;
}

static uint32_t rank_of(const struct rho_bpe *b, uint32_t left, uint32_t right, uint32_t *id)
{
	const struct rho_bpe_merge *m = rho_bpe_place(b, left, right);
	*id = m->id;
	return m->rank;
}

/* Merges n <= FEW symbols in place. How many are left. */
static size_t merge_few(const struct rho_bpe *b, uint32_t *sym, size_t n)
{
	uint32_t rank[FEW], id[FEW];            /* (n - 1): of symbols i and i + 1 */
	for (size_t i = 0; i + 1 < n; i++)
		rank[i] = rank_of(b, sym[i], sym[i + 1], &id[i]);
	while (n > 1) {
		size_t best = 0;
		for (size_t i = 1; i + 1 < n; i++)
			if (rank[i] < rank[best])
				best = i;
		if (rank[best] == RHO_BPE_NONE)
			break;
		sym[best] = id[best];
		n--;
		for (size_t i = best + 1; i < n; i++) {
			sym[i] = sym[i + 1];
			rank[i - 1] = rank[i];
			id[i - 1] = id[i];
		}
		if (best + 1 < n)
			rank[best] = rank_of(b, sym[best], sym[best + 1], &id[best]);
		if (best)
			rank[best - 1] = rank_of(b, sym[best - 1], sym[best], &id[best - 1]);
	}
	return n;
}

/* A long piece: symbols as a linked list, what may merge in a heap. An entry is rank << 32 | place; it
 * holds while the pair at that place has that rank. */
struct many {
	const struct rho_bpe *bpe;
	uint32_t *sym, *next, *prev, *rank, *id;        /* (n); next n: the last; prev n: the first */
	uint64_t *heap;                                 /* (2 n): a merge takes one and puts two */
	size_t n, heap_n;
};

static void heap_push(struct many *m, uint64_t entry)
{
	size_t i = m->heap_n++;
	for (size_t up; i; i = up) {
		up = (i - 1) / 2;
		if (m->heap[up] <= entry)
			break;
		m->heap[i] = m->heap[up];
	}
	m->heap[i] = entry;
}

static uint64_t heap_pop(struct many *m)
{
	uint64_t top = m->heap[0], entry = m->heap[--m->heap_n];
	size_t i = 0;
	for (size_t down; (down = 2 * i + 1) < m->heap_n; i = down) {
		if (down + 1 < m->heap_n && m->heap[down + 1] < m->heap[down])
			down++;
		if (entry <= m->heap[down])
			break;
		m->heap[i] = m->heap[down];
	}
	m->heap[i] = entry;
	return top;
}

/* The pair that begins at place i, anew. */
static void consider(struct many *m, size_t i)
{
	m->rank[i] = RHO_BPE_NONE;
	if (m->next[i] == m->n)
		return;
	m->rank[i] = rank_of(m->bpe, m->sym[i], m->sym[m->next[i]], &m->id[i]);
	if (m->rank[i] != RHO_BPE_NONE)
		heap_push(m, (uint64_t)m->rank[i] << 32 | i);
}

static size_t merge_many(struct many *m)
{
	for (size_t i = 0; i < m->n; i++) {
		m->next[i] = (uint32_t)(i + 1);
		m->prev[i] = (uint32_t)(i ? i - 1 : m->n);
	}
	for (size_t i = 0; i < m->n; i++)
		consider(m, i);
	while (m->heap_n) {
		uint64_t top = heap_pop(m);
		uint32_t i = (uint32_t)top, right = m->next[i];
		if (m->rank[i] != top >> 32)
			continue;
		m->sym[i] = m->id[i];
		m->rank[right] = RHO_BPE_NONE;
		m->next[i] = m->next[right];
		if (m->next[i] != m->n)
			m->prev[m->next[i]] = i;
		consider(m, i);
		if (m->prev[i] != m->n)
			consider(m, m->prev[i]);
	}
	size_t left = 0;
	for (size_t i = 0; i < m->n; i = m->next[i])
		m->sym[left++] = m->sym[i];
	return left;
}

/* The most symbols a piece can have before it is merged: its bytes, and those of the affixes where they
 * fall back. */
static size_t most_symbols(const struct rho_bpe *b, struct rho_str piece)
{
	return b->byte_fallback ? piece.len * (1 + b->prefix.len) + b->suffix.len : piece.len;
}

static void encode(const struct rho_bpe *b, struct rho_str piece, struct rho_piece_memory *memory,
                   struct rho_ids *ids)
{
	size_t most = most_symbols(b, piece);
	size_t each = 5 * sizeof(uint32_t) + 2 * sizeof(uint64_t);
	if (piece.len > UINT32_MAX / (2 * RHO_BPE_AFFIX)) {
		ids->spent = true;
		return;
	}
	struct many m = { .bpe = b, .heap = rho_piece_room(memory, most * each) };
	if (!m.heap) {
		ids->spent = true;
		return;
	}
	m.sym = (uint32_t *)(m.heap + 2 * most);
	m.next = m.sym + most;
	m.prev = m.next + most;
	m.rank = m.prev + most;
	m.id = m.rank + most;
	m.n = start(b, piece, m.sym);
	size_t n = m.n <= FEW ? merge_few(b, m.sym, m.n) : merge_many(&m);
	for (size_t i = 0; i < n; i++)
		rho_ids_add(ids, m.sym[i]);
}

void rho_bpe_run(const void *self, struct rho_str piece, struct rho_token_scratch *scratch,
                 struct rho_ids *ids)
{
	const struct rho_bpe *b = self;
	if (!piece.len)
		return;
	struct rho_piece_memory *memory = rho_piece_memory(scratch, b->owner);
	if (!memory) {
		ids->spent = true;
		return;
	}
	if (rho_piece_recall(memory, piece, ids))
		return;
	size_t before = ids->n;
	uint32_t whole = b->ignore_merges ? rho_vocab_find(b->vocab, piece) : UINT32_MAX;
	if (whole != UINT32_MAX)
		rho_ids_add(ids, whole);
	else
		encode(b, piece, memory, ids);
	if (!ids->spent && ids->at)
		rho_piece_remember(memory, piece, ids->at + before, ids->n - before);
}
