/* geometry.h: what can be said about a set of actions from their vectors alone: how well a random few cover the
 * rest, how evenly they lie on the sphere, how many dimensions they fill, how much there is to explore.
 *
 * Sources and formulas are named at each function. Distance is cosine distance, d(i, j) = 1 - <e_i, e_j>, never below
 * 0, of rows brought to length 1; a row of zeros has no direction and lies at distance 1 from everything. Products
 * are float32 (tile.h's where the processor has AVX-512, else sgemm's); every sum of theirs is float64 and in a fixed
 * order, so that the same rows give the same bits for any number of threads. Functions that multiply matrices return
 * -1 with `why` when OpenBLAS is missing. */
#ifndef RHO_GEOMETRY_GEOMETRY_H
#define RHO_GEOMETRY_GEOMETRY_H

#include <rho/view.h>
#include "../base/buf.h"
#include "../stats/stats.h"

struct rho_estimate {
	double value;                   /* NaN: not measured, or cannot be (see the field) */
	struct rho_interval ci;         /* NaNs: the number is exact for these rows, or there is too little data */
};

/* Rows at length 1. */
struct rho_units {
	float *at;              /* (n, dim), no gaps */
	size_t n, dim;
	size_t zeros;           /* rows of zeros, left so */
};

void rho_units_init(struct rho_units *, const struct rho_mat *rows, unsigned threads);
void rho_units_free(struct rho_units *);

/* `m` different rows of n (all, in order, when m is 0 or >= n) in rising order; *m becomes how many. The same for
 * the same n, m, seed. Caller frees. */
uint32_t *rho_draw_rows(size_t n, size_t *m, uint64_t seed);

/* What a long computation tells whoever waits: `what` is being done, 0 .. 1 of it. Called from the thread that
 * called the function. NULL `said`: nobody waits. */
struct rho_waiting {
	void (*said)(void *arg, const char *what, double done);
	void *arg;
};

/* coverage.c: rho(k, K), exactly
 * S is a uniform k-subset of the K rows. rho_rem(k) = E_S mean over rows outside S of min over S of the distance;
 * rho_all(k) = E_S mean over all rows = (1 - k/K) rho_rem(k). Closed form, with d_i(1) <= ... <= d_i(K-1) the sorted
 * distances from row i to the others:
 *     rho_rem(k) = mean_i f_k(i),   f_k(i) = sum_j w_j d_i(j),   w_j = C(K-1-j, k-1) / C(K-1, k).
 * No Monte Carlo: where rows are drawn, only the outer mean is over the drawn ones, and the inner is over all K. */

/* f_k(i) for the rows i = which[0 .. m-1] and each k (1 <= k < K): out (m, n_k). *error: a bound on what the way of
 * summing adds to any of them, absolute (0 where all distances were sorted): rows longer than 2,048 are put in
 * 16,384 bins of distance with exact counts and sums; the 128 nearest are sorted exactly; a row whose bins could
 * be off by more than 1e-7 is sorted as a whole (see ranks.c; measured differences from a float64 sort are about
 * 1e-10). Memory: m * n_k doubles, RHO_PRODUCTS floats and a copy of the rows. */
int rho_cover_rows(const struct rho_units *, const uint32_t *which, size_t m, const size_t *k, size_t n_k,
                   unsigned threads, const struct rho_waiting *, double *out, double *error, struct rho_buf *why);

/* f_k(i) from a row's own distances in any order (n of them, sorted in place): float64 throughout; the reference. */
void rho_cover_sorted(double *distance, size_t n, const size_t *k, size_t n_k, double *out);

/* Quantiles `p` (n_p) of the distance from a row to the nearest of S, over the rows `which` and S both: exact for
 * these rows, as P(distance of row i > t) = C(c_i(t), k) / C(K-1, k) with c_i(t) the others farther than t. out (n_k,
 * n_p). Memory: m * K floats. The quantiles of the largest such distance (the covering radius) have no closed form. */
int rho_cover_quantiles(const struct rho_units *, const uint32_t *which, size_t m, const size_t *k, size_t n_k,
                        const double *p, size_t n_p, unsigned threads, double *out, struct rho_buf *why);

/* rho_rem(k) expected of K points drawn uniformly from the sphere in d >= 2 dimensions, for any K > k:
 * 2 * integral over u in 0 .. 1 of (1 - I_u((d-1)/2, (d-1)/2))^k; 2 / (k + 1) for d = 3. To about 1e-10. */
