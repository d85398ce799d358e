/* Kcentre: actions as far from each other as possible: the order of Gonzalez (1985), found at open.
 * The first is the one nearest the mean of all; each next one is the farthest from those before it,
 * ties to the lower id. */
#include "kit/kmeans.h"
#include "kit/sampling.h"

struct kcentre {
	int64_t k;              /* parameter */
	uint32_t *order;        /* (k) */
	float *square;          /* (n_actions) of each action's length */
	uint32_t *mark;         /* (n_actions) now: legal in this decision; now - 1: chosen, too */
	uint32_t now;
};

static const struct rho_param kcentre_params[] = {
	RHO_I64(struct kcentre, k, 500, 1, 1 << 28, "candidates for each decision"),
	RHO_END
};

struct spread {                 /* a set that grows by the row farthest from it */
	const struct rho_rows *rows;
	const float *square;    /* (n) of each row's length */
	double *gap;            /* (n) square of the distance to the set; -1: in it */
	float *inner;           /* (n) */
};

/* Row `at` joins the set; gives the row that is now the farthest. Rows of equal bits are 0 apart, for
 * all three products are then the same. */
static size_t join(struct rho_ctx *c, struct spread *s, size_t at)
{
	struct rho_rows one = rho_slice(*s->rows, at, 1);
	size_t far = 0;
	rho_inner(c, &one, s->rows, s->inner, s->rows->n);
	s->gap[at] = -1;
	for (size_t i = 0; i < s->rows->n; i++) {
		double gap = (double)s->square[i] + (double)s->square[at] - 2 * (double)s->inner[i];
		gap = gap > 0 ? gap : 0;
		if (gap < s->gap[i])
			s->gap[i] = gap;
		if (s->gap[i] > s->gap[far])
			far = i;
	}
	return far;
}

static int spread_room(struct rho_ctx *c, struct spread *s)
{
	s->gap = rho_scratch(c, s->rows->n, sizeof *s->gap);
	s->inner = rho_scratch(c, s->rows->n, sizeof *s->inner);
	if (!s->gap || !s->inner)
		return RHO_ENOMEM;
	for (size_t i = 0; i < s->rows->n; i++)
		s->gap[i] = INFINITY;
	return 0;
}

/* The row nearest the mean of all, ties to the first; n where there is no memory. */
static size_t middle(struct rho_ctx *c, const struct rho_rows *rows, const float *square, float *inner)
{
	size_t d = rows->mat->cols, best = 0;
	double *sum = rho_scratch(c, d, sizeof *sum);
	float *mean = rho_scratch(c, d, sizeof *mean);
	struct rho_mat mat = { mean, 1, d, d };
	struct rho_rows one = { .mat = &mat, .n = 1 };
	if (!sum || !mean)
		return rows->n;
	memset(sum, 0, d * sizeof *sum);
	for (size_t i = 0; i < rows->n; i++) {
		const float *x = rho_row(rows, i);
		for (size_t j = 0; j < d; j++)
			sum[j] += (double)x[j];
	}
	for (size_t j = 0; j < d; j++)
		mean[j] = (float)(sum[j] / (double)rows->n);
	rho_inner(c, &one, rows, inner, rows->n);
	for (size_t i = 1; i < rows->n; i++)
		if ((double)square[i] - 2 * (double)inner[i] < (double)square[best] - 2 * (double)inner[best])
			best = i;
	return best;
}

static int kcentre_open(struct rho_ctx *c, void *self, const struct rho_sampler_spec *spec,
                        struct rho_sampler_info *info)
{
	struct kcentre *s = self;
	struct spread all = { .rows = &spec->actions };
	size_t k = (size_t)s->k, next;
	int e = rho_sampling_k(c, k, spec);
	if (!e)
		e = rho_sampling_features(c, spec);
	if (e || (e = spread_room(c, &all)))
		return e;
	s->order = rho_alloc(c, k, sizeof *s->order);
	s->square = rho_alloc(c, spec->n_actions, sizeof *s->square);
	s->mark = rho_alloc(c, spec->n_actions, sizeof *s->mark);
	if (!s->order || !s->square || !s->mark)
		return RHO_ENOMEM;
	rho_squares(c, &spec->actions, s->square);
	all.square = s->square;
	next = middle(c, &spec->actions, s->square, all.inner);
	if (next == spec->n_actions)
		return RHO_ENOMEM;
	for (size_t i = 0; i < k; i++) {
		s->order[i] = (uint32_t)next;
		next = join(c, &all, next);
		rho_progress(c, (double)(i + 1) / (double)k);
		if (rho_stop(c))
			return RHO_ESTOP;
	}
	info->max_k = k;
	info->law = RHO_LAW_OTHER;
	return 0;
}

