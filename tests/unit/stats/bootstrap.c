/* bootstrap.c: intervals against exact enumeration, and how often they hold what they should. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <rho/rng.h>
#include "stats/stats.h"

#define NEAR(a, b, tol) cr_assert_float_eq((a), (b), (tol), "%.17g is not %.17g", (double)(a), (double)(b))

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

/* Every resample of 5 values, 5^5 of them, each IQM by sorting. `y` NULL: of x alone. */
static size_t enumerate(const double *x, const double *y, double *stat)
{
	size_t n = 0;
	for (int code = 0; code < 3125; code++) {
		double a[5], b[5];
		for (int i = 0, c = code; i < 5; i++, c /= 5) {
			a[i] = x[c % 5];
			b[i] = y ? y[c % 5] : 0;
		}
		stat[n++] = rho_iqm(a, 5) - rho_iqm(b, 5);
	}
	qsort(stat, n, sizeof *stat, ascending);
	return n;
}

/* The value that a share of the exact distribution lies below, give or take what 200,000 draws blur. */
static void between(double got, const double *stat, size_t n, double share)
{
	double lo = stat[(size_t)((share - 0.004) * (double)n)],
	       hi = stat[(size_t)((share + 0.004) * (double)n)];
	cr_assert(got >= lo - 1e-12 && got <= hi + 1e-12, "%g is not in [%g, %g]", got, lo, hi);
}

Test(bootstrap, iqm_is_the_enumerated_distribution)
{
	const double x[] = { 0.31, 0.18, 0.77, 0.42, 0.55 };
	static double stat[3125];
	size_t n = enumerate(x, NULL, stat);
	struct rho_interval ci = rho_boot_iqm(x, 5, 1, RHO_PERCENTILE, 0.9, 200000);
	between(ci.lo, stat, n, 0.05);
	between(ci.hi, stat, n, 0.95);
}

Test(bootstrap, paired_is_the_enumerated_distribution)
{
	const double x[] = { 0.31, 0.18, 0.77, 0.42, 0.55 }, y[] = { 0.30, 0.25, 0.60, 0.44, 0.41 };
	static double stat[3125];
	size_t n = enumerate(x, y, stat);
	struct rho_interval ci = rho_boot_paired(x, y, 5, RHO_PERCENTILE, 0.9, 200000);
	between(ci.lo, stat, n, 0.05);
	between(ci.hi, stat, n, 0.95);
}

Test(bootstrap, same_input_same_bits)
{
	const double x[] = { 3, 1, 4, 1, 5, 9, 2, 6 };
	struct rho_interval a = rho_boot_iqm(x, 8, 1, RHO_EXPANDED, 0.95, 5000);
	struct rho_interval b = rho_boot_iqm(x, 8, 1, RHO_EXPANDED, 0.95, 5000);
	cr_assert(!memcmp(&a, &b, sizeof a));
	a = rho_boot_mean(x, 8, RHO_EXPANDED, 0.95, 5000);
	b = rho_boot_mean(x, 8, RHO_EXPANDED, 0.95, 5000);
	cr_assert(!memcmp(&a, &b, sizeof a));
}

/* An interval moves and stretches with its data, and holds the estimate. */
Test(bootstrap, equivariance)
{
	const double x[] = { 3, 1, 4, 1, 5, 9, 2, 6 };
	double y[8];
	struct rho_interval a = rho_boot_iqm(x, 8, 1, RHO_PERCENTILE, 0.95, 5000), b;
	for (int i = 0; i < 8; i++)
		y[i] = 10 + 2 * x[i];
	b = rho_boot_iqm(y, 8, 1, RHO_PERCENTILE, 0.95, 5000);
	NEAR(b.lo, 10 + 2 * a.lo, 1e-12);
	NEAR(b.hi, 10 + 2 * a.hi, 1e-12);
	cr_assert(a.lo < rho_iqm(x, 8) && rho_iqm(x, 8) < a.hi);
	b = rho_boot_paired(y, x, 8, RHO_PERCENTILE, 0.95, 5000);
	cr_assert(b.lo > 10 && b.hi < 20);
	b = rho_boot_paired(x, x, 8, RHO_PERCENTILE, 0.95, 5000);
	cr_assert(b.lo == 0 && b.hi == 0);
}

/* Two tasks far apart: resampling within each keeps 4 values of each, so that the IQM cannot wander
 * from one to the other, as it would if all 8 values were resampled together. */
