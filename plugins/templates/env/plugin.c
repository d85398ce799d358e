/* @NAME@: each action pays 1 with a probability of its own, drawn once from the seed.
 * Change `mine_open` (what there is to choose from) and `mine_step` (what a choice pays). */
#include <rho/rho.h>

struct mine {
	int64_t actions;        /* parameter */
	double *mean;           /* (actions) */
	size_t lanes;
	struct rho_rng *pay;
};

static const struct rho_param mine_params[] = {
	RHO_I64(struct mine, actions, 10, 2, 1000000, "how many actions there are"),
	RHO_END
};

static int mine_open(struct rho_ctx *c, void *self, struct rho_env_spec *spec)
{
	struct mine *s = self;
	struct rho_rng *draw = rho_stream(c, "means");
	s->pay = rho_stream(c, "rewards");
	s->lanes = spec->lanes;
	s->mean = rho_keep_f64(c, "mean", 1, (size_t)s->actions);
	if (!s->mean)
		return RHO_ENOMEM;
	for (int64_t a = 0; a < s->actions; a++)
		s->mean[a] = rho_unif(draw);
	spec->n_actions = (size_t)s->actions;
	spec->obs = RHO_OBS_NONE;
	spec->reward_hi = 1;
	return 0;
}

static int mine_reset(struct rho_ctx *c, void *self, struct rho_obs *out)
{
	return 0;               /* no context to pose */
}

static int mine_step(struct rho_ctx *c, void *self, const uint32_t *action, struct rho_obs *out)
{
	struct mine *s = self;
	for (size_t i = 0; i < s->lanes; i++) {
		out->reward[i] = rho_unif(s->pay) < s->mean[action[i]];
		out->end[i] = RHO_TERMINATED;   /* a bandit: every decision is an episode */
	}
	return 0;
}

static int mine_oracle(struct rho_ctx *c, void *self, const uint32_t *action, const size_t *off,
                       float *mean, float *best)
{
	struct mine *s = self;
	double top = 0;
	for (int64_t a = 0; a < s->actions; a++)
		top = s->mean[a] > top ? s->mean[a] : top;
	for (size_t i = 0; i < s->lanes; i++) {
		best[i] = (float)top;
		for (size_t j = off[i]; j < off[i + 1]; j++)
			mean[j] = (float)s->mean[action[j]];
	}
	return 0;
}

static const struct rho_env mine_env = {
	.size = sizeof mine_env, .open = mine_open, .reset = mine_reset, .step = mine_step,
	.oracle = mine_oracle,
};

RHO_EXPORT const struct rho_plugin rho_plugin = {
	RHO_PLUGIN(RHO_ENV), .name = "@NAME@", .version = "0.1.0", .revision = 1,
	.brief = "independent arms that pay 0 or 1; a template to start from",
	.params = mine_params, .self_size = sizeof(struct mine), .env = &mine_env,
};
