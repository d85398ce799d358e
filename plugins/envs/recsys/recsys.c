/* Recsys: sessions of recommendations. Users are the data's (what they went on to do pays), tastes fitted to
 * the data (they click, tire and leave), or the small MDP `dot`.
 *
 * Who comes and how luck falls are functions of the seed, the lane and how far it is, never of what was
 * chosen: arms of an experiment meet the same users with the same luck. */
#include "recsys.h"

static const char *const formulation_names[] = { "bandit", "session", NULL };
static const char *const users_names[] = { "links", "latent", "dot", NULL };
static const char *const state_names[] = { "auto", "user", "user+last", "numbers", NULL };
static const char *const target_names[] = { "relevance", "next", NULL };
static const char *const repeat_names[] = { "allow", "forbid", NULL };
static const char *const clicks_names[] = { "pbm", "cascade", NULL };
static const char *const pays_names[] = { "click", "satisfaction", "gmv", NULL };
static const char *const together_names[] = { "sum", "any", NULL };
static const char *const alike_names[] = { "auto", "category", "vectors", NULL };

static const struct rho_param recsys_params[] = {
	RHO_CHOICE(struct recsys, formulation, AS_SESSION, formulation_names,
	           "one decision a user, or sessions of up to `steps`"),
	RHO_CHOICE(struct recsys, users, USERS_LINKS, users_names,
	           "the data's, tastes fitted to the data, or vectors of the small MDP `dot`"),
	RHO_I64(struct recsys, steps, 0, 0, 1000, "most decisions a session; 0: 10, with dot 20"),
	RHO_CHOICE(struct recsys, state, STATE_AUTO, state_names,
	           "what agents see: the user, the user and the item last shown, or dot's numbers"),
	RHO_CHOICE(struct recsys, order, RHO_ORDER_SHUFFLE, rho_order_names,
	           "order of users: a new permutation each epoch, independent draws, or as in the file"),
	RHO_CHOICE(struct recsys, target, TARGET_RELEVANCE, target_names,
	           "links: any item to find pays, or at each step exactly the next in time"),
	RHO_F64(struct recsys, near, 0, 0, 1, "target \"next\": what another item to find pays"),
	RHO_STR(struct recsys, split, "",
	        "links to find: of this split, or \"all\"; empty: \"test\" where links have one, else all"),
	RHO_STR(struct recsys, seen, "train", "links the user had before: of this split; empty: none"),
	RHO_CHOICE(struct recsys, repeat, REPEAT_ALLOW, repeat_names,
	           "whether an item may be shown again in a session"),
	RHO_I64(struct recsys, history, 50, 0, 1000,
	        "most items told of a user's past, before and in the session"),
	RHO_I64(struct recsys, slate, 1, 1, 100, "items a decision"),
	RHO_CHOICE(struct recsys, clicks, CLICKS_PBM, clicks_names,
	           "slates: each position is looked at by itself, or from the top until a click"),
	RHO_F64(struct recsys, position_bias, 0.8, 0, 1,
	        "slates: how much less likely each further position is looked at"),
	RHO_CHOICE(struct recsys, together, TOGETHER_SUM, together_names,
	           "slates: the reward is the sum over its items, or the largest"),
	RHO_CHOICE(struct recsys, pays, PAYS_CLICK, pays_names,
	           "a click (links: the weight), the user's satisfaction (latent), or the price of what is "
	           "clicked"),
	RHO_I64(struct recsys, dim, 0, 0, 64, "numbers a taste has; 0: 16, with dot 32"),
	RHO_I64(struct recsys, rounds, 6, 1, 100, "latent: rounds of fitting"),
	RHO_F64(struct recsys, ridge, 10, 1e-6, 1e6, "latent: ridge of the fit"),
	RHO_F64(struct recsys, confidence, 40, 1e-6, 1e6,
	        "latent: how much a link counts beside a pair without"),
	RHO_F64(struct recsys, base_rate, 0.05, 1e-4, 0.9999,
	        "latent: how often a fresh user clicks a uniform item"),
	RHO_F64(struct recsys, scale, 2, 0, 100,
	        "latent: standard deviation of the scores over users and items"),
	RHO_F64(struct recsys, satisfaction_rate, 0.2, 0, 1, "latent: how fast satisfaction follows clicks"),
	RHO_F64(struct recsys, fatigue_rate, 0.05, 0, 1, "latent: how fast fatigue rises"),
	RHO_F64(struct recsys, boredom, 1, 0, 100,
	        "latent: what one showing of the like takes from the click's logit"),
	RHO_F64(struct recsys, boredom_decay, 0.7, 0, 1, "latent: what is left of boredom a step later"),
	RHO_CHOICE(
		struct recsys, alike, ALIKE_AUTO, alike_names,
		"latent: what bores alike: the category, or near vectors; auto: category where there is one"),
	RHO_F64(struct recsys, leave, -3, -100, 100, "latent: logit of leaving after a step"),
	RHO_F64(struct recsys, leave_fatigue, 2, 0, 100, "latent: what full fatigue adds to it"),
	RHO_F64(struct recsys, leave_boredom, 1, 0, 100, "latent: what boredom of 1 adds to it"),
	RHO_F64(struct recsys, leave_satisfaction, 2, 0, 100, "latent: what full satisfaction takes from it"),
	RHO_I64(struct recsys, items, 1000, 2, 10000000, "dot: how many items there are"),
	RHO_BOOL(struct recsys, features, true, "dot: agents are given the items' vectors"),
	RHO_END
};

