/* scalar.h: what the files that compare numbers and functions share. */
#ifndef RHO_SYMBOLIC_SCALAR_H
#define RHO_SYMBOLIC_SCALAR_H

#include "judge.h"

enum zero { ZERO, NONZERO, OPEN, SKIPPED, NOT_ONE };

/* What is to be 0: makes its value at the work's precision. */
struct question {
	enum status (*make)(struct judge *, void *arg, struct value *out);
	void *arg;
};

struct answer {
	enum zero is;
	int sign;
	bool proved;            /* that it is 0 */
	double bits;            /* to which it was looked at */
	enum status status;
};

/* Whether a value is 0, at rising precision. */
struct answer scalar_ask(struct judge *, struct question);

/* a - b where the variables are put; failed: which of the two had no value, 'a' or 'b'. */
struct pair { struct view a, b; const struct names *names; char failed; };
enum status scalar_difference(struct judge *, void *pair, struct value *out);

/* points.c: the points at which functions are compared: they follow from the two trees (their seeds are
 * added), so that nobody who writes an answer can choose it for them. */
enum { GENERAL_POINTS = 12, WHOLE_POINTS = 24, ENOUGH = 5 };
uint64_t points_seed(struct view);
/* Puts the variables at the point of that number: positive fractions, below 1 and up to 4, from the seventh
 * on of either sign; from GENERAL_POINTS on whole numbers, of one variable 1, 2, 3, ... */
void points_put(struct names *, uint64_t seed, unsigned number);

/* What has been seen so far; lone: points at which one of the two alone has a value, of those only_reference
 * the one that has. */
struct tally { unsigned same, lone, only_reference, proved; bool open; };
/* One point; DECIDE_UNKNOWN: the next, please. pair: NULL or the question's. */
enum decision points_look(struct judge *, struct pair *, struct question, struct names *, struct tally *);
enum decision points_conclude(struct judge *, const struct tally *);

/* functions.c: two functions of variables. */
enum decision function_same(struct judge *, struct names *, struct view a, struct view b);
/* The same up to a constant, where both have one to choose (x^2 + C); which: its name. */
bool function_constant(struct view, struct rho_str *which);
enum decision function_same_but_constant(struct judge *, struct names *, struct view a, struct view b);

#endif
