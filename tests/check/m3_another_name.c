/* M3: calls itself something else than its file. */
#include "base_verifier.h"

static const struct rho_verifier table = { .size = sizeof table, .open = base_open, .verify = base_verify };

CHECK_PLUGIN(RHO_VERIFIER, verifier, "somebody_else");
