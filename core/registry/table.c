/* table.c: a module's parameter table as it was compiled in: copied to this host's size and checked
 * once, so that nothing behind it needs to doubt an offset, a bound or a default. */
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

enum { MOST_PARAMS = 256 }; /* more means that RHO_END is missing */

static const struct {
	size_t size, align;
} fields[] = {
	[RHO_T_BOOL] = { sizeof(bool), _Alignof(bool) },
	[RHO_T_I64] = { sizeof(int64_t), _Alignof(int64_t) },
	[RHO_T_F64] = { sizeof(double), _Alignof(double) },
	[RHO_T_STR] = { sizeof(char *), _Alignof(char *) },
	[RHO_T_PATH] = { sizeof(char *), _Alignof(char *) },
	[RHO_T_CHOICE] = { sizeof(int), _Alignof(int) },
	[RHO_T_I64S] = { sizeof(struct rho_i64s), _Alignof(struct rho_i64s) },
	[RHO_T_F64S] = { sizeof(struct rho_f64s), _Alignof(struct rho_f64s) },
	[RHO_T_STRS] = { sizeof(struct rho_strs), _Alignof(struct rho_strs) },
	[RHO_T_PART] = { sizeof(struct rho_part), _Alignof(struct rho_part) },
};

size_t rho_field_size(uint32_t type, size_t *align)
{
	if (type <= RHO_T_END || type > RHO_T_PART)
		return 0;
	if (align)
		*align = fields[type].align;
	return fields[type].size;
}

static bool bounded(const struct rho_param *p) { return p->lo != 0 || p->hi != 0; }

bool rho_in_bounds(const struct rho_param *p, long double v)
{
	return !bounded(p) || (v >= (long double)p->lo && v <= (long double)p->hi);
}

static void print_bound(double v, struct rho_buf *out)
{
	char text[32];
	for (int digits = 15; digits <= 17; digits++) {
		snprintf(text, sizeof text, "%.*g", digits, v);
		if (strtod(text, NULL) == v)
			break;
	}
	rho_buf_str(out, text);
}

void rho_bounds_print(const struct rho_param *p, struct rho_buf *out)
{
	bool integer = p->type == RHO_T_I64 || p->type == RHO_T_I64S;
	/* A bound at the end of the type's range is none. */
	double end = integer ? 0x1p62 : 1e300;
	if (!bounded(p) || (p->hi >= end && p->lo <= -end))
		return;
	if (p->hi >= end) {
		rho_buf_str(out, "at least ");
		print_bound(p->lo, out);
	} else if (p->lo <= -end) {
		rho_buf_str(out, "at most ");
		print_bound(p->hi, out);
	} else {
		print_bound(p->lo, out);
		rho_buf_str(out, " .. ");
		print_bound(p->hi, out);
	}
}

static int check_bounds(const struct rho_param *p, struct rho_buf *why)
{
	if (isfinite(p->lo) && isfinite(p->hi) && p->lo <= p->hi)
		return 0;
	rho_buf_printf(why, "parameter %s: its bounds %g .. %g must be finite and in order (both 0: none)",
	               p->name, p->lo, p->hi);
	return -1;
}

static int out_of_bounds(const struct rho_param *p, double v, struct rho_buf *why)
{
	rho_buf_printf(why, "parameter %s: its default %.17g is not within its own bounds %g .. %g", p->name,
	               v, p->lo, p->hi);
	return -1;
}

static int check_choices(const struct rho_param *p, struct rho_buf *why)
{
	int64_t n = 0;
	if (!p->choices || !p->choices[0]) {
		rho_buf_printf(why, "parameter %s: a choice needs `choices`, strings that end with NULL",
		               p->name);
		return -1;
	}
	for (; p->choices[n]; n++) {
		for (int64_t j = 0; j < n; j++) {
			if (!strcmp(p->choices[j], p->choices[n])) {
				rho_buf_printf(why, "parameter %s: the choice \"%s\" stands there twice",
				               p->name, p->choices[n]);
				return -1;
			}
		}
	}
	if (!(p->flags & RHO_REQUIRED) && (p->def.i < 0 || p->def.i >= n)) {
		rho_buf_printf(why, "parameter %s: its default is choice %lld of 0 .. %lld", p->name,
		               (long long)p->def.i, (long long)(n - 1));
		return -1;
	}
	return 0;
}

static int check_number_default(const struct rho_param *p, double v, long double exact, struct rho_buf *why)
{
	if (!isfinite(v)) {
		rho_buf_printf(why, "parameter %s: its default %g is not a finite number", p->name, v);
		return -1;
	}
	return rho_in_bounds(p, exact) ? 0 : out_of_bounds(p, v, why);
}

static int check_list_default(const struct rho_param *p, struct rho_buf *why)
{
	size_t n = p->type == RHO_T_I64S ? p->def.is.n : p->type == RHO_T_F64S ? p->def.fs.n : p->def.ss.n;
	const void *at = p->type == RHO_T_I64S   ? (const void *)p->def.is.at
	                 : p->type == RHO_T_F64S ? (const void *)p->def.fs.at
	                                         : (const void *)p->def.ss.at;
	if (n && !at) {
		rho_buf_printf(why, "parameter %s: its default list has %zu elements at NULL", p->name, n);
		return -1;
	}
	for (size_t i = 0; i < n; i++) {
		if (p->type == RHO_T_I64S &&
		    check_number_default(p, (double)p->def.is.at[i], p->def.is.at[i], why))
			return -1;
		if (p->type == RHO_T_F64S && check_number_default(p, p->def.fs.at[i], p->def.fs.at[i], why))
			return -1;
		if (p->type == RHO_T_STRS && !p->def.ss.at[i]) {
			rho_buf_printf(why, "parameter %s: element %zu of its default list is NULL", p->name,
			               i);
			return -1;
		}
	}
	return 0;
}