/* ---- opening ---- */

/* Parameters that have no meaning together. */
static int refuse(struct rho_ctx *c, const struct recsys *s)
{
	bool dot = s->users == USERS_DOT;
	if (dot && s->k > 1)
		return rho_fail(c, RHO_EINVAL, "slate = %zu, and users = \"dot\" take one item a decision",
		                s->k);
	if (dot && s->pays != PAYS_CLICK)
		return rho_fail(c, RHO_EINVAL,
		                "pays = \"%s\", and users = \"dot\" pay a product of vectors; leave it"
		                " out",
		                pays_names[s->pays]);
	if (dot != (s->state == STATE_NUMBERS) && s->state != STATE_AUTO)
		return rho_fail(c, RHO_EINVAL,
		                "state = \"%s\", and users = \"%s\" are seen as %s; leave it out",
		                state_names[s->state], users_names[s->users],
		                dot ? "\"numbers\"" : "\"user\" or \"user+last\"");
	if (s->pays == PAYS_SATISFACTION && (s->users != USERS_LATENT || s->formulation == AS_BANDIT))
		return rho_fail(c, RHO_EINVAL,
		                "pays = \"satisfaction\" needs users = \"latent\" and formulation ="
		                " \"session\"");
	if (s->k > s->n_actions)
		return rho_fail(c, RHO_EINVAL, "slate = %zu, and there are %zu actions; 1 .. %zu are possible",
		                s->k, s->n_actions, s->n_actions);
	if (s->repeat == REPEAT_FORBID && (s->horizon + 1) * s->k > s->n_actions)
		return rho_fail(c, RHO_EINVAL,
		                "repeat = \"forbid\" needs (steps + 1) x slate = %zu actions, and there are"
		                " %zu; use fewer steps, or repeat = \"allow\"",
		                (s->horizon + 1) * s->k, s->n_actions);
	return 0;
}

