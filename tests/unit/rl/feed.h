/* feed.h: feedback as a host would give it, from lanes whose episodes are of all lengths, with observations by which
 * each step is known again: x = (lane, episode, step, 1). */
#ifndef TEST_RL_FEED_H
#define TEST_RL_FEED_H

#include "../plugin.h"
#include "reference.h"

enum { LANES = 5, X_DIM = 4, ACTIONS = 40, HISTORY = 3, MOST_CAND = ACTIONS };

struct feed_obs {               /* what a batch points to */
	struct rho_batch batch;
	struct rho_mat mat;
	float x[LANES * X_DIM], incl[LANES * MOST_CAND];
	uint32_t cand[LANES * MOST_CAND], past[LANES * HISTORY], lane[LANES];
	size_t cand_off[LANES + 1], past_off[LANES + 1];
};

struct feed {
	struct rho_rng rng;
	struct rho_spec spec;
	bool lists;             /* of candidates, with inclusion probabilities */
	double over, cut;       /* how likely a step ends its episode either way */
	uint32_t episode[LANES], step[LANES], done[LANES][1000];        /* done: actions of the episode */
	struct feed_obs now, led;
	struct rho_feedback f;
	uint32_t action[LANES];
	float prob[LANES], reward[LANES];
	uint8_t end[LANES];
	struct rho_mat table;
	float rows[ACTIONS * 2];        /* features of actions: (id, step's number) */
};

static inline void feed_open(struct feed *w, uint64_t seed, bool lists)
{
	memset(w, 0, sizeof *w);
	w->rng = (struct rho_rng){ { seed, 2, 3, 4 } };
	w->lists = lists;
	w->over = 0.1;
	w->cut = 0.1;
	w->spec = (struct rho_spec){ .n_actions = ACTIONS, .x_dim = X_DIM, .action_dim = 2, .lanes = LANES,
		                     .slate = 1, .max_cand = MOST_CAND, .history = HISTORY };
	w->table = (struct rho_mat){ w->rows, ACTIONS, 2, 2 };
}

/* Candidates of a decision: a run of ids that follows from what it is. */
static inline size_t feed_cand(const float *x, uint32_t *id)
{
	uint32_t key = (uint32_t)(x[0] * 7 + x[1] * 13 + x[2] * 3);
	size_t n = 1 + key % 9;
	for (size_t j = 0; j < n; j++)
		id[j] = (key + 5 - (uint32_t)j) % ACTIONS;
	return n;
}

static inline void feed_show(struct feed *w, struct feed_obs *o)
{
	o->mat = (struct rho_mat){ o->x, LANES, X_DIM, X_DIM };
	o->batch = (struct rho_batch){ .n = LANES, .k = 1, .x = { &o->mat, NULL, 0, LANES }, .lane = o->lane,
		                       .actions = { &w->table, NULL, 0, ACTIONS }, .past = o->past,
		                       .past_off = o->past_off };
	for (uint32_t l = 0; l < LANES; l++) {
		float *x = o->x + l * X_DIM;
		uint32_t told = w->step[l] < HISTORY ? w->step[l] : HISTORY;
		x[0] = (float)l;
		x[1] = (float)w->episode[l];
		x[2] = (float)w->step[l];
		x[3] = 1;
		o->lane[l] = l;
		o->cand_off[l + 1] = o->cand_off[l] + feed_cand(x, o->cand + o->cand_off[l]);
		for (size_t j = o->cand_off[l]; j < o->cand_off[l + 1]; j++)
			o->incl[j] = 1 / (1 + (float)o->cand[j]);
		o->past_off[l + 1] = o->past_off[l] + told;
		memcpy(o->past + o->past_off[l], w->done[l] + w->step[l] - told, told * sizeof *o->past);
	}
	if (w->lists) {
		o->batch.cand = o->cand;
		o->batch.cand_off = o->cand_off;
		o->batch.incl = o->incl;
	}
}

/* The next step of all lanes; its feedback is w->f until the step after. */
static inline const struct rho_feedback *feed_step(struct feed *w)
{
	for (uint32_t l = 0; l < LANES; l++) {
		if (w->end[l]) {
			w->episode[l]++;
			w->step[l] = 0;
		}
	}
	feed_show(w, &w->now);
	for (uint32_t i = 0; i < ACTIONS; i++) {
		w->rows[2 * i] = (float)i;
		w->rows[2 * i + 1] += 1;
	}
	for (uint32_t l = 0; l < LANES; l++) {
		double u = rho_unif(&w->rng);
		size_t n = w->lists ? w->now.cand_off[l + 1] - w->now.cand_off[l] : ACTIONS;
		size_t at = rho_below(&w->rng, (uint32_t)n);
		w->action[l] = w->lists ? w->now.cand[w->now.cand_off[l] + at] : (uint32_t)at;
		w->prob[l] = (float)(0.1 + 0.9 * rho_unif(&w->rng));
		w->reward[l] = (float)rho_normal(&w->rng);
		w->end[l] = u < w->over ? RHO_TERMINATED : u < w->over + w->cut ? RHO_TRUNCATED : RHO_RUNNING;
		w->done[l][w->step[l]++] = w->action[l];
	}
	feed_show(w, &w->led);
	w->f = (struct rho_feedback){ .posed = &w->now.batch, .action = w->action, .prob = w->prob, .reward = w->reward,
		                      .end = w->end, .next = &w->led.batch };
	return &w->f;
}

/* Whether a list is that of the decision x, in its order or, kept as bits, in rising order. */
static inline void feed_check_cand(const float *x, const uint32_t *id, size_t n, bool rising)
{
	uint32_t want[MOST_CAND], hits = 0;
	cr_assert_eq(n, feed_cand(x, want));
	for (size_t j = 0; j < n; j++) {
		cr_assert(!rising || !j || id[j] > id[j - 1]);
		cr_assert(rising || id[j] == want[j]);
		for (size_t i = 0; i < n; i++)
			hits += want[i] == id[j];
	}
	cr_assert_eq(hits, n);
}

#endif
