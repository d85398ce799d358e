/* How a linear model learns: ridge regression kept as the inverse of its Cholesky factor.
 *
 * With A = LLᵀ, W = L⁻¹ gives everything a linear bandit asks for without solving anything: widths ‖Wφ‖,
 * the mean Wᵀ(Wb), draws Wᵀz. A reward updates W in one pass over it (triangle.h), which gives A⁻¹φ too and
 * with it the mean. A itself takes in observations by blocks, and W is computed anew from it every so often
 * (`interval`), so that rounding cannot pile up. With a window the oldest observation is taken out of W
 * the same way, and A is summed anew from those in the window whenever W is computed. */
#include <float.h>
#include <math.h>

#include "linear.h"
#include "linear_impl.h"

/* Rewards are squared in float32 where they are compared. */
static const double MOST_REWARD = 1e15;

/* Taking an observation out can divide what rounding has done to W by this; below it W is computed anew. */
static const double LEAST_LEFT = 1e-4;

/* Updates between two computations of W from A: often enough for rounding, and seldom enough that these cost
 * less than the updates. */
static uint64_t interval(const struct rho_linear *m)
{
	uint64_t n = 4 * (uint64_t)m->dim;
	n = n < 256 ? 256 : n;
	return n < m->window ? m->window : n;
}

/* A and b of the observations in the window. */
static void sum_window(struct rho_linear *m)
{
	size_t pad = rho_tri_pad(m->dim), n = *m->updates < m->window ? (size_t)*m->updates : m->window;
	memset(m->precision, 0, rho_tri_size(m->dim) * sizeof *m->precision);
	for (size_t i = 0; i < m->dim; i++) {
		bool held = m->features != RHO_FEATURES_BILINEAR || i / m->a_rank == i % m->a_rank;
		m->precision[rho_tri_at(i) + i] = m->lambda;
		m->b[i] = held ? m->lambda * m->prior : 0;
	}
	for (size_t t = 0; t < n; t++)
		for (size_t j = 0; j < m->dim; j++)
			m->b[j] += m->recent_reward[t] * m->recent[t * pad + j];
	for (size_t t = 0, some; t < n; t += some) {
		some = n - t < RHO_LINEAR_BLOCK ? n - t : RHO_LINEAR_BLOCK;
		rho_tri_add(m->precision, m->dim, m->recent + t * pad, some);
	}
}

void rho_linear_settle(struct rho_linear *m)
{
	if (m->window) {
		sum_window(m);
		return;
	}
	rho_tri_add(m->precision, m->dim, m->recent, (size_t)*m->waiting);
	*m->waiting = 0;
}

/* A has lost definiteness to rounding: adds to its diagonal the smallest 2^k λ that gives it a Cholesky
 * factor, which root becomes. */
static int repair(struct rho_ctx *c, struct rho_linear *m)
{
	size_t size = rho_tri_size(m->dim);
	double most = 0;
	for (size_t i = 0; i < m->dim; i++)
		most = fmax(most, m->precision[rho_tri_at(i) + i]);
	/* Anything smaller would be lost in rounding. */
	double add = m->lambda;
	while (add < most * DBL_EPSILON)
		add *= 2;
	for (; add <= most; add *= 2) {
		memcpy(m->root, m->precision, size * sizeof *m->root);
		for (size_t i = 0; i < m->dim; i++)
			m->root[rho_tri_at(i) + i] += add;
		if (!rho_tri_factor(m->root, m->dim))
			continue;
		for (size_t i = 0; i < m->dim; i++)
			m->precision[rho_tri_at(i) + i] += add;
		m->trace += add * (double)m->dim;
		if (!(*m->repaired)++)
			rho_log(c, RHO_WARN, "the precision matrix lost definiteness after %llu rewards (its"
			        " largest diagonal entry is %g, lambda %g); %g was added to its"
			        " diagonal. Features of more even length or a larger lambda avoid it; more"
			        " repairs are counted as the metric \"repaired\"",
			        (unsigned long long)*m->updates, most, m->lambda, add);
		rho_metric(c, "repaired", (double)*m->repaired);
		rho_linear_forget_widths(m);
		return 0;
	}
	return rho_fail(c, RHO_EINVAL, "the precision matrix has no finite Cholesky factor after %llu rewards"
	                " (largest diagonal entry %g); features are too long",
	                (unsigned long long)*m->updates, most);
}

