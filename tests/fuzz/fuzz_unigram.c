/* fuzz_unigram.c: a Unigram model from arbitrary JSON and a text through it; or, where the first byte says
 * so, a character map from arbitrary bytes (which base64 would only hide from the fuzzer) and a text
 * through that. */
#include "fuzz_token_model.h"
#include "kit/lines.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void add_base64(struct rho_text *out, const uint8_t *p, size_t n)
{
	static const char digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	for (size_t i = 0; i < n; i += 3) {
		uint32_t word = 0;
		char four[4];
		for (size_t k = 0; k < 3; k++)
			word = word << 8 | (i + k < n ? p[i + k] : 0);
		for (size_t k = 0; k < 4; k++)
			four[k] = i + k > n ? '=' : digit[word >> (18 - 6 * k) & 63];
		rho_text_add(out, (struct rho_str){ four, 4 });
	}
}

/* Three bytes say how long the trie and the replacements are; the text follows. */
static void fuzz_map(const uint8_t *bytes, size_t n)
{
	struct rho_text base64 = { 0 }, out = { 0 };
	struct rho_trouble t = { 0 };
	if (n < 2)
		return;
	size_t len = (size_t)bytes[0] | (size_t)bytes[1] << 8;
	bytes += 2;
	n -= 2;
	len = len < n ? len : n;
	add_base64(&base64, bytes, len);
	struct rho_charsmap *map = rho_charsmap_open(rho_text_view(&base64), "m.json", &t);
	if (!map != !!t.code || (t.code && !strstr(t.text, "m.json")))
		abort();
	if (map) {
		struct rho_str in = { (const char *)bytes + len, n - len };
		if (!rho_charsmap_apply(map, in, &out))
			abort();
		if (out.len && rho_utf8_valid(in) == in.len && rho_utf8_valid(rho_text_view(&out)) != out.len)
			abort();
	}
	rho_charsmap_free(map);
	rho_text_free(&base64);
	rho_text_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	if (n && bytes[0] == 'm')
		fuzz_map(bytes + 1, n - 1);
	else
		fuzz_model(bytes, n, rho_unigram_open);
	return 0;
}
