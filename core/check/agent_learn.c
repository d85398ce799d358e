/* agent_learn.c: A8 to A10: what is learned from good rewards and from bad ones, and rank. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "agent_play.h"

/* ---- A8 ---- */

enum { LEARN_LANES = 32, LEARN_TURNS = 640 };

/* Whether rank, dist or prob says that every choice is drawn uniformly: an agent that does not
 * claim to learn. */
static bool is_uniform(struct rho_play *p)
{
	const struct rho_agent *a = rho_agent_of(p);
	struct rho_deal d;
	rho_deal_turn(p, 4, &d); /* all actions are candidates */
	size_t n = d.batch.n, m = d.batch.actions.n;
	float *said = rho_play_buf(p, n * m, sizeof *said), *explore = rho_play_buf(p, n, sizeof *explore);
	bool uniform = a->rank || a->dist || a->prob;
	if (a->rank) {
		uniform = !rho_deal_rank(p, 4, &d, said, explore);
		for (size_t i = 0; i < n; i++)
			uniform &= explore[i] == 1;
	} else if (a->dist) {
		uniform = !rho_deal_dist(p, 4, &d, said);
		for (size_t j = 0; j < n * m; j++)
			uniform &= fabsf(said[j] * (float)m - 1) < 1e-4f;
	}
	for (uint32_t j = 0; !a->rank && !a->dist && uniform && j < m; j++) {
		for (size_t i = 0; i < n; i++)
			d.choice.action[i] = j;
		uniform = !rho_deal_prob(p, 4, &d, d.choice.action, said);
		for (size_t i = 0; i < n; i++)
			uniform &= fabsf(said[i] * (float)m - 1) < 1e-4f;
	}
	rho_play_drop(p);
	return uniform;
}

struct window {
	double gain, gap, square;
	size_t n;
};

static int one_turn(struct rho_play *p, unsigned t, struct window *w)
{
	struct rho_deal d;
	rho_deal_turn(p, t, &d);
	if (rho_deal_act(p, t, &d))
		return rho_trial_skip(p->trial, "act failed, see A1: %s", p->why.at);
	for (size_t i = 0; i < d.batch.n; i++) {
		double average, best, gain;
		if (!rho_deal_has(&d, i, d.choice.action[i]))
			return rho_trial_skip(p->trial, "it chose what is no candidate, see A1");
		rho_deal_levels(p, &d, i, &average, &best);
		gain = (double)rho_deal_mean(p, &d, i, d.choice.action[i]) - average;
		w->gain += gain;
		w->gap += best - average;
		w->square += gain * gain;
		w->n++;
	}
	if (rho_deal_observe(p, t, &d, NULL))
		return rho_trial_skip(p->trial, "observe failed, see A1: %s", p->why.at);
	rho_play_drop(p);
	return RHO_CHECK_PASS;
}

/* A tenth of the way from uniform to best, and four standard errors above uniform. */
static bool beats(const struct window *w)
{
	double mean = w->gain / (double)w->n, var = w->square / (double)w->n - mean * mean;
	return w->gain >= 0.1 * w->gap && mean >= 4 * sqrt(fmax(var, 0) / (double)w->n);
}

/* Learns until the second half of what it has done beats uniform choice. */
static int learn_one(struct rho_trial *t, const struct rho_play_how *how, size_t number)
{
	struct rho_play *p = rho_play_ready(t, how);
	struct window w = { 0 };
	if (!p)
		return RHO_CHECK_SKIP;
	int r = RHO_CHECK_PASS;
	for (unsigned turn = 0, look = 20; turn < LEARN_TURNS && !r; turn++) {
		if (turn == look / 2)
			w = (struct window){ 0 };
		r = one_turn(p, turn, &w);
		if (turn + 1 == look && !r) {
			if (beats(&w))
				break;
			look *= 2;
			if (is_uniform(p))
				r = rho_trial_skip(
					t, "it says of itself that it draws uniformly, whatever it learns");
			else if (look > LEARN_TURNS)
				r = rho_trial_fail(
					t,
					"problem %zu: after %d decisions it gains %.0f%% of what the "
					"best choice gains over a uniform one",
					number, LEARN_TURNS * LEARN_LANES,
					w.gap > 0 ? 100 * w.gain / w.gap : 0);
		}
	}
	rho_play_free(p);
	return r;
}

