/* blas.c: which of OpenBLAS's kernels this processor can run, by its abilities, not by its model; and
 * the library itself, found by name at run time. */
#include "blas.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

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

void rho_blas_environment(void)
{
	const char *coretype = rho_blas_coretype();
	setenv("OPENBLAS_NUM_THREADS", "1", 1);
	setenv("OMP_NUM_THREADS", "1", 1);
	if (coretype)
		setenv("OPENBLAS_CORETYPE", coretype, 1);
}

static struct rho_blas blas;
static char failure[256];

/* ISO C has no cast from an object's address to a function's. */
static void resolve(void *lib, const char *name, void *fn)
{
	void *at = dlsym(lib, name);
	if (!at && !failure[0])
		strncat(strcpy(failure, "libopenblas.so.0 lacks "), name, 64);
	memcpy(fn, &at, sizeof at);
}

static void load(void)
{
	void *lib;
	rho_blas_environment();
	lib = dlopen("libopenblas.so.0", RTLD_NOW | RTLD_LOCAL);
	if (!lib) {
		strcpy(failure,
		       "libopenblas.so.0 cannot be loaded (Debian: apt-get install libopenblas0-pthread)");
		return;
	}
	resolve(lib, "cblas_sgemm", &blas.sgemm);
	resolve(lib, "cblas_dgemm", &blas.dgemm);
	resolve(lib, "cblas_ssyrk", &blas.ssyrk);
	resolve(lib, "cblas_dsyrk", &blas.dsyrk);
	resolve(lib, "dsyevd_", &blas.dsyevd);
}

const struct rho_blas *rho_blas(struct rho_buf *why)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, load);
	if (!failure[0])
		return &blas;
	rho_buf_str(why, failure);
	return NULL;
}
