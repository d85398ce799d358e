/* codes_top.c: the largest products, found among coded rows and told as if there were no codes. */
#include <float.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "../base/buf.h"
#include "codes_kernel.h"
#include "score.h"

/* So many rows are bounded at a time; they stay in the second-level cache while all queries go over them. */
enum { BLOCK = 256, MOST_QUERIES = 16 };

/* A row that may be among the best. */
struct kept {
	uint32_t place;
	float upper;
};

struct list {
	struct kept *at; /* (room) */
	size_t n, room;
};

/* The k largest lower bounds so far, the smallest of them first: a heap. */
struct best {
	float *at; /* (k) */
	size_t n;
};

struct query {
	const struct rho_scan *of;
	size_t i; /* of its queries */
	size_t k; /* that can be found: at most y.n */
	struct rho_code_query coded;
	float unit;    /* a product of numbers times the row's scale and this is the approximate product */
	float a, b, c; /* which is within a * error + b * scale + c of the exact one */
	void *memory;  /* what coded points into */
	_Atomic float floor;  /* k rows have a lower bound of at least this */
	atomic_bool hopeless; /* too many rows can be among the best */
	struct best best;     /* of the ranges that are done */
	struct list list;
};

struct pass {
	const struct rho_codes *codes;
	rho_codes_kernel *kernel;
	size_t first, n; /* rows of the matrix */
	size_t most;     /* kept rows for a query to have hope */
	struct query *q; /* (n_q) */
	size_t n_q;
	pthread_mutex_t lock; /* of the queries' best and list */
};

/* ---- queries ---- */

static void code_int8(struct query *q, const float *x, size_t d, size_t padded, double *missed)
{
	int16_t *whole = q->memory;
	int8_t *hi = (int8_t *)(whole + padded), *lo = hi + padded;
	float most = 0;
	double sum = 0;
	int64_t total = 0;
	for (size_t i = 0; i < d; i++)
		most = fabsf(x[i]) > most ? fabsf(x[i]) : most;
	q->unit = most / 16256;
	for (size_t i = 0; i < d; i++) {
		double exact = q->unit > 0 ? (double)x[i] / (double)q->unit : 0, lost;
		int v = (int)rint(exact > 16256 ? 16256 : exact < -16256 ? -16256 : exact);
		whole[i] = (int16_t)v;
		hi[i] = (int8_t)((v + 64) >> 7);
		lo[i] = (int8_t)(v - 128 * hi[i]);
		lost = (double)x[i] - (double)q->unit * v;
		sum += lost * lost;
		total += v;
	}
	*missed = sqrt(sum) * (1 + 1e-6);
	q->coded = (struct rho_code_query){ .d = d, .hi = hi, .lo = lo, .whole = whole, .bias = 128 * total };
}

/* False for a query whose products could overflow, or are no numbers. */
static bool begin_query(struct query *q, const struct rho_scan *r, size_t i, uint32_t code)
{
	const float *x = rho_row(&r->x, i);
	size_t d = r->y.mat->cols, padded = (d + 63) / 64 * 64;
	double length = 0, missed = 0, reach = 1, rounding, e = 0x1p-23;
	for (size_t j = 0; j < d; j++)
		length += (double)x[j] * (double)x[j];
	length = sqrt(length) * (1 + 1e-6);
	*q = (struct query){ .of = r, .i = i, .k = r->k < r->y.n ? r->k : r->y.n };
	atomic_init(&q->floor, -INFINITY);
	if (!(length <= 1e18))
		return false;
	q->memory = rho_xcalloc(padded, sizeof(float));
	if (code == RHO_CODE_INT8) {
		code_int8(q, x, d, padded, &missed);
		reach = 127 * sqrt((double)d); /* a coded row is at most this long, in units of its scale */
	} else {
		memcpy(q->memory, x, d * sizeof *x);
		q->coded = (struct rho_code_query){ .d = d, .f32 = q->memory };
		q->unit = 1;
	}
	/* Summing rounds, in the exact products (d / 16 and a few additions one after another) and in BF16's
	 * (d / 8), each time by at most half of e relative to |q| |r|; the rest is for the few operations on
	 * the bounds themselves, and c for numbers below the normal ones. */
	rounding = ((double)d / 4 + 64) * e;
	q->a = (float)((length * (1 + rounding) + FLT_MIN) * (1 + 64 * e));
	q->b = (float)(reach * (missed + (length + missed) * rounding) * (1 + 64 * e));
	q->c = (float)((double)(d + 64) * 0x1p-124);
	q->best.at = rho_xmalloc(q->k * sizeof *q->best.at);
	return true;
}

static void end_query(struct query *q)
{
	free(q->memory);
	free(q->best.at);
	free(q->list.at);
}

/* ---- what is kept ---- */

