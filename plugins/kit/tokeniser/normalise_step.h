/* normalise_step.h: the steps of a normaliser, between what reads them (normalise.c) and what does them
 * (normalise_steps.c). */
#ifndef RHO_KIT_NORMALISE_STEP_H
#define RHO_KIT_NORMALISE_STEP_H

#include "normalise.h"

enum rho_normal_kind {
	RHO_NORMAL_BERT, RHO_NORMAL_NFC, RHO_NORMAL_NFD, RHO_NORMAL_NFKC, RHO_NORMAL_NFKD,
	RHO_NORMAL_LOWERCASE, RHO_NORMAL_STRIP_ACCENTS, RHO_NORMAL_STRIP, RHO_NORMAL_REPLACE,
	RHO_NORMAL_PREPEND, RHO_NORMAL_PRECOMPILED
};

struct rho_normal_step {
	enum rho_normal_kind kind;
	bool clean, cjk, accents, lower;        /* bert: which of its parts; `accents`: strips them */
	char ascii[128];                        /* bert: what becomes of ASCII; 0: nothing, if `clean` */
	bool left, right;                       /* strip */
	bool all_space;                         /* replace: \s rather than the blank, where `run` is not 0 */
	size_t run;                             /* replace: so many or more in a row; 0: the text `from` */
	struct rho_text from, to;               /* replace; prepend: to */
	struct rho_charsmap *map;               /* precompiled */
};

/* Adds `in`, valid UTF-8, as the step has it to `out`. */
void rho_normal_do(const struct rho_normal_step *, struct rho_str in, struct rho_text *out,
                   struct rho_normalising *);

#endif
