/* ranks.h: sums over one row's sorted distances, weighted by rank, for several curves of weights at once and, where
 * the row is long, without sorting it. */
#ifndef RHO_GEOMETRY_RANKS_H
#define RHO_GEOMETRY_RANKS_H

#include <stdbool.h>
#include <stddef.h>

#include "chunks.h"

/* The weights of coverage.c for `others` distances: w_j(k) = C(n-j, k-1) / C(n, k), n = others. What is left after c
 * of them is T_k(c) = C(n-c, k) / C(n, k). */
struct rho_rank_sums;

struct rho_rank_sums *rho_rank_sums_new(size_t others, const size_t *k, size_t n_k);
void rho_rank_sums_free(struct rho_rank_sums *);

/* A row's sum is head[k] + <moments, column k of coefficients>: moments (rho_rank_sums_moments(), 0 where rows are
 * always sorted) are linear in the row, so that one product of matrices serves a block of rows. */
size_t rho_rank_sums_moments(const struct rho_rank_sums *);
const double *rho_rank_sums_coefficients(const struct rho_rank_sums *);        /* (moments, n_k) */

/* T_k(c) for c = 0 .. others, each `stride` after the last. */
void rho_rank_sums_left(size_t others, size_t k, double *out, size_t stride);

struct rho_rank_sums_scratch;       /* what one thread needs; not shared */
struct rho_rank_sums_scratch *rho_rank_sums_scratch(const struct rho_rank_sums *);
void rho_rank_sums_scratch_free(struct rho_rank_sums_scratch *);

/* One row: `cosine` (others), distance 1 - cosine, none below 0. `known`: its chunks (chunks.h), or NULL; a top may be
 * too great and a least too small, which costs time. moments as above (written whole), head (n_k). Returns how far any
 * of the sums can be off, absolute: 0 for a row that was sorted. */
double rho_rank_sums_row(const struct rho_rank_sums *, struct rho_rank_sums_scratch *, const float *cosine,
                         const struct rho_chunks *known, double *moments, double *head);

/* The sums over distances (n) in rising order, in float64; weights end where 1e-25 is left: out (n_k). */
void rho_rank_sums_sorted(const double *distance, size_t n, const size_t *k, size_t n_k, double *out);

#endif
