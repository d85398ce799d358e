/* sampler.c: S checks: what may be drawn, how often, and what a draw may depend on. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "play.h"

enum { CONTEXTS = 16, DIM = 8, LANES = 8, BINS = 20 };

struct pool_problem {
	struct rho_sampler_spec spec;
	struct rho_sampler_info info;
	struct rho_mat x_mat, action_mat, query_mat;
	struct rho_rng key;
};

struct draw { /* a question and its answer; buffers live for the turn */
	struct rho_ask ask;
	struct rho_pool pool;
	uint32_t *x, *lane, *legal; /* (n), (n), end to end */
	uint64_t *tick;             /* (n) */
	size_t *legal_off;          /* (n + 1); NULL: every action */
	size_t room;                /* of pool.cand and pool.incl */
};

static struct pool_problem *problem_of(struct rho_play *p) { return p->problem; }
static const struct rho_sampler *sampler_of(struct rho_play *p) { return &p->module->table.sampler; }

static int sampler_set(struct rho_play *p)
{
	struct pool_problem *q = p->problem = rho_xcalloc(1, sizeof *q);
	size_t n = p->how.actions ? p->how.actions : 600;
	float *x = rho_play_keep(p, CONTEXTS * DIM, sizeof *x), *a = rho_play_keep(p, n * DIM, sizeof *a);
	float *query = rho_play_keep(p, CONTEXTS * DIM, sizeof *query);
	struct rho_rng r = rho_stream_seed(p->trial->seed, "check", p->how.problem, "sampler");
	q->key = rho_fork(&r, 1, 1);
	for (size_t i = 0; i < CONTEXTS * DIM; i++)
		x[i] = (float)(rho_normal(&r) / sqrt(DIM));
	for (size_t i = 0; i < n * DIM; i++)
		a[i] = (float)(rho_normal(&r) / sqrt(DIM));
	for (size_t i = 0; i < CONTEXTS * DIM; i++)
		query[i] = (float)rho_normal(&r);
	q->query_mat = (struct rho_mat){ query, CONTEXTS, DIM, DIM };
	q->x_mat = (struct rho_mat){ x, CONTEXTS, DIM, DIM };
	q->action_mat = (struct rho_mat){ a, n, DIM, DIM };
	q->spec = (struct rho_sampler_spec){ .n_actions = n,
		                             .x_dim = DIM,
		                             .actions = { .mat = &q->action_mat, .n = n },
		                             .lanes = p->how.lanes ? p->how.lanes : LANES,
		                             .slate = p->how.slate ? p->how.slate : 1 };
	return RHO_CHECK_PASS;
}

static void sampler_clear(struct rho_play *p) { free(p->problem); }

static int sampler_open(struct rho_play *p)
{
	struct pool_problem *q = p->problem;
	rho_play_begin(p, "open", 0, true);
	int code = rho_play_end(p, sampler_of(p)->open(p->ctx, p->self, &q->spec, &q->info));
	return code;
}

static size_t min_size(size_t a, size_t b) { return a < b ? a : b; }

/* How many ids decision i may get. */
static size_t room_of(const struct pool_problem *q, const struct draw *d, size_t i)
{
	size_t legal = d->legal_off ? d->legal_off[i + 1] - d->legal_off[i] : q->spec.n_actions;
	return q->info.law == RHO_LAW_ALL ? legal : min_size(q->info.max_k, legal);
}

/* n decisions by lanes 0 .. n - 1 at one tick, every action legal, contexts drawn. */
static void ask_plain(struct rho_play *p, uint64_t tick, size_t n, struct draw *d)
{
	struct pool_problem *q = p->problem;
	*d = (struct draw){ .x = rho_play_buf(p, n, sizeof *d->x),
		            .lane = rho_play_buf(p, n, sizeof *d->lane),
		            .tick = rho_play_buf(p, n, sizeof *d->tick) };
	for (size_t i = 0; i < n; i++) {
		struct rho_rng r = rho_fork(&q->key, i, tick);
		d->x[i] = rho_below(&r, CONTEXTS);
		d->lane[i] = (uint32_t)i;
		d->tick[i] = tick;
	}
	d->ask = (struct rho_ask){ .n = n,
		                   .x = { .mat = &q->x_mat, .id = d->x, .n = n },
		                   .actions = q->spec.actions,
		                   .lane = d->lane,
		                   .tick = d->tick };
	if (q->info.wants & RHO_WANTS_QUERY) /* what an agent might look for in each context */
		d->ask.query = (struct rho_rows){ .mat = &q->query_mat, .id = d->x, .n = n };
}

