/* weights: one set of tensors in every format it may come in, the folders of real models,
names and shapes. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../kit/scratch.h"
#include "kit/weights/weights.h"

static struct rho_weights *open_fixture(const char *name)
{
	char path[1024];
	struct rho_trouble t = { 0 };
	snprintf(path, sizeof(path), "%s/tests/unit/transformer/data/weights/%s", getenv("RHO_SOURCE_ROOT"),
	         name);
	struct rho_weights *w = rho_weights_open(path, &t);
	cr_assert_not_null(w, "%s", t.text);
	cr_assert(!strncmp(rho_weights_file(w), path, strlen(path)));
	return w;
}

static struct rho_weights *open_real(const char *name)
{
	char path[1024];
	const char *root = getenv("RHO_REAL_DATA");
	struct rho_trouble t = { 0 };
	if (!root || !*root)
		cr_skip_test("RHO_REAL_DATA is not set: no models to read");
	snprintf(path, sizeof(path), "%s/models/%s", root, name);
	struct rho_weights *w = rho_weights_open(path, &t);
	cr_assert_not_null(w, "%s", t.text);
	return w;
}

/* A tensor's type, shape ("3 4") and values, all of them. */
static void check(struct rho_weights *w, const char *name, enum rho_dtype dtype, const char *shape,
                  const float *value)
{
	const struct rho_tensor *x = rho_weights_find(w, name);
	char found[128] = "";
	float got[64];
	cr_assert_not_null(x, "%s in %s", name, rho_weights_file(w));
	cr_assert_eq(x->dtype, dtype, "%s has type %u", name, x->dtype);
	for (size_t i = 0, used = 0; i < x->rank; i++)
		used += (size_t)snprintf(found + used, sizeof(found) - used, "%s%zu", i ? " " : "",
		         x->shape[i]);
	cr_assert_str_eq(found, shape, "%s has shape %s", name, found);
	cr_assert_leq(x->n, 64);
	rho_tensor_read(x, 0, x->n, got);
	for (size_t i = 0; i < x->n; i++)
		cr_assert_eq(got[i], value[i], "%s[%zu] is %g, not %g, in %s", name, i, (double)got[i],
		             (double)value[i], rho_weights_file(w));
	if (x->n > 2) {         /* a part from the middle */
		rho_tensor_read(x, 1, x->n - 2, got);
		cr_assert_eq(got[x->n - 3], value[x->n - 2]);
	}
}

static const float a[] = { -.5f, -.375f, -.25f, -.125f, 0, .125f, .25f, .375f, .5f, .625f, .75f, .875f };

/* The set that data/weights/make.py writes; n of them. */
static void check_set(struct rho_weights *w, size_t n, bool bfloat16)
{
	static const float turned[] = { -.5f, 0, .5f, -.375f, .125f, .625f, -.25f, .25f, .75f, -.125f, .375f,
		.875f };
	static const float part[] = { 0, .25f, .5f, .75f }, three[] = { 3, 3, 3, 3, 3, 3 },
		scalar[] = { 2.5f };
	static const float whole[] = { -2, -1, 0, 1, 2 }, count[] = { 0, 1, 2, 3, 4 }, truth[] = { 1, 0, 1 };
	cr_assert_eq(rho_weights_n(w), n);
	check(w, "a", RHO_DT_F32, "3 4", a);
	check(w, "a.transposed", RHO_DT_F32, "4 3", turned);
	check(w, "a.part", RHO_DT_F32, "2 2", part);
	check(w, "a.row", RHO_DT_F32, "4", a + 4);
	check(w, "a.expanded", RHO_DT_F32, "2 3", three);
	check(w, "half", RHO_DT_F16, "3 4", a);
	if (bfloat16)
		check(w, "bfloat16", RHO_DT_BF16, "3 4", a);
	check(w, "double", RHO_DT_F64, "3 4", a);
	check(w, "i64", RHO_DT_I64, "5", whole);
	check(w, "i32", RHO_DT_I32, "5", whole);
	check(w, "i16", RHO_DT_I16, "5", whole);
	check(w, "i8", RHO_DT_I8, "5", whole);
	check(w, "u8", RHO_DT_U8, "5", count);
	check(w, "bool", RHO_DT_BOOL, "3", truth);
	check(w, "scalar", RHO_DT_F32, "", scalar);
	check(w, "empty", RHO_DT_F32, "0 4", a);
	struct rho_trouble t = { 0 };
	for (size_t i = 0; i < n; i++)
		cr_assert_eq(rho_tensor_finite(rho_weights_at(w, i), &t), 0);
}

