/* @NAME@: appends every metric to a text file in the cell's folder. Change `mine_metrics`. */
#include <rho/rho.h>
#include <inttypes.h>
#include <stdio.h>

struct mine { FILE *out; };

static int mine_open(struct rho_ctx *c, void *self, const struct rho_cell *cell)
{
	struct mine *s = self;
	size_t room = strlen(cell->dir) + 32;
	char *path = rho_alloc(c, room, 1);
	if (!path)
		return RHO_ENOMEM;
	snprintf(path, room, "%s/@NAME@.txt", cell->dir);
	if (!(s->out = fopen(path, "a")))
		return rho_fail(c, RHO_EIO, "%s cannot be written; check the folder's permissions", path);
	return 0;
}

static int mine_metrics(struct rho_ctx *c, void *self, const struct rho_metric *m, size_t n)
{
	struct mine *s = self;
	for (size_t i = 0; i < n; i++)
		fprintf(s->out, "%" PRIu64 " %s %.9g\n", m[i].step, m[i].name, m[i].value);
	if (fflush(s->out))
		return rho_fail(c, RHO_EIO, "a line could not be written; is the disk full?");
	return 0;
}

static void mine_close(struct rho_ctx *c, void *self)
{
	struct mine *s = self;
	if (s->out)
		fclose(s->out);
}

static const struct rho_reporter mine_reporter = {
	.size = sizeof mine_reporter, .open = mine_open, .metrics = mine_metrics, .close = mine_close,
};

RHO_EXPORT const struct rho_plugin rho_plugin = {
	RHO_PLUGIN(RHO_REPORTER), .name = "@NAME@", .version = "0.1.0", .revision = 1,
	.brief = "lines of text; a template to start from",
	.self_size = sizeof(struct mine), .reporter = &mine_reporter,
};
