/* chain: APIs are called one by one until all relevant ones are found or the budget is spent. */
#include <stdio.h>

#include "tools.h"

enum { M_SUCCESS, M_RECALL, M_CALLS, N_CHAIN_METRICS };

int tools_open_chain(struct rho_ctx *c, struct tools *s, struct rho_env_spec *spec)
{
	static const char name[N_CHAIN_METRICS][NAME] = { "success", "recall", "calls" };
	size_t room = s->lanes * (size_t)s->calls;
	if (s->slate != 1)
		return rho_fail(c, RHO_EINVAL, "slate = %lld belongs to formulation = \"select\": a chain calls"
		                " one API at a time; leave it out", (long long)s->slate);
	s->call = rho_keep_u32(c, "call", s->lanes, (size_t)s->calls);
	s->n_calls = rho_keep_u32(c, "n_calls", 1, s->lanes);
	s->is_hit = rho_alloc(c, room, 1);
	s->found = rho_alloc(c, s->lanes, sizeof *s->found);
	if (!s->call || !s->n_calls || !s->is_hit || !s->found)
		return RHO_ENOMEM;
	for (int i = 0; i < 2; i++) {
		struct tools_lists *l = i ? &s->last_lists : &s->now_lists;
		l->past = rho_alloc(c, room, sizeof *l->past);
		l->past_off = rho_alloc(c, s->lanes + 1, sizeof *l->past_off);
		if (!l->past || !l->past_off)
			return RHO_ENOMEM;
	}
	if (s->state == STATE_FOUND) {
		if (!spec->actions.mat)
			return rho_fail(c, RHO_EINVAL, "state = \"query+found\" shows the mean of the features of"
			                " what was found, and the actions have none; add an [encoder], or use"
			                " state = \"query\"");
		s->features = spec->actions;
		spec->x_dim = s->features.mat->cols + 1;
	}
	spec->slate = 1;
	spec->history = (size_t)s->calls;
	spec->horizon = (uint64_t)s->calls;
	spec->reward_lo = (float)-s->wrong;
	spec->reward_hi = (float)(s->right + s->bonus + s->partial);
	return tools_open_metrics(c, s, spec->data, name, N_CHAIN_METRICS);
}

/* What calling an API now would do. */
struct outcome { double reward; bool hit; uint8_t end; };

static bool called_before(const struct tools *s, size_t lane, uint32_t a)
{
	const uint32_t *call = s->call + lane * (size_t)s->calls;
	for (size_t t = 0; t < s->n_calls[lane]; t++)
		if (call[t] == a)
			return true;
	return false;
}

static struct outcome outcome_of(const struct tools *s, size_t lane, bool hit)
{
	uint32_t found = s->found[lane] + hit, goal = s->goal[s->at[lane]];
	struct outcome o = { .reward = hit ? s->right : -s->wrong, .hit = hit };
	o.end = found == goal ? RHO_TERMINATED
	        : s->n_calls[lane] + 1 == (size_t)s->calls ? RHO_TRUNCATED : RHO_RUNNING;
	if (o.end == RHO_TERMINATED)
		o.reward += s->bonus;
	if (o.end != RHO_RUNNING)
		o.reward += s->partial * ((double)found / (double)goal);
	return o;
}

float tools_mean_chain(const struct tools *s, size_t lane, uint32_t a)
{
	bool hit = tools_relevant(s, s->at[lane], a) && !called_before(s, lane, a);
	return (float)outcome_of(s, lane, hit).reward;
}

static void tell(struct rho_ctx *c, const struct tools *s, size_t lane)
{
	double share = (double)s->found[lane] / (double)s->goal[s->at[lane]];
	bool success = s->found[lane] == s->goal[s->at[lane]];
	tools_tell(c, s, lane, M_SUCCESS, success, true);
	tools_tell(c, s, lane, M_RECALL, share, true);
	if (success)
		tools_tell(c, s, lane, M_CALLS, (double)s->n_calls[lane], true);
}

int tools_step_chain(struct rho_ctx *c, struct tools *s, const uint32_t *action, struct rho_obs *obs)
{
	size_t most = (size_t)s->calls;
	for (size_t lane = 0; lane < s->lanes; lane++) {
		uint32_t a = action[lane], n = s->n_calls[lane];
		bool hit = tools_relevant(s, s->at[lane], a) && !called_before(s, lane, a);
		struct outcome o = outcome_of(s, lane, hit);
		s->call[lane * most + n] = a;
		s->is_hit[lane * most + n] = hit;
		s->n_calls[lane] = n + 1;
		s->found[lane] += hit;
		obs->reward[lane] = (float)o.reward;
		obs->end[lane] = o.end;
		tools_show_last(s, lane, o.end != RHO_RUNNING, obs->last);
		if (o.end == RHO_RUNNING)
			continue;
		tell(c, s, lane);
		s->episode[lane]++;
		tools_turn(s, lane);
	}
	tools_show(s, obs);
	return 0;
}

int tools_chain_loaded(struct rho_ctx *c, struct tools *s)
{
	size_t most = (size_t)s->calls;
	for (size_t lane = 0; lane < s->lanes; lane++) {
		uint32_t n = s->n_calls[lane];
		tools_turn(s, lane);
		if (n >= most)
			return rho_fail(c, RHO_EFORMAT, "the checkpoint's lane %zu has made %u of %zu calls;"
			                " delete the run's folder and start again", lane, n, most);
		for (uint32_t t = 0; t < n; t++) {
			uint32_t a = s->call[lane * most + t];
			if (a >= s->n_actions)
				return rho_fail(c, RHO_EFORMAT, "the checkpoint's lane %zu has called API %u of"
				                " %zu; delete the run's folder and start again", lane, a,
				                s->n_actions);
			bool hit = tools_relevant(s, s->at[lane], a) && !called_before(s, lane, a);
			s->is_hit[lane * most + t] = hit;
			s->found[lane] += hit;
			s->n_calls[lane] = t + 1;
		}
		if (s->found[lane] >= s->goal[s->at[lane]])
			return rho_fail(c, RHO_EFORMAT, "the checkpoint's lane %zu goes on after everything was"
			                " found; delete the run's folder and start again", lane);
	}
	return 0;
}
