/* K4: remembers in the thread that it was opened. */
#include "base_verifier.h"

static _Thread_local bool opened;

static int open_wrong(struct rho_ctx *c, void *self)
{
	opened = true;
	return base_open(c, self);
}

static int verify_wrong(struct rho_ctx *c, void *self, const struct rho_claim *claim, size_t n,
                        struct rho_verdict *out)
{
	base_verify(c, self, claim, n, out);
	for (size_t i = 0; i < n && !opened; i++)
		out[i].ruling = RHO_UNDECIDED;
	return 0;
}

static const struct rho_verifier table = { .size = sizeof table, .open = open_wrong, .verify = verify_wrong };

CHECK_PLUGIN(RHO_VERIFIER, verifier, "k4_thread_local");
