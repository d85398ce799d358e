/* CSV: every metric as a line "step,name,value" of a file in the cell's folder.
 *
 * A cell that is continued repeats what it measured since its last checkpoint. So the first metrics
 * of a run cut the file at their step, and what follows is written anew: the file of a cell that was
 * cut short and continued has the same bytes as that of one that was not. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <rho/rho.h>

#define HEADER "step,name,value\n"

struct csv {
	const char *file;       /* parameter */
	char *path;
	FILE *out;
	bool cut;               /* the file was cut at this run's first step */
};

static const struct rho_param csv_params[] = {
	RHO_STR(struct csv, file, "metrics.csv", "name of the file, in the cell's folder"),
	RHO_END
};

static int io_error(struct rho_ctx *c, const struct csv *s, const char *what)
{
	return rho_fail(c, RHO_EIO, "%s cannot be %s: %s", s->path, what, strerror(errno));
}

static int csv_open(struct rho_ctx *c, void *self, const struct rho_cell *cell)
{
	struct csv *s = self;
	char start[sizeof HEADER] = "";
	if (!*s->file || strchr(s->file, '/') || *s->file == '.')
		return rho_fail(c, RHO_EINVAL, "file = \"%s\" must be the plain name of a file, such as"
		                " \"metrics.csv\": it is put in each cell's folder", s->file);
	size_t len = strlen(cell->dir) + strlen(s->file) + 2;
	s->path = rho_alloc(c, len, 1);
	if (!s->path)
		return RHO_ENOMEM;
	snprintf(s->path, len, "%s/%s", cell->dir, s->file);
	s->out = fopen(s->path, "a+");
	if (!s->out)
		return io_error(c, s, "opened");
	size_t n = fread(start, 1, sizeof HEADER - 1, s->out);
	if (memcmp(start, HEADER, n))
		return rho_fail(c, RHO_EFORMAT, "%s is there already and was not written by this reporter;"
		                " move it away or choose another `file`", s->path);
	if (n < sizeof HEADER - 1 && ftruncate(fileno(s->out), 0))
		return io_error(c, s, "cut");
	if (n < sizeof HEADER - 1 && (fputs(HEADER, s->out) < 0 || fflush(s->out)))
		return io_error(c, s, "written");
	return 0;
}

/* Cuts the file before the first line whose step is `step` or more, or that has no end. */
static int cut_at(struct rho_ctx *c, struct csv *s, uint64_t step)
{
	char *line = NULL;
	size_t room = 0;
	off_t keep = sizeof HEADER - 1;
	ssize_t n;
	if (fseeko(s->out, keep, SEEK_SET))
		return io_error(c, s, "read");
	while ((n = getline(&line, &room, s->out)) > 0 && line[n - 1] == '\n' &&
	       strtoull(line, NULL, 10) < step)
		keep += n;
	free(line);
	if (ferror(s->out))
		return io_error(c, s, "read");
	if (ftruncate(fileno(s->out), keep) || fseeko(s->out, 0, SEEK_END))
		return io_error(c, s, "cut");
	s->cut = true;
	return 0;
}

static void put_name(FILE *out, const char *name)
{
	if (!strpbrk(name, ",\"\r\n")) {
		fputs(name, out);
		return;
	}
	putc('"', out);
	for (; *name; name++) {
		if (*name == '"')
			putc('"', out);
		putc(*name, out);
	}
	putc('"', out);
}

static int csv_metrics(struct rho_ctx *c, void *self, const struct rho_metric *m, size_t n)
{
	struct csv *s = self;
	int error = n && !s->cut ? cut_at(c, s, m[0].step) : 0;
	if (error)
		return error;
	for (size_t i = 0; i < n; i++) {
		fprintf(s->out, "%" PRIu64 ",", m[i].step);
		put_name(s->out, m[i].name);
		fprintf(s->out, ",%.17g\n", m[i].value);
	}
	return fflush(s->out) || ferror(s->out) ? io_error(c, s, "written") : 0;
}

static void csv_close(struct rho_ctx *c, void *self)
{
	struct csv *s = self;
	if (s->out)
		fclose(s->out);
}

static const struct rho_reporter csv_reporter = {
	.size = sizeof csv_reporter, .open = csv_open, .metrics = csv_metrics, .close = csv_close,
};

RHO_EXPORT const struct rho_plugin rho_plugin = {
	RHO_PLUGIN(RHO_REPORTER), .name = "csv", .version = "1.0.0", .revision = 1,
	.brief = "every metric as a line step,name,value in the cell's folder",
	.params = csv_params, .self_size = sizeof(struct csv), .reporter = &csv_reporter,
};
