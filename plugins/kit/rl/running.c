/* Running means and variances. */
#include <math.h>
#include <stdio.h>

#include "running.h"

enum { ABREAST = 64 };  /* numbers of a row at a time */

static double *keep(struct rho_ctx *c, const char *name, const char *what, size_t n)
{
	char s[64];
	snprintf(s, sizeof s, "%s_%s", name, what);
	return rho_keep_f64(c, s, 1, n);
}

int rho_running_open(struct rho_ctx *c, struct rho_running *r, const char *name, size_t dim)
{
	r->dim = dim;
	r->count = keep(c, name, "count", 1);
	r->mean = keep(c, name, "mean", dim);
	r->square = keep(c, name, "square", dim);
	return r->count && r->mean && r->square ? 0 : RHO_ENOMEM;
}

int rho_running_loaded(struct rho_ctx *c, const struct rho_running *r)
{
	bool fine = *r->count >= 0 && isfinite(*r->count);
	for (size_t j = 0; j < r->dim; j++)
		fine = fine && isfinite(r->mean[j]) && r->square[j] >= 0 && isfinite(r->square[j]);
	return fine ? 0 : rho_fail(c, RHO_EFORMAT, "the checkpoint's running means and variances are not of numbers");
}

size_t rho_running_add(struct rho_running *r, const float *x, size_t n, size_t stride)
{
	double before = *r->count, all = before + (double)n, share = n ? (double)n / all : 0;
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < r->dim; j++)
			if (!isfinite(x[i * stride + j]))
				return i;
	for (size_t from = 0; n && from < r->dim; from += ABREAST) {
		size_t to = r->dim - from < ABREAST ? r->dim : from + ABREAST;
		double mean[ABREAST] = { 0 }, square[ABREAST] = { 0 };
		for (size_t i = 0; i < n; i++)
			for (size_t j = from; j < to; j++)
				mean[j - from] += (double)x[i * stride + j];
		for (size_t j = from; j < to; j++)
			mean[j - from] /= (double)n;
		for (size_t i = 0; i < n; i++)
			for (size_t j = from; j < to; j++) {
				double d = (double)x[i * stride + j] - mean[j - from];
				square[j - from] += d * d;
			}
		for (size_t j = from; j < to; j++) {
			double apart = mean[j - from] - r->mean[j];
			r->mean[j] += apart * share;
			r->square[j] += square[j - from] + apart * apart * before * share;
		}
	}
	*r->count = all;
	return n;
}

double rho_running_variance(const struct rho_running *r, size_t j)
{
	return *r->count > 1 ? r->square[j] / *r->count : 1;
}

void rho_running_apply(const struct rho_running *r, const float *x, size_t n, size_t stride, double eps, double clip,
                       float *out)
{
	for (size_t from = 0; from < r->dim; from += ABREAST) {
		size_t to = r->dim - from < ABREAST ? r->dim : from + ABREAST;
		double by[ABREAST];
		for (size_t j = from; j < to; j++)
			by[j - from] = 1 / sqrt(rho_running_variance(r, j) + eps);
		for (size_t i = 0; i < n; i++)
			for (size_t j = from; j < to; j++) {
				double v = ((double)x[i * stride + j] - r->mean[j]) * by[j - from];
				v = v > clip ? clip : v;
				out[i * r->dim + j] = (float)(v < -clip ? -clip : v);
			}
	}
}

int rho_reward_scale_open(struct rho_ctx *c, struct rho_reward_scale *s, const char *name, size_t lanes, double gamma)
{
	s->gamma = gamma;
	s->lanes = lanes;
	s->sum = keep(c, name, "sum", lanes);
	return s->sum ? rho_running_open(c, &s->of, name, 1) : RHO_ENOMEM;
}

int rho_reward_scale_loaded(struct rho_ctx *c, const struct rho_reward_scale *s)
{
	for (size_t i = 0; i < s->lanes; i++)
		if (!isfinite(s->sum[i]))
			return rho_fail(c, RHO_EFORMAT, "the checkpoint's sum of rewards of lane %zu is %g", i,
			                s->sum[i]);
	return rho_running_loaded(c, &s->of);
}

int rho_reward_scale_step(struct rho_ctx *c, struct rho_reward_scale *s, const float *reward, const uint8_t *end,
                          double eps, double clip, float *out)
{
	for (size_t i = 0; i < s->lanes; i++)
		if (!isfinite(reward[i]))
			return rho_fail(c, RHO_EINVAL, "the reward %g of lane %zu is not a number to learn from",
			                (double)reward[i], i);
	for (size_t i = 0; i < s->lanes; i++) {
		double apart;
		s->sum[i] = s->gamma * s->sum[i] + (double)reward[i];
		apart = s->sum[i] - *s->of.mean;
		*s->of.count += 1;
		*s->of.mean += apart / *s->of.count;
		*s->of.square += apart * (s->sum[i] - *s->of.mean);
		s->sum[i] = end[i] == RHO_RUNNING ? s->sum[i] : 0;
	}
	double by = 1 / sqrt(rho_running_variance(&s->of, 0) + eps);
	for (size_t i = 0; i < s->lanes; i++)
		out[i] = (float)fmax(-clip, fmin(clip, (double)reward[i] * by));
	return 0;
}
