/* kit/linear.h: three ways to the same numbers, and the Cholesky oracle, through a real instance. */
#include "../plugin.h"
#include "kit/linear.h"

enum { D = 12, N = 10000 };

/* A model in the memory of a linucb instance that is never opened as an agent. */
struct model {
	struct test_plugin p;
	struct rho_linear m;
};

static void make(struct model *t, size_t dim, double lambda, double gamma)
{
	struct rho_spec spec = { .n_actions = 1, .action_dim = dim, .lanes = 1, .slate = 1 };
	test_make(&t->p, RHO_AGENT, "linucb", "", 1);
	memset(&t->m, 0, sizeof t->m);
	TEST_OK(&t->p, "open", true,
	        rho_linear_open(&t->p.inst->ctx, &t->m, &spec, RHO_FEATURES_ACTION, lambda, 0, gamma));
}

/* Entry (i, j) of the root, zero above the diagonal. */
static double root(const struct model *t, size_t i, size_t j)
{
	return j < rho_tri_len(i) ? t->m.root[rho_tri_at(i) + j] : 0;
}

static void learn(struct model *t, const float *phi, float reward)
{
	const uint32_t action = 0, lane = 0;
	struct rho_mat mat = { phi, 1, t->m.dim, t->m.dim };
	struct rho_batch b = { .n = 1, .k = 1, .actions = { &mat, NULL, 0, 1 }, .lane = &lane };
	struct rho_feedback f = { .posed = &b, .action = &action, .reward = &reward };
	TEST_OK(&t->p, "observe", false, rho_linear_learn(&t->p.inst->ctx, &t->m, &f));
}

/* out (n, n) = the inverse of the root. */
static void invert_root(const struct model *t, size_t n, double *out)
{
	memset(out, 0, n * n * sizeof *out);
	for (size_t c = 0; c < n; c++)
		for (size_t i = c; i < n; i++) {
			double sum = i == c;
			for (size_t j = c; j < i; j++)
				sum -= root(t, i, j) * out[j * n + c];
			out[i * n + c] = sum / root(t, i, i);
		}
}

Test(linear, cholesky_of_the_oracle)
{
	static const float rows[][2] = { { 1, 2 }, { 0, 1 }, { 2, 1 } }, last[2] = { 1, -1 };
	static const float reward[] = { 1, 0, 0.5f };
	struct model t;
	double l[4];
	make(&t, 2, 1, 1);
	for (int i = 0; i < 3; i++)
		learn(&t, rows[i], reward[i]);
	cr_assert_float_eq(t.m.theta[0], 0.1538461538, 1e-9);
	cr_assert_float_eq(t.m.theta[1], 0.2692307692, 1e-9);
	invert_root(&t, 2, l);
	cr_assert_float_eq(l[0], 2.4494897428, 1e-9);
	cr_assert_float_eq(l[2], 1.6329931619, 1e-9);
	cr_assert_float_eq(l[3], 2.0816659995, 1e-9);
	cr_assert_float_eq(2 * log(l[0] * l[3]), 3.2580965380, 1e-9); /* ln det A */
	learn(&t, last, 0);
	invert_root(&t, 2, l);
	cr_assert_float_eq(l[0], 2.64575131, 1e-8);
	cr_assert_float_eq(l[2], 1.13389342, 1e-8);
	cr_assert_float_eq(l[3], 2.59119388, 1e-8);
	test_free(&t.p);
}

/* Sherman-Morrison on the inverse, Givens rotations on the Cholesky factor, and elimination on A,
 * beside the kit's own update, on the same 10,000 observations. */
struct others {
	double inverse[D * D], factor[D * D], a[D * D], b[D];
};

static void others_learn(struct others *o, const float *phi, double reward)
{
	double u[D], x[D], denominator = 1;
	for (size_t i = 0; i < D; i++) {
		u[i] = 0;
		for (size_t j = 0; j < D; j++) {
			u[i] += o->inverse[i * D + j] * (double)phi[j];
			o->a[i * D + j] += (double)phi[i] * (double)phi[j];
		}
		x[i] = (double)phi[i];
		o->b[i] += reward * (double)phi[i];
		denominator += u[i] * (double)phi[i];
	}
	for (size_t i = 0; i < D; i++)
		for (size_t j = 0; j < D; j++)
			o->inverse[i * D + j] -= u[i] * u[j] / denominator;
	for (size_t k = 0; k < D; k++) {
		double *l = o->factor, r = hypot(l[k * D + k], x[k]);
		double c = r / l[k * D + k], s = x[k] / l[k * D + k];
		l[k * D + k] = r;
		for (size_t i = k + 1; i < D; i++) {
			l[i * D + k] = (l[i * D + k] + s * x[i]) / c;
			x[i] = c * x[i] - s * l[i * D + k];
		}
	}
}

