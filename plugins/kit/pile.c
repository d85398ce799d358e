/* pile.c: strings end to end; two growing arrays, nothing allocated per string. */
#include "pile.h"

#include <stdlib.h>
#include <string.h>

bool rho_pile_add(struct rho_pile *p, struct rho_str s)
{
	if (p->n == p->room) {
		size_t room = p->room ? p->room + p->room / 2 : 64;
		size_t *end = realloc(p->end, room * sizeof(*end));
		if (!end)
			return false;
		p->end = end;
		p->room = room;
	}
	if (!rho_text_add(&p->bytes, s))
		return false;
	p->end[p->n++] = p->bytes.len;
	return true;
}

struct rho_str rho_pile_at(const struct rho_pile *p, size_t i)
{
	size_t from = i ? p->end[i - 1] : 0;
	struct rho_str s = { "", p->end[i] - from };
	if (s.len)
		s.at = p->bytes.at + from;
	return s;
}

void rho_pile_free(struct rho_pile *p)
{
	rho_text_free(&p->bytes);
	free(p->end);
	memset(p, 0, sizeof(*p));
}
