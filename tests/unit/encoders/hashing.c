/* hashing: what texts are alike, what is ignored, independence of the batch, bad bytes, bad ranges. */
#include "../plugin.h"

struct coder {
	struct test_plugin p;
	const struct rho_encoder *encoder;
	struct rho_encoder_info info;
};

static int coder_open(struct coder *e, const char *toml, uint64_t seed)
{
	memset(e, 0, sizeof *e);
	test_make(&e->p, RHO_ENCODER, "hashing", toml, seed);
	e->encoder = e->p.inst->module->plugin.encoder;
	return TEST_CALL(&e->p, "open", true, e->encoder->open(TEST_SELF(&e->p), &e->info));
}

static struct rho_str str(const char *s) { return (struct rho_str){ s, strlen(s) }; }

static void encode(struct coder *e, const struct rho_str *in, size_t n, float *out)
{
	TEST_OK(&e->p, "encode", false,
	        e->encoder->encode(TEST_SELF(&e->p), RHO_TEXT, in, n, out, e->info.dim));
}

static double alike(struct coder *e, const char *a, const char *b)
{
	struct rho_str in[2] = { str(a), str(b) };
	float *out = calloc(2 * e->info.dim, sizeof *out);
	double dot = 0, length = 0;
	encode(e, in, 2, out);
	for (size_t j = 0; j < e->info.dim; j++) {
		dot += (double)out[j] * (double)out[e->info.dim + j];
		length += (double)out[j] * (double)out[j];
	}
	cr_assert_float_eq(length, 1, 1e-5);
	free(out);
	return dot;
}

Test(hashing, shared_words_and_stems_are_alike)
{
	struct coder e;
	cr_assert_eq(coder_open(&e, "project = 256", 1), 0);
	cr_assert_eq(e.info.dim, 256);
	cr_assert(e.info.unit_norm && e.info.takes == RHO_TEXT);
	double same = alike(&e, "red running shoes", "running shoes, red");
	double stem = alike(&e, "red running shoes", "a shoe for runners");
	double none = alike(&e, "red running shoes", "quantum mechanics");
	cr_assert_gt(same, 0.7);
	cr_assert_gt(stem, none + 0.1);
	cr_assert_lt(fabs(none), 0.25);
	test_free(&e.p);
}

Test(hashing, form_is_ignored)
{
	struct coder e;
	cr_assert_eq(coder_open(&e, "", 1), 0);
	cr_assert_float_eq(alike(&e, "Get  weather_by-city!", "get weather by CITY"), 1, 1e-5);
	cr_assert_float_eq(alike(&e, "getWeatherByCity", "get weather by city"), 1, 1e-5);
	cr_assert_float_eq(alike(&e, "caf\u00e9 STRASSE", "Cafe\u0301 stra\u00dfe"), 1, 1e-5);
	cr_assert_float_eq(alike(&e, "\uff21\uff22 \u0394\u03a3", "ab \u03b4\u03c3"), 1, 1e-5);
	cr_assert_lt(alike(&e, "caf\u00e9", "cafe"), 0.9);
	test_free(&e.p);
	cr_assert_eq(coder_open(&e, "split_case = false", 1), 0);
	cr_assert_lt(alike(&e, "getWeatherByCity", "get weather by city"), 0.9);
	test_free(&e.p);
}

Test(hashing, a_row_depends_on_its_text_alone)
{
	enum { N = 40 };
	struct coder e, f;
	char text[N][64];
	struct rho_str in[N], back[N];
	cr_assert_eq(coder_open(&e, "", 1), 0);
	cr_assert_eq(coder_open(&f, "", 2), 0); /* another cell's seed: the same vectors */
	float *out = calloc(N * e.info.dim, sizeof *out), *other = calloc(N * e.info.dim, sizeof *out);
	for (size_t i = 0; i < N; i++) {
		snprintf(text[i], sizeof text[i], "word%zu is %zu \u00e9t\u00e9", i, i * i);
		if (i % 5 == 0)
			*text[i] = '\0';
		in[i] = back[N - 1 - i] = str(text[i]);
	}
	encode(&e, in, N, out);
	encode(&f, back, N, other);
	for (size_t i = 0; i < N; i++)
		cr_assert(!memcmp(out + i * e.info.dim, other + (N - 1 - i) * e.info.dim,
		                  e.info.dim * sizeof *out));
	encode(&e, in + 7, 1, other);
	cr_assert(!memcmp(out + 7 * e.info.dim, other, e.info.dim * sizeof *out));
	for (size_t j = 0; j < e.info.dim; j++)
		cr_assert_eq(out[5 * e.info.dim + j], 0); /* an empty text */
	free(out);
	free(other);
	test_free(&e.p);
	test_free(&f.p);
}

