/* internal.h: what the files of this room share; the rest of the core includes module.h, params.h
 * and instance.h. */
#ifndef RHO_REGISTRY_INTERNAL_H
#define RHO_REGISTRY_INTERNAL_H

#include "instance.h"

/* Refuses what dlopen would stumble over: not ELF, another machine, cut off. 0 or -1 with why. */
int rho_image_check(const char *path, struct rho_buf *why);

/* Loads a module that has constructors in a child process first: 0, or -1 with why when it did not
 * survive. Modules without are not loaded. */
int rho_load_rehearse(const char *path, struct rho_buf *why);

/* Copies a module's parameter table into host-size structs and checks it: names, types, offsets
 * inside self_size, bounds, defaults, help. 0 or -1 with why (without the path in front). */
int rho_table_load(struct rho_module *, const struct rho_plugin *raw, struct rho_buf *why);

/* What every encoder's table takes beyond the plugin's own parameters; see rho_params_transform. */
extern const struct rho_param rho_transform_param;

/* Whether one step is sound; -1 with why. The canonical text of a sound one. */
int rho_transform_step_check(const char *step, struct rho_buf *why);
void rho_transform_step_print(const char *step, struct rho_buf *out);

/* "0 .. 1", "at least 0"; nothing where the parameter is unbounded. */
void rho_bounds_print(const struct rho_param *, struct rho_buf *out);
bool rho_in_bounds(const struct rho_param *, long double v);

/* "number 0 .. 1", "one of "a", "b"": what a parameter takes. */
void rho_param_type_print(const struct rho_param *, struct rho_buf *out);

/* The parameter's default as TOML; false when it has none (nothing is printed). */
bool rho_default_print(const struct rho_param *, struct rho_buf *out);

/* The path as the plugin will see it: from the folder of the file it stands in; for a command-line
 * override, from the current folder. The caller's; NULL with why. */
char *rho_param_path(const struct rho_toml *value, struct rho_buf *why);

/* Which of the parameter's choices a word is; -1: none. */
int rho_choice_index(const struct rho_param *, const char *word);

/* Fills the fields of inst->self but the parts from a checked table. -1 with why. */
int rho_params_fill(struct rho_instance *, const struct rho_toml *table, struct rho_buf *why);

/* An instance's memory. Blocks are 64-byte aligned; scratch is one region that grows. */
struct rho_block { void *at; size_t bytes, mapped; };   /* mapped: length of its mmap, or 0: malloc */

struct rho_arena {
	struct rho_block *block; size_t n_blocks, room_blocks;
	void **note; size_t n_notes, room_notes;        /* the host's own allocations, freed with it */
	struct rho_block region;                        /* scratch */
	size_t used, wanted;            /* of the region now; by the hungriest call so far */
	struct rho_block *extra; size_t n_extra, room_extra;    /* what did not fit in this call */
};

/* Bytes out of the world's budget, zeroed; NULL with the reason recorded in the instance. */
void *rho_arena_alloc(struct rho_instance *, size_t n, size_t size);
void *rho_arena_scratch(struct rho_instance *, size_t n, size_t size);
/* Forgets the call's scratch; the region grows to what the hungriest call wanted. */
void rho_arena_reset(struct rho_instance *);
/* Hands `p` (from malloc) over to be freed with the instance; gives p back. */
void *rho_arena_note(struct rho_arena *, void *p);
void rho_arena_free(struct rho_instance *);

/* Records an error of the instance; `broken`: one that must come out even if the plugin's call
 * says it went well. */
void rho_record(struct rho_instance *, bool broken, int code, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

extern const struct rho_host rho_host_services;         /* services.c */

#endif
