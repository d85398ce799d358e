/* Math: word problems solved step by step, each step chosen among candidates; an answer is right when the
 * verifier says so. What a lane poses and pays depends on its own episodes alone. */
#include <stdio.h>
#include <string.h>

#include "env.h"

static const char *const generator_names[] = { "operations", "retrieved", "llm", NULL };
static const char *const reward_names[] = { "derivation", "answer", NULL };
static const char *const derivation_names[] = { "train", "all", NULL };
static const char *const share_names[MATH_OPS] = { "share.add", "share.subtract", "share.multiply", "share.divide",
                                                   "share.answer", "share.words" };

static const double mix_rate = 1e-3;    /* of the strategies' running shares, a decision */

static const struct rho_param math_params[] = {
	RHO_CHOICE(struct math_env, source, MATH_OPERATIONS, generator_names,
	           "where candidate steps come from: every operation on the quantities there are, or the steps of"
	           " similar solved problems with this one's numbers, or what a language model says"),
	RHO_I64(struct math_env, candidates, 200, 50, MATH_MOST_CANDIDATES, "most candidates a decision"),
	RHO_I64(struct math_env, steps, 8, 2, MATH_MOST_STEPS, "most decisions an episode, the answer's included"),
	RHO_I64(struct math_env, features, 608, 64, 4096, "numbers that describe a candidate"),
	RHO_I64(struct math_env, similar, 8, 1, 32, "with retrieved: solved problems that steps are taken from"),
	RHO_I64(struct math_env, answers, 4, 1, MATH_MOST_LINES / 2,
	        "llm: how often the model is asked for a decision"),
	RHO_CHAT_PARAMS(struct math_env),
	RHO_I64S(struct math_env, constants, 0, 1e6, "numbers that may be used without being in the text",
	         1, 2, 3, 4, 7, 10, 12, 24, 30, 52, 60, 100),
	RHO_CHOICE(struct math_env, reward, MATH_PAY_DERIVATION, reward_names,
	           "pay steps that stand in the worked solution and right answers, or right answers alone"),
	RHO_CHOICE(struct math_env, derivations, MATH_TRAIN_ONLY, derivation_names,
	           "whose worked solutions pay: those of split \"train\", or all"),
	RHO_F64(struct math_env, step_reward, 0.25, 0, 1, "reward of a step that stands in the worked solution"),
	RHO_F64(struct math_env, wrong, 0, 0, 10, "what a wrong answer costs"),
	RHO_I64(struct math_env, reach, 1000, 0, 1e9,
	        "problems, evenly spread, of which is found at open how many can be solved; 0: none"),
	RHO_CHOICE(struct math_env, order, RHO_ORDER_SHUFFLE, rho_order_names,
	           "order of problems: a new permutation each epoch, independent draws, or as in the file"),
	RHO_I64(struct math_env, slips, 100, 0, 100,
	        "where steps are paid: an episode ends when it takes more steps than that which stand in no solution"),
	RHO_I64(struct math_env, limit, 0, 0, 1e9, "problems posed at most, evenly spread; 0: all that pass"),
	RHO_STR(struct math_env, split, "", "pose only problems of this split; empty: all"),
	RHO_STR(struct math_env, group, "", "pose only problems of this group; empty: all"),
	{ RHO_FIELD(struct math_env, verifier, RHO_T_PART, struct rho_part, "judges answers"),
	  .flags = RHO_REQUIRED, .kind = RHO_VERIFIER },
	RHO_END
};

static const struct math_source *const generators[] = { &math_operations, &math_retrieved, &math_llm };

static struct math_lane *lane_of(struct math_env *s, size_t i) { return &s->lane[i]; }

static const struct math_good *good_of(const struct math_env *s, const struct math_lane *l)
{
	return s->good + l->problem->good;
}

/* ---- answers ---- */

/* Whether candidate e is an answer. */
static bool is_answer(const struct math_lane *l, uint32_t e)
{
	return math_op(e) == MATH_ANSWER || (math_op(e) == MATH_SAID && l->said->line[math_i(e)].is.answers);
}

/* The result that an answer names, or its line. */
static unsigned named(const struct math_lane *l, uint32_t e)
{
	return math_op(e) == MATH_SAID ? math_i(e) : math_i(e) - l->n_constants - l->n_text;
}

