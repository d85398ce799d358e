/* clip: texts and pictures against the reference's rows and logits, independence of the batch and of threads,
 * pictures that cannot be read, folders with one tower only. */
#include "coder.h"
#include "kit/transformer/dense.h"
#include "model.h"

#define ERROR 1e-5              /* of rows of length 1 */

enum { TEXTS = 70, PICTURES = 13 };

/* Opens the plugin on a folder with further TOML lines; the open slot's code. */
static int open_on(struct coder *e, const char *folder, const char *more)
{
	return coder_try(e, "clip", "path = \"%s\"\n%s", folder, more);
}

static int encode(struct coder *e, uint32_t what, const struct rho_str *in, size_t n, float *out)
{
	return TEST_CALL(&e->p, "encode", false,
	                 e->encoder->encode(TEST_SELF(&e->p), what, in, n, out, e->info.dim));
}

/* What the reference has: inputs, and rows of length 1. */
struct reference {
	size_t n, dim;
	json_t *line[TEXTS];            /* they own the texts */
	struct rho_str in[TEXTS];
	double *row[TEXTS];             /* (dim) */
	double length[TEXTS];           /* of the row before it was scaled to 1 */
};

static void keep(struct reference *r, json_t *line, struct rho_str in, const char *key)
{
	double *row = model_numbers(line, key, &r->dim), length = model_length(row, r->dim);
	for (size_t j = 0; j < r->dim; j++)
		row[j] /= length;
	r->line[r->n] = line;
	r->in[r->n] = in;
	r->row[r->n] = row;
	r->length[r->n++] = length;
}

static void reference_texts(struct reference *r, const char *folder)
{
	struct model_lines l;
	*r = (struct reference){ 0 };
	model_lines_open(&l, folder, "reference.jsonl");
	for (json_t *o; (o = model_lines_next(&l)); ) {
		const json_t *text = json_object_get(o, "text");
		struct rho_str in = { json_string_value(text), json_string_length(text) };
		keep(r, o, in, "text_embeds");
	}
	model_lines_close(&l);
	cr_assert_eq(r->n, TEXTS);
}

static void reference_pictures(struct reference *r, const char *folder)
{
	struct model_lines l;
	const char *images = model_real("images");
	*r = (struct reference){ 0 };
	model_lines_open(&l, folder, "reference_images.jsonl");
	for (json_t *o; (o = model_lines_next(&l)); ) {
		char name[64];
		size_t n;
		snprintf(name, sizeof name, "%s.png", json_string_value(json_object_get(o, "image")));
		char *bytes = model_read(images, name, &n);
		keep(r, o, (struct rho_str){ bytes, n }, "image_embeds");
	}
	model_lines_close(&l);
	cr_assert_eq(r->n, PICTURES);
}

static void reference_free(struct reference *r, bool pictures)
{
	for (size_t i = 0; i < r->n; i++) {
		json_decref(r->line[i]);
		free(r->row[i]);
		if (pictures)
			free((char *)r->in[i].at);
	}
}

static void is_reference(const struct reference *r, const float *out, bool normalised)
{
	for (size_t i = 0; i < r->n; i++) {
		const float *row = out + i * r->dim;
		double length = normalised ? 1 : r->length[i];
		double gap = model_gap(row, r->row[i], r->dim, length) / length;
		cr_assert_leq(gap, ERROR, "row %zu is off by %g", i, gap);
		cr_assert_leq(model_apart(row, r->row[i], r->dim), 1e-6);
	}
}

static void same(const float *a, const float *b, size_t n, const char *what)
{
	if (rho_engine_has(RHO_ENGINE_ONEDNN, RHO_PRECISION_F32)) {
		cr_assert(!memcmp(a, b, n * sizeof *a), "%s: other bits", what);
		return;
	}
	for (size_t i = 0; i < n; i++)
		cr_assert_float_eq(a[i], b[i], 1e-5, "%s", what);
}

/* All at once, as raw rows and of length 1; one by one; backwards; on several threads and in other
 * batches. */
static void check(const char *folder, uint32_t what, const struct reference *r)
{
	static const char *const ways[] = { "threads = 1", "batch_tokens = 1", "batch_tokens = 100000",
	                                    "threads = 2\nbatch_tokens = 40" };
	struct coder e;
	size_t n = r->n * r->dim;
	float *out = calloc(n, sizeof *out), *other = calloc(n, sizeof *other);
	struct rho_str back[TEXTS];
	cr_assert_eq(open_on(&e, folder, "normalise = false"), 0, "%s", e.p.why.at);
	cr_assert(e.info.dim == r->dim && e.info.takes == (RHO_TEXT | RHO_IMAGE) && !e.info.unit_norm);
	coder_encode(&e, what, r->in, r->n, out);
	is_reference(r, out, false);
	for (size_t i = 0; i < r->n; i++) {
		coder_encode(&e, what, r->in + i, 1, other);
		same(out + i * r->dim, other, r->dim, "alone");
		back[i] = r->in[r->n - 1 - i];
	}
	coder_encode(&e, what, back, r->n, other);
	for (size_t i = 0; i < r->n; i++)
		same(out + i * r->dim, other + (r->n - 1 - i) * r->dim, r->dim, "backwards");
	coder_encode(&e, what, NULL, 0, NULL);
	coder_close(&e);
	cr_assert_eq(open_on(&e, folder, ""), 0, "%s", e.p.why.at);
	cr_assert(e.info.unit_norm);
	coder_encode(&e, what, r->in, r->n, out);
	is_reference(r, out, true);
	coder_close(&e);
	for (size_t k = 0; k < sizeof ways / sizeof *ways; k++) {
		cr_assert_eq(open_on(&e, folder, ways[k]), 0, "%s", e.p.why.at);
		e.p.world.threads = 4;
		coder_encode(&e, what, r->in, r->n, other);
		same(out, other, n, ways[k]);
		coder_close(&e);
	}
	free(out);
	free(other);
}

