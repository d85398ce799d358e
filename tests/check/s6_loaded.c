/* S6: does not recognise its own checkpoint. */
#include "base_sampler.h"

static int loaded_wrong(struct rho_ctx *c, void *self)
{
	return rho_fail(c, RHO_EFORMAT, "this checkpoint is somebody else's");
}

static const struct rho_sampler table = {
	.size = sizeof table,
	.open = base_open,
	.draw = base_draw,
	.loaded = loaded_wrong,
};

CHECK_PLUGIN(RHO_SAMPLER, sampler, "s6_loaded");
