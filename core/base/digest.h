/* digest.h: names for contents. XXH3-128 for identity, SHA-256 for provenance. */
#ifndef RHO_BASE_DIGEST_H
#define RHO_BASE_DIGEST_H

#include <stddef.h>
#include <stdint.h>
#include "buf.h"

struct rho_digest { uint64_t lo, hi; };

struct rho_digest rho_digest_bytes(const void *bytes, size_t n);
void rho_digest_hex(struct rho_digest, char out[33]);

/* Feeding in pieces; finish frees. */
struct rho_hasher;
struct rho_hasher *rho_hasher_new(void);
void rho_hasher_put(struct rho_hasher *, const void *bytes, size_t n);
struct rho_digest rho_hasher_finish(struct rho_hasher *);

/* Of a file's bytes; of a folder: the names, sizes and bytes of the regular files in it and below,
 * in byte order of their paths. 0 or -1 with why. */
int rho_digest_path(const char *path, struct rho_digest *out, struct rho_buf *why);

/* hex: the digits and a NUL. 0 or -1 with why. */
int rho_sha256_file(const char *path, char hex[65], struct rho_buf *why);

#endif
