/* resample.c: the bootstrap over rows for many numbers at once; the delete-a-group jackknife. */
#include "resample.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <rho/rng.h>
#include "../score/score.h"

static const struct rho_rng key = {
	{ 0x452821e638d01377u, 0xbe5466cf34e90c6cu, 0xc0ac29b7c97c50ddu, 0x3f84d5b5b5470917u }
}; /* of the fraction of pi, as core/stats/bootstrap.c's */

enum { TOGETHER = 8 }; /* resamples that go through x side by side */

struct boot_job {
	const double *x;
	size_t m, cols;
	struct rho_rng key;
	unsigned resamples;
	double *out;
};

static void resample(void *arg, size_t from, size_t to)
{
	const struct boot_job *j = arg;
	uint16_t *count = rho_xmalloc((j->m + 1) * TOGETHER * sizeof *count); /* (m, TOGETHER) */
	for (size_t batch = from; batch < to; batch++) {
		size_t first = batch * TOGETHER,
		       n = j->resamples - first < TOGETHER ? j->resamples - first : TOGETHER;
		memset(count, 0, j->m * TOGETHER * sizeof *count);
		memset(j->out + first * j->cols, 0, n * j->cols * sizeof *j->out);
		for (size_t b = 0; b < n; b++) {
			struct rho_rng rng = rho_fork(&j->key, first + b, j->m);
			for (size_t i = 0; i < j->m; i++)
				count[rho_below(&rng, (uint32_t)j->m) * TOGETHER + b]++;
		}
		for (size_t i = 0; i < j->m; i++)
			for (size_t b = 0; b < n; b++) {
				double times = count[i * TOGETHER + b], *sum = j->out + (first + b) * j->cols;
				for (size_t c = 0; c < j->cols && times > 0; c++)
					sum[c] += times * j->x[i * j->cols + c];
			}
		for (size_t a = 0; a < n * j->cols; a++)
			j->out[first * j->cols + a] /= (double)j->m;
	}
	free(count);
}

void rho_resample_means(const double *x, size_t m, size_t cols, unsigned resamples, uint64_t seed,
                        unsigned threads, double *out)
{
	struct boot_job j = { x, m, cols, rho_fork(&key, seed, m), resamples, out };
	rho_score_parallel((resamples + TOGETHER - 1) / TOGETHER, resample, &j, threads);
}

struct rho_interval rho_percentile_interval(const double *value, size_t n, size_t stride, double level)
{
	struct rho_interval out = { NAN, NAN };
	double *copy = rho_xmalloc((n + 1) * sizeof *copy);
	size_t finite = 0;
	for (size_t i = 0; i < n; i++) {
		copy[i] = value[i * stride];
		finite += isfinite(copy[i]) ? 1 : 0;
	}
	if (n && finite == n) {
		out.lo = rho_quantile(copy, n, (1 - level) / 2);
		out.hi = rho_quantile(copy, n, (1 + level) / 2);
	}
	free(copy);
	return out;
}

void rho_random_groups(size_t n, size_t groups, uint64_t seed, uint8_t *out)
{
	struct rho_rng rng = rho_fork(&key, seed, n + 1);
	for (size_t i = 0; i < n; i++)
		out[i] = (uint8_t)(i % groups);
	for (size_t i = n; i > 1; i--) { /* Fisher & Yates */
		size_t other = rho_below(&rng, (uint32_t)i);
		uint8_t keep = out[i - 1];
		out[i - 1] = out[other];
		out[other] = keep;
	}
}

struct rho_estimate rho_jackknife(double value, const double *without, size_t groups, double level)
{
	struct rho_estimate out = { value, { NAN, NAN } };
	double mean = rho_mean(without, groups), sum = 0, half;
	if (groups < 2 || !isfinite(mean) || !isfinite(value))
		return out;
	for (size_t g = 0; g < groups; g++)
		sum += (without[g] - mean) * (without[g] - mean);
	half = rho_t_quantile((1 + level) / 2, (double)groups - 1) *
	       sqrt((double)(groups - 1) / (double)groups * sum);
	out.ci = (struct rho_interval){ value - half, value + half };
	return out;
}
