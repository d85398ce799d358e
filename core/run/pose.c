/* pose.c: decisions as they are posed, and the tests of what plugins hand over. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../geometry/moments.h"
#include "pose.h"

/* ---- marks ---- */

void rho_marks_init(struct rho_marks *m, size_t n)
{
	*m = (struct rho_marks){ .at = rho_xcalloc(n, sizeof *m->at), .n = n };
}

void rho_marks_free(struct rho_marks *m)
{
	free(m->at);
	*m = (struct rho_marks){ 0 };
}

/* Empties two sets at once: marks below `now` are in neither; now - 1 is the first, now the second. */
void rho_marks_next(struct rho_marks *m)
{
	if (m->now > UINT32_MAX - 2) {
		memset(m->at, 0, m->n * sizeof *m->at);
		m->now = 0;
	}
	m->now += 2;
}

/* ---- lists ---- */

void rho_lists_room(struct rho_lists *l, size_t n, bool incl)
{
	if (n <= l->room)
		return;
	l->id = rho_xrealloc(l->id, n * sizeof *l->id);
	if (incl)
		l->incl = rho_xrealloc(l->incl, n * sizeof *l->incl);
	l->room = n;
}

static void lists_free(struct rho_lists *l)
{
	free(l->id);
	free(l->off);
	free(l->incl);
}

static int blame(struct rho_buf *why, const struct rho_instance *i, const char *slot, size_t lane)
{
	rho_buf_printf(why, "%s, %s, lane %zu: ", i->label, slot, lane);
	return RHO_EBUG;
}

/* The env's lists of lane `i`: offsets in order, ids known and distinct, enough of them. */
static int check_legal(const struct rho_stage *s, const uint32_t *id, const size_t *off, size_t i,
                       size_t least, const char *slot, struct rho_marks *m, struct rho_buf *why)
{
	size_t most = s->env_spec.max_legal ? s->env_spec.max_legal : m->n;
	if (off[i + 1] < off[i] || off[i + 1] - off[i] < least || off[i + 1] - off[i] > most) {
		blame(why, s->env, slot, i);
		rho_buf_printf(
			why,
			"its list of legal actions runs from %zu to %zu; at least %zu and at most %zu ids "
			"are possible",
			off[i], off[i + 1], least, most);
		return RHO_EBUG;
	}
	rho_marks_next(m);
	for (size_t j = off[i]; j < off[i + 1]; j++) {
		if (id[j] >= m->n || m->at[id[j]] == m->now) {
			blame(why, s->env, slot, i);
			rho_buf_printf(why,
			               id[j] < m->n ? "action %u is twice among the legal ones"
			                            : "legal action %u does not exist: ids are 0 .. %zu",
			               id[j], m->n - 1);
			return RHO_EBUG;
		}
		m->at[id[j]] = m->now;
	}
	return 0;
}

/* ---- taking what the env showed ---- */

void rho_pose_init(struct rho_pose *p, const struct rho_stage *s)
{
	size_t n = s->spec.lanes;
	*p = (struct rho_pose){ 0 };
	p->row = rho_xcalloc(n, sizeof *p->row);
	p->lane = rho_xcalloc(n, sizeof *p->lane);
	for (size_t i = 0; i < n; i++)
		p->lane[i] = (uint32_t)i;
	p->legal.off = rho_xcalloc(n + 1, sizeof *p->legal.off);
	p->drawn.off = rho_xcalloc(n + 1, sizeof *p->drawn.off);
	if (s->sampled.law != RHO_LAW_ALL)
		rho_lists_room(&p->drawn, n * s->sampled.max_k, true);
	p->batch = (struct rho_batch){ .n = n, .k = s->spec.slate, .actions = s->actions, .lane = p->lane };
	p->batch.x.n = n;
	p->batch.row = rho_obs_has_row(s->env_spec.obs) ? p->row : NULL;
	p->past.off = rho_xcalloc(n + 1, sizeof *p->past.off);
	if (s->spec.history)
		rho_lists_room(&p->past, n * s->spec.history, false);
	if (s->sampled.wants & RHO_WANTS_QUERY) {
		size_t d = s->spec.action_dim;
		p->query = rho_xcalloc(n * d, sizeof *p->query);
		p->query_mat = (struct rho_mat){ p->query, n, d, d };
	}
	if (rho_obs_has_numbers(s->env_spec.obs)) {
		p->x = rho_xcalloc(n * s->x_dim, sizeof *p->x);
		p->x_mat = (struct rho_mat){ p->x, n, s->x_dim, s->x_dim };
		p->batch.x.mat = &p->x_mat;
	} else if (s->contexts) {
		p->batch.x = (struct rho_rows){ .mat = s->contexts, .id = p->row, .n = n };
	}
}

