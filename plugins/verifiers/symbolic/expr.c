/* expr.c: the memory of an expression, and writing one. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "expr.h"

void expr_free(struct expr *e)
{
	free(e->node);
	free(e->child);
	free(e->bytes);
	*e = (struct expr){ 0 };
}

struct writer { const struct expr *e; char *at; size_t room, n; };

/* How tightly a node holds together; what binds looser than its place is written in brackets. */
enum tightness { LOOSE_LIST, LOOSE_RELATION, LOOSE_SETS, LOOSE_SUM, LOOSE_PRODUCT, LOOSE_SIGN, LOOSE_POWER, TIGHT };

static const char *const function_name[] = {
	[EXPR_SIN] = "sin", [EXPR_COS] = "cos", [EXPR_TAN] = "tan", [EXPR_COT] = "cot", [EXPR_SEC] = "sec",
	[EXPR_CSC] = "csc", [EXPR_ARCSIN] = "arcsin", [EXPR_ARCCOS] = "arccos", [EXPR_ARCTAN] = "arctan",
	[EXPR_SINH] = "sinh", [EXPR_COSH] = "cosh", [EXPR_TANH] = "tanh", [EXPR_EXP] = "exp", [EXPR_LN] = "ln",
	[EXPR_LOG] = "log", [EXPR_MIN] = "min", [EXPR_MAX] = "max", [EXPR_GCD] = "gcd", [EXPR_LCM] = "lcm",
};

static const char *const constant_name[] = {
	[EXPR_PI] = "pi", [EXPR_E] = "e", [EXPR_I] = "i", [EXPR_INFINITY] = "infinity", [EXPR_UNDEFINED] = "undefined",
};

static void put(struct writer *w, const char *text, size_t n)
{
	if (w->n < w->room) {
		size_t fits = w->room - w->n < n ? w->room - w->n : n;
		memcpy(w->at + w->n, text, fits);
	}
	w->n += n;
}

static void say(struct writer *w, const char *text) { put(w, text, strlen(text)); }
static void write_node(struct writer *w, uint32_t id);

static uint32_t child_of(const struct writer *w, const struct expr_node *x, uint32_t i)
{
	return w->e->child[x->child + i];
}

static enum tightness tightness(const struct expr_node *x)
{
	if (x->flags & (EXPR_PERCENT | EXPR_DEGREES | EXPR_UNITS))
		return x->kind == EXPR_LIST || x->kind == EXPR_RELATION ? LOOSE_LIST : LOOSE_PRODUCT;
	switch ((enum expr_kind)x->kind) {
	case EXPR_LIST: return LOOSE_LIST;
	case EXPR_RELATION: return LOOSE_RELATION;
	case EXPR_UNION:
	case EXPR_INTERSECTION:
	case EXPR_DIFFERENCE: return LOOSE_SETS;
	case EXPR_SUM:
	case EXPR_PLUS_MINUS: return x->flags & EXPR_MIXED ? LOOSE_PRODUCT : LOOSE_SUM;
	case EXPR_PRODUCT:
	case EXPR_QUOTIENT: return LOOSE_PRODUCT;
	case EXPR_NEGATE: return LOOSE_SIGN;
	case EXPR_POWER:
	case EXPR_FACTORIAL: return LOOSE_POWER;
	case EXPR_WORDS: return LOOSE_LIST;
	default: return TIGHT;
	}
}

/* Child i, in brackets unless it binds at least as tightly as `least`. */
static void write_child(struct writer *w, const struct expr_node *x, uint32_t i, enum tightness least)
{
	uint32_t id = child_of(w, x, i);
	bool brackets = tightness(&w->e->node[id]) < least;
	if (brackets)
		say(w, "(");
	write_node(w, id);
	if (brackets)
		say(w, ")");
}

static void write_children(struct writer *w, const struct expr_node *x, const char *between, enum tightness least)
{
	for (uint32_t i = 0; i < x->n; i++) {
		if (i)
			say(w, between);
		write_child(w, x, i, least);
	}
}

static void write_wrapped(struct writer *w, const struct expr_node *x, const char *open, const char *close)
{
	say(w, open);
	write_children(w, x, ", ", LOOSE_RELATION);
	say(w, close);
}

/* A child behind a minus sign, which a further one must not follow. */
static void write_negated(struct writer *w, const struct expr_node *x, uint32_t i)
{
	const struct expr_node *child = &w->e->node[child_of(w, x, i)];
	write_child(w, x, i, child->kind == EXPR_NEGATE && !child->flags ? TIGHT : LOOSE_PRODUCT);
}

