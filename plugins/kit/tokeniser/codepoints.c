/* codepoints.c: flags of code points in two levels of pages, filled once from ranges; decompositions and
 * case from utf8proc, less what the reference does not know yet; UTF-8 checked and repaired. */
#include "codepoints.h"

#include <pthread.h>
#include <string.h>

#include <utf8proc.h>

#include "../lines.h"
#include "codepoint_ranges.h"

uint8_t rho_cp_page_of[0x1100];
uint8_t rho_cp_page[192][256];

static const struct codepoint_range white_space[] = {
	{0x9, 0xd}, {0x20, 0x20}, {0x85, 0x85}, {0xa0, 0xa0}, {0x1680, 0x1680}, {0x2000, 0x200a},
	{0x2028, 0x2029}, {0x202f, 0x202f}, {0x205f, 0x205f}, {0x3000, 0x3000},
};
static const struct codepoint_range ascii_signs[] = {{0x21, 0x2f}, {0x3a, 0x40}, {0x5b, 0x60}, {0x7b, 0x7e}};
/* BERT's "Chinese characters", which leave out 0x2b820 to 0x2b91f. */
static const struct codepoint_range ideographs[] = {
	{0x3400, 0x4dbf}, {0x4e00, 0x9fff}, {0xf900, 0xfaff}, {0x20000, 0x2a6df}, {0x2a700, 0x2b81f},
	{0x2b920, 0x2ceaf}, {0x2f800, 0x2fa1f},
};

/* Circled and squared letters are alphabetic. */
static const struct codepoint_range round_letters[] = {
	{0x24b6, 0x24e9}, {0x1f130, 0x1f149}, {0x1f150, 0x1f169}, {0x1f170, 0x1f189},
};

/* Adds a flag to all of a page that has others, or gives it the page where all have just this one. */
static uint8_t whole_page(uint8_t page, uint8_t *whole, unsigned *pages, unsigned flag)
{
	if (!page && *whole)
		return *whole;
	if (!page)
		page = *whole = (uint8_t)(*pages)++;
	for (size_t i = 0; i < 256; i++)
		rho_cp_page[page][i] |= (uint8_t)flag;
	return page;
}

/* Sets with long ranges go last: their whole pages are one. */
static void mark(const struct codepoint_range *r, size_t n, unsigned flag, unsigned *pages)
{
	uint8_t whole = 0;
	for (size_t i = 0; i < n; i++) {
		for (uint32_t c = r[i].first; c <= r[i].last; ) {
			uint8_t *page = &rho_cp_page_of[c >> 8];
			if (!(c & 0xff) && r[i].last - c >= 0xff) {
				*page = whole_page(*page, &whole, pages, flag);
				c += 0x100;
				continue;
			}
			if (!*page)
				*page = (uint8_t)(*pages)++;
			rho_cp_page[*page][c++ & 0xff] |= (uint8_t)flag;
		}
	}
}

#define ALL(a) a, sizeof(a) / sizeof((a)[0])

static void fill(void)
{
	unsigned pages = 1;
	mark(ALL(white_space), RHO_CP_SPACE, &pages);
	mark(ALL(ascii_signs), RHO_CP_PUNCTUATION, &pages);
	mark(ALL(punctuation_8), RHO_CP_PUNCTUATION, &pages);
	mark(ALL(nonspacing_8), RHO_CP_NONSPACING | RHO_CP_MARK, &pages);
	mark(ALL(other_marks_9), RHO_CP_MARK, &pages);
	mark(ALL(late_17), RHO_CP_LATE, &pages);
	mark(ALL(control_8), RHO_CP_CONTROL, &pages);
	mark(ALL(ideographs), RHO_CP_CJK, &pages);
}

void rho_codepoints_ready(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, fill);
}

static bool within(const struct codepoint_range *r, size_t n, uint32_t c)
{
	for (size_t i = 0; i < n; i++)
		if (c >= r[i].first && c <= r[i].last)
			return true;
	return false;
}

bool rho_cp_numeric(uint32_t c)
{
	switch (utf8proc_category((utf8proc_int32_t)c)) {
	case UTF8PROC_CATEGORY_ND:
	case UTF8PROC_CATEGORY_NL:
	case UTF8PROC_CATEGORY_NO: return true;
	case UTF8PROC_CATEGORY_CN: return within(ALL(number_late), c);
	default: return false;
	}
}

bool rho_cp_word(uint32_t c)
{
	switch (utf8proc_category((utf8proc_int32_t)c)) {
	case UTF8PROC_CATEGORY_LU:
	case UTF8PROC_CATEGORY_LL:
	case UTF8PROC_CATEGORY_LT:
	case UTF8PROC_CATEGORY_LM:
	case UTF8PROC_CATEGORY_LO:
	case UTF8PROC_CATEGORY_MN:
	case UTF8PROC_CATEGORY_MC:
	case UTF8PROC_CATEGORY_ME:
	case UTF8PROC_CATEGORY_ND:
	case UTF8PROC_CATEGORY_NL:
	case UTF8PROC_CATEGORY_PC: return true;
	case UTF8PROC_CATEGORY_CF: return c == 0x200c || c == 0x200d;
	case UTF8PROC_CATEGORY_SO: return within(ALL(round_letters), c);
	case UTF8PROC_CATEGORY_CN: return within(ALL(word_late), c);
	default: return false;
	}
}

