/* eval_inner.h: what the files that find a tree's value share. */
#ifndef RHO_SYMBOLIC_EVAL_INNER_H
#define RHO_SYMBOLIC_EVAL_INNER_H

#include "eval.h"

struct env {
	struct work *w;
	const struct names *names;
	bool angle;             /* within sin and the like: a degree sign counts */
};

/* The value of one node, with what its % and degree sign make of it. */
enum status eval_at(const struct env *, struct view, struct value *out);

/* eval_call.c: the functions by name, x!, n over k, |x|, and x rounded (up, or down) to a whole number. */
enum status eval_call(const struct env *, const struct expr_node *, struct view, struct value *out);
enum status eval_exponential(struct work *, struct value *x, struct value *out);
enum status eval_factorial(struct work *, struct value *x, struct value *out);
enum status eval_binomial(struct work *, struct value *n, struct value *k, struct value *out);
enum status eval_absolute(struct work *, struct value *x, struct value *out);
enum status eval_rounded(struct work *, bool up, struct value *x, struct value *out);

#endif
