/* ngrams.h: the distinct n-grams of a text, as hashes with counts. */
#ifndef RHO_HASHING_NGRAMS_H
#define RHO_HASHING_NGRAMS_H

#include <rho/rho.h>

struct ngram_rules {
	size_t word_lo, word_hi, char_lo, char_hi;      /* lengths; both 0: none of that sort */
	bool split_case;        /* a word begins where a capital follows a small letter */
	size_t max_bytes;       /* of a text; the rest is not read */
	uint64_t seed;
};

struct ngram { uint64_t hash; uint32_t times; };

/* Zero it, ngrams_open it for a batch, ngrams_of each text. Memory is scratch. */
struct ngrams {
	size_t n;
	struct ngram *at;       /* (n) in order of first appearance */
	uint32_t *slot;         /* (mask + 1) where in `at`, plus 1; 0: free */
	size_t mask;
	char *clean;            /* a text as valid UTF-8, words parted */
	int32_t *point;         /* (points) code points; a blank before, between and after words */
	size_t points;
	size_t raw, most;       /* room at `point` while it is filled, and afterwards */
	uint64_t *word;         /* hashes of its words */
};

/* Room for any of n texts. 0 or RHO_ENOMEM. [run] */
int ngrams_open(struct rho_ctx *, struct ngrams *, const struct ngram_rules *,
                const struct rho_str *text, size_t n);

void ngrams_of(struct ngrams *, const struct ngram_rules *, struct rho_str text);

#endif
