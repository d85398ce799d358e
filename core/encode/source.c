/* source.c: rows of text from the kit's readers, and pictures from a folder. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include <kit/csv.h>
#include <kit/jsonl.h>

#include "../base/file.h"
#include "source.h"

static const size_t most_bytes = (size_t)256 << 20; /* of one picture's file */

struct rho_source {
	struct rho_source_spec spec;
	const char *column;
	struct rho_trouble trouble;
	struct rho_lines *lines;
	struct rho_csv *csv;
	int field; /* of the CSV records */
	struct rho_jsonl jsonl;
	char **name; /* (n_names) of the pictures */
	size_t n_names, next;
	struct rho_buf bytes; /* of the picture given last */
};

/* ---- what it is ---- */

static bool ends(const char *path, size_t len, const char *with)
{
	size_t n = strlen(with);
	return len >= n && !strncasecmp(path + len - n, with, n);
}

static size_t plain_length(const char *path)
{
	size_t len = strlen(path);
	return ends(path, len, ".gz") ? len - 3 : len;
}

int rho_source_guess(struct rho_source_spec *s, struct rho_buf *why)
{
	static const struct {
		const char *end;
		uint32_t form;
	} forms[] = { { ".txt", RHO_SOURCE_LINES },
		      { ".csv", RHO_SOURCE_CSV },
		      { ".tsv", RHO_SOURCE_CSV },
		      { ".jsonl", RHO_SOURCE_JSONL } };
	struct stat st;
	if (stat(s->path, &st)) {
		rho_buf_printf(why, "%s cannot be read: %s", s->path, strerror(errno));
		return -1;
	}
	bool folder = S_ISDIR(st.st_mode);
	if (S_ISFIFO(st.st_mode)) {
		rho_buf_printf(why, "%s is a pipe, and input is read more than once; save it as a file",
		               s->path);
		return -1;
	}
	for (size_t i = 0; i < sizeof forms / sizeof *forms && !s->form && !folder; i++)
		if (ends(s->path, plain_length(s->path), forms[i].end))
			s->form = forms[i].form;
	if (!s->form && folder)
		s->form = RHO_SOURCE_IMAGES;
	if (!s->form)
		rho_buf_printf(why,
		               "%s: its name does not say what it is (.txt, .csv, .tsv, .jsonl, a folder of "
		               "pictures); write --lines, --csv COLUMN, --jsonl FIELD or --images",
		               s->path);
	else if (folder != (s->form == RHO_SOURCE_IMAGES))
		rho_buf_printf(why, "%s is %s", s->path,
		               folder ? "a folder; a folder of pictures is read with --images"
		                      : "not a folder; --images wants a folder of pictures");
	return why->len ? -1 : 0;
}

/* ---- pictures ---- */

