/* summary.c: point estimates of a sample and of a learning curve. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../base/buf.h"
#include "stats.h"

double rho_mean(const double *x, size_t n)
{
	double sum = 0;
	for (size_t i = 0; i < n; i++)
		sum += x[i];
	return n ? sum / (double)n : NAN;
}

double rho_sd(const double *x, size_t n)
{
	double mean = rho_mean(x, n), sum = 0;
	if (n < 2)
		return NAN;
	for (size_t i = 0; i < n; i++)
		sum += (x[i] - mean) * (x[i] - mean);
	return sqrt(sum / (double)(n - 1));
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static double *sorted(const double *x, size_t n)
{
	double *s = rho_xmalloc((n ? n : 1) * sizeof *s);
	if (n)
		memcpy(s, x, n * sizeof *s);
	qsort(s, n, sizeof *s, ascending);
	return s;
}

double rho_iqm(const double *x, size_t n)
{
	size_t cut = n / 4;
	double *s = sorted(x, n), mean = rho_mean(s + cut, n - 2 * cut);
	free(s);
	return mean;
}

double rho_median_task(const double *x, size_t runs, size_t tasks)
{
	double *mean, median;
	if (!runs || !tasks)
		return NAN;
	mean = rho_xcalloc(tasks, sizeof *mean);
	for (size_t r = 0; r < runs; r++)
		for (size_t t = 0; t < tasks; t++)
			mean[t] += x[r * tasks + t] / (double)runs;
	median = rho_quantile(mean, tasks, 0.5);
	free(mean);
	return median;
}

double rho_optimality_gap(const double *x, size_t n, double gamma)
{
	double sum = 0;
	for (size_t i = 0; i < n; i++)
		sum += x[i] < gamma ? x[i] : gamma;
	return n ? gamma - sum / (double)n : NAN;
}

void rho_profile(const double *x, size_t n, const double *tau, size_t n_tau, double *out)
{
	for (size_t i = 0; i < n_tau; i++) {
		size_t above = 0;
		for (size_t j = 0; j < n; j++)
			above += x[j] > tau[i];
		out[i] = n ? (double)above / (double)n : NAN;
	}
}

/* Puts the value of rank k at x[k], nothing larger before it, nothing smaller after it (Hoare's FIND in
 * Wirth's form: equal values are swapped too, so that many ties stay balanced). */
static void select_rank(double *x, size_t n, size_t k)
{
	ptrdiff_t lo = 0, hi = (ptrdiff_t)n - 1, at = (ptrdiff_t)k;
	while (lo < hi) {
		double pivot = x[at];
		ptrdiff_t i = lo, j = hi;
		while (i <= j) {
			while (x[i] < pivot)
				i++;
			while (x[j] > pivot)
				j--;
			if (i <= j) {
				double t = x[i];
				x[i++] = x[j];
				x[j--] = t;
			}
		}
		if (j < at)
			lo = i;
		if (at < i)
			hi = j;
	}
}

double rho_quantile(double *x, size_t n, double p)
{
	double at, low, high;
	size_t k;
	if (!n)
		return NAN;
	at = p * (double)(n - 1);
	k = (size_t)at;
	if (k >= n - 1)
		k = n - 1;
	select_rank(x, n, k);
	low = high = x[k];
	if (k + 1 < n) {
		high = x[k + 1];
		for (size_t i = k + 2; i < n; i++)
			high = x[i] < high ? x[i] : high;
	}
	return low + (at - (double)k) * (high - low);
}

double rho_window_mean(const uint64_t *step, const double *value, size_t n, double from, double to)
{
	double sum = 0, weight = 0, before = 0;
	for (size_t i = 0; i < n; i++) {
		double lo = before > from ? before : from, hi = (double)step[i] < to ? (double)step[i] : to;
		if (hi > lo && !isnan(value[i])) {
			sum += (hi - lo) * value[i];
			weight += hi - lo;
		}
		before = (double)step[i];
	}
	return weight > 0 ? sum / weight : NAN;
}
