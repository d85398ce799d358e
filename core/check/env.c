/* env.c: E checks: what an environment poses, pays and promises. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../base/digest.h"
#include "env_play.h"

enum { TURNS = 60 };

/* A ready play and its outcome, or NULL with SKIP. */
static struct rho_play *ready(struct rho_trial *t, uint64_t problem, size_t lanes)
{
	struct rho_play_how how = { .problem = problem, .lanes = lanes };
	return rho_play_ready(t, &how);
}

/* The next step with random actions; failing is E1's finding. */
static int step_on(struct rho_play *p, unsigned turn)
{
	rho_env_choose(p, turn);
	if (rho_env_step(p, turn))
		return rho_trial_skip(p->trial, "step failed, see E1: %s", p->why.at);
	return RHO_CHECK_PASS;
}

static int judge_rewards(struct rho_play *p, unsigned turn)
{
	const struct rho_env_problem *q = rho_env_problem(p);
	float lo = q->spec.reward_lo, hi = q->spec.reward_hi;
	float slack = 1e-5f * (fabsf(lo) + fabsf(hi));
	for (size_t i = 0; i < q->spec.lanes; i++) {
		float v = q->obs.reward[i];
		if (!isfinite(v))
			return rho_trial_fail(p->trial, "lane %zu is paid %g at step %u", i, (double)v, turn);
		if ((lo != 0 || hi != 0) && (v < lo - slack || v > hi + slack))
			return rho_trial_fail(p->trial,
			                      "lane %zu is paid %g at step %u, outside the declared %g .. %g",
			                      i, (double)v, turn, (double)lo, (double)hi);
		if (q->obs.end[i] > RHO_TRUNCATED)
			return rho_trial_fail(p->trial, "lane %zu's end is %u, none of enum rho_end", i,
			                      q->obs.end[i]);
	}
	return RHO_CHECK_PASS;
}

static int e1(struct rho_trial *t)
{
	static const size_t lanes[] = { RHO_ENV_LANES, 1, 64 };
	int r = RHO_CHECK_PASS;
	for (size_t l = 0; l < sizeof lanes / sizeof *lanes && !r; l++) {
		struct rho_play *p = ready(t, l, lanes[l]);
		if (!p)
			return RHO_CHECK_SKIP;
		for (unsigned turn = 0; turn < TURNS && !r; turn++) {
			rho_env_choose(p, turn);
			r = rho_env_step(p, turn) ? rho_trial_fail(t, "step %u failed: %s", turn, p->why.at)
			                          : judge_rewards(p, turn);
			rho_play_drop(p);
		}
		rho_play_free(p);
	}
	return r;
}

static int judge_ends(struct rho_play *p, uint64_t *age)
{
	const struct rho_env_problem *q = rho_env_problem(p);
	uint64_t h = q->spec.horizon;
	for (size_t i = 0; i < q->spec.lanes; i++) {
		age[i]++;
		if (q->obs.end[i] == RHO_TRUNCATED && age[i] != h)
			return rho_trial_fail(
				p->trial, "an episode was truncated after %llu steps, the horizon is %llu",
				(unsigned long long)age[i], (unsigned long long)h);
		if (q->obs.end[i] == RHO_RUNNING && age[i] >= h)
			return rho_trial_fail(p->trial,
			                      "an episode goes on after %llu steps, the horizon is %llu",
			                      (unsigned long long)age[i], (unsigned long long)h);
		if (q->obs.end[i] != RHO_RUNNING)
			age[i] = 0;
	}
	return RHO_CHECK_PASS;
}

static int e2(struct rho_trial *t)
{
	uint64_t age[RHO_ENV_LANES] = { 0 };
	struct rho_play *p = ready(t, 20, 0);
	int r = RHO_CHECK_PASS;
	if (!p)
		return RHO_CHECK_SKIP;
	uint64_t h = rho_env_problem(p)->spec.horizon;
	if (h <= 1)
		r = rho_trial_skip(t, h ? "its horizon is 1, a bandit" : "its horizon is not known");
	uint64_t turns = h > 5000 ? 20000 : 4 * h;
	for (unsigned turn = 0; turn < turns && !r; turn++) {
		if (!(r = step_on(p, turn)))
			r = judge_ends(p, age);
		rho_play_drop(p);
	}
	rho_play_free(p);
	return r;
}

