/* eigen.h: eigenvalues and eigenvectors of a symmetric matrix. */
#ifndef RHO_KIT_EIGEN_H
#define RHO_KIT_EIGEN_H

#include <rho/rho.h>

/* a (n, n) symmetric and finite, destroyed; value (n), in no order; vector (n, n): row j is the unit
 * eigenvector of value[j]. Householder's tridiagonal form and QL steps with implicit shifts (Bowdler,
 * Martin, Reinsch & Wilkinson 1968); errors are a few ulps of the largest eigenvalue. O(n³) time.
 * RHO_ENOMEM, or RHO_EBUG where it does not converge, recorded. [run] */
int rho_eigenpairs(struct rho_ctx *, double *a, size_t n, double *value, double *vector);

#endif
