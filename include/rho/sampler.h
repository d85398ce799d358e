/* rho/sampler.h: a sampler chooses, for each decision, the candidates an agent may pick from.
 * Where its law is known the host can state the marginal propensity P(a|x) = E_S[P(a|x,S)] of a
 * choice, not only the conditional one given the drawn S. For a uniform k of K and an agent that
 * ranks (rho_agent.rank): overall rank j is the best of S with probability C(K-j,k-1)/C(K,k). */
#pragma once
#include "host.h"

enum rho_law {
	RHO_LAW_OTHER,          /* only what `incl` says is known            */
	RHO_LAW_ALL,            /* every legal action, always                */
	RHO_LAW_UNIFORM,        /* k of the legal actions without replacement, in random order */
};

struct rho_sampler_spec {       /* what it samples for; fixed for its life */
	size_t n_actions;       /* ids 0 .. n_actions - 1                    */
	size_t x_dim;           /* 0: no contexts as numbers                 */
	struct rho_rows actions;        /* (n_actions, dim); mat NULL: no features, or they move */
	size_t lanes, slate;    /* at least `slate` candidates are needed    */
};

enum rho_want { RHO_WANTS_QUERY = 1u << 0 };    /* rho_ask.query; refused where the agent has none */

struct rho_sampler_info {       /* filled by open */
	size_t   max_k;         /* most candidates it gives a decision; 0 with RHO_LAW_ALL */
	uint32_t law;           /* enum rho_law                              */
	uint32_t wants;         /* enum rho_want                             */
};

struct rho_ask {                /* n decisions that want candidates; views last for the call */
	size_t   n;
	struct rho_rows x;      /* n contexts; x.mat NULL: none              */
	struct rho_rows actions;        /* every action's features, by id    */
	const uint32_t *legal;  /* legal ids of all decisions, end to end    */
	const size_t   *legal_off;      /* n + 1; NULL: every action is legal */
	const uint32_t *lane;   /* n                                         */
	const uint64_t *tick;   /* n: decisions this lane has posed before; (lane, tick) keys a draw */
	/* (n, action_dim) what the agent looks for (rho_agent.query), as it stood before the last
	 * reward; mat NULL unless info.wants asked for it. */
	struct rho_rows query;
};

struct rho_pool {               /* the host's buffers, to be filled */
	uint32_t *cand;         /* decision i's ids, none twice, at off[i] .. off[i + 1] - 1 */
	size_t   *off;          /* n + 1; off[0] is 0                        */
	float    *incl;         /* beside cand: P(this id is in the set); preset to NaN: unknown */
};

struct rho_sampler {            /* open is required, draw unless the law is RHO_LAW_ALL */
	uint32_t size;
	int  (*open)(struct rho_ctx *, void *self, const struct rho_sampler_spec *,
	             struct rho_sampler_info *);
	void (*close)(struct rho_ctx *, void *self);
	int  (*loaded)(struct rho_ctx *, void *self);   /* see rho_agent.loaded */
	/* At most min(max_k, legal actions) candidates a decision, at least spec.slate. */
	int  (*draw)(struct rho_ctx *, void *self, const struct rho_ask *, struct rho_pool *);
	const void *(*extension)(struct rho_ctx *, void *self, const char *id);
};
