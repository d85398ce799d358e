/* D1: prices that are whole numbers. */
#include "base_dataset.h"

static int read_wrong(struct rho_ctx *c, void *self, struct rho_sink *sink)
{
	int code = base_file(c, self, "%s: cannot be opened");
	if (!code)
		code = base_declare(sink, RHO_COL_I64);
	return code ? code : base_rows(self, sink, 0, 0);
}

static const struct rho_dataset table = { .size = sizeof table, .tables = BASE_TABLES, .read = read_wrong };

CHECK_PLUGIN(RHO_DATASET, dataset, "d1_type");
