/* pairing.h: whether the plugins of an arm fit together, as far as their flags tell. */
#ifndef RHO_CONFIG_PAIRING_H
#define RHO_CONFIG_PAIRING_H

#include "experiment.h"

/* Tells every pair of plugins that cannot work together, once, and warns of what cannot matter. */
void rho_pairing_check(const struct rho_experiment *, const struct rho_arm *arms, size_t n,
                       struct rho_diags *);

#endif