static void write_sum(struct writer *w, const struct expr_node *x)
{
	if (x->flags & EXPR_MIXED) {
		write_children(w, x, " ", LOOSE_PRODUCT);
		return;
	}
	for (uint32_t i = 0; i < x->n; i++) {
		const struct expr_node *term = &w->e->node[child_of(w, x, i)];
		bool minus = i && term->kind == EXPR_NEGATE && !term->flags;
		if (i)
			say(w, minus ? " - " : " + ");
		if (minus)
			write_negated(w, term, 0);
		else
			write_child(w, x, i, i ? LOOSE_PRODUCT : LOOSE_SIGN - 1);
	}
}

static void write_relation(struct writer *w, const struct expr_node *x)
{
	static const struct { char sign; const char *text; } signs[] = {
		{ '=', " = " }, { '<', " < " }, { '>', " > " }, { 'l', " <= " }, { 'g', " >= " }, { 'n', " != " },
		{ '~', " \\approx " }, { 'i', " \\in " },
	};
	for (uint32_t i = 0; i < x->n; i++) {
		for (size_t k = 0; i && i <= x->text.len && k < sizeof signs / sizeof *signs; k++)
			if (signs[k].sign == x->text.at[i - 1])
				say(w, signs[k].text);
		write_child(w, x, i, LOOSE_SETS);
	}
}

static void write_matrix(struct writer *w, const struct expr_node *x)
{
	uint32_t columns = x->op ? x->n / x->op : 0;
	say(w, "\\begin{pmatrix}");
	for (uint32_t i = 0; i < x->n; i++) {
		say(w, !i ? " " : i % columns ? " & " : " \\\\ ");
		write_child(w, x, i, LOOSE_SUM);
	}
	say(w, " \\end{pmatrix}");
}

/* As a command where it is one, its subscript in braces, so that it reads back. */
static void write_symbol(struct writer *w, struct rho_str s)
{
	const char *below = memchr(s.at, '_', s.len);
	size_t head = below ? (size_t)(below - s.at) : s.len;
	if (head > 1 && s.at[1] >= 'a' && s.at[1] <= 'z')
		say(w, "\\");
	put(w, s.at, head);
	if (below) {
		say(w, "_{");
		put(w, below + 1, s.len - head - 1);
		say(w, "}");
	}
}

static void write_call(struct writer *w, const struct expr_node *x)
{
	if (x->op == EXPR_LOG && x->n == 2) {
		say(w, "log_{");
		write_child(w, x, 1, LOOSE_SUM);
		say(w, "}(");
		write_child(w, x, 0, LOOSE_SUM);
		say(w, ")");
		return;
	}
	if (x->op < EXPR_OTHER) {
		say(w, function_name[x->op]);
	} else if (x->text.len > 1 && x->text.at[1] != '\'' && x->text.at[1] != '_') {
		say(w, "\\operatorname{");
		put(w, x->text.at, x->text.len);
		say(w, "}");
	} else {
		write_symbol(w, x->text);
	}
	write_wrapped(w, x, "(", ")");
}

static void write_number(struct writer *w, const struct expr_node *x)
{
	size_t repeats = x->kind == EXPR_DECIMAL && (x->flags & EXPR_REPEATS) ? x->op : 0;
	char base[16];
	put(w, x->text.at, x->text.len - repeats);
	if (repeats) {
		say(w, "\\overline{");
		put(w, x->text.at + x->text.len - repeats, repeats);
		say(w, "}");
	}
	if (x->kind == EXPR_BASE) {
		snprintf(base, sizeof base, "_{%u}", x->op);
		say(w, base);
	}
}

static void write_interval(struct writer *w, const struct expr_node *x)
{
	write_wrapped(w, x, x->flags & EXPR_LEFT_OPEN ? "(" : "[", x->flags & EXPR_RIGHT_OPEN ? ")" : "]");
}

static void write_root(struct writer *w, const struct expr_node *x)
{
	const struct expr_node *which = &w->e->node[child_of(w, x, 1)];
	bool square = which->kind == EXPR_INTEGER && which->text.len == 1 && which->text.at[0] == '2' && !which->flags;
	say(w, "\\sqrt");
	if (!square) {
		say(w, "[");
		write_child(w, x, 1, LOOSE_SUM);
		say(w, "]");
	}
	say(w, "{");
	write_child(w, x, 0, LOOSE_SUM);
	say(w, "}");
}

