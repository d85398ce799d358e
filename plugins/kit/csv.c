/* csv.c: RFC 4180 over lines. A record without a quote is cut where it stands; one with quotes is
 * copied field by field, going on over as many lines as its quotes are open. */
#include "csv.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "number.h"
#include "pile.h"

struct rho_csv {
	struct rho_lines *lines;
	struct rho_trouble *trouble;
	char sep;
	size_t line;            /* where the record began */
	struct rho_pile header;
	struct rho_str *field;  /* (n_fields) of the record */
	size_t n_fields, room;
	struct rho_pile quoted; /* the fields of a record with quotes */
	struct rho_text open;   /* a quoted field as it grows */
};

int rho_csv_fail(struct rho_csv *c, const char *fmt, ...)
{
	char why[1000];
	va_list args;
	va_start(args, fmt);
	vsnprintf(why, sizeof(why), fmt, args);
	va_end(args);
	return rho_trouble_at(c->trouble, RHO_EFORMAT, rho_lines_path(c->lines), c->line, "%s", why);
}

static int no_memory(struct rho_csv *c)
{
	return rho_trouble_at(c->trouble, RHO_ENOMEM, rho_lines_path(c->lines), c->line,
	                      "no memory left for this record");
}

static int put(struct rho_csv *c, struct rho_str s)
{
	if (c->n_fields == RHO_CSV_MAX_FIELDS)
		return rho_csv_fail(c, "more than %d fields; is '%c' really what separates them?",
		                    RHO_CSV_MAX_FIELDS, c->sep);
	if (c->n_fields == c->room) {
		size_t room = c->room ? 2 * c->room : 16;
		struct rho_str *field = realloc(c->field, room * sizeof(*field));
		if (!field)
			return no_memory(c);
		c->field = field;
		c->room = room;
	}
	c->field[c->n_fields++] = s;
	return 0;
}

static int cut_plain(struct rho_csv *c, struct rho_str rest)
{
	int r = 0;
	do
		r = put(c, rho_str_cut(&rest, c->sep));
	while (!r && rest.at);
	return r;
}

/* *rest begins after an opening quote. Copies up to the closing one into c->open, over line ends,
 * and leaves *rest after it. */
static int read_quoted(struct rho_csv *c, struct rho_str *rest)
{
	size_t opened = rho_lines_number(c->lines);
	rho_text_clear(&c->open);
	for (;;) {
		const char *quote = rest->len ? memchr(rest->at, '"', rest->len) : NULL;
		struct rho_str part = { rest->at, quote ? (size_t)(quote - rest->at) : rest->len };
		if (!rho_text_add(&c->open, part))
			return no_memory(c);
		rest->at += part.len + (quote != NULL);
		rest->len -= part.len + (quote != NULL);
		if (quote && rest->len && rest->at[0] == '"') {
			rho_text_adds(&c->open, "\"");
			rest->at++;
			rest->len--;
		} else if (quote) {
			return c->open.spent ? no_memory(c) : 0;
		} else {
			rho_text_adds(&c->open, rho_lines_had_cr(c->lines) ? "\r\n" : "\n");
			int r = rho_lines_next(c->lines, rest);
			if (r < 0)
				return r;
			if (!r || c->open.len > RHO_LINE_MAX)
				return rho_trouble_at(
					c->trouble, RHO_EFORMAT, rho_lines_path(c->lines), opened,
					"the quote that opens field %zu here is never closed; a quote "
					"inside a quoted field is written twice: \"\"",
					c->quoted.n + 1);
		}
	}
}

static int cut_quoted(struct rho_csv *c, struct rho_str rest)
{
	bool more = true;
	c->quoted.n = c->quoted.bytes.len = 0;
	while (more) {
		struct rho_str field;
		if (rest.len && rest.at[0] == '"') {
			rest.at++;
			rest.len--;
			int r = read_quoted(c, &rest);
			if (r)
				return r;
			if (rest.len && rest.at[0] != c->sep)
				return rho_lines_fail(
					c->lines,
					"field %zu goes on after its closing quote; a quote inside "
					"a quoted field is written twice: \"\"",
					c->quoted.n + 1);
			field = rho_text_view(&c->open);
			more = rest.len > 0;
			rest.at += more;
			rest.len -= more;
		} else {
			field = rho_str_cut(&rest, c->sep);
			more = rest.at != NULL;
			if (field.len && memchr(field.at, '"', field.len))
				return rho_lines_fail(
					c->lines,
					"field %zu has a quote in its middle; a field with quotes is "
					"written \"like \"\"this\"\"\"",
					c->quoted.n + 1);
		}
		if (c->quoted.n == RHO_CSV_MAX_FIELDS)
			break;
		if (!rho_pile_add(&c->quoted, field))
			return no_memory(c);
	}
	int r = 0;
	for (size_t i = 0; i < c->quoted.n && !r; i++)
		r = put(c, rho_pile_at(&c->quoted, i));
	return r || !more ? r : put(c, rest);
}

