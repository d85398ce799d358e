/* blas.c: which of OpenBLAS's kernels this processor can run, by its abilities, not by its model. */
#include "blas.h"

#include <stddef.h>
#include <stdlib.h>

const char *rho_blas_coretype(void)
{
	if (getenv("OPENBLAS_CORETYPE"))
		return NULL;
#ifdef __x86_64__
	if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512cd") &&
	    __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
	    __builtin_cpu_supports("avx512vl"))
		return "SkylakeX";
	if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
		return "Haswell";
#endif
	return NULL;
}
