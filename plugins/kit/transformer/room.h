/* room.h: laying out working memory: the same function counts the bytes and, given them, hands out the
 * parts. */
#ifndef RHO_KIT_ROOM_H
#define RHO_KIT_ROOM_H

#include <stddef.h>

/* Gives the next `bytes` of the memory at `at` (64-byte aligned; NULL: only counts) and adds them, rounded up
 * to a multiple of 64, to *total, which stands for what has been handed out so far. */
static inline void *rho_carve(void *at, size_t *total, size_t bytes)
{
	void *here = at ? (char *)at + *total : NULL;
	*total += (bytes + 63) / 64 * 64;
	return here;
}

#endif
