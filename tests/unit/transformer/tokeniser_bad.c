/* tokeniser: files that are damaged, mistaken for a tokeniser, not understood, or made to do harm. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tokeniser_test.h"

/* In this file the JSON is spelt with ' for ". Gives the path of a file with it. */
static const char *json_file(const char *name, const char *json)
{
	char *s = strdup(json);
	cr_assert_not_null(s);
	for (char *at = s; (at = strchr(at, '\'')); )
		*at = '"';
	FILE *f = fopen(name, "wb");
	cr_assert(f && fputs(s, f) >= 0);
	fclose(f);
	free(s);
	return name;
}

TestSuite(tokeniser_bad, .init = scratch_make, .fini = scratch_remove);

#define MODEL "'model': {'type': 'WordPiece', 'unk_token': 'u', " \
              "'continuing_subword_prefix': '##', 'max_input_chars_per_word': 100, 'vocab': {'u': 0, 'a': 1}}"

/* A word-piece model with that vocabulary and these other members. */
#define WORDS(vocab, unk, most) "{'model': {'type': 'WordPiece', 'unk_token': " unk ", " \
              "'continuing_subword_prefix': '##', 'max_input_chars_per_word': " most ", 'vocab': " vocab "}}"
#define NORMAL(object) "{" MODEL ", 'normalizer': " object "}"
#define SPLIT(object)  "{" MODEL ", 'pre_tokenizer': " object "}"
#define FRAME(object)  "{" MODEL ", 'post_processor': " object "}"
#define ADDED(list)    "{" MODEL ", 'added_tokens': " list "}"

static const struct { const char *json, *says; } refused[] = {
	{ "", "is not JSON" },
	{ "{'model': ", "is not JSON" },
	{ "[1]", "not an object" },
	{ "{}", "there is no \"model\"" },
	{ "{'model': []}", "\"model\" must be an object or null, and is a list" },
	{ "{'model': {'type': 'WordPeice'}}", "is it \"WordPiece\"?" },
	{ "{'model': {'type': 'WordLevel'}}", "known are BPE, WordPiece, Unigram" },
	{ "{'model': {'type': 5}}", "\"type\" must be a string, and is an integer" },
	{ "{'model': {}}", "\"unk_token\" must be a string, and is missing" },
	{ WORDS("[1]", "'u'", "100"), "\"vocab\" must be an object" },
	{ WORDS("{}", "'u'", "100"), "unknown token \"u\" is not in the vocabulary of 0 tokens" },
	{ WORDS("{'u': 0, 'a': 4000000000}", "'u'", "100"), "id of \"a\" must be a whole number" },
	{ WORDS("{'u': 0, 'a': -1}", "'u'", "100"), "id of \"a\" must be a whole number" },
	{ WORDS("{'u': 0, 'a': 1.5}", "'u'", "100"), "id of \"a\" must be a whole number" },
	{ WORDS("{'u': 0, 'a': '1'}", "'u'", "100"), "id of \"a\" must be a whole number" },
	{ WORDS("{'u': 0}", "null", "100"), "\"unk_token\" must be a string" },
	{ WORDS("{'u': 0}", "'u'", "1000000000"),
	  "\"max_input_chars_per_word\" must be a whole number from 0" },
	{ WORDS("{'u': 0}", "'u'", "true"), "\"max_input_chars_per_word\" must be a whole number from 0" },
	{ NORMAL("[]"), "\"normalizer\" must be an object or null" },
	{ NORMAL("{}"), "\"type\" must be a string" },
	{ NORMAL("{'type': 'Nmt'}"), "which is not understood; known are BertNormalizer, NFC" },
	{ NORMAL("{'type': 'BertNormalizer', 'lowercase': 1}"), "\"lowercase\" must be true or false" },
	{ NORMAL("{'type': 'Sequence'}"), "\"normalizers\" must be a list, and is missing" },
	{ NORMAL("{'type': 'Sequence', 'normalizers': [5]}"), "\"type\" must be a string" },
	{ NORMAL("{'type': 'Replace', 'pattern': {'Regex': '(a*)*b'}, 'content': ''}"),
	  "\"(a*)*b\" is not understood" },
	{ NORMAL("{'type': 'Replace', 'pattern': {'String': ''}, 'content': 'x'}"), "not empty" },
	{ NORMAL("{'type': 'Replace', 'pattern': 'x', 'content': 'x'}"), "\"pattern\" must be an object" },
	{ NORMAL("{'type': 'Precompiled', 'precompiled_charsmap': '!'}"), "is not base64" },
	{ SPLIT("{'type': 'UnicodeScripts'}"), "known are BertPreTokenizer" },
	{ SPLIT("{'type': 'Split', 'pattern': {'Regex': 'a+'}, 'behavior': 'Isolated', 'invert': false}"),
	  "\"a+\" is not understood" },
	{ SPLIT("{'type': 'Split', 'pattern': {'String': ' '}, 'behavior': 'isolated'}"),
	  "is it \"Isolated\"?" },
	/* CLIP's, with nothing behind it to map its bytes. */
	{ SPLIT("{'type': 'Split', 'behavior': 'Removed', 'invert': true, 'pattern': {'Regex': "
	        "'\\u0027s|\\u0027t|\\u0027re|\\u0027ve|\\u0027m|\\u0027ll|\\u0027d|[\\\\p{L}]+|[\\\\p{N}]|"
	        "[^\\\\s\\\\p{L}\\\\p{N}]+'}}"), "must be followed by ByteLevel" },
	{ SPLIT("{'type': 'Metaspace', 'replacement': ''}"), "must be one character" },
	{ SPLIT("{'type': 'Metaspace', 'replacement': 'ab'}"), "must be one character" },
	{ SPLIT("{'type': 'Digits'}"), "\"individual_digits\" must be true or false" },
	{ FRAME("{'type': 'BertProcessing', 'sep': ['a', 1], 'cls': 5}"), "\"cls\" must be a list" },
	{ FRAME("{'type': 'BertProcessing', 'sep': ['a', 1], 'cls': ['b', 2]}"),
	  "has a token of id 2; the vocabulary's ids are 0 to 1" },
	{ FRAME("{'type': 'BertProcessing', 'sep': ['a', -4000000000], 'cls': ['b', 1]}"),
	  "of id -4000000000" },
	{ FRAME("{'type': 'TemplateProcessing', 'single': [], 'pair': []}"), "must have sequence A once" },
	{ FRAME("{'type': 'TemplateProcessing', 'single': [{'Sequence': {'id': 'B'}}], 'pair': []}"),
	  "must have sequence A once, and no B" },
	{ FRAME("{'type': 'TemplateProcessing', 'single': [{'Sequence': {'id': 'A', 'type_id': 256}}]}"),
	  "\"type_id\" must be a whole number from 0 to 255" },
	{ FRAME("{'type': 'TemplateProcessing', 'single': [{'SpecialToken': {'id': 'x'}}]}"),
	  "\"x\" is not among its \"special_tokens\"" },
	{ FRAME("{'type': 'TemplateProcessing', 'single': [5]}"), "\"SpecialToken\" or \"Sequence\"" },
	{ FRAME("{'type': 'Sequence', 'processors': [{'type': 'BertProcessing', 'sep': ['a', 1], 'cls': "
	        "['b', 1]}, {'type': 'RobertaProcessing', 'sep': ['a', 1], 'cls': ['b', 1]}]}"),
	  "two processors that add tokens" },
	{ ADDED("{}"), "must be a list" },
	{ ADDED("[7]"), "each must be an object" },
	{ ADDED("[{'id': 1}]"), "\"content\" must be a string" },
	{ ADDED("[{'content': 'x', 'lstrip': 'yes'}]"), "\"lstrip\" must be true or false" },
};

