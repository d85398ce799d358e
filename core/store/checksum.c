/* checksum.c: XXH3-64 of bytes, or of evenly spread blocks of very many. */
#include "checksum.h"

#include <stdio.h>
#include <stdlib.h>
#include <xxhash.h>

enum { BLOCK = 1 << 16, BLOCKS = 256 };
static const size_t WHOLE = (size_t)256 << 20;

uint64_t rho_checksum(const void *bytes, size_t n)
{
	if (n <= WHOLE)
		return XXH3_64bits(bytes, n);
	XXH3_state_t *state = XXH3_createState();
	if (!state || XXH3_64bits_reset(state) != XXH_OK) {
		fprintf(stderr, "rho: out of memory\n");
		exit(1);
	}
	size_t step = (n - BLOCK) / (BLOCKS - 1);
	for (size_t i = 0; i < BLOCKS; i++) {
		size_t at = i + 1 < BLOCKS ? i * step : n - BLOCK;
		XXH3_64bits_update(state, (const char *)bytes + at, BLOCK);
	}
	uint64_t sum = XXH3_64bits_digest(state);
	XXH3_freeState(state);
	return sum;
}
