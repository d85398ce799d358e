/* bpe_open.c: BPE models from tokenizer.json or from vocab.json and merges.txt, checked before they are
 * used. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../lines.h"
#include "bpe.h"
#include "piece_memory.h"
#include "recipe.h"
#include "utf8.h"

#define MOST_ID (1 << 28)       /* ids are below */
#define QUOTE   40              /* bytes of a token that a message shows */

/* A model being read, and where, for messages. */
struct reading {
	struct rho_bpe *bpe;
	const char *file;       /* of the vocabulary */
	size_t size;            /* largest id + 1 */
	struct rho_trouble *trouble;
};

static int refuse(const struct reading *r, const char *what)
{
	return rho_trouble_at(r->trouble, RHO_EFORMAT, r->file, 0, "%s", what);
}

static int no_memory(struct rho_trouble *t)
{
	return rho_trouble_set(t, RHO_ENOMEM, "memory ran out while a BPE model was read");
}

static void bpe_free(void *self)
{
	struct rho_bpe *b = self;
	if (!b)
		return;
	rho_vocab_free(b->vocab);
	free(b->merges);
	free(b);
}

static uint32_t bpe_find(const void *self, struct rho_str token)
{
	const struct rho_bpe *b = self;
	return rho_vocab_find(b->vocab, token);
}

static bool set_places(struct rho_bpe *b, size_t places)
{
	struct rho_bpe_merge *old = b->merges;
	size_t old_places = old ? b->places : 0;
	struct rho_bpe_merge *fresh = malloc(places * sizeof(*fresh));
	if (!fresh)
		return false;
	for (size_t i = 0; i < places; i++)
		fresh[i] = (struct rho_bpe_merge){ UINT64_MAX, RHO_BPE_NONE, RHO_BPE_NONE };
	b->merges = fresh;
	b->places = places;
	for (size_t i = 0; i < old_places; i++)
		if (old[i].pair != UINT64_MAX)
			*rho_bpe_place(b, (uint32_t)(old[i].pair >> 32), (uint32_t)old[i].pair) = old[i];
	free(old);
	return true;
}

/* Two tokens merge into a third; a pair given twice counts by its last rank, as in the reference. */
static bool put_merge(struct rho_bpe *b, uint32_t left, uint32_t right, uint32_t rank, uint32_t id)
{
	if (2 * b->n_merges >= b->places && !set_places(b, 2 * b->places))
		return false;
	struct rho_bpe_merge *m = rho_bpe_place(b, left, right);
	b->n_merges += m->pair == UINT64_MAX;
	*m = (struct rho_bpe_merge){ (uint64_t)left << 32 | right, rank, id };
	return true;
}

/* The text of merge `rank`, from line `line` of `file` (0: from the JSON). 0 or trouble. */
static int add_merge(struct reading *r, struct rho_str a, struct rho_str b, size_t rank, const char *file,
                     size_t line, struct rho_text *both)
{
	size_t skip = r->bpe->prefix.len;
	struct rho_str token[3] = { a, b, { 0 } };
	uint32_t id[3];
	rho_text_clear(both);
	rho_text_add(both, a);
	if (b.len > skip)
		rho_text_add(both, (struct rho_str){ b.at + skip, b.len - skip });
	token[2] = rho_text_view(both);
	for (size_t k = 0; k < 3; k++) {
		id[k] = rho_vocab_find(r->bpe->vocab, token[k]);
		struct rho_str shown = rho_str_head(token[k], QUOTE);
		if (id[k] == UINT32_MAX && !both->spent)
			return rho_trouble_at(r->trouble, RHO_EFORMAT, file, line,
			                      "merge %zu %s \"%.*s\", which is not in the vocabulary; the "
			                      "merges belong to another vocabulary, or the file is damaged",
			                      rank + 1, k < 2 ? "joins" : "makes", (int)shown.len, shown.at);
	}
	if (both->spent || !put_merge(r->bpe, id[0], id[1], (uint32_t)rank, id[2]))
		return no_memory(r->trouble);
	return 0;
}