double rho_sphere_cover(size_t d, double k);

/* rank_cover.c: what needs no geometry */

/* P(S holds one of the m best of K) = 1 - C(K-m, k) / C(K, k). */
double rho_hit_top(size_t K, size_t k, size_t m);

/* E of the best rank in S, from 1: (K + 1) / (k + 1). */
double rho_best_rank(size_t K, size_t k);

/* E max over S of the rewards (K), ties and any order allowed. */
double rho_expected_max(const double *reward, size_t K, size_t k);
/* The same of rewards in falling order. */
double rho_expected_max_sorted(const double *reward, size_t K, size_t k);

/* cosine.c: uniformity, anisotropy */

/* Wang & Isola's uniformity (ICML 2020), ln mean over pairs of exp(-t |x - y|^2), no row with itself; t = 2 is
 * theirs. Over the rows `which` with all others: all unordered pairs when `which` is all rows. NaN for fewer than
 * two. term (m), or NULL: each row's mean of exp(...), whose mean's logarithm is the value. histogram (bins), or
 * NULL: how many of these pairs have a cosine in each of `bins` equal parts of -1 .. 1. Costs m n dim operations
 * and an exp for each pair. */
int rho_uniformity(const struct rho_units *, const uint32_t *which, size_t m, double t, unsigned threads,
                   const struct rho_waiting *, double *value, double *term, uint64_t *histogram, size_t bins,
                   struct rho_buf *why);

/* Its value for the uniform distribution on the sphere in d dimensions, t = 2: -4 + ln 0F1(; d/2; 4). */
double rho_sphere_uniformity(size_t d);

/* Mean cosine over pairs (Ethayarajh 2019): (|sum e_i|^2 - sum |e_i|^2) / (n (n - 1)). term (n), or NULL: each row's
 * mean cosine with the others. */
double rho_mean_cosine(const struct rho_units *, unsigned threads, double *term);

/* spectrum.c: how many directions the rows fill */

struct rho_spectrum {
	double participation;   /* (sum l)^2 / sum l^2, of the eigenvalues l of the covariance; 1 .. d */
	double iso_score;       /* (participation - 1) / (d - 1): IsoScore (Rudman et al. 2022); 0 .. 1 */
	double effective_rank;  /* exp of the entropy of l / sum l (Roy & Vetterli 2007, on eigenvalues) */
	double stable_rank;     /* sum l / largest l */
	double d90, d99;        /* eigenvalues, the largest first, that hold 90% (99%) of the variance */
	double ridge;           /* sum l / (l + lambda): degrees of freedom at a ridge */
	double entropy;         /* entropy of singular values / ln(their number): 1 is isotropic */
};

/* Of eigenvalues in falling order (those below 0 are rounding, and count as 0). `rank`: min(rows, d), by whose
 * logarithm `entropy` is divided. lambda is in the eigenvalues' units. All NaN when there is no variance; iso_score
 * and entropy NaN where d or rank is 1. */
void rho_spectrum_of(const double *l, size_t d, size_t rank, double lambda, struct rho_spectrum *);

/* Partition isotropy (Mu & Viswanath, ICLR 2018): min Z / max Z of Z(c) = sum_i exp(<c, w_i>) over plus and minus
 * the unit vectors `axis` (axes, dim), eigenvectors of W^T W. First the sums (groups, 2 * axes), of the rows of each
 * group apart (group (n) below `groups`, or NULL: all in the first); then the value, of sums z (n) over all groups. */
int rho_partition(const struct rho_mat *rows, const float *axis, size_t axes, const uint8_t *group, size_t groups,
                  unsigned threads, double *sums, struct rho_buf *why);
double rho_partition_isotropy(const double *z, size_t n);

/* dimension.c: how many dimensions the rows lie in, nearby */

/* Distances (Euclidean, of unit rows) to the m nearest others, nearest first, of the rows which[0 .. n_which-1]: out
 * (n_which, m). Found among sgemm's products, then taken anew in float64. Others at no distance (copies: nearer than
 * 1e-6) are passed over; infinity where fewer than m are left. */
int rho_nearest_rows(const struct rho_units *, const uint32_t *which, size_t n_which, size_t m, unsigned threads,
                     const struct rho_waiting *, double *out, struct rho_buf *why);

