/* dataset-lines: a test dataset. Each line of `path` is an action; every context is linked to the
 * action of its own number. Appends a byte to `log` for each time it reads. */
#include <rho/rho.h>
#include <stdio.h>
#include <unistd.h>

enum { GOOD, NOT_UTF8, BAD_LINK, SPOKEN, SILENT, PASSED_ON, EMPTY };
static const char *const modes[] = { "good", "not_utf8", "bad_link", "spoken", "silent", "passed_on",
                                     "empty", NULL };

struct lines { const char *path, *log; int mode; int64_t pause, copies; };

static const struct rho_param params[] = {
	RHO_PATH(struct lines, path, "file of texts, one a line"),
	{ RHO_FIELD(struct lines, log, RHO_T_STR, const char *, "file that grows by a byte a reading"),
	  .flags = RHO_SPEED, .def.s = "" },
	{ RHO_FIELD(struct lines, pause, RHO_T_I64, int64_t, "milliseconds that reading takes"),
	  .flags = RHO_SPEED, .lo = 0, .hi = 10000, .def.i = 0 },
	RHO_I64(struct lines, copies, 1, 1, 1000000, "times the file is read through"),
	RHO_CHOICE(struct lines, mode, GOOD, modes, "what goes wrong"),
	RHO_END
};

static const struct rho_column_spec actions[] = {
	{ "text", RHO_COL_STR, 0, 0 }, { "length", RHO_COL_I64, 0, 0 },
};
static const struct rho_column_spec contexts[] = { { "text", RHO_COL_STR, 0, 0 } };
static const struct rho_column_spec links[] = {
	{ "context", RHO_COL_ROW, RHO_CONTEXTS, 0 }, { "action", RHO_COL_ROW, RHO_ACTIONS, 0 },
};

static int declare(struct rho_sink *sink)
{
	int code = sink->columns(sink, RHO_ACTIONS, actions, 2);
	if (!code)
		code = sink->columns(sink, RHO_CONTEXTS, contexts, 1);
	return code ? code : sink->columns(sink, RHO_LINKS, links, 2);
}

static int64_t add_line(struct rho_sink *sink, struct rho_str s, uint32_t off)
{
	union rho_value action[] = { { .s = s }, { .i = (int64_t)s.len } }, context[] = { { .s = s } };
	int64_t row = sink->add(sink, RHO_ACTIONS, action);
	if (row < 0)
		return row;
	union rho_value link[] = { { .row = (uint32_t)row }, { .row = (uint32_t)row + off } };
	row = sink->add(sink, RHO_CONTEXTS, context);
	return row < 0 ? row : sink->add(sink, RHO_LINKS, link);
}

static int64_t read_file(struct rho_ctx *c, struct lines *d, struct rho_sink *sink, FILE *f)
{
	char line[512];
	int64_t row = 0;
	for (int number = 1; row >= 0 && fgets(line, sizeof line, f); number++) {
		struct rho_str s = { line, strcspn(line, "\n") };
		row = add_line(sink, s, d->mode == BAD_LINK ? 1000 : 0);
		if (row >= 0 && d->mode == NOT_UTF8)
			row = add_line(sink, (struct rho_str){ "ab\xff", 3 }, 0);
		if (row < 0 && d->mode == NOT_UTF8)
			return rho_fail(c, (int)row, "%s:%d: a row was refused", d->path, number);
	}
	return row;
}

static int lines_read(struct rho_ctx *c, void *self, struct rho_sink *sink)
{
	struct lines *d = self;
	FILE *log = *d->log ? fopen(d->log, "a") : NULL;
	if (log) {
		fputc('r', log);
		fclose(log);
	}
	usleep((useconds_t)d->pause * 1000);
	if (d->mode == SPOKEN)
		return rho_fail(c, RHO_EFORMAT, "%s:3: what a pity", d->path);
	if (d->mode == SILENT)
		return RHO_EIO;
	int64_t row = declare(sink);
	if (d->mode == PASSED_ON)
		return sink->columns(sink, RHO_ACTIONS, actions, 2);
	for (int64_t i = 0; row >= 0 && d->mode != EMPTY && i < d->copies; i++) {
		FILE *f = fopen(d->path, "r");
		if (!f)
			return rho_fail(c, RHO_EIO, "%s cannot be opened", d->path);
		row = read_file(c, d, sink, f);
		fclose(f);
		rho_progress(c, (double)(i + 1) / (double)d->copies);
	}
	return row < 0 ? (int)row : 0;
}

static const struct rho_dataset dataset = {
	.size = sizeof dataset,
	.tables = 1u << RHO_ACTIONS | 1u << RHO_CONTEXTS | 1u << RHO_LINKS,
	.read = lines_read,
};

RHO_EXPORT const struct rho_plugin rho_plugin = {
	RHO_PLUGIN(RHO_DATASET), .revision = 1, .name = "lines", .version = "1.0.0",
	.brief = "the lines of a file, for tests", .params = params,
	.self_size = sizeof(struct lines), .dataset = &dataset,
};
