/* bert and simcse through the registry: every reference text of the real models and of the tiny one in all
 * its layouts, independence of the batch, and folders that are not what they should be. */
#include <stdio.h>
#include <sys/stat.h>

#include "bare.h"
#include "coder.h"
#include "kit/transformer/sentence.h"

enum { MOST = 80 };

/* The lines of a reference file, texts included. */
struct reference {
	json_t *line[MOST];
	struct rho_str text[MOST];
	size_t n;
};

static void reference_open(struct reference *r, const char *folder)
{
	struct model_lines lines;
	r->n = 0;
	model_lines_open(&lines, folder, "reference.jsonl");
	for (json_t *o; (o = model_lines_next(&lines)); r->n++) {
		const json_t *text = json_object_get(o, "text");
		cr_assert_lt(r->n, MOST);
		r->line[r->n] = o;
		r->text[r->n] = (struct rho_str){ json_string_value(text), json_string_length(text) };
	}
	model_lines_close(&lines);
}

static void reference_close(struct reference *r)
{
	for (size_t i = 0; i < r->n; i++)
		json_decref(r->line[i]);
}

static size_t length_of(const struct reference *r, size_t i)
{
	return (size_t)json_integer_value(json_object_get(r->line[i], "max_length"));
}

/* Row i against its line's numbers (of which there may be fewer), scaled to the whole row's length 1. */
static void row_is(const struct reference *r, size_t i, const float *row, const char *key, const char *norm,
                   double most)
{
	size_t n;
	double *right = model_numbers(r->line[i], key, &n);
	double length = norm ? json_real_value(json_object_get(r->line[i], norm)) : model_length(right, n);
	double gap = model_gap(row, right, n, 1 / length);
	cr_assert_leq(gap, most, "text %zu, %s: off by %g", i, key, gap);
	free(right);
}

/* Encodes all texts whose max_length is `longest` in one call and compares. */
static void all_lines(struct coder *e, const struct reference *r, size_t longest, const char *key,
                      const char *norm, double most)
{
	struct rho_str in[MOST];
	size_t which[MOST], n = 0, seen;
	float *out = calloc(MOST * e->info.dim, sizeof *out);
	for (size_t i = 0; i < r->n; i++) {
		if (length_of(r, i) != longest)
			continue;
		in[n] = r->text[i];
		which[n++] = i;
	}
	cr_assert_gt(n, 0);
	coder_encode(e, RHO_TEXT, in, n, out);
	for (size_t k = 0; k < n; k++) {
		const float *row = out + k * e->info.dim;
		row_is(r, which[k], row, key, norm, most);
		double *right = model_numbers(r->line[which[k]], key, &seen);
		if (seen == e->info.dim)
			cr_assert_leq(model_apart(row, right, seen), 1e-6, "text %zu, %s", which[k], key);
		free(right);
	}
	free(out);
}

/* ---- the tiny model ---- */

static const struct { const char *pooling, *key; } tiny_poolings[] = {
	{ "mean", "mean" }, { "cls", "cls" }, { "pooler", "pooler" }, { "first_last", "avg_first_last" },
	{ "last_two", "avg_top2" },
};

Test(bert, tiny_model_every_pooling)
{
	const char *folder = model_real("tiny-random-bert");
	struct reference r;
	reference_open(&r, folder);
	cr_assert_eq(r.n, 70);
	for (size_t p = 0; p < sizeof tiny_poolings / sizeof *tiny_poolings; p++) {
		struct coder e;
		coder_open(&e, "bert", "path = \"%s\"\npooling = \"%s\"", folder, tiny_poolings[p].pooling);
		cr_assert(e.info.dim == 32 && e.info.takes == RHO_TEXT && e.info.unit_norm);
		all_lines(&e, &r, 128, tiny_poolings[p].key, NULL, 1e-5);
		coder_close(&e);
	}
	static const char *const simcse[][2] = { { "sup", "pooler" },
		                                 { "unsup", "cls" },
		                                 { "auto", "pooler" } };
	for (size_t p = 0; p < 3; p++) {
		struct coder e;
		coder_open(&e, "simcse", "path = \"%s\"\npooling = \"%s\"", folder, simcse[p][0]);
		all_lines(&e, &r, 128, simcse[p][1], NULL, 1e-5);
		coder_close(&e);
	}
	reference_close(&r);
}

