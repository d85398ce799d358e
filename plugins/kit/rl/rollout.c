/* Steps of all lanes, remembered until there are enough to learn from. */
#include <float.h>
#include <math.h>

#include "rollout.h"

int rho_rollout_open(struct rho_ctx *c, struct rho_rollout *r, const struct rho_spec *spec,
                     const struct rho_rollout_how *how)
{
	*r = (struct rho_rollout){ .how = *how, .lanes = spec->lanes, .x_dim = spec->x_dim, .slate = spec->slate };
	if (!how->steps || __builtin_mul_overflow(how->steps, r->lanes, &r->places) || r->places > UINT32_MAX)
		return rho_fail(c, RHO_EINVAL, "a rollout of %zu steps of %zu lanes is not possible: it holds 1 .. %u"
		                " steps in all", how->steps, r->lanes, UINT32_MAX);
	struct rho_idlists_how cand = { r->places, spec->max_cand, spec->n_actions, true, how->incl,
		                        spec->moving ? spec->action_dim : 0 };
	struct rho_idlists_how past = { r->places, spec->history, spec->n_actions, false, false, 0 };
	int error = 0;
	r->filled = rho_keep_u64(c, "rollout_filled", 1, 1);
	r->x = r->x_dim ? rho_keep_f32(c, "rollout_x", r->places, r->x_dim) : NULL;
	r->action = rho_keep_u32(c, "rollout_action", r->places, r->slate);
	r->logp = rho_keep_f32(c, "rollout_logp", how->steps, r->lanes);
	r->reward = rho_keep_f32(c, "rollout_reward", how->steps, r->lanes);
	r->end = rho_keep_u32(c, "rollout_end", how->steps, r->lanes);
	r->value = rho_keep_f32(c, "rollout_value", how->steps, r->lanes);
	r->boot = rho_keep_f32(c, "rollout_boot", how->steps, r->lanes);
	if (!r->filled || (r->x_dim && !r->x) || !r->action || !r->logp || !r->reward || !r->end || !r->value ||
	    !r->boot)
		return RHO_ENOMEM;
	if (how->cand)
		error = rho_idlists_open(c, &r->cand, "rollout_cand", &cand);
	if (!error && spec->history)
		error = rho_idlists_open(c, &r->past, "rollout_past", &past);
	return error;
}

int rho_rollout_loaded(struct rho_ctx *c, const struct rho_rollout *r)
{
	int error = 0;
	if (*r->filled > r->how.steps)
		return rho_fail(c, RHO_EFORMAT, "the checkpoint says that %llu steps of a rollout of %zu are held",
		                (unsigned long long)*r->filled, r->how.steps);
	for (size_t i = 0; i < *r->filled * r->lanes; i++)
		if (r->end[i] > RHO_TRUNCATED)
			return rho_fail(c, RHO_EFORMAT, "the checkpoint holds the end %u; 0 .. %d are possible",
			                r->end[i], RHO_TRUNCATED);
	if (r->how.cand)
		error = rho_idlists_loaded(c, &r->cand);
	return !error && r->past.n ? rho_idlists_loaded(c, &r->past) : error;
}

static bool all_finite(const float *x, size_t n)
{
	uint32_t bad = 0;
	for (size_t j = 0; j < n; j++)
		bad |= !(fabsf(x[j]) <= FLT_MAX);
	return !bad;
}

/* The contexts of a batch. */
static int check_x(struct rho_ctx *c, const struct rho_batch *b, size_t x_dim, const char *what)
{
	if (x_dim && (!b->x.mat || b->x.mat->cols != x_dim))
		return rho_fail(c, RHO_EBUG, "a %s of %zu numbers came where %zu were declared", what,
		                b->x.mat ? b->x.mat->cols : 0, x_dim);
	for (size_t i = 0; x_dim && i < b->n; i++)
		if (!all_finite(rho_row(&b->x, i), x_dim))
			return rho_fail(c, RHO_EINVAL, "the %s of lane %u holds a number that is not finite; nothing"
			                " can be learned from it", what, b->lane ? b->lane[i] : (uint32_t)i);
	return 0;
}