Test(clip, texts_are_the_references)
{
	const char *folder = model_real("tiny-random-clip");
	struct reference r;
	reference_texts(&r, folder);
	check(folder, RHO_TEXT, &r);
	reference_free(&r, false);
}

Test(clip, pictures_are_the_references)
{
	const char *folder = model_real("tiny-random-clip");
	struct reference r;
	reference_pictures(&r, folder);
	check(folder, RHO_IMAGE, &r);
	/* Without preprocessor_config.json: CLIP's own steps for the model's size, which are the same. */
	char *bare = model_copy(folder);
	model_text(bare, "preprocessor_config.json", NULL);
	check(bare, RHO_IMAGE, &r);
	model_remove(bare);
	reference_free(&r, true);
}

Test(clip, texts_and_pictures_share_one_space)
{
	const char *folder = model_real("tiny-random-clip");
	struct reference texts, pictures;
	struct coder e;
	size_t n_texts, n_logits, bytes;
	char *json = model_read(folder, "reference_logits.json", &bytes);
	json_t *all = json_loadb(json, bytes, 0, NULL);
	reference_texts(&texts, folder);
	reference_pictures(&pictures, folder);
	cr_assert_eq(open_on(&e, folder, ""), 0, "%s", e.p.why.at);
	size_t d = e.info.dim;
	float *t = calloc(TEXTS * d, sizeof *t), *p = calloc(PICTURES * d, sizeof *p);
	coder_encode(&e, RHO_TEXT, texts.in, TEXTS, t);
	coder_encode(&e, RHO_IMAGE, pictures.in, PICTURES, p);
	double scale = json_number_value(json_object_get(all, "logit_scale_exp"));
	uint32_t *id = model_ids(all, "text_ids", &n_texts);
	double *logit = model_numbers(all, "logits_per_image", &n_logits);
	const json_t *names = json_object_get(all, "images");
	cr_assert_eq(n_logits, n_texts * json_array_size(names));
	for (size_t i = 0; i < json_array_size(names); i++) {
		size_t k = 0;
		const json_t *name = json_array_get(names, i);
		while (k < PICTURES && !json_equal(name, json_object_get(pictures.line[k], "image")))
			k++;
		cr_assert_lt(k, PICTURES);
		for (size_t j = 0; j < n_texts; j++) {
			double dot = 0;
			for (size_t c = 0; c < d; c++)
				dot += (double)t[id[j] * d + c] * (double)p[k * d + c];
			cr_assert_float_eq(scale * dot, logit[i * n_texts + j], scale * ERROR);
		}
	}
	coder_close(&e);
	json_decref(all);
	free(json);
	free(id);
	free(logit);
	free(t);
	free(p);
	reference_free(&texts, false);
	reference_free(&pictures, true);
}

Test(clip, the_first_bad_picture_is_named)
{
	const char *folder = model_real("tiny-random-clip");
	struct reference r;
	struct coder e;
	float out[PICTURES * 24], one[24];
	reference_pictures(&r, folder);
	cr_assert_eq(open_on(&e, folder, "batch_tokens = 40"), 0, "%s", e.p.why.at);
	struct rho_str whole = r.in[4], late = r.in[11];
	e.p.world.threads = 4;
	for (size_t times = 0; times < 20; times++) {
		r.in[4].len = whole.len / 2;
		r.in[11].len = 0;
		cr_assert_eq(encode(&e, RHO_IMAGE, r.in, PICTURES, out), RHO_EFORMAT);
		HAS(e.p.why.at, "picture 5 of 13: the PNG ends too early");
		r.in[4] = whole;
		cr_assert_eq(encode(&e, RHO_IMAGE, r.in, PICTURES, out), RHO_EFORMAT);
		HAS(e.p.why.at, "picture 12 of 13: it is empty (0 bytes)");
		r.in[11] = late;
	}
	coder_encode(&e, RHO_IMAGE, r.in, PICTURES, out);
	coder_encode(&e, RHO_IMAGE, r.in + 11, 1, one);
	same(out + 11 * 24, one, 24, "after errors");
	const struct rho_str text = { "no picture", 10 };
	cr_assert_eq(encode(&e, RHO_IMAGE, &text, 1, one), RHO_EFORMAT);
	HAS(e.p.why.at, "picture 1 of 1: it is neither a JPEG nor a PNG");
	/* A stop is heard. */
	volatile int stopping = 1;
	e.p.world.stopping = &stopping;
	cr_assert_eq(encode(&e, RHO_IMAGE, r.in, PICTURES, out), RHO_ESTOP);
	coder_close(&e);
	reference_free(&r, true);
}

