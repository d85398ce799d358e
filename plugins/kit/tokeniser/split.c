/* split.c: the pre-tokenisers of the BPE and Unigram families: the split patterns of GPT-2 and CLIP,
 * written by hand over code points, the byte-to-printable alphabet behind them, and Metaspace. */
#include <string.h>

#include <utf8proc.h>

#include "token_model.h"
#include "utf8.h"

enum kind { LETTER, NUMBER, SPACE, OTHER };             /* \p{L}, \p{N}, \s, none of these */

#define L LETTER
#define N NUMBER
#define S SPACE
#define O OTHER
static const uint8_t ascii_kind[128] = {
	O, O, O, O, O, O, O, O, O, S, S, S, S, S, O, O, O, O, O, O, O, O, O, O, O, O, O, O, O, O, O, O,
	S, O, O, O, O, O, O, O, O, O, O, O, O, O, O, O, N, N, N, N, N, N, N, N, N, N, O, O, O, O, O, O,
	O, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, O, O, O, O, O,
	O, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, O, O, O, O, O,
};
#undef L
#undef N
#undef S
#undef O

/* \s beyond ASCII is Unicode's White_Space, as the reference's regular expressions have it. */
static bool is_space(int32_t c)
{
	return c == 0x85 || c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x2028
	       || c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000;
}

/* Letters and digits that are younger than Unicode 15.0, which is as far as a utf8proc may know, up to
 * 16.0, where the reference's regular expressions are (tokenizers 0.23, asked about every code point). */
static const struct { int32_t first, last; uint8_t kind; } young[] = {
	{ 0x1c89, 0x1c8a, LETTER }, { 0xa7cb, 0xa7cd, LETTER }, { 0xa7da, 0xa7dc, LETTER },
	{ 0x105c0, 0x105f3, LETTER }, { 0x10d40, 0x10d49, NUMBER }, { 0x10d4a, 0x10d65, LETTER },
	{ 0x10d6f, 0x10d85, LETTER }, { 0x10ec2, 0x10ec4, LETTER }, { 0x11380, 0x11389, LETTER },
	{ 0x1138b, 0x1138b, LETTER }, { 0x1138e, 0x1138e, LETTER }, { 0x11390, 0x113b5, LETTER },
	{ 0x113b7, 0x113b7, LETTER }, { 0x113d1, 0x113d1, LETTER }, { 0x113d3, 0x113d3, LETTER },
	{ 0x116d0, 0x116e3, NUMBER }, { 0x11bc0, 0x11be0, LETTER }, { 0x11bf0, 0x11bf9, NUMBER },
	{ 0x13460, 0x143fa, LETTER }, { 0x16100, 0x1611d, LETTER }, { 0x16130, 0x16139, NUMBER },
	{ 0x16d40, 0x16d6c, LETTER }, { 0x16d70, 0x16d79, NUMBER }, { 0x18cff, 0x18cff, LETTER },
	{ 0x1ccf0, 0x1ccf9, NUMBER }, { 0x1e5d0, 0x1e5ed, LETTER }, { 0x1e5f0, 0x1e5f0, LETTER },
	{ 0x1e5f1, 0x1e5fa, NUMBER }, { 0x2ebf0, 0x2ee5d, LETTER },
};

static enum kind kind_of_young(int32_t c)
{
	for (size_t i = 0; i < sizeof(young) / sizeof(young[0]); i++)
		if (c >= young[i].first && c <= young[i].last)
			return young[i].kind;
	return OTHER;
}

static enum kind kind_of(int32_t c)
{
	switch (utf8proc_category(c)) {
	case UTF8PROC_CATEGORY_CN: return kind_of_young(c);
	case UTF8PROC_CATEGORY_LU:
	case UTF8PROC_CATEGORY_LL:
	case UTF8PROC_CATEGORY_LT:
	case UTF8PROC_CATEGORY_LM:
	case UTF8PROC_CATEGORY_LO: return LETTER;
	case UTF8PROC_CATEGORY_ND:
	case UTF8PROC_CATEGORY_NL:
	case UTF8PROC_CATEGORY_NO: return NUMBER;
	default: return is_space(c) ? SPACE : OTHER;
	}
}