/* Puts answer e of lane i on the list of claims, unless its verdict is known. */
static void claim(struct math_env *s, size_t i, uint32_t e)
{
	struct math_lane *l = lane_of(s, i);
	unsigned k = named(l, e);
	struct rho_str answer = { s->number + s->n_claims * 32, 0 };
	if (l->verdict[k] >= 0)
		return;
	if (math_op(e) == MATH_SAID)
		answer = (struct rho_str){ l->said->line[k].is.text, l->said->line[k].is.len };
	else
		answer.len = math_fraction_write(l->q[math_i(e)].value, s->number + s->n_claims * 32);
	s->claim[s->n_claims] = (struct rho_claim){ rho_column_str(s->text, l->problem->row),
	                                            rho_column_str(s->answer, l->problem->row), answer };
	s->claimed[s->n_claims++] = (uint32_t)(i * s->most_claims + k);
}

/* Asks the verifier about all claims, and empties the list. */
static int judge(struct math_env *s)
{
	const struct rho_verifier *v = s->verifier.plugin->verifier;
	int e = s->n_claims ? v->verify(s->verifier.ctx, s->verifier.self, s->claim, s->n_claims, s->verdict) : 0;
	for (size_t j = 0; j < s->n_claims && !e; j++)
		lane_of(s, s->claimed[j] / s->most_claims)->verdict[s->claimed[j] % s->most_claims] =
			s->verdict[j].ruling == RHO_RIGHT;
	s->n_claims = 0;
	return e;
}

static uint32_t chosen(const struct math_env *s, const struct math_lane *l, size_t i, uint32_t action)
{
	return l->candidate[l->at[action - i * 2 * (size_t)s->candidates]];
}

/* What candidate e pays; answers must have been judged. *right: operations of it that stand in the solution. */
static float pays(const struct math_env *s, const struct math_lane *l, uint32_t e, unsigned *right)
{
	bool paid = s->reward == MATH_PAY_DERIVATION && l->problem->trains;
	*right = 0;
	if (is_answer(l, e))
		return l->verdict[named(l, e)] ? 1 : -(float)s->wrong;
	*right = math_op(e) == MATH_SAID ? l->said->line[math_i(e)].right :
	         math_is_right(l, good_of(s, l), math_entry_key(l, e)) >= 0;
	double pay = paid ? *right * s->step_reward : 0;
	return (float)(pay < 1 ? pay : 1);
}

/* Takes step e; gives what is kept of it. */
static uint32_t take(const struct math_env *s, struct math_lane *l, uint32_t e)
{
	if (math_op(e) == MATH_SAID) {
		math_take_line(l, math_i(e), good_of(s, l));
		return math_i(e);
	}
	uint64_t key = math_entry_key(l, e);
	math_take(l, e, key, math_is_right(l, good_of(s, l), key));
	return l->step[l->n_steps - 1];
}

/* ---- opening ---- */

static int open_lanes(struct rho_ctx *c, struct math_env *s)
{
	size_t n = s->lanes, m = (size_t)s->candidates, dim = (size_t)s->features;
	s->episode = rho_keep_u64(c, "episode", n, 1);
	s->posed = rho_keep_u32(c, "posed", n, 1);
	s->taken = rho_keep_u32(c, "taken", n, MATH_MOST_STEPS);
	s->n_taken = rho_keep_u32(c, "n_taken", n, 1);
	s->slot = rho_keep_u32(c, "slot", n, m);
	s->mix = rho_keep_f64(c, "mix", MATH_OPS, 1);
	s->lane = rho_alloc(c, n, sizeof *s->lane);
	s->row = rho_alloc(c, n * 2 * m * dim, sizeof *s->row);
	s->legal = rho_alloc(c, n * m, sizeof *s->legal);
	s->legal_off = rho_alloc(c, n + 1, sizeof *s->legal_off);
	s->most_claims = s->source == MATH_LLM ? MATH_MOST_LINES : MATH_MOST_STEPS;
	s->claim = rho_alloc(c, n * s->most_claims, sizeof *s->claim);
	s->verdict = rho_alloc(c, n * s->most_claims, sizeof *s->verdict);
	s->claimed = rho_alloc(c, n * s->most_claims, sizeof *s->claimed);
	s->number = rho_alloc(c, n * s->most_claims, 32);
	if (!s->episode || !s->posed || !s->taken || !s->n_taken || !s->slot || !s->mix || !s->lane || !s->row ||
	    !s->legal || !s->legal_off || !s->claim || !s->verdict || !s->claimed || !s->number)
		return RHO_ENOMEM;
	s->mat = (struct rho_mat){ s->row, n * 2 * m, dim, dim };
	for (size_t i = 0; i < n; i++)
		if (math_lane_open(c, s, &s->lane[i], s->slot + i * m))
			return RHO_ENOMEM;
	return 0;
}

