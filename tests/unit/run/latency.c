/* Quantiles of decision times. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

#include "run/latency.h"

Test(latency, quantiles_are_those_of_the_times)
{
	struct rho_latency *l = calloc(1, sizeof *l);
	cr_assert(isnan(rho_latency_quantile(l, 0.5)));
	for (uint64_t v = 1; v <= 100000; v++)
		rho_latency_add(l, v, 1);
	cr_assert_float_eq(rho_latency_quantile(l, 0.5), 50000, 0.032 * 50000);
	cr_assert_float_eq(rho_latency_quantile(l, 0.99), 99000, 0.032 * 99000);
	cr_assert_float_eq(rho_latency_quantile(l, 0.999), 99900, 0.032 * 99900);
	cr_assert_float_eq(rho_latency_quantile(l, 0.0001), 10, 1e-9); /* short ones are exact */
	rho_latency_add(l, UINT64_MAX, 1000000); /* one bucket for all that is absurd */
	cr_assert(rho_latency_quantile(l, 0.999) > 0x1p46);
	free(l);
}

/* Every time lies in its own bucket: within a thirty-second of it. */
Test(latency, each_octave)
{
	for (unsigned e = 0; e < 47; e++)
		for (uint64_t part = 0; part < 32; part++) {
			struct rho_latency *l = calloc(1, sizeof *l);
			uint64_t v = (1ull << e) + ((part << e) >> 5);
			rho_latency_add(l, v, 3);
			cr_assert_float_eq(rho_latency_quantile(l, 0.5), (double)v, (double)v / 31, "%llu",
			                   (unsigned long long)v);
			free(l);
		}
}
