/* correlation.c: how far two lists of numbers go together. */
#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "../base/buf.h"
#include "stats.h"

/* Whether a sum of squares about the mean is more than rounding. */
static bool varies(double squares, double mean, double n)
{
	double rounding = 4 * DBL_EPSILON * mean;
	return squares > n * rounding * rounding;
}

double rho_pearson(const double *x, const double *y, const uint32_t *count, size_t n)
{
	double pairs = 0, mx = 0, my = 0, xx = 0, yy = 0, xy = 0;
	for (size_t i = 0; i < n; i++) {
		double c = count ? (double)count[i] : 1;
		pairs += c;
		mx += c * x[i];
		my += c * y[i];
	}
	mx /= pairs;
	my /= pairs;
	for (size_t i = 0; i < n; i++) {
		double c = count ? (double)count[i] : 1, dx = x[i] - mx, dy = y[i] - my;
		xx += c * dx * dx;
		yy += c * dy * dy;
		xy += c * dx * dy;
	}
	return pairs >= 2 && varies(xx, mx, pairs) && varies(yy, my, pairs) ? xy / sqrt(xx * yy) : NAN;
}

struct placed {
	double value;
	size_t at;
};

static int by_value(const void *a, const void *b)
{
	const struct placed *p = a, *q = b;
	return (p->value > q->value) - (p->value < q->value);
}

void rho_ranks(const double *x, size_t n, double *rank)
{
	struct placed *p = rho_xcalloc(n + 1, sizeof *p); /* (n) */
	for (size_t i = 0; i < n; i++)
		p[i] = (struct placed){ x[i], i };
	qsort(p, n, sizeof *p, by_value);
	for (size_t i = 0, end; i < n; i = end) {
		for (end = i + 1; end < n && p[end].value == p[i].value;)
			end++;
		for (size_t j = i; j < end; j++)
			rank[p[j].at] = 0.5 * (double)(i + end + 1);
	}
	free(p);
}

double rho_spearman(const double *x, const double *y, size_t n)
{
	double *rx = rho_xcalloc(2 * n + 1, sizeof *rx), *ry = rx + n, r; /* (n) each */
	rho_ranks(x, n, rx);
	rho_ranks(y, n, ry);
	r = rho_pearson(rx, ry, NULL, n);
	free(rx);
	return r;
}
