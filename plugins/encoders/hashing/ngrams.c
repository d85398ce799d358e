/* From a text to its n-grams.
 *
 * ASCII, nearly all of what is read, is folded byte by byte; a text with anything else goes through
 * utf8proc as a whole (compatibility decomposition, case folding, composition), so that a letter is
 * one code point however it was written. */
#include <utf8proc.h>

#include "ngrams.h"

enum { BLANK = ' ', MOST_EXPANSION = 18 };      /* code points one code point may decompose to */

static size_t bytes_read(const struct ngram_rules *r, struct rho_str s)
{
	return s.len < r->max_bytes ? s.len : r->max_bytes;
}

static bool is_ascii(struct rho_str s)
{
	unsigned char all = 0;
	for (size_t i = 0; i < s.len; i++)
		all |= (unsigned char)s.at[i];
	return all < 0x80;
}

/* n-grams a text of so many code points can have: each begins at one of them. */
static size_t most_ngrams(const struct ngram_rules *r, size_t points)
{
	size_t chars = r->char_hi ? r->char_hi - r->char_lo + 1 : 0;
	size_t words = r->word_hi ? r->word_hi - r->word_lo + 1 : 0;
	return points * (chars + words) + 1;
}

static size_t slots_for(size_t ngrams)
{
	size_t slots = 64;
	while (slots < 2 * ngrams)
		slots *= 2;
	return slots;
}

int ngrams_open(struct rho_ctx *c, struct ngrams *g, const struct ngram_rules *r,
                const struct rho_str *text, size_t n)
{
	size_t longest = 0;
	g->raw = 2;
	for (size_t i = 0; i < n; i++) {
		struct rho_str s = { text[i].at, bytes_read(r, text[i]) };
		size_t need = 2 + s.len * (is_ascii(s) ? 2 : MOST_EXPANSION + 1);
		longest = s.len > longest ? s.len : longest;
		g->raw = need > g->raw ? need : g->raw;
	}
	g->most = 2 * longest + 2;
	size_t most = most_ngrams(r, g->most);
	g->at = rho_scratch(c, most, sizeof *g->at);
	g->slot = rho_scratch(c, slots_for(most), sizeof *g->slot);
	g->clean = rho_scratch(c, 2 * longest + 1, 1);
	g->point = rho_scratch(c, g->raw, sizeof *g->point);
	g->word = rho_scratch(c, g->most, sizeof *g->word);
	return g->at && g->slot && g->clean && g->point && g->word ? 0 : RHO_ENOMEM;
}

static bool is_small(int ch) { return ch >= 'a' && ch <= 'z'; }
static bool is_capital(int ch) { return ch >= 'A' && ch <= 'Z'; }

/* Whether a code point (folded) is part of a word. */
static bool in_word(int32_t p)
{
	if (p < 0x80)
		return is_small(p) || (p >= '0' && p <= '9');
	utf8proc_category_t k = utf8proc_category(p);
	return (k >= UTF8PROC_CATEGORY_LU && k <= UTF8PROC_CATEGORY_NO);
}

/* Adds a code point, or a blank in place of what parts words; never two blanks together. Two a byte
 * are enough for all but texts made of ligatures that stand for whole words, which are cut. */
static void put_point(struct ngrams *g, int32_t p)
{
	if (g->points + 1 >= g->most)
		return;
	if (!in_word(p))
		p = BLANK;
	if (p != BLANK || g->point[g->points - 1] != BLANK)
		g->point[g->points++] = p;
}

static void points_of_ascii(struct ngrams *g, const struct ngram_rules *r, struct rho_str s)
{
	for (size_t i = 0; i < s.len; i++) {
		char ch = s.at[i];
		if (r->split_case && is_capital(ch) && i && is_small(s.at[i - 1]))
			put_point(g, BLANK);
		put_point(g, is_capital(ch) ? ch + ('a' - 'A') : ch);
	}
}

/* The text as valid UTF-8 in g->clean, blanks for what is not; its length. */
static size_t clean(struct ngrams *g, const struct ngram_rules *r, struct rho_str s)
{
	size_t n = 0;
	for (size_t i = 0; i < s.len; ) {
		utf8proc_int32_t p;
		utf8proc_ssize_t len = utf8proc_iterate((const utf8proc_uint8_t *)s.at + i,
		                                        (utf8proc_ssize_t)(s.len - i), &p);
		if (len <= 0) {
			g->clean[n++] = BLANK;
			i++;
			continue;
		}
		if (r->split_case && is_capital(s.at[i]) && i && is_small(s.at[i - 1]))
			g->clean[n++] = BLANK;
		memcpy(g->clean + n, s.at + i, (size_t)len);
		n += (size_t)len;
		i += (size_t)len;
	}
	return n;
}

