/* Choices of probability 1, as act, prob and dist tell them. */
#include "pick.h"

int rho_pick_act(struct rho_ctx *c, void *self, const struct rho_batch *b, struct rho_choice *out,
                 rho_pick *pick)
{
	int error = pick(c, self, b, out->action);
	for (size_t i = 0; !error && i < b->n; i++) {
		out->action[i] = rho_cand(b, i, out->action[i]);
		out->prob[i] = 1;
	}
	return error;
}

int rho_pick_prob(struct rho_ctx *c, void *self, const struct rho_batch *b, const uint32_t *action,
                  float *prob, rho_pick *pick)
{
	uint32_t *place = rho_scratch(c, b->n, sizeof *place);
	int error = place ? pick(c, self, b, place) : RHO_ENOMEM;
	for (size_t i = 0; !error && i < b->n; i++)
		prob[i] = action[i] == rho_cand(b, i, place[i]) ? 1 : 0;
	return error;
}

int rho_pick_dist(struct rho_ctx *c, void *self, const struct rho_batch *b, float *prob, rho_pick *pick)
{
	uint32_t *place = rho_scratch(c, b->n, sizeof *place);
	int error = place ? pick(c, self, b, place) : RHO_ENOMEM;
	for (size_t i = 0; !error && i < b->n; i++) {
		memset(prob + rho_cand_at(b, i), 0, rho_n_cand(b, i) * sizeof *prob);
		prob[rho_cand_at(b, i) + place[i]] = 1;
	}
	return error;
}
