/* problem.h: a word problem as the environment sees it: its quantities, what its words hint at, and the steps
 * that its worked solution takes. Read once, at open. */
#ifndef RHO_MATH_PROBLEM_H
#define RHO_MATH_PROBLEM_H

#include <rho/rho.h>

#include "fraction.h"

enum {
	MATH_MOST_TEXT = 20,            /* quantities taken from a text; later ones are left out */
	MATH_MOST_CONSTANTS = 12,
	MATH_MOST_STEPS = 16,
	MATH_MOST_QUANTITIES = MATH_MOST_TEXT + MATH_MOST_CONSTANTS + MATH_MOST_STEPS,
	MATH_MOST_GOOD = 192,           /* right steps of one problem, with the orders they can be taken in */
	MATH_MOST_RUNS = 24,            /* sums and products in one solution */
};

enum math_kind {
	MATH_NUMBER,            /* 48, 1,000, 2.5 */
	MATH_WORD,              /* three, dozen, twice */
	MATH_FRACTION,          /* 1/4, half */
	MATH_PART,              /* the 1 and the 4 of 1/4 */
	MATH_PERCENT,           /* the 20 of 20% */
	MATH_SHARE,             /* 20% as 1/5 */
	MATH_CONSTANT, MATH_RESULT, MATH_KINDS
};

struct math_quantity {
	struct math_fraction value;
	double   size;          /* the value, about */
	uint16_t ahead, behind; /* groups of cues (cues.h) within three words behind it; before it */
	uint32_t hash;          /* of the value */
	uint32_t unit;          /* hash of the word it counts; 1: money; 0: unknown */
	uint8_t  kind;          /* enum math_kind */
	uint8_t  sentence;      /* from 0; 255: of no sentence */
	uint8_t  order;         /* number in the text, or of the step it results from */
	uint8_t  mention;       /* number among the text's, 20% and 1/5 being one */
	bool     asked;         /* in the sentence that asks */
};

/* A right step: a op b in either order, as the key of its values. A run of n terms, 16 - 3 - 4, can be added up in
 * any order and takes n - 1 steps. */
struct math_good { uint64_t key; uint16_t run; };

struct math_problem {
	uint32_t row;           /* of the contexts table */
	uint32_t quantity;      /* the first of n_quantities */
	uint32_t good;          /* the first of n_good, by rising key */
	uint16_t n_quantities, n_good, n_runs;
	uint8_t  run_steps[MATH_MOST_RUNS];
	struct math_fraction answer;     /* q 0: the answer is not a number as it stands */
	uint16_t asks;          /* groups of cues of the sentence that asks */
	uint32_t asked_unit;    /* hash of the word after "how many", 1: "how much", "$"; 0: unknown */
	bool     trains;        /* its solution may be rewarded */
};

/* Adds what `text` says to q (MATH_MOST_TEXT) and fills *p's n_quantities, asks, asked_unit. */
void math_read_text(struct rho_str text, struct math_problem *p, struct math_quantity *q);

/* Right steps of a worked solution with <<48/2=24>> annotations, by rising key, into good (MATH_MOST_GOOD), and
 * *p's n_good, n_runs, run_steps. Annotations that cannot be read are passed over. */
void math_read_solution(struct rho_str solution, struct math_problem *p, struct math_good *good);

struct math_worked { struct math_fraction a, b, result; char op; };

/* The steps of a worked solution in its order, two numbers each, into out (most); gives how many. */
size_t math_worked_steps(struct rho_str solution, struct math_worked *out, size_t most);

/* The key of a op b: the same for 3 + 4 and 4 + 3, for 10 / 4 and 10 * (1/4). */
uint64_t math_step_key(struct math_fraction a, char op, struct math_fraction b);

/* The number that is the whole of s: "2,125", "-5", "$12.50", "3/4", "\frac{3}{4}", "20%" as 20. */
struct math_fraction math_read_answer(struct rho_str s);

/* Sets value and what follows from it. */
void math_set_value(struct math_quantity *, struct math_fraction);

/* The unit of the word `s`: its letters, lower case, without a plural s; never 0 or 1. */
uint32_t math_word_hash(struct rho_str s);

#endif
