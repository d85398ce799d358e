/* M6: contains a BLAS function of its own, as a static library would leave it. */
#include "base_verifier.h"

static __attribute__((noinline, used)) double cblas_ddot(int n, const double *x, int dx, const double *y,
                                                         int dy)
{
	double sum = 0;
	for (int i = 0; i < n; i++)
		sum += x[i * dx] * y[i * dy];
	return sum;
}

static const struct rho_verifier table = { .size = sizeof table, .open = base_open, .verify = base_verify };

CHECK_PLUGIN(RHO_VERIFIER, verifier, "m6_own_blas");
