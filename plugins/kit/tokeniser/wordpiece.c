/* wordpiece.c: the WordPiece model (Wu et al. 2016 as in BERT): a word is cut into the longest pieces there
 * are, from the left; one that cannot be is the unknown token. */
#include <stdlib.h>
#include <string.h>

#include "../lines.h"
#include "recipe.h"
#include "token_model.h"

#define MOST_CHARS 1000         /* of a word; beyond it hostile vocabularies would take too long */
#define MOST_BYTES (4 * MOST_CHARS)
#define MOST_ID    (1 << 24)

struct pieces {                         /* what may stand in one place of a word */
	const struct rho_vocab *of;
	bool has[MOST_BYTES + 1];       /* a piece of so many bytes */
	size_t longest;                 /* bytes */
};

struct wordpiece {
	struct rho_vocab *all;
	struct rho_vocab *inner_pieces; /* without their prefix */
	struct pieces first, inner;     /* at the start of a word, and after it */
	uint32_t unk;
	size_t most_chars;
};

static void wordpiece_free(void *self)
{
	struct wordpiece *w = self;
	if (w) {
		rho_vocab_free(w->all);
		rho_vocab_free(w->inner_pieces);
	}
	free(w);
}

static uint32_t wordpiece_find(const void *self, struct rho_str token)
{
	const struct wordpiece *w = self;
	return rho_vocab_find(w->all, token);
}

static bool starts_char(char c) { return ((unsigned char)c & 0xc0) != 0x80; }

static bool too_long(const struct wordpiece *w, struct rho_str word)
{
	size_t chars = 0;
	if (word.len <= w->most_chars)
		return false;
	for (size_t i = 0; i < word.len; i++)
		chars += starts_char(word.at[i]);
	return chars > w->most_chars;
}

/* The id of the longest piece that `rest` starts with, its bytes in *len; UINT32_MAX: none. */
static uint32_t longest_piece(const struct pieces *p, struct rho_str rest, size_t *len)
{
	for (size_t n = rest.len < p->longest ? rest.len : p->longest; n > 0; n--) {
		if (!p->has[n] || (n < rest.len && !starts_char(rest.at[n])))
			continue;
		struct rho_str piece = { rest.at, n };
		uint32_t id = rho_vocab_find(p->of, piece);
		if (id != UINT32_MAX) {
			*len = n;
			return id;
		}
	}
	return UINT32_MAX;
}

static void wordpiece_run(const void *self, struct rho_str word, struct rho_token_scratch *scratch,
                          struct rho_ids *ids)
{
	const struct wordpiece *w = self;
	const struct pieces *p = &w->first;
	size_t before = ids->n, len = 0;
	(void)scratch;
	if (too_long(w, word)) {
		rho_ids_add(ids, w->unk);
		return;
	}
	for (; word.len; word.at += len, word.len -= len, p = &w->inner) {
		uint32_t id = longest_piece(p, word, &len);
		if (id == UINT32_MAX) {
			ids->n = before;
			rho_ids_add(ids, w->unk);
			return;
		}
		rho_ids_add(ids, id);
	}
}

static void note_length(struct pieces *p, size_t len)
{
	if (len > MOST_BYTES)
		return;         /* longer than any word */
	p->has[len] = true;
	p->longest = len > p->longest ? len : p->longest;
}

/* Sets up what is derived from the vocabulary. 0 or trouble. */
static int finish(struct wordpiece *w, struct rho_str prefix, struct rho_str unk, const char *file,
                  struct rho_token_model *out, struct rho_trouble *t)
{
	struct rho_str shown = rho_str_head(unk, 60);
	w->inner_pieces = rho_vocab_new(rho_vocab_n(w->all) / 4);
	w->first.of = w->all;
	w->inner.of = w->inner_pieces;
	for (size_t i = 0; w->inner_pieces && i < rho_vocab_n(w->all); i++) {
		uint32_t id;
		struct rho_str s = rho_vocab_at(w->all, i, &id);
		note_length(&w->first, s.len);
		out->size = id >= out->size ? (size_t)id + 1 : out->size;
		if (s.len < prefix.len || (prefix.len && memcmp(s.at, prefix.at, prefix.len) != 0))
			continue;
		s.at += prefix.len;
		s.len -= prefix.len;
		note_length(&w->inner, s.len);
		if (!rho_vocab_add(w->inner_pieces, s, id))
			return rho_trouble_at(t, RHO_ENOMEM, file, 0, "no memory left for the vocabulary");
	}
	if (!w->inner_pieces)
		return rho_trouble_at(t, RHO_ENOMEM, file, 0, "no memory left for the vocabulary");
	w->unk = rho_vocab_find(w->all, unk);
	if (w->unk == UINT32_MAX)
		return rho_trouble_at(t, RHO_EFORMAT, file, 0,
		                      "the unknown token \"%.*s\" is not in the "
		                      "vocabulary of %zu tokens; is it the vocabulary of this model?",
		                      (int)shown.len, shown.at, rho_vocab_n(w->all));
	out->self = w;
	out->run = wordpiece_run;
	out->free = wordpiece_free;
	out->find = wordpiece_find;
	out->n = rho_vocab_n(w->all);
	return 0;
}

