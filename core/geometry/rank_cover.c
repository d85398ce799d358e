/* rank_cover.c: what a uniform k-subset of K holds of the best, by rank alone. */
#include "geometry.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

double rho_hit_top(size_t K, size_t k, size_t m)
{
	/* C(K-m, k) / C(K, k) is a product of as many factors as the smaller of k and m has. */
	size_t few = k < m ? k : m, many = k < m ? m : k;
	double sum = 0;
	for (size_t i = 0; i < few; i++) {
		if (many >= K - i)
			return 1;
		sum += log1p(-(double)many / (double)(K - i));
	}
	return -expm1(sum);
}

double rho_best_rank(size_t K, size_t k) { return ((double)K + 1) / ((double)k + 1); }

static int greatest_first(const void *a, const void *b)
{
	const double *x = a, *y = b;
	return (*x < *y) - (*x > *y);
}

/* P(the best of S has rank j + 1) from P(rank j): C(K-j-1, k-1) / C(K-j, k-1). */
static double next_chance(double v, size_t K, size_t k, size_t j)
{
	return K - j >= k ? v * (double)(K - j - k + 1) / (double)(K - j) : 0;
}

double rho_expected_max_sorted(const double *best, size_t K, size_t k)
{
	double v = (double)k / (double)K, sum = 0;
	for (size_t j = 1; j <= K && v > 0; j++) {
		sum += v * best[j - 1];
		v = next_chance(v, K, k, j);
	}
	return sum;
}

double rho_expected_max(const double *reward, size_t K, size_t k)
{
	double *best = rho_xmalloc((K + 1) * sizeof *best), sum; /* (K), the greatest first */
	memcpy(best, reward, K * sizeof *best);
	qsort(best, K, sizeof *best, greatest_first);
	sum = rho_expected_max_sorted(best, K, k);
	free(best);
	return sum;
}
