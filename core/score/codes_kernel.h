/* codes_kernel.h: products of one coded query with coded rows, one kernel an instruction set. */
#ifndef RHO_SCORE_CODES_KERNEL_H
#define RHO_SCORE_CODES_KERNEL_H

#include <stddef.h>
#include <stdint.h>

/* A query, coded as its rows are. Arrays are padded with zeros to a multiple of 64 numbers. */
struct rho_code_query {
	size_t d;
	const int8_t *hi, *lo; /* (d) INT8: the query is unit * (128 hi + lo); hi -127 .. 127, lo -64 .. 63 */
	const int16_t *whole; /* (d) 128 hi + lo */
	int64_t bias; /* 128 times the sum of whole: what the rows' + 128 adds to a product */
	const float *f32; /* (d) BF16: as it is */
};

/* out[j] = the product with row j, of n rows `stride` bytes apart. INT8: in units of the query's unit and
 * the row's scale; its sum of integers is exact, so that all sets of instructions agree to the bit. BF16: summed
 * in float32, each number in one of at least 8 partial sums. */
typedef void rho_codes_kernel(const struct rho_code_query *, const unsigned char *rows, size_t stride, size_t n,
                              float *out);

rho_codes_kernel rho_codes_int8_base, rho_codes_bf16_base;
#ifdef __x86_64__
rho_codes_kernel rho_codes_int8_avx2, rho_codes_int8_vnni, rho_codes_bf16_avx2, rho_codes_bf16_avx512;
#endif

/* The n-th of the kernels for this code that this machine runs, the fastest first, and its name; NULL beyond. */
rho_codes_kernel *rho_codes_kernel_at(uint32_t code, size_t n, const char **name);

#endif
