/* The parts together, on the two-state chain whose values are known: s0 stays for 1 or goes to s1 for 0, s1 stays for
 * 2 or goes back for 0; γ = 0.9, V = (18, 20). Episodes are cut off after 7 steps, so values are right only if that
 * is not taken for an end. Tables instead of networks. */
#include "../plugin.h"
#include "reference.h"
#include "kit/rl/losses.h"
#include "kit/rl/replay.h"
#include "kit/rl/rollout.h"
#include "kit/rl/watch.h"

enum { LANES = 8, STEPS = 16, PLACES = STEPS * LANES, LIMIT = 7, STAY = 0, GO = 1 };

struct chain {
	struct rho_rng rng;
	uint32_t state[LANES], age[LANES], lane[LANES], action[LANES];
	float x[LANES], led[LANES], prob[LANES], reward[LANES];
	uint8_t end[LANES];
	struct rho_mat now_mat, led_mat;
	struct rho_batch now, next;
	struct rho_feedback f;
};

static const struct rho_spec spec = { .n_actions = 2, .x_dim = 1, .lanes = LANES, .slate = 1, .max_cand = 2 };

static void chain_open(struct chain *w)
{
	memset(w, 0, sizeof *w);
	w->rng = (struct rho_rng){ { 3, 1, 4, 1 } };
	w->now_mat = (struct rho_mat){ w->x, LANES, 1, 1 };
	w->led_mat = (struct rho_mat){ w->led, LANES, 1, 1 };
	w->now = (struct rho_batch){ .n = LANES, .k = 1, .x = { &w->now_mat, NULL, 0, LANES }, .lane = w->lane,
		                     .actions = { NULL, NULL, 0, 2 } };
	w->next = w->now;
	w->next.x.mat = &w->led_mat;
	for (uint32_t l = 0; l < LANES; l++) {
		w->lane[l] = l;
		w->age[l] = l % LIMIT; /* lanes end at different times */
	}
	w->f = (struct rho_feedback){ .posed = &w->now, .action = w->action, .prob = w->prob, .reward = w->reward,
		                      .end = w->end, .next = &w->next };
}

/* One step by the policy of logits (2, 2). */
static void chain_step(struct chain *w, const float *logits, struct rho_rng *rng)
{
	for (size_t l = 0; l < LANES; l++) {
		uint32_t s = w->state[l];
		double tile[2];
		struct rho_soft soft;
		cr_assert(rho_soft_open(&soft, logits + 2 * s, NULL, 2, tile));
		w->x[l] = (float)s;
		w->action[l] = (uint32_t)rho_soft_draw(&soft, rng);
		w->prob[l] = (float)exp(rho_soft_log(&soft, w->action[l]));
		w->reward[l] = w->action[l] == STAY ? (float)(1 + s) : 0;
		s = w->action[l] == GO ? 1 - s : s;
		w->led[l] = (float)s;
		w->end[l] = ++w->age[l] == LIMIT ? RHO_TRUNCATED : RHO_RUNNING;
		w->age[l] = w->end[l] ? 0 : w->age[l];
		w->state[l] = w->end[l] ? rho_below(&w->rng, 2) : s;
	}
}

struct learner {
	struct test_plugin p;
	struct rho_rollout r;
	float logits[4], value[2];
	double entropy_weight;
	struct rho_rng rng;
};

static void learner_open(struct learner *m, double entropy_weight)
{
	struct rho_rollout_how how = { STEPS, true, false, false };
	memset(m, 0, sizeof *m);
	m->entropy_weight = entropy_weight;
	m->rng = (struct rho_rng){ { 2, 7, 1, 8 } };
	test_make(&m->p, RHO_AGENT, "random", "", 1);
	TEST_OK(&m->p, "open", true, rho_rollout_open(&m->p.inst->ctx, &m->r, &spec, &how));
}

/* PPO: 4 epochs of minibatches of 32. Gives what the figures say. */
static struct rho_watch update(struct learner *m)
{
	static float adv[PLACES], back[PLACES];
	struct rho_watch watch = { 0 };
	uint32_t place[PLACES];
	for (size_t p = 0; p < PLACES; p++)
		m->r.value[p] = m->value[(size_t)m->r.x[p]];
	rho_rollout_gae(&m->r, 0.9, 0.9, adv, back);
	rho_standardise(adv, PLACES, 1e-8);
	for (int epoch = 0; epoch < 4; epoch++) {
		rho_shuffle(&m->rng, place, PLACES);
		for (size_t from = 0; from < PLACES; from += 32) {
			float by_logit[4] = { 0 }, by_value[2] = { 0 };
			for (size_t i = from; i < from + 32; i++) {
				size_t p = place[i], s = (size_t)m->r.x[p], a = m->r.action[p];
				float logp[2], grad[2];
				rho_log_softmax(m->logits + 2 * s, NULL, 2, logp);
				double h = rho_entropy(logp, 2);
				struct rho_ppo ppo = rho_ppo_loss((double)logp[a], (double)m->r.logp[p],
				                                  (double)adv[p], 0.2);
				struct rho_loss v = rho_square_loss((double)m->value[s], (double)back[p]);
				rho_policy_grad(logp, 2, a, ppo.loss.slope, -m->entropy_weight, h, grad);
				by_logit[2 * s] += grad[0] / 32;
				by_logit[2 * s + 1] += grad[1] / 32;
				by_value[s] += (float)v.slope / 32;
				rho_watch_add(&watch, log(ppo.ratio), ppo.clipped, h, ppo.loss.value, v.value);
			}
			for (size_t j = 0; j < 4; j++)
				m->logits[j] -= 0.2f * by_logit[j];
			for (size_t j = 0; j < 2; j++)
				m->value[j] -= 0.2f * by_value[j];
		}
	}
	rho_rollout_clear(&m->r);
	return watch;
}