Test(bert, tiny_model_every_layout)
{
	static const struct { const char *file, *key; } layouts[] = {
		{ "model.f16.safetensors", "mean_f16" }, { "model.bf16.safetensors", "mean_bf16" },
		{ "model.legacy-keys.safetensors", "mean" },
	};
	const char *real = model_real("tiny-random-bert");
	struct reference r;
	reference_open(&r, real);
	for (size_t i = 0; i < 3; i++) {
		char *folder = model_copy(real), target[1200];
		struct coder e;
		snprintf(target, sizeof target, "%s/%s", real, layouts[i].file);
		model_link(folder, "model.safetensors", target);
		coder_open(&e, "bert", "path = \"%s\"", folder);
		all_lines(&e, &r, 128, layouts[i].key, NULL, 1e-5);
		coder_close(&e);
		/* The same tokeniser from the older file. */
		model_text(folder, "tokenizer.json", NULL);
		coder_open(&e, "bert", "path = \"%s\"\nnormalise = false", folder);
		cr_assert_not(e.info.unit_norm);
		float row[32];
		coder_encode(&e, RHO_TEXT, &r.text[3], 1, row);
		size_t n;
		double *right = model_numbers(r.line[3], layouts[i].key, &n);
		cr_assert_leq(model_gap(row, right, n, 1), 1e-5);
		free(right);
		coder_close(&e);
		model_remove(folder);
	}
	reference_close(&r);
}

/* ---- real models ---- */

Test(bert, minilm_every_reference)
{
	static const size_t lengths[] = { 512, 256, 128, 16 };
	const char *folder = model_real("all-MiniLM-L6-v2");
	struct reference r;
	struct coder e;
	reference_open(&r, folder);
	cr_assert_eq(r.n, 77);
	for (size_t i = 0; i < 4; i++) {
		coder_open(&e, "bert", "path = \"%s\"\nmax_length = %zu", folder, lengths[i]);
		cr_assert_eq(e.info.dim, 384);
		e.p.world.threads = 2;
		all_lines(&e, &r, lengths[i], "mean", "mean_l2", 1e-5);
		coder_close(&e);
	}
	/* Left alone it reads 256 tokens, as sentence_bert_config.json says, and means, as 1_Pooling says. */
	coder_open(&e, "simcse", "path = \"%s\"", folder);
	all_lines(&e, &r, 256, "mean", "mean_l2", 1e-5);
	coder_close(&e);
	reference_close(&r);
}

Test(bert, minilm_other_poolings)
{
	static const char *const poolings[][3] = {
		{ "cls", "cls", "cls_l2" },
		{ "pooler", "pooler16", "pooler_l2" },
		{ "first_last", "avg_first_last16", "avg_first_last_l2" },
		{ "last_two", "avg_top2_16", "avg_top2_l2" },
	};
	const char *folder = model_real("all-MiniLM-L6-v2");
	struct reference r;
	reference_open(&r, folder);
	for (size_t i = 0; i < 4; i++) {
		struct coder e;
		coder_open(&e, "bert", "path = \"%s\"\nmax_length = 512\npooling = \"%s\"", folder,
		           poolings[i][0]);
		all_lines(&e, &r, 512, poolings[i][1], poolings[i][2], 1e-5);
		coder_close(&e);
	}
	reference_close(&r);
}

Test(bert, gte_small_every_reference)
{
	const char *folder = model_real("gte-small");
	struct reference r;
	struct coder e;
	reference_open(&r, folder);
	cr_assert_eq(r.n, 70);
	coder_open(&e, "simcse", "path = \"%s\"\nmax_length = 512", folder);
	all_lines(&e, &r, 512, "mean", "mean_l2", 1e-5);
	coder_close(&e);
	coder_open(&e, "bert", "path = \"%s\"\npooling = \"cls\"", folder);     /* 512 by itself */
	all_lines(&e, &r, 512, "cls", "cls_l2", 1e-5);
	coder_close(&e);
	reference_close(&r);
}

/* ---- batches ---- */

/* Chunks of other sizes, more threads, another order, each alone: the same bits where the engine promises
 * it. */
