/* tokeniser: every kind of step gives the reference's ids (data/tokeniser_steps.json, made by the .js
 * beside it); pairs and truncation; characters as the reference classes them; long texts; memory reused
 * between tokenisers. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "kit/tokeniser/codepoints.h"
#include "tokeniser_test.h"

TestSuite(tokeniser, .init = scratch_make, .fini = scratch_remove);

static json_t *fixture(void)
{
	char path[1024];
	json_error_t e;
	snprintf(path, sizeof(path), "%s/tests/unit/transformer/data/tokeniser_steps.json",
	         getenv("RHO_SOURCE_ROOT"));
	json_t *all = json_load_file(path, JSON_ALLOW_NUL, &e);
	cr_assert_not_null(all, "%s", e.text);
	return all;
}

/* A case is a tokenizer.json but for its model. */
static struct rho_tokeniser *open_case(json_t *of, const json_t *all, const char *path)
{
	json_object_set(of, "model", json_object_get(all, "model"));
	cr_assert_eq(json_dump_file(of, path, 0), 0);
	return must_open(path);
}

/* `spelt` has one code point an id; an id or type `wide` bytes apart. */
static void must_be(const json_t *spelt, const void *got, size_t wide, size_t n, const char *what,
                    struct rho_str text)
{
	const unsigned char *at = (const unsigned char *)json_string_value(spelt);
	const unsigned char *end = at + json_string_length(spelt);
	size_t i = 0;
	for (; at < end && i < n; i++) {
		uint32_t id = wide == 1 ? ((const uint8_t *)got)[i] : ((const uint32_t *)got)[i];
		cr_assert_eq(rho_cp_next(&at), id, "%s: number %zu of \"%.*s\" is %u", what, i,
		             (int)text.len, text.at, id);
	}
	cr_assert(at == end && i == n, "%s: \"%.*s\" has %zu", what, (int)text.len, text.at, n);
}

Test(tokeniser, every_step_as_the_reference)
{
	json_t *all = fixture();
	const json_t *texts = json_object_get(all, "texts"), *cases = json_object_get(all, "cases");
	const char *path = scratch_path("tokenizer.json");
	struct rho_tokens out = { 0 };
	size_t compared = 0;
	for (size_t i = 0; i < json_array_size(cases); i++) {
		json_t *of = json_array_get(cases, i);
		const char *name = json_string_value(json_object_get(of, "name"));
		struct rho_tokeniser *k = open_case(of, all, path);
		for (size_t j = 0; j < json_array_size(texts); j++) {
			struct rho_str text = json_view(json_array_get(texts, j));
			encode(k, text, 0, &out);
			must_be(json_array_get(json_object_get(of, "ids"), j), out.id, 4, out.n, name, text);
			compared++;
		}
		rho_tokeniser_close(k);
	}
	cr_assert_geq(compared, 800);
	rho_tokens_free(&out);
	json_decref(all);
}

Test(tokeniser, pairs_and_truncation_as_the_reference)
{
	json_t *all = fixture();
	const json_t *pairs = json_object_get(all, "pairs");
	const char *path = scratch_path("tokenizer.json");
	struct rho_tokens out = { 0 };
	for (size_t i = 0; i < json_array_size(pairs); i++) {
		json_t *of = json_array_get(pairs, i);
		const json_t *runs = json_object_get(of, "runs");
		struct rho_tokeniser *k = open_case(of, all, path);
		cr_assert_geq(json_array_size(runs), 24);
		for (size_t j = 0; j < json_array_size(runs); j++) {
			const json_t *run = json_array_get(runs, j), *b = json_object_get(run, "b");
			const char *name = json_string_value(json_object_get(of, "name"));
			struct rho_str text = json_view(json_object_get(run, "a")), pair = json_view(b);
			size_t longest = (size_t)json_integer_value(json_object_get(run, "longest"));
			out.n = 0;
			const struct rho_str *second = json_is_null(b) ? NULL : &pair;
			cr_assert_eq(rho_tokeniser_encode(k, text, second, longest, &out), 0);
			must_be(json_object_get(run, "ids"), out.id, 4, out.n, name, text);
			must_be(json_object_get(run, "types"), out.type, 1, out.n, name, text);
			cr_assert(out.whole == out.n || (longest && out.n == longest && out.whole > longest));
			/* Room for less than the special tokens leaves just those. */
			size_t special = out.whole - (text.len ? text.len + 1 : 0)
			                 - (pair.len ? pair.len + 1 : 0);
			out.n = 0;
			cr_assert_eq(rho_tokeniser_encode(k, text, second, 1, &out), 0);
			cr_assert_eq(out.n, special ? special : out.whole > 0);
		}
		rho_tokeniser_close(k);
	}
	rho_tokens_free(&out);
	json_decref(all);
}

