/* propensity.c: marginal propensities of choices among a uniform draw of candidates. */
#include <math.h>

#include "propensity.h"

/* C(n - m, k) / C(n, k): the probability that none of the best m is drawn. The shorter product. */
static double none_of(uint64_t n, uint64_t k, uint64_t m)
{
	uint64_t terms = m < k ? m : k, gone = m < k ? k : m;
	double p = 1;
	if (m > n - k)
		return 0;
	for (uint64_t i = 0; i < terms && p > 0; i++)
		p *= (double)(n - gone - i) / (double)(n - i);
	return p;
}

double rho_draw_best(uint64_t n, uint64_t k, uint64_t j)
{
	if (j > n - k + 1)
		return 0;
	/* drawn at all, times none of the j - 1 better ones among the k - 1 others */
	return (double)k / (double)n * none_of(n - 1, k - 1, j - 1);
}

double rho_draw_best_tied(uint64_t n, uint64_t k, uint64_t above, uint64_t tied)
{
	double before = none_of(n, k, above), after = none_of(n, k, above + tied);
	double v = rho_draw_best(n, k, above + 1), sum = 0;
	if (after <= before / 2) /* no digits are lost in the difference */
		return (before - after) / (double)tied;
	for (uint64_t j = above + 1; j <= above + tied && v > 0; j++) {
		sum += v;
		v *= (double)(n - j - k + 1) / (double)(n - j);
	}
	return sum / (double)tied;
}

double rho_draw_marginal(const float *score, size_t n, size_t at, size_t k, double explore)
{
	float mine = score[at];
	size_t above = 0, tied = 0;
	if (isnan(mine) || !(explore >= 0 && explore <= 1))
		return NAN;
	for (size_t i = 0; i < n; i++) {
		above += score[i] > mine;
		tied += score[i] == mine;
	}
	return (1 - explore) * rho_draw_best_tied(n, k, above, tied) + explore / (double)n;
}
