/* ranks.c: sum over ranks j of w_j(k) d_(j) for a row of a hundred thousand distances and twenty k, in about
 * the time it takes to read the row a few times.
 *
 * With c(t) the number of distances up to t, the sum is the integral of T_k(c(t)) over t. Distances become
 * integers of 2^-30 and go into bins of equal width, each with its exact count and sum. In a bin of width h
 * that starts after c distances and holds n, e being the sum of their deviations from its middle and y = c +
 * n/2, the integral is h T(y) + h (n^2/24 + n/12) T''(y) - e T'(y) + ... if the n lie in the bin as n uniform
 * ones would be expected to; how far they can be from that bounds the error. Sixteen bins are brought to one
 * expansion in T's derivatives up to the fourth, and that to the moments of a cell of ranks, on which every
 * T_k is a polynomial of degree seven: all k at once by one small product of matrices. The nearest HEAD
 * distances, where weights are steep, are sorted; so is a row that does not fit (many copies, say). */
#include "ranks.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../base/buf.h"

enum {
	BINS = 16384,
	LANES = 8,            /* blocks of bins worked on side by side */
	DEEP = 16,            /* bins of a block */
	SUPER = LANES * DEEP, /* bins that lie together, transposed: bin i of block b at i * LANES + b */
	STEP = 128,           /* distances whose bins are worked out before they are added to them */
	HEAD = 128,           /* distances sorted, at least */
	SHORT = 2048,         /* rows up to this length are sorted whole */
	TERMS = 8,            /* of a polynomial */
	PAD = 4,              /* zeros before the powers: derivatives of low powers */
	COUNT = 40,           /* a bin: its count above this bit, the sum of remainders below */
};

static const double unit = 0x1p-30, tolerance = 1e-7;

struct rho_rank_sums {
	size_t n, n_k, table; /* distances of a row; curves; ranks in the tables */
	size_t *k;
	double *weight;      /* (table, n_k): w_j, j from 1 */
	double *left;        /* (table + 1, n_k): T(c) */
	size_t cells;        /* of ranks, from HEAD */
	double *end;         /* (cells) */
	double *centre;      /* (cells) */
	double *inverse;     /* (cells): 1 / half the width */
	double *coefficient; /* (cells, TERMS, n_k) */
};

struct rho_rank_sums_scratch {
	uint64_t *bin;            /* (BINS), transposed in each SUPER */
	struct rho_chunks chunks; /* where the caller has none */
	uint32_t *key, *other;    /* (n): for sorting */
	float *near;              /* (n + 1) */
	double *distance;         /* (n) */
};

/* Tables
 * ----------------------------------------------------------------------------------------------------------
 */

/* Where the polynomial of a cell passes through T: Chebyshev's points of its ranks, whole numbers. */
static void choose_nodes(size_t from, size_t to, size_t *node /* (TERMS) */)
{
	double middle = 0.5 * (double)(from + to), half = 0.5 * (double)(to - from);
	for (size_t p = 0; p < TERMS; p++) {
		double x = -cos((2 * (double)p + 1) * acos(-1) / (2 * TERMS));
		node[p] = (size_t)lround(middle + half * x);
		if (p && node[p] <= node[p - 1])
			node[p] = node[p - 1] + 1;
	}
}

/* Coefficients of the polynomial through (x, y): Newton's divided differences, multiplied out. */
static void interpolate(const double *x, double *y /* (TERMS) */, double *out /* (TERMS) */)
{
	for (size_t p = 1; p < TERMS; p++)
		for (size_t q = TERMS - 1; q >= p; q--)
			y[q] = (y[q] - y[q - 1]) / (x[q] - x[q - p]);
	memset(out, 0, TERMS * sizeof *out);
	for (size_t p = TERMS; p-- > 0;) {
		for (size_t q = TERMS - 1; q > 0; q--)
			out[q] = out[q - 1] - x[p] * out[q];
		out[0] = y[p] - x[p] * out[0];
	}
}

/* T(c + 1) from T(c), `rest` = n - c distances being left. */
static double next_left(double left, double rest, double k)
{
	return rest > k && left > 1e-250 ? left * (rest - k) / rest : 0;
}

