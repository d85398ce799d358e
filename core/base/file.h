/* file.h: files that are either whole or absent, folders, locks. What gives an int gives 0, or
 * -1 with a sentence in `why` that says which path and what to do, unless it says otherwise. */
#ifndef RHO_BASE_FILE_H
#define RHO_BASE_FILE_H

#include <stddef.h>
#include "buf.h"

/* Reads a whole file (at most `limit` bytes; 0: no limit), appending to `out`. */
int rho_file_read(const char *path, size_t limit, struct rho_buf *out, struct rho_buf *why);

/* Maps a whole file, shared and read-only; munmap(*at, *len) is the caller's. An empty file is called
 * damaged. */
int rho_file_map(const char *path, void **at, size_t *len, struct rho_buf *why);

/* Hands a file's bytes in pieces to put(arg, piece, n), until it gives other than 0, which is returned. */
int rho_file_pieces(const char *path, int (*put)(void *arg, const void *piece, size_t n), void *arg,
                    struct rho_buf *why);

/* Writes to a temporary name in the same folder, syncs, renames. Nothing is left behind on failure
 * (a full disk, a read-only folder). A link stays one: what it leads to is replaced. Devices and pipes
 * are written into as they are. */
int rho_file_write(const char *path, const void *bytes, size_t n, struct rho_buf *why);

/* The same for data that comes in pieces. */
struct rho_writer;
struct rho_writer *rho_writer_open(const char *path, struct rho_buf *why);
int  rho_writer_put(struct rho_writer *, const void *bytes, size_t n);
int  rho_writer_fd(struct rho_writer *);
int  rho_writer_commit(struct rho_writer *, struct rho_buf *why);       /* frees */
void rho_writer_abort(struct rho_writer *);                             /* frees */

int rho_mkdirs(const char *path, struct rho_buf *why);

/* An exclusive advisory lock on PATH (created when missing), waited for. fd, or -1. Close to free. */
int rho_lock(const char *path, struct rho_buf *why);

/* Absolute path of `path` seen from folder `base`, ${VAR} and ${VAR:-default} expanded; `.` and
 * `..` resolved as text. NULL with a sentence when a variable is unset. Caller frees. */
char *rho_path_resolve(const char *base, const char *path, struct rho_buf *why);

/* The folder part of a path, "." if none. Caller frees. */
char *rho_path_dir(const char *path);

#endif
