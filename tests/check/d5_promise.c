/* D5: promises a log and has none. */
#include "base_dataset.h"

static const struct rho_dataset table = {
	.size = sizeof table,
	.tables = BASE_TABLES | 1u << RHO_LOG,
	.read = base_read,
};

CHECK_PLUGIN(RHO_DATASET, dataset, "d5_promise");
