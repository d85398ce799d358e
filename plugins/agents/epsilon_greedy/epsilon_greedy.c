/* Epsilon-greedy: the best mean reward so far, or with probability epsilon a uniform draw. */
#include <rho/rho.h>

struct eg {
	double epsilon;         /* parameter */
	float *mean;            /* (n_actions) */
	uint64_t *pulls;        /* (n_actions) */
	struct rho_rng *rng;
};

static const struct rho_param eg_params[] = {
	RHO_F64(struct eg, epsilon, 0.1, 0, 1, "probability of drawing uniformly"), RHO_END
};

static int eg_open(struct rho_ctx *c, void *self, const struct rho_spec *spec)
{
	struct eg *s = self;
	s->rng = rho_stream(c, "explore");
	s->mean = rho_keep_f32(c, "mean", 1, spec->n_actions);
	s->pulls = rho_keep_u64(c, "pulls", 1, spec->n_actions);
	return s->mean && s->pulls ? 0 : RHO_ENOMEM;
}

/* All slots in one. The candidates' means go into score, their probabilities into dist, a draw into
 * draw, the probability of action[i] into prob, of exploring into explore; NULL: not wanted. */
static int eg_choose(struct eg *s, const struct rho_batch *b, float *score, float *dist,
                     uint32_t *draw, const uint32_t *action, float *prob, float *explore)
{
	double eps = b->flags & RHO_GREEDY ? 0 : s->epsilon;
	for (size_t i = 0; i < b->n; i++) {
		uint32_t n = (uint32_t)rho_n_cand(b, i), best = 0;
		for (uint32_t j = 0; j < n; j++) {
			best = s->mean[rho_cand(b, i, j)] > s->mean[rho_cand(b, i, best)] ? j : best;
			if (score)
				score[rho_cand_at(b, i) + j] = s->mean[rho_cand(b, i, j)];
		}
		for (uint32_t j = 0; dist && j < n; j++)
			dist[rho_cand_at(b, i) + j] = (float)(eps / n + (j == best ? 1 - eps : 0));
		if (draw)
			draw[i] = rho_cand(b, i, rho_unif(s->rng) < eps ? rho_below(s->rng, n) : best);
		if (prob)
			prob[i] = (float)(eps / n + (action[i] == rho_cand(b, i, best) ? 1 - eps : 0));
		if (explore)
			explore[i] = (float)eps;
	}
	return 0;
}

static int eg_act(struct rho_ctx *c, void *self, const struct rho_batch *b, struct rho_choice *out)
{ return eg_choose(self, b, NULL, NULL, out->action, out->action, out->prob, NULL); }
static int eg_prob(struct rho_ctx *c, void *self, const struct rho_batch *b, const uint32_t *a, float *prob)
{ return eg_choose(self, b, NULL, NULL, NULL, a, prob, NULL); }
static int eg_dist(struct rho_ctx *c, void *self, const struct rho_batch *b, float *prob)
{ return eg_choose(self, b, NULL, prob, NULL, NULL, NULL, NULL); }
static int eg_rank(struct rho_ctx *c, void *self, const struct rho_batch *b, float *score, float *explore)
{ return eg_choose(self, b, score, NULL, NULL, NULL, NULL, explore); }

static int eg_observe(struct rho_ctx *c, void *self, const struct rho_feedback *f)
{
	struct eg *s = self;
	for (size_t i = 0; i < f->posed->n; i++) {
		uint32_t a = f->action[i];
		if (!isfinite(f->reward[i]))
			return rho_fail(c, RHO_EINVAL, "a reward of %g has no mean", (double)f->reward[i]);
		s->mean[a] += (f->reward[i] - s->mean[a]) / (float)++s->pulls[a];
	}
	return 0;
}

static const struct rho_agent eg_agent = {
	.size = sizeof eg_agent, .open = eg_open, .act = eg_act, .observe = eg_observe,
	.prob = eg_prob, .dist = eg_dist, .rank = eg_rank,
};

RHO_EXPORT const struct rho_plugin rho_plugin = {
	RHO_PLUGIN(RHO_AGENT), .name = "epsilon_greedy", .version = "1.0.0", .revision = 1,
	.brief = "best mean so far, with a uniform draw now and then",
	.params = eg_params, .self_size = sizeof(struct eg), .agent = &eg_agent,
};
