/* What lies between the linear layers, in every set of kernels this machine runs, against float64. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <rho/rng.h>
#include "kit/transformer/dense.h"
#include "kit/transformer/kernels.h"
#include "kit/transformer/layers.h"
#include "activated.h"

static float *draws(struct rho_rng *r, size_t n)
{
	float *x = malloc(n * sizeof *x);
	for (size_t i = 0; i < n; i++)
		x[i] = (float)rho_normal(r);
	return x;
}

Test(layers, activations_within_a_millionth)
{
	enum { N = 240001 };
	float *x = malloc(N * sizeof *x), *y = malloc(N * sizeof *y);
	static const float far[] = { -0.0f, 1e-30f, -1e-30f, 50, -50, 1e3f, -1e3f, 1e10f, -1e10f, 3e38f,
		-3e38f };
	for (size_t i = 0; i < N; i++)
		x[i] = ((float)i - 120000) * 1e-4f;
	memcpy(x + 77, far, sizeof far);
	for (size_t k = 0; rho_kernels_at(k); k++)
		for (unsigned a = 0; a <= RHO_ACT_TANH; a++) {
			memcpy(y, x, N * sizeof *y);
			rho_kernels_at(k)->finish(y, NULL, 1, N, a);
			for (size_t i = 0; i < N; i++) {
				double at = (double)x[i], got = (double)y[i];
				cr_assert_leq(fabs(got - activated(at, a)), 1e-6 * fmax(1, fabs(at)),
				              "%s: activation %u of %g is %g", rho_kernels_at(k)->name,
				              a, at, got);
			}
			float part[3] = { NAN, 1, NAN };        /* NaN stays NaN, and in its lane */
			rho_kernels_at(k)->finish(part, NULL, 1, 3, a);
			cr_assert(isnan(part[0]) && isnan(part[2]));
			cr_assert_float_eq(part[1], (float)activated(1, a), 1e-6f);
		}
	free(x);
	free(y);
}

Test(layers, bias_is_added_before)
{
	struct rho_rng r = { { 1, 1, 2, 3 } };
	for (size_t k = 0; rho_kernels_at(k); k++)
		for (size_t n = 1; n < 150; n += 7) {
			float *x = draws(&r, 3 * n), *b = draws(&r, n), *y = malloc(3 * n * sizeof *y);
			for (unsigned a = 0; a <= RHO_ACT_TANH; a++) {
				memcpy(y, x, 3 * n * sizeof *y);
				rho_kernels_at(k)->finish(y, b, 3, n, a);
				for (size_t i = 0; i < 3 * n; i++) {
					double t = activated((double)x[i] + (double)b[i % n], a);
					cr_assert_float_eq((double)y[i], t, 2e-6 * fmax(1, fabs(t)));
				}
			}
			memcpy(y, x, 3 * n * sizeof *y);
			rho_kernels_at(k)->add(y, b, n);
			for (size_t i = 0; i < 3 * n; i++)
				cr_assert_eq(y[i], i < n ? x[i] + b[i] : x[i]);
			free(x);
			free(b);
			free(y);
		}
}

