/* dpp.c: the k-determinantal point process, by way of its elementary processes. */
#include "dpp.h"
#include "kit/eigen.h"

enum { TOGETHER = 4, BLOCK = 16 };

/* ---- the kernel, diagonalised ---- */

/* BᵀB (d, d), summed in float64 in the order of the rows, four at a time. */
static void gram_of_columns(const struct rho_rows *rows, double *gram)
{
	size_t d = rows->mat->cols;
	memset(gram, 0, d * d * sizeof *gram);
	for (size_t i = 0; i < rows->n; i += TOGETHER) {
		size_t m = rows->n - i < TOGETHER ? rows->n - i : TOGETHER;
		const float *x[TOGETHER];
		for (size_t r = 0; r < TOGETHER; r++)
			x[r] = rho_row(rows, i + (r < m ? r : 0));
		for (size_t a = 0; a < d; a++) {
			double *out = gram + a * d, f[TOGETHER];
			for (size_t r = 0; r < TOGETHER; r++)
				f[r] = r < m ? (double)x[r][a] : 0;
			for (size_t b = 0; b <= a; b++)
				out[b] += (f[0] * (double)x[0][b] + f[1] * (double)x[1][b]) +
				          (f[2] * (double)x[2][b] + f[3] * (double)x[3][b]);
		}
	}
}

/* BBᵀ (n, n). */
static void gram_of_rows(const struct rho_rows *rows, double *gram)
{
	for (size_t i = 0; i < rows->n; i++)
		for (size_t j = 0; j <= i; j++) {
			const float *x = rho_row(rows, i), *y = rho_row(rows, j);
			double sum = 0;
			for (size_t a = 0; a < rows->mat->cols; a++)
				sum += (double)x[a] * (double)y[a];
			gram[i * rows->n + j] = sum;
		}
}

/* log(exp a + exp b) */
static double log_add(double a, double b)
{
	double most = a > b ? a : b, least = a > b ? b : a;
	return most == -INFINITY ? most : most + log1p(exp(least - most));
}

/* table (rank + 1, k + 1), from one end or the other: e_r of j values is e_r of j - 1 of them plus the
 * last one times e_(r-1). Logarithms, as the polynomials themselves leave float64's range. */
static void polynomials(const struct dpp *p, bool from_end, double *table)
{
	size_t wide = p->k + 1;
	for (size_t j = 0; j <= p->rank; j++) {
		size_t row = from_end ? p->rank - j : j;
		double *e = table + row * wide;
		const double *before = from_end ? e + wide : e - wide;
		double value = j ? log(p->value[from_end ? row : row - 1]) : 0;
		e[0] = 0;
		for (size_t r = 1; r < wide; r++)
			e[r] = j ? log_add(before[r], value + before[r - 1]) : -INFINITY;
	}
}

/* Keeps the m eigenpairs that count. */
static int keep(struct rho_ctx *c, struct dpp *p, const double *value, const double *vector, size_t m, size_t k,
                void *(*room)(struct rho_ctx *, size_t n, size_t size))
{
	double most = 0;
	for (size_t j = 0; j < m; j++)
		most = fmax(most, value[j]);
	p->rank = 0;
	for (size_t j = 0; j < m; j++)
		p->rank += value[j] > 1e-12 * most;
	p->k = k < p->rank ? k : p->rank;
	p->value = room(c, p->rank, sizeof *p->value);
	p->vector = room(c, p->rank * m, sizeof *p->vector);
	p->head = room(c, (p->rank + 1) * (p->k + 1), sizeof *p->head);
	p->tail = room(c, (p->rank + 1) * (p->k + 1), sizeof *p->tail);
	if (!p->value || !p->vector || !p->head || !p->tail)
		return RHO_ENOMEM;
	for (size_t j = 0, at = 0; j < m; j++) {
		double by = p->dual ? 1 / sqrt(value[j]) : 1;
		if (!(value[j] > 1e-12 * most))
			continue;
		p->value[at] = value[j];
		for (size_t i = 0; i < m; i++)
			p->vector[at * m + i] = vector[j * m + i] * by;
		at++;
	}
	polynomials(p, false, p->head);
	polynomials(p, true, p->tail);
	return 0;
}

int dpp_make(struct rho_ctx *c, struct dpp *p, const struct rho_rows *rows, size_t k,
             void *(*room)(struct rho_ctx *, size_t n, size_t size))
{
	size_t d = rows->mat->cols, m = rows->n > d ? d : rows->n;
	double *gram = rho_scratch(c, m * m, sizeof *gram), *vector = rho_scratch(c, m * m, sizeof *vector);
	double *value = rho_scratch(c, m, sizeof *value);
	int e;
	if (!gram || !vector || !value)
		return RHO_ENOMEM;
	p->n = rows->n;
	p->dim = m;
	p->dual = rows->n > d;
	if (p->dual)
		gram_of_columns(rows, gram);
	else
		gram_of_rows(rows, gram);
	for (size_t i = 0; i < m; i++)
		for (size_t j = 0; j < i; j++)
			gram[j * m + i] = gram[i * m + j];
	e = rho_eigenpairs(c, gram, m, value, vector);
	return e ? e : keep(c, p, value, vector, m, k, room);
}