static int find_prices(struct rho_ctx *c, struct recsys *s, const struct rho_data *data)
{
	const struct rho_column *column = rho_find_column(data, RHO_ACTIONS, "price", RHO_COL_F64);
	size_t missing = 0;
	if (s->pays != PAYS_GMV)
		return 0;
	if (!column)
		return rho_fail(c, RHO_EINVAL,
		                "pays = \"gmv\" needs prices, and the actions of this dataset have no column"
		                " \"price\"; use pays = \"click\"");
	for (size_t a = 0; a < s->n_actions; a++) {
		missing += isnan(column->f64[a]) ? 1 : 0;
		if (column->f64[a] < 0 || column->f64[a] > 1e9)
			return rho_fail(c, RHO_EFORMAT, "action %zu has price %g; 0 .. 1e9 is possible", a,
			                column->f64[a]);
	}
	if (missing == s->n_actions)
		return rho_fail(c, RHO_EINVAL,
		                "pays = \"gmv\" needs prices, and no action has one; use pays = \"click\"");
	if (missing)
		rho_log(c, RHO_WARN, "%zu of %zu actions have no price and pay nothing", missing,
		        s->n_actions);
	s->price = column->f64;
	return 0;
}

/* The most a decision can pay. */
static float most_paid(const struct recsys *s)
{
	float most = s->users == USERS_LINKS ? links_most(s) : 1;
	if (s->pays == PAYS_SATISFACTION)
		return 1;
	for (size_t a = 0; s->users == USERS_LATENT && s->pays == PAYS_GMV && a < s->n_actions; a++)
		most = (float)s->price[a] > most ? (float)s->price[a] : most;
	bool one = s->together == TOGETHER_ANY || s->clicks == CLICKS_CASCADE;
	return one ? most : most * (float)s->k * (s->k > 1 ? 1.00001f : 1);
}

/* Users of a dataset: links and latent. */
static int open_data(struct rho_ctx *c, struct recsys *s, struct rho_env_spec *spec)
{
	struct links l;
	int error = links_find(c, s, spec->data, &l);
	if (error)
		return error;
	s->n_actions = l.actions;
	if ((error = refuse(c, s)) || (error = find_prices(c, s, spec->data)) ||
	    (error = people_make(c, s, &l)))
		return error;
	if (s->users == USERS_LATENT &&
	    ((error = latent_fit(c, s, &l)) || (error = latent_open(c, s, spec->data))))
		return error;
	s->obs = RHO_OBS_ROW;
	if (s->state == STATE_USER_LAST) {
		if (!spec->actions.mat)
			return rho_fail(c, RHO_EINVAL,
			                "state = \"user+last\" shows features of the item last shown, and the"
			                " actions have none: add an [encoder] for their text");
		s->obs = RHO_OBS_ROW_F32;
		s->x_dim = spec->actions.mat->cols;
		s->features_of = spec->actions;
	}
	spec->reward_lo = 0;
	spec->reward_hi = most_paid(s);
	s->chancy = s->users == USERS_LATENT || s->k > 1;
	return 0;
}

static int open_dot(struct rho_ctx *c, struct recsys *s, struct rho_env_spec *spec)
{
	int error;
	s->n_actions = (size_t)s->items;
	if ((error = refuse(c, s)))
		return error;
	if (spec->data && !s->features)
		return rho_fail(c, RHO_EINVAL,
		                "users = \"dot\" have items of their own; leave out the [dataset]");
	if (spec->data)
		rho_log(c, RHO_WARN, "users = \"dot\" have items of their own; the dataset is not used");
	s->obs = RHO_OBS_F32;
	s->x_dim = 2 * s->dot.dim;
	return dot_open(c, s, spec);
}

static int recsys_open(struct rho_ctx *c, void *self, struct rho_env_spec *spec)
{
	struct recsys *s = self;
	bool dot = s->users == USERS_DOT;
	s->lanes = spec->lanes;
	s->k = (size_t)s->slate;
	s->horizon = s->formulation == AS_BANDIT ? 1 : s->steps ? (size_t)s->steps : dot ? 20 : 10;
	s->latent.dim = s->dim ? (size_t)s->dim : 16;
	s->dot.dim = s->dim ? (size_t)s->dim : 32;
	s->order_key = rho_stream(c, "order");
	s->luck_key = rho_stream(c, "luck");
	int error = dot ? open_dot(c, s, spec) : open_data(c, s, spec);
	if (error)
		return error;
	s->examined = rho_alloc(c, s->k, sizeof *s->examined);
	if (!s->examined)
		return RHO_ENOMEM;
	s->examined[0] = 1;
	for (size_t p = 1; p < s->k; p++)
		s->examined[p] = s->examined[p - 1] * s->position_bias;
	return session_open(c, s, spec);
}

