/* score.c: which kernels, and products in the simplest cases. */
#include "score.h"

#include "kernels.h"

const struct rho_score_kernels *rho_score_kernels_at(size_t n)
{
	static const struct rho_score_kernels base = { "base", rho_products_base, rho_products64_base,
		                                       rho_reach_base };
#ifdef __x86_64__
	static const struct rho_score_kernels avx2 = { "AVX2", rho_products_avx2, rho_products64_avx2,
		                                       rho_reach_avx2 };
	static const struct rho_score_kernels avx512 = { "AVX-512", rho_products_avx512,
		                                         rho_products64_avx512, rho_reach_avx512 };
	if (__builtin_cpu_supports("avx512f") && !n--)
		return &avx512;
	if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && !n--)
		return &avx2;
#endif
	return n ? NULL : &base;
}

float rho_dot(const float *a, const float *b, size_t d)
{
	float out;
	rho_score_kernels_at(0)->products(&a, 1, &b, 1, d, &(float *){ &out }, NULL);
	return out;
}

double rho_dot64(const double *a, const float *b, size_t d)
{
	double out;
	rho_score_kernels_at(0)->products64(&a, 1, &b, 1, d, &(double *){ &out }, NULL);
	return out;
}

void rho_score_inner(const struct rho_rows *x, const struct rho_rows *y, float *out, size_t stride,
                     unsigned threads)
{
	struct rho_scan all = { .want = RHO_SCAN_ALL, .x = *x, .y = *y, .out = out, .stride = stride };
	rho_score_scan((struct rho_scan *const[]){ &all }, 1, NULL, threads);
}