/* "a b" at its one blank. */
static bool cut_merge(struct rho_str line, struct rho_str *a, struct rho_str *b)
{
	*b = line;
	*a = rho_str_cut(b, ' ');
	return b->at && !memchr(b->at, ' ', b->len);
}

/* Whether a line of merges says only which version they are. */
static bool is_version(struct rho_str line) { return line.len >= 8 && !memcmp(line.at, "#version", 8); }

static int read_vocab(struct reading *r, const json_t *vocab)
{
	if (!json_is_object(vocab))
		return refuse(r, "the vocabulary of a BPE model is an object of tokens and their ids; "
		                 "there is none");
	r->bpe->vocab = rho_vocab_new(json_object_size(vocab));
	if (!r->bpe->vocab)
		return no_memory(r->trouble);
	json_t *all = (json_t *)(uintptr_t)vocab;       /* jansson walks objects that are not const */
	for (void *at = json_object_iter(all); at; at = json_object_iter_next(all, at)) {
		const char *token = json_object_iter_key(at);
		const json_t *value = json_object_iter_value(at);
		json_int_t id = json_is_integer(value) ? json_integer_value(value) : -1;
		if (id < 0 || id >= MOST_ID)
			return rho_trouble_at(r->trouble, RHO_EFORMAT, r->file, 0,
			                      "the id of token \"%.*s\" is not a whole number from 0 to %d",
			                      QUOTE, token, MOST_ID - 1);
		if (!rho_vocab_add(r->bpe->vocab, rho_str_of(token), (uint32_t)id))
			return no_memory(r->trouble);
		if ((size_t)id >= r->size)
			r->size = (size_t)id + 1;
	}
	return 0;
}

/* One element of "merges": "a b" or ["a", "b"]. */
static int read_merge(struct reading *r, const json_t *pair, size_t i, size_t *rank, struct rho_text *both)
{
	const json_t *x = json_array_get(pair, 0), *y = json_array_get(pair, 1);
	struct rho_str a, b, line = { json_string_value(pair), json_string_length(pair) };
	if (json_is_string(pair) && is_version(line))
		return 0;
	if (json_array_size(pair) == 2 && json_is_string(x) && json_is_string(y)) {
		a = (struct rho_str){ json_string_value(x), json_string_length(x) };
		b = (struct rho_str){ json_string_value(y), json_string_length(y) };
	} else if (!json_is_string(pair) || !cut_merge(line, &a, &b)) {
		return rho_trouble_at(r->trouble, RHO_EFORMAT, r->file, 0,
		                      "model.merges[%zu] is neither two tokens with one blank between them "
		                      "nor a list of two tokens", i);
	}
	return add_merge(r, a, b, (*rank)++, r->file, 0, both);
}

static int read_merges(struct reading *r, const json_t *merges)
{
	struct rho_text both = { 0 };
	size_t rank = 0, n = json_array_size(merges), places = 64;
	int e = json_is_array(merges) ? 0 : refuse(r, "model.merges of a BPE model is a list; there is none");
	while (places < 2 * n)
		places *= 2;
	if (!e && !set_places(r->bpe, places))
		e = no_memory(r->trouble);
	for (size_t i = 0; !e && i < n; i++)
		e = read_merge(r, json_array_get(merges, i), i, &rank, &both);
	rho_text_free(&both);
	return e;
}

