/* config.c: reading config.json. Every number has bounds, so that what follows can multiply without care. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../text.h"
#include "dense.h"

enum {
	MOST_BYTES = 8 << 20,           /* of a JSON file; real ones have a few KB */
	MOST_VOCAB = 1 << 24, MOST_DIM = 1 << 16, MOST_LAYERS = 1 << 10, MOST_INNER = 1 << 18,
	MOST_POSITIONS = 1 << 20, MOST_TYPES = 1 << 10, MOST_SIDE = 1 << 13,
};

/* ---- files and members ---- */

char *rho_config_path(const char *folder, const char *name, struct rho_trouble *t)
{
	char *path = NULL;
	if (asprintf(&path, "%s/%s", folder, name) >= 0)
		return path;
	rho_trouble_set(t, RHO_ENOMEM, "no memory left to read %s", folder);
	return NULL;
}

static json_t *load(const char *path, FILE *in, struct rho_trouble *t)
{
	struct stat st;
	json_error_t e;
	if (fstat(fileno(in), &st) || !S_ISREG(st.st_mode) || st.st_size > MOST_BYTES) {
		rho_trouble_at(t, RHO_EFORMAT, path, 0, "this is no JSON file of at most %d MiB",
		               MOST_BYTES >> 20);
		return NULL;
	}
	json_t *o = json_loadf(in, 0, &e);
	if (json_is_object(o) || json_is_array(o))
		return o;
	rho_trouble_at(t, RHO_EFORMAT, path, o || e.line < 0 ? 0 : (size_t)e.line, "not JSON: %s",
	               o ? "an object was expected" : e.text);
	json_decref(o);
	return NULL;
}

json_t *rho_config_load(const char *folder, const char *name, bool optional, struct rho_trouble *t)
{
	char *path = rho_config_path(folder, name, t);
	/* Without O_NONBLOCK a named pipe in the file's place would be waited for. */
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1;
	FILE *in = fd < 0 ? NULL : fdopen(fd, "rb");
	json_t *o = NULL;
	if (in)
		o = load(path, in, t);
	else if (path && !(optional && errno == ENOENT))
		rho_trouble_at(t, RHO_EIO, path, 0,
		               "%s; path names the folder of a model as downloaded, with config.json, the"
		               " tokeniser's files and the weights", strerror(errno));
	if (in)
		fclose(in);
	else if (fd >= 0)
		close(fd);
	free(path);
	return o;
}

static const json_t *member(const struct rho_config_source *s, const char *key)
{
	const json_t *v = s->over ? json_object_get(s->over, key) : NULL;
	if (!v)
		v = json_object_get(s->object, key);
	return json_is_null(v) ? NULL : v;
}

static const char *type_name(const json_t *v)
{
	static const char *const names[] = {
		[JSON_OBJECT] = "an object", [JSON_ARRAY] = "a list", [JSON_STRING] = "text",
		[JSON_INTEGER] = "a number", [JSON_REAL] = "a number with a fraction",
		[JSON_TRUE] = "true", [JSON_FALSE] = "false", [JSON_NULL] = "null",
	};
	return names[json_typeof(v)];
}

static void wrong(const struct rho_config_source *s, const char *key, const json_t *v, const char *right)
{
	rho_trouble_at(s->trouble, RHO_EFORMAT, s->file, 0, "%s%s is %s; it must be %s", s->where, key,
	               v ? type_name(v) : "missing", right);
}

size_t rho_config_number(const struct rho_config_source *s, const char *key, size_t lo, size_t hi,
                         size_t other)
{
	const json_t *v = member(s, key);
	char right[96];
	if (!v && other != RHO_CONFIG_NEEDED)
		return other;
	json_int_t i = json_integer_value(v);
	if (json_is_integer(v) && i >= 0 && (size_t)i >= lo && (size_t)i <= hi)
		return (size_t)i;
	snprintf(right, sizeof right, "a whole number %zu .. %zu", lo, hi);
	if (json_is_integer(v))
		rho_trouble_at(s->trouble, RHO_EFORMAT, s->file, 0,
		               "%s%s = %" JSON_INTEGER_FORMAT "; it must be %s", s->where, key, i, right);
	else
		wrong(s, key, v, right);
	return 0;
}

bool rho_config_flag(const struct rho_config_source *s, const char *key, bool other)
{
	const json_t *v = member(s, key);
	if (v && !json_is_boolean(v))
		wrong(s, key, v, "true or false");
	return v ? json_is_true(v) : other;
}

