/* Counts and sums by action. Fading is done by letting new rewards weigh more, so that a reward costs O(1):
 * a count is a weight divided by what a reward of now weighs, and when that grows large all are divided by
 * it. */
#include <math.h>

#include "arms.h"

static const double heavy = 1e100;      /* a pace to divide by */
static const double gone = 1e-150;      /* a count that has faded to this is none */

int rho_arms_open(struct rho_ctx *c, struct rho_arms *m, const struct rho_spec *spec, double gamma,
                  int64_t window)
{
	*m = (struct rho_arms){ .n = spec->n_actions, .window = (size_t)window, .gamma = gamma,
	                        .lo = (double)spec->reward_lo, .hi = (double)spec->reward_hi };
	if (gamma != 1 && window)
		return rho_fail(c, RHO_EINVAL, "gamma = %g and window = %lld are two ways to forget; leave"
		                " one of them at its default (gamma = 1.0, window = 0)",
		                gamma, (long long)window);
	m->weight = rho_keep_f64(c, "weight", 1, m->n);
	m->sum = rho_keep_f64(c, "sum", 1, m->n);
	m->pace = rho_keep_f64(c, "pace", 1, 2);
	m->learned = rho_keep_u64(c, "learned", 1, 1);
	if (!m->weight || !m->sum || !m->pace || !m->learned)
		return RHO_ENOMEM;
	m->pace[0] = 1;
	if (!window)
		return 0;
	m->past = rho_keep_u32(c, "past", 1, m->window);
	m->paid = rho_keep_f64(c, "paid", 1, m->window);
	return m->past && m->paid ? 0 : RHO_ENOMEM;
}

int rho_arms_unit(struct rho_ctx *c, const struct rho_arms *m, float reward, uint32_t action, double *unit)
{
	double r = (double)reward, slack = 1e-5 * (m->hi - m->lo);
	size_t at = m->window ? *m->learned % m->window : 0;
	if (m->window && m->past[at] >= m->n)
		return rho_fail(c, RHO_EFORMAT, "the checkpoint's window holds action %u of %zu; delete the"
		                " run's folder and start again", m->past[at], m->n);
	if (!isfinite(r))
		return rho_fail(c, RHO_EINVAL, "a reward of %g (action %u) has no mean", r, action);
	*unit = r;
	if (!(m->hi > m->lo))
		return 0;
	if (r < m->lo - slack || r > m->hi + slack)
		return rho_fail(c, RHO_EINVAL, "a reward of %g (action %u) is outside of %g .. %g, the range"
		                " that the environment declares", r, action, m->lo, m->hi);
	*unit = fmin(fmax((r - m->lo) / (m->hi - m->lo), 0), 1);
	return 0;
}

static void lighten(struct rho_arms *m)
{
	double by = 1 / m->pace[0];
	for (size_t a = 0; a < m->n; a++) {
		bool none = m->weight[a] * by < gone;
		m->weight[a] = none ? 0 : m->weight[a] * by;
		m->sum[a] = none ? 0 : m->sum[a] * by;
	}
	m->pace[1] *= by;
	m->pace[0] = 1;
}

void rho_arms_add(struct rho_arms *m, uint32_t action, double reward)
{
	if (m->window) {
		size_t at = *m->learned % m->window;
		uint32_t old = m->past[at];
		if (*m->learned >= m->window) {
			m->pace[1]--;
			m->sum[old] = --m->weight[old] > 0 ? m->sum[old] - m->paid[at] : 0;
		}
		m->past[at] = action;
		m->paid[at] = reward;
	}
	m->pace[0] /= m->gamma;
	m->weight[action] += m->pace[0];
	m->sum[action] += m->pace[0] * reward;
	m->pace[1] += m->pace[0];
	++*m->learned;
	if (m->pace[0] > heavy)
		lighten(m);
}

int rho_arms_learn(struct rho_ctx *c, struct rho_arms *m, const struct rho_feedback *f)
{
	int error = 0;
	for (size_t i = 0; i < f->posed->n && !error; i++) {
		double reward = 0;
		error = rho_arms_unit(c, m, f->reward[i], f->action[i], &reward);
		if (!error)
			rho_arms_add(m, f->action[i], reward);
	}
	return error;
}

double rho_kl_bernoulli(double p, double q)
{
	double hit = p > 0 ? p * log(p / q) : 0;
	double miss = p < 1 ? (1 - p) * (log1p(-p) - log1p(-q)) : 0;
	return hit + miss;
}

double rho_kl_upper(double p, double level)
{
	/* Pinsker: kl(p, q) >= 2 (q - p)² */
	double lo = p, hi = fmin(1, p + sqrt(level / 2));
	while (hi - lo > 1e-10) {
		double q = lo + (hi - lo) / 2;
		if (rho_kl_bernoulli(p, q) <= level)
			lo = q;
		else
			hi = q;
	}
	return lo;
}
