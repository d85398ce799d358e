/* dpp.h: the k-determinantal point process on rows of features: P(S) = det(L_S) / e_k(L), L = B Bᵀ, for
 * every S of k rows of B (Kulesza & Taskar, ICML 2011; "Determinantal point processes for machine
 * learning", 2012, sections 3.3 and 5.2). */
#ifndef RHO_KDPP_DPP_H
#define RHO_KDPP_DPP_H

#include "kit/sampling.h"

struct dpp {
	size_t n, k;            /* rows; candidates: at most what was asked for and the rank */
	size_t rank;            /* eigenvalues above 1e-12 of the largest    */
	size_t dim;             /* of an eigenvector: n, or the features'    */
	bool dual;              /* eigenvectors of BᵀB, as there are more rows than features; else of L */
	double *value;          /* (rank) of L */
	double *vector;         /* (rank, dim) unit eigenvectors, dual ones over the root of their value */
	double *head, *tail;    /* (rank + 1, k + 1) logarithms of the elementary symmetric polynomials of
	                         * degree 0 .. k of the first j values, and of those from the j-th on */
};


/* Diagonalises L of the rows, finite and not empty, for sets of at most k. room: rho_alloc while opening,
 * else rho_scratch. O(n m² + m³) time for m = min(n, features). 0 or an error, recorded. [run] */
int dpp_make(struct rho_ctx *, struct dpp *, const struct rho_rows *, size_t k, 
             void *(*room)(struct rho_ctx *, size_t n, size_t size));

/* incl (n): P(row i is in S). O(n rank) inner products. 0 or RHO_ENOMEM. [run] */
int dpp_inclusion(struct rho_ctx *, const struct dpp *, const struct rho_rows *, float *incl);

/* place (k): the rows of one S, every order as likely. O(n k) inner products and O(n k²). 0 or
 * RHO_ENOMEM. [run] */
int dpp_draw(struct rho_ctx *, const struct dpp *, const struct rho_rows *, struct rho_rng *,
             uint32_t *place);

#endif
