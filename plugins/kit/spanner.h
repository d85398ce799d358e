/* spanner.h: barycentric spanners (Awerbuch & Kleinberg 2008): few vectors of a set such that every vector of
 * the set is a combination of them in which no coefficient exceeds C. */
#ifndef RHO_KIT_SPANNER_H
#define RHO_KIT_SPANNER_H

#include <rho/rho.h>

/* rank: the name of the field, whose text follows in `help`. */
#define RHO_SPANNER_PARAMS(T, rank, help) \
	RHO_I64(T, rank, 0, 0, 4096, help), \
	RHO_F64(T, c, 2, 1.05, 1e6, "no action needs a coefficient above this one in the spanner")

/* The vectors: place j of the set is weight[j] times (row j of rows, 1), or (row j) alone. */
struct rho_span_set {
	struct rho_rows rows;
	const float *weight;    /* (rows.n) above 0; NULL: all 1               */
	bool bias;              /* whether there is a 1 behind a row         */
};

struct rho_span_kernels;

/* A spanner and room to find others. Slot i holds a member, or stands for unit vector i where the set
 * has nothing in that direction beyond the rounding of its float32 numbers. */
struct rho_spanner {
	size_t dim;             /* of a vector: the rows' columns, and 1 where there is a bias */
	size_t most;            /* vectors in a set                          */
	size_t size;            /* members: the rank of the set              */
	uint32_t *slot;         /* (dim) places in the set; UINT32_MAX: none */
	double *inverse;        /* (dim, dim) row i, times an unweighted vector: its coefficient of slot i */
	uint64_t passes;        /* over the set, so far: what finding spanners costs */
	uint64_t swaps;
	/* Where the set is small: the coefficients themselves, unweighted, of all its vectors. */
	float *table;           /* (dim, stride) row j belongs to the j-th member; NULL: too many */
	size_t stride;
	const struct rho_span_kernels *kernels;
	float *weight, *part;   /* (stride) */
	double *work;           /* (dim, 2 dim) */
	double *vector;         /* (3, dim) */
	float *query;           /* (dim, dim) */
	float *product;         /* (dim, a tile) */
	float *best;            /* (dim) */
	uint32_t *place;        /* (dim) */
};

/* Room for spanners of sets of up to `most` vectors of `dim` numbers. 0 or RHO_ENOMEM. [open] */
int rho_spanner_open(struct rho_ctx *, struct rho_spanner *, size_t dim, size_t most);

/* slot and size: a C-approximate spanner of the set, from nothing: each slot takes the vector that
 * raises |det| most, then vectors are swapped while one raises it by more than c. Of equal vectors only
 * the first is ever chosen. Deterministic. 0, or RHO_ESTOP, recorded. [run] */
int rho_spanner_find(struct rho_ctx *, struct rho_spanner *, const struct rho_span_set *, double c);

/* inverse and table for the members in slot, which are given: a function of slot and the set alone.
 * Weights are not looked at. False: the members are not independent. [run] */
bool rho_spanner_settle(struct rho_ctx *, struct rho_spanner *, const struct rho_span_set *);

/* The spanner of the same vectors with other weights into s, starting from the members of `from`, which
 * rho_spanner_settle has settled and which has the same dim and most: a few passes rather than dim. 0, or
 * RHO_ESTOP, recorded. [run] */
int rho_spanner_reweigh(struct rho_ctx *, struct rho_spanner *s, const struct rho_spanner *from,
                        const struct rho_span_set *, double c);

/* The members' places into out (dim) in the order of their slots; gives how many. */
size_t rho_spanner_members(const struct rho_spanner *, uint32_t *out);

/* out (dim): which place of the set is best for each slot, by the absolute coefficient, and that
 * coefficient, weighted; for the slots of `inverse`. One pass. 0, or RHO_ESTOP, recorded. [run] */
int rho_spanner_scan(struct rho_ctx *, struct rho_spanner *, const struct rho_span_set *, float *best,
                     uint32_t *place);

#endif
