/* relevance.h: which actions a context is linked to, and how strongly: the links table as one sorted row a context. */
#ifndef RHO_KIT_RELEVANCE_H
#define RHO_KIT_RELEVANCE_H

#include <rho/rho.h>

struct rho_link { uint32_t action; float weight; };

struct rho_relevance_how {
	/* Only contexts and links whose label in the column of that name is this; "": all. A filter looks at
	 * the column in contexts and in links, as far as they have it. */
	const char *group, *split;
	bool sum;               /* weights of a pair that is linked more than once are added up; else the
	                         * largest counts */
	const int64_t *missing; /* (contexts) contexts where it is above 0 are taken in without a link, too;
	                         * NULL: none */
};

struct rho_relevance {
	size_t n, n_actions;    /* contexts that are posed; actions in the table */
	size_t left_out;        /* contexts that pass the filters, and have no link that does */
	uint32_t *row;          /* (n) of the contexts table, rising */
	uint64_t *off;          /* (n + 1) into link */
	struct rho_link *link;  /* sorted by action within a context, none twice */
};

/* Builds the contexts that are posed with their links, in O(links), in memory of the instance; logs how many
 * there are. Refuses labels that no row has, weights that are no numbers or beyond 1e30, and a result without
 * contexts. 0 or an error, recorded. [open] */
int rho_relevance_open(struct rho_ctx *, struct rho_relevance *, const struct rho_data *,
                       const struct rho_relevance_how *);

/* The link to an action among n that are sorted by action, none twice, or NULL: a binary search. */
static inline const struct rho_link *rho_link_find(const struct rho_link *at, size_t n, uint32_t action)
{
	if (!n)
		return NULL;
	while (n > 1) {
		size_t half = n / 2;
		at += at[half].action <= action ? half : 0;
		n -= half;
	}
	return at->action == action ? at : NULL;
}

/* The same from posed context i. */
static inline const struct rho_link *rho_relevance_find(const struct rho_relevance *m, size_t i, uint32_t action)
{
	return rho_link_find(m->link + m->off[i], (size_t)(m->off[i + 1] - m->off[i]), action);
}

#endif
