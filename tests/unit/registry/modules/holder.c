/* holder.c: a reporter that holds an encoder as a part. */
#include <rho/rho.h>

struct holder {
	struct rho_part inner;
};

static const struct rho_param params[] = {
	RHO_PART(struct holder, inner, RHO_ENCODER, "what it encodes with"), RHO_END
};

static int holder_open(struct rho_ctx *c, void *self, const struct rho_cell *cell) { return 0; }

static int holder_metrics(struct rho_ctx *c, void *self, const struct rho_metric *m, size_t n) { return 0; }

static const struct rho_reporter reporter = { .size = sizeof reporter,
	                                      .open = holder_open,
	                                      .metrics = holder_metrics };

RHO_EXPORT const struct rho_plugin rho_plugin = {
	RHO_PLUGIN(RHO_REPORTER),
	.revision = 1,
	.name = "holder",
	.version = "1.0.0",
	.brief = "for tests",
	.params = params,
	.self_size = sizeof(struct holder),
	.reporter = &reporter,
};
