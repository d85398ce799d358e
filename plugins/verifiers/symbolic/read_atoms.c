/* read_atoms.c: powers, and what stands in them: numbers, symbols, roots, fractions, matrices. */
#include <string.h>

#include "read.h"

static const struct rho_str no_text = { "", 0 };

static struct rho_str literal(const char *s) { return (struct rho_str){ s, strlen(s) }; }

static uint32_t leaf(struct reader *r, enum expr_kind kind, uint8_t op, struct rho_str text)
{
	return node_make(r, kind, op, r->n_stack, text.len ? text_keep(r, text) : text);
}

/* A node with one child, of `kind`. */
static uint32_t wrap(struct reader *r, enum expr_kind kind, uint8_t op, uint32_t node, struct rho_str text)
{
	uint32_t base = r->n_stack;
	return node_push(r, node) ? node_make(r, kind, op, base, text.len ? text_keep(r, text) : text) : NO_NODE;
}

static uint32_t fails(struct reader *r, const char *what, const struct token *t)
{
	read_fails(r, EXPR_MALFORMED, "%s%.*s", what, t->text.len > 40 ? 40 : (int)t->text.len, t->text.at);
	return NO_NODE;
}

bool token_starts_factor(const struct reader *r)
{
	switch ((enum token_kind)reader_token(r)->kind) {
	case T_NUMBER: case T_LETTER: case T_NAME: case T_CONSTANT: case T_FUNCTION: case T_OPEN: case T_FRACTION:
	case T_BINOMIAL: case T_ROOT: case T_ACCENT: case T_BIG: case T_BEGIN:
		return true;
	case T_BAR:
		return !r->bars;
	default:
		return false;
	}
}

/* A number's digits as a node, without its base or power of ten. */
static uint32_t number_leaf(struct reader *r, struct rho_str digits, uint8_t repeats)
{
	bool point = memchr(digits.at, '.', digits.len) != NULL;
	uint32_t node = leaf(r, point ? EXPR_DECIMAL : EXPR_INTEGER, repeats, digits);
	return repeats ? node_mark(r, node, EXPR_REPEATS) : node;
}

/* The base that stands below a number: _8, _{12}, _{two}, _{\text{base }2}; 0: none that is one. */
static uint8_t read_base(struct reader *r)
{
	uint32_t at = r->at + 1, base = 0, end;
	bool group = r->token[at].kind == T_OPEN && r->token[at].op == '{';
	end = group ? r->token[at].match : at + 1;
	for (at += group; at < end; at++) {
		const struct token *t = &r->token[at];
		int name = t->kind == T_WORD ? name_number(t->text) : -1;
		if (t->kind == T_WORD && text_is(t->text, "sixteen"))
			name = 16;
		if (name > 0)
			base = (uint32_t)name;
		for (size_t i = 0; t->kind == T_NUMBER && i < t->text.len && base < 100; i++)
			base = base * 10 + (uint32_t)(t->text.at[i] - '0');
	}
	if (base < 2 || base > 36)
		return 0;
	r->at = end + group;
	return (uint8_t)base;
}

static bool digits_fit(struct rho_str digits, uint8_t base)
{
	for (size_t i = 0; i < digits.len; i++) {
		char c = digits.at[i];
		int value = c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'Z' ? c - 'A' + 10 : 99;
		if (value >= base)
			return false;
	}
	return true;
}

static uint32_t parse_number(struct reader *r)
{
	const struct token *t = reader_token(r);
	uint32_t base = r->n_stack, power = r->n_stack + 1, node;
	uint8_t radix;
	r->at++;
	if (reader_sees(r, T_BELOW)) {
		radix = read_base(r);
		if (!radix || !digits_fit(t->text, radix))
			return fails(r, "the base below it does not fit the digits ", t);
		return leaf(r, EXPR_BASE, radix, t->text);
	}
	node = number_leaf(r, t->text, t->op);
	if (!reader_sees(r, T_TEN_TO) || !node_push(r, node))
		return node;
	t = reader_token(r);
	r->at++;
	if (!node_push(r, leaf(r, EXPR_INTEGER, 0, literal("10"))))
		return NO_NODE;
	node = leaf(r, EXPR_INTEGER, 0, text_trim(t->text, "+-"));
	if (t->text.at[0] == '-')
		node = wrap(r, EXPR_NEGATE, 0, node, no_text);
	if (!node_push(r, node) || !node_push(r, node_make(r, EXPR_POWER, 0, power, no_text)))
		return NO_NODE;
	return node_mark(r, node_make(r, EXPR_PRODUCT, 0, base, no_text), EXPR_POW10);
}

