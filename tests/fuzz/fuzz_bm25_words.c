/* fuzz_bm25_words.c: cutting any bytes into words: they come to an end, and every word is one. */
#include <stdlib.h>

#include "../../plugins/agents/bm25/words.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bm25_words w = { { (const char *)data, size } };
	size_t last = size + 1;
	char word[BM25_WORD];
	for (size_t n; (n = bm25_next(&w, word)); last = w.rest.len) {
		bool digits = word[0] >= '0' && word[0] <= '9';
		if (n > BM25_WORD || w.rest.len >= last || w.rest.len + n > size)
			abort();
		for (size_t i = 0; i < n; i++)
			if ((word[i] >= 'A' && word[i] <= 'Z') || (word[i] >= '0' && word[i] <= '9') != digits ||
			    (unsigned char)word[i] <= ' ')
				abort();
	}
	if (w.rest.len)
		abort();
	return 0;
}
