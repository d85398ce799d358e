/* ranked.h: slates of agents that choose by score: the k best candidates, best first. */
#ifndef RHO_KIT_RANKED_H
#define RHO_KIT_RANKED_H

#include <rho/rho.h>

/* How such an agent scores: score (candidates of decision i). 0 or an error, recorded. Changes nothing. [run] */
typedef int rho_score(struct rho_ctx *, void *self, const struct rho_batch *, size_t i, float *score);

/* place (k): the places of the k largest of n >= k scores, largest first, of equals the lower; NaN is below
 * every number. */
void rho_ranked_top(const float *score, size_t n, size_t k, uint32_t *place);

/* prob (k): of each action of a slate here, given those before it, for who takes with probability explore a
 * uniform one of the candidates left, else the best of them. place (k): as rho_ranked_top gives it. */
void rho_ranked_slate_prob(const struct rho_batch *, size_t i, const uint32_t *place, double explore,
                           const uint32_t *action, float *prob);

/* An agent's slots act, prob, dist and rank, from its scores; it never explores. 0, or what `score` or the
 * scratch memory gave. */
int rho_ranked_act(struct rho_ctx *, void *self, const struct rho_batch *, struct rho_choice *out, rho_score *);
int rho_ranked_prob(struct rho_ctx *, void *self, const struct rho_batch *, const uint32_t *action, float *prob,
                    rho_score *);
int rho_ranked_dist(struct rho_ctx *, void *self, const struct rho_batch *, float *prob, rho_score *);
int rho_ranked_rank(struct rho_ctx *, void *self, const struct rho_batch *, float *score, float *explore,
                    rho_score *);

/* Gives the actions of decision i's episode so far (rho_batch.past) the lowest score, so that they are chosen
 * again only when nothing else is left. score (candidates of decision i). */
void rho_ranked_pass_over(const struct rho_batch *, size_t i, float *score);

#endif