int rho_check_learns(struct rho_trial *t)
{
	const struct rho_play_how hows[] = {
		{ .lanes = LEARN_LANES, .problem = 80, .actions = 10, .all = true },
		{ .lanes = LEARN_LANES, .problem = 81, .actions = 10, .all = true, .coins = true },
		{ .lanes = LEARN_LANES, .problem = 82, .actions = 20, .all = true },
		{ .lanes = LEARN_LANES, .problem = 83, .actions = 20 },
		{ .lanes = LEARN_LANES, .problem = 84, .actions = 10, .coins = true }
	};
	int r = rho_trial_module(t);
	if (!r && !t->module->table.agent.observe)
		r = rho_trial_skip(t, "it has no observe: it does not claim to learn");
	for (size_t i = 0; i < sizeof hows / sizeof *hows && !r; i++)
		r = learn_one(t, &hows[i], i + 1);
	return r;
}

/* ---- A9 ---- */

/* Numbers in kept arrays that are not finite: a look inside an agent that cannot state probabilities. */
static size_t count_broken(const struct rho_play *p, const char **name)
{
	size_t n = 0;
	for (size_t i = 0; i < p->inst->n_kept; i++) {
		const struct rho_kept *k = &p->inst->kept[i];
		size_t before = n;
		for (size_t j = 0; j < k->rows * k->cols; j++)
			n += (k->type == RHO_F32_ARRAY && !isfinite(((const float *)k->at)[j])) ||
			     (k->type == RHO_F64_ARRAY && !isfinite(((const double *)k->at)[j]));
		if (n > before)
			*name = k->name;
	}
	return n;
}

/* How many of act's, prob's and dist's probabilities on some deals are not numbers in [0, 1], and
 * of rank's scores are NaN. -1: a call gave an error. */
static long count_bad_answers(struct rho_play *p)
{
	const struct rho_agent *a = rho_agent_of(p);
	long bad = 0;
	for (unsigned t = 300; t < 308; t++) {
		struct rho_deal d;
		rho_deal_turn(p, t, &d);
		size_t all = 0, n = d.batch.n * d.batch.k;
		for (size_t i = 0; i < d.batch.n; i++)
			all += rho_n_cand(&d.batch, i);
		float *out = rho_play_buf(p, all, sizeof *out),
		      *explore = rho_play_buf(p, d.batch.n, sizeof *explore);
		if (rho_deal_act(p, t, &d))
			return -1;
		for (size_t j = 0; j < n; j++)
			bad += !(d.choice.prob[j] > 0 && d.choice.prob[j] <= 1.0001f) ||
			       !rho_deal_has(&d, j / d.batch.k, d.choice.action[j]);
		rho_deal_log(p, t, &d);
		if (a->prob && rho_deal_prob(p, t, &d, d.choice.action, out))
			return -1;
		for (size_t j = 0; a->prob && j < n; j++)
			bad += !(out[j] >= 0 && out[j] <= 1.0001f);
		if (a->dist && rho_deal_dist(p, t, &d, out))
			return -1;
		for (size_t j = 0; a->dist && j < all; j++)
			bad += !(out[j] >= 0 && out[j] <= 1.0001f);
		if (a->rank && rho_deal_rank(p, t, &d, out, explore))
			return -1;
		for (size_t j = 0; a->rank && j < all; j++)
			bad += isnan(out[j]);
		rho_play_drop(p);
	}
	return bad;
}

