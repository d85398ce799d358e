/* provenance.h: provenance.json, which says what a cell was made with. */
#ifndef RHO_RUN_PROVENANCE_H
#define RHO_RUN_PROVENANCE_H

#include "stage.h"

/* Modules with path, version and SHA-256, this program, compiler, BLAS, machine, date. 0 or -1. */
int rho_provenance_write(const char *dir, const struct rho_cell_spec *, const struct rho_stage *,
                         struct rho_buf *why);

#endif
