/* Hnsw: candidates by approximate search: hnswlib's graph (Malkov & Yashunin 2018), audited at open
 * against exact search and refused below the asked recall; what it finds is ranked again exactly. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "graph.h"
#include "kit/kmeans.h"
#include "kit/sampling.h"
#include "links.h"

struct hnsw {
	int64_t k, m, ef_construction, ef, ef_limit, audit;     /* parameters */
	double recall;
	const char *index;
	int query;
	size_t slate, look;     /* look: the ef that the audit settled on, >= k */
	struct hnsw_graph *graph;
	float *extra;           /* (n_actions), see graph.h; NULL: rows are equally long as they are */
};

static const struct rho_param hnsw_params[] = {
	RHO_I64(struct hnsw, k, 500, 1, 1 << 28, "candidates for each decision"),
	RHO_I64(struct hnsw, m, 16, 2, 512, "links that an action has on each level of the graph, twice as"
	        " many on the lowest (M)"),
	RHO_I64(struct hnsw, ef_construction, 200, 1, 10000, "actions looked at for the links of one"),
	RHO_I64(struct hnsw, ef, 0, 0, 1 << 28, "actions kept in sight while searching, at least k; 0: k, then"
	        " doubled until the audit is passed"),
	RHO_I64(struct hnsw, ef_limit, 20000, 1, 1 << 28, "how far ef may be raised to pass the audit"),
	RHO_F64(struct hnsw, recall, 0.95, 0, 1, "share of the true k best that must be found on average,"
	        " for either kind of the audit's queries; less is refused"),
	RHO_I64(struct hnsw, audit, 200, 1, 10000, "searches that tell: as many for actions' own vectors"
	        " as for directions, sums of actions with random signs"),
	RHO_PATH_OPT(struct hnsw, index, "a folder to keep indexes in, or the file of one"),
	RHO_QUERY_PARAM(struct hnsw),
	RHO_END
};

/* ---- searching ---- */

struct hit { float score; uint32_t id; };

static int by_score(const void *a, const void *b)
{
	const struct hit *x = a, *y = b;
	if (x->score != y->score)
		return x->score < y->score ? 1 : -1;
	return (x->id > y->id) - (x->id < y->id);
}

struct frame {                  /* workspace of searches */
	uint32_t *id;           /* (look) */
	float *score;           /* (look) */
	struct hit *hit;        /* (look) */
};

static bool make_frame(struct rho_ctx *c, size_t look, struct frame *f)
{
	f->id = rho_scratch(c, look, sizeof *f->id);
	f->score = rho_scratch(c, look, sizeof *f->score);
	f->hit = rho_scratch(c, look, sizeof *f->hit);
	return f->id && f->score && f->hit;
}

/* f->hit: what a search finds for query i with so many in sight, best first by exact products. Gives how many;
 * SIZE_MAX: no memory. */
static size_t search(struct rho_ctx *c, const struct hnsw *s, const struct rho_rows *actions,
                     const struct rho_rows *queries, size_t i, size_t look, struct frame *f)
{
	struct rho_rows one = rho_slice(*queries, i, 1);
	struct rho_rows found = { .mat = actions->mat, .id = f->id };
	size_t n = hnsw_graph_search(s->graph, rho_row(&one, 0), look, f->id), kept = 0;
	if (n == SIZE_MAX)
		return n;
	found.n = n;
	rho_inner(c, &one, &found, f->score, n ? n : 1);
	for (size_t j = 0; j < n; j++)
		if (!isnan(f->score[j]))
			f->hit[kept++] = (struct hit){ f->score[j], f->id[j] };
	qsort(f->hit, kept, sizeof *f->hit, by_score);
	return kept;
}

/* ---- opening: the graph ---- */

/* The rows' lengths made equal by one more number each, unless they are equal within float32's reach. */
static int even_lengths(struct rho_ctx *c, struct hnsw *s, const struct rho_rows *actions)
{
	float *square = rho_alloc(c, actions->n, sizeof *square), most = 0, least = INFINITY;
	if (!square)
		return RHO_ENOMEM;
	rho_squares(c, actions, square);
	for (size_t i = 0; i < actions->n; i++) {
		most = fmaxf(most, square[i]);
		least = fminf(least, square[i]);
	}
	if (!isfinite(most))
		return rho_fail(c, RHO_EINVAL, "the square of an action's length does not fit float32; normalise"
		                " the actions' features (transform = [\"unit\"])");
	if (least > most * 0.9999f)
		return 0;
	for (size_t i = 0; i < actions->n; i++)
		square[i] = sqrtf(most - square[i]);
	s->extra = square;
	return 0;
}

