/* range.h: the few directions in which the rows of a matrix mostly lie, by a randomised range finder (Halko,
 * Martinsson & Tropp 2011), and the rows in those directions. */
#ifndef RHO_KIT_RANGE_H
#define RHO_KIT_RANGE_H

#include <rho/rho.h>

/* basis (rank, d), rows orthonormal: the strongest first, as the singular vectors of rows (n, d). Where rows
 * have fewer directions than rank, the last rows of basis are 0. The matrix is read four times, a block at a
 * time; rank <= d. Draws from rng. 0 or an error, recorded. [run] */
int rho_range_find(struct rho_ctx *, const struct rho_rows *, size_t rank, struct rho_rng *rng, float *basis);

/* What actions are explored by: their own features, or these in `rank` directions. */
struct rho_range {
	size_t rank, dim;       /* rank 0: features as they are, dim numbers */
	const double *given;    /* (rank, d) the directions, found by somebody else; NULL: find them */
	const struct rho_rng *key;      /* never drawn from                  */
	float *at;              /* (n_actions, rank); NULL where rank is 0   */
	struct rho_mat mat;     /* the same as a view                        */
	const float *of;        /* the matrix they were made from            */
	size_t rows;
};

/* Checks rank and makes room. key: a stream that nothing else draws from. 0 or an error, recorded. [open] */
int rho_range_open(struct rho_ctx *, struct rho_range *, size_t n_actions, size_t dim, int64_t rank);

/* out: the rows `wanted`, rows of the matrix of `all` actions, in the range's directions; a view. These
 * are found when it is first asked, and again if the matrix is another. 0 or an error, recorded. [run] */
int rho_range_rows(struct rho_ctx *, struct rho_range *, const struct rho_rows *all,
                   const struct rho_rows *wanted, struct rho_rows *out);

#endif
