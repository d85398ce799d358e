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

/* ---- softmax over a draw ---- */

/* The mean over all m-subsets of the n - 1 scores beside `at` of Π exp(-t exp((score - score[at]) / tau)):
 * an elementary symmetric polynomial divided by its number of terms. With M_i(c) that mean over the c-subsets
 * of the first i, M_i(c) = (1 - c/i) M_{i-1}(c) + (c/i) z_i M_{i-1}(c-1): weights that add up to 1, so
 * nothing overflows or cancels. mean (m + 1) is workspace. */
static double subset_mean(const float *score, size_t n, size_t at, size_t m, double tau, double t,
                          double *mean)
{
	mean[0] = 1;
	for (size_t j = 0, i = 1; j < n; j++) {
		double z, share = 1 / (double)i;
		if (j == at)
			continue;
		z = exp(-t * exp(((double)score[j] - (double)score[at]) / tau));
		/* c = i: the first i alone make a subset; below `least` none of the rest can fill it up */
		size_t top = i < m ? i : m, left = n - 1 - i, least = left < m ? m - left : 0;
		if (top == i) {
			mean[i] = mean[i - 1] * z;
			top--;
		}
		for (size_t c = top; c > 0 && c >= least; c--)
			mean[c] += (double)c * share * (z * mean[c - 1] - mean[c]);
		i++;
	}
	return mean[m];
}

/* With w = exp((score - score[at]) / tau), 1 / Σ_S w = ∫ exp(-t Σ_S w) dt over t > 0, and S holds `at`, whose
 * w is 1: the mean over S is ∫ exp(-t) subset_mean(t) dt. On the scale v = ln t the integrand is analytic and
 * bounded for |Im v| < π/2 whatever the scores are, so that the plain sum over nodes H apart errs by about
 * exp(-π² / H). From the right, where exp(-t) ends it, until what is left of exp(v) no longer counts. */
double rho_draw_softmax(const float *score, size_t n, size_t at, size_t k, double temperature, double *room)
{
	static const double H = 0.35, RIGHT = 3.7, ENOUGH = 1e-11;
	double sum = 0, v = RIGHT, left;
	for (size_t j = 0; j < n; j++)
		if (!isfinite(score[j]))
			return NAN;
	if (!(temperature >= 0 && isfinite(temperature)))
		return NAN;
	if (temperature == 0)
		return rho_draw_marginal(score, n, at, k, 0);
	if (k == 1)
		return 1 / (double)n;
	do {
		double t = exp(v);
		sum += H * exp(v - t) * subset_mean(score, n, at, k - 1, temperature, t, room);
		left = t / (exp(H) - 1) * H;
		v -= H;
	} while (left > ENOUGH * sum && v > -700);
	return (double)k / (double)n * sum;
}
