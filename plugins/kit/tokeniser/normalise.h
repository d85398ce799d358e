/* normalise.h: what a tokeniser does to a text before it is split: the "normalizer" of a tokenizer.json. */
#ifndef RHO_KIT_NORMALISE_H
#define RHO_KIT_NORMALISE_H

#include "recipe.h"
#include "token_model.h"

struct rho_normaliser;          /* constant once open */

/* From the object (its `at` NULL: leaves texts as they are). NULL with the trouble: a type or a member that
 * is not understood, by name; steps that could make a text very much longer. */
struct rho_normaliser *rho_normaliser_open(const struct rho_recipe *);
void rho_normaliser_free(struct rho_normaliser *);      /* NULL is fine */

struct rho_normalising {        /* a thread's working memory; zero-initialise */
	struct rho_text text[2];
	struct rho_ids points, spare;
};
void rho_normalising_free(struct rho_normalising *);

/* The text (valid UTF-8) normalised: a view of `text` itself or into the memory, until the next call. Where
 * memory ran out one of its `spent` is set. */
struct rho_str rho_normalise(const struct rho_normaliser *, struct rho_str text, struct rho_normalising *);

#endif
