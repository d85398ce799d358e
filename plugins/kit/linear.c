/* Ridge regression kept as the inverse of its Cholesky factor.
 *
 * With A = LLᵀ, W = L⁻¹ gives everything a linear bandit asks for without solving anything: widths
 * ‖Wφ‖, the mean Wᵀ(Wb), draws Wᵀz. Adding φφᵀ turns L into LC, where C is the Cholesky factor of
 * I + vvᵀ, v = Wφ; C's entries are known in closed form, with t[i] = 1 + v[0]² + … + v[i]²:
 *     C[i][i] = √(t[i] / t[i-1]),   C[i][j] = v[i] v[j] / √(t[j] t[j-1])   for j < i,
 * so W becomes C⁻¹W in one pass over its rows. A itself is kept beside it, and every REFRESH updates
 * W is computed anew from A, so rounding cannot pile up. */
#include <math.h>

#include "linear.h"

#define REFRESH 256

const char *const rho_linear_feature_names[] = { "auto", "hadamard", "action", "concat", NULL };

/* <a, b> in float64: eight sums, so that it can use vectors without changing the order. */
static double dot(const double *a, const double *b, size_t n)
{
	double sum[8] = { 0 };
	size_t i = 0;
	for (; i + 8 <= n; i += 8)
		for (size_t l = 0; l < 8; l++)
			sum[l] += a[i + l] * b[i + l];
	for (size_t l = 0; i < n; i++, l++)
		sum[l] += a[i] * b[i];
	return ((sum[0] + sum[4]) + (sum[2] + sum[6])) + ((sum[1] + sum[5]) + (sum[3] + sum[7]));
}

static int choose_features(struct rho_ctx *c, struct rho_linear *m, int features)
{
	if (!m->a_dim)
		return rho_fail(c, RHO_EINVAL, "a linear model needs features of actions and there are none;"
		                " add an [encoder], or a dataset with a `features` column");
	if (features == RHO_LINEAR_AUTO)
		features = m->x_dim == m->a_dim ? RHO_LINEAR_HADAMARD :
		           m->x_dim ? RHO_LINEAR_CONCAT : RHO_LINEAR_ACTION;
	if (features != RHO_LINEAR_ACTION && !m->x_dim)
		return rho_fail(c, RHO_EINVAL, "features = \"%s\" needs contexts as numbers and there are"
		                " none; use features = \"action\"", rho_linear_feature_names[features]);
	if (features == RHO_LINEAR_HADAMARD && m->x_dim != m->a_dim)
		return rho_fail(c, RHO_EINVAL, "features = \"hadamard\" multiplies a context's numbers with"
		                " an action's, and there are %zu and %zu; use \"concat\" or \"action\"",
		                m->x_dim, m->a_dim);
	m->features = features;
	m->skip = features == RHO_LINEAR_CONCAT ? m->x_dim : 0;
	m->dim = m->skip + m->a_dim;
	return 0;
}

int rho_linear_open(struct rho_ctx *c, struct rho_linear *m, const struct rho_spec *spec, int features,
                    double lambda, double prior, double gamma)
{
	*m = (struct rho_linear){ .x_dim = spec->x_dim, .a_dim = spec->action_dim, .lambda = lambda,
	                          .prior = prior, .gamma = gamma };
	int error = choose_features(c, m, features);
	if (error)
		return error;
	m->precision = rho_keep_f64(c, "precision", m->dim, m->dim);
	m->root = rho_keep_f64(c, "root", m->dim, m->dim);
	m->b = rho_keep_f64(c, "b", 1, m->dim);
	m->updates = rho_keep_u64(c, "updates", 1, 1);
	m->theta = rho_alloc(c, m->dim, sizeof *m->theta);
	if (!m->precision || !m->root || !m->b || !m->updates || !m->theta)
		return RHO_ENOMEM;
	for (size_t i = 0; i < m->dim; i++) {
		m->precision[i * m->dim + i] = lambda;
		m->root[i * m->dim + i] = 1 / sqrt(lambda);
		m->b[i] = lambda * prior;
	}
	rho_linear_loaded(m);
	return 0;
}

