/* P3: bounds the wrong way round. */
#define OWN_PARAMS
#include "base_verifier.h"

static const struct rho_param base_params[] = {
	RHO_I64(struct base, strict, 1000, 1000000, 1, "bytes of an answer that are read at most"), RHO_END
};

static const struct rho_verifier table = { .size = sizeof table, .open = base_open, .verify = base_verify };

CHECK_PLUGIN(RHO_VERIFIER, verifier, "p3_bounds");
