/* tokeniser: the ids of every text of the references, from tokenizer.json and from the files of before it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tokeniser_test.h"

TestSuite(tokeniser_models, .init = scratch_make, .fini = scratch_remove);

static const char *model_path(const char *model, const char *name)
{
	static char path[8][1024];
	static size_t next;
	char *at = path[next++ % 8];
	const char *root = getenv("RHO_REAL_DATA");
	if (!root || !*root)
		cr_skip_test("RHO_REAL_DATA is not set: no models to compare with");
	snprintf(at, sizeof(path[0]), "%s/models/%s/%s", root, model, name);
	return at;
}

static void must_be(const json_t *ids, const struct rho_tokens *out, const char *what, const char *text)
{
	cr_assert_eq(out->n, json_array_size(ids), "%s: %zu tokens: %.60s", what, out->n, text);
	for (size_t i = 0; i < out->n; i++)
		cr_assert_eq(out->id[i], json_integer_value(json_array_get(ids, i)), "%s: token %zu: %.60s",
		             what, i, text);
}

/* All texts of the model's reference.jsonl with the tokeniser at `path`. */
static size_t compare(const char *model, const char *path)
{
	struct rho_tokens out = { 0 };
	struct rho_tokeniser *k = must_open(path);
	size_t n = 0;
	json_error_t e;
	FILE *f = fopen(model_path(model, "reference.jsonl"), "rb");
	cr_assert_not_null(f);
	for (json_t *row; (row = json_loadf(f, JSON_DISABLE_EOF_CHECK | JSON_ALLOW_NUL, &e)); n++) {
		const json_t *full = json_object_get(row, "n_full");
		const json_t *longest = json_object_get(row, "max_length");
		struct rho_str text = json_view(json_object_get(row, "text"));
		encode(k, text, (size_t)json_integer_value(longest), &out);
		must_be(json_object_get(row, "input_ids"), &out, path, text.at);
		cr_assert(!full || out.whole == (size_t)json_integer_value(full));
		for (size_t i = 0; i < out.n; i++)
			cr_assert(out.id[i] < rho_tokeniser_size(k) && !out.type[i]);
		json_decref(row);
	}
	fclose(f);
	rho_tokens_free(&out);
	rho_tokeniser_close(k);
	return n;
}

/* The model's old files alone, linked into the test's folder. */
static const char *old_files(const char *model)
{
	static const char *const names[] = { "vocab.txt", "vocab.json", "merges.txt", "tokenizer_config.json",
	                                     "special_tokens_map.json" };
	static char folder[1024];
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *to = scratch_path(names[i]);
		if (!access(model_path(model, names[i]), R_OK))
			cr_assert_eq(symlink(model_path(model, names[i]), to), 0);
		snprintf(folder, sizeof(folder), "%s", to);
	}
	char *slash = strrchr(folder, '/');
	cr_assert_not_null(slash);
	*slash = 0;
	return folder;
}

Test(tokeniser_models, minilm)
{
	cr_expect_eq(compare("all-MiniLM-L6-v2", model_path("all-MiniLM-L6-v2", "")), 77);
	cr_expect_eq(compare("all-MiniLM-L6-v2", model_path("all-MiniLM-L6-v2", "tokenizer.json")), 77);
	struct rho_tokeniser *k = must_open(model_path("all-MiniLM-L6-v2", "."));
	struct rho_tokens out = { 0 };
	encode(k, rho_str_of("Hello Friend"), 0, &out);
	cr_assert_eq(out.n, 4);
	cr_expect(out.id[0] == 101 && out.id[1] == 7592 && out.id[2] == 2767 && out.id[3] == 102);
	cr_expect_eq(rho_tokeniser_size(k), 30522);
	cr_expect_eq(rho_tokeniser_longest(k), 512);
	rho_tokens_free(&out);
	rho_tokeniser_close(k);
}

Test(tokeniser_models, minilm_from_its_vocabulary)
{
	cr_expect_eq(compare("all-MiniLM-L6-v2", old_files("all-MiniLM-L6-v2")), 77);
}

Test(tokeniser_models, gte_small)
{
	cr_expect_geq(compare("gte-small", model_path("gte-small", "")), 70);
	cr_expect_geq(compare("gte-small", model_path("gte-small", "vocab.txt")), 70);
}

Test(tokeniser_models, tiny_bert)
{
	cr_expect_eq(compare("tiny-random-bert", model_path("tiny-random-bert", "")), 70);
	cr_expect_eq(compare("tiny-random-bert", old_files("tiny-random-bert")), 70);
	json_error_t e;
	json_t *pair = json_load_file(model_path("tiny-random-bert", "reference_pair.json"), 0, &e);
	json_t *texts = json_load_file(model_path("", "texts.json"), JSON_ALLOW_NUL, &e);
	struct rho_tokeniser *k = must_open(model_path("tiny-random-bert", ""));
	struct rho_tokens out = { 0 };
	struct rho_str a = json_view(json_object_get(json_array_get(texts, 6), "text"));
	struct rho_str b = json_view(json_object_get(json_array_get(texts, 7), "text"));
	cr_assert_eq(rho_tokeniser_encode(k, a, &b, 0, &out), 0);
	must_be(json_object_get(pair, "input_ids"), &out, "pair", a.at);
	for (size_t i = 0; i < out.n; i++)
		cr_expect_eq(out.type[i],
		             json_integer_value(json_array_get(json_object_get(pair, "token_type_ids"), i)));
	rho_tokens_free(&out);
	rho_tokeniser_close(k);
	json_decref(pair);
	json_decref(texts);
}

Test(tokeniser_models, clip)
{
	const char *model = "clip-vit-base-patch32-tokenizer";
	cr_expect_eq(compare(model, model_path(model, "")), 70);
	const char *old = old_files(model);
	cr_expect_eq(compare(model, old), 70);
	struct rho_tokeniser *k = must_open(old);
	cr_expect_eq(rho_tokeniser_longest(k), 77);
	cr_expect_eq(rho_tokeniser_size(k), 49408);
	rho_tokeniser_close(k);
}

Test(tokeniser_models, tiny_clip)
{
	cr_expect_eq(compare("tiny-random-clip", model_path("tiny-random-clip", "")), 70);
	cr_expect_eq(compare("tiny-random-clip", old_files("tiny-random-clip")), 70);
}

/* One memory, three tokenisers by turns: each must give what it gives alone. */
Test(tokeniser_models, memory_passed_around)
{
	static const char *const models[] = { "all-MiniLM-L6-v2", "tiny-random-clip",
	                                      "clip-vit-base-patch32-tokenizer" };
	static const char *const texts[] = { "a photo of a cat", "encyclop\303\246dia", "cats" };
	struct rho_tokens shared = { 0 };
	for (size_t round = 0; round < 4; round++) {
		for (size_t i = 0; i < 3; i++) {
			struct rho_tokens own = { 0 };
			struct rho_tokeniser *k = must_open(model_path(models[i], ""));
			for (size_t j = 0; j < 3; j++) {
				encode(k, rho_str_of(texts[j]), 0, &shared);
				encode(k, rho_str_of(texts[j]), 0, &own);
				cr_assert_eq(shared.n, own.n);
				cr_assert_arr_eq(shared.id, own.id, own.n * sizeof(own.id[0]));
			}
			rho_tokens_free(&own);
			rho_tokeniser_close(k);
		}
	}
	rho_tokens_free(&shared);
}