static void batches(const char *folder, const struct reference *r, const char *engine, const char *precision,
                    double most)
{
	static const struct { int batch, threads; unsigned world; } ways[] = {
		{ 1, 1, 1 }, { 37, 3, 2 }, { 256, 0, 2 }, { 100000, 2, 2 }, { 300, 64, 7 },
	};
	float *right = NULL, *out = NULL;
	for (size_t w = 0; w < sizeof ways / sizeof *ways; w++) {
		struct coder e;
		coder_open(
			&e, "bert",
			"path = \"%s\"\nengine = \"%s\"\nprecision = \"%s\"\nbatch_tokens = %d\nthreads = %d",
			folder, engine, precision, ways[w].batch, ways[w].threads);
		size_t dim = e.info.dim;
		e.p.world.threads = ways[w].world;
		if (!w) {
			right = calloc(r->n * dim, sizeof *right);
			out = calloc(r->n * dim, sizeof *out);
			for (size_t i = 0; i < r->n; i++)
				coder_encode(&e, RHO_TEXT, &r->text[i], 1, right + i * dim);
		}
		for (size_t turn = 0; turn < 2; turn++) {
			struct rho_str in[MOST];
			for (size_t i = 0; i < r->n; i++)
				in[i] = r->text[turn ? r->n - 1 - i : i];
			coder_encode(&e, RHO_TEXT, in, r->n, out);
			for (size_t i = 0; i < r->n; i++) {
				const float *a = right + i * dim, *b = out + (turn ? r->n - 1 - i : i) * dim;
				cr_assert(most > 0 || !memcmp(a, b, dim * sizeof *a), "text %zu, way %zu", i,
				          w);
				for (size_t j = 0; j < dim; j++)
					cr_assert_float_eq(a[j], b[j], most, "%s %s: %g", engine, precision,
					                   (double)(a[j] - b[j]));
			}
		}
		coder_close(&e);
	}
	free(right);
	free(out);
}

Test(bert, rows_do_not_depend_on_the_batch)
{
	static const uint32_t engines[] = { RHO_ENGINE_ONEDNN, RHO_ENGINE_OPENBLAS };
	static const char *const precisions[] = { "f32", "bf16", "int8" };
	/* OpenBLAS sums in another order for other numbers of rows; bf16 may then round the other way. */
	static const double most[2][3] = { { 0, 0, 0 }, { 1e-6, 5e-3, 5e-3 } };
	const char *folder = model_real("tiny-random-bert");
	struct reference r;
	size_t seen = 0;
	reference_open(&r, folder);
	for (size_t i = 0; i < 2; i++)
		for (uint32_t p = RHO_PRECISION_F32; p <= RHO_PRECISION_INT8; p++, seen++)
			if (rho_engine_has(engines[i], p))
				batches(folder, &r, rho_engine_name(engines[i]), precisions[p], most[i][p]);
	cr_assert_gt(seen, 0);
	reference_close(&r);
}

/* Threads do not change a bit with either engine. */
Test(bert, threads_change_nothing)
{
	static const char *const engines[] = { "onednn", "openblas" };
	const char *folder = model_real("tiny-random-bert");
	struct reference r;
	float right[MOST * 32], out[MOST * 32];
	reference_open(&r, folder);
	for (uint32_t i = 0; i < 2; i++) {
		if (!rho_engine_has(i ? RHO_ENGINE_OPENBLAS : RHO_ENGINE_ONEDNN, RHO_PRECISION_F32))
			continue;
		for (int64_t threads = 1; threads <= 9; threads += 4) {
			struct coder e;
			coder_open(&e, "bert", "path = \"%s\"\nengine = \"%s\"\nthreads = %d", folder,
			           engines[i], (int)threads);
			e.p.world.threads = (unsigned)threads;
			coder_encode(&e, RHO_TEXT, r.text, r.n, threads == 1 ? right : out);
			if (threads > 1)
				cr_assert(!memcmp(right, out, r.n * 32 * sizeof *out));
			coder_close(&e);
		}
	}
	reference_close(&r);
}

