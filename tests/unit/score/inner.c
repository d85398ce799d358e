/* inner.c: the same bits, whatever kernel, batch, stride, order of rows or number of threads. */
#include <criterion/criterion.h>

#include "exact.h"
#include "score/kernels.h"
#include "score/score.h"

static const size_t more_dims[] = { 383, 384, 385, 768, 4097 };
static const size_t batches[] = { 1, 2, 3, 4, 5, 7, 20, 64 };

enum { MOST_DIM = 4097, UP_TO = 70, DIMS = UP_TO + 5, BATCHES = 8, NX = 64, NY = 37, GAP = 3 };

static size_t dim(size_t e) { return e < UP_TO ? e + 1 : more_dims[e - UP_TO]; }

Test(score, a_dot_is_its_definition_at_every_length)
{
	float *a = noisy(4200, 1), *b = noisy(4200, 9);
	double *wide = noisy64(4200, 4);
	for (size_t d = 0; d < 200; d++) {
		for (size_t shift = 0; shift < 3; shift++) { /* rows need not be aligned */
			const float *x = a + shift, *y = b + 2 * shift;
			cr_assert(same(rho_dot(x, y, d), by_definition(x, y, d)), "d = %zu", d);
			cr_assert(same64(rho_dot64(wide + shift, y, d), by_definition64(wide + shift, y, d)));
		}
	}
	cr_assert(same(rho_dot(a, b, MOST_DIM), by_definition(a, b, MOST_DIM)));
	cr_assert(same64(rho_dot64(wide, b, MOST_DIM), by_definition64(wide, b, MOST_DIM)));
	free(a);
	free(b);
	free(wide);
}

Test(score, what_vanishes_keeps_its_sign)
{
	/* Products too small for a float: the sums are -0, and stay so at lengths that fill no register. */
	float tiny[40], less[40];
	double wide[40];
	for (size_t i = 0; i < 40; i++) {
		tiny[i] = 1e-30f;
		less[i] = -1e-30f;
		wide[i] = 1e-320;
	}
	for (size_t d = 16; d < 40; d++) {
		cr_assert(same(rho_dot(tiny, less, d), -0.0f), "d = %zu", d);
		cr_assert(same(rho_dot(tiny, less, d - 1), d > 16 ? -0.0f : 0.0f), "d = %zu", d);
		cr_assert(same64(rho_dot64(wide, less, d), by_definition64(wide, less, d)), "d = %zu", d);
	}
}

/* Products of every kernel of this machine with the definition's, at one length. */
static void check_kernels(size_t d, const float *v, const double *wide)
{
	static float want[NX][NY], got[NX][NY + GAP];
	static double want64[NX][NY], got64[NX][NY + GAP];
	const float *x[NX], *y[NY + 16];
	const double *x64[NX];
	float *out[NX];
	double *out64[NX];
	struct rho_ahead ahead = { y, NY + 12 };
	for (size_t j = 0; j < NY + 16; j++)
		y[j] = v + j * d;
	for (size_t i = 0; i < NX; i++) {
		x[i] = v + (NY + 16 + i) * d;
		x64[i] = wide + i * d;
		out[i] = got[i];
		out64[i] = got64[i];
		for (size_t j = 0; j < NY; j++) {
			want[i][j] = by_definition(x[i], y[j], d);
			want64[i][j] = by_definition64(x64[i], y[j], d);
		}
	}
	for (size_t k = 0; rho_score_kernels_at(k); k++) {
		const struct rho_score_kernels *kernels = rho_score_kernels_at(k);
		for (size_t b = 0; b < BATCHES; b++) {
			size_t n = batches[b], ny = b % 2 ? NY : 1 + d % NY;
			memset(got, 0xff, sizeof got);
			memset(got64, 0xff, sizeof got64);
			kernels->products(x, n, y, ny, d, out, b % 3 ? &ahead : NULL);
			kernels->products64(x64, n, y, ny, d, out64, b % 3 ? &ahead : NULL);
			for (size_t i = 0; i < NX; i++) {
				size_t filled = i < n ? ny : 0;
				cr_assert_arr_eq(got[i], want[i], filled * sizeof(float),
						 "%s, d = %zu, n = %zu", kernels->name, d, n);
				cr_assert_arr_eq(got64[i], want64[i], filled * sizeof(double),
						 "%s, float64, d = %zu, n = %zu", kernels->name, d, n);
				for (size_t j = filled; j < NY + GAP; j++)
					cr_assert(isnan(got[i][j]) && isnan(got64[i][j]), "nothing else");
			}
		}
	}
}

