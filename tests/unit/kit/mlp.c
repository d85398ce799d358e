/* kit/mlp.h: gradients against central differences in float64, Adam by hand, the same bits for any batch. */
#include "../plugin.h"
#include "kit/mlp.h"

enum { D = 5 };

/* A network in the memory of a linucb instance that is never opened as an agent. */
struct net {
	struct test_plugin p;
	struct rho_features f;
	struct rho_mlp m;
	struct rho_rng rng;
};

static void make(struct net *t, struct rho_mlp_how how)
{
	struct rho_spec spec = { .n_actions = 1, .action_dim = D, .lanes = 1, .slate = 1 };
	struct rho_ctx *c;
	test_make(&t->p, RHO_AGENT, "linucb", "", 1);
	c = &t->p.inst->ctx;
	t->rng = rho_fork(&(struct rho_rng){ { 5, 6, 7, 8 } }, 0, 0);
	how.scale = how.scale > 0 ? how.scale : 1;
	TEST_OK(&t->p, "open", true, rho_features_open(c, &t->f, &spec, RHO_FEATURES_ACTION, false));
	rho_call_begin(t->p.inst, "open", 0, true);
	cr_assert_eq(rho_mlp_open(c, &t->m, &t->f, &how, &t->rng), 0);
	rho_call_end(t->p.inst, 0, &t->p.why);
	for (size_t p = 0; p < t->m.params; p++) /* biases, too */
		t->m.param[p] += (float)(0.1 * rho_normal(&t->rng));
}

/* f(x) in float64, with parameter `at` moved by `by`; gap: how near a relu came to its kink. */
static double f64(const struct rho_mlp *m, const float *x, size_t at, double by, double *gap)
{
	double a[64], y[64];
	*gap = INFINITY;
	for (size_t j = 0; j < D; j++)
		a[j] = (double)x[j];
	for (size_t l = 0; l < m->layers; l++) {
		size_t in = m->size[l], out = m->size[l + 1], w = m->at[l];
		for (size_t o = 0; o < out; o++) {
			size_t p = w + in * out + o;
			y[o] = (double)m->param[p] + (p == at ? by : 0);
			for (size_t j = 0; j < in; j++) {
				p = w + j * out + o;
				y[o] += a[j] * ((double)m->param[p] + (p == at ? by : 0));
			}
			if (l + 1 < m->layers && m->how.unit == RHO_MLP_RELU)
				*gap = fmin(*gap, fabs(y[o]));
		}
		for (size_t o = 0; o < out; o++)
			a[o] = l + 1 == m->layers ? y[o] :
			       m->how.unit == RHO_MLP_TANH ? tanh(y[o]) : fmax(y[o], 0);
	}
	return a[0];
}

static void check_gradient(const int64_t *hidden, size_t layers, int unit)
{
	enum { N = 6, MOST = 400 };
	struct net t;
	float x[N * D], act[N * 64], delta[N * 64], gradient[MOST], weight[MOST], sums[N * 64];
	double norm[N];
	make(&t, (struct rho_mlp_how){ .hidden = { hidden, layers }, .unit = unit });
	cr_assert(t.m.params <= MOST && t.m.room <= 64);
	for (size_t i = 0; i < N * D; i++)
		x[i] = (float)rho_normal(&t.rng);
	for (size_t p = 0; p < t.m.params; p++)
		weight[p] = (float)(0.1 + rho_unif(&t.rng));
	rho_mlp_forward(&t.m, N, x, act);
	for (size_t i = 0; i < N; i++)
		delta[N * t.m.below[t.m.layers - 1] + i] = 1;
	rho_mlp_backward(&t.m, N, act, delta);
	rho_mlp_norms(&t.m, N, x, act, delta, weight, sums, norm);
	for (size_t i = 0; i < N; i++) {
		const double h = 1e-5;
		float one[64], d[64] = { 0 };
		double gap, square = 0, f = f64(&t.m, x + i * D, SIZE_MAX, 0, &gap);
		cr_assert_gt(gap, 1e-3, "the fixture stands on a kink");
		cr_assert_float_eq(act[N * t.m.below[t.m.layers - 1] + i], f, 1e-5);
		memset(gradient, 0, sizeof gradient);
		rho_mlp_forward(&t.m, 1, x + i * D, one);
		cr_assert(!memcmp(one + t.m.room - 1, act + N * t.m.below[t.m.layers - 1] + i, sizeof(float)),
		          "the bits hang on the batch");
		d[t.m.room - 1] = 1;
		rho_mlp_backward(&t.m, 1, one, d);
		rho_mlp_gradient(&t.m, 1, x + i * D, one, d, gradient);
		for (size_t p = 0; p < t.m.params; p++) {
			double up = f64(&t.m, x + i * D, p, h, &gap);
			double down = f64(&t.m, x + i * D, p, -h, &gap);
			double want = (up - down) / (2 * h);
			cr_assert_float_eq(gradient[p], want, 2e-5 * (1 + fabs(want)),
			                   "parameter %zu: %g, not %g", p, (double)gradient[p], want);
			square += (double)weight[p] * want * want;
		}
		cr_assert_float_eq(norm[i], square, 1e-4 * square);
	}
	test_free(&t.p);
}

Test(mlp, gradients_are_central_differences)
{
	check_gradient((const int64_t[]){ 7, 6 }, 2, RHO_MLP_TANH);
	check_gradient((const int64_t[]){ 7, 6 }, 2, RHO_MLP_RELU);
	check_gradient((const int64_t[]){ 9 }, 1, RHO_MLP_RELU);
	check_gradient((const int64_t[]){ 1 }, 1, RHO_MLP_TANH);
	check_gradient((const int64_t[]){ 3, 4, 5, 2 }, 4, RHO_MLP_TANH);
	check_gradient(NULL, 0, RHO_MLP_RELU);
}

