/* V3: takes the first claim of a batch more seriously. */
#include "base_verifier.h"

static int verify_wrong(struct rho_ctx *c, void *self, const struct rho_claim *claim, size_t n,
                        struct rho_verdict *out)
{
	base_verify(c, self, claim, n, out);
	for (size_t i = 1; i < n; i++)
		if (out[i].ruling == RHO_WRONG)
			out[i].ruling = RHO_UNDECIDED;
	return 0;
}

static const struct rho_verifier table = { .size = sizeof table, .open = base_open, .verify = verify_wrong };

CHECK_PLUGIN(RHO_VERIFIER, verifier, "v3_order");
