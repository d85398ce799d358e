/* reference.h: the same by definition, in float64, for the tests of kit/rl. */
#ifndef TEST_RL_REFERENCE_H
#define TEST_RL_REFERENCE_H

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <rho/rho.h>

#define NEAR(a, b, eps) do { \
	double near_a = (a), near_b = (b); \
	cr_assert(fabs(near_a - near_b) <= (eps), "%s is %.17g, not %.17g", #a, near_a, near_b); \
} while (0)

static inline bool ref_may(const uint64_t *mask, size_t j)
{
	return !mask || mask[j / 64] >> j % 64 & 1;
}

/* out (k) = ln π; gives ln Σ. */
static inline double ref_log_softmax(const double *logit, const uint64_t *mask, size_t k, double *out)
{
	double most = -INFINITY, sum = 0;
	for (size_t j = 0; j < k; j++)
		most = ref_may(mask, j) && logit[j] > most ? logit[j] : most;
	for (size_t j = 0; j < k; j++)
		sum += ref_may(mask, j) ? exp(logit[j] - most) : 0;
	for (size_t j = 0; j < k; j++)
		out[j] = ref_may(mask, j) ? logit[j] - most - log(sum) : -INFINITY;
	return most + log(sum);
}

static inline double ref_entropy(const double *logp, size_t k)
{
	double h = 0;
	for (size_t j = 0; j < k; j++)
		h -= logp[j] > -INFINITY ? exp(logp[j]) * logp[j] : 0;
	return h;
}

/* Logits of about `scale`, and those in float64. */
static inline void ref_logits(struct rho_rng *rng, size_t k, double scale, double base, float *x, double *wide)
{
	for (size_t j = 0; j < k; j++) {
		x[j] = (float)(base + scale * rho_normal(rng));
		wide[j] = (double)x[j];
	}
}

/* About a third of the places closed, one at least open. */
static inline void ref_mask(struct rho_rng *rng, size_t k, uint64_t *mask)
{
	memset(mask, 0, (k + 63) / 64 * sizeof *mask);
	for (size_t j = 0; j < k; j++)
		if (rho_below(rng, 3))
			mask[j / 64] |= (uint64_t)1 << j % 64;
	mask[(k - 1) / 64] |= (uint64_t)1 << (k - 1) % 64;
}

#endif
