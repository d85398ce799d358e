/* Stratified: candidates spread over the cells of a k-means, drawn uniformly within each.
 * The cells are found at open, from the cell's seed; each draw comes from a stream of its own for
 * (lane, tick). */
#include <stdlib.h>

#include "kit/kmeans.h"
#include "kit/sampling.h"

enum allocation { PROPORTIONAL, EQUAL, SYSTEMATIC };

struct stratified {
	int64_t k, cells, rounds, sample;       /* parameters */
	int allocation;
	size_t used;            /* cells that have actions, after open       */
	uint32_t *cell;         /* (n_actions) below used                    */
	uint32_t *member;       /* (n_actions) ids cell by cell, rising      */
	size_t *off;            /* (used + 1) where each cell's begin        */
	size_t *quota;          /* (used) candidates of each, when all actions are legal */
	const struct rho_rng *key;      /* forked, never drawn from */
	struct rho_subset subset;
};

static const char *const allocation_names[] = { "proportional", "equal", "systematic", NULL };

static const struct rho_param stratified_params[] = {
	RHO_I64(struct stratified, k, 500, 1, 1 << 28, "candidates drawn for each decision"),
	RHO_I64(struct stratified, cells, 64, 1, 65536, "cells of the k-means; more than there are distinct"
	        " actions are not made"),
	RHO_I64(struct stratified, rounds, 20, 0, 1000, "of Lloyd's, at most; 0: the cells of k-means++'s"
	        " first centres"),
	RHO_I64(struct stratified, sample, 20000, 1, 1 << 30, "actions, drawn uniformly, that the centres are"
	        " found from; then all are assigned"),
	RHO_CHOICE(struct stratified, allocation, PROPORTIONAL, allocation_names, "how many candidates a cell"
	           " gives: as many as its share of the actions, rounded by largest remainder; as many as every"
	           " other; or its share rounded at random, so that every action is as likely"),
	RHO_END
};

/* ---- quotas ---- */

struct rest { uint64_t left; size_t cell; };

static int by_rest(const void *a, const void *b)
{
	const struct rest *x = a, *y = b;
	if (x->left != y->left)
		return x->left < y->left ? 1 : -1;
	return (x->cell > y->cell) - (x->cell < y->cell);
}

/* quota (cells): k times each cell's share of the n, rounded down, then one more for those that lost
 * most; ties to the first. size (cells), all together n >= k. */
static void proportional(const size_t *size, size_t cells, size_t n, size_t k, struct rest *rest, size_t *quota)
{
	size_t given = 0;
	for (size_t c = 0; c < cells; c++) {
		uint64_t share = (uint64_t)k * size[c];
		quota[c] = (size_t)(share / n);
		rest[c] = (struct rest){ share % n, c };
		given += quota[c];
	}
	qsort(rest, cells, sizeof *rest, by_rest);
	for (size_t c = 0; given < k; c++, given++)
		quota[rest[c].cell]++;
}

/* As many for each cell as for any other, but none more than it has; what is over goes to the largest. */
static void equal(const size_t *size, size_t cells, size_t k, struct rest *rest, size_t *quota)
{
	size_t left = k;
	for (size_t c = 0; c < cells; c++)
		rest[c] = (struct rest){ size[c], c };
	qsort(rest, cells, sizeof *rest, by_rest);
	for (size_t c = cells; c-- > 0; ) {     /* the smallest first: what it cannot give, others do */
		size_t even = left / (c + 1);
		quota[rest[c].cell] = rest[c].left < even ? (size_t)rest[c].left : even;
		left -= quota[rest[c].cell];
	}
}

/* Shares rounded up or down by one random offset, so that each is right on average (Madow 1949). */
static void systematic(const size_t *size, size_t cells, size_t n, size_t k, struct rho_rng *rng, size_t *quota)
{
	uint64_t at = (uint64_t)(rho_unif(rng) * (double)n);    /* in nths of a candidate */
	for (size_t c = 0; c < cells; c++) {
		uint64_t to = at + (uint64_t)k * size[c];
		quota[c] = (size_t)(to / n - at / n);
		at = to;
	}
}

