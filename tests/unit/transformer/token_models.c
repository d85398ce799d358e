/* token_models: BPE, Unigram, their splits and the character map, against ids of the reference and a plain
 * algorithm; long pieces; files that are wrong. token_models.json says by its script how it was made. */
#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../kit/scratch.h"
#include "kit/tokeniser/token_model.h"

#define HAS(text, part) cr_assert_not_null(strstr((text), (part)), "\"%s\" is not in:\n%s", (part), (text))
#define MARK "\xe2\x96\x81"

static struct rho_str str_of(const json_t *s)
{
	return (struct rho_str){ json_string_value(s), json_string_length(s) };
}

/* A model between its pre-tokeniser and its ids. */
struct bench {
	struct rho_token_model model;
	struct rho_charsmap *map;
	struct rho_token_scratch scratch;
	struct rho_ids ids;
	struct rho_text tmp, norm;
	const json_t *split;            /* the pre_tokenizer; null: the whole text is one piece */
};

static void open_model(struct bench *b, const json_t *model)
{
	struct rho_trouble t = { 0 };
	bool bpe = !strcmp(json_string_value(json_object_get(model, "type")), "BPE");
	int e = bpe ? rho_bpe_open(model, "model.json", &b->model, &t)
	            : rho_unigram_open(model, "model.json", &b->model, &t);
	cr_assert_eq(e, 0, "%s", t.text);
}

static void open_text(struct bench *b, const char *json)
{
	json_error_t e;
	json_t *model = json_loads(json, 0, &e);
	cr_assert_not_null(model, "%s in %s", e.text, json);
	open_model(b, model);
	json_decref(model);
}

static void shut(struct bench *b)
{
	if (b->model.self)
		b->model.free(b->model.self);
	rho_charsmap_free(b->map);
	if (b->scratch.own)
		b->scratch.free_own(b->scratch.own);
	free(b->ids.at);
	rho_text_free(&b->tmp);
	rho_text_free(&b->norm);
}

static void take(void *arg, struct rho_str piece)
{
	struct bench *b = arg;
	b->model.run(b->model.self, piece, &b->scratch, &b->ids);
}

static void encode(struct bench *b, struct rho_str text)
{
	const json_t *first = json_array_get(json_object_get(b->split, "pretokenizers"), 0);
	const char *type = json_string_value(json_object_get(b->split, "type"));
	b->ids.n = 0;
	if (b->map) {
		rho_text_clear(&b->norm);
		cr_assert(rho_charsmap_apply(b->map, text, &b->norm));
		text = rho_text_view(&b->norm);
	}
	if (!type) {
		take(b, text);
	} else if (!strcmp(type, "ByteLevel")) {
		bool prefix = json_is_true(json_object_get(b->split, "add_prefix_space"));
		rho_split_gpt2(text, prefix, true, &b->tmp, take, b);
	} else if (first) {
		const json_t *regex = json_object_get(json_object_get(first, "pattern"), "Regex");
		rho_split_clip(text, json_string_value(regex)[0] == '<', &b->tmp, take, b);
	} else {
		const char *scheme = json_string_value(json_object_get(b->split, "prepend_scheme"));
		enum rho_prepend when = *scheme == 'a' ? RHO_PREPEND_ALWAYS
		                        : *scheme == 'f' ? RHO_PREPEND_FIRST : RHO_PREPEND_NEVER;
		rho_split_metaspace(text, rho_str_of(MARK), when, true,
		                    json_is_true(json_object_get(b->split, "split")), &b->tmp, take, b);
	}
	cr_assert(!b->ids.spent && !b->tmp.spent);
}

/* The ids as text, as the fixture has them. */
static const char *shown(const struct rho_ids *ids)
{
	static char text[1 << 16];
	size_t used = 0;
	text[0] = 0;
	for (size_t i = 0; i < ids->n && used < sizeof(text) - 16; i++)
		used += (size_t)sprintf(text + used, i ? " %u" : "%u", ids->at[i]);
	return text;
}

static json_t *fixture(void)
{
	char path[1024];
	json_error_t e;
	snprintf(path, sizeof(path), "%s/tests/unit/transformer/data/token_models.json",
	         getenv("RHO_SOURCE_ROOT"));
	json_t *all = json_load_file(path, JSON_ALLOW_NUL, &e);
	cr_assert_not_null(all, "%s", e.text);
	return all;
}

