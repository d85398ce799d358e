/* measure.h: parts of rho_geometry_measure that live in a file of their own. */
#ifndef RHO_GEOMETRY_MEASURE_H
#define RHO_GEOMETRY_MEASURE_H

#include "geometry.h"

/* Fills what comes from eigenvalues, with intervals by leaving out groups drawn with `seed`. 0, or -1 with why. */
int rho_measure_spectrum(const struct rho_mat *rows, const struct rho_geometry_options *, uint64_t seed,
                         struct rho_geometry *out, struct rho_buf *why);

/* Fills the elliptical potential and the greedy eluder count. */
void rho_measure_eluder(const struct rho_mat *rows, const struct rho_geometry_options *, uint64_t group_seed,
                        uint64_t draw_seed, struct rho_geometry *out);

#endif