static int read_merges_txt(struct reading *r, const char *path)
{
	struct rho_text both = { 0 };
	struct rho_str line, a, b;
	size_t rank = 0;
	struct rho_lines *lines = rho_lines_open(path, r->trouble);
	if (!lines)
		return r->trouble->code;
	int e = set_places(r->bpe, 1 << 17) ? 0 : no_memory(r->trouble);
	while (!e && (e = rho_lines_next(lines, &line)) > 0) {
		e = 0;
		if (!line.len || is_version(line))
			continue;
		if (!cut_merge(line, &a, &b))
			e = rho_lines_fail(lines, "a merge is two tokens with one blank between them");
		else
			e = add_merge(r, a, b, rank++, path, rho_lines_number(lines), &both);
	}
	rho_lines_close(lines);
	rho_text_free(&both);
	return e;
}

/* A string member; {NULL} where it is missing or null. */
static int read_str(struct reading *r, const json_t *model, const char *key, struct rho_str *out)
{
	const json_t *v = json_object_get(model, key);
	*out = (struct rho_str){ json_string_value(v), json_string_length(v) };
	if (v && !json_is_null(v) && !json_is_string(v))
		return rho_trouble_at(r->trouble, RHO_EFORMAT, r->file, 0, "model.%s is a string or null",
		                      key);
	return 0;
}

static int read_affix(struct reading *r, const json_t *model, const char *key, struct rho_bpe_affix *out)
{
	struct rho_str s;
	if (read_str(r, model, key, &s))
		return r->trouble->code;
	if (s.len > RHO_BPE_AFFIX)
		return rho_trouble_at(r->trouble, RHO_EFORMAT, r->file, 0,
		                      "model.%s has %zu bytes; at most %d are allowed", key, s.len,
		                      RHO_BPE_AFFIX);
	if (s.len)
		memcpy(out->at, s.at, s.len);
	out->len = s.len;
	return 0;
}

static int read_bool(struct reading *r, const json_t *model, const char *key, bool *out)
{
	const json_t *v = json_object_get(model, key);
	*out = json_is_true(v);
	if (v && !json_is_null(v) && !json_is_boolean(v))
		return rho_trouble_at(r->trouble, RHO_EFORMAT, r->file, 0, "model.%s is true or false", key);
	return 0;
}

static int read_dropout(struct reading *r, const json_t *model)
{
	const json_t *v = json_object_get(model, "dropout");
	if (!v || json_is_null(v) || (json_is_number(v) && !(json_number_value(v) > 0)))
		return 0;
	return rho_trouble_at(r->trouble, RHO_ENOSUP, r->file, 0,
	                      "model.dropout leaves merges out at random, so that a text has no ids of its "
	                      "own; set it to null");
}

/* The tables that follow from vocabulary and affixes. */
static void fill_tables(struct rho_bpe *b)
{
	struct rho_bpe_spelling whole;
	for (unsigned place = 0; place < 4; place++)
		for (uint32_t c = 0; c < RHO_BPE_NEAR; c++) {
			char at[2] = { (char)c, 0 };
			size_t n = 1;
			if (c >= 0x80) {
				at[0] = (char)(0xc0 | c >> 6);
				at[1] = (char)(0x80 | (c & 0x3f));
				n = 2;
			}
			b->near[place][c] = rho_bpe_character(b, at, n, place & 1, place >> 1, &whole);
		}
	for (unsigned c = 0; c < 256; c++) {
		char name[8];
		snprintf(name, sizeof(name), "<0x%02X>", c);
		b->byte[c] = rho_vocab_find(b->vocab, rho_str_of(name));
	}
}

/* The unknown token is in the vocabulary, or there is no need of one: the 256 characters of byte-level
 * texts are known wherever they stand. */
