/* cell.h: one cell, run in this process from its folder to its end. */
#ifndef RHO_RUN_CELL_H
#define RHO_RUN_CELL_H

#include <stdio.h>

#include "../store/results.h"
#include "fuse.h"
#include "stage.h"

/* What a cell's process shares with the one that started it: a page of memory. Counters are
 * written with relaxed atomics. */
struct rho_cell_page {
	struct rho_last_call call; /* whom to blame for a crash */
	uint64_t from, done;       /* decisions made before this process, and by now */
	uint64_t checkpoint;       /* decisions at the latest checkpoint */
	double progress;           /* of the call under way, 0 .. 1 */
	uint32_t holds;            /* of cells that share a process: it is this one's turn */
	uint32_t state;            /* enum rho_cell_state it ended in; MISSING: not yet */
	/* Rehearsed: bytes of the action matrix that every decision chooses from the whole of, and that other
	 * cells with the same dataset, encoder, sampler and env share; 0: there is none. */
	uint64_t scanned;
	char why[512];             /* why it failed, for when the disk is too full to hold it */
};

struct rho_cell_options {
	const char *dir; /* the cell's folder */
	struct rho_store *store;
	struct rho_registry *registry;
	struct rho_cell_page *page; /* never NULL */
	volatile int *stopping;     /* enum rho_stopping, set by signal handlers. A deadline's SIGALRM comes
	                             * from a timer whose value (si_value) is this pointer */
	int log_level;
	FILE *log;                 /* what it says; NULL: stderr */
	/* With other cells in this process: whose turn it is, this cell's seat, and what they share (see
	 * rho_stage_open). NULL: it is alone. */
	struct rho_fuse *fuse;
	size_t seat;
	struct rho_stage *shared;
};

enum rho_stopping { RHO_GO_ON, RHO_STOP_ASKED, RHO_STOP_DEADLINE };

/* Runs the cell from its checkpoint, or its beginning, until it is done, fails or is asked to
 * stop; writes its files and its status. The state it ends in; `why` has the sentence of a failure. */
uint32_t rho_cell_run(const struct rho_cell_spec *, const struct rho_cell_options *, struct rho_buf *why);

#endif
