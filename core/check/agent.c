/* agent.c: A checks: what an agent chooses, what it says of its choices, what it learns. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../base/digest.h"
#include "agent_play.h"

enum { DRAWS = 64, MANY = 64 }; /* decisions a batch and batches for frequencies */

static const unsigned stages[] = { 0, 20, 100 }; /* turns of learning before a look */

static size_t n_candidates(const struct rho_deal *d)
{
	size_t all = 0;
	for (size_t i = 0; i < d->batch.n; i++)
		all += rho_n_cand(&d->batch, i);
	return all;
}

static bool sound_prob(float p) { return isnan(p) || (p > 0 && p <= 1.0001f); }

/* One decision's slate: candidates, none twice, each with a probability. */
static int judge_slate(struct rho_trial *t, const struct rho_deal *d, size_t i, unsigned turn)
{
	size_t k = d->batch.k;
	for (size_t j = 0; j < k; j++) {
		uint32_t a = d->choice.action[i * k + j];
		if (a == UINT32_MAX)
			return rho_trial_fail(t, "act left action %zu of decision %zu unset at turn %u", j, i,
			                      turn);
		if (!rho_deal_has(d, i, a))
			return rho_trial_fail(
				t,
				"act chose %u, not among the %zu candidates of decision %zu, at "
				"turn %u",
				a, rho_n_cand(&d->batch, i), i, turn);
		for (size_t l = 0; l < j; l++)
			if (d->choice.action[i * k + l] == a)
				return rho_trial_fail(t, "act chose %u twice in one slate at turn %u", a,
				                      turn);
		if (!sound_prob(d->choice.prob[i * k + j]))
			return rho_trial_fail(
				t,
				"act gives its choice the probability %g at turn %u; it must be in "
				"(0, 1], or NaN where it cannot say",
				(double)d->choice.prob[i * k + j], turn);
	}
	return RHO_CHECK_PASS;
}

static void unset(struct rho_deal *d)
{
	for (size_t j = 0; j < d->batch.n * d->batch.k; j++) {
		d->choice.action[j] = UINT32_MAX;
		d->choice.prob[j] = -1;
	}
}

/* Turns of act, judged, and observe; where they fail is the finding. */
static int judged_turns(struct rho_play *p, unsigned from, unsigned to)
{
	int r = RHO_CHECK_PASS;
	for (unsigned t = from; t < to && !r; t++) {
		struct rho_deal d;
		rho_deal_turn(p, t, &d);
		unset(&d);
		if (rho_deal_act(p, t, &d))
			return rho_trial_fail(p->trial, "turn %u: %s", t, p->why.at);
		for (size_t i = 0; i < d.batch.n && !r; i++)
			r = judge_slate(p->trial, &d, i, t);
		if (!r && rho_agent_of(p)->observe && rho_deal_observe(p, t, &d, NULL))
			r = rho_trial_fail(p->trial, "turn %u: %s", t, p->why.at);
		rho_play_drop(p);
	}
	return r;
}

static int a1(struct rho_trial *t)
{
	const struct rho_play_how hows[] = { { 0 },
		                             { .style = RHO_STYLE_LINEAR, .problem = 1 },
		                             { .lanes = 1, .problem = 2 },
		                             { .slate = 3, .problem = 3 },
		                             { .all = true, .problem = 4 } };
	int r = rho_trial_module(t);
	for (size_t i = 0; i < sizeof hows / sizeof *hows && !r; i++) {
		if (hows[i].slate > 1 && !(t->module->table.agent.flags & RHO_DOES_SLATES))
			continue;
		struct rho_play *p = rho_play_ready(t, &hows[i]);
		r = p ? judged_turns(p, 0, 30) : RHO_CHECK_SKIP;
		rho_play_free(p);
	}
	return r;
}

/* ---- frequencies ---- */

/* Probability of each of the m candidates of the first decision of `d`, by prob, in batches that
 * stay within the lanes. False where it says NaN. */
