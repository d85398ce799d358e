/* share.h: a fixed share of texts, for splits of files that bring none. */
#ifndef RHO_KIT_SHARE_H
#define RHO_KIT_SHARE_H

#include <rho/view.h>

/* A number in [0, 1) that depends on the bytes alone and is spread evenly: FNV-1a (Fowler, Noll, Vo), its bits
 * mixed as by splitmix64. Never to change: splits hang on it. */
static inline double rho_share(struct rho_str s)
{
	uint64_t h = 0xcbf29ce484222325u;
	for (size_t i = 0; i < s.len; i++)
		h = (h ^ (unsigned char)s.at[i]) * 0x100000001b3u;
	h = (h ^ h >> 30) * 0xbf58476d1ce4e5b9u;
	h = (h ^ h >> 27) * 0x94d049bb133111ebu;
	h ^= h >> 31;
	return (double)(h >> 11) * 0x1p-53;
}

#endif
