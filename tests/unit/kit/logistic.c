/* kit/logistic.h: each update is the mode it claims to be, a window's fit is the optimum. */
#include "../plugin.h"
#include "kit/logistic.h"

/* A model in the memory of a linucb instance that is never opened as an agent. */
struct model {
	struct test_plugin p;
	struct rho_logistic m;
	struct rho_rng rng;
	size_t dim; /* of actions; φ has a bias more */
};

static void make(struct model *t, size_t dim, struct rho_logistic_how how)
{
	struct rho_spec spec = { .n_actions = 1, .action_dim = dim, .lanes = 1, .slate = 1, .reward_hi = 1 };
	how.features = RHO_FEATURES_ACTION;
	how.refit = how.refit ? how.refit : 1;
	test_make(&t->p, RHO_AGENT, "linucb", "", 1);
	t->rng = rho_fork(&(struct rho_rng){ { 5, 6, 7, 8 } }, 0, 0);
	t->dim = dim;
	TEST_OK(&t->p, "open", true, rho_logistic_open(&t->p.inst->ctx, &t->m, &spec, &how));
}

static void learn(struct model *t, const float *phi, float reward)
{
	const uint32_t action = 0, lane = 0;
	struct rho_mat mat = { phi, 1, t->dim, t->dim };
	struct rho_batch b = { .n = 1, .k = 1, .actions = { &mat, NULL, 0, 1 }, .lane = &lane };
	struct rho_feedback f = { .posed = &b, .action = &action, .reward = &reward };
	TEST_OK(&t->p, "observe", false, rho_logistic_learn(&t->p.inst->ctx, &t->m, &f));
}

/* H[i][j] of the present state. */
static double hessian(const struct rho_logistic *m, size_t i, size_t j)
{
	if (m->diagonal)
		return i == j ? m->diagonal[i] : 0;
	return i >= j ? m->h.a[rho_tri_at(i) + j] : m->h.a[rho_tri_at(j) + i];
}

/* (WᵀW H)[i][j]: the identity. */
static void check_root(const struct rho_logistic *m)
{
	size_t n = m->h.n;
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < n; j++) {
			double sum = 0;
			for (size_t k = 0; k < n; k++)
				for (size_t r = i > k ? i : k; r < n; r++)
					sum += m->h.w[rho_tri_at(r) + i] * m->h.w[rho_tri_at(r) + k] *
					       hessian(m, k, j);
			cr_assert_float_eq(sum, i == j, 1e-9);
		}
}

/* After each observation H₀(w − m₀) + (σ(<w, φ>) − y) φ = 0 and H = H₀ + p(1 − p) φφᵀ. */
static void check_steps(int posterior, size_t dim, int times)
{
	struct model t;
	double h0[16][16], m0[16], phi[16];
	float a[16];
	size_t n = dim + 1;
	make(&t, dim, (struct rho_logistic_how){ .posterior = posterior, .lambda = 0.3, .prior = 0.5 });
	for (int time = 0; time < times; time++) {
		/* Short and long features, rewards at and between the ends, some of them surprises. */
		double by = time % 5 == 4 ? 30 : 1, y = time % 3 == 2 ? rho_unif(&t.rng) : time % 2;
		for (size_t j = 0; j < dim; j++)
			phi[j] = (double)(a[j] = (float)(by * rho_normal(&t.rng)));
		phi[dim] = 1;
		y = (double)(float)y;
		for (size_t i = 0; i < n; i++) {
			m0[i] = t.m.mean[i];
			for (size_t j = 0; j < n; j++)
				h0[i][j] = hessian(&t.m, i, j);
		}
		learn(&t, a, (float)y);
		double z = 0, scale = 0;
		for (size_t j = 0; j < n; j++)
			z += t.m.mean[j] * phi[j];
		double p = rho_sigmoid(z);
		for (size_t i = 0; i < n; i++) {
			double g = (p - y) * phi[i];
			scale = fmax(1, fabs(phi[i]));
			for (size_t j = 0; j < n; j++)
				g += h0[i][j] * (t.m.mean[j] - m0[j]);
			cr_assert_float_eq(g, 0, 1e-7 * scale, "after %d: %g", time, g);
			for (size_t j = 0; j < n; j++) {
				double want = h0[i][j];
				if (!t.m.diagonal || i == j)
					want += p * (1 - p) * phi[i] * phi[j];
				cr_assert_float_eq(hessian(&t.m, i, j), want, 1e-9 * (1 + fabs(want)));
			}
		}
	}
	if (!t.m.diagonal)
		check_root(&t.m);
	test_free(&t.p);
}

Test(logistic, each_update_is_the_mode)
{
	check_steps(RHO_LOGISTIC_FULL, 6, 300);
	check_steps(RHO_LOGISTIC_DIAGONAL, 6, 300);
	check_steps(RHO_LOGISTIC_FULL, 1, 40);
	check_steps(RHO_LOGISTIC_FULL, 12, 260); /* past a refresh */
}

