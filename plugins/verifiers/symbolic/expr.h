/* expr.h: what was read of an answer: a tree of nodes in one array, children before their parents. */
#ifndef RHO_SYMBOLIC_EXPR_H
#define RHO_SYMBOLIC_EXPR_H

#include <rho/view.h>

enum expr_kind {
	EXPR_INTEGER,           /* text: decimal digits without separators or sign  */
	EXPR_DECIMAL,           /* text: digits with one point, exact: 0.50 is 1/2; with EXPR_REPEATS, its last
	                         * `op` digits repeat for ever */
	EXPR_BASE,              /* text: digits (0-9, A-Z) written in base `op`     */
	EXPR_SYMBOL,            /* text: a variable, with its subscript: x, x_1, theta */
	EXPR_CONSTANT,          /* op: enum expr_constant                           */
	EXPR_SUM,               /* n >= 2 terms                                     */
	EXPR_PRODUCT,           /* n >= 2 factors                                   */
	EXPR_NEGATE,            /* 1                                                */
	EXPR_QUOTIENT,          /* 2: top, bottom                                   */
	EXPR_POWER,             /* 2: base, exponent                                */
	EXPR_ROOT,              /* 2: what, which (the square root's is 2)          */
	EXPR_CALL,              /* op: enum expr_function; its arguments (LOG: what, base) */
	EXPR_FACTORIAL,         /* 1 */
	EXPR_BINOMIAL,          /* 2: n, k */
	EXPR_ABS, EXPR_FLOOR, EXPR_CEIL,        /* 1 */
	EXPR_PLUS_MINUS,        /* 2: a ± b; 1: ± b; op 1: minus-plus               */
	EXPR_TUPLE,             /* n: (a, b, ...) and [a, b, ...] of other than 2   */
	EXPR_LIST,              /* n: a, b and c without brackets                   */
	EXPR_SET,               /* n: {a, b}; n = 0: the empty set                  */
	EXPR_INTERVAL,          /* 2: ends; flags: EXPR_LEFT_OPEN, EXPR_RIGHT_OPEN. (a, b) is read as one with
	                         * both: whoever compares knows that it may be a pair */
	EXPR_UNION, EXPR_INTERSECTION, EXPR_DIFFERENCE, /* n, n, 2 */
	EXPR_NAMED_SET,         /* op: 'R', 'N', 'Z', 'Q', 'C'                      */
	EXPR_MATRIX,            /* op: rows; n = rows * columns, row by row         */
	EXPR_RELATION,          /* n sides, n - 1 signs: text, one character each of "=<>" or 'l' (<=), 'g' (>=),
	                         * 'n' (not equal), '~' (about), 'i' (is in)        */
	EXPR_WORDS,             /* text: what is no mathematics, lower case, single blanks: "saturday", "even" */
};

enum expr_constant { EXPR_PI, EXPR_E, EXPR_I, EXPR_INFINITY, EXPR_UNDEFINED /* says that there is no value */ };

enum expr_function {
	EXPR_SIN, EXPR_COS, EXPR_TAN, EXPR_COT, EXPR_SEC, EXPR_CSC,
	EXPR_ARCSIN, EXPR_ARCCOS, EXPR_ARCTAN, EXPR_SINH, EXPR_COSH, EXPR_TANH,
	EXPR_EXP, EXPR_LN, EXPR_LOG, EXPR_MIN, EXPR_MAX, EXPR_GCD, EXPR_LCM,
	EXPR_OTHER              /* text: the function's name, such as f in f(x)     */
};

enum expr_flag {
	EXPR_LEFT_OPEN  = 1u << 0,
	EXPR_RIGHT_OPEN = 1u << 1,
	EXPR_PERCENT    = 1u << 2,      /* written with %: the node's value is as written, 10 in 10%     */
	EXPR_DEGREES    = 1u << 3,      /* written with a degree sign; the value is as written           */
	EXPR_UNITS      = 1u << 4,      /* words of units, or a currency sign, were written and left out */
	EXPR_REPEATS    = 1u << 5,
	EXPR_MIXED      = 1u << 6,      /* a SUM that was a mixed number: 3 1/2     */
	EXPR_POW10      = 1u << 7,      /* a PRODUCT that was scientific notation   */
};

struct expr_node {
	uint8_t  kind, op;      /* enum expr_kind; see there                 */
	uint16_t flags;
	uint32_t n, child;      /* children: expr.child[child .. child + n)  */
	struct rho_str text;    /* in the expr's own bytes                   */
};

struct expr {                   /* zero-initialise; grows, is reused, freed at the end */
	struct expr_node *node; uint32_t n_nodes, nodes_room;
	uint32_t *child; uint32_t n_child, child_room;         /* numbers of nodes */
	char *bytes; size_t n_bytes, bytes_room;
	uint32_t root;          /* of the answer that was read */
	struct rho_str units;   /* the first words of units (or the currency sign) that were left out, as written,
	                         * in the expr's own bytes; empty: none */
};

enum { EXPR_MOST_NODES = 20000, EXPR_MOST_DEPTH = 200, EXPR_MOST_TEXT = 65536 };

enum expr_error { EXPR_OK, EXPR_EMPTY, EXPR_MALFORMED, EXPR_TOO_LONG, EXPR_NO_MEMORY };

/* Reads an answer: a bare one, or (extract) a whole response, out of which the answer is taken first: the last
 * \boxed{...} with balanced braces, else what follows the last "answer is", "####", "A:" and the like, else the last
 * formula. LaTeX and plain text alike. Gives EXPR_OK, or another with `why` (a sentence; room for 120 bytes).
 * An answer alone is left whole by `extract`. What is no mathematics is one EXPR_WORDS; a condition stands for the set
 * \{x : condition\}, a : b for a/b, a sum or an integral for EXPR_OTHER of its bounds and its term.
 * Bounded: time is O(length) but for bracket matching, depth at most EXPR_MOST_DEPTH; never recurses deeper. */
enum expr_error expr_read(struct expr *, struct rho_str text, bool extract, char why[120]);
void expr_free(struct expr *);

/* What `extract` takes out of a response, as a view of it: for messages and for verifiers of other kinds. */
struct rho_str expr_extract(struct rho_str text);

/* Writes the tree as text that reads like the answer, at most `room` bytes with the NUL; for messages and tests. */
size_t expr_write(const struct expr *, uint32_t node, char *out, size_t room);

#endif