Test(bootstrap, strata)
{
	const double x[] = { 0, 100, 1, 101, 2, 102, 3, 103 };  /* (4, 2) */
	struct rho_interval in = rho_boot_iqm(x, 4, 2, RHO_PERCENTILE, 0.95, 5000);
	struct rho_interval all = rho_boot_iqm(x, 8, 1, RHO_PERCENTILE, 0.95, 5000);
	cr_assert(in.lo > 48 && in.hi < 55, "[%g, %g]", in.lo, in.hi);
	cr_assert(all.hi - all.lo > 40);
}

Test(bootstrap, too_few_runs_have_no_interval)
{
	const double x[] = { 1 };
	struct rho_interval ci = rho_boot_iqm(x, 1, 1, RHO_EXPANDED, 0.95, 100);
	cr_assert(isnan(ci.lo) && isnan(ci.hi));
	ci = rho_boot_paired(x, x, 1, RHO_EXPANDED, 0.95, 100);
	cr_assert(isnan(ci.lo));
	ci = rho_boot_mean(x, 0, RHO_EXPANDED, 0.95, 100);
	cr_assert(isnan(ci.lo));
	ci = rho_boot_better(x, 1, x, 1, 1, 0.95, 100);
	cr_assert(isnan(ci.lo));
}

Test(bootstrap, expanded_is_wider_and_less_so_with_n)
{
	double x[60], ratio[2];
	for (int i = 0; i < 60; i++)
		x[i] = sin(1.7 * i);
	for (int k = 0; k < 2; k++) {
		size_t n = k ? 60 : 6;
		struct rho_interval p = rho_boot_mean(x, n, RHO_PERCENTILE, 0.95, 50000);
		struct rho_interval e = rho_boot_mean(x, n, RHO_EXPANDED, 0.95, 50000);
		ratio[k] = (e.hi - e.lo) / (p.hi - p.lo);
	}
	cr_assert(ratio[0] > 1.2 && ratio[0] < 1.6, "%g", ratio[0]);
	cr_assert(ratio[1] > 1.0 && ratio[1] < 1.1, "%g", ratio[1]);
}

/* How often the interval of a paired difference of two arms without a difference holds 0. The bounds are
 * about 3 standard errors of 1,500 simulations around what was measured with 20,000. */
static double coverage(size_t n, enum rho_boot kind)
{
	struct rho_rng rng = { { 11, 12, 13, 14 } };
	size_t hits = 0, sims = 1500;
	for (size_t s = 0; s < sims; s++) {
		double x[20], y[20];
		struct rho_interval ci;
		for (size_t i = 0; i < n; i++) {
			double shared = rho_normal(&rng);
			x[i] = shared + rho_normal(&rng);
			y[i] = shared + rho_normal(&rng);
		}
		ci = rho_boot_paired(x, y, n, kind, 0.95, 1000);
		hits += ci.lo <= 0 && ci.hi >= 0;
	}
	return (double)hits / (double)sims;
}

Test(bootstrap, paired_coverage, .timeout = 120)
{
	double at5 = coverage(5, RHO_EXPANDED), at10 = coverage(10, RHO_EXPANDED),
	       at20 = coverage(20, RHO_EXPANDED);
	double plain = coverage(5, RHO_PERCENTILE);
	cr_assert(at5 > 0.92 && at5 < 0.96, "%g", at5);
	cr_assert(at10 > 0.95 && at10 < 0.985, "%g", at10);
	cr_assert(at20 > 0.945 && at20 < 0.98, "%g", at20);
	cr_assert(plain < 0.92, "%g", plain);
}

Test(bootstrap, better_interval)
{
	const double x[] = { 5, 6, 7, 8 }, y[] = { 1, 2, 3, 4 }, z[] = { 4, 5, 6, 7 };
	struct rho_interval ci = rho_boot_better(x, 4, y, 4, 1, 0.95, 2000);
	cr_assert(ci.lo == 1 && ci.hi == 1);
	ci = rho_boot_better(x, 4, z, 4, 1, 0.95, 2000);
	cr_assert(ci.lo < rho_prob_better(x, 4, z, 4, 1) && rho_prob_better(x, 4, z, 4, 1) < ci.hi);
	cr_assert(ci.lo >= 0 && ci.hi <= 1);
}
