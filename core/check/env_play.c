/* env_play.c: playing environments: open on tables where asked for, reset, step. */
#include <stdlib.h>
#include <string.h>

#include "env_play.h"

/* What the host gives of a table that brings features of its own. */
static void own_features(const struct rho_env_problem *q, uint32_t table, struct rho_mat *mat,
                         struct rho_rows *rows)
{
	const struct rho_column *c = rho_find_column(q->spec.data, table, "features", RHO_COL_F32S);
	*mat = (struct rho_mat){ c->f32, c->n, c->width, c->width };
	*rows = (struct rho_rows){ .mat = mat, .n = c->n };
}

static int env_set(struct rho_play *p)
{
	struct rho_env_problem *q = p->problem = rho_xcalloc(1, sizeof *q);
	struct rho_buf why = { 0 };
	uint32_t needs = RHO_NEEDS_ACTIONS | RHO_NEEDS_CONTEXTS | RHO_NEEDS_LINKS | RHO_NEEDS_LOG;
	q->key = rho_stream_seed(p->trial->seed, "check", p->how.problem, "env");
	q->spec = (struct rho_env_spec){ .lanes = p->how.lanes ? p->how.lanes : RHO_ENV_LANES,
		                         .slate = 1,
		                         .horizon = 1 };
	if (p->module->table.env.flags & (needs | RHO_TAKES_DATA)) {
		q->tables = rho_check_tables(p->trial->seed, &why);
		if (!q->tables) {
			rho_trial_skip(p->trial, "the kit's tables cannot be built: %s", why.at);
			rho_buf_free(&why);
			return RHO_CHECK_SKIP;
		}
		q->spec.data = rho_tables_data(q->tables);
		own_features(q, RHO_ACTIONS, &q->action_mat, &q->spec.actions);
		own_features(q, RHO_CONTEXTS, &q->context_mat, &q->spec.contexts);
	}
	return RHO_CHECK_PASS;
}

static void env_clear(struct rho_play *p)
{
	struct rho_env_problem *q = p->problem;
	rho_tables_free(q->tables);
	free(q->action);
	free(q->legal);
	free(q->legal_off);
	free(q);
}

/* Whether what is told of the episodes so far is: offsets in order, ids known, no more than declared. */
static const char *judge_past(const struct rho_env_problem *q)
{
	const struct rho_obs *o = &q->obs;
	if (!q->spec.history)
		return o->past || o->past_off ? "past is told, but spec.history is 0" : NULL;
	if (!o->past_off || o->past_off[0] || (!o->past && o->past_off[q->spec.lanes]))
		return "spec.history is declared, but past and past_off are not lists";
	for (size_t i = 0; i < q->spec.lanes; i++) {
		size_t from = o->past_off[i], to = o->past_off[i + 1];
		if (to < from || to - from > q->spec.history)
			return "past_off is out of order, or a lane's past is longer than spec.history";
		for (size_t j = from; j < to; j++)
			if (o->past[j] >= q->spec.n_actions)
				return "an action of the past is not below n_actions";
	}
	return NULL;
}

/* Whether a legal list is one: offsets in order, ids known, none twice, enough for a slate. */
static const char *judge_legal(const struct rho_env_problem *q)
{
	const struct rho_obs *o = &q->obs;
	size_t most = q->spec.max_legal ? q->spec.max_legal : q->spec.n_actions;
	if (!o->legal && !o->legal_off)
		return q->spec.max_legal ? "spec.max_legal is declared, but no legal lists are given" : NULL;
	if (!o->legal || !o->legal_off)
		return "only one of legal and legal_off is set";
	if (o->legal_off[0])
		return "legal_off does not begin with 0";
	char *seen = rho_xcalloc(q->spec.n_actions, 1);
	const char *wrong = NULL;
	for (size_t i = 0; i < q->spec.lanes && !wrong; i++) {
		size_t from = o->legal_off[i], to = o->legal_off[i + 1];
		if (to < from || to - from > most)
			wrong = "legal_off is out of order, or a lane has more legal actions than can be";
		else if (to - from < q->spec.slate)
			wrong = "a lane has fewer legal actions than its slate";
		for (size_t j = from; j < to && !wrong; j++) {
			if (o->legal[j] >= q->spec.n_actions)
				wrong = "a legal action is not below n_actions";
			else if (seen[o->legal[j]]++)
				wrong = "an action is legal twice in one lane";
		}
		for (size_t j = from; j < to && !wrong; j++)
			seen[o->legal[j]] = 0;
	}
	free(seen);
	return wrong;
}

