/* linucb_disjoint and linucb_hybrid: the paper's algorithms by elimination, oracles, resuming, limits. */
#include "kit/root.h"
#include "world.h"

enum { MOST = 24 };

/* Gauss-Jordan: b (n, r) becomes A⁻¹b; a (n, n) is spent. Both have rows of MOST. */
static void solve(double a[][MOST], size_t n, double b[][MOST], size_t r)
{
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < n; k++) {
			double f = k == i ? 0 : a[k][i] / a[i][i];
			for (size_t j = i; k != i && j < n; j++)
				a[k][j] -= f * a[i][j];
			for (size_t j = 0; k != i && j < r; j++)
				b[k][j] -= f * b[i][j];
		}
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < r; j++)
			b[i][j] /= a[i][i];
}

/* out (n, r) = A⁻¹b, neither changed. */
static void inverse_times(double a[][MOST], size_t n, double b[][MOST], size_t r, double out[][MOST])
{
	double copy[MOST][MOST];
	memcpy(copy, a, n * sizeof *copy);
	memcpy(out, b, n * sizeof *out);
	solve(copy, n, out, r);
}

Test(disjoint, mean_and_width_of_the_oracle)
{
	static const float rows[] = { 1, 2, 0, 1, 2, 1, 1, 1 }, reward[] = { 1, 0, 0.5f };
	static const double want[] = { 0.4230769231, 0.4230769231 + 0.4385290097,
		                       0.4230769231 + 3 * 0.4385290097 };
	static const char *const toml[] = { "alpha = 0.0", "alpha = 1.0", "alpha = 3.0" };
	const struct rho_mat m = { rows, 4, 2, 2 };
	const uint32_t lane = 0, arm = 1;
	for (int v = 0; v < 3; v++) {
		struct test_agent a;
		struct rho_batch b = { .n = 1, .k = 1, .actions = { .n = 3 }, .lane = &lane };
		float score[3], explore;
		test_agent_open(&a, "linucb_disjoint", toml[v], 1,
		                (struct rho_spec){ .n_actions = 3, .x_dim = 2 });
		for (uint32_t i = 0; i < 4; i++) {
			b.x = (struct rho_rows){ &m, NULL, i, 1 };
			if (i < 3)
				cr_assert_eq(test_observe(&a, &b, &arm, &reward[i]), 0);
		}
		test_rank(&a, &b, score, &explore);
		cr_assert_float_eq(score[1], want[v], 1e-6);
		cr_assert_float_eq(score[0], v == 2 ? 3 * sqrt(2) : v * sqrt(2), 1e-6); /* nothing learned */
		cr_assert_eq(score[0], score[2]);
		test_free(&a.p);
	}
}

/* xᵀA⁻¹x and A⁻¹x of the root after 10,000 updates, by elimination on A. */
Test(root, agrees_with_a_direct_solution)
{
	enum { N = 20, UPDATES = 10000 };
	static double a[MOST][MOST];
	double w[N * (N + 1) / 2], x[N], v[N], g[N], logdet = 0;
	struct rho_rng rng = { { 1, 2, 3, 4 } };
	rho_root_init(w, N, 0.5);
	for (size_t i = 0; i < N; i++)
		a[i][i] = 0.5;
	for (int u = 0; u < UPDATES; u++) {
		for (size_t i = 0; i < N; i++)
			x[i] = i % 3 ? 2 * rho_unif(&rng) - 1 : x[i ? i - 1 : 0] + 1e-2 * rho_unif(&rng);
		logdet += log1p(rho_root_times(w, N, x, v));
		rho_root_add(w, N, v, g);
		for (size_t i = 0; i < N; i++)
			for (size_t j = 0; j < N; j++)
				a[i][j] += x[i] * x[j];
	}
	for (int t = 0; t < 20; t++) {
		double b[MOST][MOST] = { 0 }, out[MOST][MOST], want = 0, got;
		for (size_t i = 0; i < N; i++)
			b[i][0] = x[i] = 2 * rho_unif(&rng) - 1;
		inverse_times(a, N, b, 1, out);
		got = rho_root_times(w, N, x, v);
		cr_assert_eq(got, rho_root_times(w, N, x, NULL));
		rho_root_back(w, N, v, g);
		for (size_t i = 0; i < N; i++) {
			want += x[i] * out[i][0];
			cr_assert_float_eq(g[i], out[i][0], 1e-8 * (1 + fabs(out[i][0])));
		}
		cr_assert_float_eq(got, want, 1e-8 * want);
	}
	double det = 0;
	for (size_t i = 0; i < N; i++) /* ln det A = -2 ln det W */
		det -= 2 * log(w[rho_root_size(i) + i]);
	cr_assert_float_eq(det, logdet + N * log(0.5), 1e-8 * fabs(det));
}

