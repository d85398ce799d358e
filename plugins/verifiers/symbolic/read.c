/* read.c: from tokens to a tree: lists, relations, sets, sums, products. What binds tighter is in read_atoms.c.
 *
 * A parser by recursive descent. It never goes back, so it is linear; brackets, powers and calls count its depth, and
 * each node knows its tree's height, so that no tree is deeper than EXPR_MOST_DEPTH. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "read.h"

bool read_fails(struct reader *r, enum expr_error error, const char *format, ...)
{
	va_list args;
	if (r->error)
		return false;
	r->error = error;
	va_start(args, format);
	vsnprintf(r->why, 120, format, args);
	va_end(args);
	return false;
}

/* Room for one more of `size` bytes each; false without memory. */
static bool grow(void **at, uint32_t n, uint32_t *room, size_t size)
{
	uint32_t more = *room ? *room * 2 : 64;
	void *p;
	if (n < *room)
		return true;
	p = realloc(*at, more * size);
	if (!p)
		return false;
	*at = p;
	*room = more;
	return true;
}

bool node_push(struct reader *r, uint32_t node)
{
	void *p = r->stack;
	bool ok = node != NO_NODE && grow(&p, r->n_stack, &r->stack_room, sizeof *r->stack);
	r->stack = p;
	if (!ok)
		return node == NO_NODE ? false : read_fails(r, EXPR_NO_MEMORY, "no memory for %u nodes", r->n_stack);
	r->stack[r->n_stack++] = node;
	return true;
}

static bool room_for_node(struct reader *r)
{
	struct expr *e = r->e;
	void *nodes = e->node, *heights = r->height;
	bool ok = grow(&nodes, e->n_nodes, &e->nodes_room, sizeof *e->node);
	e->node = nodes;
	while (ok && r->height_room < e->nodes_room)
		ok = grow(&heights, r->height_room, &r->height_room, sizeof *r->height);
	r->height = heights;
	return ok;
}

uint32_t node_make(struct reader *r, enum expr_kind kind, uint8_t op, uint32_t base, struct rho_str text)
{
	struct expr *e = r->e;
	uint32_t n = r->n_stack - base, first = e->n_child;
	uint8_t height = 1;
	if (r->error)
		return NO_NODE;
	if (e->n_nodes == EXPR_MOST_NODES) {
		read_fails(r, EXPR_TOO_LONG, "more than %d parts", EXPR_MOST_NODES);
		return NO_NODE;
	}
	for (uint32_t i = 0; i < n; i++) {
		void *children = e->child;
		uint32_t child = r->stack[base + i];
		bool ok = grow(&children, e->n_child, &e->child_room, sizeof *e->child);
		e->child = children;
		if (!ok) {
			read_fails(r, EXPR_NO_MEMORY, "no memory for %u nodes", e->n_nodes);
			return NO_NODE;
		}
		e->child[e->n_child++] = child;
		if (r->height[child] >= height)
			height = (uint8_t)(r->height[child] + 1);
	}
	if (height > EXPR_MOST_DEPTH) {
		read_fails(r, EXPR_TOO_LONG, "nested more than %d deep", EXPR_MOST_DEPTH);
		return NO_NODE;
	}
	if (!room_for_node(r)) {
		read_fails(r, EXPR_NO_MEMORY, "no memory for %u nodes", e->n_nodes);
		return NO_NODE;
	}
	r->n_stack = base;
	r->height[e->n_nodes] = height;
	e->node[e->n_nodes] = (struct expr_node){
		.kind = (uint8_t)kind, .op = op, .n = n, .child = first, .text = text
	};
	return e->n_nodes++;
}

uint32_t node_mark(struct reader *r, uint32_t node, uint32_t flags)
{
	if (node != NO_NODE)
		r->e->node[node].flags = (uint16_t)(r->e->node[node].flags | flags);
	return node;
}

struct rho_str text_keep(struct reader *r, struct rho_str s)
{
	struct expr *e = r->e;
	struct rho_str kept = { e->bytes + e->n_bytes, s.len };
	if (s.len > e->bytes_room - e->n_bytes) {
		read_fails(r, EXPR_TOO_LONG, "more than %zu bytes of names and numbers", e->bytes_room);
		return (struct rho_str){ e->bytes, 0 };
	}
	memcpy(e->bytes + e->n_bytes, s.at, s.len);
	e->n_bytes += s.len;
	return kept;
}

