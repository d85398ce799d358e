/* checkpoint.h: a cell's state on disk: what its plugins keep, their streams, and the host's own.
 *
 * The file: "rhockpt" and a NUL; format, the host's version; the cell's id; the host's state; per
 * instance its path ("agent", "env.0" for a part), plugin, version, revision, digest of its
 * parameters, kept arrays (name, type, rows, cols, bytes) and streams (name, four words); XXH3-128
 * of all before it. It is written to a temporary name, synced and renamed: whole or absent. */
#ifndef RHO_RUN_CHECKPOINT_H
#define RHO_RUN_CHECKPOINT_H

#include "../registry/instance.h"

struct rho_saved {        /* an instance with its parts, for saving and loading */
	const char *path; /* "agent" */
	struct rho_instance *instance;
	char params[33]; /* hex digest of its canonical parameters */
};

int rho_checkpoint_write(const char *path, const char *cell_id, const struct rho_saved *, size_t n,
                         const struct rho_buf *host, struct rho_buf *why);

struct rho_checkpoint;

/* NULL with `why` empty when there is no such file, and with a sentence when it is damaged, cut
 * short, of another format or of another cell: the cell then starts over. */
struct rho_checkpoint *rho_checkpoint_open(const char *path, const char *cell_id, struct rho_buf *why);
const void *rho_checkpoint_host(const struct rho_checkpoint *, size_t *n);

/* Whether it is of these instances. -1 when it is of another plugin, version, revision, parameters
 * or shape: why names both sides and says what to do. */
int rho_checkpoint_fits(const struct rho_checkpoint *, const struct rho_saved *, size_t n,
                        struct rho_buf *why);

/* Puts arrays and streams back into instances it fits. */
void rho_checkpoint_apply(const struct rho_checkpoint *, const struct rho_saved *, size_t n);
void rho_checkpoint_close(struct rho_checkpoint *);

#endif
