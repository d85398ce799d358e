/* judge.h: what the files that compare two answers share. */
#ifndef RHO_SYMBOLIC_JUDGE_H
#define RHO_SYMBOLIC_JUDGE_H

#include "decide.h"
#include "eval.h"

struct judge {                  /* of one claim */
	struct work w;
	const struct decide_options *options;
	char *why;              /* room for 120 bytes; the last to speak is heard */
	unsigned depth;         /* of collections in collections */
};

void judge_say(struct judge *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* scalar.c: two views that each stand for one number, or one function of variables. */
enum decision scalar_same(struct judge *, struct view reference, struct view answer);

/* Whether the equations left - right = 0 of two pairs of views differ by a constant factor alone; that of the
 * second to the first has the sign *factor where it is DECIDE_SAME. */
enum decision equation_same(struct judge *, const struct view first[2], const struct view second[2],
                            int *factor);

/* How two real numbers without variables are ordered: -1, 0, 1; 2: not known. Infinities are numbers here. */
int scalar_order(struct judge *, struct view a, struct view b);
/* 1, -1: infinite; 0: it is not. */
int scalar_infinite(struct view);

/* regions.c: sets of reals: intervals, unions, and what inequalities say of one unknown. */
bool is_region(struct view);
enum decision region_same(struct judge *, struct view reference, struct view answer);

/* relations.c: equations, inequalities and what they define. */
enum decision relation_same(struct judge *, struct view reference, struct view answer);
/* What a relation says that its left side is (x = 5: 5; x in S: S), as a view; the same view where it says no
 * such. */
struct view relation_value(struct view);
/* Whether it is the name of something: x, x_1, f(x), |AB|, AB, A:B, (x, y). */
bool is_name(struct view);

/* decide.c */
enum decision any_same(struct judge *, struct view reference, struct view answer);
bool tree_same(struct judge *, struct view a, struct view b);  /* node for node */
bool str_same(struct rho_str a, struct rho_str b);

#endif
