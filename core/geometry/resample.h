/* resample.h: intervals for numbers made from many rows. */
#ifndef RHO_GEOMETRY_RESAMPLE_H
#define RHO_GEOMETRY_RESAMPLE_H

#include "geometry.h"

/* Means of x (m, cols) over `resamples` bootstrap resamples of its rows: out (resamples, cols). Resample b is the same
 * for the same m, seed, b. */
void rho_resample_means(const double *x, size_t m, size_t cols, unsigned resamples, uint64_t seed, unsigned threads,
                        double *out);

/* Percentiles of value[0], value[stride], ... (n) at this level; NaNs where n is 0 or any is not finite. */
struct rho_interval rho_percentile_interval(const double *value, size_t n, size_t stride, double level);

/* Each of n rows in one of `groups` groups at random, as even as can be: out (n). */
void rho_random_groups(size_t n, size_t groups, uint64_t seed, uint8_t *out);

/* Delete-a-group jackknife: value ± t sqrt((g-1)/g sum (without[i] - mean)^2) over without (groups). */
struct rho_estimate rho_jackknife(double value, const double *without, size_t groups, double level);

#endif
