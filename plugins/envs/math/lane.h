/* lane.h: an episode under way: the quantities so far, the candidate steps, and the rows of the action matrix
 * that hold them. Also what a generator of candidates is. */
#ifndef RHO_MATH_LANE_H
#define RHO_MATH_LANE_H

#include "problem.h"

enum { MATH_ADD, MATH_SUB, MATH_MUL, MATH_DIV, MATH_ANSWER, MATH_SAID, MATH_OPS };     /* SAID: a line, said.h */
enum { MATH_MOST_CANDIDATES = 400, MATH_HASH = 1024, MATH_MOST_LINES = 64 };

/* A candidate in one number. What stands below MATH_STATIC_BITS says what it does and holds for the episode; the
 * bits above say how matters stand, and with the first are all that its features depend on. */
#define MATH_STATIC_BITS 24
enum {
	MATH_OP = 0, MATH_I = 3, MATH_J = 9,            /* places: operation, the two quantities */
	MATH_WHOLE = 15, MATH_MINUS = 16,               /* the result is a whole number; below 0 */
	MATH_SIZE = 17,                                 /* 3 bits: its decimal order of magnitude, from below 1 */
	MATH_GROWS = 20, MATH_SHRINKS = 21,             /* beyond both operands; below both */
	MATH_SIMILAR = 22,                              /* 2 bits, for the generator: how near its source is */
	MATH_PAIR = 24,                                 /* 5 bits, of steps: what the operands are together */
	MATH_STEP = 24,                                 /* 4 bits, of answers */
	MATH_FRESH = 29,                                /* takes the newest result */
};

/* What an operand is at the moment: a constant; of the text's numbers that were used already; the first, second, ...
 * of the others, the fifth standing for all behind it; the newest result, others by whether they have been used. */
enum {
	MATH_IS_CONSTANT, MATH_WAS_USED, MATH_NEXT, MATH_NEXT_LAST = MATH_NEXT + 4, MATH_NEWEST, MATH_RESULT_USED,
	MATH_RESULT_LEFT, MATH_ROLES,
	MATH_TOGETHER = 29,                             /* what two can be together */
};

static inline unsigned math_op(uint32_t e) { return e & 7; }
static inline unsigned math_i(uint32_t e) { return e >> MATH_I & 63; }
static inline unsigned math_j(uint32_t e) { return e >> MATH_J & 63; }
static inline bool math_bit(uint32_t e, int bit) { return e >> bit & 1; }

/* Where a generator's list held a candidate, in which decision, and its row then. */
struct math_memo { uint32_t entry, decision, slot; };
/* Expressions seen in decision `stamp`; open addressing. */
struct math_seen { uint32_t key, stamp; };

struct math_lane {
	const struct math_problem *problem;
	uint32_t which;         /* number of the problem among those posed */
	unsigned n_constants, n_text, n_results;        /* constants come first, then the text's, then results */
	struct math_quantity q[MATH_MOST_QUANTITIES];
	uint64_t used;          /* bit i: quantity i has been an operand */
	unsigned n_steps;
	uint32_t step[MATH_MOST_STEPS];         /* (n_steps) static bits of the steps taken */
	uint64_t step_key[MATH_MOST_STEPS];     /* (n_steps) math_step_key of them */
	uint8_t  role_now[MATH_MOST_QUANTITIES];        /* what each quantity is in the decision now posed */
	unsigned left, results_left;            /* numbers of the text not used yet; results, the newest aside */
	uint8_t  paid[MATH_MOST_RUNS];          /* steps of each run of the solution that have been taken */
	unsigned n_right;       /* steps taken that stand in the solution */
	/* (n_results, or lines of `said`) -1: not asked; else whether it answers the problem */
	int8_t   verdict[MATH_MOST_LINES];