static int recsys_loaded(struct rho_ctx *c, void *self)
{
	if (!session_loaded(self))
		return rho_fail(c, RHO_EFORMAT,
		                "the checkpoint holds sessions that cannot be with these parameters");
	return 0;
}

/* ---- playing ---- */

/* All lanes as they stand, into obs. */
static void show(struct recsys *s, struct rho_obs *obs)
{
	for (size_t lane = 0; lane < s->lanes; lane++) {
		session_show(s, lane, obs);
		session_list(s, lane, false, false);
	}
	session_lists(s, false, obs);
}

static int recsys_reset(struct rho_ctx *c, void *self, struct rho_obs *obs)
{
	struct recsys *s = self;
	for (size_t lane = 0; lane < s->lanes; lane++)
		session_restart(s, lane);
	show(s, obs);
	return 0;
}

static struct appeal appeal(const struct recsys *s, size_t lane, uint32_t action)
{
	if (s->users == USERS_LINKS)
		return links_appeal(s, lane, action);
	if (s->users == USERS_LATENT)
		return latent_appeal(s, lane, action);
	return (struct appeal){ 1, dot_mean(s, lane, action), false };
}

/* Adds what is accepted of a slate to the session; gives the number of clicks. paid (k) gets what each item
 * pays. The numbers drawn are as many whatever is chosen. */
static size_t look_through(struct recsys *s, size_t lane, const uint32_t *action, struct rho_rng *luck,
                           float *paid)
{
	double *sum = s->sum + lane * N_SUMS;
	uint32_t *taken = session_taken(s, lane), before = s->n_taken[lane], now = before;
	bool reading = true;
	for (size_t p = 0; p < s->k; p++) {
		struct appeal a = appeal(s, lane, action[p]);
		double look = s->chancy ? rho_unif(luck) : 0, click = s->chancy ? rho_unif(luck) : 0;
		double at = s->target == TARGET_NEXT ? (double)p : (double)(s->t[lane] * s->k + p);
		bool looked = s->clicks == CLICKS_PBM ? look < s->examined[p] : reading;
		bool clicked = looked && click < a.click;
		paid[p] = clicked ? a.worth : 0;
		/* The cascade: on to the next position unless she clicked or stops. */
		reading = reading && !clicked && look < s->position_bias;
		if (clicked)
			taken[now++] = action[p];
		sum[SUM_HITS] += a.hit && !p;
		sum[SUM_GAIN] += a.hit ? 1 / log2(at + 2) : 0;
		sum[SUM_REPEATS] += count_of(session_shown(s, lane), s->t[lane] * s->k, action[p]) > 0;
	}
	s->n_taken[lane] = now;
	sum[SUM_CLICKS] += (double)(now - before);
	return now - before;
}

/* What a slate pays, from what its items pay. */
static float pay(const struct recsys *s, size_t lane, const float *paid)
{
	float sum = 0, most = 0;
	if (s->pays == PAYS_SATISFACTION)
		return s->latent.mood[2 * lane];
	if (s->k == 1)
		return paid[0];
	for (size_t p = 0; p < s->k; p++) {
		sum += paid[p];
		most = paid[p] > most ? paid[p] : most;
	}
	return s->together == TOGETHER_SUM ? sum : most;
}

