/* progress.h: how far a run is: a bar on a terminal, a plain line now and then elsewhere. */
#ifndef RHO_RUN_PROGRESS_H
#define RHO_RUN_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rho_progress {
	bool quiet, terminal;
	bool drawn;           /* a bar stands on the terminal's last line */
	double last;          /* when something was last shown */
	double rate_at, rate; /* decisions or rows a second, smoothed; when it was last looked at */
	uint64_t rate_made;
	double step_at, step_from, step_done; /* of a step: when it was first seen, how far it was, and is */
};

void rho_progress_init(struct rho_progress *, bool quiet);

/* Cells ended of those there are; decisions made by this run, and those still to be made. */
void rho_progress_cells(struct rho_progress *, size_t ended, size_t cells, uint64_t made, uint64_t left);

/* A long step before the cells: "encoding with NAME", 0 .. 1, with the time left. What goes back is another
 * step. */
void rho_progress_step(struct rho_progress *, const char *what, double done);

/* A step whose rows can be counted: rows done of those there are, with a rate and the time left. */
void rho_progress_rows(struct rho_progress *, const char *what, uint64_t done, uint64_t rows);

/* A line that stays, printed in place of the bar. */
void rho_progress_say(struct rho_progress *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void rho_progress_clear(struct rho_progress *);

#endif
