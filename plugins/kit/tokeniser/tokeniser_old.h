/* tokeniser_old.h: the files of before tokenizer.json, brought to the form that has. */
#ifndef RHO_KIT_TOKENISER_OLD_H
#define RHO_KIT_TOKENISER_OLD_H

#include <jansson.h>

#include "token_model.h"

/* The model of vocab.txt (or of vocab.json and merges.txt) in the folder, and an object with the members
 * "normalizer", "pre_tokenizer", "post_processor" and "added_tokens" that tokenizer.json would have had; to
 * be json_decref'd. `config`, `specials`, `model_config`: tokenizer_config.json, special_tokens_map.json,
 * config.json; NULL where there is none. NULL with the trouble, and no model. */
struct rho_old_files {
	const char *vocab, *merges;     /* paths; merges NULL: vocab is vocab.txt */
	const json_t *config, *specials, *model_config;
};
json_t *rho_tokeniser_old(const struct rho_old_files *, struct rho_token_model *, struct rho_trouble *);

#endif
