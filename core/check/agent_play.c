/* agent_play.c: playing agents: bandits whose means are known, with and without features. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "agent_play.h"

/* What is drawn for turn t: rho_fork(key, t, purpose). */
enum purpose { DEAL = 1, REWARD, LOG, ASK };

static struct rho_rng draws(struct rho_play *p, unsigned t, enum purpose what)
{
	return rho_fork(&rho_agent_problem(p)->key, t, what);
}

/* Means of the linear style: <x * a, theta>, scaled so that the largest magnitude is 0.9. */
static void linear_means(struct rho_agent_problem *q, struct rho_rng *r)
{
	double theta[RHO_PLAY_DIM], top = 1e-9;
	size_t n = q->spec.n_actions;
	for (size_t d = 0; d < RHO_PLAY_DIM; d++)
		theta[d] = rho_normal(r);
	for (size_t i = 0; i < RHO_PLAY_X * n; i++) {
		const float *x = q->x + i / n * RHO_PLAY_DIM, *a = q->action + i % n * RHO_PLAY_DIM;
		double sum = 0;
		for (size_t d = 0; d < RHO_PLAY_DIM; d++)
			sum += theta[d] * (double)x[d] * (double)a[d];
		q->mean[i] = (float)sum;
		top = fmax(top, fabs(sum));
	}
	for (size_t i = 0; i < RHO_PLAY_X * n; i++)
		q->mean[i] *= (float)(0.9 / top);
}

/* Means of the arms style: one arm in ten pays 0.9, the others up to 0.5, whatever the context. */
static void arm_means(struct rho_agent_problem *q, struct rho_rng *r)
{
	size_t n = q->spec.n_actions, first = rho_below(r, (uint32_t)n), good = n / 10 + 1;
	for (size_t a = 0; a < n; a++) {
		float mean = (a + n - first) % n < good ? 0.9f : (float)(0.1 + 0.4 * rho_unif(r));
		for (size_t x = 0; x < RHO_PLAY_X; x++)
			q->mean[x * n + a] = mean;
	}
}

static int agent_set(struct rho_play *p)
{
	uint32_t flags = p->module->table.agent.flags;
	struct rho_agent_problem *q = p->problem = rho_xcalloc(1, sizeof *q);
	struct rho_buf why = { 0 };
	size_t n = p->how.actions ? p->how.actions : RHO_PLAY_ACTIONS;
	bool features = flags & (RHO_NEEDS_X | RHO_NEEDS_FEATURES);
	struct rho_rng r = rho_stream_seed(p->trial->seed, "check", p->how.problem, "agent");
	q->key = rho_fork(&r, 1, 1);
	q->style = p->how.style ? p->how.style : features ? RHO_STYLE_LINEAR : RHO_STYLE_ARMS;
	q->spec = (struct rho_spec){
		.n_actions = n,
		.lanes = p->how.lanes ? p->how.lanes : RHO_PLAY_LANES,
		.slate = p->how.slate ? p->how.slate : 1,
		.max_cand = n,
		.reward_lo = q->style == RHO_STYLE_LINEAR ? -1 : 0,
		.reward_hi = 1,
		.horizon = flags & RHO_DOES_EPISODES ? 5 : 1,
	};
	q->tables = rho_check_texts(n, RHO_PLAY_X, &why);
	if (!q->tables) {
		rho_trial_skip(p->trial, "the kit's tables cannot be built: %s", why.at);
		rho_buf_free(&why);
		return RHO_CHECK_SKIP;
	}
	q->spec.data = rho_tables_data(q->tables);
	q->mean = rho_xcalloc(RHO_PLAY_X * n, sizeof *q->mean);
	if (features || q->style == RHO_STYLE_LINEAR) {
		q->spec.x_dim = q->spec.action_dim = RHO_PLAY_DIM;
		q->x = rho_play_keep(p, RHO_PLAY_X * RHO_PLAY_DIM, sizeof *q->x);
		q->action = rho_play_keep(p, n * RHO_PLAY_DIM, sizeof *q->action);
		for (size_t i = 0; i < RHO_PLAY_X * RHO_PLAY_DIM; i++)
			q->x[i] = (float)(0.5 + rho_unif(&r));
		for (size_t i = 0; i < n * RHO_PLAY_DIM; i++)
			q->action[i] = (float)(rho_normal(&r) / sqrt(RHO_PLAY_DIM));
		q->x_mat = (struct rho_mat){ q->x, RHO_PLAY_X, RHO_PLAY_DIM, RHO_PLAY_DIM };
		q->action_mat = (struct rho_mat){ q->action, n, RHO_PLAY_DIM, RHO_PLAY_DIM };
	}
	if (q->style == RHO_STYLE_LINEAR)
		linear_means(q, &r);
	else
		arm_means(q, &r);
	return RHO_CHECK_PASS;
}

