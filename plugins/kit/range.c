/* The range of a tall matrix A, by power iteration on a random start and a Rayleigh-Ritz step at the end:
 * Q = orth(A'A Q) twice, then the eigenvectors of the small matrix Q'A'AQ turn Q into singular vectors. A is
 * read in blocks of rows, so memory is that of d x (rank + a few). */
#include <math.h>

#include "eigen.h"
#include "range.h"

enum { EXTRA = 8, BLOCK = 256, POWERS = 3 };

/* out (l, d) = what A'A makes of the rows of q (l, d). part (l, d) and product (l, BLOCK) are workspace. */
static int gram(struct rho_ctx *c, const struct rho_rows *rows, const float *q, size_t l, double *out,
                float *part, float *product)
{
	size_t d = rows->mat->cols;
	struct rho_mat mat = { q, l, d, d };
	struct rho_rows x = { &mat, NULL, 0, l };
	memset(out, 0, l * d * sizeof *out);
	for (size_t at = 0; at < rows->n; at += BLOCK) {
		size_t n = rows->n - at < BLOCK ? rows->n - at : BLOCK;
		struct rho_rows y = rho_slice(*rows, at, n);
		if (rho_stop(c))
			return rho_fail(c, RHO_ESTOP, "stopped while finding the range of %zu actions",
			                rows->n);
		rho_inner(c, &x, &y, product, BLOCK);
		memset(part, 0, l * d * sizeof *part);
		for (size_t a = 0; a < n; a++) {
			const float *row = rho_row(&y, a);
			for (size_t i = 0; i < l; i++) {
				float times = product[i * BLOCK + a], *to = part + i * d;
				for (size_t j = 0; j < d; j++)
					to[j] += times * row[j];
			}
		}
		for (size_t i = 0; i < l * d; i++)
			out[i] += (double)part[i];
	}
	return 0;
}

static double dot(const double *a, const double *b, size_t n)
{
	double sum = 0;
	for (size_t i = 0; i < n; i++)
		sum += a[i] * b[i];
	return sum;
}

/* The rows of b (l, d) become orthonormal, twice for good measure; 0 where one adds nothing. */
static void orthonormalise(double *b, size_t l, size_t d)
{
	for (size_t i = 0; i < l; i++) {
		double *row = b + i * d, before = sqrt(dot(row, row, d));
		for (size_t k = 0; k < 2 * i; k++) {
			const double *other = b + k % i * d;
			double times = dot(other, row, d);
			for (size_t j = 0; times != 0 && j < d; j++)
				row[j] -= times * other[j];
		}
		double after = sqrt(dot(row, row, d));
		for (size_t j = 0; j < d; j++)
			row[j] = after > 1e-6 * before ? row[j] / after : 0;
	}
}

/* basis (rank, d): the Ritz vectors of the largest values, from orthonormal q (l, d) and b = A'A q; a, v
 * (l, l) and value (l) are workspace. */
static int ritz(struct rho_ctx *c, const double *q, const double *b, size_t l, size_t d, size_t rank,
                double *a, double *v, double *value, float *basis)
{
	for (size_t i = 0; i < l; i++)
		for (size_t k = 0; k <= i; k++)
			a[i * l + k] = a[k * l + i] = (dot(q + i * d, b + k * d, d) +
			                               dot(q + k * d, b + i * d, d)) / 2;
	int error = rho_eigenpairs(c, a, l, value, v);
	if (error)
		return error;
	for (size_t r = 0; r < rank; r++) {
		size_t best = 0;
		for (size_t i = 1; i < l; i++)
			best = value[i] > value[best] ? i : best;
		bool some = value[best] > 0;
		value[best] = -INFINITY;
		for (size_t j = 0; j < d; j++) {
			double sum = 0;
			for (size_t i = 0; some && i < l; i++)
				sum += v[best * l + i] * q[i * d + j];
			basis[r * d + j] = (float)sum;
		}
	}
	return 0;
}