static bool sees_relation(const struct reader *r, uint8_t *sign)
{
	const struct token *t = reader_token(r);
	*sign = t->op;
	if (t->kind == T_RELATION)
		return true;
	*sign = 'i';            /* x in [1, 2] */
	return t->kind == T_WORD && text_is(t->text, "in") &&
	       (t[1].kind == T_NAMED_SET || (t[1].kind == T_OPEN && t[1].op != '{'));
}

static const struct rho_str no_text = { "", 0 };

/* A node of the last one and `second`, both pushed. */
static uint32_t join(struct reader *r, enum expr_kind kind, uint8_t op, uint32_t base, uint32_t second)
{
	return node_push(r, second) ? node_make(r, kind, op, base, no_text) : NO_NODE;
}

/* Terms gathered from `base` on as one node: the only one itself. */
static uint32_t gather(struct reader *r, enum expr_kind kind, uint32_t base)
{
	if (r->n_stack - base == 1)
		return r->stack[--r->n_stack];
	return node_make(r, kind, 0, base, no_text);
}

/* Like terms flattened: a sum's own terms rather than the sum. */
static bool parse_sum_into(struct reader *r, uint32_t base)
{
	enum token_kind sign = reader_token(r)->kind;
	bool first = true;
	for (; !r->error; sign = reader_token(r)->kind, first = false) {
		uint8_t op = reader_token(r)->op;
		uint32_t from = r->n_stack, term;
		if (sign != T_PLUS && sign != T_MINUS && sign != T_PLUS_MINUS && !first)
			return true;
		if (sign == T_PLUS_MINUS) {
			r->at++;
			if (!first) {
				uint32_t left = gather(r, EXPR_SUM, base);
				if (!node_push(r, left))
					return false;
				from = base;
			}
			term = join(r, EXPR_PLUS_MINUS, op, from, parse_product(r, false));
		} else {
			if (sign == T_PLUS)
				r->at++;
			term = parse_product(r, false);
		}
		if (!node_push(r, term))
			return false;
	}
	return false;
}

static uint32_t parse_sum(struct reader *r)
{
	uint32_t base = r->n_stack;
	return parse_sum_into(r, base) ? gather(r, EXPR_SUM, base) : NO_NODE;
}

/* Whether a letter U stands between two sets: (0,1) U (2,3). */
static bool sees_letter_union(const struct reader *r, uint32_t left)
{
	const struct token *t = reader_token(r);
	enum expr_kind kind = (enum expr_kind)r->e->node[left].kind;
	return t->kind == T_LETTER && t->text.at[0] == 'U' && t[1].kind == T_OPEN &&
	       (kind == EXPR_INTERVAL || kind == EXPR_SET || kind == EXPR_UNION);
}

/* Unions, intersections and differences, from left to right; chains of one sign are one node. */
static uint32_t parse_sets(struct reader *r)
{
	uint32_t base = r->n_stack, left = parse_sum(r);
	int before = -1;
	while (!r->error) {
		enum token_kind t = reader_token(r)->kind;
		int kind = t == T_UNION || sees_letter_union(r, left) ? EXPR_UNION
			: t == T_INTERSECTION ? EXPR_INTERSECTION : t == T_WITHOUT ? EXPR_DIFFERENCE : -1;
		if (before >= 0 && (kind != before || kind == EXPR_DIFFERENCE)) {
			left = node_make(r, (enum expr_kind)before, 0, base, no_text);
			before = -1;
		}
		if (kind < 0)
			return left;
		if (before < 0 && !node_push(r, left))
			return NO_NODE;
		r->at++;
		if (!node_push(r, parse_sum(r)))
			return NO_NODE;
		before = kind;
	}
	return NO_NODE;
}

/* a : b is a quotient, a : b : c a tuple. */
static uint32_t parse_ratio(struct reader *r)
{
	uint32_t base = r->n_stack, left = parse_sets(r);
	if (!reader_sees(r, T_COLON) || !node_push(r, left))
		return left;
	while (reader_sees(r, T_COLON)) {
		r->at++;
		if (!node_push(r, parse_sets(r)))
			return NO_NODE;
	}
	return node_make(r, r->n_stack - base == 2 ? EXPR_QUOTIENT : EXPR_TUPLE, 0, base, no_text);
}