/* One decision of one lane; gives enum rho_end. */
static uint8_t step_lane(struct recsys *s, size_t lane, const uint32_t *action, float *paid, float *reward)
{
	struct rho_rng luck = { { 0 } };
	bool over = false;
	double leave = 0;
	if (s->chancy) {
		luck = rho_fork(s->luck_key, lane, *s->tick);
		leave = rho_unif(&luck);
	}
	size_t clicks = look_through(s, lane, action, &luck, paid);
	if (s->users == USERS_LATENT)
		over = latent_feel(s, lane, action, clicks, leave);
	else if (s->users == USERS_DOT)
		dot_move(s, lane, action[0]);
	*reward = pay(s, lane, paid);
	s->sum[lane * N_SUMS + SUM_RETURN] += (double)*reward;
	memcpy(session_shown(s, lane) + s->t[lane] * s->k, action, s->k * sizeof *action);
	s->t[lane]++;
	if (s->users == USERS_LINKS)
		over = links_done(s, lane);
	if (over || s->formulation == AS_BANDIT)
		return RHO_TERMINATED;
	return s->t[lane] == s->horizon ? RHO_TRUNCATED : RHO_RUNNING;
}

static int recsys_step(struct rho_ctx *c, void *self, const uint32_t *action, struct rho_obs *obs)
{
	struct recsys *s = self;
	for (size_t lane = 0; lane < s->lanes; lane++) {
		size_t at = lane * s->k;
		obs->end[lane] = step_lane(s, lane, action + at, obs->item_reward + at, &obs->reward[lane]);
		session_list(s, lane, true, obs->end[lane] == RHO_RUNNING);
		if (obs->end[lane] == RHO_RUNNING)
			continue;
		session_show(s, lane, obs->last);
		session_report(c, s, lane);
		s->episode[lane]++;
		session_restart(s, lane);
	}
	session_lists(s, true, obs->last);
	++*s->tick;
	show(s, obs);
	return 0;
}

/* The mean reward; the best of them takes a look at every item. */
static int recsys_oracle(struct rho_ctx *c, void *self, const uint32_t *action, const size_t *off,
                         float *mean, float *best)
{
	const struct recsys *s = self;
	float *room = s->users == USERS_DOT ? rho_scratch(c, s->n_actions, sizeof *room) : NULL;
	if (!room && s->users == USERS_DOT)
		return RHO_ENOMEM;
	for (size_t lane = 0; lane < s->lanes; lane++) {
		for (size_t j = off[lane]; j < off[lane + 1]; j++) {
			struct appeal a;
			if (s->users == USERS_LINKS) {
				a = links_appeal(s, lane, action[j]);
				mean[j] = (float)a.click * a.worth;
			} else {
				mean[j] = s->users == USERS_LATENT ? latent_mean(s, lane, action[j])
				                                   : dot_mean(s, lane, action[j]);
			}
		}
		best[lane] = s->users == USERS_LINKS    ? links_best(s, lane)
		             : s->users == USERS_LATENT ? latent_best(s, lane)
		                                        : dot_best(s, lane, room);
	}
	return 0;
}

static const struct rho_env recsys_env = {
	.size = sizeof recsys_env,
	.flags = RHO_HAS_CONTEXT | RHO_TAKES_DATA,
	.open = recsys_open, .loaded = recsys_loaded, .reset = recsys_reset, .step = recsys_step,
	.oracle = recsys_oracle,
};

RHO_EXPORT const struct rho_plugin rho_plugin = {
	RHO_PLUGIN(RHO_ENV), .name = "recsys", .version = "1.0.0", .revision = 1,
	.brief = "recommendation sessions: users of the data, tastes fitted to it, or the MDP `dot`",
	.doc = "Users who accept what they went on to do in the data (links), who click by a fitted taste,\n"
	       "tire and leave (latent), or who are vectors (dot, which needs no dataset). One decision a\n"
	       "user or sessions; single items or slates with position effects. The truth is known for\n"
	       "single items, so regret is reported.",
	.params = recsys_params, .self_size = sizeof(struct recsys), .env = &recsys_env,
};
