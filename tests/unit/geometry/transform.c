/* transform.c: what each step does to rows, and what cannot be asked for. */
#include "rows.h"

#include "geometry/moments.h"
#include "geometry/transform.h"

static struct rho_transform *parse(const char *const *step, size_t n)
{
	struct rho_buf why = { 0 };
	struct rho_transform *t = rho_transform_parse(step, n, &why);
	cr_assert_not_null(t, "%s", why.at);
	return t;
}

/* Rows after one step; caller frees. */
static float *after(const char *step, const float *x, size_t n, size_t d, bool unit_norm, size_t *dim)
{
	struct rho_transform *t = parse(&step, 1);
	struct rho_mat m = mat(x, n, d);
	struct rho_buf why = { 0 };
	cr_assert_eq(rho_transform_fit(t, &m, unit_norm, 1, &why), 0, "%s", why.at);
	*dim = rho_transform_dim(t);
	float *out = malloc(n * *dim * sizeof *out);
	rho_transform_apply(t, &m, out, *dim, 1);
	rho_transform_free(t);
	return out;
}

static void covariance(const float *x, size_t n, size_t d, double *mean, double *out)
{
	struct rho_mat m = mat(x, n, d);
	struct rho_buf why = { 0 };
	rho_mean_row(&m, 1, mean);
	cr_assert_eq(rho_scatter(&m, mean, 1, out, &why), 0);
	for (size_t i = 0; i < d * d; i++)
		out[i] /= (double)n;
}

Test(transform, each_step)
{
	enum { N = 1500, D = 20 };
	float *x = normal_rows(N, D, 4, 0.8, 6), *y;
	double mean[D], before[D * D], cov[D * D], value[D], own[D];
	size_t dim;
	covariance(x, N, D, own, before);
	y = after("centre", x, N, D, false, &dim);
	cr_assert_eq(dim, D);
	covariance(y, N, D, mean, cov);
	for (size_t c = 0; c < D; c++) {
		NEAR(mean[c], 0, 1e-7);
		NEAR((double)y[3 * D + c], (double)x[3 * D + c] - own[c], 1e-6);
	}
	free(y);
	y = after("whiten:1e-9", x, N, D, false, &dim);
	covariance(y, N, D, mean, cov);
	for (size_t r = 0; r < D; r++)
		for (size_t c = 0; c < D; c++)
			NEAR(cov[r * D + c], r == c ? 1 : 0, 2e-5);
	free(y);
	y = after("pca:5", x, N, D, false, &dim);
	cr_assert_eq(dim, 5);
	covariance(y, N, 5, mean, cov);
	struct rho_buf why = { 0 };
	double vectors[D * D];
	memcpy(vectors, before, sizeof before);
	cr_assert_eq(rho_eigen(vectors, D, value, true, &why), 0);
	for (size_t r = 0; r < 5; r++)
		for (size_t c = 0; c < 5; c++)
			NEAR(cov[r * 5 + c], r == c ? value[r] : 0, 2e-6);
	free(y);
	y = after("all-but-the-top:2", x, N, D, false, &dim);
	cr_assert_eq(dim, D);
	covariance(y, N, D, mean, cov);
	for (size_t r = 0; r < D; r++)
		for (size_t c = 0; c < D; c++)
			NEAR(cov[r * D + c],
			     before[r * D + c] - value[0] * vectors[r] * vectors[c] -
			             value[1] * vectors[D + r] * vectors[D + c],
			     2e-6);
	free(y);
	memset(x, 0, D * sizeof *x);
	y = after("unit", x, N, D, false, &dim);
	for (size_t i = 0; i < N; i += 99) {
		double sum = 0;
		for (size_t c = 0; c < D; c++)
			sum += (double)y[i * D + c] * (double)y[i * D + c];
		NEAR(sum, i ? 1 : 0, 1e-6);
	}
	free(y);
	double length = 0;
	covariance(x, N, D, mean, before);
	y = after("cone:3", x, N, D, false, &dim); /* the mean goes 3 farther out, nothing else changes */
	covariance(y, N, D, value, cov);
	for (size_t c = 0; c < D; c++)
		length += mean[c] * mean[c];
	for (size_t c = 0; c < D; c++)
		NEAR(value[c], mean[c] * (1 + 3 / sqrt(length)), 2e-6);
	for (size_t r = 0; r < D * D; r++)
		NEAR(cov[r], before[r], 2e-5);
	free(y);
	y = after("centre", x, N, D, true, &dim); /* an encoder of unit rows goes on giving them */
	double sum = 0;
	for (size_t c = 0; c < D; c++)
		sum += (double)y[c] * (double)y[c];
	NEAR(sum, 1, 1e-6);
	free(y);
	free(x);
}

