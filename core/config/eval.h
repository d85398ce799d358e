/* eval.h: when an evaluation of a cell is due. */
#ifndef RHO_CONFIG_EVAL_H
#define RHO_CONFIG_EVAL_H

#include "plan.h"

/* Whether it is to be made when `step` decisions of training are made: before the first (`first`), after
 * the batch that reaches or passes a multiple of `every`, and at the end. */
bool rho_eval_due(const struct rho_eval *, const struct rho_run *, uint64_t step);

/* How often that is the case in a cell. */
uint64_t rho_eval_times(const struct rho_eval *, const struct rho_run *);

#endif