/* What lane 0 sees and is paid while the others act as `others` says, turn by turn. */
static int lane_tape(struct rho_trial *t, void *arg, struct rho_buf *out)
{
	struct rho_play_how how = { .problem = 30, .others = *(uint64_t *)arg };
	struct rho_play *p = rho_play_ready(t, &how);
	int r = p ? RHO_CHECK_PASS : RHO_CHECK_SKIP;
	for (unsigned turn = 0; turn < TURNS && !r; turn++) {
		const struct rho_env_problem *q = rho_env_problem(p);
		struct rho_buf line = { 0 };
		if (!(r = step_on(p, turn))) {
			rho_buf_add(&line, &q->obs.reward[0], sizeof q->obs.reward[0]);
			rho_buf_add(&line, &q->obs.end[0], 1);
			if (q->obs.x)
				rho_buf_add(&line, q->obs.x, q->spec.x_dim * sizeof *q->obs.x);
			if (q->obs.row)
				rho_buf_add(&line, q->obs.row, sizeof *q->obs.row);
			if (q->legal)
				rho_buf_add(&line, q->legal, q->legal_off[1] * sizeof *q->legal);
		}
		struct rho_digest d = rho_digest_bytes(line.at, line.len);
		rho_buf_add(out, &d, sizeof d);
		rho_buf_free(&line);
		rho_play_drop(p);
	}
	rho_play_free(p);
	return r;
}

static int e3(struct rho_trial *t)
{
	struct rho_buf a = { 0 }, b = { 0 }, again = { 0 };
	uint64_t one = 1, two = 2;
	int r = rho_trial_exact(t);
	if (!r)
		r = rho_trial_apart(t, 0, lane_tape, &one, &a);
	if (!r)
		r = rho_trial_apart(t, 0, lane_tape, &one, &again);
	if (!r && rho_tape_compare(&a, &again) >= 0)
		r = rho_trial_skip(t, "the same seed gives other answers, see K3");
	if (!r)
		r = rho_trial_apart(t, 0, lane_tape, &two, &b);
	if (!r && rho_tape_compare(&a, &b) >= 0)
		r = rho_trial_fail(
			t,
			"what lane 0 sees or is paid depends on what the other lanes did, first at "
			"step %ld; draw from a stream forked by lane",
			rho_tape_compare(&a, &b));
	rho_buf_free(&a);
	rho_buf_free(&b);
	rho_buf_free(&again);
	return r;
}

struct lasts {
	size_t ends, blank;
	bool moves;
}; /* moves: some ordinary observation is not blank */

/* Counts ended lanes, and those whose last observation was left as the host zeroed it. */
static void count_lasts(const struct rho_env_problem *q, struct lasts *n)
{
	for (size_t i = 0; i < q->spec.lanes; i++) {
		bool blank = true, x_blank = true;
		for (size_t d = 0; q->obs.x && d < q->spec.x_dim; d++) {
			blank &= q->last.x[i * q->spec.x_dim + d] == 0;
			x_blank &= q->obs.x[i * q->spec.x_dim + d] == 0;
		}
		if (q->obs.row && !q->obs.x) {
			blank = q->last.row[i] == 0;
			x_blank = q->obs.row[i] == 0;
		}
		n->moves |= !x_blank;
		if (q->obs.end[i] != RHO_RUNNING) {
			n->ends++;
			n->blank += blank;
		}
	}
}

static int e4(struct rho_trial *t)
{
	struct rho_play *p = ready(t, 40, 0);
	struct lasts n = { 0 };
	int r = RHO_CHECK_PASS;
	if (!p)
		return RHO_CHECK_SKIP;
	const struct rho_env_spec *s = &rho_env_problem(p)->spec;
	if (s->obs == RHO_OBS_NONE)
		r = rho_trial_skip(t, "it shows no context");
	else if (s->horizon == 1)
		r = rho_trial_skip(t, "its horizon is 1, a bandit");
	for (unsigned turn = 0; turn < 4000 && n.ends < 20 && !r; turn++) {
		if (!(r = step_on(p, turn)))
			count_lasts(rho_env_problem(p), &n);
		rho_play_drop(p);
	}
	if (!r && !n.ends)
		r = rho_trial_skip(t, "no episode ended within 4000 steps");
	else if (!r && n.blank == n.ends && n.moves)
		r = rho_trial_fail(t,
		                   "%zu episodes ended and `last` was left blank each time; put the finished "
		                   "episode's last observation there",
		                   n.ends);
	rho_play_free(p);
	return r;
}

