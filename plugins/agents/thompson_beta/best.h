/* best.h: which of several independent beta variables is the largest, with what probability. */
#ifndef THOMPSON_BETA_BEST_H
#define THOMPSON_BETA_BEST_H

#include <stddef.h>

enum { BEST_MOST = 256, BEST_ROOM = 11 };       /* most variables; numbers of workspace for each */

/* p (n) = P(variable i of Beta(a[i], b[i]) is the largest) = ∫ f_i Π_{j≠i} F_j, to about 1e-6;
 * a, b (n) > 0, room (n * BEST_ROOM). About 10 n microseconds. */
void beta_best(const double *a, const double *b, size_t n, double *room, double *p);

#endif