/* The model of that case; a case may name another's. */
static const json_t *model_of(const json_t *cases, const json_t *of)
{
	const json_t *model = json_object_get(of, "model");
	for (size_t i = 0; json_is_string(model) && i < json_array_size(cases); i++) {
		const json_t *other = json_array_get(cases, i);
		if (!strcmp(json_string_value(json_object_get(other, "name")), json_string_value(model)))
			return json_object_get(other, "model");
	}
	return model;
}

Test(token_models, the_references_ids)
{
	json_t *all = fixture();
	const json_t *texts = json_object_get(all, "texts"), *cases = json_object_get(all, "cases");
	struct rho_trouble t = { 0 };
	size_t compared = 0;
	for (size_t i = 0; i < json_array_size(cases); i++) {
		const json_t *of = json_array_get(cases, i);
		const json_t *map = json_object_get(of, "normalizer");
		struct bench b = { .split = json_object_get(of, "pre_tokenizer") };
		open_model(&b, model_of(cases, of));
		if (json_is_object(map)) {
			map = json_object_get(map, "precompiled_charsmap");
			b.map = rho_charsmap_open(str_of(map), "model.json", &t);
			cr_assert_not_null(b.map, "%s", t.text);
		}
		for (size_t twice = 0; twice < 2; twice++)      /* then from what is remembered */
			for (size_t k = 0; k < json_array_size(texts); k++) {
				encode(&b, str_of(json_array_get(texts, k)));
				cr_assert_str_eq(shown(&b.ids), json_string_value(json_array_get(
				                 json_object_get(of, "ids"), k)), "%s, text %zu: %s",
				                 json_string_value(json_object_get(of, "name")), k,
				                 json_string_value(json_array_get(texts, k)));
				compared++;
			}
		shut(&b);
	}
	cr_assert_eq(compared, 2 * json_array_size(cases) * json_array_size(texts));
	cr_assert_gt(compared, 1000);
	json_decref(all);
}

/* Merges as the paper has them: the pair of the lowest rank, the leftmost, again and again. */
static size_t merge_plainly(const uint32_t (*merge)[3], size_t n_merges, uint32_t *sym, size_t n)
{
	for (;;) {
		size_t best = n_merges, at = 0;
		for (size_t i = 0; i + 1 < n; i++)
			for (size_t k = 0; k < best; k++)
				if (merge[k][0] == sym[i] && merge[k][1] == sym[i + 1]) {
					best = k;
					at = i;
				}
		if (best == n_merges)
			return n;
		sym[at] = merge[best][2];
		memmove(sym + at + 1, sym + at + 2, (n - at - 2) * sizeof(*sym));
		n--;
	}
}

/* Random merges of a and b, in an order that has nothing to do with their lengths; pieces on both sides of
 * where the heap begins. */
Test(token_models, merges_in_their_order)
{
	enum { WORDS = 60 };
	static char word[WORDS][64];
	static uint32_t merge[WORDS][3];
	uint64_t seed = 7;
	size_t n = 2, merges = 0;
	json_t *model = json_pack("{s:s,s:{s:i,s:i},s:[]}", "type", "BPE", "vocab", "a", 0, "b", 1, "merges");
	strcpy(word[0], "a");
	strcpy(word[1], "b");
	while (n < WORDS) {
		seed = seed * 6364136223846793005u + 1442695040888963407u;
		size_t x = (seed >> 33) % n, y = (seed >> 45) % n, i = 0;
		char both[128];
		snprintf(both, sizeof(both), "%s%s", word[x], word[y]);
		while (i < n && strcmp(word[i], both))
			i++;
		if (i < n || strlen(both) > 12)
			continue;
		strcpy(word[n], both);
		json_object_set_new(json_object_get(model, "vocab"), both, json_integer((json_int_t)n));
		json_array_append_new(json_object_get(model, "merges"), json_pack("[s,s]", word[x], word[y]));
		merge[merges][0] = (uint32_t)x;
		merge[merges][1] = (uint32_t)y;
		merge[merges++][2] = (uint32_t)n++;
	}
	struct bench b = { 0 };
	open_model(&b, model);
	json_decref(model);
	for (size_t round = 0; round < 400; round++) {
		char text[200];
		uint32_t sym[200];
		size_t len = 1 + round % 199;
		for (size_t i = 0; i < len; i++) {
			seed = seed * 6364136223846793005u + 1442695040888963407u;
			sym[i] = (uint32_t)(seed >> 63);
			text[i] = sym[i] ? 'b' : 'a';
		}
		encode(&b, (struct rho_str){ text, len });
		size_t want = merge_plainly((const uint32_t (*)[3])merge, merges, sym, len);
		cr_assert_eq(b.ids.n, want, "%.*s: %zu ids, not %zu", (int)len, text, b.ids.n, want);
		cr_assert(!memcmp(b.ids.at, sym, want * sizeof(*sym)), "%.*s", (int)len, text);
	}
	shut(&b);
}

