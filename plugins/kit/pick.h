/* pick.h: the slots of agents whose choice has probability 1: one candidate, that of the highest score. */
#ifndef RHO_KIT_PICK_H
#define RHO_KIT_PICK_H

#include <rho/rho.h>

/* How such an agent chooses: place[i] (n), the chosen place in decision i's candidates. 0 or an error,
 * recorded. [run] */
typedef int rho_pick(struct rho_ctx *, void *self, const struct rho_batch *, uint32_t *place);

/* An agent's slots act, prob and dist, from its way to choose. 0, or what that or the scratch memory gave. */
int rho_pick_act(struct rho_ctx *, void *self, const struct rho_batch *, struct rho_choice *out, rho_pick *);
int rho_pick_prob(struct rho_ctx *, void *self, const struct rho_batch *, const uint32_t *action, float *prob,
                  rho_pick *);
int rho_pick_dist(struct rho_ctx *, void *self, const struct rho_batch *, float *prob, rho_pick *);

#endif
