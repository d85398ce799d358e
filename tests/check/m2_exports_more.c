/* M2: a helper that is neither static nor hidden. */
#include "base_verifier.h"

RHO_EXPORT int m2_helper(void);
int m2_helper(void) { return 0; }

static const struct rho_verifier table = { .size = sizeof table, .open = base_open, .verify = base_verify };

CHECK_PLUGIN(RHO_VERIFIER, verifier, "m2_exports_more");