static double cpu_seconds(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double time_piece(struct bench *b, const char *text, size_t n)
{
	double start = cpu_seconds();
	encode(b, (struct rho_str){ text, n });
	return cpu_seconds() - start;
}

/* 1 MB without a place to split: sixteen times the text may take thirty times the time, not 256 times. */
Test(token_models, long_pieces_in_linear_time, .timeout = 100)
{
	enum { LONG = 1 << 20 };
	json_t *all = fixture();
	const json_t *cases = json_object_get(all, "cases");
	char *text = malloc(LONG);
	cr_assert_not_null(text);
	for (size_t kind = 0; kind < 2; kind++)
		for (size_t i = 0; i < json_array_size(cases); i++) {
			const json_t *of = json_array_get(cases, i);
			struct bench b = { .split = json_object_get(of, "pre_tokenizer") };
			open_model(&b, model_of(cases, of));
			for (size_t k = 0; k < LONG; k++)
				text[k] = kind ? "theotherq"[k * k % 61 % 9] : 'e';
			double part = time_piece(&b, text, LONG / 16);
			size_t part_ids = b.ids.n;
			double whole = time_piece(&b, text, LONG);
			cr_assert_lt(whole, 30 * part + 0.2, "%s: %g s after %g s",
			             json_string_value(json_object_get(of, "name")), whole, part);
			cr_assert(b.ids.n >= 15 * part_ids);
			shut(&b);
		}
	free(text);
	json_decref(all);
}

static struct rho_text heard;

static void hear(void *arg, struct rho_str piece)
{
	(void)arg;
	rho_text_add(&heard, piece);
	rho_text_adds(&heard, "|");
}

static const char *heard_as(void)
{
	rho_text_add(&heard, (struct rho_str){ "", 1 });
	heard.len = 0;
	return heard.at;
}

Test(token_models, splits)
{
	struct rho_text tmp = { 0 };
	const struct { const char *text, *plain, *prefixed; } gpt2[] = {
		{ "Hello  world", "Hello|Ġ|Ġworld|", "ĠHello|Ġ|Ġworld|" },
		{ " it's\n\n 12th", "Ġit|'s|ĊĊ|Ġ12|th|", "Ġit|'s|ĊĊ|Ġ12|th|" },
		{ "\n x ", "Ċ|Ġx|Ġ|", "ĠĊ|Ġx|Ġ|" },
		{ "\n\n", "ĊĊ|", "ĠĊĊ|" },
		{ "\nx", "Ċ|x|", "Ġ|Ċ|x|" },
		{ "'s", "'s|", "Ġ'|s|" },
		{ "\xc3\xa9\xe2\x80\x89\xc2\xbd!", "Ã©|âĢī|Â½|!|", "ĠÃ©|âĢī|Â½|!|" },
		{ "a\xff\xe6\x9d", "a|ÿæĿ|", "Ġa|ÿæĿ|" },    /* not UTF-8, and nothing is lost */
	};
	for (size_t i = 0; i < sizeof(gpt2) / sizeof(gpt2[0]); i++) {
		rho_split_gpt2(rho_str_of(gpt2[i].text), false, true, &tmp, hear, NULL);
		cr_assert_str_eq(heard_as(), gpt2[i].plain);
		rho_split_gpt2(rho_str_of(gpt2[i].text), true, true, &tmp, hear, NULL);
		cr_assert_str_eq(heard_as(), gpt2[i].prefixed);
	}
	rho_split_gpt2(rho_str_of("a b\n"), true, false, &tmp, hear, NULL);
	cr_assert_str_eq(heard_as(), "ĠaĠbĊ|");
	rho_split_clip(rho_str_of("it's 12!? <|endoftext|>="), true, &tmp, hear, NULL);
	cr_assert_str_eq(heard_as(), "it|'s|1|2|!?|<||endoftext||>|=|");
	rho_split_clip(rho_str_of("<|endoftext|>="), false, &tmp, hear, NULL);
	cr_assert_str_eq(heard_as(), "<||endoftext||>=|");
	rho_split_metaspace(rho_str_of("a  b "), rho_str_of(MARK), RHO_PREPEND_ALWAYS, false, true,
	                    &tmp, hear, NULL);
	cr_assert_str_eq(heard_as(), MARK "a|" MARK "|" MARK "b|" MARK "|");
	rho_split_metaspace(rho_str_of("a b"), rho_str_of(MARK), RHO_PREPEND_FIRST, false, false, &tmp,
	                    hear, NULL);
	cr_assert_str_eq(heard_as(), "a" MARK "b|");
	rho_split_metaspace(rho_str_of(" a"), rho_str_of(MARK), RHO_PREPEND_FIRST, true, true, &tmp,
	                    hear, NULL);
	cr_assert_str_eq(heard_as(), MARK "a|");
	rho_split_gpt2(rho_str_of(""), true, true, &tmp, hear, NULL);
	rho_split_metaspace(rho_str_of(""), rho_str_of(MARK), RHO_PREPEND_ALWAYS, true, true, &tmp,
	                    hear, NULL);
	cr_assert_str_eq(heard_as(), "");
	rho_text_free(&tmp);
	rho_text_free(&heard);
}

/* One thread's scratch goes from model to model. */
Test(token_models, a_scratch_that_serves_two)
{
	struct bench a = { 0 }, b = { 0 };
	open_text(&a, "{\"type\":\"BPE\",\"vocab\":{\"x\":5,\"y\":1,\"xy\":9},"
	              "\"merges\":[\"#version: 0.2\",\"x y\"]}");
	open_text(&b, "{\"type\":\"Unigram\",\"unk_id\":0,\"vocab\":[[\"?\",0],[\"y\",-2],[\"x\",-1]]}");
	cr_assert(a.model.size == 10 && a.model.n == 3 && b.model.size == 3 && b.model.n == 3);
	cr_assert_eq(a.model.find(a.model.self, rho_str_of("xy")), 9);
	cr_assert_eq(b.model.find(b.model.self, rho_str_of("y")), 1);
	cr_assert_eq(b.model.find(b.model.self, rho_str_of("xy")), UINT32_MAX);
	for (int i = 0; i < 3; i++) {
		encode(&a, rho_str_of("xyzx"));
		cr_assert_str_eq(shown(&a.ids), "9 5");
		b.scratch = a.scratch;
		encode(&b, rho_str_of("xyzx"));
		cr_assert_str_eq(shown(&b.ids), "2 1 0 2");
		a.scratch = b.scratch;
	}
	b.scratch = (struct rho_token_scratch){ 0 };
	shut(&a);
	shut(&b);
}

Test(token_models, wrong_models)
{
	const struct { const char *json, *why; } wrong[] = {
		{ "[]", "not an object" },
		{ "{\"type\":\"BPE\"}", "object of tokens" },
		{ "{\"vocab\":[1],\"merges\":[]}", "object of tokens" },
		{ "{\"vocab\":{\"a\":0},\"merges\":{}}", "model.merges" },
		{ "{\"vocab\":{\"a\":-1},\"merges\":[]}", "token \"a\"" },
		{ "{\"vocab\":{\"a\":4000000000},\"merges\":[]}", "0 to 268435455" },
		{ "{\"vocab\":{\"a\":1.0},\"merges\":[]}", "whole number" },
		{ "{\"vocab\":{\"a\":0},\"merges\":[\"a\"]}", "model.merges[0]" },
		{ "{\"vocab\":{\"a\":0},\"merges\":[\"a a a\"]}", "model.merges[0]" },
		{ "{\"vocab\":{\"a\":0},\"merges\":[[\"a\"]]}", "model.merges[0]" },
		{ "{\"vocab\":{\"a\":0},\"merges\":[\"a b\"]}", "joins \"b\"" },
		{ "{\"vocab\":{\"a\":0},\"merges\":[\"a a\"]}", "makes \"aa\"" },
		{ "{\"vocab\":{\"a\":0},\"merges\":[],\"dropout\":0.1}", "model.dropout" },
		{ "{\"vocab\":{\"a\":0},\"merges\":[],\"fuse_unk\":1}", "model.fuse_unk" },
		{ "{\"vocab\":{\"a\":0},\"merges\":[],\"unk_token\":3}", "model.unk_token" },
		{ "{\"vocab\":{\"a\":0},\"merges\":[],\"unk_token\":\"<unk>\"}", "\"<unk>\"" },
		{ "{\"vocab\":{\"a\":0},\"merges\":[],\"end_of_word_suffix\":\"01234567890123456789"
		  "012345678901234567890123456789012345678901234567890\"}", "at most 64" },
	};
	const struct { const char *json, *why; } unigrams[] = {
		{ "[]", "not an object" },
		{ "{\"unk_id\":0}", "model.vocab" },
		{ "{\"unk_id\":0,\"vocab\":[]}", "model.vocab" },
		{ "{\"unk_id\":0,\"vocab\":[\"a\"]}", "model.vocab[0]" },
		{ "{\"unk_id\":0,\"vocab\":[[\"a\",0],[\"b\",null]]}", "model.vocab[1]" },
		{ "{\"unk_id\":0,\"vocab\":[[\"a\",0,0]]}", "model.vocab[0]" },
		{ "{\"unk_id\":1,\"vocab\":[[\"a\",0]]}", "model.unk_id" },
		{ "{\"unk_id\":null,\"vocab\":[[\"a\",0]]}", "model.unk_id" },
		{ "{\"unk_id\":0,\"vocab\":[[\"a\",0]],\"byte_fallback\":\"yes\"}", "model.byte_fallback" },
	};
	size_t n_wrong = sizeof(wrong) / sizeof(wrong[0]);
	for (size_t i = 0; i < n_wrong + sizeof(unigrams) / sizeof(unigrams[0]); i++) {
		size_t k = i - n_wrong;
		bool bpe = i < n_wrong;
		struct rho_trouble t = { 0 };
		struct rho_token_model m;
		json_t *json = json_loads(bpe ? wrong[i].json : unigrams[k].json, 0, NULL);
		cr_assert_not_null(json);
		int e = bpe ? rho_bpe_open(json, "m.json", &m, &t) : rho_unigram_open(json, "m.json", &m, &t);
		cr_assert(e && e == t.code, "%s", bpe ? wrong[i].json : unigrams[k].json);
		HAS(t.text, "m.json: ");
		HAS(t.text, bpe ? wrong[i].why : unigrams[k].why);
		json_decref(json);
	}
	char token[1200], json[1300];
	struct rho_trouble t = { 0 };
	struct rho_token_model m;
	memset(token, 'x', sizeof(token));
	snprintf(json, sizeof(json), "{\"unk_id\":0,\"vocab\":[[\"%.1100s\",0]]}", token);
	json_t *j = json_loads(json, 0, NULL);
	cr_assert_eq(rho_unigram_open(j, "m.json", &m, &t), RHO_EFORMAT);
	HAS(t.text, "1100 bytes");
	json_decref(j);
}

/* Odd, but allowed: duplicates, an empty token, scores that overflow, ids with holes, a pair given twice. */
Test(token_models, odd_models)
{
	struct bench u = { 0 }, v = { 0 }, b = { 0 };
	open_text(&u, "{\"unk_id\":0,\"type\":\"Unigram\",\"vocab\":[[\"?\",-1],[\"\",5],[\"a\",-1e308],"
	              "[\"aa\",-1e308],[\"a\",-1.5e308]]}");
	encode(&u, rho_str_of("aaab"));
	cr_assert_str_eq(shown(&u.ids), "4 3 0");
	open_text(&v, "{\"unk_id\":0,\"type\":\"Unigram\",\"vocab\":[[\"?\",1e308],[\"a\",1e308],"
	              "[\"b\",-1e308]]}");
	encode(&v, rho_str_of("aabbaab"));
	cr_assert_eq(v.ids.n, 7);
	open_text(&b, "{\"type\":\"BPE\",\"vocab\":{\"a\":3,\"b\":100000,\"ab\":7,\"ba\":8},"
	              "\"merges\":[\"a b\",\"b a\",[\"a\",\"b\"]]}");
	encode(&b, rho_str_of("abab"));
	cr_assert_str_eq(shown(&b.ids), "3 8 100000");
	cr_assert(b.model.size == 100001 && b.model.n == 4);
	shut(&u);
	shut(&v);
	shut(&b);
}

Test(token_models, wrong_maps)
{
	const struct { const char *base64, *why; } wrong[] = {
		{ "", "0 bytes" },
		{ "AAAA", "3 bytes" },
		{ "BAAA", "3 bytes" },
		{ "!AAA", "not base64" },
		{ "AAAAA", "not base64" },
		{ "AA==AAAA", "not base64" },
		{ "AAAAAA==", "4 bytes" },
		{ "/////wAAAAA=", "8 bytes" },
		{ "BAAAAAAAAAD/", "not UTF-8" },
	};
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct rho_trouble t = { 0 };
		cr_assert_null(rho_charsmap_open(rho_str_of(wrong[i].base64), "m.json", &t), "%s",
		               wrong[i].base64);
		HAS(t.text, wrong[i].why);
	}
	/* Units that point outside; a place inside a character; a whole map of one unit. */
	const char *odd[] = { "BAAAAAAAAABh", "CAAAAP////////9/YQ==", "DAAAAAAEAABhBQAA/////w==" };
	for (size_t i = 0; i < 3; i++) {
		struct rho_trouble t = { 0 };
		struct rho_text out = { 0 };
		struct rho_charsmap *map = rho_charsmap_open(rho_str_of(odd[i]), "m.json", &t);
		cr_assert_not_null(map, "%s", t.text);
		cr_assert(rho_charsmap_apply(map, rho_str_of("a\xc3\xa9 a\r\n\xff"), &out));
		cr_assert(rho_str_is(rho_text_view(&out), "a\xc3\xa9 a\r\n\xff"));
		rho_text_free(&out);
		rho_charsmap_free(map);
	}
}