/* The next record's fields, however many. */
static int next(struct rho_csv *c)
{
	struct rho_str line;
	int r;
	do {
		r = rho_lines_next(c->lines, &line);
		if (r <= 0)
			return r;
	} while (!line.len);
	c->line = rho_lines_number(c->lines);
	c->n_fields = 0;
	r = memchr(line.at, '"', line.len) ? cut_quoted(c, line) : cut_plain(c, line);
	return r ? r : 1;
}

static int read_header(struct rho_csv *c)
{
	int r = next(c);
	if (!r)
		return rho_trouble_at(c->trouble, RHO_EFORMAT, rho_lines_path(c->lines), 0,
		                      "the file is empty; its first line must name the columns");
	if (r < 0)
		return r;
	for (size_t i = 0; i < c->n_fields; i++) {
		for (size_t j = 0; j < i; j++)
			if (rho_str_same(c->field[i], c->field[j]))
				return rho_csv_fail(c, "columns %zu and %zu are both called \"%.*s\"", j + 1,
						    i + 1, (int)c->field[i].len, c->field[i].at);
		if (!rho_pile_add(&c->header, c->field[i]))
			return no_memory(c);
	}
	return 0;
}

struct rho_csv *rho_csv_open(const char *path, char sep, struct rho_trouble *t)
{
	struct rho_lines *lines = rho_lines_open(path, t);
	if (!lines)
		return NULL;
	struct rho_csv *c = calloc(1, sizeof(*c));
	if (!c) {
		rho_trouble_at(t, RHO_ENOMEM, path, 0, "no memory left to read it");
		rho_lines_close(lines);
		return NULL;
	}
	c->lines = lines;
	c->trouble = t;
	c->sep = sep;
	if (read_header(c)) {
		rho_csv_close(c);
		return NULL;
	}
	return c;
}

void rho_csv_close(struct rho_csv *c)
{
	if (!c)
		return;
	rho_lines_close(c->lines);
	rho_pile_free(&c->header);
	rho_pile_free(&c->quoted);
	rho_text_free(&c->open);
	free(c->field);
	free(c);
}

/* `field` holds no record that is still wanted, and has room for the header's names. */
static void say_missing(struct rho_csv *c, struct rho_str name)
{
	struct rho_text all = { 0 };
	size_t n = c->header.n;
	for (size_t i = 0; i < n; i++) {
		c->field[i] = rho_pile_at(&c->header, i);
		rho_text_join(&all, ", ", c->field[i]);
	}
	size_t near = rho_kit_nearest(name, c->field, n);
	struct rho_str columns = rho_str_head(rho_text_view(&all), 400);
	struct rho_str meant = near < n ? c->field[near] : name;
	rho_trouble_at(c->trouble, RHO_EFORMAT, rho_lines_path(c->lines), 1,
		       "there is no column \"%.*s\"; the columns here are: %.*s%s%.*s%s", (int)name.len,
		       name.at, (int)columns.len, columns.at, near < n ? "; rename \"" : "",
		       near < n ? (int)meant.len : 0, meant.at, near < n ? "\"?" : "");
	rho_text_free(&all);
}

int rho_csv_column(struct rho_csv *c, const char *name, bool required)
{
	for (size_t i = 0; i < c->header.n; i++)
		if (rho_str_is(rho_pile_at(&c->header, i), name))
			return (int)i;
	if (required)
		say_missing(c, rho_str_of(name));
	return -1;
}

int rho_csv_next(struct rho_csv *c)
{
	int r = next(c);
	if (r <= 0)
		return r;
	if (c->n_fields != c->header.n)
		return rho_csv_fail(
			c, "%zu field%s, but the header has %zu; every row must have them all%s", c->n_fields,
			c->n_fields == 1 ? "" : "s", c->header.n,
			c->n_fields > c->header.n ? " (a field with a separator in it needs quotes)" : "");
	return 1;
}

struct rho_str rho_csv_field(const struct rho_csv *c, int column)
{
	struct rho_str none = { "", 0 };
	return column < 0 ? none : c->field[column];
}

size_t rho_csv_line(const struct rho_csv *c) { return c->line; }
int rho_csv_pulse(const struct rho_csv *c, struct rho_ctx *ctx) { return rho_lines_pulse(c->lines, ctx); }

static int not_a(struct rho_csv *c, int column, const char *what)
{
	struct rho_str name = rho_pile_at(&c->header, (size_t)column), s = rho_str_head(c->field[column], 60);
	return rho_csv_fail(c, "%.*s is \"%.*s\", which is not %s", (int)name.len, name.at, (int)s.len, s.at,
			    what);
}

int rho_csv_f64(struct rho_csv *c, int column, double *out)
{
	struct rho_str s = rho_str_trim(rho_csv_field(c, column));
	*out = NAN;
	return !s.len || rho_read_f64(s, out) ? 0 : not_a(c, column, "a number");
}

int rho_csv_time(struct rho_csv *c, int column, int64_t *out)
{
	struct rho_str s = rho_str_trim(rho_csv_field(c, column));
	*out = INT64_MIN;
	return !s.len || rho_read_time(s, out) ? 0
	       : not_a(c, column, "a time; write seconds since 1970, or a date such as 2014-04-24");
}