/* Takes the closing bracket of `open`. A last brace may be missing. */
static bool close_bracket(struct reader *r, uint8_t open)
{
	const struct token *t = reader_token(r);
	bool round = open == '(' || open == '[';
	if (t->kind == T_END && (open == '{' || open == 'b') && !r->forgiven) {
		r->forgiven = true;
		return true;
	}
	if (t->kind == T_CLOSE && (t->op == open || (round && (t->op == '(' || t->op == '[')))) {
		r->at++;
		return true;
	}
	if (t->kind == T_END)
		return read_fails(r, EXPR_MALFORMED, "a %c is not closed", open == 's' || open == 'b' ? '{' : open);
	return read_fails(r, EXPR_MALFORMED, "'%.*s' stands where a %c should be closed",
		t->text.len > 30 ? 30 : (int)t->text.len, t->text.at, open == 's' || open == 'b' ? '{' : open);
}

/* A LaTeX argument: {...}, one digit, or one other thing. */
static uint32_t parse_argument(struct reader *r, const struct token *of)
{
	struct token *t = &r->token[r->at];
	uint32_t node;
	if (t->kind == T_OPEN && t->op == '{') {
		r->at++;
		if (reader_sees(r, T_CLOSE))
			return fails(r, "an empty argument of ", of);
		node = parse_list(r);
		return close_bracket(r, '{') ? node : NO_NODE;
	}
	if (t->kind == T_NUMBER && t->text.len > 1 && !memchr(t->text.at, '.', t->text.len)) {
		struct rho_str digit = { t->text.at, 1 };
		t->text.at++;
		t->text.len--;
		return leaf(r, EXPR_INTEGER, 0, digit);
	}
	if (!token_starts_factor(r))
		return fails(r, "an argument is missing behind ", of);
	return parse_atom(r);
}

static uint32_t parse_two_arguments(struct reader *r, enum expr_kind kind)
{
	const struct token *of = reader_token(r);
	uint32_t base = r->n_stack;
	r->at++;
	if (!node_push(r, parse_argument(r, of)) || !node_push(r, parse_argument(r, of)))
		return NO_NODE;
	return node_make(r, kind, 0, base, no_text);
}

static uint32_t parse_root(struct reader *r)
{
	const struct token *of = reader_token(r);
	uint32_t base = r->n_stack, which = NO_NODE, what;
	r->at++;
	if (of->op == 0 && reader_sees(r, T_OPEN) && reader_token(r)->op == '[') {
		r->at++;
		which = parse_list(r);
		if (!close_bracket(r, '['))
			return NO_NODE;
	}
	if (of->op && reader_sees(r, T_NUMBER))         /* a plain root sign takes the whole number */
		what = parse_number(r);
	else
		what = parse_argument(r, of);
	if (!node_push(r, what))
		return NO_NODE;
	if (which == NO_NODE)
		which = leaf(r, EXPR_INTEGER, 0, literal(of->op == 3 ? "3" : "2"));
	return node_push(r, which) ? node_make(r, EXPR_ROOT, 0, base, no_text) : NO_NODE;
}

/* An exponent: signs, then {...} or one thing, which may have an exponent of its own. */
static uint32_t parse_exponent(struct reader *r)
{
	bool minus = false;
	uint32_t base = r->n_stack, node;
	if (++r->depth > EXPR_MOST_DEPTH) {
		read_fails(r, EXPR_TOO_LONG, "nested more than %d deep", EXPR_MOST_DEPTH);
		return NO_NODE;
	}
	while (reader_sees(r, T_MINUS) || reader_sees(r, T_PLUS)) {
		minus = minus != reader_sees(r, T_MINUS);
		r->at++;
	}
	if (!token_starts_factor(r))
		return fails(r, "an exponent is missing before ", reader_token(r));
	node = parse_atom(r);
	if (node != NO_NODE && reader_sees(r, T_POWER)) {
		r->at++;
		if (!node_push(r, node) || !node_push(r, parse_exponent(r)))
			return NO_NODE;
		node = node_make(r, EXPR_POWER, 0, base, no_text);
	}
	r->depth--;
	return minus ? wrap(r, EXPR_NEGATE, 0, node, no_text) : node;
}