static void keep_legal(struct rho_env_problem *q)
{
	free(q->legal);
	free(q->legal_off);
	q->legal = NULL;
	q->legal_off = NULL;
	q->wrong = judge_past(q);
	if (!q->wrong)
		q->wrong = judge_legal(q);
	if (q->wrong || !q->obs.legal)
		return;
	size_t n = q->obs.legal_off[q->spec.lanes];
	q->legal = rho_xcalloc(n, sizeof *q->legal);
	q->legal_off = rho_xcalloc(q->spec.lanes + 1, sizeof *q->legal_off);
	memcpy(q->legal, q->obs.legal, n * sizeof *q->legal);
	memcpy(q->legal_off, q->obs.legal_off, (q->spec.lanes + 1) * sizeof *q->legal_off);
}

static void lay_out(struct rho_play *p, struct rho_obs *o, bool rewards)
{
	const struct rho_env_spec *s = &rho_env_problem(p)->spec;
	*o = (struct rho_obs){ 0 };
	if (s->obs == RHO_OBS_F32 || s->obs == RHO_OBS_ROW_F32)
		o->x = rho_play_buf(p, s->lanes * s->x_dim, sizeof *o->x);
	if (s->obs == RHO_OBS_ROW || s->obs == RHO_OBS_ROW_F32)
		o->row = rho_play_buf(p, s->lanes, sizeof *o->row);
	if (!rewards)
		return;
	o->reward = rho_play_buf(p, s->lanes, sizeof *o->reward);
	o->item_reward = rho_play_buf(p, s->lanes * s->slate, sizeof *o->item_reward);
	o->end = rho_play_buf(p, s->lanes, sizeof *o->end);
}

static void write_down(struct rho_play *p, const struct rho_obs *o)
{
	const struct rho_env_spec *s = &rho_env_problem(p)->spec;
	if (o->x)
		rho_buf_add(&p->line, o->x, s->lanes * s->x_dim * sizeof *o->x);
	if (o->row)
		rho_buf_add(&p->line, o->row, s->lanes * sizeof *o->row);
	if (o->reward) {
		rho_buf_add(&p->line, o->reward, s->lanes * sizeof *o->reward);
		rho_buf_add(&p->line, o->item_reward, s->lanes * s->slate * sizeof *o->item_reward);
		rho_buf_add(&p->line, o->end, s->lanes * sizeof *o->end);
	}
}

/* What open filled must be usable before anything is laid out by it; E10 reports it in full. */
static bool spec_usable(const struct rho_env_spec *s)
{
	return s->n_actions && s->n_actions <= UINT32_MAX && s->slate && s->slate <= s->n_actions &&
	       s->obs <= RHO_OBS_ROW_F32 && s->x_dim < 1u << 24 &&
	       (s->data || (s->obs != RHO_OBS_ROW && s->obs != RHO_OBS_ROW_F32));
}

static int env_open(struct rho_play *p)
{
	struct rho_env_problem *q = p->problem;
	rho_play_begin(p, "open", 0, true);
	int code = rho_play_end(p, rho_env_of(p)->open(p->ctx, p->self, &q->spec));
	if (code)
		return code;
	if (!spec_usable(&q->spec)) {
		rho_buf_clear(&p->why);
		rho_buf_str(&p->why, "what open filled makes no sense, see E10");
		return RHO_EBUG;
	}
	q->action = rho_xcalloc(q->spec.lanes * q->spec.slate, sizeof *q->action);
	lay_out(p, &q->obs, true);
	rho_play_begin(p, "reset", 0, false);
	code = rho_play_end(p, rho_env_of(p)->reset(p->ctx, p->self, &q->obs));
	if (!code)
		keep_legal(q);
	return code;
}

