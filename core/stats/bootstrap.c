/* bootstrap.c: percentile bootstrap intervals. A resample is a count for each value, so that the IQM of
 * a resample is a walk over the values in their one sorted order: nothing is sorted 50,000 times. */
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include <rho/rng.h>
#include "../base/buf.h"
#include "stats.h"

/* The first 256 bits of the fraction of pi: fixed, so that the same scores give the same interval. */
static const struct rho_rng key = { { 0x243f6a8885a308d3u, 0x13198a2e03707344u, 0xa4093822299f31d0u,
	                              0x082efa98ec4e6c89u } };

enum purpose { FOR_MEAN = 1, FOR_IQM, FOR_BETTER, FOR_PAIRS, FOR_COUNTS };

/* Share of the bootstrap distribution to leave out on each side. */
static double tail(enum rho_boot kind, size_t n, double level)
{
	double half = (1 - level) / 2, df = (double)n - 1;
	if (kind == RHO_PERCENTILE)
		return half;
	return rho_normal_cdf(sqrt((double)n / df) * rho_t_quantile(half, df));
}

static struct rho_interval percentiles(double *stat, uint64_t resamples, double out)
{
	return (struct rho_interval){ rho_quantile(stat, resamples, out),
		                      rho_quantile(stat, resamples, 1 - out) };
}

/* Which of n runs a resample has, how often: `stride` apart, so that (runs, tasks) can be filled a task
 * at a time. */
static void draw(struct rho_rng *rng, uint32_t *count, size_t n, size_t stride)
{
	for (size_t i = 0; i < n; i++)
		count[i * stride] = 0;
	for (size_t i = 0; i < n; i++)
		count[rho_below(rng, (uint32_t)n) * stride]++;
}

struct rho_interval rho_boot_mean(const double *x, size_t n, enum rho_boot kind, double level,
                                  uint64_t resamples)
{
	struct rho_rng rng = rho_fork(&key, FOR_MEAN, n);
	struct rho_interval out = { NAN, NAN };
	double *stat;
	if (n < 2)
		return out;
	stat = rho_xmalloc(resamples * sizeof *stat);
	for (uint64_t b = 0; b < resamples; b++) {
		double sum = 0;
		for (size_t i = 0; i < n; i++)
			sum += x[rho_below(&rng, (uint32_t)n)];
		stat[b] = sum / (double)n;
	}
	out = percentiles(stat, resamples, tail(kind, n, level));
	free(stat);
	return out;
}

struct ranked {
	double value;
	uint32_t at;
};

static int by_value(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;
	if (x->value != y->value)
		return x->value < y->value ? -1 : 1;
	return (x->at > y->at) - (x->at < y->at);
}

/* The n values in ascending order, each with where it stood. */
static struct ranked *rank(const double *x, size_t n)
{
	struct ranked *r = rho_xmalloc(n * sizeof *r);
	for (size_t i = 0; i < n; i++)
		r[i] = (struct ranked){ x[i], (uint32_t)i };
	qsort(r, n, sizeof *r, by_value);
	return r;
}

/* IQM of the resample in which the value that stood at i comes count[i] times; n times in all. */
static double counted_iqm(const struct ranked *r, size_t n, const uint32_t *count)
{
	size_t skip = n / 4, left = n - 2 * skip, keep = left;
	double sum = 0;
	for (size_t i = 0; left; i++) {
		size_t c = count[r[i].at], cut = c < skip ? c : skip;
		skip -= cut;
		c -= cut;
		c = c < left ? c : left;
		sum += (double)c * r[i].value;
		left -= c;
	}
	return sum / (double)keep;
}

struct rho_interval rho_boot_iqm(const double *x, size_t runs, size_t tasks, enum rho_boot kind, double level,
                                 uint64_t resamples)
{
	struct rho_rng rng = rho_fork(&key, FOR_IQM, runs);
	struct rho_interval out = { NAN, NAN };
	size_t n = runs * tasks;
	struct ranked *r;
	uint32_t *count; /* (runs, tasks) */
	double *stat;    /* (resamples) */
	if (runs < 2 || !tasks)
		return out;
	r = rank(x, n);
	count = rho_xcalloc(n, sizeof *count);
	stat = rho_xmalloc(resamples * sizeof *stat);
	for (uint64_t b = 0; b < resamples; b++) {
		for (size_t t = 0; t < tasks; t++)
			draw(&rng, count + t, runs, tasks);
		stat[b] = counted_iqm(r, n, count);
	}
	out = percentiles(stat, resamples, tail(kind, runs, level));
	free(r);
	free(count);
	free(stat);
	return out;
}

struct rho_interval rho_boot_paired(const double *x, const double *y, size_t n, enum rho_boot kind,
                                    double level, uint64_t resamples)
{
	struct rho_rng rng = rho_fork(&key, FOR_IQM, n);
	struct rho_interval out = { NAN, NAN };
	struct ranked *rx, *ry;
	uint32_t *count; /* (n) */
	double *stat;    /* (resamples) */
	if (n < 2)
		return out;
	rx = rank(x, n);
	ry = rank(y, n);
	count = rho_xcalloc(n, sizeof *count);
	stat = rho_xmalloc(resamples * sizeof *stat);
	for (uint64_t b = 0; b < resamples; b++) {
		draw(&rng, count, n, 1);
		stat[b] = counted_iqm(rx, n, count) - counted_iqm(ry, n, count);
	}
	out = percentiles(stat, resamples, tail(kind, n, level));
	free(rx);
	free(ry);
	free(count);
	free(stat);
	return out;
}