/* TwoNN (Facco et al. 2017), n / sum ln(r2 / r1), from rho_nearest_rows (n, stride) with stride >= 2. Rows with fewer
 * than two neighbours are left out. term (n), or NULL: each row's ln(r2 / r1), NaN where left out. */
double rho_two_nn(const double *nearest, size_t n, size_t stride, double *term);

/* Levina & Bickel (2004) with the rows' inverses averaged (MacKay & Ghahramani 2005): 1 / mean of (1 / (m-1)) sum
 * over j < m of ln(T_m / T_j). term as above: the inverses. */
double rho_levina_bickel(const double *nearest, size_t n, size_t m, double *term);

/* eluder.c: how much there is to explore
 * V = lambda I + sum of phi phi^T over the rows seen; a row's width is sqrt(phi^T V^-1 phi). Rows as they are. */

/* 1/2 ln det(I + sum phi phi^T / lambda), from the eigenvalues s (d) of sum phi phi^T. */
double rho_information_gain(const double *s, size_t d, double lambda);

/* Elliptical potential: sum over the rows `which`, in that order, of min(1, width^2) before each (Abbasi-Yadkori et
 * al. 2011, lemma 11: at most 2 ln det(V / lambda)). *log_det, or NULL: ln det(V / lambda) at the end. O(m d^2). */
double rho_elliptical_potential(const struct rho_mat *rows, const uint32_t *which, size_t m, double lambda,
                                double *log_det);

/* Greedy eluder count: again and again the row of the greatest width (the first of equals) is seen; stops when no
 * width is above eps, or after `most`. width (most): the width of each pick, falling. Returns how many were picked;
 * *done: whether eps was reached. N(e) for any e >= eps is the number of widths above e. skip (n), or NULL: rows not
 * to be used. *log_det as above. O(n d + d^2) a pick. */
size_t rho_greedy_eluder(const struct rho_mat *rows, const bool *skip, double lambda, double eps, size_t most,
                         unsigned threads, const struct rho_waiting *, double *width, bool *done, double *log_det);

/* Russo & Van Roy (2013): the eluder dimension of linear rewards <= 3 d (e / (e-1)) ln(3 + 3 (2 S / eps)^2) + 1. */
double rho_eluder_bound(double d, double S, double eps);

/* measure.c: all of it at once. Three kinds of interval, at options.level:
 *   rows    the number is a mean over rows of each row's own: percentiles of `resamples` bootstrap resamples of the
 *           rows, the same rows in each resample for every number (so that a ratio's interval is of the ratio)
 *   pairs   as rows, for a mean over pairs, where a row counts on both sides: deviations from the mean are stretched
 *           by sqrt(1 + 3 m / n) for m of n rows (a U-statistic's first-order variance is 4 / n, of which drawing m
 *           rows shows 1 / m)
 *   groups  delete-a-group jackknife (Kott 2001): the number without each of `groups` random groups of rows, their
 *           spread, Student's t with groups - 1 degrees of freedom
 * Intervals say how the number would move with other actions of the same kind. Numbers without one are exact for
 * these rows: nothing was drawn. */

enum rho_geometry_part { /* what may be left out, being slow */
	RHO_PART_COVERAGE = 1,
	RHO_PART_PAIRS = 2,             /* uniformity, histogram */
	RHO_PART_SPECTRUM = 4,
	RHO_PART_DIMENSION = 8,
	RHO_PART_ELUDER = 16,
	RHO_PART_ALL = 31
};

enum { RHO_COSINE_BINS = 400, RHO_COVER_QUANTILES = 4, RHO_DEFAULT_K = 64 };

struct rho_geometry_options {
	unsigned parts;
	const size_t *k;                /* (n_k): 1 <= k < n, rising */
	size_t n_k;
	size_t cover_rows;              /* rows whose coverage is measured; 0: all. K d operations each */
	size_t pair_rows;               /* rows whose pairs and neighbours are; 0: all. K (d + an exp) each */
	bool raw;                       /* spectrum and eluder of the rows as they are, not at length 1 */
	double t;                       /* of uniformity */
	size_t neighbours;              /* of Levina & Bickel; >= 2 */
	double lambda;                  /* of V, and of the ridge dimension */
	double reach;                   /* eps to stop the greedy eluder count at */
	size_t picks;                   /* or after so many */
	size_t potential_rows;          /* rounds of the elliptical potential; 0: all rows. d^2 each */
	const double *reward;           /* (n): for the decision gap; NULL: none */
	size_t top;                     /* m of "S holds one of the m best" */
	unsigned resamples, groups, eluder_groups;
	double level;
	uint64_t seed;
	unsigned threads;
	struct rho_waiting wait;
};