struct seen { const struct rho_mlp *m; float *f; };

static void see(void *arg, size_t from, size_t n, const float *x, const float *act, float *delta)
{
	const struct seen *s = arg;
	cr_assert(n && n <= RHO_MLP_TILE && x);
	memset(delta, 0, 2 * n * s->m->room * sizeof *delta); /* ours to write on */
	memcpy(s->f + from, act + n * s->m->below[s->m->layers - 1], n * sizeof *s->f);
}

/* Action rows run through in tiles have the bits of a row alone, in any order of rows. */
Test(mlp, rows_do_not_depend_on_their_tile)
{
	enum { K = 2500 }; /* more than once through the workspace */
	const int64_t hidden[] = { 11, 6 };
	struct net t;
	float *a = calloc(K * D, sizeof *a), *all = calloc(K, sizeof *all), *some = calloc(K, sizeof *some);
	float phi[D], act[32];
	uint32_t *id = calloc(K, sizeof *id);
	make(&t, (struct rho_mlp_how){ .hidden = { hidden, 2 }, .scale = 3 });
	for (size_t i = 0; i < K * D; i++)
		a[i] = (float)rho_normal(&t.rng);
	for (uint32_t k = 0; k < K; k++)
		id[k] = k * 7 % K;
	struct rho_mat m = { a, K, D, D };
	struct rho_rows rows = { &m, NULL, 0, K }, listed = { &m, id, 0, K - 30 };
	struct seen s = { &t.m, all }, other = { &t.m, some };
	TEST_OK(&t.p, "act", false, rho_mlp_each(&t.p.inst->ctx, &t.m, &t.f, NULL, &rows, see, &s));
	TEST_OK(&t.p, "act", false, rho_mlp_each(&t.p.inst->ctx, &t.m, &t.f, NULL, &listed, see, &other));
	for (size_t k = 0; k < K; k += 1 + k % 5) {
		rho_mlp_features(&t.m, &t.f, NULL, a + k * D, phi);
		rho_mlp_forward(&t.m, 1, phi, act);
		cr_assert(!memcmp(&act[17], &all[k], sizeof *all));
	}
	for (size_t k = 0; k < K - 30; k++)
		cr_assert(!memcmp(&some[k], &all[id[k]], sizeof *all));
	test_free(&t.p);
	free(a);
	free(all);
	free(some);
	free(id);
}

/* Two steps of Adam on one observation of a network without layers, by hand; then many steps fit it. */
Test(mlp, adam_by_hand)
{
	const struct rho_mlp_how how = { .rate = 0.05, .decay = 0.01, .batch = 3, .steps = 2 };
	const float phi[D] = { 1, -2, 0.5f, 0, 3 };
	struct rho_ring ring = { 0 };
	struct net t;
	double w[D + 1], first[D + 1] = { 0 }, second[D + 1] = { 0 }, loss, sum = 0;
	make(&t, how);
	rho_call_begin(t.p.inst, "open", 0, true);
	cr_assert_eq(rho_ring_open(&t.p.inst->ctx, &ring, 2, D), 0);
	rho_call_end(t.p.inst, 0, &t.p.why);
	cr_assert_eq(rho_ring_held(&ring), 0);
	rho_ring_push(&ring, phi, 0.75);
	for (size_t p = 0; p <= D; p++)
		w[p] = (double)t.m.param[p];
	for (int step = 1; step <= 2; step++) {
		double f = w[D];
		for (size_t j = 0; j < D; j++)
			f += w[j] * (double)phi[j];
		sum += (f - 0.75) * (f - 0.75) / 4;
		for (size_t p = 0; p <= D; p++) {
			double g = (f - 0.75) * (p < D ? (double)phi[p] : 1) + 0.01 * w[p];
			first[p] = 0.9 * first[p] + 0.1 * g;
			second[p] = 0.999 * second[p] + 0.001 * g * g;
			w[p] -= 0.05 * first[p] / (1 - pow(0.9, step)) /
			        (sqrt(second[p] / (1 - pow(0.999, step))) + 1e-12);
		}
	}
	TEST_OK(&t.p, "observe", false, rho_mlp_train(&t.p.inst->ctx, &t.m, &ring, &t.rng, &loss));
	cr_assert_float_eq(loss, sum, 1e-5);
	for (size_t p = 0; p <= D; p++)
		cr_assert_float_eq(t.m.param[p], w[p], 2e-5);
	cr_assert_eq(*t.m.steps, 2);
	t.m.how.steps = 500;
	t.m.how.decay = 0;
	TEST_OK(&t.p, "observe", false, rho_mlp_train(&t.p.inst->ctx, &t.m, &ring, &t.rng, &loss));
	t.m.how.steps = 1;
	TEST_OK(&t.p, "observe", false, rho_mlp_train(&t.p.inst->ctx, &t.m, &ring, &t.rng, &loss));
	cr_assert_lt(loss, 1e-6);
	/* Of three observations a ring of two keeps the later two. */
	rho_ring_push(&ring, phi, 2);
	rho_ring_push(&ring, phi, 3);
	cr_assert(rho_ring_held(&ring) == 2 && ring.reward[0] == 3 && ring.reward[1] == 2);
	t.m.param[0] = 3e38f;
	cr_assert_eq(TEST_CALL(&t.p, "observe", false,
	                       rho_mlp_train(&t.p.inst->ctx, &t.m, &ring, &t.rng, &loss)), RHO_EINVAL);
	HAS(t.p.why.at, "training diverged: the loss is");
	HAS(t.p.why.at, "at step 503");
	test_free(&t.p);
}
