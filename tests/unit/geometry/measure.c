/* measure.c: everything at once: the same for any number of threads, unmoved by what must not matter. */
#include "rows.h"

#include "geometry/resample.h"

enum { N = 700, D = 18 };

static struct rho_geometry measure(const float *x, size_t n, size_t d, unsigned threads, size_t rows,
                                   const double *reward)
{
	static const size_t k[] = { 1, 2, 10, 50 };
	struct rho_geometry_options o;
	struct rho_geometry g;
	struct rho_mat m = mat(x, n, d);
	struct rho_buf why = { 0 };
	rho_geometry_defaults(&o, n);
	o.k = k;
	o.n_k = 4;
	o.threads = threads;
	o.cover_rows = o.pair_rows = rows;
	o.reward = reward;
	cr_assert_eq(rho_geometry_measure(&m, &o, &g, &why), 0, "%s", why.at);
	return g;
}

/* Every estimate of a measurement, by name, in one order. */
static size_t estimates(const struct rho_geometry *g, struct rho_estimate out[64])
{
	size_t n = 0;
	const struct rho_estimate all[] = {
		g->distance,       g->mean_cosine, g->uniformity, g->participation, g->iso_score,
		g->effective_rank, g->stable_rank, g->d90,        g->d99,           g->entropy,
		g->ridge,          g->partition,   g->two_nn,     g->levina_bickel, g->information_gain,
		g->eluder,
	};
	for (; n < sizeof all / sizeof *all; n++)
		out[n] = all[n];
	for (size_t q = 0; q < g->n_k; q++) {
		out[n++] = g->curve[q].rem;
		out[n++] = g->curve[q].all;
		out[n++] = g->curve[q].free;
	}
	return n;
}

Test(measure, same_bits_for_any_threads)
{
	float *x = normal_rows(N, D, 1, 0.9, 12);
	struct rho_geometry one = measure(x, N, D, 1, 300, NULL);
	struct rho_estimate a[64], b[64];
	size_t n = estimates(&one, a);
	for (unsigned threads = 2; threads <= 3; threads++) {
		struct rho_geometry many = measure(x, N, D, threads, 300, NULL);
		estimates(&many, b);
		cr_assert_arr_eq(a, b, n * sizeof *a, "%u threads", threads);
		cr_assert_arr_eq(one.eigen, many.eigen, D * sizeof *one.eigen);
		cr_assert_arr_eq(one.histogram, many.histogram, sizeof one.histogram);
		cr_assert_eq(one.n_width, many.n_width);
		cr_assert_arr_eq(one.width, many.width, one.n_width * sizeof *one.width);
		cr_assert_arr_eq(one.curve, many.curve, one.n_k * sizeof *one.curve);
		cr_assert_eq(one.potential, many.potential);
		rho_geometry_free(&many);
	}
	for (size_t i = 0; i < n; i++) {
		cr_assert(isfinite(a[i].value) && a[i].ci.lo <= a[i].value && a[i].value <= a[i].ci.hi,
		          "estimate %zu", i);
		/* No width only for a count (d99), and for rem / rem at k = 1, which is 1. */
		cr_assert(a[i].ci.lo < a[i].ci.hi || a[i].value == floor(a[i].value), "estimate %zu", i);
	}
	cr_assert_eq(one.cover_rows, 300);
	cr_assert_eq(one.curve[0].free.value, 1);
	cr_assert_eq(one.curve[0].free.ci.lo, 1);
	NEAR(one.curve[2].all.value, one.curve[2].rem.value * (1 - 10.0 / N), 1e-15);
	cr_assert(one.eluder_done && one.eluder.value == (double)one.n_width);
	cr_assert_lt(one.potential, one.potential_bound);
	for (size_t e = 1; e < one.n_eluder_curve; e++)
		cr_assert_geq(one.eluder_curve[e].count, one.eluder_curve[e - 1].count);
	rho_geometry_free(&one);
	free(x);
}