static void check_norm(const struct rho_kernels *k, struct rho_rng *r, size_t d, double offset, bool both)
{
	enum { M = 3 };
	float *x = draws(r, M * d), *rest = draws(r, M * d), *gamma = draws(r, d), *beta = draws(r, d);
	float *out = malloc(M * d * sizeof *out), *inside = both ? rest : x;
	const float eps = 1e-5f;
	for (size_t i = 0; i < M * d; i++)
		x[i] += (float)offset;
	k->layer_norm(x, both ? rest : NULL, M, d, gamma, beta, eps, out);
	for (size_t i = 0; i < M; i++) {
		double mean = 0, square = 0;
		for (size_t j = 0; j < d; j++)
			mean += (double)x[i * d + j] + (both ? (double)rest[i * d + j] : 0);
		mean /= (double)d;
		for (size_t j = 0; j < d; j++) {
			double v = (double)x[i * d + j] + (both ? (double)rest[i * d + j] : 0) - mean;
			square += v * v;
		}
		double scale = 1 / sqrt(square / (double)d + (double)eps);
		for (size_t j = 0; j < d; j++) {
			double v = (double)x[i * d + j] + (both ? (double)rest[i * d + j] : 0) - mean;
			double part = v * scale * (double)gamma[j], want = part + (double)beta[j];
			/* What float32 does to x + residual is spread by the scale. */
			double apart = 1e-6 * (1 + fabs(part) + fabs((double)beta[j])) +
			               1.5e-7 * (both ? fabs(mean) + 3 : 3) * scale * fabs((double)gamma[j]);
			cr_assert_leq(fabs((double)out[i * d + j] - want), apart,
			              "%s, d %zu, offset %g: %.9g, not %.9g", k->name, d, offset,
			              (double)out[i * d + j], want);
		}
	}
	k->layer_norm(x, both ? rest : NULL, M, d, gamma, beta, eps, inside);   /* in place, the same bits */
	cr_assert(!memcmp(inside, out, M * d * sizeof *out));
	free(x);
	free(rest);
	free(gamma);
	free(beta);
	free(out);
}

Test(layers, layer_norm_matches_float64)
{
	static const size_t dims[] = { 1, 2, 7, 16, 17, 37, 96, 384, 768, 1000 };
	struct rho_rng r = { { 2, 7, 1, 8 } };
	for (size_t k = 0; rho_kernels_at(k); k++)
		for (size_t i = 0; i < 10; i++)
			for (int both = 0; both < 2; both++) {
				check_norm(rho_kernels_at(k), &r, dims[i], 0, both);
				check_norm(rho_kernels_at(k), &r, dims[i], 50, both);
			}
}

/* want (heads * width): attention of token i in float64. */
static void attended(const float *qkv, size_t n, size_t heads, size_t width, bool causal, size_t i,
                     double *want)
{
	size_t d = heads * width, seen = causal ? i + 1 : n;
	for (size_t h = 0; h < heads; h++) {
		const float *q = qkv + i * 3 * d + h * width;
		double most = -INFINITY, sum = 0, *o = want + h * width;
		double *score = malloc(seen * sizeof *score);
		for (size_t j = 0; j < seen; j++) {
			score[j] = 0;
			for (size_t l = 0; l < width; l++)
				score[j] += (double)q[l] * (double)qkv[j * 3 * d + d + h * width + l];
			score[j] /= sqrt((double)width);
			most = fmax(most, score[j]);
		}
		for (size_t j = 0; j < seen; j++)
			sum += score[j] = exp(score[j] - most);
		for (size_t l = 0; l < width; l++) {
			o[l] = 0;
			for (size_t j = 0; j < seen; j++)
				o[l] += score[j] / sum * (double)qkv[j * 3 * d + 2 * d + h * width + l];
		}
		free(score);
	}
}

static void check_attention(const struct rho_kernels *k, struct rho_rng *r, size_t n, size_t width,
                            bool causal)
{
	size_t heads = n % 2 + 1, d = heads * width;
	float *qkv = draws(r, n * 3 * d), *out = malloc(n * d * sizeof *out);
	size_t bytes = rho_attention_room(n, heads, width);
	float *room = aligned_alloc(64, bytes);
	double *want = malloc(d * sizeof *want);
	for (size_t i = 0; i < bytes / sizeof *room; i++)
		room[i] = NAN;
	k->attention(qkv, n, heads, width, causal, out, room);
	for (size_t i = 0; i < n; i++) {
		attended(qkv, n, heads, width, causal, i, want);
		for (size_t j = 0; j < d; j++)
			cr_assert_float_eq((double)out[i * d + j], want[j], 4e-6, "%s: n %zu, width %zu,"
			                   " causal %d: (%zu, %zu) is %.9g, not %.9g", k->name, n, width,
			                   causal, i, j, (double)out[i * d + j], want[j]);
	}
	free(qkv);
	free(out);
	free(room);
	free(want);
}

