/* replay.h: the last transitions of all lanes, in kept arrays: n-step returns put together lane by lane, drawn
 * uniformly or by priority. What agents that learn off-policy learn from. */
#ifndef RHO_KIT_RL_REPLAY_H
#define RHO_KIT_RL_REPLAY_H

#include "idlists.h"
#include "sumtree.h"

struct rho_replay_how {
	size_t capacity;        /* transitions held; the oldest goes. Above 0 */
	size_t ahead;           /* n: steps of a return. Above 0             */
	double gamma;           /* discount of a step                        */
	bool cand;              /* candidates are kept, of the decision and of what it led to */
	bool incl;              /* and how likely each was one               */
	bool priority;          /* proportional prioritisation               */
	double alpha;           /* priority = (|error| + floor)^alpha        */
	double floor;           /* above 0, so that nothing is forgotten     */
};

/* Transition p: in x (with cand and past) `action` was taken; that paid `reward`, the sum of γ^i r_i over m <= n
 * steps, and led to next (with next_cand and next_past), whose value counts `discount`: γ^m, or 0 where the
 * episode was over. A return ends where its episode does; one that was cut off keeps its discount. Target of a
 * value learner: reward + discount * max Q(next). Kept arrays are called replay_x and so on. */
struct rho_replay {
	struct rho_replay_how how;
	size_t lanes, x_dim, slate;
	uint64_t *seen;         /* (1) kept: transitions ever                */
	float *x, *next;        /* (capacity, x_dim) kept; NULL: there are no contexts */
	uint32_t *action;       /* (capacity, slate) kept                    */
	float *reward;          /* (1, capacity) kept                        */
	float *discount;        /* (1, capacity) kept                        */
	struct rho_idlists cand, next_cand;     /* opened where how.cand is set */
	struct rho_idlists past, next_past;     /* opened where spec.history is not 0 */
	struct rho_sumtree tree;        /* opened where how.priority is set  */
	double *top;            /* (1) kept: the largest priority ever, which new ones get */
	/* Steps whose return is not complete: place lane * n + t % n is the lane's t-th since its episode began. */
	uint32_t *waiting;      /* (1, lanes) kept: how many                 */
	uint64_t *begun;        /* (1, lanes) kept: t of the oldest of them  */
	float *wait_x;          /* (lanes * n, x_dim) kept                   */
	uint32_t *wait_action;  /* (lanes * n, slate) kept                   */
	float *wait_reward;     /* (1, lanes * n) kept                       */
	struct rho_idlists wait_cand, wait_past;
};

/* Arrays, by what the agent is up against: about capacity * (8 x_dim + 4 slate + 8) bytes and the lists.
 * 0 or an error, recorded. [open] */
int rho_replay_open(struct rho_ctx *, struct rho_replay *, const struct rho_spec *, const struct rho_replay_how *);

/* A checkpoint is back: refuses one that no run has written. 0 or RHO_EFORMAT, recorded. */
int rho_replay_loaded(struct rho_ctx *, const struct rho_replay *);

/* One step of all lanes: adds every transition that it completes, in the order of lanes. A bandit's round (no
 * next) is an episode of its own. What rho_memory_check refuses is refused before anything is changed. 0
 * or an error, recorded. [run] */
int rho_replay_add(struct rho_ctx *, struct rho_replay *, const struct rho_feedback *);

/* Transitions held, at places 0 .. held - 1. */
static inline size_t rho_replay_held(const struct rho_replay *r)
{ return *r->seen < r->how.capacity ? (size_t)*r->seen : r->how.capacity; }

/* place (n): transitions drawn uniformly, with replacement; some are held. */
void rho_replay_draw(const struct rho_replay *, struct rho_rng *, size_t n, uint32_t *place);

/* place (n): transition p with probability P_p = its priority / the sum, one from each n-th of the sum (Schaul
 * et al. 2016, section 3.3). weight (n): (held P_p)^-beta over the largest of the n (their section 3.4). */
void rho_replay_draw_by_priority(const struct rho_replay *, struct rho_rng *, double beta, size_t n,
                                 uint32_t *place, float *weight);

/* New priorities of transitions, by the errors (n) of their values; one drawn twice has the later. A NaN is
 * taken for the largest ever. */
void rho_replay_learned(struct rho_replay *, size_t n, const uint32_t *place, const float *error);

#endif