static int candidate_probs(struct rho_play *p, unsigned t, size_t m, float *out, bool *says)
{
	struct rho_deal d;
	rho_deal_same(p, t, m, m, &d);
	float *prob = rho_play_buf(p, m, sizeof *prob);
	for (size_t j = 0; j < m; j++)
		d.choice.action[j] = rho_cand(&d.batch, 0, j);
	if (rho_deal_prob(p, t, &d, d.choice.action, prob))
		return rho_trial_fail(p->trial, "prob failed: %s", p->why.at);
	*says = true;
	for (size_t j = 0; j < m; j++) {
		out[j] = prob[j];
		*says &= !isnan(prob[j]);
		if (!isnan(prob[j]) && !(prob[j] >= 0 && prob[j] <= 1.0001f))
			return rho_trial_fail(p->trial, "prob says %g of a candidate", (double)prob[j]);
	}
	return RHO_CHECK_PASS;
}

static size_t place_of(const struct rho_deal *d, uint32_t action)
{
	size_t m = rho_n_cand(&d->batch, 0), j = 0;
	while (j < m && rho_cand(&d->batch, 0, j) != action)
		j++;
	return j;
}

/* Draws MANY batches of one decision with m candidates and counts; expected from prob each time. */
static int count_choices(struct rho_play *p, unsigned turn, size_t m, double *observed, double *expected,
                         bool *says)
{
	float prob[RHO_PLAY_ACTIONS];
	int r = RHO_CHECK_PASS;
	for (unsigned b = 0; b < MANY && !r; b++) {
		struct rho_deal d;
		r = candidate_probs(p, turn, m, prob, says);
		if (r || !*says)
			return r;
		rho_deal_same(p, turn, DRAWS, m, &d);
		if (rho_deal_act(p, turn, &d))
			return rho_trial_skip(p->trial, "act failed, see A1: %s", p->why.at);
		for (size_t i = 0; i < DRAWS && !r; i++) {
			size_t j = place_of(&d, d.choice.action[i]);
			if (j == m)
				return rho_trial_skip(p->trial, "it chose what is no candidate, see A1");
			observed[j]++;
			if (!(fabsf(d.choice.prob[i] - prob[j]) <= 1e-4f))
				r = rho_trial_fail(p->trial,
				                   "act gives its choice %g, prob says %g of the same",
				                   (double)d.choice.prob[i], (double)prob[j]);
		}
		for (size_t j = 0; j < m; j++)
			expected[j] += DRAWS * (double)prob[j];
		rho_play_drop(p);
	}
	return r;
}

static int fit_frequencies(struct rho_play *p, unsigned learned)
{
	double observed[RHO_PLAY_ACTIONS] = { 0 }, expected[RHO_PLAY_ACTIONS] = { 0 }, sum = 0;
	size_t m = 7;
	bool says = true;
	int r = count_choices(p, 500 + learned, m, observed, expected, &says);
	if (r)
		return r;
	if (!says)
		return rho_trial_skip(p->trial, "prob says NaN: it has no closed form");
	for (size_t j = 0; j < m; j++)
		sum += expected[j];
	if (fabs(sum / (DRAWS * MANY) - 1) > 1e-3)
		return rho_trial_fail(p->trial, "prob over all candidates adds up to %g after %u turns",
		                      sum / (DRAWS * MANY), learned);
	double ratio = rho_chi2_ratio(observed, expected, m);
	for (size_t j = 0; j < m && ratio > 1; j++)
		if (fabs(observed[j] - expected[j]) > 4 * sqrt(expected[j]) + 4)
			return rho_trial_fail(p->trial,
			                      "after %u turns one candidate was chosen %g times of %d, "
			                      "where prob promises %.1f (chi-square %.1f times its bound)",
			                      learned, observed[j], DRAWS * MANY, expected[j], ratio);
	if (ratio > 1)
		return rho_trial_fail(p->trial,
		                      "after %u turns choices do not fit prob: chi-square is %.1f times "
		                      "its bound",
		                      learned, ratio);
	return RHO_CHECK_PASS;
}

