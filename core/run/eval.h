/* eval.h: the evaluations of a cell ([eval.NAME]), made on second instances beside its training.
 *
 * Env, sampler and agent are opened a second time, as the training's are: what they draw while being
 * opened is the same (a simulated world, cells, axes). Then the streams of env and sampler become those
 * of (seed, kind, stream) and the evaluation's name, and the env is reset. Each evaluation starts from
 * there, with what the agent keeps copied from the training's agent: the same episodes every time, and
 * nothing that the training could notice. */
#ifndef RHO_RUN_EVAL_H
#define RHO_RUN_EVAL_H

#include "cell_impl.h"

/* Opens the evaluations of a cell whose stage is open. 0, or the kind of the role at fault (see
 * rho_stage_open) with why. */
int rho_evals_open(struct rho_play *);
void rho_evals_close(struct rho_play *);

/* Makes the evaluations that are due at c->step and were not made yet: their records go into
 * metrics.jsonl, their episodes into eval-NAME.jsonl. 0, or an error; RHO_ESTOP: the cell is asked to
 * stop, and of the evaluation under way nothing was written, so that the cell's state is what it was
 * before it. */
int rho_evals_run(struct rho_play *);

/* Opens the episode files at the lengths that the checkpoint knows of; 0, 1 or -1 as rho_out_open, and
 * then all of them are closed. */
int rho_evals_open_logs(struct rho_play *);
int rho_evals_flush(struct rho_play *, bool sync);

/* Which evaluations have been made, in a checkpoint; nothing at all where there are none. */
void rho_evals_save(const struct rho_play *, struct rho_buf *);
bool rho_evals_load(struct rho_play *, struct rho_unpack *);
void rho_evals_forget(struct rho_play *);       /* the cell starts over */

/* Opens an arm's evaluations and closes them again; `opened`: its stage. Result as rho_evals_open. */
int rho_evals_rehearse(const struct rho_cell_spec *, const struct rho_world *, struct rho_stage *opened,
                       struct rho_store *, struct rho_buf *why);

#endif
