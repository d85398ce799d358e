/* codepoints.h: what the tokeniser's steps ask of a character, answered as the reference implementation
 * would. */
#ifndef RHO_KIT_CODEPOINTS_H
#define RHO_KIT_CODEPOINTS_H

#include "../text.h"
#include "token_model.h"

/* What a code point is. The sets are those of the Unicode versions inside Hugging Face tokenizers 0.23,
 * found by asking it about every code point: categories 8.0, decompositions and marks 9.0, white space and
 * case current. */
enum {
	RHO_CP_SPACE = 1,               /* White_Space */
	RHO_CP_PUNCTUATION = 2,         /* P*, and of ASCII all but letters, digits, space, control */
	RHO_CP_CONTROL = 4,             /* Cc, Cf, Co; tab, line feed and carriage return among them */
	RHO_CP_NONSPACING = 8,          /* Mn */
	RHO_CP_MARK = 16,               /* Mn, Mc, Me */
	RHO_CP_LATE = 32,               /* a mark or decomposable, and younger than Unicode 9.0 */
	RHO_CP_CJK = 64                 /* an ideograph, as BERT has it */
};

/* Fills the tables behind rho_cp_flags; to be called before it. Any thread, any number of times. */
void rho_codepoints_ready(void);

extern uint8_t rho_cp_page_of[0x1100];          /* (code point / 256): page */
extern uint8_t rho_cp_page[192][256];           /* (page, code point % 256): flags; page 0 has none */

static inline unsigned rho_cp_flags(uint32_t c)
{
	return rho_cp_page[rho_cp_page_of[c >> 8]][c & 0xff];
}

bool rho_cp_numeric(uint32_t c);                /* N* */
bool rho_cp_word(uint32_t c);                   /* \w: letters, marks, digits, connectors, joiners */
/* The lower case of a code point without regard to its neighbours: 1 or 2 code points. */
size_t rho_cp_lower(uint32_t c, uint32_t out[2]);
unsigned rho_cp_combining(uint32_t c);          /* canonical combining class, 0 to 254 */
/* The full canonical (or compatibility) decomposition of one code point: at most RHO_CP_DECOMPOSED of
 * them. */
enum { RHO_CP_DECOMPOSED = 32 };
size_t rho_cp_decompose(uint32_t c, bool compatibility, uint32_t *out);
/* Brings the n marks of one run into canonical order: stable, in linear time. `spare` is room for n more. */
void rho_cp_order(uint32_t *run, size_t n, uint32_t *spare);

/* The code point at *at, which moves behind it. The text is valid UTF-8 and *at is not at its end. */
static inline uint32_t rho_cp_next(const unsigned char **at)
{
	const unsigned char *p = *at;
	if (p[0] < 0x80) {
		*at = p + 1;
		return p[0];
	}
	if (p[0] < 0xe0) {
		*at = p + 2;
		return (p[0] & 0x1fu) << 6 | (p[1] & 0x3fu);
	}
	if (p[0] < 0xf0) {
		*at = p + 3;
		return (p[0] & 0x0fu) << 12 | (p[1] & 0x3fu) << 6 | (p[2] & 0x3fu);
	}
	*at = p + 4;
	return (p[0] & 0x07u) << 18 | (p[1] & 0x3fu) << 12 | (p[2] & 0x3fu) << 6 | (p[3] & 0x3fu);
}

/* The code point that ends right before `end`, in valid UTF-8 that has one. */
uint32_t rho_cp_before(const char *end);

/* Writes c at `out`, which has room for 4 bytes; gives the bytes written. */
static inline size_t rho_cp_put(char *out, uint32_t c)
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xc0 | c >> 6);
		out[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (char)(0xe0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 0x3f));
		out[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 0x3f));
	out[2] = (char)(0x80 | (c >> 6 & 0x3f));
	out[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

/* Bytes from the start of s without one beyond ASCII. */
size_t rho_ascii_run(struct rho_str s);
/* s with each maximal bad part (Unicode 15.0, section 3.9) become U+FFFD, added to `out`; false: memory. */
bool rho_utf8_repair(struct rho_str s, struct rho_text *out);

#endif