/* One entry by itself, once name, type and offset are known to be sound. */
static int check_meaning(const struct rho_param *p, struct rho_buf *why)
{
	bool given = p->flags & RHO_REQUIRED;
	if (check_bounds(p, why))
		return -1;
	switch (p->type) {
	case RHO_T_I64: return given ? 0 : check_number_default(p, (double)p->def.i, p->def.i, why);
	case RHO_T_F64: return given ? 0 : check_number_default(p, p->def.f, p->def.f, why);
	case RHO_T_CHOICE: return check_choices(p, why);
	case RHO_T_I64S:
	case RHO_T_F64S:
	case RHO_T_STRS: return given ? 0 : check_list_default(p, why);
	case RHO_T_PART:
		if (rho_kind_name(p->kind))
			return 0;
		rho_buf_printf(why, "parameter %s: it is a part of kind %u, which is no kind of plugin",
		               p->name, p->kind);
		return -1;
	default: return 0;
	}
}

static int check_place(const struct rho_param *p, size_t self_size, struct rho_buf *why)
{
	size_t align = 1, size = rho_field_size(p->type, &align);
	if (!size)
		rho_buf_printf(why, "parameter %s: type %u is none of enum rho_type", p->name, p->type);
	else if (p->offset > self_size || size > self_size - p->offset)
		rho_buf_printf(why,
		               "parameter %s: its field lies at %zu .. %zu, outside self_size = %zu; set "
		               ".self_size = sizeof(struct …)",
		               p->name, p->offset, p->offset + size, self_size);
	else if (p->offset % align)
		rho_buf_printf(why,
		               "parameter %s: its field at %zu is not aligned to %zu; use the macros of "
		               "rho/param.h",
		               p->name, p->offset, align);
	else
		return 0;
	return -1;
}

static int check_names(const struct rho_param *p, uint32_t kind, struct rho_buf *why)
{
	if (!rho_name_valid(p->name) || !strcmp(p->name, "use"))
		rho_buf_printf(
			why,
			"parameter \"%s\": a name is made of a-z, 0-9 and _, starts with a letter, and "
			"is not `use`",
			p->name);
	else if (kind == RHO_ENCODER && !strcmp(p->name, rho_transform_param.name))
		rho_buf_printf(why,
		               "parameter %s: rho gives every encoder a parameter of this name; give yours "
		               "another",
		               p->name);
	else if (!p->help || !*p->help)
		rho_buf_printf(why, "parameter %s: it has no help; say in one sentence what it is", p->name);
	else
		return 0;
	return -1;
}

static int check_pairs(const struct rho_param *p, size_t n, struct rho_buf *why)
{
	for (size_t i = 0; i < n; i++) {
		size_t from = p[i].offset, to = from + rho_field_size(p[i].type, NULL);
		for (size_t j = 0; j < i; j++) {
			size_t other = p[j].offset, end = other + rho_field_size(p[j].type, NULL);
			if (!strcmp(p[i].name, p[j].name)) {
				rho_buf_printf(why, "parameter %s stands there twice", p[i].name);
				return -1;
			}
			if (from < end && other < to) {
				rho_buf_printf(why,
				               "parameters %s and %s lie over each other in self, at %zu and "
				               "%zu; give each a field of its own",
				               p[j].name, p[i].name, other, from);
				return -1;
			}
		}
	}
	return 0;
}

int rho_table_load(struct rho_module *m, const struct rho_plugin *raw, struct rho_buf *why)
{
	const char *at = (const char *)m->plugin.params;
	size_t step = raw->param_size,
	       copied = step < sizeof(struct rho_param) ? step : sizeof(struct rho_param);
	m->params = rho_xcalloc(MOST_PARAMS + 2, sizeof *m->params);
	for (m->n_params = 0; at; m->n_params++, at += step) {
		struct rho_param *p = &m->params[m->n_params];
		const char *name;
		memcpy(&name, at + offsetof(struct rho_param, name), sizeof name);
		if (!name)
			break;
		if (m->n_params == MOST_PARAMS) {
			rho_buf_printf(why, "its parameters go on after %d; end the table with RHO_END",
			               MOST_PARAMS);
			return -1;
		}
		memcpy(p, at, copied);
		p->flags &= ~(uint32_t)RHO_HOST_PARAM;
		if (check_names(p, m->plugin.kind, why) || check_place(p, m->plugin.self_size, why) ||
		    check_meaning(p, why))
			return -1;
	}
	if (check_pairs(m->params, m->n_params, why))
		return -1;
	if (m->plugin.kind == RHO_ENCODER)
		m->params[m->n_params++] = rho_transform_param;
	m->params = rho_xrealloc(m->params, (m->n_params + 1) * sizeof *m->params);
	m->plugin.params = m->params;
	return 0;
}
