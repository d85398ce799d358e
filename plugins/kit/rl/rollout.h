/* rollout.h: the last T steps of all lanes under one policy, in kept arrays, filled from feedback as it comes:
 * what agents that learn on-policy learn from. */
#ifndef RHO_KIT_RL_ROLLOUT_H
#define RHO_KIT_RL_ROLLOUT_H

#include "idlists.h"
#include "returns.h"

struct rho_rollout_how {
	size_t steps;           /* T: steps of each lane until it is full; above 0 */
	bool probs;             /* the policy's ratios are wanted: an action without a probability is refused */
	bool cand;              /* each decision's candidates are kept       */
	bool incl;              /* and how likely each was one (rho_batch.incl); makes no sense without cand */
};

/* Place t * lanes + lane is step t of that lane. Kept arrays are called rollout_x and so on. */
struct rho_rollout {
	struct rho_rollout_how how;
	size_t lanes, x_dim, slate, places;     /* places: steps * lanes     */
	uint64_t *filled;       /* (1) kept: steps held                      */
	float *x;               /* (places, x_dim) kept; NULL: there are no contexts */
	uint32_t *action;       /* (places, slate) kept                      */
	float *logp;            /* (places) kept: ln of what rho_feedback.prob says of all of the slate */
	float *reward;          /* (places) kept; the agent may scale it     */
	uint32_t *end;          /* (places) kept: enum rho_end               */
	float *value;           /* (places) kept: the agent's to fill, at any time before rho_rollout_gae */
	float *boot;            /* (places) kept: the same; see rho_rollout_add */
	struct rho_idlists cand;        /* opened where how.cand is set      */
	struct rho_idlists past;        /* opened where spec.history is not 0 */
};

/* Arrays, by what the agent is up against. 0 or an error, recorded. [open] */
int rho_rollout_open(struct rho_ctx *, struct rho_rollout *, const struct rho_spec *,
                     const struct rho_rollout_how *);

/* A checkpoint is back: refuses one that no run has written. 0 or RHO_EFORMAT, recorded. */
int rho_rollout_loaded(struct rho_ctx *, const struct rho_rollout *);

/* One step of all lanes, at step *filled. owed (lanes), *n_owed: the decisions i of f->next for whose x the
 * agent now computes V and stores it as boot[place of the step]: where the episode was cut off, and, once this
 * step has filled the rollout, where it goes on. place: of decision i, *filled - 1 being its step,
 * rho_rollout_place(). A bandit's round (no next) is an episode of its own. Refuses rewards and contexts that
 * are not finite, other lanes than all of them, and what is full. 0 or an error, recorded; the step is not
 * held then. [run] */
int rho_rollout_add(struct rho_ctx *, struct rho_rollout *, const struct rho_feedback *f, uint32_t *owed,
                    size_t *n_owed);

/* Where decision i of the feedback added last stands. */
static inline size_t rho_rollout_place(const struct rho_rollout *r, const struct rho_feedback *f, size_t i)
{ return (size_t)(*r->filled - 1) * r->lanes + f->posed->lane[i]; }

/* Time to learn, then to clear. */
static inline bool rho_rollout_full(const struct rho_rollout *r)
{ return *r->filled == r->how.steps; }

static inline void rho_rollout_clear(struct rho_rollout *r)
{ *r->filled = 0; }

/* rho_gae over what is held; advantage, back (places), either may be NULL. */
void rho_rollout_gae(const struct rho_rollout *, double gamma, double lambda, float *advantage, float *back);

/* place (n) = 0 .. n - 1 in random order, each order as likely as any other (Fisher & Yates 1938): minibatches
 * are its stretches. */
void rho_shuffle(struct rho_rng *, uint32_t *place, size_t n);

/* to (n, dim) = rows place[0 .. n - 1] of from (., dim). */
void rho_gather(const float *from, size_t dim, const uint32_t *place, size_t n, float *to);

/* What both memories refuse of a feedback: rewards and contexts that are not finite, other lanes than 0 ..
 * lanes - 1, each once, contexts of another length. 0 or an error that names lane and number. */
int rho_memory_check(struct rho_ctx *, const struct rho_feedback *, size_t lanes, size_t x_dim);

#endif
