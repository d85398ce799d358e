/* read_calls.c: symbols with what stands below them, functions, sums and their like. */
#include <string.h>

#include "read.h"

static const struct rho_str no_text = { "", 0 };

static struct rho_str literal(const char *s) { return (struct rho_str){ s, strlen(s) }; }

static uint32_t fails(struct reader *r, const char *what, const struct token *t)
{
	read_fails(r, EXPR_MALFORMED, "%s%.*s", what, t->text.len > 40 ? 40 : (int)t->text.len, t->text.at);
	return NO_NODE;
}

/* The one spelling of a letter that has two. */
static struct rho_str spelling(struct rho_str name)
{
	return name.len > 3 && !memcmp(name.at, "var", 3) ? (struct rho_str){ name.at + 3, name.len - 3 } : name;
}

/* Keeps the text of what stands below or above, behind what the name has so far. False: it is not closed. */
static bool keep_below(struct reader *r, struct rho_str *name)
{
	const struct token *t = reader_token(r);
	uint32_t end = r->at + 1;
	if (t->kind == T_OPEN && t->match)
		end = t->match + 1;
	else if (t->kind == T_OPEN || t->kind == T_END || t->kind == T_CLOSE)
		return read_fails(r, EXPR_MALFORMED, "an index is missing, or not closed, behind %.*s",
			name->len > 40 ? 40 : (int)name->len, name->at);
	for (; r->at < end; r->at++) {
		t = reader_token(r);
		if (t->kind != T_OPEN && t->kind != T_CLOSE)
			name->len += text_keep(r, spelling(t->text)).len;
	}
	return !r->error;
}

/* Whether the brackets that follow hold a function's argument, not a factor. `from`: the symbol's token. */
static bool is_call(const struct reader *r, uint32_t from, struct rho_str name)
{
	const struct token *t = reader_token(r), *first = &r->token[from];
	const struct token *before = from ? first - 1 : NULL;
	bool starts = !before || before->kind == T_COMMA || before->kind == T_AND || before->kind == T_RELATION ||
		before->kind == T_OPEN || before->kind == T_WORD;
	if (t->kind != T_OPEN || t->op != '(' || !t->match || first->kind != T_LETTER)
		return false;
	if (name.at[name.len - 1] == '\'' || strchr("fgh", name.at[0]))
		return true;
	if (strchr("FGPQW", name.at[0]) && t[1].kind == T_LETTER && t->match == r->at + 2)
		return true;
	return starts && r->token[t->match + 1].kind == T_RELATION && r->token[t->match + 1].op == '=';
}

uint32_t parse_symbol(struct reader *r)
{
	uint32_t from = r->at, base = r->n_stack;
	struct rho_str name = text_keep(r, spelling(reader_token(r)->text));
	r->at++;
	while (reader_sees(r, T_PRIME)) {
		name.len += text_keep(r, literal("'")).len;
		r->at++;
	}
	if (reader_sees(r, T_BELOW)) {
		r->at++;
		name.len += text_keep(r, literal("_")).len;
		if (!keep_below(r, &name))
			return NO_NODE;
	}
	if (r->error || !is_call(r, from, name))
		return node_make(r, EXPR_SYMBOL, 0, base, name);
	r->at++;
	if (!parse_items(r))
		return NO_NODE;
	if (!reader_sees(r, T_CLOSE) || r->n_stack == base)
		return fails(r, "the arguments of a function end before ", reader_token(r));
	r->at++;
	return node_make(r, EXPR_CALL, EXPR_OTHER, base, name);
}

/* What stands behind _ or ^ of a function: {...}, a number, a letter. */
static uint32_t parse_shifted(struct reader *r)
{
	uint32_t node;
	bool minus = reader_sees(r, T_MINUS);
	r->at += minus;
	if (!token_starts_factor(r))
		return fails(r, "an index is missing before ", reader_token(r));
	node = parse_atom(r);
	if (!minus || !node_push(r, node))
		return node;
	return node_make(r, EXPR_NEGATE, 0, r->n_stack - 1, no_text);
}

static bool is_minus_one(const struct reader *r, uint32_t node)
{
	const struct expr *e = r->e;
	const struct expr_node *x = &e->node[node];
	if (x->kind != EXPR_NEGATE)
		return false;
	x = &e->node[e->child[x->child]];
	return x->kind == EXPR_INTEGER && x->text.len == 1 && x->text.at[0] == '1';
}