/* Long calls are worked off in waves; stopping is asked for between chunks. */
Test(bert, many_texts_and_a_stop)
{
	enum { N = 3000 };
	const char *folder = model_real("tiny-random-bert");
	struct coder e;
	char (*text)[40] = calloc(N, sizeof *text);
	struct rho_str *in = calloc(N, sizeof *in);
	float *out = calloc(N * 32, sizeof *out), one[32];
	volatile int stopping = 1;
	coder_open(&e, "bert", "path = \"%s\"\nbatch_tokens = 40", folder);
	for (size_t i = 0; i < N; i++)
		in[i] = (struct rho_str){ text[i],
			                  (size_t)sprintf(text[i], "the %zu of a %zu", i, i * i % 977) };
	coder_encode(&e, RHO_TEXT, in, N, out);
	for (size_t i = 0; i < N; i += 271) {
		coder_encode(&e, RHO_TEXT, &in[i], 1, one);
		for (size_t j = 0; j < 32; j++)
			cr_assert_float_eq(one[j], out[i * 32 + j], 1e-6);
	}
	e.p.world.stopping = &stopping;
	cr_assert_eq(TEST_CALL(&e.p, "encode", false,
	                       e.encoder->encode(TEST_SELF(&e.p), RHO_TEXT, in, N, out, 32)), RHO_ESTOP);
	e.p.world.stopping = NULL;
	cr_assert_eq(TEST_CALL(&e.p, "encode", false,
	                       e.encoder->encode(TEST_SELF(&e.p), RHO_IMAGE, in, 1, out, 32)), RHO_ENOSUP);
	HAS(e.p.why.at, "clip");
	coder_close(&e);
	free(text);
	free(in);
	free(out);
}

/* ---- sentence-transformers' files ---- */

static const char modules_dense[] =
	"[{\"idx\": 0, \"path\": \"\", \"type\": \"sentence_transformers.models.Transformer\"},"
	" {\"idx\": 1, \"path\": \"1_Pooling\", \"type\": \"sentence_transformers.models.Pooling\"},"
	" {\"idx\": 2, \"path\": \"2_Dense\", \"type\": \"sentence_transformers.models.Dense\"},"
	" {\"idx\": 3, \"path\": \"3_N\", \"type\": \"sentence_transformers.models.Normalize\"}]";

/* FOLDER/2_Dense: two outputs, out[0] = tanh(x[0] - 2 x[31] + 0.25), out[1] = tanh(0.5 x[7]). */
static void write_dense(const char *folder)
{
	char head[512], file[2048];
	float w[2 * 32 + 2] = { 0 };
	w[0] = 1;
	w[31] = -2;
	w[32 + 7] = 0.5f;
	w[64] = 0.25f;
	snprintf(head, sizeof head,
	         "{\"linear.weight\":{\"dtype\":\"F32\",\"shape\":[2,32],\"data_offsets\":[0,256]},"
	         "\"linear.bias\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[256,264]}}");
	uint64_t n = strlen(head);
	memcpy(file, &n, 8);
	memcpy(file + 8, head, n);
	memcpy(file + 8 + n, w, sizeof w);
	model_bytes(folder, "2_Dense/model.safetensors", file, 8 + n + sizeof w);
	model_text(folder, "2_Dense/config.json", "{\"in_features\": 32, \"out_features\": 2, \"bias\": true,"
	           " \"activation_function\": \"torch.nn.modules.activation.Tanh\"}");
}

