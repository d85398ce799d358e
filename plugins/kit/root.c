/* A ridge regression's inverse as a packed root. With v = Wx, adding xxᵀ makes W into C⁻¹W, where C is
 * the Cholesky factor of I + vvᵀ, with t[i] = 1 + v[0]² + … + v[i]² known in closed form:
 *     C[i][i] = √(t[i] / t[i-1]),   C[i][j] = v[i] v[j] / √(t[j] t[j-1])   for j < i. */
#include <math.h>
#include <string.h>

#include "dot.h"
#include "root.h"

void rho_root_init(double *w, size_t n, double lambda)
{
	memset(w, 0, rho_root_size(n) * sizeof *w);
	for (size_t i = 0; i < n; i++)
		w[rho_root_size(i) + i] = 1 / sqrt(lambda);
}

double rho_root_times(const double *w, size_t n, const double *x, double *v)
{
	double square = 0;
	for (size_t i = 0; i < n; w += ++i) {
		double at = rho_kit_dot(w, x, i + 1);
		if (v)
			v[i] = at;
		square += at * at;
	}
	return square;
}

void rho_root_back(const double *w, size_t n, const double *v, double *out)
{
	memset(out, 0, n * sizeof *out);
	for (size_t i = 0; i < n; w += ++i)
		for (size_t j = 0; j <= i; j++)
			out[j] += v[i] * w[j];
}

void rho_root_add(double *w, size_t n, const double *v, double *g)
{
	double t = 1;
	memset(g, 0, n * sizeof *g);
	for (size_t i = 0; i < n; w += ++i) {
		double before = t;
		t += v[i] * v[i];
		double shrink = sqrt(before / t), pass = v[i] / sqrt(before * t);
		for (size_t j = 0; v[i] != 0 && j <= i; j++) {
			w[j] = (w[j] - v[i] * g[j]) * shrink;
			g[j] += pass * w[j];
		}
	}
}
