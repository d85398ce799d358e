/* P4: refuses a value that its bounds allow and does not say why. */
#include "base_verifier.h"

static int open_wrong(struct rho_ctx *c, void *self)
{
	return ((struct base *)self)->strict == 1000000 ? RHO_EINVAL : base_open(c, self);
}

static const struct rho_verifier table = { .size = sizeof table, .open = open_wrong, .verify = base_verify };

CHECK_PLUGIN(RHO_VERIFIER, verifier, "p4_silent");