static int a2(struct rho_trial *t)
{
	struct rho_play_how how = { .lanes = DRAWS, .problem = 20 };
	int r = rho_trial_module(t);
	if (!r && !t->module->table.agent.prob)
		r = rho_trial_skip(t, "it has no prob");
	struct rho_play *p = r ? NULL : rho_play_ready(t, &how);
	if (!p)
		return RHO_CHECK_SKIP;
	for (size_t i = 0; i < sizeof stages / sizeof *stages && !r; i++) {
		r = rho_agent_learn(p, i ? stages[i - 1] : 0, stages[i]);
		if (!r)
			r = fit_frequencies(p, stages[i]);
	}
	rho_play_free(p);
	return r;
}

/* ---- dist ---- */

static int judge_dist(struct rho_play *p, unsigned turn, const struct rho_deal *d, const float *dist)
{
	const struct rho_agent *a = rho_agent_of(p);
	float *prob = rho_play_buf(p, d->batch.n, sizeof *prob);
	uint32_t *one = rho_play_buf(p, d->batch.n, sizeof *one);
	for (size_t i = 0; i < d->batch.n; i++) {
		size_t at = rho_cand_at(&d->batch, i), m = rho_n_cand(&d->batch, i);
		double sum = 0;
		for (size_t j = 0; j < m; j++) {
			if (!(dist[at + j] >= 0 && dist[at + j] <= 1.0001f))
				return rho_trial_fail(p->trial, "dist gives a candidate %g at turn %u",
				                      (double)dist[at + j], turn);
			sum += (double)dist[at + j];
		}
		if (fabs(sum - 1) > 1e-3)
			return rho_trial_fail(p->trial, "dist adds up to %g over %zu candidates at turn %u",
			                      sum, m, turn);
	}
	for (size_t j = 0; a->prob && j < RHO_PLAY_ACTIONS; j++) {
		for (size_t i = 0; i < d->batch.n; i++)
			one[i] = rho_cand(&d->batch, i, j % rho_n_cand(&d->batch, i));
		if (rho_deal_prob(p, turn, d, one, prob))
			return rho_trial_fail(p->trial, "prob failed: %s", p->why.at);
		for (size_t i = 0; i < d->batch.n; i++) {
			float said = dist[rho_cand_at(&d->batch, i) + j % rho_n_cand(&d->batch, i)];
			if (!isnan(prob[i]) && fabsf(prob[i] - said) > 1e-4f)
				return rho_trial_fail(p->trial,
				                      "dist gives action %u %g, prob %g, at turn %u", one[i],
				                      (double)said, (double)prob[i], turn);
		}
	}
	return RHO_CHECK_PASS;
}

static int a3(struct rho_trial *t)
{
	struct rho_play_how how = { .problem = 30 };
	int r = rho_trial_module(t);
	if (!r && !t->module->table.agent.dist)
		r = rho_trial_skip(t, "it has no dist");
	struct rho_play *p = r ? NULL : rho_play_ready(t, &how);
	if (!p)
		return RHO_CHECK_SKIP;
	for (unsigned turn = 0; turn < 40 && !r; turn++) {
		struct rho_deal d;
		rho_deal_turn(p, 1000 + turn, &d);
		size_t all = n_candidates(&d);
		float *dist = rho_play_buf(p, all, sizeof *dist);
		for (size_t j = 0; j < all; j++)
			dist[j] = -1;
		if (rho_deal_dist(p, turn, &d, dist))
			r = rho_trial_fail(t, "dist failed: %s", p->why.at);
		else if (isnan(dist[0]))
			r = rho_trial_skip(t, "dist says NaN: it has no closed form");
		else
			r = judge_dist(p, turn, &d, dist);
		rho_play_drop(p);
		if (!r)
			r = rho_agent_learn(p, turn, turn + 1);
	}
	rho_play_free(p);
	return r;
}