/* All parts, t 2, 20 neighbours, lambda 1, reach 0.5, 1,024 picks, 4,096 potential rounds, top 10, 1,000 resamples,
 * 20 and 5 groups, level 0.95, one thread; rows by cost: all where n <= 20,000, else 20,000 for coverage and 4,096
 * for pairs. k is left empty. */
void rho_geometry_defaults(struct rho_geometry_options *, size_t n);

/* 1, 2, 5, 10, 20, 50, ... below n into out; how many. */
size_t rho_geometry_default_k(size_t n, size_t out[RHO_DEFAULT_K]);

struct rho_cover_point {
	size_t k;
	struct rho_estimate rem, all;   /* rows */
	struct rho_estimate free;       /* rem / rem at k = 1: free of scale; rows */
	double sphere;                  /* rem expected of the uniform distribution on the sphere in dim dimensions */
	double quantile[RHO_COVER_QUANTILES];   /* of the distance from a row to S: 10%, 50%, 90%, 99% */
	double worst;                   /* greatest of the rows' own means; E of the covering radius is no less */
	double hit_top, best_rank, reached;     /* rank alone; reached: 1 / (k + 1) of the ranking is above S's best */
	double best, gap;               /* E max reward over S; what is lost to the best of all. NaN without rewards */
};

struct rho_eluder_point { double eps; size_t count; double bound; };    /* bound: Russo & Van Roy, S = 1 */

struct rho_geometry {
	size_t n, dim, zero_rows;
	size_t cover_rows, pair_rows;   /* measured */

	struct rho_cover_point *curve;  /* (n_k) */
	size_t n_k;
	double cover_error;             /* a bound on what binning adds to any rem, absolute */
	size_t quantile_rows;           /* that the quantiles are over */
	struct rho_estimate distance;   /* mean distance of two rows, rem at k = 1; rows */

	struct rho_estimate mean_cosine;        /* pairs; over all rows */
	struct rho_estimate uniformity;         /* pairs */
	double sphere_uniformity;               /* for t = 2, else NaN */
	struct rho_estimate alignment;          /* of rho_subject_align; rows: contexts */
	size_t aligned;                         /* contexts it is over; 0: it was not asked for */
	uint64_t histogram[RHO_COSINE_BINS];    /* of cosines, -1 .. 1, of the measured rows with all others */

	double *eigen;                  /* (dim): of the covariance, falling */
	struct rho_estimate participation, iso_score, effective_rank, stable_rank, d90, d99, entropy; /* groups */
	struct rho_estimate ridge;      /* sum s / (s + lambda), s of sum phi phi^T; groups */
	struct rho_estimate partition;  /* groups, axes held */

	struct rho_estimate two_nn, levina_bickel;      /* rows */
	size_t no_neighbours;           /* measured rows left out of them: too few others that are no copies */

	struct rho_estimate information_gain;   /* groups */
	double potential, potential_bound;      /* 2 ln det(V / lambda) */
	size_t potential_rows;
	double *width;                  /* (n_width): of each greedy pick */
	size_t n_width;
	bool eluder_done;               /* reach was come to; else the count is more than n_width */
	struct rho_estimate eluder;     /* N(reach), NaN if it was not come to; groups (eluder_groups) */
	double greedy_gain;             /* 1/2 ln det(V / lambda) of the picks */
	struct rho_eluder_point eluder_curve[10];       /* eps = 0.95, 0.9, 0.8, ... down to what was reached */
	size_t n_eluder_curve;
};

/* Measures rows (n, dim), all finite, n >= 2, dim >= 1. Fields of parts left out are NaN or empty. 0; or -1 with why:
 * numbers that are not finite, too few rows, k out of bounds, no OpenBLAS. Free afterwards in either case. */
int rho_geometry_measure(const struct rho_mat *rows, const struct rho_geometry_options *, struct rho_geometry *out,
                         struct rho_buf *why);
void rho_geometry_free(struct rho_geometry *);

#endif
