/* Sets of reals. All ends that two of them mention are put in order; between them and on them a set is all or
 * nothing, so that it is one bit for each end and each gap, and union, intersection and difference are those
 * of bits. */
#include <stdlib.h>
#include <string.h>

#include "judge.h"

enum { MOST_ENDS = 64, MOST_CELLS = 2 * MOST_ENDS + 1 };

struct region { bool in[MOST_CELLS]; };         /* gap 0, end 0, gap 1, end 1, ..., gap n */

struct ends { struct view at[MOST_ENDS]; size_t n; };

static bool is_sign_of_order(char sign)
{
	return sign == '<' || sign == '>' || sign == 'l' || sign == 'g' || sign == 'n';
}

static bool is_inequality(const struct expr_node *n)
{
	if (n->kind != EXPR_RELATION || !n->text.len || n->text.len + 1 != n->n)
		return false;
	if (n->n == 2 && n->text.at[0] == 'i')
		return true;
	for (size_t i = 0; i < n->text.len; i++)
		if (!is_sign_of_order(n->text.at[i]))
			return false;
	return true;
}

bool is_region(struct view v)
{
	const struct expr_node *n = node_of(v);
	switch (n->kind) {
	case EXPR_INTERVAL: case EXPR_UNION: case EXPR_INTERSECTION: case EXPR_DIFFERENCE: return true;
	case EXPR_NAMED_SET: return n->op == 'R';
	case EXPR_RELATION: return is_inequality(n);
	case EXPR_LIST:
		for (uint32_t i = 0; i < n->n; i++)
			if (!is_inequality(node_of(child_of(v, i))))
				return false;
		return n->n > 0;
	default: return false;
	}
}

/* Adds an end in its place, unless it is there; false: there are too many, or the order is not known. */
static bool add_end(struct judge *j, struct ends *e, struct view v)
{
	size_t i = 0;
	if (scalar_infinite(v))
		return true;
	for (; i < e->n; i++) {
		int order = scalar_order(j, v, e->at[i]);
		if (order == 2)
			return false;
		if (!order)
			return true;
		if (order < 0)
			break;
	}
	if (e->n == MOST_ENDS || scalar_order(j, v, v) == 2)
		return false;
	memmove(e->at + i + 1, e->at + i, (e->n - i) * sizeof *e->at);
	e->at[i] = v;
	e->n++;
	return true;
}

static bool add_both(struct judge *j, struct ends *e, struct view v, bool mirrored)
{
	bool fine = add_end(j, e, v);
	v.negated = true;
	return fine && (!mirrored || add_end(j, e, v));
}

static bool collect(struct judge *j, struct ends *e, struct view v)
{
	const struct expr_node *n = node_of(v);
	bool fine = true, mirrored = false;
	if (n->kind == EXPR_NAMED_SET)
		return n->op == 'R';
	if (n->kind == EXPR_RELATION)
		for (uint32_t i = 0; i < n->n; i++)
			mirrored |= node_of(child_of(v, i))->kind == EXPR_ABS;
	for (uint32_t i = 0; fine && i < n->n; i++) {
		struct view c = child_of(v, i);
		const struct expr_node *k = node_of(c);
		if (n->kind == EXPR_RELATION ? is_name(c) : false)
			continue;
		if (k->kind == EXPR_RELATION || k->kind == EXPR_SET || is_region(c)) {
			fine = collect(j, e, c);
		} else if (has_kind(c, EXPR_PLUS_MINUS) && !c.sign) {
			c.sign = -1;
			fine = add_both(j, e, c, mirrored);
			c.sign = 1;
			fine = fine && add_both(j, e, c, mirrored);
		} else {
			fine = add_both(j, e, c, mirrored);
		}
	}
	return fine;
}

/* The cell of an end; -1 and MOST_CELLS: beyond all. */
static int cell_of(struct judge *j, const struct ends *e, struct view v)
{
	int infinite = scalar_infinite(v);
	if (infinite)
		return infinite < 0 ? -1 : 2 * (int)e->n + 1;
	for (size_t i = 0; i < e->n; i++)
		if (!scalar_order(j, v, e->at[i]))
			return 2 * (int)i + 1;
	return -2;
}

static void fill(struct region *r, int from, int to)
{
	for (int i = from < 0 ? 0 : from; i <= to && i < MOST_CELLS; i++)
		r->in[i] = true;
}

static bool draw(struct judge *j, const struct ends *e, struct view v, struct region *r);

static bool draw_interval(struct judge *j, const struct ends *e, struct view v, struct region *r)
{
	const struct expr_node *n = node_of(v);
	int from = cell_of(j, e, child_of(v, 0)), to = cell_of(j, e, child_of(v, 1)), most = 2 * (int)e->n;
	if (from == -2 || to == -2)
		return false;
	from += from < 0 || n->flags & EXPR_LEFT_OPEN ? 1 : 0;
	to -= to > most || n->flags & EXPR_RIGHT_OPEN ? 1 : 0;
	fill(r, from, to);
	return true;
}