static int e5(struct rho_trial *t)
{
	struct rho_play *p = ready(t, 50, 0);
	int r = RHO_CHECK_PASS;
	if (!p)
		return RHO_CHECK_SKIP;
	const struct rho_env_problem *q = rho_env_problem(p);
	for (unsigned turn = 0; turn <= TURNS && !r; turn++) {
		if (q->wrong)
			r = rho_trial_fail(t, "%s, at step %u", q->wrong, turn);
		for (size_t i = 0; i < q->spec.lanes && q->obs.row && turn && !r; i++)
			if (q->obs.row[i] >= q->spec.data->table[RHO_CONTEXTS].n)
				r = rho_trial_fail(t, "lane %zu shows row %u of %zu contexts", i,
				                   q->obs.row[i], q->spec.data->table[RHO_CONTEXTS].n);
		rho_play_drop(p);
		if (!r)
			r = step_on(p, turn);
	}
	rho_play_free(p);
	return r;
}

static int e6(struct rho_trial *t)
{
	static const unsigned cuts[] = { 1, 9, 25 };
	struct rho_play_how how = { .problem = 60 };
	int r = rho_trial_exact(t);
	for (size_t i = 0; i < sizeof cuts / sizeof *cuts && !r; i++)
		r = rho_play_resume(t, &how, cuts[i], cuts[i] + 20);
	return r;
}

/* ---- E9 ---- */

struct oracle {
	size_t *off;        /* (lanes + 1) */
	uint32_t *action;   /* (off[lanes]) every legal one */
	float *mean, *best; /* beside action; (lanes) */
	double sum, square;
	size_t n; /* of reward - mean */
};

static int ask_oracle(struct rho_play *p, unsigned turn, struct oracle *o)
{
	const struct rho_env_problem *q = rho_env_problem(p);
	size_t lanes = q->spec.lanes, all = 0;
	for (size_t i = 0; i < lanes; i++)
		all += rho_env_n_legal(q, i);
	o->off = rho_play_buf(p, lanes + 1, sizeof *o->off);
	o->action = rho_play_buf(p, all, sizeof *o->action);
	o->mean = rho_play_buf(p, all, sizeof *o->mean);
	o->best = rho_play_buf(p, lanes, sizeof *o->best);
	for (size_t i = 0; i < lanes; i++) {
		o->off[i + 1] = o->off[i] + rho_env_n_legal(q, i);
		for (size_t j = 0; j < rho_env_n_legal(q, i); j++)
			o->action[o->off[i] + j] = rho_env_legal(q, i, j);
	}
	struct rho_digest before = rho_play_state(p), after;
	rho_play_begin(p, "oracle", turn, false);
	if (rho_play_end(p, rho_env_of(p)->oracle(p->ctx, p->self, o->action, o->off, o->mean, o->best)))
		return rho_trial_fail(p->trial, "oracle failed at step %u: %s", turn, p->why.at);
	after = rho_play_state(p);
	if (before.lo != after.lo || before.hi != after.hi)
		return rho_trial_fail(p->trial, "oracle changed a kept array or drew from a stream");
	for (size_t i = 0; i < lanes; i++) {
		float top = -INFINITY;
		for (size_t j = o->off[i]; j < o->off[i + 1]; j++)
			top = fmaxf(top, o->mean[j]);
		if (!(fabsf(top - o->best[i]) <= 1e-4f * (1 + fabsf(top))))
			return rho_trial_fail(p->trial,
			                      "at step %u oracle calls %g the best of lane %zu, and the best "
			                      "of its means is %g",
			                      turn, (double)o->best[i], i, (double)top);
	}
	return RHO_CHECK_PASS;
}

/* Chooses the best action in odd turns, a random one in even ones; gives the places in o->mean. */
static void choose_places(struct rho_play *p, unsigned turn, const struct oracle *o, size_t *place)
{
	struct rho_env_problem *q = rho_env_problem(p);
	for (size_t i = 0; i < q->spec.lanes; i++) {
		struct rho_rng r = rho_fork(&q->key, i, turn);
		size_t m = o->off[i + 1] - o->off[i];
		place[i] = o->off[i] + rho_below(&r, (uint32_t)m);
		for (size_t j = o->off[i]; turn % 2 && j < o->off[i + 1]; j++)
			if (o->mean[j] > o->mean[place[i]])
				place[i] = j;
		q->action[i] = o->action[place[i]];
	}
}