/* root and theta from precision and b. */
static int refresh(struct rho_ctx *c, struct rho_linear *m)
{
	rho_linear_settle(m);
	memcpy(m->root, m->precision, rho_tri_size(m->dim) * sizeof *m->root);
	int error = rho_tri_factor(m->root, m->dim) ? 0 : repair(c, m);
	if (error)
		return error;
	rho_tri_invert(m->root, m->dim, m->room);
	rho_linear_solve(m, m->b, m->theta);
	return 0;
}

/* Raises the floor to somewhat below S's smallest eigenvalue: guessed by inverse iteration (the
 * actions' part of A⁻¹ is S⁻¹), proved by the existence of a Cholesky factor of A with the floor taken
 * from the actions' part of its diagonal. v, w (pad) and a (triangle) are workspace; not room's first. */
static void raise_floor(struct rho_linear *m, double *v, double *w, double *a)
{
	enum { ITERATIONS = 16, TRIALS = 2 };
	size_t n = m->dim;
	double guess = 0;
	for (size_t i = 0; i < rho_tri_pad(n); i++)
		v[i] = i < m->skip || i >= n ? 0 : 1 + (double)(i % 7);
	for (int t = 0; t < ITERATIONS; t++) {
		double length2 = rho_kit_dot(v, v, n);
		guess = length2 / rho_linear_solve(m, v, w);
		for (size_t i = m->skip; i < n; i++)
			v[i] = w[i] * guess / sqrt(length2);
	}
	for (int t = 0; t < TRIALS; t++) {
		guess *= 0.8;
		if (!(guess > m->floor))
			return;
		memcpy(a, m->precision, rho_tri_size(n) * sizeof *a);
		for (size_t i = m->skip; i < n; i++)
			a[rho_tri_at(i) + i] -= guess;
		if (rho_tri_factor(a, n)) {
			m->floor = guess;
			return;
		}
	}
}

/* root, theta and b with one observation more (sign 1) or less (-1; false where that is not safe, and
 * nothing is changed). g (pad) is workspace. */
static int learn_one(struct rho_ctx *c, struct rho_linear *m, const struct rho_rows *actions,
                     const double *phi, double reward, double sign, bool *safe, double *g)
{
	if (sign < 0) {
		rho_tri_times(m->root, m->dim, phi, g);
		*safe = 1 - rho_kit_dot(g, g, m->dim) >= LEAST_LEFT;
		if (!*safe)
			return 0;
	}
	double miss = reward - rho_kit_dot(m->theta, phi, m->dim);
	double left = rho_tri_update(m->root, m->dim, phi, sign, g);
	for (size_t j = 0; j < m->dim; j++) {
		m->theta[j] += sign * miss * g[j];
		m->b[j] += sign * reward * phi[j];
	}
	m->trace += sign * rho_kit_dot(phi, phi, m->dim);
	return m->kept ? rho_linear_note(c, m, actions, g, sqrt(left), sign) : 0;
}

/* One more observation, phi (pad), while old ones fade. root and theta are computed at the end. */
static void fade(struct rho_linear *m, const double *phi, double reward)
{
	double fresh = (1 - m->gamma) * m->lambda;
	size_t size = rho_tri_size(m->dim);
	for (size_t i = 0; i < size; i++)
		m->precision[i] *= m->gamma;
	rho_tri_add(m->precision, m->dim, phi, 1);
	for (size_t i = 0; i < m->dim; i++) {
		bool held = m->features != RHO_FEATURES_BILINEAR || i / m->a_rank == i % m->a_rank;
		m->precision[rho_tri_at(i) + i] += fresh;
		m->b[i] = m->gamma * m->b[i] + reward * phi[i] + (held ? fresh * m->prior : 0);
	}
	m->trace = m->gamma * m->trace + rho_kit_dot(phi, phi, m->dim) + fresh * (double)m->dim;
	m->floor = m->gamma * m->floor + fresh; /* S is concave in A */
}

