/* cues.h: words that hint at an operation, in classes: at most 64, so that a set of them is one number. */
#ifndef RHO_MATH_CUES_H
#define RHO_MATH_CUES_H

#include <rho/view.h>

/* Sets of classes: each, per, times; left; total, altogether, sum, all; difference, more, less; average. */
#define MATH_CUES_RATE ((uint64_t)7)
#define MATH_CUES_LEFT ((uint64_t)1 << 12)
#define MATH_CUES_TOTAL ((uint64_t)3 << 10 | (uint64_t)1 << 15 | (uint64_t)1 << 53)
#define MATH_CUES_DIFFERENCE ((uint64_t)3 << 6 | (uint64_t)1 << 13)
#define MATH_CUES_MEAN ((uint64_t)1 << 14)

/* The class of a word in lower case, 0 .. 63, or -1. */
int math_cue(struct rho_str word);

/* A word that is itself a number: "three", "dozen", "twice", "half", "quarter"; *p / *q is its value. */
bool math_number_word(struct rho_str word, int64_t *p, int64_t *q);

#endif