Test(bert, folders_of_sentence_transformers)
{
	const char *real = model_real("tiny-random-bert");
	char *folder = model_copy(real);
	struct reference r;
	struct coder e;
	float row[32];
	size_t n;
	reference_open(&r, real);
	model_text(folder, "modules.json", modules_dense);
	model_text(folder, "1_Pooling/config.json",
	           "{\"pooling_mode_cls_token\": true, \"pooling_mode_mean_tokens\":"
	           " false}");
	write_dense(folder);
	coder_open(&e, "simcse", "path = \"%s\"\nnormalise = false", folder);
	cr_assert_eq(e.info.dim, 2);
	coder_encode(&e, RHO_TEXT, &r.text[3], 1, row);
	double *cls = model_numbers(r.line[3], "cls", &n);
	cr_assert_float_eq(row[0], tanh(cls[0] - 2 * cls[31] + 0.25), 1e-5);
	cr_assert_float_eq(row[1], tanh(0.5 * cls[7]), 1e-5);
	free(cls);
	coder_close(&e);
	/* A pooling asked for by name is that pooling alone. */
	coder_open(&e, "bert", "path = \"%s\"\npooling = \"mean\"", folder);
	cr_assert_eq(e.info.dim, 32);
	all_lines(&e, &r, 128, "mean", NULL, 1e-5);
	coder_close(&e);
	/* Without modules.json the pooling is still read, in its newer spelling too; other modules are
	 * refused. */
	model_text(folder, "modules.json", NULL);
	model_text(folder, "1_Pooling/config.json", "{\"pooling_mode\": \"cls\"}");
	coder_open(&e, "bert", "path = \"%s\"", folder);
	all_lines(&e, &r, 128, "cls", NULL, 1e-5);
	coder_close(&e);
	model_text(folder, "1_Pooling/config.json", "{\"pooling_mode_lasttoken\": true}");
	coder_refuses(RHO_ENOSUP, (const char *[]){ "lasttoken", "mean", "1_Pooling/config.json", NULL },
	              "bert", "path = \"%s\"", folder);
	model_text(folder, "modules.json",
	           "[{\"type\": \"a.Transformer\", \"path\": \"\"}, {\"type\": \"a.b.LSTM\","
	           " \"path\": \"1_LSTM\"}]");
	coder_refuses(RHO_ENOSUP, (const char *[]){ "LSTM", "Pooling", "modules.json", NULL }, "bert",
	              "path = \"%s\"", folder);
	model_text(folder, "modules.json", "[{\"type\": \"a.Transformer\", \"path\": \"../..\"}]");
	coder_refuses(RHO_EFORMAT, (const char *[]){ "out of the folder", NULL }, "bert", "path = \"%s\"",
	              folder);
	reference_close(&r);
	model_remove(folder);
}

static uint32_t mean(struct rho_ctx *c, const struct rho_sentence *s, const struct rho_modules *m)
{
	return RHO_POOL_MEAN;
}

/* Texts are cut where the model's files say, the last id staying [SEP]: row of the cut text = row of its
 * beginning. */
Test(bert, long_texts_are_cut)
{
	const char *folder = model_real("tiny-random-bert");
	struct coder e;
	float out[2 * 32], *big;
	enum { BIG = 1 << 20 };
	char *text = malloc(BIG);
	const struct rho_str in[2] = { { "the of and in to was he is as for", 32 }, { "the of and in", 13 } };
	coder_open(&e, "bert", "path = \"%s\"\nmax_length = 6", folder);
	coder_encode(&e, RHO_TEXT, in, 2, out);
	for (size_t j = 0; j < 32; j++)
		cr_assert_float_eq(out[j], out[32 + j], 1e-6);
	for (size_t i = 0; i < BIG; i++)
		text[i] = i % 5 ? 'a' : ' ';
	big = calloc(32, sizeof *big);
	coder_encode(&e, RHO_TEXT, &(struct rho_str){ text, BIG }, 1, big);
	for (size_t j = 0; j < 32; j++)
		cr_assert(isfinite(big[j]));
	coder_close(&e);
	coder_refuses(RHO_EINVAL, (const char *[]){ "max_length is 200", "128", NULL }, "bert",
	              "path = \"%s\"\nmax_length = 200", folder);
	coder_refuses(RHO_EINVAL, (const char *[]){ "special", "max_length", NULL }, "bert",
	              "path = \"%s\"\nmax_length = 1", folder);
	free(text);
	free(big);
}

/* Token types that the model has no row for, no special tokens, more of them than the model has positions for: a
 * row would be read from beyond a table. */
