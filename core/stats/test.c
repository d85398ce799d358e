/* test.c: is one arm better than another, and in how many comparisons was that asked? */
#include <math.h>
#include <stdlib.h>

#include <rho/rng.h>
#include "../base/buf.h"
#include "stats.h"

#define EXACT_PAIRS 16
#define SIGN_DRAWS  100000

double rho_prob_better(const double *x, size_t nx, const double *y, size_t ny, size_t tasks)
{
	double sum = 0;
	if (!nx || !ny || !tasks)
		return NAN;
	for (size_t t = 0; t < tasks; t++) {
		size_t twice = 0; /* twice the U statistic, so that ties stay whole */
		for (size_t i = 0; i < nx; i++) {
			double a = x[i * tasks + t];
			for (size_t j = 0; j < ny; j++) {
				double b = y[j * tasks + t];
				twice += a > b ? 2 : a == b;
			}
		}
		sum += (double)twice / (2 * (double)nx * (double)ny);
	}
	return sum / (double)tasks;
}

/* |sum of the differences|, those whose bit is set negated. */
static double signed_sum(const double *d, size_t n, const uint64_t *bits)
{
	double sum = 0;
	for (size_t i = 0; i < n; i++)
		sum += bits[i / 64] >> (i % 64) & 1 ? -d[i] : d[i];
	return fabs(sum);
}

double rho_sign_flip(const double *d, size_t n)
{
	/* Digits of pi, as in bootstrap.c; only the fork's number differs. */
	static const struct rho_rng key = { { 0x452821e638d01377u, 0xbe5466cf34e90c6cu, 0xc0ac29b7c97c50ddu,
		                              0x3f84d5b5b5470917u } };
	struct rho_rng rng = rho_fork(&key, 1, n);
	uint64_t hits = 0, *bits; /* (words) one bit a pair */
	size_t words = n / 64 + 1;
	double seen, total = 0;
	for (size_t i = 0; i < n; i++)
		total += fabs(d[i]);
	if (!(total > 0))
		return 1;
	bits = rho_xcalloc(words, sizeof *bits);
	seen = signed_sum(d, n, bits) - 1e-12 * total; /* equal sums in another order of rounding are equal */
	if (n <= EXACT_PAIRS) {
		uint64_t all = (uint64_t)1 << (n - 1); /* the last sign may stay: |sum| is symmetrical */
		for (bits[0] = 0; bits[0] < all; bits[0]++)
			hits += signed_sum(d, n, bits) >= seen;
		free(bits);
		return (double)hits / (double)all;
	}
	for (size_t b = 0; b < SIGN_DRAWS; b++) {
		for (size_t w = 0; w < words; w++)
			bits[w] = rho_u64(&rng);
		hits += signed_sum(d, n, bits) >= seen;
	}
	free(bits);
	return (1 + (double)hits) / (1 + (double)SIGN_DRAWS);
}

static int by_p(const void *a, const void *b)
{
	double x = **(double *const *)a, y = **(double *const *)b;
	return (x > y) - (x < y);
}

void rho_holm(double *p, size_t n)
{
	double **order = rho_xmalloc((n ? n : 1) * sizeof *order), at_least = 0;
	size_t m = 0;
	for (size_t i = 0; i < n; i++)
		if (!isnan(p[i]))
			order[m++] = &p[i];
	qsort(order, m, sizeof *order, by_p);
	for (size_t i = 0; i < m; i++) {
		double q = *order[i] * (double)(m - i);
		q = q > 1 ? 1 : q;
		at_least = q > at_least ? q : at_least;
		*order[i] = at_least;
	}
	free(order);
}