static int by_name(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

static bool is_picture(const char *name)
{
	size_t len = strlen(name);
	return *name != '.' &&
	       (ends(name, len, ".jpg") || ends(name, len, ".jpeg") || ends(name, len, ".png"));
}

static int list(struct rho_source *in, struct rho_buf *why)
{
	size_t room = 0;
	DIR *d = opendir(in->spec.path);
	if (!d) {
		rho_buf_printf(why, "%s cannot be read: %s", in->spec.path, strerror(errno));
		return -1;
	}
	for (struct dirent *e; (e = readdir(d));) {
		if (!is_picture(e->d_name))
			continue;
		if (in->n_names == room)
			in->name = rho_xrealloc(in->name, (room = room * 2 + 64) * sizeof *in->name);
		in->name[in->n_names++] = rho_xstrdup(e->d_name);
	}
	closedir(d);
	if (in->n_names)
		qsort(in->name, in->n_names, sizeof *in->name, by_name);
	return 0;
}

static int next_picture(struct rho_source *in, struct rho_str *row, struct rho_buf *why)
{
	if (in->next == in->n_names)
		return 0;
	char *path = rho_xprintf("%s/%s", in->spec.path, in->name[in->next++]);
	rho_buf_clear(&in->bytes);
	int rc = rho_file_read(path, most_bytes, &in->bytes, why) ? -1 : 1;
	free(path);
	*row = (struct rho_str){ in->bytes.at, in->bytes.len };
	return rc;
}

/* Looks at a picture's file: a pipe would be waited for, and OUT.names has a name a line. */
static int look(const char *path, struct stat *st, struct rho_buf *why)
{
	if (stat(path, st))
		rho_buf_printf(why, "%s cannot be read: %s", path, strerror(errno));
	else if (!S_ISREG(st->st_mode))
		rho_buf_printf(why, "%s is named like a picture, but is no regular file; take it away", path);
	else if (strchr(strrchr(path, '/'), '\n'))
		rho_buf_printf(why,
		               "%s: there is a line break in its name, and names are listed a line each; "
		               "rename it",
		               path);
	else
		return 0;
	return -1;
}

/* What a picture's file is, without reading it. */
static int sign_picture(const struct rho_source *in, size_t i, struct rho_hasher *h, struct rho_buf *why)
{
	struct stat st = { 0 };
	char *path = rho_xprintf("%s/%s", in->spec.path, in->name[i]);
	int rc = look(path, &st, why);
	uint64_t facts[] = { strlen(in->name[i]), (uint64_t)st.st_size, (uint64_t)st.st_mtim.tv_sec,
		             (uint64_t)st.st_mtim.tv_nsec };
	rho_hasher_put(h, facts, sizeof facts);
	rho_hasher_put(h, in->name[i], facts[0]);
	free(path);
	return rc;
}

int rho_source_names(const struct rho_source_spec *spec, struct rho_buf *out, struct rho_buf *why)
{
	struct rho_source *in = rho_source_open(spec, why);
	for (size_t i = 0; in && i < in->n_names; i++)
		rho_buf_printf(out, "%s\n", in->name[i]);
	rho_source_close(in);
	return in ? 0 : -1;
}

/* ---- all ---- */

static int open_reader(struct rho_source *in, struct rho_buf *why)
{
	const char *path = in->spec.path;
	int rc = 0;
	switch (in->spec.form) {
	case RHO_SOURCE_LINES: rc = (in->lines = rho_lines_open(path, &in->trouble)) ? 0 : -1; break;
	case RHO_SOURCE_CSV:
		in->csv =
			rho_csv_open(path, ends(path, plain_length(path), ".tsv") ? '\t' : ',', &in->trouble);
		rc = in->csv && (in->field = rho_csv_column(in->csv, in->column, true)) >= 0 ? 0 : -1;
		break;
	case RHO_SOURCE_JSONL: rc = rho_jsonl_open(&in->jsonl, path, &in->trouble); break;
	default: return list(in, why);
	}
	if (rc)
		rho_buf_str(why, in->trouble.text);
	return rc ? -1 : 0;
}

struct rho_source *rho_source_open(const struct rho_source_spec *spec, struct rho_buf *why)
{
	struct rho_source *in = rho_xcalloc(1, sizeof *in);
	in->spec = *spec;
	in->column = spec->column ? spec->column : "text";
	if (open_reader(in, why)) {
		rho_source_close(in);
		return NULL;
	}
	return in;
}

void rho_source_close(struct rho_source *in)
{
	if (!in)
		return;
	rho_lines_close(in->lines);
	rho_csv_close(in->csv);
	if (in->spec.form == RHO_SOURCE_JSONL)
		rho_jsonl_close(&in->jsonl);
	for (size_t i = 0; i < in->n_names; i++)
		free(in->name[i]);
	free(in->name);
	rho_buf_free(&in->bytes);
	free(in);
}

int rho_source_next(struct rho_source *in, struct rho_str *row, struct rho_buf *why)
{
	int rc;
	switch (in->spec.form) {
	case RHO_SOURCE_LINES: rc = rho_lines_next(in->lines, row); break;
	case RHO_SOURCE_CSV:
		rc = rho_csv_next(in->csv);
		if (rc > 0)
			*row = rho_csv_field(in->csv, in->field);
		break;
	case RHO_SOURCE_JSONL:
		rc = rho_jsonl_next(&in->jsonl);
		if (rc > 0 && rho_jsonl_str(&in->jsonl, in->column, row))
			rc = -1;
		break;
	default: return next_picture(in, row, why);
	}
	if (rc < 0)
		rho_buf_str(why, in->trouble.text);
	return rc < 0 ? -1 : rc;
}

void rho_source_place(const struct rho_source *in, struct rho_buf *out)
{
	rho_buf_str(out, in->spec.path);
	switch (in->spec.form) {
	case RHO_SOURCE_LINES: rho_buf_printf(out, ":%zu", rho_lines_number(in->lines)); break;
	case RHO_SOURCE_CSV: rho_buf_printf(out, ":%zu", rho_csv_line(in->csv)); break;
	case RHO_SOURCE_JSONL: rho_buf_printf(out, ":%zu", rho_lines_number(in->jsonl.lines)); break;
	default: rho_buf_printf(out, "/%s", in->next ? in->name[in->next - 1] : "");
	}
}

static int survey_texts(struct rho_source *in, size_t *rows, struct rho_hasher *h, struct rho_buf *why)
{
	struct rho_str row;
	int rc;
	while ((rc = rho_source_next(in, &row, why)) > 0) {
		uint64_t len = row.len;
		rho_hasher_put(h, &len, sizeof len);
		rho_hasher_put(h, row.len ? row.at : "", row.len);
		++*rows;
	}
	return rc;
}

int rho_source_survey(const struct rho_source_spec *spec, size_t *rows, struct rho_digest *digest,
                      struct rho_buf *why)
{
	struct rho_source *in = rho_source_open(spec, why);
	struct rho_hasher *h;
	int rc = 0;
	if (!in)
		return -1;
	h = rho_hasher_new();
	*rows = 0;
	if (spec->form == RHO_SOURCE_IMAGES)
		for (; *rows < in->n_names && !rc; ++*rows)
			rc = sign_picture(in, *rows, h, why);
	else
		rc = survey_texts(in, rows, h, why);
	*digest = rho_hasher_finish(h);
	rho_source_close(in);
	if (!rc && !*rows) {
		rho_buf_printf(why, "%s has no %s: there is nothing to encode", spec->path,
		               spec->form == RHO_SOURCE_IMAGES ? "pictures (.jpg, .jpeg, .png)" : "rows");
		return -1;
	}
	return rc ? -1 : 0;
}
