/* words.h: cutting texts and names of APIs into words. */
#ifndef BM25_WORDS_H
#define BM25_WORDS_H

#include <rho/view.h>

enum { BM25_WORD = 64 };        /* bytes of a word that count */

struct bm25_words { struct rho_str rest; };     /* set rest to a text, then ask for its words */

/* The next word, in lower case, into word (BM25_WORD); its length, 0 at the end. A word is a run of letters
 * or a run of digits: "getWeatherByZIPCode2" is get, weather, by, zip, code, 2. Letters are A to Z and every
 * character beyond ASCII but for blanks and punctuation (U+00A0 to U+00BF, U+2000 to U+206F, U+3000 to
 * U+303F); only A to Z are lowered. */
size_t bm25_next(struct bm25_words *, char *word);

#endif
