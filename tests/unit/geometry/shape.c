/* shape.c: uniformity, spectra, intrinsic dimension and the eluder count against known values. */
#include "rows.h"

#include "geometry/moments.h"

static double uniformity(const float *x, size_t n, size_t d)
{
	struct rho_units u = units(x, n, d);
	size_t m = 0;
	uint32_t *which = rho_draw_rows(n, &m, 1);
	struct rho_buf why = { 0 };
	double value;
	cr_assert_eq(rho_uniformity(&u, which, m, 2, 1, NULL, &value, NULL, NULL, 0, &why), 0);
	free(which);
	rho_units_free(&u);
	return value;
}

Test(shape, uniformity)
{
	static const size_t d[] = { 2, 3, 5, 16, 64, 128, 384, 768 };
	static const double sphere[] = { -1.575027, -2.079777, -2.654247, -3.513036,
		                         -3.875236, -3.937530, -3.979168, -3.989583 };
	float one[] = { 1, 0 }, pair[] = { 5, 0, -5, 0 }, x[40 * 40] = { 0 }, triangle[6];
	for (size_t i = 0; i < 8; i++)
		NEAR(rho_sphere_uniformity(d[i]), sphere[i], 6e-7);
	NEAR(uniformity(pair, 2, 2), -8, 1e-12);
	for (int i = 0; i < 3; i++) {
		triangle[2 * i] = (float)cos(2 * i * acos(-1) / 3);
		triangle[2 * i + 1] = (float)sin(2 * i * acos(-1) / 3);
	}
	NEAR(uniformity(triangle, 3, 2), -6, 1e-6);
	for (size_t i = 0; i < 40; i++)
		x[i * 41] = 1;
	NEAR(uniformity(x, 40, 40), -4, 1e-12);
	for (size_t i = 0; i < 1600; i++)
		x[i] -= 1.0F / 40;
	NEAR(uniformity(x, 40, 40), -4 * 40.0 / 39, 1e-6);
	cr_assert(isnan(uniformity(one, 1, 2)));
}

Test(shape, mean_cosine_and_histogram)
{
	enum { N = 300, D = 24, BINS = 50 };
	float *x = normal_rows(N, D, 3, 0.95, 8);
	struct rho_units u = units(x, N, D);
	double sum = 0, term[N], want[N] = { 0 }, value;
	uint64_t histogram[BINS], count[BINS] = { 0 };
	size_t m = 100;
	uint32_t *which = rho_draw_rows(N, &m, 1);
	struct rho_buf why = { 0 };
	for (size_t i = 0; i < N; i++)
		for (size_t j = 0; j < N; j++) {
			double dot = 0;
			for (size_t c = 0; c < D; c++)
				dot += (double)u.at[i * D + c] * (double)u.at[j * D + c];
			want[i] += i == j ? 0 : dot / (N - 1);
			sum += i == j ? 0 : dot;
		}
	NEAR(rho_mean_cosine(&u, 3, term), sum / (N * (N - 1)), 1e-12);
	for (size_t i = 0; i < N; i++)
		NEAR(term[i], want[i], 1e-12);
	cr_assert_eq(rho_uniformity(&u, which, m, 2, 3, NULL, &value, term, histogram, BINS, &why), 0);
	for (size_t a = 0; a < m; a++)
		for (size_t j = 0; j < N; j++) {
			double dot = 0;
			for (size_t c = 0; c < D; c++)
				dot += (double)u.at[which[a] * D + c] * (double)u.at[j * D + c];
			if (which[a] != j)
				count[(size_t)((dot + 1) / 2 * BINS)]++;
		}
	for (size_t b = 0; b < BINS; b++) /* a product at a bin's border may fall on either side */
		NEAR((double)histogram[b], (double)count[b], 2);
	free(which);
	free(x);
	rho_units_free(&u);
}

Test(shape, spectrum)
{
	static const double l[] = { 4, 2, 1, 1 }, flat[] = { 3, 3, 3, 3, 3 }, none[] = { 0, -1e-18 };
	struct rho_spectrum s;
	rho_spectrum_of(l, 4, 4, 1, &s);
	NEAR(s.participation, 2.909091, 5e-7);
	NEAR(s.iso_score, 0.636364, 5e-7);
	NEAR(s.effective_rank, 3.363586, 5e-7);
	NEAR(s.stable_rank, 2, 1e-15);
	NEAR(s.ridge, 2.466667, 5e-7);
	/* d_90 of .5 .25 .125 .125, and the entropy of the roots */
	cr_assert_eq(s.d90, 4);
	double squares[] = { 16, 4, 1, 1 };
	rho_spectrum_of(squares, 4, 4, 1, &s);
	NEAR(s.entropy, 0.875, 1e-12); /* singular values 4 2 1 1: entropy 1.75 bits of 2 */
	cr_assert_eq(s.d90, 2);
	cr_assert_eq(s.d99, 4);
	rho_spectrum_of(flat, 5, 5, 3, &s);
	NEAR(s.iso_score, 1, 1e-15);
	NEAR(s.entropy, 1, 1e-15);
	NEAR(s.ridge, 2.5, 1e-15);
	rho_spectrum_of(none, 2, 2, 1, &s);
	cr_assert(isnan(s.participation) && isnan(s.d90));
}

