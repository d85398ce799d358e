/* kit/linear_keep.c, compiled in here to reach each of its kernels: widths of all actions kept up to date
 * against the direct solution, and decisions by them against the formula. */
#include "../plugin.h"
#include "kit/linear_keep.c"

enum { ACTIONS = 201, A_DIM = 10, X_DIM = 7, MOST_DIM = A_DIM + X_DIM };

static struct rho_rng rng = { { 1, 2, 3, 4 } };

/* A model with kept widths, and its A and b summed by the definition. */
struct world {
	struct test_plugin p;
	struct rho_linear m;
	struct rho_mat actions, contexts;
	struct rho_batch b;
	float a[ACTIONS * A_DIM], x[X_DIM];
	double sum[MOST_DIM][MOST_DIM], b_sum[MOST_DIM];
	double *past;           /* (updates, dim + 1): φ and the reward */
};

static void make(struct world *w, int features, int64_t window, size_t updates)
{
	size_t x_dim = features == RHO_FEATURES_CONCAT ? X_DIM : 0;
	struct rho_spec spec = { .n_actions = ACTIONS, .x_dim = x_dim, .action_dim = A_DIM, .lanes = 1,
		                 .slate = 1, .max_cand = ACTIONS };
	struct rho_linear_options o = { features, 0.7, 0, 1, 1, window };
	memset(w, 0, sizeof *w);
	test_make(&w->p, RHO_AGENT, "linucb", "", 1);
	TEST_OK(&w->p, "open", true, rho_linear_open_with(&w->p.inst->ctx, &w->m, &spec, &o));
	TEST_OK(&w->p, "open", true, rho_linear_keep_widths(&w->p.inst->ctx, &w->m, &spec));
	cr_assert_not_null(w->m.kept);
	for (size_t i = 0; i < ACTIONS * A_DIM; i++)
		w->a[i] = (float)(rho_normal(&rng) / (1 + (double)(i % A_DIM)));
	w->actions = (struct rho_mat){ w->a, ACTIONS, A_DIM, A_DIM };
	w->contexts = (struct rho_mat){ w->x, 1, x_dim, x_dim };
	w->b = (struct rho_batch){ .n = 1, .k = 1, .actions = { &w->actions, NULL, 0, ACTIONS } };
	w->b.x = (struct rho_rows){ x_dim ? &w->contexts : NULL, NULL, 0, 1 };
	for (size_t i = 0; i < w->m.dim; i++)
		w->sum[i][i] = 0.7;
	w->past = calloc(updates * (w->m.dim + 1), sizeof *w->past);
}

static void drop(struct world *w)
{
	test_free(&w->p);
	free(w->past);
}

static void add(struct world *w, const double *phi, double sign)
{
	for (size_t i = 0; i < w->m.dim; i++) {
		w->b_sum[i] += sign * phi[w->m.dim] * phi[i];
		for (size_t j = 0; j < w->m.dim; j++)
			w->sum[i][j] += sign * phi[i] * phi[j];
	}
}

static void learn(struct world *w, size_t t, uint32_t action)
{
	float reward = (float)rho_normal(&rng);
	struct rho_feedback f = { .posed = &w->b, .action = &action, .reward = &reward };
	double *phi = w->past + t * (w->m.dim + 1);
	for (size_t j = 0; j < w->m.skip; j++)
		phi[j] = (double)w->x[j];
	for (size_t j = 0; j < A_DIM; j++)
		phi[w->m.skip + j] = (double)w->a[action * A_DIM + j];
	phi[w->m.dim] = (double)reward;
	add(w, phi, 1);
	if (w->m.window && t >= w->m.window)
		add(w, phi - w->m.window * (w->m.dim + 1), -1);
	TEST_OK(&w->p, "observe", false, rho_linear_learn(&w->p.inst->ctx, &w->m, &f));
}

/* out (dim) = A⁻¹ v by elimination. */
static void solve(const struct world *w, const double *v, double *out)
{
	double a[MOST_DIM][MOST_DIM + 1];
	size_t n = w->m.dim;
	for (size_t i = 0; i < n; i++) {
		memcpy(a[i], w->sum[i], n * sizeof *v);
		a[i][n] = v[i];
	}
	for (size_t i = 0; i < n; i++)
		for (size_t r = 0; r < n; r++) {
			double f = r == i ? 0 : a[r][i] / a[i][i];
			for (size_t j = i; r != i && j <= n; j++)
				a[r][j] -= f * a[i][j];
		}
	for (size_t i = 0; i < n; i++)
		out[i] = a[i][n] / a[i][i];
}