static int judge_oracle(struct rho_trial *t, const struct oracle *o, const char *what)
{
	double n = (double)o->n, mean = o->sum / n, var = fmax(o->square / n - mean * mean, 0);
	if (fabs(mean) <= 5 * sqrt(var / n) + 1e-5)
		return RHO_CHECK_PASS;
	return rho_trial_fail(t,
	                      "over %zu steps with %s actions rewards are %g above what oracle says, "
	                      "%.1f standard errors",
	                      o->n, what, mean, var > 0 ? fabs(mean) / sqrt(var / n) : INFINITY);
}

static int e9(struct rho_trial *t)
{
	struct rho_play *p = ready(t, 90, 0);
	struct oracle even = { 0 }, odd = { 0 };
	size_t place[RHO_ENV_LANES];
	int r = RHO_CHECK_PASS;
	if (!p)
		return RHO_CHECK_SKIP;
	const struct rho_env_problem *q = rho_env_problem(p);
	if (!rho_env_of(p)->oracle)
		r = rho_trial_skip(t, "it has no oracle");
	else if (q->spec.slate > 1)
		r = rho_trial_skip(t, "it takes slates: the oracle speaks of single actions");
	for (unsigned turn = 0; turn < 600 && !r; turn++) {
		struct oracle *o = turn % 2 ? &odd : &even;
		r = ask_oracle(p, turn, o);
		if (r)
			break;
		choose_places(p, turn, o, place);
		if (rho_env_step(p, turn))
			r = rho_trial_skip(t, "step failed, see E1: %s", p->why.at);
		for (size_t i = 0; i < q->spec.lanes && !r; i++) {
			double d = (double)q->obs.reward[i] - (double)o->mean[place[i]];
			o->sum += d;
			o->square += d * d;
			o->n++;
		}
		rho_play_drop(p);
	}
	if (!r)
		r = judge_oracle(t, &even, "arbitrary");
	if (!r)
		r = judge_oracle(t, &odd, "the best");
	rho_play_free(p);
	return r;
}

/* ---- E10 ---- */

static int judge_spec(struct rho_trial *t, const struct rho_env_spec *s, uint32_t flags)
{
	if (!s->n_actions || s->n_actions > UINT32_MAX)
		return rho_trial_fail(t, "open says there are %zu actions", s->n_actions);
	if (s->data && !s->action_mat && s->n_actions != s->data->table[RHO_ACTIONS].n)
		return rho_trial_fail(t, "open says there are %zu actions, the actions table has %zu rows",
		                      s->n_actions, s->data->table[RHO_ACTIONS].n);
	if (!s->slate || s->slate > s->n_actions)
		return rho_trial_fail(t, "open asks for slates of %zu of %zu actions", s->slate,
		                      s->n_actions);
	if (s->obs > RHO_OBS_ROW_F32)
		return rho_trial_fail(t, "obs is %u, none of enum rho_obs_kind", s->obs);
	if ((s->obs == RHO_OBS_ROW || s->obs == RHO_OBS_ROW_F32) && !s->data)
		return rho_trial_fail(
			t, "it shows rows of the contexts table without asking for it in its flags");
	if ((s->obs == RHO_OBS_F32 || s->obs == RHO_OBS_ROW_F32) != (s->x_dim > 0))
		return rho_trial_fail(
			t, "x_dim is %zu with obs %u; it belongs to RHO_OBS_F32 and RHO_OBS_ROW_F32",
			s->x_dim, s->obs);
	if (s->max_legal > s->n_actions || (s->max_legal && s->max_legal < s->slate))
		return rho_trial_fail(t, "max_legal is %zu, with %zu actions and slates of %zu", s->max_legal,
		                      s->n_actions, s->slate);
	if (s->moving && (!s->action_mat || !s->max_legal || s->history))
		return rho_trial_fail(t,
		                      "moving asks for action_mat and max_legal, and for no history of ids");
	if ((s->obs != RHO_OBS_NONE) != !!(flags & RHO_HAS_CONTEXT))
		return rho_trial_fail(
			t, s->obs ? "agents will see a context, but RHO_HAS_CONTEXT is not in its flags"
				  : "RHO_HAS_CONTEXT is in its flags, but obs is RHO_OBS_NONE");
	if (!isfinite(s->reward_lo) || !isfinite(s->reward_hi) || s->reward_lo > s->reward_hi)
		return rho_trial_fail(t, "the declared rewards %g .. %g are no range", (double)s->reward_lo,
		                      (double)s->reward_hi);
	if (s->action_mat && (s->action_mat->rows != s->n_actions || !s->action_mat->cols ||
	                      s->action_mat->stride < s->action_mat->cols))
		return rho_trial_fail(t, "its action_mat has %zu rows of %zu, stride %zu, for %zu actions",
		                      s->action_mat->rows, s->action_mat->cols, s->action_mat->stride,
		                      s->n_actions);
	return RHO_CHECK_PASS;
}

