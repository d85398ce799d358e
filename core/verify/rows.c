/* rows.c: lines of JSON as claims to judge; all that is wrong with them is told at once. */
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <kit/lines.h>
#include <kit/text.h>

#include "../base/diag.h"
#include "../run/out.h"
#include "verify.h"

enum { MOST_TOLD = 20 };

struct reader {
	const struct rho_verify_spec *spec;
	struct rho_verify_rows *rows;
	struct rho_lines *lines;
	struct rho_trouble trouble;
	size_t mistakes;
	struct rho_buf *why;
};

static void tell(struct reader *r, const char *sentence)
{
	if (r->mistakes++ < MOST_TOLD)
		rho_buf_printf(r->why, "%s%s", r->why->len ? "\n" : "", sentence);
}

static void tell_here(struct reader *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void tell_here(struct reader *r, const char *fmt, ...)
{
	char text[800];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	char *all = rho_xprintf("%s:%zu: %s", r->spec->path, rho_lines_number(r->lines), text);
	tell(r, all);
	free(all);
}

/* The member of that name, or, for "a.b", member b of member a; NULL: there is none. */
static json_t *member(const json_t *object, const char *name)
{
	json_t *found = json_object_get(object, name);
	const char *dot = strchr(name, '.');
	if (found || !dot || !json_is_object(object))
		return found;
	char *head = rho_xprintf("%.*s", (int)(dot - name), name);
	found = member(json_object_get(object, head), dot + 1);
	free(head);
	return found;
}

/* A string's or number's text, added to out; false: it is neither. */
static bool scalar(const json_t *v, struct rho_buf *out)
{
	if (json_is_string(v))
		rho_buf_add(out, json_string_value(v), json_string_length(v));
	else if (json_is_integer(v))
		rho_buf_printf(out, "%lld", (long long)json_integer_value(v));
	else if (json_is_real(v))
		rho_put_double(out, json_real_value(v));
	return json_is_string(v) || json_is_number(v);
}

static const char *kind_of(const json_t *v)
{
	static const char *const name[] = { "an object", "a list", "a string", "a number",
		                            "a number",  "true",   "false",    "null" };
	return name[json_typeof(v)];
}

static void tell_missing(struct reader *r, const json_t *row, const char *option, const char *name)
{
	const char *names[64], *key;
	json_t *value;
	size_t n = 0;
	json_object_foreach((json_t *)(uintptr_t)row, key, value) if (n < sizeof names / sizeof *names)
	{
		names[n++] = key;
	}
	const char *near = rho_nearest(name, names, n);
	tell_here(r, "the line has no field \"%s\"%s%s%s; %s FIELD names another", name,
	          near ? ", but \"" : "", near ? near : "", near ? "\"" : "", option);
}

/* A field's text into out. empty: it may be missing or null. */
static bool field(struct reader *r, const json_t *row, const char *option, const char *name, bool empty,
                  struct rho_buf *out)
{
	const json_t *v = member(row, name);
	if (!v && !empty)
		tell_missing(r, row, option, name);
	else if (v && !json_is_null(v) && !scalar(v, out))
		tell_here(r, "\"%s\" must be a string or a number, and is %s", name, kind_of(v));
	else if (v && json_is_null(v) && !strcmp(option, "--gold"))
		tell_here(r, "\"%s\" is null: there is nothing to judge against", name);
	else
		return true;
	return false;
}

/* Whether a filter lets the line through: null also where the field is missing. */
static bool passes(const json_t *row, const struct rho_verify_filter *f)
{
	const json_t *v = member(row, f->field);
	struct rho_buf text = { 0 };
	bool same;
	if (!v || json_is_null(v))
		return !strcmp(f->value, "null");
	if (json_is_boolean(v))
		return !strcmp(f->value, json_is_true(v) ? "true" : "false");
	same = scalar(v, &text);
	rho_buf_str(&text, "");
	if (json_is_number(v)) {
		char *end;
		double wanted = strtod(f->value, &end);
		same = !strcmp(text.at, f->value) ||
		       (end != f->value && !*end && json_number_value(v) == wanted);
	} else {
		same = same && !strcmp(text.at, f->value);
	}
	rho_buf_free(&text);
	return same;
}

/* Copies the line and the strings behind it into one block. */
static void keep(struct reader *r, struct rho_str line, const struct rho_buf part[4], bool has_id, bool label)
{
	struct rho_verify_rows *rows = r->rows;
	size_t size = line.len;
	for (size_t i = 0; i < 4; i++)
		size += part[i].len;
	if (rows->n == rows->room) {
		rows->room = rows->room ? 2 * rows->room : 1024;
		rows->at = rho_xrealloc(rows->at, rows->room * sizeof *rows->at);
	}
	struct rho_verify_row *row = &rows->at[rows->n++];
	*row = (struct rho_verify_row){ .text = rho_xmalloc(size + 1),
		                        .len = line.len,
		                        .number = rho_lines_number(r->lines),
		                        .label = label };
	struct rho_str *out[4] = { &row->gold, &row->pred, &row->problem, &row->id };
	char *at = row->text + line.len;
	memcpy(row->text, line.at, line.len);
	for (size_t i = 0; i < 4; i++) {
		*out[i] = (struct rho_str){ at, part[i].len };
		if (part[i].len)
			memcpy(at, part[i].at, part[i].len);
		at += part[i].len;
	}
	if (!has_id)
		row->id.at = NULL;
}

static void take(struct reader *r, struct rho_str line, const json_t *row)
{
	const struct rho_verify_spec *s = r->spec;
	struct rho_buf part[4] = { { 0 } };
	const json_t *label = s->label ? member(row, s->label) : NULL;
	for (size_t i = 0; i < s->n_where; i++)
		if (!passes(row, &s->where[i])) {
			r->rows->passed_over++;
			return;
		}
	bool sound = field(r, row, "--gold", s->gold, false, &part[0]);
	sound &= field(r, row, "--pred", s->pred, false, &part[1]);
	sound &= field(r, row, "--problem", s->problem, true, &part[2]);
	bool has_id = scalar(json_object_get(row, "id"), &part[3]);
	if (s->label && !label)
		tell_missing(r, row, "--label", s->label);
	else if (s->label && !json_is_boolean(label))
		tell_here(r, "\"%s\" must be true or false, and is %s", s->label, kind_of(label));
	else if (sound)
		keep(r, line, part, has_id, json_is_true(label));
	for (size_t i = 0; i < 4; i++)
		rho_buf_free(&part[i]);
}

static void read_line(struct reader *r, struct rho_str line)
{
	json_error_t e;
	line = rho_str_trim(line);
	if (!line.len)
		return;
	json_t *row = json_loadb(line.at, line.len, 0, &e);
	if (!row && json_error_code(&e) == json_error_numeric_overflow)
		tell_here(r, "byte %d: %s; write a number of this size as a string", e.position, e.text);
	else if (!row)
		tell_here(r, "not JSON at byte %d: %s; each line must hold one whole object", e.position,
		          e.text);
	else if (!json_is_object(row))
		tell_here(r, "the line is JSON but not an object {...}");
	else
		take(r, line, row);
	json_decref(row);
}

int rho_verify_read(const struct rho_verify_spec *spec, struct rho_verify_rows *rows, struct rho_buf *why)
{
	struct reader r = { .spec = spec, .rows = rows, .why = why };
	const char *path = strcmp(spec->path, "-") ? spec->path : "/dev/stdin";
	struct rho_str line;
	size_t before = 0;
	int more = 0;
	r.lines = rho_lines_open(path, &r.trouble);
	while (r.lines && (more = rho_lines_next(r.lines, &line))) {
		size_t now = rho_lines_number(r.lines);
		if (more > 0)
			read_line(&r, line);
		else if (r.trouble.code != RHO_EFORMAT || now == before)
			break; /* the file itself, not a line of it */
		else
			tell(&r, r.trouble.text);
		r.trouble.code = 0;
		before = now;
	}
	if (r.trouble.code)
		tell(&r, r.trouble.text);
	rho_lines_close(r.lines);
	if (r.mistakes > MOST_TOLD)
		rho_buf_printf(why, "\nand %zu more", r.mistakes - MOST_TOLD);
	if (!r.mistakes && !rows->n) {
		char *none = rho_xprintf("%s: there is no line to judge%s", spec->path,
		                         rows->passed_over ? ": --where lets none through" : "");
		tell(&r, none);
		free(none);
	}
	return r.mistakes ? 2 : 0;
}

void rho_verify_rows_free(struct rho_verify_rows *rows)
{
	for (size_t i = 0; i < rows->n; i++)
		free(rows->at[i].text);
	free(rows->at);
	*rows = (struct rho_verify_rows){ 0 };
}
