/* rows.h: sets of rows that the tests of geometry share. */
#ifndef RHO_TEST_ROWS_H
#define RHO_TEST_ROWS_H

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "geometry/geometry.h"
#include <rho/rng.h>

#define NEAR(a, b, tolerance)                                                                                          \
	cr_assert(fabs((a) - (b)) <= (tolerance), "%s is %.15g, not %.15g", #a, (double)(a), (double)(b))

/* Normal rows with a mean of `lift` in the first column and variances that fall by `fall` a column. */
static inline float *normal_rows(size_t n, size_t d, double lift, double fall, uint64_t seed)
{
	struct rho_rng r = { { seed, 2, 3, 4 } };
	float *x = malloc(n * d * sizeof *x);
	for (size_t i = 0; i < n; i++)
		for (size_t c = 0; c < d; c++)
			x[i * d + c] = (float)(rho_normal(&r) * pow(fall, (double)c) + (c == 0 ? lift : 0));
	return x;
}

static inline struct rho_mat mat(const float *at, size_t n, size_t d)
{
	return (struct rho_mat){ at, n, d, d };
}

static inline struct rho_units units(const float *at, size_t n, size_t d)
{
	struct rho_units u;
	struct rho_mat m = mat(at, n, d);
	rho_units_init(&u, &m, 1);
	return u;
}

#endif
