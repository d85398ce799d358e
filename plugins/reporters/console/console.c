/* Console: a line in the cell's log every so many records, with the metrics one wants to watch. */
#include <inttypes.h>
#include <stdio.h>

#include <rho/rho.h>

struct console {
	int64_t every;          /* parameters */
	struct rho_strs metrics;
	uint64_t steps;
	uint64_t records;       /* seen so far */
};

static const struct rho_param console_params[] = {
	RHO_I64(struct console, every, 10, 1, 1 << 30, "records from one line to the next"),
	RHO_STRS(struct console, metrics, "metrics to show, in this order; [] for all of them",
	         "reward", "regret"),
	RHO_END
};

static int console_open(struct rho_ctx *c, void *self, const struct rho_cell *cell)
{
	struct console *s = self;
	s->steps = cell->steps;
	return 0;
}

/* Appends " name value" to line as far as there is room. */
static void add(char *line, size_t room, const struct rho_metric *m)
{
	size_t len = strlen(line);
	snprintf(line + len, room - len, "  %s %.6g", m->name, m->value);
}

static int console_metrics(struct rho_ctx *c, void *self, const struct rho_metric *m, size_t n)
{
	struct console *s = self;
	char line[512] = "";
	bool last = n && m[n - 1].step >= s->steps;
	if (!n || (s->records++ % (uint64_t)s->every && !last))
		return 0;
	for (size_t i = 0; !s->metrics.n && i < n; i++)
		add(line, sizeof line, &m[i]);
	for (size_t k = 0; k < s->metrics.n; k++)
		for (size_t i = 0; i < n; i++)
			if (!strcmp(m[i].name, s->metrics.at[k]))
				add(line, sizeof line, &m[i]);
	rho_log(c, RHO_INFO, "step %" PRIu64 " of %" PRIu64 "%s", m[n - 1].step, s->steps, line);
	return 0;
}

static const struct rho_reporter console_reporter = {
	.size = sizeof console_reporter, .open = console_open, .metrics = console_metrics,
};

RHO_EXPORT const struct rho_plugin rho_plugin = {
	RHO_PLUGIN(RHO_REPORTER), .name = "console", .version = "1.0.0", .revision = 1,
	.brief = "a line in the cell's log now and then",
	.params = console_params, .self_size = sizeof(struct console), .reporter = &console_reporter,
};