/* A⁻¹ (D, D) by Gauss-Jordan. */
static void invert(const double *a, double *out)
{
	double m[D][2 * D] = { 0 };
	for (size_t i = 0; i < D; i++) {
		memcpy(m[i], a + i * D, D * sizeof *a);
		m[i][D + i] = 1;
	}
	for (size_t i = 0; i < D; i++) {
		double pivot = m[i][i];
		for (size_t j = 0; j < 2 * D; j++)
			m[i][j] /= pivot;
		for (size_t r = 0; r < D; r++) {
			double f = r == i ? 0 : m[r][i];
			for (size_t j = 0; r != i && j < 2 * D; j++)
				m[r][j] -= f * m[i][j];
		}
	}
	for (size_t i = 0; i < D; i++)
		memcpy(out + i * D, m[i] + D, D * sizeof *out);
}

Test(linear, four_ways_agree_after_ten_thousand_updates)
{
	struct model t;
	struct others *o = calloc(1, sizeof *o);
	struct rho_rng rng = { { 1, 2, 3, 4 } };
	double direct[D * D], scale = 0;
	make(&t, D, 0.5, 1);
	for (size_t i = 0; i < D; i++) {
		o->a[i * D + i] = 0.5;
		o->inverse[i * D + i] = 2;
		o->factor[i * D + i] = sqrt(0.5);
	}
	for (size_t n = 0; n < N; n++) {
		float phi[D], reward = (float)rho_unif(&rng);
		for (size_t j = 0; j < D; j++) /* directions of very different strength */
			phi[j] = (float)(rho_normal(&rng) / (1 + 10 * (double)j));
		learn(&t, phi, reward);
		others_learn(o, phi, (double)reward);
	}
	invert(o->a, direct);
	for (size_t i = 0; i < D; i++)
		scale = fmax(scale, direct[i * D + i]);
	for (size_t i = 0; i < D; i++) {
		double theta = 0;
		for (size_t j = 0; j < D; j++) {
			double product = 0, squared = 0;
			for (size_t k = 0; k < D; k++) {
				product += root(&t, k, i) * root(&t, k, j);
				squared += o->factor[i * D + k] * o->factor[j * D + k];
			}
			cr_assert_float_eq(product, direct[i * D + j], 1e-8 * scale);
			cr_assert_float_eq(o->inverse[i * D + j], direct[i * D + j], 1e-8 * scale);
			cr_assert_float_eq(squared, o->a[i * D + j], 1e-8 * fabs(o->a[i * D + i]) + 1e-8);
			theta += direct[i * D + j] * o->b[j];
		}
		cr_assert_float_eq(t.m.theta[i], theta, 1e-8 * (1 + fabs(theta)));
	}
	cr_assert_eq(*t.m.updates, N);
	test_free(&t.p);
	free(o);
}

/* Between two refreshes the root is only updated; a thousand small batches equal one large one. */
Test(linear, an_update_is_as_good_as_a_factorisation)
{
	struct model t;
	struct rho_rng rng = { { 5, 6, 7, 8 } };
	double a[D * D] = { 0 }, direct[D * D];
	make(&t, D, 1, 1);
	for (size_t i = 0; i < D; i++)
		a[i * D + i] = 1;
	for (size_t n = 0; n < 255; n++) { /* a refresh would come with the 256th */
		float phi[D];
		for (size_t j = 0; j < D; j++)
			phi[j] = n % 3 && j % 2 ? 0 : (float)rho_normal(&rng);
		learn(&t, phi, 0);
		for (size_t i = 0; i < D * D; i++)
			a[i] += (double)phi[i / D] * (double)phi[i % D];
	}
	invert(a, direct);
	for (size_t i = 0; i < D; i++)
		for (size_t j = 0; j < D; j++) {
			double product = 0;
			for (size_t k = 0; k < D; k++)
				product += root(&t, k, i) * root(&t, k, j);
			cr_assert_float_eq(product, direct[i * D + j], 1e-12);
		}
	test_free(&t.p);
}