static void write_sided(struct writer *w, const struct expr_node *x)
{
	const char *sign = x->op ? "\\mp " : "\\pm ";
	if (x->n == 2) {
		write_child(w, x, 0, LOOSE_SUM);
		say(w, " ");
	}
	say(w, sign);
	write_negated(w, x, x->n - 1);
}

static void write_compound(struct writer *w, const struct expr_node *x)
{
	switch ((enum expr_kind)x->kind) {
	case EXPR_SUM: write_sum(w, x); break;
	case EXPR_PRODUCT: write_children(w, x, " * ", LOOSE_POWER); break;
	case EXPR_NEGATE: say(w, "-"); write_negated(w, x, 0); break;
	case EXPR_QUOTIENT: write_children(w, x, "/", LOOSE_POWER); break;
	case EXPR_POWER: write_children(w, x, "^", TIGHT); break;
	case EXPR_FACTORIAL: write_child(w, x, 0, TIGHT); say(w, "!"); break;
	case EXPR_ROOT: write_root(w, x); break;
	case EXPR_CALL: write_call(w, x); break;
	case EXPR_BINOMIAL:
		say(w, "\\binom{");
		write_children(w, x, "}{", LOOSE_SUM);
		say(w, "}");
		break;
	case EXPR_ABS: write_wrapped(w, x, "abs(", ")"); break;
	case EXPR_FLOOR: write_wrapped(w, x, "\\lfloor ", " \\rfloor"); break;
	case EXPR_CEIL: write_wrapped(w, x, "\\lceil ", " \\rceil"); break;
	case EXPR_PLUS_MINUS: write_sided(w, x); break;
	case EXPR_TUPLE: write_wrapped(w, x, x->n > 1 ? "(" : "[", x->n > 1 ? ")" : "]"); break;
	case EXPR_LIST: write_children(w, x, ", ", LOOSE_RELATION); break;
	case EXPR_SET: write_wrapped(w, x, "\\{", "\\}"); break;
	case EXPR_INTERVAL: write_interval(w, x); break;
	case EXPR_UNION: write_children(w, x, " \\cup ", LOOSE_SUM); break;
	case EXPR_INTERSECTION: write_children(w, x, " \\cap ", LOOSE_SUM); break;
	case EXPR_DIFFERENCE: write_children(w, x, " \\setminus ", LOOSE_SUM); break;
	case EXPR_MATRIX: write_matrix(w, x); break;
	case EXPR_RELATION: write_relation(w, x); break;
	default: break;
	}
}

static void write_node(struct writer *w, uint32_t id)
{
	const struct expr_node *x = &w->e->node[id];
	bool marked = x->flags & (EXPR_PERCENT | EXPR_DEGREES | EXPR_UNITS);
	bool mixed = (x->flags & EXPR_MIXED) && !(x->flags & EXPR_DEGREES);
	bool brackets = marked && x->n && !mixed && x->kind != EXPR_ROOT;
	char set[12] = "\\mathbb{?}";
	if (brackets)
		say(w, "(");
	switch ((enum expr_kind)x->kind) {
	case EXPR_INTEGER:
	case EXPR_DECIMAL:
	case EXPR_BASE: write_number(w, x); break;
	case EXPR_SYMBOL: write_symbol(w, x->text); break;
	case EXPR_WORDS: put(w, x->text.at, x->text.len); break;
	case EXPR_CONSTANT: say(w, constant_name[x->op]); break;
	case EXPR_NAMED_SET:
		set[8] = (char)x->op;
		say(w, set);
		break;
	default: write_compound(w, x); break;
	}
	if (brackets)
		say(w, ")");
	if (x->flags & EXPR_DEGREES)
		say(w, "^\\circ");
	if (x->flags & EXPR_PERCENT)
		say(w, "%");
	if (x->flags & EXPR_UNITS)
		say(w, " units");
}

size_t expr_write(const struct expr *e, uint32_t node, char *out, size_t room)
{
	struct writer w = { e, out, room ? room - 1 : 0, 0 };
	if (e->n_nodes && node < e->n_nodes)
		write_node(&w, node);
	if (room)
		out[w.n < room ? w.n : room - 1] = '\0';
	return w.n < room ? w.n : room ? room - 1 : 0;
}