const char *rho_config_text(const struct rho_config_source *s, const char *key, const char *other)
{
	const json_t *v = member(s, key);
	if (v && !json_is_string(v))
		wrong(s, key, v, "text");
	return v ? json_string_value(v) : other;
}

static float small(const struct rho_config_source *s, const char *key, float other)
{
	const json_t *v = member(s, key);
	double x = json_number_value(v);
	if (!v)
		return other;
	if (!json_is_number(v) || !((float)x > 0 && x <= 0.1))
		rho_trouble_at(s->trouble, RHO_EFORMAT, s->file, 0,
		               "%s%s must be a number above 0, at most 0.1", s->where, key);
	return (float)x;
}

/* ---- words ---- */

static const struct { const char *name; uint32_t activation; } activations[] = {
	{ "gelu", RHO_ACT_GELU },
	{ "gelu_python", RHO_ACT_GELU },
	{ "gelu_new", RHO_ACT_GELU_TANH },
	{ "gelu_fast", RHO_ACT_GELU_TANH },
	{ "gelu_pytorch_tanh", RHO_ACT_GELU_TANH },
	{ "gelu_accurate", RHO_ACT_GELU_TANH },
	{ "quick_gelu", RHO_ACT_QUICK_GELU },
	{ "relu", RHO_ACT_RELU },
	{ "silu", RHO_ACT_SILU },
	{ "swish", RHO_ACT_SILU },
	{ "tanh", RHO_ACT_TANH },
};
#define N_ACTIVATIONS (sizeof activations / sizeof *activations)

static uint32_t activation(const struct rho_config_source *s, const char *key, const char *other)
{
	const char *name = rho_config_text(s, key, other);
	struct rho_str names[N_ACTIVATIONS];
	char near[64] = "";
	if (!name)
		return RHO_ACT_NONE;
	for (size_t i = 0; i < N_ACTIVATIONS; i++) {
		if (!strcmp(name, activations[i].name))
			return activations[i].activation;
		names[i] = rho_str_of(activations[i].name);
	}
	size_t found = rho_kit_nearest(rho_str_of(name), names, N_ACTIVATIONS);
	if (found < N_ACTIVATIONS)
		snprintf(near, sizeof near, "; did you mean %s?", activations[found].name);
	rho_trouble_at(s->trouble, RHO_EFORMAT, s->file, 0,
	               "%s%s = \"%.60s\" is not understood; there are gelu, gelu_new, gelu_pytorch_tanh,"
	               " quick_gelu, relu, silu, tanh%s",
	               s->where, key, name, near);
	return RHO_ACT_NONE;
}

static const char *const pooling_names[RHO_N_POOLING] = {
	[RHO_POOL_CLS] = "cls", [RHO_POOL_MEAN] = "mean", [RHO_POOL_MAX] = "max",
	[RHO_POOL_FIRST_LAST] = "first_last", [RHO_POOL_LAST_TWO] = "last_two", [RHO_POOL_POOLER] = "pooler",
};
const char *rho_pooling_name(uint32_t pooling)
{
	return pooling < RHO_N_POOLING ? pooling_names[pooling] : "?";
}

static void check_heads(const struct rho_config_source *s, bool distil, size_t dim, size_t heads)
{
	if (heads && dim % heads)
		rho_trouble_at(s->trouble, RHO_EFORMAT, s->file, 0,
		               "%s%s = %zu does not divide %s = %zu", s->where,
		               distil ? "n_heads" : "num_attention_heads", heads,
		               distil ? "dim" : "hidden_size", dim);
}

/* ---- the BERT family ---- */

/* model_type; files older than it say only which class they were saved from. NULL with trouble. */
static const char *model_type(const struct rho_config_source *s)
{
	const char *type = rho_config_text(s, "model_type", NULL);
	if (type || s->trouble->code)
		return type;
	const char *class = json_string_value(json_array_get(json_object_get(s->object, "architectures"), 0));
	if (!class || !strncmp(class, "Bert", 4))
		return "bert";
	rho_trouble_at(s->trouble, RHO_EFORMAT, s->file, 0, "model_type is missing, and architectures names"
	               " \"%.60s\"; write the model_type, such as \"bert\" or \"roberta\"", class);
	return NULL;
}

