/* utf8.h: stepping through UTF-8 text; bytes that are not part of any character count as one each. */
#ifndef RHO_KIT_UTF8_H
#define RHO_KIT_UTF8_H

#include <rho/view.h>

/* Bytes of the character at s.at[i], i < s.len; never more than there are, at least 1. */
static inline size_t rho_utf8_step(struct rho_str s, size_t i)
{
	unsigned char c = (unsigned char)s.at[i];
	size_t n = c < 0xc2 || c > 0xf4 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
	if (n > s.len - i)
		return 1;
	for (size_t k = 1; k < n; k++)
		if (((unsigned char)s.at[i + k] & 0xc0) != 0x80)
			return 1;
	return n;
}

/* The code point of those n bytes; U+FFFD for a byte that stands for none. */
static inline int32_t rho_utf8_point(const char *at, size_t n)
{
	const unsigned char *p = (const unsigned char *)at;
	if (n == 1)
		return p[0] < 0x80 ? p[0] : 0xfffd;
	if (n == 2)
		return (p[0] & 0x1f) << 6 | (p[1] & 0x3f);
	if (n == 3)
		return (p[0] & 0x0f) << 12 | (p[1] & 0x3f) << 6 | (p[2] & 0x3f);
	return (p[0] & 0x07) << 18 | (p[1] & 0x3f) << 12 | (p[2] & 0x3f) << 6 | (p[3] & 0x3f);
}

#endif