/* Gives each decision a legal list: a run of `every`-th actions, shuffled in blocks. */
static void restrict_legal(struct rho_play *p, struct draw *d, uint64_t salt, size_t least)
{
	struct pool_problem *q = p->problem;
	size_t n = d->ask.n, most = q->spec.n_actions, at = 0;
	d->legal_off = rho_play_buf(p, n + 1, sizeof *d->legal_off);
	d->legal = rho_play_buf(p, n * most, sizeof *d->legal);
	for (size_t i = 0; i < n; i++) {
		struct rho_rng r = rho_fork(&q->key, 1000 + i, salt);
		double keep = i % 3 ? 0.3 + 0.5 * rho_unif(&r) : 0.05;
		size_t from = at;
		for (size_t a = 0; a < most; a++)
			if (rho_unif(&r) < keep || most - a <= least - min_size(least, at - from))
				d->legal[at++] = (uint32_t)a;
		d->legal_off[i + 1] = at;
	}
	d->ask.legal = d->legal;
	d->ask.legal_off = d->legal_off;
}

/* Lays out the pool, with exactly the room the sampler asked for, and draws. */
static int draw(struct rho_play *p, struct draw *d)
{
	struct pool_problem *q = p->problem;
	size_t n = d->ask.n;
	d->room = 0;
	for (size_t i = 0; i < n; i++)
		d->room += room_of(q, d, i);
	d->pool = (struct rho_pool){ rho_play_buf(p, d->room, sizeof *d->pool.cand),
		                     rho_play_buf(p, n + 1, sizeof *d->pool.off),
		                     rho_play_buf(p, d->room, sizeof *d->pool.incl) };
	for (size_t j = 0; j < d->room; j++) {
		d->pool.cand[j] = UINT32_MAX;
		d->pool.incl[j] = NAN;
	}
	rho_play_begin(p, "draw", d->tick[0], false);
	return rho_play_end(p, sampler_of(p)->draw(p->ctx, p->self, &d->ask, &d->pool));
}

/* What is wrong with the sets; NULL: nothing that a reader of them would trip over. */
static const char *judge(struct rho_play *p, const struct draw *d)
{
	struct pool_problem *q = p->problem;
	const char *wrong = d->pool.off[0] ? "off does not begin with 0" : NULL;
	char *seen = rho_xcalloc(q->spec.n_actions, 1);
	for (size_t i = 0; i < d->ask.n && !wrong; i++) {
		size_t from = d->pool.off[i], to = d->pool.off[i + 1];
		if (to < from || to > d->room)
			wrong = "off is out of order";
		else if (to - from > room_of(q, d, i))
			wrong = "a decision got more candidates than max_k or its legal actions allow";
		else if (to - from < q->spec.slate)
			wrong = "a decision got fewer candidates than a slate needs";
		for (size_t j = from; j < to && !wrong; j++) {
			if (d->pool.cand[j] >= q->spec.n_actions)
				wrong = "an id is not below n_actions, or was left unset";
			else if (seen[d->pool.cand[j]]++)
				wrong = "an id stands twice in one set";
		}
		for (size_t j = from; j < to && !wrong; j++)
			seen[d->pool.cand[j]] = 0;
	}
	free(seen);
	return wrong;
}

