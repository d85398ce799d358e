/* fuzz_bpe.c: a BPE model from arbitrary JSON, and a text through it. */
#include "fuzz_token_model.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	fuzz_model(bytes, n, rho_bpe_open);
	return 0;
}
