/* root.h: the inverse of a ridge regression's matrix, kept as a root, small enough to have one an action. */
#ifndef RHO_KIT_ROOT_H
#define RHO_KIT_ROOT_H

#include <stddef.h>

/* Of A = λI + Σ xxᵀ (n, n) is kept W, lower triangular with WᵀW = A⁻¹: its rows end to end without
 * their zeros, n (n + 1) / 2 numbers. xᵀA⁻¹x = ‖Wx‖² cannot turn negative, whatever is rounded. Updates
 * are those of Sherman & Morrison (1950), carried out on the root.
 *
 * Beside triangle.h, which does the same for one large matrix: its rows are filled up to eights and aligned
 * for vector units, and so are the vectors beside them. With a root for each of thousands of actions on ten
 * numbers of context that would be 192 numbers for 55, and memory is what limits agents that keep one each. */

static inline size_t rho_root_size(size_t n) { return n * (n + 1) / 2; }

/* W of A = λI. */
void rho_root_init(double *w, size_t n, double lambda);

/* xᵀA⁻¹x = ‖Wx‖²; v (n) = Wx unless NULL. The same bits either way. */
double rho_root_times(const double *w, size_t n, const double *x, double *v);

/* out (n) = Wᵀv, which is A⁻¹x where v is Wx. */
void rho_root_back(const double *w, size_t n, const double *v, double *out);

/* W of A + xxᵀ, given v = Wx of the W before; g (n) is workspace. O(n²). */
void rho_root_add(double *w, size_t n, const double *v, double *g);

#endif