static int read_vocab(struct wordpiece *w, const struct rho_recipe *s)
{
	json_t *vocab = json_object_get(s->at, "vocab");
	if (!json_is_object(vocab))
		return rho_recipe_refuse(s, "\"vocab\" must be an object of token: id");
	w->all = rho_vocab_new(json_object_size(vocab));
	for (void *it = json_object_iter(vocab); it; it = json_object_iter_next(vocab, it)) {
		const json_t *id = json_object_iter_value(it);
		json_int_t n = json_is_integer(id) ? json_integer_value(id) : -1;
		if (n < 0 || n >= MOST_ID)
			return rho_recipe_refuse(s, "the id of \"%.60s\" must be a whole number from 0 to %d",
			                       json_object_iter_key(it), MOST_ID - 1);
		if (!w->all || !rho_vocab_add(w->all, rho_str_of(json_object_iter_key(it)), (uint32_t)n))
			break;
	}
	return w->all && rho_vocab_n(w->all) == json_object_size(vocab) ? 0 : rho_recipe_no_memory(s);
}

int rho_wordpiece_open(const json_t *model, const char *file, struct rho_token_model *out,
                       struct rho_trouble *t)
{
	struct rho_recipe s = { model, file, "model", t };
	struct rho_str unk, prefix;
	struct wordpiece *w = calloc(1, sizeof(*w));
	memset(out, 0, sizeof(*out));
	if (!w)
		return rho_recipe_no_memory(&s);
	if (rho_recipe_str(&s, "unk_token", NULL, &unk)
	    || rho_recipe_str(&s, "continuing_subword_prefix", NULL, &prefix)
	    || rho_recipe_count(&s, "max_input_chars_per_word", -1, MOST_CHARS, &w->most_chars)
	    || read_vocab(w, &s) || finish(w, prefix, unk, file, out, t)) {
		wordpiece_free(w);
		return t->code;
	}
	return 0;
}

/* The lines of a file, end to end in `text` without what ends them; where each ends in `ends`. */
static int read_lines(const char *file, struct rho_text *text, struct rho_ids *ends, struct rho_trouble *t)
{
	struct rho_str line;
	struct rho_lines *lines = rho_lines_open(file, t);
	int r = 0;
	while (lines && (r = rho_lines_next(lines, &line)) > 0) {
		if (text->len + line.len >= UINT32_MAX || ends->n >= MOST_ID) {
			rho_lines_fail(lines, "a vocabulary has at most %d tokens", MOST_ID);
			break;
		}
		rho_text_add(text, line);
		rho_ids_add(ends, (uint32_t)text->len);
	}
	rho_lines_close(lines);
	if (!t->code && (text->spent || ends->spent))
		rho_trouble_at(t, RHO_ENOMEM, file, 0, "no memory left for the vocabulary");
	return t->code;
}

int rho_wordpiece_vocab(const char *file, struct rho_str unk, struct rho_token_model *out,
                        struct rho_trouble *t)
{
	struct rho_text text = { 0 };
	struct rho_ids ends = { 0 };
	struct wordpiece *w = calloc(1, sizeof(*w));
	memset(out, 0, sizeof(*out));
	if (!w)
		return rho_trouble_at(t, RHO_ENOMEM, file, 0, "no memory left for the vocabulary");
	w->most_chars = 100;
	if (!read_lines(file, &text, &ends, t))
		w->all = rho_vocab_new(ends.n);
	bool fine = w->all;
	/* From the last: of lines that are the same, the reference has the last one's number. */
	for (size_t i = ends.n; fine && i > 0; i--) {
		size_t from = i > 1 ? ends.at[i - 2] : 0;
		struct rho_str token = { text.at + from, ends.at[i - 1] - from };
		fine = rho_vocab_add(w->all, token, (uint32_t)i - 1);
	}
	if (!fine)
		rho_trouble_at(t, RHO_ENOMEM, file, 0, "no memory left for the vocabulary");
	else
		finish(w, rho_str_of("##"), unk, file, out, t);
	rho_text_free(&text);
	free(ends.at);
	if (t->code)
		wordpiece_free(w);
	return t->code;
}
