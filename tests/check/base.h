/* base.h: what the plugins of this folder share: how each names itself. */
#pragma once
#include <rho/rho.h>

/* The module's constant, around `table`, `base_params` and `struct base`. */
#define CHECK_PLUGIN(kind_, member, name_)                                                                   \
	RHO_EXPORT const struct rho_plugin rho_plugin = {                                                    \
		RHO_PLUGIN(kind_),                                                                           \
		.name = (name_),                                                                             \
		.version = "1.0.0",                                                                          \
		.revision = 1,                                                                               \
		.brief = "a plugin that the conformance kit is tried on",                                    \
		.params = base_params,                                                                       \
		.self_size = sizeof(struct base),                                                            \
		.member = &table                                                                             \
	}