/* Passes over words that lead to an answer and say nothing of it. */
static void pass_fillers(struct reader *r)
{
	static const char *const all[] = { "the", "answer", "is", "are", "thus", "so", "hence", "therefore", "then",
		"approximately", "about", "approx", "roughly", "exactly", "equals", "equal", "to", "final", "result",
		"value", "it", "we", "get", "have", "only", "either", "usd" };
	while (reader_sees(r, T_WORD) && r->token[r->at + 1].kind != T_END) {
		struct rho_str rest = text_trim(reader_token(r)->text, " .,;:");
		while (rest.len) {
			const char *blank = memchr(rest.at, ' ', rest.len);
			struct rho_str word = { rest.at, blank ? (size_t)(blank - rest.at) : rest.len };
			bool filler = false;
			for (size_t i = 0; i < sizeof all / sizeof *all; i++)
				filler = filler || text_is(word, all[i]);
			if (!filler)
				return;
			rest = text_trim((struct rho_str){ rest.at + word.len, rest.len - word.len }, " ");
		}
		r->at++;
		while (reader_sees(r, T_COMMA))
			r->at++;
	}
}

static uint32_t parse_item(struct reader *r)
{
	uint32_t base = r->n_stack, signs = r->n_signs, left;
	uint8_t sign;
	struct rho_str text;
	pass_fillers(r);
	while (reader_sees(r, T_RELATION) && (reader_token(r)->op == '=' || reader_token(r)->op == '~'))
		r->at++;                /* "= 5", as a line of a derivation starts */
	left = parse_ratio(r);
	if (left == NO_NODE || !sees_relation(r, &sign))
		return left;
	if (!node_push(r, left))
		return NO_NODE;
	while (sees_relation(r, &sign)) {
		r->at++;
		r->sign[r->n_signs++] = (char)sign;
		if (!node_push(r, parse_ratio(r)))
			return NO_NODE;
	}
	text = text_keep(r, (struct rho_str){ r->sign + signs, r->n_signs - signs });
	r->n_signs = signs;
	return node_make(r, EXPR_RELATION, 0, base, text);
}

static bool ends_list(const struct reader *r)
{
	enum token_kind t = reader_token(r)->kind;
	return t == T_END || t == T_CLOSE || t == T_CELL || t == T_ROW || t == T_FINISH || t == T_OVER;
}

/* Separators: commas, and, or; a run of them is one. */
static bool pass_separators(struct reader *r)
{
	uint32_t from = r->at;
	while (reader_sees(r, T_COMMA) || reader_sees(r, T_AND))
		r->at++;
	return r->at > from;
}

bool parse_items(struct reader *r)
{
	pass_separators(r);
	while (!ends_list(r)) {
		if (!node_push(r, parse_item(r)))
			return false;
		if (!pass_separators(r))
			break;
	}
	return true;
}

uint32_t parse_list(struct reader *r)
{
	uint32_t base = r->n_stack, top;
	enum expr_kind kind;
	if (!parse_items(r))
		return NO_NODE;
	if (r->n_stack == base) {
		const struct token *t = reader_token(r);
		read_fails(r, EXPR_MALFORMED, t->kind == T_END ? "it ends where a term should be"
			: "nothing stands before '%.*s'", t->text.len > 20 ? 20 : (int)t->text.len, t->text.at);
		return NO_NODE;
	}
	top = gather(r, EXPR_LIST, base);
	if (!reader_sees(r, T_OVER) || !node_push(r, top))      /* {a \over b} */
		return top;
	kind = reader_token(r)->op ? EXPR_BINOMIAL : EXPR_QUOTIENT;
	r->at++;
	return join(r, kind, 0, base, parse_list(r));
}

static bool is_integer(const struct reader *r, uint32_t node)
{
	return r->e->node[node].kind == EXPR_INTEGER && !r->e->node[node].flags;
}