static void sink(struct best *b, float v, size_t k)
{
	size_t i = 0;
	if (b->n < k) {
		for (i = b->n++; i && b->at[(i - 1) / 2] > v; i = (i - 1) / 2)
			b->at[i] = b->at[(i - 1) / 2];
		b->at[i] = v;
		return;
	}
	if (!(v > b->at[0]))
		return;
	for (size_t child; (child = 2 * i + 1) < k; i = child) {
		if (child + 1 < k && b->at[child + 1] < b->at[child])
			child++;
		if (!(b->at[child] < v))
			break;
		b->at[i] = b->at[child];
	}
	b->at[i] = v;
}

static void drop(struct list *l, float floor)
{
	size_t n = 0;
	for (size_t i = 0; i < l->n; i++)
		if (l->at[i].upper >= floor)
			l->at[n++] = l->at[i];
	l->n = n;
}

/* Room for one more; what has fallen below the floor goes before memory grows. */
static void make_room(struct list *l, float floor)
{
	if (l->n < l->room)
		return;
	drop(l, floor);
	if (2 * l->n < l->room)
		return;
	l->room = l->room ? 2 * l->room : 64;
	l->at = rho_xrealloc(l->at, l->room * sizeof *l->at);
}

/* ---- the pass ---- */

struct own { /* one range's share of one query */
	struct best best;
	struct list list;
	float floor;
};

/* Bounds of n products, and whether any reaches the floor. */
static bool bound(const struct query *q, bool scaled, const float *mid, const float *scale,
                  const float *error, size_t n, float floor, float *lower, float *upper)
{
	int any = 0;
	for (size_t j = 0; j < n; j++) {
		float m = scaled ? mid[j] * (scale[j] * q->unit) : mid[j];
		float e = q->a * error[j] + q->b * scale[j] + q->c;
		lower[j] = m - e;
		upper[j] = m + e;
		any |= upper[j] >= floor;
	}
	return any;
}

static void look(const struct query *q, struct own *o, const float *lower, const float *upper, size_t at,
                 size_t n)
{
	const uint64_t *only = q->of->only;
	for (size_t j = 0; j < n; j++) {
		size_t place = at + j;
		if (!(upper[j] >= o->floor) || (only && !(only[place / 64] >> place % 64 & 1)))
			continue;
		make_room(&o->list, o->floor);
		o->list.at[o->list.n++] = (struct kept){ (uint32_t)place, upper[j] };
		if (lower[j] < o->floor)
			continue;
		sink(&o->best, lower[j], q->k);
		if (o->best.n == q->k && o->best.at[0] > o->floor)
			o->floor = o->best.at[0];
	}
}

/* Adds a range's findings to the query's. Under the lock. */
static void merge(struct query *q, struct own *o, size_t most)
{
	float floor = atomic_load(&q->floor);
	for (size_t i = 0; i < o->best.n; i++)
		sink(&q->best, o->best.at[i], q->k);
	if (q->best.n == q->k && q->best.at[0] > floor)
		atomic_store(&q->floor, floor = q->best.at[0]);
	drop(&o->list, floor);
	if (q->list.n + o->list.n > most)
		drop(&q->list, floor);
	if (q->list.n + o->list.n > most) {
		atomic_store(&q->hopeless, true);
		return;
	}
	for (size_t i = 0; i < o->list.n; i++) {
		make_room(&q->list, floor);
		q->list.at[q->list.n++] = o->list.at[i];
	}
}

/* Rows of the blocks from .. to - 1. */
static void scan_blocks(void *arg, size_t from, size_t to)
{
	struct pass *p = arg;
	const struct rho_codes *c = p->codes;
	struct own own[MOST_QUERIES] = { 0 };
	float mid[BLOCK], lower[BLOCK], upper[BLOCK];
	size_t end = to * BLOCK < p->n ? to * BLOCK : p->n;
	for (size_t i = 0; i < p->n_q; i++) {
		size_t rows = end - from * BLOCK, k = p->q[i].k < rows ? p->q[i].k : rows;
		own[i].best.at = rho_xmalloc(k * sizeof(float));
		own[i].floor = -INFINITY;
	}
	for (size_t at = from * BLOCK, n; at < end; at += n) {
		size_t row = p->first + at;
		const unsigned char *rows = (const unsigned char *)c->at + row * c->stride;
		n = end - at < BLOCK ? end - at : BLOCK;
		for (size_t i = 0; i < p->n_q; i++) {
			const struct query *q = &p->q[i];
			float floor = atomic_load_explicit(&q->floor, memory_order_relaxed);
			if (atomic_load_explicit(&q->hopeless, memory_order_relaxed))
				continue;
			own[i].floor = own[i].floor > floor ? own[i].floor : floor;
			p->kernel(&q->coded, rows, c->stride, n, mid);
			if (bound(q, c->code == RHO_CODE_INT8, mid, c->scale + row, c->error + row, n,
			          own[i].floor, lower, upper))
				look(q, &own[i], lower, upper, at, n);
		}
	}
	pthread_mutex_lock(&p->lock);
	for (size_t i = 0; i < p->n_q; i++)
		if (!atomic_load(&p->q[i].hopeless))
			merge(&p->q[i], &own[i], p->most);
	pthread_mutex_unlock(&p->lock);
	for (size_t i = 0; i < p->n_q; i++) {
		free(own[i].best.at);
		free(own[i].list.at);
	}
}

