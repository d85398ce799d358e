/* modules.c: what sentence-transformers adds to a model folder: modules.json, 1_Pooling, 2_Dense,
 * sentence_bert_config.json. Only pipelines of transformer, pooling, at most one dense layer, and
 * normalisation are read; anything else is refused by name, since it would change the vectors. */
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "dense.h"

enum { MOST_MODULES = 16, MOST_DIM = 1 << 16 };

static const struct { const char *flag, *word; uint32_t pooling; } kinds[] = {
	{ "pooling_mode_cls_token", "cls", RHO_POOL_CLS },
	{ "pooling_mode_mean_tokens", "mean", RHO_POOL_MEAN },
	{ "pooling_mode_max_tokens", "max", RHO_POOL_MAX },
	{ "pooling_mode_mean_sqrt_len_tokens", "mean_sqrt_len_tokens", RHO_N_POOLING },
	{ "pooling_mode_weightedmean_tokens", "weightedmean", RHO_N_POOLING },
	{ "pooling_mode_lasttoken", "lasttoken", RHO_N_POOLING },
};
#define N_KINDS (sizeof kinds / sizeof *kinds)

/* Which of `kinds` a pooling module asks for: by newer files' one word, or by older ones' flags. */
static void read_kind(const struct rho_config_source *s, struct rho_modules *m)
{
	const char *word = rho_config_text(s, "pooling_mode", NULL);
	size_t found = N_KINDS, n = 0;
	for (size_t i = 0; i < N_KINDS && !s->trouble->code; i++) {
		if (word ? !strcmp(word, kinds[i].word) : rho_config_flag(s, kinds[i].flag, false)) {
			found = i;
			n++;
		}
	}
	if (n == 1 && kinds[found].pooling != RHO_N_POOLING) {
		m->pools = true;
		m->pooling = kinds[found].pooling;
	} else {
		rho_trouble_at(s->trouble, RHO_ENOSUP, s->file, 0,
		               "%s%.60s%s; cls, mean or max are supported, one of them",
		               n == 1 ? "the pooling "
		               : n    ? "more than one pooling is asked for"
		                      : "no pooling is asked for that is known",
		               n == 1 ? kinds[found].word : "", n == 1 ? " is not supported" : "");
	}
}

static int read_pooling(const char *folder, bool optional, struct rho_modules *m, struct rho_trouble *t)
{
	json_t *o = rho_config_load(folder, "config.json", optional, t);
	char *file = o ? rho_config_path(folder, "config.json", t) : NULL;
	struct rho_config_source s = { o, NULL, file, "", t };
	if (file)
		read_kind(&s, m);
	free(file);
	json_decref(o);
	return t->code;
}

static int read_longest(struct rho_modules *m, struct rho_trouble *t)
{
	static const char name[] = "sentence_bert_config.json";
	json_t *o = rho_config_load(m->transformer, name, true, t);
	char *file = o ? rho_config_path(m->transformer, name, t) : NULL;
	struct rho_config_source s = { o, NULL, file, "", t };
	if (file)
		m->longest = rho_config_number(&s, "max_seq_length", 1, 1 << 20, 0);
	free(file);
	json_decref(o);
	return t->code;
}

/* ---- modules.json ---- */

struct module { const char *type, *path; };     /* type: the last word of the Python name */

/* Entry i; its path must stay in the folder. */
static int entry(const json_t *list, size_t i, const char *file, struct module *out, struct rho_trouble *t)
{
	const json_t *o = json_array_get(list, i);
	const char *type = json_string_value(json_object_get(o, "type"));
	const char *path = json_string_value(json_object_get(o, "path"));
	if (!type || !path)
		return rho_trouble_at(t, RHO_EFORMAT, file, 0, "module %zu has no type or no path", i);
	if (*path == '/' || strstr(path, ".."))
		return rho_trouble_at(t, RHO_EFORMAT, file, 0,
		                      "module %zu has the path \"%.200s\", which leads out of the folder", i,
		                      path);
	const char *dot = strrchr(type, '.');
	*out = (struct module){ dot ? dot + 1 : type, path };
	return 0;
}

/* Modules in order: where the pipeline stands decides what may come next. */
enum stage { AT_START, AT_TOKENS, AT_ROW, AT_DENSE, AT_END };

