/* The forward passes on given token ids: every layer's output, poolings, pairs, positions of RoBERTa, names
 * and prefixes, against references in float64 and against each other. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bare.h"
#include "kit/transformer/bert.h"
#include "kit/transformer/clip.h"
#include "model.h"

#define TINY_ERROR 1e-5         /* of numbers of about 1 */

static struct rho_bert *open_bert(struct bare *host, const char *folder, uint32_t pooling)
{
	struct rho_bert *b = NULL;
	bare_open(host);
	int code = rho_bert_open(&host->ctx, folder, pooling, RHO_PRECISION_F32, RHO_ENGINE_AUTO, &b);
	cr_assert_eq(code, 0, "%s", host->why);
	return b;
}

static void close_bert(struct bare *host, struct rho_bert *b)
{
	rho_bert_close(b);
	bare_close(host);
}

static size_t longest_of(const struct rho_seq *s, size_t n, size_t *tokens)
{
	size_t longest = 0;
	*tokens = 0;
	for (size_t i = 0; i < n; i++) {
		*tokens += s[i].n;
		longest = s[i].n > longest ? s[i].n : longest;
	}
	return longest;
}

/* One row a text, all in one run. */
static void run(const struct rho_bert *b, const struct rho_seq *s, size_t n, float *out)
{
	size_t tokens, longest = longest_of(s, n, &tokens), bytes = rho_bert_room(b, tokens, n, longest);
	void *room = aligned_alloc(64, bytes);
	memset(room, 0x7f, bytes);
	rho_bert_run(b, s, n, out, rho_bert_config(b)->dim, room);
	free(room);
}

static void hidden(const struct rho_bert *b, const struct rho_seq *s, size_t layer, float *out)
{
	void *room = aligned_alloc(64, rho_bert_room(b, s->n, 1, s->n));
	rho_bert_hidden(b, s, 1, layer, out, room);
	free(room);
}

static void is(const float *out, const json_t *line, const char *key, double most)
{
	size_t n;
	double *right = model_numbers(line, key, &n), gap = model_gap(out, right, n, 1);
	cr_assert_leq(gap, most, "%s of line %d is off by %g", key,
	              (int)json_integer_value(json_object_get(line, "id")), gap);
	free(right);
}

/* Every reference line one by one; lines 3, 5 and 14 have every hidden state. */
Test(tower, tiny_bert_layer_by_layer)
{
	static const char *const keys[RHO_N_POOLING] = {
		[RHO_POOL_CLS] = "cls", [RHO_POOL_MEAN] = "mean", [RHO_POOL_FIRST_LAST] = "avg_first_last",
		[RHO_POOL_LAST_TWO] = "avg_top2", [RHO_POOL_POOLER] = "pooler",
	};
	static const char *const layers[] = { "embedding_output", "layer_1_output", "last_hidden_state" };
	const char *folder = model_real("tiny-random-bert");
	struct bare host[RHO_N_POOLING];
	struct rho_bert *b[RHO_N_POOLING];
	struct model_lines lines;
	size_t seen = 0, deep = 0;
	float *out = calloc(128 * 32, sizeof *out);
	for (uint32_t p = 0; p < RHO_N_POOLING; p++)
		b[p] = open_bert(&host[p], folder, p);
	model_lines_open(&lines, folder, "reference.jsonl");
	for (json_t *o; (o = model_lines_next(&lines)); json_decref(o), seen++) {
		struct rho_seq s = { 0 };
		uint32_t *ids = model_ids(o, "input_ids", &s.n);
		s.id = ids;
		for (uint32_t p = 0; p < RHO_N_POOLING; p++) {
			if (!keys[p])
				continue;
			run(b[p], &s, 1, out);
			is(out, o, keys[p], TINY_ERROR);
		}
		for (size_t k = 0; k < 3 && json_object_get(o, layers[k]); k++, deep++) {
			hidden(b[0], &s, k, out);
			is(out, o, layers[k], TINY_ERROR);
		}
		free(ids);
	}
	cr_assert(seen == 70 && deep == 9);
	model_lines_close(&lines);
	/* Weights nobody asked for are listed. */
	cr_assert(strstr(host[RHO_POOL_MEAN].log, "pooler.dense.weight"), "%s", host[RHO_POOL_MEAN].log);
	cr_assert(strstr(host[RHO_POOL_MEAN].log, "embeddings.position_ids"));
	cr_assert(!strstr(host[RHO_POOL_POOLER].log, "pooler.dense.weight"));
	for (uint32_t p = 0; p < RHO_N_POOLING; p++)
		close_bert(&host[p], b[p]);
	free(out);
}

