/* K2: a static variable that two instances share. */
#include "base_verifier.h"

static const void *owner;

static int verify_wrong(struct rho_ctx *c, void *self, const struct rho_claim *claim, size_t n,
                        struct rho_verdict *out)
{
	base_verify(c, self, claim, n, out);
	for (size_t i = 0; i < n; i++)
		if (owner && owner != self)
			snprintf(out[i].why, sizeof out[i].why, "somebody else was here");
	owner = self;
	return 0;
}

static const struct rho_verifier table = { .size = sizeof table, .open = base_open, .verify = verify_wrong };

CHECK_PLUGIN(RHO_VERIFIER, verifier, "k2_shared");
