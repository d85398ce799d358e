/* fuse_plan.h: which cells of a run share a process. */
#ifndef RHO_RUN_FUSE_PLAN_H
#define RHO_RUN_FUSE_PLAN_H

#include <stddef.h>

/* n cells; those of one class (of (n): < n_classes, or SIZE_MAX: none) may share a process, up to `most` in
 * each and evenly; where there would be fewer than `least` processes, fewer share. order (n): the cells with
 * those of a process beside each other, processes by their first cell; together (n): where a process's
 * first cell stands in order, how many it has, elsewhere 0. The number of processes. */
size_t rho_fuse_plan(const size_t *of, size_t n, size_t n_classes, size_t most, size_t least,
                     size_t *order, size_t *together);

#endif
