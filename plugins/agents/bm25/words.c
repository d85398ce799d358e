/* Words: runs of letters, cut before a capital that begins a word, and runs of digits. */
#include "words.h"

enum kind { NOTHING, LOWER, UPPER, DIGIT };

/* The kind of the character at `at`, and its length in bytes. Bytes that are no UTF-8 count as letters. */
static enum kind kind_of(struct rho_str s, size_t at, size_t *len)
{
	unsigned char b = (unsigned char)s.at[at], next = at + 1 < s.len ? (unsigned char)s.at[at + 1] : 0;
	*len = 1;
	if (b >= 'a' && b <= 'z')
		return LOWER;
	if (b >= 'A' && b <= 'Z')
		return UPPER;
	if (b >= '0' && b <= '9')
		return DIGIT;
	if (b < 0x80)
		return NOTHING;
	if (b == 0xc2 && next >= 0xa0 && next < 0xc0) {
		*len = 2;
		return NOTHING;
	}
	if (((b == 0xe2 && (next == 0x80 || next == 0x81)) || (b == 0xe3 && next == 0x80)) && at + 2 < s.len) {
		*len = 3;
		return NOTHING;
	}
	return LOWER;
}

/* Whether a word ends between two neighbours of kinds a and b, where `after` is what follows b. */
static bool parts(enum kind a, enum kind b, enum kind after)
{
	return b == NOTHING || (a == DIGIT) != (b == DIGIT) || (a == LOWER && b == UPPER) ||
	       (a == UPPER && b == UPPER && after == LOWER);
}

size_t bm25_next(struct bm25_words *w, char *word)
{
	struct rho_str s = w->rest;
	size_t at = 0, step, n = 0;
	while (at < s.len && kind_of(s, at, &step) == NOTHING)
		at += step;
	for (enum kind last = NOTHING; at < s.len; at++) {
		enum kind mine = kind_of(s, at, &step), after = NOTHING;
		if (at + 1 < s.len)
			after = kind_of(s, at + 1, &step);
		if (last != NOTHING && parts(last, mine, after))
			break;
		if (n < BM25_WORD)
			word[n++] = mine == UPPER ? (char)(s.at[at] - 'A' + 'a') : s.at[at];
		last = mine;
	}
	w->rest = (struct rho_str){ s.at + at, s.len - at };
	return n;
}