/* Whether a node is a proper fraction of two plain integers. */
static bool is_fraction(const struct reader *r, uint32_t node)
{
	const struct expr *e = r->e;
	const struct expr_node *x = &e->node[node], *top, *bottom;
	if (x->kind != EXPR_QUOTIENT || !is_integer(r, e->child[x->child]) ||
	    !is_integer(r, e->child[x->child + 1]))
		return false;
	top = &e->node[e->child[x->child]];
	bottom = &e->node[e->child[x->child + 1]];
	return top->text.len < bottom->text.len ||
	       (top->text.len == bottom->text.len && memcmp(top->text.at, bottom->text.at, top->text.len) < 0);
}

/* Of the factors: 3 and 1/2 as a mixed number. The fraction is the last one. */
static bool join_mixed(struct reader *r)
{
	uint32_t node, fraction;
	if (!is_integer(r, r->stack[r->n_stack - 2]) || !is_fraction(r, r->stack[r->n_stack - 1]))
		return true;
	fraction = r->stack[r->n_stack - 1];
	node = node_make(r, EXPR_SUM, 0, r->n_stack - 2, no_text);
	if (node == NO_NODE)
		return false;
	node_mark(r, node, EXPR_MIXED | r->e->node[fraction].flags); /* 22\frac12^\circ: the degrees of both */
	r->e->node[fraction].flags = 0;
	return node_push(r, node);
}

/* 3 1/2: behind an integer, another that a stroke and a third one follow. */
static bool sees_plain_fraction(const struct reader *r)
{
	const struct token *t = reader_token(r);
	return t[0].kind == T_NUMBER && t[0].blank && t[1].kind == T_DIVIDE && t[2].kind == T_NUMBER;
}

static uint32_t number_node(struct reader *r)
{
	struct rho_str text = text_keep(r, reader_token(r)->text);
	r->at++;
	return node_make(r, EXPR_INTEGER, 0, r->n_stack, text);
}

static bool parse_plain_fraction(struct reader *r)
{
	uint32_t base = r->n_stack;
	if (!node_push(r, number_node(r)))
		return false;
	r->at++;
	if (!node_push(r, join(r, EXPR_QUOTIENT, 0, base, number_node(r))) || !join_mixed(r))
		return false;
	if (reader_sees(r, T_POWER) && r->token[r->at + 1].kind == T_DEGREE) {
		node_mark(r, r->stack[r->n_stack - 1], EXPR_DEGREES);
		r->at += 2;
	}
	return true;
}

/* Signs, then a power. */
static uint32_t parse_signed(struct reader *r)
{
	bool minus = false;
	uint32_t base = r->n_stack;
	while (reader_sees(r, T_MINUS) || reader_sees(r, T_PLUS)) {
		minus = minus != reader_sees(r, T_MINUS);
		r->at++;
	}
	return minus ? join(r, EXPR_NEGATE, 0, base, parse_power(r)) : parse_power(r);
}

/* One more factor without a sign between. False: an error; *more false: there is none. */
static bool parse_implicit(struct reader *r, bool argument, bool *more)
{
	const struct expr_node *last = &r->e->node[r->stack[r->n_stack - 1]];
	bool number = last->kind == EXPR_INTEGER || last->kind == EXPR_DECIMAL || last->kind == EXPR_BASE;
	const struct token *t = reader_token(r);
	if (number && sees_plain_fraction(r))
		return parse_plain_fraction(r);
	*more = token_starts_factor(r) && !(argument && (t->kind == T_FUNCTION || t->kind == T_OPEN)) &&
		!sees_letter_union(r, r->stack[r->n_stack - 1]);
	if (!*more)
		return true;
	if (last->kind == EXPR_WORDS)
		return read_fails(r, EXPR_MALFORMED, "words and mathematics side by side: %.*s",
			last->text.len > 40 ? 40 : (int)last->text.len, last->text.at);
	if (number && t->kind == T_NUMBER)
		return read_fails(r, EXPR_MALFORMED, "two numbers side by side: %.*s and %.*s",
			last->text.len > 20 ? 20 : (int)last->text.len, last->text.at,
			t->text.len > 20 ? 20 : (int)t->text.len, t->text.at);
	return node_push(r, parse_power(r)) && (t->kind != T_FRACTION || join_mixed(r));
}

