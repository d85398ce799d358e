/* scan.c: one pass over rows for all that is wanted of them. Queries of all requests stand in two lists,
 * float32 and float64; the rows are gone through in tiles, each of which meets every query while it is in
 * the cache. Products of which only the best are wanted are looked through at once and forgotten. */
#include <float.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "best.h"
#include "kernels.h"
#include "score.h"

enum {
	GROUP = 64,      /* queries given to a kernel at a time */
	TILE = 256,      /* rows at most, so that their addresses and places fit the stack */
	PRODUCTS = 4096, /* of a group with a tile: they stay in the first-level cache */
	NEXT = 16,       /* rows after a tile whose addresses are at hand: at most so far ahead is fetched, */
	LEAD = 3072,     /* and about so many floats */
	FEW = 64,        /* queries of each kind that need no memory of their own */
	MOST_INT8 = 16,  /* queries that codes answer faster than the rows, at K = 500,000 and d = 384, */
	MOST_BF16 = 2    /* on one core with AVX-512 */
};

struct query {
	const float *x;       /* (d) */
	float *out;           /* (y->n), NULL: the best are wanted */
	struct rho_best best; /* in the request's own arrays */
	const uint64_t *only;
};

struct query64 {
	const double *x; /* (d) */
	double *out;     /* (y->n) */
};

struct job {
	const struct rho_rows *y;
	const struct rho_score_kernels *kernels;
	struct query *query; /* (n) those of which the best are wanted first: n_best */
	struct query64 *query64;
	size_t n, n64, n_best, tile;
	pthread_mutex_t lock; /* of best */
};

/* A range's own best of one query, and below what its numbers need no look. */
struct own {
	struct rho_best best;
	float floor;
};

/* The best of a range are its own until its end: at most as many as it has rows. */
static struct own *own_new(struct job *j, size_t rows)
{
	size_t room = 0;
	struct own *own;
	char *at;
	if (!j->n_best)
		return NULL;
	for (size_t i = 0; i < j->n_best; i++)
		room += j->query[i].best.room < rows ? j->query[i].best.room : rows;
	own = rho_xmalloc(j->n_best * sizeof *own + room * (sizeof(float) + sizeof(uint32_t)));
	at = (char *)(own + j->n_best);
	pthread_mutex_lock(&j->lock);
	for (size_t i = 0; i < j->n_best; i++) {
		const struct rho_best *all = &j->query[i].best;
		struct rho_best *b = &own[i].best;
		b->n = 0;
		b->room = all->room < rows ? all->room : rows;
		b->score = (float *)(void *)at;
		b->place = (uint32_t *)(void *)(at + b->room * sizeof(float));
		at += b->room * (sizeof(float) + sizeof(uint32_t));
		/* As good as the worst of those already found may still win by its place. */
		own[i].floor = all->n == all->room ? all->score[0] : -FLT_MAX;
	}
	pthread_mutex_unlock(&j->lock);
	return own;
}

/* The best of what was found so far do not depend on the order in which ranges end. */
static void own_end(struct job *j, struct own *own)
{
	if (!own)
		return;
	pthread_mutex_lock(&j->lock);
	for (size_t i = 0; i < j->n_best; i++)
		for (size_t k = 0; k < own[i].best.n; k++)
			rho_best_offer(&j->query[i].best, own[i].best.score[k], own[i].best.place[k]);
	pthread_mutex_unlock(&j->lock);
	free(own);
}

/* Looks through the products of a query with rows at .. at + n - 1. */
static void look(const struct job *j, const struct query *q, struct own *own, const float *s, size_t at,
                 size_t n)
{
	uint32_t place[TILE + 16];
	size_t found = j->kernels->reach(s, n, own->floor, place);
	for (size_t i = 0; i < found; i++) {
		size_t row = at + place[i];
		if (q->only && !(q->only[row / 64] >> row % 64 & 1))
			continue;
		if (s[place[i]] < own->floor || !rho_best_offer(&own->best, s[place[i]], (uint32_t)row))
			continue;
		/* Of equal ones the first stays: rows come in order. */
		if (own->best.n == own->best.room)
			own->floor = fmaxf(own->floor, nextafterf(own->best.score[0], INFINITY));
	}
}

