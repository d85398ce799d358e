/* V1: does not recognise a reference that is not a number. */
#include "base_verifier.h"

static int verify_wrong(struct rho_ctx *c, void *self, const struct rho_claim *claim, size_t n,
                        struct rho_verdict *out)
{
	base_verify(c, self, claim, n, out);
	for (size_t i = 0; i < n; i++) {
		if (claim[i].reference.len && claim[i].reference.at[0] > '9') {
			out[i].ruling = RHO_WRONG;
			out[i].score = 0;
		}
	}
	return 0;
}

static const struct rho_verifier table = { .size = sizeof table, .open = base_open, .verify = verify_wrong };

CHECK_PLUGIN(RHO_VERIFIER, verifier, "v1_reference");
