/* reading.h: the limit of whatever reads all of a matrix. */
#ifndef BENCH_READING_H
#define BENCH_READING_H

#include <stddef.h>
#include <string.h>

typedef float bench_line __attribute__((vector_size(64)));

/* The sum of every number: nothing but reading. The best of what was tried: eight lines at a time, fetched four
 * kilobytes ahead. */
#ifdef __x86_64__
__attribute__((target_clones("avx512f", "avx2", "default")))
#endif
static float bench_read(const float *at, size_t n)
{
	bench_line sum[8] = { { 0 } }, v;
	float all = 0;
	for (size_t i = 0; i + 128 <= n; i += 128) {
		for (size_t l = 0; l < 8; l++) {
			__builtin_prefetch(at + i + l * 16 + 1024);
			memcpy(&v, at + i + l * 16, sizeof v);
			sum[l] += v;
		}
	}
	for (size_t l = 0; l < 8; l++)
		for (size_t k = 0; k < 16; k++)
			all += sum[l][k];
	return all;
}

#endif
