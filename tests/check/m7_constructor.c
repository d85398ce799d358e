/* M7: runs when it is loaded. */
#include "base_verifier.h"

static volatile int loaded;

static __attribute__((constructor)) void on_load(void) { loaded = 1; }

static const struct rho_verifier table = { .size = sizeof table, .open = base_open, .verify = base_verify };

CHECK_PLUGIN(RHO_VERIFIER, verifier, "m7_constructor");
