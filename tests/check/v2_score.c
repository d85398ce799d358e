/* V2: gives a hundred points. */
#include "base_verifier.h"

static int verify_wrong(struct rho_ctx *c, void *self, const struct rho_claim *claim, size_t n,
                        struct rho_verdict *out)
{
	base_verify(c, self, claim, n, out);
	for (size_t i = 0; i < n; i++)
		out[i].score *= 100;
	return 0;
}

static const struct rho_verifier table = { .size = sizeof table, .open = base_open, .verify = verify_wrong };

CHECK_PLUGIN(RHO_VERIFIER, verifier, "v2_score");
