/* stage.h: what one cell plays on, opened: tables, features, and the env, sampler and agent. */
#ifndef RHO_RUN_STAGE_H
#define RHO_RUN_STAGE_H

#include <rho/softmax.h>
#include <rho/rho.h>
#include "../config/plan.h"
#include "../store/store.h"

struct rho_stage {
	const struct rho_stage *lent; /* whose tables and embeddings these are; NULL: its own */
	struct rho_tables *tables;
	const struct rho_data *data; /* NULL: no dataset */
	struct rho_embedding action_emb, context_emb;
	struct rho_stored_codes codes;              /* of action_emb, where run.scan asks for them */
	struct rho_mat action_own, context_own;     /* over the tables' `features` columns */
	struct rho_rows actions;                    /* n_actions rows; mat NULL: no features */
	struct rho_rows searched;                   /* as samplers see them: no features where they move */
	const struct rho_mat *contexts;             /* a row a context; NULL: none, or the env sees none */
	size_t x_dim;                               /* what agents see; 0: no contexts */
	struct rho_instance *env, *sampler, *agent; /* sampler NULL: every legal action */
	struct rho_env_spec env_spec;
	struct rho_sampler_info sampled;
	struct rho_spec spec; /* as the agent was told */
	bool oracle, ranks;   /* the env can tell the truth; the agent can rank */
	const struct rho_softmax *softmax; /* the agent's choice is one; NULL: it does not say so */
};

/* What an env's kind of observation holds: a row of the contexts table; numbers of the env's own. */
static inline bool rho_obs_has_row(uint32_t obs) { return obs == RHO_OBS_ROW || obs == RHO_OBS_ROW_F32; }
static inline bool rho_obs_has_numbers(uint32_t obs) { return obs == RHO_OBS_F32 || obs == RHO_OBS_ROW_F32; }

/* Opens all, checking what only data can tell (missing tables, contexts or features, k > K). 0, or
 * the kind of the role at fault (enum rho_kind; RHO_N_ROLES: none of them) with why. Whatever was
 * opened is closed again on failure. `shared`: tables and embeddings that other stages of this process with
 * the same dataset and encoder play on, too: zero at first, opened by the first of them, the caller's to close
 * after all of them; NULL: the stage has its own. Sets the world's codes, which are valid as long as those. */
int rho_stage_open(struct rho_stage *, struct rho_world *, const struct rho_role role[RHO_N_ROLES],
                   const struct rho_run *, struct rho_store *, struct rho_stage *shared, struct rho_buf *why);
/* The same for an agent that has learned elsewhere: of the range of rewards and the horizon it is told
 * what it learned by, not what this env declares. */
int rho_stage_open_as(struct rho_stage *, struct rho_world *, const struct rho_role role[RHO_N_ROLES],
                      const struct rho_run *, struct rho_store *, struct rho_stage *shared,
                      const struct rho_spec *trained, struct rho_buf *why);
void rho_stage_close(struct rho_stage *);

/* Tables and embeddings alone, computed where the store lacks them. `actions_only`: contexts' texts are not
 * encoded. Same result and errors. */
int rho_stage_features(struct rho_stage *, struct rho_world *, const struct rho_role role[RHO_N_ROLES],
                       struct rho_store *, bool actions_only, struct rho_buf *why);

#endif
