/* A linear model: what it is learned on, its memory, and what is asked of it. */
#include "linear.h"

#include <math.h>

#include "linear_impl.h"

const char *const rho_linear_feature_names[] = { "auto", "hadamard", "action", "concat", "bilinear", NULL };

static int choose_features(struct rho_ctx *c, struct rho_linear *m, int features, size_t rank)
{
	int error = rho_features_settle(c, m->x_dim, m->a_dim, true, &features);
	if (error)
		return error;
	m->features = features;
	m->skip = features == RHO_FEATURES_CONCAT ? m->x_dim : 0;
	m->dim = m->skip + m->a_dim;
	if (features == RHO_FEATURES_BILINEAR) {
		m->x_rank = m->x_dim < rank ? m->x_dim : rank;
		m->a_rank = m->a_dim < rank ? m->a_dim : rank;
		m->dim = m->x_rank * m->a_rank;
	}
	return 0;
}

static int declare(struct rho_ctx *c, struct rho_linear *m)
{
	size_t pad = rho_tri_pad(m->dim), size = rho_tri_size(m->dim);
	m->precision = rho_keep_f64(c, "precision", 1, size);
	m->root = rho_keep_f64(c, "root", 1, size);
	m->b = rho_keep_f64(c, "b", 1, pad);
	m->theta = rho_keep_f64(c, "theta", 1, pad);
	m->updates = rho_keep_u64(c, "updates", 1, 1);
	m->repaired = rho_keep_u64(c, "repaired", 1, 1);
	m->waiting = rho_keep_u64(c, "waiting", 1, 1);
	m->recent = rho_keep_f64(c, "recent", m->window ? m->window : RHO_LINEAR_BLOCK, pad);
	m->room = rho_alloc(c, RHO_TRI, pad * sizeof *m->room);
	if (!m->precision || !m->root || !m->b || !m->theta || !m->updates || !m->repaired || !m->waiting ||
	    !m->recent || !m->room)
		return RHO_ENOMEM;
	if (m->window && !(m->recent_reward = rho_keep_f64(c, "recent_reward", 1, m->window)))
		return RHO_ENOMEM;
	if (m->features == RHO_FEATURES_BILINEAR) {
		size_t numbers = m->x_rank * m->x_dim + m->a_rank * m->a_dim;
		m->axes = rho_keep_f64(c, "axes", 1, numbers);
		m->axes_made = rho_keep_u64(c, "axes_made", 1, 1);
		m->axes_key = rho_stream(c, "axes");
		if (!m->axes || !m->axes_made)
			return RHO_ENOMEM;
	}
	return 0;
}

int rho_linear_open_with(struct rho_ctx *c, struct rho_linear *m, const struct rho_spec *spec,
                         const struct rho_linear_options *o)
{
	*m = (struct rho_linear){ .x_dim = spec->x_dim, .a_dim = spec->action_dim, .lambda = o->lambda,
	                          .prior = o->prior, .gamma = o->gamma, .window = (size_t)o->window };
	int error = choose_features(c, m, o->features, (size_t)o->rank);
	if (!error && m->window && m->gamma != 1)
		error = rho_fail(c, RHO_EINVAL, "window = %zu and gamma = %g are two ways to forget; use one"
		                 " of them", m->window, m->gamma);
	if (!error)
		error = declare(c, m);
	if (error)
		return error;
	for (size_t i = 0; i < m->dim; i++) {
		/* Bilinear weights are a matrix; a multiple of the identity is an inner product. */
		bool held = m->features != RHO_FEATURES_BILINEAR || i / m->a_rank == i % m->a_rank;
		m->precision[rho_tri_at(i) + i] = m->lambda;
		m->root[rho_tri_at(i) + i] = 1 / sqrt(m->lambda);
		m->theta[i] = held ? m->prior : 0;
		m->b[i] = m->lambda * m->theta[i];
	}
	return rho_linear_loaded(c, m);
}

int rho_linear_open(struct rho_ctx *c, struct rho_linear *m, const struct rho_spec *spec, int features,
                    double lambda, double prior, double gamma)
{
	return rho_linear_open_with(c, m, spec, &(struct rho_linear_options){
		.features = features, .lambda = lambda, .prior = prior, .gamma = gamma, .rank = 16 });
}

int rho_linear_loaded(struct rho_ctx *c, struct rho_linear *m)
{
	size_t pad = rho_tri_pad(m->dim);
	if (*m->waiting >= RHO_LINEAR_BLOCK || !rho_linear_widths_fit(m))
		return rho_fail(c, RHO_EFORMAT, "the checkpoint's model has more rewards in hand than it can;"
		                " delete the run's folder and start again");
	m->floor = m->lambda;
	m->trace = 0;
	for (size_t i = 0; i < m->dim; i++)
		m->trace += m->window ? m->lambda : m->precision[rho_tri_at(i) + i];
	for (size_t i = 0; i < (m->window ? m->window : *m->waiting); i++)
		m->trace += rho_kit_dot(m->recent + i * pad, m->recent + i * pad, pad);
	return 0;
}

double rho_linear_solve(const struct rho_linear *m, const double *v, double *out)
{
	rho_tri_times(m->root, m->dim, v, m->room);
	rho_tri_transposed(m->root, m->dim, m->room, out);
	return rho_kit_dot(m->room, m->room, m->dim);
}