static int settle_unk(struct reading *r, struct rho_str unk)
{
	/* The printable alphabet, but for U+0100 onwards. */
	static const char latin[][2] = { "!~", "\xa1\xac", "\xae\xff" };
	struct rho_bpe *b = r->bpe;
	bool whole = true;
	b->unk = unk.at ? rho_vocab_find(b->vocab, unk) : RHO_BPE_NONE;
	if (!unk.at || b->unk != RHO_BPE_NONE)
		return 0;
	for (unsigned place = 0; place < 4; place++) {
		for (size_t k = 0; k < 3; k++)
			for (unsigned c = (unsigned char)latin[k][0]; c <= (unsigned char)latin[k][1]; c++)
				whole = whole && b->near[place][c] != RHO_BPE_NONE;
		for (unsigned c = 0x100; c < 0x144; c++)
			whole = whole && b->near[place][c] != RHO_BPE_NONE;
	}
	struct rho_str shown = rho_str_head(unk, QUOTE);
	return whole ? 0 : rho_trouble_at(r->trouble, RHO_EFORMAT, r->file, 0,
	                                  "the unknown token \"%.*s\" is not in the vocabulary",
	                                  (int)shown.len, shown.at);
}

static bool begin(struct reading *r, const char *file, struct rho_trouble *t)
{
	*r = (struct reading){ calloc(1, sizeof(struct rho_bpe)), file, 0, t };
	if (!r->bpe)
		return no_memory(t), false;
	r->bpe->owner = rho_piece_owner();
	r->bpe->seed = (uint64_t)(uintptr_t)r->bpe * UINT64_C(0xd6e8feb86659fd93);
	r->bpe->unk = RHO_BPE_NONE;
	return true;
}

static int end(struct reading *r, int e, struct rho_token_model *out)
{
	if (e)
		bpe_free(r->bpe);
	else
		*out = (struct rho_token_model){ r->bpe, rho_bpe_run, bpe_free, bpe_find, r->size,
		                                 rho_vocab_n(r->bpe->vocab) };
	return e;
}

static int read_model(struct reading *r, const json_t *model)
{
	struct rho_bpe *b = r->bpe;
	struct rho_str unk = { 0 };
	int e = json_is_object(model) ? 0 : refuse(r, "the model is not an object");
	e = e ? e : read_dropout(r, model);
	e = e ? e : read_affix(r, model, "continuing_subword_prefix", &b->prefix);
	e = e ? e : read_affix(r, model, "end_of_word_suffix", &b->suffix);
	e = e ? e : read_bool(r, model, "fuse_unk", &b->fuse_unk);
	e = e ? e : read_bool(r, model, "byte_fallback", &b->byte_fallback);
	e = e ? e : read_bool(r, model, "ignore_merges", &b->ignore_merges);
	e = e ? e : read_str(r, model, "unk_token", &unk);
	e = e ? e : read_vocab(r, json_object_get(model, "vocab"));
	e = e ? e : read_merges(r, json_object_get(model, "merges"));
	if (e)
		return e;
	fill_tables(b);
	return settle_unk(r, unk);
}

int rho_bpe_open(const json_t *model, const char *file, struct rho_token_model *out, struct rho_trouble *t)
{
	struct reading r;
	if (!begin(&r, file, t))
		return RHO_ENOMEM;
	return end(&r, read_model(&r, model), out);
}

static int read_files(struct reading *r, const char *vocab_json, const char *merges_txt, bool clip)
{
	json_t *vocab = rho_recipe_read(vocab_json, false, r->trouble);
	if (!vocab)
		return r->trouble->code;
	if (clip) {
		memcpy(r->bpe->suffix.at, "</w>", 4);
		r->bpe->suffix.len = 4;
	}
	int e = read_vocab(r, vocab);
	json_decref(vocab);
	e = e ? e : read_merges_txt(r, merges_txt);
	if (e)
		return e;
	fill_tables(r->bpe);
	return clip ? settle_unk(r, rho_str_of("<|endoftext|>")) : 0;
}

int rho_bpe_files(const char *vocab_json, const char *merges_txt, bool clip, struct rho_token_model *out,
                  struct rho_trouble *t)
{
	struct reading r;
	if (!begin(&r, vocab_json, t))
		return RHO_ENOMEM;
	return end(&r, read_files(&r, vocab_json, merges_txt, clip), out);
}
