/* fuzz_tokeniser.c: bytes up to the first NUL as a tokenizer.json; what follows, and some texts, through
 * what is accepted. */
#include <string.h>

#include "fuzz_reader.h"
#include "kit/text.h"
#include "kit/tokeniser/tokeniser.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

/* Ids are below the size, truncation keeps to its length and to what there is, and a second time gives the
 * same. */
static void run(const struct rho_tokeniser *k, struct rho_str text, const struct rho_str *pair,
                struct rho_tokens *out)
{
	out->n = 0;
	if (rho_tokeniser_encode(k, text, pair, 0, out) || out->whole != out->n)
		abort();
	size_t whole = out->n, longest = whole / 2 + 1;
	for (size_t i = 0; i < whole; i++)
		if (out->id[i] >= rho_tokeniser_size(k))
			abort();
	if (rho_tokeniser_encode(k, text, pair, 0, out) || out->n != 2 * whole)
		abort();
	if (whole && memcmp(out->id, out->id + whole, whole * sizeof(*out->id)) != 0)
		abort();
	out->n = 0;
	if (rho_tokeniser_encode(k, text, pair, longest, out) || out->whole != whole || out->n > whole)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static const char *const texts[] = { "", "Hello,  World! it's [CLS] 12\n",
	                                     "\xc3\x89\xcc\x81 \xe6\xbc\xa2\xff\xe2\x82" };
	static struct rho_tokens out;   /* goes from tokeniser to tokeniser, as a thread's does */
	char path[64];
	size_t len = n ? strnlen((const char *)bytes, n) : 0;
	struct rho_str text = { (const char *)bytes + len, n - len };
	struct rho_trouble t = { 0 };
	int fd = fuzz_file(bytes, len, path);
	struct rho_tokeniser *k = rho_tokeniser_open(path, &t);
	if (!k != (t.code != 0) || (!k && !strstr(t.text, path)))
		abort();
	if (k) {
		run(k, text, NULL, &out);
		for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
			run(k, rho_str_of(texts[i]), &text, &out);
	}
	rho_tokeniser_close(k);
	close(fd);
	return 0;
}
