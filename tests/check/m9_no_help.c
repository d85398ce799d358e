/* M9: a parameter that nobody explains. */
#define OWN_PARAMS
#include "base_verifier.h"

static const struct rho_param base_params[] = { RHO_I64(struct base, strict, 1000, 1, 1000000, ""), RHO_END };

static const struct rho_verifier table = { .size = sizeof table, .open = base_open, .verify = base_verify };

CHECK_PLUGIN(RHO_VERIFIER, verifier, "m9_no_help");
