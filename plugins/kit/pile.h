/* pile.h: many strings kept end to end, by number. */
#ifndef RHO_KIT_PILE_H
#define RHO_KIT_PILE_H

#include "text.h"

struct rho_pile {               /* zero-initialise */
	struct rho_text bytes;
	size_t *end;            /* (n): where string i ends in bytes */
	size_t n, room;
};

/* Copies s to the end; its number is the n of before. False: out of memory. */
bool rho_pile_add(struct rho_pile *, struct rho_str s);

/* String i; the view lasts until the next add. */
struct rho_str rho_pile_at(const struct rho_pile *, size_t i);

void rho_pile_free(struct rho_pile *);

#endif
