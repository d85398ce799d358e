/* Widths of many actions at once.
 *
 * The width of action a is ‖c + Ra‖ (and a constant), where R is the part of the inverse Cholesky
 * factor that meets the action, with the context multiplied in; it is lower triangular. R is laid out
 * once a decision in blocks of sixteen rows, each block column by column as far as it has any, so
 * that the kernel reads it from end to end. This is as fast as the best matrix product of a BLAS on
 * the whole of R, needs no copy of the actions, and gives the same bits on every machine.
 *
 * To find the best action few widths are needed: ‖R‖ is known to be small, so no width exceeds what the
 * length of the action (with the context multiplied in) allows, and a length costs no more than a mean. */
#include <float.h>
#include <math.h>

#include "linear.h"
#include "linear_impl.h"
#include "ranked.h"

enum { LANES = 16, BATCH = 256, TILE_BYTES = 1 << 20 };

struct rho_linear_frame {       /* R and c for one context */
	size_t rows;            /* of R: a_dim, with BILINEAR a_rank */
	size_t blocks;          /* of LANES rows; the last is filled up with zeros */
	size_t *cols;           /* (blocks) columns of a block that are not all zero */
	uint32_t *from;         /* (a_dim) which entry of an action each column takes */
	float *r;               /* the blocks, end to end, each (cols[b], LANES) */
	float *c;               /* (blocks, LANES) */
	float *times;           /* (a_dim) what the context multiplies an action by */
	double constant;        /* squared length of the part no action reaches */
	void (*kernel)(const struct rho_linear_frame *, const float *const *row, size_t n, float *sum);
	void (*lengths)(const float *times, const float *const *row, size_t n, size_t d, float *out);
};

#define KERNEL width_base
#define LENGTHS lengths_base
#define TARGET
#define WIDE 4
#define TOGETHER 2
#include "width_kernel.h"

#ifdef __x86_64__
#define KERNEL width_avx2
#define LENGTHS lengths_avx2
#define TARGET __attribute__((target("avx2")))
#define WIDE 8
#define TOGETHER 4
#include "width_kernel.h"

#define KERNEL width_avx512
#define LENGTHS lengths_avx512
#define TARGET __attribute__((target("avx512f")))
#define WIDE 16
#define TOGETHER 8
#include "width_kernel.h"
#endif

int rho_linear_open_widths(struct rho_ctx *ctx, struct rho_linear *m)
{
	struct rho_linear_frame *f = rho_alloc(ctx, 1, sizeof *f);
	if (!f)
		return RHO_ENOMEM;
	f->rows = m->features == RHO_FEATURES_BILINEAR ? m->a_rank : m->a_dim;
	f->blocks = (f->rows + LANES - 1) / LANES;
	f->cols = rho_alloc(ctx, f->blocks, sizeof *f->cols);
	f->from = rho_alloc(ctx, m->a_dim, sizeof *f->from);
	f->r = rho_alloc(ctx, f->blocks * LANES, m->a_dim * sizeof *f->r);
	f->c = rho_alloc(ctx, f->blocks * LANES, sizeof *f->c);
	f->times = rho_alloc(ctx, m->a_dim, sizeof *f->times);
	f->kernel = width_base;
	f->lengths = lengths_base;
#ifdef __x86_64__
	if (__builtin_cpu_supports("avx512f")) {
		f->kernel = width_avx512;
		f->lengths = lengths_avx512;
	} else if (__builtin_cpu_supports("avx2")) {
		f->kernel = width_avx2;
		f->lengths = lengths_avx2;
	}
#endif
	m->frame = f;
	return f->cols && f->from && f->r && f->c && f->times ? 0 : RHO_ENOMEM;
}

/* c and the constant: what the entries of φ before the action's add, whatever the action. */
static void make_offset(const struct rho_linear *m, const float *x, struct rho_linear_frame *f)
{
	f->constant = 0;
	for (size_t i = 0; m->skip && i < m->dim; i++) {
		const double *row = m->root + rho_tri_at(i);
		double sum = 0;
		for (size_t j = 0; j < m->skip && j <= i; j++)
			sum += row[j] * (double)x[j];
		if (i < m->skip)
			f->constant += sum * sum;
		else
			f->c[i - m->skip] = (float)sum;
	}
}

