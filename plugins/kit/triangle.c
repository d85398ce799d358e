/* Packed triangles: which kernels, and the Cholesky factor and the inverse by groups of eight rows. */
#include "triangle.h"

#include <math.h>
#include <string.h>

struct kernels {
	void (*times)(const double *, size_t, const double *, double *);
	void (*transposed)(const double *, size_t, const double *, double *);
	void (*add)(double *, size_t, const double *, size_t);
	double (*update)(double *, size_t, const double *, double, double *);
	void (*square)(const double *, size_t, const double *, size_t, size_t, double *);
	void (*invert)(double *, size_t, const double *);
	void (*lengths)(const double *, size_t, size_t, const double *, double *);
};

static inline double tree(const double *s)
{
	return ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]));
}

#define NAME(x) x##_base
#define TARGET
#define WIDE 2
#include "triangle_kernel.h"

#ifdef __x86_64__
#define NAME(x) x##_avx2
#define TARGET __attribute__((target("avx2")))
#define WIDE 4
#include "triangle_kernel.h"

#define NAME(x) x##_avx512
#define TARGET __attribute__((target("avx512f")))
#define WIDE 8
#include "triangle_kernel.h"
#endif

/* The widest kernels this machine runs. */
static const struct kernels *best(void)
{
#ifdef __x86_64__
	if (__builtin_cpu_supports("avx512f"))
		return &kernels_avx512;
	if (__builtin_cpu_supports("avx2"))
		return &kernels_avx2;
#endif
	return &kernels_base;
}

void rho_tri_times(const double *w, size_t n, const double *x, double *y)
{
	best()->times(w, n, x, y);
}

void rho_tri_transposed(const double *w, size_t n, const double *x, double *y)
{
	memset(y, 0, rho_tri_pad(n) * sizeof *y);
	best()->transposed(w, n, x, y);
}

void rho_tri_add(double *a, size_t n, const double *phi, size_t count)
{
	best()->add(a, n, phi, count);
	/* Above the diagonal of the eight by eight on it. */
	for (size_t i = 0; i < n; i++) {
		double *row = a + rho_tri_at(i);
		for (size_t j = i + 1; j < rho_tri_len(i); j++)
			row[j] = 0;
	}
}

double rho_tri_update(double *w, size_t n, const double *phi, double sign, double *g)
{
	memset(g, 0, rho_tri_pad(n) * sizeof *g);
	return best()->update(w, n, phi, sign, g);
}

bool rho_tri_factor(double *a, size_t n)
{
	const struct kernels *k = best();
	double sums[RHO_TRI * RHO_TRI];
	for (size_t i = 0; i < n; i += RHO_TRI)
		for (size_t j = 0; j <= i; j += RHO_TRI) {
			size_t rows = n - i < RHO_TRI ? n - i : RHO_TRI;
			const double *above = a + rho_tri_at(j);
			k->square(a + rho_tri_at(i), rho_tri_len(i), above, rho_tri_len(j), j, sums);
			for (size_t r = 0; r < rows; r++)
				for (size_t q = 0; q < RHO_TRI && j + q <= i + r; q++) {
					double *mine = a + rho_tri_at(i + r) + j;
					const double *other = a + rho_tri_at(j + q) + j;
					double sum = sums[r * RHO_TRI + q];
					for (size_t l = 0; l < q; l++)
						sum += mine[l] * other[l];
					mine[q] -= sum;
					if (j + q < i + r)
						mine[q] /= other[q];
					else if (mine[q] > 0 && isfinite(mine[q]))
						mine[q] = sqrt(mine[q]);
					else
						return false;
				}
		}
	return true;
}

void rho_tri_invert(double *l, size_t n, double *room)
{
	const struct kernels *k = best();
	for (size_t i = 0; i < n; i += RHO_TRI) {
		size_t len = rho_tri_len(i);
		double *mine = l + rho_tri_at(i);
		memcpy(room, mine, RHO_TRI * len * sizeof *room);
		memset(mine, 0, RHO_TRI * len * sizeof *mine);
		for (size_t r = 0; r < RHO_TRI && i + r < n; r++)
			mine[r * len + i + r] = 1;
		k->invert(l, i, room);
	}
}

void rho_tri_lengths(const double *w, size_t n, size_t first, const double *at, double *sum)
{
	best()->lengths(w, n, first, at, sum);
}
