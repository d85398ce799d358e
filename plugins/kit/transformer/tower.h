/* tower.h: a stack of transformer layers over packed tokens, which BERT and CLIP's two towers share. */
#ifndef RHO_KIT_TOWER_H
#define RHO_KIT_TOWER_H

#include "dense.h"
#include "../weights/weights.h"

/* One text's tokens. Texts of a call are packed end to end, so there is no padding anywhere. */
struct rho_seq {
	const uint32_t *id;     /* (n), each below the model's vocabulary */
	const uint8_t *type;    /* (n) token types, each below the model's; NULL: all 0 */
	size_t n;               /* at least 1, at most what the model has positions for */
};

/* What a checkpoint calls a layer's tensors: prefix + layer + "7." + q + ".weight" and the like. */
struct rho_tower_names {
	const char *layer;      /* "encoder.layer." */
	const char *q, *k, *v, *o, *inner, *outer;      /* linear layers: .weight and .bias */
	const char *norm1, *norm2;      /* norms: .weight and .bias, or .gamma and .beta */
};

struct rho_tower_spec {
	size_t layers, dim, heads, inner;       /* heads divides dim */
	float eps;
	uint32_t activation, precision, engine; /* of dense.h */
	bool pre_norm;          /* x + f(norm(x)), CLIP; else norm(x + f(x)), BERT */
	bool causal;
	const char *prefix;     /* before names->layer; may be "" */
	const struct rho_tower_names *names;
	const char *config;     /* the file that gave the numbers above, for messages */
};

struct rho_tower;               /* constant once open: any number of threads may run it */

/* Packs the layers' weights for this machine, each read once. A tensor that is missing, of another shape or
 * not finite, or a layer beyond spec->layers, is an error. 0 and *out, or an error, recorded. [open] */
int rho_tower_open(struct rho_ctx *, struct rho_weights *, const struct rho_tower_spec *,
                   struct rho_tower **out);
void rho_tower_close(struct rho_tower *);       /* NULL is fine */

/* Whether a token's row has the same bits whatever else is packed with its sequence. */
bool rho_tower_rowwise(const struct rho_tower *);

/* Bytes of working memory, 64-byte aligned, for m packed tokens of which the longest sequence has
 * `longest`. */
size_t rho_tower_room(const struct rho_tower *, size_t m, size_t longest);

/* Takes x (m, dim) through layers first .. last - 1, in place. Sequence i is rows start[i] .. start[i + 1] -
 * 1 (start has n + 1 numbers, m the last). `only` (n, ascending; NULL: all rows) names a row of each
 * sequence: the last of these layers computes no others, and they are left in the first n rows of x. [any] */
void rho_tower_run(const struct rho_tower *, float *x, const size_t *start, size_t n, size_t first,
                   size_t last, const size_t *only, void *room);

/* ---- reading parameters, for the models on top ---- */

/* *out: the tensor prefix + name of this shape, finite, as float32 in memory of the instance (rho_alloc). 0
 * or an error, recorded. [open] */
int rho_tower_param(struct rho_ctx *, struct rho_weights *, const char *prefix, const char *name, size_t rank,
                    const size_t *shape, const float **out);

/* rho_dense_new with the error's code: RHO_EINVAL for an engine or a precision that is not there,
 * RHO_ENOMEM. */
int rho_tower_dense(struct rho_ctx *, const struct rho_dense_spec *, struct rho_dense **out);

/* A tensor where it lies, as the file has it: for tables whose rows are read one by one; finite. */
int rho_tower_table(struct rho_ctx *, struct rho_weights *, const char *prefix, const char *name, size_t rows,
                    size_t cols, const struct rho_tensor **out);

/* A norm's pair, both (dim), spelt .weight and .bias or .gamma and .beta. 0 or an error, recorded. [open] */
struct rho_norm { const float *gamma, *beta; };
int rho_tower_norm(struct rho_ctx *, struct rho_weights *, const char *prefix, const char *name, size_t dim,
                   struct rho_norm *);

/* The prefix under which the weights have `name`: what stands before it in the only tensor that ends so, or
 * in the shortest, where one is named by several. 0, or an error, recorded, that says what was looked for.
 * [open] */
int rho_tower_prefix(struct rho_ctx *, const struct rho_weights *, const char *name, const char *config,
                     char *prefix, size_t room);

/* Lists at RHO_DEBUG the tensors that nothing asked for. */
void rho_tower_log_unused(struct rho_ctx *, const struct rho_weights *);

#endif