Test(hashing, without_projection_buckets_are_signed_counts)
{
	struct coder e;
	float out[3 * 64];
	const struct rho_str in[3] = { { "aa bb bb bb", 11 }, { "aa", 2 }, { "bb", 2 } };
	double logs = 1 + log(3), norm = sqrt(1 + logs * logs), dot[2] = { 0 };
	cr_assert_eq(coder_open(&e, "dim = 64\nproject = 0\nword_ngrams = [1, 1]\nchar_ngrams = [0, 0]", 1),
	             0);
	cr_assert_eq(e.info.dim, 64);
	encode(&e, in, 3, out);
	for (size_t j = 0; j < 64; j++) {
		dot[0] += (double)out[j] * (double)out[64 + j];
		dot[1] += (double)out[j] * (double)out[128 + j];
		cr_assert(out[64 + j] == 0 || fabsf(out[64 + j]) == 1);
	}
	cr_assert_float_eq(dot[0], 1 / norm, 1e-6);
	cr_assert_float_eq(dot[1], logs / norm, 1e-6);
	test_free(&e.p);
}

Test(hashing, idf_makes_rare_words_count)
{
	struct coder e;
	char text[200][32];
	struct rho_str catalogue[200];
	cr_assert_eq(coder_open(&e, "project = 0\nword_ngrams = [1, 1]\nchar_ngrams = [0, 0]", 1), 0);
	double before = alike(&e, "common rare", "rare");
	for (size_t i = 0; i < 200; i++) {
		snprintf(text[i], sizeof text[i], "common word%zu%s", i, i ? "" : " rare");
		catalogue[i] = str(text[i]);
	}
	TEST_OK(&e.p, "fit", true, e.encoder->fit(TEST_SELF(&e.p), catalogue, 200));
	/* idf: ln(201 / 201) + 1 and ln(201 / 2) + 1 */
	double rare = log(100.5) + 1;
	cr_assert_float_eq(before, sqrt(0.5), 1e-5);
	cr_assert_float_eq(alike(&e, "common rare", "rare"), rare / sqrt(1 + rare * rare), 1e-5);
	test_free(&e.p);
}

/* The projection keeps inner products, on the average over seeds. */
Test(hashing, projection_keeps_inner_products)
{
	const char *a = "find hotels near the airport", *b = "hotels and flights near me";
	struct coder e;
	double exact, sum = 0;
	cr_assert_eq(coder_open(&e, "project = 0\ndim = 262144", 1), 0);
	exact = alike(&e, a, b);
	test_free(&e.p);
	for (int seed = 1; seed <= 16; seed++) {
		char toml[64];
		snprintf(toml, sizeof toml, "dim = 8192\nseed = %d", seed);
		cr_assert_eq(coder_open(&e, toml, 1), 0);
		sum += alike(&e, a, b) / 16;
		test_free(&e.p);
	}
	cr_assert_float_eq(sum, exact, 4.5 / sqrt(128.0 * 16));
}

Test(hashing, bad_bytes_and_long_texts_are_read_as_far_as_they_go)
{
	struct coder e;
	enum { LONG = 300000 };
	char *text = malloc(LONG), *same = malloc(LONG);
	float out[3 * 128];
	cr_assert_eq(coder_open(&e, "", 1), 0);
	cr_assert_float_eq(alike(&e, "good \xff\xfe bytes\xc3", "good bytes"), 1, 1e-5);
	cr_assert_float_eq(alike(&e, "a \xed\xa0\x80 z", "a z"), 1, 1e-5);
	for (size_t i = 0; i < LONG; i++) {
		text[i] = same[i] = (char)(i % 7 ? 'a' + i * i % 26 : ' ');
		same[i] = i >= 65536 ? 'x' : same[i];
	}
	const struct rho_str in[] = { { text, LONG }, { same, LONG }, { "\xef\xb7\xba", 3 } };
	encode(&e, in, 3, out);
	cr_assert(!memcmp(out, out + 128, 128 * sizeof *out));
	for (size_t j = 0; j < 3 * 128; j++)
		cr_assert(isfinite(out[j]));
	for (size_t i = 0; i + 3 <= LONG; i += 3) /* a ligature of 18 letters, again and again */
		memcpy(text + i, "\xef\xb7\xba", 3);
	encode(&e, in, 1, out);
	test_free(&e.p);
	free(text);
	free(same);
}

Test(hashing, refuses_ranges_that_are_none)
{
	static const char *const wrong[] = {
		"word_ngrams = [2, 1]",
		"char_ngrams = [3]",
		"word_ngrams = [0, 2]",
		"word_ngrams = [0, 0]\nchar_ngrams = [0, 0]",
	};
	for (size_t i = 0; i < 4; i++) {
		struct coder e;
		cr_assert_eq(coder_open(&e, wrong[i], 1), RHO_EINVAL);
		HAS(e.p.why.at, "ngrams");
		test_free(&e.p);
	}
	struct coder e;
	float out[128];
	struct rho_str in = str("x");
	cr_assert_eq(coder_open(&e, "", 1), 0);
	cr_assert_eq(TEST_CALL(&e.p, "encode", false,
	                       e.encoder->encode(TEST_SELF(&e.p), RHO_IMAGE, &in, 1, out, 128)),
	             RHO_ENOSUP);
	test_free(&e.p);
}
