/* fuzz_reply.c: what a language model may say, read by the env math into a step and an answer. */
#include "../../plugins/envs/math/said.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void require(bool holds)
{
	if (!holds)
		__builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct math_phrase said[2];
	struct math_worked worked[8];
	unsigned k = math_read_reply((struct rho_str){ (const char *)data, n }, said);
	require(k <= 2 && (k < 2 || (!said[0].answers && said[1].answers)));
	for (unsigned i = 0; i < k; i++) {
		require(said[i].len > 0 && said[i].len <= MATH_LINE_BYTES);
		for (size_t j = 0; j < said[i].len; j++)
			require((unsigned char)said[i].text[j] >= ' ' && said[i].text[j] != 127);
		require(math_line_steps(&said[i], worked, 8) <= 8);
	}
	return 0;
}
