/* store.h: what is computed once and shared by all cells: tables and embeddings, on disk.
 *
 *   KEY.tables            a dataset's tables (tables.h)
 *   KEY.npy, KEY.json     an embedding, and what it is: encoder, version, parameters (or whose transform,
 *                         fitted on which, by what steps), rows, dim, checksum of the data
 *   KEY.bf16, KEY.int8    its rows in fewer bits (score/codes.h), made when run.scan asks for them
 *   KEY.lock              held while KEY is made; stays
 *   digests               the digests of large files, by path, size, times and inode
 *
 * A file appears under its name only when it is whole. What is found is checked before it is used:
 * its size and head at every map, its data's checksum once a process. Of data beyond 256 MiB only
 * evenly spread blocks are compared (checksum.h). What fails is made again, with a warning on
 * stderr. Making a file on a full disk or in a read-only folder is an error; reading is not. */
#ifndef RHO_STORE_STORE_H
#define RHO_STORE_STORE_H

#include "../registry/instance.h"
#include "../score/codes.h"
#include "tables.h"

struct rho_store;       /* a folder; created when missing */

struct rho_store *rho_store_open(const char *dir, struct rho_buf *why);
void rho_store_close(struct rho_store *);

/* Whether something failed because the store could not be written: a full disk, a read-only folder.
 * That is no mistake in the experiment file. */
bool rho_store_unwritable(const struct rho_store *);

/* The tables of a dataset with these parameters: mapped if the store has them under the key
 * (plugin, version, parameters, digests of its files), else read by the plugin, saved, mapped.
 * Two processes that want the same compute it once (a lock file); a damaged file is noticed and
 * rebuilt. `key` gets the key's hex. NULL with why, whose first line is for the user. */
struct rho_tables *rho_store_tables(struct rho_store *, struct rho_world *,
                                    const struct rho_module *dataset, const struct rho_toml *table,
                                    char key[33], struct rho_buf *why);

/* A float32 matrix mapped read-only from a .npy file (NumPy format 1.0, C order, data 64-byte
 * aligned, so that numpy.load(mmap_mode="r") reads it). */
struct rho_embedding { struct rho_mat mat; void *map; size_t map_len; char key[33]; bool unit_norm; };

/* Writes what makes an instance of this module what it is, one fact a line: kind, name, version,
 * parameters, the contents behind its path parameters, its parts likewise. The same text means the
 * same output for the same input. The store remembers digests of large files; NULL: all are read.
 * 0 or -1 with why. */
int rho_store_identity(const struct rho_store *, struct rho_registry *, const struct rho_module *,
                       const struct rho_toml *table, struct rho_buf *out, struct rho_buf *why);

/* One text column encoded, untransformed: `column` is a STR column; `catalogue` (STR, may be NULL)
 * is what the encoder's fit sees. Computed once under the key (encoder, version, parameters, digests of its
 * files, digest of the texts and, when it fits, of the catalogue). Rows are checked: finite, and
 * of length 1 or 0 where the encoder says unit_norm. 0 or an RHO_E code with why. */
int rho_store_embed(struct rho_store *, struct rho_world *, const struct rho_module *encoder,
                    const struct rho_toml *table, const struct rho_column *column,
                    const struct rho_column *catalogue, struct rho_embedding *out,
                    struct rho_buf *why);
void rho_embedding_close(struct rho_embedding *);

/* A matrix's rows in fewer bits, mapped; codes.of is the embedding's mat, which must stay where it is. */
struct rho_stored_codes { struct rho_codes codes; void *map; size_t map_len; };

/* Codes of an embedding (code: enum rho_code, not F32; at most RHO_CODES_MOST_COLS columns): made once, under the
 * embedding's lock; whole or absent; checked as the embedding is, and made again when they are damaged or those of
 * another matrix. 0 or an RHO_E code with why. */
int rho_store_codes(struct rho_store *, struct rho_world *, const struct rho_embedding *, uint32_t code,
                    struct rho_stored_codes *out, struct rho_buf *why);
void rho_stored_codes_close(struct rho_stored_codes *);

/* An experiment's features: both columns of text (either may be NULL) encoded, the encoder having
 * seen the actions', and transformed as the table's `transform` says: fitted on the actions'
 * vectors, of contexts alone on those. The untransformed matrices are kept under keys of their own,
 * so that ten transforms of a model encode once. What has no column is left with map NULL. 0 or an
 * RHO_E code with why; then neither is open. */
int rho_store_features(struct rho_store *, struct rho_world *, const struct rho_module *encoder,
                       const struct rho_toml *table, const struct rho_column *action_texts,
                       const struct rho_column *context_texts, struct rho_embedding *actions,
                       struct rho_embedding *contexts, struct rho_buf *why);

/* Maps any .npy file of float32 in two dimensions; munmap(*map, *len) is the caller's. 0 or -1 with why. */
int rho_npy_map(const char *path, struct rho_mat *mat, void **map, size_t *len, struct rho_buf *why);

#endif
