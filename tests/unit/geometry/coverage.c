/* coverage.c: rho(k, K) against known values, against every subset counted out, and against sorting. */
#include "rows.h"

#include "geometry/products.h"
#include "geometry/ranks.h"

static void cover_all(const struct rho_units *u, const size_t *k, size_t n_k, double *mean /* (n_k) */)
{
	size_t m = 0;
	uint32_t *which = rho_draw_rows(u->n, &m, 1);
	double *out = malloc(m * n_k * sizeof *out), error;
	struct rho_buf why = { 0 };
	cr_assert_eq(rho_cover_rows(u, which, m, k, n_k, 1, NULL, out, &error, &why), 0, "%s", why.at);
	memset(mean, 0, n_k * sizeof *mean);
	for (size_t i = 0; i < m; i++)
		for (size_t q = 0; q < n_k; q++)
			mean[q] += out[i * n_k + q] / (double)m;
	free(which);
	free(out);
}

Test(coverage, octagon)
{
	static const double rem[7] = { 1.142857142857, 0.730625988119, 0.515126778615, 0.393908473269,
		                       0.326564970299, 0.292893218813, 0.292893218813 };
	static const double all[7] = { 1.000000000000, 0.547969491090, 0.321954236634, 0.196954236634,
		                       0.122461863862, 0.073223304703, 0.036611652352 };
	static const size_t k[7] = { 1, 2, 3, 4, 5, 6, 7 };
	float x[16];
	double out[7], distance[7];
	for (int i = 0; i < 8; i++) {
		x[2 * i] = (float)(3 * cos(i * acos(-1) / 4)); /* not of length 1 */
		x[2 * i + 1] = (float)(3 * sin(i * acos(-1) / 4));
	}
	for (int j = 1; j < 8; j++)
		distance[j - 1] = 1 - cos(j * acos(-1) / 4);
	rho_cover_sorted(distance, 7, k, 7, out);
	for (size_t q = 0; q < 7; q++) {
		NEAR(out[q], rem[q], 1e-11);
		NEAR(out[q] * (1 - (double)k[q] / 8), all[q], 1e-11);
	}
	struct rho_units u = units(x, 8, 2);
	cover_all(&u, k, 7, out);
	for (size_t q = 0; q < 7; q++)
		NEAR(out[q], rem[q], 2e-7); /* products in float32 */
	rho_units_free(&u);
}

Test(coverage, weights_and_plain_shapes)
{
	/* Weights for K = 8, k = 3: distances 0 up to a rank and 1 beyond give what is left. */
	static const double w[7] = { 3.0 / 7, 2.0 / 7, 6.0 / 35, 3.0 / 35, 1.0 / 35, 0, 0 };
	static const size_t three = 3, some[] = { 1, 2, 10, 49 };
	for (size_t j = 0; j < 7; j++) {
		double d[7] = { 0 }, from, to = 0;
		for (size_t i = j; i < 7; i++)
			d[i] = 1;
		rho_cover_sorted(d, 7, &three, 1, &from);
		d[j] = 0;
		rho_cover_sorted(d, 7, &three, 1, &to);
		NEAR(from - to, w[j], 1e-15);
	}
	float x[50 * 50] = { 0 };
	double out[4];
	for (size_t i = 0; i < 50; i++)
		x[i * 51] = 2;
	struct rho_units u = units(x, 50, 50);
	cover_all(&u, some, 4, out);
	for (size_t q = 0; q < 4; q++)
		NEAR(out[q], 1, 1e-12);
	rho_units_free(&u);
	for (size_t i = 0; i < 50; i++) /* a regular simplex: the same, less its mean */
		for (size_t c = 0; c < 50; c++)
			x[i * 50 + c] = (i == c) - 1.0F / 50;
	u = units(x, 50, 50);
	cover_all(&u, some, 4, out);
	for (size_t q = 0; q < 4; q++)
		NEAR(out[q], 50.0 / 49, 1e-6);
	rho_units_free(&u);
	for (size_t i = 0; i < 2500; i++)
		x[i] = (float)(i % 50);
	u = units(x, 50, 50);
	cover_all(&u, some, 4, out);
	for (size_t q = 0; q < 4; q++)
		NEAR(out[q], 0, 2e-7);
	rho_units_free(&u);
}

