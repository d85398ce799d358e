/* folder.h: a folder of its own for each test, and shorthand for what goes into it. */
#ifndef TESTS_STORE_FOLDER_H
#define TESTS_STORE_FOLDER_H

#include <config/toml.h>
#include <registry/instance.h>
#include <stddef.h>

/* A new empty folder under the system's place for temporary files; the caller's to remove. */
char *folder_new(void);
void folder_remove(char *folder);               /* with all in it; frees the name */

/* FOLDER/NAME with printf arguments; the caller frees. */
char *folder_path(const char *folder, const char *name);

void file_put(const char *path, const void *bytes, size_t n);
/* A .npy file as the store writes one, of (rows, cols) floats. */
void npy_put(const char *path, const float *at, size_t rows, size_t cols);
struct rho_buf file_get(const char *path);
void file_flip(const char *path, size_t at);    /* changes one bit of that byte */
size_t file_size(const char *path);
/* How many names in the folder contain `part`. */
size_t folder_count(const char *folder, const char *part);
/* The path of the only file whose name ends so; fails the test when there is not exactly one. */
char *folder_only(const char *folder, const char *suffix);

/* A plugin with a table of parameters, ready to be opened. */
struct plugin {
	struct rho_registry *registry;
	const struct rho_module *module;
	struct rho_toml *table;
	struct rho_world world;
};

/* The store's test plugin of that kind and name with parameters in TOML; fails the test when they
 * are refused. */
struct plugin plugin_get(uint32_t kind, const char *name, const char *toml);
void plugin_free(struct plugin *);

/* Whether a sentence holds these words. */
bool says(const struct rho_buf *why, const char *words);

#endif