static void observe(struct learner *m, const struct chain *w)
{
	uint32_t owed[LANES];
	size_t n;
	TEST_OK(&m->p, "observe", false, rho_rollout_add(&m->p.inst->ctx, &m->r, &w->f, owed, &n));
	for (size_t i = 0; i < n; i++)
		m->r.boot[rho_rollout_place(&m->r, &w->f, owed[i])] = m->value[(size_t)w->led[owed[i]]];
}

/* The whole of a run; at step `moved` (0: never) all goes on in another instance. */
static void run(struct learner *m, double entropy_weight, size_t updates, size_t moved)
{
	struct chain w;
	struct rho_rng rng = { { 1, 6, 1, 8 } };
	chain_open(&w);
	learner_open(m, entropy_weight);
	for (size_t t = 0; t < updates * STEPS; t++) {
		if (moved && t == moved) {
			struct learner old = *m;
			learner_open(m, entropy_weight);
			test_copy_kept(&old.p, &m->p);
			memcpy(m->logits, old.logits, sizeof m->logits);
			memcpy(m->value, old.value, sizeof m->value);
			m->rng = old.rng;
			test_free(&old.p);
		}
		chain_step(&w, m->logits, &rng);
		observe(m, &w);
		if (rho_rollout_full(&m->r)) {
			struct rho_watch watch = update(m);
			cr_assert_lt(rho_watch_kl(&watch), 0.1);
		}
	}
}

Test(learns, ppo_finds_the_policy_and_its_values)
{
	struct learner one, two, three;
	float logp[2], held[2];
	run(&one, 0.001, 150, 0);
	rho_log_softmax(one.logits, NULL, 2, logp);
	cr_assert_gt(logp[GO], log(0.97), "s0 goes");
	rho_log_softmax(one.logits + 2, NULL, 2, logp);
	cr_assert_gt(logp[STAY], log(0.97), "s1 stays");
	NEAR((double)one.value[0], 18, 1);
	NEAR((double)one.value[1], 20, 1);
	run(&two, 0.001, 150, 77 * STEPS + 5);
	cr_assert_arr_eq(one.logits, two.logits, sizeof one.logits, "moved in the middle of a rollout");
	cr_assert_arr_eq(one.value, two.value, sizeof one.value);
	run(&three, 3, 150, 0);
	rho_log_softmax(three.logits + 2, NULL, 2, held);
	cr_assert_gt(rho_entropy(held, 2), 2 * rho_entropy(logp, 2), "a bonus for entropy is one: %g, %g",
	             rho_entropy(held, 2), rho_entropy(logp, 2));
	test_free(&one.p);
	test_free(&two.p);
	test_free(&three.p);
}

/* Double Q-learning from prioritised replay, under a policy that does either at random: the optimal values all the
 * same. */
Test(learns, q_learning_from_replay_finds_the_optimal_values)
{
	static const float even[4] = { 0 };
	struct rho_replay_how how = { .capacity = 500, .ahead = 1, .gamma = 0.9, .priority = true, .alpha = 0.6,
		                      .floor = 0.01 };
	struct test_plugin p;
	struct rho_replay r;
	struct chain w;
	struct rho_rng rng = { { 1, 6, 1, 8 } };
	float q[4] = { 0 }, target[4] = { 0 }, weight[32], error[32];
	uint32_t place[32];
	chain_open(&w);
	test_make(&p, RHO_AGENT, "random", "", 1);
	TEST_OK(&p, "open", true, rho_replay_open(&p.inst->ctx, &r, &spec, &how));
	for (int t = 0; t < 4000; t++) {
		chain_step(&w, even, &rng);
		TEST_OK(&p, "observe", false, rho_replay_add(&p.inst->ctx, &r, &w.f));
		rho_replay_draw_by_priority(&r, &rng, 1, 32, place, weight);
		for (size_t i = 0; i < 32; i++) {
			size_t s = (size_t)r.x[place[i]], next = (size_t)r.next[place[i]];
			float *mine = &q[2 * s + r.action[place[i]]];
			double y = rho_double_q_target((double)r.reward[place[i]], (double)r.discount[place[i]],
			                               q + 2 * next, target + 2 * next, NULL, 2);
			struct rho_loss l = rho_huber_loss((double)*mine, y, 1);
			error[i] = (float)((double)*mine - y);
			*mine -= 0.1f * weight[i] * (float)l.slope;
		}
		rho_replay_learned(&r, 32, place, error);
		if (t % 20 == 0)
			memcpy(target, q, sizeof q);
	}
	NEAR((double)q[0 + STAY], 17.2, 0.02);
	NEAR((double)q[0 + GO], 18, 0.02);
	NEAR((double)q[2 + STAY], 20, 0.02);
	NEAR((double)q[2 + GO], 16.2, 0.02);
	test_free(&p);
}
