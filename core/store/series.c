/* series.c: one metric out of metrics.jsonl or timing.jsonl. The files are flat objects of numbers, a
 * record a line, and there may be a million of them, so they are scanned by hand; a line with an escape
 * in it, which the scan does not understand, goes through the JSON library. */
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../base/file.h"
#include "results.h"

#define MOST_NAMES 4096

enum { BAD = -1, HAS_STEP = 1, HAS_VALUE = 2, OF_EVAL = 4 };

struct record { /* what one line gave */
	uint64_t step;
	double value;
	/* Called for each key when names are wanted instead of a value; NULL otherwise. */
	void (*key)(void *arg, const char *key, size_t len);
	void *arg;
};

static const char *blank(const char *p)
{
	while (*p == ' ' || *p == '\t' || *p == '\r')
		p++;
	return p;
}

/* End of the JSON value at p, NULL when it is none that a record may hold. Numbers are only delimited. */
static const char *value_end(const char *p, const char *end)
{
	static const char *const words[] = { "null", "true", "false" };
	if (*p == '"') {
		p = memchr(p + 1, '"', (size_t)(end - p - 1));
		return p ? p + 1 : NULL;
	}
	if (*p == '-' || (*p >= '0' && *p <= '9'))
		return p + strspn(p, "0123456789+-.eE");
	for (size_t i = 0; i < 3; i++)
		if (!strncmp(p, words[i], strlen(words[i])))
			return p + strlen(words[i]);
	return NULL;
}

/* A whole number without sign, at [p, end). False when it is none or too large. */
static bool whole(const char *p, const char *end, uint64_t *out)
{
	uint64_t n = 0;
	if (p == end || end - p > 19)
		return false;
	for (; p < end; p++) {
		if (*p < '0' || *p > '9')
			return false;
		n = n * 10 + (uint64_t)(*p - '0');
	}
	*out = n;
	return true;
}

/* A number or null, which is NaN: JSON has no other way to write it. */
static bool number(const char *p, const char *end, double *out)
{
	char *stop;
	if (*p == 'n') {
		*out = NAN;
		return true;
	}
	if (*p != '-' && (*p < '0' || *p > '9'))
		return false;
	*out = strtod(p, &stop);
	return stop == end && isfinite(*out);
}

/* One line at [p, end), where *end is '\n' or NUL. BAD, or HAS_STEP | HAS_VALUE as far as it has them, and
 * OF_EVAL where it is an evaluation's. */
static int scan(const char *p, const char *end, const char *metric, size_t len, struct record *out)
{
	int got = 0;
	p = blank(p);
	if (*p++ != '{')
		return BAD;
	p = blank(p);
	while (*p != '}') {
		const char *key = p + 1, *close, *value, *stop;
		if (*p != '"' || !(close = memchr(key, '"', (size_t)(end - key))))
			return BAD;
		value = blank(close + 1);
		if (*value != ':')
			return BAD;
		value = blank(value + 1);
		stop = value_end(value, end);
		if (!stop)
			return BAD;
		if (close - key == 4 && !memcmp(key, "step", 4)) {
			if (!whole(value, stop, &out->step))
				return BAD;
			got |= HAS_STEP;
		} else if (close - key == 4 && !memcmp(key, "eval", 4) && *value == '"') {
			got |= OF_EVAL;
		} else if (out->key) {
			out->key(out->arg, key, (size_t)(close - key));
		} else if ((size_t)(close - key) == len && !memcmp(key, metric, len)) {
			if (!number(value, stop, &out->value))
				return BAD;
			got |= HAS_VALUE;
		}
		p = blank(stop);
		if (*p == ',')
			p = blank(p + 1);
		else if (*p != '}')
			return BAD;
	}
	return blank(p + 1) == end ? got : BAD;
}

/* The same through the JSON library. */
static int parse(const char *p, const char *end, const char *metric, struct record *out)
{
	json_t *root = json_loadb(p, (size_t)(end - p), JSON_REJECT_DUPLICATES, NULL), *v;
	const char *key;
	int got = 0;
	json_object_foreach(root, key, v)
	{
		if (!strcmp(key, "step") && json_is_integer(v) && json_integer_value(v) >= 0) {
			out->step = (uint64_t)json_integer_value(v);
			got |= HAS_STEP;
		} else if (!strcmp(key, "eval") && json_is_string(v)) {
			got |= OF_EVAL;
		} else if (out->key) {
			out->key(out->arg, key, strlen(key));
		} else if (!strcmp(key, metric)) {
			out->value = json_is_number(v) ? json_number_value(v) : NAN;
			got |= HAS_VALUE;
		}
	}
	if (!json_is_object(root))
		got = BAD;
	json_decref(root);
	return got;
}

struct series {
	uint64_t *step;
	double *value;
	size_t n, room;
	bool seen;
};

static void append(struct series *s, uint64_t step, double value)
{
	if (s->n == s->room) {
		s->room = s->room ? 2 * s->room : 128;
		s->step = rho_xrealloc(s->step, s->room * sizeof *s->step);
		s->value = rho_xrealloc(s->value, s->room * sizeof *s->value);
	}
	s->step[s->n] = step;
	s->value[s->n++] = value;
}

