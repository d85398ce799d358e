/* frame.h: what stands around a text's tokens: the "post_processor" of a tokenizer.json, and truncation
 * inside it. */
#ifndef RHO_KIT_FRAME_H
#define RHO_KIT_FRAME_H

#include "recipe.h"
#include "token_model.h"
#include "tokeniser.h"

enum { RHO_FRAME_ITEMS = 32 };

enum rho_frame_kind { RHO_FRAME_SPECIAL, RHO_FRAME_FIRST, RHO_FRAME_SECOND };

struct rho_frame_item { enum rho_frame_kind kind; uint32_t id; uint8_t type; };

struct rho_frame {
	struct rho_frame_item item[2][RHO_FRAME_ITEMS];  /* of one text, of a pair */
	size_t n[2];
};

/* From the object (its `at` NULL: the texts' tokens alone, of types 0 and 1). `size`: ids must be below. 0,
 * or the trouble: a type or member that is not understood, an id that no token has. */
int rho_frame_open(struct rho_frame *, const struct rho_recipe *, size_t size);

/* Appends the frame of one text (b NULL) or two to `out`, the texts' ids cut so that there are `longest`
 * (0: not cut) in all, or the special ones alone where those are more. Sets out->whole. 0 or RHO_ENOMEM. */
int rho_frame_put(const struct rho_frame *, const struct rho_ids *a, const struct rho_ids *b, size_t longest,
                  struct rho_tokens *out);

#endif
