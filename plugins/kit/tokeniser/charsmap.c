/* charsmap.c: sentencepiece's precompiled character map: a double-array trie (darts-clone) from texts to
 * places in a blob of replacements, applied as Hugging Face's spm_precompiled applies it. */
#include <stdlib.h>
#include <string.h>

#include <utf8proc.h>

#include "../lines.h"
#include "token_model.h"
#include "utf8.h"

#define WHOLE   6               /* a grapheme of fewer bytes is looked up whole first */
#define LONGEST 256             /* bytes of a replacement (NFKC's have up to 33), lest texts grow without bound */

struct rho_charsmap {
	uint8_t *bytes;         /* what the base64 text held */
	uint32_t *unit;         /* (units) the trie */
	size_t units;
	struct rho_str blob;    /* the replacements, each up to a NUL */
	bool changes[128];      /* ASCII characters with a replacement */
};

static int letter_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Base64 (RFC 4648, padded) into out; how many bytes, or SIZE_MAX: it is not base64. */
static size_t decode_base64(struct rho_str in, uint8_t *out)
{
	size_t n = 0, pad = 0;
	if (in.len % 4)
		return SIZE_MAX;
	while (pad < 2 && pad < in.len && in.at[in.len - 1 - pad] == '=')
		pad++;
	for (size_t i = 0; i < in.len; i += 4) {
		uint32_t word = 0;
		for (size_t k = 0; k < 4; k++) {
			bool padding = i + k >= in.len - pad;
			int v = padding ? 0 : letter_value(in.at[i + k]);
			if (v < 0)
				return SIZE_MAX;
			word = word << 6 | (uint32_t)v;
		}
		out[n++] = (uint8_t)(word >> 16);
		out[n++] = (uint8_t)(word >> 8);
		out[n++] = (uint8_t)word;
	}
	return n - pad;
}

static uint32_t little_u32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static size_t offset_of(uint32_t unit) { return (size_t)(unit >> 10) << ((unit & 1u << 9) >> 6); }

/* What stands for the shortest beginning of `key` that is in the map, as the reference takes the first
 * match. False: none does. Each unit of the trie holds (darts-clone): bits 0-7 and 31 the label, or bits
 * 0-30 the value of a leaf; bit 8 whether a leaf follows; bits 10-30 the offset to the children, times 256
 * where bit 9 is set. */
static bool look_up(const struct rho_charsmap *m, struct rho_str key, struct rho_str *to)
{
	size_t node = 0;
	uint32_t unit = m->unit[0];
	for (size_t i = 0; i < key.len && key.at[i]; i++) {
		uint8_t c = (uint8_t)key.at[i];
		node ^= offset_of(unit) ^ c;
		if (node >= m->units)
			return false;
		unit = m->unit[node];
		if ((unit & (1u << 31 | 0xff)) != c)
			return false;
		if (unit >> 8 & 1) {
			size_t leaf = node ^ offset_of(unit);
			size_t at = leaf < m->units ? m->unit[leaf] & 0x7fffffff : SIZE_MAX;
			if (at > m->blob.len || (at < m->blob.len && (m->blob.at[at] & 0xc0) == 0x80))
				return false;
			to->at = m->blob.at + at;
			to->len = strnlen(to->at, m->blob.len - at);
			return true;
		}
	}
	return false;
}

