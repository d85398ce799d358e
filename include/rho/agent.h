/* rho/agent.h: an agent picks actions and learns from what followed. */
#pragma once
#include "host.h"

struct rho_data;                /* dataset.h */

struct rho_spec {               /* what the agent is up against; fixed for its life */
	size_t   n_actions;     /* ids 0 .. n_actions - 1                    */
	size_t   x_dim, action_dim;     /* 0: there are none                 */
	size_t   lanes;         /* episodes running side by side; most decisions a batch */
	size_t   slate;         /* actions wanted per decision               */
	size_t   max_cand;      /* most candidates a decision; n_actions where all are */
	size_t   history;       /* most entries of rho_batch.past a decision; 0: there are none */
	float    reward_lo, reward_hi;
	uint64_t horizon;       /* steps per episode; 1: a bandit; 0: unknown */
	/* What an id stands for, and its features, hold for one decision only (rho_env_spec.moving): agents
	 * with RHO_KEEPS_ACTIONS are refused. */
	bool     moving;
	const struct rho_data *data;    /* the dataset's tables; NULL: there is none */
};

enum rho_batch_flag { RHO_GREEDY = 1u << 0 };   /* exploit only */

struct rho_batch {              /* n decisions to take; views last until the call returns */
	size_t   n, k;          /* decisions, and actions per decision       */
	struct rho_rows x;      /* n contexts; x.mat NULL: none              */
	struct rho_rows actions;        /* every action's features, by id    */
	const uint32_t *cand;   /* candidates of all decisions, end to end   */
	const size_t   *cand_off;       /* n + 1 offsets into cand; NULL: every action */
	const float    *incl;   /* beside cand, the sampler's inclusion probabilities; or NULL */
	const uint32_t *lane;   /* n                                         */
	uint32_t flags;         /* enum rho_batch_flag                       */
	const uint32_t *row;    /* n: which rows of the dataset's contexts these are; NULL: none are */
	/* Actions of each decision's episode so far, as its env tells them, oldest first, end to end: the last
	 * spec.history at most. past_off: n + 1 offsets; NULL: the env tells none. */
	const uint32_t *past;
	const size_t   *past_off;
};

struct rho_choice {             /* the host's buffers, to be filled */
	uint32_t *action;       /* n * k, best first, none twice in a slate  */
	float    *prob;         /* n * k: of this action here, given the candidates and those before it */
};

enum rho_end { RHO_RUNNING, RHO_TERMINATED, RHO_TRUNCATED };

struct rho_feedback {           /* complete: nothing need be remembered from act() */
	const struct rho_batch *posed;  /* the decisions                     */
	const uint32_t  *action;        /* n * k                             */
	const float     *prob;  /* n * k, under whoever chose                */
	const float     *reward;        /* n                                 */
	const float     *item_reward;   /* n * k, or NULL                    */
	const uint8_t   *end;   /* n: enum rho_end                           */
	/* What each decision led to: where `end` is set, the finished episode's last
	 * observation, not the new one's first. NULL: a bandit's round. */
	const struct rho_batch *next;
};

enum rho_agent_flag {           /* rho_agent.flags: what it needs and can do */
	RHO_NEEDS_X        = 1u << 0,   /* contexts                          */
	RHO_NEEDS_FEATURES = 1u << 1,   /* action features                   */
	RHO_DOES_SLATES    = 1u << 2,   /* k > 1                             */
	RHO_DOES_EPISODES  = 1u << 3,   /* uses feedback.next                */
	RHO_KEEPS_ACTIONS  = 1u << 4,   /* remembers something by action id: not for ids that move */
};

struct rho_agent {              /* only act is required */
	uint32_t size, flags;
	int  (*open)(struct rho_ctx *, void *self, const struct rho_spec *);
	void (*close)(struct rho_ctx *, void *self);
	/* A checkpoint is back in the kept arrays; rebuild what derives from them. */
	int  (*loaded)(struct rho_ctx *, void *self);
	int  (*act)(struct rho_ctx *, void *self, const struct rho_batch *, struct rho_choice *);
	int  (*observe)(struct rho_ctx *, void *self, const struct rho_feedback *);
	/* How likely act is to choose these n * k actions; NaN where it cannot say (a posterior
	 * without closed form). Off-policy evaluation needs it. */
	int  (*prob)(struct rho_ctx *, void *self, const struct rho_batch *,
	             const uint32_t *action, float *prob);
	/* The same for every candidate in first position, end to end. Direct and doubly robust
	 * estimates need it. Neither prob nor dist nor rank changes anything. */
	int  (*dist)(struct rho_ctx *, void *self, const struct rho_batch *, float *prob);
	/* For agents whose act is: with probability explore[i] a uniform candidate, else the one of
	 * highest score, ties to whichever stands first. score: beside cand, end to end; explore: n.
	 * Marginal propensities follow from it (see sampler.h). */
	int  (*rank)(struct rho_ctx *, void *self, const struct rho_batch *,
	             float *score, float *explore);
	const void *(*extension)(struct rho_ctx *, void *self, const char *id);
	/* q (n, action_dim): what the agent looks for in decision i, without candidates yet: its present
	 * estimate of action a is <q_i, a> plus a number that is the same for all actions. For samplers
	 * that search (rho_sampler_info.wants). Changes nothing. */
	int  (*query)(struct rho_ctx *, void *self, const struct rho_batch *, float *q);
};

static inline size_t rho_n_cand(const struct rho_batch *b, size_t i)
{ return b->cand_off ? b->cand_off[i + 1] - b->cand_off[i] : b->actions.n; }

static inline uint32_t rho_cand(const struct rho_batch *b, size_t i, size_t j)
{ return b->cand_off ? b->cand[b->cand_off[i] + j] : (uint32_t)j; }

/* Where decision i's candidates begin in an array that lies beside cand, end to end. */
static inline size_t rho_cand_at(const struct rho_batch *b, size_t i)
{ return b->cand_off ? b->cand_off[i] : i * b->actions.n; }

/* The candidates of decision i as rows of features; no copy. */
static inline struct rho_rows rho_cand_rows(const struct rho_batch *b, size_t i)
{
	struct rho_rows r = b->actions;
	if (b->cand_off) {
		r.id = b->cand + b->cand_off[i];
		r.n = rho_n_cand(b, i);
	}
	return r;
}