/* The kind of the character at i, and its length. */
static enum kind look(struct rho_str t, size_t i, size_t *step)
{
	unsigned char c = (unsigned char)t.at[i];
	*step = 1;
	if (c < 0x80)
		return ascii_kind[c];
	*step = rho_utf8_step(t, i);
	return kind_of(rho_utf8_point(t.at + i, *step));
}

/* Where the run of that kind that goes on at i ends. */
static size_t run_end(struct rho_str t, size_t i, enum kind kind)
{
	for (size_t step; i < t.len; i += step) {
		while (i < t.len && !(t.at[i] & 0x80) && ascii_kind[(unsigned char)t.at[i]] == kind)
			i++;
		if (i == t.len || !(t.at[i] & 0x80) || look(t, i, &step) != kind)
			break;
	}
	return i;
}

/* Where 's 't 're 've 'm 'll 'd ends if one stands at i; else i. */
static size_t contraction_end(struct rho_str t, size_t i)
{
	if (t.len - i < 2 || t.at[i] != '\'')
		return i;
	char a = t.at[i + 1];
	if (a == 's' || a == 't' || a == 'm' || a == 'd')
		return i + 2;
	if (t.len - i < 3)
		return i;
	char b = t.at[i + 2];
	return (b == 'e' && (a == 'r' || a == 'v')) || (b == 'l' && a == 'l') ? i + 3 : i;
}

/* Where a piece of GPT-2's split ends that does not begin with a contraction: it has `blank` blanks (0 or
 * 1; not always in the text) before i. White space before something else leaves its last character to
 * that. */
static size_t body_end(struct rho_str t, size_t i, bool blank)
{
	size_t step = 0, last = i, end = i;
	enum kind kind = SPACE;
	if (i < t.len)
		kind = look(t, i, &step);
	if (kind != SPACE)
		return run_end(t, i + step, kind);
	for (; end < t.len && look(t, end, &step) == SPACE; end += step)
		last = end;
	return end < t.len && (blank || last > i) ? last : end;
}

/* The printable alphabet of byte-level BPE (Radford et al. 2019, encoder.py): a byte that is printable in
 * Latin-1 stands for itself, the others for U+0100 onwards in their order. UTF-8, first byte lowest. */
static uint16_t printable(unsigned byte)
{
	unsigned point = byte;
	if (byte <= 0x20)
		point = 0x100 + byte;
	else if (byte >= 0x7f && byte <= 0xa0)
		point = 0x121 + (byte - 0x7f);
	else if (byte == 0xad)
		point = 0x143;
	if (point < 0x80)
		return (uint16_t)point;
	return (uint16_t)((0xc0 | point >> 6) | (0x80 | (point & 0x3f)) << 8);
}

struct spelling {                       /* a call of a split: where its pieces go */
	struct rho_text *tmp;
	rho_piece_fn *piece;
	void *arg;
};

/* Hands on from .. to - 1 of t, with a blank before it where the text was to have one. */
static bool spell(const struct spelling *w, struct rho_str t, size_t from, size_t to, bool blank)
{
	struct rho_text *tmp = w->tmp;
	rho_text_clear(tmp);
	if (!rho_text_reserve(tmp, 2 * (to - from) + 2))
		return false;
	unsigned char *out = (unsigned char *)tmp->at;
	if (blank) {
		*out++ = 0xc4;
		*out++ = 0xa0;
	}
	for (size_t i = from; i < to; i++) {
		unsigned char c = (unsigned char)t.at[i];
		if (c > 0x20 && c < 0x7f) {
			*out++ = c;
			continue;
		}
		uint16_t two = printable(c);
		*out++ = (unsigned char)two;
		if (two >= 0x100)
			*out++ = (unsigned char)(two >> 8);
	}
	tmp->len = (size_t)((char *)out - tmp->at);
	w->piece(w->arg, rho_text_view(tmp));
	return true;
}

