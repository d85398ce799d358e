/* jsonl.c: one jansson object a line, and getters that say what they found instead. */
#include "jsonl.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "place.h"
#include "text.h"

int rho_jsonl_open(struct rho_jsonl *j, const char *path, struct rho_trouble *t)
{
	memset(j, 0, sizeof(*j));
	j->lines = rho_lines_open(path, t);
	return j->lines ? 0 : t->code;
}

void rho_jsonl_close(struct rho_jsonl *j)
{
	json_decref(j->row);
	rho_lines_close(j->lines);
	j->row = NULL;
	j->lines = NULL;
}

int rho_jsonl_next(struct rho_jsonl *j)
{
	struct rho_str line;
	json_error_t e;
	int r;
	json_decref(j->row);
	j->row = NULL;
	j->last = NULL;
	do {
		r = rho_lines_next(j->lines, &line);
		if (r <= 0)
			return r;
	} while (!rho_str_trim(line).len);
	j->row = json_loadb(line.at, line.len, 0, &e);
	if (!j->row && json_error_code(&e) == json_error_out_of_memory)
		return rho_trouble_at(rho_lines_trouble(j->lines), RHO_ENOMEM, rho_lines_path(j->lines),
				      rho_lines_number(j->lines), "no memory left for this row");
	if (!j->row)
		return rho_lines_fail(j->lines,
				      "not JSON at byte %d: %s; each line must hold one whole object",
				      e.position, e.text);
	if (!json_is_object(j->row))
		return rho_lines_fail(j->lines, "the line is JSON but not an object {…}");
	return 1;
}

int rho_jsonl_each(struct rho_jsonl *j, const char *folder, const char *name, struct rho_trouble *t,
		   struct rho_ctx *ctx, int (*one)(void *arg), void *arg)
{
	char *path = rho_place(folder, NULL, name);
	int more = 0, e = path ? rho_jsonl_open(j, path, t)
			       : rho_trouble_at(t, RHO_ENOMEM, folder, 0, "no memory left to read %s", name);
	while (!e && (more = rho_jsonl_next(j)) > 0) {
		e = one(arg);
		if (!e)
			e = rho_lines_pulse(j->lines, ctx);
	}
	if (!e && more < 0)
		e = more;
	if (!e && !rho_lines_number(j->lines))
		e = rho_trouble_at(t, RHO_EFORMAT, path, 0, "the file is empty");
	if (path)
		rho_jsonl_close(j);
	free(path);
	return e;
}

/* The member of that name, or NULL. Looks on from the last one found, so that rows whose members
 * are asked for in their order cost one comparison each, and no hashing. */
static const json_t *member(struct rho_jsonl *j, const char *key)
{
	void *it = j->last;
	for (size_t n = json_object_size(j->row); n > 0; n--) {
		it = it ? json_object_iter_next(j->row, it) : NULL;
		it = it ? it : json_object_iter(j->row);
		if (!strcmp(json_object_iter_key(it), key)) {
			j->last = it;
			return json_object_iter_value(it);
		}
	}
	return NULL;
}

static const char *type_name(const json_t *v)
{
	static const char *const name[] = { "an object", "a list", "a string", "an integer",
					    "a number",  "true",   "false",    "null" };
	return v ? name[json_typeof(v)] : "missing";
}

static int not_a(struct rho_jsonl *j, const char *key, const json_t *v, const char *wanted)
{
	struct rho_str keys[32];
	struct rho_text all = { 0 };
	const char *name;
	json_t *value;
	size_t n = 0;
	if (v)
		return rho_lines_fail(j->lines, "\"%s\" must be %s, and is %s", key, wanted, type_name(v));
	json_object_foreach(j->row, name, value) if (n < sizeof(keys) / sizeof(keys[0]))
	{
		keys[n] = rho_str_of(name);
		rho_text_join(&all, ", ", keys[n++]);
	}
	size_t near = rho_kit_nearest(rho_str_of(key), keys, n);
	struct rho_str there = rho_str_head(rho_text_view(&all), 400);
	int r = rho_lines_fail(j->lines, "\"%s\" is missing (it must be %s); this row has: %.*s%s%s%s", key,
			       wanted, (int)there.len, there.len ? there.at : "",
			       near < n ? "; rename \"" : "", near < n ? keys[near].at : "",
			       near < n ? "\"?" : "");
	rho_text_free(&all);
	return r;
}

static void view(const json_t *v, struct rho_str *out)
{
	out->at = json_string_value(v);
	out->len = json_string_length(v);
}

