/* eigen.c: a symmetric matrix made tridiagonal by reflections, then diagonal by rotations. */
#include <float.h>

#include "eigen.h"

static double dot(const double *a, const double *b, size_t n)
{
	enum { LANES = 8 };
	double sum[LANES] = { 0 }, all = 0;
	size_t i = 0;
	for (; i + LANES <= n; i += LANES)
		for (size_t l = 0; l < LANES; l++)
			sum[l] += a[i + l] * b[i + l];
	for (; i < n; i++)
		all += a[i] * b[i];
	for (size_t l = 0; l < LANES; l++)
		all += sum[l];
	return all;
}

/* Reflects column k of `a` below its diagonal onto its first place there: v (n - k - 1) is left in row k of
 * `vector`, the matrix becomes H a H with H = 1 - beta v vᵀ. Gives beta; off: what is left beside the
 * diagonal. p (n): workspace. */
static double reflect(double *a, size_t n, size_t k, double *v, double *p, double *off)
{
	size_t m = n - k - 1;
	double *rest = a + (k + 1) * n + k + 1, length, beta, half;
	for (size_t i = 0; i < m; i++)
		v[i] = a[(k + 1 + i) * n + k];
	length = sqrt(dot(v, v, m));
	*off = v[0];
	if (dot(v + 1, v + 1, m - 1) == 0)
		return 0;
	*off = v[0] > 0 ? -length : length;
	v[0] -= *off;
	beta = 2 / dot(v, v, m);
	for (size_t i = 0; i < m; i++)
		p[i] = beta * dot(rest + i * n, v, m);
	half = beta / 2 * dot(p, v, m);
	for (size_t i = 0; i < m; i++)
		p[i] -= half * v[i];
	for (size_t i = 0; i < m; i++)
		for (size_t j = 0; j < m; j++)
			rest[i * n + j] -= v[i] * p[j] + p[i] * v[j];
	return beta;
}

/* The diagonal d (n), what is beside it e (n - 1), and the product of the reflections: row j of `vector` is
 * its column j. beta, p (n): workspace. */
static void tridiagonal(double *a, size_t n, double *d, double *e, double *vector, double *beta, double *p)
{
	for (size_t k = 0; k + 2 < n; k++) {
		beta[k] = reflect(a, n, k, p + n, p, &e[k]);
		memcpy(a + k * n + k + 1, p + n, (n - k - 1) * sizeof *a);      /* v, where nothing is needed */
	}
	if (n > 1)
		e[n - 2] = a[(n - 1) * n + n - 2];
	for (size_t k = 0; k < n; k++)
		d[k] = a[k * n + k];
	memset(vector, 0, n * n * sizeof *vector);
	for (size_t k = 0; k < n; k++)
		vector[k * n + k] = 1;
	for (size_t k = n < 2 ? 0 : n - 2; k-- > 0; ) {
		const double *v = a + k * n + k + 1;
		size_t m = n - k - 1;
		for (size_t j = k + 1; j < n && beta[k] != 0; j++) {
			double *row = vector + j * n + k + 1, by = beta[k] * dot(row, v, m);
			for (size_t i = 0; i < m; i++)
				row[i] -= by * v[i];
		}
	}
}

static void rotate(double *restrict a, double *restrict b, size_t n, double c, double s)
{
	for (size_t i = 0; i < n; i++) {
		double x = a[i], y = b[i];
		b[i] = s * x + c * y;
		a[i] = c * x - s * y;
	}
}

/* One sweep from m down to l with the shift that draws d[l] to an eigenvalue. */
static void sweep(double *d, double *e, size_t l, size_t m, double *vector, size_t n)
{
	double g = (d[l + 1] - d[l]) / (2 * e[l]), s = 1, c = 1, p = 0;
	g = d[m] - d[l] + e[l] / (g + copysign(hypot(g, 1), g));
	for (size_t i = m; i-- > l; ) {
		double f = s * e[i], b = c * e[i], r = hypot(f, g);
		e[i + 1] = r;
		if (r == 0) {
			d[i + 1] -= p;
			e[m] = 0;
			return;
		}
		s = f / r;
		c = g / r;
		g = d[i + 1] - p;
		r = (d[i] - g) * s + 2 * c * b;
		p = s * r;
		d[i + 1] = g + p;
		g = c * r - b;
		rotate(vector + i * n, vector + (i + 1) * n, n, c, s);
	}
	d[l] -= p;
	e[l] = g;
	e[m] = 0;
}

int rho_eigenpairs(struct rho_ctx *c, double *a, size_t n, double *value, double *vector)
{
	enum { SWEEPS = 100 };
	double *e = rho_scratch(c, 4 * n + 1, sizeof *e), small = 0;
	if (!e)
		return RHO_ENOMEM;
	tridiagonal(a, n, value, e, vector, e + n, e + 2 * n);
	e[n - 1] = 0;
	for (size_t i = 0; i < n; i++)
		small = fmax(small, DBL_EPSILON * (fabs(value[i]) + fabs(e[i])));
	for (size_t l = 0; l < n; l++)
		for (size_t turn = 0; ; turn++) {
			size_t m = l;
			while (m + 1 < n && !(fabs(e[m]) <= small))
				m++;
			if (m == l)
				break;
			if (turn == SWEEPS)
				return rho_fail(c, RHO_EBUG, "eigenvalue %zu of %zu does not converge", l, n);
			sweep(value, e, l, m, vector, n);
		}
	return 0;
}