static void agent_clear(struct rho_play *p)
{
	struct rho_agent_problem *q = p->problem;
	rho_tables_free(q->tables);
	free(q->mean);
	free(q);
}

static int agent_open(struct rho_play *p)
{
	const struct rho_agent *a = rho_agent_of(p);
	int code = 0;
	rho_play_begin(p, "open", 0, true);
	if (a->open)
		code = a->open(p->ctx, p->self, &rho_agent_problem(p)->spec);
	return rho_play_end(p, code);
}

/* ---- deals ---- */

static void start_deal(struct rho_play *p, size_t n, struct rho_deal *d)
{
	struct rho_agent_problem *q = rho_agent_problem(p);
	size_t k = q->spec.slate;
	uint32_t *lane = rho_play_buf(p, n, sizeof *lane);
	*d = (struct rho_deal){ .x = rho_play_buf(p, n, sizeof *d->x) };
	d->batch = (struct rho_batch){
		.n = n,
		.k = k,
		.lane = lane,
		.row = d->x,
		.x = { .mat = q->x ? &q->x_mat : NULL, .id = q->x ? d->x : NULL, .n = n },
		.actions = { .mat = q->action ? &q->action_mat : NULL, .n = q->spec.n_actions },
	};
	d->choice.action = rho_play_buf(p, n * k, sizeof *d->choice.action);
	d->choice.prob = rho_play_buf(p, n * k, sizeof *d->choice.prob);
	for (size_t i = 0; i < n; i++)
		lane[i] = (uint32_t)i;
}

/* m distinct ids below n, in random order: the head of a shuffle of all. */
static void pick(struct rho_rng *r, uint32_t n, size_t m, uint32_t *out)
{
	uint32_t *all = rho_xcalloc(n, sizeof *all);
	for (uint32_t i = 0; i < n; i++)
		all[i] = i;
	for (uint32_t i = 0; i < m; i++) {
		uint32_t j = i + rho_below(r, n - i), swap = all[i];
		all[i] = out[i] = all[j];
		all[j] = swap;
	}
	free(all);
}

/* Candidate lists of size[i] ids each; with `incl` the sampler's inclusion probabilities. */
static void give_lists(struct rho_play *p, struct rho_rng *r, const size_t *size, bool incl,
                       struct rho_deal *d)
{
	size_t n = d->batch.n, total = 0, K = d->batch.actions.n;
	for (size_t i = 0; i < n; i++)
		total += size[i];
	size_t *off = rho_play_buf(p, n + 1, sizeof *off);
	uint32_t *cand = rho_play_buf(p, total, sizeof *cand);
	float *pi = incl ? rho_play_buf(p, total, sizeof *pi) : NULL;
	for (size_t i = 0; i < n; i++) {
		pick(r, (uint32_t)K, size[i], cand + off[i]);
		off[i + 1] = off[i] + size[i];
		for (size_t j = off[i]; pi && j < off[i + 1]; j++)
			pi[j] = (float)size[i] / (float)K;
	}
	d->batch.cand = cand;
	d->batch.cand_off = off;
	d->batch.incl = pi;
}

void rho_deal_turn(struct rho_play *p, unsigned t, struct rho_deal *d)
{
	const struct rho_agent_problem *q = rho_agent_problem(p);
	struct rho_rng r = draws(p, t, DEAL);
	size_t lanes = q->spec.lanes, n = lanes, k = q->spec.slate, size[256];
	if (q->spec.horizon == 1 && t % 5 == 3)
		n = 1 + rho_below(&r, (uint32_t)lanes);
	start_deal(p, n, d);
	for (size_t i = 0; i < n; i++) {
		d->x[i] = rho_below(&r, RHO_PLAY_X);
		size[i] = t % 4 == 1 ? k : k + rho_below(&r, (uint32_t)(q->spec.n_actions - k + 1));
	}
	if (!p->how.all && t % 4)
		give_lists(p, &r, size, t % 3 == 0, d);
}

