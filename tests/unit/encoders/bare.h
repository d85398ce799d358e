/* bare.h: a host with nothing behind it but malloc, for testing parts of the kit that take a ctx. */
#ifndef TEST_BARE_H
#define TEST_BARE_H

#include <rho/rho.h>

struct bare {                   /* zero-initialise; bare_open */
	struct rho_ctx ctx;     /* first: a ctx is cast back */
	int code;               /* of the last rho_fail */
	char why[2000];         /* its sentence */
	char log[8000];         /* every rho_log, one a line */
	void *block[4000];
	size_t blocks;
};

/* &b->ctx serves alloc, scratch, fail, log, stop (never), progress and parallel (one range after another). */
void bare_open(struct bare *);
void bare_close(struct bare *); /* frees all that was allocated */

#endif
