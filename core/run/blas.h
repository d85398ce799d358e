/* blas.h: helping OpenBLAS to know the processor it runs on. */
#ifndef RHO_RUN_BLAS_H
#define RHO_RUN_BLAS_H

/* What OPENBLAS_CORETYPE should be in the environment of a process that will load OpenBLAS:
 * "SkylakeX" or "Haswell" by what the processor can do, NULL where there is nothing to say or the
 * user has set it. OpenBLAS picks its kernels by model number, and on a processor younger than
 * itself falls back to those of 2004: a fifth of the speed. */
const char *rho_blas_coretype(void);

#endif
