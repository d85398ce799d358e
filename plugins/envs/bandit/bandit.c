/* Bandit: a context from the dataset, one action, a reward from the link between the two.
 *
 * Links are kept as one sorted row of actions a context, so a reward is a binary search. Contexts
 * come in an order that no choice can change: all arms of an experiment see the same ones. */
#include <stdio.h>

#include <rho/rho.h>

enum { BY_SHUFFLE, BY_UNIFORM, BY_FILE };
enum { PAY_WEIGHT, PAY_CLICK };
enum { KEEP_MAX, KEEP_SUM };
static const char *const order_names[] = { "shuffle", "uniform", "file", NULL };
static const char *const reward_names[] = { "weight", "click", NULL };
static const char *const duplicate_names[] = { "max", "sum", NULL };

struct link { uint32_t action; float weight; };

struct bandit {
	int order, reward, duplicates;          /* parameters */
	double base, noise;
	const char *group, *split;
	size_t lanes, n_actions;
	size_t n;               /* contexts that are posed */
	uint32_t *row;          /* (n) of the contexts table */
	uint64_t *off;          /* (n + 1) into link */
	struct link *link;      /* sorted by action within a context */
	float *best;            /* (n) the highest mean reward there is */
	uint32_t *turn;         /* (n) with shuffle: this epoch's permutation */
	uint64_t epoch;         /* of turn, plus 1; 0: none yet */
	uint64_t *tick;         /* (1) kept: batches posed so far */
	uint32_t *now;          /* (lanes) kept: which of the n each lane poses */
	const struct rho_rng *context_key, *reward_key; /* forked, never drawn from */
};

static const struct rho_param bandit_params[] = {
	RHO_CHOICE(struct bandit, order, BY_SHUFFLE, order_names,
	           "order of contexts: a new permutation each epoch, independent draws, or as in the file"),
	RHO_CHOICE(struct bandit, reward, PAY_WEIGHT, reward_names,
	           "pay the link's weight, or 1 with the weight as probability"),
	RHO_CHOICE(struct bandit, duplicates, KEEP_MAX, duplicate_names,
	           "weight of a pair that is linked more than once"),
	RHO_F64(struct bandit, base, 0, -1e6, 1e6, "weight of a pair that is not linked"),
	RHO_F64(struct bandit, noise, 0, 0, 1e6,
	        "standard deviation of Gaussian noise on the reward; only with reward = \"weight\""),
	RHO_STR(struct bandit, group, "", "pose only contexts and links of this group; empty: all"),
	RHO_STR(struct bandit, split, "", "pose only contexts and links of this split; empty: all"),
	RHO_END
};

/* A column that may hold a filter, and the label that passes; column NULL: everything passes. */
struct filter { const struct rho_column *column; uint32_t label; };

static bool passes(struct filter f, size_t i)
{
	return !f.column || f.column->label[i] == f.label;
}

static struct filter make_filter(const struct rho_data *data, uint32_t table, const char *name,
                                 const char *wanted)
{
	struct filter f = { *wanted ? rho_find_column(data, table, name, RHO_COL_LABEL) : NULL, UINT32_MAX };
	for (uint32_t i = 0; f.column && i < f.column->n_labels; i++) {
		struct rho_str s = rho_column_str(f.column, i);
		if (s.len == strlen(wanted) && !memcmp(s.at, wanted, s.len))
			f.label = i;
	}
	return f;
}

/* The error of a filter that nothing can pass: what there is instead. */
static int no_such_label(struct rho_ctx *c, const char *name, const char *wanted, struct filter a,
                         struct filter b)
{
	const struct rho_column *column = a.column ? a.column : b.column;
	char list[400] = "";
	size_t used = 0, i = 0;
	if (!column)
		return rho_fail(c, RHO_EINVAL, "%s = \"%s\", and this dataset has no column \"%s\" in"
		                " contexts or links; leave it out", name, wanted, name);
	for (; i < column->n_labels && used < sizeof list - 60; i++) {
		struct rho_str s = rho_column_str(column, i);
		int room = s.len < 40 ? (int)s.len : 40;
		used += (size_t)snprintf(list + used, sizeof list - used, "%s\"%.*s\"", i ? ", " : "",
		                         room, s.at);
	}
	return rho_fail(c, RHO_EINVAL, "no %s is called \"%s\"; there is %s%s", name, wanted, list,
	                i < column->n_labels ? " and more" : "");
}

struct filters { struct filter context[2], link[2]; };

