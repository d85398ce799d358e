/* gemm.c: products, through OpenBLAS. */
#include <cblas.h>

#include "nn_impl.h"

#ifdef RHO_NN_DOUBLE
#define GEMM cblas_dgemm
#else
#define GEMM cblas_sgemm
#endif

int rho_nn_blas_threads(void)
{
	return openblas_get_num_threads();
}

void rho_nn_multiply(bool a_turned, bool b_turned, size_t m, size_t n, size_t k, rho_real alpha,
                     const rho_real *a, size_t lda, const rho_real *b, size_t ldb, rho_real beta, rho_real *c,
                     size_t ldc)
{
	if (!m || !n)
		return;
	GEMM(CblasRowMajor, a_turned ? CblasTrans : CblasNoTrans, b_turned ? CblasTrans : CblasNoTrans,
	     (int)m, (int)n, (int)k, alpha, a, (int)lda, b, (int)ldb, beta, c, (int)ldc);
}
