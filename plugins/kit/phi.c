/* Features of (context, action), and the ring of the last observations. */
#include <math.h>

#include "phi.h"

const char *const rho_features_names[] = { "auto", "hadamard", "action", "concat", NULL };

int rho_features_settle(struct rho_ctx *c, size_t x_dim, size_t a_dim, bool bilinear, int *map)
{
	if (!a_dim)
		return rho_fail(c, RHO_EINVAL, "this agent needs features of actions and there are none;"
		                " add an [encoder], or a dataset with a `features` column");
	if (*map == RHO_FEATURES_AUTO)
		*map = x_dim == a_dim ? RHO_FEATURES_HADAMARD : x_dim ? RHO_FEATURES_CONCAT : RHO_FEATURES_ACTION;
	if (*map != RHO_FEATURES_ACTION && !x_dim)
		return rho_fail(c, RHO_EINVAL, "features = \"%s\" needs contexts as numbers and there are"
		                " none; use features = \"action\"",
		                *map == RHO_FEATURES_BILINEAR ? "bilinear" : rho_features_names[*map]);
	if (*map == RHO_FEATURES_HADAMARD && x_dim != a_dim)
		return rho_fail(c, RHO_EINVAL, "features = \"hadamard\" multiplies a context's numbers with"
		                " an action's, and there are %zu and %zu; use \"concat\"%s or \"action\"",
		                x_dim, a_dim, bilinear ? ", \"bilinear\"" : "");
	return 0;
}

int rho_features_open(struct rho_ctx *c, struct rho_features *f, const struct rho_spec *spec, int map,
                      bool bias)
{
	double lo = (double)spec->reward_lo, hi = (double)spec->reward_hi;
	*f = (struct rho_features){ .x_dim = spec->x_dim, .a_dim = spec->action_dim, .bias = bias };
	int error = rho_features_settle(c, f->x_dim, f->a_dim, false, &map);
	if (error)
		return error;
	f->map = map;
	f->skip = map == RHO_FEATURES_CONCAT ? f->x_dim : 0;
	f->dim = f->skip + f->a_dim + bias;
	f->lo = hi > lo ? lo : 0;
	f->span = hi > lo ? hi - lo : 1;
	return 0;
}

void rho_features_make(const struct rho_features *f, const float *x, const float *a, float *phi)
{
	float *mine = phi + f->skip;
	if (f->skip)
		memcpy(phi, x, f->skip * sizeof *phi);
	for (size_t j = 0; j < f->a_dim; j++)
		mine[j] = f->map == RHO_FEATURES_HADAMARD ? x[j] * a[j] : a[j];
	if (f->bias)
		mine[f->a_dim] = 1;
}

void rho_features_query(const struct rho_features *f, const double *w, const float *x, float *q)
{
	for (size_t j = 0; j < f->a_dim; j++)
		q[j] = (float)(f->map == RHO_FEATURES_HADAMARD ? w[j] * (double)x[j] : w[f->skip + j]);
}

int rho_features_check(struct rho_ctx *c, const struct rho_features *f, const struct rho_feedback *fb,
                       double lo, double hi)
{
	float *phi = rho_scratch(c, f->dim, sizeof *phi);
	if (!phi)
		return RHO_ENOMEM;
	for (size_t i = 0; i < fb->posed->n; i++) {
		const float *x = fb->posed->x.mat ? rho_row(&fb->posed->x, i) : NULL;
		double reward = rho_features_reward(f, fb->reward[i]), length2 = 0;
		if (!(reward >= lo && reward <= hi))
			return rho_fail(c, RHO_EINVAL, "reward %g of action %u cannot be learned from: it is"
			                " not within %g .. %g", (double)fb->reward[i], fb->action[i],
			                f->lo + lo * f->span, f->lo + hi * f->span);
		rho_features_make(f, x, rho_row(&fb->posed->actions, fb->action[i]), phi);
		for (size_t j = 0; j < f->dim; j++)
			length2 += (double)phi[j] * (double)phi[j];
		if (!(length2 <= 1e30))
			return rho_fail(c, RHO_EINVAL, "action %u has features of length %g in this context"
			                " (reward %g): it must be finite and below 1e15", fb->action[i],
			                sqrt(length2), (double)fb->reward[i]);
	}
	return 0;
}

int rho_ring_open(struct rho_ctx *c, struct rho_ring *r, size_t most, size_t dim)
{
	r->most = most;
	r->dim = dim;
	r->phi = rho_keep_f32(c, "ring", most, dim);
	r->reward = rho_keep_f64(c, "ring_reward", 1, most);
	r->seen = rho_keep_u64(c, "seen", 1, 1);
	return r->phi && r->reward && r->seen ? 0 : RHO_ENOMEM;
}

void rho_ring_push(struct rho_ring *r, const float *phi, double reward)
{
	size_t at = (size_t)(*r->seen % r->most);
	memcpy(r->phi + at * r->dim, phi, r->dim * sizeof *phi);
	r->reward[at] = reward;
	++*r->seen;
}

size_t rho_ring_held(const struct rho_ring *r)
{
	return *r->seen < r->most ? (size_t)*r->seen : r->most;
}