Test(weights, torch_in_both_formats_is_what_was_saved)
{
	static const char *const file[] = { "zip.bin", "zip4.bin", "packed.bin", "legacy.bin",
		"trainer.bin" };
	for (size_t i = 0; i < 5; i++) {
		struct rho_weights *w = open_fixture(file[i]);
		check_set(w, 16, true);
		rho_weights_close(w);
	}
}

Test(weights, numpy_in_both_orders_is_what_was_saved)
{
	static const char *const file[] = { "arrays.npz", "packed.npz" };
	float cube[24];
	for (size_t i = 0; i < 24; i++)
		cube[i] = (float)i;
	for (size_t i = 0; i < 2; i++) {
		struct rho_weights *w = open_fixture(file[i]);
		check_set(w, 16, false);
		check(w, "cube", RHO_DT_F32, "2 3 4", cube);
		rho_weights_close(w);
	}
}

Test(weights, shards_of_torch_through_their_index)
{
	static const float scalar[] = { 2.5f };
	struct rho_weights *w = open_fixture("shards");
	cr_assert(strstr(rho_weights_file(w), "/shards/pytorch_model.bin.index.json"));
	cr_assert_eq(rho_weights_n(w), 3);
	check(w, "a", RHO_DT_F32, "3 4", a);
	check(w, "half", RHO_DT_F16, "3 4", a);
	check(w, "scalar", RHO_DT_F32, "", scalar);
	rho_weights_close(w);
}

/* Sums over all elements, from another program (numpy). */
static double sum(struct rho_weights *w, const char *name)
{
	const struct rho_tensor *x = rho_weights_find(w, name);
	cr_assert_not_null(x, "%s", name);
	float *v = malloc(x->n * sizeof(*v));
	double s = 0;
	rho_tensor_read(x, 0, x->n, v);
	for (size_t i = 0; i < x->n; i++)
		s += (double)v[i];
	free(v);
	return s;
}

Test(weights, real_models_hold_what_numpy_finds_in_them)
{
	struct rho_weights *w = open_real("tiny-random-bert");
	cr_assert_eq(rho_weights_n(w), 40);
	cr_assert_float_eq(sum(w, "embeddings.LayerNorm.bias"), 1.3855791026726365, 1e-12);
	cr_assert_float_eq(sum(w, "pooler.dense.weight"), 0.13988462769702892, 1e-12);
	cr_assert_float_eq(sum(w, "embeddings.position_ids"), 8128, 0);
	rho_weights_close(w);

	w = open_real("tiny-random-bert/model.legacy-keys.safetensors");
	cr_assert_eq(rho_weights_n(w), 46);
	cr_assert_float_eq(sum(w, "bert.embeddings.LayerNorm.beta"), 1.3855791026726365, 1e-12);
	rho_weights_close(w);

	w = open_real("tiny-random-clip");
	size_t elements = 0;
	cr_assert_eq(rho_weights_n(w), 80);
	for (size_t i = 0; i < rho_weights_n(w); i++)
		elements += rho_weights_at(w, i)->dtype == RHO_DT_F32 ? rho_weights_at(w, i)->n : 0;
	cr_assert_eq(elements, 82205);
	cr_assert_eq(rho_weights_find(w, "logit_scale")->rank, 0);
	cr_assert_float_eq(sum(w, "logit_scale"), 4.605199813842773, 1e-15);
	cr_assert_float_eq(sum(w, "visual_projection.weight"), 5.907585345521511, 1e-11);
	rho_weights_close(w);
}

Test(weights, halves_of_a_real_model_are_its_floats_rounded)
{
	static const struct { const char *file; enum rho_dtype dtype; float ulp, least; } other[] = {
		{ "tiny-random-bert/model.f16.safetensors", RHO_DT_F16, 0x1p-11f, 0x1p-25f },
		{ "tiny-random-bert/model.bf16.safetensors", RHO_DT_BF16, 0x1p-8f, 0 },
	};
	struct rho_weights *exact = open_real("tiny-random-bert/model.safetensors");
	for (size_t k = 0; k < 2; k++) {
		struct rho_weights *w = open_real(other[k].file);
		cr_assert_eq(rho_weights_n(w), rho_weights_n(exact) - 1);       /* without the position_ids */
		size_t differ = 0;
		for (size_t i = 0; i < rho_weights_n(w); i++) {
			const struct rho_tensor *y = rho_weights_at(w, i), *x = rho_weights_find(exact,
			                                            y->name);
			cr_assert_not_null(x);
			cr_assert_eq(y->dtype, other[k].dtype);
			cr_assert_eq(x->n, y->n);
			float *rounded = malloc(y->n * sizeof(float));
			float *value = malloc(x->n * sizeof(float));
			rho_tensor_read(x, 0, x->n, value);
			rho_tensor_read(y, 0, y->n, rounded);
			for (size_t j = 0; j < y->n; j++) {
				float most = fmaxf(fabsf(value[j]) * other[k].ulp, other[k].least);
				cr_assert_leq(fabsf(rounded[j] - value[j]), most, "%s[%zu]", x->name, j);
				differ += rounded[j] != value[j];
			}
			free(rounded);
			free(value);
		}
		cr_assert_gt(differ, 40000);    /* of 51,018: they are indeed of another type */
		rho_weights_close(w);
	}
	rho_weights_close(exact);
}

