/* fuzz_npy.c: the head of a .npy file from arbitrary bytes. What is accepted must lie in the file. */
#include <stdint.h>
#include <stdlib.h>

#include <store/npy.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct rho_buf why = { 0 };
	size_t rows, cols, data;
	if (!npy_head_read(bytes, n, "input", &rows, &cols, &data, &why)) {
		if (data > n || data % 4 || (cols && rows > (n - data) / 4 / cols) ||
		    rows * cols * 4 != n - data)
			abort();
	} else if (!why.len) {
		abort();        /* a refusal says why */
	}
	rho_buf_free(&why);
	return 0;
}
