/* exact.h: products as they are defined, one number at a time, and numbers to try them on. */
#ifndef RHO_TEST_SCORE_EXACT_H
#define RHO_TEST_SCORE_EXACT_H

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <rho/rng.h>

/* Numbers of very different size, so that another order of summing shows in the last bits. */
static inline float noise(struct rho_rng *r) { return (float)((rho_unif(r) - 0.5) * exp(8 * rho_unif(r))); }

/* (n) to be freed. */
static inline float *noisy(size_t n, uint64_t seed)
{
	struct rho_rng r = { { seed, 2, 3, 4 } };
	float *v = malloc((n ? n : 1) * sizeof *v);
	for (size_t i = 0; i < n; i++)
		v[i] = noise(&r);
	return v;
}

/* (n) to be freed: numbers that no float is. */
static inline double *noisy64(size_t n, uint64_t seed)
{
	struct rho_rng r = { { seed, 2, 3, 4 } };
	double *v = malloc((n ? n : 1) * sizeof *v);
	for (size_t i = 0; i < n; i++)
		v[i] = (rho_unif(&r) - 0.5) * exp(8 * rho_unif(&r));
	return v;
}

/* volatile keeps the compiler from reordering. */
static inline float by_definition(const float *a, const float *b, size_t d)
{
	volatile float s[16] = { 0 };
	for (size_t i = 0; i < d; i++)
		s[i % 16] = fmaf(a[i], b[i], s[i % 16]);
	for (size_t w = 8; w; w /= 2)
		for (size_t j = 0; j < w; j++)
			s[j] = s[j] + s[j + w];
	return s[0];
}

static inline double by_definition64(const double *a, const float *b, size_t d)
{
	volatile double s[8] = { 0 };
	for (size_t i = 0; i < d; i++)
		s[i % 8] = fma(a[i], (double)b[i], s[i % 8]);
	for (size_t w = 4; w; w /= 2)
		for (size_t j = 0; j < w; j++)
			s[j] = s[j] + s[j + w];
	return s[0];
}

/* Bit for bit. */
static inline bool same(float a, float b) { return !memcmp(&a, &b, sizeof a); }
static inline bool same64(double a, double b) { return !memcmp(&a, &b, sizeof a); }

#endif
