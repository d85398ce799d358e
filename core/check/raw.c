/* raw.c: reading a module's constant before it is trusted, and the rules it must keep. */
#include <dlfcn.h>
#include <link.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "raw.h"

enum { TEXT = 512, MOST_PARAMS = 256 };

static void read_params(struct rho_raw *r)
{
	const char *at = (const char *)r->plugin.params;
	size_t size = r->plugin.param_size, copy = size < sizeof *r->params ? size : sizeof *r->params;
	if (!at || size < offsetof(struct rho_param, choices) || size > 4096)
		return;
	r->params = rho_xcalloc(MOST_PARAMS + 1, sizeof *r->params);
	for (; r->n_params < MOST_PARAMS; r->n_params++, at += size) {
		memcpy(&r->params[r->n_params], at, copy);
		if (!r->params[r->n_params].name)
			return;
	}
	r->endless = true;
}

void rho_raw_name(struct rho_raw *r, const char *path)
{
	const char *base = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	const char *dash = strchr(base, '-'), *end = strstr(base, ".so");
	char kind[16];
	memset(r, 0, sizeof *r);
	if (!dash || !end || end < dash || end[3] || (size_t)(dash - base) >= sizeof kind)
		return;
	snprintf(kind, sizeof kind, "%.*s", (int)(dash - base), base);
	snprintf(r->file_name, sizeof r->file_name, "%.*s", (int)(end - dash - 1), dash + 1);
	r->file_kind = rho_kind_from_name(kind);
}

