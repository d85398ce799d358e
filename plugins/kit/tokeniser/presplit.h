/* presplit.h: how a tokeniser splits a normalised text into the pieces its model sees: the "pre_tokenizer"
 * of a tokenizer.json. */
#ifndef RHO_KIT_PRESPLIT_H
#define RHO_KIT_PRESPLIT_H

#include "recipe.h"
#include "token_model.h"

enum { RHO_PRESPLIT_STAGES = 8 };       /* one after another, each splits what the one before it gives */

struct rho_presplit;                    /* constant once open */

/* From the object (its `at` NULL: a text is one piece). NULL with the trouble: a type, member or regular
 * expression that is not understood, by name. */
struct rho_presplit *rho_presplit_open(const struct rho_recipe *);
void rho_presplit_free(struct rho_presplit *);  /* NULL is fine */

/* Calls piece(arg, s) for the pieces of the text (valid UTF-8) in order; none is empty, and s lasts during
 * the call. `first`: the text stands at the start of the whole. `tmp`: a thread's working memory; where it
 * ran out one of its `spent` is set. */
void rho_presplit_run(const struct rho_presplit *, struct rho_str text, bool first,
                      struct rho_text tmp[RHO_PRESPLIT_STAGES], rho_piece_fn *piece, void *arg);

#endif