static int e10(struct rho_trial *t)
{
	struct rho_play_how how = { .problem = 100 };
	struct rho_play *p = rho_play_new(t, &how);
	if (!p)
		return RHO_CHECK_SKIP;
	rho_play_open(p);
	int r = p->inst->opened ? judge_spec(t, &rho_env_problem(p)->spec, p->module->table.env.flags)
	                        : rho_trial_skip(t, "it cannot be opened, see K1: %s", p->why.at);
	rho_play_free(p);
	return r;
}

/* The features of the decision now posed, copied: (legal_off[lanes], cols). The caller frees. */
static float *posed_features(const struct rho_env_problem *q)
{
	const struct rho_mat *m = q->spec.action_mat;
	size_t n = q->legal_off[q->spec.lanes];
	float *copy = rho_xmalloc((n + 1) * m->cols * sizeof *copy);
	for (size_t j = 0; j < n; j++)
		memcpy(copy + j * m->cols, m->at + q->legal[j] * m->stride, m->cols * sizeof *copy);
	return copy;
}

/* One step; whether the features of what was posed before it are still what they were. */
static int stays(struct rho_play *p, unsigned turn)
{
	const struct rho_env_problem *q = rho_env_problem(p);
	const struct rho_mat *m = q->spec.action_mat;
	size_t n = q->legal_off[q->spec.lanes];
	uint32_t *id = rho_xmalloc((n + 1) * sizeof *id);
	float *was = posed_features(q);
	memcpy(id, q->legal, n * sizeof *id);
	int r = step_on(p, turn);
	for (size_t j = 0; j < n && !r; j++)
		if (memcmp(was + j * m->cols, m->at + id[j] * m->stride, m->cols * sizeof *was))
			r = rho_trial_fail(
				p->trial,
				"step %u changed the features of action %u, which was legal in the "
				"decision just taken; use two sets of ids in turn",
				turn, id[j]);
	free(was);
	free(id);
	return r;
}

static int e11(struct rho_trial *t)
{
	struct rho_play *p = ready(t, 110, 0);
	int r = RHO_CHECK_PASS;
	if (!p)
		return RHO_CHECK_SKIP;
	if (!rho_env_problem(p)->spec.moving)
		r = rho_trial_skip(t, "its actions do not move");
	for (unsigned turn = 0; turn < TURNS && !r; turn++) {
		r = rho_env_problem(p)->wrong ? rho_trial_skip(t, "its lists are wrong, see E5")
		                              : stays(p, turn);
		rho_play_drop(p);
	}
	rho_play_free(p);
	return r;
}

const struct rho_check rho_checks_env[] = {
	{ "E1", RHO_CHECK_OF(RHO_ENV), "steps, and pays within the range it declares", e1, 0 },
	{ "E2", RHO_CHECK_OF(RHO_ENV), "truncates exactly at its horizon", e2, 0 },
	{ "E3", RHO_CHECK_OF(RHO_ENV), "lanes do not meddle with each other", e3, 0 },
	{ "E4", RHO_CHECK_OF(RHO_ENV), "gives the last observation where an episode ends", e4, 0 },
	{ "E5", RHO_CHECK_OF(RHO_ENV), "poses valid decisions", e5, 0 },
	{ "E6", RHO_CHECK_OF(RHO_ENV), "saved and loaded elsewhere, goes on the same", e6, 0 },
	{ "E9", RHO_CHECK_OF(RHO_ENV), "its oracle agrees with what it pays, and changes nothing", e9, 0 },
	{ "E10", RHO_CHECK_OF(RHO_ENV), "open describes an experiment that makes sense", e10, 0 },
	{ "E11", RHO_CHECK_OF(RHO_ENV), "where actions move, those just posed stay", e11, 0 },
	{ .id = NULL },
};
