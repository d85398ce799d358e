/* K6: writes one verdict more than there are claims. */
#include "base_verifier.h"

static int verify_wrong(struct rho_ctx *c, void *self, const struct rho_claim *claim, size_t n,
                        struct rho_verdict *out)
{
	out[n].ruling = RHO_UNDECIDED;
	return base_verify(c, self, claim, n, out);
}

static const struct rho_verifier table = { .size = sizeof table, .open = base_open, .verify = verify_wrong };

CHECK_PLUGIN(RHO_VERIFIER, verifier, "k6_overrun");
