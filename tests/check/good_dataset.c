/* Keeps every rule; the broken datasets differ from it in one place. */
#include "base_dataset.h"

static const struct rho_dataset table = { .size = sizeof table, .tables = BASE_TABLES, .read = base_read };

CHECK_PLUGIN(RHO_DATASET, dataset, "good_dataset");