int rho_memory_check(struct rho_ctx *c, const struct rho_feedback *f, size_t lanes, size_t x_dim)
{
	int error;
	if (f->posed->n != lanes || (f->next && f->next->n != lanes))
		return rho_fail(c, RHO_EBUG, "feedback on %zu decisions came where each of %zu lanes has one",
		                f->posed->n, lanes);
	for (size_t i = 0; i < lanes; i++) {
		if (f->posed->lane[i] >= lanes || (i && f->posed->lane[i] <= f->posed->lane[i - 1]))
			return rho_fail(c, RHO_EBUG, "decision %zu is of lane %u; each of the lanes 0 .. %zu comes"
			                " once, in order", i, f->posed->lane[i], lanes - 1);
		if (!isfinite(f->reward[i]))
			return rho_fail(c, RHO_EINVAL, "the reward %g of lane %zu is not a number to learn from",
			                (double)f->reward[i], i);
	}
	error = check_x(c, f->posed, x_dim, "context");
	return !error && f->next ? check_x(c, f->next, x_dim, "context that followed") : error;
}

/* Σ ln prob of decision i's slate; refused where ratios are wanted and there is none. */
static int log_prob(struct rho_ctx *c, const struct rho_rollout *r, const struct rho_feedback *f, size_t i,
                    float *out)
{
	double sum = 0;
	for (size_t p = 0; p < r->slate; p++)
		sum += log((double)f->prob[i * r->slate + p]);
	if (r->how.probs && !isfinite(sum))
		return rho_fail(c, RHO_EINVAL, "the action %u of lane %zu came with the probability %g; learning by"
		                " ratios of probabilities needs one above 0", f->action[i * r->slate], i,
		                exp(sum));
	*out = (float)sum;
	return 0;
}

static int put_lists(struct rho_ctx *c, struct rho_rollout *r, const struct rho_batch *b, size_t i, size_t place)
{
	int error = r->how.cand ? rho_idlists_put_cand(c, &r->cand, place, b, i) : 0;
	size_t from = b->past_off ? b->past_off[i] : 0, to = b->past_off ? b->past_off[i + 1] : 0;
	static const uint32_t none;
	if (!error && r->past.n)
		error = rho_idlists_put(c, &r->past, place, to > from ? b->past + from : &none, to - from, NULL, NULL);
	return error;
}

int rho_rollout_add(struct rho_ctx *c, struct rho_rollout *r, const struct rho_feedback *f, uint32_t *owed,
                    size_t *n_owed)
{
	size_t first = (size_t)*r->filled * r->lanes;
	bool fills = *r->filled + 1 == r->how.steps;
	int error;
	*n_owed = 0;
	if (rho_rollout_full(r))
		return rho_fail(c, RHO_EBUG, "a step came for a rollout that holds its %zu already; learn and clear"
		                " first", r->how.steps);
	error = rho_memory_check(c, f, r->lanes, r->x_dim);
	for (size_t i = 0; !error && i < r->lanes; i++) {
		size_t place = first + f->posed->lane[i];
		uint32_t end = f->next ? f->end[i] : RHO_TERMINATED;
		error = log_prob(c, r, f, i, r->logp + place);
		if (!error)
			error = put_lists(c, r, f->posed, i, place);
		if (error)
			break;
		if (r->x)
			memcpy(r->x + place * r->x_dim, rho_row(&f->posed->x, i), r->x_dim * sizeof *r->x);
		memcpy(r->action + place * r->slate, f->action + i * r->slate, r->slate * sizeof *r->action);
		r->reward[place] = f->reward[i];
		r->end[place] = end;
		r->boot[place] = 0;
		if (end == RHO_TRUNCATED || (fills && end == RHO_RUNNING))
			owed[(*n_owed)++] = (uint32_t)i;
	}
	if (!error)
		++*r->filled;
	return error;
}

void rho_rollout_gae(const struct rho_rollout *r, double gamma, double lambda, float *advantage, float *back)
{
	struct rho_steps s = { (size_t)*r->filled, r->lanes, r->reward, r->value, r->boot, r->end };
	rho_gae(&s, gamma, lambda, advantage, back);
}

void rho_shuffle(struct rho_rng *rng, uint32_t *place, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		size_t j = rho_below(rng, (uint32_t)i + 1);
		place[i] = place[j];
		place[j] = (uint32_t)i;
	}
}

void rho_gather(const float *from, size_t dim, const uint32_t *place, size_t n, float *to)
{
	for (size_t i = 0; i < n; i++)
		memcpy(to + i * dim, from + place[i] * dim, dim * sizeof *to);
}
