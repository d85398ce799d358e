/* spanned.h: the spanner of a decision's candidates, for agents that explore over it. */
#ifndef RHO_KIT_SPANNED_H
#define RHO_KIT_SPANNED_H

#include "linear.h"
#include "range.h"
#include "spanner.h"

#define RHO_SPANNED_PARAMS(T) \
	RHO_SPANNER_PARAMS(T, span_rank, "directions the spanner spans: so many of the actions' strongest," \
		" found by a randomised range finder; 0: all, or with bilinear features those it learns on")

/* Estimates in any context are linear in the action's features (with a 1 behind them where the features are
 * side by side with the context's), and linear maps keep coefficients: a spanner of the actions' features is
 * one of φ(x, ·) for every x. So over all actions one is found once and holds as long as they do. */
struct rho_spanned {
	struct rho_range range;
	struct rho_spanner all;         /* of all actions; settled for the matrix `of` */
	struct rho_spanner some;        /* of a decision's candidates, or with its weights */
	const float *of;
	double c;
	bool bias;
	uint32_t *slot;         /* (1, dim) kept where asked for: what `all` starts from; all 0: nothing */
};

/* Makes room for sets of up to spec->max_cand candidates of an open model. keep: the spanner over all
 * actions may be changed by rho_spanned_move, so it is kept, as "spanner". 0 or an error, recorded. [open] */
int rho_spanned_open(struct rho_ctx *, struct rho_spanned *, const struct rho_spec *,
                     const struct rho_linear *, int64_t rank, double c, bool keep);

/* After a checkpoint was read back. */
void rho_spanned_loaded(struct rho_spanned *);

/* place (dim), *n: the members among decision i's candidates, as places in their list. weight (candidates,
 * above 0): how long each is to be taken; NULL: all alike. 0 or an error, recorded. [run] */
int rho_spanned_members(struct rho_ctx *, struct rho_spanned *, const struct rho_batch *, size_t i,
                        const float *weight, uint32_t *place, size_t *n);

/* Weighted spanners over all actions start from this decision's from now on, which leaves fewer swaps for
 * later ones. For batches over all actions; needs `keep`. 0 or an error, recorded. [run] */
int rho_spanned_move(struct rho_ctx *, struct rho_spanned *, const struct rho_batch *, size_t i,
                     const float *weight);

#endif
