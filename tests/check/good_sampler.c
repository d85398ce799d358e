/* Keeps every rule; the broken samplers differ from it in one place. */
#include "base_sampler.h"

static const struct rho_sampler table = { .size = sizeof table, .open = base_open, .draw = base_draw };

CHECK_PLUGIN(RHO_SAMPLER, sampler, "good_sampler");
