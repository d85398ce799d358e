/* M1: needs a function that nothing provides. */
#include "base_verifier.h"

int rho_check_nobody_has_this(void);

static int open_wrong(struct rho_ctx *c, void *self)
{
	return rho_check_nobody_has_this() ? RHO_EBUG : base_open(c, self);
}

static const struct rho_verifier table = { .size = sizeof table, .open = open_wrong, .verify = base_verify };

CHECK_PLUGIN(RHO_VERIFIER, verifier, "m1_unresolved");
