/* Tools: choosing APIs for real queries, a slate at once or one call after the other. */
#include "tools.h"

static const char *const formulation_names[] = { "select", "chain", NULL };
static const char *const task_names[] = { "any", "I1", "I2", "I3", NULL };
static const char *const reward_names[] = { "hit", "ndcg", "recall", "complete", NULL };
static const char *const missing_names[] = { "count", "ignore", NULL };
static const char *const state_names[] = { "query", "query+found", NULL };
static const char *const mask_names[] = { "none", "category", "called", "category+called", NULL };
static const char *const per_names[] = { "group", "task", "none", NULL };

static const struct rho_param tools_params[] = {
	RHO_CHOICE(struct tools, formulation, SELECT, formulation_names,
	           "one slate of APIs a query, or one call after the other until all relevant ones are found"),
	RHO_CHOICE(struct tools, task, TASK_ANY, task_names, "pose only queries for one tool (I1), several of one"
	           " category (I2) or several across categories (I3)"),
	RHO_CHOICE(struct tools, order, RHO_ORDER_SHUFFLE, rho_order_names,
	           "order of queries: a new permutation each epoch, independent draws, or as in the file"),
	RHO_STR(struct tools, group, "", "pose only contexts and links of this group; empty: all"),
	RHO_STR(struct tools, split, "", "pose only contexts and links of this split; empty: all"),
	RHO_CHOICE(struct tools, missing, MISSING_COUNT, missing_names, "relevant APIs that the catalogue lacks"
	           " (the dataset's column `missing`): they count and cannot be found, or are ignored"),
	RHO_CHOICE(struct tools, mask, MASK_NONE, mask_names, "legal APIs: all; those of the categories of the"
	           " query's relevant APIs; in a chain those not called yet; or both"),
	RHO_CHOICE(struct tools, per, PER_GROUP, per_names,
	           "metrics also by the dataset's groups, by task I1 to I3, or only over all"),
	RHO_I64(struct tools, slate, 1, 1, MOST_SLATE, "select: APIs a query"),
	RHO_CHOICE(struct tools, reward, PAY_HIT, reward_names, "select: what is paid: 1 for a relevant API in"
	           " first position, NDCG, recall, or 1 for all relevant APIs in the slate"),
	RHO_I64(struct tools, calls, 10, 1, MOST_CALLS, "chain: most calls a query"),
	RHO_F64(struct tools, right, 1, 0, 1e6, "chain: pay for calling a relevant API"),
	RHO_F64(struct tools, wrong, 0.1, 0, 1e6, "chain: cost of any other call, or of a repeated one"),
	RHO_F64(struct tools, bonus, 5, 0, 1e6, "chain: pay for having found all relevant APIs"),
	RHO_F64(struct tools, partial, 0, 0, 1e6, "chain: pay at the end, times the share that was found"),
	RHO_CHOICE(struct tools, state, STATE_QUERY, state_names, "chain: what is seen: the query, or also the mean"
	           " of the vectors of what was found and the share of calls left"),
	RHO_END
};

static int open_lists(struct rho_ctx *c, struct tools *s, struct rho_env_spec *spec)
{
	spec->max_legal = s->max_legal;
	for (int i = 0; i < 2 && s->max_legal; i++) {
		struct tools_lists *l = i ? &s->last_lists : &s->now_lists;
		l->legal = rho_alloc(c, s->lanes * s->max_legal, sizeof *l->legal);
		l->legal_off = rho_alloc(c, s->lanes + 1, sizeof *l->legal_off);
		if (!l->legal || !l->legal_off)
			return RHO_ENOMEM;
	}
	return 0;
}

