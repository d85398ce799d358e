/* student.c: distributions against tables and closed forms. */
#include <criterion/criterion.h>
#include <math.h>

#include "stats/stats.h"

static void near(double a, double b, double tolerance)
{
	cr_assert(fabs(a - b) <= tolerance * fmax(1, fabs(b)), "%.17g is not %.17g", a, b);
}

Test(student, normal)
{
	near(rho_normal_cdf(0), 0.5, 1e-15);
	near(rho_normal_cdf(1.959963984540054), 0.975, 1e-14);
	near(rho_normal_cdf(-8) / 6.220960574271785e-16, 1, 1e-10);
}

Test(student, closed_forms)
{
	const double t[] = { -50, -3, -0.7, 0, 1e-3, 0.7, 2, 12, 400 };
	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		near(rho_t_cdf(t[i], 1), 0.5 + atan(t[i]) / acos(-1), 1e-13);
		near(rho_t_cdf(t[i], 2), 0.5 + t[i] / (2 * sqrt(2 + t[i] * t[i])), 1e-13);
		near(rho_t_cdf(t[i], 7) + rho_t_cdf(-t[i], 7), 1, 1e-14);
	}
	near(rho_t_cdf(1.3, 1e7), rho_normal_cdf(1.3), 1e-7);
}

Test(student, quantiles)
{
	near(rho_t_quantile(0.975, 1), 12.706204736174694, 1e-10);
	near(rho_t_quantile(0.975, 3), 3.182446305284263, 1e-12);
	near(rho_t_quantile(0.975, 9), 2.2621571627982055, 1e-12);
	near(rho_t_quantile(0.025, 9), -2.2621571627982055, 1e-12);
	near(rho_t_quantile(0.8, 9), 0.883403859685502, 1e-10);
	near(rho_t_quantile(0.5, 4), 0, 1e-12);
	near(rho_t_quantile(1e-9, 1), -1 / tan(acos(-1) * 1e-9), 1e-9);
	for (double p = 0.001; p < 1; p += 0.0371)
		for (double df = 1; df < 300; df *= 3)
			near(rho_t_cdf(rho_t_quantile(p, df), df), p, 1e-12);
}

Test(student, interval)
{
	const double x[] = { 1, 2, 3, 4 };
	struct rho_interval ci = rho_t_interval(x, 4, 0.95);
	near(ci.lo, 0.4457397, 1e-7);
	near(ci.hi, 4.5542603, 1e-7);
	ci = rho_t_interval(x, 1, 0.95);
	cr_assert(isnan(ci.lo) && isnan(ci.hi));
}

/* n = 10, sd = 2: (2.262157163 + 0.883403860) * 2 / sqrt(10). */
Test(student, detectable)
{
	near(rho_detectable(2, 10, 0.95, 0.8), 1.98943, 1e-5);
	cr_assert(isnan(rho_detectable(2, 1, 0.95, 0.8)));
	cr_assert(rho_detectable(2, 40, 0.95, 0.8) < rho_detectable(2, 10, 0.95, 0.8) / 2);
}
