/* rank_cover.c: what a uniform k-subset of K holds of the best, by rank alone. */
#include "geometry.h"

#include <math.h>
#include <stdlib.h>

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

struct placed {
	double value;
	size_t at;
};

static int greatest_first(const void *a, const void *b)
{
	const struct placed *x = a, *y = b;
	if (x->value != y->value)
		return x->value > y->value ? -1 : 1;
	return (x->at > y->at) - (x->at < y->at);
}

static struct placed *sorted(const double *reward, size_t K)
{
	struct placed *p = rho_xmalloc((K + 1) * sizeof *p);
	for (size_t i = 0; i < K; i++)
		p[i] = (struct placed){ reward[i], i };
	qsort(p, K, sizeof *p, greatest_first);
	return p;
}

/* P(the best of S has rank j + 1) from P(rank j): C(K-j-1, k-1) / C(K-j, k-1). */
static double next_chance(double v, size_t K, size_t k, size_t j)
{
	return K - j >= k ? v * (double)(K - j - k + 1) / (double)(K - j) : 0;
}

double rho_expected_max(const double *reward, size_t K, size_t k)
{
	struct placed *p = sorted(reward, K);
	double v = (double)k / (double)K, sum = 0;
	for (size_t j = 1; j <= K && v > 0; j++) {
		sum += v * p[j - 1].value;
		v = next_chance(v, K, k, j);
	}
	free(p);
	return sum;
}

void rho_greedy_chance(const double *reward, size_t K, size_t k, double *out)
{
	struct placed *p = sorted(reward, K);
	double v = (double)k / (double)K;
	for (size_t from = 0, to; from < K; from = to) {
		double sum = 0;
		for (to = from; to < K && p[to].value == p[from].value; to++) {
			sum += v;
			v = next_chance(v, K, k, to + 1);
		}
		for (size_t i = from; i < to; i++)
			out[p[i].at] = sum / (double)(to - from);
	}
	free(p);
}