static void products(const struct job *j, struct own *own, const float *const *y, size_t at, size_t n,
                     const struct rho_ahead *ahead)
{
	const float *x[GROUP];
	float *out[GROUP], block[PRODUCTS];
	for (size_t i = 0, m; i < j->n; i += m) {
		m = j->n - i < GROUP ? j->n - i : GROUP;
		for (size_t p = 0; p < m; p++) {
			x[p] = j->query[i + p].x;
			out[p] = j->query[i + p].out ? j->query[i + p].out + at : block + p * n;
		}
		j->kernels->products(x, m, y, n, j->y->mat->cols, out, i ? NULL : ahead);
		for (size_t p = 0; p < m && i + p < j->n_best; p++)
			look(j, &j->query[i + p], &own[i + p], out[p], at, n);
	}
}

static void products64(const struct job *j, const float *const *y, size_t at, size_t n,
                       const struct rho_ahead *ahead)
{
	const double *x[GROUP];
	double *out[GROUP];
	for (size_t i = 0, m; i < j->n64; i += m) {
		m = j->n64 - i < GROUP ? j->n64 - i : GROUP;
		for (size_t p = 0; p < m; p++) {
			x[p] = j->query64[i + p].x;
			out[p] = j->query64[i + p].out + at;
		}
		j->kernels->products64(x, m, y, n, j->y->mat->cols, out, i ? NULL : ahead);
	}
}

/* Whether a row at .. at + n - 1 may be chosen by a query, or all products are wanted. */
static bool wanted(const struct job *j, size_t at, size_t n)
{
	if (j->n64 || j->n > j->n_best)
		return true;
	for (size_t i = 0; i < j->n_best; i++) {
		const uint64_t *only = j->query[i].only;
		if (!only)
			return true;
		for (size_t w = at / 64; w <= (at + n - 1) / 64; w++)
			if (only[w])
				return true;
	}
	return false;
}

/* A tile's products; meanwhile the rows after it are fetched, evenly over the work. */
static void work(const struct job *j, struct own *own, const float *const *y, size_t at, size_t n)
{
	size_t lead = LEAD / (j->y->mat->cols + 1), share = n;
	lead = lead < 1 ? 1 : lead > NEXT || j->n + j->n64 > 3 ? NEXT : lead;
	if (j->n && j->n64) {
		lead = n;
		share = n * j->n / (j->n + 2 * j->n64);
	}
	if (j->n)
		products(j, own, y, at, n, &(struct rho_ahead){ y + lead, share });
	if (j->n64)
		products64(j, y, at, n,
		           &(struct rho_ahead){ y + lead + (j->n ? share : 0), j->n ? n - share : n });
}

static void scan_range(void *arg, size_t from, size_t to)
{
	struct job *j = arg;
	struct own *own = own_new(j, to - from);
	const float *y[TILE + NEXT + 4];
	for (size_t at = from, n; at < to; at += n) {
		n = to - at < j->tile ? to - at : j->tile;
		if (!wanted(j, at, n))
			continue;
		for (size_t i = 0; i < n + NEXT + 4; i++)
			y[i] = rho_row(j->y, at + i < j->y->n ? at + i : j->y->n - 1);
		work(j, own, y, at, n);
	}
	own_end(j, own);
}

/* Queries of which the best are wanted come first. */
static void add_top(struct job *j, const struct rho_scan *r)
{
	for (size_t i = 0; i < r->x.n && r->k; i++)
		j->query[j->n++] = (struct query){ .x = rho_row(&r->x, i),
			                           .best = { .place = r->place + i * r->k,
			                                     .score = r->score + i * r->k,
			                                     .room = r->k < r->y.n ? r->k : r->y.n },
			                           .only = r->only };
	j->n_best = j->n;
}

static void add_all(struct job *j, const struct rho_scan *r)
{
	for (size_t i = 0; i < r->x.n; i++) {
		struct query *q = &j->query[j->n++];
		q->x = rho_row(&r->x, i);
		q->out = r->out + i * r->stride;
	}
}

