/* The projections of bilinear features: main directions of the actions, found by orthogonal iteration
 * (Golub & Van Loan, Matrix Computations, §8.2.4). */
#include <math.h>

#include "linear.h"
#include "linear_impl.h"

enum { ROWS = 16384, ITERATIONS = 60 };

void rho_linear_project(const double *axes, size_t rank, const float *v, size_t n, double *y)
{
	for (size_t i = 0; i < rank; i++) {
		double sum = 0;
		for (size_t j = 0; j < n; j++)
			sum += axes[i * n + j] * (double)v[j];
		y[i] = sum;
	}
}

/* Makes the rows of axes (rank, n) orthonormal, each to those before it, twice over; a row that depends
 * on them is drawn anew. rank <= n */
static void straighten(double *axes, size_t rank, size_t n, struct rho_rng *rng)
{
	for (size_t i = 0; i < rank; i++) {
		double *mine = axes + i * n;
		for (int turn = 0; turn < 2; turn++) {
			double before = sqrt(rho_kit_dot(mine, mine, n)), after;
			for (size_t k = 0; k < i; k++) {
				double part = rho_kit_dot(mine, axes + k * n, n);
				for (size_t j = 0; j < n; j++)
					mine[j] -= part * axes[k * n + j];
			}
			after = sqrt(rho_kit_dot(mine, mine, n));
			bool lost = !(after > 1e-10 * before) || !isfinite(after);
			for (size_t j = 0; j < n; j++)
				mine[j] = lost ? rho_normal(rng) : mine[j] / after;
			if (lost)
				turn = -1;
		}
	}
}

static void scatter(double *axes, size_t rank, size_t n, struct rho_rng *rng)
{
	for (size_t i = 0; i < rank * n; i++)
		axes[i] = rho_normal(rng);
	straighten(axes, rank, n, rng);
}

/* s = Σ aaᵀ over up to ROWS rows, evenly spaced, that are finite; a triangle. some (BLOCK, pad) is
 * workspace. */
static void second_moments(const struct rho_rows *rows, double *s, double *some)
{
	size_t d = rows->mat->cols, pad = rho_tri_pad(d), n = rows->n < ROWS ? rows->n : ROWS, have = 0;
	memset(s, 0, rho_tri_size(d) * sizeof *s);
	memset(some, 0, RHO_LINEAR_BLOCK * pad * sizeof *some);
	for (size_t i = 0; i < n; i++) {
		const float *a = rho_row(rows, (size_t)((double)i / (double)n * (double)rows->n));
		double sum = 0;
		for (size_t j = 0; j < d; j++) {
			some[have * pad + j] = (double)a[j];
			sum += (double)a[j] * (double)a[j];
		}
		have += isfinite(sum) ? 1 : 0;
		if (have == RHO_LINEAR_BLOCK || (i + 1 == n && have)) {
			rho_tri_add(s, d, some, have);
			have = 0;
		}
	}
}

/* axes (rank, d) = the leading eigenvectors of s (triangle of d rows); v, w, y (pad) are workspace. */
static void iterate(const double *s, size_t d, double *axes, size_t rank, double *v, struct rho_rng *rng)
{
	size_t pad = rho_tri_pad(d);
	double *w = v + pad, *y = w + pad;
	memset(v, 0, pad * sizeof *v);
	scatter(axes, rank, d, rng);
	for (int t = 0; t < ITERATIONS; t++) {
		for (size_t i = 0; i < rank; i++) {
			double *mine = axes + i * d;
			memcpy(v, mine, d * sizeof *v);
			rho_tri_times(s, d, v, w);
			rho_tri_transposed(s, d, v, y);
			for (size_t j = 0; j < d; j++)
				mine[j] = w[j] + y[j] - s[rho_tri_at(j) + j] * v[j];
		}
		straighten(axes, rank, d, rng);
	}
}

int rho_linear_begin(struct rho_ctx *c, struct rho_linear *m, const struct rho_rows *actions)
{
	if (m->features != RHO_FEATURES_BILINEAR || *m->axes_made)
		return 0;
	struct rho_rng rng = rho_fork(m->axes_key, 0, 0);
	size_t pad = rho_tri_pad(m->a_dim);
	double *s = rho_scratch(c, rho_tri_size(m->a_dim), sizeof *s);
	double *some = rho_scratch(c, RHO_LINEAR_BLOCK * pad, sizeof *some);
	double *p = m->axes, *q = m->axes + m->x_rank * m->x_dim;
	if (!s || !some)
		return RHO_ENOMEM;
	second_moments(actions, s, some);
	iterate(s, m->a_dim, q, m->a_rank, some, &rng);
	if (m->x_dim == m->a_dim)
		memcpy(p, q, m->a_rank * m->a_dim * sizeof *p);
	else
		scatter(p, m->x_rank, m->x_dim, &rng);
	*m->axes_made = 1;
	return 0;
}
