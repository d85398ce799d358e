/* tokeniser_old.c: vocab.txt, or vocab.json and merges.txt, with tokenizer_config.json and
 * special_tokens_map.json: what the reference's converters make of them, as the members of a
 * tokenizer.json. */
#include "tokeniser_old.h"

#include <stdlib.h>
#include <string.h>

#include "recipe.h"

enum role { BOS, EOS, UNK, SEP, PAD, CLS, MASK, ROLES };        /* in the order the reference adds them */
static const char *const role_key[ROLES] = { "bos_token", "eos_token", "unk_token", "sep_token", "pad_token",
                                             "cls_token", "mask_token" };

struct family {
	const char *name;
	const char *classes[8];                 /* tokenizer_class, without "Fast"; ends with NULL */
	const char *token[ROLES];               /* what they are unless the files say otherwise; NULL: none */
};

static const struct family bert = { "BERT", { "BertTokenizer", "DistilBertTokenizer", "ElectraTokenizer",
	"MobileBertTokenizer", "MiniLMTokenizer", "RetriBertTokenizer", "PreTrainedTokenizer", NULL },
	{ [UNK] = "[UNK]", [SEP] = "[SEP]", [PAD] = "[PAD]", [CLS] = "[CLS]", [MASK] = "[MASK]" } };
static const struct family roberta = { "RoBERTa", { "RobertaTokenizer", "BartTokenizer",
	"LongformerTokenizer", "LEDTokenizer", NULL }, { [BOS] = "<s>", [EOS] = "</s>", [UNK] = "<unk>",
	[SEP] = "</s>", [PAD] = "<pad>", [CLS] = "<s>", [MASK] = "<mask>" } };
static const struct family gpt2 = { "GPT-2", { "GPT2Tokenizer", NULL },
	{ [BOS] = "<|endoftext|>", [EOS] = "<|endoftext|>", [UNK] = "<|endoftext|>" } };
static const struct family clip = { "CLIP", { "CLIPTokenizer", NULL },
	{ [BOS] = "<|startoftext|>", [EOS] = "<|endoftext|>", [UNK] = "<|endoftext|>",
	[PAD] = "<|endoftext|>" } };

struct old {
	const struct rho_old_files *files;
	const struct family *family;
	struct rho_token_model *model;
	struct rho_trouble *t;
	json_t *added;                          /* the list being made */
};

/* --- which tokens ----------------------------------------------------------------------------- */

/* What the files say a role's token is: a string, an object, or NULL. */
static const json_t *said(const struct old *o, const char *key)
{
	const json_t *v = json_object_get(o->files->specials, key);
	if (!v || json_is_null(v))
		v = json_object_get(o->files->config, key);
	return json_is_string(v) || json_is_string(json_object_get(v, "content")) ? v : NULL;
}

static struct rho_str token_of(const struct old *o, enum role role)
{
	const json_t *v = said(o, role_key[role]);
	const char *content = json_string_value(json_is_string(v) ? v : json_object_get(v, "content"));
	if (!content)
		content = o->family->token[role];
	return content ? rho_str_of(content) : (struct rho_str){ 0 };
}

static json_t *flag(const json_t *object, const char *key, bool def)
{
	const json_t *v = json_object_get(object, key);
	return json_boolean(json_is_boolean(v) ? json_is_true(v) : def);
}

/* Puts a token into the list: `v` a string or an object of its properties. */
static void add_token(struct old *o, const json_t *v, const char *content, bool special, bool lstrip)
{
	json_array_append_new(o->added, json_pack("{s:s, s:b, s:o, s:o, s:o, s:o}",
		"content", content, "special", special, "single_word", flag(v, "single_word", false),
		"lstrip", flag(v, "lstrip", lstrip), "rstrip", flag(v, "rstrip", false),
		"normalized", flag(v, "normalized", !special)));
}

struct numbered { json_int_t id; const char *content; const json_t *v; };

static int by_id(const void *a, const void *b)
{
	const struct numbered *x = a, *y = b;
	return x->id < y->id ? -1 : x->id > y->id;
}

