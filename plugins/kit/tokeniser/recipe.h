/* recipe.h: the members of the JSON that describes a tokeniser, asked for by name and type; what is not
 * understood is refused with what would be. */
#ifndef RHO_KIT_RECIPE_H
#define RHO_KIT_RECIPE_H

#include <jansson.h>

#include "../text.h"
#include "../trouble.h"

struct rho_recipe {               /* one object, and where it stands, for messages */
	const json_t *at;
	const char *file;
	const char *what;       /* "normalizer", "post_processor", … */
	struct rho_trouble *t;
};

/* The file as one JSON object (NULL with the trouble: not there, too large, not JSON, not an object); to be
 * json_decref'd. `reals`: whole numbers too large for 64 bits become reals, and all others with them. */
json_t *rho_recipe_read(const char *file, bool reals, struct rho_trouble *);
bool rho_recipe_file_exists(const char *file);

/* Each gives 0, or RHO_EFORMAT recorded with the file, what it belongs to, the key, and what is wanted.
 * Missing or null: the default; without one (def NULL, -1) an error. */
int rho_recipe_str(const struct rho_recipe *, const char *key, const char *def, struct rho_str *out);
int rho_recipe_bool(const struct rho_recipe *, const char *key, int def, bool *out);
int rho_recipe_count(const struct rho_recipe *, const char *key, long def, long most, size_t *out);
/* An array (never NULL when 0 is returned), or an object, or NULL where it is null or missing. */
int rho_recipe_list(const struct rho_recipe *, const char *key, const json_t **out);
int rho_recipe_object(const struct rho_recipe *, const char *key, struct rho_recipe *out);

/* Which of `known` (NULL-terminated) the string `key` is, or -1 with the trouble, which lists them all and
 * names the one that is near. */
int rho_recipe_choice(const struct rho_recipe *, const char *key, const char *const *known);
/* A refusal about this object. Gives the code. */
int rho_recipe_refuse(const struct rho_recipe *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int rho_recipe_no_memory(const struct rho_recipe *);

#endif
