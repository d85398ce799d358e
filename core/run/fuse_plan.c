/* fuse_plan.c: cells of a class cut into processes, as many in each as leave every processor something to do.
 */
#include <stdint.h>
#include <stdlib.h>

#include "../base/buf.h"
#include "fuse_plan.h"

struct class
{
	size_t n, seen; /* cells; of them passed over already */
	size_t process; /* of the latest */
};

static size_t parts(const struct class *c, size_t most) { return (c->n + most - 1) / most; }

static size_t processes(const struct class *class, size_t n_classes, size_t alone, size_t most)
{
	for (size_t i = 0; i < n_classes; i++)
		alone += parts(&class[i], most);
	return alone;
}

/* process (n): which one each cell is in, in order of their first cells. Their number. */
static size_t assign(const size_t *of, size_t n, struct class *class, size_t most, size_t *process)
{
	size_t next = 0;
	for (size_t i = 0; i < n; i++) {
		struct class *c = of[i] == SIZE_MAX ? NULL : &class[of[i]];
		size_t k = c ? parts(c, most) : 1, at = c ? c->seen++ : 0;
		if (!c || !at || at * k / c->n != (at - 1) * k / c->n)
			process[i] = next++;
		else
			process[i] = c->process;
		if (c)
			c->process = process[i];
	}
	return next;
}

size_t rho_fuse_plan(const size_t *of, size_t n, size_t n_classes, size_t most, size_t least, size_t *order,
                     size_t *together)
{
	struct class *class = rho_xcalloc(n_classes + 1, sizeof *class);
	size_t *process = rho_xcalloc(n + 1, sizeof *process), *at, alone = 0, total;
	for (size_t i = 0; i < n; i++)
		if (of[i] == SIZE_MAX)
			alone++;
		else
			class[of[i]].n++;
	most = most ? most : 1;
	while (most > 1 && processes(class, n_classes, alone, most) < least)
		most--;
	total = assign(of, n, class, most, process);
	at = rho_xcalloc(total + 1, sizeof *at); /* where the next cell of each goes */
	for (size_t i = 0; i < n; i++) {
		at[process[i] + 1]++;
		together[i] = 0;
	}
	for (size_t p = 0; p < total; p++) {
		size_t first = at[p];
		together[first] = at[p + 1];
		at[p + 1] += first;
	}
	for (size_t i = 0; i < n; i++)
		order[at[process[i]]++] = i;
	free(at);
	free(process);
	free(class);
	return total;
}