/* "added_tokens_decoder" of tokenizer_config.json: id: properties, in the order of the ids. */
static bool add_decoder(struct old *o)
{
	json_t *decoder = json_object_get(o->files->config, "added_tokens_decoder");
	struct numbered *list = malloc((json_object_size(decoder) + 1) * sizeof(*list));
	size_t n = 0;
	if (!list)
		return false;
	for (void *it = json_object_iter(decoder); it; it = json_object_iter_next(decoder, it)) {
		const json_t *v = json_object_iter_value(it);
		list[n].v = v;
		list[n].id = strtoll(json_object_iter_key(it), NULL, 10);
		list[n].content = json_string_value(json_object_get(v, "content"));
		n += list[n].content != NULL;
	}
	qsort(list, n, sizeof(*list), by_id);
	for (size_t i = 0; i < n; i++)
		add_token(o, list[i].v, list[i].content,
		          json_is_true(json_object_get(list[i].v, "special")), false);
	free(list);
	return true;
}

static bool in_list(const json_t *list, const char *content)
{
	for (size_t i = 0; i < json_array_size(list); i++)
		if (!strcmp(json_string_value(json_object_get(json_array_get(list, i), "content")), content))
			return true;
	return false;
}

/* One role's token, or one of "additional_special_tokens". Where only this code says that there is one, the
 * vocabulary must have it, too. */
static void add_special(struct old *o, const json_t *v, const char *def, const json_t *decoded)
{
	const char *content = json_string_value(json_is_string(v) ? v : json_object_get(v, "content"));
	if (!content && (!def || o->model->find(o->model->self, rho_str_of(def)) == UINT32_MAX))
		return;
	if (!content)
		content = def;
	if (!in_list(decoded, content))
		add_token(o, json_is_object(v) ? v : NULL, content, true,
		          o->family == &roberta && !json_is_object(v) && !strcmp(content, "<mask>"));
}

static int add_tokens(struct old *o, const char *file)
{
	const json_t *more = json_object_get(o->files->specials, "additional_special_tokens");
	json_t *decoded;
	o->added = json_array();
	bool fine = o->added && add_decoder(o);
	decoded = fine ? json_copy(o->added) : NULL;
	if (!json_is_array(more))
		more = json_object_get(o->files->config, "additional_special_tokens");
	for (int role = 0; decoded && role < ROLES; role++)
		add_special(o, said(o, role_key[role]), o->family->token[role], decoded);
	for (size_t i = 0; decoded && i < json_array_size(more); i++)
		add_special(o, json_array_get(more, i), NULL, decoded);
	json_decref(decoded);
	return decoded ? 0 : rho_trouble_at(o->t, RHO_ENOMEM, file, 0, "no memory left for the tokeniser");
}

/* --- the rest --------------------------------------------------------------------------------- */

/* ["[SEP]", 102], or NULL with the trouble. */
static json_t *pair_of(struct old *o, enum role role)
{
	struct rho_str token = token_of(o, role), shown = rho_str_head(token, 60);
	uint32_t id = o->model->find(o->model->self, token);
	if (id == UINT32_MAX)
		rho_trouble_at(o->t, RHO_EFORMAT, o->files->vocab, 0,
		               "the %s \"%.*s\" is not in the "
		               "vocabulary; is it the vocabulary of this model?",
		               role_key[role], (int)shown.len, shown.at);
	return id == UINT32_MAX ? NULL : json_pack("[s%, I]", token.at, token.len, (json_int_t)id);
}

static json_t *frame_of(struct old *o, const char *type, enum role cls, enum role sep)
{
	json_t *first = pair_of(o, cls), *last = pair_of(o, sep);
	return json_pack("{s:s, s:o*, s:o*}", "type", type, "cls", first, "sep", last);
}

static bool option(const struct old *o, const char *key, bool def)
{
	const json_t *v = json_object_get(o->files->config, key);
	return json_is_boolean(v) ? json_is_true(v) : def;
}

static json_t *bert_steps(struct old *o)
{
	const json_t *accents = json_object_get(o->files->config, "strip_accents");
	bool lower = option(o, "do_lower_case", true);
	bool strips = json_is_boolean(accents) ? json_is_true(accents) : lower;
	return json_pack("{s:{s:s, s:b, s:b, s:b, s:b}, s:{s:s}, s:o*}",
	                 "normalizer", "type", "BertNormalizer", "clean_text", true,
	                 "handle_chinese_chars", option(o, "tokenize_chinese_chars", true),
	                 "strip_accents", strips, "lowercase", lower,
	                 "pre_tokenizer", "type", "BertPreTokenizer",
	                 "post_processor", frame_of(o, "BertProcessing", CLS, SEP));
}