	/* The candidates of the decision now posed. */
	unsigned n_candidates;
	uint32_t *candidate;    /* (candidates) */
	uint32_t *slot;         /* (candidates) its row, of this lane's 2 * candidates; the env's kept array */
	uint16_t *at;           /* (2 * candidates) the candidate in a row */
	uint8_t  *wrote;        /* (2 * candidates) the operation the row was written for, MATH_OPS: none yet */
	const uint8_t (*together)[MATH_ROLES];  /* (MATH_ROLES, MATH_ROLES) what two operands are, by their roles */
	uint32_t *last;         /* (2 * candidates) the decision in which the row was last legal */
	uint32_t decision;
	unsigned next_free;
	/* (MATH_MOST_STEPS * (1 + block) + candidates) by place in a list: answers, blocks, base */
	struct math_memo *memo;
	uint32_t *memo_of;      /* (candidates) the place of each candidate */
	bool again;             /* some result has a value that was there before: expressions may come twice */
	struct math_seen *seen; /* (MATH_HASH) expressions of this decision, by value */

	/* For generators. Steps with the k-th result, best first, as they were found when it came about. */
	uint32_t *block[MATH_MOST_STEPS];       /* (n_block[k]) */
	unsigned n_block[MATH_MOST_STEPS];
	const uint32_t *base;   /* (n_base) steps without results, best first */
	unsigned n_base;
	uint32_t *donor;        /* (similar) retrieved: numbers of the problems that steps come from */
	uint8_t *role;          /* (similar, MATH_MOST_TEXT) the quantity here that each of theirs stands for */
	struct math_said *said; /* llm: what can be chosen and what was; NULL with other sources */
};

/* Where candidates are offered, in order of preference, until there are enough. */
struct math_list { struct math_lane *lane; unsigned room; };

/* Offers a candidate: taken unless it has been taken as a step already or the same expression is there. `place`:
 * in the lane's memo; a candidate that keeps its place from decision to decision keeps its row. False: the list is
 * full. */
bool math_offer(struct math_list *, uint32_t entry, unsigned place);

/* The same where no expression can be there twice, but for steps taken: unless the lane's `again` is set. */
bool math_offer_single(struct math_list *, uint32_t entry, unsigned place);

/* Offers line k of what was said; false: the list is full. */
bool math_offer_line(struct math_list *, unsigned k);

/* A candidate's static bits with those that say how matters stand. */
uint32_t math_as_it_stands(const struct math_lane *, uint32_t entry);

struct math_env;
struct math_said;

struct math_source {            /* a generator of candidate steps */
	/* Prepares for the problems of the env, once they are read. 0 or an error, recorded. */
	int  (*open)(struct rho_ctx *, struct math_env *);
	void (*close)(struct rho_ctx *, struct math_env *);     /* gives back what is not the host's; or NULL */
	/* Called when a lane begins a problem and after each of its steps, once the quantities are there; keeps
	 * what it needs in the lane. 0 or an error, recorded. */
	int  (*begin)(struct rho_ctx *, struct math_env *, struct math_lane *);
	int  (*step)(struct rho_ctx *, struct math_env *, struct math_lane *);
	/* Offers the candidates of the lane's decision. Answers are there already, but for lines that are said. */
	void (*fill)(const struct math_env *, struct math_list *);
};

extern const struct math_source math_operations, math_retrieved, math_llm;

/* Whether quantity i has a value that an earlier one has, too. */
bool math_repeats(const struct math_lane *, unsigned i);

/* The result of q[i] op q[j]; q 0: there is none. */
struct math_fraction math_result(const struct math_lane *, unsigned op, unsigned i, unsigned j);

/* The static bits of a step, or UINT32_MAX where it has no result. */
uint32_t math_entry(const struct math_lane *, unsigned op, unsigned i, unsigned j);

/* Begins problem p with its text's quantities q; constants stand in the lane already. */
void math_begin(struct math_lane *, const struct math_problem *p, uint32_t which, const struct math_quantity *q);

/* Whether the step of key `key` stands in the solution, `good` (problem's n_good), and has not been taken yet;
 * gives its run, or -1. */
int math_is_right(const struct math_lane *, const struct math_good *good, uint64_t key);

/* Takes the step `entry`, which is no answer; `run`: what math_is_right said. */
void math_take(struct math_lane *, uint32_t entry, uint64_t key, int run);

/* The key of a candidate that is no answer. */
uint64_t math_entry_key(const struct math_lane *, uint32_t entry);

/* The step in words, "48 / 2 = 24" or "answer: 24"; out takes 128 bytes; gives the length. */
size_t math_write_step(const struct math_lane *, uint32_t entry, char *out);

#endif
