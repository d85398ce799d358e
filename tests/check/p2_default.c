/* P2: a default that its own bounds refuse. */
#define OWN_PARAMS
#include "base_verifier.h"

static const struct rho_param base_params[] = {
	RHO_I64(struct base, strict, 0, 1, 1000000, "bytes of an answer that are read at most"), RHO_END
};

static const struct rho_verifier table = { .size = sizeof table, .open = base_open, .verify = base_verify };

CHECK_PLUGIN(RHO_VERIFIER, verifier, "p2_default");
