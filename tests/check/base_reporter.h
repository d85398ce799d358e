/* base_reporter.h: a sound reporter: appends lines to a file in the cell's folder. */
#pragma once
#include <inttypes.h>
#include <stdio.h>

#include "base.h"

struct base {
	int64_t digits; /* parameter */
	FILE *file;
	uint64_t last; /* what the broken ones remember */
};

static const struct rho_param base_params[] = {
	RHO_I64(struct base, digits, 6, 1, 17, "significant digits of a value"), RHO_END
};

static inline int base_open(struct rho_ctx *c, void *self, const struct rho_cell *cell)
{
	struct base *s = self;
	char path[4096];
	snprintf(path, sizeof path, "%s/base.txt", cell->dir);
	s->file = fopen(path, "a+");
	return s->file ? 0 : rho_fail(c, RHO_EIO, "%s: cannot be opened", path);
}

static inline void base_close(struct rho_ctx *c, void *self) { fclose(((struct base *)self)->file); }

static inline int base_write(struct base *s, const struct rho_metric *m, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (fprintf(s->file, "%" PRIu64 "\t%.*g\t%s\n", m[i].step, (int)s->digits, m[i].value,
		            m[i].name) < 0)
			return -1;
	return fflush(s->file);
}

static inline int base_metrics(struct rho_ctx *c, void *self, const struct rho_metric *m, size_t n)
{
	return base_write(self, m, n)
	               ? rho_fail(c, RHO_EIO, "base.txt cannot be written: the disk may be full")
	               : 0;
}