/* What ^ means where it makes no power: degrees, primes, the th of 5^{th}. Takes it, or leaves it. */
static bool parse_mark(struct reader *r, uint32_t *node)
{
	const struct token *t = reader_token(r) + 1;
	bool group = t->kind == T_OPEN && t->op == '{';
	const struct token *inner = t + group;
	bool sign = r->e->node[*node].kind == EXPR_NAMED_SET && (inner->kind == T_PLUS || inner->kind == T_MINUS ||
	                                                          inner->kind == T_TIMES);
	if (inner->kind != T_DEGREE && inner->kind != T_PRIME && inner->kind != T_WORD && !sign)
		return false;
	if (group && inner[1].kind != T_CLOSE)
		return false;
	if (sign)               /* the positive integers */
		*node = wrap(r, EXPR_CALL, EXPR_OTHER, *node, literal(inner->kind == T_PLUS ? "positive"
			: inner->kind == T_MINUS ? "negative" : "nonzero"));
	else if (inner->kind == T_PRIME)
		*node = wrap(r, EXPR_CALL, EXPR_OTHER, *node, literal("prime"));
	else
		*node = node_mark(r, *node, inner->kind == T_DEGREE ? EXPR_DEGREES : EXPR_UNITS);
	r->at += 2 + 2 * (uint32_t)group;
	return true;
}

static uint32_t parse_factorial(struct reader *r, uint32_t node)
{
	r->at++;
	if (!reader_sees(r, T_FACTORIAL))
		return wrap(r, EXPR_FACTORIAL, 0, node, no_text);
	r->at++;
	return wrap(r, EXPR_CALL, EXPR_OTHER, node, literal("double factorial"));
}

uint32_t parse_power(struct reader *r)
{
	uint32_t base = r->n_stack, node = parse_atom(r);
	while (node != NO_NODE) {
		if (reader_sees(r, T_POWER)) {
			if (parse_mark(r, &node))
				continue;
			r->at++;
			if (!node_push(r, node) || !node_push(r, parse_exponent(r)))
				return NO_NODE;
			node = node_make(r, EXPR_POWER, 0, base, no_text);
		} else if (reader_sees(r, T_FACTORIAL)) {
			node = parse_factorial(r, node);
		} else if (reader_sees(r, T_PRIME)) {           /* 5' are feet */
			r->at++;
			node_mark(r, node, EXPR_UNITS);
		} else {
			return node;
		}
	}
	return NO_NODE;
}

/* Items between bars. */
static uint32_t parse_bars(struct reader *r)
{
	uint32_t node;
	r->at++;
	r->bars++;
	node = parse_list(r);
	r->bars--;
	if (node == NO_NODE)
		return NO_NODE;
	if (!reader_sees(r, T_BAR))
		return fails(r, "a | is not closed before ", reader_token(r));
	r->at++;
	return wrap(r, EXPR_ABS, 0, node, no_text);
}

static bool any_relation(const struct reader *r, uint32_t base)
{
	for (uint32_t i = base; i < r->n_stack; i++)
		if (r->e->node[r->stack[i]].kind == EXPR_RELATION)
			return true;
	return false;
}

/* What the items from `base` on mean within ( ) and [ ]. */
static uint32_t bracketed(struct reader *r, uint32_t base, const struct token *open, const struct token *close)
{
	uint32_t n = r->n_stack - base, node;
	bool same = open->op == close->op;
	if (n == 1 && same)
		return r->stack[--r->n_stack];
	if (n == 0 && open->op == '(')
		return fails(r, "nothing stands in the brackets ", open);
	if (n != 2 && !same)
		return fails(r, "an interval has two ends, not what stands in ", open);
	if (any_relation(r, base))
		return node_make(r, EXPR_LIST, 0, base, no_text);
	if (n != 2)
		return node_make(r, EXPR_TUPLE, 0, base, no_text);
	node = node_make(r, EXPR_INTERVAL, 0, base, no_text);
	if (open->op == '(')
		node_mark(r, node, EXPR_LEFT_OPEN);
	return close->op == '(' ? node_mark(r, node, EXPR_RIGHT_OPEN) : node;
}

