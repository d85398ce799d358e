/* text.h: a growable piece of text, for composing what goes into a column. */
#ifndef RHO_KIT_TEXT_H
#define RHO_KIT_TEXT_H

#include <rho/view.h>

/* Zero-initialise. Where memory ran out `spent` is set, and additions do nothing from then on. */
struct rho_text {
	char *at;
	size_t len, room;
	bool spent;
};

bool rho_text_add(struct rho_text *, struct rho_str);   /* false: out of memory */
bool rho_text_adds(struct rho_text *, const char *);    /* the same for a C string */

/* Room for `more` bytes behind the text, for a writer that puts them at `at + len` itself. */
bool rho_text_reserve(struct rho_text *, size_t more);  /* false: out of memory */

/* Adds `s` with `between` before it, unless either side is empty: joins only what is there. */
bool rho_text_join(struct rho_text *, const char *between, struct rho_str s);

void rho_text_clear(struct rho_text *);                 /* keeps the memory */
void rho_text_free(struct rho_text *);

static inline struct rho_str rho_text_view(const struct rho_text *t)
{
	struct rho_str s = { t->at, t->len };
	return s;
}

/* The view of a C string. */
struct rho_str rho_str_of(const char *);
bool rho_str_same(struct rho_str, struct rho_str);
bool rho_str_is(struct rho_str, const char *);
/* Below 0, 0, above 0 as a comes before, is, comes after b, byte by byte; of beginnings the shorter first. */
int rho_str_order(struct rho_str a, struct rho_str b);
/* Without white space (ASCII) at either end. */
struct rho_str rho_str_trim(struct rho_str);
/* At most `most` bytes of it, cut between characters: for quoting in messages. */
struct rho_str rho_str_head(struct rho_str, size_t most);
/* Cuts *rest at the first `sep`: gives what stands before it and leaves what follows; without
 * `sep` gives all and leaves at NULL. Once *rest is {NULL}, gives {NULL}. */
struct rho_str rho_str_cut(struct rho_str *rest, char sep);

#endif