static int as_str(struct rho_jsonl *j, const char *key, const json_t *v, struct rho_str *out)
{
	if (!json_is_string(v))
		return not_a(j, key, v, "a string");
	view(v, out);
	return 0;
}

static int as_id(struct rho_jsonl *j, const char *key, const json_t *v, struct rho_str *out)
{
	if (json_is_string(v)) {
		view(v, out);
	} else if (json_is_integer(v)) {
		out->at = j->number;
		out->len = (size_t)snprintf(j->number, sizeof(j->number), "%" PRId64,
					    (int64_t)json_integer_value(v));
	} else {
		return not_a(j, key, v, "an id (a string or an integer)");
	}
	return 0;
}

int rho_jsonl_str(struct rho_jsonl *j, const char *key, struct rho_str *out)
{
	return as_str(j, key, member(j, key), out);
}

int rho_jsonl_maybe(struct rho_jsonl *j, const char *key, struct rho_str *out)
{
	const json_t *v = member(j, key);
	out->at = "";
	out->len = 0;
	return !v || json_is_null(v) ? 0 : as_str(j, key, v, out);
}

int rho_jsonl_id(struct rho_jsonl *j, const char *key, struct rho_str *out)
{
	return as_id(j, key, member(j, key), out);
}

int rho_jsonl_scalar(struct rho_jsonl *j, const char *key, struct rho_str *s, double *v)
{
	const json_t *m = member(j, key);
	*s = (struct rho_str){ NULL, 0 };
	*v = 0;
	if (json_is_string(m))
		view(m, s);
	else if (json_is_number(m))
		*v = json_number_value(m);
	else
		return not_a(j, key, m, "a string or a number");
	return 0;
}

int rho_jsonl_list(struct rho_jsonl *j, const char *key, size_t *n)
{
	const json_t *v = member(j, key);
	if (!json_is_array(v))
		return not_a(j, key, v, "a list");
	j->list = v;
	j->list_name = key;
	*n = json_array_size(v);
	return 0;
}

int rho_jsonl_maybe_list(struct rho_jsonl *j, const char *key, size_t *n)
{
	const json_t *v = member(j, key);
	*n = 0;
	return !v || json_is_null(v) ? 0 : rho_jsonl_list(j, key, n);
}

/* Member `key` of `in`, which must be an object, as maybe; `outer` says whose it is. */
static int maybe_of(struct rho_jsonl *j, const char *outer, const json_t *in, const char *key,
		    struct rho_str *out)
{
	const json_t *v = json_object_get(in, key);
	out->at = "";
	out->len = 0;
	if (!json_is_object(in))
		return rho_lines_fail(j->lines, "\"%s\" must hold objects, and has %s", outer, type_name(in));
	if (!v || json_is_null(v))
		return 0;
	if (!json_is_string(v))
		return rho_lines_fail(j->lines, "\"%s\" within \"%s\" must be a string, and is %s", key, outer,
				      type_name(v));
	view(v, out);
	return 0;
}

int rho_jsonl_item_maybe(struct rho_jsonl *j, size_t i, const char *key, struct rho_str *out)
{
	return maybe_of(j, j->list_name, json_array_get(j->list, i), key, out);
}

int rho_jsonl_object(struct rho_jsonl *j, const char *key)
{
	const json_t *v = member(j, key);
	j->object = NULL;
	j->inner = NULL;
	j->list_name = key;
	if (!v || json_is_null(v))
		return 0;
	if (!json_is_object(v))
		return not_a(j, key, v, "an object {…}");
	j->object = json_object_iter_value(j->last);
	return 0;
}

int rho_jsonl_object_next(struct rho_jsonl *j, struct rho_str *name)
{
	if (!j->object)
		return 0;
	j->inner = j->inner ? json_object_iter_next(j->object, j->inner) : json_object_iter(j->object);
	if (!j->inner) {
		j->object = NULL;
		return 0;
	}
	*name = rho_str_of(json_object_iter_key(j->inner));
	return 1;
}

int rho_jsonl_object_maybe(struct rho_jsonl *j, const char *key, struct rho_str *out)
{
	return maybe_of(j, j->list_name, json_object_iter_value(j->inner), key, out);
}

int rho_jsonl_item(struct rho_jsonl *j, size_t i, struct rho_str *out)
{
	return as_str(j, j->list_name, json_array_get(j->list, i), out);
}

int rho_jsonl_item_id(struct rho_jsonl *j, size_t i, struct rho_str *out)
{
	return as_id(j, j->list_name, json_array_get(j->list, i), out);
}