static void allocate(const struct stratified *s, const size_t *size, size_t n, size_t k, struct rest *rest,
                     struct rho_rng *rng, size_t *quota)
{
	if (s->allocation == PROPORTIONAL)
		proportional(size, s->used, n, k, rest, quota);
	else if (s->allocation == EQUAL)
		equal(size, s->used, k, rest, quota);
	else
		systematic(size, s->used, n, k, rng, quota);
}

/* ---- opening ---- */

/* Where each cell begins once n ids are put into cells, and they in their cells. */
static void sort_in(const uint32_t *cell, const uint32_t *id, size_t n, size_t cells, size_t *off,
                    uint32_t *member)
{
	memset(off, 0, (cells + 1) * sizeof *off);
	for (size_t j = 0; j < n; j++)
		off[cell[id ? id[j] : j] + 1]++;
	for (size_t c = 0; c < cells; c++)
		off[c + 1] += off[c];
	for (size_t j = 0; j < n; j++) {
		uint32_t a = id ? id[j] : (uint32_t)j;
		member[off[cell[a]]++] = a;
	}
	memmove(off + 1, off, cells * sizeof *off);
	off[0] = 0;
}

/* Numbers the cells that have actions 0 .. used - 1. */
static void close_up(struct stratified *s, size_t n, size_t cells, uint32_t *number)
{
	memset(number, 0, cells * sizeof *number);
	for (size_t i = 0; i < n; i++)
		number[s->cell[i]] = 1;
	s->used = 0;
	for (size_t c = 0; c < cells; c++)
		if (number[c])
			number[c] = (uint32_t)s->used++;
	for (size_t i = 0; i < n; i++)
		s->cell[i] = number[s->cell[i]];
}

static int make_cells(struct rho_ctx *c, struct stratified *s, const struct rho_sampler_spec *spec)
{
	size_t n = spec->n_actions, cells = (size_t)s->cells < n ? (size_t)s->cells : n;
	struct rho_kmeans want = { cells, (size_t)s->rounds, (size_t)s->sample };
	uint32_t *number;
	int e;
	if (want.sample < cells)
		return rho_fail(c, RHO_EINVAL, "%zu cells cannot be found from a sample of %zu actions; set"
		                " sample to at least %zu, better 50 times that", cells, want.sample, cells);
	s->cell = rho_alloc(c, n, sizeof *s->cell);
	s->member = rho_alloc(c, n, sizeof *s->member);
	number = rho_scratch(c, cells, sizeof *number);
	if (!s->cell || !s->member || !number)
		return RHO_ENOMEM;
	e = rho_kmeans(c, &spec->actions, &want, rho_stream(c, "cells"), s->cell, &cells);
	if (e)
		return e;
	close_up(s, n, cells, number);
	s->off = rho_alloc(c, s->used + 1, sizeof *s->off);
	s->quota = rho_alloc(c, s->used, sizeof *s->quota);
	if (!s->off || !s->quota)
		return RHO_ENOMEM;
	sort_in(s->cell, NULL, n, s->used, s->off, s->member);
	return 0;
}

static int stratified_open(struct rho_ctx *c, void *self, const struct rho_sampler_spec *spec,
                           struct rho_sampler_info *info)
{
	struct stratified *s = self;
	size_t k = (size_t)s->k, *size;
	struct rest *rest;
	int e = rho_sampling_k(c, k, spec);
	if (!e)
		e = rho_sampling_features(c, spec);
	if (!e)
		e = make_cells(c, s, spec);
	if (e)
		return e;
	s->key = rho_stream(c, "stratified");
	size = rho_scratch(c, s->used, sizeof *size);
	rest = rho_scratch(c, s->used, sizeof *rest);
	if (!size || !rest)
		return RHO_ENOMEM;
	for (size_t i = 0; i < s->used; i++)
		size[i] = s->off[i + 1] - s->off[i];
	if (s->allocation != SYSTEMATIC)
		allocate(s, size, spec->n_actions, k, rest, NULL, s->quota);
	info->max_k = k;
	info->law = RHO_LAW_OTHER;
	return rho_subset_open(c, &s->subset, k);
}

/* ---- drawing ---- */

