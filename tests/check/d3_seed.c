/* D3: weights that change with the seed of the run. */
#include "base_dataset.h"

static int read_wrong(struct rho_ctx *c, void *self, struct rho_sink *sink)
{
	int code = base_file(c, self, "%s: cannot be opened");
	if (!code)
		code = base_declare(sink, RHO_COL_F64);
	return code ? code : base_rows(self, sink, 0, rho_unif(rho_stream(c, "weights")));
}

static const struct rho_dataset table = { .size = sizeof table, .tables = BASE_TABLES, .read = read_wrong };

CHECK_PLUGIN(RHO_DATASET, dataset, "d3_seed");