Test(measure, order_and_rotation_do_not_matter)
{
	float *x = normal_rows(N, D, 1, 0.9, 12), *shuffled = malloc(N * D * sizeof *x),
	      *turned = malloc(N * D * sizeof *x);
	float *frame = normal_rows(D, D, 0, 1, 33);
	double q[D][D], reward[N];
	for (size_t i = 0; i < N; i++) {
		reward[i] = (double)(i * 37 % N);
		memcpy(shuffled + i * D, x + i * 37 % N * D, D * sizeof *x);
	}
	for (size_t r = 0; r < D; r++) { /* Gram & Schmidt */
		double length = 0;
		for (size_t c = 0; c < D; c++)
			q[r][c] = (double)frame[r * D + c];
		for (size_t p = 0; p < r; p++) {
			double dot = 0;
			for (size_t c = 0; c < D; c++)
				dot += q[r][c] * q[p][c];
			for (size_t c = 0; c < D; c++)
				q[r][c] -= dot * q[p][c];
		}
		for (size_t c = 0; c < D; c++)
			length += q[r][c] * q[r][c];
		for (size_t c = 0; c < D; c++)
			q[r][c] /= sqrt(length);
	}
	for (size_t i = 0; i < N; i++)
		for (size_t r = 0; r < D; r++) {
			double dot = 0;
			for (size_t c = 0; c < D; c++)
				dot += q[r][c] * (double)x[i * D + c];
			turned[i * D + r] = (float)(5 * dot); /* and scaled: rows are brought to length 1 */
		}
	struct rho_geometry plain = measure(x, N, D, 1, 0, reward), other[2];
	struct rho_estimate a[64], b[64];
	size_t n = estimates(&plain, a);
	other[0] = measure(shuffled, N, D, 2, 0, reward);
	other[1] = measure(turned, N, D, 2, 0, reward);
	for (int v = 0; v < 2; v++) {
		estimates(&other[v], b);
		for (size_t i = 0; i < n;
		     i++) /* 15, the eluder count: another of about the width may go first */
			NEAR(b[i].value, a[i].value, (i == 15 ? 1.5 : 2e-5 * fabs(a[i].value)) + 1e-12);
		for (size_t p = 0; p < 4; p++) {
			NEAR(other[v].curve[p].quantile[1], plain.curve[p].quantile[1], 1e-6);
			NEAR(other[v].curve[p].worst, plain.curve[p].worst, 1e-6);
			cr_assert_eq(other[v].curve[p].gap, plain.curve[p].gap);
		}
		rho_geometry_free(&other[v]);
	}
	NEAR(plain.curve[2].best + plain.curve[2].gap, N - 1, 1e-9);
	rho_geometry_free(&plain);
	free(x);
	free(shuffled);
	free(turned);
	free(frame);
}

Test(measure, copies_of_all_rows)
{
	float *x = normal_rows(N, D, 1, 0.9, 12), *twice = malloc(2 * N * D * sizeof *x);
	memcpy(twice, x, N * D * sizeof *x);
	memcpy(twice + N * D, x, N * D * sizeof *x);
	struct rho_geometry one = measure(x, N, D, 2, 0, NULL), two = measure(twice, 2 * N, D, 2, 0, NULL);
	NEAR(two.participation.value, one.participation.value, 1e-9 * one.participation.value);
	NEAR(two.entropy.value, one.entropy.value, 1e-9);
	NEAR(two.partition.value, one.partition.value, 1e-6);
	/* 2 N (2 N - 1) pairs, 2 N of them of a row and its copy, at distance 0 */
	NEAR(two.distance.value, one.distance.value * (2.0 * N - 2) / (2.0 * N - 1), 2e-7);
	cr_assert_eq(two.no_neighbours, 0);
	rho_geometry_free(&one);
	rho_geometry_free(&two);
	free(x);
	free(twice);
}