/* quota[c] of each cell's members into cand, in random order, and how likely each was. */
static void draw_cells(struct stratified *s, struct rho_rng *rng, const uint32_t *member, const size_t *off,
                       const size_t *quota, const float *incl, size_t k, struct rho_pool *pool, size_t at)
{
	uint32_t *cand = pool->cand + at;
	size_t got = 0;
	for (size_t c = 0; c < s->used; c++) {
		size_t m = quota[c];
		if (!m)
			continue;
		rho_subset_draw(&s->subset, rng, (uint32_t)(off[c + 1] - off[c]), (uint32_t)m, cand + got);
		for (size_t j = 0; j < m; j++)
			cand[got + j] = member[off[c] + cand[got + j]];
		got += m;
	}
	for (size_t j = 0; j + 1 < k; j++) {    /* cells do not stand in front by turns */
		size_t r = j + rho_below(rng, (uint32_t)(k - j));
		uint32_t id = cand[j];
		cand[j] = cand[r];
		cand[r] = id;
	}
	for (size_t j = 0; j < k; j++)
		pool->incl[at + j] = incl[s->cell[cand[j]]];
}

struct frame {                  /* workspace of a draw */
	size_t *size, *off, *quota;     /* (used), (used + 1), (used) */
	float *incl;            /* (used) */
	struct rest *rest;      /* (used) */
};

static bool make_frame(struct rho_ctx *c, const struct stratified *s, struct frame *f)
{
	f->size = rho_scratch(c, s->used, sizeof *f->size);
	f->off = rho_scratch(c, s->used + 1, sizeof *f->off);
	f->quota = rho_scratch(c, s->used, sizeof *f->quota);
	f->incl = rho_scratch(c, s->used, sizeof *f->incl);
	f->rest = rho_scratch(c, s->used, sizeof *f->rest);
	return f->size && f->off && f->quota && f->incl && f->rest;
}

static int draw_one(struct rho_ctx *c, struct stratified *s, const struct rho_ask *ask, size_t i,
                    struct frame *f, struct rho_pool *pool)
{
	struct rho_rng rng = rho_fork(s->key, ask->lane[i], ask->tick[i]);
	struct rho_legal legal = rho_legal(ask, i);
	size_t k = legal.n < (size_t)s->k ? legal.n : (size_t)s->k, at = pool->off[i];
	const uint32_t *member = s->member;
	const size_t *off = s->off, *quota = s->quota;
	if (legal.id) {
		uint32_t *mine = rho_scratch(c, legal.n, sizeof *mine);
		if (!mine)
			return RHO_ENOMEM;
		sort_in(s->cell, legal.id, legal.n, s->used, f->off, mine);
		member = mine;
		off = f->off;
	}
	for (size_t j = 0; j < s->used; j++)
		f->size[j] = off[j + 1] - off[j];
	if (legal.id || s->allocation == SYSTEMATIC) {
		allocate(s, f->size, legal.n, k, f->rest, &rng, f->quota);
		quota = f->quota;
	}
	for (size_t j = 0; j < s->used; j++)
		f->incl[j] = s->allocation == SYSTEMATIC ? (float)k / (float)legal.n
		             : f->size[j] ? (float)quota[j] / (float)f->size[j] : 0;
	draw_cells(s, &rng, member, off, quota, f->incl, k, pool, at);
	pool->off[i + 1] = at + k;
	return 0;
}

static int stratified_draw(struct rho_ctx *c, void *self, const struct rho_ask *ask, struct rho_pool *pool)
{
	struct stratified *s = self;
	struct frame f;
	int e = make_frame(c, s, &f) ? 0 : RHO_ENOMEM;
	pool->off[0] = 0;
	for (size_t i = 0; i < ask->n && !e; i++)
		e = draw_one(c, s, ask, i, &f, pool);
	return e;
}

static const struct rho_sampler stratified_sampler = {
	.size = sizeof stratified_sampler, .open = stratified_open, .draw = stratified_draw,
};

RHO_EXPORT const struct rho_plugin rho_plugin = {
	RHO_PLUGIN(RHO_SAMPLER), .name = "stratified", .version = "1.0.0", .revision = 1,
	.brief = "legal actions spread over the cells of a k-means, uniform within each",
	.cite = "Arthur & Vassilvitskii, k-means++, SODA 2007; Lloyd, IEEE Trans. Inf. Theory 28, 1982",
	.params = stratified_params, .self_size = sizeof(struct stratified), .sampler = &stratified_sampler,
};
