/* agent_play.h: the problems agents are checked on: known means, deals of decisions, feedback. */
#ifndef RHO_CHECK_AGENT_PLAY_H
#define RHO_CHECK_AGENT_PLAY_H

#include "../store/tables.h"
#include "play.h"

enum { RHO_PLAY_X = 16, RHO_PLAY_DIM = 8, RHO_PLAY_ACTIONS = 30, RHO_PLAY_LANES = 8 };

struct rho_agent_problem {
	struct rho_tables *tables; /* texts of actions and contexts */
	struct rho_spec spec;
	uint32_t style;     /* LINEAR or ARMS */
	struct rho_rng key; /* of everything that is dealt */
	float *x, *action;  /* (RHO_PLAY_X, x_dim), (n_actions, action_dim); NULL: none */
	struct rho_mat x_mat, action_mat;
	float *mean; /* (RHO_PLAY_X, n_actions) */
};

struct rho_deal { /* one batch of decisions and its answer; buffers live for the turn */
	struct rho_batch batch;
	uint32_t *x;              /* (n) rows of the contexts */
	struct rho_choice choice; /* (n * k) */
};

static inline struct rho_agent_problem *rho_agent_problem(struct rho_play *p) { return p->problem; }
static inline const struct rho_agent *rho_agent_of(struct rho_play *p) { return &p->module->table.agent; }

/* Deals turn t: usually all lanes, sometimes fewer; candidates all, exactly k, or any number. */
void rho_deal_turn(struct rho_play *, unsigned t, struct rho_deal *);
/* Deals n times the same decision: context x, the same m candidates (drawn from t; 0: all). */
void rho_deal_same(struct rho_play *, unsigned t, size_t n, size_t m, struct rho_deal *);

/* The agent's slots on a deal; 0 or the code. */
int rho_deal_act(struct rho_play *, unsigned t, struct rho_deal *);
int rho_deal_prob(struct rho_play *, unsigned t, const struct rho_deal *, const uint32_t *action,
                  float *prob);
int rho_deal_dist(struct rho_play *, unsigned t, const struct rho_deal *, float *prob);
int rho_deal_rank(struct rho_play *, unsigned t, const struct rho_deal *, float *score, float *explore);
/* Feeds the deal's choices back; `reward` (n), NULL: drawn from the problem. */
int rho_deal_observe(struct rho_play *, unsigned t, const struct rho_deal *, const float *reward);

/* Replaces the choices by a logging policy's: uniform among the candidates. */
void rho_deal_log(struct rho_play *, unsigned t, struct rho_deal *);

/* The mean reward of decision i's action a, and over its candidates the average and the best. */
float rho_deal_mean(struct rho_play *, const struct rho_deal *, size_t i, uint32_t a);
void rho_deal_levels(struct rho_play *, const struct rho_deal *, size_t i, double *average, double *best);

/* Turns from .. to - 1 of act and observe, nothing written down. PASS or SKIP. */
int rho_agent_learn(struct rho_play *, unsigned from, unsigned to);

/* agent_learn.c's checks: A8, A9, A10. */
int rho_check_learns(struct rho_trial *);
int rho_check_poison(struct rho_trial *);
int rho_check_rank(struct rho_trial *);

/* Whether an action is a candidate of decision i. */
bool rho_deal_has(const struct rho_deal *, size_t i, uint32_t action);

#endif