/* The coefficients of T_k on each cell, for k number q. */
static void lay_curve(struct rho_rank_sums *r, size_t q)
{
	double left = 1, x[TERMS], y[TERMS], poly[TERMS];
	size_t c = 0, from = HEAD, node[TERMS];
	for (size_t g = 0; g < r->cells; g++) {
		size_t to = g + 1 < r->cells ? (size_t)r->end[g] : r->n;
		choose_nodes(from, to, node);
		for (size_t p = 0; p < TERMS; p++) {
			for (; c < node[p]; c++)
				left = next_left(left, (double)(r->n - c), (double)r->k[q]);
			x[p] = ((double)node[p] - r->centre[g]) * r->inverse[g];
			y[p] = left;
		}
		interpolate(x, y, poly);
		for (size_t p = 0; p < TERMS; p++)
			r->coefficient[(g * TERMS + p) * r->n_k + q] = poly[p];
		from = to;
	}
}

/* The cells' borders, and the polynomials on each. */
static void lay_cells(struct rho_rank_sums *r)
{
	size_t most = 1, from, to, next;
	for (from = HEAD; from < r->n; from += from / 16)
		most++;
	r->end = rho_xmalloc(most * sizeof *r->end);
	r->centre = rho_xmalloc(most * sizeof *r->centre);
	r->inverse = rho_xmalloc(most * sizeof *r->inverse);
	r->coefficient = rho_xcalloc(most * TERMS * r->n_k, sizeof *r->coefficient);
	for (from = HEAD; from < r->n; from = to) {
		to = from + from / 16;
		next = to + to / 16;
		to = next > r->n ? r->n : to; /* no small cell at the end */
		r->end[r->cells] = to == r->n ? INFINITY : (double)to;
		r->centre[r->cells] = 0.5 * (double)(from + to);
		r->inverse[r->cells++] = 2 / (double)(to - from);
	}
	for (size_t q = 0; q < r->n_k; q++)
		lay_curve(r, q);
}

void rho_rank_sums_left(size_t others, size_t k, double *out, size_t stride)
{
	double left = 1;
	for (size_t c = 0; c <= others; c++) {
		out[c * stride] = left;
		left = next_left(left, (double)(others - c), (double)k);
	}
}

static void fill_tables(struct rho_rank_sums *r)
{
	for (size_t q = 0; q < r->n_k; q++) {
		double left = 1, k = (double)r->k[q];
		for (size_t c = 0; c < r->table; c++) {
			double rest = (double)(r->n - c);
			r->left[c * r->n_k + q] = left;
			r->weight[c * r->n_k + q] = left * k / rest; /* T(c) - T(c + 1), without cancelling */
			left = next_left(left, rest, k);
		}
		r->left[r->table * r->n_k + q] = left;
	}
}

struct rho_rank_sums *rho_rank_sums_new(size_t others, const size_t *k, size_t n_k)
{
	struct rho_rank_sums *r = rho_xcalloc(1, sizeof *r);
	r->n = others;
	r->n_k = n_k;
	r->k = rho_xmalloc((n_k + 1) * sizeof *r->k);
	memcpy(r->k, k, n_k * sizeof *k);
	r->table = others < SHORT ? others : SHORT;
	r->weight = rho_xmalloc((r->table * n_k + 1) * sizeof *r->weight);
	r->left = rho_xmalloc(((r->table + 1) * n_k + 1) * sizeof *r->left);
	fill_tables(r);
	if (others > SHORT)
		lay_cells(r);
	return r;
}

void rho_rank_sums_free(struct rho_rank_sums *r)
{
	if (!r)
		return;
	free(r->k);
	free(r->weight);
	free(r->left);
	free(r->end);
	free(r->centre);
	free(r->inverse);
	free(r->coefficient);
	free(r);
}

size_t rho_rank_sums_moments(const struct rho_rank_sums *r) { return r->cells * TERMS; }
const double *rho_rank_sums_coefficients(const struct rho_rank_sums *r) { return r->coefficient; }