void rho_pose_free(struct rho_pose *p)
{
	free(p->row);
	free(p->x);
	free(p->lane);
	free(p->query);
	lists_free(&p->legal);
	lists_free(&p->drawn);
	lists_free(&p->past);
	*p = (struct rho_pose){ 0 };
}

/* Lane i of what the env says went before. */
static int check_past(const struct rho_stage *s, const struct rho_obs *o, size_t i, const char *slot,
                      struct rho_buf *why)
{
	size_t from = o->past_off[i], to = o->past_off[i + 1];
	if (to < from || to - from > s->spec.history) {
		blame(why, s->env, slot, i);
		rho_buf_printf(why, "its past runs from %zu to %zu; at most %zu actions are possible", from,
		               to, s->spec.history);
		return RHO_EBUG;
	}
	for (size_t j = from; j < to; j++)
		if (o->past[j] >= s->spec.n_actions) {
			blame(why, s->env, slot, i);
			rho_buf_printf(why, "action %u of its past does not exist: ids are 0 .. %zu",
			               o->past[j], s->spec.n_actions - 1);
			return RHO_EBUG;
		}
	return 0;
}

/* The context of one lane. */
static int take_context(struct rho_pose *p, const struct rho_stage *s, const struct rho_obs *o, size_t i,
                        const char *slot, struct rho_buf *why)
{
	size_t n = s->env_spec.x_dim;
	float *x;
	if (rho_obs_has_row(s->env_spec.obs)) {
		if (o->row[i] >= s->data->table[RHO_CONTEXTS].n) {
			blame(why, s->env, slot, i);
			rho_buf_printf(why, "context %u does not exist: the table has %zu rows", o->row[i],
			               s->data->table[RHO_CONTEXTS].n);
			return RHO_EBUG;
		}
		p->row[i] = o->row[i];
	}
	if (!p->x)
		return 0;
	for (size_t j = 0; j < n; j++)
		if (!isfinite(o->x[i * n + j])) {
			blame(why, s->env, slot, i);
			rho_buf_printf(why, "number %zu of the observation is %g", j,
			               (double)o->x[i * n + j]);
			return RHO_EBUG;
		}
	x = p->x + i * s->x_dim;
	if (s->contexts) {
		memcpy(x, s->contexts->at + p->row[i] * s->contexts->stride, s->contexts->cols * sizeof *x);
		x += s->contexts->cols;
	}
	memcpy(x, o->x + i * n, n * sizeof *x);
	return 0;
}

/* What the env says of each lane's episode so far. */
static int take_past(struct rho_pose *p, const struct rho_stage *s, const struct rho_obs *o, const char *slot,
                     struct rho_buf *why)
{
	size_t n = s->spec.lanes;
	if (!o->past_off || o->past_off[0] || (!o->past && o->past_off[n])) {
		blame(why, s->env, slot, 0);
		rho_buf_str(why, !o->past_off     ? "past_off is not set, and it declared a history"
		                 : o->past_off[0] ? "past_off[0] is not 0"
		                                  : "past_off is set and past is not");
		return RHO_EBUG;
	}
	for (size_t i = 0; i < n; i++)
		if (check_past(s, o, i, slot, why))
			return RHO_EBUG;
	memcpy(p->past.id, o->past, o->past_off[n] * sizeof *o->past);
	memcpy(p->past.off, o->past_off, (n + 1) * sizeof *o->past_off);
	p->batch.past = p->past.id;
	p->batch.past_off = p->past.off;
	return 0;
}

