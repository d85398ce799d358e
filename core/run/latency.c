/* latency.c: buckets of times: exact below 32 nanoseconds, sixteen to each doubling above. */
#include "latency.h"

#include <math.h>

static size_t bucket_of(uint64_t v)
{
	unsigned octave;
	size_t b;
	if (v < 2 * RHO_LATENCY_PARTS)
		return (size_t)v;
	octave = 63 - (unsigned)__builtin_clzll(v);
	b = (size_t)(octave - 3) * RHO_LATENCY_PARTS + (size_t)(v >> (octave - 4)) % RHO_LATENCY_PARTS;
	return b < RHO_LATENCY_BUCKETS ? b : RHO_LATENCY_BUCKETS - 1;
}

/* The middle of a bucket. */
static double time_of(size_t b)
{
	size_t octave = b / RHO_LATENCY_PARTS + 3;
	if (b < 2 * RHO_LATENCY_PARTS)
		return (double)b;
	return ldexp((double)(RHO_LATENCY_PARTS + b % RHO_LATENCY_PARTS) + 0.5, (int)octave - 4);
}

void rho_latency_add(struct rho_latency *l, uint64_t nanoseconds, uint64_t n)
{
	l->bucket[bucket_of(nanoseconds)] += n;
	l->n += n;
}

double rho_latency_quantile(const struct rho_latency *l, double p)
{
	uint64_t seen = 0;
	for (size_t b = 0; b < RHO_LATENCY_BUCKETS; b++) {
		seen += l->bucket[b];
		if (l->bucket[b] && (double)seen >= p * (double)l->n)
			return time_of(b);
	}
	return NAN;
}
