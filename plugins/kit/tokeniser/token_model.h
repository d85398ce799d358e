/* token_model.h: inside the tokeniser: what turns a piece of normalised, pre-tokenised text into ids. */
#ifndef RHO_KIT_TOKEN_MODEL_H
#define RHO_KIT_TOKEN_MODEL_H

#include <jansson.h>

#include "../text.h"
#include "../trouble.h"

struct rho_ids {                /* zero-initialise; `spent` where memory ran out */
	uint32_t *at;
	size_t n, room;
	bool spent;
};
bool rho_ids_add(struct rho_ids *, uint32_t id);

/* A vocabulary: token texts to ids, made once, then read by many threads. vocab.c */
struct rho_vocab;
struct rho_vocab *rho_vocab_new(size_t expected);
/* False: out of memory. A text that is there already keeps its first id. */
bool rho_vocab_add(struct rho_vocab *, struct rho_str token, uint32_t id);
uint32_t rho_vocab_find(const struct rho_vocab *, struct rho_str token);        /* UINT32_MAX: not in it */
size_t rho_vocab_n(const struct rho_vocab *);
/* The i-th text that was added, i < n, and its id. Lasts until the next addition. */
struct rho_str rho_vocab_at(const struct rho_vocab *, size_t i, uint32_t *id);
void rho_vocab_free(struct rho_vocab *);

/* Working memory of one thread for one model: zero-initialise, any model grows it as it needs. */
struct rho_token_scratch {
	struct rho_text a, b;           /* texts on their way */
	struct rho_ids ids;
	void *own;                      /* a model's own, freed by free_own */
	void (*free_own)(void *own);
};

struct rho_token_model {                /* one of WordPiece, BPE, Unigram */
	void *self;
	/* Appends the ids of one piece. */
	void (*run)(const void *self, struct rho_str piece, struct rho_token_scratch *, struct rho_ids *);
	void (*free)(void *self);
	uint32_t (*find)(const void *self, struct rho_str token);       /* the vocabulary's id or UINT32_MAX */
	size_t size;                    /* largest id + 1 */
	size_t n;                       /* entries, which is less where there are holes */
};

/* From the object "model" of a tokenizer.json, checked: types, ids without holes beyond what the format
 * allows, merges that name known tokens. `file` for messages. 0 or trouble. */
int rho_wordpiece_open(const json_t *model, const char *file, struct rho_token_model *, struct rho_trouble *);
int rho_bpe_open(const json_t *model, const char *file, struct rho_token_model *, struct rho_trouble *);
int rho_unigram_open(const json_t *model, const char *file, struct rho_token_model *, struct rho_trouble *);

/* From files of before tokenizer.json. */
int rho_wordpiece_vocab(const char *vocab_txt, struct rho_str unk, struct rho_token_model *,
                        struct rho_trouble *);
int rho_bpe_files(const char *vocab_json, const char *merges_txt, bool clip, struct rho_token_model *,
                  struct rho_trouble *);

/* Pre-tokenisers of the BPE and Unigram families. Each calls piece(arg, s) for every piece in order; s lasts
 * during the call. */
typedef void rho_piece_fn(void *arg, struct rho_str piece);
/* GPT-2's split ('s|'t|…, letters, digits, others, white space), the pieces' bytes mapped to the printable
 * alphabet. use_regex false: the whole text is one piece. */
void rho_split_gpt2(struct rho_str text, bool add_prefix_space, bool use_regex, struct rho_text *tmp,
                    rho_piece_fn *piece, void *arg);
/* CLIP's split ('s|'t|…, letters, one number, others; no white space), with the GPT-2 split behind it as
 * CLIP's files have it, the pieces' bytes mapped likewise. `specials`: the pattern begins with
 * <|startoftext|>|<|endoftext|>, as in the tokenizer.json of OpenAI's models; false: it does not, as in
 * those made from vocab.json and merges.txt. */
void rho_split_clip(struct rho_str text, bool specials, struct rho_text *tmp, rho_piece_fn *piece, void *arg);
/* Blanks (U+0020) to `replacement` (one character, U+2581 as a rule), one put first by `prepend` unless
 * the text has one there (`first`: it is the first of its input); split before each where `split`. */
enum rho_prepend { RHO_PREPEND_NEVER, RHO_PREPEND_FIRST, RHO_PREPEND_ALWAYS };
void rho_split_metaspace(struct rho_str text, struct rho_str replacement, enum rho_prepend prepend,
                         bool first, bool split, struct rho_text *tmp, rho_piece_fn *piece, void *arg);

/* The normaliser "Precompiled" (a sentencepiece character map, base64 in the JSON). */
struct rho_charsmap;
struct rho_charsmap *rho_charsmap_open(struct rho_str base64, const char *file, struct rho_trouble *);
void rho_charsmap_free(struct rho_charsmap *);
bool rho_charsmap_apply(const struct rho_charsmap *, struct rho_str in, struct rho_text *out); /* false: memory */

#endif
