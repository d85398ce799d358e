/* Keeps every rule; the broken reporters differ from it in one place. */
#include "base_reporter.h"

static const struct rho_reporter table = {
	.size = sizeof table,
	.open = base_open,
	.metrics = base_metrics,
	.close = base_close,
};

CHECK_PLUGIN(RHO_REPORTER, reporter, "good_reporter");
