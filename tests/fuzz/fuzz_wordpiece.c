/* fuzz_wordpiece.c: texts through BERT's pipeline. Two texts with a blank between give what each gives
 * alone. */
#include <stdio.h>
#include <string.h>

#include "fuzz_reader.h"
#include "kit/text.h"
#include "kit/tokeniser/tokeniser.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static const char model[] =
	"{\"model\": {\"type\": \"WordPiece\", \"unk_token\": \"u\", \"continuing_subword_prefix\": \"##\","
	" \"max_input_chars_per_word\": 20, \"vocab\": {\"u\": 0, \"a\": 1, \"##a\": 2, \"ab\": 3,"
	" \"##bc\": 4, \"e\": 5, \"##\\u0301\": 6, \"\\u6f22\": 7, \"!\": 8, \"##\\u1161\": 9,"
	" \"\\u1100\": 10, \"##b\": 11, \"##e\": 12}},"
	" \"normalizer\": {\"type\": \"BertNormalizer\", \"lowercase\": %s},"
	" \"pre_tokenizer\": {\"type\": \"BertPreTokenizer\"},"
	" \"added_tokens\": [{\"content\": \"[M]\", \"special\": true}]}";

static struct rho_tokeniser *make(const char *lowercase)
{
	char json[1024], path[64];
	struct rho_trouble t = { 0 };
	int len = snprintf(json, sizeof(json), model, lowercase);
	int fd = fuzz_file((const uint8_t *)json, (size_t)len, path);
	struct rho_tokeniser *k = rho_tokeniser_open(path, &t);
	if (!k)
		abort();
	close(fd);
	return k;
}

static size_t encode(const struct rho_tokeniser *k, const void *at, size_t n, struct rho_tokens *out)
{
	size_t before = out->n;
	struct rho_str text = { at, n };
	if (rho_tokeniser_encode(k, text, NULL, 0, out))
		abort();
	return out->n - before;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static struct rho_tokeniser *k[2];
	static struct rho_tokens apart, joined;
	for (int i = 0; i < 2; i++) {
		k[i] = k[i] ? k[i] : make(i ? "true" : "false");
		size_t half = n ? bytes[0] % n : 0;
		char *both = malloc(n + 1);
		if (!both)
			return 0;
		memcpy(both, bytes, half);
		both[half] = ' ';
		memcpy(both + half + 1, bytes + half, n - half);
		apart.n = joined.n = 0;
		encode(k[i], bytes, half, &apart);
		encode(k[i], bytes + half, n - half, &apart);
		encode(k[i], both, n + 1, &joined);
		free(both);
		if (apart.n != joined.n
		    || (apart.n && memcmp(apart.id, joined.id, apart.n * sizeof(*apart.id)) != 0))
			abort();
	}
	return 0;
}