static json_t *byte_level_steps(struct old *o)
{
	return json_pack("{s:{s:s, s:b, s:b}, s:o*}", "pre_tokenizer", "type", "ByteLevel",
	                 "add_prefix_space", option(o, "add_prefix_space", false), "use_regex", true,
	                 "post_processor",
	                 o->family == &roberta ? frame_of(o, "RobertaProcessing", CLS, SEP) : NULL);
}

static json_t *clip_steps(struct old *o)
{
	static const char regex[] = "'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+";
	return json_pack("{s:{s:s, s:[{s:s}, {s:s, s:{s:s}, s:s}, {s:s}]}, "
	                 "s:{s:s, s:[{s:s, s:{s:s}, s:s, s:b}, {s:s, s:b}]}, s:o*}",
	                 "normalizer", "type", "Sequence", "normalizers", "type", "NFC",
	                 "type", "Replace", "pattern", "Regex", "\\s+", "content", " ", "type", "Lowercase",
	                 "pre_tokenizer", "type", "Sequence", "pretokenizers",
	                 "type", "Split", "pattern", "Regex", regex, "behavior", "Removed", "invert", true,
	                 "type", "ByteLevel", "add_prefix_space", false,
	                 "post_processor", frame_of(o, "RobertaProcessing", BOS, EOS));
}

static json_t *make_steps(struct old *o)
{
	if (o->family == &bert)
		return bert_steps(o);
	return o->family == &clip ? clip_steps(o) : byte_level_steps(o);
}

static bool starts_with(const char *s, const char *with) { return s && !strncmp(s, with, strlen(with)); }

/* The family of those given that the files name, or the first where they name none. NULL with the trouble. */
static const struct family *family_of(const struct rho_old_files *f, const struct family *const *of, size_t n,
                                      struct rho_trouble *t)
{
	const char *class = json_string_value(json_object_get(f->config, "tokenizer_class"));
	const char *type = json_string_value(json_object_get(f->model_config, "model_type"));
	struct rho_str name = class ? rho_str_of(class) : (struct rho_str){ 0 };
	if (name.len > 4 && !memcmp(name.at + name.len - 4, "Fast", 4))
		name.len -= 4;
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; of[i]->classes[k]; k++)
			if (rho_str_is(name, of[i]->classes[k]))
				return of[i];
	if (class) {
		rho_trouble_at(t, RHO_EFORMAT, f->vocab, 0, "tokenizer_config.json says \"%.60s\", whose old "
		               "files are not understood; a tokenizer.json in the folder would be", class);
		return NULL;
	}
	for (size_t i = 0; i < n; i++)
		if ((starts_with(type, "clip") && of[i] == &clip)
		    || (starts_with(type, "gpt2") && of[i] == &gpt2))
			return of[i];
	return of[0];
}

json_t *rho_tokeniser_old(const struct rho_old_files *f, struct rho_token_model *model, struct rho_trouble *t)
{
	static const struct family *const with_merges[] = { &roberta, &gpt2, &clip };
	static const struct family *const without[] = { &bert };
	struct old o = { f, NULL, model, t, NULL };
	json_t *steps = NULL;
	o.family = f->merges ? family_of(f, with_merges, 3, t) : family_of(f, without, 1, t);
	if (!o.family)
		return NULL;
	if (f->merges ? rho_bpe_files(f->vocab, f->merges, o.family == &clip, model, t)
	              : rho_wordpiece_vocab(f->vocab, token_of(&o, UNK), model, t))
		return NULL;
	if (o.family == &roberta && !json_object_get(f->config, "tokenizer_class")
	    && (model->find(model->self, token_of(&o, CLS)) == UINT32_MAX
	        || model->find(model->self, token_of(&o, SEP)) == UINT32_MAX))
		o.family = &gpt2;       /* nothing says which, and there is nothing to put around a text */
	if (!add_tokens(&o, f->vocab))
		steps = make_steps(&o);
	if (steps && !t->code)
		json_object_set(steps, "added_tokens", o.added);
	else if (!steps)
		rho_trouble_at(t, RHO_ENOMEM, f->vocab, 0, "no memory left for the tokeniser");
	json_decref(o.added);
	if (t->code) {
		json_decref(steps);
		model->free(model->self);
		memset(model, 0, sizeof(*model));
		return NULL;
	}
	return steps;
}