void rho_linear_phi(const struct rho_linear *m, const float *x, const float *a, double *phi)
{
	for (size_t j = m->dim; j < rho_tri_pad(m->dim); j++)
		phi[j] = 0;
	if (m->features == RHO_FEATURES_BILINEAR) {
		double px[RHO_LINEAR_RANK], qa[RHO_LINEAR_RANK];
		rho_linear_project(rho_linear_x_axes(m), m->x_rank, x, m->x_dim, px);
		rho_linear_project(rho_linear_a_axes(m), m->a_rank, a, m->a_dim, qa);
		for (size_t i = 0; i < m->x_rank; i++)
			for (size_t j = 0; j < m->a_rank; j++)
				phi[i * m->a_rank + j] = px[i] * qa[j];
		return;
	}
	for (size_t j = 0; j < m->skip; j++)
		phi[j] = (double)x[j];
	for (size_t j = 0; j < m->a_dim; j++)
		phi[m->skip + j] = m->features == RHO_FEATURES_HADAMARD ? (double)x[j] * (double)a[j]
		                                                        : (double)a[j];
}

/* Weights of Qa in context x are Σᵢ (Px)[i] θ[i]; those of a are Qᵀ times them. */
static void bilinear_query(const struct rho_linear *m, const double *theta, const float *x, float *q)
{
	double px[RHO_LINEAR_RANK], w[RHO_LINEAR_RANK] = { 0 };
	const double *axes = rho_linear_a_axes(m);
	rho_linear_project(rho_linear_x_axes(m), m->x_rank, x, m->x_dim, px);
	for (size_t i = 0; i < m->x_rank; i++)
		for (size_t j = 0; j < m->a_rank; j++)
			w[j] += px[i] * theta[i * m->a_rank + j];
	for (size_t l = 0; l < m->a_dim; l++) {
		double sum = 0;
		for (size_t j = 0; j < m->a_rank; j++)
			sum += w[j] * axes[j * m->a_dim + l];
		q[l] = (float)sum;
	}
}

void rho_linear_query(const struct rho_linear *m, const double *theta, const float *x, float *q)
{
	if (m->features == RHO_FEATURES_BILINEAR) {
		bilinear_query(m, theta, x, q);
		return;
	}
	for (size_t j = 0; j < m->a_dim; j++)
		q[j] = (float)(m->features == RHO_FEATURES_HADAMARD ? theta[j] * (double)x[j]
		                                                    : theta[m->skip + j]);
}

int rho_linear_queries(struct rho_ctx *c, struct rho_linear *m, const struct rho_batch *b, float *q)
{
	int error = rho_linear_begin(c, m, &b->actions);
	for (size_t i = 0; !error && i < b->n; i++)
		rho_linear_query(m, m->theta, rho_linear_context(b, i), q + i * m->a_dim);
	return error;
}

/* z[0], z[1]: standard normal numbers (Marsaglia's polar method). */
static void two_normals(struct rho_rng *rng, double *z)
{
	double u, v, s;
	do {
		u = 2 * rho_unif(rng) - 1;
		v = 2 * rho_unif(rng) - 1;
		s = u * u + v * v;
	} while (s >= 1 || s == 0);
	s = sqrt(-2 * log(s) / s);
	z[0] = u * s;
	z[1] = v * s;
}

void rho_linear_draw(const struct rho_linear *m, struct rho_rng *rng, double v, double *out)
{
	size_t pad = rho_tri_pad(m->dim);
	double *z = m->room;
	for (size_t i = 0; i < pad; i += 2)
		two_normals(rng, z + i);
	for (size_t i = 0; i < pad; i++)
		z[i] = i < m->dim ? v * z[i] : 0;
	rho_tri_transposed(m->root, m->dim, z, out);
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

int rho_linear_best_mean(struct rho_ctx *c, const struct rho_linear *m, const struct rho_batch *b,
                         uint32_t *best)
{
	size_t together = b->cand_off ? 1 : b->n;
	float *query = rho_scratch(c, b->n * m->a_dim, sizeof *query);
	float *score = rho_scratch(c, b->n, sizeof *score);
	int error = query && score ? 0 : RHO_ENOMEM;
	for (size_t i = 0; !error && i < b->n; i++)
		rho_linear_query(m, m->theta, rho_linear_context(b, i), query + i * m->a_dim);
	for (size_t i = 0; !error && i < b->n; i += together) {
		struct rho_mat mat = { query, b->n, m->a_dim, m->a_dim };
		struct rho_rows rows = { &mat, NULL, i, together }, cand = rho_cand_rows(b, i);
		error = rho_top(c, &rows, &cand, NULL, 1, best + i, score);
	}
	for (size_t i = 0; !error && i < b->n; i++)
		best[i] = best[i] == UINT32_MAX ? 0 : best[i];
	return error;
}

float *rho_linear_room(struct rho_ctx *c, const struct rho_batch *b, size_t times)
{
	size_t most = 0;
	for (size_t i = 0; i < b->n; i++)
		most = rho_n_cand(b, i) > most ? rho_n_cand(b, i) : most;
	return rho_scratch(c, most, times * sizeof(float));
}