/* config.json of one tower alone, as a text or vision model's own folder has it. */
static void one_tower(const char *folder, const char *part, const char *type)
{
	size_t n;
	char *text = model_read(folder, "config.json", &n);
	json_t *all = json_loads(text, 0, NULL), *side = json_object_get(all, part);
	json_object_set_new(side, "model_type", json_string(type));
	char *out = json_dumps(side, 0);
	model_text(folder, "config.json", out);
	free(out);
	free(text);
	json_decref(all);
}

Test(clip, one_tower_alone)
{
	const char *folder = model_real("tiny-random-clip");
	struct reference texts, pictures;
	float *out = calloc(TEXTS * 24, sizeof *out);
	char *copy = model_copy(folder);
	struct coder e;
	reference_texts(&texts, folder);
	reference_pictures(&pictures, folder);
	one_tower(copy, "text_config", "clip_text_model");
	model_text(copy, "preprocessor_config.json", NULL);
	cr_assert_eq(open_on(&e, copy, ""), 0, "%s", e.p.why.at);
	cr_assert_eq(e.info.takes, RHO_TEXT);
	coder_encode(&e, RHO_TEXT, texts.in, TEXTS, out);
	is_reference(&texts, out, true);
	cr_assert_eq(encode(&e, RHO_IMAGE, pictures.in, 1, out), RHO_ENOSUP);
	HAS(e.p.why.at, "no tower for pictures");
	coder_close(&e);
	model_remove(copy);
	copy = model_copy(folder);
	one_tower(copy, "vision_config", "clip_vision_model");
	model_text(copy, "tokenizer.json", NULL);
	cr_assert_eq(open_on(&e, copy, ""), 0, "%s", e.p.why.at);
	cr_assert_eq(e.info.takes, RHO_IMAGE);
	coder_encode(&e, RHO_IMAGE, pictures.in, PICTURES, out);
	is_reference(&pictures, out, true);
	cr_assert_eq(encode(&e, RHO_TEXT, texts.in, 1, out), RHO_ENOSUP);
	HAS(e.p.why.at, "no tower for texts");
	coder_close(&e);
	model_remove(copy);
	free(out);
	reference_free(&texts, false);
	reference_free(&pictures, true);
}

Test(clip, folders_that_do_not_fit)
{
	const char *folder = model_real("tiny-random-clip");
	struct coder e;
	char *copy = model_copy(folder);
	model_text(copy, "preprocessor_config.json", "{\"size\": 224, \"crop_size\": 224}");
	cr_assert_eq(open_on(&e, copy, ""), RHO_EFORMAT);
	HAS(e.p.why.at, "224 x 224 pixels, but the model takes 32 x 32");
	test_free(&e.p);
	model_text(copy, "preprocessor_config.json", "{\"resample\": 0}");
	cr_assert_eq(open_on(&e, copy, ""), RHO_ENOSUP);
	HAS(e.p.why.at, "preprocessor_config.json: resample");
	test_free(&e.p);
	model_remove(copy);
	cr_assert_neq(open_on(&e, model_real("tiny-random-bert"), ""), 0);
	HAS(e.p.why.at, "bert");
	test_free(&e.p);
	copy = model_copy(NULL);
	cr_assert_eq(open_on(&e, copy, ""), RHO_EIO);
	HAS(e.p.why.at, "/config.json");
	test_free(&e.p);
	model_remove(copy);
	/* More tokens around a text than the model has positions for: they would be read from beyond the table. */
	copy = model_copy(folder);
	one_tower(copy, "text_config", "clip_text_model");
	model_frame(copy, "{\"type\": \"TemplateProcessing\", \"special_tokens\": {\"x\": {\"ids\":"
	            " [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]}}, \"single\": [{\"SpecialToken\": {\"id\": \"x\"}},"
	            " {\"Sequence\": {\"id\": \"A\"}}], \"pair\": [{\"Sequence\": {\"id\": \"A\"}},"
	            " {\"Sequence\": {\"id\": \"B\"}}]}");
	model_text(copy, "tokenizer_config.json", "{\"model_max_length\": 10}");
	cr_assert_eq(open_on(&e, copy, ""), RHO_EINVAL);
	HAS(e.p.why.at, "cut to 10 tokens");
	test_free(&e.p);
	model_frame(copy, "null");
	cr_assert_eq(open_on(&e, copy, ""), RHO_EFORMAT);
	HAS(e.p.why.at, "no special tokens");
	test_free(&e.p);
	model_remove(copy);
}