static int sampler_turn(struct rho_play *p, unsigned t)
{
	struct draw d;
	if (!sampler_of(p)->draw)
		return 0;
	ask_plain(p, t, t % 3 ? problem_of(p)->spec.lanes : 1 + t % problem_of(p)->spec.lanes, &d);
	if (t % 2)
		restrict_legal(p, &d, t, problem_of(p)->spec.slate);
	int code = draw(p, &d);
	if (code || judge(p, &d))
		return code;
	size_t n = d.pool.off[d.ask.n];
	rho_buf_add(&p->line, d.pool.off, (d.ask.n + 1) * sizeof *d.pool.off);
	rho_buf_add(&p->line, d.pool.cand, n * sizeof *d.pool.cand);
	rho_buf_add(&p->line, d.pool.incl, n * sizeof *d.pool.incl);
	return 0;
}

const struct rho_player rho_player_sampler = {
	.ground = "S1",
	.turns = 0,
	.set = sampler_set,
	.open = sampler_open,
	.turn = sampler_turn,
	.clear = sampler_clear,
};

/* ---- checks ---- */

/* An opened sampler that has something to draw. */
static struct rho_play *ready(struct rho_trial *t, struct rho_play_how how)
{
	struct rho_play *p = rho_play_ready(t, &how);
	if (!p || sampler_of(p)->draw)
		return p;
	rho_trial_skip(t, "its law is RHO_LAW_ALL: there is nothing to draw");
	rho_play_free(p);
	return NULL;
}

/* Draws and judges; a failure is S1's or, with legal lists, S5's finding. */
static int draw_judged(struct rho_play *p, struct draw *d, bool finding, const char *id)
{
	const char *wrong = draw(p, d) ? p->why.at : judge(p, d);
	if (wrong)
		return finding ? rho_trial_fail(p->trial, "%s", wrong)
		               : rho_trial_skip(p->trial, "it fails, see %s: %s", id, wrong);
	return RHO_CHECK_PASS;
}

static int s1(struct rho_trial *t)
{
	const struct rho_play_how hows[] = { { .problem = 1 },
		                             { .problem = 2, .slate = 4 },
		                             { .problem = 3, .lanes = 1 } };
	int r = RHO_CHECK_PASS;
	for (size_t i = 0; i < sizeof hows / sizeof *hows && !r; i++) {
		struct rho_play *p = ready(t, hows[i]);
		if (!p)
			return RHO_CHECK_SKIP;
		const struct pool_problem *q = p->problem;
		if (q->info.law > RHO_LAW_UNIFORM)
			r = rho_trial_fail(t, "law is %u, none of enum rho_law", q->info.law);
		else if (q->info.wants & ~(uint32_t)RHO_WANTS_QUERY)
			r = rho_trial_fail(t, "wants is %#x, and enum rho_want ends with %#x", q->info.wants,
			                   (unsigned)RHO_WANTS_QUERY);
		else if (q->info.law != RHO_LAW_ALL &&
		         (q->info.max_k < q->spec.slate || q->info.max_k > q->spec.n_actions))
			r = rho_trial_fail(t, "max_k is %zu, for slates of %zu and %zu actions",
			                   q->info.max_k, q->spec.slate, q->spec.n_actions);
		for (uint64_t tick = 0; tick < 60 && !r; tick++) {
			struct draw d;
			ask_plain(p, tick, q->spec.lanes, &d);
			r = draw_judged(p, &d, true, "S1");
			rho_play_drop(p);
		}
		rho_play_free(p);
	}
	return r;
}

struct counts {                    /* over many draws of one context (n_actions) */
	double *in, *incl, *first; /* times drawn; the last inclusion probability; times in front */
	bool *moves;               /* incl was not always the same */
	size_t sets, unknown;      /* sets drawn; ids whose incl is NaN */
	bool bad;                  /* an incl outside (0, 1] */
	size_t size_lo, size_hi;
};