static int build(struct rho_ctx *c, struct hnsw *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (hnsw_graph_add(s->graph))
			return rho_fail(c, RHO_ENOMEM, "there is no memory for the links of action %zu of %zu; set a"
			                " smaller m", i, n);
		if (i % 16)
			continue;
		rho_progress(c, (double)i / (double)n);
		if (rho_stop(c))
			return RHO_ESTOP;
	}
	return 0;
}

static int save(struct rho_ctx *c, const struct hnsw *s, const char *path, struct hnsw_head head)
{
	struct rho_trouble t = { 0 };
	uint32_t *word;
	head.words = hnsw_graph_words(s->graph);
	word = rho_scratch(c, (size_t)head.words, sizeof *word);
	if (!word)
		return RHO_ENOMEM;
	hnsw_graph_store(s->graph, word);
	if (hnsw_links_write(path, head, word, &t))
		return rho_fail(c, t.code, "%s", t.text);
	rho_log(c, RHO_INFO, "wrote the index %s", path);
	return 0;
}

static int load(struct rho_ctx *c, const struct hnsw *s, const char *path, const struct hnsw_head *want)
{
	struct rho_trouble t = { 0 };
	uint32_t *word;
	int e;
	if (hnsw_links_read(path, want, &word, &t))
		return rho_fail(c, t.code, "%s", t.text);
	e = hnsw_graph_load(s->graph, word);
	free(word);
	return e ? rho_fail(c, e, "there is no memory for the index %s", path) : 0;
}

/* The graph: read from s->index, or made, and then written where that is a folder. */
static int make_graph(struct rho_ctx *c, struct hnsw *s, const struct rho_rows *actions)
{
	struct hnsw_shape shape = { *actions, s->extra, (size_t)s->m, (size_t)s->ef_construction };
	struct hnsw_head head;
	struct stat st;
	size_t room;
	char *path;
	int e;
	s->graph = hnsw_graph_new(&shape);
	if (!s->graph)
		return rho_fail(c, RHO_ENOMEM, "there is no memory for a graph of %zu actions with m = %zu",
		                actions->n, shape.m);
	if (!s->index)
		return build(c, s, actions->n);
	if (stat(s->index, &st))
		return rho_fail(c, RHO_EIO, "index: %s cannot be read: there is no such file or folder", s->index);
	head = hnsw_head_of(actions, shape.m, shape.ef_construction, s->extra != NULL);
	if (!S_ISDIR(st.st_mode))
		return load(c, s, s->index, &head);
	room = strlen(s->index) + 96;
	path = rho_scratch(c, room, 1);
	if (!path)
		return RHO_ENOMEM;
	snprintf(path, room, "%s/%016llx%016llx-%zu-%zu.hnsw", s->index, (unsigned long long)head.matrix[1],
	         (unsigned long long)head.matrix[0], shape.m, shape.ef_construction);
	if (!stat(path, &st))
		return load(c, s, path, &head);
	e = build(c, s, actions->n);
	return e ? e : save(c, s, path, head);
}

/* ---- opening: the audit ---- */

/* Two kinds of queries: actions, and sums of some actions with random signs, as the weights of a linear
 * agent are. Such directions lie farther from all actions than these from each other, and a graph finds
 * less of what is far. */
enum { ROWS, DIRECTIONS, KINDS };
enum { TERMS = 8 };             /* of such a sum */

struct audit {
	size_t n, k;            /* queries of a kind; how many of each are looked for */
	struct rho_rows query[KINDS];   /* (n) */
	struct rho_mat mat;
	float *least[KINDS];    /* (n) the k-th largest product of each      */
	double mean[KINDS], half[KINDS];        /* share found, half the width of its 95% interval */
};

/* The same queries for every seed, so that one matrix has one verdict. The first of each
 * is one from each of n ranges of the actions. */