struct paper { /* Algorithm 2 as printed, with λI for I; m 0: Algorithm 1 */
	size_t k, d, m;
	double lambda;
	double a0[MOST][MOST], b0[MOST][MOST];                       /* (m, m), (m, 1) */
	double a[8][MOST][MOST], b[8][MOST][MOST], c[8][MOST][MOST]; /* A_a (d, d), B_a (d, m), b_a (d, 1) */
};

static void paper_init(struct paper *p, size_t k, size_t d, size_t m, double lambda)
{
	memset(p, 0, sizeof *p);
	*p = (struct paper){ .k = k, .d = d, .m = m, .lambda = lambda };
	for (size_t i = 0; i < m; i++)
		p->a0[i][i] = lambda;
	for (size_t a = 0; a < k; a++)
		for (size_t i = 0; i < d; i++)
			p->a[a][i][i] = lambda;
}

/* A_0 += sign B_aᵀA_a⁻¹B_a, b_0 += sign B_aᵀA_a⁻¹b_a. */
static void paper_shared(struct paper *p, size_t a, double sign)
{
	double ab[MOST][MOST], ac[MOST][MOST];
	inverse_times(p->a[a], p->d, p->b[a], p->m, ab);
	inverse_times(p->a[a], p->d, p->c[a], 1, ac);
	for (size_t i = 0; i < p->m; i++)
		for (size_t l = 0; l < p->d; l++) {
			for (size_t j = 0; j < p->m; j++)
				p->a0[i][j] += sign * p->b[a][l][i] * ab[l][j];
			p->b0[i][0] += sign * p->b[a][l][i] * ac[l][0];
		}
}

static void paper_learn(struct paper *p, size_t a, const double *x, const double *z, double r)
{
	paper_shared(p, a, 1);
	for (size_t i = 0; i < p->d; i++) {
		for (size_t j = 0; j < p->d; j++)
			p->a[a][i][j] += x[i] * x[j];
		for (size_t j = 0; j < p->m; j++)
			p->b[a][i][j] += x[i] * z[j];
		p->c[a][i][0] += r * x[i];
	}
	for (size_t i = 0; i < p->m; i++) {
		for (size_t j = 0; j < p->m; j++)
			p->a0[i][j] += z[i] * z[j];
		p->b0[i][0] += r * z[i];
	}
	paper_shared(p, a, -1);
}