struct rho_rank_sums_scratch *rho_rank_sums_scratch(const struct rho_rank_sums *r)
{
	struct rho_rank_sums_scratch *s = rho_xmalloc(sizeof *s);
	s->bin = rho_xcalloc(BINS, sizeof *s->bin);
	s->chunks.top = rho_xmalloc((r->n / RHO_CHUNK + 1) * RHO_ACROSS * sizeof(float));
	s->chunks.least = rho_xmalloc((r->n / RHO_CHUNK + 1) * sizeof(float));
	s->key = rho_xmalloc((r->n + 1) * sizeof *s->key);
	s->other = rho_xmalloc((r->n + 1) * sizeof *s->other);
	s->near = rho_xmalloc((r->n + 1) * sizeof *s->near);
	s->distance = rho_xmalloc((r->n + 1) * sizeof *s->distance);
	return s;
}

void rho_rank_sums_scratch_free(struct rho_rank_sums_scratch *s)
{
	free(s->bin);
	free(s->chunks.top);
	free(s->chunks.least);
	free(s->key);
	free(s->other);
	free(s->near);
	free(s->distance);
	free(s);
}

/* Sorted rows
 * */

/* Float's bits in an order in which whole numbers compare as the floats do, the greatest float first. */
static uint32_t falling(float x)
{
	uint32_t u;
	memcpy(&u, &x, sizeof u);
	return u & 0x80000000u ? u : ~u & 0x7fffffffu;
}

static float risen(uint32_t key)
{
	uint32_t u = key & 0x80000000u ? key : ~key & 0x7fffffffu;
	float x;
	memcpy(&x, &u, sizeof x);
	return x;
}

/* By eleven bits at a time, the lowest first. */
static void sort_keys(uint32_t *key, uint32_t *other, size_t n)
{
	for (unsigned shift = 0; shift < 32; shift += 11) {
		size_t start[2048] = { 0 }, sum = 0;
		uint32_t *keep = key;
		for (size_t i = 0; i < n; i++)
			start[key[i] >> shift & 2047]++;
		for (size_t b = 0; b < 2048; b++) {
			size_t count = start[b];
			start[b] = sum;
			sum += count;
		}
		for (size_t i = 0; i < n; i++)
			other[start[key[i] >> shift & 2047]++] = key[i];
		key = other;
		other = keep;
	}
}

/* Three passes end in `other`. Distances in rising order from cosines in any. */
static void sort_row(struct rho_rank_sums_scratch *s, const float *cosine, size_t n, double *distance)
{
	for (size_t i = 0; i < n; i++)
		s->key[i] = falling(cosine[i]);
	sort_keys(s->key, s->other, n);
	for (size_t i = 0; i < n; i++) {
		double d = 1 - (double)risen(s->other[i]);
		distance[i] = d > 0 ? d : 0;
	}
}

/* Sum over the first n ranks by the table. */
static void by_table(const struct rho_rank_sums *r, const double *distance, size_t n, double *out /* (n_k) */)
{
	memset(out, 0, r->n_k * sizeof *out);
	for (size_t j = 0; j < n; j++)
		for (size_t q = 0; q < r->n_k; q++)
			out[q] += r->weight[j * r->n_k + q] * distance[j];
}

void rho_rank_sums_sorted(const double *distance, size_t n, const size_t *k, size_t n_k, double *out)
{
	for (size_t q = 0; q < n_k; q++) {
		double left = 1, sum = 0;
		for (size_t c = 0; c < n && left > 1e-25; c++) {
			double rest = (double)(n - c);
			sum += left * (double)k[q] / rest * distance[c];
			left = next_left(left, rest, (double)k[q]);
		}
		out[q] = sum;
	}
}

static void by_sorting(const struct rho_rank_sums *r, struct rho_rank_sums_scratch *s, const float *cosine,
                       double *head)
{
	sort_row(s, cosine, r->n, s->distance);
	if (r->n <= r->table)
		by_table(r, s->distance, r->n, head);
	else
		rho_rank_sums_sorted(s->distance, r->n, r->k, r->n_k, head);
}

/* Binned rows
 * */

struct span { /* of a row's distances, in units of 2^-30 */
	uint32_t nearest;
	unsigned shift; /* a bin is 2^shift wide */
};

