/* bench_dense.c: linear layers and what lies between them, beside what this processor's arithmetic can do:
 * each figure is taken next to a run of multiply-adds in registers, so that both see the same clock. CPU
 * seconds of this thread, medians. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#ifdef __x86_64__
#include <immintrin.h>
#endif

#include "../unit/transformer/bare_host.h"
#include "kit/transformer/dense.h"
#include "kit/transformer/kernels.h"
#include "kit/transformer/layers.h"

enum { REPEATS = 7 };
static const double slice = 3e-3;       /* seconds a repeat */

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static double median(double *v)         /* v (REPEATS) is sorted in place */
{
	qsort(v, REPEATS, sizeof *v, by_value);
	return v[REPEATS / 2];
}

/* A thousand rounds of multiply-adds in twelve registers; each gives the operations done, a multiplication
 * and an addition being two. */
typedef double peak_fn(void);
static volatile float sink;

#ifdef __x86_64__
__attribute__((target("avx512f"))) static double fma_512(void)
{
	__m512 s[12], b = _mm512_set1_ps(0.999f), c = _mm512_set1_ps(1e-3f);
	for (int k = 0; k < 12; k++)
		s[k] = _mm512_set1_ps((float)k);
	for (int i = 0; i < 1000; i++)
		for (int k = 0; k < 12; k++)
			s[k] = _mm512_fmadd_ps(s[k], b, c);
	for (int k = 1; k < 12; k++)
		s[0] = _mm512_add_ps(s[0], s[k]);
	sink = _mm512_cvtss_f32(s[0]);
	return 1000 * 12 * 32;
}

/* Compilers copy the sums of the next two about, so they are named here. */
#define TWELVE(OP) OP "0\n" OP "1\n" OP "2\n" OP "3\n" OP "4\n" OP "5\n" OP "6\n" OP "7\n" OP "8\n" OP "9\n" \
	OP "10\n" OP "11\n"
#define SUMS "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11"

__attribute__((target("avx512f"))) static double bf16_512(void)
{
	for (int i = 0; i < 1000; i++)
		__asm__ volatile(TWELVE("vdpbf16ps %0, %0, %%zmm") : : "v"(_mm512_setzero_si512()) : SUMS);
	return 1000 * 12 * 64;
}

__attribute__((target("avx512f"))) static double int8_512(void)
{
	for (int i = 0; i < 1000; i++)
		__asm__ volatile(TWELVE("vpdpbusd %0, %0, %%zmm") : : "v"(_mm512_set1_epi8(3)) : SUMS);
	return 1000 * 12 * 128;
}

__attribute__((target("avx2,fma"))) static double fma_256(void)
{
	__m256 s[12], b = _mm256_set1_ps(0.999f), c = _mm256_set1_ps(1e-3f);
	for (int k = 0; k < 12; k++)
		s[k] = _mm256_set1_ps((float)k);
	for (int i = 0; i < 1000; i++)
		for (int k = 0; k < 12; k++)
			s[k] = _mm256_fmadd_ps(s[k], b, c);
	for (int k = 1; k < 12; k++)
		s[0] = _mm256_add_ps(s[0], s[k]);
	sink = _mm256_cvtss_f32(s[0]);
	return 1000 * 12 * 16;
}
#endif

/* NULL: this processor has no such instruction, or we have no loop for it. */
static peak_fn *peak_of(uint32_t precision)
{
#ifdef __x86_64__
	if (precision == RHO_PRECISION_BF16)
		return __builtin_cpu_supports("avx512bf16") ? bf16_512 : NULL;
	if (precision == RHO_PRECISION_INT8)
		return __builtin_cpu_supports("avx512vnni") ? int8_512 : NULL;
	return __builtin_cpu_supports("avx512f") ? fma_512 : __builtin_cpu_supports("fma") ? fma_256 : NULL;
#else
	(void)precision;
	return NULL;
#endif
}

/* Operations a second; 0 where there is no such loop. */
static double peak_rate(peak_fn *peak)
{
	double done = 0, from = now(), t;
	if (!peak)
		return 0;
	do
		done += peak();
	while ((t = now() - from) < slice);
	return done / t;
}

static float *numbers(size_t n)
{
	float *x = aligned_alloc(64, (n * sizeof *x + 63) / 64 * 64);
	struct rho_rng r = { { 1, 2, 3, 4 } };
	for (size_t i = 0; x && i < n; i++)
		x[i] = (float)rho_normal(&r);
	if (!x)
		abort();
	return x;
}