/* out = WᵀWv = A⁻¹v, one row of W at a time; gives vᵀA⁻¹v. All (dim). */
static double solve(const struct rho_linear *m, const double *v, double *out)
{
	double square = 0;
	memset(out, 0, m->dim * sizeof *out);
	for (size_t i = 0; i < m->dim; i++) {
		const double *row = m->root + i * m->dim;
		double w = dot(row, v, i + 1);
		square += w * w;
		for (size_t j = 0; j <= i; j++)
			out[j] += w * row[j];
	}
	return square;
}

void rho_linear_loaded(struct rho_linear *m)
{
	m->floor = m->lambda;
	solve(m, m->b, m->theta);
}

/* root = C⁻¹ root for the update by phi; v and g (dim) are workspace. */
static void update_root(struct rho_linear *m, const double *phi, double *v, double *g)
{
	double t = 1;
	for (size_t i = 0; i < m->dim; i++)
		v[i] = dot(m->root + i * m->dim, phi, i + 1);
	memset(g, 0, m->dim * sizeof *g);
	for (size_t i = 0; i < m->dim; i++) {
		double *row = m->root + i * m->dim, before = t;
		t += v[i] * v[i];
		double shrink = sqrt(before / t), pass = v[i] / sqrt(before * t);
		for (size_t j = 0; v[i] != 0 && j <= i; j++) {
			row[j] = (row[j] - v[i] * g[j]) * shrink;
			g[j] += pass * row[j];
		}
	}
}

/* The lower half of a (n, n) becomes its Cholesky factor; column (n) is workspace. False when a is
 * not positive definite. */
static bool factorize(double *a, size_t n, double *column)
{
	for (size_t k = 0; k < n; k++) {
		double pivot = sqrt(a[k * n + k]);
		if (!(pivot > 0 && isfinite(pivot)))
			return false;
		a[k * n + k] = pivot;
		for (size_t i = k + 1; i < n; i++)
			column[i] = a[i * n + k] /= pivot;
		for (size_t i = k + 1; i < n; i++)
			for (size_t j = k + 1; j <= i; j++)
				a[i * n + j] -= column[i] * column[j];
	}
	return true;
}

/* root = the inverse of precision's Cholesky factor; column and row (dim) are workspace. False
 * when precision is not positive definite. */
static bool refresh_root(struct rho_linear *m, double *column, double *row)
{
	size_t n = m->dim;
	memcpy(m->root, m->precision, n * n * sizeof *m->root);
	if (!factorize(m->root, n, column))
		return false;
	for (size_t i = 0; i < n; i++) {
		double *mine = m->root + i * n, pivot = mine[i];
		memset(row, 0, (i + 1) * sizeof *row);
		row[i] = 1;
		for (size_t j = 0; j < i; j++)
			for (size_t l = 0; l <= j; l++)
				row[l] -= mine[j] * m->root[j * n + l];
		for (size_t l = 0; l <= i; l++)
			mine[l] = row[l] / pivot;
	}
	return true;
}

/* Raises the floor to somewhat below S's smallest eigenvalue: guessed by inverse iteration (the
 * actions' part of A⁻¹ is S⁻¹), proved by the existence of a Cholesky factor of A with the floor taken
 * from the actions' part of its diagonal. v, w (dim) and a (dim, dim) are workspace. */
static void raise_floor(struct rho_linear *m, double *v, double *w, double *a)
{
	enum { ITERATIONS = 16, TRIALS = 2 };
	size_t n = m->dim;
	double guess = 0;
	for (size_t i = 0; i < n; i++)
		v[i] = i < m->skip ? 0 : 1 + (double)(i % 7);
	for (int t = 0; t < ITERATIONS; t++) {
		double length2 = dot(v, v, n);
		guess = length2 / solve(m, v, w);
		for (size_t i = m->skip; i < n; i++)
			v[i] = w[i] * guess / sqrt(length2);
	}
	for (int t = 0; t < TRIALS; t++) {
		guess *= 0.8;
		if (!(guess > m->floor))
			return;
		memcpy(a, m->precision, n * n * sizeof *a);
		for (size_t i = m->skip; i < n; i++)
			a[i * n + i] -= guess;
		if (factorize(a, n, v)) {
			m->floor = guess;
			return;
		}
	}
}