static void points_of_any(struct ngrams *g, const struct ngram_rules *r, struct rho_str s)
{
	size_t len = clean(g, r, s);
	/* Decomposed behind the leading blank, then gathered in place: reading stays ahead. */
	int32_t *raw = g->point + 1;
	utf8proc_ssize_t n = utf8proc_decompose((const utf8proc_uint8_t *)g->clean, (utf8proc_ssize_t)len,
		raw, (utf8proc_ssize_t)(g->raw - 2),
		UTF8PROC_COMPAT | UTF8PROC_DECOMPOSE | UTF8PROC_CASEFOLD);
	if (n > 0 && n <= (utf8proc_ssize_t)(g->raw - 2))
		n = utf8proc_normalize_utf32(raw, n, UTF8PROC_COMPOSE | UTF8PROC_STABLE);
	else
		n = 0;
	for (utf8proc_ssize_t i = 0; i < n; i++)
		put_point(g, raw[i]);
}

static uint64_t step(uint64_t h, uint64_t value)
{
	h = (h + value + 1) * 0x9e3779b97f4a7c15u;
	return h ^ h >> 32;
}

static uint64_t finish(uint64_t h)
{
	h = (h ^ h >> 29) * 0xbf58476d1ce4e5b9u;
	return h ^ h >> 32;
}

static void add(struct ngrams *g, uint64_t hash)
{
	size_t at = hash & g->mask;
	while (g->slot[at] && g->at[g->slot[at] - 1].hash != hash)
		at = (at + 1) & g->mask;
	if (g->slot[at]) {
		g->at[g->slot[at] - 1].times++;
		return;
	}
	g->at[g->n++] = (struct ngram){ hash, 1 };
	g->slot[at] = (uint32_t)g->n;
}

/* The character n-grams of the word at points from .. to - 1, the blanks beside it included; of a
 * word too short for any, itself. */
static void add_chars(struct ngrams *g, const struct ngram_rules *r, size_t from, size_t to, uint64_t seed)
{
	bool any = false;
	for (size_t start = from - 1; start < to; start++) {
		uint64_t h = seed;
		for (size_t n = 1; n <= r->char_hi && start + n - 1 <= to; n++) {
			h = step(h, (uint64_t)g->point[start + n - 1]);
			if (n >= r->char_lo && (n > 1 || start >= from)) {
				add(g, finish(h));
				any = true;
			}
		}
	}
	if (!any) {
		uint64_t h = seed;
		for (size_t i = from - 1; i <= to; i++)
			h = step(h, (uint64_t)g->point[i]);
		add(g, finish(h));
	}
}

static void add_words(struct ngrams *g, const struct ngram_rules *r, size_t words, uint64_t seed)
{
	for (size_t start = 0; start < words; start++) {
		uint64_t h = seed;
		for (size_t n = 1; n <= r->word_hi && start + n <= words; n++) {
			h = step(h, g->word[start + n - 1]);
			if (n >= r->word_lo)
				add(g, finish(h));
		}
	}
}

void ngrams_of(struct ngrams *g, const struct ngram_rules *r, struct rho_str text)
{
	struct rho_str s = { text.at, bytes_read(r, text) };
	uint64_t char_seed = finish(r->seed * 2 + 1), word_seed = finish(r->seed * 2 + 2);
	size_t words = 0;
	g->n = 0;
	g->points = 0;
	g->point[g->points++] = BLANK;
	if (is_ascii(s))
		points_of_ascii(g, r, s);
	else
		points_of_any(g, r, s);
	if (g->point[g->points - 1] != BLANK)
		g->point[g->points++] = BLANK;
	g->mask = slots_for(most_ngrams(r, g->points)) - 1;
	memset(g->slot, 0, (g->mask + 1) * sizeof *g->slot);
	for (size_t from = 1, to; from < g->points; from = to + 1) {
		uint64_t h = word_seed;
		for (to = from; g->point[to] != BLANK; to++)
			h = step(h, (uint64_t)g->point[to]);
		g->word[words++] = h;
		if (r->char_hi)
			add_chars(g, r, from, to, char_seed);
	}
	if (r->word_hi)
		add_words(g, r, words, word_seed);
}
