/* Bayesian logistic regression by Laplace's approximation, one observation after another.
 *
 * With prior N(m, H⁻¹) and one observation (φ, y) the mode of the posterior is m + t H⁻¹φ for the one t
 * with t = y − σ(<m, φ> + t s), s = φᵀH⁻¹φ: the stationarity of
 *     ½ (w − m)ᵀ H (w − m) − y ln p − (1 − y) ln(1 − p).
 * So the mode is exact after a search over one number, and H grows by p(1−p)φφᵀ there. With H diagonal this
 * is Chapelle & Li's algorithm 3 with batches of one. */
#include <math.h>

#include "dot.h"
#include "logistic.h"

enum {
	REFRESH = 256,          /* updates between roots computed anew from H */
	STEPS = 200,            /* most steps to one number                   */
	NEWTON = 50,            /* most Newton steps of a fit to the window   */
	BLOCK = 256,            /* actions whose widths are computed together */
};

const char *const rho_logistic_posteriors[] = { "full", "diagonal", NULL };

double rho_sigmoid(double z)
{
	double e = exp(-fabs(z));
	return z >= 0 ? 1 / (1 + e) : e / (1 + e);
}

/* ln(1 + exp(z)). */
static double softplus(double z)
{
	return (z > 0 ? z : 0) + log1p(exp(-fabs(z)));
}

/* −y ln σ(z) − (1−y) ln(1−σ(z)). */
static double loss_of(double z, double y)
{
	return softplus(z) - y * z;
}

static double prior_of(const struct rho_logistic *m, size_t j)
{
	return j >= m->f.skip && j < m->f.skip + m->f.a_dim ? m->how.prior : 0;
}

int rho_logistic_open(struct rho_ctx *c, struct rho_logistic *m, const struct rho_spec *spec,
                      const struct rho_logistic_how *how)
{
	bool full = how->posterior == RHO_LOGISTIC_FULL;
	*m = (struct rho_logistic){ .how = *how };
	int error = rho_features_open(c, &m->f, spec, how->features, true);
	if (error)
		return error;
	if (!(spec->reward_hi > spec->reward_lo))
		return rho_fail(c, RHO_EINVAL, "logistic regression needs rewards of a known range, and the"
		                " environment declares none; use a linear agent (linucb, thompson)");
	if (how->window && !full)
		return rho_fail(c, RHO_EINVAL, "window = %lld fits all weights together, which posterior ="
		                " \"diagonal\" does not keep; use posterior = \"full\", or window = 0",
		                (long long)how->window);
	m->h = rho_precision_of(m->f.dim);
	m->mean = rho_keep_f64(c, "mean", 1, m->h.pad);
	m->updates = rho_keep_u64(c, "updates", 1, 1);
	m->room = rho_alloc(c, 2 * m->h.pad, sizeof *m->room);
	if (full) {
		m->h.a = rho_keep_f64(c, "hessian", 1, m->h.size);
		m->h.w = rho_keep_f64(c, "root", 1, m->h.size);
	} else {
		m->diagonal = rho_keep_f64(c, "hessian", 1, m->h.pad);
	}
	if (!m->mean || !m->updates || !m->room || (full ? !m->h.a || !m->h.w : !m->diagonal))
		return RHO_ENOMEM;
	if (full)
		rho_precision_start(&m->h, how->lambda);
	for (size_t j = 0; j < m->f.dim; j++) {
		m->mean[j] = prior_of(m, j);
		if (!full)
			m->diagonal[j] = how->lambda;
	}
	return how->window ? rho_ring_open(c, &m->ring, (size_t)how->window, m->f.dim) : 0;
}

/* The t with t = y − σ(z + t s): Newton's steps inside a bracket, which is halved where a step would leave
 * it or is not half of the last. */
static double find_step(double z, double s, double y)
{
	double lo = -1, hi = 1, t = 0, last = 2;
	for (int i = 0; i < STEPS; i++) {
		double p = rho_sigmoid(z + t * s), g = t - y + p, step = -g / (1 + s * p * (1 - p));
		if (g > 0)
			hi = t;
		else
			lo = t;
		if (!(t + step > lo && t + step < hi) || fabs(step) > last / 2)
			step = (lo + hi) / 2 - t;
		last = fabs(step);
		t += step;
		if (last <= 1e-16 * fabs(t))
			break;
	}
	return t;
}