Test(measure, what_cannot_be_measured)
{
	static const size_t too_many = 3;
	float x[12] = { 1, 2, 3, 4, 5, 6 }, same[6] = { 1, 2, 1, 2, 1, 2 }, zero[6] = { 0, 0, 1, 0, 0, 0 };
	struct rho_geometry_options o;
	struct rho_geometry g;
	struct rho_mat m = mat(x, 3, 2), single = mat(x, 1, 2);
	struct rho_buf why = { 0 };
	size_t k[RHO_DEFAULT_K];
	rho_geometry_defaults(&o, 3);
	cr_assert_eq(rho_geometry_measure(&single, &o, &g, &why), -1);
	cr_assert(strstr(why.at, "at least two rows"), "%s", why.at);
	o.k = &too_many;
	o.n_k = 1;
	rho_buf_clear(&why);
	cr_assert_eq(rho_geometry_measure(&m, &o, &g, &why), -1);
	cr_assert(strstr(why.at, "k goes from 1 to 2"), "%s", why.at);
	o.n_k = 0;
	x[3] = INFINITY;
	rho_buf_clear(&why);
	cr_assert_eq(rho_geometry_measure(&m, &o, &g, &why), -1);
	cr_assert(strstr(why.at, "row 1, column 1"), "%s", why.at);
	rho_geometry_free(&g);
	o.n_k = rho_geometry_default_k(3, k);
	o.k = k;
	cr_assert_eq(o.n_k, 2);
	cr_assert_eq(rho_geometry_default_k(1001, k), 10);
	rho_geometry_default_k(3, k);
	m.at = same; /* all rows equal: no variance, no neighbours, and no crash */
	cr_assert_eq(rho_geometry_measure(&m, &o, &g, &why), 0, "%s", why.at);
	cr_assert(isnan(g.participation.value) && isnan(g.two_nn.value) && g.no_neighbours == 3);
	NEAR(g.uniformity.value, 0, 1e-6);
	rho_geometry_free(&g);
	m.at = zero;
	cr_assert_eq(rho_geometry_measure(&m, &o, &g, &why), 0, "%s", why.at);
	cr_assert_eq(g.zero_rows, 2);
	cr_assert_eq(g.curve[0].rem.value, 1);
	rho_geometry_free(&g);
	rho_buf_free(&why);
}

Test(measure, resampling)
{
	enum { M = 400, B = 500 };
	struct rho_rng r = { { 1, 1, 2, 3 } };
	double x[2 * M], one[2 * B], many[2 * B], without[40], sum = 0, square = 0;
	uint8_t group[M];
	for (size_t i = 0; i < M; i++) {
		x[2 * i] = rho_normal(&r);
		x[2 * i + 1] = 3 * x[2 * i]; /* the same rows are drawn for both */
		sum += x[2 * i];
		square += x[2 * i] * x[2 * i];
	}
	double mean = sum / M, se = sqrt((square / M - mean * mean) / M);
	rho_resample_means(x, M, 2, B, 5, 1, one);
	rho_resample_means(x, M, 2, B, 5, 3, many);
	cr_assert_arr_eq(one, many, sizeof one);
	for (size_t b = 0; b < B; b++)
		NEAR(one[2 * b + 1], 3 * one[2 * b], 1e-12);
	struct rho_interval ci = rho_percentile_interval(one, B, 2, 0.95);
	NEAR((ci.hi - ci.lo) / (2 * 1.96 * se), 1, 0.12);
	NEAR((ci.hi + ci.lo) / 2, mean, 0.4 * se);
	rho_random_groups(M, 40, 9, group);
	for (size_t g = 0; g < 40; g++) {
		double left = sum;
		size_t n = M;
		for (size_t i = 0; i < M; i++)
			if (group[i] == g) {
				left -= x[2 * i];
				n--;
			}
		cr_assert_eq(n, M - 10);
		without[g] = left / (double)n;
	}
	struct rho_estimate e = rho_jackknife(mean, without, 40, 0.95);
	NEAR((e.ci.hi - e.ci.lo) / (2 * 2.0227 * se), 1, 0.3);
	cr_assert(isnan(rho_jackknife(1, without, 1, 0.95).ci.lo));
	one[4] = NAN;
	cr_assert(isnan(rho_percentile_interval(one, B, 2, 0.95).lo));
}