/* One batch of rewards `v` after some good ones; an error is an honest answer. */
static int feed_poison(struct rho_trial *t, float v, uint64_t problem)
{
	struct rho_play_how how = { .problem = problem };
	struct rho_play *p = rho_play_ready(t, &how);
	const char *name = "";
	struct rho_deal d;
	int r = p ? rho_agent_learn(p, 0, 16) : RHO_CHECK_SKIP;
	if (r) {
		rho_play_free(p);
		return r;
	}
	size_t broken = count_broken(p, &name);
	long bad = count_bad_answers(p), now;
	rho_deal_turn(p, 20, &d);
	rho_deal_log(p, 20, &d);
	float *reward = rho_play_buf(p, d.batch.n, sizeof *reward);
	for (size_t i = 0; i < d.batch.n; i++)
		reward[i] = v;
	int code = rho_deal_observe(p, 20, &d, reward);
	rho_play_drop(p);
	if (code && p->silent) {
		r = rho_trial_fail(t, "a reward of %g is refused without a sentence", (double)v);
	} else if (!code && bad >= 0) {
		now = count_bad_answers(p);
		if (now > bad)
			r = rho_trial_fail(
				t,
				"after a reward of %g its answers are no longer choices with a "
				"probability in (0, 1] and scores that are numbers; refuse such a reward "
				"with rho_fail",
				(double)v);
		else if (bad && now >= 0 && count_broken(p, &name) > broken)
			r = rho_trial_fail(
				t,
				"after a reward of %g its kept array %s holds what is not a finite "
				"number; refuse such a reward with rho_fail",
				(double)v, name);
	}
	rho_play_free(p);
	return r;
}

int rho_check_poison(struct rho_trial *t)
{
	static const float rewards[] = { NAN, 1e30f, -1e30f };
	int r = rho_trial_module(t);
	if (!r && !t->module->table.agent.observe)
		r = rho_trial_skip(t, "it has no observe");
	for (size_t i = 0; i < sizeof rewards / sizeof *rewards && !r; i++)
		r = feed_poison(t, rewards[i], 90 + i);
	return r;
}

/* ---- A10 ---- */

/* The first candidate of the highest score. */
static size_t top_of(const float *score, size_t m)
{
	size_t best = 0;
	for (size_t j = 1; j < m; j++)
		if (score[j] > score[best])
			best = j;
	return best;
}

/* What prob gives each candidate must be what rank implies. */
static int rank_against_prob(struct rho_play *p, unsigned t, const struct rho_deal *d, const float *score,
                             const float *explore)
{
	float *prob = rho_play_buf(p, d->batch.n, sizeof *prob);
	uint32_t *one = rho_play_buf(p, d->batch.n, sizeof *one);
	for (size_t j = 0; j < RHO_PLAY_ACTIONS; j++) {
		for (size_t i = 0; i < d->batch.n; i++)
			one[i] = rho_cand(&d->batch, i, j % rho_n_cand(&d->batch, i));
		if (rho_deal_prob(p, t, d, one, prob))
			return rho_trial_fail(p->trial, "prob failed: %s", p->why.at);
		for (size_t i = 0; i < d->batch.n; i++) {
			size_t m = rho_n_cand(&d->batch, i),
			       best = top_of(score + rho_cand_at(&d->batch, i), m);
			float said = explore[i] / (float)m + (j % m == best ? 1 - explore[i] : 0);
			if (!isnan(prob[i]) && fabsf(prob[i] - said) > 1e-4f)
				return rho_trial_fail(p->trial,
				                      "rank gives action %u the probability %g (best: %s, "
				                      "explore %g, %zu candidates), prob says %g",
				                      one[i], (double)said, j % m == best ? "yes" : "no",
				                      (double)explore[i], m, (double)prob[i]);
		}
	}
	return RHO_CHECK_PASS;
}