/* Mean over every k-subset and every row outside it, counted out; and how often the distance is at most t. */
static double counted(const struct rho_units *u, size_t k, double t, double *within)
{
	double sum = 0, cases = 0;
	*within = 0;
	for (unsigned set = 0; set < 1u << u->n; set++) {
		if ((size_t)__builtin_popcount(set) != k)
			continue;
		for (size_t i = 0; i < u->n; i++) {
			double best = 3;
			for (size_t j = 0; j < u->n; j++) {
				double dot = 0;
				for (size_t c = 0; c < u->dim; c++)
					dot += (double)u->at[i * u->dim + c] * (double)u->at[j * u->dim + c];
				best = set >> j & 1 && 1 - dot < best ? 1 - dot : best;
			}
			if (set >> i & 1)
				continue;
			sum += best;
			*within += best <= t;
			cases++;
		}
	}
	*within /= cases;
	return sum / cases;
}

Test(coverage, every_subset_counted)
{
	static const size_t k[3] = { 1, 4, 8 };
	static const double half[2] = { 0.5, 0.9 };
	float *x = normal_rows(11, 3, 1, 0.8, 5);
	struct rho_units u = units(x, 11, 3);
	double out[3], quantile[6], within;
	size_t m = 0;
	uint32_t *which = rho_draw_rows(11, &m, 1);
	struct rho_buf why = { 0 };
	cover_all(&u, k, 3, out);
	cr_assert_eq(rho_cover_quantiles(&u, which, m, k, 3, half, 2, 1, quantile, &why), 0);
	for (size_t q = 0; q < 3; q++) {
		NEAR(out[q], counted(&u, k[q], 0, &within), 2e-7);
		for (size_t p = 0; p < 2; p++) {
			counted(&u, k[q], quantile[q * 2 + p] + 1e-6, &within);
			cr_assert_geq(within, half[p] - 1e-12);
			counted(&u, k[q], quantile[q * 2 + p] - 1e-6, &within);
			cr_assert_lt(within, half[p]);
		}
	}
	free(which);
	free(x);
	rho_units_free(&u);
}

/* Cosines of a row that are hard for bins in one way or another. */
static void hard_row(int kind, struct rho_rng *r, float *c, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		double z = rho_normal(r);
		switch (kind) {
		case 0: c[i] = (float)(0.05 * z); break; /* the sphere */
		case 1:
			c[i] = (float)(i % 50 ? 0.3 + 0.04 * z : 0.85 + 0.02 * z);
			break;                                                     /* a cluster, far nearer */
		case 2: c[i] = i < 3 ? 1.0000001F : (float)(0.7 + 0.1 * z); break; /* copies */
		case 3: c[i] = (float)(0.99 + 0.001 * z); break;                   /* a narrow cone */
		case 4: c[i] = (float)(2 * pow(rho_unif(r), 3) - 1); break;        /* everywhere */
		case 5: c[i] = (float)(rho_below(r, 12)) / 16; break;              /* few values: ties */
		default: c[i] = i % 3 ? 0 : (float)(0.2 + 0.05 * z); break;        /* mostly orthogonal */
		}
		c[i] = c[i] < -1 ? -1 : c[i];
	}
}

Test(coverage, bins_agree_with_sorting)
{
	static const size_t k[] = { 1, 2, 3, 7, 20, 70, 200, 700, 2000, 7000, 20000, 29998 };
	enum { N = 29999, CURVES = sizeof k / sizeof *k, KINDS = 7, ROWS = 12 };
	struct rho_rank_sums *r = rho_rank_sums_new(N, k, CURVES);
	struct rho_rank_sums_scratch *s = rho_rank_sums_scratch(r);
	size_t moments = rho_rank_sums_moments(r);
	const double *factor = rho_rank_sums_coefficients(r);
	float *c = malloc(N * sizeof *c);
	double *moment = malloc(moments * sizeof *moment), *d = malloc(N * sizeof *d), head[CURVES],
	       want[CURVES];
	struct rho_rng rng = { { 9, 8, 7, 6 } };
	cr_assert_gt(moments, 0);
	for (int kind = 0; kind < KINDS; kind++) {
		double mean[CURVES] = { 0 },
		       most = kind == 4 ? 3e-8 : 3e-9; /* 4: no end to how dense the farthest lie */
		int binned = 0;
		for (int row = 0; row < ROWS; row++) {
			hard_row(kind, &rng, c, N);
			double bound = rho_rank_sums_row(r, s, c, NULL, moment, head);
			for (size_t i = 0; i < N; i++)
				d[i] = c[i] < 1 ? 1 - (double)c[i] : 0;
			rho_cover_sorted(d, N, k, CURVES, want);
			binned += bound > 0;
			cr_assert(bound <= 1.1e-7);
			for (size_t q = 0; q < CURVES; q++) {
				double got = head[q];
				for (size_t p = 0; p < moments; p++)
					got += moment[p] * factor[p * CURVES + q];
				cr_assert(fabs(got - want[q]) <= bound + 1e-12 * want[q],
				          "kind %d, k = %zu: %.12g, not %.12g", kind, k[q], got, want[q]);
				cr_assert(fabs(got - want[q]) <= most, "kind %d, k = %zu: %.3g off", kind,
				          k[q], got - want[q]);
				mean[q] += (got - want[q]) / ROWS;
			}
		}
		for (size_t q = 0; q < CURVES; q++)
			cr_assert(fabs(mean[q]) <= most / 6, "kind %d, k = %zu: %.3g off on average", kind,
			          k[q], mean[q]);
		cr_assert_eq(binned > 0, kind < 5, "kind %d", kind); /* rows of many ties are sorted */
	}
	rho_rank_sums_free(r);
	rho_rank_sums_scratch_free(s);
	free(c);
	free(moment);
	free(d);
}

