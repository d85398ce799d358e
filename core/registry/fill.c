/* fill.c: a checked table's values, and the defaults of the rest, into the plugin's own struct. */
#include <stdlib.h>
#include <string.h>

#include "internal.h"

static const char *keep_str(struct rho_instance *inst, const char *s)
{
	return s ? rho_arena_note(inst->arena, rho_xstrdup(s)) : NULL;
}

/* What the environment variable of that name holds, or NULL. */
static const char *secret(struct rho_instance *inst, const char *name)
{
	return name && *name ? keep_str(inst, getenv(name)) : NULL;
}

static void fill_default(struct rho_instance *inst, char *at, const struct rho_param *p)
{
	int choice = (int)p->def.i;
	const char *s = p->flags & RHO_SECRET ? secret(inst, p->def.s) : p->def.s;
	switch (p->type) {
	case RHO_T_BOOL: memcpy(at, &p->def.b, sizeof p->def.b); break;
	case RHO_T_I64: memcpy(at, &p->def.i, sizeof p->def.i); break;
	case RHO_T_F64: memcpy(at, &p->def.f, sizeof p->def.f); break;
	case RHO_T_STR: memcpy(at, &s, sizeof s); break;
	case RHO_T_CHOICE: memcpy(at, &choice, sizeof choice); break;
	case RHO_T_I64S: memcpy(at, &p->def.is, sizeof p->def.is); break;
	case RHO_T_F64S: memcpy(at, &p->def.fs, sizeof p->def.fs); break;
	case RHO_T_STRS: memcpy(at, &p->def.ss, sizeof p->def.ss); break;
	default: /* a path or a part that was left out: NULL, as self is zeroed */ break;
	}
}

static void fill_list(struct rho_instance *inst, char *at, const struct rho_param *p,
                      const struct rho_toml *v)
{
	size_t i = 0;
	if (p->type == RHO_T_I64S) {
		int64_t *to = rho_arena_note(inst->arena, rho_xcalloc(v->n, sizeof *to));
		struct rho_i64s list = { to, v->n };
		for (const struct rho_toml *e = v->child; e; e = e->next)
			to[i++] = e->i;
		memcpy(at, &list, sizeof list);
	} else if (p->type == RHO_T_F64S) {
		double *to = rho_arena_note(inst->arena, rho_xcalloc(v->n, sizeof *to));
		struct rho_f64s list = { to, v->n };
		for (const struct rho_toml *e = v->child; e; e = e->next)
			to[i++] = e->type == RHO_TOML_INTEGER ? (double)e->i : e->f;
		memcpy(at, &list, sizeof list);
	} else {
		const char **to = rho_arena_note(inst->arena, rho_xcalloc(v->n, sizeof *to));
		struct rho_strs list = { to, v->n };
		for (const struct rho_toml *e = v->child; e; e = e->next)
			to[i++] = keep_str(inst, e->str);
		memcpy(at, &list, sizeof list);
	}
}

static int fill_one(struct rho_instance *inst, char *at, const struct rho_param *p, const struct rho_toml *v,
                    struct rho_buf *why)
{
	double number = v->type == RHO_TOML_INTEGER ? (double)v->i : v->f;
	const char *s;
	int choice;
	switch (p->type) {
	case RHO_T_BOOL: memcpy(at, &v->b, sizeof v->b); break;
	case RHO_T_I64: memcpy(at, &v->i, sizeof v->i); break;
	case RHO_T_F64: memcpy(at, &number, sizeof number); break;
	case RHO_T_STR:
		s = p->flags & RHO_SECRET ? secret(inst, v->str) : keep_str(inst, v->str);
		memcpy(at, &s, sizeof s);
		break;
	case RHO_T_CHOICE:
		choice = rho_choice_index(p, v->str);
		memcpy(at, &choice, sizeof choice);
		break;
	case RHO_T_PATH:
		s = rho_param_path(v, why);
		if (!s)
			return -1;
		s = rho_arena_note(inst->arena, (void *)(uintptr_t)s);
		memcpy(at, &s, sizeof s);
		break;
	case RHO_T_PART: break;
	default: fill_list(inst, at, p, v);
	}
	return 0;
}

int rho_params_fill(struct rho_instance *inst, const struct rho_toml *table, struct rho_buf *why)
{
	for (const struct rho_param *p = inst->module->params; p->name; p++) {
		const struct rho_toml *v = rho_toml_get(table, p->name);
		if (p->flags & RHO_HOST_PARAM)
			continue;
		char *at = (char *)inst->self + p->offset;
		if (!v)
			fill_default(inst, at, p);
		else if (fill_one(inst, at, p, v, why))
			return -1;
	}
	return 0;
}