Test(score, every_kernel_gives_the_same_bits, .timeout = 200)
{
	float *v = noisy((size_t)(NX + NY + 16) * MOST_DIM, 5);
	double *wide = noisy64((size_t)NX * MOST_DIM, 6);
	cr_assert_not_null(rho_score_kernels_at(0));
	for (size_t e = 0; e < DIMS; e++)
		check_kernels(dim(e), v, wide);
	free(v);
	free(wide);
}

Test(score, every_kernel_finds_what_reaches_a_floor)
{
	enum { N = 256 };
	float s[N];
	struct rho_rng r = { { 1, 2, 3, 4 } };
	for (size_t i = 0; i < N; i++)
		s[i] = i % 13 ? (float)rho_below(&r, 7) - 3 : NAN;
	s[77] = -INFINITY;
	s[78] = INFINITY;
	for (size_t k = 0; rho_score_kernels_at(k); k++) {
		for (size_t n = 0; n <= N; n++) {
			for (int least = -4; least < 4; least++) {
				float floor = least > -4 ? (float)least : -INFINITY;
				uint32_t at[N + 16];
				size_t found = rho_score_kernels_at(k)->reach(s, n, floor, at), f = 0;
				for (size_t i = 0; i < n; i++)
					if (s[i] >= floor)
						cr_assert(f < found && at[f++] == i);
				cr_assert_eq(f, found);
			}
		}
	}
}

Test(score, inner_does_not_depend_on_batch_threads_stride_or_where_rows_lie)
{
	enum { K = 3000, D = 50, PITCH = 53, QUERIES = 70 };
	float *table = noisy((size_t)K * PITCH, 3), *out = malloc(sizeof(float) * QUERIES * K);
	float *again = malloc(sizeof(float) * QUERIES * (K + 5));
	uint32_t *ids = malloc(sizeof *ids * K);
	struct rho_rng r = { { 7, 7, 7, 7 } };
	struct rho_mat m = { table, K, D, PITCH };
	struct rho_rows all = { &m, NULL, 0, K };
	for (size_t i = 0; i < K; i++)
		ids[i] = rho_below(&r, K);
	struct rho_rows some = { &m, ids, 0, K };
	for (size_t nx = 1; nx <= QUERIES; nx += nx < 10 ? 1 : 20) {
		struct rho_rows x = { &m, NULL, 100, nx };
		rho_score_inner(&x, &all, out, K, 1);
		for (size_t i = 0; i < nx; i++)
			for (size_t j = 0; j < K; j += 7)
				cr_assert(same(out[i * K + j], by_definition(table + (100 + i) * PITCH,
									     table + j * PITCH, D)));
		for (unsigned threads = 2; threads <= 5; threads++) {
			rho_score_inner(&x, &all, again, K + 5, threads);
			for (size_t i = 0; i < nx; i++)
				cr_assert_arr_eq(out + i * K, again + i * (K + 5), K * sizeof *out);
			rho_score_inner(&x, &some, again, K + 5, threads);
			for (size_t i = 0; i < nx; i++)
				for (size_t j = 0; j < K; j++)
					cr_assert(same(again[i * (K + 5) + j], out[i * K + ids[j]]));
		}
	}
	free(table);
	free(out);
	free(again);
	free(ids);
}

Test(score, nothing_to_do_is_done)
{
	float a[4] = { 1, 2, 3, 4 }, out[4] = { 9, 9, 9, 9 };
	struct rho_mat m = { a, 2, 2, 2 };
	struct rho_rows none = { &m, NULL, 0, 0 }, two = { &m, NULL, 0, 2 };
	rho_score_inner(&none, &two, out, 2, 4);
	rho_score_inner(&two, &none, out, 0, 4);
	cr_assert_eq(out[0], 9);
	rho_score_inner(&two, &two, out, 2, 4);
	cr_assert(out[0] == 5 && out[1] == 11 && out[2] == 11 && out[3] == 25);
}