Test(linear, forgetting_tends_to_the_last_rewards_and_keeps_the_ridge)
{
	static const float e0[2] = { 1, 0 }, e1[2] = { 0, 1 };
	struct model t;
	make(&t, 2, 1, 0.9);
	for (int n = 0; n < 400; n++)
		learn(&t, e0, n < 200 ? 1 : 0);
	/* A00 = 1 + Σ 0.9^i = 11, b0 = 0.9^200 (1 - ...) / 0.1, nearly 0; A11 stays at lambda */
	cr_assert_float_eq(t.m.precision[0], 11, 1e-9);
	cr_assert_float_eq(t.m.precision[rho_tri_at(1) + 1], 1, 1e-12);
	cr_assert_float_eq(t.m.theta[0], 0, 1e-8);
	learn(&t, e1, 1);
	cr_assert_float_eq(t.m.theta[1], 0.5, 1e-12);
	test_free(&t.p);
}

Test(linear, draws_have_the_posterior_mean_and_covariance)
{
	enum { DRAWS = 40000 };
	static const float rows[][2] = { { 1, 2 }, { 0, 1 }, { 2, 1 } };
	static const double covariance[2][2] = { { 7 / 26.0, -4 / 26.0 }, { -4 / 26.0, 6 / 26.0 } };
	struct rho_rng rng = { { 1, 1, 2, 3 } };
	struct model t;
	double mean[2] = { 0 }, second[2][2] = { { 0 } };
	make(&t, 2, 1, 1);
	for (int i = 0; i < 3; i++)
		learn(&t, rows[i], 1);
	for (int d = 0; d < DRAWS; d++) {
		_Alignas(64) double x[RHO_TRI];
		rho_linear_draw(&t.m, &rng, 2, x);
		for (int i = 0; i < 2; i++) {
			x[i] -= t.m.theta[i];
			mean[i] += x[i] / DRAWS;
			for (int j = 0; j <= i; j++)
				second[i][j] += x[i] * x[j] / DRAWS;
		}
	}
	for (int i = 0; i < 2; i++) {
		cr_assert_float_eq(mean[i], 0, 4.5 * 2 * sqrt(covariance[i][i] / DRAWS));
		for (int j = 0; j <= i; j++) /* the standard error is at most √2 times 4 times the variance */
			cr_assert_float_eq(second[i][j], 4 * covariance[i][j],
			                   4.5 * 4 * 0.27 * sqrt(2.0 / DRAWS));
	}
	test_free(&t.p);
}

/* A model with a window of N is one that never saw what came before, however badly old rewards part. */
static void check_window(size_t dim, int64_t window, double lambda, size_t updates, double strength)
{
	struct rho_spec spec = { .n_actions = 1, .action_dim = dim, .lanes = 1, .slate = 1 };
	struct rho_linear_options o = { RHO_FEATURES_ACTION, lambda, 0.25, 1, 1, window };
	struct model t, fresh;
	struct rho_rng rng = { { 5, 1, 7, 8 } };
	float *phi = calloc(updates * dim, sizeof *phi), *reward = calloc(updates, sizeof *reward);
	test_make(&t.p, RHO_AGENT, "linucb", "", 1);
	test_make(&fresh.p, RHO_AGENT, "linucb", "", 1);
	TEST_OK(&t.p, "open", true, rho_linear_open_with(&t.p.inst->ctx, &t.m, &spec, &o));
	o.window = 0;
	TEST_OK(&fresh.p, "open", true, rho_linear_open_with(&fresh.p.inst->ctx, &fresh.m, &spec, &o));
	for (size_t n = 0; n < updates; n++) {
		for (size_t j = 0; j < dim; j++)
			phi[n * dim + j] = (float)(strength * rho_normal(&rng));
		reward[n] = (float)rho_normal(&rng);
		learn(&t, phi + n * dim, reward[n]);
	}
	for (size_t n = updates - (size_t)window; n < updates; n++)
		learn(&fresh, phi + n * dim, reward[n]);
	for (size_t i = 0; i < dim; i++) {
		cr_assert_float_eq(t.m.theta[i], fresh.m.theta[i], 1e-7 * (1 + fabs(fresh.m.theta[i])));
		for (size_t j = 0; j <= i; j++)
			cr_assert_float_eq(root(&t, i, j), root(&fresh, i, j),
			                   1e-7 * (1 + fabs(root(&t, i, i))));
	}
	test_free(&t.p);
	test_free(&fresh.p);
	free(phi);
	free(reward);
}

