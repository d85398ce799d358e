/* config.h: what a model folder says of itself: config.json, and the files of sentence-transformers. */
#ifndef RHO_KIT_CONFIG_H
#define RHO_KIT_CONFIG_H

#include <jansson.h>

#include "../trouble.h"

enum { RHO_CONFIG_NAME = 1024 };        /* paths for messages; longer ones are cut there */

/* How token rows become a text's row. */
enum rho_pooling {
	RHO_POOL_CLS,           /* the first token's last hidden state */
	RHO_POOL_MEAN,          /* the mean of all tokens' last hidden states, special ones included */
	RHO_POOL_MAX,           /* the largest of each component */
	RHO_POOL_FIRST_LAST,    /* the mean over tokens of (embedding output + last hidden state) / 2 */
	RHO_POOL_LAST_TWO,      /* the same of the last two hidden states */
	RHO_POOL_POOLER,        /* cls through the pooler: tanh(dense(cls)) */
	RHO_N_POOLING,
};
const char *rho_pooling_name(uint32_t pooling);

struct rho_bert_config {
	char file[RHO_CONFIG_NAME];     /* FOLDER/config.json, for messages */
	bool distil;            /* DistilBERT: other tensor names, no token types, no pooler */
	size_t vocab, dim, layers, heads, inner;
	size_t positions;       /* rows of the table of positions */
	size_t first;           /* a text's first position: 0; RoBERTa: pad + 1 */
	uint32_t pad;           /* RoBERTa: tokens with this id stand at position pad and are not counted */
	size_t types;           /* token types; 0: none */
	float eps;
	uint32_t activation;    /* enum rho_activation of dense.h */
};

/* Reads FOLDER/config.json of model_type bert, roberta, xlm-roberta, camembert or distilbert. 0, or trouble:
 * no such file, not JSON, another model_type (which ones are supported), a number that is missing or out of
 * bounds. */
int rho_bert_config_read(const char *folder, struct rho_bert_config *, struct rho_trouble *);

struct rho_clip_side { size_t dim, inner, layers, heads; float eps; uint32_t activation; };

struct rho_clip_config {
	char file[RHO_CONFIG_NAME];
	bool has_text, has_image;
	size_t projection;
	struct rho_clip_side text, image;
	size_t vocab, positions;        /* text */
	bool end_is_highest;    /* a text ends at its highest id; else at the first `end` */
	uint32_t end;
	size_t size, patch;     /* image: pixels a side, and of a patch */
};

/* The same for model_type clip, clip_text_model, clip_vision_model; what newer files leave out because it is
 * the format's default is filled in. */
int rho_clip_config_read(const char *folder, struct rho_clip_config *, struct rho_trouble *);

struct rho_modules {            /* sentence-transformers' part of a folder */
	char *transformer; /* the folder with config.json, tokeniser and weights; mostly the folder itself */
	char *dense;            /* a folder of the module Dense, or NULL */
	bool pools;             /* whether anything is said about pooling, in modules.json or 1_Pooling */
	uint32_t pooling;       /* enum rho_pooling */
	size_t longest;         /* sentence_bert_config.json's max_seq_length; 0: not said */
};

/* Reads modules.json and what it names; without it 1_Pooling/config.json and sentence_bert_config.json where
 * they are there. 0, or trouble: a module or a pooling that is not understood, by name. */
int rho_modules_read(const char *folder, struct rho_modules *, struct rho_trouble *);
void rho_modules_free(struct rho_modules *);    /* zeroed is fine; after trouble, too */

struct rho_dense_config { size_t in, out; bool bias; uint32_t activation; };
/* The config.json of a module Dense. */
int rho_dense_config_read(const char *folder, struct rho_dense_config *, struct rho_trouble *);

/* ---- the reading itself ---- */

/* FOLDER/NAME; the caller frees. NULL: RHO_ENOMEM, recorded. */
char *rho_config_path(const char *folder, const char *name, struct rho_trouble *);

/* The JSON object or list of a file; NULL with the trouble: unreadable (RHO_EIO), not JSON (RHO_EFORMAT, with
 * the line). `optional`: a file that is not there gives NULL without trouble. */
json_t *rho_config_load(const char *folder, const char *name, bool optional, struct rho_trouble *);

struct rho_config_source {      /* an object being read */
	const json_t *object;
	const json_t *over;     /* another one whose members come first; or NULL */
	const char *file, *where;       /* where: "" or "text_config." */
	struct rho_trouble *trouble;
};
#define RHO_CONFIG_NEEDED SIZE_MAX

/* The member as a whole number lo .. hi; missing or null: `other`, or trouble where that is
 * RHO_CONFIG_NEEDED. 0 with trouble. */
size_t rho_config_number(const struct rho_config_source *, const char *key, size_t lo, size_t hi,
                         size_t other);
/* The member as true or false; missing: `other`. */
bool rho_config_flag(const struct rho_config_source *, const char *key, bool other);
/* The member as text; missing or null: `other`. NULL with trouble. */
const char *rho_config_text(const struct rho_config_source *, const char *key, const char *other);

#endif
