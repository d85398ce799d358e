/* dense_engine.h: inside dense.h: products of rows with packed weights, as the engines give them to
 * dense.c. */
#ifndef RHO_KIT_DENSE_ENGINE_H
#define RHO_KIT_DENSE_ENGINE_H

#include "dense.h"

/* What is multiplied with what, and what comes out. BF16 is for machines that multiply bfloat16 faster than
 * float32; elsewhere the precision of that name is F32 with both sides rounded. */
enum rho_product {
	RHO_PRODUCT_F32,        /* float x float -> float */
	RHO_PRODUCT_BF16,       /* bfloat16 x bfloat16 -> float, summed in float */
	RHO_PRODUCT_INT8        /* uint8 x int8 -> int32 */
};

struct rho_packed {             /* one layer's weights inside an engine; the engine knows more */
	size_t scratch;         /* bytes of working memory a product needs */
	size_t most;            /* rows of the largest product */
	size_t most_padded;     /* rows of the largest product that may have more rows than are left */
	bool adds_bias;         /* the bias is in the product already */
	bool rowwise;           /* a row of a product depends on that row alone, bit for bit */
};

struct rho_dense_engine {
	const char *name;
	bool (*has)(enum rho_product);
	/* The largest whole numbers int8 weights may have so that no sum on the way saturates. */
	int (*int8_limit)(void);
	/* weight (out, in), floats, or int8_t for INT8, read during the call; bias (out) or NULL, not with
	 * INT8, lives as long as the result. NULL: the reason is recorded. [open] */
	struct rho_packed *(*pack)(struct rho_ctx *, enum rho_product, size_t in, size_t out,
	                           const void *weight, const float *bias);
	void (*free)(struct rho_packed *);
	/* How many rows the next product has when `left` > 0 are to be done; where it is more than are left,
	 * the caller adds rows. */
	size_t (*rows)(const struct rho_packed *, size_t left);
	/* y (rows, out) = x (rows, in) W'; `rows` as above. False: the engine failed, for lack of memory.
	 * [any] */
	bool (*multiply)(const struct rho_packed *, const void *x, size_t rows, void *y, void *scratch);
};

#ifdef RHO_HAVE_DNNL
extern const struct rho_dense_engine rho_engine_onednn;
#endif
#ifdef RHO_HAVE_OPENBLAS
extern const struct rho_dense_engine rho_engine_openblas;
#endif

#endif
