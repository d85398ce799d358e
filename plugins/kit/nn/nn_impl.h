/* nn_impl.h: inside nn.h: what a layer is, and what layers share. */
#ifndef RHO_KIT_NN_IMPL_H
#define RHO_KIT_NN_IMPL_H

#include <math.h>
#include <string.h>

#include "kernels.h"
#include "nn.h"

enum {
	RHO_NN_MOST_OPS = 256,
	RHO_NN_MOST_SLICES = 512,
	RHO_NN_NONE = -1,
};

struct rho_nn_value {
	uint32_t axis;
	size_t dim;
	int64_t op; /* what makes it; RHO_NN_NONE: the caller gives it */
	bool wants; /* its gradient is needed */
	bool output, used;
};

/* What a layer does. */
struct rho_nn_kind {
	/* `room` is the op's own memory; forward leaves in it what backward needs. */
	void (*forward)(struct rho_nn_pass *, const struct rho_nn_op *, void *room);
	void (*backward)(struct rho_nn_pass *, const struct rho_nn_op *, void *room);
	/* Bytes of room; NULL: none. */
	size_t (*room)(const struct rho_nn *, const struct rho_nn_op *, const struct rho_nn_most *);
};

struct rho_nn_op {
	const struct rho_nn_kind *kind;
	uint32_t in[2], ins, out, list;
	uint32_t unit; /* of enum rho_nn_unit */
	size_t at[4];  /* where its parameters begin */
	size_t heads;
	bool causal, mean;
	double scale; /* eps of a norm, scale of a dot */
};

extern const struct rho_nn_kind rho_nn_dense_kind, rho_nn_act_kind, rho_nn_norm_kind, rho_nn_embed_kind,
	rho_nn_sum_kind, rho_nn_concat_kind, rho_nn_spread_kind, rho_nn_last_kind, rho_nn_mean_kind,
	rho_nn_dot_kind, rho_nn_attend_kind, rho_nn_gru_kind;

/* ---- build.c ---- */

/* Records the first error. Gives 0, a value to go on with. */
uint32_t rho_nn_fail(struct rho_nn *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* A slice NAME.PART of (rows, cols): where it begins. */
size_t rho_nn_slice_new(struct rho_nn *, const char *name, const char *part, size_t rows, size_t cols,
                        struct rho_nn_init);

/* Adds the op, its inputs filled in, and its value of that axis and width. trains: it has parameters. */
uint32_t rho_nn_op_new(struct rho_nn *, struct rho_nn_op, uint32_t axis, size_t dim, bool trains);

/* Whether a value is there; if not, that is recorded. */
bool rho_nn_known(struct rho_nn *, uint32_t value, const char *what);

/* ---- pass.c ---- */

/* Where to write the gradient of an input of an op, NULL: nowhere. *beta is 0 the first time, when what is
 * there is to be overwritten, else 1, when it is to be added to. */
rho_real *rho_nn_delta(struct rho_nn_pass *, uint32_t value, rho_real *beta);

/* The same, with zeros there the first time: always to be added to. rows: of the value. */
rho_real *rho_nn_delta_add(struct rho_nn_pass *, uint32_t value);

/* Rows of a value in this pass. */
static inline size_t rho_nn_rows(const struct rho_nn_pass *p, uint32_t value)
{
	return p->rows[p->nn->of[value].axis];
}

static inline size_t rho_nn_dim(const struct rho_nn_pass *p, uint32_t value)
{
	return p->nn->of[value].dim;
}

/* ---- init.c ---- */

/* The slice's first parameters, into param (of the network). room: rows * cols, for orthogonal ones. */
void rho_nn_draw(const struct rho_nn_slice *, struct rho_rng *, rho_real *param, double *room);

/* ---- gemm.c ---- */

/* Threads that OpenBLAS splits a product over. */
int rho_nn_blas_threads(void);

/* c (m, n; ldc apart) = alpha a b + beta c; a is (m, k), or (k, m) where a_turned; b (k, n), or (n, k). */
void rho_nn_multiply(bool a_turned, bool b_turned, size_t m, size_t n, size_t k, rho_real alpha,
                     const rho_real *a, size_t lda, const rho_real *b, size_t ldb, rho_real beta, rho_real *c,
                     size_t ldc);

#endif
