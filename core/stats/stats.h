/* stats.h: what a handful of runs can say: point estimates, intervals, tests. Pure functions on
 * arrays of doubles; the random ones draw from fixed streams, so equal input gives equal bits.
 *
 * Scores come as (runs, tasks), row-major; one task unless said otherwise. They must be finite:
 * leave missing runs out before calling. Agarwal et al. below is "Deep Reinforcement Learning at
 * the Edge of the Statistical Precipice", NeurIPS 2021, whose code is rliable. */
#ifndef RHO_STATS_STATS_H
#define RHO_STATS_STATS_H

#include <stddef.h>
#include <stdint.h>

struct rho_interval { double lo, hi; };         /* both NaN: too little data for one */

/* summary.c */

double rho_mean(const double *x, size_t n);             /* NaN when n is 0 */
double rho_sd(const double *x, size_t n);               /* divides by n - 1; NaN when n < 2 */

/* Interquartile mean: what is left after floor(n / 4) values are dropped from each end (Agarwal et
 * al.; scipy.stats.trim_mean with 0.25). NaN when n is 0. */
double rho_iqm(const double *x, size_t n);

/* Median over tasks of the mean over runs (Agarwal et al., section 4). x: (runs, tasks). */
double rho_median_task(const double *x, size_t runs, size_t tasks);

/* gamma - mean of min(x, gamma): how far from the score gamma (Agarwal et al.). */
double rho_optimality_gap(const double *x, size_t n, double gamma);

/* Run-score profile (Agarwal et al.): out[i] is the share of the n values above tau[i]. */
void rho_profile(const double *x, size_t n, const double *tau, size_t n_tau, double *out /* (n_tau) */);

/* The p-quantile, linear between order statistics (type 7 of Hyndman & Fan 1996). Reorders x. */
double rho_quantile(double *x, size_t n, double p);

/* Mean of a learning curve over the decisions from < t <= to. Record i holds a mean over the decisions
 * step[i - 1] < t <= step[i] (step[-1] is 0), and counts by how many of them lie in the range; NaN
 * values count nowhere. NaN when nothing does. */
double rho_window_mean(const uint64_t *step, const double *value, size_t n, double from, double to);

/* correlation.c */

/* Pearson's r of n pairs, pair i taken count[i] times (NULL: once). NaN when there are fewer than two,
 * or either side is constant. */
double rho_pearson(const double *x, const double *y, const uint32_t *count, size_t n);

/* Ranks from 1, ties sharing the average of theirs. rank (n). */
void rho_ranks(const double *x, size_t n, double *rank);

/* Spearman's rho: Pearson's r of the ranks (Spearman 1904; scipy.stats.spearmanr). NaN as rho_pearson. */
double rho_spearman(const double *x, const double *y, size_t n);

/* bootstrap.c: percentile intervals. Common to all: `level` such as 0.95; `resamples` >= 1. */

enum rho_boot {
	RHO_PERCENTILE,         /* Efron 1979; what rliable prints. Too narrow for few runs */
	RHO_EXPANDED,           /* the percentile interval widened for small n (Hesterberg 2015, The
	                         * American Statistician 69(4), "expanded percentile"): tails of
	                         * Phi(-sqrt(n / (n - 1)) t) with t the Student quantile at n - 1 */
};

/* Of the mean of n values; for paired differences. NaN when n < 2. */
struct rho_interval rho_boot_mean(const double *x, size_t n, enum rho_boot, double level, uint64_t resamples);

/* Of the IQM of all values of x (runs, tasks), resampling runs within each task (stratified; Agarwal
 * et al.). NaN when runs < 2. */
struct rho_interval rho_boot_iqm(const double *x, size_t runs, size_t tasks, enum rho_boot, double level,
                                 uint64_t resamples);

/* Of IQM(x) - IQM(y), where run i of both shares a seed: seeds are resampled, and both take the same
 * ones. NaN when n < 2. */
struct rho_interval rho_boot_paired(const double *x, const double *y, size_t n, enum rho_boot, double level,
                                    uint64_t resamples);

/* Of rho_prob_better, resampling the runs of x and of y apart (Agarwal et al. use 2,000 resamples).
 * NaN when either has fewer than 2 runs. Plain percentile. */
struct rho_interval rho_boot_better(const double *x, size_t nx, const double *y, size_t ny, size_t tasks,
                                    double level, uint64_t resamples);

/* Of Pearson's r and of Spearman's rho, resampling pairs; ranks are those within the resample. Resamples
 * that have a constant side do not count. NaN when n < 3 or no resample counts. Plain percentile. */
struct rho_interval rho_boot_pearson(const double *x, const double *y, size_t n, double level,
                                     uint64_t resamples);
struct rho_interval rho_boot_spearman(const double *x, const double *y, size_t n, double level,
                                      uint64_t resamples);

/* Of any statistic of n things, `of`(arg, count) where thing i is taken count[i] times, n in all: the percentile
 * interval by order statistics, so that the statistic may be INFINITY. NaN when n < 2. */
struct rho_interval rho_boot_counts(size_t n, double level, uint64_t resamples,
                                    double (*of)(void *arg, const uint32_t *count), void *arg);

/* test.c */

/* Probability of improvement: the chance that a run of x lies above a run of y, ties counting one half,
 * averaged over tasks (Mann & Whitney 1947; Agarwal et al.). x: (nx, tasks), y: (ny, tasks). */
double rho_prob_better(const double *x, size_t nx, const double *y, size_t ny, size_t tasks);

/* Two-sided paired permutation test: p of |mean(d)| when the sign of each difference is as likely
 * either way (Fisher 1935). All 2^n signs for n <= 16, else 100,000 drawn ones with (1 + hits) /
 * (1 + draws) (Phipson & Smyth 2010). 1 when n is 0 or all are 0. */
double rho_sign_flip(const double *d, size_t n);

/* Holm's step-down correction (Holm 1979) of n p-values, in place. NaNs are no comparisons and stay. */
void rho_holm(double *p, size_t n);

/* student.c */

double rho_normal_cdf(double z);

/* The regularised incomplete beta function I_x(a, b) (DLMF 8.17). y is 1 - x, given apart because it may be tiny. */
double rho_beta_inc(double a, double b, double x, double y);
double rho_t_cdf(double t, double df);
double rho_t_quantile(double p, double df);             /* 0 < p < 1, df > 0 */

/* mean ± t * sd / sqrt(n) (Student 1908). NaN when n < 2. */
struct rho_interval rho_t_interval(const double *x, size_t n, double level);

/* The least true paired difference that a two-sided t-test at 1 - level finds with probability `power`
 * from n pairs whose differences have this standard deviation: (t_{1-alpha/2} + t_{power}) sd / sqrt(n)
 * (Bloom 1995). NaN when n < 2. */
double rho_detectable(double sd, size_t n, double level, double power);

#endif
