/* fuzz_completion.c: what an endpoint answers, from arbitrary bytes: a text, or a sentence. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "kit/chat/completion.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct rho_text answer = { 0 };
	char why[400] = "";
	bool good = chat_completion((struct rho_str){ (const char *)bytes, n }, &answer, why);
	if (good == (*why != 0) || strlen(why) >= sizeof why)
		abort();
	rho_text_free(&answer);
	return 0;
}