static void counts_add(struct counts *c, const struct draw *d)
{
	for (size_t i = 0; i < d->ask.n; i++) {
		size_t from = d->pool.off[i], n = d->pool.off[i + 1] - from;
		c->sets++;
		c->size_lo = min_size(c->size_lo, n);
		c->size_hi = n > c->size_hi ? n : c->size_hi;
		c->first[d->pool.cand[from]]++;
		for (size_t j = from; j < from + n; j++) {
			uint32_t a = d->pool.cand[j];
			double incl = (double)d->pool.incl[j];
			c->unknown += isnan(incl) ? 1 : 0;
			c->bad |= !isnan(incl) && !(incl > 0 && incl <= 1.0001);
			c->moves[a] |= c->in[a] > 0 && c->incl[a] != incl;
			c->incl[a] = incl;
			c->in[a]++;
		}
	}
}

static void counts_free(struct counts *c)
{
	free(c->in);
	free(c->incl);
	free(c->first);
	free(c->moves);
}

/* 2000 sets for one context, every action legal. */
static int count(struct rho_play *p, struct counts *c)
{
	size_t n = problem_of(p)->spec.n_actions, lanes = problem_of(p)->spec.lanes;
	int r = RHO_CHECK_PASS;
	*c = (struct counts){ .in = rho_xcalloc(n, sizeof *c->in),
		              .incl = rho_xcalloc(n, sizeof *c->incl),
		              .first = rho_xcalloc(n, sizeof *c->first),
		              .moves = rho_xcalloc(n, sizeof *c->moves),
		              .size_lo = n };
	for (uint64_t tick = 0; tick < 2000 / lanes && !r; tick++) {
		struct draw d;
		ask_plain(p, 10000 + tick, lanes, &d);
		for (size_t i = 0; i < lanes; i++)
			d.x[i] = 0;
		r = draw_judged(p, &d, false, "S1");
		if (!r)
			counts_add(c, &d);
		rho_play_drop(p);
	}
	return r;
}

static int judge_incl(struct rho_trial *t, const struct counts *c, size_t n)
{
	double chi = 0, cells = 0;
	if (c->bad)
		return rho_trial_fail(t, "an inclusion probability is not in (0, 1]");
	for (size_t a = 0; a < n; a++) {
		double T = (double)c->sets, pi = c->incl[a], expected = T * pi, var = T * pi * (1 - pi);
		if (c->in[a] <= 0 || c->moves[a] || isnan(pi))
			continue;
		if (fabs(c->in[a] - expected) > 6 * sqrt(fmax(var, 0)) + 0.001 * T)
			return rho_trial_fail(
				t,
				"id %zu was in %g of %g sets, its inclusion probability %g promises "
				"%.1f",
				a, c->in[a], T, pi, expected);
		if (var >= 5) {
			chi += (c->in[a] - expected) * (c->in[a] - expected) / var;
			cells++;
		}
	}
	if (cells > 0 && chi > rho_chi2_bound(cells))
		return rho_trial_fail(
			t,
			"over %zu sets ids do not come as often as their inclusion probabilities "
			"say: chi-square %.1f on %g cells",
			c->sets, chi, cells);
	return RHO_CHECK_PASS;
}

static int s2(struct rho_trial *t)
{
	struct rho_play *p = ready(t, (struct rho_play_how){ .problem = 20 });
	struct counts c;
	if (!p)
		return RHO_CHECK_SKIP;
	int r = count(p, &c);
	if (!r && c.unknown)
		r = rho_trial_skip(t, "it leaves inclusion probabilities unknown");
	if (!r)
		r = judge_incl(t, &c, problem_of(p)->spec.n_actions);
	counts_free(&c);
	rho_play_free(p);
	return r;
}

/* Whether counts over all n actions are uniform, in bins of neighbours and of every BINS-th. */
static double uniform_ratio(const double *at, size_t n, double total)
{
	double near[BINS] = { 0 }, far[BINS] = { 0 }, e_near[BINS] = { 0 }, e_far[BINS] = { 0 };
	for (size_t a = 0; a < n; a++) {
		near[a * BINS / n] += at[a];
		far[a % BINS] += at[a];
		e_near[a * BINS / n] += total / (double)n;
		e_far[a % BINS] += total / (double)n;
	}
	return fmax(rho_chi2_ratio(near, e_near, BINS), rho_chi2_ratio(far, e_far, BINS));
}