static int make_filters(struct rho_ctx *c, const struct bandit *s, const struct rho_data *data,
                        struct filters *f)
{
	const char *name[] = { "group", "split" }, *wanted[] = { s->group, s->split };
	for (int i = 0; i < 2; i++) {
		f->context[i] = make_filter(data, RHO_CONTEXTS, name[i], wanted[i]);
		f->link[i] = make_filter(data, RHO_LINKS, name[i], wanted[i]);
		bool known = (f->context[i].column && f->context[i].label != UINT32_MAX) ||
		             (f->link[i].column && f->link[i].label != UINT32_MAX);
		if (*wanted[i] && !known)
			return no_such_label(c, name[i], wanted[i], f->context[i], f->link[i]);
	}
	return 0;
}

/* Links as they pass the filters: columns of the links table. */
struct edges {
	size_t n;
	const uint32_t *context, *action;       /* (n) */
	const double *weight;   /* (n); NULL: 1 each */
	uint8_t *ok;            /* (n) passes */
};

static int find_edges(struct rho_ctx *c, const struct rho_data *data, const struct filters *f,
                      struct edges *e)
{
	const struct rho_column *context = rho_find_column(data, RHO_LINKS, "context", RHO_COL_ROW);
	const struct rho_column *action = rho_find_column(data, RHO_LINKS, "action", RHO_COL_ROW);
	const struct rho_column *weight = rho_find_column(data, RHO_LINKS, "weight", RHO_COL_F64);
	if (!context || !action)
		return rho_fail(c, RHO_EINVAL, "the links table needs columns \"context\" and \"action\" that"
		                " name rows; this dataset cannot be played as a bandit");
	*e = (struct edges){ data->table[RHO_LINKS].n, context->row, action->row,
	                     weight ? weight->f64 : NULL, rho_scratch(c, data->table[RHO_LINKS].n, 1) };
	if (!e->ok)
		return RHO_ENOMEM;
	for (size_t i = 0; i < e->n; i++) {
		if (e->weight && !(fabs(e->weight[i]) <= 1e30))
			return rho_fail(c, RHO_EFORMAT, "link %zu has weight %g; a reward must lie within"
			                " -1e30 .. 1e30", i, e->weight[i]);
		e->ok[i] = passes(f->context[0], e->context[i]) && passes(f->context[1], e->context[i]) &&
		           passes(f->link[0], i) && passes(f->link[1], i);
	}
	return 0;
}

/* Numbers of the passing links by rising key, in file order among equals; off (keys + 1) gets where
 * each key's begin. `from` (n_from): take them in this order instead of the file's; NULL: the file's. */
static void counting_sort(const struct edges *e, const uint32_t *key, size_t keys, size_t *off,
                          const uint32_t *from, size_t n_from, uint32_t *out)
{
	memset(off, 0, (keys + 1) * sizeof *off);
	for (size_t i = 0; i < e->n; i++)
		off[key[i] + 1] += e->ok[i];
	for (size_t k = 0; k < keys; k++)
		off[k + 1] += off[k];
	for (size_t j = 0; j < n_from; j++) {
		size_t i = from ? from[j] : j;
		if (e->ok[i])
			out[off[key[i]]++] = (uint32_t)i;
	}
	memmove(off + 1, off, keys * sizeof *off);
	off[0] = 0;
}

/* Whether each context's links, sorted[off[r] .. off[r + 1]), name actions that never fall. */
static bool actions_rise(const struct edges *e, size_t contexts, const size_t *off, const uint32_t *sorted)
{
	for (size_t r = 0; r < contexts; r++)
		for (size_t j = off[r] + 1; j < off[r + 1]; j++)
			if (e->action[sorted[j]] < e->action[sorted[j - 1]])
				return false;
	return true;
}

/* Numbers of the passing links by context, then by action, then in file order; off gets where each
 * context's begin (room for the most keys there are, plus 1). NULL: no memory. */
static uint32_t *sort_links(struct rho_ctx *c, const struct edges *e, size_t contexts, size_t actions,
                            size_t *off)
{
	uint32_t *by_context = rho_scratch(c, e->n, sizeof *by_context), *by_action;
	if (!by_context)
		return NULL;
	counting_sort(e, e->context, contexts, off, NULL, e->n, by_context);
	/* Most files list a context's actions in order already. */
	if (actions_rise(e, contexts, off, by_context))
		return by_context;
	if (!(by_action = rho_scratch(c, e->n, sizeof *by_action)))
		return NULL;
	counting_sort(e, e->action, actions, off, NULL, e->n, by_action);
	counting_sort(e, e->context, contexts, off, by_action, off[actions], by_context);
	return by_context;
}

