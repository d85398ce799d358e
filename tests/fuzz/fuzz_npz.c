/* fuzz_npz.c: zip archives from arbitrary bytes, of NumPy's arrays and of torch.save; and a .npy from arbitrary
 * bytes in an archive that is whole. */
#include "fuzz_weights.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void put(uint8_t **to, const void *at, size_t n)
{
	if (n)
		memcpy(*to, at, n);
	*to += n;
}

static void put_number(uint8_t **to, size_t v, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		*(*to)++ = i < sizeof(v) ? (uint8_t)(v >> 8 * i) : 0;
}

/* One stored entry, x.npy. */
static void wrapped(const uint8_t *bytes, size_t n)
{
	uint8_t *file = malloc(n + 256), *to = file;
	if (!file)
		return;
	for (int central = 0; central < 2; central++) {
		uint8_t *directory = to;
		put(&to, central ? "PK\1\2\x14\0\x14\0" : "PK\3\4\x14\0", central ? 8 : 6);
		put_number(&to, 0, 12);         /* no flags, stored, no time, no checksum */
		put_number(&to, n, 4);
		put_number(&to, n, 4);
		put_number(&to, 5, 2);
		put_number(&to, 0, central ? 16 : 2);
		put(&to, "x.npy", 5);
		if (!central) {
			put(&to, bytes, n);
			continue;
		}
		size_t len = (size_t)(to - directory);
		put(&to, "PK\5\6\0\0\0\0\1\0\1\0", 12);
		put_number(&to, len, 4);
		put_number(&to, (size_t)(directory - file), 4);
		put_number(&to, 0, 2);
	}
	fuzz_weights(file, (size_t)(to - file));
	free(file);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	fuzz_weights(bytes, n);
	wrapped(bytes, n);
	return 0;
}
