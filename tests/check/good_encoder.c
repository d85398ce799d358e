/* Keeps every rule; the broken encoders differ from it in one place. */
#include "base_encoder.h"

static const struct rho_encoder table = { .size = sizeof table, .open = base_open, .encode = base_encode };

CHECK_PLUGIN(RHO_ENCODER, encoder, "good_encoder");