/* ---- what must not change anything ---- */

/* Asks what changes nothing of deal t. 0 or the code. */
static int ask_all(struct rho_play *p, unsigned t, uint32_t flags)
{
	const struct rho_agent *a = rho_agent_of(p);
	struct rho_deal d;
	int code = 0;
	rho_deal_turn(p, t, &d);
	rho_deal_log(p, t, &d);
	d.batch.flags = flags;
	size_t all = n_candidates(&d);
	float *out = rho_play_buf(p, all + d.batch.n, sizeof *out),
	      *more = rho_play_buf(p, d.batch.n, sizeof *more);
	if (a->prob)
		code = rho_deal_prob(p, t, &d, d.choice.action, out);
	if (a->dist && !code)
		code = rho_deal_dist(p, t, &d, out);
	if (a->rank && !code)
		code = rho_deal_rank(p, t, &d, out, more);
	rho_play_drop(p);
	return code;
}

static int only_asks(struct rho_trial *t)
{
	struct rho_play_how how = { .problem = 40 };
	struct rho_play *p = rho_play_ready(t, &how);
	int r = p ? rho_agent_learn(p, 0, 12) : RHO_CHECK_SKIP;
	for (unsigned turn = 0; turn < 8 && !r; turn++) {
		struct rho_digest before = rho_play_state(p), after;
		if (ask_all(p, 100 + turn, turn % 2 ? RHO_GREEDY : 0))
			r = rho_trial_fail(t, "asked for probabilities, it failed: %s", p->why.at);
		after = rho_play_state(p);
		if (!r && (before.lo != after.lo || before.hi != after.hi))
			r = rho_trial_fail(t,
			                   "prob, dist or rank changed a kept array or drew from a stream");
	}
	rho_play_free(p);
	return r;
}

/* Learns from a log, dawdles as told, then answers greedily: actions and probabilities. */
static int greedy_answers(struct rho_trial *t, void *arg, struct rho_buf *out)
{
	struct rho_play_how how = { .problem = 41 };
	struct rho_play *p = rho_play_ready(t, &how);
	bool dawdle = *(bool *)arg;
	struct rho_deal d;
	int code = p ? 0 : -1;
	for (unsigned turn = 0; turn < 20 && !code && rho_agent_of(p)->observe; turn++) {
		rho_deal_turn(p, turn, &d);
		rho_deal_log(p, turn, &d);
		code = rho_deal_observe(p, turn, &d, NULL);
		rho_play_drop(p);
	}
	for (unsigned turn = 100; turn < 110 && !code && dawdle; turn++) {
		rho_deal_turn(p, turn, &d);
		code = rho_deal_act(p, turn, &d);
		rho_play_drop(p);
	}
	for (unsigned turn = 200; turn < 216 && !code; turn++) {
		rho_deal_turn(p, turn, &d);
		d.batch.flags = RHO_GREEDY;
		code = rho_deal_act(p, turn, &d);
		for (size_t j = 0; j < d.batch.n * d.batch.k && !code; j++) {
			rho_buf_add(out, &d.choice.action[j], sizeof d.choice.action[j]);
			rho_buf_add(out, &d.choice.prob[j], sizeof d.choice.prob[j]);
		}
		rho_play_drop(p);
	}
	int r = !p     ? RHO_CHECK_SKIP
	        : code ? rho_trial_skip(t, "it failed, see A1 and A6: %s", p->why.at)
	               : RHO_CHECK_PASS;
	rho_play_free(p);
	return r;
}

struct answer {
	uint32_t action;
	float prob;
};

