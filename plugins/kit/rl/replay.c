/* Transitions, put together from steps and drawn again. */
#include <math.h>

#include "replay.h"
#include "rollout.h"

/* Lists of decisions, of what they led to, and of those that wait. */
static int open_three(struct rho_ctx *c, struct rho_idlists *const *lists, const char *const *names,
                      struct rho_idlists_how how, size_t waiting)
{
	int error = 0;
	for (size_t i = 0; !error && i < 3; i++) {
		how.places = i < 2 ? how.places : waiting;
		error = rho_idlists_open(c, lists[i], names[i], &how);
	}
	return error;
}

static int open_lists(struct rho_ctx *c, struct rho_replay *r, const struct rho_spec *spec)
{
	static const char *const cand_names[] = { "replay_cand", "replay_next_cand", "replay_wait_cand" };
	static const char *const past_names[] = { "replay_past", "replay_next_past", "replay_wait_past" };
	struct rho_idlists *const cands[] = { &r->cand, &r->next_cand, &r->wait_cand };
	struct rho_idlists *const pasts[] = { &r->past, &r->next_past, &r->wait_past };
	struct rho_idlists_how cand = { r->how.capacity, spec->max_cand, spec->n_actions, true, r->how.incl,
		                        spec->moving ? spec->action_dim : 0 };
	struct rho_idlists_how past = { r->how.capacity, spec->history, spec->n_actions, false, false, 0 };
	size_t waiting = r->lanes * r->how.ahead;
	int error = r->how.cand ? open_three(c, cands, cand_names, cand, waiting) : 0;
	return error || !spec->history ? error : open_three(c, pasts, past_names, past, waiting);
}

static int open_arrays(struct rho_ctx *c, struct rho_replay *r)
{
	size_t n = r->how.capacity, waiting = r->lanes * r->how.ahead;
	r->seen = rho_keep_u64(c, "replay_seen", 1, 1);
	r->action = rho_keep_u32(c, "replay_action", n, r->slate);
	r->reward = rho_keep_f32(c, "replay_reward", 1, n);
	r->discount = rho_keep_f32(c, "replay_discount", 1, n);
	r->waiting = rho_keep_u32(c, "replay_waiting", 1, r->lanes);
	r->begun = rho_keep_u64(c, "replay_begun", 1, r->lanes);
	r->wait_action = rho_keep_u32(c, "replay_wait_action", waiting, r->slate);
	r->wait_reward = rho_keep_f32(c, "replay_wait_reward", 1, waiting);
	if (!r->seen || !r->action || !r->reward || !r->discount || !r->waiting || !r->begun || !r->wait_action ||
	    !r->wait_reward)
		return RHO_ENOMEM;
	if (!r->x_dim)
		return 0;
	r->x = rho_keep_f32(c, "replay_x", n, r->x_dim);
	r->next = rho_keep_f32(c, "replay_next", n, r->x_dim);
	r->wait_x = rho_keep_f32(c, "replay_wait_x", waiting, r->x_dim);
	return r->x && r->next && r->wait_x ? 0 : RHO_ENOMEM;
}

int rho_replay_open(struct rho_ctx *c, struct rho_replay *r, const struct rho_spec *spec,
                    const struct rho_replay_how *how)
{
	size_t waiting;
	int error;
	*r = (struct rho_replay){ .how = *how, .lanes = spec->lanes, .x_dim = spec->x_dim, .slate = spec->slate };
	if (!how->capacity || how->capacity > UINT32_MAX || !how->ahead ||
	    __builtin_mul_overflow(how->ahead, r->lanes, &waiting) || waiting > UINT32_MAX)
		return rho_fail(c, RHO_EINVAL, "a replay memory of %zu transitions of %zu steps in each of %zu lanes"
		                " is not possible: 1 .. %u transitions are", how->capacity, how->ahead, r->lanes,
		                UINT32_MAX);
	error = open_arrays(c, r);
	if (!error)
		error = open_lists(c, r, spec);
	if (error || !how->priority)
		return error;
	r->top = rho_keep_f64(c, "replay_top", 1, 1);
	if (!r->top)
		return RHO_ENOMEM;
	*r->top = 1;
	return rho_sumtree_open(c, &r->tree, "replay_priority", how->capacity);
}

int rho_replay_loaded(struct rho_ctx *c, const struct rho_replay *r)
{
	const struct rho_idlists *lists[] = { &r->cand, &r->next_cand, &r->wait_cand, &r->past, &r->next_past,
		                              &r->wait_past };
	int error = 0;
	for (size_t lane = 0; lane < r->lanes; lane++)
		if (r->waiting[lane] >= r->how.ahead)
			return rho_fail(c, RHO_EFORMAT, "the checkpoint says that %u steps wait for a return of %zu",
			                r->waiting[lane], r->how.ahead);
	for (size_t i = 0; !error && i < sizeof lists / sizeof *lists; i++)
		if (lists[i]->n)
			error = rho_idlists_loaded(c, lists[i]);
	if (error || !r->how.priority)
		return error;
	if (!(*r->top > 0) || isinf(*r->top))
		return rho_fail(c, RHO_EFORMAT, "the checkpoint's largest priority is %g", *r->top);
	return rho_sumtree_loaded(c, &r->tree);
}

/* What lane decision i's episode did before it. */
static int put_past(struct rho_ctx *c, struct rho_idlists *l, size_t place, const struct rho_batch *b, size_t i)
{
	static const uint32_t none;
	size_t from = b->past_off ? b->past_off[i] : 0, to = b->past_off ? b->past_off[i + 1] : 0;
	return rho_idlists_put(c, l, place, to > from ? b->past + from : &none, to - from, NULL, NULL);
}

