/* train.c: rules that change parameters along a gradient, its norm, and learning rates. */
#include <stdio.h>

#include "nn_impl.h"

struct rho_nn_how rho_nn_usual(int rule)
{
	struct rho_nn_how how = { .rule = rule, .beta1 = 0.9, .beta2 = 0.999, .eps = 1e-8 };
	if (rule == RHO_NN_RMSPROP)
		how.beta2 = 0.99;
	return how;
}

int rho_nn_train(struct rho_ctx *c, struct rho_nn *nn, struct rho_nn_rule_state *s,
                 const struct rho_nn_how *how)
{
	char name[RHO_NN_NAME + 8];
	*s = (struct rho_nn_rule_state){ .how = *how, .nn = nn };
	if (how->rule < RHO_NN_ADAM || how->rule > RHO_NN_RMSPROP)
		return rho_fail(c, RHO_EINVAL, "network %s: there is no rule %d of training", nn->name,
		                how->rule);
	snprintf(name, sizeof name, "%s_steps", nn->name);
	if (!(s->steps = rho_keep_u64(c, name, 1, 1)))
		return RHO_ENOMEM;
	snprintf(name, sizeof name, "%s_first", nn->name);
	if (how->rule != RHO_NN_RMSPROP && !(s->first = rho_keep_real(c, name, 1, nn->params)))
		return RHO_ENOMEM;
	snprintf(name, sizeof name, "%s_second", nn->name);
	if (how->rule != RHO_NN_SGD && !(s->second = rho_keep_real(c, name, 1, nn->params)))
		return RHO_ENOMEM;
	for (size_t i = 0; how->rule == RHO_NN_RMSPROP && how->eps_inside && i < nn->params; i++)
		s->second[i] = 1;
	return 0;
}

double rho_nn_norm_of(const struct rho_nn_pass *const *passes, size_t n)
{
	double sum = 0;
	for (size_t i = 0; i < n; i++)
		sum += rho_nn_kernels_at(0)->dot(passes[i]->nn->params, passes[i]->gradient,
		                                 passes[i]->gradient);
	return sqrt(sum);
}

double rho_nn_clip(double norm, double most)
{
	double times = most / (norm + 1e-6);
	return most > 0 && times < 1 ? times : 1;
}

static struct rho_nn_step step_for(const struct rho_nn_how *how, uint64_t steps, double rate, double times)
{
	double t = (double)steps, left = 1 - pow(how->beta2, t);
	struct rho_nn_step s = {
		.times = (rho_real)times,
		.rate = (rho_real)rate,
		.beta1 = (rho_real)how->beta1,
		.rest1 = (rho_real)(1 - how->beta1),
		.beta2 = (rho_real)how->beta2,
		.rest2 = (rho_real)(1 - how->beta2),
		.eps = (rho_real)(how->eps_inside ? 0 : how->eps),
		.inside = (rho_real)(how->eps_inside ? how->eps : 0),
		.decay = (rho_real)how->decay,
		.momentum = (rho_real)how->momentum,
	};
	if (how->rule == RHO_NN_ADAM) {
		s.rate = (rho_real)(rate / (1 - pow(how->beta1, t)));
		s.root = (rho_real)(1 / sqrt(left));
		s.eps = (rho_real)how->eps;
		s.shrink = (rho_real)(rate * how->decay);
	}
	return s;
}

int rho_nn_step(struct rho_ctx *c, struct rho_nn_rule_state *s, const struct rho_nn_pass *p, double rate,
                double times)
{
	const struct rho_nn_kernels *k = rho_nn_kernels_at(0);
	size_t n = s->nn->params;
	double square = k->dot(n, p->gradient, p->gradient);
	struct rho_nn_step how;
	if (!isfinite(square) || !isfinite(times) || !isfinite(rate))
		return rho_fail(c, RHO_EINVAL,
		                "training of network %s diverged: after %llu updates the gradient's norm is %g,"
		                " to be taken %g times at the rate %g; lower the rate, clip the gradient, or"
		                " look for a reward that is huge or not a number",
		                s->nn->name, (unsigned long long)*s->steps, sqrt(square), times, rate);
	how = step_for(&s->how, ++*s->steps, rate, times);
	switch (s->how.rule) {
	case RHO_NN_ADAM: k->adam(n, &how, p->gradient, s->first, s->second, s->nn->param); break;
	case RHO_NN_SGD: k->sgd(n, &how, p->gradient, s->first, s->nn->param); break;
	default: k->rmsprop(n, &how, p->gradient, s->second, s->nn->param);
	}
	return 0;
}

double rho_nn_rate(const struct rho_nn_schedule *s, uint64_t step)
{
	double part, left;
	if (step < s->warm)
		return s->first * (double)step / (double)s->warm;
	part = s->total > s->warm ? (double)(step - s->warm) / (double)(s->total - s->warm) : 1;
	part = part > 1 ? 1 : part;
	if (s->shape == RHO_NN_CONSTANT)
		return s->first;
	left = s->shape == RHO_NN_LINE ? 1 - part : (1 + cos(3.14159265358979323846 * part)) / 2;
	return s->last + left * (s->first - s->last);
}