/* One more observation, and with a window perhaps one less. */
static int slide(struct rho_ctx *c, struct rho_linear *m, const struct rho_rows *actions, const double *phi,
                 double reward, double *g)
{
	size_t pad = rho_tri_pad(m->dim);
	bool safe = true;
	int error = learn_one(c, m, actions, phi, reward, 1, NULL, g);
	if (!m->window) {
		memcpy(m->recent + pad * (size_t)(*m->waiting)++, phi, pad * sizeof *phi);
		if (*m->waiting == RHO_LINEAR_BLOCK)
			rho_linear_settle(m);
		++*m->updates;
		return error;
	}
	size_t at = (size_t)(*m->updates % m->window);
	if (!error && *m->updates >= m->window) {
		m->floor = m->lambda;
		error = learn_one(c, m, actions, m->recent + at * pad, m->recent_reward[at], -1, &safe, g);
	}
	memcpy(m->recent + at * pad, phi, pad * sizeof *phi);
	m->recent_reward[at] = reward;
	++*m->updates;
	if (safe || error)
		return error;
	rho_linear_forget_widths(m);
	error = refresh(c, m);
	return error ? error : rho_linear_loaded(c, m);
}

/* The j-th reward of a feedback: that of a decision, or of an item of its slate. */
static double reward_at(const struct rho_feedback *f, size_t j)
{
	return (double)(f->posed->k > 1 && f->item_reward ? f->item_reward[j] : f->reward[j / f->posed->k]);
}

/* Whether all of a feedback can be learned from. phi (pad) is workspace. */
static int check(struct rho_ctx *c, struct rho_linear *m, const struct rho_feedback *f, double *phi)
{
	for (size_t j = 0; j < f->posed->n * f->posed->k; j++) {
		double reward = reward_at(f, j);
		const float *a = rho_row(&f->posed->actions, f->action[j]);
		rho_linear_phi(m, rho_linear_context(f->posed, j / f->posed->k), a, phi);
		double length2 = rho_kit_dot(phi, phi, m->dim);
		if (!(fabs(reward) <= MOST_REWARD) || !isfinite(length2))
			return rho_fail(c, RHO_EINVAL, "reward %g of action %u, features of length %g: both"
			                " must be finite, and the reward no larger than %g", reward,
			                f->action[j], sqrt(length2), MOST_REWARD);
	}
	return 0;
}

int rho_linear_learn(struct rho_ctx *c, struct rho_linear *m, const struct rho_feedback *f)
{
	const struct rho_rows *actions = &f->posed->actions;
	size_t pad = rho_tri_pad(m->dim);
	double *phi = rho_scratch(c, 2 * pad, sizeof *phi), *g = phi + pad;
	uint64_t before = *m->updates;
	int error = phi ? rho_linear_begin(c, m, actions) : RHO_ENOMEM;
	error = error ? error : check(c, m, f, phi);
	for (size_t j = 0; !error && j < f->posed->n * f->posed->k; j++) {
		double reward = reward_at(f, j);
		rho_linear_phi(m, rho_linear_context(f->posed, j / f->posed->k), rho_row(actions, f->action[j]),
		               phi);
		if (m->gamma == 1) {
			error = slide(c, m, actions, phi, reward, g);
		} else {
			fade(m, phi, reward);
			++*m->updates;
		}
	}
	bool due = *m->updates / interval(m) != before / interval(m);
	if (!error && (m->gamma != 1 || due))
		error = refresh(c, m);
	if (error || !due || !m->frame || m->window)
		return error;
	double *a = rho_scratch(c, rho_tri_size(m->dim), sizeof *a);
	if (!a)
		return RHO_ENOMEM;
	raise_floor(m, phi, g, a);
	return 0;
}