/* Decision i joins those of its lane that wait. */
static int wait_for(struct rho_ctx *c, struct rho_replay *r, const struct rho_feedback *f, size_t i)
{
	size_t lane = f->posed->lane[i], n = r->how.ahead;
	size_t at = lane * n + (size_t)((r->begun[lane] + r->waiting[lane]) % n);
	int error = r->how.cand ? rho_idlists_put_cand(c, &r->wait_cand, at, f->posed, i) : 0;
	if (!error && r->wait_past.n)
		error = put_past(c, &r->wait_past, at, f->posed, i);
	if (error)
		return error;
	if (r->x)
		memcpy(r->wait_x + at * r->x_dim, rho_row(&f->posed->x, i), r->x_dim * sizeof *r->x);
	memcpy(r->wait_action + at * r->slate, f->action + i * r->slate, r->slate * sizeof *r->action);
	r->wait_reward[at] = f->reward[i];
	r->waiting[lane]++;
	return 0;
}

/* What the transition at `place` leads to: decision i of f->next, or nothing where the episode is over. */
static int put_next(struct rho_ctx *c, struct rho_replay *r, size_t place, const struct rho_feedback *f, size_t i,
                    bool over)
{
	static const uint32_t none;
	int error = 0;
	if (r->x && over)
		memset(r->next + place * r->x_dim, 0, r->x_dim * sizeof *r->next);
	else if (r->x)
		memcpy(r->next + place * r->x_dim, rho_row(&f->next->x, i), r->x_dim * sizeof *r->next);
	if (r->how.cand)
		error = over ? rho_idlists_put(c, &r->next_cand, place, &none, 0, NULL, NULL)
		             : rho_idlists_put_cand(c, &r->next_cand, place, f->next, i);
	if (!error && r->next_past.n)
		error = over ? rho_idlists_put(c, &r->next_past, place, &none, 0, NULL, NULL)
		             : put_past(c, &r->next_past, place, f->next, i);
	return error;
}

/* The oldest step of decision i's lane becomes a transition with the rewards of all that wait there. */
static int complete(struct rho_ctx *c, struct rho_replay *r, const struct rho_feedback *f, size_t i, bool over)
{
	size_t lane = f->posed->lane[i], n = r->how.ahead, m = r->waiting[lane];
	size_t first = lane * n + (size_t)(r->begun[lane] % n), place = (size_t)(*r->seen % r->how.capacity);
	double sum = 0, discount = 1;
	int error = put_next(c, r, place, f, i, over);
	if (error)
		return error;
	for (size_t t = m; t-- > 0; discount *= r->how.gamma)
		sum = (double)r->wait_reward[lane * n + (size_t)((r->begun[lane] + t) % n)] + r->how.gamma * sum;
	if (r->x)
		memcpy(r->x + place * r->x_dim, r->wait_x + first * r->x_dim, r->x_dim * sizeof *r->x);
	memcpy(r->action + place * r->slate, r->wait_action + first * r->slate, r->slate * sizeof *r->action);
	r->reward[place] = (float)sum;
	r->discount[place] = over ? 0 : (float)discount;
	if (r->how.cand)
		rho_idlists_copy(&r->cand, place, &r->wait_cand, first);
	if (r->past.n)
		rho_idlists_copy(&r->past, place, &r->wait_past, first);
	if (r->how.priority)
		rho_sumtree_set(&r->tree, place, *r->top);
	++*r->seen;
	r->begun[lane]++;
	r->waiting[lane]--;
	return 0;
}

int rho_replay_add(struct rho_ctx *c, struct rho_replay *r, const struct rho_feedback *f)
{
	int error = rho_memory_check(c, f, r->lanes, r->x_dim);
	for (size_t i = 0; !error && i < r->lanes; i++) {
		size_t lane = f->posed->lane[i];
		uint32_t end = f->next ? f->end[i] : RHO_TERMINATED;
		error = wait_for(c, r, f, i);
		while (!error && r->waiting[lane] && (r->waiting[lane] == r->how.ahead || end != RHO_RUNNING))
			error = complete(c, r, f, i, end == RHO_TERMINATED);
	}
	return error;
}

/* ---- drawing ---- */

void rho_replay_draw(const struct rho_replay *r, struct rho_rng *rng, size_t n, uint32_t *place)
{
	for (size_t i = 0; i < n; i++)
		place[i] = rho_below(rng, (uint32_t)rho_replay_held(r));
}

void rho_replay_draw_by_priority(const struct rho_replay *r, struct rho_rng *rng, double beta, size_t n,
                                 uint32_t *place, float *weight)
{
	double total = rho_sumtree_total(&r->tree), least = INFINITY;
	for (size_t i = 0; i < n; i++) {
		double at = ((double)i + rho_unif(rng)) / (double)n * total;
		place[i] = (uint32_t)rho_sumtree_find(&r->tree, at);
		least = fmin(least, rho_sumtree_get(&r->tree, place[i]));
	}
	for (size_t i = 0; i < n; i++) /* what is held and the total drop out */
		weight[i] = (float)pow(least / rho_sumtree_get(&r->tree, place[i]), beta);
}

void rho_replay_learned(struct rho_replay *r, size_t n, const uint32_t *place, const float *error)
{
	for (size_t i = 0; i < n; i++) {
		double p = pow(fabs((double)error[i]) + r->how.floor, r->how.alpha);
		if (!isfinite(p))
			p = *r->top;
		*r->top = p > *r->top ? p : *r->top;
		rho_sumtree_set(&r->tree, place[i], p);
	}
}
