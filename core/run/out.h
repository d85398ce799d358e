/* out.h: a cell's growing files, whose length is known at every moment, and numbers as text. */
#ifndef RHO_RUN_OUT_H
#define RHO_RUN_OUT_H

#include <stdbool.h>
#include <stdint.h>
#include "../base/buf.h"

struct rho_out { /* zero-initialise; `path` NULL: closed, everything is a no-op */
	char *path;
	int fd;
	struct rho_buf pending; /* written in pieces of about 64 KiB */
	uint64_t length;        /* bytes in the file, pending ones not included */
};

/* Opens PATH to go on after its first `length` bytes; what follows them is cut off. 0: created
 * or emptied. 0; 1 when the file is shorter than `length` (nothing is opened or changed); -1 with why. */
int rho_out_open(struct rho_out *, const char *path, uint64_t length, struct rho_buf *why);

/* To be called after adding to `pending`: writes it when it is much. */
int rho_out_added(struct rho_out *, struct rho_buf *why);
int rho_out_flush(struct rho_out *, bool sync, struct rho_buf *why);
void rho_out_close(struct rho_out *); /* drops what is pending */

/* The shortest decimal that reads back as the same number: the same text on every machine. */
void rho_put_double(struct rho_buf *, double);
void rho_put_float(struct rho_buf *, float);

/* A JSON string with its quotes. Bytes that are not UTF-8 become U+FFFD. */
void rho_put_json_str(struct rho_buf *, const char *at, size_t len);

#endif