/* One cell of the table: GFLOP/s, and the share of the machine's float32 multiply-adds in the same moment. */
static void bench_shape(uint32_t engine, uint32_t precision, size_t in, size_t out, size_t m)
{
	struct bare_host h;
	float *weight = numbers(in * out), *bias = numbers(out), *x = numbers(m * in), *y = numbers(m * out);
	struct rho_dense_spec spec = { in, out, weight, bias, RHO_ACT_NONE, precision, engine };
	struct rho_dense *d = rho_dense_new(bare_open(&h), &spec);
	double rate[REPEATS], share[REPEATS];
	if (!d) {
		printf("  %s\n", h.why);
		exit(1);
	}
	void *room = aligned_alloc(64, rho_dense_room(d, m));
	rho_dense_run(d, x, m, y, room);
	for (int r = 0; r < REPEATS; r++) {
		double limit = peak_rate(peak_of(RHO_PRECISION_F32)), done = 0, from = now(), t;
		do {
			rho_dense_run(d, x, m, y, room);
			done += 2.0 * (double)m * (double)in * (double)out;
		} while ((t = now() - from) < slice);
		rate[r] = done / t;
		share[r] = limit > 0 ? rate[r] / limit : 0;
	}
	printf("  %5.0f (%3.0f%%)", median(rate) / 1e9, 100 * median(share));
	rho_dense_free(d);
	bare_close(&h);
	free(room);
	free(weight);
	free(bias);
	free(x);
	free(y);
}

static void bench_products(void)
{
	static const char *const names[] = { "f32", "bf16", "int8" };
	static const size_t shapes[][2] = { { 384, 384 }, { 384, 1536 }, { 1536, 384 }, { 768, 768 },
	                                    { 768, 3072 }, { 3072, 768 } };
	static const size_t rows[] = { 16, 32, 128, 512 };
	for (uint32_t e = RHO_ENGINE_ONEDNN; e <= RHO_ENGINE_OPENBLAS; e++)
		for (uint32_t p = 0; p < 3; p++) {
			if (!rho_engine_has(e, p))
				continue;
			printf("%s %s, billions of operations a second (share of float32 multiply-adds in"
			       " registers)\n"
			       "  in -> out     m = 16         m = 32         m = 128        m = 512\n",
			       rho_engine_name(e), names[p]);
			for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
				printf("  %4zu -> %4zu", shapes[s][0], shapes[s][1]);
				for (size_t m = 0; m < 4; m++)
					bench_shape(e, p, shapes[s][0], shapes[s][1], rows[m]);
				printf("\n");
			}
		}
}

enum part { NORM, GELU, ATTENTION };

/* Nanoseconds a token, with d numbers a token, n tokens a sequence. */
static double bench_part(enum part what, size_t d, size_t n, size_t heads)
{
	enum { TOKENS = 128 };
	size_t m = what == ATTENTION ? n : TOKENS;
	float *x = numbers(3 * m * d), *y = numbers(m * d), *gamma = numbers(d), *beta = numbers(d);
	void *room = aligned_alloc(64, (rho_attention_room(m, heads, d / heads) + 63) / 64 * 64);
	double t[REPEATS];
	for (int r = 0; r < REPEATS; r++) {
		double done = 0, from = now();
		do {
			if (what == NORM)
				rho_layer_norm(x, x + m * d, m, d, gamma, beta, 1e-12f, y);
			else if (what == GELU)
				rho_kernels_at(0)->finish(memcpy(y, x, m * d * sizeof *y), NULL, m, d,
				                          RHO_ACT_GELU);
			else
				rho_attention(x, n, heads, d / heads, false, y, room);
			done += (double)m;
		} while (now() - from < slice);
		t[r] = (now() - from) / done;
	}
	free(x);
	free(y);
	free(gamma);
	free(beta);
	free(room);
	return 1e9 * median(t);
}

int main(void)
{
	static const char *const names[] = { "float32 multiply-adds", "bfloat16 pairs", "int8 fours" };
	static const size_t lengths[] = { 16, 32, 64, 128 };
	double rate[REPEATS];
	printf("arithmetic in registers, billions of operations a second on one core\n");
	for (uint32_t p = 0; p < 3; p++) {
		for (int r = 0; r < REPEATS; r++)
			rate[r] = peak_rate(peak_of(p));
		printf("  %-24s %5.0f\n", names[p], median(rate) / 1e9);
	}
	bench_products();
	printf("between the products, nanoseconds a token\n"
	       "  residual + layer norm, 384 and 768    %5.0f %5.0f\n"
	       "  GELU and a copy, 1536 and 3072        %5.0f %5.0f\n",
	       bench_part(NORM, 384, 0, 1), bench_part(NORM, 768, 0, 1), bench_part(GELU, 1536, 0, 1),
	       bench_part(GELU, 3072, 0, 1));
	for (size_t i = 0; i < 4; i++)
		printf("  attention, %3zu tokens, 12 x 32, 12 x 64 %5.0f %5.0f\n", lengths[i],
		       bench_part(ATTENTION, 384, lengths[i], 12),
		       bench_part(ATTENTION, 768, lengths[i], 12));
	return 0;
}
