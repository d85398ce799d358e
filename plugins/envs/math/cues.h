/* cues.h: words that hint at an operation, in classes: at most 64, so that a set of them is one number. */
#ifndef RHO_MATH_CUES_H
#define RHO_MATH_CUES_H

#include <rho/view.h>

/* Where cues stand: within three words behind a number ("5 more than"), within three before it ("gave away 5"), in
 * the sentence that asks. */
enum math_side { MATH_AHEAD, MATH_BEHIND, MATH_ASKS };

/* Which groups of classes a set of classes meets: at most 16, 8 and 12 for the three sides, a bit each. The groups are
 * those that tell operations apart there (README.md). */
uint16_t math_cue_groups(uint64_t classes, enum math_side);

/* The class of a word in lower case, 0 .. 63, or -1. */
int math_cue(struct rho_str word);

/* A word that is itself a number: "three", "dozen", "twice", "half", "quarter"; *p / *q is its value. */
bool math_number_word(struct rho_str word, int64_t *p, int64_t *q);

#endif