Test(transform, chains_threads_and_single_rows)
{
	static const char *const steps[] = { "centre", "unit", "all-but-the-top", "whiten", "pca:7" };
	enum { N = 500, D = 33, STRIDE = 9 };
	float *x = normal_rows(N, D, 2, 0.9, 1), one[N * STRIDE], many[N * STRIDE], row[7];
	struct rho_mat m = mat(x, N, D);
	struct rho_buf why = { 0 }, text = { 0 };
	struct rho_transform *t = parse(steps, 5);
	rho_transform_text(t, &text);
	cr_assert_str_eq(text.at, "centre,unit,all-but-the-top:3,whiten:1e-06,pca:7");
	cr_assert_eq(rho_transform_fit(t, &m, true, 1, &why), 0, "%s", why.at);
	cr_assert_eq(rho_transform_dim(t), 7);
	memset(one, 0x55, sizeof one);
	memset(many, 0x55, sizeof many);
	rho_transform_apply(t, &m, one, STRIDE, 1);
	for (unsigned threads = 2; threads <= 3; threads++) {
		struct rho_transform *again = parse(steps, 5);
		cr_assert_eq(rho_transform_fit(again, &m, true, threads, &why), 0);
		rho_transform_apply(again, &m, many, STRIDE, threads);
		cr_assert_arr_eq(one, many, sizeof one, "%u threads", threads);
		rho_transform_free(again);
	}
	for (size_t i = 0; i < N; i += 7) { /* a row alone is the same row */
		struct rho_mat single = { x + i * D, 1, D, D };
		rho_transform_apply(t, &single, row, 7, 1);
		cr_assert_arr_eq(row, one + i * STRIDE, sizeof row);
	}
	rho_transform_free(t);
	t = parse(NULL, 0); /* no steps: rows pass as they are */
	cr_assert_eq(rho_transform_fit(t, &m, true, 1, &why), 0);
	cr_assert_eq(rho_transform_dim(t), D);
	float *same = malloc(N * D * sizeof *same);
	rho_transform_apply(t, &m, same, D, 2);
	cr_assert_arr_eq(same, x, N * D * sizeof *x);
	rho_transform_free(t);
	rho_buf_free(&text);
	free(same);
	free(x);
}

Test(transform, what_cannot_be)
{
	static const struct {
		const char *step, *says;
	} bad[] = {
		{ "centre:3", "takes no number" },
		{ "center", "did you mean \"centre\"" },
		{ "all-but-top:2", "did you mean \"all-but-the-top\"" },
		{ "bleach", "there are centre" },
		{ "", "there are centre" },
		{ "pca", "needs the number of components" },
		{ "pca:0", "whole number from 1" },
		{ "pca:2.5", "whole number from 1" },
		{ "pca:12x", "not \"12x\"" },
		{ "pca:", "not \"\"" },
		{ "whiten:nan", "number from 1e-12 to 1" },
		{ "whiten:0", "number from 1e-12 to 1" },
		{ "all-but-the-top:-1", "whole number from 1" },
	};
	float x[40] = { 1, 2, 3 };
	struct rho_mat m = mat(x, 4, 10);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct rho_buf why = { 0 };
		cr_assert_null(rho_transform_parse(&bad[i].step, 1, &why));
		cr_assert(strstr(why.at, bad[i].says), "%s: %s", bad[i].step, why.at);
		rho_buf_free(&why);
	}
	static const char *const wide = "pca:11", *const long_ = "all-but-the-top:5",
				 *const whiten = "whiten";
	struct rho_buf why = { 0 };
	struct rho_transform *t = parse(&wide, 1);
	cr_assert_eq(rho_transform_fit(t, &m, false, 1, &why), -1);
	cr_assert(strstr(why.at, "than there are rows: at most 4 (4 rows of 10 columns)"), "%s", why.at);
	struct rho_mat tall = mat(x, 10, 4);
	rho_buf_clear(&why);
	cr_assert_eq(rho_transform_fit(t, &tall, false, 1, &why), -1);
	cr_assert(strstr(why.at, "than there are columns: at most 4 (10 rows of 4 columns)"), "%s", why.at);
	rho_transform_free(t);
	rho_buf_clear(&why);
	t = parse(&long_, 1);
	cr_assert_eq(rho_transform_fit(t, &m, false, 1, &why), -1);
	cr_assert(strstr(why.at, "than there are rows: at most 4"), "%s", why.at);
	rho_transform_free(t);
	t = parse(&whiten, 1); /* rows that are all alike become zeros, not infinities */
	float y[40];
	for (size_t i = 0; i < 40; i++)
		x[i] = (float)(i % 10);
	cr_assert_eq(rho_transform_fit(t, &m, false, 1, &why), 0);
	rho_transform_apply(t, &m, y, 10, 1);
	for (size_t i = 0; i < 40; i++)
		cr_assert_eq(y[i], 0);
	x[23] = NAN;
	rho_buf_clear(&why);
	cr_assert_eq(rho_transform_fit(t, &m, false, 1, &why), -1);
	cr_assert(strstr(why.at, "row 2, column 3 is not a finite number"), "%s", why.at);
	rho_transform_free(t);
	rho_buf_free(&why);
}
