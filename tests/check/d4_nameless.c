/* D4: says that a file is missing, not which. */
#include "base_dataset.h"

static int read_wrong(struct rho_ctx *c, void *self, struct rho_sink *sink)
{
	int code = base_file(c, self, "the file cannot be opened%.0s");
	if (!code)
		code = base_declare(sink, RHO_COL_F64);
	return code ? code : base_rows(self, sink, 0, 0);
}

static const struct rho_dataset table = { .size = sizeof table, .tables = BASE_TABLES, .read = read_wrong };

CHECK_PLUGIN(RHO_DATASET, dataset, "d4_nameless");