/* The features of a lane's legal actions, which were not there when the env was opened. */
static int check_moved(const struct rho_stage *s, const struct rho_obs *o, size_t i, const char *slot,
                       struct rho_buf *why)
{
	const struct rho_mat *m = s->actions.mat;
	for (size_t j = o->legal_off[i]; j < o->legal_off[i + 1]; j++) {
		struct rho_mat one = { m->at + o->legal[j] * m->stride, 1, m->cols, m->stride };
		size_t row, col;
		if (rho_rows_finite(&one, &row, &col))
			continue;
		blame(why, s->env, slot, i);
		rho_buf_printf(why, "feature %zu of action %u is %g", col, o->legal[j], (double)one.at[col]);
		return RHO_EBUG;
	}
	return 0;
}

int rho_pose_take(struct rho_pose *p, const struct rho_stage *s, const struct rho_obs *o, const char *slot,
                  struct rho_marks *m, struct rho_buf *why)
{
	size_t n = s->spec.lanes;
	if (s->env_spec.obs != RHO_OBS_NONE)
		for (size_t i = 0; i < n; i++)
			if (take_context(p, s, o, i, slot, why))
				return RHO_EBUG;
	if (s->spec.history && take_past(p, s, o, slot, why))
		return RHO_EBUG;
	p->has_legal = o->legal_off;
	if (!p->has_legal && s->env_spec.max_legal) {
		blame(why, s->env, slot, 0);
		rho_buf_printf(why, "it gives no legal lists, and declared max_legal %zu",
		               s->env_spec.max_legal);
		return RHO_EBUG;
	}
	if (!p->has_legal)
		return 0;
	if (o->legal_off[0] || (!o->legal && o->legal_off[n])) {
		blame(why, s->env, slot, 0);
		rho_buf_str(why,
		            o->legal_off[0] ? "legal_off[0] is not 0" : "legal_off is set and legal is not");
		return RHO_EBUG;
	}
	for (size_t i = 0; i < n; i++)
		if (check_legal(s, o->legal, o->legal_off, i, s->spec.slate, slot, m, why) ||
		    (s->env_spec.moving && check_moved(s, o, i, slot, why)))
			return RHO_EBUG;
	rho_lists_room(&p->legal, o->legal_off[n], false);
	memcpy(p->legal.id, o->legal, o->legal_off[n] * sizeof *o->legal);
	memcpy(p->legal.off, o->legal_off, (n + 1) * sizeof *o->legal_off);
	return 0;
}

/* ---- candidates ---- */

/* The sampler's list for entry i of what it was asked: as many as promised, known, legal, distinct. */
static int check_drawn(const struct rho_stage *s, const struct rho_ask *ask, const struct rho_lists *l,
                       size_t i, struct rho_marks *m, struct rho_buf *why)
{
	size_t lane = ask->lane[i];
	size_t legal = ask->legal_off ? ask->legal_off[i + 1] - ask->legal_off[i] : m->n;
	size_t most = s->sampled.max_k < legal ? s->sampled.max_k : legal;
	if (l->off[i + 1] < l->off[i] || l->off[i + 1] - l->off[i] > most ||
	    l->off[i + 1] - l->off[i] < s->spec.slate) {
		blame(why, s->sampler, "draw", lane);
		rho_buf_printf(why, "its candidates run from %zu to %zu; %zu .. %zu of them are possible",
		               l->off[i], l->off[i + 1], s->spec.slate, most);
		return RHO_EBUG;
	}
	rho_marks_next(m);
	for (size_t j = 0; ask->legal_off && j < legal; j++)
		m->at[ask->legal[ask->legal_off[i] + j]] = m->now - 1;
	for (size_t j = l->off[i]; j < l->off[i + 1]; j++) {
		uint32_t id = l->id[j];
		bool known = id < m->n, twice = known && m->at[id] == m->now;
		if (!known || twice || (ask->legal_off && m->at[id] != m->now - 1)) {
			blame(why, s->sampler, "draw", lane);
			rho_buf_printf(why, "candidate %u %s", id,
			               !known  ? "does not exist"
			               : twice ? "is given twice"
			                       : "is not legal in this decision");
			return RHO_EBUG;
		}
		m->at[id] = m->now;
		if (!(isnan(l->incl[j]) || (l->incl[j] > 0 && l->incl[j] <= 1))) {
			blame(why, s->sampler, "draw", lane);
			rho_buf_printf(why, "candidate %u has inclusion probability %g", id,
			               (double)l->incl[j]);
			return RHO_EBUG;
		}
	}
	return 0;
}

