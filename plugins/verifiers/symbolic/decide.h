/* decide.h: whether two expressions are the same, within a budget of steps. */
#ifndef RHO_SYMBOLIC_DECIDE_H
#define RHO_SYMBOLIC_DECIDE_H

#include "expr.h"

enum decision { DECIDE_DIFFERENT, DECIDE_SAME, DECIDE_PARTLY, DECIDE_UNKNOWN };

struct decide_options {
	uint64_t budget;        /* steps: word operations, about; what would take more is DECIDE_UNKNOWN */
	double tolerance;       /* relative; 0: exact. For decimals in the answer only */
	int64_t digits; /* a decimal with at least so many significant digits stands for what it is the
	                 * rounding of, as floating point prints it; 0: never */
	bool loose_percent;     /* 10% is 10 as well as 0.1 */
	bool reduced;           /* a fraction of integers in the answer must be in lowest terms */
};

struct decided {
	enum decision what;
	double share;           /* DECIDE_PARTLY: elements in both, of the larger of the two collections */
	uint64_t steps;         /* spent; at most the budget */
	char why[120];          /* how it was decided: "as rationals: 1/2", "differ at x = 3/7" */
};

struct decider;                 /* FLINT's and Arb's workspaces; one a thread */
struct decider *decider_new(void);      /* NULL: no memory */
void decider_free(struct decider *);    /* by the thread that made it */

/* Whether `answer` is `reference`. No clock, no random state: the points at which expressions in variables
 * are compared follow from the two trees. Claims and their limits: README.md. */
void decide(struct decider *, const struct expr *reference, const struct expr *answer,
            const struct decide_options *, struct decided *);

#endif