static int tools_open(struct rho_ctx *c, void *self, struct rho_env_spec *spec)
{
	struct tools *s = self;
	int error;
	s->lanes = spec->lanes;
	s->n_actions = spec->data->table[RHO_ACTIONS].n;
	spec->n_actions = s->n_actions;
	if ((error = tools_read(c, s, spec->data)))
		return error;
	error = s->formulation == SELECT ? tools_open_select(c, s, spec) : tools_open_chain(c, s, spec);
	if (error || (error = tools_open_masks(c, s, spec->data)) || (error = open_lists(c, s, spec)))
		return error;
	spec->obs = s->state == STATE_FOUND ? RHO_OBS_ROW_F32 : RHO_OBS_ROW;
	s->key = rho_stream(c, "context");
	s->episode = rho_keep_u64(c, "episode", 1, s->lanes);
	s->at = rho_alloc(c, s->lanes, sizeof *s->at);
	return s->episode && s->at ? 0 : RHO_ENOMEM;
}

static int tools_loaded(struct rho_ctx *c, void *self)
{
	struct tools *s = self;
	for (size_t lane = 0; lane < s->lanes && s->formulation == SELECT; lane++)
		tools_turn(s, lane);
	return s->formulation == SELECT ? 0 : tools_chain_loaded(c, s);
}

static int tools_reset(struct rho_ctx *c, void *self, struct rho_obs *obs)
{
	struct tools *s = self;
	for (size_t lane = 0; lane < s->lanes; lane++)
		tools_turn(s, lane);
	tools_show(s, obs);
	return 0;
}

static int tools_step(struct rho_ctx *c, void *self, const uint32_t *action, struct rho_obs *obs)
{
	struct tools *s = self;
	return s->formulation == SELECT ? tools_step_select(c, s, action, obs)
	                                : tools_step_chain(c, s, action, obs);
}

static float mean_of(const struct tools *s, size_t lane, uint32_t a)
{
	return s->formulation == SELECT ? tools_mean_select(s, lane, a) : tools_mean_chain(s, lane, a);
}

/* A relevant API that was not called is the best, whichever; if there is none, all calls are alike. */
static float best_of(const struct tools *s, size_t lane)
{
	uint32_t i = s->at[lane];
	float best = mean_of(s, lane, UINT32_MAX);      /* of an API that is not relevant */
	for (uint64_t j = s->links.off[i]; j < s->links.off[i + 1]; j++) {
		float mine = mean_of(s, lane, s->links.link[j].action);
		best = mine > best ? mine : best;
	}
	return best;
}

static int tools_oracle(struct rho_ctx *c, void *self, const uint32_t *action, const size_t *off, float *mean,
                        float *best)
{
	const struct tools *s = self;
	for (size_t lane = 0; lane < s->lanes; lane++) {
		for (size_t j = off[lane]; j < off[lane + 1]; j++)
			mean[j] = mean_of(s, lane, action[j]);
		best[lane] = best_of(s, lane);
	}
	return 0;
}

static const struct rho_env tools_env = {
	.size = sizeof tools_env,
	.flags = RHO_NEEDS_ACTIONS | RHO_NEEDS_CONTEXTS | RHO_NEEDS_LINKS | RHO_HAS_CONTEXT,
	.open = tools_open, .loaded = tools_loaded, .reset = tools_reset, .step = tools_step,
	.oracle = tools_oracle,
};

RHO_EXPORT const struct rho_plugin rho_plugin = {
	RHO_PLUGIN(RHO_ENV), .name = "tools", .version = "1.0.0", .revision = 1,
	.brief = "choosing the APIs that solve a query: as a slate, or call by call",
	.doc = "Contexts are queries, actions APIs, links say which API is relevant to which query. Either a\n"
	       "slate of APIs is chosen at once and judged as a ranking (NDCG, recall, completeness), or APIs\n"
	       "are called one by one until all relevant ones are found or the budget ends. Metrics also by\n"
	       "group. The truth is known, so regret is reported.",
	.cite = "Qin et al. 2024, ToolLLM: Facilitating Large Language Models to Master 16000+ Real-world APIs",
	.params = tools_params, .self_size = sizeof(struct tools), .env = &tools_env,
};