/* What the agent looks for in the decisions of `ask`, for samplers that search. */
static int ask_query(struct rho_pose *p, const struct rho_stage *s, struct rho_ask *ask, uint64_t step,
                     struct rho_buf *why)
{
	struct rho_instance *a = s->agent;
	size_t d = p->query_mat.cols;
	struct rho_batch b = {
		.n = ask->n, .k = s->spec.slate, .x = ask->x, .actions = ask->actions, .lane = ask->lane
	};
	int e;
	for (size_t j = 0; j < ask->n * d; j++) /* so that what is not filled in is noticed */
		p->query[j] = NAN;
	rho_call_begin(a, "query", step, false);
	e = rho_call_end(a, a->module->plugin.agent->query(&a->ctx, a->self, &b, p->query), why);
	for (size_t j = 0; j < ask->n * d && !e; j++)
		if (!isfinite(p->query[j])) {
			e = blame(why, a, "query", ask->lane[j / d]);
			rho_buf_printf(why, "number %zu of %zu is %g", j % d, d, (double)p->query[j]);
		}
	ask->query = (struct rho_rows){ .mat = &p->query_mat, .n = ask->n };
	return e;
}

static int draw(struct rho_pose *p, const struct rho_stage *s, struct rho_ask *ask, struct rho_lists *l,
                uint64_t step, struct rho_marks *m, struct rho_buf *why)
{
	struct rho_pool pool = { l->id, l->off, l->incl };
	int e = p->query ? ask_query(p, s, ask, step, why) : 0;
	if (e)
		return e;
	for (size_t j = 0; j < ask->n * s->sampled.max_k; j++)
		l->incl[j] = NAN;
	memset(l->off, 0, (ask->n + 1) * sizeof *l->off);
	rho_call_begin(s->sampler, "draw", step, false);
	e = rho_call_end(
		s->sampler,
		s->sampler->module->plugin.sampler->draw(&s->sampler->ctx, s->sampler->self, ask, &pool),
		why);
	if (e)
		return e;
	if (l->off[0]) {
		blame(why, s->sampler, "draw", 0);
		rho_buf_printf(why, "off[0] is %zu, not 0", l->off[0]);
		return RHO_EBUG;
	}
	for (size_t i = 0; i < ask->n; i++)
		if (check_drawn(s, ask, l, i, m, why))
			return RHO_EBUG;
	return 0;
}

void rho_pose_use_lists(struct rho_pose *p, const struct rho_stage *s)
{
	bool drawn = s->sampled.law != RHO_LAW_ALL;
	p->batch.cand = drawn ? p->drawn.id : p->has_legal ? p->legal.id : NULL;
	p->batch.cand_off = drawn ? p->drawn.off : p->has_legal ? p->legal.off : NULL;
	p->batch.incl = drawn ? p->drawn.incl : NULL;
}

int rho_pose_draw(struct rho_pose *p, const struct rho_stage *s, const uint64_t *tick, uint64_t step,
                  struct rho_marks *m, struct rho_buf *why)
{
	struct rho_ask ask = {
		.n = s->spec.lanes, .x = p->batch.x, .actions = s->searched, .lane = p->lane, .tick = tick
	};
	int e = 0;
	if (p->has_legal) {
		ask.legal = p->legal.id;
		ask.legal_off = p->legal.off;
	}
	if (s->sampled.law != RHO_LAW_ALL)
		e = draw(p, s, &ask, &p->drawn, step, m, why);
	rho_pose_use_lists(p, s);
	return e;
}

/* ---- what decisions led to ---- */