/* Appends context r's links, which are sorted[from .. to), duplicates merged. */
static void add_context(struct bandit *s, const struct edges *e, uint32_t r, const uint32_t *sorted,
                        size_t from, size_t to)
{
	size_t first = s->off[s->n], n = first;
	for (size_t j = from; j < to; j++) {
		uint32_t a = e->action[sorted[j]];
		float w = e->weight ? (float)e->weight[sorted[j]] : 1;
		if (n == first || s->link[n - 1].action != a)
			s->link[n++] = (struct link){ a, w };
		else if (s->duplicates == KEEP_SUM)
			s->link[n - 1].weight += w;
		else if (w > s->link[n - 1].weight)
			s->link[n - 1].weight = w;
	}
	float best = n - first < s->n_actions ? (float)s->base : -INFINITY;
	for (size_t j = first; j < n; j++)
		best = s->link[j].weight > best ? s->link[j].weight : best;
	s->best[s->n] = best;
	s->row[s->n++] = r;
	s->off[s->n] = n;
}

/* Builds the contexts that are posed with their links. */
static int build(struct rho_ctx *c, struct bandit *s, const struct rho_data *data,
                 const struct filters *f)
{
	size_t contexts = data->table[RHO_CONTEXTS].n, wanted = 0;
	struct edges e;
	int error = find_edges(c, data, f, &e);
	if (error)
		return error;
	size_t keys = contexts > s->n_actions ? contexts : s->n_actions;
	size_t *off = rho_scratch(c, keys + 1, sizeof *off);
	uint32_t *by_context = off ? sort_links(c, &e, contexts, s->n_actions, off) : NULL;
	if (!by_context)
		return RHO_ENOMEM;
	size_t posed = 0, links = off[contexts];
	for (size_t r = 0; r < contexts; r++)
		posed += off[r + 1] > off[r];
	s->row = rho_alloc(c, posed + 1, sizeof *s->row);
	s->off = rho_alloc(c, posed + 1, sizeof *s->off);
	s->best = rho_alloc(c, posed + 1, sizeof *s->best);
	s->link = rho_alloc(c, links + 1, sizeof *s->link);
	if (!s->row || !s->off || !s->best || !s->link)
		return RHO_ENOMEM;
	for (size_t r = 0; r < contexts; r++) {
		wanted += passes(f->context[0], r) && passes(f->context[1], r);
		if (off[r + 1] > off[r])
			add_context(s, &e, (uint32_t)r, by_context, off[r], off[r + 1]);
	}
	if (!s->n)
		return rho_fail(c, RHO_EINVAL, "of %zu contexts that pass group and split, none has a link"
		                " that passes too: there is nothing to pose", wanted);
	rho_log(c, RHO_INFO, "%zu contexts with %zu links are posed; %zu without a link are left out",
	        s->n, (size_t)s->off[s->n], wanted - s->n);
	return 0;
}

/* The range of rewards; clicks must have probabilities. */
static int set_range(struct rho_ctx *c, struct bandit *s, struct rho_env_spec *spec)
{
	float lo = (float)s->base, hi = lo;
	for (size_t i = 0; i < s->n; i++) {
		for (uint64_t j = s->off[i]; j < s->off[i + 1]; j++) {
			float w = s->link[j].weight;
			lo = w < lo ? w : lo;
			hi = w > hi ? w : hi;
			if (s->reward == PAY_CLICK && !(w >= 0 && w <= 1))
				return rho_fail(c, RHO_EINVAL, "reward = \"click\" takes weights as"
				                " probabilities, and context %u has action %u at %g; use"
				                " reward = \"weight\"",
				                s->row[i], s->link[j].action, (double)w);
		}
	}
	if (s->reward == PAY_CLICK) {
		if (!(s->base >= 0 && s->base <= 1))
			return rho_fail(c, RHO_EINVAL, "reward = \"click\" takes base as a probability, and"
			                " it is %g; set it within 0 .. 1", s->base);
		lo = 0;
		hi = 1;
	}
	if (s->noise > 0)
		lo = hi = 0;    /* Gaussian noise has no bounds */
	spec->reward_lo = lo;
	spec->reward_hi = hi;
	return 0;
}

/* Which context each lane poses at the present tick: a function of lane and tick alone. */
static void pose(struct bandit *s)
{
	for (size_t lane = 0; lane < s->lanes; lane++) {
		uint64_t at = *s->tick * s->lanes + lane, epoch = at / s->n;
		if (s->order == BY_UNIFORM) {
			struct rho_rng rng = rho_fork(s->context_key, lane, *s->tick);
			s->now[lane] = rho_below(&rng, (uint32_t)s->n);
			continue;
		}
		if (s->order == BY_SHUFFLE && s->epoch != epoch + 1) {
			struct rho_rng rng = rho_fork(s->context_key, epoch, 0);
			for (uint32_t i = 0; i < s->n; i++) {
				uint32_t j = rho_below(&rng, i + 1);
				s->turn[i] = s->turn[j];
				s->turn[j] = i;
			}
			s->epoch = epoch + 1;
		}
		size_t place = at - epoch * s->n;
		s->now[lane] = s->order == BY_SHUFFLE ? s->turn[place] : (uint32_t)place;
	}
}

