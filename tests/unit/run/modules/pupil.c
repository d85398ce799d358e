/* pupil.c: for tests: tabular Q-learning over whole transitions, with a softened choice; `fault` makes
 * it misbehave at its call number `at`. */
#include <rho/rho.h>

enum fault {
	NONE,
	CRASH,
	HANG,
	UNKNOWN,
	OUTSIDE,
	PROB,
	UNSET,
	FAIL,
	STOP,
	CRASH_OPEN,
	FAIL_OPEN,
	METRIC,
	BLANK
};

struct pupil {
	int64_t at, keep, pause, scan;
	int fault;
	double epsilon;
	size_t n, k;
	float *q;                 /* (n) */
	double *sum;              /* (keep) */
	uint64_t *seen, *derived; /* (n), (1): twice the total of seen, rebuilt by loaded */
	float *query;             /* (dim) kept; scan: the last action's features, mixed with those before */
	struct rho_rng *explore;
	uint64_t calls; /* in this process */
};

static const char *const faults[] = {
	"none", "crash", "hang",       "unknown",   "outside", "prob",  "unset",
	"fail", "stop",  "crash_open", "fail_open", "metric",  "blank", NULL,
};

static const struct rho_param params[] = {
	RHO_F64(struct pupil, epsilon, 0.2, 0, 1, "probability of drawing uniformly"),
	RHO_I64(struct pupil, at, 3, 0, 1000000, "calls to act before the fault"),
	RHO_I64(struct pupil, keep, 8, 1, 1 << 24, "size of a kept array"),
	RHO_I64(struct pupil, pause, 0, 0, 1000000, "rounds of waste in each act, so that it takes time"),
	RHO_I64(struct pupil, scan, 0, 0, 1,
	        "whether each act also looks for what is most like what it saw before"),
	RHO_CHOICE(struct pupil, fault, NONE, faults, "what to do wrong"),
	RHO_END
};

static int *volatile nowhere;

/* A crash that a sanitizer does not turn into a report of its own. */
__attribute__((no_sanitize("undefined"))) static void crash(void) { *nowhere = 1; }

static int pupil_open(struct rho_ctx *c, void *self, const struct rho_spec *spec)
{
	struct pupil *s = self;
	if (s->fault == CRASH_OPEN)
		crash();
	if (s->fault == FAIL_OPEN)
		return rho_fail(c, RHO_EINVAL, "at = %lld is not to its liking", (long long)s->at);
	s->n = spec->n_actions;
	s->k = spec->slate;
	s->q = rho_keep_f32(c, "q", 1, s->n);
	s->seen = rho_keep_u64(c, "seen", 1, s->n);
	s->sum = rho_keep_f64(c, "sum", 1, (size_t)s->keep);
	s->derived = rho_alloc(c, 1, sizeof *s->derived);
	s->explore = rho_stream(c, "explore");
	s->query = rho_keep_f32(c, "query", 1, spec->action_dim ? spec->action_dim : 1);
	return s->q && s->seen && s->sum && s->derived && s->query ? 0 : RHO_ENOMEM;
}

static int pupil_loaded(struct rho_ctx *c, void *self)
{
	struct pupil *s = self;
	*s->derived = 0;
	for (size_t a = 0; a < s->n; a++)
		*s->derived += 2 * s->seen[a];
	return 0;
}

static float best(const struct pupil *s, const struct rho_batch *b, size_t i, uint32_t *which)
{
	float most = s->q[ *which = rho_cand(b, i, 0)];
	for (size_t j = 1; j < rho_n_cand(b, i); j++)
		if (s->q[rho_cand(b, i, j)] > most)
			most = s->q[ *which = rho_cand(b, i, j)];
	return most;
}

static int misbehave(struct rho_ctx *c, struct pupil *s, const struct rho_batch *b, struct rho_choice *out)
{
	switch (s->fault) {
	case CRASH: crash(); break;
	case HANG:
		for (volatile int on = 1; on;)
			;
		break;
	case UNKNOWN: out->action[0] = (uint32_t)s->n; break;
	case OUTSIDE:
		for (uint32_t a = 0, j = 0; j < rho_n_cand(b, 0); a++) {
			out->action[0] = a;
			for (j = 0; j < rho_n_cand(b, 0) && rho_cand(b, 0, j) != a; j++)
				;
		}
		break;
	case PROB: out->prob[0] = 1.25f; break;
	case UNSET: out->action[0] = UINT32_MAX; break;
	case FAIL: return rho_fail(c, RHO_EINVAL, "has had enough");
	case STOP: return RHO_ESTOP;
	case METRIC: rho_metric(c, "loss", NAN); break;
	default: break;
	}
	return 0;
}

