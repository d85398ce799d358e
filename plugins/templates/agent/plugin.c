/* @NAME@: draws a candidate uniformly, and keeps count of what each action has paid.
 * Change `mine_weigh` first: it says how likely each candidate is. */
#include <rho/rho.h>

struct mine {
	double temperature;     /* parameter */
	double *total;          /* (n_actions) rewards so far; kept: saved and restored by the host */
	uint64_t *pulls;        /* (n_actions) */
	struct rho_rng *rng;
};

static const struct rho_param mine_params[] = {
	RHO_F64(struct mine, temperature, 1.0, 0.001, 1000, "a parameter to replace by your own"),
	RHO_END
};

static int mine_open(struct rho_ctx *c, void *self, const struct rho_spec *spec)
{
	struct mine *s = self;
	s->rng = rho_stream(c, "explore");
	s->total = rho_keep_f64(c, "total", 1, spec->n_actions);
	s->pulls = rho_keep_u64(c, "pulls", 1, spec->n_actions);
	return s->total && s->pulls ? 0 : RHO_ENOMEM;
}

/* p[j] = how likely candidate j of decision i is; the same for all: a uniform agent. */
static void mine_weigh(const struct mine *s, const struct rho_batch *b, size_t i, double *p)
{
	size_t n = rho_n_cand(b, i);
	for (size_t j = 0; j < n; j++)
		p[j] = 1.0 / (double)n;
}

static int mine_act(struct rho_ctx *c, void *self, const struct rho_batch *b, struct rho_choice *out)
{
	struct mine *s = self;
	for (size_t i = 0; i < b->n; i++) {
		size_t n = rho_n_cand(b, i), j = 0;
		double *p = rho_scratch(c, n, sizeof *p);       /* (n) */
		if (!p)
			return RHO_ENOMEM;
		mine_weigh(s, b, i, p);
		if (!(b->flags & RHO_GREEDY)) {
			double u = rho_unif(s->rng);
			while (j + 1 < n && u >= p[j])
				u -= p[j++];
		} else {
			for (size_t k = 1; k < n; k++)
				if (p[k] > p[j])
					j = k;
		}
		out->action[i] = rho_cand(b, i, j);
		out->prob[i] = b->flags & RHO_GREEDY ? 1 : (float)p[j];
	}
	return 0;
}

static int mine_observe(struct rho_ctx *c, void *self, const struct rho_feedback *f)
{
	struct mine *s = self;
	for (size_t i = 0; i < f->posed->n; i++) {
		if (!isfinite(f->reward[i]))
			return rho_fail(c, RHO_EINVAL, "a reward of %g cannot be learned from", (double)f->reward[i]);
		s->total[f->action[i]] += f->reward[i];
		s->pulls[f->action[i]]++;
	}
	return 0;
}

/* What act would choose how often; for off-policy evaluation. Changes nothing. */
static int mine_dist(struct rho_ctx *c, void *self, const struct rho_batch *b, float *prob)
{
	for (size_t i = 0; i < b->n; i++) {
		size_t n = rho_n_cand(b, i), best = 0;
		double *p = rho_scratch(c, n, sizeof *p);       /* (n) */
		if (!p)
			return RHO_ENOMEM;
		mine_weigh(self, b, i, p);
		for (size_t j = 1; j < n; j++)
			if (p[j] > p[best])
				best = j;
		for (size_t j = 0; j < n; j++)
			prob[rho_cand_at(b, i) + j] = b->flags & RHO_GREEDY ? (float)(j == best) : (float)p[j];
	}
	return 0;
}

static int mine_prob(struct rho_ctx *c, void *self, const struct rho_batch *b,
                     const uint32_t *action, float *prob)
{
	float *all = rho_scratch(c, rho_cand_at(b, b->n - 1) + rho_n_cand(b, b->n - 1), sizeof *all);
	if (!all || mine_dist(c, self, b, all))
		return RHO_ENOMEM;
	for (size_t i = 0; i < b->n; i++) {
		prob[i] = 0;
		for (size_t j = 0; j < rho_n_cand(b, i); j++)
			if (rho_cand(b, i, j) == action[i])
				prob[i] = all[rho_cand_at(b, i) + j];
	}
	return 0;
}

static const struct rho_agent mine_agent = {
	.size = sizeof mine_agent, .open = mine_open, .act = mine_act, .observe = mine_observe,
	.prob = mine_prob, .dist = mine_dist,
};

RHO_EXPORT const struct rho_plugin rho_plugin = {
	RHO_PLUGIN(RHO_AGENT), .name = "@NAME@", .version = "0.1.0", .revision = 1,
	.brief = "draws a candidate uniformly; a template to start from",
	.params = mine_params, .self_size = sizeof(struct mine), .agent = &mine_agent,
};