/* A legal list that holds `got` of the order, already in cand, goes on among its own actions: the
 * farthest from those chosen, or from the first of them all where none is. cand (want). */
static int go_on(struct rho_ctx *c, const struct kcentre *s, const struct rho_rows *actions,
                 const struct rho_legal *legal, size_t got, size_t want, uint32_t *cand)
{
	struct rho_rows rows = { .mat = actions->mat, .id = legal->id, .n = legal->n };
	struct spread left = { .rows = &rows };
	float *square = rho_scratch(c, legal->n, sizeof *square);
	uint32_t *place = rho_scratch(c, want, sizeof *place);
	size_t next = 0, n = 0;
	int e = square && place ? spread_room(c, &left) : RHO_ENOMEM;
	if (e)
		return e;
	for (size_t j = 0; j < legal->n; j++) {
		square[j] = s->square[legal->id[j]];
		if (s->mark[legal->id[j]] == s->now - 1)
			place[n++] = (uint32_t)j;
	}
	left.square = square;
	if (!got)
		next = middle(c, &rows, square, left.inner);
	if (next == legal->n)
		return RHO_ENOMEM;
	for (size_t i = 0; i < got; i++)
		next = join(c, &left, place[i]);
	for (size_t i = got; i < want; i++) {
		cand[i] = legal->id[next];
		next = join(c, &left, next);
	}
	return 0;
}

/* The legal ones of the order, at most `want`, into cand; how many there are. */
static size_t legal_of_order(struct kcentre *s, size_t n_actions, const struct rho_legal *legal, size_t want,
                             uint32_t *cand)
{
	size_t got = 0;
	if (!legal->id) {
		memcpy(cand, s->order, want * sizeof *cand);
		return want;
	}
	if (s->now > UINT32_MAX - 2) {
		memset(s->mark, 0, n_actions * sizeof *s->mark);
		s->now = 0;
	}
	s->now += 2;
	for (size_t j = 0; j < legal->n; j++)
		s->mark[legal->id[j]] = s->now;
	for (size_t j = 0; j < (size_t)s->k && got < want; j++)
		if (s->mark[s->order[j]] == s->now) {
			cand[got++] = s->order[j];
			s->mark[s->order[j]] = s->now - 1;
		}
	return got;
}

static int kcentre_draw(struct rho_ctx *c, void *self, const struct rho_ask *ask, struct rho_pool *pool)
{
	struct kcentre *s = self;
	int e = 0;
	pool->off[0] = 0;
	for (size_t i = 0; i < ask->n && !e; i++) {
		struct rho_legal legal = rho_legal(ask, i);
		size_t k = legal.n < (size_t)s->k ? legal.n : (size_t)s->k, at = pool->off[i];
		size_t got = legal_of_order(s, ask->actions.n, &legal, k, pool->cand + at);
		if (got < k)
			e = go_on(c, s, &ask->actions, &legal, got, k, pool->cand + at);
		for (size_t j = at; j < at + k; j++)
			pool->incl[j] = 1;
		pool->off[i + 1] = at + k;
	}
	return e;
}

static const struct rho_sampler kcentre_sampler = {
	.size = sizeof kcentre_sampler, .open = kcentre_open, .draw = kcentre_draw,
};

RHO_EXPORT const struct rho_plugin rho_plugin = {
	RHO_PLUGIN(RHO_SAMPLER), .name = "kcentre", .version = "1.0.0", .revision = 1,
	.brief = "actions far from each other: the first k of Gonzalez's order, the same for every decision",
	.cite = "Gonzalez, Clustering to minimize the maximum intercluster distance, TCS 38, 1985",
	.params = kcentre_params, .self_size = sizeof(struct kcentre), .sampler = &kcentre_sampler,
};