Test(layers, attention_matches_float64)
{
	static const size_t widths[] = { 8, 32, 40, 64 };
	struct rho_rng r = { { 3, 1, 4, 1 } };
	for (size_t k = 0; rho_kernels_at(k); k++)
		for (size_t w = 0; w < 4; w++)
			for (size_t n = 1; n <= 130; n += n < 35 ? 1 : 19)
				for (int causal = 0; causal < 2; causal++)
					check_attention(rho_kernels_at(k), &r, n, widths[w], causal);
}

/* Scores of thousands neither overflow nor lose the largest; a NaN is not hidden. */
Test(layers, attention_at_the_extremes)
{
	enum { N = 21, W = 8 };
	float qkv[N * 3 * W], out[N * W], *room = aligned_alloc(64, rho_attention_room(N, 1, W));
	for (size_t k = 0; rho_kernels_at(k); k++) {
		memset(qkv, 0, sizeof qkv);
		for (size_t i = 0; i < N; i++) {
			qkv[i * 3 * W] = 1000;
			qkv[i * 3 * W + W] = (float)i - 10;     /* the last key wins by 1000 / sqrt(8) */
			qkv[i * 3 * W + 2 * W + 3] = (float)i;
		}
		rho_kernels_at(k)->attention(qkv, N, 1, W, false, out, room);
		for (size_t i = 0; i < N; i++) {
			cr_assert_eq(out[i * W + 3], N - 1);
			cr_assert_eq(out[i * W], 0);
		}
		rho_kernels_at(k)->attention(qkv, N, 1, W, true, out, room);
		for (size_t i = 0; i < N; i++)
			cr_assert_eq(out[i * W + 3], (float)i);
		qkv[5 * 3 * W + W] = NAN;
		rho_kernels_at(k)->attention(qkv, N, 1, W, true, out, room);
		for (size_t i = 0; i < N; i++)
			cr_assert_eq(isnan(out[i * W + 3]), i >= 5);
	}
	free(room);
}

Test(layers, pooling)
{
	enum { N = 70, D = 133 };
	struct rho_rng r = { { 1, 6, 1, 8 } };
	float *x = draws(&r, N * D), out[D], zeros[3] = { 0 };
	rho_mean_rows(x, N, D, out);
	for (size_t j = 0; j < D; j++) {
		double sum = 0;
		for (size_t i = 0; i < N; i++)
			sum += (double)x[i * D + j];
		cr_assert_eq(out[j], (float)(sum / N));
	}
	rho_max_rows(x, N, D, out);
	for (size_t j = 0; j < D; j++) {
		bool there = false;
		for (size_t i = 0; i < N; i++) {
			cr_assert_geq(out[j], x[i * D + j]);
			there |= out[j] == x[i * D + j];
		}
		cr_assert(there);
	}
	memcpy(out, x, sizeof out);
	rho_unit_row(out, D);
	double length = 0, cosine = 0, old = 0;
	for (size_t j = 0; j < D; j++) {
		length += (double)out[j] * (double)out[j];
		cosine += (double)out[j] * (double)x[j];
		old += (double)x[j] * (double)x[j];
	}
	cr_assert_float_eq(length, 1, 1e-6);
	cr_assert_float_eq(cosine, sqrt(old), 1e-5);
	rho_unit_row(zeros, 3);
	cr_assert(zeros[0] == 0 && zeros[1] == 0 && zeros[2] == 0);
	memcpy(out, x, sizeof out);
	rho_add_rows(out, x + D, D);
	cr_assert_eq(out[D - 1], x[D - 1] + x[2 * D - 1]);
	free(x);
}