Test(coverage, drawn_rows_threads_and_the_sphere)
{
	static const size_t k[] = { 1, 3, 10, 100, 1000, 3000 };
	enum { K = 3001, D = 16, CURVES = 6 };
	float *x = normal_rows(K, D, 0, 1, 3);
	struct rho_units u = units(x, K, D);
	size_t m = 600;
	uint32_t *which = rho_draw_rows(K, &m, 4);
	double *one = malloc(m * CURVES * sizeof *one), *three = malloc(m * CURVES * sizeof *three), error,
	       term[K];
	struct rho_buf why = { 0 };
	cr_assert_eq(m, 600);
	for (size_t i = 1; i < m; i++)
		cr_assert_lt(which[i - 1], which[i]);
	cr_assert_eq(rho_cover_rows(&u, which, m, k, CURVES, 1, NULL, one, &error, &why), 0);
	for (unsigned threads = 2; threads <= 3; threads++) {
		cr_assert_eq(rho_cover_rows(&u, which, m, k, CURVES, threads, NULL, three, &error, &why), 0);
		cr_assert_arr_eq(one, three, m * CURVES * sizeof *one, "%u threads", threads);
	}
	rho_mean_cosine(&u, 1, term); /* k = 1 in closed form, without any ranks */
	for (size_t i = 0; i < m; i++)
		NEAR(one[i * CURVES], 1 - term[which[i]], 2e-7);
	for (size_t q = 0; q < 4; q++) {
		double mean = 0;
		for (size_t i = 0; i < m; i++)
			mean += one[i * CURVES + q] / (double)m;
		NEAR(mean, rho_sphere_cover(D, (double)k[q]), 0.01);
	}
	free(x);
	free(which);
	free(one);
	free(three);
	rho_units_free(&u);
}

struct seen {
	float *at; /* (m, n) */
	size_t chunks_wrong;
};

/* Keeps a block's products, each row's own taken as 0, and checks its chunks. */
static void keep_rows(void *arg, const struct rho_products *p, size_t from, size_t to)
{
	struct seen *s = arg;
	for (size_t i = from; i < to; i++) {
		float *row = memcpy(s->at + (p->first + i) * p->n, p->at + i * p->stride, p->n * sizeof *row);
		row[p->which[p->first + i]] = 0;
		const float *others = rho_products_others(p, i);
		for (size_t j = 0; j + 1 < p->n && p->top; j++) {
			size_t c = i * p->chunks + j / RHO_CHUNK;
			if (others[j] > p->top[c * RHO_ACROSS + j % RHO_ACROSS] || others[j] < p->least[c])
				__atomic_fetch_add(&s->chunks_wrong, 1, __ATOMIC_RELAXED);
		}
	}
}

