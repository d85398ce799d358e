/* tokeniser.c: a tokeniser opened from its files, and its parts run one behind the other: added tokens,
 * normaliser, pre-tokeniser, model, frame. */
#include "tokeniser.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../lines.h"
#include "added.h"
#include "codepoints.h"
#include "frame.h"
#include "normalise.h"
#include "presplit.h"
#include "recipe.h"
#include "tokeniser_old.h"

struct rho_tokeniser {
	struct rho_normaliser *normaliser;
	struct rho_presplit *presplit;
	struct rho_token_model model;
	struct rho_added *added;
	struct rho_frame frame;
	size_t size, longest;
};

/* --- opening ---------------------------------------------------------------------------------- */

/* Those of before "type" are known by their members. */
static int open_model(struct rho_tokeniser *k, const json_t *root, const char *file, struct rho_trouble *t)
{
	enum { BPE, WORDPIECE, UNIGRAM };
	static const char *const known[] = { "BPE", "WordPiece", "Unigram", NULL };
	struct rho_recipe whole = { root, file, "tokenizer", t }, model;
	int kind;
	if (rho_recipe_object(&whole, "model", &model))
		return t->code;
	if (!model.at)
		return rho_recipe_refuse(&whole,
		                         "there is no \"model\"; is it the tokenizer.json of a model?");
	if (json_object_get(model.at, "type"))
		kind = rho_recipe_choice(&model, "type", known);
	else if (json_object_get(model.at, "merges"))
		kind = BPE;
	else
		kind = json_is_array(json_object_get(model.at, "vocab")) ? UNIGRAM : WORDPIECE;
	if (kind < 0)
		return t->code;
	return (kind == BPE ? rho_bpe_open : kind == UNIGRAM ? rho_unigram_open : rho_wordpiece_open)
	       (model.at, file, &k->model, t);
}

/* What stands around the model. */
static int open_steps(struct rho_tokeniser *k, const json_t *root, const char *file, struct rho_trouble *t)
{
	struct rho_recipe whole = { root, file, "tokenizer", t }, part;
	const json_t *added = json_object_get(root, "added_tokens");
	if (rho_recipe_object(&whole, "normalizer", &part) || !(k->normaliser = rho_normaliser_open(&part))
	    || rho_recipe_object(&whole, "pre_tokenizer", &part) || !(k->presplit = rho_presplit_open(&part)))
		return t->code;
	part.what = "added_tokens";
	if (added && !json_is_null(added) && !json_is_array(added))
		return rho_recipe_refuse(&part, "must be a list");
	k->added = rho_added_open(added, &part, &k->model, k->normaliser);
	if (!k->added)
		return t->code;
	k->size = rho_added_size(k->added) > k->model.size ? rho_added_size(k->added) : k->model.size;
	return rho_recipe_object(&whole, "post_processor", &part)
	       || rho_frame_open(&k->frame, &part, k->size);
}

/* A length that a file states; what is beyond any model (1e30 is usual) says nothing. */
static size_t length_of(const json_t *v)
{
	double n = json_number_value(v);
	return n >= 1 && n <= 1e9 ? (size_t)n : 0;
}

struct files {                          /* where things are; to be freed */
	char *tokenizer, *vocab_txt, *vocab_json, *merges, *config, *specials, *model_config;
};

static void files_free(struct files *f)
{
	char *all[] = { f->tokenizer, f->vocab_txt, f->vocab_json, f->merges, f->config, f->specials,
	                f->model_config };
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		free(all[i]);
}

static char *in_folder(const char *folder, size_t len, const char *name)
{
	char *path = NULL;
	const char *between = len && folder[len - 1] != '/' ? "/" : "";
	return asprintf(&path, "%.*s%s%s", (int)len, folder, between, name) < 0 ? NULL : path;
}