Test(tokeniser_bad, refused_with_what_is_wrong)
{
	const char *path = scratch_path("tokenizer.json");
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		must_refuse(json_file(path, refused[i].json), RHO_EFORMAT, refused[i].says);
}

/* `open`, then `inner` n times with `between`, then `close`, in a string to be freed. */
static char *repeat(const char *open, const char *inner, const char *between, size_t n, const char *close)
{
	size_t a = strlen(open), b = strlen(inner), c = strlen(between), used = a;
	char *s = malloc(a + n * (b + c) + strlen(close) + 1);
	cr_assert_not_null(s);
	memcpy(s, open, a);
	for (size_t i = 0; i < n; i++) {
		memcpy(s + used, between, i ? c : 0);
		used += i ? c : 0;
		memcpy(s + used, inner, b);
		used += b;
	}
	strcpy(s + used, close);
	return s;
}

static void repeat_refused(const char *open, const char *inner, const char *between, size_t n,
                           const char *close, const char *says)
{
	char *json = repeat(open, inner, between, n, close);
	must_refuse(json_file(scratch_path("tokenizer.json"), json), RHO_EFORMAT, says);
	free(json);
}

Test(tokeniser_bad, too_much_of_it)
{
	/* Sequences within each other, as deep as jansson lets them. */
	char *tail = repeat("", "]}", "", 500, "}");
	repeat_refused("{" MODEL ", 'normalizer': ", "{'type': 'Sequence', 'normalizers': [", "", 500,
	               tail, "more than 8 deep");
	repeat_refused("{" MODEL ", 'pre_tokenizer': ", "{'type': 'Sequence', 'pretokenizers': [", "", 500,
	               tail, "more than 8 deep");
	repeat_refused("{" MODEL ", 'post_processor': ", "{'type': 'Sequence', 'processors': [", "", 500,
	               tail, "more than 8 deep");
	free(tail);
	repeat_refused("{", "'x': {", "", 5000, "", "maximum parsing depth");
	/* More steps than there is room for. */
	repeat_refused("{" MODEL ", 'normalizer': {'type': 'Sequence', 'normalizers': [", "{'type': 'NFC'}",
	               ",", 17, "]}}", "more than 16 steps");
	repeat_refused("{" MODEL ", 'pre_tokenizer': {'type': 'Sequence', 'pretokenizers': [",
	               "{'type': 'Whitespace'}", ",", 9, "]}}", "more than 8 stages");
	repeat_refused("{" MODEL ", 'post_processor': {'type': 'TemplateProcessing', 'special_tokens': {'x': "
	               "{'ids': [1]}}, 'single': [", "{'SpecialToken': {'id': 'x'}}", ",", 40, "]}}",
	               "more than 32 tokens");
	/* Texts that would grow without bound. */
	repeat_refused("{" MODEL ", 'normalizer': {'type': 'Sequence', 'normalizers': [",
	               "{'type': 'Replace', 'pattern': {'String': 'a'}, 'content': 'aaaa'}", ",", 5, "]}}",
	               "1024 times as long");
	repeat_refused("{" MODEL ", 'normalizer': {'type': 'Prepend', 'prepend': '", "p", "", 300, "'}}",
	               "at most 256");
	repeat_refused("{" MODEL ", 'added_tokens': [{'content': '", "p", "", 600, "'}]}", "at most 512");
}

