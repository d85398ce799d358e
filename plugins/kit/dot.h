/* dot.h: the one order in which the kit adds up inner products in float64. */
#ifndef RHO_KIT_DOT_H
#define RHO_KIT_DOT_H

#include <stddef.h>

/* <a, b> over n numbers: eight sums, so that it can use vectors without changing the order. */
static inline double rho_kit_dot(const double *a, const double *b, size_t n)
{
	double sum[8] = { 0 };
	size_t i = 0;
	for (; i + 8 <= n; i += 8)
		for (size_t l = 0; l < 8; l++)
			sum[l] += a[i + l] * b[i + l];
	for (size_t l = 0; i < n; i++, l++)
		sum[l] += a[i] * b[i];
	return ((sum[0] + sum[4]) + (sum[2] + sum[6])) + ((sum[1] + sum[5]) + (sum[3] + sum[7]));
}

#endif
