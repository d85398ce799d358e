/* rho/encoder.h: an encoder turns texts or images into vectors.
 * The host calls it, not environments or agents: texts are encoded once, the matrix is stored
 * under a key of (encoder, version, parameters, digests of files and texts) and mapped by all. */
#pragma once
#include "host.h"

enum rho_input { RHO_TEXT = 1u << 0, RHO_IMAGE = 1u << 1 };     /* image: a file's bytes */

struct rho_encoder_info {       /* filled by open */
	size_t   dim;           /* floats a row                              */
	uint32_t takes;         /* enum rho_input                            */
	bool     unit_norm;     /* every row has length 1, or is all zeros   */
	size_t   max_batch;     /* most inputs a call; 0: any number         */
};

struct rho_encoder {            /* open and encode are required */
	uint32_t size;
	int  (*open)(struct rho_ctx *, void *self, struct rho_encoder_info *);
	void (*close)(struct rho_ctx *, void *self);
	/* Sees the catalogue (the actions' texts) before the first encode, for weights such as idf.
	 * The catalogue's digest is then part of every key. Optional. */
	int  (*fit)(struct rho_ctx *, void *self, const struct rho_str *catalogue, size_t n);
	/* out row i (stride floats apart) is in[i]'s vector, whatever else is in the batch. */
	int  (*encode)(struct rho_ctx *, void *self, uint32_t what,
	               const struct rho_str *in, size_t n, float *out, size_t stride);
	const void *(*extension)(struct rho_ctx *, void *self, const char *id);
};