size_t rho_env_n_legal(const struct rho_env_problem *q, size_t lane)
{
	return q->legal ? q->legal_off[lane + 1] - q->legal_off[lane] : q->spec.n_actions;
}

uint32_t rho_env_legal(const struct rho_env_problem *q, size_t lane, size_t j)
{
	return q->legal ? q->legal[q->legal_off[lane] + j] : (uint32_t)j;
}

void rho_env_choose(struct rho_play *p, unsigned t)
{
	struct rho_env_problem *q = p->problem;
	size_t k = q->spec.slate;
	for (size_t i = 0; i < q->spec.lanes; i++) {
		struct rho_rng r = rho_fork(&q->key, i, t + (i ? p->how.others << 32 : 0));
		uint32_t m = (uint32_t)rho_env_n_legal(q, i), *out = q->action + i * k;
		for (size_t j = 0; j < k;) {
			uint32_t a = rho_env_legal(q, i, rho_below(&r, m));
			bool twice = false;
			for (size_t l = 0; l < j; l++)
				twice |= out[l] == a;
			if (!twice)
				out[j++] = a;
		}
	}
}

int rho_env_step(struct rho_play *p, unsigned t)
{
	struct rho_env_problem *q = p->problem;
	size_t n = q->spec.lanes * q->spec.slate;
	uint32_t *action = rho_play_buf(p, n, sizeof *action);
	memcpy(action, q->action, n * sizeof *action);
	lay_out(p, &q->obs, true);
	lay_out(p, &q->last, false);
	q->obs.last = &q->last;
	rho_play_begin(p, "step", t, false);
	int code = rho_play_end(p, rho_env_of(p)->step(p->ctx, p->self, action, &q->obs));
	if (!code)
		keep_legal(q);
	return code;
}

static int env_turn(struct rho_play *p, unsigned t)
{
	struct rho_env_problem *q = p->problem;
	rho_env_choose(p, t);
	int code = rho_env_step(p, t);
	write_down(p, &q->obs);
	write_down(p, &q->last);
	if (!code && q->legal)
		rho_buf_add(&p->line, q->legal, q->legal_off[q->spec.lanes] * sizeof *q->legal);
	if (!code && q->spec.moving)
		for (size_t j = 0; j < q->legal_off[q->spec.lanes]; j++)
			rho_buf_add(&p->line,
			            q->spec.action_mat->at + q->legal[j] * q->spec.action_mat->stride,
			            q->spec.action_mat->cols * sizeof(float));
	if (!code && !q->wrong && q->spec.history)
		rho_buf_add(&p->line, q->obs.past, q->obs.past_off[q->spec.lanes] * sizeof *q->obs.past);
	return code;
}

static void env_save(struct rho_play *p, struct rho_buf *out)
{
	struct rho_env_problem *q = p->problem;
	if (!q->legal)
		return;
	rho_buf_add(out, q->legal_off, (q->spec.lanes + 1) * sizeof *q->legal_off);
	rho_buf_add(out, q->legal, q->legal_off[q->spec.lanes] * sizeof *q->legal);
}

static void env_load(struct rho_play *p, const char *at, size_t n)
{
	struct rho_env_problem *q = p->problem;
	size_t head = (q->spec.lanes + 1) * sizeof *q->legal_off;
	free(q->legal);
	free(q->legal_off);
	q->legal = NULL;
	q->legal_off = NULL;
	if (n < head)
		return;
	q->legal_off = rho_xmalloc(head);
	q->legal = rho_xmalloc(n - head + 1);
	memcpy(q->legal_off, at, head);
	memcpy(q->legal, at + head, n - head);
}

const struct rho_player rho_player_env = {
	.ground = "E1",
	.turns = 0,
	.set = env_set,
	.open = env_open,
	.turn = env_turn,
	.save = env_save,
	.load = env_load,
	.clear = env_clear,
};