/* ---- answers ---- */

struct found {
	float score;
	uint32_t place;
};

static int best_first(const void *a, const void *b)
{
	const struct found *x = a, *y = b;
	if (x->score < y->score || x->score > y->score)
		return x->score < y->score ? 1 : -1;
	return (x->place > y->place) - (x->place < y->place);
}

static int by_place(const void *a, const void *b)
{
	const struct kept *x = a, *y = b;
	return (x->place > y->place) - (x->place < y->place);
}

/* Scores what was kept as rho_dot does, and tells the best. */
static void tell(struct query *q, unsigned threads)
{
	const struct rho_scan *r = q->of;
	uint32_t *place = r->place + q->i * r->k;
	float *score = r->score + q->i * r->k;
	size_t n = 0, i = 0;
	drop(&q->list, atomic_load(&q->floor));
	size_t room = q->list.n + 1;
	struct found *found = rho_xmalloc(room * sizeof *found); /* (list.n) */
	uint32_t *id = rho_xmalloc(room * sizeof *id);           /* (list.n): rows of the matrix */
	float *exact = rho_xmalloc(room * sizeof *exact);        /* (list.n) */
	struct rho_rows x = rho_slice(r->x, q->i, 1), y = { r->y.mat, id, 0, q->list.n };
	if (q->list.n)
		qsort(q->list.at, q->list.n, sizeof *q->list.at, by_place); /* memory is read forwards */
	for (size_t j = 0; j < q->list.n; j++)
		id[j] = (uint32_t)(r->y.first + q->list.at[j].place);
	rho_score_inner(&x, &y, exact, room, threads);
	for (size_t j = 0; j < q->list.n; j++)
		if (exact[j] > -INFINITY)
			found[n++] = (struct found){ exact[j], q->list.at[j].place };
	qsort(found, n, sizeof *found, best_first);
	for (; i < n && i < r->k; i++) {
		place[i] = found[i].place;
		score[i] = found[i].score;
	}
	for (; i < r->k; i++) {
		place[i] = UINT32_MAX;
		score[i] = -INFINITY;
	}
	free(found);
	free(id);
	free(exact);
}

/* Queries that codes cannot serve, in one pass over the rows themselves. */
static void answer_plainly(const struct query *q, size_t n, unsigned threads)
{
	struct rho_scan one[MOST_QUERIES], *all[MOST_QUERIES];
	for (size_t i = 0; i < n; i++) {
		one[i] = *q[i].of;
		one[i].x = rho_slice(one[i].x, q[i].i, 1);
		one[i].place += q[i].i * one[i].k;
		one[i].score += q[i].i * one[i].k;
		all[i] = &one[i];
	}
	if (n)
		rho_score_scan(all, n, NULL, threads);
}

static void answer(struct pass *p, struct query *plain, size_t n_plain, unsigned threads)
{
	/* Waking a thread costs as much as some hundred thousand products of two numbers. */
	double work = (double)p->n * (double)p->codes->of->cols * (double)p->n_q;
	if (p->n_q)
		rho_score_parallel((p->n + BLOCK - 1) / BLOCK, scan_blocks, p, work < 1e6 ? 1 : threads);
	for (size_t i = 0; i < p->n_q; i++) {
		if (atomic_load(&p->q[i].hopeless))
			plain[n_plain++] = (struct query){ .of = p->q[i].of, .i = p->q[i].i };
		else
			tell(&p->q[i], threads);
		end_query(&p->q[i]);
	}
	answer_plainly(plain, n_plain, threads);
}

void rho_codes_top(struct rho_scan *const *scan, size_t n, const struct rho_codes *codes, unsigned threads)
{
	struct query q[MOST_QUERIES], plain[MOST_QUERIES];
	struct pass p = { .codes = codes, .first = scan[0]->y.first, .n = scan[0]->y.n, .q = q };
	size_t n_plain = 0, left = 0;
	const char *name;
	p.kernel = rho_codes_kernel_at(codes->code, 0, &name);
	p.most = p.n / 8;
	pthread_mutex_init(&p.lock, NULL);
	for (size_t i = 0; i < n; i++)
		left += scan[i]->want == RHO_SCAN_TOP && scan[i]->k ? scan[i]->x.n : 0;
	for (size_t i = 0; i < n && left; i++) {
		if (scan[i]->want != RHO_SCAN_TOP || !scan[i]->k)
			continue;
		for (size_t j = 0; j < scan[i]->x.n; j++) {
			/* k rows at least are scored as they are */
			if (scan[i]->k <= p.most && begin_query(&q[p.n_q], scan[i], j, codes->code))
				p.n_q++;
			else
				plain[n_plain++] = (struct query){ .of = scan[i], .i = j };
			left--;
			if (p.n_q + n_plain < MOST_QUERIES && left)
				continue;
			answer(&p, plain, n_plain, threads);
			p.n_q = n_plain = 0;
		}
	}
	pthread_mutex_destroy(&p.lock);
}
