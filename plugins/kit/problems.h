/* problems.h: what the datasets of mathematics problems share: the columns of their contexts, and MATH-500. */
#ifndef RHO_KIT_PROBLEMS_H
#define RHO_KIT_PROBLEMS_H

#include "jsonl.h"

#define RHO_MATH500_FILE "math500.jsonl"

struct rho_problem {            /* a row of contexts; what is not known is empty, the level INT64_MIN */
	struct rho_str id, text, answer, solution, subject;
	const char *group, *split;      /* group NULL: the subject */
	int64_t level;          /* 1 to 5 */
};

/* Declares contexts: id, text, group, split, answer (STR), solution (STR), subject (LABEL), level (I64). */
int rho_problem_columns(struct rho_sink *);

/* The row's number, or an error, recorded by the sink. */
int64_t rho_problem_add(struct rho_sink *, const struct rho_problem *);

/* Fills p from a row of math500.jsonl (split "test", no group). 0, or trouble with file and line, also when the
 * stated answer is not what the solution's last \boxed holds. Views last until the next row. */
int rho_problem_math500(struct rho_jsonl *, struct rho_problem *p);

/* The level that stands there as 3, 3.0 or "Level 3"; 0 and "Level ?" are missing. 0 or trouble. */
int rho_problem_level(struct rho_jsonl *, const char *key, int64_t *level);

#endif
