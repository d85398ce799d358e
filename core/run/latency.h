/* latency.h: how long decisions took, as a histogram whose buckets are a sixteenth of an octave wide. */
#ifndef RHO_RUN_LATENCY_H
#define RHO_RUN_LATENCY_H

#include <stddef.h>
#include <stdint.h>

enum { RHO_LATENCY_PARTS = 16, RHO_LATENCY_BUCKETS = 45 * RHO_LATENCY_PARTS };

struct rho_latency { /* zero-initialise */
	uint64_t bucket[RHO_LATENCY_BUCKETS], n;
};

/* Counts n decisions of so many nanoseconds each; beyond 2^48 (three days) all count alike. */
void rho_latency_add(struct rho_latency *, uint64_t nanoseconds, uint64_t n);

/* The p-quantile in nanoseconds, to 3.2 %; NaN where nothing was counted. */
double rho_latency_quantile(const struct rho_latency *, double p);

#endif
