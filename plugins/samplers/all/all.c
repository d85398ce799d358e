/* All: every legal action is a candidate. The host hands agents the whole list; nothing is drawn. */
#include <rho/rho.h>

static int all_open(struct rho_ctx *c, void *self, const struct rho_sampler_spec *spec,
                    struct rho_sampler_info *info)
{
	if (spec->n_actions < spec->slate)
		return rho_fail(c, RHO_EINVAL, "the environment wants %zu actions a decision and there are"
		                " only %zu; make the slate smaller", spec->slate, spec->n_actions);
	info->max_k = 0;
	info->law = RHO_LAW_ALL;
	return 0;
}

static const struct rho_sampler all_sampler = { .size = sizeof all_sampler, .open = all_open };

RHO_EXPORT const struct rho_plugin rho_plugin = {
	RHO_PLUGIN(RHO_SAMPLER), .name = "all", .version = "1.0.0", .revision = 1,
	.brief = "every legal action, always", .sampler = &all_sampler,
};