int rho_raw_read(struct rho_trial *t, struct rho_raw *r)
{
	rho_raw_name(r, t->path);
	void *handle = dlopen(t->path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
	if (!handle)
		return rho_trial_skip(t, "the file cannot be loaded, see M1");
	const struct rho_plugin *p = dlsym(handle, "rho_plugin");
	if (!p)
		return rho_trial_skip(t, "there is no rho_plugin in it, see M2");
	r->symbol = rho_symbol_size(p);
	size_t size = r->symbol ? r->symbol : sizeof *p, head = offsetof(struct rho_plugin, kind);
	memcpy(&r->plugin, p, size < head ? size : head);
	if (rho_raw_is_ours(r) && r->plugin.size < size)
		size = r->plugin.size;
	memcpy(&r->plugin, p, size < sizeof *p ? size : sizeof *p);
	if (rho_raw_is_ours(r))
		read_params(r);
	return RHO_CHECK_PASS;
}

int rho_raw_judge(struct rho_trial *t, const char *(*rule)(const struct rho_raw *, char *text))
{
	struct rho_raw raw;
	char text[TEXT];
	int r = rho_raw_read(t, &raw);
	if (!r && !rho_raw_is_ours(&raw))
		r = rho_trial_skip(t, "it was built for another ABI, see M4");
	else if (!r && rule(&raw, text))
		r = rho_trial_fail(t, "%s", text);
	free(raw.params);
	return r;
}

bool rho_raw_is_ours(const struct rho_raw *r)
{
	const struct rho_plugin *p = &r->plugin;
	return p->magic == RHO_MAGIC && p->abi_major == RHO_ABI_MAJOR &&
	       (RHO_ABI_MAJOR ? p->abi_minor <= RHO_ABI_MINOR : p->abi_minor == RHO_ABI_MINOR) &&
	       p->size >= offsetof(struct rho_plugin, table) + sizeof p->table;
}

const char *rho_raw_names(const struct rho_raw *r, char *text)
{
	const struct rho_plugin *p = &r->plugin;
	const char *kind = rho_kind_name(p->kind);
	if (!kind)
		snprintf(text, TEXT, "kind %u is none of enum rho_kind", p->kind);
	else if (!p->name || !rho_name_valid(p->name))
		snprintf(text, TEXT, "the name \"%s\" is not made of a-z, 0-9 and _, beginning with a letter",
		         p->name ? p->name : "");
	else if (p->kind != r->file_kind || strcmp(p->name, r->file_name))
		snprintf(text, TEXT, "it is the %s %s, so its file must be named %s-%s.so", kind, p->name,
		         kind, p->name);
	else
		return NULL;
	return text;
}

const char *rho_raw_sizes(const struct rho_raw *r, char *text)
{
	const struct rho_plugin *p = &r->plugin;
	uint32_t table = 0;
	if (p->magic != RHO_MAGIC)
		snprintf(text, TEXT, "rho_plugin begins with 0x%08x, not RHO_MAGIC", p->magic);
	else if (!rho_raw_is_ours(r))
		snprintf(text, TEXT,
		         "built for ABI %u.%u with a struct rho_plugin of %u bytes; this rho has ABI "
		         "%d.%d and %zu bytes",
		         p->abi_major, p->abi_minor, p->size, RHO_ABI_MAJOR, RHO_ABI_MINOR, sizeof *p);
	else if (r->symbol && p->size > r->symbol)
		snprintf(text, TEXT, "size says %u bytes, but rho_plugin takes up %zu", p->size, r->symbol);
	else if (p->param_size < offsetof(struct rho_param, choices) || p->param_size > 4096)
		snprintf(text, TEXT, "param_size is %u; RHO_PLUGIN(kind) sets it to %zu", p->param_size,
		         sizeof(struct rho_param));
	else if (p->revision < 1)
		snprintf(text, TEXT, "revision is %u; it starts at 1: .revision = 1", p->revision);
	else if (!p->table)
		snprintf(text, TEXT, "there is no table of functions for its kind");
	else if (memcpy(&table, p->table, sizeof table), table < sizeof table || table > 65536)
		snprintf(text, TEXT, "its kind's table says it has %u bytes; begin it with .size = sizeof …",
		         table);
	else
		return NULL;
	return text;
}

const char *rho_raw_words(const struct rho_raw *r, char *text)
{
	const struct rho_plugin *p = &r->plugin;
	if (!p->version || !*p->version)
		return snprintf(text, TEXT, "there is no version"), text;
	if (!p->brief || !*p->brief)
		return snprintf(text, TEXT, "there is no brief"), text;
	if (strchr(p->brief, '\n'))
		return snprintf(text, TEXT, "brief is more than one line"), text;
	for (size_t i = 0; i < r->n_params; i++)
		if (!r->params[i].help || !*r->params[i].help)
			return snprintf(text, TEXT, "parameter %s has no help", r->params[i].name), text;
	return NULL;
}

const char *rho_raw_fields(const struct rho_raw *r, char *text)
{
	size_t self = r->plugin.self_size, size, align;
	if (r->endless)
		return snprintf(text, TEXT, "%d parameters and no RHO_END", MOST_PARAMS), text;
	for (size_t i = 0; i < r->n_params; i++) {
		const struct rho_param *p = &r->params[i], *q;
		if (!rho_name_valid(p->name) || !strcmp(p->name, "use"))
			return snprintf(text, TEXT, "\"%.64s\" cannot name a parameter", p->name), text;
		size = rho_field_size(p->type, &align);
		if (!size)
			return snprintf(text, TEXT, "%s has the unknown type %u", p->name, p->type), text;
		if (size > self || p->offset > self - size || p->offset % align)
			return snprintf(text, TEXT, "%s at offset %zu does not fit into self (%zu bytes)",
			                p->name, p->offset, self),
			       text;
		for (size_t j = 0; j < i; j++) {
			q = &r->params[j];
			if (!strcmp(p->name, q->name))
				return snprintf(text, TEXT, "%s stands there twice", p->name), text;
			if (p->offset < q->offset + rho_field_size(q->type, NULL) &&
			    q->offset < p->offset + size)
				return snprintf(text, TEXT, "%s and %s share bytes of self", q->name,
				                p->name),
				       text;
		}
	}
	return NULL;
}

static bool is_number(uint32_t type)
{
	return type == RHO_T_I64 || type == RHO_T_F64 || type == RHO_T_I64S || type == RHO_T_F64S;
}

static bool bounds_sound(const struct rho_param *p)
{
	return isfinite(p->lo) && isfinite(p->hi) && p->lo <= p->hi;
}

const char *rho_raw_bounds(const struct rho_raw *r, char *text)
{
	for (size_t i = 0; i < r->n_params; i++)
		if (!bounds_sound(&r->params[i]))
			return snprintf(text, TEXT,
			                "%s: %g .. %g is not a finite, ordered range (both 0: unbounded)",
			                r->params[i].name, r->params[i].lo, r->params[i].hi),
			       text;
	return NULL;
}

static bool fits(const struct rho_param *p, double v)
{
	return isfinite(v) && ((p->lo == 0 && p->hi == 0) || (v >= p->lo && v <= p->hi));
}

/* Whether the default of a number or of a list of numbers lies within sound bounds. */
static bool default_fits(const struct rho_param *p)
{
	if (p->type == RHO_T_I64)
		return fits(p, (double)p->def.i);
	if (p->type == RHO_T_F64)
		return fits(p, p->def.f);
	if (p->type == RHO_T_I64S)
		for (size_t i = 0; i < p->def.is.n; i++)
			if (!fits(p, (double)p->def.is.at[i]))
				return false;
	if (p->type == RHO_T_F64S)
		for (size_t i = 0; i < p->def.fs.n; i++)
			if (!fits(p, p->def.fs.at[i]))
				return false;
	return true;
}

const char *rho_raw_defaults(const struct rho_raw *r, char *text)
{
	for (size_t i = 0; i < r->n_params; i++) {
		const struct rho_param *p = &r->params[i];
		if (p->flags & RHO_REQUIRED)
			continue;
		if (p->type == RHO_T_CHOICE) {
			int64_t n = 0;
			while (p->choices && p->choices[n])
				n++;
			if (p->def.i < 0 || p->def.i >= n)
				return snprintf(text, TEXT, "%s: choice %lld of %lld", p->name,
				                (long long)p->def.i, (long long)n),
				       text;
		}
		if (is_number(p->type) && bounds_sound(p) && !default_fits(p))
			return snprintf(text, TEXT, "%s: its default is not within %g .. %g", p->name, p->lo,
			                p->hi),
			       text;
	}
	return NULL;
}