Test(bert, frames_that_do_not_fit)
{
#define A_TYPE "{\"Sequence\": {\"id\": \"A\", \"type_id\": %d}}"
	static const char frame[] = "{\"type\": \"TemplateProcessing\", \"special_tokens\": {\"x\": {\"ids\":"
	                            " [%s1]}}, \"single\": [" A_TYPE "%s], \"pair\": [" A_TYPE
	                            ", {\"Sequence\": {\"id\": \"B\", \"type_id\": 1}}]}";
	static const char special[] = ", {\"SpecialToken\": {\"id\": \"x\", \"type_id\": 0}}";
	char text[1000], *folder = model_copy(model_real("tiny-random-bert"));
	snprintf(text, sizeof text, frame, "", 2, special, 0);
	model_frame(folder, text);
	coder_refuses(RHO_EFORMAT, (const char *[]){ "the type 2", "only 2 types", NULL }, "bert",
	              "path = \"%s\"", folder);
	snprintf(text, sizeof text, frame, "", 0, "", 0);
	model_frame(folder, text);
	coder_refuses(RHO_EFORMAT, (const char *[]){ "no special tokens", NULL }, "bert", "path = \"%s\"",
	              folder);
	snprintf(text, sizeof text, frame, "1, 1, 1, 1, 1, 1, 1, 1, ", 1, special, 0);
	model_frame(folder, text);
	coder_refuses(RHO_EINVAL, (const char *[]){ "cut to 8 tokens", "9 of a text's", NULL }, "bert",
	              "path = \"%s\"\nmax_length = 8", folder);
	struct coder e;
	coder_open(&e, "bert", "path = \"%s\"\nmax_length = 9", folder);
	float out[32];
	coder_encode(&e, RHO_TEXT, &(struct rho_str){ "", 0 }, 1, out);
	cr_assert(isfinite(out[0]));
	coder_close(&e);
	model_remove(folder);
}

/* How many were cut is said once, by close. */
Test(bert, says_how_many_texts_were_cut)
{
	static const struct rho_str in[] = { { "the", 3 }, { "the of and in to was he", 23 }, { "", 0 },
		                             { "the of and in to", 16 } };
	struct bare host;
	struct rho_sentence s = { .path = model_real("tiny-random-bert"), .pooling = 0, .normalise = true,
		                  .max_length = 4, .batch_tokens = 64, .threads = 1 };
	struct rho_encoder_info info;
	float out[4 * 32];
	bare_open(&host);
	cr_assert_eq(rho_sentence_open(&host.ctx, &s, &info, mean), 0, "%s", host.why);
	for (int turn = 0; turn < 2; turn++)
		cr_assert_eq(rho_sentence_encode(&host.ctx, &s, RHO_TEXT, in, 4, out, 32), 0);
	cr_assert(!strstr(host.log, " cut "));
	rho_sentence_close(&host.ctx, &s);
	HAS(host.log, "4 of 8 texts were cut to 4 tokens; the longest has 9");
	bare_close(&host);
}

/* ---- folders that are not what they should be ---- */

static void refuses_config(const char *real, const char *old, const char *new, int code,
                           const char *const *words)
{
	char *folder = model_copy(real);
	model_config(folder, old, new);
	coder_refuses(code, words, "bert", "path = \"%s\"", folder);
	model_remove(folder);
}

Test(bert, refuses_configs_that_disagree)
{
	static const struct { const char *old, *new; int code; const char *words[4]; } wrong[] = {
		{ "\"bert\"", "\"electra\"", RHO_ENOSUP, { "electra", "distilbert", "config.json" } },
		{ "\"gelu\"", "\"gelo\"", RHO_EFORMAT, { "gelo", "did you mean gelu" } },
		{ "\"hidden_size\": 32", "\"hidden_size\": 48", RHO_EFORMAT, { "embeddings", "32", "48" } },
		{ "\"hidden_size\": 32", "\"hidden_size\": 31", RHO_EFORMAT, { "heads", "31" } },
		{ "\"num_hidden_layers\": 2",
		  "\"num_hidden_layers\": 1",
		  RHO_EFORMAT,
		  { "layer.1", "1 layers" } },
		{ "\"num_hidden_layers\": 2", "\"num_hidden_layers\": 3", RHO_EFORMAT, { "layer.2" } },
		{ "\"num_hidden_layers\": 2",
		  "\"num_hidden_layers\": 0",
		  RHO_EFORMAT,
		  { "num_hidden_layers" } },
		{ "\"intermediate_size\": 37",
		  "\"intermediate_size\": 64",
		  RHO_EFORMAT,
		  { "37", "64", "intermediate" } },
		{ "\"vocab_size\": 1005", "\"vocab_size\": 900", RHO_EFORMAT, { "1005", "900" } },
		{ "\"max_position_embeddings\": 128",
		  "\"max_position_embeddings\": 512",
		  RHO_EFORMAT,
		  { "position", "128", "512" } },
		{ "\"type_vocab_size\": 2", "\"type_vocab_size\": 3", RHO_EFORMAT, { "token_type" } },
		{ "\"absolute\"", "\"relative_key\"", RHO_EFORMAT, { "relative_key", "absolute" } },
		{ "\"layer_norm_eps\": 1e-12", "\"layer_norm_eps\": 0", RHO_EFORMAT, { "layer_norm_eps" } },
		{ "\"vocab_size\": 1005", "\"vocab_size\": \"1005\"", RHO_EFORMAT, { "vocab_size", "text" } },
		{ "\"vocab_size\": 1005,", "", RHO_EFORMAT, { "vocab_size", "missing" } },
		{ "\"vocab_size\": 1005", "\"vocab_size\": 1e300", RHO_EFORMAT, { "vocab_size" } },
		{ "{", "[", RHO_EFORMAT, { "config.json" } },
	};
	const char *real = model_real("tiny-random-bert");
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		refuses_config(real, wrong[i].old, wrong[i].new, wrong[i].code, wrong[i].words);
}