static void add_all64(struct job *j, const struct rho_scan *r)
{
	for (size_t i = 0; i < r->n64; i++)
		j->query64[j->n64++] =
			(struct query64){ r->x64 + i * r->y.mat->cols, r->out64 + i * r->stride };
}

/* How many rows meet the queries at a time. */
static size_t tile_of(const struct job *j)
{
	size_t group = j->n < GROUP ? j->n : GROUP, tile = group ? PRODUCTS / group / 16 * 16 : TILE;
	if (j->n && j->n64)
		return NEXT; /* so that the second kind finds them in the first-level cache */
	return tile > TILE ? TILE : tile;
}

static void pass(struct job *j, unsigned threads)
{
	/* Waking a thread costs as much as some hundred thousand products of two numbers. */
	double work = (double)(j->n + j->n64) * (double)j->y->n * (double)j->y->mat->cols;
	j->tile = tile_of(j);
	if (threads < 2 || work < 1e6)
		scan_range(j, 0, j->y->n);
	else
		rho_score_parallel(j->y->n, scan_range, j, threads);
}

/* Best first, and nothing behind. */
static void finish_top(const struct rho_scan *r, struct query *q)
{
	for (size_t i = 0; i < r->x.n; i++) {
		size_t n = r->k ? q[i].best.n : 0;
		if (n)
			rho_best_sort(&q[i].best);
		for (; n < r->k; n++) {
			r->place[i * r->k + n] = UINT32_MAX;
			r->score[i * r->k + n] = -INFINITY;
		}
	}
}

/* Whether codes are the faster way: they are read faster than rows, but every query costs more than one of
 * many does on the rows themselves; and rows that are read for products are there for the best too. */
static bool codes_pay(struct rho_scan *const *scan, size_t n, const struct rho_codes *codes)
{
	size_t queries = 0;
	if (!codes || codes->of != scan[0]->y.mat || scan[0]->y.id)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (scan[i]->want != RHO_SCAN_TOP)
			return false;
		queries += scan[i]->x.n;
	}
	return queries <= (codes->code == RHO_CODE_INT8 ? MOST_INT8 : MOST_BF16);
}

void rho_score_scan(struct rho_scan *const *scan, size_t n, const struct rho_codes *codes, unsigned threads)
{
	struct query few[FEW];
	struct query64 few64[FEW];
	struct job j = { .y = &scan[0]->y,
		         .kernels = rho_score_kernels_at(0),
		         .lock = PTHREAD_MUTEX_INITIALIZER };
	size_t queries = 0, queries64 = 0, done = 0;
	if (codes_pay(scan, n, codes)) {
		rho_codes_top(scan, n, codes, threads);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		queries += scan[i]->want == RHO_SCAN_ALL64 ? 0 : scan[i]->x.n;
		queries64 += scan[i]->want == RHO_SCAN_ALL64 ? scan[i]->n64 : 0;
	}
	j.query = queries > FEW ? rho_xmalloc(queries * sizeof *j.query) : few;
	j.query64 = queries64 > FEW ? rho_xmalloc(queries64 * sizeof *j.query64) : few64;
	for (size_t i = 0; i < n; i++)
		if (scan[i]->want == RHO_SCAN_TOP)
			add_top(&j, scan[i]);
	for (size_t i = 0; i < n; i++)
		if (scan[i]->want == RHO_SCAN_ALL)
			add_all(&j, scan[i]);
		else if (scan[i]->want == RHO_SCAN_ALL64)
			add_all64(&j, scan[i]);
	if (j.y->n && j.n + j.n64)
		pass(&j, threads);
	for (size_t i = 0; i < n; i++) {
		if (scan[i]->want != RHO_SCAN_TOP)
			continue;
		finish_top(scan[i], j.query + done);
		done += scan[i]->k ? scan[i]->x.n : 0;
	}
	if (j.query != few)
		free(j.query);
	if (j.query64 != few64)
		free(j.query64);
}
