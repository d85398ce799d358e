/* utf8.c: UTF-8 by table 3-7 of the Unicode standard, with strides over ASCII. */
#include "utf8.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* Bytes of the well-formed sequence at p, of which `left` bytes exist; 0: ill-formed. */
static size_t sequence(const unsigned char *p, size_t left)
{
	unsigned char lo = 0x80, hi = 0xbf;
	size_t n;
	if (p[0] < 0x80)
		return 1;
	if (p[0] >= 0xc2 && p[0] <= 0xdf)
		n = 2;
	else if (p[0] >= 0xe0 && p[0] <= 0xef)
		n = 3;
	else if (p[0] >= 0xf0 && p[0] <= 0xf4)
		n = 4;
	else
		return 0;
	if (n > left)
		return 0;
	switch (p[0]) {              /* the second byte is narrower after these */
	case 0xe0: lo = 0xa0; break; /* overlong */
	case 0xed: hi = 0x9f; break; /* surrogates */
	case 0xf0: lo = 0x90; break; /* overlong */
	case 0xf4: hi = 0x8f; break; /* above U+10FFFF */
	}
	bool good = p[1] >= lo && p[1] <= hi;
	for (size_t i = 2; i < n; i++)
		good = good && (p[i] & 0xc0) == 0x80;
	return good ? n : 0;
}

static const uint64_t high_bits = 0x8080808080808080u;

/* Whether no byte has its high bit; most texts are done with this. */
static bool ascii(const unsigned char *p, size_t n)
{
	uint64_t all = 0, w;
	size_t i = 0;
	for (; n - i >= sizeof w; i += sizeof w) {
		memcpy(&w, p + i, sizeof w);
		all |= w;
	}
	if (n >= sizeof w) { /* the rest, with some bytes again */
		memcpy(&w, p + n - sizeof w, sizeof w);
		all |= w;
	}
	for (; n < sizeof w && i < n; i++)
		all |= p[i];
	return !(all & high_bits);
}

size_t rho_utf8_bad(const char *at, size_t n)
{
	const unsigned char *p = (const unsigned char *)at;
	size_t i = 0;
	if (ascii(p, n))
		return n;
	while (i < n) {
		uint64_t w[2];
		while (n - i >= sizeof w) {
			memcpy(w, p + i, sizeof w);
			if ((w[0] | w[1]) & high_bits)
				break;
			i += sizeof w;
		}
		/* Up to one stride by sequences, then try the fast way again. */
		for (size_t end = n - i > sizeof w ? i + sizeof w : n; i < end;) {
			size_t step = sequence(p + i, n - i);
			if (!step)
				return i;
			i += step;
		}
	}
	return n;
}
