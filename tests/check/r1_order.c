/* R1: refuses steps that its file already has, as a resumed cell repeats them. */
#include "base_reporter.h"

static int open_wrong(struct rho_ctx *c, void *self, const struct rho_cell *cell)
{
	struct base *s = self;
	uint64_t step;
	int code = base_open(c, self, cell);
	while (!code && fscanf(s->file, "%" SCNu64 "%*[^\n]", &step) == 1)
		s->last = step > s->last ? step : s->last;
	return code;
}

static int metrics_wrong(struct rho_ctx *c, void *self, const struct rho_metric *m, size_t n)
{
	struct base *s = self;
	for (size_t i = 0; i < n; i++)
		if (m[i].step < s->last)
			return rho_fail(c, RHO_EINVAL, "step %" PRIu64 " comes after %" PRIu64, m[i].step,
			                s->last);
	return base_metrics(c, self, m, n);
}

static const struct rho_reporter table = {
	.size = sizeof table,
	.open = open_wrong,
	.metrics = metrics_wrong,
	.close = base_close,
};

CHECK_PLUGIN(RHO_REPORTER, reporter, "r1_order");