static int read_map(struct rho_charsmap *m, struct rho_str base64, const char *file, struct rho_trouble *t)
{
	m->bytes = malloc(base64.len / 4 * 3 + 1);
	if (!m->bytes)
		return rho_trouble_set(t, RHO_ENOMEM, "memory ran out while a character map was read");
	size_t n = decode_base64(base64, m->bytes);
	if (n == SIZE_MAX)
		return rho_trouble_at(t, RHO_EFORMAT, file, 0, "precompiled_charsmap is not base64");
	size_t trie = n >= 4 ? little_u32(m->bytes) : 0;
	if (!trie || trie % 4 || trie > n - 4)
		return rho_trouble_at(t, RHO_EFORMAT, file, 0,
		                      "precompiled_charsmap has %zu bytes, and its trie should have %zu of "
		                      "them", n, trie);
	m->blob = (struct rho_str){ (const char *)m->bytes + 4 + trie, n - 4 - trie };
	if (rho_utf8_valid(m->blob) != m->blob.len)
		return rho_trouble_at(t, RHO_EFORMAT, file, 0,
		                      "the replacements in precompiled_charsmap are not UTF-8");
	for (size_t at = 0, len; at < m->blob.len; at += len + 1) {
		len = strnlen(m->blob.at + at, m->blob.len - at);
		if (len > LONGEST)
			return rho_trouble_at(t, RHO_EFORMAT, file, 0,
			                      "a replacement in precompiled_charsmap has %zu bytes; at most %d "
			                      "are allowed", len, LONGEST);
	}
	m->units = trie / 4;
	m->unit = malloc(trie);
	if (!m->unit)
		return rho_trouble_set(t, RHO_ENOMEM, "memory ran out while a character map was read");
	for (size_t i = 0; i < m->units; i++)
		m->unit[i] = little_u32(m->bytes + 4 + 4 * i);
	for (int c = 1; c < 128; c++) {
		char key = (char)c;
		struct rho_str to;
		m->changes[c] = look_up(m, (struct rho_str){ &key, 1 }, &to);
	}
	return 0;
}

struct rho_charsmap *rho_charsmap_open(struct rho_str base64, const char *file, struct rho_trouble *t)
{
	struct rho_charsmap *m = calloc(1, sizeof(*m));
	if (!m) {
		rho_trouble_set(t, RHO_ENOMEM, "memory ran out while a character map was read");
		return NULL;
	}
	if (!read_map(m, base64, file, t))
		return m;
	rho_charsmap_free(m);
	return NULL;
}

void rho_charsmap_free(struct rho_charsmap *m)
{
	if (!m)
		return;
	free(m->bytes);
	free(m->unit);
	free(m);
}

/* Where the run of ASCII that is its own replacement ends. Its last character is not in it where what
 * follows might belong to the same grapheme: beyond ASCII, or a line feed. */
static size_t plain_end(const struct rho_charsmap *m, struct rho_str in, size_t i)
{
	size_t from = i;
	while (i < in.len && !(in.at[i] & 0x80) && in.at[i] != '\r' && !m->changes[(uint8_t)in.at[i]])
		i++;
	return i < in.len && i > from && in.at[i] & 0x80 ? i - 1 : i;
}

/* Combining marks that are younger than Unicode 15.0, which is as far as a utf8proc may know, up to 17.0,
 * where the reference is. Others cannot matter: with them a grapheme has WHOLE bytes or more. */
static bool joins_young_mark(int32_t a, int32_t b)
{
	unsigned class = utf8proc_get_property(a)->boundclass;
	return (b == 0x897 || (b >= 0x1acf && b <= 0x1add) || (b >= 0x1ae0 && b <= 0x1aeb))
	       && class != UTF8PROC_BOUNDCLASS_CR && class != UTF8PROC_BOUNDCLASS_LF
	       && class != UTF8PROC_BOUNDCLASS_CONTROL;
}

/* Where the extended grapheme cluster (UAX 29) at i ends. */
static size_t grapheme_end(struct rho_str in, size_t i)
{
	size_t step = rho_utf8_step(in, i);
	int32_t state = 0, a = rho_utf8_point(in.at + i, step);
	for (i += step; i < in.len; i += step) {
		step = rho_utf8_step(in, i);
		int32_t b = rho_utf8_point(in.at + i, step);
		bool apart = utf8proc_grapheme_break_stateful(a, b, &state);
		if (apart && !joins_young_mark(a, b))
			break;
		a = b;
	}
	return i;
}

bool rho_charsmap_apply(const struct rho_charsmap *m, struct rho_str in, struct rho_text *out)
{
	struct rho_str to;
	for (size_t i = 0, end; i < in.len; i = end) {
		end = plain_end(m, in, i);
		if (end > i) {
			rho_text_add(out, (struct rho_str){ in.at + i, end - i });
			continue;
		}
		end = grapheme_end(in, i);
		if (end - i < WHOLE && look_up(m, (struct rho_str){ in.at + i, end - i }, &to)) {
			rho_text_add(out, to);
			continue;
		}
		for (size_t step; i < end; i += step) {
			step = rho_utf8_step(in, i);
			struct rho_str c = { in.at + i, step };
			rho_text_add(out, look_up(m, c, &to) ? to : c);
		}
	}
	return !out->spent;
}
