/* toml.h: a TOML 1.0 document as a tree of plain C structs, with the place of every value.
 * The only code that knows the C++ library behind it is toml.cpp. */
#ifndef RHO_CONFIG_TOML_H
#define RHO_CONFIG_TOML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "../base/buf.h"
#include "../base/diag.h"

#ifdef __cplusplus
extern "C" {
#endif

enum rho_toml_type {
	RHO_TOML_TABLE = 1, RHO_TOML_ARRAY, RHO_TOML_STRING, RHO_TOML_INTEGER,
	RHO_TOML_FLOAT, RHO_TOML_BOOLEAN, RHO_TOML_DATETIME,
};

struct rho_toml {
	uint32_t type;                  /* enum rho_toml_type */
	struct rho_where where;         /* of the value */
	char *key;                      /* in a table; NULL in an array and at the root */
	struct rho_where key_where;
	char *str;                      /* STRING; DATETIME: its text */
	size_t str_len;                 /* a TOML string may hold NULs: compare with strlen */
	int64_t i; double f; bool b;
	struct rho_toml *child, *next;  /* TABLE, ARRAY: children in file order */
	size_t n;                       /* children */
};

/* Parses a document; `name` is what messages call it and must outlive the tree. NULL when the
 * text is not TOML: the mistake is in diags. */
struct rho_toml *rho_toml_parse(const char *text, size_t len, const char *name, struct rho_diags *);
/* The same from a file (at most 16 MiB). */
struct rho_toml *rho_toml_read(const char *path, struct rho_diags *);

void rho_toml_free(struct rho_toml *);          /* the whole tree below */
struct rho_toml *rho_toml_copy(const struct rho_toml *);

/* The child of that key, or NULL (also when `table` is NULL). */
const struct rho_toml *rho_toml_get(const struct rho_toml *table, const char *key);

/* A patched copy of `base`: tables merge key by key, anything else is replaced, and so is a table whose
 * `use` the patch changes (the parameters were the other plugin's). Either may be NULL. */
struct rho_toml *rho_toml_merge(const struct rho_toml *base, const struct rho_toml *patch);

/* Writes a value (for a table: an inline one) as TOML text, floats so that they read back exactly. */
void rho_toml_print(const struct rho_toml *, struct rho_buf *);

const char *rho_toml_type_name(uint32_t type);  /* "a string", "an integer" … */

#ifdef __cplusplus
}
#endif
#endif
