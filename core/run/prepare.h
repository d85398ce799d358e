/* prepare.h: what is done once before any cell: tables and embeddings stored, every arm opened. */
#ifndef RHO_RUN_PREPARE_H
#define RHO_RUN_PREPARE_H

#include <signal.h>
#include "../config/plan.h"
#include "progress.h"

struct rho_preparation {
	struct rho_registry *registry;
	const struct rho_plan *plan;
	const bool *needed; /* (n_arms) arms with cells to run */
	const char *store_dir;
	bool actions_only;      /* of embeddings: those of actions */
	unsigned threads;       /* for computing what the store lacks */
	const sigset_t *before; /* see rho_signals_hold */
	struct rho_progress *progress;
	uint64_t *scanned; /* (n_arms) for the rehearsal to fill: see rho_cell_page */
	struct rho_diags *diags; /* every mistake, at the place of the role at fault */
};

/* Puts the tables of every distinct dataset and the embeddings of every distinct encoder × dataset
 * into the store. Each in a child process: a plugin that crashes is a mistake with a place. Returns
 * the number of mistakes, or -1 with why when the store itself cannot be used. */
int rho_prepare_store(const struct rho_preparation *, struct rho_buf *why);

/* Opens env, sampler and agent of every arm, in a child process, and draws nothing. */
int rho_prepare_rehearse(const struct rho_preparation *, struct rho_buf *why);

#endif
