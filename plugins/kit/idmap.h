/* idmap.h: from names to dense numbers: what turns a file's sparse ids into rows. */
#ifndef RHO_KIT_IDMAP_H
#define RHO_KIT_IDMAP_H

#include "pile.h"

#define RHO_NO_ID UINT32_MAX

struct rho_idmap {              /* zero-initialise */
	struct rho_pile names;  /* name of each number */
	uint32_t *slot;         /* (n_slots): open addressing, number + 1; 0: free */
	size_t n_slots;
};

/* The number of `name`; a new name gets the next one, and *fresh (NULL: not wanted) is set.
 * RHO_NO_ID: out of memory. */
uint32_t rho_idmap_add(struct rho_idmap *, struct rho_str name, bool *fresh);

/* The number of `name`, or RHO_NO_ID when it was never added. */
uint32_t rho_idmap_find(const struct rho_idmap *, struct rho_str name);

static inline size_t rho_idmap_n(const struct rho_idmap *m) { return m->names.n; }

void rho_idmap_free(struct rho_idmap *);

#endif