/* Rows [1, 2] on the stack from `base` on as a matrix, when they are as many long each; else as they are. */
static uint32_t matrix_of_rows(struct reader *r, uint32_t base)
{
	struct expr *e = r->e;
	uint32_t rows = r->n_stack - base, columns = e->node[r->stack[base]].n, first;
	for (uint32_t i = base; i < r->n_stack; i++) {
		const struct expr_node *x = &e->node[r->stack[i]];
		if ((x->kind != EXPR_TUPLE && x->kind != EXPR_INTERVAL) || x->flags || x->n != columns || rows > 255)
			return node_make(r, EXPR_TUPLE, 0, base, no_text);
	}
	first = r->n_stack;
	for (uint32_t i = 0; i < rows; i++) {
		const struct expr_node *x = &e->node[r->stack[base + i]];
		for (uint32_t k = 0; k < columns; k++)
			if (!node_push(r, e->child[x->child + k]))
				return NO_NODE;
	}
	first = node_make(r, EXPR_MATRIX, (uint8_t)rows, first, no_text);
	r->n_stack = base;
	return first;
}

/* \{x : ...\} and \{x \in R | ...\}: passes over what stands before the condition. */
static bool pass_set_variable(struct reader *r)
{
	const struct token *t = reader_token(r);
	uint32_t n = 1;
	if (t[0].kind != T_LETTER)
		return false;
	if (t[1].kind == T_RELATION && t[1].op == 'i' && (t[2].kind == T_NAMED_SET || t[2].kind == T_LETTER))
		n = 3;
	if (t[n].kind != T_BAR && t[n].kind != T_COLON)
		return false;
	r->at += n + 1;
	return true;
}

static uint32_t end_brackets(struct reader *r, uint32_t base, const struct token *open)
{
	const struct token *close = reader_token(r);
	uint32_t n = r->n_stack - base;
	if (!close_bracket(r, open->op))
		return NO_NODE;
	switch (open->op) {
	case '(':
	case '[':
		if (open->op == '[' && open[1].kind == T_OPEN && open[1].op == '[' && n > 1 && close->op == '[')
			return matrix_of_rows(r, base);
		return bracketed(r, base, open, close);
	case 's':
		return node_make(r, EXPR_SET, 0, base, no_text);
	case 'f':
	case 'c':
		if (n == 1)
			return node_make(r, open->op == 'f' ? EXPR_FLOOR : EXPR_CEIL, 0, base, no_text);
		return fails(r, "one value, not several, stands in ", open);
	default:
		if (n == 1)
			return r->stack[--r->n_stack];
		if (n > 1)
			return node_make(r, open->op == 'b' ? EXPR_LIST : EXPR_SET, 0, base, no_text);
		if (open->op == '{' && token_starts_factor(r))
			return parse_power(r);          /* {} before an index */
		return fails(r, "nothing stands in the braces ", open);
	}
}

uint32_t parse_brackets(struct reader *r)
{
	const struct token *open = reader_token(r);
	uint32_t base = r->n_stack, bars = r->bars, node;
	r->at++;
	r->bars = 0;
	if (open->op == 's' && pass_set_variable(r)) {
		node = parse_list(r);
		return close_bracket(r, 's') ? node : NO_NODE;
	}
	if (!parse_items(r))
		return NO_NODE;
	if (reader_sees(r, T_OVER)) {           /* {a \over b} */
		bool choose = reader_token(r)->op;
		if (r->n_stack - base != 1)
			return fails(r, "one term stands before ", reader_token(r));
		r->at++;
		if (!node_push(r, parse_list(r)) ||
		    !node_push(r, node_make(r, choose ? EXPR_BINOMIAL : EXPR_QUOTIENT, 0, base, no_text)))
			return NO_NODE;
	}
	node = end_brackets(r, base, open);
	r->bars = bars;
	return node;
}

/* The cells of \begin{...matrix} ... \end: rows of one length. */
static uint32_t parse_cells(struct reader *r, uint32_t base, bool table)
{
	uint32_t rows = 0, columns = 0, row = base;
	while (!reader_sees(r, T_FINISH) && !r->error) {
		enum token_kind t = (enum token_kind)reader_token(r)->kind;
		if (t == T_ROW) {
			if (r->n_stack > row)
				rows++;
			if (table && r->n_stack > row && columns && r->n_stack - row != columns)
				return fails(r, "the rows have different lengths in the ", &r->token[r->at]);
			columns = r->n_stack > row ? r->n_stack - row : columns;
			row = r->n_stack;
		}
		if (t == T_ROW || t == T_CELL || t == T_COMMA || t == T_AND)
			r->at++;
		else if (t == T_END || t == T_CLOSE)
			return fails(r, "\\end is missing before ", reader_token(r));
		else if (!node_push(r, parse_list(r)))
			return NO_NODE;
	}
	r->at++;
	if (!table || r->n_stack == base)
		return r->n_stack > base ? node_make(r, EXPR_LIST, 0, base, no_text)
			: fails(r, "nothing stands before ", reader_token(r));
	rows += r->n_stack > row;
	if ((r->n_stack > row && columns && r->n_stack - row != columns) || rows > 255)
		return fails(r, "the rows are too many, or of different lengths, before ", reader_token(r));
	return node_make(r, EXPR_MATRIX, (uint8_t)rows, base, no_text);
}