void rho_split_gpt2(struct rho_str text, bool add_prefix_space, bool use_regex, struct rho_text *tmp,
                    rho_piece_fn *piece, void *arg)
{
	struct spelling w = { tmp, piece, arg };
	if (!text.len)
		return;
	bool blank = add_prefix_space && text.at[0] != ' ', going = true;
	size_t i = 0;
	if (!use_regex) {
		spell(&w, text, 0, text.len, blank);
		return;
	}
	if (blank) {
		i = body_end(text, 0, true);
		going = spell(&w, text, 0, i, true);
	}
	while (going && i < text.len) {
		size_t end = contraction_end(text, i);
		if (end == i) {
			blank = text.at[i] == ' ';
			end = body_end(text, i + blank, blank);
		}
		going = spell(&w, text, i, end, false);
		i = end;
	}
}

/* Where <|startoftext|> or <|endoftext|> ends if one stands at i; else i. */
static size_t special_end(struct rho_str t, size_t i)
{
	static const char *const special[] = { "<|startoftext|>", "<|endoftext|>" };
	for (size_t k = 0; k < 2; k++) {
		size_t n = strlen(special[k]);
		if (t.len - i >= n && !memcmp(t.at + i, special[k], n))
			return i + n;
	}
	return i;
}

void rho_split_clip(struct rho_str text, bool specials, struct rho_text *tmp, rho_piece_fn *piece, void *arg)
{
	struct spelling w = { tmp, piece, arg };
	bool going = true;
	for (size_t i = 0, step; going && i < text.len; ) {
		enum kind kind = look(text, i, &step);
		size_t end = contraction_end(text, i);
		if (kind == SPACE) {
			i += step;
			continue;
		}
		if (specials && text.at[i] == '<' && (end = special_end(text, i)) > i) {
			/* The GPT-2 split behind this one takes the brackets off. */
			going = spell(&w, text, i, i + 2, false) && spell(&w, text, i + 2, end - 2, false)
			        && spell(&w, text, end - 2, end, false);
			i = end;
			continue;
		}
		if (end == i)
			end = kind == NUMBER ? i + step : run_end(text, i + step, kind);
		going = spell(&w, text, i, end, false);
		i = end;
	}
}

/* The text with its blanks replaced, and one put first where that is asked for. */
static bool put_metaspace(struct rho_str text, struct rho_str mark, bool prefix, struct rho_text *out)
{
	bool marked = text.at[0] == ' '
	              || (text.len >= mark.len && !memcmp(text.at, mark.at, mark.len));
	rho_text_clear(out);
	if (prefix && !marked)
		rho_text_add(out, mark);
	for (size_t i = 0; i < text.len; ) {
		const char *blank = memchr(text.at + i, ' ', text.len - i);
		size_t end = blank ? (size_t)(blank - text.at) : text.len;
		rho_text_add(out, (struct rho_str){ text.at + i, end - i });
		if (blank)
			rho_text_add(out, mark);
		i = end + 1;
	}
	return !out->spent;
}

void rho_split_metaspace(struct rho_str text, struct rho_str replacement, enum rho_prepend prepend,
                         bool first, bool split, struct rho_text *tmp, rho_piece_fn *piece, void *arg)
{
	bool prefix = prepend == RHO_PREPEND_ALWAYS || (prepend == RHO_PREPEND_FIRST && first);
	if (!text.len || !put_metaspace(text, replacement, prefix, tmp))
		return;
	struct rho_str rest = rho_text_view(tmp);
	while (split && rest.len > replacement.len) {
		const char *next = memmem(rest.at + 1, rest.len - 1, replacement.at, replacement.len);
		if (!next)
			break;
		struct rho_str head = { rest.at, (size_t)(next - rest.at) };
		piece(arg, head);
		rest.at += head.len;
		rest.len -= head.len;
	}
	piece(arg, rest);
}
