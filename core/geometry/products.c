/* products.c: rows brought to length 1, and their products with one another. One block of rows is multiplied
 * by all threads together and then worked on by all of them, so that memory does not grow with the threads
 * either. */
#include "products.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <rho/rng.h>
#include "../base/blas.h"
#include "../score/score.h"
#include "tile.h"

enum { FEWEST_ROWS = 64 }; /* of a block */

struct unit_job {
	const struct rho_mat *rows;
	struct rho_units *units;
};

static void bring_to_length(void *arg, size_t from, size_t to)
{
	const struct unit_job *j = arg;
	size_t d = j->rows->cols;
	for (size_t i = from; i < to; i++) {
		const float *x = j->rows->at + i * j->rows->stride;
		float *y = j->units->at + i * d;
		double sum = 0, length;
		for (size_t c = 0; c < d; c++)
			sum += (double)x[c] * (double)x[c];
		length = sqrt(sum);
		for (size_t c = 0; c < d; c++)
			y[c] = length > 0 ? (float)((double)x[c] / length) : 0;
	}
}

static bool all_zero(const float *x, size_t d)
{
	for (size_t c = 0; c < d; c++)
		if (x[c] != 0)
			return false;
	return true;
}

void rho_units_init(struct rho_units *u, const struct rho_mat *rows, unsigned threads)
{
	struct unit_job j = { rows, u };
	*u = (struct rho_units){ .n = rows->rows, .dim = rows->cols };
	u->at = rho_xmalloc((u->n * u->dim + 1) * sizeof *u->at);
	rho_score_parallel(u->n, bring_to_length, &j, threads);
	for (size_t i = 0; i < u->n; i++)
		u->zeros += all_zero(u->at + i * u->dim, u->dim);
}

void rho_units_free(struct rho_units *u)
{
	free(u->at);
	*u = (struct rho_units){ 0 };
}

uint32_t *rho_draw_rows(size_t n, size_t *m, uint64_t seed)
{
	struct rho_rng key = { { 0x9e3779b97f4a7c15u, seed, 0xbb67ae8584caa73bu, 0x3c6ef372fe94f82bu } };
	struct rho_rng rng = rho_fork(&key, n, seed);
	size_t want = *m && *m < n ? *m : n, got = 0;
	uint32_t *out = rho_xmalloc((want + 1) * sizeof *out);
	/* Knuth's algorithm S: each row with the chance that leaves just as many as wanted. */
	for (size_t i = 0; i < n && got < want; i++)
		if (want == n || rho_unif(&rng) * (double)(n - i) < (double)(want - got))
			out[got++] = (uint32_t)i;
	*m = got;
	return out;
}

/* Columns that are worked on at a time: their packed rows stay in the second-level cache while all of the
 * block's go over them. Whole chunks. */
enum { GROUP = 2 * RHO_CHUNK };

struct block_job {
	const struct rho_blas *blas; /* or NULL: tiles */
	const struct rho_units *units;
	float *left;  /* (rows, dim): the block's rows, gathered */
	float *strip; /* (rows / RHO_TILE_ROWS, dim, RHO_TILE_ROWS): the same, packed */
	float *panel; /* (n / RHO_TILE_COLS, dim, RHO_TILE_COLS): all rows, packed */
	struct rho_products block;
	const struct rho_each *each;
};

static void multiply(void *arg, size_t from, size_t to)
{
	const struct block_job *j = arg;
	int d = (int)j->units->dim;
	j->blas->sgemm(RHO_ROW_MAJOR, RHO_NO_TRANS, RHO_TRANS, (int)j->block.rows, (int)(to - from), d, 1,
	               j->left, d, j->units->at + from * j->units->dim, d, 0, j->block.at + from,
	               (int)j->block.stride);
}

static void pack_panels(void *arg, size_t from, size_t to)
{
	const struct block_job *j = arg;
	size_t d = j->units->dim;
	for (size_t p = from; p < to; p++)
		rho_tile_pack(j->units->at, j->units->n, p * RHO_TILE_COLS, d, RHO_TILE_COLS,
		              j->panel + p * d * RHO_TILE_COLS);
}

static void pack_strips(void *arg, size_t from, size_t to)
{
	const struct block_job *j = arg;
	size_t d = j->units->dim;
	for (size_t s = from; s < to; s++)
		rho_tile_pack(j->left, j->block.rows, s * RHO_TILE_ROWS, d, RHO_TILE_ROWS,
		              j->strip + s * d * RHO_TILE_ROWS);
}

/* The chunks of a row's columns from .. to - 1, its product with itself left out. */
static void note_chunks(const struct rho_products *p, size_t i, size_t from, size_t to)
{
	size_t self = p->which[p->first + i];
	float *row = p->at + i * p->stride;
	if (self >= from && self < to && (self ^ 1) < p->n)
		row[self] = row[self ^ 1]; /* of the same chunk */
	for (size_t c = from / RHO_CHUNK; c * RHO_CHUNK < to; c++) {
		size_t n = to - c * RHO_CHUNK < RHO_CHUNK ? to - c * RHO_CHUNK : RHO_CHUNK;
		rho_tile_chunk(row + c * RHO_CHUNK, n, p->top + (i * p->chunks + c) * RHO_ACROSS,
		               p->least + i * p->chunks + c);
	}
}