/* With a window: the gradient over it vanishes, H is the Hessian there. Separable data, too. */
static void check_window(int64_t window, int times, double lambda, bool separable)
{
	enum { DIM = 4, N = DIM + 1 };
	struct model t;
	float a[200][DIM], y[200];
	make(&t, DIM, (struct rho_logistic_how){ .lambda = lambda, .prior = 0.25, .window = window,
	                                          .refit = 10 });
	for (int i = 0; i < times; i++) {
		for (size_t j = 0; j < DIM; j++)
			a[i][j] = (float)(3 * rho_normal(&t.rng));
		y[i] = separable ? a[i][0] > 0 : rho_unif(&t.rng) < 0.4 ? 1 : 0;
		learn(&t, a[i], y[i]);
	}
	double g[N] = { 0 }, h[N][N] = { { 0 } };
	for (size_t j = 0; j < N; j++) {
		g[j] = lambda * (t.m.mean[j] - (j < DIM ? 0.25 : 0));
		h[j][j] = lambda;
	}
	for (int i = times > window ? times - (int)window : 0; i < times; i++) {
		double z = t.m.mean[DIM];
		for (size_t j = 0; j < DIM; j++)
			z += t.m.mean[j] * (double)a[i][j];
		double p = 1 / (1 + exp(-z));
		for (size_t j = 0; j < N; j++) {
			double phi = j < DIM ? (double)a[i][j] : 1;
			g[j] += (p - (double)y[i]) * phi;
			for (size_t k = 0; k < N; k++)
				h[j][k] += p * (1 - p) * phi * (k < DIM ? (double)a[i][k] : 1);
		}
	}
	for (size_t j = 0; j < N; j++) {
		cr_assert_float_eq(g[j], 0, 2e-5, "gradient %g", g[j]);
		for (size_t k = 0; k < N; k++)
			cr_assert_float_eq(hessian(&t.m, j, k), h[j][k], 1e-4 * (1 + fabs(h[j][k])));
	}
	check_root(&t.m);
	test_free(&t.p);
}

Test(logistic, a_windows_fit_is_the_optimum)
{
	check_window(100, 60, 0.5, false);
	check_window(50, 200, 0.5, false);
	check_window(80, 100, 1e-3, true);
	check_window(1, 10, 1, false);
}

/* Planted weights are found, and lie within what the posterior says: (m − w)ᵀH(m − w) is chi-square. */
static void check_found(int posterior)
{
	enum { DIM = 5, N = DIM + 1, TIMES = 4000 };
	const double w[N] = { 1, -0.5, 0.25, 0, 2, -1 };
	struct model t;
	make(&t, DIM, (struct rho_logistic_how){ .posterior = posterior, .lambda = 1 });
	for (int i = 0; i < TIMES; i++) {
		float a[DIM];
		double z = w[DIM];
		for (size_t j = 0; j < DIM; j++) {
			a[j] = (float)rho_normal(&t.rng);
			z += w[j] * (double)a[j];
		}
		learn(&t, a, rho_unif(&t.rng) < rho_sigmoid(z) ? 1 : 0);
	}
	double chi2 = 0;
	for (size_t i = 0; i < N; i++) {
		cr_assert_float_eq(t.m.mean[i], w[i], 0.25, "weight %zu: %g", i, t.m.mean[i]);
		for (size_t j = 0; j < N; j++)
			chi2 += (t.m.mean[i] - w[i]) * hessian(&t.m, i, j) * (t.m.mean[j] - w[j]);
	}
	if (posterior == RHO_LOGISTIC_FULL)
		cr_assert_leq(chi2, test_chi2_limit(N));
	test_free(&t.p);
}

Test(logistic, planted_weights_are_found)
{
	check_found(RHO_LOGISTIC_FULL);
	check_found(RHO_LOGISTIC_DIAGONAL);
}

/* Draws have the posterior's mean and covariance. */
static void check_draws(int posterior)
{
	enum { DIM = 2, N = DIM + 1, DRAWS = 40000 };
	const float a[DIM] = { 1, 2 };
	struct model t;
	double sum[N] = { 0 }, square[N][N] = { { 0 } }, inverse[N][N] = { { 0 } };
	make(&t, DIM, (struct rho_logistic_how){ .posterior = posterior, .lambda = 0.5 });
	for (int i = 0; i < 12; i++)
		learn(&t, a, (float)(i % 2));
	double *out = calloc(t.m.h.pad, sizeof *out);
	for (int d = 0; d < DRAWS; d++) {
		rho_logistic_draw(&t.m, &t.rng, 2, out);
		for (size_t i = 0; i < N; i++) {
			sum[i] += (out[i] - t.m.mean[i]) / DRAWS;
			for (size_t j = 0; j < N; j++)
				square[i][j] += (out[i] - t.m.mean[i]) * (out[j] - t.m.mean[j]) / DRAWS;
		}
	}
	for (size_t i = 0; i < N; i++)
		for (size_t j = 0; j < N; j++)
			for (size_t r = i > j ? i : j; r < N; r++)
				inverse[i][j] += t.m.diagonal ? (i == j && r == i ? 1 / t.m.diagonal[i] : 0) :
				                 t.m.h.w[rho_tri_at(r) + i] * t.m.h.w[rho_tri_at(r) + j];
	for (size_t i = 0; i < N; i++) {
		cr_assert_float_eq(sum[i], 0, 5 * 2 * sqrt(inverse[i][i] / DRAWS));
		for (size_t j = 0; j < N; j++)
			cr_assert_float_eq(square[i][j], 4 * inverse[i][j],
			                   5 * 4 * sqrt(2 * inverse[i][i] * inverse[j][j] / DRAWS));
	}
	free(out);
	test_free(&t.p);
}

Test(logistic, draws_are_of_the_posterior)
{
	check_draws(RHO_LOGISTIC_FULL);
	check_draws(RHO_LOGISTIC_DIAGONAL);
	cr_assert_eq(rho_sigmoid(0), 0.5);
	cr_assert_eq(rho_sigmoid(-800), 0);
	cr_assert_eq(rho_sigmoid(800), 1);
	cr_assert_float_eq(rho_sigmoid(-3), 1 / (1 + exp(3.0)), 1e-15);
}
