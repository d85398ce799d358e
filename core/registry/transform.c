/* transform.c: the parameter that every encoder's table takes and no plugin sees: what is done to its vectors
 * before anybody else does. */
#include <stdlib.h>
#include <string.h>

#include "internal.h"

const struct rho_param rho_transform_param = {
	.name = "transform",
	.help = "steps done to its vectors, by rho itself, fitted on the actions': centre, "
		"all-but-the-top:N, "
		"whiten, pca:N, unit",
	.type = RHO_T_STRS,
	.flags = RHO_HOST_PARAM,
};

int rho_transform_step_check(const char *step, struct rho_buf *why)
{
	struct rho_transform *t = rho_transform_parse(&step, 1, why);
	rho_transform_free(t);
	return t ? 0 : -1;
}

void rho_transform_step_print(const char *step, struct rho_buf *out)
{
	struct rho_buf why = { 0 };
	struct rho_transform *t = rho_transform_parse(&step, 1, &why);
	if (t)
		rho_transform_text(t, out);
	rho_transform_free(t);
	rho_buf_free(&why);
}

struct rho_transform *rho_params_transform(const struct rho_toml *table)
{
	const struct rho_toml *list = rho_toml_get(table, rho_transform_param.name);
	struct rho_transform *t = NULL;
	struct rho_buf why = { 0 };
	size_t n = 0;
	if (!list || !list->n)
		return NULL;
	const char **step = rho_xcalloc(list->n, sizeof *step); /* (list->n) */
	for (const struct rho_toml *e = list->child; e; e = e->next)
		step[n++] = e->str;
	t = rho_transform_parse(step, n, &why);
	free(step);
	rho_buf_free(&why);
	return t;
}

struct rho_toml *rho_params_untransformed(const struct rho_toml *table)
{
	struct rho_toml *copy = table ? rho_toml_copy(table) : NULL;
	for (struct rho_toml **at = copy ? &copy->child : NULL; at && *at;) {
		struct rho_toml *v = *at;
		if (strcmp(v->key, rho_transform_param.name)) {
			at = &v->next;
			continue;
		}
		*at = v->next;
		v->next = NULL;
		rho_toml_free(v);
		copy->n--;
	}
	return copy;
}