Test(bert, refuses_damaged_folders)
{
	const char *real = model_real("tiny-random-bert");
	char *folder = model_copy(real);
	size_t n;
	char *all = model_read(real, "model.safetensors", &n);
	uint64_t head;
	memcpy(&head, all, 8);
	/* cut off */
	model_bytes(folder, "model.safetensors", all, n - 100);
	coder_refuses(RHO_EFORMAT, (const char *[]){ "model.safetensors", NULL }, "bert", "path = \"%s\"",
	              folder);
	/* a number that is none, in the middle of the weights */
	memset(all + 8 + head + 40000 / 4 * 4, 0xff, 4);
	model_bytes(folder, "model.safetensors", all, n);
	coder_refuses(RHO_EFORMAT, (const char *[]){ "model.safetensors", "NaN", NULL }, "bert",
	              "path = \"%s\"", folder);
	/* a tensor under another name: missing */
	free(all);
	all = model_read(real, "model.safetensors", &n);
	char *name = memmem(all, n, "encoder.layer.1.output.dense.bias", 33);
	cr_assert_not_null(name);
	memcpy(name, "encoder.layer.1.output.dance.bias", 33);
	model_bytes(folder, "model.safetensors", all, n);
	coder_refuses(RHO_EFORMAT, (const char *[]){ "no tensor", "encoder.layer.1.output.dense.bias", NULL },
	              "bert", "path = \"%s\"", folder);
	free(all);
	/* no weights, no config, no tokeniser */
	model_text(folder, "model.safetensors", NULL);
	coder_refuses(RHO_EIO, (const char *[]){ "model.safetensors", NULL }, "bert", "path = \"%s\"",
	              folder);
	model_text(folder, "config.json", NULL);
	char pipe[1200];
	snprintf(pipe, sizeof pipe, "%s/config.json", folder);
	cr_assert_not(mkfifo(pipe, 0600));
	coder_refuses(RHO_EFORMAT, (const char *[]){ "config.json", "no JSON", NULL }, "bert",
	              "path = \"%s\"", folder);
	model_text(folder, "config.json", NULL);
	coder_refuses(RHO_EIO, (const char *[]){ "config.json", NULL }, "bert", "path = \"%s\"", folder);
	model_remove(folder);
	folder = model_copy(real);
	model_text(folder, "tokenizer.json", NULL);
	model_text(folder, "vocab.txt", NULL);
	coder_refuses(RHO_EIO, (const char *[]){ "tokenizer.json", NULL }, "bert", "path = \"%s\"", folder);
	/* another model's tokeniser, with ids the model has no rows for */
	char target[1200];
	snprintf(target, sizeof target, "%s/tokenizer.json", model_real("all-MiniLM-L6-v2"));
	model_link(folder, "tokenizer.json", target);
	coder_refuses(RHO_EFORMAT, (const char *[]){ "30521", "1005", "vocab_size", NULL }, "bert",
	              "path = \"%s\"", folder);
	model_remove(folder);
	/* asked for what the model does not have */
	coder_refuses(RHO_ENOSUP, (const char *[]){ "clip", NULL }, "bert", "path = \"%s\"",
	              model_real("tiny-random-clip"));
}
