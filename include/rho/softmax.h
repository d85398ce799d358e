/* rho/softmax.h: the extension by which an agent says that its choice is a softmax of scores. */
#pragma once
#include "agent.h"

#define RHO_EXT_SOFTMAX "rho.softmax/1"

/* What rho_agent.extension(RHO_EXT_SOFTMAX) returns, for agents whose act is: candidate a with
 * probability exp(score_a / temperature) / Σ exp(score / temperature) over the decision's candidates.
 * Marginal propensities over a uniform draw of candidates follow from it, as from rho_agent.rank. */
struct rho_softmax {
	uint32_t size;
	/* score: beside cand, end to end, finite; temperature: n, at least 0, where 0 is the highest
	 * score, ties to whichever stands first. Changes nothing. 0 or an error, recorded. */
	int (*scores)(struct rho_ctx *, void *self, const struct rho_batch *, float *score,
	              double *temperature);
};
