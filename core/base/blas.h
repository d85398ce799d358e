/* blas.h: OpenBLAS: helping it to know the processor, and the few of its functions that the host itself uses,
 * loaded when they are first wanted, so that a cell that needs none does not wait for it. */
#ifndef RHO_BASE_BLAS_H
#define RHO_BASE_BLAS_H

#include <stdint.h>
#include "buf.h"

/* What OPENBLAS_CORETYPE should be in the environment of a process that will load OpenBLAS:
 * "SkylakeX" or "Haswell" by what the processor can do, NULL where there is nothing to say or the
 * user has set it. OpenBLAS picks its kernels by model number, and on a processor younger than
 * itself falls back to those of 2004: a fifth of the speed. */
const char *rho_blas_coretype(void);

/* Sets the environment that OpenBLAS, oneDNN and OpenMP read when they are loaded: the processor, and one thread,
 * so that bits are the same on every machine: what is parallel is so on the host's own threads. Before any module
 * is opened; main does it for every command but `cell`, whose file says how many threads. */
void rho_blas_environment(void);

enum rho_cblas { RHO_ROW_MAJOR = 101, RHO_NO_TRANS = 111, RHO_TRANS = 112, RHO_UPPER = 121, RHO_LOWER = 122 };

struct rho_blas { /* CBLAS and LAPACK by their own names; 32-bit integers */
	void (*sgemm)(int order, int trans_a, int trans_b, int m, int n, int k, float alpha, const float *a, int lda,
	              const float *b, int ldb, float beta, float *c, int ldc);
	void (*dgemm)(int order, int trans_a, int trans_b, int m, int n, int k, double alpha, const double *a,
	              int lda, const double *b, int ldb, double beta, double *c, int ldc);
	void (*ssyrk)(int order, int uplo, int trans, int n, int k, float alpha, const float *a, int lda, float beta,
	              float *c, int ldc);
	void (*dsyrk)(int order, int uplo, int trans, int n, int k, double alpha, const double *a, int lda,
	              double beta, double *c, int ldc);
	/* LAPACK's dsyevd: eigenvalues and vectors of a symmetric matrix, column-major, divide and conquer. */
	void (*dsyevd)(const char *jobz, const char *uplo, const int *n, double *a, const int *lda, double *w,
	               double *work, const int *lwork, int *iwork, const int *liwork, int *info);
};

/* Loaded once, with one thread: parallel code calls it from the host's own threads. NULL with why. */
const struct rho_blas *rho_blas(struct rho_buf *why);

#endif
