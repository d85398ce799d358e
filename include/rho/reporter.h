/* rho/reporter.h: a reporter is told what is measured. It cannot change the run, and no result
 * depends on it: the core writes the raw metrics in any case. */
#pragma once
#include "host.h"

struct rho_metric { const char *name; uint64_t step; double value; };

struct rho_cell {               /* strings live as long as the instance */
	const char *experiment, *arm, *dir;     /* dir: the cell's folder, for files */
	uint64_t seed, steps;
};

struct rho_reporter {           /* open and metrics are required */
	uint32_t size;
	int  (*open)(struct rho_ctx *, void *self, const struct rho_cell *);
	/* n values; steps rise within a run, but a resumed cell repeats those since its last
	 * checkpoint: the later value stands. */
	int  (*metrics)(struct rho_ctx *, void *self, const struct rho_metric *, size_t n);
	void (*close)(struct rho_ctx *, void *self);
};
