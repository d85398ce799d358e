/* read.h: how a text becomes a tree: flattened to ASCII, cut into tokens, parsed. For the reader's own files. */
#ifndef RHO_SYMBOLIC_READ_H
#define RHO_SYMBOLIC_READ_H

#include "expr.h"

#define NO_NODE UINT32_MAX

enum token_kind {
	T_END,
	T_NUMBER,               /* text: digits, one point or none; op: how many digits repeat       */
	T_TEN_TO,               /* text: the exponent behind 1.5e-3, with its sign                   */
	T_LETTER,               /* text: one letter                                                  */
	T_NAME,                 /* text: a symbol of several letters: theta, AB                      */
	T_CONSTANT,             /* op: enum expr_constant                                            */
	T_FUNCTION,             /* op: enum expr_function; text: its name                            */
	T_WORD,                 /* text: what is no mathematics                                      */
	T_AND,                  /* and, or                                                           */
	T_PLUS, T_MINUS,
	T_PLUS_MINUS,           /* op 1: minus-plus                                                  */
	T_TIMES, T_DIVIDE, T_POWER, T_BELOW, T_FACTORIAL, T_PRIME,
	T_RELATION,             /* op: as in EXPR_RELATION                                           */
	T_COMMA, T_COLON,
	T_BAR,                  /* | */
	T_OPEN, T_CLOSE,        /* op: one of ( [ { and s for \{, b for a box, f floor, c ceiling    */
	T_CELL, T_ROW,          /* & and \\                                                          */
	T_UNION, T_INTERSECTION, T_WITHOUT, T_NAMED_SET, T_EMPTY_SET,
	T_FRACTION, T_OVER, T_BINOMIAL,
	T_ROOT,                 /* op: which root a plain sign means; 0: \sqrt, one LaTeX argument   */
	T_ACCENT,               /* text: bar, overline                                               */
	T_BIG,                  /* text: sum, prod, int, lim                                         */
	T_MOD, T_PERCENT, T_DEGREE, T_CURRENCY,
	T_BEGIN, T_FINISH,      /* text: the environment                                             */
	T_SKIP, T_SKIP_ARGUMENT, T_TEXT, T_STYLE, T_BOX         /* commands only; never a token      */
};

struct token {
	uint8_t kind, op;
	bool blank;             /* a blank, or a delimiter, in front of it */
	uint32_t match;         /* of an opening bracket: its closing one, 0 when none */
	struct rho_str text;    /* in the flattened text or in the expr's bytes */
};

struct reader {
	struct expr *e;
	char *flat; size_t n_flat;              /* the text in ASCII, but for words in other scripts */
	struct token *token; uint32_t n_tokens, tokens_room, at;
	uint32_t *stack, n_stack, stack_room;   /* nodes that wait for their parent */
	char *sign; uint32_t n_signs;           /* relation signs that wait, (n_flat) */
	uint8_t *height; uint32_t height_room;  /* of each node: how deep its tree is */
	uint32_t depth, bars;                   /* of the parser; open |...| */
	bool words;                             /* some word was seen */
	bool forgiven;                          /* a missing last brace was */
	enum expr_error error;                  /* the first one */
	char *why;                              /* its sentence (120) */
};

/* What a name means, as a command (\name) or in plain text. */
struct name { const char *text; uint8_t kind, op; bool plain; };

/* The entry of a name, or NULL. */
const struct name *name_find(struct rho_str name);
/* Whether a run of letters is a word of prose or a unit, not a product of variables. */
bool name_is_word(struct rho_str run);
/* 0 to 20 for "zero" to "twenty"; -1: no number's name. */
int name_number(struct rho_str word);
/* Case-blind equality with a lower-case literal. */
bool text_is(struct rho_str s, const char *lower);
struct rho_str text_trim(struct rho_str s, const char *these);
/* Without the blanks and marks of a sentence around it; the point of .5 stays. */
struct rho_str text_edges(struct rho_str s);

/* Text to ASCII: Unicode signs as their LaTeX, \left and \! gone, blanks as one kind. out (8 n + 8); its length. */
size_t text_flatten(struct rho_str text, char *out);

/* reader.flat to reader.token. */
bool tokens_read(struct reader *);

/* Notes the first error; false, so that it can be returned. */
bool read_fails(struct reader *, enum expr_error, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* A node whose children are the stack's from `base` on, which it takes off; NO_NODE after an error. */
uint32_t node_make(struct reader *, enum expr_kind, uint8_t op, uint32_t base, struct rho_str text);
/* Adds marks (enum expr_flag) to a node, which it gives back; NO_NODE stays that. */
uint32_t node_mark(struct reader *, uint32_t node, uint32_t flags);
/* Pushes a node; false when it is NO_NODE or memory ends. */
bool node_push(struct reader *, uint32_t node);
/* The bytes of a text, kept with the expr. */
struct rho_str text_keep(struct reader *, struct rho_str);
/* A text as words: lower case, single blanks, without commands that style it; kept with the expr. */
struct rho_str text_plain(struct reader *, struct rho_str);

/* The parser's levels; each gives a node, or NO_NODE with the error noted. */
uint32_t parse_list(struct reader *);           /* items with commas, and, or  */
bool parse_items(struct reader *);              /* the same, left on the stack */
uint32_t parse_product(struct reader *, bool argument);
uint32_t parse_power(struct reader *);
uint32_t parse_atom(struct reader *);
uint32_t parse_call(struct reader *);           /* functions, sums, mod */
uint32_t parse_symbol(struct reader *);
uint32_t parse_matrix(struct reader *);
uint32_t parse_brackets(struct reader *);
bool token_starts_factor(const struct reader *);

/* The words behind the value on top of the stack: a unit, percent, degrees, millions. False: not understood. */
bool parse_words_behind(struct reader *);
/* Whether words behind a value say something else than its unit: "or more". */
bool words_change_meaning(struct rho_str);
/* Passes over what stands behind a unit: ^2, /s, per hour. */
void parse_unit_tail(struct reader *);

static inline const struct token *reader_token(const struct reader *r) { return &r->token[r->at]; }
static inline bool reader_sees(const struct reader *r, enum token_kind kind) { return r->token[r->at].kind == kind; }

#endif
