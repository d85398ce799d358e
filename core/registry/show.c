/* show.c: `rho plugin show` and `rho plugin which`. */
#include <stdio.h>
#include <stdlib.h>

#include "../base/digest.h"
#include "cmd.h"
#include "internal.h"

static json_t *default_json(const struct rho_param *p)
{
	json_t *list = NULL;
	switch (p->type) {
	case RHO_T_BOOL: return json_boolean(p->def.b);
	case RHO_T_I64: return json_integer(p->def.i);
	case RHO_T_F64: return json_real(p->def.f);
	case RHO_T_STR: return json_string(p->def.s);
	case RHO_T_CHOICE: return json_string(p->choices[p->def.i]);
	case RHO_T_I64S:
		list = json_array();
		for (size_t i = 0; i < p->def.is.n; i++)
			json_array_append_new(list, json_integer(p->def.is.at[i]));
		return list;
	case RHO_T_F64S:
		list = json_array();
		for (size_t i = 0; i < p->def.fs.n; i++)
			json_array_append_new(list, json_real(p->def.fs.at[i]));
		return list;
	case RHO_T_STRS:
		list = json_array();
		for (size_t i = 0; i < p->def.ss.n; i++)
			json_array_append_new(list, json_string(p->def.ss.at[i]));
		return list;
	default: return NULL;
	}
}

static json_t *param_json(const struct rho_param *p)
{
	struct rho_buf text = { 0 };
	json_t *o = json_object(), *list;
	rho_param_type_print(p, &text);
	json_object_set_new(o, "name", json_string(p->name));
	json_object_set_new(o, "takes", json_string(text.at));
	json_object_set_new(o, "help", json_string(p->help));
	json_object_set_new(o, "required", json_boolean(p->flags & RHO_REQUIRED));
	json_object_set_new(o, "speed", json_boolean(p->flags & RHO_SPEED));
	json_object_set_new(o, "secret", json_boolean(p->flags & RHO_SECRET));
	json_object_set_new(o, "made", json_boolean(p->flags & RHO_MADE));
	rho_buf_clear(&text);
	if (rho_default_print(p, &text))
		json_object_set_new(o, "default", default_json(p));
	if (p->lo != 0 || p->hi != 0) {
		json_object_set_new(o, "lo", json_real(p->lo));
		json_object_set_new(o, "hi", json_real(p->hi));
	}
	if (p->type == RHO_T_CHOICE) {
		list = json_array();
		for (size_t i = 0; p->choices[i]; i++)
			json_array_append_new(list, json_string(p->choices[i]));
		json_object_set_new(o, "choices", list);
	}
	rho_buf_free(&text);
	return o;
}

static json_t *module_json(const struct rho_module *m)
{
	const struct rho_plugin *p = &m->plugin;
	json_t *o = json_object(), *params = json_array();
	struct rho_buf abi = { 0 };
	rho_buf_printf(&abi, "%d.%d", p->abi_major, p->abi_minor);
	json_object_set_new(o, "kind", json_string(rho_kind_name(p->kind)));
	json_object_set_new(o, "name", json_string(p->name));
	json_object_set_new(o, "version", json_string(p->version));
	json_object_set_new(o, "revision", json_integer(p->revision));
	json_object_set_new(o, "brief", json_string(p->brief));
	json_object_set_new(o, "doc", p->doc ? json_string(p->doc) : json_null());
	json_object_set_new(o, "cite", p->cite ? json_string(p->cite) : json_null());
	json_object_set_new(o, "abi", json_string(abi.at));
	json_object_set_new(o, "path", json_string(m->path));
	for (const struct rho_param *q = m->params; q->name; q++)
		json_array_append_new(params, param_json(q));
	json_object_set_new(o, "params", params);
	rho_buf_free(&abi);
	return o;
}

int rho_plugin_show(struct rho_registry *r, const struct rho_plugin_args *args)
{
	struct rho_buf text = { 0 }, why = { 0 };
	const struct rho_module *m = rho_module_get(r, args->kind, args->name, &why);
	if (!m) {
		fprintf(stderr, "rho plugin show: %s\n", why.at);
	} else if (args->json) {
		rho_print_json(module_json(m));
	} else {
		rho_params_manual(m, &text);
		fputs(text.at, stdout);
	}
	rho_buf_free(&text);
	rho_buf_free(&why);
	return m ? 0 : 2;
}

int rho_plugin_which(const struct rho_registry *r, const struct rho_plugin_args *args)
{
	json_t *all = args->json ? json_array() : NULL;
	struct rho_buf why = { 0 };
	size_t n = 0;
	for (char *path; (path = rho_registry_find(r, args->kind, args->name, n, &why)); n++) {
		char hex[65] = "cannot be read";
		struct rho_buf unread = { 0 };
		int bad = rho_sha256_file(path, hex, &unread);
		if (all) {
			json_t *o = json_object();
			json_object_set_new(o, "path", json_string(path));
			json_object_set_new(o, "sha256", bad ? json_null() : json_string(hex));
			json_object_set_new(o, "used", json_boolean(!n));
			json_array_append_new(all, o);
		} else {
			printf("%c %s\n    %s%s\n", n ? ' ' : '*', path, bad ? "" : "sha256 ",
			       bad ? unread.at : hex);
		}
		rho_buf_free(&unread);
		free(path);
	}
	if (!n)
		fprintf(stderr, "rho plugin which: %s\n", why.at);
	if (n && all)
		rho_print_json(all);
	else if (all)
		json_decref(all);
	rho_buf_free(&why);
	return n ? 0 : 2;
}
