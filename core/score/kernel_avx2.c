/* kernel_avx2.c: inner products with 256-bit registers. */
#ifdef __x86_64__
#define TARGET __attribute__((target("avx2")))
#define KERNEL rho_kernel_avx2
#define WIDE   2
#include "kernel.h"
#else
typedef int rho_no_avx2;
#endif
