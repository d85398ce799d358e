/* Figures about learning, and when to stop it. */
#include <math.h>

#include "watch.h"

void rho_watch_add(struct rho_watch *w, double log_ratio, bool clipped, double entropy, double policy_loss,
                   double value_loss)
{
	w->n += 1;
	w->k1 -= log_ratio;
	w->k3 += expm1(log_ratio) - log_ratio;
	w->clipped += clipped;
	w->entropy += entropy;
	w->policy_loss += policy_loss;
	w->value_loss += value_loss;
}

void rho_watch_report(struct rho_ctx *c, const struct rho_watch *w)
{
	if (!(w->n > 0))
		return;
	rho_metric(c, "policy_loss", w->policy_loss / w->n);
	rho_metric(c, "value_loss", w->value_loss / w->n);
	rho_metric(c, "entropy", w->entropy / w->n);
	rho_metric(c, "approx_kl", w->k3 / w->n);
	rho_metric(c, "approx_kl_k1", w->k1 / w->n);
	rho_metric(c, "clip_fraction", w->clipped / w->n);
}

double rho_explained_variance(const float *value, const float *back, size_t n)
{
	double mean = 0, mean_left = 0, square = 0, square_left = 0;
	bool constant = true;
	for (size_t i = 0; i < n; i++) {
		mean += (double)back[i];
		mean_left += (double)back[i] - (double)value[i];
		constant = constant && back[i] == back[0];
	}
	if (constant)
		return NAN;
	mean /= (double)n;
	mean_left /= (double)n;
	for (size_t i = 0; i < n; i++) {
		double d = (double)back[i] - mean, left = (double)back[i] - (double)value[i] - mean_left;
		square += d * d;
		square_left += left * left;
	}
	return 1 - square_left / square;
}

double rho_square_sum(const float *x, size_t n)
{
	double sum[16] = { 0 }, all = 0;
	size_t j = 0;
	for (; j + 16 <= n; j += 16)
		for (size_t l = 0; l < 16; l++)
			sum[l] += (double)x[j + l] * (double)x[j + l];
	for (size_t l = 0; j < n; j++, l++)
		sum[l] += (double)x[j] * (double)x[j];
	for (size_t l = 0; l < 16; l++)
		all += sum[l];
	return all;
}

int rho_guard_open(struct rho_ctx *c, struct rho_guard *g, const char *name)
{
	g->state = rho_keep_f64(c, name, 1, 3);
	return g->state ? 0 : RHO_ENOMEM;
}

int rho_guard_check(struct rho_ctx *c, struct rho_guard *g, const char *what, double value, double most)
{
	g->state[0] += 1;
	if (isfinite(value) && fabs(value) <= most) {
		g->state[1] = value;
		g->state[2] = fmax(g->state[2], fabs(value));
		return 0;
	}
	if (g->state[0] <= 1)
		return rho_fail(c, RHO_EINVAL, "learning has diverged: %s is %g at the first update; are observations"
		                " and rewards of a size that a network can take (about 1)?", what, value);
	return rho_fail(c, RHO_EINVAL, "learning has diverged: %s is %g at update %.0f, and was %g before (at most %g"
	                " in size so far); a lower learning rate, a smaller gradient norm or scaled rewards usually"
	                " help", what, value, g->state[0], g->state[1], g->state[2]);
}
