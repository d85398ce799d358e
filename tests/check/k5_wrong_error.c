/* K5: takes a lack of memory for a wrong parameter. */
#include "base_verifier.h"

static int open_wrong(struct rho_ctx *c, void *self)
{
	return base_open(c, self) ? rho_fail(c, RHO_EINVAL, "it does not work") : 0;
}

static const struct rho_verifier table = { .size = sizeof table, .open = open_wrong, .verify = base_verify };

CHECK_PLUGIN(RHO_VERIFIER, verifier, "k5_wrong_error");