int rho_range_find(struct rho_ctx *c, const struct rho_rows *rows, size_t rank, struct rho_rng *rng,
                   float *basis)
{
	size_t d = rows->mat->cols, l = rank + EXTRA < d ? rank + EXTRA : d;
	double *q = rho_scratch(c, l * d, sizeof *q), *b = rho_scratch(c, l * d, sizeof *b);
	double *a = rho_scratch(c, l * l, sizeof *a), *v = rho_scratch(c, l + 1, l * sizeof *v);
	float *start = rho_scratch(c, l * d, sizeof *start), *part = rho_scratch(c, l * d, sizeof *part);
	float *product = rho_scratch(c, l, BLOCK * sizeof *product);
	if (!q || !b || !a || !v || !start || !part || !product)
		return RHO_ENOMEM;
	for (size_t i = 0; i < l * d; i++)
		q[i] = rho_normal(rng);
	for (int turn = 0; turn <= POWERS; turn++) {
		if (turn) {
			double *held = q;
			q = b;
			b = held;
		}
		orthonormalise(q, l, d);
		for (size_t i = 0; i < l * d; i++)
			start[i] = (float)q[i];
		int error = gram(c, rows, start, l, b, part, product);
		if (error)
			return error;
	}
	for (size_t i = 0; i < l * d; i++)
		if (!isfinite(b[i]))
			return rho_fail(c, RHO_EINVAL, "the %zu strongest directions of the actions' features"
			                " are wanted, and some features are not finite or too large to"
			                " square; scale them, or ask for all directions", rank);
	return ritz(c, q, b, l, d, rank, a, v, v + l * l, basis);
}

int rho_range_open(struct rho_ctx *c, struct rho_range *r, size_t n_actions, size_t dim, int64_t rank)
{
	*r = (struct rho_range){ .rank = (size_t)rank, .dim = rank ? (size_t)rank : dim };
	if (r->rank > dim)
		return rho_fail(c, RHO_EINVAL, "there are no %zu directions in the %zu numbers of an action's"
		                " features; ask for at most %zu, or for 0, which is all", r->rank, dim, dim);
	r->key = rho_stream(c, "range");
	r->at = r->rank ? rho_alloc(c, n_actions, r->rank * sizeof *r->at) : NULL;
	r->rows = n_actions;
	return r->rank && !r->at ? RHO_ENOMEM : 0;
}

int rho_range_rows(struct rho_ctx *c, struct rho_range *r, const struct rho_rows *all,
                   const struct rho_rows *wanted, struct rho_rows *out)
{
	*out = *wanted;
	if (!r->rank)
		return 0;
	if (all->n > r->rows)
		return rho_fail(c, RHO_EBUG, "%zu actions where %zu were promised", all->n, r->rows);
	if (r->of != all->mat->at) {
		size_t d = all->mat->cols;
		float *basis = rho_scratch(c, r->rank, d * sizeof *basis);
		struct rho_rng rng = rho_fork(r->key, 0, 0);
		struct rho_mat mat = { basis, r->rank, d, d };
		struct rho_rows onto = { &mat, NULL, 0, r->rank };
		int error = !basis ? RHO_ENOMEM : r->given ? 0 : rho_range_find(c, all, r->rank, &rng, basis);
		if (error)
			return error;
		for (size_t j = 0; r->given && j < r->rank * d; j++)
			basis[j] = (float)r->given[j];
		for (size_t at = 0; at < all->n; at += BLOCK) {
			size_t n = all->n - at < BLOCK ? all->n - at : BLOCK;
			struct rho_rows part = rho_slice(*all, at, n);
			rho_inner(c, &part, &onto, r->at + at * r->rank, r->rank);
		}
		r->mat = (struct rho_mat){ r->at, all->n, r->rank, r->rank };
		r->of = all->mat->at;
	}
	out->mat = &r->mat;
	return 0;
}
