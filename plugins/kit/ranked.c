/* The k best of many, and what follows from choosing them. */
#include "ranked.h"

#include <float.h>

static float number(float score)
{
	return isnan(score) ? -INFINITY : score;
}

void rho_ranked_top(const float *score, size_t n, size_t k, uint32_t *place)
{
	size_t have = 0;
	float least = -INFINITY;        /* of those in place, once there are k */
	for (size_t j = 0; j < n; j++) {
		float mine = score[j];
		if (have == k && !(mine > least))
			continue;
		mine = number(mine);
		size_t at = have < k ? have++ : k - 1;
		while (at > 0 && mine > number(score[place[at - 1]])) {
			place[at] = place[at - 1];
			at--;
		}
		place[at] = (uint32_t)j;
		least = number(score[place[have - 1]]);
	}
}

static bool among(const uint32_t *id, size_t n, uint32_t wanted)
{
	for (size_t j = 0; j < n; j++)
		if (id[j] == wanted)
			return true;
	return false;
}

void rho_ranked_slate_prob(const struct rho_batch *b, size_t i, const uint32_t *place, double explore,
                           const uint32_t *action, float *prob)
{
	size_t n = rho_n_cand(b, i);
	for (size_t p = 0; p < b->k; p++) {
		size_t best = 0;        /* of the k best, at most p stand before it in the slate */
		while (best + 1 < b->k && among(action, p, rho_cand(b, i, place[best])))
			best++;
		bool mine = action[p] == rho_cand(b, i, place[best]);
		prob[p] = (float)(explore / (double)(n - p) + (mine ? 1 - explore : 0));
	}
}

static float *room(struct rho_ctx *c, const struct rho_batch *b)
{
	size_t most = 0;
	for (size_t i = 0; i < b->n; i++)
		most = rho_n_cand(b, i) > most ? rho_n_cand(b, i) : most;
	return rho_scratch(c, most, sizeof(float));
}

int rho_ranked_act(struct rho_ctx *c, void *self, const struct rho_batch *b, struct rho_choice *out,
                   rho_score *score)
{
	float *mine = room(c, b);
	int error = mine ? 0 : RHO_ENOMEM;
	for (size_t i = 0; !error && i < b->n; i++) {
		uint32_t *action = out->action + i * b->k;
		if ((error = score(c, self, b, i, mine)))
			break;
		rho_ranked_top(mine, rho_n_cand(b, i), b->k, action);
		for (size_t p = 0; p < b->k; p++) {
			action[p] = rho_cand(b, i, action[p]);
			out->prob[i * b->k + p] = 1;
		}
	}
	return error;
}

int rho_ranked_prob(struct rho_ctx *c, void *self, const struct rho_batch *b, const uint32_t *action,
                    float *prob, rho_score *score)
{
	float *mine = room(c, b);
	uint32_t *place = rho_scratch(c, b->k, sizeof *place);
	int error = mine && place ? 0 : RHO_ENOMEM;
	for (size_t i = 0; !error && i < b->n; i++) {
		if ((error = score(c, self, b, i, mine)))
			break;
		rho_ranked_top(mine, rho_n_cand(b, i), b->k, place);
		rho_ranked_slate_prob(b, i, place, 0, action + i * b->k, prob + i * b->k);
	}
	return error;
}

int rho_ranked_dist(struct rho_ctx *c, void *self, const struct rho_batch *b, float *prob, rho_score *score)
{
	int error = 0;
	for (size_t i = 0; !error && i < b->n; i++) {
		float *mine = prob + rho_cand_at(b, i);
		uint32_t best = 0;
		if ((error = score(c, self, b, i, mine)))
			break;
		rho_ranked_top(mine, rho_n_cand(b, i), 1, &best);
		memset(mine, 0, rho_n_cand(b, i) * sizeof *mine);
		mine[best] = 1;
	}
	return error;
}

int rho_ranked_rank(struct rho_ctx *c, void *self, const struct rho_batch *b, float *score, float *explore,
                    rho_score *fn)
{
	int error = 0;
	for (size_t i = 0; !error && i < b->n; i++) {
		error = fn(c, self, b, i, score + rho_cand_at(b, i));
		explore[i] = 0;
	}
	return error;
}

void rho_ranked_pass_over(const struct rho_batch *b, size_t i, float *score)
{
	size_t n = rho_n_cand(b, i);
	for (size_t j = b->past_off ? b->past_off[i] : 0; b->past_off && j < b->past_off[i + 1]; j++) {
		size_t at = b->cand_off ? 0 : b->past[j];
		while (b->cand_off && at < n && rho_cand(b, i, at) != b->past[j])
			at++;
		if (at < n)
			score[at] = -FLT_MAX;
	}
}
