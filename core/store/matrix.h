/* matrix.h: one matrix of the store, found under its key or made; for the store's own files. */
#ifndef RHO_STORE_MATRIX_H
#define RHO_STORE_MATRIX_H

#include <jansson.h>

#include "store_impl.h"

struct store_matrix {
	struct rho_store *s;
	char key[33];
	char *npy, *json;
	size_t rows;   /* it must have */
	json_t *facts; /* what KEY.json says beyond shape and checksum */
};

/* Names the matrix by the digest of all that it depends on. */
void store_matrix_name(struct store_matrix *, struct rho_store *, const struct rho_buf *text, size_t rows);
void store_matrix_fact(struct store_matrix *, const char *name, const char *text);
void store_matrix_free(struct store_matrix *);

/* Maps the matrix; where the store lacks it or has it damaged, `make` is called under the key's lock and
 * calls store_matrix_write. 0 or an RHO_E code with why. */
typedef int store_make_fn(void *arg, struct store_matrix *, struct rho_buf *why);
int store_matrix_get(struct store_matrix *, struct rho_world *, store_make_fn *make, void *arg,
                     struct rho_embedding *out, struct rho_buf *why);

/* Writes the matrix: `fill` puts the numbers into out (rows, dim). */
typedef int store_fill_fn(void *arg, float *out, struct rho_buf *why);
int store_matrix_write(struct store_matrix *, struct rho_world *, size_t dim, bool unit_norm,
                       store_fill_fn *fill, void *arg, struct rho_buf *why);

#endif