Test(shape, moments_and_eigenvalues)
{
	enum { N = 2300, D = 150 }; /* more than a block and a tile */
	float *x = normal_rows(N, D, 5, 0.97, 2);
	struct rho_mat m = mat(x, N, D);
	double *a = malloc(D * D * sizeof *a), *b = malloc(D * D * sizeof *b), *v = malloc(D * D * sizeof *v);
	double mean[D], value[D], again[D];
	struct rho_buf why = { 0 };
	rho_mean_row(&m, 1, mean);
	cr_assert_eq(rho_scatter(&m, mean, 1, a, &why), 0);
	for (unsigned threads = 2; threads <= 3; threads++) {
		rho_mean_row(&m, threads, again);
		cr_assert_arr_eq(mean, again, sizeof mean);
		cr_assert_eq(rho_scatter(&m, mean, threads, b, &why), 0);
		cr_assert_arr_eq(a, b, D * D * sizeof *a);
	}
	for (size_t r = 0; r < D; r += 7)
		for (size_t c = 0; c < D; c += 11) {
			double sum = 0;
			for (size_t i = 0; i < N; i++)
				sum += ((double)x[i * D + r] - mean[r]) * ((double)x[i * D + c] - mean[c]);
			NEAR(a[r * D + c], sum, 1e-9 * N);
		}
	memcpy(v, a, D * D * sizeof *a);
	cr_assert_eq(rho_eigen(v, D, value, true, &why), 0);
	for (size_t j = 0; j < D;
	     j += 13) { /* a v = value v, of length 1, falling, its largest component positive */
		double length = 0, most = 0;
		for (size_t r = 0; r < D; r++) {
			double sum = 0;
			for (size_t c = 0; c < D; c++)
				sum += a[r * D + c] * v[j * D + c];
			NEAR(sum, value[j] * v[j * D + r], 1e-9 * value[0]);
			length += v[j * D + r] * v[j * D + r];
			most = fabs(v[j * D + r]) > fabs(most) ? v[j * D + r] : most;
		}
		NEAR(length, 1, 1e-12);
		cr_assert(most > 0 && (!j || value[j] <= value[j - 1]));
	}
	a[3] = INFINITY;
	cr_assert_eq(rho_eigen(a, D, value, false, &why), -1);
	cr_assert(strstr(why.at, "not finite"));
	rho_buf_free(&why);
	free(x);
	free(a);
	free(b);
	free(v);
}

Test(shape, partition)
{
	static const float x[] = { 1, 0, 0, 1, 0, 2 }, axis[] = { 1, 0, 0, 1 };
	static const uint8_t group[] = { 0, 1, 1 };
	struct rho_mat m = mat(x, 3, 2);
	struct rho_buf why = { 0 };
	double z[8];
	cr_assert_eq(rho_partition(&m, axis, 2, NULL, 1, 1, z, &why), 0);
	NEAR(z[0], exp(1) + 2, 1e-12);
	NEAR(z[3], 1 + exp(-1) + exp(-2), 1e-12);
	NEAR(rho_partition_isotropy(z, 4), (1 + exp(-1) + exp(-2)) / (1 + exp(1) + exp(2)), 1e-12);
	cr_assert_eq(rho_partition(&m, axis, 2, group, 2, 2, z, &why), 0);
	NEAR(z[0], exp(1), 1e-12);
	NEAR(z[4 + 3], exp(-1) + exp(-2), 1e-12);
}

/* Rows on a sphere of `dim` dimensions inside more. */
static struct rho_units on_sphere(size_t n, size_t dim, size_t inside)
{
	float *x = normal_rows(n, inside, 0, 1, 17);
	for (size_t i = 0; i < n; i++)
		for (size_t c = dim + 1; c < inside; c++)
			x[i * inside + c] = 0;
	struct rho_units u = units(x, n, inside);
	free(x);
	return u;
}