/* The files beside each other in the folder, or in the folder of the file, that `path` is. False: memory. */
static bool find_files(const char *path, struct files *f)
{
	struct stat st;
	size_t len = strlen(path);
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	bool is_file = !stat(path, &st) && !S_ISDIR(st.st_mode);
	bool is_txt = is_file && strlen(name) > 4 && !strcmp(name + strlen(name) - 4, ".txt");
	bool is_vocab = is_file && !strcmp(name, "vocab.json");
	if (is_file)
		len = slash ? (size_t)(slash + 1 - path) : 0;
	f->tokenizer = is_file ? strdup(is_txt || is_vocab ? "" : path)
	                       : in_folder(path, len, "tokenizer.json");
	f->vocab_txt = is_txt ? strdup(path) : is_file ? strdup("") : in_folder(path, len, "vocab.txt");
	f->vocab_json = is_vocab ? strdup(path) : is_file ? strdup("") : in_folder(path, len, "vocab.json");
	f->merges = in_folder(path, len, "merges.txt");
	f->config = in_folder(path, len, "tokenizer_config.json");
	f->specials = in_folder(path, len, "special_tokens_map.json");
	f->model_config = in_folder(path, len, "config.json");
	return f->tokenizer && f->vocab_txt && f->vocab_json && f->merges && f->config && f->specials
	       && f->model_config;
}

static json_t *read_if_there(const char *file, struct rho_trouble *t)
{
	return t->code || !rho_recipe_file_exists(file) ? NULL : rho_recipe_read(file, true, t);
}

static int open_old(struct rho_tokeniser *k, const struct files *f, const json_t *config,
                    struct rho_trouble *t)
{
	json_t *specials = read_if_there(f->specials, t), *model_config = read_if_there(f->model_config, t);
	bool txt = rho_recipe_file_exists(f->vocab_txt);
	struct rho_old_files old = { txt ? f->vocab_txt : f->vocab_json, txt ? NULL : f->merges, config,
		                     specials, model_config };
	json_t *root = t->code ? NULL : rho_tokeniser_old(&old, &k->model, t);
	if (root)
		open_steps(k, root, old.vocab, t);
	json_decref(root);
	json_decref(specials);
	json_decref(model_config);
	return t->code;
}

static int open_all(struct rho_tokeniser *k, const char *path, const struct files *f, struct rho_trouble *t)
{
	json_t *config = read_if_there(f->config, t), *root = NULL;
	if (t->code)
		return t->code;
	if (rho_recipe_file_exists(f->tokenizer)) {
		root = rho_recipe_read(f->tokenizer, false, t);
		if (root && !open_model(k, root, f->tokenizer, t))
			open_steps(k, root, f->tokenizer, t);
	} else if (rho_recipe_file_exists(f->vocab_txt)
	           || (rho_recipe_file_exists(f->vocab_json) && rho_recipe_file_exists(f->merges))) {
		open_old(k, f, config, t);
	} else {
		rho_trouble_at(t, RHO_EIO, path, 0,
		               "there is no tokeniser: neither tokenizer.json, nor "
		               "vocab.txt, nor vocab.json with merges.txt; is it the folder of a model as "
		               "downloaded?");
	}
	k->longest = length_of(json_object_get(config, "model_max_length"));
	if (!k->longest)
		k->longest = length_of(json_object_get(json_object_get(root, "truncation"), "max_length"));
	json_decref(root);
	json_decref(config);
	return t->code;
}

struct rho_tokeniser *rho_tokeniser_open(const char *path, struct rho_trouble *t)
{
	struct files f = { 0 };
	struct rho_tokeniser *k = calloc(1, sizeof(*k));
	if (!k || !find_files(path, &f))
		rho_trouble_at(t, RHO_ENOMEM, path, 0, "no memory left for the tokeniser");
	else
		open_all(k, path, &f, t);
	files_free(&f);
	if (t->code) {
		rho_tokeniser_close(k);
		return NULL;
	}
	return k;
}

void rho_tokeniser_close(struct rho_tokeniser *k)
{
	if (!k)
		return;
	rho_normaliser_free(k->normaliser);
	rho_presplit_free(k->presplit);
	rho_added_free(k->added);
	if (k->model.free)
		k->model.free(k->model.self);
	free(k);
}

size_t rho_tokeniser_size(const struct rho_tokeniser *k) { return k->size; }

size_t rho_tokeniser_special(const struct rho_tokeniser *k) { return k->frame.n[0] - 1; }

size_t rho_tokeniser_types(const struct rho_tokeniser *k)
{
	size_t types = 0;
	for (size_t i = 0; i < k->frame.n[0]; i++)
		types = k->frame.item[0][i].type >= types ? (size_t)k->frame.item[0][i].type + 1 : types;
	return types;
}