/* out (count, n): eigenvectors of L, `which` (count) of them. */
static int eigenvectors(struct rho_ctx *c, const struct dpp *p, const struct rho_rows *rows, const size_t *which,
                        size_t count, double *out)
{
	double *some = rho_scratch(c, count * p->dim, sizeof *some);
	if (!some)
		return RHO_ENOMEM;
	for (size_t j = 0; j < count; j++)
		memcpy((p->dual ? some : out) + j * p->dim, p->vector + which[j] * p->dim,
		       p->dim * sizeof *some);
	if (p->dual)
		rho_inner64(c, some, count, rows, out, p->n);
	return 0;
}

/* ---- how likely a row is ---- */

/* P(eigenvector j is among the k that span the set): its value times e_(k-1) of the others over e_k of all. */
static double weight(const struct dpp *p, size_t j)
{
	size_t wide = p->k + 1;
	double others = -INFINITY;
	for (size_t r = 0; r < p->k; r++)
		others = log_add(others, p->head[j * wide + r] + p->tail[(j + 1) * wide + p->k - 1 - r]);
	return exp(log(p->value[j]) + others - p->head[p->rank * wide + p->k]);
}

int dpp_inclusion(struct rho_ctx *c, const struct dpp *p, const struct rho_rows *rows, float *incl)
{
	double *sum = rho_scratch(c, p->n, sizeof *sum), *y = rho_scratch(c, BLOCK * p->n, sizeof *y);
	if (!sum || !y)
		return RHO_ENOMEM;
	memset(sum, 0, p->n * sizeof *sum);
	for (size_t from = 0; from < p->rank && p->k; from += BLOCK) {
		size_t which[BLOCK], m = p->rank - from < BLOCK ? p->rank - from : BLOCK;
		for (size_t j = 0; j < m; j++)
			which[j] = from + j;
		if (eigenvectors(c, p, rows, which, m, y))
			return RHO_ENOMEM;
		for (size_t j = 0; j < m; j++) {
			double by = weight(p, from + j);
			for (size_t i = 0; i < p->n; i++)
				sum[i] += by * y[j * p->n + i] * y[j * p->n + i];
		}
	}
	for (size_t i = 0; i < p->n; i++)
		incl[i] = sum[i] < 1 ? (float)sum[i] : 1;
	return 0;
}

/* ---- drawing ---- */

/* Which k eigenvectors span the set (Kulesza & Taskar 2012, algorithm 8). */
static void draw_span(const struct dpp *p, struct rho_rng *rng, size_t *which)
{
	size_t wide = p->k + 1, left = p->k;
	for (size_t j = p->rank; left; j--) {
		double take = exp(log(p->value[j - 1]) + p->head[(j - 1) * wide + left - 1] -
		                  p->head[j * wide + left]);
		if (j == left || rho_unif(rng) < take)
			which[--left] = j - 1;
	}
}

/* A row in proportion to what of it is not yet spanned: rest (n), never negative. */
static size_t draw_row(const double *rest, size_t n, struct rho_rng *rng)
{
	double total = 0, at;
	size_t row = 0;
	for (size_t i = 0; i < n; i++)
		total += rest[i];
	at = rho_unif(rng) * total;
	for (size_t i = 0; i < n && at >= 0; i++)
		if (rest[i] > 0) {
			row = i;
			at -= rest[i];
		}
	return row;
}

/* u (k): row `at` of y (k, n) without what it has along the `got` orthonormal ones before, twice for
 * accuracy, at length 1. */
static void direction(const double *y, size_t n, size_t k, size_t at, const double *before, size_t got, double *u)
{
	double length = 0;
	for (size_t m = 0; m < k; m++)
		u[m] = y[m * n + at];
	for (size_t turn = 0; turn < 2; turn++)
		for (size_t b = 0; b < got; b++) {
			double along = 0;
			for (size_t m = 0; m < k; m++)
				along += u[m] * before[b * k + m];
			for (size_t m = 0; m < k; m++)
				u[m] -= along * before[b * k + m];
		}
	for (size_t m = 0; m < k; m++)
		length += u[m] * u[m];
	for (size_t m = 0; m < k; m++)
		u[m] /= sqrt(length);
}

int dpp_draw(struct rho_ctx *c, const struct dpp *p, const struct rho_rows *rows, struct rho_rng *rng,
             uint32_t *place)
{
	size_t n = p->n, k = p->k, *which = rho_scratch(c, k, sizeof *which);
	double *y = rho_scratch(c, k * n, sizeof *y), *rest = rho_scratch(c, n, sizeof *rest);
	double *u = rho_scratch(c, k * k, sizeof *u), *along = rho_scratch(c, n, sizeof *along);
	if (!which || !y || !rest || !u || !along)
		return RHO_ENOMEM;
	draw_span(p, rng, which);
	if (eigenvectors(c, p, rows, which, k, y))
		return RHO_ENOMEM;
	memset(rest, 0, n * sizeof *rest);
	for (size_t m = 0; m < k; m++)
		for (size_t i = 0; i < n; i++)
			rest[i] += y[m * n + i] * y[m * n + i];
	for (size_t t = 0; t < k; t++) {
		size_t at = draw_row(rest, n, rng);
		place[t] = (uint32_t)at;
		direction(y, n, k, at, u, t, u + t * k);
		memset(along, 0, n * sizeof *along);
		for (size_t m = 0; m < k; m++)
			for (size_t i = 0; i < n; i++)
				along[i] += u[t * k + m] * y[m * n + i];
		for (size_t i = 0; i < n; i++)
			rest[i] = fmax(rest[i] - along[i] * along[i], 0);
		for (size_t s = 0; s <= t; s++)
			rest[place[s]] = 0;
	}
	return 0;
}
