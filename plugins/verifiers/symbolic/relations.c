/* Equations and inequalities: which of them define something, and when two say the same. */
#include <string.h>

#include "judge.h"

static bool is_capital(struct rho_str s) { return s.len && *s.at >= 'A' && *s.at <= 'Z'; }

static bool all_names(struct view v)
{
	bool all = node_of(v)->n > 0;
	for (uint32_t i = 0; all && i < node_of(v)->n; i++)
		all = is_name(child_of(v, i));
	return all;
}

bool is_name(struct view v)
{
	const struct expr_node *n = node_of(v);
	switch (n->kind) {
	case EXPR_SYMBOL: case EXPR_WORDS: return true;
	case EXPR_CALL:
		for (uint32_t i = 0; i < n->n; i++) {
			unsigned kind = node_of(child_of(v, i))->kind;
			if (kind != EXPR_SYMBOL && kind != EXPR_INTEGER)
				return false;
		}
		return n->op == EXPR_OTHER;
	case EXPR_PRODUCT:
		for (uint32_t i = 0; i < n->n; i++) {
			const struct expr_node *c = node_of(child_of(v, i));
			if (c->kind != EXPR_SYMBOL || !is_capital(c->text))
				return false;
		}
		return true;
	case EXPR_INTERVAL:
		return n->flags & EXPR_LEFT_OPEN && n->flags & EXPR_RIGHT_OPEN && all_names(v);
	case EXPR_ABS: case EXPR_QUOTIENT: case EXPR_TUPLE: return all_names(v);
	default: return false;
	}
}

static bool mentions(struct view v, struct rho_str name)
{
	const struct expr_node *n = node_of(v);
	bool has = n->kind == EXPR_SYMBOL && str_same(n->text, name);
	for (uint32_t i = 0; !has && i < n->n; i++)
		has = mentions(child_of(v, i), name);
	return has;
}

/* How many sides there are before what is only about the same. */
static uint32_t exact_sides(const struct expr_node *n)
{
	uint32_t k = 0;
	while (k < n->text.len && n->text.at[k] != '~')
		k++;
	return k + 1 < n->n ? k + 1 : n->n;
}

static bool all_signs(const struct expr_node *n, uint32_t sides, char sign)
{
	for (uint32_t i = 0; i + 1 < sides; i++)
		if (n->text.at[i] != sign)
			return false;
	return true;
}

struct view relation_value(struct view v)
{
	const struct expr_node *n = node_of(v);
	uint32_t sides;
	if (n->kind != EXPR_RELATION || n->text.len + 1 < n->n)
		return v;
	sides = exact_sides(n);
	struct view first = child_of(v, 0), last = child_of(v, sides - 1);
	bool defined = is_name(first) && !(node_of(first)->kind == EXPR_SYMBOL && sides > 1 &&
	                                   mentions(last, node_of(first)->text));
	if (sides == 1)
		return defined ? child_of(v, 1) : first;
	if (sides == 2 && n->text.at[0] == 'i' && defined)
		return last;
	if (!all_signs(n, sides, '='))
		return v;
	if (defined || (!has_kind(first, EXPR_SYMBOL) && !has_kind(last, EXPR_SYMBOL)))
		return last;
	return sides == 2 && node_of(last)->kind == EXPR_SYMBOL && !mentions(first, node_of(last)->text)
	               ? first
	               : v;
}

/* f(x) = ... against f(t) = ...: the answer's variable takes the reference's name. */
static bool same_function(struct judge *j, struct view a, struct view b, struct view *value)
{
	const struct expr_node *f = node_of(a), *g = node_of(b);
	if (f->kind != EXPR_CALL || g->kind != EXPR_CALL || f->op != EXPR_OTHER || g->op != EXPR_OTHER ||
	    f->n != 1 || g->n != 1 || !str_same(f->text, g->text))
		return false;
	const struct expr_node *x = node_of(child_of(a, 0)), *y = node_of(child_of(b, 0));
	if (x->kind != EXPR_SYMBOL || y->kind != EXPR_SYMBOL)
		return tree_same(j, child_of(a, 0), child_of(b, 0));
	if (!str_same(x->text, y->text)) {
		if (mentions(*value, x->text))
			return false;
		value->from = y->text;
		value->to = x->text;
	}
	return true;
}

