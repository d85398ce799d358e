/* unigram.c: the Unigram model (Kudo 2018): of all ways to write a piece with tokens of the vocabulary the
 * one whose scores sum highest, found by Viterbi's algorithm over a trie, as Hugging Face's tokenizers
 * does it. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "piece_memory.h"
#include "trie.h"
#include "utf8.h"

#define MOST_IDS    (1 << 28)
#define MOST_BYTES  1024        /* of a token: time is that much a byte of text at worst */
#define UNK_PENALTY 10.0        /* an unknown character scores this much below the lowest token */
#define NONE        UINT32_MAX

struct unigram {
	uint64_t owner;
	struct rho_trie trie;
	double *score;          /* (n) */
	size_t n;
	double unk_score;
	uint32_t unk;
	bool byte_fallback;
	uint32_t byte[256];     /* ids of <0x00> .. <0xFF> */
};

struct best {                   /* the best way to write the text up to here */
	double score;
	uint32_t from, id;      /* where its last token begins, and which it is; from NONE: no way yet */
};

static void offer(struct best *to, double score, uint32_t from, uint32_t id)
{
	if (to->from == NONE || score > to->score)
		*to = (struct best){ score, from, id };
}

/* best (piece.len + 1): filled at every character's edge. */
static void search(const struct unigram *u, struct rho_str piece, struct best *best)
{
	for (size_t i = 0; i <= piece.len; i++)
		best[i].from = NONE;
	best[0].score = 0;
	for (size_t i = 0, step; i < piece.len; i += step) {
		double so_far = best[i].score;
		uint32_t node = 0;
		bool single = false;
		step = rho_utf8_step(piece, i);
		for (size_t k = i; k < piece.len; k++) {
			node = rho_trie_step(&u->trie, node, (uint8_t)piece.at[k]);
			if (!node)
				break;
			uint32_t id = u->trie.id[node];
			if (id == NONE)
				continue;
			offer(&best[k + 1], u->score[id] + so_far, (uint32_t)i, id);
			single = single || k + 1 == i + step;
		}
		if (!single)
			offer(&best[i + step], u->unk_score + so_far, (uint32_t)i, u->unk);
	}
}

/* Unknown characters side by side are one unknown: itself a token, or its bytes, or the unknown token. */
static void put_unknown(const struct unigram *u, struct rho_str run, struct rho_ids *ids)
{
	uint32_t id = rho_trie_find(&u->trie, run);
	bool all = u->byte_fallback && id == NONE;
	for (size_t i = 0; all && i < run.len; i++)
		all = u->byte[(unsigned char)run.at[i]] != NONE;
	if (!all)
		rho_ids_add(ids, id == NONE ? u->unk : id);
	for (size_t i = 0; all && i < run.len; i++)
		rho_ids_add(ids, u->byte[(unsigned char)run.at[i]]);
}

static void put_best(const struct unigram *u, struct rho_str piece, const struct best *best, uint32_t *ends,
                     struct rho_ids *ids)
{
	size_t n = 0, unknown = 0, from = 0;            /* bytes of the unknown before `from` */
	for (size_t end = piece.len; end; end = best[end].from)
		ends[n++] = (uint32_t)end;
	while (n--) {
		const struct best *last = &best[ends[n]];
		if (last->id == u->unk) {
			unknown += ends[n] - from;
		} else {
			if (unknown)
				put_unknown(u, (struct rho_str){ piece.at + from - unknown, unknown }, ids);
			unknown = 0;
			rho_ids_add(ids, last->id);
		}
		from = ends[n];
	}
	if (unknown)
		put_unknown(u, (struct rho_str){ piece.at + from - unknown, unknown }, ids);
}

static void run(const void *self, struct rho_str piece, struct rho_token_scratch *scratch,
                struct rho_ids *ids)
{
	const struct unigram *u = self;
	if (!piece.len)
		return;
	struct rho_piece_memory *memory = rho_piece_memory(scratch, u->owner);
	if (memory && rho_piece_recall(memory, piece, ids))
		return;
	struct best *best = NULL;
	if (memory && piece.len < NONE)
		best = rho_piece_room(memory, (piece.len + 1) * (sizeof(*best) + sizeof(uint32_t)));
	if (!best) {
		ids->spent = true;
		return;
	}
	size_t before = ids->n;
	search(u, piece, best);
	put_best(u, piece, best, (uint32_t *)(best + piece.len + 1), ids);
	if (!ids->spent && ids->at)
		rho_piece_remember(memory, piece, ids->at + before, ids->n - before);
}

