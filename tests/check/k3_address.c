/* K3: answers with an address, which is another in every run. */
#include "base_verifier.h"

static int verify_wrong(struct rho_ctx *c, void *self, const struct rho_claim *claim, size_t n,
                        struct rho_verdict *out)
{
	const struct base *s = self;
	base_verify(c, self, claim, n, out);
	for (size_t i = 0; i < n; i++)
		snprintf(out[i].why, sizeof out[i].why, "at %p", (const void *)s->note);
	return 0;
}

static const struct rho_verifier table = { .size = sizeof table, .open = base_open, .verify = verify_wrong };

CHECK_PLUGIN(RHO_VERIFIER, verifier, "k3_address");