static int judge_uniform(struct rho_trial *t, const struct pool_problem *q, const struct counts *c)
{
	size_t n = q->spec.n_actions, k = q->info.max_k;
	double T = (double)c->sets;
	if (c->size_lo != min_size(k, n) || c->size_hi != min_size(k, n))
		return rho_trial_fail(
			t, "with RHO_LAW_UNIFORM every set has max_k = %zu ids; here they have %zu to %zu", k,
			c->size_lo, c->size_hi);
	for (size_t a = 0; a < n; a++)
		if (c->in[a] > 0 && !isnan(c->incl[a]) && fabs(c->incl[a] - (double)k / (double)n) > 1e-5)
			return rho_trial_fail(t, "incl is %g, k / n is %g", c->incl[a],
			                      (double)k / (double)n);
	if (k < n && uniform_ratio(c->in, n, T * (double)k) > 1)
		return rho_trial_fail(t, "some ids come more often than others in %zu sets", c->sets);
	if (uniform_ratio(c->first, n, T) > 1)
		return rho_trial_fail(t, "sets are not in random order: some ids stand in front too often");
	return RHO_CHECK_PASS;
}

static int s3(struct rho_trial *t)
{
	struct rho_play *p = ready(t, (struct rho_play_how){ .problem = 30 });
	struct counts c;
	if (!p)
		return RHO_CHECK_SKIP;
	if (problem_of(p)->info.law != RHO_LAW_UNIFORM) {
		rho_trial_skip(t, "its law is not RHO_LAW_UNIFORM");
		rho_play_free(p);
		return RHO_CHECK_SKIP;
	}
	int r = count(p, &c);
	if (!r)
		r = judge_uniform(t, problem_of(p), &c);
	counts_free(&c);
	rho_play_free(p);
	return r;
}

/* Draws the ticks one way: in order or backwards, in whole batches or one by one; the sets by
 * (tick, lane), end to end, go to out. */
struct manner {
	bool backwards, single;
};

static int draw_ticks(struct rho_trial *t, void *arg, struct rho_buf *out)
{
	enum { TICKS = 12 };
	const struct manner *m = arg;
	struct rho_play *p = ready(t, (struct rho_play_how){ .problem = 40 });
	struct rho_buf set[TICKS * LANES] = { 0 };
	int r = p ? RHO_CHECK_PASS : RHO_CHECK_SKIP;
	for (uint64_t s = 0; s < TICKS * LANES && !r; s++) {
		uint64_t at = m->backwards ? TICKS * LANES - 1 - s : s, tick = at / LANES;
		size_t first = at % LANES, n = m->single ? 1 : LANES;
		struct draw d;
		if (!m->single && first)
			continue;
		ask_plain(p, tick, LANES, &d);
		d.ask.n = n;
		d.ask.x.n = n;
		d.ask.x.id = d.x + first;
		d.ask.query.n = d.ask.query.mat ? n : 0;
		d.ask.query.id = d.ask.query.mat ? d.x + first : NULL;
		d.ask.lane = d.lane + first;
		d.ask.tick = d.tick + first;
		r = draw_judged(p, &d, false, "S1");
		for (size_t i = 0; i < n && !r; i++) {
			size_t from = d.pool.off[i], k = d.pool.off[i + 1] - from;
			rho_buf_add(&set[at + i], d.pool.cand + from, k * sizeof *d.pool.cand);
			rho_buf_add(&set[at + i], d.pool.incl + from, k * sizeof *d.pool.incl);
		}
		rho_play_drop(p);
	}
	for (size_t i = 0; i < TICKS * LANES; i++) {
		rho_buf_add(out, set[i].at, set[i].len);
		rho_buf_free(&set[i]);
	}
	rho_play_free(p);
	return r;
}

static bool same_bytes(const struct rho_buf *a, const struct rho_buf *b)
{
	return a->len == b->len && (!a->len || !memcmp(a->at, b->at, a->len));
}

