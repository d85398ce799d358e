/* encode.h: a file of texts or a folder of pictures, encoded into a .npy file, so that it can be cut off. */
#ifndef RHO_ENCODE_ENCODE_H
#define RHO_ENCODE_ENCODE_H

#include "apart.h"
#include "source.h"

struct rho_encode_task {
	struct rho_source_spec input, fit; /* settled; fit.path NULL: the input itself */
	size_t rows, fit_rows;             /* of the surveys */
	struct rho_digest digest, fit_digest;
	const char *out;
	bool restart;
	size_t dim; /* of the rows written; filled */
};

/* Does it. An exit status, with why where it was not told yet. */
int rho_encode(struct rho_encode_task *, const struct rho_chosen *, bool quiet, struct rho_buf *why);

#endif