/* Candidates of the one lane whose episode was cut off: appended to `out`. */
static int last_candidates(struct rho_pose *led, const struct rho_stage *s, const struct rho_obs *last,
                           size_t i, const uint64_t *tick, uint64_t step, struct rho_lists *out,
                           struct rho_marks *m, struct rho_buf *why)
{
	const uint32_t lane = (uint32_t)i;
	size_t at = out->off[i], legal_off[2] = { 0, 0 };
	struct rho_lists one = { .off = (size_t[2]){ 0, 0 } };
	struct rho_ask ask = { .n = 1,
		               .x = rho_slice(led->batch.x, i, 1),
		               .actions = s->searched,
		               .lane = &lane,
		               .tick = tick + i };
	int e = 0;
	if (last->legal_off) {
		if (check_legal(s, last->legal, last->legal_off, i, s->spec.slate, "step (last)", m, why))
			return RHO_EBUG;
		ask.legal = last->legal + last->legal_off[i];
		legal_off[1] = last->legal_off[i + 1] - last->legal_off[i];
		ask.legal_off = legal_off;
	}
	if (s->sampled.law != RHO_LAW_ALL) {
		rho_lists_room(out, at + s->sampled.max_k, true);
		one.id = out->id + at;
		one.incl = out->incl + at;
		e = draw(led, s, &ask, &one, step, m, why);
		out->off[i + 1] = at + one.off[1];
		return e;
	}
	out->off[i + 1] = at + (ask.legal_off ? legal_off[1] : m->n);
	rho_lists_room(out, out->off[i + 1], false);
	for (size_t j = 0; j < out->off[i + 1] - at; j++)
		out->id[at + j] = ask.legal_off ? ask.legal[j] : (uint32_t)j;
	return 0;
}

/* Of lanes that ended what `last` says, if it says anything; of the others what is posed next. */
static int led_past(struct rho_pose *led, const struct rho_pose *next, const struct rho_stage *s,
                    const struct rho_obs *last, const uint8_t *end, struct rho_buf *why)
{
	struct rho_lists *out = &led->past;
	for (size_t i = 0; i < s->spec.lanes; i++) {
		const uint32_t *from = next->past.id + next->past.off[i];
		size_t n = next->past.off[i + 1] - next->past.off[i];
		if (end[i] != RHO_RUNNING && last->past_off) {
			if (check_past(s, last, i, "step (last)", why))
				return RHO_EBUG;
			from = last->past + last->past_off[i];
			n = last->past_off[i + 1] - last->past_off[i];
		} else if (end[i] != RHO_RUNNING) {
			n = 0;
		}
		memcpy(out->id + out->off[i], from, n * sizeof *from);
		out->off[i + 1] = out->off[i] + n;
	}
	led->batch.past = out->id;
	led->batch.past_off = out->off;
	return 0;
}

int rho_pose_led(struct rho_pose *led, const struct rho_pose *next, const struct rho_stage *s,
                 const struct rho_obs *last, const uint8_t *end, const uint64_t *tick, uint64_t step,
                 struct rho_marks *m, struct rho_buf *why)
{
	bool drawn = s->sampled.law != RHO_LAW_ALL;
	struct rho_lists *out = drawn ? &led->drawn : &led->legal;
	memcpy(led->row, next->row, s->spec.lanes * sizeof *led->row);
	if (led->x)
		memcpy(led->x, next->x, s->spec.lanes * s->x_dim * sizeof *led->x);
	led->has_legal = next->has_legal || last->legal_off;
	for (size_t i = 0; i < s->spec.lanes; i++)
		if (end[i] != RHO_RUNNING && take_context(led, s, last, i, "step (last)", why))
			return RHO_EBUG;
	if (s->spec.history && led_past(led, next, s, last, end, why))
		return RHO_EBUG;
	for (size_t i = 0; i < s->spec.lanes && (drawn || led->has_legal); i++) {
		size_t from = next->batch.cand_off ? next->batch.cand_off[i] : 0,
		       n = rho_n_cand(&next->batch, i);
		size_t at = out->off[i];
		int e;
		if (end[i] == RHO_TRUNCATED) {
			e = last_candidates(led, s, last, i, tick, step, out, m, why);
			if (e)
				return e;
			continue;
		}
		rho_lists_room(out, at + n, drawn);
		for (size_t j = 0; j < n; j++)
			out->id[at + j] = rho_cand(&next->batch, i, j);
		if (drawn)
			memcpy(out->incl + at, next->batch.incl + from, n * sizeof *out->incl);
		out->off[i + 1] = at + n;
	}
	rho_pose_use_lists(led, s);
	return 0;
}