void rho_deal_same(struct rho_play *p, unsigned t, size_t n, size_t m, struct rho_deal *d)
{
	struct rho_rng r = draws(p, t, DEAL);
	uint32_t x = rho_below(&r, RHO_PLAY_X), list[RHO_PLAY_ACTIONS];
	start_deal(p, n, d);
	for (size_t i = 0; i < n; i++)
		d->x[i] = x;
	if (!m)
		return;
	pick(&r, (uint32_t)d->batch.actions.n, m, list);
	size_t *off = rho_play_buf(p, n + 1, sizeof *off);
	uint32_t *cand = rho_play_buf(p, n * m, sizeof *cand);
	for (size_t i = 0; i < n; i++) {
		memcpy(cand + i * m, list, m * sizeof *list);
		off[i + 1] = off[i] + m;
	}
	d->batch.cand = cand;
	d->batch.cand_off = off;
}

void rho_deal_log(struct rho_play *p, unsigned t, struct rho_deal *d)
{
	struct rho_rng r = draws(p, t, LOG);
	size_t k = d->batch.k;
	for (size_t i = 0; i < d->batch.n; i++) {
		size_t m = rho_n_cand(&d->batch, i);
		uint32_t at[RHO_PLAY_ACTIONS];
		pick(&r, (uint32_t)m, k, at);
		for (size_t j = 0; j < k; j++) {
			d->choice.action[i * k + j] = rho_cand(&d->batch, i, at[j]);
			d->choice.prob[i * k + j] = 1.0f / (float)(m - j);
		}
	}
}

bool rho_deal_has(const struct rho_deal *d, size_t i, uint32_t action)
{
	for (size_t j = 0; j < rho_n_cand(&d->batch, i); j++)
		if (rho_cand(&d->batch, i, j) == action)
			return true;
	return false;
}

float rho_deal_mean(struct rho_play *p, const struct rho_deal *d, size_t i, uint32_t a)
{
	const struct rho_agent_problem *q = rho_agent_problem(p);
	return q->mean[d->x[i] * q->spec.n_actions + a];
}

void rho_deal_levels(struct rho_play *p, const struct rho_deal *d, size_t i, double *average, double *best)
{
	size_t m = rho_n_cand(&d->batch, i);
	*average = 0;
	*best = -INFINITY;
	for (size_t j = 0; j < m; j++) {
		double mean = (double)rho_deal_mean(p, d, i, rho_cand(&d->batch, i, j));
		*average += mean / (double)m;
		*best = fmax(*best, mean);
	}
}

/* ---- slots ---- */

int rho_deal_act(struct rho_play *p, unsigned t, struct rho_deal *d)
{
	rho_play_begin(p, "act", t, false);
	return rho_play_end(p, rho_agent_of(p)->act(p->ctx, p->self, &d->batch, &d->choice));
}

int rho_deal_prob(struct rho_play *p, unsigned t, const struct rho_deal *d, const uint32_t *action,
                  float *prob)
{
	rho_play_begin(p, "prob", t, false);
	return rho_play_end(p, rho_agent_of(p)->prob(p->ctx, p->self, &d->batch, action, prob));
}

int rho_deal_dist(struct rho_play *p, unsigned t, const struct rho_deal *d, float *prob)
{
	rho_play_begin(p, "dist", t, false);
	return rho_play_end(p, rho_agent_of(p)->dist(p->ctx, p->self, &d->batch, prob));
}

int rho_deal_rank(struct rho_play *p, unsigned t, const struct rho_deal *d, float *score, float *explore)
{
	rho_play_begin(p, "rank", t, false);
	return rho_play_end(p, rho_agent_of(p)->rank(p->ctx, p->self, &d->batch, score, explore));
}

static void draw_rewards(struct rho_play *p, unsigned t, const struct rho_deal *d, float *reward, float *item)
{
	const struct rho_agent_problem *q = rho_agent_problem(p);
	struct rho_rng r = draws(p, t, REWARD);
	size_t k = d->batch.k;
	float lo = q->spec.reward_lo, hi = q->spec.reward_hi;
	for (size_t i = 0; i < d->batch.n; i++) {
		for (size_t j = 0; j < k; j++) {
			double mean = (double)rho_deal_mean(p, d, i, d->choice.action[i * k + j]), v;
			if (p->how.coins)
				v = rho_unif(&r) * (double)(hi - lo) < mean - (double)lo ? (double)hi
				                                                         : (double)lo;
			else
				v = fmin(fmax(mean + 0.1 * rho_normal(&r), (double)lo), (double)hi);
			item[i * k + j] = (float)v;
			reward[i] += (float)(v / (double)k);
		}
	}
}

