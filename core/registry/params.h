/* params.h: a plugin's parameter table against what the user wrote. */
#ifndef RHO_REGISTRY_PARAMS_H
#define RHO_REGISTRY_PARAMS_H

#include "../config/toml.h"
#include "../geometry/transform.h"
#include "module.h"

/* Checks a table such as [agent] against the module's parameters: unknown keys (with the nearest
 * name), types, bounds, choices, required ones, parts (recursively, through the registry). The
 * key `use` is skipped. `role` is what messages call the table: "agent", "arms.agent.greedy".
 * Paths are resolved against the folder of the file each stands in. All mistakes go to diags;
 * returns their number. `table` may be NULL (all defaults). */
size_t rho_params_check(struct rho_registry *, const struct rho_module *, const char *role,
                        const struct rho_toml *table, struct rho_diags *);

/* Appends "use = …" and every parameter with its resolved value (defaults included, paths
 * absolute) as TOML lines in table order: the same text means the same plugin instance.
 * `identity`: leave RHO_SPEED ones out. The table must have passed the check. */
void rho_params_canonical(struct rho_registry *, const struct rho_module *,
                          const struct rho_toml *table, bool identity, struct rho_buf *out);

/* What every encoder's table can hold besides the plugin's own parameters: `transform`, a list of the steps
 * of geometry/transform.h. It is checked, made canonical and shown like any other, but no plugin sees it, an
 * empty one is left out of identities, and an encoder that is a part of another plugin has none. */

/* The steps in an encoder's table (checked; NULL: all defaults); NULL where there are none. The caller's. */
struct rho_transform *rho_params_transform(const struct rho_toml *table);

/* A copy of an encoder's table without `transform`: what its vectors themselves depend on. The caller's. */
struct rho_toml *rho_params_untransformed(const struct rho_toml *table);

/* The manual of a module as `rho plugin show` prints it. */
void rho_params_manual(const struct rho_module *, struct rho_buf *out);

#endif
