/* correlation.c: against NumPy's numbers, and intervals that behave. */
#include <criterion/criterion.h>
#include <math.h>

#include <rho/rng.h>
#include "stats/stats.h"

/* Hours of television against IQ: the textbook example, Spearman -29/165. */
static const double iq[] = { 106, 86, 100, 101, 99, 103, 97, 113, 112, 110 };
static const double hours[] = { 7, 0, 27, 50, 28, 29, 20, 12, 6, 17 };
static const double tied_x[] = { 1, 2, 2, 3, 3, 3, 5, 8, 8, 1.5 },
		    tied_y[] = { 3, 1, 4, 1, 5, 9, 2, 6, 5, 3 };

Test(correlation, known_values)
{
	const double want[] = { 1, 3.5, 3.5, 6, 6, 6, 8, 9.5, 9.5, 2 };
	double rank[10];
	cr_assert_float_eq(rho_spearman(iq, hours, 10), -29.0 / 165, 1e-12);
	cr_assert_float_eq(rho_pearson(iq, hours, NULL, 10), -0.03760147384687588, 1e-12);
	cr_assert_float_eq(rho_spearman(tied_x, tied_y, 10), 0.3987713095765648, 1e-12);
	cr_assert_float_eq(rho_pearson(tied_x, tied_y, NULL, 10), 0.32157544743662286, 1e-12);
	rho_ranks(tied_x, 10, rank);
	for (int i = 0; i < 10; i++)
		cr_assert_eq(rank[i], want[i]);
}

Test(correlation, counts_are_copies)
{
	const uint32_t count[] = { 2, 0, 1, 3, 0, 1, 1, 2, 0, 1 };
	double x[11], y[11];
	size_t n = 0;
	for (size_t i = 0; i < 10; i++)
		for (uint32_t k = 0; k < count[i]; k++, n++) {
			x[n] = iq[i];
			y[n] = hours[i];
		}
	cr_assert_eq(n, 11);
	cr_assert_float_eq(rho_pearson(iq, hours, count, 10), rho_pearson(x, y, NULL, 11), 1e-14);
}

Test(correlation, undefined_where_a_side_is_constant)
{
	const double flat[] = { 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1 };
	struct rho_interval in;
	cr_assert(isnan(rho_pearson(flat, iq, NULL, 7)) && isnan(rho_pearson(iq, flat, NULL, 7)));
	cr_assert(isnan(rho_spearman(flat, iq, 7)) && isnan(rho_spearman(iq, hours, 1)) &&
	          isnan(rho_spearman(iq, hours, 0)));
	in = rho_boot_spearman(flat, iq, 7, 0.95, 100);
	cr_assert(isnan(in.lo) && isnan(in.hi));
	in = rho_boot_pearson(iq, hours, 2, 0.95, 100);
	cr_assert(isnan(in.lo));
}

/* Of normal pairs with correlation r, the standard error is (1 - r^2) / sqrt(n); Spearman's a little more. */
Test(correlation, intervals)
{
	enum { N = 2000 };
	static double x[N], y[N], up[N];
	struct rho_rng rng = { { 1, 2, 3, 4 } };
	const double r = 0.7, se = (1 - r * r) / sqrt(N);
	for (int i = 0; i < N; i++) {
		double a = rho_normal(&rng);
		x[i] = a;
		y[i] = r * a + sqrt(1 - r * r) * rho_normal(&rng);
		up[i] = exp(3 * a);
	}
	struct rho_interval p = rho_boot_pearson(x, y, N, 0.95, 2000),
			    s = rho_boot_spearman(x, y, N, 0.95, 2000);
	cr_assert_float_eq((p.hi - p.lo) / (2 * 1.96 * se), 1, 0.1);
	cr_assert_float_eq((s.hi - s.lo) / (2 * 1.96 * se), 1.1, 0.15);
	cr_assert(p.lo < r && p.hi > r);
	cr_assert_float_eq((s.lo + s.hi) / 2, rho_spearman(x, y, N), 0.2 * se);
	struct rho_interval again = rho_boot_spearman(x, y, N, 0.95, 2000),
			    bent = rho_boot_spearman(up, y, N, 0.95, 2000);
	cr_assert(again.lo == s.lo && again.hi == s.hi);
	cr_assert(bent.lo == s.lo && bent.hi == s.hi, "ranks do not feel a monotone bend");
	s = rho_boot_spearman(x, up, N, 0.95, 200);
	cr_assert_float_eq(s.lo, 1, 1e-12);
}
