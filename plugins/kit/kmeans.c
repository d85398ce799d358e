/* kmeans.c: k-means++ and Lloyd's rounds on a sample, then every row to its nearest centre. */
#include "kmeans.h"

enum { BLOCK = 256 };           /* rows whose products with all centres are held at once */

struct work {
	size_t n, d, cells;     /* of the sample; cells: centres so far      */
	uint32_t *id;           /* (n) rows of the matrix                    */
	struct rho_rows rows;   /* (n, d) the sample                         */
	float *centre;          /* (most, d) */
	struct rho_mat mat;     /* over centre */
	double *half;           /* (most) half the square of each centre's length */
	float *inner;           /* (BLOCK, most) */
	uint32_t *cell;         /* (n) */
	double *sum;            /* (most, d) */
	size_t *count;          /* (most) */
	double *near;           /* (n) square of the distance to the nearest centre */
	float *square, *product;        /* (n) */
};

void rho_squares(struct rho_ctx *c, const struct rho_rows *rows, float *out)
{
	for (size_t i = 0; i < rows->n; i++) {
		struct rho_rows one = rho_slice(*rows, i, 1);
		rho_inner(c, &one, &one, out + i, 1);
	}
}

/* m of the rows in rising order, each set as likely as any other (Fan, Muller & Rezucha 1962). */
static void take_sample(const struct rho_rows *rows, size_t m, struct rho_rng *rng, uint32_t *id)
{
	for (size_t i = 0, got = 0; got < m; i++)
		if (rho_unif(rng) * (double)(rows->n - i) < (double)(m - got))
			id[got++] = rows->id ? rows->id[i] : (uint32_t)(rows->first + i);
}

static int make_room(struct rho_ctx *c, const struct rho_rows *rows, const struct rho_kmeans *want,
                     struct work *w)
{
	size_t most = want->cells;
	w->d = rows->mat->cols;
	w->n = want->sample < rows->n ? want->sample : rows->n;
	w->id = rho_scratch(c, w->n, sizeof *w->id);
	w->centre = rho_scratch(c, most * w->d, sizeof *w->centre);
	w->half = rho_scratch(c, most, sizeof *w->half);
	w->inner = rho_scratch(c, BLOCK * most, sizeof *w->inner);
	w->cell = rho_scratch(c, w->n, sizeof *w->cell);
	w->sum = rho_scratch(c, most * w->d, sizeof *w->sum);
	w->count = rho_scratch(c, most, sizeof *w->count);
	w->near = rho_scratch(c, w->n, sizeof *w->near);
	w->square = rho_scratch(c, w->n, sizeof *w->square);
	w->product = rho_scratch(c, w->n, sizeof *w->product);
	if (!w->id || !w->centre || !w->half || !w->inner || !w->cell || !w->sum || !w->count || !w->near ||
	    !w->square || !w->product)
		return RHO_ENOMEM;
	w->mat = (struct rho_mat){ w->centre, most, w->d, w->d };
	w->rows = (struct rho_rows){ .mat = rows->mat, .id = w->id, .n = w->n };
	return 0;
}

static void halve(struct work *w, size_t cell)
{
	double sum = 0;
	for (size_t j = 0; j < w->d; j++)
		sum += (double)w->centre[cell * w->d + j] * (double)w->centre[cell * w->d + j];
	w->half[cell] = sum / 2;
}

/* Row `at` of the sample becomes a centre. */
static void add_centre(struct rho_ctx *c, struct work *w, size_t at)
{
	struct rho_rows one = rho_slice(w->rows, at, 1);
	memcpy(w->centre + w->cells * w->d, rho_row(&one, 0), w->d * sizeof *w->centre);
	halve(w, w->cells++);
	rho_inner(c, &one, &w->rows, w->product, w->n);
	for (size_t i = 0; i < w->n; i++) {
		double gap = (double)w->square[i] + (double)w->square[at] - 2 * (double)w->product[i];
		if (w->cells == 1 || gap < w->near[i])
			w->near[i] = gap > 0 ? gap : 0;
	}
}

/* k-means++: each further centre is a row drawn in proportion to `near`. */
static int seed(struct rho_ctx *c, struct work *w, size_t most, struct rho_rng *rng)
{
	rho_squares(c, &w->rows, w->square);
	add_centre(c, w, rho_below(rng, (uint32_t)w->n));
	while (w->cells < most) {
		double total = 0, left;
		size_t at = w->n;
		for (size_t i = 0; i < w->n; i++)
			total += w->near[i];
		if (!(total > 0))
			return 0;       /* every row is a centre */
		left = rho_unif(rng) * total;
		for (size_t i = 0; i < w->n && left >= 0; i++)
			if (w->near[i] > 0) {
				at = i;
				left -= w->near[i];
			}
		add_centre(c, w, at);
		if (rho_stop(c))
			return RHO_ESTOP;
	}
	return 0;
}

/* Every row's nearest centre; how many rows have another than before. */
static size_t assign(struct rho_ctx *c, struct work *w, const struct rho_rows *rows, uint32_t *cell)
{
	struct rho_rows centres = { .mat = &w->mat, .n = w->cells };
	size_t moved = 0;
	for (size_t from = 0; from < rows->n; from += BLOCK) {
		size_t n = rows->n - from < BLOCK ? rows->n - from : BLOCK;
		struct rho_rows part = rho_slice(*rows, from, n);
		rho_inner(c, &part, &centres, w->inner, w->cells);
		for (size_t i = 0; i < n; i++) {
			const float *p = w->inner + i * w->cells;
			size_t best = 0;
			for (size_t j = 1; j < w->cells; j++)
				if ((double)p[j] - w->half[j] > (double)p[best] - w->half[best])
					best = j;
			moved += cell[from + i] != best;
			cell[from + i] = (uint32_t)best;
		}
	}
	return moved;
}

/* Each centre goes to the mean of its rows; one without rows stays. */
static void move(struct work *w)
{
	memset(w->sum, 0, w->cells * w->d * sizeof *w->sum);
	memset(w->count, 0, w->cells * sizeof *w->count);
	for (size_t i = 0; i < w->n; i++) {
		const float *x = rho_row(&w->rows, i);
		double *sum = w->sum + w->cell[i] * w->d;
		for (size_t j = 0; j < w->d; j++)
			sum[j] += (double)x[j];
		w->count[w->cell[i]]++;
	}
	for (size_t k = 0; k < w->cells; k++) {
		for (size_t j = 0; j < w->d && w->count[k]; j++)
			w->centre[k * w->d + j] = (float)(w->sum[k * w->d + j] / (double)w->count[k]);
		halve(w, k);
	}
}

int rho_kmeans(struct rho_ctx *c, const struct rho_rows *rows, const struct rho_kmeans *want,
               struct rho_rng *rng, uint32_t *cell, size_t *used)
{
	struct work w = { 0 };
	int e = make_room(c, rows, want, &w);
	if (e)
		return e;
	take_sample(rows, w.n, rng, w.id);
	e = seed(c, &w, want->cells, rng);
	if (e)
		return e;
	memset(w.cell, 0xff, w.n * sizeof *w.cell);
	for (size_t r = 0; r < want->rounds && assign(c, &w, &w.rows, w.cell); r++) {
		move(&w);
		rho_progress(c, (double)(r + 1) / (double)(want->rounds + 1));
		if (rho_stop(c))
			return RHO_ESTOP;
	}
	assign(c, &w, rows, cell);
	*used = w.cells;
	return 0;
}
