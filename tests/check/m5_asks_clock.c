/* M5: asks what time it is. */
#include <time.h>

#include "base_verifier.h"

static int open_wrong(struct rho_ctx *c, void *self)
{
	return time(NULL) == 0 ? rho_fail(c, RHO_EINVAL, "it is 1970") : base_open(c, self);
}

static const struct rho_verifier table = { .size = sizeof table, .open = open_wrong, .verify = base_verify };

CHECK_PLUGIN(RHO_VERIFIER, verifier, "m5_asks_clock");
