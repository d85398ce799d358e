/* recipe.c: typed members of jansson objects. */
#include "recipe.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define MOST_BYTES ((off_t)512 << 20)   /* the largest tokenizer.json in use has 35 MB */

bool rho_recipe_file_exists(const char *file)
{
	struct stat st;
	return !stat(file, &st) && S_ISREG(st.st_mode);
}

/* The file's bytes, to be freed; NULL with the trouble. jansson is faster on them than on a stream. */
static char *whole_file(const char *file, size_t *len, struct rho_trouble *t)
{
	struct stat st;
	FILE *f = fopen(file, "rb");
	char *bytes = NULL;
	*len = 0;
	if (!f) {
		rho_trouble_at(t, RHO_EIO, file, 0, "cannot be opened: %s", strerror(errno));
		return NULL;
	}
	if (fstat(fileno(f), &st) || !S_ISREG(st.st_mode) || st.st_size > MOST_BYTES)
		rho_trouble_at(t, RHO_EFORMAT, file, 0, "is not a regular file of at most %d MiB",
		               (int)(MOST_BYTES >> 20));
	else if (!(bytes = malloc((size_t)st.st_size + 1)))
		rho_trouble_at(t, RHO_ENOMEM, file, 0, "no memory left to read it");
	else
		*len = fread(bytes, 1, (size_t)st.st_size, f);
	if (bytes && ferror(f))
		rho_trouble_at(t, RHO_EIO, file, 0, "cannot be read: %s", strerror(errno));
	fclose(f);
	return bytes;
}

json_t *rho_recipe_read(const char *file, bool reals, struct rho_trouble *t)
{
	json_error_t e;
	size_t len;
	json_t *root = NULL;
	char *bytes = whole_file(file, &len, t);
	if (!t->code)
		root = json_loadb(bytes, len, JSON_ALLOW_NUL | (reals ? JSON_DECODE_INT_AS_REAL : 0), &e);
	free(bytes);
	if (!t->code && !root && json_error_code(&e) == json_error_out_of_memory)
		rho_trouble_at(t, RHO_ENOMEM, file, 0, "no memory left to read it");
	else if (!t->code && !root)
		rho_trouble_at(t, RHO_EFORMAT, file, e.line > 0 ? (size_t)e.line : 0,
		               "is not JSON: %s; fetch the file again", e.text);
	else if (!t->code && !json_is_object(root))
		rho_trouble_at(t, RHO_EFORMAT, file, 0, "is JSON but not an object {…}");
	if (t->code) {
		json_decref(root);
		return NULL;
	}
	return root;
}

int rho_recipe_refuse(const struct rho_recipe *s, const char *fmt, ...)
{
	char text[700];
	va_list args;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	return rho_trouble_at(s->t, RHO_EFORMAT, s->file, 0, "%s: %s", s->what, text);
}

int rho_recipe_no_memory(const struct rho_recipe *s)
{
	return rho_trouble_at(s->t, RHO_ENOMEM, s->file, 0, "no memory left for the tokeniser");
}

static const char *type_of(const json_t *v)
{
	static const char *const name[] = { "an object", "a list", "a string", "an integer",
	                                    "a number", "true", "false", "null" };
	return v ? name[json_typeof(v)] : "missing";
}

static int not_a(const struct rho_recipe *s, const char *key, const char *wanted)
{
	return rho_recipe_refuse(s, "\"%s\" must be %s, and is %s", key, wanted,
	                       type_of(json_object_get(s->at, key)));
}

int rho_recipe_str(const struct rho_recipe *s, const char *key, const char *def, struct rho_str *out)
{
	const json_t *v = json_object_get(s->at, key);
	if ((!v || json_is_null(v)) && def) {
		*out = rho_str_of(def);
		return 0;
	}
	if (!json_is_string(v))
		return not_a(s, key, "a string");
	out->at = json_string_value(v);
	out->len = json_string_length(v);
	return 0;
}

int rho_recipe_bool(const struct rho_recipe *s, const char *key, int def, bool *out)
{
	const json_t *v = json_object_get(s->at, key);
	if ((!v || json_is_null(v)) && def >= 0)
		*out = def;
	else if (json_is_boolean(v))
		*out = json_is_true(v);
	else
		return not_a(s, key, "true or false");
	return 0;
}

int rho_recipe_count(const struct rho_recipe *s, const char *key, long def, long most, size_t *out)
{
	const json_t *v = json_object_get(s->at, key);
	json_int_t n = json_is_integer(v) ? json_integer_value(v) : -1;
	if ((!v || json_is_null(v)) && def >= 0)
		n = def;
	if (n < 0 || n > most)
		return rho_recipe_refuse(s, "\"%s\" must be a whole number from 0 to %ld", key, most);
	*out = (size_t)n;
	return 0;
}

int rho_recipe_list(const struct rho_recipe *s, const char *key, const json_t **out)
{
	*out = json_object_get(s->at, key);
	return json_is_array(*out) ? 0 : not_a(s, key, "a list");
}

int rho_recipe_object(const struct rho_recipe *s, const char *key, struct rho_recipe *out)
{
	*out = *s;
	out->what = key;
	out->at = json_object_get(s->at, key);
	if (json_is_null(out->at))
		out->at = NULL;
	return !out->at || json_is_object(out->at) ? 0 : not_a(s, key, "an object or null");
}

int rho_recipe_choice(const struct rho_recipe *s, const char *key, const char *const *known)
{
	struct rho_str names[24], word;
	char all[400] = "";
	size_t n = 0;
	if (rho_recipe_str(s, key, NULL, &word))
		return -1;
	for (; known[n] && n < sizeof(names) / sizeof(names[0]); n++) {
		if (rho_str_is(word, known[n]))
			return (int)n;
		names[n] = rho_str_of(known[n]);
		size_t used = strlen(all);
		snprintf(all + used, sizeof(all) - used, "%s%s", n ? ", " : "", known[n]);
	}
	size_t near = rho_kit_nearest(word, names, n);
	struct rho_str shown = rho_str_head(word, 60);
	rho_recipe_refuse(s, "\"%s\" is \"%.*s\", which is not understood; known are %s%s%s%s", key,
	                  (int)shown.len, shown.at, all, near < n ? "; is it \"" : "",
	                  near < n ? known[near] : "", near < n ? "\"?" : "");
	return -1;
}
