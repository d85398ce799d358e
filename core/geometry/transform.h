/* transform.h: what may be done to an encoder's vectors before anybody sees them: the dial from anisotropic to
 * uniform. Fitted on the actions' vectors (n, d), applied to theirs and to the contexts'. */
#ifndef RHO_GEOMETRY_TRANSFORM_H
#define RHO_GEOMETRY_TRANSFORM_H

#include <rho/view.h>
#include "../base/buf.h"

/* Steps, in the order given:
 *   centre              subtracts the mean row
 *   all-but-the-top[:D] centres, removes the D (3) first principal directions (Mu & Viswanath, ICLR 2018)
 *   whiten[:EPS]        centres, rotates to principal axes, divides each by sqrt(variance + EPS * largest) (1e-6)
 *   pca:D               centres, rotates to principal axes, keeps the D first
 *   unit                divides each row by its length; zeros stay
 *   cone:A              adds A times the direction of the mean row to each: the opposite of a remedy, for
 *                       studying what anisotropy does (rows whose mean is 0 stay)
 * Where the encoder's rows have length 1, `unit` is done at the end whether it is asked for or not. */
struct rho_transform;

/* NULL with why: an unknown step and the nearest right name, a number that is missing or out of bounds. n 0: fine,
 * rows pass unchanged. */
struct rho_transform *rho_transform_parse(const char *const *step, size_t n, struct rho_buf *why);
void rho_transform_free(struct rho_transform *);

/* The canonical text of the steps, numbers written out: part of an embedding's key. */
void rho_transform_text(const struct rho_transform *, struct rho_buf *out);

/* Learns each step's numbers from the rows (float64 sums in a fixed order; the same bits for any `threads`; signs of
 * principal directions fixed). 0 or -1 with why: more components than dimensions or rows, rows not finite. */
int rho_transform_fit(struct rho_transform *, const struct rho_mat *rows, bool unit_norm, unsigned threads,
                      struct rho_buf *why);
size_t rho_transform_dim(const struct rho_transform *);         /* columns after it; fitted */

/* out (rows, stride >= dim). Row by row: a row's result depends on it alone. */
void rho_transform_apply(const struct rho_transform *, const struct rho_mat *rows, float *out, size_t stride,
                         unsigned threads);

#endif
