/* env.h: the environment's state: problems, lanes, and what its files share. */
#ifndef RHO_MATH_ENV_H
#define RHO_MATH_ENV_H

#include "kit/chat/chat.h"
#include "kit/order.h"
#include "said.h"

enum math_reward { MATH_PAY_DERIVATION, MATH_PAY_ANSWER };
enum math_derivations { MATH_TRAIN_ONLY, MATH_ALL };
enum math_generator { MATH_OPERATIONS, MATH_RETRIEVED, MATH_LLM };

struct math_env {
	/* parameters */
	int64_t candidates, steps, features, similar, answers, reach, limit, slips;
	int source, reward, derivations, order;
	double step_reward, wrong;
	const char *split, *group;
	struct rho_i64s constants;
	struct rho_part verifier;
	RHO_CHAT_FIELDS;        /* llm */

	const struct math_source *generator;
	const struct rho_data *data;
	struct rho_rows contexts;               /* features of the problems; mat NULL: none */
	const struct rho_column *text, *answer; /* STR */
	const struct rho_column *group_column;  /* LABEL, or NULL */
	size_t lanes;
	unsigned block;         /* most candidates with one result */

	size_t n;               /* problems that are posed */
	struct math_problem *problem;           /* (n) */
	struct math_quantity *quantity;
	struct math_good *good;
	uint32_t *base;         /* (n, candidates) steps without results, of each problem; operations */
	uint16_t *n_base;       /* (n) */

	struct math_lane *lane; /* (lanes) */
	float *row;             /* (lanes, 2 candidates, features) */
	struct rho_mat mat;
	uint32_t *legal;        /* (lanes * candidates) at most */
	size_t *legal_off;      /* (lanes + 1) */
	uint64_t *episode;      /* (lanes) kept: how many the lane has begun, less 1 */
	uint32_t *posed;        /* (lanes) kept: the problem each lane is about */
	uint32_t *taken;        /* (lanes, MATH_MOST_STEPS) kept: the steps of this episode */
	uint32_t *n_taken;      /* (lanes) kept */
	uint32_t *slot;         /* (lanes, candidates) kept: rows of the candidates */
	double *mix;            /* (MATH_OPS) kept: how often each strategy was chosen of late; SAID: in words */
	const struct rho_rng *turns;            /* the order of problems */
	struct math_features *map;
	struct math_retrieval *retrieval;
	struct math_asking *asking;

	/* for the verifier, a batch */
	size_t most_claims;             /* a lane's */
	struct rho_claim *claim;        /* (lanes * most_claims) */
	struct rho_verdict *verdict;    /* beside it */
	char *number;                   /* (lanes * most_claims, 32) results as text */
	uint32_t *claimed;              /* lane * most_claims + result, or line */
	size_t n_claims;
};

/* Reads the problems that pass split and group. 0 or an error, recorded. [open] */
int math_read_problems(struct rho_ctx *, struct math_env *);

/* Gives a lane its memory. [open] */
int math_lane_open(struct rho_ctx *, const struct math_env *, struct math_lane *, uint32_t *slot);

/* The constants, which are a lane's first quantities. */
void math_constants(const struct math_env *, struct math_lane *);

/* Puts together the candidates of a lane's next decision. */
void math_candidates(const struct math_env *, struct math_lane *);

/* Leaves each expression in a list of n once, the first; gives how many. For lists made at open. */
unsigned math_single(struct math_lane *, uint32_t *entry, unsigned n);

/* Finds rows for them among the lane's rows (2 candidates, features), and writes those that are new; given: every
 * candidate's row is in slot already, as it was in a run that is resumed. */
void math_lane_slots(struct math_lane *, const struct math_env *, float *rows, bool given);

/* Logs the share of problems whose answer comes out when the solution is followed within the candidates. [open] */
int math_reachable(struct rho_ctx *, struct math_env *);

/* ---- features.c ---- */

struct math_features *math_features_open(struct rho_ctx *, size_t dim);

/* Where the features of answers, or those for all steps, stand in a row: n of them from `from` on; the first is 0 or
 * the block's own. */
struct math_block { uint32_t from, n; };
struct math_block math_features_block(const struct math_features *, bool answers);
size_t math_features_dim(const struct math_features *);

/* What operands of two roles are together, 0 .. MATH_TOGETHER - 1: (MATH_ROLES, MATH_ROLES). */
const uint8_t (*math_features_together(const struct math_features *))[MATH_ROLES];

/* The features of candidate e, at `out` (dim). *was: the operation of the row that was there, MATH_OPS where there
 * are zeros, MATH_SAID for anything else; then e's. */
void math_row(const struct math_features *, const struct math_lane *, uint32_t e, float *out, uint8_t *was);

#endif