static int choose(struct rho_ctx *c, const struct rho_rows *actions, struct audit *a)
{
	const struct rho_rng key = { { 0x61756469745f6f66u, 0x5f686e73775f676au, 1, 2 } };
	size_t d = actions->mat->cols;
	uint32_t *id = rho_scratch(c, a->n, sizeof *id);
	float *sum = rho_scratch(c, a->n * d, sizeof *sum);
	if (!id || !sum)
		return RHO_ENOMEM;
	memset(sum, 0, a->n * d * sizeof *sum);
	for (size_t i = 0; i < a->n; i++) {
		struct rho_rng rng = rho_fork(&key, i, 0);
		size_t from = i * actions->n / a->n, to = (i + 1) * actions->n / a->n;
		id[i] = (uint32_t)from + rho_below(&rng, (uint32_t)(to - from));
		for (size_t t = 0; t < TERMS; t++) {
			const float *x = rho_row(actions, rho_below(&rng, (uint32_t)actions->n));
			float sign = rho_below(&rng, 2) ? 1 : -1;
			for (size_t j = 0; j < d; j++)
				sum[i * d + j] += sign * x[j];
		}
	}
	a->mat = (struct rho_mat){ sum, a->n, d, d };
	a->query[ROWS] = (struct rho_rows){ .mat = actions->mat, .id = id, .n = a->n };
	a->query[DIRECTIONS] = (struct rho_rows){ .mat = &a->mat, .n = a->n };
	return 0;
}

/* What exact search finds for them. */
static int prepare(struct rho_ctx *c, const struct hnsw *s, const struct rho_rows *actions, struct audit *a)
{
	uint32_t *place;
	float *score;
	int e;
	a->k = (size_t)s->k;
	a->n = (size_t)s->audit < actions->n ? (size_t)s->audit : actions->n;
	e = choose(c, actions, a);
	if (e)
		return e;
	place = rho_scratch(c, a->n * a->k, sizeof *place);
	score = rho_scratch(c, a->n * a->k, sizeof *score);
	for (size_t kind = 0; kind < KINDS && !e; kind++) {
		a->least[kind] = rho_scratch(c, a->n, sizeof *a->least[kind]);
		if (!place || !score || !a->least[kind])
			return RHO_ENOMEM;
		e = rho_top(c, &a->query[kind], actions, NULL, a->k, place, score);
		for (size_t i = 0; i < a->n; i++)
			a->least[kind][i] = score[i * a->k + a->k - 1];
	}
	return e;
}

/* The share of the true k best that is found; one as good as the k-th counts. */
static int measure(struct rho_ctx *c, const struct hnsw *s, const struct rho_rows *actions, size_t look,
                   size_t kind, struct frame *f, struct audit *a)
{
	double sum = 0, squares = 0, n = (double)a->n;
	for (size_t i = 0; i < a->n; i++) {
		size_t found = search(c, s, actions, &a->query[kind], i, look, f), hits = 0;
		double share;
		if (found == SIZE_MAX)
			return rho_fail(c, RHO_ENOMEM, "there is no memory for a search of %zu", look);
		while (hits < found && hits < a->k && f->hit[hits].score >= a->least[kind][i])
			hits++;
		share = (double)hits / (double)a->k;
		sum += share;
		squares += share * share;
		if (rho_stop(c))
			return RHO_ESTOP;
	}
	a->mean[kind] = sum / n;
	a->half[kind] = a->n > 1 ? 1.96 * sqrt(fmax(squares - sum * sum / n, 0) / (n - 1) / n) : 1;
	return 0;
}

static int audit(struct rho_ctx *c, struct hnsw *s, const struct rho_rows *actions)
{
	struct audit a = { 0 };
	size_t least = s->ef > s->k ? (size_t)s->ef : (size_t)s->k, most = (size_t)s->ef_limit;
	int e = prepare(c, s, actions, &a);
	most = most < least ? least : most;
	most = most < actions->n ? most : actions->n;
	s->look = least < most ? least : most;
	for (; !e; s->look = s->look < most / 2 ? 2 * s->look : most) {
		struct frame f;
		e = make_frame(c, s->look, &f) ? 0 : RHO_ENOMEM;
		for (size_t kind = 0; kind < KINDS && !e; kind++)
			e = measure(c, s, actions, s->look, kind, &f, &a);
		if (e || fmin(a.mean[ROWS], a.mean[DIRECTIONS]) >= s->recall)
			break;
		if (s->look == most)
			return rho_fail(c, RHO_EINVAL, "the index finds %.4f ± %.4f of the true %zu best for %zu"
			                " actions as queries and %.4f ± %.4f for as many directions (95%%"
			                " intervals) with ef = %zu, and recall = %g is asked for; raise m,"
			                " ef_construction or ef_limit, ask for less, or use the sampler topk,"
			                " which is exact", a.mean[ROWS], a.half[ROWS], a.k, a.n,
			                a.mean[DIRECTIONS], a.half[DIRECTIONS], s->look, s->recall);
	}
	if (!e)
		rho_log(c, RHO_INFO, "recall@%zu is %.4f ± %.4f for %zu actions as queries and %.4f ± %.4f for"
		        " as many directions (95%% intervals) with ef = %zu", a.k, a.mean[ROWS],
		        a.half[ROWS], a.n, a.mean[DIRECTIONS], a.half[DIRECTIONS], s->look);
	return e;
}

