/* M4: a verifier that cannot verify: a required slot is missing. */
#include "base_verifier.h"

static const struct rho_verifier table = { .size = sizeof table, .open = base_open };

CHECK_PLUGIN(RHO_VERIFIER, verifier, "m4_no_slot");