static void make_features(const struct rho_linear *m, const float *x, const float *a, double *phi)
{
	for (size_t j = 0; j < m->skip; j++)
		phi[j] = (double)x[j];
	for (size_t j = 0; j < m->a_dim; j++)
		phi[m->skip + j] = m->features == RHO_LINEAR_HADAMARD ? (double)x[j] * (double)a[j]
		                                                      : (double)a[j];
}

/* One more observation in precision and b. */
static void add(struct rho_linear *m, const double *phi, double reward)
{
	double kept = m->gamma, fresh = (1 - kept) * m->lambda;
	for (size_t i = 0; i < m->dim; i++) {
		double *row = m->precision + i * m->dim;
		for (size_t j = 0; kept != 1 && j <= i; j++)
			row[j] *= kept;
		for (size_t j = 0; j <= i; j++)
			row[j] += phi[i] * phi[j];
		row[i] += fresh;
		m->b[i] = kept * m->b[i] + reward * phi[i] + fresh * m->prior;
	}
}

int rho_linear_learn(struct rho_ctx *c, struct rho_linear *m, const struct rho_feedback *f)
{
	double *phi = rho_scratch(c, 3 * m->dim, sizeof *phi), *v = phi + m->dim, *g = v + m->dim;
	uint64_t before = *m->updates;
	if (!phi)
		return RHO_ENOMEM;
	for (size_t i = 0; i < f->posed->n; i++) {
		const float *a = rho_row(&f->posed->actions, f->action[i]);
		make_features(m, rho_linear_context(f->posed, i), a, phi);
		double length2 = dot(phi, phi, m->dim), reward = (double)f->reward[i];
		if (!isfinite(reward) || !isfinite(length2))
			return rho_fail(c, RHO_EINVAL, "reward %g of action %u, features of length %g: both"
			                " must be finite",
			                reward, f->action[i], sqrt(length2));
		add(m, phi, reward);
		m->floor = m->gamma * m->floor + (1 - m->gamma) * m->lambda; /* S is concave in A */
		if (m->gamma == 1)
			update_root(m, phi, v, g);
		++*m->updates;
	}
	bool due = *m->updates / REFRESH != before / REFRESH;
	if ((m->gamma != 1 || due) && !refresh_root(m, v, g))
		return rho_fail(c, RHO_EINVAL, "the precision matrix is not positive definite after %llu"
		                " updates; raise lambda (now %g)",
		                (unsigned long long)*m->updates, m->lambda);
	if (due && m->frame) {
		double *a = rho_scratch(c, m->dim, m->dim * sizeof *a);
		if (!a)
			return RHO_ENOMEM;
		raise_floor(m, v, g, a);
	}
	solve(m, m->b, m->theta);
	return 0;
}

void rho_linear_query(const struct rho_linear *m, const double *theta, const float *x, float *q)
{
	for (size_t j = 0; j < m->a_dim; j++)
		q[j] = (float)(m->features == RHO_LINEAR_HADAMARD ? theta[j] * (double)x[j]
		                                                  : theta[m->skip + j]);
}

void rho_linear_draw(const struct rho_linear *m, struct rho_rng *rng, double v, double *out)
{
	memset(out, 0, m->dim * sizeof *out);
	for (size_t i = 0; i < m->dim; i++) {
		const double *row = m->root + i * m->dim, z = v * rho_normal(rng);
		for (size_t j = 0; j <= i; j++)
			out[j] += z * row[j];
	}
	for (size_t j = 0; j < m->dim; j++)
		out[j] += m->theta[j];
}

size_t rho_linear_best(const float *score, size_t n)
{
	size_t best = 0;
	for (size_t j = 1; j < n; j++)
		if (score[j] > score[best])
			best = j;
	return best;
}

float *rho_linear_room(struct rho_ctx *c, const struct rho_batch *b, size_t times)
{
	size_t most = 0;
	for (size_t i = 0; i < b->n; i++)
		most = rho_n_cand(b, i) > most ? rho_n_cand(b, i) : most;
	return rho_scratch(c, most, times * sizeof(float));
}