struct rho_interval rho_boot_better(const double *x, size_t nx, const double *y, size_t ny, size_t tasks,
                                    double level, uint64_t resamples)
{
	struct rho_rng rng = rho_fork(&key, FOR_BETTER, nx);
	struct rho_interval out = { NAN, NAN };
	double *bx, *by, *stat; /* (nx, tasks), (ny, tasks), (resamples) */
	if (nx < 2 || ny < 2 || !tasks)
		return out;
	bx = rho_xmalloc(nx * tasks * sizeof *bx);
	by = rho_xmalloc(ny * tasks * sizeof *by);
	stat = rho_xmalloc(resamples * sizeof *stat);
	for (uint64_t b = 0; b < resamples; b++) {
		for (size_t i = 0; i < nx * tasks; i++)
			bx[i] = x[rho_below(&rng, (uint32_t)nx) * tasks + i % tasks];
		for (size_t i = 0; i < ny * tasks; i++)
			by[i] = y[rho_below(&rng, (uint32_t)ny) * tasks + i % tasks];
		stat[b] = rho_prob_better(bx, nx, by, ny, tasks);
	}
	out = percentiles(stat, resamples, (1 - level) / 2);
	free(bx);
	free(by);
	free(stat);
	return out;
}

/* Ranks within the resample in which the value that stood at i comes count[i] times; out (n), where it stood.
 */
static void counted_ranks(const struct ranked *r, size_t n, const uint32_t *count, double *out)
{
	double before = 0, same;
	for (size_t i = 0, end; i < n; i = end) {
		same = 0;
		for (end = i; end < n && r[end].value == r[i].value; end++)
			same += count[r[end].at];
		for (size_t j = i; j < end; j++)
			out[r[j].at] = before + 0.5 * (same + 1);
		before += same;
	}
}

/* Percentiles of a correlation over resampled pairs. `ranked`: the pairs' ranks are correlated, else they
 * are. */
static struct rho_interval boot_pairs(const double *x, const double *y, size_t n, bool ranked, double level,
                                      uint64_t resamples)
{
	struct rho_rng rng = rho_fork(&key, FOR_PAIRS, n);
	struct rho_interval out = { NAN, NAN };
	uint64_t kept = 0;
	if (n < 3)
		return out;
	struct ranked *rx = ranked ? rank(x, n) : NULL, *ry = ranked ? rank(y, n) : NULL;
	double *place = rho_xcalloc(2 * n, sizeof *place); /* (2, n) ranks within a resample */
	uint32_t *count = rho_xcalloc(n, sizeof *count);   /* (n) */
	double *stat = rho_xmalloc(resamples * sizeof *stat);
	for (uint64_t b = 0; b < resamples; b++) {
		draw(&rng, count, n, 1);
		if (ranked) {
			counted_ranks(rx, n, count, place);
			counted_ranks(ry, n, count, place + n);
		}
		stat[kept] = ranked ? rho_pearson(place, place + n, count, n) : rho_pearson(x, y, count, n);
		if (!isnan(stat[kept]))
			kept++;
	}
	if (kept)
		out = percentiles(stat, kept, (1 - level) / 2);
	free(rx);
	free(ry);
	free(place);
	free(count);
	free(stat);
	return out;
}

struct rho_interval rho_boot_pearson(const double *x, const double *y, size_t n, double level,
                                     uint64_t resamples)
{
	return boot_pairs(x, y, n, false, level, resamples);
}

struct rho_interval rho_boot_spearman(const double *x, const double *y, size_t n, double level,
                                      uint64_t resamples)
{
	return boot_pairs(x, y, n, true, level, resamples);
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

struct rho_interval rho_boot_counts(size_t n, double level, uint64_t resamples,
                                    double (*of)(void *arg, const uint32_t *count), void *arg)
{
	struct rho_rng rng = rho_fork(&key, FOR_COUNTS, n);
	struct rho_interval out = { NAN, NAN };
	if (n < 2)
		return out;
	uint32_t *count = rho_xcalloc(n, sizeof *count);      /* (n) */
	double *stat = rho_xmalloc(resamples * sizeof *stat); /* (resamples) */
	for (uint64_t b = 0; b < resamples; b++) {
		draw(&rng, count, n, 1);
		stat[b] = of(arg, count);
	}
	qsort(stat, resamples, sizeof *stat, by_size);
	uint64_t skip = (uint64_t)((1 - level) / 2 * (double)resamples);
	skip = skip < (resamples - 1) / 2 ? skip : (resamples - 1) / 2;
	out = (struct rho_interval){ stat[skip], stat[resamples - 1 - skip] };
	free(count);
	free(stat);
	return out;
}
