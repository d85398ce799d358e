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
	        rho_linear_open(&t->p.inst->ctx, &t->m, &spec, RHO_LINEAR_ACTION, lambda, 0, gamma));
}

static void learn(struct model *t, const float *phi, float reward)
{
	const uint32_t action = 0, lane = 0;
	struct rho_mat mat = { phi, 1, t->m.dim, t->m.dim };
	struct rho_batch b = { .n = 1, .k = 1, .actions = { &mat, NULL, 0, 1 }, .lane = &lane };
	struct rho_feedback f = { .posed = &b, .action = &action, .reward = &reward };
	TEST_OK(&t->p, "observe", false, rho_linear_learn(&t->p.inst->ctx, &t->m, &f));
}

/* out (n, n) = the inverse of lower triangular w (n, n). */
static void invert_lower(const double *w, size_t n, double *out)
{
	memset(out, 0, n * n * sizeof *out);
	for (size_t c = 0; c < n; c++)
		for (size_t i = c; i < n; i++) {
			double sum = i == c;
			for (size_t j = c; j < i; j++)
				sum -= w[i * n + j] * out[j * n + c];
			out[i * n + c] = sum / w[i * n + i];
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
	invert_lower(t.m.root, 2, l);
	cr_assert_float_eq(l[0], 2.4494897428, 1e-9);
	cr_assert_float_eq(l[2], 1.6329931619, 1e-9);
	cr_assert_float_eq(l[3], 2.0816659995, 1e-9);
	cr_assert_float_eq(2 * log(l[0] * l[3]), 3.2580965380, 1e-9); /* ln det A */
	learn(&t, last, 0);
	invert_lower(t.m.root, 2, l);
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
			double root = 0, squared = 0;
			for (size_t k = 0; k < D; k++) {
				root += t.m.root[k * D + i] * t.m.root[k * D + j];
				squared += o->factor[i * D + k] * o->factor[j * D + k];
			}
			cr_assert_float_eq(root, direct[i * D + j], 1e-8 * scale);
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
			double root = 0;
			for (size_t k = 0; k < D; k++)
				root += t.m.root[k * D + i] * t.m.root[k * D + j];
			cr_assert_float_eq(root, direct[i * D + j], 1e-12);
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
	cr_assert_float_eq(t.m.precision[3], 1, 1e-12);
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
		double x[2];
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
