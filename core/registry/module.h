/* module.h: finding, opening and checking plugin modules. */
#ifndef RHO_REGISTRY_MODULE_H
#define RHO_REGISTRY_MODULE_H

#include <rho/rho.h>
#include "../base/buf.h"

/* A module that was opened and found sound: the host's own full-size copies of its constant and
 * of its kind's table, so slots an older plugin does not know of read as NULL. Never unloaded. */
enum { RHO_HOST_PARAM = 1u << 30 }; /* in rho_param.flags: the host's own, in no plugin's self */

struct rho_module {
	struct rho_plugin plugin;       /* .table and the kind's member point below */
	union {
		struct rho_dataset  dataset;
		struct rho_encoder  encoder;
		struct rho_sampler  sampler;
		struct rho_env      env;
		struct rho_agent    agent;
		struct rho_verifier verifier;
		struct rho_reporter reporter;
	} table;
	struct rho_param *params;       /* host-size copies, ends with name NULL; never NULL. An encoder's end
	                                 * with `transform`, the host's own (RHO_HOST_PARAM) */
	size_t n_params;
	char *path;                     /* absolute */
};

struct rho_registry;

/* `dirs`: n folders named with --plugins, searched before RHO_PLUGIN_PATH, the user's folder,
 * `plugins` beside the program (a build tree) and the installed folder, in this order. */
struct rho_registry *rho_registry_new(const char *const *dirs, size_t n);
void rho_registry_free(struct rho_registry *);

const char *rho_kind_name(uint32_t kind);       /* "agent"; NULL for no kind */
uint32_t rho_kind_from_name(const char *name);  /* 0 for no kind */

/* [a-z][a-z0-9_]*, at most 64 characters: plugins and parameters. */
bool rho_name_valid(const char *name);

/* Cuts "/…/agent-ppo.so" into kind and name (a new string, the caller's). 0 and NULL when the file
 * is not named like a plugin. */
uint32_t rho_file_kind(const char *path, char **name);

/* What the field of a parameter of that type takes in a plugin's self: bytes, and its alignment where
 * `align` is not NULL; 0 bytes for an unknown type. */
size_t rho_field_size(uint32_t type, size_t *align);

/* How many bytes a module's symbol takes up in it; 0 where the platform cannot say. */
size_t rho_symbol_size(const void *at);

/* The folders searched, in order, each absolute. */
size_t rho_registry_dirs(const struct rho_registry *, const char *const **dirs);

/* Absolute path of the first <kind>-<name>.so, NULL when there is none: `why` then lists the
 * folders searched and the nearest name. Caller frees. `skip`: how many matches to pass over. */
char *rho_registry_find(const struct rho_registry *, uint32_t kind, const char *name,
                        size_t skip, struct rho_buf *why);

/* Of the folders that --plugins and RHO_PLUGIN_PATH name: when a second one has another file of this
 * name with other contents, its absolute path (the caller's), else NULL. One of the two is there by
 * mistake; the first is used. */
char *rho_registry_rival(const struct rho_registry *, uint32_t kind, const char *name);

/* Names of all files of that kind in the folders, sorted, first match first. For listing and for
 * suggestions; nothing is opened. Caller frees with rho_names_free. */
size_t rho_registry_names(const struct rho_registry *, uint32_t kind, char ***names);
void rho_names_free(char **names, size_t n);

/* Says that another process has loaded the modules that this one will open: none of them is tried in a child
 * first (rehearse.c). For cells, whose parent did so. */
void rho_modules_rehearsed(void);

/* Opens the module (once a process; later calls give the same pointer). NULL with `why`, which
 * says which rule failed, with both sides, and what to do. */
const struct rho_module *rho_module_get(struct rho_registry *, uint32_t kind, const char *name,
                                        struct rho_buf *why);
const struct rho_module *rho_module_open(const char *path, struct rho_buf *why);

#endif
