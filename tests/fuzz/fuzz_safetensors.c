/* fuzz_safetensors.c: a safetensors file from arbitrary bytes: as they are, and as the header of a file
 * whose length fits. */
#include "fuzz_weights.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	enum { DATA = 64 };
	unsigned char *file = calloc(1, 8 + n + DATA);
	if (!file)
		return 0;
	fuzz_weights(bytes, n);
	for (size_t i = 0; i < 8; i++)
		file[i] = (unsigned char)((uint64_t)n >> 8 * i);
	if (n)
		memcpy(file + 8, bytes, n);
	fuzz_weights(file, 8 + n + DATA);
	free(file);
	return 0;
}