static void read_distil(const struct rho_config_source *s, struct rho_bert_config *c)
{
	c->distil = true;
	c->dim = rho_config_number(s, "dim", 1, MOST_DIM, RHO_CONFIG_NEEDED);
	c->layers = rho_config_number(s, "n_layers", 1, MOST_LAYERS, RHO_CONFIG_NEEDED);
	c->heads = rho_config_number(s, "n_heads", 1, MOST_DIM, RHO_CONFIG_NEEDED);
	c->inner = rho_config_number(s, "hidden_dim", 1, MOST_INNER, RHO_CONFIG_NEEDED);
	c->activation = activation(s, "activation", "gelu");
	c->eps = 1e-12f;
}

static void read_bert(const struct rho_config_source *s, struct rho_bert_config *c)
{
	c->dim = rho_config_number(s, "hidden_size", 1, MOST_DIM, RHO_CONFIG_NEEDED);
	c->layers = rho_config_number(s, "num_hidden_layers", 1, MOST_LAYERS, RHO_CONFIG_NEEDED);
	c->heads = rho_config_number(s, "num_attention_heads", 1, MOST_DIM, RHO_CONFIG_NEEDED);
	c->inner = rho_config_number(s, "intermediate_size", 1, MOST_INNER, RHO_CONFIG_NEEDED);
	c->types = rho_config_number(s, "type_vocab_size", 1, MOST_TYPES, 2);
	c->activation = activation(s, "hidden_act", "gelu");
	c->eps = small(s, "layer_norm_eps", 1e-12f);
}

/* What a config can ask for that would silently give other numbers. */
static void refuse_variants(const struct rho_config_source *s, const struct rho_bert_config *c)
{
	const char *kind = rho_config_text(s, "position_embedding_type", "absolute");
	if (kind && strcmp(kind, "absolute") != 0)
		rho_trouble_at(s->trouble, RHO_EFORMAT, s->file, 0,
		               "position_embedding_type = \"%.60s\" is not"
		               " supported; only \"absolute\" is",
		               kind);
	if (rho_config_flag(s, "is_decoder", false))
		rho_trouble_at(s->trouble, RHO_EFORMAT, s->file, 0,
		               "is_decoder is true; only encoders, which see the whole text, are supported");
	size_t narrow = rho_config_number(s, "embedding_size", 1, MOST_DIM, c->dim);
	if (narrow != c->dim)
		rho_trouble_at(s->trouble, RHO_EFORMAT, s->file, 0,
		               "embedding_size is %zu and hidden_size %zu;"
		               " models with narrower embeddings are not supported",
		               narrow, c->dim);
}

int rho_bert_config_read(const char *folder, struct rho_bert_config *c, struct rho_trouble *t)
{
	static const char *const roberta[] = { "roberta", "xlm-roberta", "camembert", NULL };
	bool known, shifted = false;
	memset(c, 0, sizeof *c);
	snprintf(c->file, sizeof c->file, "%s/config.json", folder);
	json_t *o = rho_config_load(folder, "config.json", false, t);
	struct rho_config_source s = { o, NULL, c->file, "", t };
	const char *type = o ? model_type(&s) : NULL;
	if (!type) {
		json_decref(o);
		return t->code;
	}
	for (size_t i = 0; roberta[i]; i++)
		shifted |= !strcmp(type, roberta[i]);
	known = shifted || !strcmp(type, "bert") || !strcmp(type, "distilbert");
	if (!known)
		rho_trouble_at(t, RHO_ENOSUP, c->file, 0,
		               "model_type \"%.60s\" is not supported; bert, roberta,"
		               " xlm-roberta, camembert and distilbert are, and clip by the encoder clip",
		               type);
	else if (!strcmp(type, "distilbert"))
		read_distil(&s, c);
	else
		read_bert(&s, c);
	if (known) {
		c->vocab = rho_config_number(&s, "vocab_size", 1, MOST_VOCAB, RHO_CONFIG_NEEDED);
		c->positions = rho_config_number(&s, "max_position_embeddings", 3, MOST_POSITIONS, 512);
		c->pad = (uint32_t)rho_config_number(&s, "pad_token_id", 0, MOST_VOCAB, shifted ? 1 : 0);
		c->first = shifted ? c->pad + (size_t)1 : 0;
		refuse_variants(&s, c);
		check_heads(&s, c->distil, c->dim, c->heads);
		if (c->first + 2 > c->positions)
			rho_trouble_at(t, RHO_EFORMAT, c->file, 0, "max_position_embeddings is %zu, but texts"
			               " begin at position %zu", c->positions, c->first);
	}
	json_decref(o);
	return t->code;
}

/* ---- CLIP ---- */

