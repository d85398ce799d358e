/* kmeans.h: rows cut into cells by their nearest centre. */
#ifndef RHO_KIT_KMEANS_H
#define RHO_KIT_KMEANS_H

#include <rho/rho.h>

struct rho_kmeans {
	size_t cells;           /* at most; fewer where there are fewer distinct rows */
	size_t rounds;          /* of Lloyd's, at most                       */
	size_t sample;          /* rows the centres are found from           */
};

/* cell[i] (rows->n): the centre nearest row i, ties to the first. Centres are seeded by k-means++
 * (Arthur & Vassilvitskii 2007) and moved by Lloyd's rounds (1982) on a sample of the rows without
 * replacement; then all rows are assigned. Cells may end up empty. The same for any number of
 * threads. rows->n > 0, features finite. `used`: how many centres there are. 0, RHO_ENOMEM or
 * RHO_ESTOP. [run] */
int rho_kmeans(struct rho_ctx *, const struct rho_rows *, const struct rho_kmeans *, struct rho_rng *,
               uint32_t *cell, size_t *used);

/* out (n): the square of each row's length, with the bits of rho_inner. [run] */
void rho_squares(struct rho_ctx *, const struct rho_rows *, float *out);

#endif