Test(linear, a_window_is_what_was_seen_last)
{
	check_window(6, 50, 1, 3000, 1);
	check_window(6, 1, 1, 40, 1);
	check_window(11, 300, 0.1, 301, 1);
	check_window(9, 4, 1e-4, 700, 30); /* nearly every removal is refused, and A is summed anew */
}

/* Bilinear features by their definition: main directions of the actions, products, means and widths. */
Test(linear, bilinear_features_are_products_of_projections)
{
	enum { K = 400, A_DIM = 9, X_DIM = 5, RANK = 3 };
	static float a[K * A_DIM], x[X_DIM];
	struct rho_mat actions = { a, K, A_DIM, A_DIM }, contexts = { x, 1, X_DIM, X_DIM };
	struct rho_spec spec = { .n_actions = K, .x_dim = X_DIM, .action_dim = A_DIM, .lanes = 1 };
	struct rho_linear_options o = { RHO_FEATURES_BILINEAR, 2, 0, 1, RANK, 0 };
	struct rho_batch b = { .n = 1, .k = 1, .x = { &contexts, NULL, 0, 1 } };
	struct rho_rng rng = { { 5, 1, 7, 8 } };
	struct model t;
	float q[A_DIM], width[K];
	_Alignas(64) double phi[16], solved[16];
	b.actions = (struct rho_rows){ &actions, NULL, 0, K };
	for (size_t i = 0; i < K * A_DIM; i++) /* directions 2, 5, 8 are the strong ones */
		a[i] = (float)(rho_normal(&rng) * (i % A_DIM % 3 == 2 ? 3 + (double)(i % A_DIM) : 0.1));
	memset(&t.m, 0, sizeof t.m);
	test_make(&t.p, RHO_AGENT, "linucb", "", 1);
	TEST_OK(&t.p, "open", true, rho_linear_open_with(&t.p.inst->ctx, &t.m, &spec, &o));
	rho_call_begin(t.p.inst, "open", 0, true);
	cr_assert_eq(rho_linear_open_widths(&t.p.inst->ctx, &t.m), 0);
	for (uint32_t n = 0; n < 500; n++) {
		uint32_t action = n % K;
		float reward = (float)rho_normal(&rng);
		struct rho_feedback f = { .posed = &b, .action = &action, .reward = &reward };
		for (size_t j = 0; j < X_DIM; j++)
			x[j] = (float)rho_normal(&rng);
		TEST_OK(&t.p, "observe", false, rho_linear_learn(&t.p.inst->ctx, &t.m, &f));
	}
	const double *p = t.m.axes, *axes = p + RANK * X_DIM;
	for (size_t i = 0; i < RANK; i++) {
		double strong = 0;
		for (size_t j = 2; j < A_DIM; j += 3)
			strong += axes[i * A_DIM + j] * axes[i * A_DIM + j];
		cr_assert_gt(strong, 0.99);
		for (size_t k = 0; k <= i; k++) {
			double ours = 0, theirs = 0;
			for (size_t j = 0; j < A_DIM; j++)
				ours += axes[i * A_DIM + j] * axes[k * A_DIM + j];
			for (size_t j = 0; j < X_DIM; j++)
				theirs += p[i * X_DIM + j] * p[k * X_DIM + j];
			cr_assert_float_eq(ours, i == k, 1e-12);
			cr_assert_float_eq(theirs, i == k, 1e-12);
		}
	}
	rho_linear_query(&t.m, t.m.theta, x, q);
	memset(width, 0, sizeof width);
	rho_linear_add_widths(&t.m, x, &b.actions, 1, width);
	for (size_t k = 0; k < K; k++) {
		double mean = 0, direct = 0, square = 0;
		rho_linear_phi(&t.m, x, a + k * A_DIM, phi);
		for (size_t j = 0; j < A_DIM; j++)
			direct += (double)q[j] * (double)a[k * A_DIM + j];
		for (size_t i = 0; i < RANK * RANK; i++)
			mean += t.m.theta[i] * phi[i];
		cr_assert_float_eq(mean, direct, 1e-5 * (1 + fabs(mean)));
		rho_tri_times(t.m.root, t.m.dim, phi, solved);
		for (size_t i = 0; i < RANK * RANK; i++)
			square += solved[i] * solved[i];
		cr_assert_float_eq(width[k], sqrt(square), 1e-4 * sqrt(square) + 1e-7);
	}
	test_free(&t.p);
}
