/* sumtree.h: numbers that are drawn in proportion to their size, changed and drawn in O(log n), in a kept array. */
#ifndef RHO_KIT_RL_SUMTREE_H
#define RHO_KIT_RL_SUMTREE_H

#include <rho/rho.h>

/* Node i is the sum of nodes 2i and 2i + 1, always added anew, so that no rounding piles up; leaf j is node
 * leaves + j. */
struct rho_sumtree {
	size_t n, leaves;       /* leaves: a power of two, at least n        */
	double *node;           /* (2 * leaves) kept                         */
};

/* n numbers, all 0, in the kept array `name`. 0 or an error, recorded. [open] */
int rho_sumtree_open(struct rho_ctx *, struct rho_sumtree *, const char *name, size_t n);

/* A checkpoint is back: refuses numbers below 0 or not finite and sums that are not their parts'. */
int rho_sumtree_loaded(struct rho_ctx *, const struct rho_sumtree *);

/* Number j becomes v, finite and at least 0. */
void rho_sumtree_set(struct rho_sumtree *, size_t j, double v);

static inline double rho_sumtree_get(const struct rho_sumtree *t, size_t j)
{ return t->node[t->leaves + j]; }

static inline double rho_sumtree_total(const struct rho_sumtree *t)
{ return t->node[1]; }

/* The first j whose running sum, its own number included, is above `at`, 0 <= at < total: j with probability its
 * number / total for `at` uniform. Never one whose number is 0; total above 0. */
size_t rho_sumtree_find(const struct rho_sumtree *, double at);

#endif