/* All three ways to look at every action; what is found goes into the metrics to the last bit. */
static int look(struct rho_ctx *c, struct pupil *s, const struct rho_batch *b, uint32_t chosen)
{
	size_t n = b->actions.n, d = b->actions.mat->cols;
	struct rho_mat mat = { s->query, 1, d, d };
	struct rho_rows one = { &mat, NULL, 0, 1 };
	const float *row = b->actions.mat->at + chosen * b->actions.mat->stride;
	float *score = rho_scratch(c, n, sizeof *score), most[2];
	double *fine = rho_scratch(c, n, sizeof *fine), *wide = rho_scratch(c, d, sizeof *wide);
	uint32_t place[2];
	int e;
	if (!score || !fine || !wide)
		return RHO_ENOMEM;
	for (size_t i = 0; i < d; i++)
		wide[i] = (double)(s->query[i] = s->query[i] * 0.5f + row[i]);
	rho_inner(c, &one, &b->actions, score, n);
	rho_inner64(c, wide, 1, &b->actions, fine, n);
	e = rho_top(c, &one, &b->actions, NULL, 2, place, most);
	rho_metric(c, "product", (double)score[n / 2]);
	rho_metric(c, "product64", fine[n / 3]);
	rho_metric(c, "most", (double)most[0] + (double)most[1]);
	rho_metric(c, "place", place[1]);
	return e;
}

static int pupil_act(struct rho_ctx *c, void *self, const struct rho_batch *b, struct rho_choice *out)
{
	struct pupil *s = self;
	volatile double waste = 1;
	for (int64_t i = 0; i < s->pause; i++)
		waste = waste * 1.0000001;
	for (size_t i = 0; i < b->n; i++) {
		uint32_t n = (uint32_t)rho_n_cand(b, i), a;
		best(s, b, i, &a);
		out->prob[i] = (float)(1 - s->epsilon + s->epsilon / n);
		if (rho_unif(s->explore) < s->epsilon) {
			uint32_t drawn = rho_cand(b, i, rho_below(s->explore, n));
			if (drawn != a)
				out->prob[i] = (float)(s->epsilon / n);
			a = drawn;
		}
		out->action[i] = a;
	}
	if (s->scan && look(c, s, b, out->action[0]))
		return RHO_ENOMEM;
	return ++s->calls > (uint64_t)s->at ? misbehave(c, s, b, out) : 0;
}

static int pupil_observe(struct rho_ctx *c, void *self, const struct rho_feedback *f)
{
	struct pupil *s = self;
	for (size_t i = 0; i < f->posed->n; i++) {
		uint32_t a = f->action[i], unused;
		float target = f->reward[i];
		if (f->next && f->end[i] != RHO_TERMINATED)
			target += 0.9f * best(s, f->next, i, &unused);
		s->seen[a]++;
		*s->derived += 2;
		s->q[a] += (target - s->q[a]) * 0.1f;
		s->sum[*s->derived / 2 % (uint64_t)s->keep] += (double)target;
		rho_metric(c, "target", (double)target);
	}
	rho_metric(c, "derived", (double)*s->derived);
	rho_metric(c, "reward", (double)s->q[0]);
	return 0;
}

static int pupil_rank(struct rho_ctx *c, void *self, const struct rho_batch *b, float *score, float *explore)
{
	const struct pupil *s = self;
	for (size_t i = 0; i < b->n; i++) {
		explore[i] = (float)s->epsilon;
		for (size_t j = 0; j < rho_n_cand(b, i); j++)
			score[rho_cand_at(b, i) + j] = s->q[rho_cand(b, i, j)];
	}
	return 0;
}

/* The actions' features by what they are worth; left blank at the fault. */
static int pupil_query(struct rho_ctx *c, void *self, const struct rho_batch *b, float *q)
{
	const struct pupil *s = self;
	size_t d = b->actions.mat->cols;
	if (b->cand || b->cand_off)
		return rho_fail(c, RHO_EBUG, "asked what it looks for among candidates");
	if (s->fault == BLANK && s->calls > (uint64_t)s->at)
		return 0;
	for (size_t i = 0; i < b->n; i++)
		for (size_t j = 0; j < d; j++) {
			q[i * d + j] = b->x.mat ? rho_row(&b->x, i)[0] : 0;
			for (size_t a = 0; a < s->n; a++)
				q[i * d + j] += s->q[a] * rho_row(&b->actions, a)[j];
		}
	return 0;
}

static const struct rho_agent pupil = {
	.size = sizeof pupil,
	.flags = RHO_DOES_EPISODES,
	.open = pupil_open,
	.loaded = pupil_loaded,
	.act = pupil_act,
	.observe = pupil_observe,
	.rank = pupil_rank,
	.query = pupil_query,
};

RHO_EXPORT const struct rho_plugin rho_plugin = {
	RHO_PLUGIN(RHO_AGENT),
	.name = "pupil",
	.version = "1.0.0",
	.revision = 1,
	.brief = "for tests: tabular Q-learning that can misbehave",
	.params = params,
	.self_size = sizeof(struct pupil),
	.agent = &pupil,
};
