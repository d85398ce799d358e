/* kernel_avx512.c: inner products with 512-bit registers. */
#ifdef __x86_64__
#define TARGET __attribute__((target("avx512f")))
#define KERNEL rho_kernel_avx512
#define WIDE   4
#include "kernel.h"
#else
typedef int rho_no_avx512;
#endif
