/* part.h: rows on their way to a file: OUT.part holds those that are done, OUT.journal says how many, and of
 * what. */
#ifndef RHO_ENCODE_PART_H
#define RHO_ENCODE_PART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "../base/buf.h"

struct rho_part_file {
	char *out, *part, *journal;
	int fd; /* of OUT.part, locked for as long as it is open */
	bool locked;
	char key[33];     /* of all that the rows depend on */
	size_t rows, dim; /* dim 0: not known yet, nothing is done */
	bool unit_norm;
	size_t done;
	double noted; /* when the journal was last written */
};

enum { RHO_PART_OTHER = 1 };

/* Opens OUT.part to go on with it, or anew: when there is none, it was cut short, or `restart`. OUT is the
 * file that a link leads to. 0; -1 with why: it cannot be written, another process is at it; RHO_PART_OTHER
 * with why: it holds rows of something else. To be closed in any case, which removes a part without any row
 * that counts. */
int rho_part_open(struct rho_part_file *, const char *out, const char *key, size_t rows, bool restart,
                  struct rho_buf *why);
void rho_part_close(struct rho_part_file *);

/* Says how wide rows are, before the first: space for all is reserved. Of a part that is gone on with it must
 * be as before. 0 or -1 with why. */
int rho_part_shape(struct rho_part_file *, size_t dim, bool unit_norm, struct rho_buf *why);

/* Appends n rows (n, dim). The journal follows about once a second, and with the last. 0 or -1 with why. */
int rho_part_put(struct rho_part_file *, const float *rows, size_t n, struct rho_buf *why);

/* Reads back what the journal says: for the parent of the process that put the rows. 0 or -1 with why. */
int rho_part_reread(struct rho_part_file *, struct rho_buf *why);

/* Makes OUT of it: the rows as they are. 0 or -1 with why. */
int rho_part_finish(struct rho_part_file *, struct rho_buf *why);
/* Removes it: OUT was made another way. */
void rho_part_remove(struct rho_part_file *);

#endif
