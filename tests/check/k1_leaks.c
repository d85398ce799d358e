/* K1: what open takes, nobody gives back. */
#include <stdlib.h>

#include "base_verifier.h"

static char *volatile lost;

static int open_wrong(struct rho_ctx *c, void *self)
{
	int code = base_open(c, self);
	if (!code)
		lost = malloc(100);
	return code;
}

static const struct rho_verifier table = { .size = sizeof table, .open = open_wrong, .verify = base_verify };

CHECK_PLUGIN(RHO_VERIFIER, verifier, "k1_leaks");