/* Capitals that are younger than utf8proc 2.8 (Unicode 15). */
static uint32_t late_lower(uint32_t c)
{
	switch (c) {
	case 0x1c89:
	case 0xa7cc:
	case 0xa7ce:
	case 0xa7d2:
	case 0xa7d4:
	case 0xa7da: return c + 1;
	case 0xa7cb: return 0x264;
	case 0xa7dc: return 0x19b;
	default: break;
	}
	if (c >= 0x10d50 && c <= 0x10d65)
		return c + 0x20;
	return c >= 0x16ea0 && c <= 0x16eb8 ? c + 0x1b : c;
}

size_t rho_cp_lower(uint32_t c, uint32_t out[2])
{
	if (c == 0x130) {       /* the only one with two: i and a dot above */
		out[0] = 'i';
		out[1] = 0x307;
		return 2;
	}
	out[0] = (uint32_t)utf8proc_tolower((utf8proc_int32_t)c);
	if (out[0] == c)
		out[0] = late_lower(c);
	return 1;
}

unsigned rho_cp_combining(uint32_t c)
{
	if (rho_cp_flags(c) & RHO_CP_LATE)
		return 0;
	return (unsigned)utf8proc_get_property((utf8proc_int32_t)c)->combining_class;
}

size_t rho_cp_decompose(uint32_t c, bool compatibility, uint32_t *out)
{
	int how = UTF8PROC_DECOMPOSE | (compatibility ? UTF8PROC_COMPAT : 0), boundary = 0;
	utf8proc_int32_t parts[RHO_CP_DECOMPOSED];
	utf8proc_ssize_t n = 0;
	if (!(rho_cp_flags(c) & RHO_CP_LATE))
		n = utf8proc_decompose_char((utf8proc_int32_t)c, parts, RHO_CP_DECOMPOSED,
		                            (utf8proc_option_t)how, &boundary);
	if (n < 1 || n > RHO_CP_DECOMPOSED) {
		out[0] = c;
		return 1;
	}
	for (utf8proc_ssize_t i = 0; i < n; i++)
		out[i] = (uint32_t)parts[i];
	return (size_t)n;
}

/* Runs are one or two marks; a hostile one is sorted by counting. */
void rho_cp_order(uint32_t *run, size_t n, uint32_t *spare)
{
	size_t from[257] = { 0 };
	bool ordered = true;
	for (size_t i = 1; i < n && ordered; i++)
		ordered = rho_cp_combining(run[i - 1]) <= rho_cp_combining(run[i]);
	if (ordered)
		return;
	for (size_t i = 0; i < n; i++)
		from[(rho_cp_combining(run[i]) & 0xff) + 1]++;
	for (size_t k = 1; k < 257; k++)
		from[k] += from[k - 1];
	for (size_t i = 0; i < n; i++)
		spare[from[rho_cp_combining(run[i]) & 0xff]++] = run[i];
	memcpy(run, spare, n * sizeof(*run));
}

uint32_t rho_cp_before(const char *end)
{
	const unsigned char *p = (const unsigned char *)end - 1;
	while ((*p & 0xc0) == 0x80)
		p--;
	return rho_cp_next(&p);
}

size_t rho_ascii_run(struct rho_str s)
{
	size_t i = 0;
	for (uint64_t eight; s.len - i >= 8; i += 8) {
		memcpy(&eight, s.at + i, 8);
		if (eight & 0x8080808080808080u)
			break;
	}
	while (i < s.len && (unsigned char)s.at[i] < 0x80)
		i++;
	return i;
}

/* Length of the maximal bad part that the n > 0 bytes at p start with: as many as could have begun a
 * character. */
static size_t bad_part(const unsigned char *p, size_t n)
{
	size_t want = p[0] < 0xc2 || p[0] > 0xf4 ? 1 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	unsigned low = p[0] == 0xe0 ? 0xa0 : p[0] == 0xf0 ? 0x90 : 0x80;
	unsigned high = p[0] == 0xed ? 0x9f : p[0] == 0xf4 ? 0x8f : 0xbf;
	size_t i = 1;
	for (; i < want && i < n && p[i] >= low && p[i] <= high; i++) {
		low = 0x80;
		high = 0xbf;
	}
	return i;
}

bool rho_utf8_repair(struct rho_str s, struct rho_text *out)
{
	while (s.len) {
		struct rho_str whole = { s.at, rho_utf8_valid(s) };
		rho_text_add(out, whole);
		s.at += whole.len;
		s.len -= whole.len;
		if (!s.len)
			break;
		size_t bad = bad_part((const unsigned char *)s.at, s.len);
		rho_text_adds(out, "\xef\xbf\xbd");
		s.at += bad;
		s.len -= bad;
	}
	return !out->spent;
}