/* Kept widths against aᵀRa, and the choice against the formula in float64. */
static void check(struct world *w, double within)
{
	double v[MOST_DIM] = { 0 }, out[MOST_DIM], theta[MOST_DIM], most = -INFINITY, mine = 0;
	uint32_t best;
	rho_call_begin(w->p.inst, "act", 0, false);
	const double *kept = rho_linear_kept(&w->p.inst->ctx, &w->m, &w->b.actions);
	TEST_OK(&w->p, "act", false, rho_linear_best_kept(&w->p.inst->ctx, &w->m, &w->b, 0.8, &best));
	solve(w, w->b_sum, theta);
	for (size_t k = 0; k < ACTIONS; k++) {
		double width = 0, mean = 0;
		for (size_t whole = 0; whole < 2; whole++) {
			for (size_t j = 0; j < w->m.skip; j++)
				v[j] = whole ? (double)w->x[j] : 0;
			for (size_t j = 0; j < A_DIM; j++)
				v[w->m.skip + j] = (double)w->a[k * A_DIM + j];
			solve(w, v, out);
			width = 0;
			for (size_t j = 0; j < w->m.dim; j++)
				width += v[j] * out[j];
			if (!whole)
				cr_assert_float_eq(kept[k], width, within, "%zu: %.12g, not %.12g", k,
				                   kept[k], width);
		}
		for (size_t j = w->m.skip; j < w->m.dim; j++)
			mean += theta[j] * v[j];
		double score = mean + 0.8 * sqrt(width);
		most = fmax(most, score);
		mine = k == best ? score : mine;
	}
	cr_assert_float_eq(mine, most, 1e-9);
}

static void play(int features, int64_t window, size_t updates)
{
	struct world *w = malloc(sizeof *w);
	make(w, features, window, updates);
	for (size_t t = 0; t < updates; t++) {
		for (size_t j = 0; j < X_DIM; j++)
			w->x[j] = (float)rho_normal(&rng);
		/* Decisions now and then, so that sometimes more updates wait than there is room for. */
		if (t % 7 == 0 || t % 100 > 60) {
			uint32_t best;
			TEST_OK(&w->p, "act", false,
			        rho_linear_best_kept(&w->p.inst->ctx, &w->m, &w->b, 0.5, &best));
		}
		learn(w, t, rho_below(&rng, ACTIONS));
		/* Just before and after all widths are computed anew, too. */
		if (t == 3 || t == 90 || t == 1023 || t == 1025 || t + 1 == updates)
			check(w, 1e-8);
	}
	drop(w);
	free(w);
}

Test(keep, widths_are_the_direct_solution_after_ten_thousand_updates)
{
	play(RHO_FEATURES_ACTION, 0, 10000);
	play(RHO_FEATURES_CONCAT, 0, 10000);
}

Test(keep, widths_follow_a_window)
{
	play(RHO_FEATURES_ACTION, 150, 4000);
	play(RHO_FEATURES_CONCAT, 37, 2000);
	play(RHO_FEATURES_ACTION, 3, 300);
}

Test(keep, nothing_is_kept_where_it_cannot_be)
{
	struct rho_spec spec = { .n_actions = 9, .x_dim = 4, .action_dim = 4, .lanes = 1, .max_cand = 9 };
	static const struct { int features; double gamma; size_t max_cand; } odd[] = {
		{ RHO_FEATURES_HADAMARD, 1, 9 }, { RHO_FEATURES_BILINEAR, 1, 9 },
		{ RHO_FEATURES_ACTION, 0.99, 9 }, { RHO_FEATURES_ACTION, 1, 8 },
	};
	for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
		struct test_plugin p;
		struct rho_linear m;
		spec.max_cand = odd[i].max_cand;
		test_make(&p, RHO_AGENT, "linucb", "", 1);
		TEST_OK(&p, "open", true, rho_linear_open(&p.inst->ctx, &m, &spec, odd[i].features, 1, 0,
		                                          odd[i].gamma));
		TEST_OK(&p, "open", true, rho_linear_keep_widths(&p.inst->ctx, &m, &spec));
		cr_assert_null(m.kept);
		test_free(&p);
	}
}

Test(keep, every_kernel_gives_the_same_bits)
{
	enum { N = 131 };
	static double dot[N], mean[N], base[N], other[N], base_score[N], other_score[N];
	for (size_t i = 0; i < N; i++) {
		dot[i] = rho_normal(&rng);
		mean[i] = i == 50 ? NAN : rho_normal(&rng);
		base[i] = other[i] = i % 9 ? rho_unif(&rng) : -1e-9;
	}
#ifdef __x86_64__
	for (size_t n = 1; n <= N; n++)
		for (int wide = 0; wide < 2; wide++) {
			if (!(wide ? __builtin_cpu_supports("avx512f") : __builtin_cpu_supports("avx2")))
				continue;
			follow_base(base, dot, 1e-3, n);
			(wide ? follow_avx512 : follow_avx2)(other, dot, 1e-3, n);
			cr_assert(!memcmp(base, other, sizeof base));
			const double *cross = n % 2 ? dot : NULL;
			double most = weigh_base(mean, cross, base, 0.3, 2, base_score, n);
			double also = (wide ? weigh_avx512 : weigh_avx2)(mean, cross, base, 0.3, 2,
			                                                 other_score, n);
			cr_assert_eq(most, also);
			cr_assert(!memcmp(base_score, other_score, n * sizeof *base_score));
			for (size_t i = 0; i < n; i++)
				cr_assert(!(base_score[i] > most));
		}
#endif
}
