/* cmd.h: what the files behind `rho plugin` share. */
#ifndef RHO_REGISTRY_CMD_H
#define RHO_REGISTRY_CMD_H

#include <jansson.h>

#include "module.h"

struct rho_plugin_args {
	const char *verb;               /* "list", "show", "which" */
	uint32_t kind;                  /* 0: none named */
	const char *name;               /* NULL: none named */
	bool json, help;
	const char **dirs; size_t n_dirs;       /* --plugins */
};

/* Each prints to stdout and gives the exit status. */
int rho_plugin_list(const struct rho_registry *, const struct rho_plugin_args *);
int rho_plugin_show(struct rho_registry *, const struct rho_plugin_args *);
int rho_plugin_which(const struct rho_registry *, const struct rho_plugin_args *);

void rho_print_json(json_t *);          /* and a newline; frees */

#endif