static int a4(struct rho_trial *t)
{
	struct rho_buf a = { 0 }, b = { 0 };
	bool no = false, yes = true;
	int r = only_asks(t);
	if (!r)
		r = rho_trial_apart(t, 0, greedy_answers, &no, &a);
	if (!r)
		r = rho_trial_apart(t, 0, greedy_answers, &yes, &b);
	for (size_t at = 0; !r && at + sizeof(struct answer) <= a.len && a.len == b.len;
	     at += sizeof(struct answer)) {
		struct answer x, y;
		memcpy(&x, a.at + at, sizeof x);
		memcpy(&y, b.at + at, sizeof y);
		/* Who has nothing to exploit may draw even then, if it says so. */
		if (x.prob > 0.999f && y.prob > 0.999f && x.action != y.action)
			r = rho_trial_fail(
				t,
				"told RHO_GREEDY, two instances that learned the same chose %u and %u, "
				"both with probability 1; only what was drawn before differs",
				x.action, y.action);
	}
	rho_buf_free(&a);
	rho_buf_free(&b);
	return r;
}

static int a5(struct rho_trial *t)
{
	static const unsigned cuts[] = { 1, 9, 25 };
	struct rho_play_how how = { .problem = 50 };
	int r = rho_trial_exact(t);
	for (size_t i = 0; i < sizeof cuts / sizeof *cuts && !r; i++)
		r = rho_play_resume(t, &how, cuts[i], cuts[i] + 12);
	return r;
}

static int a6(struct rho_trial *t)
{
	struct rho_play_how how = { .problem = 60 };
	int r = rho_trial_module(t);
	if (!r && !t->module->table.agent.observe)
		r = rho_trial_skip(t, "it has no observe");
	struct rho_play *p = r ? NULL : rho_play_ready(t, &how);
	if (!p)
		return RHO_CHECK_SKIP;
	for (unsigned turn = 0; turn < 40 && !r; turn++) {
		struct rho_deal d;
		rho_deal_turn(p, turn, &d);
		rho_deal_log(p, turn, &d);
		if (rho_deal_observe(p, turn, &d, NULL))
			r = rho_trial_fail(t, "it refuses decisions that others took (a log), at turn %u: %s",
			                   turn, p->why.at);
		rho_play_drop(p);
	}
	for (unsigned turn = 40; turn < 50 && !r; turn++) {
		struct rho_deal d;
		rho_deal_turn(p, turn, &d);
		if (rho_deal_act(p, turn, &d))
			r = rho_trial_fail(t, "after decisions that others took (a log), act fails: %s",
			                   p->why.at);
		rho_play_drop(p);
	}
	rho_play_free(p);
	return r;
}

/* ---- batches ---- */

/* Decision i of a batch as a batch of its own. */
static struct rho_deal single(struct rho_play *p, const struct rho_deal *d, size_t i)
{
	struct rho_deal s = *d;
	struct rho_batch *b = &s.batch;
	b->n = 1;
	b->lane += i;
	b->row += i;
	if (b->x.mat)
		b->x = rho_slice(b->x, i, 1);
	b->x.n = 1;
	s.x += i;
	if (b->cand_off) {
		size_t *off = rho_play_buf(p, 2, sizeof *off);
		off[1] = rho_n_cand(&d->batch, i);
		b->cand += d->batch.cand_off[i];
		if (b->incl)
			b->incl += d->batch.cand_off[i];
		b->cand_off = off;
	}
	return s;
}

static bool alike(float a, float b)
{
	return (isnan(a) && isnan(b)) || a == b || fabsf(a - b) <= 1e-5f * (fabsf(a) + fabsf(b));
}