/* Whether the factors are a number times a power of ten. */
static bool is_scientific(const struct reader *r, uint32_t base)
{
	const struct expr *e = r->e;
	const struct expr_node *ten, *first = &e->node[r->stack[base]], *power;
	if (r->n_stack - base != 2 || (first->kind != EXPR_INTEGER && first->kind != EXPR_DECIMAL))
		return false;
	power = &e->node[r->stack[base + 1]];
	if (power->kind != EXPR_POWER)
		return false;
	ten = &e->node[e->child[power->child]];
	return ten->kind == EXPR_INTEGER && ten->text.len == 2 && !memcmp(ten->text.at, "10", 2);
}

static uint32_t end_product(struct reader *r, uint32_t base, bool minus)
{
	bool scientific = is_scientific(r, base);
	uint32_t node = gather(r, EXPR_PRODUCT, base);
	if (scientific)
		node_mark(r, node, EXPR_POW10);
	return minus && node_push(r, node) ? node_make(r, EXPR_NEGATE, 0, base, no_text) : node;
}

/* \pmod{7}, \bmod 7 and (mod 7): a function of the factors so far and the modulus. */
static bool parse_modulus(struct reader *r, uint32_t base)
{
	bool brackets = reader_sees(r, T_OPEN);
	struct rho_str name = text_keep(r, (struct rho_str){ "mod", 3 });
	if (!node_push(r, gather(r, EXPR_PRODUCT, base)))
		return false;
	r->at += 1 + (uint32_t)brackets;
	if (!token_starts_factor(r))
		return read_fails(r, EXPR_MALFORMED, "a modulus is missing");
	if (!node_push(r, parse_power(r)))
		return false;
	if (brackets && !reader_sees(r, T_CLOSE))
		return read_fails(r, EXPR_MALFORMED, "the brackets around a modulus are not closed");
	r->at += brackets;
	return node_push(r, node_make(r, EXPR_CALL, EXPR_OTHER, base, name));
}

/* The factors behind the first one. */
static bool parse_factors(struct reader *r, uint32_t base, bool argument)
{
	bool more = true;
	while (more && !r->error) {
		const struct token *t = reader_token(r);
		uint32_t node;
		uint8_t sign;
		if (t->kind == T_TIMES && !argument) {
			r->at++;
			more = node_push(r, parse_signed(r));
		} else if (t->kind == T_DIVIDE && !argument) {
			r->at++;
			node = gather(r, EXPR_PRODUCT, base);
			more = node_push(r, node) && node_push(r, join(r, EXPR_QUOTIENT, 0, base, parse_signed(r)));
		} else if (t->kind == T_OPEN && t[1].kind == T_WORD && t[2].kind == T_CLOSE &&
		           !words_change_meaning(t[1].text)) {
			r->at += 3;     /* a remark in brackets */
		} else if (t->kind == T_MOD || (t->kind == T_OPEN && t[1].kind == T_MOD)) {
			more = parse_modulus(r, base);
		} else if (t->kind == T_PERCENT || t->kind == T_DEGREE) {
			node_mark(r, r->stack[r->n_stack - 1], t->kind == T_PERCENT ? EXPR_PERCENT : EXPR_DEGREES);
			r->at++;
		} else if (t->kind == T_CURRENCY && !argument && t[1].kind != T_NUMBER) {
			node_mark(r, r->stack[r->n_stack - 1], EXPR_UNITS);
			r->at++;
		} else if (t->kind == T_WORD && !argument && !sees_relation(r, &sign)) {
			more = parse_words_behind(r);
		} else if (t->kind == T_FUNCTION && (t[1].kind == T_END || t[1].kind == T_COMMA) && !argument &&
		           (t->op == EXPR_SEC || t->op == EXPR_MIN)) {
			node_mark(r, r->stack[r->n_stack - 1], EXPR_UNITS);          /* 5 min */
			r->at++;
		} else {
			parse_implicit(r, argument, &more);
		}
	}
	return !r->error;
}

uint32_t parse_product(struct reader *r, bool argument)
{
	uint32_t base = r->n_stack;
	bool minus = false;
	while (reader_sees(r, T_MINUS) || reader_sees(r, T_PLUS)) {
		minus = minus != reader_sees(r, T_MINUS);
		r->at++;
	}
	if (!node_push(r, parse_power(r)) || !parse_factors(r, base, argument))
		return NO_NODE;
	return end_product(r, base, minus);
}
