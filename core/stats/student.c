/* student.c: the normal and Student distributions, and what follows from them. */
#include <math.h>

#include "stats.h"

double rho_normal_cdf(double z) { return 0.5 * erfc(-z / sqrt(2)); }

/* The continued fraction of the incomplete beta function (DLMF 8.17.22) by Lentz's method; converges
 * fast for x < (a + 1) / (a + b + 2). */
static double beta_fraction(double a, double b, double x)
{
	const double tiny = 1e-300;
	double c = 1, d = 1 - (a + b) * x / (a + 1), f;
	d = 1 / (fabs(d) < tiny ? tiny : d);
	f = d;
	for (int m = 1; m < 10000; m++) {
		double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
		double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)), change;
		d = 1 + even * d;
		c = 1 + even / c;
		d = 1 / (fabs(d) < tiny ? tiny : d);
		c = fabs(c) < tiny ? tiny : c;
		f *= d * c;
		d = 1 + odd * d;
		c = 1 + odd / c;
		d = 1 / (fabs(d) < tiny ? tiny : d);
		c = fabs(c) < tiny ? tiny : c;
		change = d * c;
		f *= change;
		if (fabs(change - 1) < 1e-15)
			break;
	}
	return f;
}

double rho_beta_inc(double a, double b, double x, double y)
{
	double front;
	if (x <= 0 || y <= 0)
		return x <= 0 ? 0 : 1;
	front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log(y));
	if (x < (a + 1) / (a + b + 2))
		return front * beta_fraction(a, b, x) / a;
	return 1 - front * beta_fraction(b, a, y) / b;
}

double rho_t_cdf(double t, double df)
{
	double upper = 0.5 * rho_beta_inc(df / 2, 0.5, df / (df + t * t), t * t / (df + t * t));
	return t > 0 ? 1 - upper : upper;
}

double rho_t_quantile(double p, double df)
{
	double lo = -1, hi = 0;
	if (p > 0.5)
		return -rho_t_quantile(1 - p, df);
	while (rho_t_cdf(lo, df) > p && lo > -1e300)
		lo *= 2;
	for (int i = 0; i < 2000; i++) { /* bisection to the last bit: no starting value to go wrong */
		double mid = lo + (hi - lo) / 2;
		if (mid <= lo || mid >= hi)
			break;
		if (rho_t_cdf(mid, df) < p)
			lo = mid;
		else
			hi = mid;
	}
	return hi;
}

struct rho_interval rho_t_interval(const double *x, size_t n, double level)
{
	double mean = rho_mean(x, n), half;
	if (n < 2)
		return (struct rho_interval){ NAN, NAN };
	half = -rho_t_quantile((1 - level) / 2, (double)n - 1) * rho_sd(x, n) / sqrt((double)n);
	return (struct rho_interval){ mean - half, mean + half };
}

double rho_detectable(double sd, size_t n, double level, double power)
{
	double df = (double)n - 1;
	if (n < 2)
		return NAN;
	return (rho_t_quantile(power, df) - rho_t_quantile((1 - level) / 2, df)) * sd / sqrt((double)n);
}
