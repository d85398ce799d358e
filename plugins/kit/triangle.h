/* triangle.h: lower triangular matrices in float64, packed, and what a linear model does with them. */
#ifndef RHO_KIT_TRIANGLE_H
#define RHO_KIT_TRIANGLE_H

#include <stdbool.h>
#include <stddef.h>

/* Eight rows at a time are as long as the last of them: row i holds 8 (i / 8 + 1) numbers, zero above the
 * diagonal and in the rows that fill up the last eight. Vectors beside a triangle of n rows have
 * rho_tri_pad(n) numbers, zero from n on. All begin at multiples of 64 bytes. Sums have one order, so the
 * bits are the same on every machine. None of these functions allocates. */
enum { RHO_TRI = 8 };

/* Numbers in a vector beside n rows. */
static inline size_t rho_tri_pad(size_t n) { return (n + RHO_TRI - 1) / RHO_TRI * RHO_TRI; }

/* Numbers in row i. */
static inline size_t rho_tri_len(size_t i) { return (i / RHO_TRI + 1) * RHO_TRI; }

/* Where row i begins. */
static inline size_t rho_tri_at(size_t i)
{
	size_t g = i / RHO_TRI;
	return g * (g + 1) / 2 * RHO_TRI * RHO_TRI + i % RHO_TRI * rho_tri_len(i);
}

/* Numbers in a triangle of n rows: about n² / 2. */
static inline size_t rho_tri_size(size_t n) { return rho_tri_at(rho_tri_pad(n)); }

/* y = w x. x, y (pad) */
void rho_tri_times(const double *w, size_t n, const double *x, double *y);

/* y = wᵀ x. x, y (pad) */
void rho_tri_transposed(const double *w, size_t n, const double *x, double *y);

/* a = a + Σ φφᵀ of `count` vectors phi (count, pad), in order; the lower half. */
void rho_tri_add(double *a, size_t n, const double *phi, size_t count);

/* w is the inverse of A's Cholesky factor: WᵀW = A⁻¹. It becomes that of A + sign φφᵀ, and g (pad) that
 * matrix's inverse times φ. Gives 1 + sign φᵀA⁻¹φ, which must be > 0: with sign = -1 the caller sees to
 * it. O(n²): w is read and written once. phi (pad). Source: the Cholesky factor C of I + sign vvᵀ, v = Wφ,
 * has C[i][i] = √(t[i] / t[i-1]), C[i][j] = sign v[i] v[j] / √(t[j] t[j-1]) for j < i, with
 * t[i] = 1 + sign (v[0]² + … + v[i]²); w becomes C⁻¹w. */
double rho_tri_update(double *w, size_t n, const double *phi, double sign, double *g);

/* a, a symmetric matrix's lower half, becomes its Cholesky factor: n³ / 6 multiplications. False where it
 * is not positive definite; a is then spoilt. */
bool rho_tri_factor(double *a, size_t n);

/* l becomes its inverse; its diagonal is > 0. room (8, pad) is workspace. n³ / 6 multiplications. */
void rho_tri_invert(double *l, size_t n, double *room);

/* sum[k] = ‖rows first .. n - 1 of w, times vector k‖² for eight vectors side by side:
 * entry j of vector k is at[j * 8 + k] (pad, 8), zero for j < first and from n on. */
void rho_tri_lengths(const double *w, size_t n, size_t first, const double *at, double *sum);

#endif