/* R of bilinear features: with g (a_rank, a_rank) = MᵀM for M = W (Px ⊗ I) and g = LLᵀ, a's squared width
 * is ‖LᵀQa‖². Rounding may leave g short of definite; some ε of its trace on the diagonal make up for it. */
static void make_bilinear(const struct rho_linear *m, const float *x, struct rho_linear_frame *f)
{
	double px[RHO_LINEAR_RANK], row[RHO_LINEAR_RANK];
	_Alignas(64) double g[RHO_LINEAR_RANK * (RHO_LINEAR_RANK + RHO_TRI) / 2];
	const double *axes = rho_linear_a_axes(m);
	size_t n = m->a_rank;
	double trace = 0;
	memset(g, 0, sizeof g);
	rho_linear_project(rho_linear_x_axes(m), m->x_rank, x, m->x_dim, px);
	for (size_t i = 0; i < m->dim; i++) {
		const double *w = m->root + rho_tri_at(i);
		memset(row, 0, sizeof row);
		for (size_t j = 0; j <= i; j++)
			row[j % n] += px[j / n] * w[j];
		for (size_t j = 0; j < n; j++)
			for (size_t l = 0; l <= j; l++)
				g[rho_tri_at(j) + l] += row[j] * row[l];
	}
	for (size_t j = 0; j < n; j++)
		trace += g[rho_tri_at(j) + j];
	for (size_t j = 0; j < n; j++)
		g[rho_tri_at(j) + j] += trace * 1e-14;
	if (!rho_tri_factor(g, n))
		memset(g, 0, sizeof g);
	memset(f->r, 0, f->blocks * LANES * m->a_dim * sizeof *f->r);
	for (size_t l = 0; l < m->a_dim; l++)
		f->from[l] = (uint32_t)l;
	for (size_t j = 0; j < n; j++) {
		float *out = f->r + j / LANES * LANES * m->a_dim + j % LANES;
		f->cols[j / LANES] = m->a_dim;
		for (size_t l = 0; l < m->a_dim; l++) {
			double sum = 0;
			for (size_t k = j; k < n; k++)
				sum += g[rho_tri_at(k) + j] * axes[k * m->a_dim + l];
			out[l * LANES] = (float)sum;
		}
	}
}

static void make_frame(const struct rho_linear *m, const float *x, struct rho_linear_frame *f)
{
	bool hadamard = m->features == RHO_FEATURES_HADAMARD;
	size_t n = 0;
	float *out = f->r;
	make_offset(m, x, f);
	if (m->features == RHO_FEATURES_BILINEAR) {
		make_bilinear(m, x, f);
		return;
	}
	for (size_t j = 0; j < m->a_dim; j++)
		f->times[j] = hadamard ? x[j] : 1;
	for (size_t b = 0; b < f->blocks; b++) {
		size_t first = b * LANES, end = first + LANES < m->a_dim ? first + LANES : m->a_dim;
		const double *row[LANES];
		for (size_t j = first; j < end; j++) {
			row[j - first] = m->root + rho_tri_at(m->skip + j) + m->skip;
			if (!hadamard || x[j] != 0)
				f->from[n++] = (uint32_t)j;
		}
		f->cols[b] = n;
		for (size_t j = 0; j < n; j++, out += LANES) {
			size_t at = f->from[j];
			double times = hadamard ? (double)x[at] : 1;
			for (size_t l = 0; l < LANES; l++)
				out[l] = first + l < end && at <= first + l ? (float)(row[l][at] * times) : 0;
		}
	}
}

/* What a width adds to a mean. Rounding is monotonic, so a bound that goes through the same steps is
 * a bound of the score to the last bit. */
static float bonus(const struct rho_linear_frame *f, double alpha, double sum)
{
	return (float)(alpha * sqrt(f->constant + sum));
}

