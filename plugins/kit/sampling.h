/* sampling.h: what samplers share: what they refuse, legal lists, k of n places, and searching. */
#ifndef RHO_KIT_SAMPLING_H
#define RHO_KIT_SAMPLING_H

#include <rho/rho.h>

/* Refuses a k above the number of actions or below the slate. 0 or an error, recorded. [open] */
int rho_sampling_k(struct rho_ctx *, size_t k, const struct rho_sampler_spec *);

/* Refuses actions without features, and numbers among them that are not finite, by their row. One
 * pass over the matrix. 0 or an error, recorded. [open] */
int rho_sampling_features(struct rho_ctx *, const struct rho_sampler_spec *);

/* ---- legal lists ---- */

struct rho_legal {              /* the legal actions of one decision, as places 0 .. n - 1 */
	const uint32_t *id;     /* NULL: place j is id j                     */
	size_t n;
};

static inline struct rho_legal rho_legal(const struct rho_ask *ask, size_t i)
{
	if (!ask->legal_off)
		return (struct rho_legal){ NULL, ask->actions.n };
	return (struct rho_legal){ ask->legal + ask->legal_off[i], ask->legal_off[i + 1] - ask->legal_off[i] };
}

static inline uint32_t rho_legal_id(const struct rho_legal *l, size_t place)
{ return l->id ? l->id[place] : (uint32_t)place; }

/* ---- k of n places ---- */

struct rho_subset {             /* workspace; of no consequence for what is drawn */
	uint32_t slots;         /* a power of two, at least 4 most           */
	uint32_t *table;        /* (slots, 2): place, what stands there now; place 0: free */
};

/* Room for draws of up to `most` places. 0 or RHO_ENOMEM. [open] */
int rho_subset_open(struct rho_ctx *, struct rho_subset *, size_t most);

/* out (k): k of the places 0 .. n - 1 without replacement, each set and each order as likely as any
 * other; k <= n, k <= most. O(k) time whatever n is (Fisher & Yates 1938). */
void rho_subset_draw(struct rho_subset *, struct rho_rng *, uint32_t n, uint32_t k, uint32_t *out);

/* ---- searching ---- */

enum rho_query_from { RHO_QUERY_AGENT, RHO_QUERY_CONTEXT };
extern const char *const rho_query_names[];     /* for RHO_CHOICE */

#define RHO_QUERY_PARAM(T) \
	RHO_CHOICE(T, query, RHO_QUERY_AGENT, rho_query_names, "what is searched for: what the agent" \
		" looks for at the time, or the context's own vector, where it is as long as an action's")

/* Checks that there are such queries, and asks for the agent's in `info`. 0 or an error. [open] */
int rho_query_open(struct rho_ctx *, int from, const struct rho_sampler_spec *, struct rho_sampler_info *);

/* The queries (ask->n, dim) of an ask. */
static inline struct rho_rows rho_query_rows(int from, const struct rho_ask *ask)
{ return from == RHO_QUERY_AGENT ? ask->query : ask->x; }

/* id (ask->n, k): each decision's legal actions of largest inner product with its query, best first,
 * ties to the lower id; UINT32_MAX behind the last (fewer are legal, or a product is NaN). One pass over
 * the actions for all decisions without legal lists, one over the legal ones for each with. 0 or an
 * error. [run] */
int rho_search(struct rho_ctx *, const struct rho_rows *query, const struct rho_ask *, size_t k,
               uint32_t *id);

/* How many of id (k) there are. */
static inline size_t rho_search_found(const uint32_t *id, size_t k)
{
	size_t n = 0;
	while (n < k && id[n] != UINT32_MAX)
		n++;
	return n;
}

/* The error of a decision for which too few products are numbers. */
int rho_search_short(struct rho_ctx *, size_t found, size_t least);

#endif