/* Distance in units of 2^-30; exact for a cosine of 2^-6 or more, else rounded to within one unit. */
static inline uint32_t as_units(float cosine)
{
	float c = cosine > 1 ? 1 : cosine;
	return ((uint32_t)1 << 30) - (uint32_t)(int32_t)(c * 0x1p30f);
}

/* A bin's place: within each SUPER the blocks lie side by side. */
static inline uint32_t place(uint32_t bin)
{
	return (bin & ~(uint32_t)(SUPER - 1)) | (bin % DEEP) * LANES | bin / DEEP % LANES;
}

/* Adds n <= STEP distances to their bins. */
static inline __attribute__((always_inline)) void add_step(struct rho_rank_sums_scratch *s, const float *x,
                                                           size_t n, struct span span)
{
	uint32_t at[STEP], rest = ((uint32_t)1 << span.shift) - 1;
	uint64_t value[STEP];
	for (size_t i = 0; i < n; i++) {
		uint32_t v = as_units(x[i]) - span.nearest;
		at[i] = place(v >> span.shift);
		value[i] = (uint64_t)1 << COUNT | (v & rest);
	}
	for (size_t i = 0; i < n; i++)
		s->bin[at[i]] += value[i];
}

/* Step by step: while one step's distances are added one by one, the next one's bins are worked out side by
 * side. */
static inline __attribute__((always_inline)) void fill_bins(struct rho_rank_sums_scratch *s, const float *x,
                                                            size_t n, struct span span)
{
	size_t i = 0;
	for (; i + STEP <= n; i += STEP)
		add_step(s, x + i, STEP, span);
	add_step(s, x + i, n - i, span);
}

typedef double lanes __attribute__((vector_size(8 * LANES), aligned(8), may_alias));
typedef uint64_t lanes_bits __attribute__((vector_size(8 * LANES), aligned(8), may_alias));

struct block { /* sums over the bins of LANES blocks, h = 1: see the top */
	lanes count;
	lanes first, second, third, fourth; /* factors of T', T'', ... */
	lanes squares;                      /* of counts of two or more */
};

/* Whole numbers below 2^52 as floats: they are put behind the bits of 2^52, which is taken away again. */
static inline __attribute__((always_inline)) void as_float(const lanes_bits *whole, lanes *out)
{
	*out = (lanes)(*whole | 0x4330000000000000u) - 0x1p52;
}

/* Sums up the bins of LANES blocks and empties them. */
static inline __attribute__((always_inline)) void sum_blocks(lanes_bits *bin, unsigned shift,
                                                             struct block *out)
{
	struct block b = { 0 };
	lanes before;
	double share = 1 / (double)((uint64_t)1 << shift);
	for (size_t i = 0; i < DEEP; i++) {
		lanes_bits whole = bin[i] >> COUNT;
		lanes n;
		as_float(&whole, &n);
		b.count += n;
	}
	before = -0.5 * b.count;
	for (size_t i = 0; i < DEEP; i++) {
		lanes_bits whole = bin[i] >> COUNT, rest = bin[i] & (((uint64_t)1 << COUNT) - 1);
		lanes n, sum, e, u, uu, v;
		as_float(&whole, &n);
		as_float(&rest, &sum);
		bin[i] = (lanes_bits){ 0 };
		e = sum * share - 0.5 * n;
		u = before + 0.5 * n;
		uu = 0.5 * u * u;
		v = n * n * (1.0 / 24) + n * (1.0 / 12);
		b.first += u - e;
		b.second += uu + v - e * u;
		b.third += u * (uu * (1.0 / 3) + v) - e * uu;
		b.fourth += uu * uu * (1.0 / 6);
		b.squares += (lanes)((lanes_bits)(n * n) & (lanes_bits)(n > 1));
		before += n;
	}
	*out = b;
}