void rho_linear_add_widths(const struct rho_linear *m, const float *x, const struct rho_rows *rows,
                           double alpha, float *score)
{
	struct rho_linear_frame *f = m->frame;
	const float *row[BATCH];
	float sum[BATCH];
	make_frame(m, x, f);
	for (size_t at = 0; at < rows->n; at += BATCH) {
		size_t n = rows->n - at < BATCH ? rows->n - at : BATCH;
		for (size_t i = 0; i < n; i++)
			row[i] = rho_row(rows, at + i);
		f->kernel(f, row, n, sum);
		for (size_t i = 0; i < n; i++)
			score[at + i] += bonus(f, alpha, (double)sum[i]);
	}
}

/* An action of length l (times multiplied in) has ‖c + Ra‖ <= offset + slope * l. */
struct rise {
	double offset, slope;
};

/* The bound, with room for all rounding.
 * ‖R‖² is the largest eigenvalue of S⁻¹ (see linear.h), at most 1 / floor and 1 / λ, after these are
 * lowered by what rounding may have done to A and to its factor: in n updates and two factorizations
 * at most (n + 8 dim) ε tr A, the trace itself known to 1%; eliminating the context's part can multiply
 * that by 1 + tr A / λ.
 * Updates of the factor between two refreshes are contractions but for some dim ε each: 1e-5.
 * The kernel rounds R and c and adds up a_dim products one after another in float, u = 2^-24: an error
 * of at most (a_dim + 2) u (|c| + |R||a|) in each row, and ‖|R||a|‖ <= √a_dim ‖R‖ ‖a‖. The squares,
 * and those of the length, are good to another (a_dim + 16) u.
 * False: A is so badly conditioned that nothing is certain. */
static bool make_rise(const struct rho_linear *m, struct rise *r)
{
	const struct rho_linear_frame *f = m->frame;
	double trace = 1.01 * m->trace, offset = 0, d = (double)m->a_dim;
	double margin = 1 + 1e-5 + 0x1p-22 * (d + 16) * sqrt(d);
	for (size_t i = 0; m->skip && i < f->blocks * LANES; i++)
		offset += (double)f->c[i] * (double)f->c[i];
	double unsure = ((double)*m->updates + 8 * (double)m->dim) * DBL_EPSILON * trace;
	double times = m->skip ? 1 + trace / m->lambda : 1;
	r->offset = margin * sqrt(offset);
	r->slope = margin / sqrt(fmax(m->floor - unsure * times, m->lambda - unsure));
	return unsure < 0.01 * m->lambda && m->dim < 1 << 20;
}

/* score (n), most (n): means, and bounds of mean plus alpha widths, of the tile of rows from `at`.
 * False: some number is not finite. */
static bool bound_tile(const struct rho_linear *m, const struct rise *r, const struct rho_rows *rows,
                       double alpha, const float *score, float *most)
{
	const struct rho_linear_frame *f = m->frame;
	const float *row[BATCH];
	float square[BATCH];
	bool finite = true;
	for (size_t at = 0; at < rows->n; at += BATCH) {
		size_t n = rows->n - at < BATCH ? rows->n - at : BATCH;
		for (size_t i = 0; i < n; i++)
			row[i] = rho_row(rows, at + i);
		f->lengths(f->times, row, n, m->a_dim, square);
		for (size_t i = 0; i < n; i++) {
			/* 1e-30: squares too small for a float, here and in the kernel */
			double width = r->offset + r->slope * sqrt((double)square[i] + 1e-30);
			most[at + i] = score[at + i] + bonus(f, alpha, width * width + 1e-30);
			finite &= width < 1e15 && fabsf(most[at + i]) <= FLT_MAX;
		}
	}
	return finite;
}

/* The first place of the largest score among those whose bound reaches `least`, which the largest
 * score is known to reach. Bounds rise above `least` as scores are found. */
static size_t best_of_bounded(const struct rho_linear *m, const struct rho_rows *rows, double alpha,
                              float least, const float *score, const float *most)
{
	const struct rho_linear_frame *f = m->frame;
	const float *row[BATCH];
	float sum[BATCH], top = -INFINITY;
	size_t place[BATCH], best = 0;
	for (size_t at = 0, n = 0; at < rows->n; at++) {
		if (most[at] >= least) {
			row[n] = rho_row(rows, at);
			place[n++] = at;
		}
		if (n < BATCH && at + 1 < rows->n)
			continue;
		f->kernel(f, row, n, sum);
		for (size_t i = 0; i < n; i++) {
			float s = score[place[i]] + bonus(f, alpha, (double)sum[i]);
			if (s > top) {
				top = s;
				best = place[i];
			}
		}
		least = top > least ? top : least;
		n = 0;
	}
	return best;
}

