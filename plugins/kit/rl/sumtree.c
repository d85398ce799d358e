/* A binary tree of sums over a kept array. */
#include <math.h>

#include "sumtree.h"

int rho_sumtree_open(struct rho_ctx *c, struct rho_sumtree *t, const char *name, size_t n)
{
	*t = (struct rho_sumtree){ .n = n, .leaves = 1 };
	if (n > UINT32_MAX)
		return rho_fail(c, RHO_EINVAL, "%zu priorities are too many; %u are possible", n, UINT32_MAX);
	while (t->leaves < n)
		t->leaves *= 2;
	t->node = rho_keep_f64(c, name, 2, t->leaves);
	return t->node ? 0 : RHO_ENOMEM;
}

int rho_sumtree_loaded(struct rho_ctx *c, const struct rho_sumtree *t)
{
	for (size_t i = 1; i < 2 * t->leaves; i++) {
		double v = t->node[i];
		if (!(v >= 0) || isinf(v) || (i < t->leaves && v != t->node[2 * i] + t->node[2 * i + 1]) ||
		    (i >= t->leaves + t->n && v != 0))
			return rho_fail(c, RHO_EFORMAT, "the checkpoint's sums of priorities are not those of their"
			                " parts (node %zu: %g)", i, v);
	}
	return 0;
}

void rho_sumtree_set(struct rho_sumtree *t, size_t j, double v)
{
	size_t i = t->leaves + j;
	for (t->node[i] = v; i > 1; i /= 2)
		t->node[i / 2] = t->node[i & ~(size_t)1] + t->node[i | 1];
}

size_t rho_sumtree_find(const struct rho_sumtree *t, double at)
{
	size_t i = 1;
	while (i < t->leaves) {
		double left = t->node[i *= 2];
		/* What rounding leaves over the total goes to the last that has anything. */
		if (at >= left && t->node[i + 1] > 0) {
			at -= left;
			i++;
		}
	}
	return i - t->leaves;
}
