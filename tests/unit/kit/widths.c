/* The kernels of kit/linear_width.c, which is compiled in here to reach each of them: the same bits
 * from all that this machine can run, for any number of actions at a time; and bounds of widths. */
#include "../plugin.h"
#include "kit/linear_width.c"

enum { K = 300, D = 77 };

Test(widths, every_kernel_gives_the_same_bits)
{
	struct rho_spec spec = { .n_actions = K, .x_dim = D, .action_dim = D, .lanes = 1, .slate = 1 };
	struct test_plugin p;
	struct rho_linear m = { 0 };
	struct rho_rng rng = { { 1, 2, 3, 4 } };
	float *a = calloc(K * D, sizeof *a), x[D], base[K], other[K];
	const float *row[K];
	test_make(&p, RHO_AGENT, "linucb", "", 1);
	TEST_OK(&p, "open", true, rho_linear_open(&p.inst->ctx, &m, &spec, RHO_FEATURES_HADAMARD, 1, 0, 1));
	rho_call_begin(p.inst, "open", 0, true);
	cr_assert_eq(rho_linear_open_widths(&p.inst->ctx, &m), 0);
	for (size_t i = 0; i < K * D; i++)
		a[i] = (float)rho_normal(&rng);
	for (size_t i = 0; i < D; i++)
		x[i] = i % 5 ? (float)rho_normal(&rng) : 0;
	for (size_t i = 0; i < D; i++)
		for (size_t j = 0; j <= i; j++)
			m.root[rho_tri_at(i) + j] = rho_normal(&rng);
	for (size_t i = 0; i < K; i++)
		row[i] = a + i * D;
	make_frame(&m, x, m.frame);
	width_base(m.frame, row, K, base);
	for (size_t i = 0; i < K; i += 7) {
		double sum = 0;
		for (size_t l = 0; l < D; l++) {
			double y = 0;
			for (size_t j = 0; j <= l; j++)
				y += m.root[rho_tri_at(l) + j] * (double)x[j] * (double)row[i][j];
			sum += y * y;
		}
		cr_assert_float_eq(base[i], sum, 1e-5 * sum);
	}
	for (size_t n = 1; n < 20; n++) {
		width_base(m.frame, row + n, n, other);
		cr_assert(!memcmp(other, base + n, n * sizeof *other));
	}
#ifdef __x86_64__
	if (__builtin_cpu_supports("avx2")) {
		width_avx2(m.frame, row, K, other);
		cr_assert(!memcmp(base, other, sizeof base));
	}
	if (__builtin_cpu_supports("avx512f")) {
		width_avx512(m.frame, row, K, other);
		cr_assert(!memcmp(base, other, sizeof base));
	}
#endif
	test_free(&p);
	free(a);
}

/* Learns 1,024 times, then compares bounds with widths: none is below, and they are of use. */
static void check_bounds(int features, size_t x_dim, double gamma)
{
	enum { A_DIM = 20 };
	struct rho_spec spec = { .n_actions = K, .x_dim = x_dim, .action_dim = A_DIM, .lanes = 1 };
	struct test_plugin p;
	struct rho_linear m = { 0 };
	struct rho_rng rng = { { 1, 2, 3, 4 } };
	static float a[K * A_DIM], x[A_DIM], width[K], most[K], mean[K];
	struct rho_mat actions = { a, K, A_DIM, A_DIM }, contexts = { x, 1, x_dim, x_dim };
	struct rho_rows rows = { &actions, NULL, 0, K };
	struct rho_batch b = { .n = 1, .k = 1, .actions = rows };
	b.x = (struct rho_rows){ x_dim ? &contexts : NULL, NULL, 0, 1 };
	struct rise r;
	for (size_t i = 0; i < K * A_DIM; i++)
		a[i] = (float)rho_normal(&rng);
	test_make(&p, RHO_AGENT, "linucb", "", 1);
	TEST_OK(&p, "open", true, rho_linear_open(&p.inst->ctx, &m, &spec, features, 2, 0, gamma));
	rho_call_begin(p.inst, "open", 0, true);
	cr_assert_eq(rho_linear_open_widths(&p.inst->ctx, &m), 0);
	for (uint32_t t = 0; t < 1024; t++) {
		uint32_t action = t % K;
		float reward = 1;
		struct rho_feedback f = { .posed = &b, .action = &action, .reward = &reward };
		for (size_t j = 0; j < x_dim; j++)
			x[j] = (float)rho_normal(&rng);
		TEST_OK(&p, "observe", false, rho_linear_learn(&p.inst->ctx, &m, &f));
	}
	cr_assert_gt(m.floor, 10 * m.lambda);
	memset(width, 0, sizeof width);
	memset(mean, 0, sizeof mean);
	rho_linear_add_widths(&m, x, &rows, 3, width);
	cr_assert(make_rise(&m, &r));
	cr_assert(bound_tile(&m, &r, &rows, 3, mean, most));
	for (size_t i = 0; i < K; i++)
		cr_assert(most[i] >= width[i] && most[i] < 3 * width[i], "%g for %g", (double)most[i],
		          (double)width[i]);
	test_free(&p);
}

Test(widths, bounds_hold_and_are_of_use)
{
	check_bounds(RHO_FEATURES_HADAMARD, 20, 1);
	check_bounds(RHO_FEATURES_ACTION, 0, 1);
	check_bounds(RHO_FEATURES_CONCAT, 15, 1);
	check_bounds(RHO_FEATURES_ACTION, 0, 0.99);
}