/* side `sign` bound, for the values of side; |side| where mirrored. */
static bool draw_bound(struct judge *j, const struct ends *e, char sign, struct view by, bool mirrored,
                       struct region *r)
{
	int at = cell_of(j, e, by), most = 2 * (int)e->n, low = -1;
	if (at == -2)
		return false;
	if (mirrored) {
		by.negated = !by.negated;
		low = cell_of(j, e, by);
		if (low == -2)
			return false;
		if (low > at) {         /* the bound is negative: |x| is always above it */
			if (sign == '>' || sign == 'g' || sign == 'n')
				fill(r, 0, most);
			return true;
		}
	}
	for (int i = 0; i <= most; i++) {
		int side = i < at ? -1 : i > at;
		if (mirrored)
			side = i > low && i < at ? -1 : i == low || i == at ? 0 : 1;
		r->in[i] = sign == '<' ? side < 0 : sign == '>' ? side > 0 : sign == 'l' ? side <= 0
		         : sign == 'g' ? side >= 0 : sign == 'n' ? side != 0 : side == 0;
	}
	return true;
}

static char mirrored_sign(char sign)
{
	return sign == '<' ? '>' : sign == '>' ? '<' : sign == 'l' ? 'g' : sign == 'g' ? 'l' : sign;
}

static bool draw_relation(struct judge *j, const struct ends *e, struct view v, struct region *r)
{
	const struct expr_node *n = node_of(v);
	unsigned looked = 0;
	if (n->n == 2 && n->text.at[0] == 'i')
		return is_name(child_of(v, 0)) && draw(j, e, child_of(v, 1), r);
	fill(r, 0, MOST_CELLS - 1);
	for (uint32_t i = 0; i + 1 < n->n; i++) {
		struct view left = child_of(v, i), right = child_of(v, i + 1), name, by;
		struct region one = { { false } };
		bool first = is_name(left);
		if (first == is_name(right))
			continue;
		name = first ? left : right;
		by = first ? right : left;
		if (!draw_bound(j, e, first ? n->text.at[i] : mirrored_sign(n->text.at[i]), by,
		                node_of(name)->kind == EXPR_ABS, &one))
			return false;
		for (int k = 0; k < MOST_CELLS; k++)
			r->in[k] &= one.in[k];
		looked++;
	}
	return looked + 1 == n->n;
}

/* Several inequalities: any of them where they exclude each other; all of them where together they leave
 * nothing out. */
static bool draw_list(struct judge *j, const struct ends *e, struct view v, struct region *r)
{
	struct region all, any = { { false } };
	bool empty = true, full = true;
	memset(&all, 1, sizeof all);
	for (uint32_t i = 0; i < node_of(v)->n; i++) {
		struct region one = { { false } };
		if (!draw(j, e, child_of(v, i), &one))
			return false;
		for (int k = 0; k < MOST_CELLS; k++) {
			all.in[k] &= one.in[k];
			any.in[k] |= one.in[k];
		}
	}
	for (int k = 0; k <= 2 * (int)e->n; k++) {
		empty &= !all.in[k];
		full &= any.in[k];
	}
	*r = empty ? any : all;
	return empty != full;
}

static bool draw_points(struct judge *j, const struct ends *e, struct view v, struct region *r)
{
	for (uint32_t i = 0; i < node_of(v)->n; i++) {
		struct view c = child_of(v, i);
		bool both = has_kind(c, EXPR_PLUS_MINUS) && !c.sign;
		for (int sign = both ? -1 : 1; sign <= 1; sign += 2) {
			if (both)
				c.sign = sign;
			int at = cell_of(j, e, c);
			if (at < 0 || at > 2 * (int)e->n)
				return false;
			r->in[at] = true;
		}
	}
	return true;
}

static bool draw(struct judge *j, const struct ends *e, struct view v, struct region *r)
{
	const struct expr_node *n = node_of(v);
	switch (n->kind) {
	case EXPR_NAMED_SET: fill(r, 0, MOST_CELLS - 1); return n->op == 'R';
	case EXPR_INTERVAL: return draw_interval(j, e, v, r);
	case EXPR_RELATION: return draw_relation(j, e, v, r);
	case EXPR_LIST:     return draw_list(j, e, v, r);
	case EXPR_SET:      return draw_points(j, e, v, r);
	case EXPR_UNION: case EXPR_INTERSECTION: case EXPR_DIFFERENCE: break;
	default: return false;
	}
	for (uint32_t i = 0; i < n->n; i++) {
		struct region one = { { false } };
		if (!draw(j, e, child_of(v, i), &one))
			return false;
		for (int k = 0; k < MOST_CELLS; k++)
			r->in[k] = !i || n->kind == EXPR_UNION    ? r->in[k] || one.in[k]
			           : n->kind == EXPR_INTERSECTION ? r->in[k] && one.in[k]
			                                          : r->in[k] && !one.in[k];
	}
	return true;
}

enum decision region_same(struct judge *j, struct view a, struct view b)
{
	struct ends *e = calloc(1, sizeof *e);
	struct region left = { { false } }, right = { { false } };
	bool same = true, fine = e && collect(j, e, a) && collect(j, e, b) && draw(j, e, a, &left) &&
	                         draw(j, e, b, &right);
	for (int k = 0; fine && k <= 2 * (int)e->n; k++)
		same &= left.in[k] == right.in[k];
	free(e);
	if (!fine)
		judge_say(j, "sets of numbers whose ends cannot be put in order");
	else
		judge_say(j, same ? "the same set of reals" : "other sets of reals");
	return !fine ? DECIDE_UNKNOWN : same ? DECIDE_SAME : DECIDE_DIFFERENT;
}
