/* Nearest: the actions whose features have the largest inner product with the context's. Learns nothing. */
#include <rho/rho.h>

#include "kit/ranked.h"

struct nearest {
	bool pass_over;         /* parameter */
	size_t dim;
};

static const struct rho_param nearest_params[] = {
	RHO_BOOL(struct nearest, pass_over, true,
	         "choose what was chosen before in the same episode only when nothing else is left"),
	RHO_END
};

static int nearest_open(struct rho_ctx *c, void *self, const struct rho_spec *spec)
{
	struct nearest *s = self;
	if (spec->x_dim != spec->action_dim)
		return rho_fail(c, RHO_EINVAL, "it compares context and action number by number, and contexts have"
		                " %zu numbers, actions %zu; use one encoder for both, or an agent that learns"
		                " how they go together (linucb with features = \"bilinear\")",
		                spec->x_dim, spec->action_dim);
	s->dim = spec->x_dim;
	return 0;
}

static int score_of(struct rho_ctx *c, void *self, const struct rho_batch *b, size_t i, float *score)
{
	struct nearest *s = self;
	struct rho_rows x = rho_slice(b->x, i, 1), cand = rho_cand_rows(b, i);
	rho_inner(c, &x, &cand, score, cand.n);
	if (s->pass_over)
		rho_ranked_pass_over(b, i, score);
	return 0;
}

static size_t n_past(const struct nearest *s, const struct rho_batch *b, size_t i)
{
	return s->pass_over && b->past_off ? b->past_off[i + 1] - b->past_off[i] : 0;
}

/* Decisions i .. i + n - 1, which share their candidates and have no past, by one search. False in *found:
 * some decision has fewer than k products that are numbers. place, score (n * k) are workspace. */
static int search(struct rho_ctx *c, const struct rho_batch *b, size_t i, size_t n, uint32_t *place,
                  float *score, bool *found)
{
	struct rho_rows x = rho_slice(b->x, i, n), cand = rho_cand_rows(b, i);
	int error = rho_top(c, &x, &cand, NULL, b->k, place, score);
	*found = true;
	for (size_t j = 0; !error && j < n * b->k; j++)
		*found &= place[j] != UINT32_MAX;
	return error;
}

static int nearest_act(struct rho_ctx *c, void *self, const struct rho_batch *b, struct rho_choice *out)
{
	struct nearest *s = self;
	size_t together = b->cand_off || b->past_off ? 1 : b->n;
	float *score = rho_scratch(c, b->n * b->k, sizeof *score);
	int error = score ? 0 : RHO_ENOMEM;
	for (size_t i = 0; !error && i < b->n; i += together) {
		bool found = true;
		if (n_past(s, b, i))
			return rho_ranked_act(c, self, b, out, score_of);
		error = search(c, b, i, together, out->action + i * b->k, score, &found);
		if (!error && !found)
			return rho_ranked_act(c, self, b, out, score_of);
		for (size_t j = i * b->k; !error && j < (i + together) * b->k; j++) {
			out->action[j] = rho_cand(b, j / b->k, out->action[j]);
			out->prob[j] = 1;
		}
	}
	return error;
}

static int nearest_prob(struct rho_ctx *c, void *self, const struct rho_batch *b, const uint32_t *action,
                        float *prob)
{
	return rho_ranked_prob(c, self, b, action, prob, score_of);
}

static int nearest_dist(struct rho_ctx *c, void *self, const struct rho_batch *b, float *prob)
{
	return rho_ranked_dist(c, self, b, prob, score_of);
}

static int nearest_rank(struct rho_ctx *c, void *self, const struct rho_batch *b, float *score, float *explore)
{
	return rho_ranked_rank(c, self, b, score, explore, score_of);
}

static int nearest_query(struct rho_ctx *c, void *self, const struct rho_batch *b, float *q)
{
	const struct nearest *s = self;
	for (size_t i = 0; i < b->n; i++)
		memcpy(q + i * s->dim, rho_row(&b->x, i), s->dim * sizeof *q);
	return 0;
}

static const struct rho_agent nearest_agent = {
	.size = sizeof nearest_agent, .flags = RHO_NEEDS_X | RHO_NEEDS_FEATURES | RHO_DOES_SLATES,
	.open = nearest_open, .act = nearest_act, .prob = nearest_prob, .dist = nearest_dist,
	.rank = nearest_rank, .query = nearest_query,
};

RHO_EXPORT const struct rho_plugin rho_plugin = {
	RHO_PLUGIN(RHO_AGENT), .name = "nearest", .version = "1.0.0", .revision = 1,
	.brief = "the actions nearest to the context, by inner product",
	.doc = "Retrieval by embedding: the candidates whose features have the largest inner product with the\n"
	       "context's, which is their cosine where an encoder makes rows of length 1. Learns nothing: what\n"
	       "an agent that learns has to be better than.",
	.params = nearest_params, .self_size = sizeof(struct nearest), .agent = &nearest_agent,
};