/* The largest of each column of the last hidden state, computed here. */
Test(tower, max_pooling_and_a_pair)
{
	const char *folder = model_real("tiny-random-bert");
	struct bare host[3];
	struct rho_bert *max = open_bert(&host[0], folder, RHO_POOL_MAX);
	struct rho_bert *cls = open_bert(&host[1], folder, RHO_POOL_CLS);
	struct rho_bert *mean = open_bert(&host[2], folder, RHO_POOL_MEAN);
	struct rho_seq s = { 0 };
	size_t n, bytes;
	char *text = model_read(folder, "reference_pair.json", &bytes);
	json_t *o = json_loadb(text, bytes, 0, NULL);
	uint32_t *ids = model_ids(o, "input_ids", &s.n), *wide = model_ids(o, "token_type_ids", &n);
	uint8_t *types = calloc(n, 1);
	float *all = calloc(s.n * 32, sizeof *all), out[32];
	for (size_t i = 0; i < n; i++)
		types[i] = (uint8_t)wide[i];
	s.id = ids;
	s.type = types;
	run(cls, &s, 1, out);
	is(out, o, "cls", TINY_ERROR);
	run(mean, &s, 1, out);
	is(out, o, "mean", TINY_ERROR);
	hidden(max, &s, 2, all);
	run(max, &s, 1, out);
	for (size_t j = 0; j < 32; j++) {
		float most = all[j];
		for (size_t i = 1; i < s.n; i++)
			most = all[i * 32 + j] > most ? all[i * 32 + j] : most;
		cr_assert_float_eq(out[j], most, 1e-6);
	}
	close_bert(&host[0], max);
	close_bert(&host[1], cls);
	close_bert(&host[2], mean);
	json_decref(o);
	free(text);
	free(ids);
	free(wide);
	free(types);
	free(all);
}

/* All 70 texts in one run give the bits that each gives alone, where the engine promises it, else nearly. */
Test(tower, packed_together_or_alone)
{
	const char *folder = model_real("tiny-random-bert");
	for (uint32_t p = 0; p < RHO_N_POOLING; p++) {
		struct bare host;
		struct rho_bert *b = open_bert(&host, folder, p);
		struct model_lines lines;
		struct rho_seq s[70] = { 0 };
		uint32_t *ids[70];
		float *all = calloc(70 * 32, sizeof *all), one[32];
		size_t n = 0;
		model_lines_open(&lines, folder, "reference.jsonl");
		for (json_t *o; (o = model_lines_next(&lines)); json_decref(o), n++)
			s[n].id = ids[n] = model_ids(o, "input_ids", &s[n].n);
		model_lines_close(&lines);
		cr_assert_eq(n, 70);
		run(b, s, n, all);
		for (size_t i = 0; i < n; i++) {
			run(b, &s[i], 1, one);
			if (rho_bert_rowwise(b))
				cr_assert(!memcmp(one, all + i * 32, sizeof one), "text %zu", i);
			for (size_t j = 0; j < 32; j++)
				cr_assert_float_eq(one[j], all[i * 32 + j], TINY_ERROR);
			free(ids[i]);
		}
		free(all);
		close_bert(&host, b);
	}
}

/* ---- other members of the family, made from the tiny model by renaming its tensors ---- */

/* Writes FOLDER/model.safetensors with the tensors of the tiny model under names that `rename` gives (NULL:
 * under a name that means nothing). */
static void rename_tensors(const char *folder, const char *(*rename)(const char *name, char *out))
{
	size_t n, head;
	char *all = model_read(model_real("tiny-random-bert"), "model.safetensors", &n), name[256];
	memcpy(&head, all, 8);
	json_t *from = json_loadb(all + 8, head, 0, NULL), *to = json_object(), *v;
	const char *key;
	json_object_foreach(from, key, v) {
		if (!strcmp(key, "__metadata__"))
			continue;
		if (!rename(key, name))
			sprintf(name, "unused.%s", key);
		json_object_set(to, name, v);
	}
	char *text = json_dumps(to, JSON_COMPACT);
	size_t len = strlen(text), body = n - 8 - head;
	char *out = malloc(8 + len + body);
	memcpy(out, &len, 8);
	memcpy(out + 8, text, len);
	memcpy(out + 8 + len, all + 8 + head, body);
	model_bytes(folder, "model.safetensors", out, 8 + len + body);
	json_decref(from);
	json_decref(to);
	free(text);
	free(out);
	free(all);
}