static void multiply_groups(void *arg, size_t from, size_t to)
{
	const struct block_job *j = arg;
	const struct rho_products *p = &j->block;
	size_t d = j->units->dim;
	for (size_t g = from; g < to; g++) {
		size_t start = g * GROUP, end = start + GROUP < p->n ? start + GROUP : p->n;
		for (size_t i = 0; i < p->rows; i += RHO_TILE_ROWS) {
			size_t rows = p->rows - i < RHO_TILE_ROWS ? p->rows - i : RHO_TILE_ROWS;
			for (size_t c = start; c < end; c += RHO_TILE_COLS)
				rho_tile(j->strip + i * d, j->panel + c * d, d, p->at + i * p->stride + c,
				         p->stride, rows);
			for (size_t r = i; r < i + rows && p->top; r++)
				note_chunks(p, r, start, end);
		}
	}
}

static void visit(void *arg, size_t from, size_t to)
{
	const struct block_job *j = arg;
	j->each->rows(j->each->arg, &j->block, from, to);
}

/* n floats. `often`: they are gone through so often that large pages pay, which cost more to get. */
static float *floats(size_t n, bool often)
{
	enum { PAGE = 2 << 20, LINE = 64 };
	size_t bytes = (n + 16) * sizeof(float);
	void *at = NULL;
	if (posix_memalign(&at, often ? PAGE : LINE, bytes))
		return rho_xmalloc(bytes);
#ifdef MADV_HUGEPAGE
	if (often)
		madvise(at, bytes, MADV_HUGEPAGE);
#endif
	return at;
}

/* Memory for blocks of `rows` rows; with tiles, all rows packed. */
static void start(struct block_job *j, size_t rows, size_t m, unsigned threads)
{
	size_t d = j->units->dim, n = j->units->n, panels = (n + RHO_TILE_COLS - 1) / RHO_TILE_COLS;
	size_t strips = (rows + RHO_TILE_ROWS - 1) / RHO_TILE_ROWS;
	bool often = m / 8 > rows && rows * n > 1 << 24;
	j->block.stride =
		(panels | 1) * RHO_TILE_COLS; /* odd: rows do not fall on one another in the cache */
	j->block.chunks = (n + RHO_CHUNK - 1) / RHO_CHUNK;
	j->block.at = floats(rows * j->block.stride, often);
	j->left = floats(rows * d, false);
	if (j->blas)
		return;
	j->strip = floats(strips * d * RHO_TILE_ROWS, false);
	j->panel = floats(panels * d * RHO_TILE_COLS, often);
	rho_score_parallel(panels, pack_panels, j, threads);
	if (j->each->chunks) {
		j->block.top = floats(rows * j->block.chunks * RHO_ACROSS, false);
		j->block.least = floats(rows * j->block.chunks, false);
	}
}

static void finish(struct block_job *j)
{
	free(j->block.at);
	free(j->block.top);
	free(j->block.least);
	free(j->left);
	free(j->strip);
	free(j->panel);
}

int rho_products_each(const struct rho_units *u, const uint32_t *which, size_t m, const struct rho_each *each,
                      unsigned threads, const struct rho_waiting *wait, const char *what, struct rho_buf *why)
{
	struct block_job j = { .units = u, .each = each, .block = { .n = u->n, .which = which } };
	size_t rows = RHO_PRODUCTS / (u->n ? u->n : 1);
	if (each->sgemm || !rho_tile_usable()) {
		j.blas = rho_blas(why);
		if (!j.blas)
			return -1;
	}
	rows = rows < FEWEST_ROWS ? FEWEST_ROWS : rows > RHO_PRODUCTS_ROWS ? RHO_PRODUCTS_ROWS : rows;
	rows = rows < m ? rows : m;
	start(&j, rows, m, threads);
	for (; j.block.first < m; j.block.first += j.block.rows) {
		j.block.rows = m - j.block.first < rows ? m - j.block.first : rows;
		for (size_t i = 0; i < j.block.rows; i++)
			memcpy(j.left + i * u->dim, u->at + which[j.block.first + i] * u->dim,
			       u->dim * sizeof *j.left);
		if (j.blas) {
			rho_score_parallel(u->n, multiply, &j, threads);
		} else {
			rho_score_parallel((j.block.rows + RHO_TILE_ROWS - 1) / RHO_TILE_ROWS, pack_strips,
			                   &j, threads);
			rho_score_parallel((u->n + GROUP - 1) / GROUP, multiply_groups, &j, threads);
		}
		rho_score_parallel(j.block.rows, visit, &j, threads);
		if (each->block)
			each->block(each->arg, &j.block);
		if (wait && wait->said)
			wait->said(wait->arg, what, (double)(j.block.first + j.block.rows) / (double)m);
	}
	finish(&j);
	return 0;
}