static int s4(struct rho_trial *t)
{
	static const struct {
		struct manner how;
		const char *what;
	} others[] = {
		{ { false, false }, NULL },
		{ { true, false }, "the order of calls" },
		{ { false, true }, "the batch" },
	};
	struct manner plain = { 0 };
	struct rho_buf one = { 0 };
	int r = rho_trial_exact(t);
	if (!r)
		r = rho_trial_apart(t, 0, draw_ticks, &plain, &one);
	for (size_t i = 0; i < sizeof others / sizeof *others && !r; i++) {
		struct manner how = others[i].how;
		struct rho_buf two = { 0 };
		r = rho_trial_apart(t, 0, draw_ticks, &how, &two);
		if (!r && !same_bytes(&one, &two))
			r = others[i].what
			            ? rho_trial_fail(t,
			                             "a draw depends on %s; key it by rho_fork(stream, "
			                             "lane, tick)",
			                             others[i].what)
			            : rho_trial_skip(t, "the same seed draws other sets, see K3");
		rho_buf_free(&two);
	}
	rho_buf_free(&one);
	return r;
}

static int judge_legal(struct rho_play *p, const struct draw *d)
{
	const struct pool_problem *q = p->problem;
	for (size_t i = 0; i < d->ask.n; i++) {
		size_t n = d->legal_off[i + 1] - d->legal_off[i], got = d->pool.off[i + 1] - d->pool.off[i];
		for (size_t j = d->pool.off[i]; j < d->pool.off[i + 1]; j++) {
			bool legal = false;
			for (size_t l = d->legal_off[i]; l < d->legal_off[i + 1] && !legal; l++)
				legal = d->legal[l] == d->pool.cand[j];
			if (!legal)
				return rho_trial_fail(p->trial,
				                      "id %u is not among the %zu legal ones of its decision",
				                      d->pool.cand[j], n);
		}
		if (q->info.law == RHO_LAW_UNIFORM && got != min_size(n, q->info.max_k))
			return rho_trial_fail(p->trial,
			                      "with RHO_LAW_UNIFORM, %zu legal actions and max_k = %zu it "
			                      "gave %zu",
			                      n, q->info.max_k, got);
	}
	return RHO_CHECK_PASS;
}

static int s5(struct rho_trial *t)
{
	struct rho_play *p = ready(t, (struct rho_play_how){ .problem = 50, .slate = 2 });
	int r = RHO_CHECK_PASS;
	if (!p)
		return RHO_CHECK_SKIP;
	for (uint64_t tick = 0; tick < 40 && !r; tick++) {
		struct draw d;
		ask_plain(p, tick, LANES, &d);
		restrict_legal(p, &d, tick, 2);
		r = draw_judged(p, &d, true, "S5");
		if (!r)
			r = judge_legal(p, &d);
		rho_play_drop(p);
	}
	rho_play_free(p);
	return r;
}

static int s6(struct rho_trial *t)
{
	struct rho_play_how how = { .problem = 60 };
	int r = rho_trial_exact(t);
	if (!r && !t->module->table.sampler.draw)
		r = rho_trial_skip(t, "its law is RHO_LAW_ALL: there is nothing to draw");
	return r ? r : rho_play_resume(t, &how, 7, 20);
}

const struct rho_check rho_checks_sampler[] = {
	{ "S1", RHO_CHECK_OF(RHO_SAMPLER), "draws known ids, none twice, from slate to max_k", s1, 0 },
	{ "S2", RHO_CHECK_OF(RHO_SAMPLER), "draws ids as often as their inclusion probabilities say", s2, 0 },
	{ "S3", RHO_CHECK_OF(RHO_SAMPLER), "RHO_LAW_UNIFORM is uniform, in random order", s3, 0 },
	{ "S4", RHO_CHECK_OF(RHO_SAMPLER), "a draw depends on seed, lane and tick alone", s4, 0 },
	{ "S5", RHO_CHECK_OF(RHO_SAMPLER), "draws legal actions only", s5, 0 },
	{ "S6", RHO_CHECK_OF(RHO_SAMPLER), "saved and loaded elsewhere, goes on the same", s6, 0 },
	{ .id = NULL },
};