static int bandit_open(struct rho_ctx *c, void *self, struct rho_env_spec *spec)
{
	struct bandit *s = self;
	struct filters f;
	int error = make_filters(c, s, spec->data, &f);
	if (error)
		return error;
	if (s->reward == PAY_CLICK && s->noise > 0)
		return rho_fail(c, RHO_EINVAL, "noise = %g has no meaning with reward = \"click\", which pays"
		                " 0 or 1; leave it out", s->noise);
	s->lanes = spec->lanes;
	s->n_actions = spec->data->table[RHO_ACTIONS].n;
	if ((error = build(c, s, spec->data, &f)) || (error = set_range(c, s, spec)))
		return error;
	s->turn = rho_alloc(c, s->n, sizeof *s->turn);
	s->now = rho_alloc(c, s->lanes, sizeof *s->now);
	s->tick = rho_keep_u64(c, "tick", 1, 1);
	s->context_key = rho_stream(c, "context");
	s->reward_key = rho_stream(c, "reward");
	spec->n_actions = s->n_actions;
	spec->obs = RHO_OBS_ROW;
	spec->horizon = 1;
	return s->turn && s->now && s->tick ? 0 : RHO_ENOMEM;
}

static int bandit_loaded(struct rho_ctx *c, void *self)
{
	pose(self);
	return 0;
}

static int bandit_reset(struct rho_ctx *c, void *self, struct rho_obs *obs)
{
	struct bandit *s = self;
	pose(s);
	for (size_t lane = 0; lane < s->lanes; lane++)
		obs->row[lane] = s->row[s->now[lane]];
	return 0;
}

/* The mean reward of action a in context i. */
static float mean_reward(const struct bandit *s, uint32_t i, uint32_t a)
{
	const struct link *at = s->link + s->off[i];
	size_t n = s->off[i + 1] - s->off[i];
	while (n > 1) {
		size_t half = n / 2;
		at += at[half].action <= a ? half : 0;
		n -= half;
	}
	return at->action == a ? at->weight : (float)s->base;
}

static int bandit_step(struct rho_ctx *c, void *self, const uint32_t *action, struct rho_obs *obs)
{
	struct bandit *s = self;
	for (size_t lane = 0; lane < s->lanes; lane++) {
		float reward = mean_reward(s, s->now[lane], action[lane]);
		if (s->reward == PAY_CLICK || s->noise > 0) {
			struct rho_rng rng = rho_fork(s->reward_key, lane, *s->tick);
			if (s->reward == PAY_CLICK)
				reward = rho_unif(&rng) < (double)reward ? 1 : 0;
			else
				reward += (float)(s->noise * rho_normal(&rng));
		}
		obs->reward[lane] = reward;
		obs->end[lane] = RHO_TERMINATED;
		obs->last->row[lane] = s->row[s->now[lane]];
	}
	++*s->tick;
	return bandit_reset(c, s, obs);
}

static int bandit_oracle(struct rho_ctx *c, void *self, const uint32_t *action, const size_t *off,
                         float *mean, float *best)
{
	const struct bandit *s = self;
	for (size_t lane = 0; lane < s->lanes; lane++) {
		for (size_t j = off[lane]; j < off[lane + 1]; j++)
			mean[j] = mean_reward(s, s->now[lane], action[j]);
		best[lane] = s->best[s->now[lane]];
	}
	return 0;
}

static const struct rho_env bandit_env = {
	.size = sizeof bandit_env,
	.flags = RHO_NEEDS_ACTIONS | RHO_NEEDS_CONTEXTS | RHO_NEEDS_LINKS | RHO_HAS_CONTEXT,
	.open = bandit_open, .loaded = bandit_loaded, .reset = bandit_reset, .step = bandit_step,
	.oracle = bandit_oracle,
};

RHO_EXPORT const struct rho_plugin rho_plugin = {
	RHO_PLUGIN(RHO_ENV), .name = "bandit", .version = "1.0.0", .revision = 1,
	.brief = "a context from the dataset, one action, a reward from the link between them",
	.doc = "Poses the contexts that have at least one link, in an order no choice can change, and pays\n"
	       "the weight of the link (or a click with that probability). Pairs that are not linked pay\n"
	       "`base`. The truth is known, so regret is reported.",
	.params = bandit_params, .self_size = sizeof(struct bandit), .env = &bandit_env,
};