static double paper_score(struct paper *p, size_t a, const double *x, const double *z, double alpha)
{
	double beta[MOST][MOST] = { 0 }, theta[MOST][MOST] = { 0 }, rhs[MOST][MOST] = { 0 }, ax[MOST][MOST];
	double u[MOST][MOST] = { 0 }, au[MOST][MOST] = { 0 }, az[MOST][MOST] = { 0 }, zz[MOST][MOST] = { 0 };
	double mean = 0, s = 0;
	inverse_times(p->a0, p->m, p->b0, 1, beta);
	for (size_t i = 0; i < p->d; i++) {
		rhs[i][0] = p->c[a][i][0];
		for (size_t j = 0; j < p->m; j++)
			rhs[i][0] -= p->b[a][i][j] * beta[j][0];
	}
	inverse_times(p->a[a], p->d, rhs, 1, theta);
	for (size_t i = 0; i < p->d; i++)
		rhs[i][0] = x[i];
	inverse_times(p->a[a], p->d, rhs, 1, ax);
	for (size_t j = 0; j < p->m; j++) {
		zz[j][0] = z[j];
		for (size_t i = 0; i < p->d; i++)
			u[j][0] += p->b[a][i][j] * ax[i][0]; /* B_aᵀA_a⁻¹x */
	}
	inverse_times(p->a0, p->m, u, 1, au);
	inverse_times(p->a0, p->m, zz, 1, az);
	for (size_t j = 0; j < p->m; j++) {
		mean += z[j] * beta[j][0];
		s += z[j] * az[j][0] - 2 * z[j] * au[j][0] + u[j][0] * au[j][0];
	}
	for (size_t i = 0; i < p->d; i++) {
		mean += x[i] * theta[i][0];
		s += x[i] * ax[i][0];
	}
	return mean + alpha * sqrt(s);
}

static void features(const char *shared, const struct test_world *w, size_t row, size_t a, double *x,
                     double *z)
{
	size_t d = w->contexts.cols, ad = w->actions.cols, at = 0;
	const float *f = w->actions.at + a * ad;
	for (size_t i = 0; i < d; i++)
		x[i] = (double)w->contexts.at[row * d + i];
	for (size_t i = 0; i < d && !strcmp(shared, "concat"); i++)
		z[at++] = x[i];
	for (size_t i = 0; i < d && !strcmp(shared, "outer"); i++)
		for (size_t j = 0; j < ad; j++)
			z[at++] = x[i] * (double)f[j];
	for (size_t j = 0; j < ad && strcmp(shared, "outer"); j++)
		z[at++] = (double)f[j] * (strcmp(shared, "hadamard") ? 1 : x[j]);
}

/* Scores of all in all contexts against the paper's, after each of some rounds of eight rewards. */
static void as_printed(const char *name, const char *shared, size_t d, size_t ad, size_t m, double lambda)
{
	enum { K = 7 };
	static struct paper p;
	struct test_world w;
	struct test_agent a;
	char toml[100];
	float score[WORLD_LANES * K], explore[WORLD_LANES];
	snprintf(toml, sizeof toml, "alpha = 0.8\nlambda = %.2f\n%s%s%s", lambda, m ? "shared = \"" : "",
	         m ? shared : "", m ? "\"" : "");
	test_world_make(&w, K, ad, d, 7);
	test_agent_open(&a, name, toml, 1, test_world_spec(&w));
	paper_init(&p, K, d, m, lambda);
	for (int t = 0; t < 30; t++) {
		uint32_t action[WORLD_LANES];
		float reward[WORLD_LANES];
		double x[MOST], z[MOST];
		for (size_t i = 0; i < WORLD_LANES; i++)
			action[i] = rho_below(&w.rng, K - 1); /* the last is never tried */
		test_world_rewards(&w, action, reward);
		cr_assert_eq(test_observe(&a, &w.b, action, reward), 0, "%s", a.p.why.at);
		for (size_t i = 0; i < WORLD_LANES; i++) {
			features(shared, &w, i, action[i], x, z);
			paper_learn(&p, action[i], x, z, (double)reward[i]);
		}
		test_rank(&a, &w.b, score, explore);
		for (size_t i = 0; i < WORLD_LANES * K; i++) {
			features(shared, &w, i / K, i % K, x, z);
			double want = paper_score(&p, i % K, x, z, 0.8);
			cr_assert_float_eq(score[i], want, 1e-6 * (1 + fabs(want)), "%s %s: %.9g, not %.9g",
			                   name, shared, (double)score[i], want);
		}
		test_acts_as_ranked(&a, &w.b);
	}
	w.b.flags = RHO_GREEDY;
	test_acts_as_ranked(&a, &w.b);
	test_free(&a.p);
	test_world_free(&w);
}

Test(disjoint, scores_are_the_papers)
{
	as_printed("linucb_disjoint", "", 5, 0, 0, 1);
	as_printed("linucb_disjoint", "", 9, 3, 0, 0.25);
	as_printed("linucb_disjoint", "", 1, 0, 0, 2);
}

