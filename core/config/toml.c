/* toml.c: what can be done with a TOML tree once it is there. */
#include "toml.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/file.h"

enum { LONGEST_FILE = 16 << 20 };

struct rho_toml *rho_toml_read(const char *path, struct rho_diags *diags)
{
	struct rho_buf text = { 0 }, why = { 0 };
	struct rho_toml *t = NULL;
	if (rho_file_read(path, LONGEST_FILE, &text, &why))
		rho_diag(diags, (struct rho_where){ 0 }, "%s", why.at);
	else
		t = rho_toml_parse(text.at, text.len, path, diags);
	rho_buf_free(&text);
	rho_buf_free(&why);
	return t;
}

void rho_toml_free(struct rho_toml *t)
{
	while (t) {
		struct rho_toml *next = t->next;
		rho_toml_free(t->child);
		free(t->key);
		free(t->str);
		free(t);
		t = next;
	}
}

static struct rho_toml *copy_one(const struct rho_toml *t)
{
	struct rho_toml *c = rho_xmalloc(sizeof *c), **end = &c->child;
	*c = *t;
	c->next = c->child = NULL;
	c->key = t->key ? rho_xstrdup(t->key) : NULL;
	c->str = t->str ? rho_xstrdup(t->str) : NULL;
	for (const struct rho_toml *k = t->child; k; k = k->next) {
		*end = copy_one(k);
		end = &(*end)->next;
	}
	return c;
}

struct rho_toml *rho_toml_copy(const struct rho_toml *t) { return t ? copy_one(t) : NULL; }

const struct rho_toml *rho_toml_get(const struct rho_toml *table, const char *key)
{
	if (!table || table->type != RHO_TOML_TABLE)
		return NULL;
	for (const struct rho_toml *t = table->child; t; t = t->next)
		if (!strcmp(t->key, key))
			return t;
	return NULL;
}

/* Whether the patch names another plugin: the base's parameters are then not its own. */
static bool other_use(const struct rho_toml *base, const struct rho_toml *patch)
{
	const struct rho_toml *a = rho_toml_get(base, "use"), *b = rho_toml_get(patch, "use");
	return b &&
	       !(a && a->type == RHO_TOML_STRING && b->type == RHO_TOML_STRING && !strcmp(a->str, b->str));
}

static void patch_table(struct rho_toml *base, const struct rho_toml *patch)
{
	for (const struct rho_toml *p = patch->child; p; p = p->next) {
		struct rho_toml **at = &base->child;
		while (*at && strcmp((*at)->key, p->key))
			at = &(*at)->next;
		struct rho_toml *was = *at;
		if (was && was->type == RHO_TOML_TABLE && p->type == RHO_TOML_TABLE && !other_use(was, p)) {
			patch_table(was, p);
			continue;
		}
		*at = copy_one(p);
		if (was) {
			(*at)->next = was->next;
			was->next = NULL;
			rho_toml_free(was);
		} else {
			base->n++;
		}
	}
}

struct rho_toml *rho_toml_merge(const struct rho_toml *base, const struct rho_toml *patch)
{
	if (!base || !patch || base->type != RHO_TOML_TABLE || patch->type != RHO_TOML_TABLE ||
	    other_use(base, patch))
		return rho_toml_copy(patch ? patch : base);
	struct rho_toml *merged = copy_one(base);
	patch_table(merged, patch);
	return merged;
}

static void print_string(const char *s, struct rho_buf *out)
{
	rho_buf_str(out, "\"");
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;
		if (c == '"' || c == '\\')
			rho_buf_printf(out, "\\%c", c);
		else if (c == '\n')
			rho_buf_str(out, "\\n");
		else if (c == '\t')
			rho_buf_str(out, "\\t");
		else if (c < 0x20 || c == 0x7f)
			rho_buf_printf(out, "\\u%04x", (unsigned)c);
		else
			rho_buf_add(out, s, 1);
	}
	rho_buf_str(out, "\"");
}

static void print_key(const char *key, struct rho_buf *out)
{
	static const char bare[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
	if (*key && !key[strspn(key, bare)])
		rho_buf_str(out, key);
	else
		print_string(key, out);
}

/* The shortest decimal form that reads back as the same number. */
static void print_float(double f, struct rho_buf *out)
{
	char text[40];
	if (!isfinite(f)) {
		rho_buf_str(out, isnan(f) ? "nan" : f < 0 ? "-inf" : "inf");
		return;
	}
	for (int digits = 15; digits <= 17; digits++) {
		snprintf(text, sizeof text, "%.*g", digits, f);
		if (strtod(text, NULL) == f)
			break;
	}
	rho_buf_str(out, text);
	if (!strpbrk(text, ".e"))
		rho_buf_str(out, ".0");
}

void rho_toml_print(const struct rho_toml *t, struct rho_buf *out)
{
	const char *before = "";
	switch (t->type) {
	case RHO_TOML_TABLE:
	case RHO_TOML_ARRAY:
		rho_buf_str(out, t->type == RHO_TOML_TABLE ? "{" : "[");
		for (const struct rho_toml *k = t->child; k; k = k->next) {
			rho_buf_str(out, before);
			if (t->type == RHO_TOML_TABLE) {
				rho_buf_str(out, *before ? "" : " ");
				print_key(k->key, out);
				rho_buf_str(out, " = ");
			}
			rho_toml_print(k, out);
			before = ", ";
		}
		rho_buf_str(out, t->type == RHO_TOML_ARRAY ? "]" : t->child ? " }" : "}");
		break;
	case RHO_TOML_STRING: print_string(t->str, out); break;
	case RHO_TOML_INTEGER: rho_buf_printf(out, "%lld", (long long)t->i); break;
	case RHO_TOML_FLOAT: print_float(t->f, out); break;
	case RHO_TOML_BOOLEAN: rho_buf_str(out, t->b ? "true" : "false"); break;
	default: rho_buf_str(out, t->str);
	}
}

const char *rho_toml_type_name(uint32_t type)
{
	static const char *const names[] = {
		[RHO_TOML_TABLE] = "a table",           [RHO_TOML_ARRAY] = "a list",
		[RHO_TOML_STRING] = "a string",         [RHO_TOML_INTEGER] = "an integer",
		[RHO_TOML_FLOAT] = "a number",          [RHO_TOML_BOOLEAN] = "true or false",
		[RHO_TOML_DATETIME] = "a date or time",
	};
	return type && type < sizeof names / sizeof *names ? names[type] : "nothing";
}