uint32_t parse_matrix(struct reader *r)
{
	const struct token *begin = reader_token(r);
	struct rho_str name = begin->text;
	bool table = text_is(name, "array") || text_is(name, "tabular") ||
		(name.len >= 6 && !memcmp(name.at + name.len - 6, "matrix", 6));
	uint32_t base = r->n_stack, bars = r->bars, node;
	r->at++;
	r->bars = 0;
	node = parse_cells(r, base, table);
	r->bars = bars;
	if (node != NO_NODE && !table && r->e->node[node].n == 1)
		return r->e->child[r->e->node[node].child];
	return node;
}

/* Several words in a row, as one node; names of numbers and of "no value" are what they name. */
static uint32_t parse_words(struct reader *r)
{
	struct rho_str first = reader_token(r)->text, all = first;
	int number;
	char digits[12];
	size_t n = 0;
	while (reader_sees(r, T_WORD)) {
		struct rho_str t = reader_token(r)->text;
		all.len = (size_t)(t.at + t.len - first.at);
		r->at++;
	}
	all = text_trim(all, " .,;:!?");
	number = name_number(all);
	if (number >= 0) {
		if (number >= 10)
			digits[n++] = (char)('0' + number / 10);
		digits[n++] = (char)('0' + number % 10);
		return leaf(r, EXPR_INTEGER, 0, (struct rho_str){ digits, n });
	}
	if (text_is(all, "undefined") || text_is(all, "dne") || text_is(all, "does not exist"))
		return leaf(r, EXPR_CONSTANT, EXPR_UNDEFINED, no_text);
	return leaf(r, EXPR_WORDS, 0, text_plain(r, all));
}

static uint32_t parse_accent(struct reader *r)
{
	const struct token *of = reader_token(r);
	r->at++;
	return wrap(r, EXPR_CALL, EXPR_OTHER, parse_argument(r, of), of->text);
}

/* A currency sign and what stands behind it. */
static uint32_t parse_amount(struct reader *r)
{
	const struct token *of = reader_token(r);
	bool minus;
	while (reader_sees(r, T_CURRENCY))
		r->at++;
	minus = reader_sees(r, T_MINUS);
	r->at += minus;
	if (!token_starts_factor(r))
		return fails(r, "an amount is missing behind ", of);
	return node_mark(r, minus ? wrap(r, EXPR_NEGATE, 0, parse_atom(r), no_text) : parse_atom(r), EXPR_UNITS);
}

static uint32_t parse_any(struct reader *r)
{
	const struct token *t = reader_token(r);
	switch ((enum token_kind)t->kind) {
	case T_NUMBER: return parse_number(r);
	case T_LETTER:
	case T_NAME: return parse_symbol(r);
	case T_CONSTANT:
		if (t[1].kind == T_BELOW)
			return parse_symbol(r);
		r->at++;
		return leaf(r, EXPR_CONSTANT, t->op, no_text);
	case T_FUNCTION:
	case T_BIG: return parse_call(r);
	case T_OPEN: return parse_brackets(r);
	case T_BAR: return parse_bars(r);
	case T_FRACTION: return parse_two_arguments(r, EXPR_QUOTIENT);
	case T_BINOMIAL: return parse_two_arguments(r, EXPR_BINOMIAL);
	case T_ROOT: return parse_root(r);
	case T_ACCENT: return parse_accent(r);
	case T_BEGIN: return parse_matrix(r);
	case T_WORD: return parse_words(r);
	case T_NAMED_SET: r->at++; return leaf(r, EXPR_NAMED_SET, t->op, no_text);
	case T_EMPTY_SET: r->at++; return leaf(r, EXPR_SET, 0, no_text);
	case T_CURRENCY: return parse_amount(r);
	default: return fails(r, "a term is missing before ", t);
	}
}

uint32_t parse_atom(struct reader *r)
{
	uint32_t node;
	if (r->depth == EXPR_MOST_DEPTH)
		read_fails(r, EXPR_TOO_LONG, "nested more than %d deep", EXPR_MOST_DEPTH);
	if (r->error)
		return NO_NODE;
	r->depth++;
	node = parse_any(r);
	r->depth--;
	return node;
}