static int refuse(struct rho_ctx *c, const struct math_env *s)
{
	if (s->features % 16)
		return rho_fail(c, RHO_EINVAL, "features = %lld is not a multiple of 16; try %lld",
		                (long long)s->features, (long long)(s->features / 16 * 16));
	if (s->constants.n < 2 || s->constants.n > MATH_MOST_CONSTANTS)
		return rho_fail(c, RHO_EINVAL, "constants lists %zu numbers; 2 .. %d are possible (a text without"
		                " numbers must leave something to do)", s->constants.n, (int)MATH_MOST_CONSTANTS);
	for (size_t i = 0; i < s->constants.n; i++)
		for (size_t j = 0; j < i; j++)
			if (s->constants.at[i] == s->constants.at[j])
				return rho_fail(c, RHO_EINVAL, "constants lists %lld twice; leave one out",
				                (long long)s->constants.at[i]);
	return 0;
}

static int math_open(struct rho_ctx *c, void *self, struct rho_env_spec *spec)
{
	struct math_env *s = self;
	int e = refuse(c, s);
	if (e)
		return e;
	s->data = spec->data;
	s->contexts = spec->contexts;
	s->lanes = spec->lanes;
	s->block = (unsigned)s->candidates / 2;
	s->generator = generators[s->source];
	s->turns = rho_stream(c, "context");
	s->map = math_features_open(c, (size_t)s->features);
	if (!s->map)
		return RHO_ENOMEM;
	if ((e = math_read_problems(c, s)) || (e = s->generator->open(c, s)) || (e = open_lanes(c, s)) ||
	    (e = math_reachable(c, s)))
		return e;
	spec->n_actions = s->mat.rows;
	spec->action_mat = &s->mat;
	spec->moving = true;
	spec->max_legal = (size_t)s->candidates;
	spec->obs = RHO_OBS_ROW;
	spec->reward_lo = -(float)s->wrong;
	spec->reward_hi = 1;
	spec->horizon = (uint64_t)s->steps;
	return 0;
}

static void math_close(struct rho_ctx *c, void *self)
{
	struct math_env *s = self;
	if (s->generator && s->generator->close)
		s->generator->close(c, s);
}

/* ---- posing ---- */

/* Lane i begins the problem it is about, posed[i]. */
static int begin(struct rho_ctx *c, struct math_env *s, size_t i)
{
	const struct math_problem *p = &s->problem[s->posed[i]];
	math_begin(&s->lane[i], p, s->posed[i], s->quantity + p->quantity);
	return s->generator->begin(c, s, &s->lane[i]);
}

/* Lane i begins the problem that its episode is to be about. */
static int begin_episode(struct rho_ctx *c, struct math_env *s, size_t i)
{
	s->posed[i] = rho_order_at(s->turns, (enum rho_order)s->order, (uint32_t)s->n, s->lanes, i, s->episode[i]);
	s->n_taken[i] = 0;
	return begin(c, s, i);
}

static void pose(struct math_env *s, size_t i, bool given)
{
	size_t m = (size_t)s->candidates;
	math_candidates(s, &s->lane[i]);
	math_lane_slots(&s->lane[i], s, s->row + i * 2 * m * (size_t)s->features, given);
}

static void show(struct math_env *s, struct rho_obs *obs)
{
	size_t n = 0;
	for (size_t i = 0; i < s->lanes; i++) {
		const struct math_lane *l = &s->lane[i];
		for (unsigned k = 0; k < l->n_candidates; k++)
			s->legal[n++] = (uint32_t)(i * 2 * (size_t)s->candidates) + l->slot[k];
		s->legal_off[i + 1] = n;
		obs->row[i] = l->problem->row;
	}
	obs->legal = s->legal;
	obs->legal_off = s->legal_off;
}

static int math_reset(struct rho_ctx *c, void *self, struct rho_obs *obs)
{
	struct math_env *s = self;
	for (size_t i = 0; i < s->lanes; i++) {
		int e = begin_episode(c, s, i);
		if (e)
			return e;
		pose(s, i, false);
	}
	show(s, obs);
	return 0;
}

