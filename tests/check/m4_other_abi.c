/* M4: built for an ABI this host does not speak. */
#include "base_verifier.h"

static const struct rho_verifier table = { .size = sizeof table, .open = base_open, .verify = base_verify };

RHO_EXPORT const struct rho_plugin rho_plugin = {
	.magic = RHO_MAGIC,
	.abi_major = 9,
	.abi_minor = 9,
	.size = sizeof(struct rho_plugin),
	.param_size = sizeof(struct rho_param),
	.kind = RHO_VERIFIER,
	.revision = 1,
	.name = "m4_other_abi",
	.version = "1.0.0",
	.brief = "from the future",
	.params = base_params,
	.self_size = sizeof(struct base),
	.verifier = &table,
};
