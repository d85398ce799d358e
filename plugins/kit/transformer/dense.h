/* dense.h: y = f(x W' + b) with W prepared once for this machine: what a transformer spends its time on. */
#ifndef RHO_KIT_DENSE_H
#define RHO_KIT_DENSE_H

#include <rho/rho.h>

/* Auto: oneDNN where it is built in and has the precision. OpenBLAS has no int8. */
enum rho_engine { RHO_ENGINE_AUTO, RHO_ENGINE_ONEDNN, RHO_ENGINE_OPENBLAS };
/* How weights are kept and products are done; x, y and bias are float32 always. bf16: both sides rounded to
 * nearest even, float32 sums; by the processor's bfloat16 products where those are faster than float32, else
 * by float32 products of the rounded numbers (no faster than f32 then, and no smaller). int8: weights
 * symmetric per output, x by the range of its row, int32 sums. */
enum rho_precision { RHO_PRECISION_F32, RHO_PRECISION_BF16, RHO_PRECISION_INT8 };
enum rho_activation { RHO_ACT_NONE, RHO_ACT_GELU, RHO_ACT_GELU_TANH, RHO_ACT_QUICK_GELU, RHO_ACT_RELU,
                      RHO_ACT_SILU, RHO_ACT_TANH };     /* GELU: by erf; GELU_TANH: gelu_new and the like */

struct rho_dense_spec {
	size_t in, out;
	const float *weight;    /* (out, in); read during rho_dense_new only */
	const float *bias;      /* (out); NULL: none; read during rho_dense_new only */
	uint32_t activation, precision, engine;
};

struct rho_dense;               /* constant once made: any number of threads may run it */

/* Which engines this build has and this machine runs, for that precision. */
bool rho_engine_has(uint32_t engine, uint32_t precision);
const char *rho_engine_name(uint32_t engine);   /* AUTO: of the one it stands for */

/* Memory comes from rho_alloc; what libraries hold themselves is given back by rho_dense_free. NULL: the
 * reason is recorded in the ctx (rho_fail). [open] */
struct rho_dense *rho_dense_new(struct rho_ctx *, const struct rho_dense_spec *);
void rho_dense_free(struct rho_dense *);        /* NULL is fine */

/* Bytes of working memory (64-byte aligned) that rho_dense_run needs for m rows; grows with m. */
size_t rho_dense_room(const struct rho_dense *, size_t m);

/* y (m, out) = f(x (m, in) W' + b), rows one after another without gaps; x and y do not overlap. Row i of y
 * depends on row i of x alone, bit for bit, whatever m is (the OpenBLAS engine: within rounding; see
 * rho_dense_rowwise). A row with NaN comes out as NaN. Should oneDNN find no memory for its own few objects,
 * the rows concerned are NaN throughout. [any] */
void rho_dense_run(const struct rho_dense *, const float *x, size_t m, float *y, void *room);
bool rho_dense_rowwise(const struct rho_dense *);       /* whether the promise above holds bit for bit */

#endif
