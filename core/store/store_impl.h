/* store_impl.h: what the store's own files share. */
#ifndef RHO_STORE_STORE_IMPL_H
#define RHO_STORE_STORE_IMPL_H

#include "store.h"

struct rho_store {
	char *dir;
	bool unwritable;
	char **verified; size_t n_verified;     /* names of files whose checksums this process has compared */
};

/* DIR/KEY.SUFFIX; the caller frees. */
char *store_path(const struct rho_store *, const char *key, const char *suffix);

/* Whether this process has found the file's checksum right, and that it has. */
bool store_verified(const struct rho_store *, const char *path);
void store_note_verified(struct rho_store *, const char *path);

/* Takes the lock under which KEY is made and removes what a killed maker of the same left behind.
 * A descriptor to close, or -1 with why. */
int store_lock(const struct rho_store *, const char *key, struct rho_buf *why);

/* The line on stderr about a file that is made again. */
void store_warn_damaged(const char *what);

/* rho_digest_path, but what a file of more than a few MiB (or a folder of such) had for a digest is
 * remembered in DIR under its path, size, times and inode, so that it is read once. */
int store_digest_path(const struct rho_store *, const char *path, struct rho_digest *out,
                      struct rho_buf *why);

#endif