static const char *with_roberta(const char *name, char *out)
{
	sprintf(out, "roberta.%s", name);
	return strstr(name, "position_ids") ? NULL : out;
}

static const char *to_distil(const char *name, char *out)
{
	static const char *const pairs[][2] = {
		{ "attention.self.query", "attention.q_lin" },
		{ "attention.self.key", "attention.k_lin" },
		{ "attention.self.value", "attention.v_lin" },
		{ "attention.output.dense", "attention.out_lin" },
		{ "attention.output.LayerNorm", "sa_layer_norm" },
		{ "intermediate.dense", "ffn.lin1" },
		{ "output.dense", "ffn.lin2" },
		{ "output.LayerNorm", "output_layer_norm" },
	};
	const char *layer = "encoder.layer.";
	if (strstr(name, "token_type") || strstr(name, "pooler") || strstr(name, "position_ids"))
		return NULL;
	if (strncmp(name, layer, strlen(layer)) != 0) {
		sprintf(out, "distilbert.%s", name);
		return out;
	}
	int at = sprintf(out, "distilbert.transformer.layer.%c.", name[strlen(layer)]);
	const char *rest = name + strlen(layer) + 2;
	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
		size_t n = strlen(pairs[i][0]);
		if (!strncmp(rest, pairs[i][0], n)) {
			sprintf(out + at, "%s%s", pairs[i][1], rest + n);
			return out;
		}
	}
	return NULL;
}

/* RoBERTa's positions begin after pad_token_id, which is the only difference to BERT: the same text 3
 * positions on. A padding token in the text stands at position pad_token_id and is not counted. */
Test(tower, roberta_counts_positions_from_after_the_padding)
{
	const char *tiny = model_real("tiny-random-bert");
	char *folder = model_copy(tiny);
	struct bare host[2];
	const uint32_t ids[] = { 0, 43, 2, 256, 3 };
	struct rho_seq s = { .id = ids, .n = 5 };
	float roberta[5 * 32], bert[128 * 32];
	model_config(folder, "\"model_type\": \"bert\"", "\"model_type\": \"roberta\"");
	model_config(folder, "\"pad_token_id\": 0", "\"pad_token_id\": 2");
	rename_tensors(folder, with_roberta);
	struct rho_bert *r = open_bert(&host[0], folder, RHO_POOL_MEAN);
	cr_assert_eq(rho_bert_longest(r), 128 - 3);
	hidden(r, &s, 0, roberta);
	/* The token that stands at that position when BERT is given enough before it. */
	struct rho_bert *b = open_bert(&host[1], tiny, RHO_POOL_MEAN);
	static const size_t position[] = { 3, 4, 2, 5, 6 };
	for (size_t i = 0; i < 5; i++) {
		uint32_t many[8] = { 7, 7, 7, 7, 7, 7, 7, 7 };
		struct rho_seq t = { .id = many, .n = 8 };
		many[position[i]] = ids[i];
		hidden(b, &t, 0, bert);
		cr_assert(!memcmp(roberta + i * 32, bert + position[i] * 32, 32 * sizeof(float)), "token %zu",
		          i);
	}
	close_bert(&host[0], r);
	close_bert(&host[1], b);
	model_remove(folder);
}