/* One observation: phi (pad); work (3 pad). */
static void learn_one(struct rho_logistic *m, const double *phi, double y, double *work)
{
	size_t n = m->f.dim;
	double *u = work, *rest = u + m->h.pad, z = rho_kit_dot(m->mean, phi, n), s = 0;
	if (m->diagonal) {
		for (size_t j = 0; j < n; j++)
			u[j] = phi[j] / m->diagonal[j];
		s = rho_kit_dot(u, phi, n);
	} else {
		s = rho_precision_solve(&m->h, phi, u, rest);
	}
	double t = find_step(z, s, y), p = rho_sigmoid(z + t * s), weight = p * (1 - p);
	for (size_t j = 0; j < n; j++)
		m->mean[j] += t * u[j];
	if (m->diagonal)
		for (size_t j = 0; j < n; j++)
			m->diagonal[j] += weight * phi[j] * phi[j];
	else
		rho_precision_add(&m->h, weight, phi, rest);
}

static int not_definite(struct rho_ctx *c, const struct rho_logistic *m)
{
	return rho_fail(c, RHO_EINVAL, "the posterior's precision is not positive definite after %llu"
	                " updates; raise lambda (now %g)", (unsigned long long)*m->updates, m->how.lambda);
}

/* What the window and the prior say against weights w. */
static double objective(const struct rho_logistic *m, const double *w)
{
	size_t n = m->f.dim;
	double sum = 0;
	for (size_t j = 0; j < n; j++)
		sum += 0.5 * m->how.lambda * (w[j] - prior_of(m, j)) * (w[j] - prior_of(m, j));
	for (size_t i = 0; i < rho_ring_held(&m->ring); i++) {
		double z = 0;
		for (size_t j = 0; j < n; j++)
			z += w[j] * (double)m->ring.phi[i * n + j];
		sum += loss_of(z, m->ring.reward[i]);
	}
	return sum;
}

/* H at mean into h.a and minus the objective's gradient there into g (pad); work (2 pad). */
static void curvature(struct rho_logistic *m, double *g, double *work)
{
	size_t n = m->f.dim;
	double *phi = work;
	memset(phi, 0, m->h.pad * sizeof *phi);
	memset(g, 0, m->h.pad * sizeof *g);
	rho_precision_start(&m->h, m->how.lambda);
	for (size_t j = 0; j < n; j++)
		g[j] = m->how.lambda * (prior_of(m, j) - m->mean[j]);
	for (size_t i = 0; i < rho_ring_held(&m->ring); i++) {
		for (size_t j = 0; j < n; j++)
			phi[j] = (double)m->ring.phi[i * n + j];
		double p = rho_sigmoid(rho_kit_dot(m->mean, phi, n));
		for (size_t j = 0; j < n; j++)
			g[j] += (m->ring.reward[i] - p) * phi[j];
		rho_precision_add_only(&m->h, p * (1 - p), phi, work + m->h.pad);
	}
}

/* Mean and H from all of the window by damped Newton steps from where they are; work (12 pad). */
static int fit_window(struct rho_ctx *c, struct rho_logistic *m, double *work)
{
	size_t n = m->f.dim, pad = m->h.pad;
	double *g = work, *step = g + pad, *w = step + pad, *rest = w + pad;    /* rest (8 pad) */
	double now = objective(m, m->mean);
	for (int i = 0; i < NEWTON; i++) {
		curvature(m, g, rest);
		if (!rho_precision_refresh(&m->h, rest))
			return not_definite(c, m);
		double slope = rho_precision_solve(&m->h, g, step, rest), times = 1, then = now;
		if (slope <= 1e-12)
			break;
		for (int halved = 0; halved < 40; halved++, times /= 2) {
			for (size_t j = 0; j < n; j++)
				w[j] = m->mean[j] + times * step[j];
			then = objective(m, w);
			if (then <= now - 1e-4 * times * slope)
				break;
		}
		if (!(then < now))
			break;
		memcpy(m->mean, w, n * sizeof *w);
		now = then;
		if (rho_stop(c))
			return RHO_ESTOP;
	}
	return 0;
}

int rho_logistic_learn(struct rho_ctx *c, struct rho_logistic *m, const struct rho_feedback *fb)
{
	size_t n = m->f.dim, rewards = fb->posed->n;
	float *row = rho_scratch(c, n, sizeof *row);
	double *phi = rho_scratch(c, 13 * m->h.pad, sizeof *phi), *work = phi + m->h.pad, loss = 0;
	uint64_t before = *m->updates;
	int error = !row || !phi ? RHO_ENOMEM : rho_features_check(c, &m->f, fb, -1e-6, 1 + 1e-6);
	if (error)
		return error;
	memset(phi, 0, m->h.pad * sizeof *phi);
	for (size_t i = 0; i < rewards; i++) {
		const float *x = fb->posed->x.mat ? rho_row(&fb->posed->x, i) : NULL;
		double y = fmin(fmax(rho_features_reward(&m->f, fb->reward[i]), 0), 1);
		rho_features_make(&m->f, x, rho_row(&fb->posed->actions, fb->action[i]), row);
		for (size_t j = 0; j < n; j++)
			phi[j] = (double)row[j];
		loss += loss_of(rho_kit_dot(m->mean, phi, n), y);
		learn_one(m, phi, y, work);
		if (m->how.window)
			rho_ring_push(&m->ring, row, y);
		++*m->updates;
	}
	if (rewards)
		rho_metric(c, "log_loss", loss / (double)rewards);
	uint64_t refit = (uint64_t)m->how.refit;
	if (m->how.window && *m->updates / refit != before / refit)
		return fit_window(c, m, work);
	if (!m->diagonal && *m->updates / REFRESH != before / REFRESH && !rho_precision_refresh(&m->h, work))
		return not_definite(c, m);
	return 0;
}