static int take(const struct module *one, enum stage *at, const char *folder, const char *file,
                struct rho_modules *m, struct rho_trouble *t)
{
	if (!strcmp(one->type, "Transformer") && *at == AT_START) {
		*at = AT_TOKENS;
		m->transformer = *one->path ? rho_config_path(folder, one->path, t) : strdup(folder);
	} else if (!strcmp(one->type, "Pooling") && *at == AT_TOKENS) {
		*at = AT_ROW;
		char *path = rho_config_path(folder, one->path, t);
		if (path)
			read_pooling(path, false, m, t);
		free(path);
	} else if (!strcmp(one->type, "Dense") && *at == AT_ROW) {
		*at = AT_DENSE;
		m->dense = rho_config_path(folder, one->path, t);
	} else if (!strcmp(one->type, "Normalize") && *at >= AT_ROW) {
		*at = AT_END;
	} else if (strcmp(one->type, "Dropout") != 0) {         /* which does nothing here */
		return rho_trouble_at(
			t, RHO_ENOSUP, file, 0,
			"the module %.60s is not supported where it stands;"
			" Transformer, Pooling, at most one Dense, and Normalize are, in this order",
			one->type);
	}
	return t->code;
}

static int read_list(const json_t *list, const char *folder, const char *file, struct rho_modules *m,
                     struct rho_trouble *t)
{
	enum stage at = AT_START;
	struct module one = { "", "" };
	if (!json_is_array(list) || json_array_size(list) > MOST_MODULES)
		return rho_trouble_at(t, RHO_EFORMAT, file, 0, "a list of at most %d modules was expected",
		                      MOST_MODULES);
	for (size_t i = 0; i < json_array_size(list); i++)
		if (entry(list, i, file, &one, t) || take(&one, &at, folder, file, m, t))
			return t->code;
	if (at < AT_ROW)
		return rho_trouble_at(t, RHO_EFORMAT, file, 0,
		                      "it names no Transformer followed by a Pooling");
	return 0;
}

int rho_modules_read(const char *folder, struct rho_modules *m, struct rho_trouble *t)
{
	memset(m, 0, sizeof *m);
	json_t *list = rho_config_load(folder, "modules.json", true, t);
	char *file = rho_config_path(folder, "modules.json", t);
	char *pooling = rho_config_path(folder, "1_Pooling", t);
	if (!t->code && list)
		read_list(list, folder, file, m, t);
	else if (!t->code)
		read_pooling(pooling, true, m, t);
	if (!t->code && !m->transformer)
		m->transformer = strdup(folder);
	if (!t->code && !m->transformer)
		rho_trouble_set(t, RHO_ENOMEM, "no memory left to read %s", folder);
	if (!t->code)
		read_longest(m, t);
	json_decref(list);
	free(file);
	free(pooling);
	return t->code;
}

void rho_modules_free(struct rho_modules *m)
{
	free(m->transformer);
	free(m->dense);
	*m = (struct rho_modules){ .transformer = NULL };
}

int rho_dense_config_read(const char *folder, struct rho_dense_config *c, struct rho_trouble *t)
{
	json_t *o = rho_config_load(folder, "config.json", false, t);
	char *file = o ? rho_config_path(folder, "config.json", t) : NULL;
	struct rho_config_source s = { o, NULL, file, "", t };
	memset(c, 0, sizeof *c);
	if (file) {
		c->in = rho_config_number(&s, "in_features", 1, MOST_DIM, RHO_CONFIG_NEEDED);
		c->out = rho_config_number(&s, "out_features", 1, MOST_DIM, RHO_CONFIG_NEEDED);
		c->bias = rho_config_flag(&s, "bias", true);
		const char *f =
			rho_config_text(&s, "activation_function", "torch.nn.modules.activation.Tanh");
		const char *dot = f ? strrchr(f, '.') : NULL, *word = dot ? dot + 1 : f;
		c->activation = !word || !strcmp(word, "Identity") ? RHO_ACT_NONE : RHO_ACT_TANH;
		if (word && c->activation == RHO_ACT_TANH && strcmp(word, "Tanh") != 0)
			rho_trouble_at(t, RHO_ENOSUP, file, 0,
			               "activation_function \"%.100s\" is not supported;"
			               " Tanh and Identity are",
			               f);
	}
	free(file);
	json_decref(o);
	return t->code;
}