static int compare_single(struct rho_play *p, unsigned t, const struct rho_deal *d, const float *prob,
                          const float *dist, size_t i)
{
	struct rho_deal s = single(p, d, i);
	size_t m = rho_n_cand(&d->batch, i), k = d->batch.k;
	float *one = rho_play_buf(p, m + k, sizeof *one);
	if (prob && rho_deal_prob(p, t, &s, d->choice.action + i * k, one))
		return rho_trial_fail(p->trial, "prob failed: %s", p->why.at);
	for (size_t j = 0; prob && j < k; j++)
		if (!alike(one[j], prob[i * k + j]))
			return rho_trial_fail(p->trial, "prob is %g alone and %g in a batch of %zu",
			                      (double)one[j], (double)prob[i * k + j], d->batch.n);
	if (dist && rho_deal_dist(p, t, &s, one))
		return rho_trial_fail(p->trial, "dist failed: %s", p->why.at);
	for (size_t j = 0; dist && j < m; j++)
		if (!alike(one[j], dist[rho_cand_at(&d->batch, i) + j]))
			return rho_trial_fail(p->trial, "dist is %g alone and %g in a batch of %zu",
			                      (double)one[j], (double)dist[rho_cand_at(&d->batch, i) + j],
			                      d->batch.n);
	return RHO_CHECK_PASS;
}

static int a7(struct rho_trial *t)
{
	struct rho_play_how how = { .problem = 70 };
	int r = rho_trial_module(t);
	const struct rho_agent *a = r ? NULL : &t->module->table.agent;
	if (a && !a->prob && !a->dist)
		r = rho_trial_skip(t, "it has neither prob nor dist");
	struct rho_play *p = r ? NULL : rho_play_ready(t, &how);
	if (!p)
		return RHO_CHECK_SKIP;
	for (unsigned turn = 0; turn < 24 && !r; turn++) {
		struct rho_deal d;
		rho_deal_turn(p, 1000 + turn, &d);
		rho_deal_log(p, turn, &d);
		float *prob = a->prob ? rho_play_buf(p, d.batch.n * d.batch.k, sizeof *prob) : NULL;
		float *dist = a->dist ? rho_play_buf(p, n_candidates(&d), sizeof *dist) : NULL;
		if ((prob && rho_deal_prob(p, turn, &d, d.choice.action, prob)) ||
		    (dist && rho_deal_dist(p, turn, &d, dist)))
			r = rho_trial_fail(t, "asked for probabilities, it failed: %s", p->why.at);
		for (size_t i = 0; i < d.batch.n && !r; i++)
			r = compare_single(p, turn, &d, prob, dist, i);
		rho_play_drop(p);
		if (!r)
			r = rho_agent_learn(p, turn, turn + 1);
	}
	rho_play_free(p);
	return r;
}

const struct rho_check rho_checks_agent[] = {
	{ "A1", RHO_CHECK_OF(RHO_AGENT), "chooses candidates, none twice, from exactly k to all", a1, 0 },
	{ "A2", RHO_CHECK_OF(RHO_AGENT), "chooses as often as prob says", a2, 0 },
	{ "A3", RHO_CHECK_OF(RHO_AGENT), "dist adds up to 1 and agrees with prob", a3, 0 },
	{ "A4", RHO_CHECK_OF(RHO_AGENT), "prob, dist and rank change nothing; greedy choices need no luck",
	  a4, 0 },
	{ "A5", RHO_CHECK_OF(RHO_AGENT), "saved and loaded elsewhere, goes on the same", a5, 0 },
	{ "A6", RHO_CHECK_OF(RHO_AGENT), "learns from decisions it never took", a6, 0 },
	{ "A7", RHO_CHECK_OF(RHO_AGENT), "prob and dist of a batch are those of its decisions alone", a7, 0 },
	{ "A8", RHO_CHECK_OF(RHO_AGENT), "learns: beats uniform choice on five problems", rho_check_learns,
	  120 },
	{ "A9", RHO_CHECK_OF(RHO_AGENT), "NaN and huge rewards do not poison it in silence", rho_check_poison,
	  0 },
	{ "A10", RHO_CHECK_OF(RHO_AGENT), "acts as rank says", rho_check_rank, 0 },
	{ .id = NULL },
};
