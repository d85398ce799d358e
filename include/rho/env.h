/* rho/env.h: an environment poses decisions and pays rewards, on a dataset's tables or of its own. */
#pragma once
#include "agent.h"
#include "dataset.h"

enum rho_obs_kind {
	RHO_OBS_NONE,           /* no context                                */
	RHO_OBS_F32,            /* x_dim numbers a lane                      */
	RHO_OBS_ROW,            /* a row of the dataset's contexts table, which the host encodes */
	RHO_OBS_ROW_F32,        /* that row's vector, then x_dim numbers     */
};

struct rho_env_spec {
	/* given by the host */
	const struct rho_data *data;    /* NULL: the experiment has no dataset */
	size_t   lanes;         /* episodes side by side                     */
	struct rho_rows actions, contexts;      /* the tables' rows as the encoder, or else the tables, have
	                         * them; mat NULL: no features               */
	/* filled by open */
	size_t   n_actions;     /* ids 0 .. n_actions - 1; with data, rows of the actions table */
	uint32_t obs;           /* enum rho_obs_kind                         */
	size_t   x_dim;         /* RHO_OBS_F32, RHO_OBS_ROW_F32              */
	const struct rho_mat *action_mat;       /* features of its own (n_actions, dim); NULL: the encoder's */
	/* action_mat's rows change: what an id stands for holds for the decision in which it is legal. The
	 * rows of the actions legal in a decision stay as they are until the decision after the next is posed,
	 * so whoever steps writes others (two sets in turn). Only with action_mat and legal lists. */
	bool     moving;
	size_t   max_legal;     /* most legal actions a decision; 0: n_actions */
	size_t   history;       /* most entries of rho_obs.past a lane; 0: none are told */
	size_t   slate;         /* actions wanted per decision; preset to 1  */
	float    reward_lo, reward_hi;  /* inclusive; both 0: unknown        */
	uint64_t horizon;       /* steps per episode; preset to 1, a bandit; 0: unknown */
};

struct rho_obs {                /* the host's buffers, one slot per lane; zeroed before each call */
	float          *x;      /* RHO_OBS_F32, RHO_OBS_ROW_F32: lanes * x_dim */
	uint32_t       *row;    /* RHO_OBS_ROW, RHO_OBS_ROW_F32: lanes       */
	const uint32_t *legal;  /* set to the env's own list, valid until its next call; or left */
	const size_t   *legal_off;      /* lanes + 1; NULL: every action is legal */
	const uint32_t *past;   /* with spec.history: set to the env's own list of actions of each lane's */
	const size_t   *past_off;       /* episode so far, oldest first, valid until its next call; lanes + 1 */
	float          *reward; /* lanes                                     */
	float          *item_reward;    /* lanes * slate                     */
	uint8_t        *end;    /* lanes: enum rho_end                       */
	struct rho_obs *last;   /* where end: the episode's last observation; NULL in reset */
};

enum rho_env_flag {             /* rho_env.flags: what it asks of the experiment */
	RHO_NEEDS_ACTIONS  = 1u << RHO_ACTIONS,         /* the dataset's tables */
	RHO_NEEDS_CONTEXTS = 1u << RHO_CONTEXTS,
	RHO_NEEDS_LINKS    = 1u << RHO_LINKS,
	RHO_NEEDS_LOG      = 1u << RHO_LOG,
	RHO_HAS_CONTEXT    = 1u << 8,   /* agents will see a context         */
	RHO_TAKES_DATA     = 1u << 9,   /* with a dataset or without, as its parameters say */
};

struct rho_env {                /* open, reset and step are required */
	uint32_t size, flags;
	int  (*open)(struct rho_ctx *, void *self, struct rho_env_spec *);
	void (*close)(struct rho_ctx *, void *self);
	int  (*loaded)(struct rho_ctx *, void *self);   /* see rho_agent.loaded */
	int  (*reset)(struct rho_ctx *, void *self, struct rho_obs *);
	/* action: lanes * slate. A lane that ends begins again within the same call. */
	int  (*step)(struct rho_ctx *, void *self, const uint32_t *action, struct rho_obs *);
	/* Where the truth is known: the mean reward of lane i's actions off[i] .. off[i + 1] - 1 in
	 * the decision now posed, and the best any legal action has. For regret. Changes nothing. */
	int  (*oracle)(struct rho_ctx *, void *self, const uint32_t *action, const size_t *off,
	               float *mean, float *best);
	const void *(*extension)(struct rho_ctx *, void *self, const char *id);
};