Test(shape, intrinsic_dimension)
{
	enum { N = 4000, M = 12 };
	static const size_t dims[] = { 1, 2, 5 };
	double *near = malloc(N * M * sizeof *near), term[N];
	struct rho_buf why = { 0 };
	size_t m = 1500;
	uint32_t *which = rho_draw_rows(N, &m, 3);
	for (size_t q = 0; q < 3; q++) {
		struct rho_units u = on_sphere(N, dims[q], 12);
		cr_assert_eq(rho_nearest_rows(&u, which, m, M, 2, NULL, near, &why), 0);
		NEAR(rho_two_nn(near, m, M, NULL) / (double)dims[q], 1, 0.08);
		NEAR(rho_levina_bickel(near, m, M, term) / (double)dims[q], 1, 0.12);
		rho_units_free(&u);
	}
	free(which);
	/* By hand; copies are passed over; a row with too few others is left out. */
	static const double hand[] = { 1, 2, 4, 1, 1, 3, 2, INFINITY, INFINITY };
	NEAR(rho_two_nn(hand, 3, 3, term), 2 / log(2), 1e-12);
	cr_assert(term[1] == 0 && isnan(term[2]));
	NEAR(rho_levina_bickel(hand, 3, 3, term), 2 / (0.5 * (log(4) + log(2)) + log(3)), 1e-12);
	float x[] = { 1, 0, 1, 0, 2, 0, 0, 1, 0, 3, -1, 0 };
	struct rho_units u = units(x, 6, 2);
	size_t all = 0;
	which = rho_draw_rows(6, &all, 0);
	cr_assert_eq(rho_nearest_rows(&u, which, 6, 3, 1, NULL, near, &why), 0);
	for (size_t j = 0; j < 2; j++)
		NEAR(near[j], sqrt(2), 1e-12);
	NEAR(near[2], 2, 1e-12);
	cr_assert(isinf(near[5 * 3 + 2]) == 0 && near[5 * 3 + 2] == 2);
	float same[] = { 1, 1, 2, 2, 3, 3 };
	rho_units_free(&u);
	u = units(same, 3, 2);
	cr_assert_eq(rho_nearest_rows(&u, which, 3, 2, 1, NULL, near, &why), 0);
	cr_assert(isinf(near[0]) && isnan(rho_two_nn(near, 3, 2, NULL)));
	rho_units_free(&u);
	free(which);
	free(near);
}

Test(shape, eluder)
{
	float basis[16] = { 0 };
	struct rho_mat m = mat(basis, 4, 4);
	uint32_t order[12];
	double width[64], log_det, again;
	bool done, skip[4] = { false, true, false, false };
	for (size_t i = 0; i < 4; i++)
		basis[i * 5] = 1;
	cr_assert_eq(rho_greedy_eluder(&m, NULL, 1, 0.5, 64, 1, NULL, width, &done, &log_det), 12);
	cr_assert(done);
	NEAR(log_det, 4 * log(4), 1e-12);
	for (size_t i = 0; i < 12; i++)
		NEAR(width[i], sqrt(1.0 / (double)(1 + i / 4)), 1e-12);
	cr_assert_eq(rho_greedy_eluder(&m, skip, 1, 0.5, 64, 1, NULL, width, &done, NULL), 9);
	cr_assert_eq(rho_greedy_eluder(&m, NULL, 1, 0.1, 20, 1, NULL, width, &done, NULL), 20);
	cr_assert_not(done);
	for (size_t i = 0; i < 12; i++)
		order[i] = (uint32_t)(i % 4);
	/* min(1, 1) of the first of each, 1/2 of the second, 1/3 of the third */
	NEAR(rho_elliptical_potential(&m, order, 12, 1, &again), 4 * (1 + 1.0 / 2 + 1.0 / 3), 1e-12);
	NEAR(again, 4 * log(4), 1e-12);
	NEAR(rho_eluder_bound(4, 1, 0.5), 75.6407, 5e-5);
	static const double s[] = { 3, 3, 3, 3 };
	NEAR(rho_information_gain(s, 4, 1), 2 * log(4), 1e-12);
}

Test(shape, greedy_is_greedy)
{
	enum { N = 400, D = 20, MOST = 60 };
	float *x = normal_rows(N, D, 1, 0.9, 4);
	struct rho_mat m = mat(x, N, D);
	double width[MOST], again[MOST], inverse[D * D] = { 0 };
	bool done;
	size_t picked = rho_greedy_eluder(&m, NULL, 0.5, 0.05, MOST, 1, NULL, width, &done, NULL);
	cr_assert_eq(picked, MOST);
	cr_assert_eq(rho_greedy_eluder(&m, NULL, 0.5, 0.05, MOST, 3, NULL, again, &done, NULL), MOST);
	cr_assert_arr_eq(width, again, sizeof width);
	/* The same with every width computed anew each time. */
	for (size_t i = 0; i < D; i++)
		inverse[i * D + i] = 2;
	for (size_t t = 0; t < MOST; t++) {
		double best = -1, u[D], u_best[D];
		for (size_t i = 0; i < N; i++) {
			double w = 0;
			for (size_t r = 0; r < D; r++) {
				u[r] = 0;
				for (size_t c = 0; c < D; c++)
					u[r] += inverse[r * D + c] * (double)x[i * D + c];
				w += u[r] * (double)x[i * D + r];
			}
			if (w > best) {
				best = w;
				memcpy(u_best, u, sizeof u);
			}
		}
		NEAR(width[t], sqrt(best), 1e-6 * sqrt(best));
		for (size_t r = 0; r < D; r++)
			for (size_t c = 0; c < D; c++)
				inverse[r * D + c] -= u_best[r] * u_best[c] / (1 + best);
	}
	free(x);
}