void rho_logistic_draw(const struct rho_logistic *m, struct rho_rng *rng, double v, double *out)
{
	memcpy(out, m->mean, m->h.pad * sizeof *out);
	if (!m->diagonal) {
		rho_precision_add_draw(&m->h, rng, v, out, m->room);
		return;
	}
	for (size_t j = 0; j < m->f.dim; j++)
		out[j] += v * rho_normal(rng) / sqrt(m->diagonal[j]);
}

double rho_logistic_base(const struct rho_logistic *m, const float *x)
{
	double sum = m->mean[m->f.dim - 1];
	for (size_t j = 0; j < m->f.skip; j++)
		sum += m->mean[j] * (double)x[j];
	return sum;
}

/* What an entry of an action is multiplied by in φ. */
static double times(const struct rho_logistic *m, const float *x, size_t j)
{
	return m->f.map == RHO_FEATURES_HADAMARD ? (double)x[j] : 1;
}

static void diagonal_widths(const struct rho_logistic *m, const float *x, const struct rho_rows *rows,
                            double *by, float *width)
{
	size_t skip = m->f.skip, n = m->f.a_dim;
	double base = 1 / m->diagonal[m->f.dim - 1];
	for (size_t j = 0; j < skip; j++)
		base += (double)x[j] * (double)x[j] / m->diagonal[j];
	for (size_t j = 0; j < n; j++)
		by[j] = times(m, x, j) * times(m, x, j) / m->diagonal[skip + j];
	for (size_t i = 0; i < rows->n; i++) {
		const float *a = rho_row(rows, i);
		double sum[4] = { base };
		size_t j = 0;
		for (; j + 4 <= n; j += 4)
			for (size_t l = 0; l < 4; l++)
				sum[l] += by[j + l] * (double)a[j + l] * (double)a[j + l];
		for (; j < n; j++)
			sum[0] += by[j] * (double)a[j] * (double)a[j];
		width[i] = (float)sqrt((sum[0] + sum[2]) + (sum[1] + sum[3]));
	}
}

int rho_logistic_widths(struct rho_ctx *c, const struct rho_logistic *m, const float *x,
                        const struct rho_rows *rows, float *width)
{
	size_t n = m->f.dim, skip = m->f.skip, a_dim = m->f.a_dim;
	if (m->diagonal) {
		double *by = rho_scratch(c, a_dim, sizeof *by);
		if (by)
			diagonal_widths(m, x, rows, by, width);
		return by ? 0 : RHO_ENOMEM;
	}
	/* ‖Wφ‖: W's part of the action with the context multiplied in is n queries to the actions. */
	float *r = rho_scratch(c, n * a_dim, sizeof *r), *y = rho_scratch(c, n * BLOCK, sizeof *y);
	double *base = rho_scratch(c, n, sizeof *base), square[BLOCK];
	if (!r || !y || !base)
		return RHO_ENOMEM;
	for (size_t i = 0; i < n; i++) {
		const double *w = m->h.w + rho_tri_at(i);
		base[i] = i == n - 1 ? w[i] : 0;
		for (size_t j = 0; j < skip && j <= i; j++)
			base[i] += w[j] * (double)x[j];
		for (size_t j = 0; j < a_dim; j++)
			r[i * a_dim + j] = skip + j <= i ? (float)(w[skip + j] * times(m, x, j)) : 0;
	}
	struct rho_mat mat = { r, n, a_dim, a_dim };
	struct rho_rows queries = { &mat, NULL, 0, n };
	for (size_t at = 0, some; at < rows->n; at += some) {
		some = rows->n - at < BLOCK ? rows->n - at : BLOCK;
		struct rho_rows part = rho_slice(*rows, at, some);
		rho_inner(c, &queries, &part, y, BLOCK);
		memset(square, 0, sizeof square);
		for (size_t i = 0; i < n; i++)
			for (size_t j = 0; j < some; j++) {
				double v = base[i] + (double)y[i * BLOCK + j];
				square[j] += v * v;
			}
		for (size_t j = 0; j < some; j++)
			width[at + j] = (float)sqrt(square[j]);
	}
	return 0;
}