/* DistilBERT is BERT without token types; adding type 0's row to every position gives the same embeddings. */
Test(tower, distilbert_names)
{
	const char *tiny = model_real("tiny-random-bert");
	char *folder = model_copy(tiny);
	struct bare host[2];
	const uint32_t ids[] = { 2, 43, 395, 256, 3 };
	struct rho_seq s = { .id = ids, .n = 5 };
	float out[32], right[32];
	model_text(folder, "config.json",
	           "{\"model_type\": \"distilbert\", \"vocab_size\": 1005, \"dim\": 32, \"n_layers\": 2, "
	           "\"n_heads\": 4,"
	           " \"hidden_dim\": 37, \"activation\": \"gelu\", \"max_position_embeddings\": 128}");
	rename_tensors(folder, to_distil);
	struct rho_bert *d = open_bert(&host[0], folder, RHO_POOL_MEAN);
	struct rho_bert *b = open_bert(&host[1], tiny, RHO_POOL_MEAN);
	run(d, &s, 1, out);
	run(b, &s, 1, right);
	double gap = 0;
	for (size_t j = 0; j < 32; j++) {
		cr_assert(out[j] == out[j]);
		gap = fmax(gap, fabs((double)out[j] - (double)right[j]));
	}
	cr_assert_gt(gap, 1e-3);        /* token types matter … */
	close_bert(&host[1], b);
	/* … and with type 0's row taken out of BERT, nothing is left between them. */
	char *plain = model_copy(tiny);
	size_t n, head, from = 0;
	char *all = model_read(tiny, "model.safetensors", &n);
	memcpy(&head, all, 8);
	json_t *o = json_loadb(all + 8, head, 0, NULL);
	json_t *where = json_object_get(json_object_get(o, "embeddings.token_type_embeddings.weight"),
	                                "data_offsets");
	from = (size_t)json_integer_value(json_array_get(where, 0));
	memset(all + 8 + head + from, 0, 32 * sizeof(float));
	model_bytes(plain, "model.safetensors", all, n);
	b = open_bert(&host[1], plain, RHO_POOL_MEAN);
	run(b, &s, 1, right);
	cr_assert(!memcmp(out, right, sizeof out));
	close_bert(&host[0], d);
	close_bert(&host[1], b);
	json_decref(o);
	free(all);
	model_remove(folder);
	model_remove(plain);
}

/* ---- CLIP ---- */

Test(tower, tiny_clip_texts_on_given_ids)
{
	const char *folder = model_real("tiny-random-clip");
	struct bare host;
	struct rho_clip *m = NULL;
	struct model_lines lines;
	struct rho_seq s[70] = { 0 };
	uint32_t *ids[70];
	json_t *line[71];
	float *all = calloc(70 * 24, sizeof *all), one[24];
	size_t n = 0, tokens, longest;
	bare_open(&host);
	cr_assert_eq(rho_clip_open(&host.ctx, folder, RHO_PRECISION_F32, RHO_ENGINE_AUTO, &m), 0, "%s",
	             host.why);
	const struct rho_clip_info *info = rho_clip_info(m);
	cr_assert(info->dim == 24 && info->text && info->image && info->longest == 77 && info->size == 32);
	model_lines_open(&lines, folder, "reference.jsonl");
	for (; (line[n] = model_lines_next(&lines)); n++)
		s[n].id = ids[n] = model_ids(line[n], "input_ids", &s[n].n);
	model_lines_close(&lines);
	longest = longest_of(s, n, &tokens);
	void *room = aligned_alloc(64, rho_clip_text_room(m, tokens, n, longest));
	rho_clip_text(m, s, n, all, 24, room);
	for (size_t i = 0; i < n; i++) {
		rho_clip_text(m, &s[i], 1, one, 24, room);
		is(one, line[i], "text_embeds", 2e-5);
		if (rho_clip_rowwise(m))
			cr_assert(!memcmp(one, all + i * 24, sizeof one));
		is(all + i * 24, line[i], "text_embeds", 2e-5);
		json_decref(line[i]);
		free(ids[i]);
	}
	cr_assert_eq(n, 70);
	rho_clip_close(m);
	bare_close(&host);
	free(room);
	free(all);
}

/* The picture whose pixels the reference has. */
Test(tower, tiny_clip_picture)
{
	const char *folder = model_real("tiny-random-clip");
	struct bare host;
	struct rho_clip *m = NULL;
	struct model_lines lines;
	size_t seen = 0, n;
	float *pixels = calloc(2 * 3 * 32 * 32, sizeof *pixels), out[2 * 24];
	bare_open(&host);
	cr_assert_eq(rho_clip_open(&host.ctx, folder, RHO_PRECISION_F32, RHO_ENGINE_AUTO, &m), 0, "%s",
	             host.why);
	void *room = aligned_alloc(64, rho_clip_image_room(m, 2));
	model_lines_open(&lines, folder, "reference_images.jsonl");
	for (json_t *o; (o = model_lines_next(&lines)); json_decref(o)) {
		if (!json_object_get(o, "pixel_values"))
			continue;
		double *x = model_numbers(o, "pixel_values", &n);
		cr_assert_eq(n, 3 * 32 * 32);
		for (size_t i = 0; i < n; i++)
			pixels[n + i] = (float)x[i];
		rho_clip_image(m, pixels, 2, out, 24, room);    /* after a black one */
		is(out + 24, o, "image_embeds", 2e-5);
		free(x);
		seen++;
	}
	cr_assert_eq(seen, 1);
	model_lines_close(&lines);
	rho_clip_close(m);
	bare_close(&host);
	free(pixels);
	free(room);
}