static void unigram_free(void *self)
{
	struct unigram *u = self;
	if (!u)
		return;
	rho_trie_free(&u->trie);
	free(u->score);
	free(u);
}

static uint32_t find(const void *self, struct rho_str token)
{
	const struct unigram *u = self;
	return rho_trie_find(&u->trie, token);
}

static int no_memory(struct rho_trouble *t)
{
	return rho_trouble_set(t, RHO_ENOMEM, "memory ran out while a Unigram model was read");
}

/* One element of "vocab": [token, score]. */
static int read_token(struct unigram *u, const json_t *pair, size_t i, const char *file,
                      struct rho_trie_token *token, struct rho_trouble *t)
{
	const json_t *text = json_array_get(pair, 0), *score = json_array_get(pair, 1);
	if (json_array_size(pair) != 2 || !json_is_string(text) || !json_is_number(score)
	    || !isfinite(json_number_value(score)))
		return rho_trouble_at(t, RHO_EFORMAT, file, 0,
		                      "model.vocab[%zu] is not a token and its score", i);
	token->text = (struct rho_str){ json_string_value(text), json_string_length(text) };
	token->id = (uint32_t)i;
	if (token->text.len > MOST_BYTES)
		return rho_trouble_at(t, RHO_EFORMAT, file, 0,
		                      "the token model.vocab[%zu] has %zu bytes; at most %d are allowed", i,
		                      token->text.len, MOST_BYTES);
	u->score[i] = json_number_value(score);
	return 0;
}

static int read_vocab(struct unigram *u, const json_t *vocab, const char *file, struct rho_trouble *t)
{
	u->n = json_array_size(vocab);
	if (!u->n || u->n > MOST_IDS)
		return rho_trouble_at(t, RHO_EFORMAT, file, 0,
		                      "model.vocab of a Unigram model is a list of 1 to %d tokens, each with "
		                      "its score", MOST_IDS);
	struct rho_trie_token *token = malloc(u->n * sizeof(*token));
	u->score = malloc(u->n * sizeof(*u->score));
	int e = token && u->score ? 0 : no_memory(t);
	double lowest = INFINITY;
	for (size_t i = 0; !e && i < u->n; i++) {
		e = read_token(u, json_array_get(vocab, i), i, file, &token[i], t);
		if (!e && u->score[i] < lowest)
			lowest = u->score[i];
	}
	if (!e && !rho_trie_build(&u->trie, token, u->n))
		e = no_memory(t);
	u->unk_score = lowest - UNK_PENALTY;
	free(token);
	return e;
}

static int read_unigram(struct unigram *u, const json_t *model, const char *file, struct rho_trouble *t)
{
	const json_t *unk = json_object_get(model, "unk_id"), *fall = json_object_get(model, "byte_fallback");
	if (!json_is_object(model))
		return rho_trouble_at(t, RHO_EFORMAT, file, 0, "the model is not an object");
	if (fall && !json_is_boolean(fall) && !json_is_null(fall))
		return rho_trouble_at(t, RHO_EFORMAT, file, 0, "model.byte_fallback is true or false");
	u->byte_fallback = json_is_true(fall);
	int e = read_vocab(u, json_object_get(model, "vocab"), file, t);
	if (e)
		return e;
	json_int_t id = json_is_integer(unk) ? json_integer_value(unk) : -1;
	if (id < 0 || (uint64_t)id >= u->n)
		return rho_trouble_at(t, RHO_EFORMAT, file, 0,
		                      "model.unk_id of a Unigram model is the number of a token of "
		                      "model.vocab, 0 to %zu: without one there is no id for a character "
		                      "that no token has", u->n - 1);
	u->unk = (uint32_t)id;
	for (unsigned c = 0; c < 256; c++) {
		char name[8];
		snprintf(name, sizeof(name), "<0x%02X>", c);
		u->byte[c] = rho_trie_find(&u->trie, rho_str_of(name));
	}
	return 0;
}

int rho_unigram_open(const json_t *model, const char *file, struct rho_token_model *out,
                     struct rho_trouble *t)
{
	struct unigram *u = calloc(1, sizeof(*u));
	if (!u)
		return no_memory(t);
	u->owner = rho_piece_owner();
	int e = read_unigram(u, model, file, t);
	if (e)
		unigram_free(u);
	else
		*out = (struct rho_token_model){ u, run, unigram_free, find, u->n, u->n };
	return e;
}