/* Adds a record to its series: the training's, or that of an evaluation that has the metric. False when it
 * does not come after the one before it there. */
static bool add(struct series s[2], const struct record *rec, int got)
{
	struct series *to = &s[(got & OF_EVAL) != 0];
	if (got & OF_EVAL && !(got & HAS_VALUE))
		return true;
	if (to->n && rec->step <= to->step[to->n - 1])
		return false;
	to->seen |= (got & HAS_VALUE) != 0;
	append(to, rec->step, rec->value);
	return true;
}

/* Goes through a file's records; s gets their values of `metric` (NULL: only names are wanted), the
 * training's and an evaluation's apart. 0, or -1 with why. */
static int read_records(const char *path, bool done, const char *metric, struct record *rec,
                        struct series s[2], struct rho_buf *why)
{
	struct rho_buf text = { 0 };
	size_t line = 0, len = metric ? strlen(metric) : 0;
	int rc = 0, was = 0;
	if (rho_file_read(path, 0, &text, why)) {
		rho_buf_free(&text);
		return -1;
	}
	for (const char *p = text.at, *last = p + text.len, *end; p && p < last && !rc; p = end + 1) {
		uint64_t before = rec->step;
		int got;
		line++;
		end = memchr(p, '\n', (size_t)(last - p));
		if (!end) {
			if (!done)
				break;
			end = last;
		}
		rec->value = NAN;
		got = memchr(p, '\\', (size_t)(end - p)) ? parse(p, end, metric ? metric : "", rec)
		                                         : scan(p, end, metric, len, rec);
		if (got == BAD || !(got & HAS_STEP)) {
			rho_buf_printf(why, "%s:%zu is not a record with a step", path, line);
			rc = -1;
		} else if ((line > 1 &&
		            (rec->step < before || (rec->step == before && !((got | was) & OF_EVAL)))) ||
		           (metric && !add(s, rec, got))) {
			rho_buf_printf(why, "%s:%zu has step %llu after step %llu", path, line,
			               (unsigned long long)rec->step, (unsigned long long)before);
			rc = -1;
		}
		was = got;
	}
	rho_buf_free(&text);
	return rc;
}

static const char *const files[] = { "metrics.jsonl", "timing.jsonl" };

static char *file_of(const struct rho_results *res, size_t cell, size_t which)
{
	return rho_xprintf("%s/cells/%s/%s", res->dir, res->cell[cell].id, files[which]);
}

int rho_results_series(const struct rho_results *res, size_t cell, const char *metric, uint64_t **step,
                       double **value, size_t *n, struct rho_buf *why)
{
	bool done = res->cell[cell].state == RHO_CELL_DONE;
	for (size_t f = 0; f < 2; f++) {
		char *path = file_of(res, cell, f);
		struct series s[2] = { { 0 }, { 0 } };
		struct record rec = { 0 };
		size_t which;
		int rc = 0;
		/* timing.jsonl may be missing; metrics.jsonl too, before a cell's first record */
		if (!access(path, F_OK) || (done && !f))
			rc = read_records(path, done, metric, &rec, s, why);
		free(path);
		which = s[0].seen ? 0 : 1;
		if (!rc && s[which].seen) {
			*step = s[which].step;
			*value = s[which].value;
			*n = s[which].n;
			free(s[!which].step);
			free(s[!which].value);
			return 0;
		}
		for (size_t i = 0; i < 2; i++) {
			free(s[i].step);
			free(s[i].value);
		}
		if (rc)
			return rc;
	}
	return 1;
}

struct names {
	char **at;
	size_t n, room;
};

static void add_name(void *arg, const char *key, size_t len)
{
	struct names *names = arg;
	/* Records repeat the same few keys, so a plain search will do. A made-up file may not: what is
	 * beyond any real number of metrics, or would play with the terminal, is left out. */
	if (names->n == MOST_NAMES)
		return;
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)key[i] < 0x20 || key[i] == 0x7f)
			return;
	for (size_t i = 0; i < names->n; i++)
		if (strlen(names->at[i]) == len && !memcmp(names->at[i], key, len))
			return;
	if (names->n == names->room) {
		names->room = names->room ? 2 * names->room : 16;
		names->at = rho_xrealloc(names->at, names->room * sizeof *names->at);
	}
	names->at[names->n] = rho_xmalloc(len + 1);
	memcpy(names->at[names->n], key, len);
	names->at[names->n++][len] = '\0';
}

static int name_order(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

int rho_results_metrics(const struct rho_results *res, size_t cell, char ***names, size_t *n,
                        struct rho_buf *why)
{
	struct names all = { 0 };
	int rc = 0;
	for (size_t f = 0; f < 2 && !rc; f++) {
		char *path = file_of(res, cell, f);
		struct record rec = { .key = add_name, .arg = &all };
		if (!access(path, F_OK))
			rc = read_records(path, res->cell[cell].state == RHO_CELL_DONE, NULL, &rec, NULL,
			                  why);
		free(path);
	}
	if (rc) {
		rho_metric_names_free(all.at, all.n);
		return rc;
	}
	if (all.n)
		qsort(all.at, all.n, sizeof *all.at, name_order);
	*names = all.at;
	*n = all.n;
	return 0;
}

void rho_metric_names_free(char **names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(names[i]);
	free(names);
}