Test(token_models, from_vocab_and_merges, .init = scratch_make, .fini = scratch_remove)
{
	struct rho_trouble t = { 0 };
	struct bench b = { 0 };
	const char *vocab = scratch_file("vocab.json", "{\"a\":0,\"b\":1,\"ab\":2,\"a</w>\":3,\"b</w>\":4,"
	                                 "\"ab</w>\":5,\"<|endoftext|>\":6}");
	const char *merges = scratch_file("merges.txt", "#version: 0.2\r\na b</w>\r\na b\r\n");
	cr_assert_eq(rho_bpe_files(vocab, merges, true, &b.model, &t), 0, "%s", t.text);
	encode(&b, rho_str_of("abzab"));
	cr_assert_str_eq(shown(&b.ids), "2 6 5");
	shut(&b);
	memset(&b, 0, sizeof(b));
	cr_assert_eq(rho_bpe_files(vocab, merges, false, &b.model, &t), 0, "%s", t.text);
	encode(&b, rho_str_of("abzab"));
	cr_assert_str_eq(shown(&b.ids), "2 2");
	shut(&b);

	struct rho_token_model m;
	cr_assert(rho_bpe_files(vocab, scratch_file("m2", "#version\na b\nab\n"), false, &m, &t));
	HAS(t.text, "m2:3: ");
	t.code = 0;
	cr_assert(rho_bpe_files(vocab, scratch_file("m3", "a c\n"), false, &m, &t));
	HAS(t.text, "m3:1: merge 1 joins \"c\"");
	t.code = 0;
	cr_assert_eq(rho_bpe_files(scratch_file("v2", "{\"a\": 0,\n]"), merges, false, &m, &t), RHO_EFORMAT);
	HAS(t.text, "v2:2: ");
	t.code = 0;
	cr_assert_eq(rho_bpe_files("/nowhere/vocab.json", merges, false, &m, &t), RHO_EIO);
	t.code = 0;
	cr_assert(rho_bpe_files(vocab, "/nowhere/merges.txt", false, &m, &t));
}