/* Counts found by giving the reference every code point there is. */
Test(tokeniser, characters_as_the_reference_classes_them)
{
	size_t dropped = 0, accents = 0, marks = 0, signs = 0;
	size_t ideographs = 0, spaces = 0, numbers = 0, words = 0;
	rho_codepoints_ready();
	for (uint32_t c = 0; c < 0x110000; c++) {
		unsigned flags = rho_cp_flags(c);
		if (c >= 0xd800 && c < 0xe000)
			continue;
		dropped += c == 0xfffd || (flags & RHO_CP_CONTROL && c != '\t' && c != '\n' && c != '\r');
		accents += (flags & RHO_CP_NONSPACING) != 0;
		marks += (flags & RHO_CP_MARK) != 0;
		signs += (flags & RHO_CP_PUNCTUATION) != 0;
		ideographs += (flags & RHO_CP_CJK) != 0;
		spaces += (flags & RHO_CP_SPACE) != 0;
		numbers += rho_cp_numeric(c);
		words += rho_cp_word(c);
		cr_assert(!(flags & RHO_CP_NONSPACING) || flags & RHO_CP_MARK, "%x", c);
	}
	cr_expect_eq(dropped, 137681);
	cr_expect_eq(accents, 1567);
	cr_expect_eq(marks, 2097);
	cr_expect_eq(signs, 726);
	cr_expect_eq(ideographs, 81264);
	cr_expect_eq(spaces, 25);
	cr_expect_eq(numbers, 1924);
	cr_expect_eq(words, 144667);
}

static const char wordpiece[] =
	"{\"model\": {\"type\": \"WordPiece\", \"unk_token\": \"[UNK]\","
	" \"continuing_subword_prefix\": \"##\", \"max_input_chars_per_word\": 100, \"vocab\": {\"[UNK]\": 7,"
	" \"a\": 0, \"##a\": 1, \"##aa\": 2, \"b\": 3, \"##\\u00e9\": 4, \"ab\": 5, \"##b\": 6, \"[CLS]\": 9,"
	" \"[SEP]\": 20}}, \"normalizer\": {\"type\": \"BertNormalizer\", \"strip_accents\": false},"
	" \"pre_tokenizer\": {\"type\": \"BertPreTokenizer\"}, \"post_processor\": {\"type\":"
	" \"BertProcessing\", \"cls\": [\"[CLS]\", 9], \"sep\": [\"[SEP]\", 20]}, \"added_tokens\":"
	" [{\"content\": \"[CLS]\", \"special\": true, \"id\": 9}, {\"content\": \"<new>\","
	" \"special\": false, \"id\": 0}], \"truncation\": {\"max_length\": 33}}";

static void must_give(const struct rho_tokeniser *k, struct rho_str text, const char *ids)
{
	static struct rho_tokens out;
	char got[4096] = "";
	encode(k, text, 0, &out);
	for (size_t i = 0; i < out.n; i++)
		snprintf(got + strlen(got), sizeof(got) - strlen(got), i ? " %u" : "%u", out.id[i]);
	cr_expect_str_eq(got, ids, "\"%.40s\" gives %s", text.at, got);
	cr_expect_eq(out.whole, out.n);
}

