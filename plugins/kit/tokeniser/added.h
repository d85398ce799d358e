/* added.h: tokens added to a model's own ("[CLS]", "<mask>"): found in a text as they are, before the model
 * sees it. */
#ifndef RHO_KIT_ADDED_H
#define RHO_KIT_ADDED_H

#include "normalise.h"
#include "recipe.h"
#include "token_model.h"

struct rho_added;               /* constant once open */

/* From the list "added_tokens" (NULL: none). A token's id is the model's where that has it; the others
 * follow the vocabulary, as the reference numbers them whatever the list says. NULL with the trouble. */
struct rho_added *rho_added_open(const json_t *list, const struct rho_recipe *,
                                 const struct rho_token_model *, const struct rho_normaliser *);
void rho_added_free(struct rho_added *);                /* NULL is fine */

size_t rho_added_size(const struct rho_added *);        /* their largest id + 1, or 0 */

/* A walk over the parts of a text. Fill in `text` and `normalised`, zero the rest. */
struct rho_added_walk {
	struct rho_str text;
	bool normalised;                /* for tokens matched after normalisation; else for the others */
	size_t at, done;                /* searched up to; given up to */
	size_t space_from, space_end;   /* white space that has been passed over last */
	size_t held_from, held_end;     /* a token that follows the part given last */
	uint32_t held;
	bool holds;
};

/* The next part: a token of that id, or text (*id UINT32_MAX) without any. False: there are no more. */
bool rho_added_next(const struct rho_added *, struct rho_added_walk *, struct rho_str *part, uint32_t *id);

#endif