/* Adds the expansion of block l around rank y to the moments of cell g: what it makes of x^p for each p. */
static inline __attribute__((always_inline)) void deposit(const struct rho_rank_sums *r, size_t g, double y,
                                                          double height, const struct block *b, size_t l,
                                                          lanes *moment)
{
	static const lanes one = { 0, 1, 2, 3, 4, 5, 6, 7 }, two = { 0, 0, 2, 6, 12, 20, 30, 42 };
	static const lanes three = { 0, 0, 0, 6, 24, 60, 120, 210 }, four = { 0, 0, 0, 0, 24, 120, 360, 840 };
	const lanes none = { 0 };
	double i = r->inverse[g], x = (y - r->centre[g]) * i, xx = x * x, x4 = xx * xx;
	lanes power = (lanes){ 1, x, 1, x, 1, x, 1, x } * (lanes){ 1, 1, xx, xx, 1, 1, xx, xx } *
	              (lanes){ 1, 1, 1, 1, x4, x4, x4, x4 };
	height *= i;
	moment[g] += DEEP * height / i * power +
	             b->first[l] * height * one *
	                     __builtin_shufflevector(none, power, 0, 8, 9, 10, 11, 12, 13, 14);
	height *= i;
	moment[g] += b->second[l] * height * two *
	             __builtin_shufflevector(none, power, 0, 0, 8, 9, 10, 11, 12, 13);
	height *= i;
	moment[g] += b->third[l] * height * three *
	             __builtin_shufflevector(none, power, 0, 0, 0, 8, 9, 10, 11, 12);
	height *= i;
	moment[g] +=
		b->fourth[l] * height * four * __builtin_shufflevector(none, power, 0, 0, 0, 0, 8, 9, 10, 11);
}

struct binned {
	size_t head;   /* distances in the blocks before the first one that was binned */
	uint32_t from; /* where that one begins */
	double error;  /* infinity: the row does not fit */
};

/* Bins to moments, block by block from the nearest; leaves the bins empty. */
static inline __attribute__((always_inline)) struct binned
sum_bins(const struct rho_rank_sums *r, struct rho_rank_sums_scratch *s, struct span span, lanes *moment)
{
	struct binned out = { 0 };
	double height = (double)((uint64_t)1 << span.shift) * unit, c = 0, n = (double)r->n;
	bool inside = false;
	size_t g = 0;
	memset(moment, 0, r->cells * sizeof *moment);
	for (size_t at = 0; at < BINS && c < n; at += SUPER) {
		struct block b;
		sum_blocks((lanes_bits *)(s->bin + at), span.shift, &b);
		for (size_t l = 0; l < LANES && c < n; c += b.count[l++]) {
			double y = c + 0.5 * b.count[l];
			if (!inside && c < HEAD)
				continue;
			if (!inside) {
				inside = true;
				out.head = (size_t)c;
				out.from = span.nearest + (uint32_t)((at + l * DEEP) << span.shift);
			}
			if (b.count[l] > c / 8)
				out.error = INFINITY;
			while (y >= r->end[g])
				g++;
			deposit(r, g, y, height, &b, l, moment);
			out.error += b.squares[l] * (0.75 / (c * c) + 2 / (n * n)) * height / 12;
		}
	}
	if (!inside || out.head > r->table)
		out.error = INFINITY;
	return out;
}

/* The least cosine that as_units puts below `units`. */
static float least_above(uint32_t units)
{
	double q = 0x1p30 - (double)units; /* as_units cuts towards 0: above q means q + 1 or more, where q is
	                                      not below 0 */
	double least = (q >= 0 ? q + 1 : nextafter(q, 0)) * unit;
	float out = (float)least;
	return (double)out < least ? nextafterf(out, 2) : out;
}

/* The row's cosines of at least `least` into s->near; how many. */
static inline __attribute__((always_inline)) size_t find_near(const struct rho_rank_sums *r,
                                                              struct rho_rank_sums_scratch *s, const float *x,
                                                              const struct rho_chunks *chunks, float least)
{
	size_t found = 0;
	for (size_t c = 0; c * RHO_CHUNK < r->n; c++) {
		const float *top = chunks->top + c * RHO_ACROSS;
		size_t end = (c + 1) * RHO_CHUNK < r->n ? (c + 1) * RHO_CHUNK : r->n;
		int any = 0;
		for (size_t l = 0; l < RHO_ACROSS; l++)
			any |= top[l] >= least;
		for (size_t l = 0; any && l < RHO_ACROSS; l++)
			for (size_t i = c * RHO_CHUNK + l; top[l] >= least && i < end; i += RHO_ACROSS) {
				s->near[found] = x[i]; /* written over by the next, unless it is near */
				found += x[i] >= least;
			}
	}
	return found;
}