static int judge_rank(struct rho_play *p, unsigned t, uint32_t flags)
{
	struct rho_deal d;
	rho_deal_turn(p, t, &d);
	d.batch.flags = flags;
	size_t all = 0;
	for (size_t i = 0; i < d.batch.n; i++)
		all += rho_n_cand(&d.batch, i);
	float *score = rho_play_buf(p, all, sizeof *score),
	      *explore = rho_play_buf(p, d.batch.n, sizeof *explore);
	for (size_t j = 0; j < all; j++)
		score[j] = NAN;
	for (size_t i = 0; i < d.batch.n; i++)
		explore[i] = -1;
	if (rho_deal_rank(p, t, &d, score, explore))
		return rho_trial_fail(p->trial, "rank failed: %s", p->why.at);
	for (size_t j = 0; j < all; j++)
		if (isnan(score[j]))
			return rho_trial_fail(p->trial, "rank gives a candidate no score");
	if (rho_deal_act(p, t, &d))
		return rho_trial_skip(p->trial, "act failed, see A1: %s", p->why.at);
	for (size_t i = 0; i < d.batch.n; i++) {
		size_t best = top_of(score + rho_cand_at(&d.batch, i), rho_n_cand(&d.batch, i));
		if (!(explore[i] >= 0 && explore[i] <= 1))
			return rho_trial_fail(p->trial, "rank says explore is %g", (double)explore[i]);
		if (explore[i] == 0 && d.choice.action[i] != rho_cand(&d.batch, i, best))
			return rho_trial_fail(p->trial,
			                      "rank puts action %u first and explores nothing, act chose %u",
			                      rho_cand(&d.batch, i, best), d.choice.action[i]);
	}
	return rho_agent_of(p)->prob ? rank_against_prob(p, t, &d, score, explore) : RHO_CHECK_PASS;
}

/* How often act chooses what rank puts first, over many draws of one decision. */
static int rank_frequency(struct rho_play *p, unsigned t)
{
	enum { TIMES = 100 };
	double hits = 0, expected = 0, var = 0;
	size_t m = 6;
	for (unsigned b = 0; b < TIMES; b++) {
		struct rho_deal d;
		rho_deal_same(p, t, RHO_PLAY_LANES, m, &d);
		float *score = rho_play_buf(p, RHO_PLAY_LANES * m, sizeof *score);
		float *explore = rho_play_buf(p, RHO_PLAY_LANES, sizeof *explore);
		if (rho_deal_rank(p, t, &d, score, explore) || rho_deal_act(p, t, &d))
			return rho_trial_skip(p->trial, "it failed, see A1: %s", p->why.at);
		for (size_t i = 0; i < RHO_PLAY_LANES; i++) {
			double q = 1 - (double)explore[i] * (1 - 1 / (double)m);
			hits += d.choice.action[i] == rho_cand(&d.batch, i, top_of(score + i * m, m));
			expected += q;
			var += q * (1 - q);
		}
		rho_play_drop(p);
	}
	if (fabs(hits - expected) > 5 * sqrt(var) + 0.5)
		return rho_trial_fail(p->trial,
		                      "act chose what rank puts first %g times of %d, rank promises %.1f",
		                      hits, TIMES * RHO_PLAY_LANES, expected);
	return RHO_CHECK_PASS;
}

int rho_check_rank(struct rho_trial *t)
{
	struct rho_play_how how = { .problem = 100 };
	int r = rho_trial_module(t);
	if (!r && !t->module->table.agent.rank)
		r = rho_trial_skip(t, "it has no rank");
	struct rho_play *p = r ? NULL : rho_play_ready(t, &how);
	if (!p)
		return RHO_CHECK_SKIP;
	for (unsigned stage = 0; stage < 3 && !r; stage++) {
		for (unsigned turn = 0; turn < 12 && !r; turn++) {
			r = judge_rank(p, 1000 + turn, turn % 3 == 2 ? RHO_GREEDY : 0);
			rho_play_drop(p);
		}
		if (!r)
			r = rank_frequency(p, 2000 + stage);
		if (!r)
			r = rho_agent_learn(p, stage * 30, stage * 30 + 30);
	}
	rho_play_free(p);
	return r;
}
