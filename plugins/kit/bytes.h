/* bytes.h: the bytes of a file, inflated ahead by a helper thread where the file is gzip. */
#ifndef RHO_KIT_BYTES_H
#define RHO_KIT_BYTES_H

#include "trouble.h"

struct rho_bytes;

/* Opens a file; whether it is gzip is seen from its first bytes, not from its name. NULL with the
 * trouble (no such file, a folder, not readable). A module that uses this sets RHO_THREADS. */
struct rho_bytes *rho_bytes_open(const char *path, struct rho_trouble *);
void rho_bytes_close(struct rho_bytes *);       /* NULL is fine */

/* Up to n (> 0) bytes into out: as many as there are at hand, at least 1; *got 0: the end. 0 or an
 * error with the trouble: a file that cannot be read, gzip data that is damaged or ends too early.
 * What stood before the damage is given first. */
int rho_bytes_read(struct rho_bytes *, void *out, size_t n, size_t *got, struct rho_trouble *);

/* Share of the file that has been taken in, 0 .. 1. */
double rho_bytes_done(const struct rho_bytes *);

#endif