static void read_side(const struct rho_config_source *s, struct rho_clip_side *c,
                      const struct rho_clip_side *other)
{
	c->dim = rho_config_number(s, "hidden_size", 1, MOST_DIM, other->dim);
	c->inner = rho_config_number(s, "intermediate_size", 1, MOST_INNER, other->inner);
	c->layers = rho_config_number(s, "num_hidden_layers", 1, MOST_LAYERS, other->layers);
	c->heads = rho_config_number(s, "num_attention_heads", 1, MOST_DIM, other->heads);
	c->eps = small(s, "layer_norm_eps", 1e-5f);
	c->activation = activation(s, "hidden_act", "quick_gelu");
	check_heads(s, false, c->dim, c->heads);
}

static void read_text_side(const struct rho_config_source *s, struct rho_clip_config *c)
{
	static const struct rho_clip_side usual = { .dim = 512, .inner = 2048, .layers = 12, .heads = 8 };
	read_side(s, &c->text, &usual);
	c->vocab = rho_config_number(s, "vocab_size", 1, MOST_VOCAB, 49408);
	c->positions = rho_config_number(s, "max_position_embeddings", 3, MOST_POSITIONS, 77);
	c->end = (uint32_t)rho_config_number(s, "eos_token_id", 0, MOST_VOCAB, 49407);
	/* Files from before the end had its id: the end token is the highest one. */
	c->end_is_highest = c->end == 2;
}

static void read_image_side(const struct rho_config_source *s, struct rho_clip_config *c)
{
	static const struct rho_clip_side usual = { .dim = 768, .inner = 3072, .layers = 12, .heads = 12 };
	read_side(s, &c->image, &usual);
	c->size = rho_config_number(s, "image_size", 1, MOST_SIDE, 224);
	c->patch = rho_config_number(s, "patch_size", 1, MOST_SIDE, 32);
	if (rho_config_number(s, "num_channels", 1, 16, 3) != 3)
		rho_trouble_at(s->trouble, RHO_EFORMAT, s->file, 0, "%snum_channels must be 3", s->where);
	if (c->patch && (c->patch > c->size || c->size / c->patch > 1024))
		rho_trouble_at(s->trouble, RHO_EFORMAT, s->file, 0,
		               "%spatch_size is %zu for pictures of %zu"
		               " pixels a side; it must be smaller, with at most 1024 patches a side",
		               s->where, c->patch, c->size);
}

/* The object `key` of a clip config as a source, `key`_dict (of old files) first. */
static bool part(const struct rho_config_source *s, const char *key, const char *old, const char *where,
                 struct rho_config_source *out)
{
	const json_t *o = json_object_get(s->object, key), *over = json_object_get(s->object, old);
	*out = (struct rho_config_source){ json_is_object(o) ? o : over, json_is_object(over) ? over : NULL,
	                                   s->file, where, s->trouble };
	if (json_is_object(out->object))
		return true;
	rho_trouble_at(s->trouble, RHO_EFORMAT, s->file, 0, "%s is missing", key);
	return false;
}

static void read_clip(const struct rho_config_source *s, const char *type, struct rho_clip_config *c)
{
	struct rho_config_source p;
	c->projection = rho_config_number(s, "projection_dim", 1, MOST_DIM, 512);
	if (!strcmp(type, "clip")) {
		c->has_text = c->has_image = true;
		if (part(s, "text_config", "text_config_dict", "text_config.", &p))
			read_text_side(&p, c);
		if (part(s, "vision_config", "vision_config_dict", "vision_config.", &p))
			read_image_side(&p, c);
	} else if (!strcmp(type, "clip_text_model")) {
		c->has_text = true;
		read_text_side(s, c);
	} else if (!strcmp(type, "clip_vision_model")) {
		c->has_image = true;
		read_image_side(s, c);
	} else {
		rho_trouble_at(
			s->trouble, RHO_ENOSUP, s->file, 0,
			"model_type \"%.60s\" is not supported here;"
			" clip, clip_text_model and clip_vision_model are, and models of the BERT family"
			" by the encoders bert and simcse",
			type);
	}
}

int rho_clip_config_read(const char *folder, struct rho_clip_config *c, struct rho_trouble *t)
{
	memset(c, 0, sizeof *c);
	snprintf(c->file, sizeof c->file, "%s/config.json", folder);
	json_t *o = rho_config_load(folder, "config.json", false, t);
	if (!o)
		return t->code;
	struct rho_config_source s = { o, NULL, c->file, "", t };
	const char *type = rho_config_text(&s, "model_type", "none");
	if (type)
		read_clip(&s, type, c);
	json_decref(o);
	return t->code;
}
