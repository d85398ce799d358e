/* Random: every candidate is as likely as any other. The floor under every comparison. */
#include <rho/rho.h>

struct random {
	struct rho_rng *rng;
};

static int random_open(struct rho_ctx *c, void *self, const struct rho_spec *spec)
{
	struct random *s = self;
	s->rng = rho_stream(c, "choose");
	return 0;
}

/* Draws k of n positions without replacement, in random order, into at (k). `low` (k) keeps those
 * drawn so far in rising order: the r-th free position is r plus the taken ones at or below it. */
static void draw_slate(struct rho_rng *rng, uint32_t n, uint32_t *at, uint32_t *low, size_t k)
{
	for (size_t p = 0; p < k; p++) {
		uint32_t r = rho_below(rng, n - (uint32_t)p);
		size_t j = 0;
		while (j < p && low[j] <= r) {
			r++;
			j++;
		}
		for (size_t m = p; m > j; m--)
			low[m] = low[m - 1];
		low[j] = at[p] = r;
	}
}

static int random_act(struct rho_ctx *c, void *self, const struct rho_batch *b, struct rho_choice *out)
{
	struct random *s = self;
	uint32_t *low = rho_scratch(c, b->k, sizeof *low);      /* (k) */
	if (!low)
		return RHO_ENOMEM;
	for (size_t i = 0; i < b->n; i++) {
		uint32_t n = (uint32_t)rho_n_cand(b, i), *at = out->action + i * b->k;
		draw_slate(s->rng, n, at, low, b->k);
		for (size_t p = 0; p < b->k; p++) {
			at[p] = rho_cand(b, i, at[p]);
			out->prob[i * b->k + p] = 1.0f / (float)(n - p);
		}
	}
	return 0;
}

static int random_prob(struct rho_ctx *c, void *self, const struct rho_batch *b,
                       const uint32_t *action, float *prob)
{
	for (size_t i = 0; i < b->n; i++)
		for (size_t p = 0; p < b->k; p++)
			prob[i * b->k + p] = 1.0f / (float)(rho_n_cand(b, i) - p);
	return 0;
}

static int random_dist(struct rho_ctx *c, void *self, const struct rho_batch *b, float *prob)
{
	for (size_t i = 0; i < b->n; i++)
		for (size_t j = 0, n = rho_n_cand(b, i); j < n; j++)
			prob[rho_cand_at(b, i) + j] = 1.0f / (float)n;
	return 0;
}

static int random_rank(struct rho_ctx *c, void *self, const struct rho_batch *b,
                       float *score, float *explore)
{
	for (size_t i = 0; i < b->n; i++) {
		memset(score + rho_cand_at(b, i), 0, rho_n_cand(b, i) * sizeof *score);
		explore[i] = 1;
	}
	return 0;
}

static const struct rho_agent random_agent = {
	.size = sizeof random_agent, .flags = RHO_DOES_SLATES, .open = random_open, .act = random_act,
	.prob = random_prob, .dist = random_dist, .rank = random_rank,
};

RHO_EXPORT const struct rho_plugin rho_plugin = {
	RHO_PLUGIN(RHO_AGENT), .name = "random", .version = "1.0.0", .revision = 1,
	.brief = "any candidate, each as likely as the others",
	.doc = "Learns nothing. It is the floor of every comparison and, as a logging policy, gives every\n"
	       "candidate the same known probability. There is nothing to exploit, so it stays uniform when\n"
	       "asked to be greedy.",
	.self_size = sizeof(struct random), .agent = &random_agent,
};