/* A function's arguments, onto the stack: in brackets, or the factors that follow. */
static bool parse_arguments(struct reader *r, const struct token *of)
{
	const struct token *t = reader_token(r);
	uint32_t base = r->n_stack, bars = r->bars;
	if (t->kind != T_OPEN || (t->op != '(' && t->op != '[' && t->op != '{')) {
		if (!token_starts_factor(r) && t->kind != T_MINUS && t->kind != T_PLUS) {
			fails(r, "an argument is missing behind ", of);
			return false;
		}
		return node_push(r, parse_product(r, true));
	}
	r->at++;
	r->bars = 0;
	if (!parse_items(r))
		return false;
	r->bars = bars;
	if (!reader_sees(r, T_CLOSE) || reader_token(r)->op != t->op || r->n_stack == base) {
		fails(r, "the arguments do not end where they should, behind ", of);
		return false;
	}
	r->at++;
	return true;
}

static uint32_t call_node(struct reader *r, const struct token *of, enum expr_function function, uint32_t base)
{
	uint32_t n = r->n_stack - base;
	bool several = function == EXPR_MIN || function == EXPR_MAX || function == EXPR_GCD || function == EXPR_LCM ||
		function == EXPR_OTHER || (function == EXPR_LOG && n == 2);
	if (n != 1 && !several)
		return fails(r, "one argument, not several, belongs to ", of);
	if (function == EXPR_OTHER && n == 1 && text_is(of->text, "abs"))
		return node_make(r, EXPR_ABS, 0, base, no_text);
	if (function == EXPR_OTHER && n == 1 && text_is(of->text, "floor"))
		return node_make(r, EXPR_FLOOR, 0, base, no_text);
	if (function == EXPR_OTHER && n == 1 && text_is(of->text, "ceil"))
		return node_make(r, EXPR_CEIL, 0, base, no_text);
	return node_make(r, EXPR_CALL, (uint8_t)function, base,
	                 function == EXPR_OTHER ? text_keep(r, of->text) : no_text);
}

/* log: what, base; its base is 10 where none is written. */
static bool push_log_base(struct reader *r, uint32_t below)
{
	if (below == NO_NODE)
		below = node_make(r, EXPR_INTEGER, 0, r->n_stack, text_keep(r, literal("10")));
	return node_push(r, below);
}

static uint32_t parse_function(struct reader *r)
{
	const struct token *of = reader_token(r);
	enum expr_function function = (enum expr_function)of->op;
	uint32_t base = r->n_stack, power = NO_NODE, below = NO_NODE, node;
	r->at++;
	while (reader_sees(r, T_POWER) || reader_sees(r, T_BELOW)) {
		uint32_t *which = reader_sees(r, T_POWER) ? &power : &below;
		r->at++;
		*which = parse_shifted(r);
		if (*which == NO_NODE)
			return NO_NODE;
	}
	if (below != NO_NODE && function != EXPR_LOG)
		return fails(r, "an index makes no sense at ", of);
	if (power != NO_NODE && function <= EXPR_TAN && is_minus_one(r, power)) {
		function = EXPR_ARCSIN + (function - EXPR_SIN);
		power = NO_NODE;
	}
	if (!parse_arguments(r, of) ||
	    (function == EXPR_LOG && r->n_stack - base == 1 && !push_log_base(r, below)))
		return NO_NODE;
	node = call_node(r, of, function, base);
	if (power == NO_NODE || !node_push(r, node) || !node_push(r, power))
		return node;
	return node_make(r, EXPR_POWER, 0, base, no_text);
}

/* \sum_{k=1}^n and its like: a function of what stands below, above, and behind. */
static uint32_t parse_big(struct reader *r)
{
	const struct token *of = reader_token(r);
	uint32_t base = r->n_stack;
	r->at++;
	while (reader_sees(r, T_POWER) || reader_sees(r, T_BELOW)) {
		r->at++;
		if (!node_push(r, parse_shifted(r)))
			return NO_NODE;
	}
	if (!node_push(r, parse_product(r, false)))
		return NO_NODE;
	return node_make(r, EXPR_CALL, EXPR_OTHER, base, text_keep(r, of->text));
}

uint32_t parse_call(struct reader *r) { return reader_sees(r, T_BIG) ? parse_big(r) : parse_function(r); }
