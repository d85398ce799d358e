/* tokeniser.h: texts to token ids, exactly as the model's own tokeniser would have it. */
#ifndef RHO_KIT_TOKENISER_H
#define RHO_KIT_TOKENISER_H

#include "../trouble.h"

struct rho_tokeniser;           /* constant once open: any number of threads may use it */

/* Opens FOLDER/tokenizer.json; where there is none, vocab.txt (WordPiece; tokenizer_config.json says
 * do_lower_case, strip_accents, tokenize_chinese_chars), or vocab.json and merges.txt (byte-level BPE; CLIP's
 * where config.json or tokenizer_config.json says so). `path` may be the file itself. NULL with the trouble:
 * what is missing, damaged, or not understood, by name. */
struct rho_tokeniser *rho_tokeniser_open(const char *path, struct rho_trouble *);
void rho_tokeniser_close(struct rho_tokeniser *);       /* NULL is fine */

size_t rho_tokeniser_size(const struct rho_tokeniser *);        /* ids are below it, added tokens included */
/* Tokens that stand around a text on its own, and the highest token type on it plus 1. */
size_t rho_tokeniser_special(const struct rho_tokeniser *);
size_t rho_tokeniser_types(const struct rho_tokeniser *);
/* The most tokens the tokeniser's own files allow (model_max_length, truncation); 0: they do not say. */
size_t rho_tokeniser_longest(const struct rho_tokeniser *);

/* Token ids of many texts, end to end. Zero-initialise; grows; reuse keeps the memory. */
struct rho_tokens {
	uint32_t *id;           /* (n) */
	uint8_t *type;          /* (n) token types: 0, and 1 for the second text of a pair */
	size_t n, room;
	size_t whole;           /* tokens the last text would have had without truncation */
	void *scratch;          /* the tokeniser's working memory */
};
void rho_tokens_free(struct rho_tokens *);

/* Appends the ids of a text, special tokens included, cut to `longest` tokens (at least the special ones;
 * 0: not cut), the special tokens kept. `pair` (NULL: none) is a second text; the longer one is cut first,
 * as the reference's "longest first". Bytes that are not UTF-8 become U+FFFD, one each maximal bad part.
 * Texts may be of any length; time is linear in it. Any thread, with a rho_tokens of its own. 0, or
 * RHO_ENOMEM. */
int rho_tokeniser_encode(const struct rho_tokeniser *, struct rho_str text, const struct rho_str *pair,
                         size_t longest, struct rho_tokens *);

#endif