Test(tokeniser_bad, no_tokeniser_there)
{
	must_refuse("/nowhere/at/all", RHO_EIO, "there is no tokeniser: neither tokenizer.json");
	const char *path = scratch_path("none");
	must_refuse(path, RHO_EIO, "is it the folder of a model as downloaded?");
	*strrchr(path, '/') = 0;
	must_refuse(path, RHO_EIO, "nor vocab.json with merges.txt");
}

Test(tokeniser_bad, old_files)
{
	const char *vocab = scratch_file("vocab.txt", "[PAD]\n[CLS]\n[SEP]\na\n");
	must_refuse(vocab, RHO_EFORMAT, "unknown token \"[UNK]\" is not in the vocabulary of 4 tokens");
	scratch_file("vocab.txt", "[PAD]\n[UNK]\n[SEP]\na\n");
	must_refuse(vocab, RHO_EFORMAT, "the cls_token \"[CLS]\" is not in the vocabulary");
	scratch_file("vocab.txt", "[PAD]\n[UNK]\n[SEP]\na\xff\n");
	must_refuse(vocab, RHO_EFORMAT, "vocab.txt:4:");
	/* Of two lines that are the same the last counts, as in the reference; so do the file's own names. */
	scratch_file("vocab.txt", "[PAD]\r\n<u>\r\n[SEP]\r\na\r\n[CLS]\r\na\r\n");
	scratch_file("tokenizer_config.json", "{\"unk_token\": \"<u>\", \"model_max_length\": "
	             "1000000000000000019884624838656, \"do_lower_case\": false}");
	struct rho_tokeniser *k = must_open(vocab);
	struct rho_tokens out = { 0 };
	encode(k, rho_str_of("a A<u>"), 0, &out);
	cr_assert_eq(out.n, 5);
	cr_expect(out.id[0] == 4 && out.id[1] == 5 && out.id[2] == 1 && out.id[3] == 1 && out.id[4] == 2);
	cr_expect_eq(rho_tokeniser_longest(k), 0);
	rho_tokens_free(&out);
	rho_tokeniser_close(k);
	scratch_file("tokenizer_config.json", "{\"tokenizer_class\": \"BertJapaneseTokenizer\"}");
	must_refuse(vocab, RHO_EFORMAT, "\"BertJapaneseTokenizer\", whose old files are not understood");
	scratch_file("tokenizer_config.json", "{\"tokenizer_class\": ");
	must_refuse(vocab, RHO_EFORMAT, "tokenizer_config.json:1: is not JSON");
}

/* A vocabulary with holes is fine: its ids are what they are. */
Test(tokeniser_bad, holes)
{
	const char *path = scratch_path("tokenizer.json");
	struct rho_tokeniser *k = must_open(json_file(path, WORDS("{'u': 5, 'a': 900000}", "'u'", "3")));
	struct rho_tokens out = { 0 };
	encode(k, rho_str_of("a"), 0, &out);
	cr_assert(out.n == 1 && out.id[0] == 900000);
	cr_expect_eq(rho_tokeniser_size(k), 900001);
	rho_tokens_free(&out);
	rho_tokeniser_close(k);
}