Test(weights, a_real_model_is_opened_at_once_and_not_copied)
{
	struct rho_weights *w = open_real("all-MiniLM-L6-v2");
	struct timespec from, to;
	double best = 1;
	for (int i = 0; i < 5; i++) {
		rho_weights_close(w);
		clock_gettime(CLOCK_MONOTONIC, &from);
		w = open_real("all-MiniLM-L6-v2");
		clock_gettime(CLOCK_MONOTONIC, &to);
		best = fmin(best,
		            (double)(to.tv_sec - from.tv_sec) + 1e-9 * (double)(to.tv_nsec - from.tv_nsec));
	}
	cr_assert_lt(best, 0.020, "%g s", best);
	cr_assert_eq(rho_weights_n(w), 103);
	/* all tensors lie in one stretch as long as the file: the mapping */
	const char *first = rho_weights_at(w, 0)->at, *last = first;
	size_t elements = 0;
	for (size_t i = 0; i < 103; i++) {
		const struct rho_tensor *x = rho_weights_at(w, i);
		const char *at = x->at;
		first = at < first ? at : first;
		last = at + 2 * x->n > last ? at + 2 * x->n : last;
		elements += x->n;
	}
	cr_assert_eq((size_t)(last - first), 2 * elements);
	cr_assert_float_eq(sum(w, "embeddings.word_embeddings.weight"), 138.02563947439194, 1e-9);
	rho_weights_close(w);
}

Test(weights, names_shapes_and_use, .init = scratch_make, .fini = scratch_remove)
{
	static const char head[] = "{\"encoder.layer.0.weight\":{\"dtype\":\"F32\",\"shape\":[2,1],"
	                           "\"data_offsets\":[0,8]},\"ids\":{\"dtype\":\"I8\",\"shape\":[2],"
	                           "\"data_offsets\":[8,10]},\"__metadata__\":{\"format\":\"pt\"}}";
	char bytes[8 + sizeof(head) - 1 + 10] = { (char)(sizeof(head) - 1) };
	static const float value[2] = { 1.5f, -2 };
	size_t shape[2] = { 2, 1 }, other[2] = { 30522, 384 };
	struct rho_trouble t = { 0 };
	memcpy(bytes + 8, head, sizeof(head) - 1);
	memcpy(bytes + 8 + sizeof(head) - 1, value, 8);
	const char *path = scratch_bytes("x.safetensors", bytes, sizeof(bytes));
	struct rho_weights *w = rho_weights_open(path, &t);
	cr_assert_not_null(w, "%s", t.text);
	cr_assert_eq(rho_weights_n(w), 2);
	cr_assert_str_eq(rho_weights_at(w, 0)->name, "encoder.layer.0.weight");
	cr_assert(!rho_weights_used(w, 0) && !rho_weights_used(w, 1));
	check(w, "encoder.layer.0.weight", RHO_DT_F32, "2 1", value);
	cr_assert(rho_weights_used(w, 0) && !rho_weights_used(w, 1));
	cr_assert_null(rho_weights_find(w, "encoder.layer"));
	cr_assert_not_null(rho_weights_want(w, "encoder.layer.0.weight", 2, shape, &t));

	cr_assert_null(rho_weights_want(w, "encoder.layer.0.weight", 2, other, &t));
	cr_assert_eq(t.code, RHO_EFORMAT);
	cr_assert(strstr(t.text, path) && strstr(t.text, "'encoder.layer.0.weight'"), "%s", t.text);
	cr_assert(strstr(t.text, "has shape (2, 1); (30522, 384) is expected"), "%s", t.text);
	t.code = 0;
	cr_assert_null(rho_weights_want(w, "encoder.layers.0.weight", 2, shape, &t));
	cr_assert(strstr(t.text, "nearest name there is 'encoder.layer.0.weight'"), "%s", t.text);
	t.code = 0;
	cr_assert_null(rho_weights_want(w, "pooler", 1, shape, &t));
	cr_assert(strstr(t.text, "'pooler' of shape (2,); there are 2: encoder.layer.0.weight, ids"), "%s",
	          t.text);
	t.code = 0;
	cr_assert_null(rho_weights_want(w, "ids", 1, shape, &t));
	cr_assert(strstr(t.text, "holds I8; F32, F16, BF16 or F64 is expected"), "%s", t.text);
	rho_weights_close(w);
	rho_weights_close(NULL);
}