size_t rho_tokeniser_longest(const struct rho_tokeniser *k) { return k->longest; }

/* --- encoding --------------------------------------------------------------------------------- */

struct working {                        /* a thread's memory, in rho_tokens.scratch */
	struct rho_text repaired;
	struct rho_normalising normalising;
	struct rho_text pieces[RHO_PRESPLIT_STAGES];
	struct rho_token_scratch model;
	struct rho_ids ids[2];          /* of a text, and of its pair */
};

static void working_free(struct working *w)
{
	if (!w)
		return;
	rho_text_free(&w->repaired);
	rho_normalising_free(&w->normalising);
	for (size_t i = 0; i < RHO_PRESPLIT_STAGES; i++)
		rho_text_free(&w->pieces[i]);
	rho_text_free(&w->model.a);
	rho_text_free(&w->model.b);
	free(w->model.ids.at);
	if (w->model.free_own)
		w->model.free_own(w->model.own);
	free(w->ids[0].at);
	free(w->ids[1].at);
	free(w);
}

static bool ran_out(const struct working *w)
{
	const struct rho_normalising *n = &w->normalising;
	bool spent = w->repaired.spent || n->text[0].spent || n->text[1].spent || n->points.spent
	             || n->spare.spent || w->model.a.spent || w->model.b.spent || w->model.ids.spent
	             || w->ids[0].spent || w->ids[1].spent;
	for (size_t i = 0; i < RHO_PRESPLIT_STAGES; i++)
		spent = spent || w->pieces[i].spent;
	return spent;
}

void rho_tokens_free(struct rho_tokens *t)
{
	free(t->id);
	free(t->type);
	working_free(t->scratch);
	memset(t, 0, sizeof(*t));
}

struct encoding {
	const struct rho_tokeniser *k;
	struct working *w;
	struct rho_ids *ids;
};

static void put_piece(void *arg, struct rho_str piece)
{
	struct encoding *e = arg;
	e->k->model.run(e->k->model.self, piece, &e->w->model, e->ids);
}

/* Text without tokens that are matched as they are; `first`: it is the start of the whole. */
static void encode_part(struct encoding *e, struct rho_str text, bool first)
{
	struct rho_str normal = rho_normalise(e->k->normaliser, text, &e->w->normalising), part;
	struct rho_added_walk walk = { .text = normal, .normalised = true };
	uint32_t id;
	while (rho_added_next(e->k->added, &walk, &part, &id)) {
		if (id != UINT32_MAX)
			rho_ids_add(e->ids, id);
		else
			rho_presplit_run(e->k->presplit, part, first && part.at == normal.at, e->w->pieces,
			                 put_piece, e);
	}
}

static void encode_text(struct encoding *e, struct rho_str text)
{
	struct rho_str part;
	uint32_t id;
	e->ids->n = 0;
	if (rho_utf8_valid(text) < text.len) {
		rho_text_clear(&e->w->repaired);
		rho_utf8_repair(text, &e->w->repaired);
		text = rho_text_view(&e->w->repaired);
	}
	struct rho_added_walk walk = { .text = text };
	while (rho_added_next(e->k->added, &walk, &part, &id)) {
		if (id != UINT32_MAX)
			rho_ids_add(e->ids, id);
		else
			encode_part(e, part, part.at == text.at);
	}
}

int rho_tokeniser_encode(const struct rho_tokeniser *k, struct rho_str text, const struct rho_str *pair,
                         size_t longest, struct rho_tokens *out)
{
	struct working *w = out->scratch ? out->scratch : calloc(1, sizeof(*w));
	if (!w)
		return RHO_ENOMEM;
	out->scratch = w;
	for (int i = 0; i < (pair ? 2 : 1); i++) {
		struct encoding e = { k, w, &w->ids[i] };
		encode_text(&e, i ? *pair : text);
	}
	if (ran_out(w)) {
		working_free(w);
		out->scratch = NULL;
		return RHO_ENOMEM;
	}
	return rho_frame_put(&k->frame, &w->ids[0], pair ? &w->ids[1] : NULL, longest, out);
}
