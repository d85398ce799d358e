/* kernels.h: inside layers.h and dense.h: the loops that exist once for each instruction set.
 * layers_avx512.c, layers_avx2.c and layers_base.c say what a vector is and include rows_kernel.h and
 * attention_kernel.h. */
#ifndef RHO_KIT_KERNELS_H
#define RHO_KIT_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RHO_MOST_LANES 16       /* floats of the widest vector */

/* A product of quantised rows on its way back to float32: with scale s and zero point z of its row,
 * y[j] = f(s * scale[j] * (acc[j] - z * sum[j]) + bias[j]). */
struct rho_int8_columns {
	const float *scale, *sum, *bias;        /* (n) each: of the weights' columns, their sums, the bias */
	size_t n;
};

struct rho_kernels {
	const char *name;
	void (*layer_norm)(const float *x, const float *residual, size_t m, size_t d, const float *gamma,
	                   const float *beta, float eps, float *out);
	void (*add)(float *x, const float *y, size_t n);
	void (*attention)(const float *qkv, size_t n, size_t heads, size_t width, bool causal, float *out,
	                  void *room);
	/* y (m, n) = f(y + bias), f of enum rho_activation; bias (n) may be NULL. Its error is below
	 * 1e-6 max(1, |y|). NaN stays NaN. */
	void (*finish)(float *y, const float *bias, size_t m, size_t n, unsigned activation);
	/* x (m, n) to bytes: about x / scale[i] + zero[i]. A row with NaN or an infinity gets the scale
	 * NaN. */
	void (*to_u8)(const float *x, size_t m, size_t n, uint8_t *q, float *scale, float *zero);
	void (*from_int32)(const int32_t *acc, size_t m, const struct rho_int8_columns *, const float *scale,
	                   const float *zero, unsigned activation, float *y);
	/* One row of weights (n) to whole numbers of at most `limit`, symmetric; gives the scale. */
	float (*to_s8)(const float *w, size_t n, int limit, int8_t *q, float *sum);
	/* To bfloat16, nearest even; NaN stays NaN. */
	void (*to_bf16)(const float *x, size_t n, uint16_t *out);
	/* The same values as float32. */
	void (*round_bf16)(const float *x, size_t n, float *out);
};

/* The i-th set of kernels this machine runs, the widest first; NULL beyond. [any] */
const struct rho_kernels *rho_kernels_at(size_t i);

extern const struct rho_kernels rho_kernels_base;
#ifdef __x86_64__
extern const struct rho_kernels rho_kernels_avx2, rho_kernels_avx512;
#endif

#endif