Test(coverage, products_by_tile_and_by_sgemm)
{
	enum { N = 1301, D = 37 };
	static const size_t ms[] = { 0, 5, 200 }; /* all; less than a strip; some */
	float *x = normal_rows(N, D, 1, 1, 21), *one = malloc(N * N * sizeof *one),
	      *other = malloc(N * N * sizeof *one);
	struct rho_units u = units(x, N, D);
	struct rho_buf why = { 0 };
	for (size_t q = 0; q < 3; q++) {
		struct seen a = { one, 0 }, b = { other, 0 };
		struct rho_each tiles = { keep_rows, NULL, &a, true, false },
				sgemm = { keep_rows, NULL, &b, true, true };
		size_t m = ms[q];
		uint32_t *which = rho_draw_rows(N, &m, q);
		cr_assert_eq(rho_products_each(&u, which, m, &tiles, 3, NULL, NULL, &why), 0, "%s", why.at);
		cr_assert_eq(rho_products_each(&u, which, m, &sgemm, 2, NULL, NULL, &why), 0, "%s", why.at);
		cr_assert_eq(a.chunks_wrong, 0);
		for (size_t i = 0; i < m; i++)
			for (size_t j = 0; j < N; j++) {
				double dot = 0;
				for (size_t c = 0; c < D && which[i] != j; c++)
					dot += (double)u.at[which[i] * D + c] * (double)u.at[j * D + c];
				NEAR((double)one[i * N + j], dot, 3e-7);
				NEAR((double)other[i * N + j], dot, 3e-7);
			}
		free(which);
	}
	free(x);
	free(one);
	free(other);
	rho_units_free(&u);
}

Test(coverage, sphere)
{
	static const double d[] = { 2, 5, 16, 64, 128, 384, 768 }, k[] = { 10, 100, 500, 1000, 5000 };
	static const double table[7][5] = {
		{ 0.070877, 0.000957, 0.000039, 0.000010, 0 },
		{ 0.337572, 0.104305, 0.046187, 0.032575, 0.014516 },
		{ 0.618569, 0.411884, 0.318179, 0.285883, 0.224486 },
		{ 0.808013, 0.691313, 0.630233, 0.607207, 0.559410 },
		{ 0.864116, 0.780036, 0.735069, 0.717892, 0.681763 },
		{ 0.921499, 0.872357, 0.845704, 0.835435, 0.813650 },
		{ 0.944483, 0.909629, 0.890660, 0.883335, 0.867765 },
	};
	for (size_t i = 0; i < 7; i++)
		for (size_t j = 0; j < (i ? 5 : 4); j++)
			NEAR(rho_sphere_cover((size_t)d[i], k[j]), table[i][j], 6e-7);
	for (double n = 1; n < 1e6; n *= 7)
		NEAR(rho_sphere_cover(3, n) * (n + 1), 2, 1e-8);
	NEAR(rho_sphere_cover(384, 1), 1, 1e-10);
	cr_assert(isnan(rho_sphere_cover(1, 3)));
}

Test(coverage, ranks_alone)
{
	double r[10], tied[5] = { 0, 0.5, 1, 0.2, 0 };
	for (int i = 0; i < 10; i++)
		r[i] = i + 1;
	NEAR(rho_expected_max(r, 10, 3), 8.25, 1e-12);
	NEAR(rho_expected_max(r, 10, 10), 10, 1e-12);
	NEAR(rho_expected_max(tied, 5, 2), 0.59, 1e-12);
	NEAR(rho_hit_top(10000, 500, 10), 0.401405, 6e-7);
	NEAR(rho_hit_top(100000, 299, 1000), 0.950687, 6e-7);
	NEAR(rho_hit_top(500000, 500, 500), 0.393773, 6e-7);
	NEAR(rho_hit_top(500000, 500, 5000), 0.993446, 6e-7);
	NEAR(rho_hit_top(16464, 500, 3), 0.088374, 6e-7);
	cr_assert_eq(rho_hit_top(10, 8, 3), 1);
	NEAR(rho_best_rank(999, 9), 100, 1e-12);
}

/* z with Phi(z) = p. */
static double normal_quantile(double p)
{
	double lo = -10, hi = 10;
	for (int i = 0; i < 60; i++) {
		double mid = 0.5 * (lo + hi);
		if (rho_normal_cdf(mid) < p)
			lo = mid;
		else
			hi = mid;
	}
	return lo;
}

Test(coverage, expected_max_of_normals)
{
	enum { K = 200000 };
	static const size_t k[] = { 2, 5, 10, 100, 500, 1000 };
	static const double want[] = { 0.564190, 1.162964, 1.538753, 2.507594, 3.036699, 3.241436 };
	double *r = malloc(K * sizeof *r);
	for (size_t i = 0; i < K; i++)
		r[i] = normal_quantile(((double)i + 0.5) / K);
	for (size_t q = 0; q < 6;
	     q++) /* without replacement, and of K values that stand for all: a little off */
		NEAR(rho_expected_max(r, K, k[q]), want[q], 2e-6 * (double)k[q] + 1e-5);
	free(r);
}