/* The nearest distances, in rising order: each goes where as many as are nearer come before it. */
static inline __attribute__((always_inline)) void sort_near(struct rho_rank_sums_scratch *s, size_t n)
{
	const double empty = -1;
	for (size_t i = 0; i < n; i++)
		s->distance[i] = empty;
	for (size_t i = 0; i < n; i++) {
		float v = s->near[i];
		int nearer = 0;
		for (size_t j = 0; j < n; j++)
			nearer += s->near[j] > v;
		s->distance[nearer] = v < 1 ? 1 - (double)v : 0;
	}
	for (size_t i = 1; i < n; i++) /* equals went to the same place */
		s->distance[i] = s->distance[i] == empty ? s->distance[i - 1] : s->distance[i];
}

static inline __attribute__((always_inline)) struct binned
bin_row(const struct rho_rank_sums *r, struct rho_rank_sums_scratch *s, const float *x,
        const struct rho_chunks *known, double *moment)
{
	const struct rho_chunks *chunks = known ? known : &s->chunks;
	size_t n = (r->n + RHO_CHUNK - 1) / RHO_CHUNK;
	rho_across most = { 0 };
	float least = 2, greatest = -2;
	struct span span = { 0 };
	struct binned out;
	for (size_t c = 0; c < n && !known; c++)
		rho_chunk_extremes(x + c * RHO_CHUNK, c + 1 < n ? RHO_CHUNK : r->n - c * RHO_CHUNK,
		                   s->chunks.top + c * RHO_ACROSS, s->chunks.least + c);
	most -= 2;
	for (size_t c = 0; c < n; c++) {
		rho_keep(&most, (const rho_across *)(chunks->top + c * RHO_ACROSS), false);
		least = chunks->least[c] < least ? chunks->least[c] : least;
	}
	for (size_t l = 0; l < RHO_ACROSS; l++)
		greatest = most[l] > greatest ? most[l] : greatest;
	span.nearest = as_units(greatest);
	while ((as_units(least) - span.nearest) >> span.shift >= BINS)
		span.shift++;
	fill_bins(s, x, r->n, span);
	out = sum_bins(r, s, span, (lanes *)moment);
	if (out.error <= tolerance)
		sort_near(s, find_near(r, s, x, chunks, least_above(out.from)));
	return out;
}

/* The same, instruction set by instruction set; the same bits from each. */
#ifdef __x86_64__
__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl"))) static struct binned
bin_row_avx512(const struct rho_rank_sums *r, struct rho_rank_sums_scratch *s, const float *x,
               const struct rho_chunks *known, double *moment)
{
	return bin_row(r, s, x, known, moment);
}

__attribute__((target("avx2"))) static struct binned
bin_row_avx2(const struct rho_rank_sums *r, struct rho_rank_sums_scratch *s, const float *x,
             const struct rho_chunks *known, double *moment)
{
	return bin_row(r, s, x, known, moment);
}
#endif

static struct binned bin_row_best(const struct rho_rank_sums *r, struct rho_rank_sums_scratch *s,
                                  const float *x, const struct rho_chunks *known, double *moment)
{
#ifdef __x86_64__
	if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
	    __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
		return bin_row_avx512(r, s, x, known, moment);
	if (__builtin_cpu_supports("avx2"))
		return bin_row_avx2(r, s, x, known, moment);
#endif
	return bin_row(r, s, x, known, moment);
}

double rho_rank_sums_row(const struct rho_rank_sums *r, struct rho_rank_sums_scratch *s, const float *cosine,
                         const struct rho_chunks *known, double *moments, double *head)
{
	struct binned b = { .error = INFINITY };
	if (r->cells)
		b = bin_row_best(r, s, cosine, known, moments);
	if (!(b.error <= tolerance)) {
		if (r->cells)
			memset(moments, 0, r->cells * TERMS * sizeof *moments);
		by_sorting(r, s, cosine, head);
		return 0;
	}
	by_table(r, s->distance, b.head, head);
	for (size_t q = 0; q < r->n_k; q++)
		head[q] += r->left[b.head * r->n_k + q] * (double)b.from * unit;
	return b.error + unit;
}