Test(tokeniser, word_pieces)
{
	struct rho_tokeniser *k = must_open(scratch_file("tokenizer.json", wordpiece));
	char word[512];
	struct rho_str beyond = { word, 101 };
	struct rho_tokens out = { 0 };
	must_give(k, rho_str_of(""), "9 20");
	must_give(k, rho_str_of("\xe2\x80\x8b"), "9 20");
	must_give(k, rho_str_of("A AB Aaaa aab abc"), "9 0 5 0 2 1 0 1 6 7 20");
	must_give(k, rho_str_of("a\xc3\x89" "b\xc3\xa9"), "9 0 4 6 4 20");
	must_give(k, rho_str_of("ab.a[CLS]b[SEP]"), "9 5 7 0 9 3 7 7 7 20");
	/* Bytes that are no characters become U+FFFD, which BERT drops; whole characters beside them stay. */
	must_give(k, rho_str_of("a\xff" "a\xe2\x82" "b\xc3\xa9\xf0\x9f\x98"), "9 0 1 6 4 20");
	/* 100 characters are a word; it is their number that counts, not their bytes. */
	memset(word, 'a', sizeof(word));
	encode(k, (struct rho_str){ word, 100 }, 0, &out);
	cr_expect_eq(out.n, 53);
	must_give(k, beyond, "9 7 20");
	word[0] = 'b';
	for (size_t i = 1; i < 200; i += 2)
		memcpy(word + i, "\xc3\xa9", 2);
	must_give(k, (struct rho_str){ word, 201 }, "9 7 20");
	encode(k, (struct rho_str){ word, 199 }, 0, &out);
	cr_expect_eq(out.n, 102);
	rho_tokens_free(&out);
	/* New tokens follow the number of entries, as the reference has it, whatever the file says. */
	cr_expect_eq(rho_tokeniser_special(k), 2);
	cr_expect_eq(rho_tokeniser_types(k), 1);
	cr_expect_eq(rho_tokeniser_size(k), 21);
	cr_expect_eq(rho_tokeniser_longest(k), 33);
	must_give(k, rho_str_of("a<new>b <NEW>"), "9 0 10 3 10 20");
	rho_tokeniser_close(k);
}

/* RoBERTa's files of before tokenizer.json; without its special tokens they are GPT-2's. */
Test(tokeniser, byte_level_from_old_files)
{
	static const char tokens[] = "{\"<s>\": 0, \"<pad>\": 1, \"</s>\": 2, \"<unk>\": 3, \"a\": 4, \"b\": 5,"
	                             " \"ab\": 6, \"\\u0120\": 7, \"\\u0120a\": 8, \"<mask>\": 9}";
	static const char gpt2[] = "{\"add_prefix_space\": true, \"tokenizer_class\": \"GPT2TokenizerFast\"}";
	const char *vocab = scratch_file("vocab.json", tokens);
	struct rho_str pair = { "b", 1 };
	struct rho_tokens out = { 0 };
	scratch_file("merges.txt", "#version: 0.2\na b\n\xc4\xa0 a\n");
	struct rho_tokeniser *k = must_open(vocab);
	must_give(k, rho_str_of("ab a"), "0 6 8 2");
	must_give(k, rho_str_of("ab <mask>b</s>"), "0 6 9 5 2 2");
	cr_assert_eq(rho_tokeniser_encode(k, rho_str_of("a"), &pair, 0, &out), 0);
	cr_assert_eq(out.n, 6);
	cr_expect_arr_eq(out.id, ((uint32_t[]){ 0, 4, 2, 2, 5, 2 }), 6 * sizeof(uint32_t));
	cr_expect_arr_eq(out.type, ((uint8_t[]){ 0, 0, 0, 0, 0, 0 }), 6);
	rho_tokens_free(&out);
	rho_tokeniser_close(k);
	scratch_file("tokenizer_config.json", gpt2);
	k = must_open(vocab);
	must_give(k, rho_str_of("ab a"), "7 6 8");
	rho_tokeniser_close(k);
}

static double cpu(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Texts that would take the square of their length, were something done again and again: words, marks out
 * of order, blanks that tokens strip, added tokens that begin and do not end. */
Test(tokeniser, time_is_linear)
{
	static const char *const unit[] = { "word ", "a", "\xcc\x81\xcc\x96", "  ", "[SEP", " [SEP]",
	                                    "\xe6\xbc\xa2", "\xff" };
	json_t *all = fixture();
	const json_t *cases = json_object_get(all, "cases");
	const char *path = scratch_path("tokenizer.json");
	size_t n = 1 << 20;
	char *text = malloc(n + 16);
	struct rho_tokens out = { 0 };
	cr_assert_not_null(text);
	for (size_t i = 0; i < json_array_size(cases); i++) {
		json_t *of = json_array_get(cases, i);
		const char *name = json_string_value(json_object_get(of, "name"));
		struct rho_tokeniser *k = strncmp(name, "added", 5) ? NULL : open_case(of, all, path);
		for (size_t u = 0; k && u < sizeof(unit) / sizeof(unit[0]); u++) {
			size_t len = 0;
			for (size_t w = strlen(unit[u]); len < n; len += w)
				memcpy(text + len, unit[u], w);
			double start = cpu();
			encode(k, (struct rho_str){ text, len }, 512, &out);
			cr_expect_lt(cpu() - start, 5.0, "%s: 1 MB of \"%s\" takes %.1f s", name, unit[u],
			             cpu() - start);
		}
		rho_tokeniser_close(k);
	}
	free(text);
	rho_tokens_free(&out);
	json_decref(all);
}