/* Whether `e` could be a step of the lane as it is: what a checkpoint holds is not trusted. */
static bool sound(const struct math_lane *l, uint32_t e)
{
	if (l->said)
		return e < l->said->n && !l->said->line[e].is.answers;
	unsigned n = l->n_constants + l->n_text + l->n_results;
	return math_op(e) < MATH_ANSWER && math_i(e) < n && math_j(e) < n && math_i(e) != math_j(e) &&
	       math_result(l, math_op(e), math_i(e), math_j(e)).q;
}

static int math_loaded(struct rho_ctx *c, void *self)
{
	struct math_env *s = self;
	for (size_t i = 0; i < s->lanes; i++) {
		struct math_lane *l = &s->lane[i];
		int e = s->posed[i] < s->n ? begin(c, s, i) :
		        rho_fail(c, RHO_EFORMAT, "problem %u was saved for lane %zu, and there are %zu",
		                 s->posed[i], i, s->n);
		for (uint32_t k = 0; k < s->n_taken[i] && !e; k++) {
			uint32_t step = s->taken[i * MATH_MOST_STEPS + k];
			if (k + 1 >= MATH_MOST_STEPS || !sound(l, step))
				return rho_fail(c, RHO_EFORMAT, "the steps that were saved for lane %zu cannot be"
				                " taken", i);
			take(s, l, l->said ? MATH_SAID | step << MATH_I : step);
			e = s->generator->step(c, s, l);
		}
		if (e)
			return e;
		math_candidates(s, l);
		for (unsigned k = 0; k < l->n_candidates; k++)
			if (l->slot[k] >= 2 * (size_t)s->candidates)
				return rho_fail(c, RHO_EFORMAT, "row %u was saved for lane %zu, which has %lld",
				                l->slot[k], i, 2 * (long long)s->candidates);
		math_lane_slots(l, s, s->row + i * 2 * (size_t)(s->candidates * s->features), true);
	}
	return 0;
}

/* ---- stepping ---- */

struct tally { size_t right, chosen[MATH_OPS]; };

/* An episode's end as numbers. */
static void tell_end(struct rho_ctx *c, const struct math_env *s, const struct math_lane *l, bool solved, bool said,
                     uint32_t decisions)
{
	char name[64];
	rho_metric(c, "solved", solved);
	rho_metric(c, "answered", said);
	if (solved)
		rho_metric(c, "steps_per_solve", decisions);
	if (l->n_steps)
		rho_metric(c, "step_accuracy", (double)l->n_right / l->n_steps);
	if (!s->group_column || s->group_column->n_labels < 2)
		return;
	struct rho_str g = rho_column_str(s->group_column, s->group_column->label[l->problem->row]);
	snprintf(name, sizeof name, "solved/%.*s", g.len < 40 ? (int)g.len : 40, g.at);
	rho_metric(c, name, solved);
}

/* Shares of the strategies in this batch, and the entropy (nats) of their running shares. */
static void tell_mix(struct rho_ctx *c, struct math_env *s, const struct tally *t)
{
	double entropy = 0, n = (double)s->lanes, keep = pow(1 - mix_rate, n), sum = 0;
	unsigned ops = s->source == MATH_LLM ? MATH_OPS : MATH_SAID;
	for (unsigned op = 0; op < ops; op++) {
		s->mix[op] = keep * s->mix[op] + (1 - keep) * (double)t->chosen[op] / n;
		sum += s->mix[op];
		rho_metric(c, share_names[op], (double)t->chosen[op] / n);
	}
	for (unsigned op = 0; op < ops; op++)
		if (s->mix[op] > 0)
			entropy -= s->mix[op] / sum * log(s->mix[op] / sum);
	rho_metric(c, "strategy_entropy", entropy);
	rho_metric(c, "right", (double)t->right / n);
}

/* Candidates a decision, and the share of replies that proposed nothing, of what is posed now. */
static void tell_lines(struct rho_ctx *c, const struct math_env *s)
{
	size_t lines = 0, empty = 0;
	for (size_t i = 0; i < s->lanes; i++) {
		lines += s->lane[i].n_candidates;
		empty += s->lane[i].said->empty;
	}
	rho_metric(c, "llm.lines", (double)lines / (double)s->lanes);
	rho_metric(c, "llm.empty", (double)empty / (double)(s->lanes * (size_t)s->answers));
}

