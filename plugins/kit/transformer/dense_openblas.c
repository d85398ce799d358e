/* dense_openblas.c: products through cblas_sgemm. float32 alone: OpenBLAS has nothing faster for the rest. */
#include <cblas.h>

#include "dense_engine.h"

enum { MOST = 512 };            /* rows at a time: enough for the packing of weights not to count */

struct packed {
	struct rho_packed base;
	size_t in, out;
	const float *weight;    /* (out, in) */
};

static bool has(enum rho_product what)
{
	return what == RHO_PRODUCT_F32;
}

static int int8_limit(void)
{
	return 0;
}

static struct rho_packed *pack(struct rho_ctx *c, enum rho_product what, size_t in, size_t out,
                               const void *weight, const float *bias)
{
	struct packed *p = rho_alloc(c, 1, sizeof *p);
	float *copy = p ? rho_alloc(c, in * out, sizeof *copy) : NULL;
	(void)what;
	(void)bias;
	if (!copy)
		return NULL;
	memcpy(copy, weight, in * out * sizeof *copy);
	*p = (struct packed){ .base.most = MOST, .in = in, .out = out, .weight = copy };
	return &p->base;
}

static void let_go(struct rho_packed *p)
{
	(void)p;        /* all of it is the host's */
}

static size_t rows(const struct rho_packed *p, size_t left)
{
	return left < p->most ? left : p->most;
}

static bool multiply(const struct rho_packed *base, const void *x, size_t n, void *y, void *scratch)
{
	const struct packed *p = (const struct packed *)base;
	int in = (int)p->in, out = (int)p->out;
	(void)scratch;
	cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)n, out, in, 1, x, in, p->weight, in, 0, y,
	            out);
	return true;
}

const struct rho_dense_engine rho_engine_openblas = {
	.name = "openblas",
	.has = has,
	.int8_limit = int8_limit,
	.pack = pack,
	.free = let_go,
	.rows = rows,
	.multiply = multiply,
};