size_t rho_linear_best_bound(struct rho_ctx *c, const struct rho_linear *m, const float *x,
                             const struct rho_rows *query, const struct rho_rows *rows, double alpha,
                             float *score, float *most)
{
	size_t tile = TILE_BYTES / sizeof(float) / m->a_dim + 1, seeds = 0;
	const float *row[BATCH];
	float sum[BATCH], least = -INFINITY;
	size_t seed[BATCH];
	struct rise r = { 0 };
	make_frame(m, x, m->frame);
	bool sure = m->features != RHO_FEATURES_BILINEAR && make_rise(m, &r);
	tile = tile < rows->n / BATCH + 1 ? rows->n / BATCH + 1 : tile;
	for (size_t at = 0; at < rows->n; at += tile) {
		struct rho_rows part = rho_slice(*rows, at, rows->n - at < tile ? rows->n - at : tile);
		rho_inner(c, query, &part, score + at, part.n);
		sure = sure && bound_tile(m, &r, &part, alpha, score + at, most + at);
		if (sure) {
			seed[seeds] = at + rho_linear_best(most + at, part.n);
			row[seeds] = rho_row(rows, seed[seeds]);
			seeds++;
		}
	}
	if (!sure) {
		rho_linear_add_widths(m, x, rows, alpha, score);
		return rho_linear_best(score, rows->n);
	}
	/* Scores of the most promising of each tile; the largest score is at least as large. */
	m->frame->kernel(m->frame, row, seeds, sum);
	for (size_t i = 0; i < seeds; i++)
		least = fmaxf(least, score[seed[i]] + bonus(m->frame, alpha, (double)sum[i]));
	return best_of_bounded(m, rows, alpha, least, score, most);
}

/* The smallest score, with widths, of the rows at places `only` (n), score left as it is; only NULL: of those
 * of all n rows whose bound reaches `least`, which get it in score, while the others get -INFINITY. */
static float add_some(const struct rho_linear *m, const struct rho_rows *rows, double alpha, float least,
                      const uint32_t *only, size_t n, float *score, const float *most)
{
	const struct rho_linear_frame *f = m->frame;
	const float *row[BATCH];
	float sum[BATCH], low = INFINITY;
	size_t place[BATCH];
	for (size_t at = 0, some = 0; at < n; at++) {
		size_t here = only ? only[at] : at;
		if (only || most[here] >= least) {
			row[some] = rho_row(rows, here);
			place[some++] = here;
		} else {
			score[here] = -INFINITY;
		}
		if (some < BATCH && at + 1 < n)
			continue;
		f->kernel(f, row, some, sum);
		for (size_t i = 0; i < some; i++) {
			float mine = score[place[i]] + bonus(f, alpha, (double)sum[i]);
			low = mine < low ? mine : low;
			if (!only)
				score[place[i]] = mine;
		}
		some = 0;
	}
	return low;
}

void rho_linear_top_bound(struct rho_ctx *c, const struct rho_linear *m, const float *x,
                          const struct rho_rows *query, const struct rho_rows *rows, double alpha, size_t k,
                          float *score, float *most, uint32_t *place)
{
	struct rise r = { 0 };
	make_frame(m, x, m->frame);
	bool sure = m->features != RHO_FEATURES_BILINEAR && make_rise(m, &r);
	rho_inner(c, query, rows, score, rows->n);
	sure = sure && bound_tile(m, &r, rows, alpha, score, most);
	if (!sure) {
		rho_linear_add_widths(m, x, rows, alpha, score);
	} else {
		/* The k of the highest bounds have scores, and the k-th largest score is no smaller than the
		 * least of those. */
		rho_ranked_top(most, rows->n, k, place);
		float least = add_some(m, rows, alpha, 0, place, k, score, most);
		add_some(m, rows, alpha, least, NULL, rows->n, score, most);
	}
	rho_ranked_top(score, rows->n, k, place);
}