static int step_lane(struct rho_ctx *c, struct math_env *s, size_t i, uint32_t e, struct rho_obs *obs,
                     struct tally *t)
{
	struct math_lane *l = &s->lane[i];
	unsigned right;
	bool answer = is_answer(l, e), last = s->n_taken[i] + 1 >= (unsigned)s->steps;
	obs->reward[i] = pays(s, l, e, &right);
	t->chosen[math_op(e) == MATH_SAID ? math_line_kind(l, math_i(e)) : math_op(e)]++;
	t->right += right || (answer && l->verdict[named(l, e)]);
	obs->last->row[i] = l->problem->row;
	bool paid = s->reward == MATH_PAY_DERIVATION && l->problem->trains;
	bool lost = paid && !right && l->n_steps - l->n_right + 1 > (unsigned)s->slips;
	if (!answer && !last && !lost) {
		s->taken[i * MATH_MOST_STEPS + s->n_taken[i]++] = take(s, l, e);
		return s->generator->step(c, s, l);
	}
	if (!answer) {          /* it counts, though nothing follows it */
		l->n_steps += right ? right : 1;
		l->n_right += right;
	}
	tell_end(c, s, l, answer && l->verdict[named(l, e)], answer, s->n_taken[i] + 1);
	obs->end[i] = RHO_TERMINATED;
	s->episode[i]++;
	return begin_episode(c, s, i);
}

static int math_step(struct rho_ctx *c, void *self, const uint32_t *action, struct rho_obs *obs)
{
	struct math_env *s = self;
	struct tally t = { 0 };
	int e;
	for (size_t i = 0; i < s->lanes; i++) {
		uint32_t what = chosen(s, &s->lane[i], i, action[i]);
		if (is_answer(&s->lane[i], what))
			claim(s, i, what);
	}
	if ((e = judge(s)))
		return e;
	for (size_t i = 0; i < s->lanes; i++) {
		if ((e = step_lane(c, s, i, chosen(s, &s->lane[i], i, action[i]), obs, &t)))
			return e;
		pose(s, i, false);
	}
	tell_mix(c, s, &t);
	if (s->source == MATH_LLM)
		tell_lines(c, s);
	show(s, obs);
	return 0;
}

static int math_oracle(struct rho_ctx *c, void *self, const uint32_t *action, const size_t *off, float *mean,
                       float *best)
{
	struct math_env *s = self;
	unsigned right;
	int e;
	for (size_t i = 0; i < s->lanes; i++)
		for (unsigned k = 0; k < s->lane[i].n_candidates; k++)
			if (is_answer(&s->lane[i], s->lane[i].candidate[k]))
				claim(s, i, s->lane[i].candidate[k]);
	if ((e = judge(s)))
		return e;
	for (size_t i = 0; i < s->lanes; i++) {
		const struct math_lane *l = &s->lane[i];
		for (size_t j = off[i]; j < off[i + 1]; j++)
			mean[j] = pays(s, l, chosen(s, l, i, action[j]), &right);
		best[i] = -INFINITY;
		for (unsigned k = 0; k < l->n_candidates && best[i] < 1; k++) {
			float pay = pays(s, l, l->candidate[k], &right);
			best[i] = pay > best[i] ? pay : best[i];
		}
	}
	return 0;
}

static const struct rho_env math_env = {
	.size = sizeof math_env,
	.flags = RHO_NEEDS_CONTEXTS | RHO_HAS_CONTEXT,
	.open = math_open, .close = math_close, .loaded = math_loaded, .reset = math_reset, .step = math_step,
	.oracle = math_oracle,
};

RHO_EXPORT const struct rho_plugin rho_plugin = {
	RHO_PLUGIN(RHO_ENV), .name = "math", .version = "1.0.0", .revision = 1,
	.brief = "word problems solved step by step; a verifier judges the answers",
	.doc = "Poses problems that have a text and an answer. An action is one of the candidate steps, such as\n"
	       "48 / 2 = 24, or gives a result as the answer, which ends the episode; a verifier says whether it is\n"
	       "right. Steps that stand in the worked solutions of the training problems may be paid, too.",
	.params = math_params, .self_size = sizeof(struct math_env), .env = &math_env,
};
