/* env_play.h: playing environments with random legal actions. */
#ifndef RHO_CHECK_ENV_PLAY_H
#define RHO_CHECK_ENV_PLAY_H

#include "../store/tables.h"
#include "play.h"

enum { RHO_ENV_LANES = 4 };

struct rho_env_problem {
	struct rho_tables *tables; /* NULL: it asks for none */
	struct rho_mat action_mat, context_mat; /* of the tables */
	struct rho_env_spec spec;  /* as filled by open */
	struct rho_rng key;        /* of the actions taken */
	struct rho_obs obs, last;  /* of the last call; buffers live for its turn */
	uint32_t *action;          /* (lanes * slate) of the last step */
	/* the decision now posed, copied: what a checkpoint must hold */
	uint32_t *legal;
	size_t *legal_off; /* NULL: every action */
	const char *wrong; /* what is wrong with the last legal lists or past; NULL: nothing */
};

static inline struct rho_env_problem *rho_env_problem(struct rho_play *p) { return p->problem; }
static inline const struct rho_env *rho_env_of(struct rho_play *p) { return &p->module->table.env; }

/* The legal actions of a lane now: their number, and the j-th. */
size_t rho_env_n_legal(const struct rho_env_problem *, size_t lane);
uint32_t rho_env_legal(const struct rho_env_problem *, size_t lane, size_t j);

/* Chooses problem->action for turn t: distinct legal ones. */
void rho_env_choose(struct rho_play *, unsigned t);
/* Steps with problem->action; the buffers of obs live until rho_play_drop. 0 or the code. */
int rho_env_step(struct rho_play *, unsigned t);

#endif