/* ---- what came back ---- */

#define REWARD_LIMIT 1e30f /* a sum that holds more has lost every other reward */

int rho_check_step(const struct rho_stage *s, const struct rho_obs *o, struct rho_buf *why)
{
	float lo = s->env_spec.reward_lo, hi = s->env_spec.reward_hi;
	bool known = lo != 0 || hi != 0;
	for (size_t i = 0; i < s->spec.lanes; i++) {
		float r = o->reward[i];
		bool sane = fabsf(r) < REWARD_LIMIT; /* no NaN either */
		if (!sane || (known && (r < lo || r > hi))) {
			blame(why, s->env, "step", i);
			rho_buf_printf(why, "reward %.9g", (double)r);
			if (isfinite(r) && !sane)
				rho_buf_printf(
					why, " is too large to learn from: less than %g in size is possible",
					(double)REWARD_LIMIT);
			else if (known)
				rho_buf_printf(why, " is not within the %.9g .. %.9g it declared", (double)lo,
				               (double)hi);
			else
				rho_buf_str(why, " is not a number to learn from");
			return RHO_EBUG;
		}
		if (o->end[i] > RHO_TRUNCATED) {
			blame(why, s->env, "step", i);
			rho_buf_printf(why, "end is %u; 0 .. %u are possible", o->end[i], RHO_TRUNCATED);
			return RHO_EBUG;
		}
	}
	return 0;
}

/* Where `action` stands in n ids, n when nowhere. Without an early way out, so that it is vectorised. */
static size_t find(const uint32_t *id, size_t n, uint32_t action)
{
	enum { BLOCK = 64 };
	for (size_t from = 0; from < n; from += BLOCK) {
		size_t to = n - from < BLOCK ? n : from + BLOCK;
		uint32_t hit = 0;
		for (size_t j = from; j < to; j++)
			hit |= id[j] == action;
		for (size_t j = from; hit && j < to; j++)
			if (id[j] == action)
				return j;
	}
	return n;
}

static int check_action(const struct rho_stage *s, const struct rho_batch *b, size_t i, size_t p,
                        const struct rho_choice *c, size_t *at, struct rho_buf *why)
{
	const uint32_t *slate = c->action + i * b->k;
	size_t n = rho_n_cand(b, i);
	float prob = c->prob[i * b->k + p];
	at[i * b->k + p] = b->cand_off ? find(b->cand + b->cand_off[i], n, slate[p]) : slate[p];
	if (at[i * b->k + p] >= n) {
		blame(why, s->agent, "act", i);
		rho_buf_printf(why,
		               slate[p] == UINT32_MAX          ? "no action was chosen"
		               : slate[p] >= s->spec.n_actions ? "action %u does not exist"
		                                               : "action %u is not among the candidates",
		               slate[p]);
		return RHO_EBUG;
	}
	if (find(slate, p, slate[p]) < p) {
		blame(why, s->agent, "act", i);
		rho_buf_printf(why, "action %u is twice in the slate", slate[p]);
		return RHO_EBUG;
	}
	if (!(isnan(prob) || (prob >= 0 && prob <= 1))) {
		blame(why, s->agent, "act", i);
		rho_buf_printf(why, "action %u has probability %.9g", slate[p], (double)prob);
		return RHO_EBUG;
	}
	return 0;
}

int rho_check_choice(const struct rho_stage *s, const struct rho_batch *b, const struct rho_choice *c,
                     size_t *at, struct rho_buf *why)
{
	for (size_t i = 0; i < b->n; i++)
		for (size_t p = 0; p < b->k; p++)
			if (check_action(s, b, i, p, c, at, why))
				return RHO_EBUG;
	return 0;
}
