/* layers.c: chooses the kernels for this machine; pooling. */
#include <math.h>
#include <string.h>

#include "kernels.h"
#include "layers.h"

const struct rho_kernels *rho_kernels_at(size_t i)
{
	const struct rho_kernels *list[3];
	size_t n = 0;
#ifdef __x86_64__
	if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
	    __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
		list[n++] = &rho_kernels_avx512;
	if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
		list[n++] = &rho_kernels_avx2;
#endif
	list[n++] = &rho_kernels_base;
	return i < n ? list[i] : NULL;
}

void rho_layer_norm(const float *x, const float *residual, size_t m, size_t d, const float *gamma,
                    const float *beta, float eps, float *out)
{
	rho_kernels_at(0)->layer_norm(x, residual, m, d, gamma, beta, eps, out);
}

void rho_add_rows(float *x, const float *y, size_t n)
{
	rho_kernels_at(0)->add(x, y, n);
}

void rho_attention(const float *qkv, size_t n, size_t heads, size_t width, bool causal, float *out,
                   void *room)
{
	rho_kernels_at(0)->attention(qkv, n, heads, width, causal, out, room);
}

/* Panels of keys and of values, and eight rows of scores and of sums: see attention_kernel.h. */
size_t rho_attention_room(size_t n, size_t heads, size_t width)
{
	const size_t panel = 2 * RHO_MOST_LANES;
	size_t keys = (n + panel - 1) / panel * panel, values = (width + panel - 1) / panel * panel;
	(void)heads;    /* they take turns */
	return (keys * width + values * n + 8 * (keys + values)) * sizeof(float);
}

void rho_mean_rows(const float *x, size_t n, size_t d, float *out)
{
	enum { AT_ONCE = 64 };
	for (size_t from = 0; from < d; from += AT_ONCE) {
		size_t wide = d - from < AT_ONCE ? d - from : AT_ONCE;
		double sum[AT_ONCE] = { 0 };
		for (size_t i = 0; i < n; i++)
			for (size_t j = 0; j < wide; j++)
				sum[j] += (double)x[i * d + from + j];
		for (size_t j = 0; j < wide; j++)
			out[from + j] = (float)(sum[j] / (double)n);
	}
}

void rho_max_rows(const float *x, size_t n, size_t d, float *out)
{
	memcpy(out, x, d * sizeof *out);
	for (size_t i = 1; i < n; i++)
		for (size_t j = 0; j < d; j++)
			out[j] = x[i * d + j] > out[j] ? x[i * d + j] : out[j];
}

void rho_unit_row(float *x, size_t d)
{
	double sum = 0;
	for (size_t i = 0; i < d; i++)
		sum += (double)x[i] * (double)x[i];
	double scale = sum > 0 ? 1 / sqrt(sum) : 0;
	for (size_t i = 0; i < d && sum > 0; i++)
		x[i] = (float)((double)x[i] * scale);
}