static void hnsw_close(struct rho_ctx *c, void *self)
{
	struct hnsw *s = self;
	hnsw_graph_free(s->graph);
	s->graph = NULL;
}

static int hnsw_open(struct rho_ctx *c, void *self, const struct rho_sampler_spec *spec,
                     struct rho_sampler_info *info)
{
	struct hnsw *s = self;
	int e = rho_sampling_k(c, (size_t)s->k, spec);
	if (!e)
		e = rho_sampling_features(c, spec);
	if (!e)
		e = rho_query_open(c, s->query, spec, info);
	if (!e && spec->n_actions > INT32_MAX)
		e = rho_fail(c, RHO_EINVAL, "a graph has room for %d actions, and there are %zu; use the sampler"
		             " topk", INT32_MAX, spec->n_actions);
	if (!e)
		e = even_lengths(c, s, &spec->actions);
	if (!e)
		e = make_graph(c, s, &spec->actions);
	if (!e)
		e = audit(c, s, &spec->actions);
	if (e)
		hnsw_close(c, s);       /* the host closes only what was opened */
	s->slate = spec->slate;
	info->max_k = (size_t)s->k;
	info->law = RHO_LAW_OTHER;
	return e;
}

/* ---- drawing ---- */

/* Decision i by exact search: where the graph does not lead to k actions, or not all are legal. */
static int draw_exactly(struct rho_ctx *c, const struct hnsw *s, const struct rho_ask *ask,
                        const struct rho_rows *queries, size_t i, uint32_t *id)
{
	struct rho_rows one = rho_slice(*queries, i, 1);
	struct rho_ask alone = { .n = 1, .actions = ask->actions };
	if (ask->legal_off) {
		alone.legal = ask->legal;
		alone.legal_off = ask->legal_off + i;
	}
	return rho_search(c, &one, &alone, (size_t)s->k, id);
}

static int hnsw_draw(struct rho_ctx *c, void *self, const struct rho_ask *ask, struct rho_pool *pool)
{
	struct hnsw *s = self;
	size_t k = (size_t)s->k;
	struct rho_rows queries = rho_query_rows(s->query, ask);
	uint32_t *id = rho_scratch(c, k, sizeof *id);
	struct frame f;
	if (!id || !make_frame(c, s->look, &f))
		return RHO_ENOMEM;
	pool->off[0] = 0;
	for (size_t i = 0; i < ask->n; i++) {
		size_t at = pool->off[i], n = 0;
		if (!ask->legal_off)
			n = search(c, s, &ask->actions, &queries, i, s->look, &f);
		if (n == SIZE_MAX)
			return rho_fail(c, RHO_ENOMEM, "there is no memory for a search of %zu", s->look);
		if (n < k) {
			int e = draw_exactly(c, s, ask, &queries, i, id);
			n = rho_search_found(id, k);
			if (e || n < s->slate)
				return e ? e : rho_search_short(c, n, s->slate);
		} else {
			for (size_t j = 0; j < k; j++)
				id[j] = f.hit[j].id;
			n = k;
		}
		for (size_t j = 0; j < n; j++) {
			pool->cand[at + j] = id[j];
			pool->incl[at + j] = 1;
		}
		pool->off[i + 1] = at + n;
	}
	return 0;
}

static const struct rho_sampler hnsw_sampler = {
	.size = sizeof hnsw_sampler, .open = hnsw_open, .close = hnsw_close, .draw = hnsw_draw,
};

RHO_EXPORT const struct rho_plugin rho_plugin = {
	RHO_PLUGIN(RHO_SAMPLER), .name = "hnsw", .version = "1.0.0", .revision = 1,
	.brief = "k actions of large inner product by graph search, audited, ranked again exactly",
	.cite = "Malkov & Yashunin, Efficient and robust approximate nearest neighbor search using HNSW graphs,"
	        " TPAMI 42(4), 2020",
	.params = hnsw_params, .self_size = sizeof(struct hnsw), .sampler = &hnsw_sampler,
};