static char flipped(char sign)
{
	return sign == '<' ? '>' : sign == '>' ? '<' : sign == 'l' ? 'g' : sign == 'g' ? 'l' : sign;
}

/* Both sides of an inequality, the greater one first. */
static char greater_first(struct view v, struct view side[2])
{
	char sign = node_of(v)->text.at[0];
	bool turn = sign == '<' || sign == 'l';
	side[0] = child_of(v, turn);
	side[1] = child_of(v, !turn);
	return turn ? flipped(sign) : sign;
}

/* Relations of two sides each. */
static enum decision two_sides(struct judge *j, struct view a, struct view b)
{
	struct view first[2], second[2];
	char sign = greater_first(a, first), other = greater_first(b, second);
	int factor;
	if (sign != other) {
		judge_say(j, "relations of other kinds");
		return DECIDE_DIFFERENT;
	}
	if (sign == 'i') {
		enum decision d = any_same(j, first[0], second[0]);
		return d == DECIDE_SAME ? any_same(j, first[1], second[1]) : d;
	}
	enum decision d = equation_same(j, first, second, &factor);
	if (d == DECIDE_SAME && (sign == '>' || sign == 'g') && factor <= 0) {
		judge_say(j, factor ? "the inequality points the other way"
		                    : "an inequality whose direction is not known");
		return factor ? DECIDE_DIFFERENT : DECIDE_UNKNOWN;
	}
	if (d == DECIDE_SAME)
		judge_say(j, "the same %s but for a factor", sign == '=' ? "equation" : "relation");
	return d;
}

/* Chains side for side, or the second from its end. */
static enum decision chains(struct judge *j, struct view a, struct view b, uint32_t sides)
{
	const struct expr_node *x = node_of(a), *y = node_of(b);
	bool forward = true, backward = true;
	for (uint32_t i = 0; i + 1 < sides; i++) {
		forward &= x->text.at[i] == y->text.at[i];
		backward &= x->text.at[i] == flipped(y->text.at[sides - 2 - i]);
	}
	enum decision d = DECIDE_DIFFERENT;
	for (int turn = 0; turn < 2 && d == DECIDE_DIFFERENT; turn++) {
		if (!(turn ? backward : forward))
			continue;
		d = DECIDE_SAME;
		for (uint32_t i = 0; i < sides && d == DECIDE_SAME; i++)
			d = any_same(j, child_of(a, i), child_of(b, turn ? sides - 1 - i : i));
	}
	if (d == DECIDE_DIFFERENT)
		judge_say(j, "chains with other sides");
	return d;
}

/* The unknown that an inequality is about, where that is one thing: z in 1 < |z| < 2. */
static bool subject(struct view v, struct view *out)
{
	unsigned found = 0;
	for (uint32_t i = 0; i < node_of(v)->n; i++) {
		struct view side = child_of(v, i);
		if (is_name(side)) {
			*out = node_of(side)->kind == EXPR_ABS ? child_of(side, 0) : side;
			found++;
		}
	}
	return found == 1;
}

enum decision relation_same(struct judge *j, struct view a, struct view b)
{
	const struct expr_node *x = node_of(a), *y = node_of(b);
	struct view left = relation_value(a), right = relation_value(b), first, second;
	uint32_t sides = exact_sides(x), others = exact_sides(y);
	bool defines = left.node != a.node && right.node != b.node;
	if (defines) {
		struct view name = child_of(a, 0), other = child_of(b, 0);
		if (!is_name(name))
			name = child_of(a, sides - 1);
		if (!is_name(other))
			other = child_of(b, others - 1);
		if (!is_name(name) || !is_name(other) || tree_same(j, name, other) ||
		    same_function(j, name, other, &right))
			return any_same(j, left, right);
	}
	if (is_region(a) && is_region(b) && subject(a, &first) && subject(b, &second) &&
	    tree_same(j, first, second)) {
		enum decision d = region_same(j, a, b);
		if (d != DECIDE_UNKNOWN)
			return d;
	}
	if (sides == 2 && others == 2)
		return two_sides(j, a, b);
	if (sides == others)
		return chains(j, a, b, sides);
	judge_say(j, "relations of other kinds");
	return DECIDE_DIFFERENT;
}