Test(hybrid, scores_are_the_papers)
{
	as_printed("linucb_hybrid", "hadamard", 5, 5, 5, 1);
	as_printed("linucb_hybrid", "concat", 4, 6, 10, 0.5);
	as_printed("linucb_hybrid", "action", 3, 9, 9, 2);
	as_printed("linucb_hybrid", "outer", 4, 5, 20, 1);
	as_printed("linucb_hybrid", "hadamard", 1, 1, 1, 1);
}

/* Lists, their order, and how many decisions share a batch change no score; equals go to the first. */
Test(arms, a_score_does_not_depend_on_the_list)
{
	static const uint32_t list[] = { 90, 7, 55, 3, 14, 91 };
	static const size_t off[] = { 0, 6 };
	for (int v = 0; v < 2; v++) {
		struct test_world w;
		struct test_agent a;
		uint32_t action[WORLD_LANES];
		float p[WORLD_LANES], all[WORLD_LANES * 200], some[6], explore[WORLD_LANES];
		test_world_make(&w, 200, 6, 6, 2);
		memcpy((float *)(uintptr_t)w.actions.at + 91 * 6, w.actions.at + 90 * 6, 6 * sizeof(float));
		test_agent_open(&a, v ? "linucb_hybrid" : "linucb_disjoint", "", 1, test_world_spec(&w));
		for (int t = 0; t < 20; t++)
			test_world_turn(&w, &a, action, p);
		test_rank(&a, &w.b, all, explore);
		struct rho_batch b = w.b;
		b.n = b.x.n = 1;
		b.cand = list;
		b.cand_off = off;
		test_rank(&a, &b, some, explore);
		for (size_t j = 0; j < 6; j++)
			cr_assert_eq(some[j], all[list[j]]);
		cr_assert(((uint64_t *)test_kept(&a.p, "pulls"))[90] || some[0] == some[5],
		          "copies of a row");
		test_acts_as_ranked(&a, &b);
		test_frequencies(&a, &b, 10);
		test_free(&a.p);
		test_world_free(&w);
	}
}

Test(arms, resume_and_refuse)
{
	static const char *const how[][2] = { { "linucb_disjoint", "" },
		                              { "linucb_hybrid", "" },
		                              { "linucb_hybrid", "shared = \"outer\"" } };
	struct test_world w;
	test_world_make(&w, 12, 4, 4, 3);
	for (size_t i = 0; i < sizeof how / sizeof *how; i++) {
		test_resumes(how[i][0], how[i][1], &w);
		test_refuses(how[i][0], how[i][1], &w);
		test_single(how[i][0], how[i][1], 4, 4);
	}
	test_world_free(&w);
}

static void refused(const char *name, const char *toml, struct rho_spec spec, const char *figure,
                    const char *what)
{
	struct test_agent a;
	test_agent_make(&a, name, toml, 1, spec);
	cr_assert_eq(TEST_CALL(&a.p, "open", true, a.agent->open(TEST_SELF(&a.p), &a.spec)), RHO_EINVAL);
	HAS(a.p.why.at, figure);
	HAS(a.p.why.at, what);
	test_free(&a.p);
}

Test(arms, refuse_what_does_not_fit)
{
	struct rho_spec wide = { .n_actions = 500000, .x_dim = 384, .action_dim = 384 };
	struct rho_spec odd = { .n_actions = 50, .x_dim = 4, .action_dim = 5 };
	refused("linucb_disjoint", "", wide, "277 GiB", "agent \"linucb\"");
	refused("linucb_disjoint", "memory = 0.001", (struct rho_spec){ .n_actions = 5000, .x_dim = 10 },
	        "0.00246 GiB", "raise `memory`");
	refused("linucb_hybrid", "", wide, "826 GiB", "agent \"linucb\"");
	refused("linucb_hybrid", "shared = \"hadamard\"", odd, "4 and 5", "\"concat\"");
}
