/* dimension.c: nearest neighbours, exactly, and what their distances say about the dimension nearby. */
#include "geometry.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "products.h"

/* Neighbours nearer than this are copies: float32 rows of length 1 that mean the same differ by about 1e-7.
 */
static const double copy = 1e-6;

/* More are looked at than asked for: sgemm's order of those about equally near may be wrong, and some are
 * copies. */
enum { SPARE = 8 };

struct near {
	float cosine;
	uint32_t row;
};

struct nearest_job {
	const struct rho_units *units;
	size_t m;
	double *out; /* (n_which, m) */
};

/* The heap's root is its least cosine; among equals, the last row. */
static bool less_near(const struct near *a, const struct near *b)
{
	return a->cosine < b->cosine || (a->cosine == b->cosine && a->row > b->row);
}

static void sink(struct near *heap, size_t n, size_t i)
{
	for (size_t child; (child = 2 * i + 1) < n; i = child) {
		struct near keep = heap[i];
		if (child + 1 < n && less_near(&heap[child + 1], &heap[child]))
			child++;
		if (!less_near(&heap[child], &heap[i]))
			return;
		heap[i] = heap[child];
		heap[child] = keep;
	}
}

/* The `most` rows of the greatest cosine, but for `self`, into heap; how many. */
static size_t take_nearest(const float *cosine, size_t n, size_t self, struct near *heap, size_t most)
{
	size_t got = 0;
	for (size_t i = 0; i < n; i++) {
		struct near it = { cosine[i], (uint32_t)i };
		if (i == self || (got == most && cosine[i] <= heap[0].cosine))
			continue;
		if (got < most) {
			heap[got++] = it;
			for (size_t r = got / 2; got == most && r-- > 0;)
				sink(heap, most, r);
			continue;
		}
		heap[0] = it;
		sink(heap, most, 0);
	}
	return got;
}

static double apart(const float *a, const float *b, size_t d)
{
	double sum = 0;
	for (size_t c = 0; c < d; c++) {
		double x = (double)a[c] - (double)b[c];
		sum += x * x;
	}
	return sqrt(sum);
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

/* One row's neighbours: looks at more and more until enough of them are no copies. */
static void find_neighbours(const struct nearest_job *j, const float *cosine, size_t self, double *out)
{
	const struct rho_units *u = j->units;
	size_t most = j->m + SPARE, others = u->n - 1, real = 0, got;
	struct near *heap = NULL;
	double *distance = NULL;
	for (;; most *= 4) {
		most = most < others ? most : others;
		heap = rho_xrealloc(heap, (most + 1) * sizeof *heap);
		distance = rho_xrealloc(distance, (most + 1) * sizeof *distance);
		got = take_nearest(cosine, u->n, self, heap, most);
		real = 0;
		for (size_t i = 0; i < got; i++) {
			double r = apart(u->at + self * u->dim, u->at + heap[i].row * u->dim, u->dim);
			if (r >= copy)
				distance[real++] = r;
		}
		if (real >= j->m || most == others)
			break;
	}
	qsort(distance, real, sizeof *distance, by_value);
	for (size_t i = 0; i < j->m; i++)
		out[i] = i < real ? distance[i] : INFINITY;
	free(heap);
	free(distance);
}

static void nearest_rows(void *arg, const struct rho_products *p, size_t from, size_t to)
{
	const struct nearest_job *j = arg;
	for (size_t i = from; i < to; i++)
		find_neighbours(j, p->at + i * p->stride, p->which[p->first + i],
		                j->out + (p->first + i) * j->m);
}

int rho_nearest_rows(const struct rho_units *u, const uint32_t *which, size_t n_which, size_t m,
                     unsigned threads, const struct rho_waiting *wait, double *out, struct rho_buf *why)
{
	struct nearest_job j = { u, m, out };
	struct rho_each each = { nearest_rows, NULL, &j, false, false };
	return rho_products_each(u, which, n_which, &each, threads, wait, "nearest neighbours", why);
}

double rho_two_nn(const double *nearest, size_t n, size_t stride, double *term)
{
	double sum = 0;
	size_t used = 0;
	for (size_t i = 0; i < n; i++) {
		const double *r = nearest + i * stride;
		double mine = isfinite(r[1]) ? log(r[1] / r[0]) : NAN;
		if (term)
			term[i] = mine;
		if (isnan(mine))
			continue;
		sum += mine;
		used++;
	}
	return used && sum > 0 ? (double)used / sum : NAN;
}

double rho_levina_bickel(const double *nearest, size_t n, size_t m, double *term)
{
	double sum = 0;
	size_t used = 0;
	for (size_t i = 0; i < n; i++) {
		const double *r = nearest + i * m;
		double mine = m > 1 && isfinite(r[m - 1]) ? 0 : NAN;
		for (size_t j = 0; j + 1 < m && !isnan(mine); j++)
			mine += log(r[m - 1] / r[j]) / (double)(m - 1);
		if (term)
			term[i] = mine;
		if (isnan(mine))
			continue;
		sum += mine;
		used++;
	}
	return used && sum > 0 ? (double)used / sum : NAN;
}
