/* kernel_base.c: inner products with what every machine of this kind has. */
#define TARGET
#define KERNEL rho_kernel_base
#define WIDE   2
#include "kernel.h"