int rho_deal_observe(struct rho_play *p, unsigned t, const struct rho_deal *d, const float *given)
{
	const struct rho_agent_problem *q = rho_agent_problem(p);
	size_t n = d->batch.n, k = d->batch.k;
	float *reward = rho_play_buf(p, n, sizeof *reward), *item = rho_play_buf(p, n * k, sizeof *item);
	uint8_t *end = rho_play_buf(p, n, sizeof *end);
	bool episodes = q->spec.horizon > 1, last = (t + 1) % q->spec.horizon == 0;
	struct rho_deal next;
	draw_rewards(p, t, d, reward, item);
	if (given)
		memcpy(reward, given, n * sizeof *reward);
	for (size_t i = 0; i < n; i++)
		end[i] = !episodes ? RHO_TERMINATED : last ? RHO_TRUNCATED : RHO_RUNNING;
	if (episodes)
		rho_deal_turn(p, last ? t + 1000000u : t + 1, &next);
	struct rho_feedback f = {
		.posed = &d->batch,
		.action = d->choice.action,
		.prob = d->choice.prob,
		.reward = reward,
		.item_reward = k > 1 ? item : NULL,
		.end = end,
		.next = episodes ? &next.batch : NULL,
	};
	rho_play_begin(p, "observe", t, false);
	return rho_play_end(p, rho_agent_of(p)->observe(p->ctx, p->self, &f));
}

/* ---- a turn of the tape ---- */

static int ask_prob(struct rho_play *p, unsigned t, struct rho_deal *d)
{
	const struct rho_agent *a = rho_agent_of(p);
	size_t n = d->batch.n * d->batch.k, all = 0;
	struct rho_deal other;
	int code = 0;
	for (size_t i = 0; i < d->batch.n; i++)
		all += rho_n_cand(&d->batch, i);
	if (a->prob) {
		float *prob = rho_play_buf(p, n, sizeof *prob);
		rho_deal_turn(p, t, &other);
		rho_deal_log(p, t, &other);
		code = rho_deal_prob(p, t, d, other.choice.action, prob);
		rho_buf_add(&p->line, prob, n * sizeof *prob);
	}
	if (a->dist && !code) {
		float *prob = rho_play_buf(p, all, sizeof *prob);
		code = rho_deal_dist(p, t, d, prob);
		rho_buf_add(&p->line, prob, all * sizeof *prob);
	}
	if (a->rank && !code) {
		float *score = rho_play_buf(p, all, sizeof *score);
		float *explore = rho_play_buf(p, d->batch.n, sizeof *explore);
		code = rho_deal_rank(p, t, d, score, explore);
		rho_buf_add(&p->line, score, all * sizeof *score);
		rho_buf_add(&p->line, explore, d->batch.n * sizeof *explore);
	}
	return code;
}

static int agent_turn(struct rho_play *p, unsigned t)
{
	struct rho_deal d;
	rho_deal_turn(p, t, &d);
	size_t n = d.batch.n * d.batch.k;
	int code = rho_deal_act(p, t, &d);
	if (code)
		return code;
	rho_buf_add(&p->line, d.choice.action, n * sizeof *d.choice.action);
	rho_buf_add(&p->line, d.choice.prob, n * sizeof *d.choice.prob);
	for (size_t i = 0; i < n; i++) /* what is no candidate cannot be paid; A1 says so */
		if (!rho_deal_has(&d, i / d.batch.k, d.choice.action[i]))
			d.choice.action[i] = rho_cand(&d.batch, i / d.batch.k, 0);
	if (rho_agent_of(p)->observe && (code = rho_deal_observe(p, t, &d, NULL)))
		return code;
	return ask_prob(p, t, &d);
}

int rho_agent_learn(struct rho_play *p, unsigned from, unsigned to)
{
	for (unsigned t = from; t < to; t++) {
		struct rho_deal d;
		rho_deal_turn(p, t, &d);
		int code = rho_deal_act(p, t, &d);
		for (size_t i = 0; i < d.batch.n * d.batch.k && !code; i++)
			if (!rho_deal_has(&d, i / d.batch.k, d.choice.action[i]))
				return rho_trial_skip(p->trial, "it chose what is no candidate, see A1");
		if (!code && rho_agent_of(p)->observe)
			code = rho_deal_observe(p, t, &d, NULL);
		rho_play_drop(p);
		if (code)
			return rho_trial_skip(p->trial, "it failed at turn %u, see A1: %s", t, p->why.at);
	}
	return RHO_CHECK_PASS;
}

const struct rho_player rho_player_agent = {
	.ground = "A1",
	.turns = 0,
	.set = agent_set,
	.open = agent_open,
	.turn = agent_turn,
	.clear = agent_clear,
};
