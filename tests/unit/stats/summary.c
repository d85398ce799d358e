/* summary.c: point estimates against rliable's and NumPy's numbers. */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include <rho/rng.h>
#include "stats/stats.h"

#define NEAR(a, b) cr_assert_float_eq((a), (b), 1e-12, "%.17g is not %.17g", (double)(a), (double)(b))

Test(summary, of_nothing_is_nan)
{
	double x[1] = { 3 };
	cr_assert(isnan(rho_mean(x, 0)) && isnan(rho_iqm(x, 0)) && isnan(rho_quantile(x, 0, 0.5)));
	cr_assert(isnan(rho_sd(x, 0)) && isnan(rho_sd(x, 1)) && isnan(rho_optimality_gap(x, 0, 1)));
	cr_assert(isnan(rho_median_task(x, 0, 1)));
	NEAR(rho_mean(x, 1), 3);
	NEAR(rho_iqm(x, 1), 3);
}

/* rliable/tests: 4 runs and 3 runs of two tasks. */
Test(summary, rliable)
{
	const double x[] = { 1, 2, 2, 2, 1, 1, 2, 1 }, y[] = { 1, 1, 2, 2, 3, 3 };
	NEAR(rho_mean(x, 8), 1.5);
	NEAR(rho_median_task(x, 4, 2), 1.5);
	NEAR(rho_iqm(x, 8), 1.5);
	NEAR(rho_mean(y, 6), 2);
	NEAR(rho_median_task(y, 3, 2), 2);
	NEAR(rho_iqm(y, 6), 2);
	NEAR(rho_prob_better(x, 4, y, 3, 2), 1.0 / 3);
	NEAR(rho_prob_better(y, 3, x, 4, 2), 2.0 / 3);
}

Test(summary, iqm_drops_a_quarter_from_each_end)
{
	const double ten[] = { 9, 0, 8, 1, 7, 2, 6, 3, 5, 4 }, wild[] = { 1, 2, 3, 4, 100 },
		     three[] = { 1, 2, 9 };
	NEAR(rho_iqm(ten, 10), 4.5);
	NEAR(rho_iqm(wild, 5), 3);
	NEAR(rho_iqm(three, 3), 4);     /* floor(0.75) = 0: nothing to drop */
}

Test(summary, optimality_gap_and_profile)
{
	const double x[] = { .2, .5, 1.5, .9 }, tau[] = { 0, .2, .5, .9, 1.5 };
	double share[5];
	NEAR(rho_optimality_gap(x, 4, 1), 0.35);
	rho_profile(x, 4, tau, 5, share);
	NEAR(share[0], 1);
	NEAR(share[1], .75);            /* strictly above */
	NEAR(share[2], .5);
	NEAR(share[3], .25);
	NEAR(share[4], 0);
}

Test(summary, sd)
{
	const double x[] = { 2, 4, 4, 4, 5, 5, 7, 9 };
	NEAR(rho_sd(x, 8), sqrt(32.0 / 7));
}

/* numpy.quantile's default rule. */
Test(summary, quantile)
{
	double a[] = { 4, 1, 3, 2 }, b[] = { 4, 1, 3, 2 }, c[] = { 4, 1, 3, 2 }, one[] = { 5 };
	NEAR(rho_quantile(a, 4, 0.5), 2.5);
	NEAR(rho_quantile(b, 4, 0), 1);
	NEAR(rho_quantile(b, 4, 1), 4);
	NEAR(rho_quantile(c, 4, 0.1), 1.3);
	NEAR(rho_quantile(one, 1, 0.3), 5);
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

/* Selection against sorting, on samples with many ties as bootstrap distributions have. */
Test(summary, quantile_selects_what_sorting_finds)
{
	struct rho_rng rng = { { 5, 6, 7, 8 } };
	for (int round = 0; round < 400; round++) {
		double x[300], s[300], p = rho_unif(&rng);
		size_t n = 1 + rho_below(&rng, 300);
		uint32_t distinct = 1 + rho_below(&rng, 50);
		for (size_t i = 0; i < n; i++)
			x[i] = s[i] = rho_below(&rng, distinct);
		qsort(s, n, sizeof *s, ascending);
		double at = p * (double)(n - 1);
		size_t k = (size_t)at, next = k + 1 < n ? k + 1 : k;
		double want = s[k] + (at - (double)k) * (s[next] - s[k]);
		NEAR(rho_quantile(x, n, p), want);
	}
}

Test(summary, window_mean_counts_decisions)
{
	const uint64_t step[] = { 100, 200, 250 };
	const double value[] = { 1, 2, 8 }, gap[] = { 1, NAN, 8 };
	NEAR(rho_window_mean(step, value, 3, 0, 250), (100 + 200 + 400) / 250.0);
	NEAR(rho_window_mean(step, value, 3, 200, 250), 8);
	NEAR(rho_window_mean(step, value, 3, 150, 250), (50 * 2 + 50 * 8) / 100.0);     /* half of a record */
	NEAR(rho_window_mean(step, gap, 3, 0, 250), (100 + 400) / 150.0);
	cr_assert(isnan(rho_window_mean(step, gap, 3, 100, 200)));
	cr_assert(isnan(rho_window_mean(step, value, 0, 0, 250)));
	cr_assert(isnan(rho_window_mean(step, value, 3, 250, 300)));
}
