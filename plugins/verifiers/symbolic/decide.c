/* Two answers of any kind: words, numbers, collections in any order, tuples in theirs, sets of reals,
 * relations. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "judge.h"
#include "units.h"

enum { MOST_ELEMENTS = 512, MOST_NESTED = 20 };

struct decider { struct judge judge; };

struct decider *decider_new(void)
{
	return calloc(1, sizeof(struct decider));
}

void decider_free(struct decider *d)
{
	if (d)
		flint_cleanup();
	free(d);
}

bool str_same(struct rho_str a, struct rho_str b) { return a.len == b.len && !memcmp(a.at, b.at, a.len); }

bool tree_same(struct judge *j, struct view a, struct view b)
{
	const struct expr_node *x = node_of(a), *y = node_of(b);
	if (x->kind != y->kind || x->op != y->op || x->n != y->n || a.negated != b.negated ||
	    a.sign != b.sign || ((x->flags ^ y->flags) & (unsigned)~(EXPR_UNITS | EXPR_MIXED | EXPR_POW10)) ||
	    !spend(&j->w, 2) || !str_same(name_in(a, x->text), name_in(b, y->text)))
		return false;
	for (uint32_t i = 0; i < x->n; i++)
		if (!tree_same(j, child_of(a, i), child_of(b, i)))
			return false;
	return true;
}

static bool is_number(struct view v)
{
	unsigned kind = node_of(v)->kind;
	return kind <= EXPR_PLUS_MINUS;
}

/* ---- words ---- */

static bool is_digit(char ch) { return ch >= '0' && ch <= '9'; }

/* A text in lower case without blanks, brackets and the marks of a sentence, but for those between digits and
 * the minus of a number; gives its length. */
static size_t plain(const char *text, size_t n, char *out, size_t room)
{
	size_t k = 0;
	for (size_t i = 0; i < n && k < room; i++) {
		char ch = text[i], next = i + 1 < n ? text[i + 1] : 0;
		bool mark = ch && strchr(" \t\n.,;:()[]{}$!?'\"\\-", ch);
		if (mark && !(is_digit(next) && (ch == '-' || (i && is_digit(text[i - 1])))))
			continue;
		out[k++] = ch >= 'A' && ch <= 'Z' ? (char)(ch + 32) : ch;
	}
	return k;
}

/* The words of a view; of letters that were read as a product of variables, too. False: it is something else.
 */
static bool words_of(struct view v, char *out, size_t room, size_t *n)
{
	const struct expr_node *node = node_of(v);
	*n = 0;
	if (node->kind == EXPR_WORDS || node->kind == EXPR_SYMBOL) {
		*n = plain(node->text.at, node->text.len, out, room);
		return true;
	}
	if (node->kind == EXPR_CONSTANT && (node->op == EXPR_E || node->op == EXPR_I)) {
		out[(*n)++] = node->op == EXPR_E ? 'e' : 'i';
		return true;
	}
	if (node->kind != EXPR_PRODUCT && node->kind != EXPR_TUPLE)
		return false;
	for (uint32_t i = 0; i < node->n; i++) {
		size_t more;
		if (*n + 1 >= room || !words_of(child_of(v, i), out + *n, room - *n, &more))
			return false;
		*n += more;
	}
	return true;
}

static bool means_nothing(struct view v)
{
	static const char *const said[] = { "nosolution", "nosolutions", "norealsolution", "norealsolutions",
		                            "none",       "emptyset",    "empty",          "nosuch" };
	char text[64];
	size_t n;
	if (node_of(v)->kind == EXPR_SET && !node_of(v)->n)
		return true;
	if (node_of(v)->kind != EXPR_WORDS || !words_of(v, text, sizeof text, &n))
		return false;
	for (size_t i = 0; i < sizeof said / sizeof *said; i++)
		if (n == strlen(said[i]) && !memcmp(text, said[i], n))
			return true;
	return false;
}

static enum decision words_same(struct judge *j, struct view a, struct view b)
{
	enum { ROOM = 4096 };
	char *room = malloc(2 * ROOM);
	size_t n, m;
	bool same = spend(&j->w, 300) && room && words_of(a, room, ROOM, &n) &&
	            words_of(b, room + ROOM, ROOM, &m) && n && n == m && n < ROOM &&
	            !memcmp(room, room + ROOM, n);
	free(room);
	same = same || (means_nothing(a) && means_nothing(b));
	judge_say(j, same ? "the same words" : "other words");
	return same ? DECIDE_SAME : DECIDE_DIFFERENT;
}

/* ---- what is in order ---- */

static bool is_pair(struct view v)
{
	const struct expr_node *n = node_of(v);
	return n->kind == EXPR_INTERVAL && n->flags & EXPR_LEFT_OPEN && n->flags & EXPR_RIGHT_OPEN;
}

static bool is_sequence(struct view v)
{
	return is_pair(v) || node_of(v)->kind == EXPR_TUPLE || node_of(v)->kind == EXPR_MATRIX;
}

static enum decision each_same(struct judge *j, const struct view *a, const struct view *b, size_t n)
{
	enum decision all = DECIDE_SAME;
	for (size_t i = 0; i < n; i++) {
		enum decision d = any_same(j, a[i], b[i]);
		if (d == DECIDE_DIFFERENT || d == DECIDE_PARTLY) {
			char other[60];
			snprintf(other, sizeof other, "%s", j->why);
			judge_say(j, "place %zu: %s", i + 1, other);
			return DECIDE_DIFFERENT;
		}
		if (d == DECIDE_UNKNOWN)
			all = DECIDE_UNKNOWN;
	}
	if (all == DECIDE_SAME)
		judge_say(j, "the same, one by one");
	return all;
}

static enum decision children_same(struct judge *j, struct view a, struct view b)
{
	size_t n = node_of(a)->n;
	struct view *both = calloc(2 * n + 1, sizeof *both);
	enum decision d = DECIDE_UNKNOWN;
	for (uint32_t i = 0; both && i < n; i++) {
		both[i] = child_of(a, i);
		both[n + i] = child_of(b, i);
	}
	if (both)
		d = each_same(j, both, both + n, n);
	free(both);
	return d;
}

static enum decision sequence_same(struct judge *j, struct view a, struct view b)
{
	const struct expr_node *x = node_of(a), *y = node_of(b);
	bool fits = x->n == y->n;
	if (x->kind == EXPR_MATRIX && y->kind == EXPR_MATRIX)
		fits = fits && x->op == y->op;
	else if (x->kind == EXPR_MATRIX || y->kind == EXPR_MATRIX) {
		const struct expr_node *m = x->kind == EXPR_MATRIX ? x : y;
		fits = fits && (m->op == 1 || m->op == m->n);
	}
	if (!fits) {
		judge_say(j, "of other shapes");
		return DECIDE_DIFFERENT;
	}
	return children_same(j, a, b);
}

/* ---- collections ---- */

struct elements { struct view at[MOST_ELEMENTS]; size_t n; };

static bool all_finite(struct view v)
{
	for (uint32_t i = 0; i < node_of(v)->n; i++) {
		unsigned kind = node_of(child_of(v, i))->kind;
		if (kind != EXPR_SET && !(kind == EXPR_UNION && all_finite(child_of(v, i))))
			return false;
	}
	return true;
}

static bool is_collection(struct view v)
{
	const struct expr_node *n = node_of(v);
	return n->kind == EXPR_LIST || n->kind == EXPR_SET || (n->kind == EXPR_UNION && all_finite(v)) ||
	       (!v.sign && has_kind(v, EXPR_PLUS_MINUS));
}

/* False: there are too many. */
static bool add_elements(struct elements *e, struct view v)
{
	const struct expr_node *n = node_of(v);
	if (e->n + 2 > MOST_ELEMENTS)
		return false;
	if (n->kind == EXPR_LIST || n->kind == EXPR_SET || (n->kind == EXPR_UNION && all_finite(v))) {
		for (uint32_t i = 0; i < n->n; i++)
			if (!add_elements(e, child_of(v, i)))
				return false;
	} else if (!v.sign && has_kind(v, EXPR_PLUS_MINUS)) {
		v.sign = 1;
		e->at[e->n++] = v;
		v.sign = -1;
		e->at[e->n++] = v;
	} else {
		e->at[e->n++] = v;
	}
	return true;
}

static int by_name(const void *a, const void *b)
{
	const struct view *const *x = a, *const *y = b;
	struct rho_str s = node_of(child_of(**x, 0))->text, t = node_of(child_of(**y, 0))->text;
	int order = memcmp(s.at, t.at, s.len < t.len ? s.len : t.len);
	return order ? order : (s.len > t.len) - (s.len < t.len);
}

/* x = 3, y = 2: how many different variables are defined, if that is all that is said; 0: it is not. */
static size_t definitions(const struct elements *e)
{
	size_t different = 0;
	for (size_t i = 0; i < e->n; i++) {
		struct view v = e->at[i];
		bool fresh = true;
		if (node_of(v)->kind != EXPR_RELATION || relation_value(v).node == v.node ||
		    node_of(child_of(v, 0))->kind != EXPR_SYMBOL)
			return 0;
		for (size_t k = 0; k < i; k++)
			fresh &= !str_same(node_of(child_of(v, 0))->text,
			                   node_of(child_of(e->at[k], 0))->text);
		different += fresh;
	}
	return different == e->n ? e->n : 0;
}

static bool has_relation(const struct elements *e)
{
	bool has = false;
	for (size_t i = 0; i < e->n; i++)
		has |= node_of(e->at[i])->kind == EXPR_RELATION;
	return has;
}

/* Every element of x among those of y. Gives how many are; *open: for some it could not be decided. */
static size_t found_among(struct judge *j, const struct elements *x, const struct elements *y,
                          bool x_is_reference, bool *open)
{
	size_t found = 0;
	for (size_t i = 0; i < x->n; i++) {
		bool here = false, unclear = false;
		for (size_t k = 0; k < y->n && !here; k++) {
			size_t place = (i + k) % y->n;
			enum decision d = x_is_reference ? any_same(j, x->at[i], y->at[place])
			                                 : any_same(j, y->at[place], x->at[i]);
			here = d == DECIDE_SAME;
			unclear |= d == DECIDE_UNKNOWN;
		}
		found += here;
		*open |= unclear && !here;
	}
	return found;
}

static enum decision in_any_order(struct judge *j, const struct elements *a, const struct elements *b,
                                  double *share)
{
	bool open = false;
	size_t first = found_among(j, a, b, true, &open),
	       second = first == a->n || first ? found_among(j, b, a, false, &open) : 0;
	if (first == a->n && second == b->n) {
		judge_say(j, "the same %zu element%s", a->n, a->n == 1 ? "" : "s, in any order");
		return DECIDE_SAME;
	}
	if (open) {
		judge_say(j, j->w.spent ? "not within the budget of steps"
		                        : "some elements could not be decided");
		return DECIDE_UNKNOWN;
	}
	judge_say(j, "%zu of the reference's %zu elements, and %zu others", first, a->n, b->n - second);
	*share = (double)first / (double)(a->n > b->n ? a->n : b->n);
	return first ? DECIDE_PARTLY : DECIDE_DIFFERENT;
}

/* The values of definitions, in the order of their names. */
static void by_names(struct elements *e)
{
	struct view sorted[MOST_ELEMENTS];
	const struct view *order[MOST_ELEMENTS];
	for (size_t i = 0; i < e->n; i++)
		order[i] = &e->at[i];
	qsort(order, e->n, sizeof *order, by_name);
	for (size_t i = 0; i < e->n; i++)
		sorted[i] = relation_value(*order[i]);
	memcpy(e->at, sorted, e->n * sizeof *sorted);
}

static enum decision collection_same(struct judge *j, struct view a, struct view b, double *share)
{
	struct elements *both = spend(&j->w, 3000) ? calloc(2, sizeof *both) : NULL;
	struct elements *x = both, *y = both + 1;
	enum decision d = DECIDE_UNKNOWN;
	if (!both || !add_elements(x, a) || !add_elements(y, b)) {
		judge_say(j, "more than %d elements", MOST_ELEMENTS);
		free(both);
		return d;
	}
	size_t first = definitions(x), second = definitions(y);
	if (first > 1 && second <= 1 && is_sequence(b) && node_of(b)->n == first) {
		by_names(x);
		for (uint32_t i = 0; i < first; i++)
			y->at[i] = child_of(b, i);
		d = each_same(j, x->at, y->at, first);
	} else if (second > 1 && first <= 1 && is_sequence(a) && node_of(a)->n == second) {
		by_names(y);
		for (uint32_t i = 0; i < second; i++)
			x->at[i] = child_of(a, i);
		d = each_same(j, x->at, y->at, second);
	} else if (x->n == y->n && ((first > 1 && !has_relation(y)) || (second > 1 && !has_relation(x)))) {
		d = each_same(j, x->at, y->at, x->n);   /* names on one side alone: the order has to tell */
	} else {
		d = in_any_order(j, x, y, share);
	}
	free(both);
	return d;
}

/* ---- all ---- */

/* Whether a reference that an answer repeats has a value at all. */
static bool has_value(struct judge *j, struct view v)
{
	struct value x;
	enum status s;
	if (!is_number(v) || has_kind(v, EXPR_SYMBOL))
		return true;
	value_init(&x);
	j->w.prec = 64;
	s = eval(&j->w, NULL, v, &x);
	value_clear(&x);
	return s != NO_VALUE || (node_of(v)->kind == EXPR_CONSTANT && node_of(v)->op == EXPR_UNDEFINED);
}

static enum decision relations(struct judge *j, struct view a, struct view b, bool *settled)
{
	bool first = node_of(a)->kind == EXPR_RELATION, second = node_of(b)->kind == EXPR_RELATION;
	struct view left = first ? relation_value(a) : a, right = second ? relation_value(b) : b;
	*settled = true;
	if (first && second)
		return relation_same(j, a, b);
	if (left.node != a.node || right.node != b.node)
		return any_same(j, left, right);
	if (is_region(a) && is_region(b))
		return region_same(j, a, b);
	*settled = !is_collection(a) && !is_collection(b);
	judge_say(j, "a relation for what is none");
	return DECIDE_DIFFERENT;
}

static bool is_words(struct view v) { return node_of(v)->kind == EXPR_WORDS; }

/* Not two of them, with the signs of a ±. */
static bool is_one_relation(struct view v)
{
	return node_of(v)->kind == EXPR_RELATION && (v.sign || !has_kind(v, EXPR_PLUS_MINUS));
}

static enum decision same_kinds(struct judge *j, struct view a, struct view b, double *share)
{
	bool settled = false;
	enum decision d = DECIDE_UNKNOWN;
	if (is_words(a) || is_words(b))
		return words_same(j, a, b);
	if (is_one_relation(a) || is_one_relation(b))
		d = relations(j, a, b, &settled);
	if (settled)
		return d;
	if (is_collection(a) || is_collection(b)) {
		d = collection_same(j, a, b, share);
		bool reals = (is_region(a) || node_of(a)->kind == EXPR_SET) &&
		             (is_region(b) || node_of(b)->kind == EXPR_SET);
		if (d != DECIDE_SAME && reals && (is_region(a) || is_region(b))) {
			enum decision as_reals = region_same(j, a, b);
			d = as_reals == DECIDE_UNKNOWN ? d : as_reals;
		}
		return d;
	}
	if (node_of(a)->kind == EXPR_INTERVAL && node_of(b)->kind == EXPR_INTERVAL) {
		unsigned ends = EXPR_LEFT_OPEN | EXPR_RIGHT_OPEN;
		if ((node_of(a)->flags ^ node_of(b)->flags) & ends) {
			judge_say(j, "intervals with other ends open");
			return DECIDE_DIFFERENT;
		}
		return children_same(j, a, b);
	}
	if (is_sequence(a) && is_sequence(b))
		return sequence_same(j, a, b);
	if (is_region(a) && is_region(b))
		return region_same(j, a, b);
	if (is_number(a) && is_number(b))
		return scalar_same(j, a, b);
	judge_say(j, "things of other kinds");
	return DECIDE_DIFFERENT;
}

static uint64_t size_of(struct view v)
{
	uint64_t n = 1;
	for (uint32_t i = 0; i < node_of(v)->n; i++)
		n += size_of(child_of(v, i));
	return n;
}

static enum decision compare(struct judge *j, struct view a, struct view b, double *share)
{
	enum decision d;
	spend(&j->w, 30 + 4 * (size_of(a) + size_of(b)));
	if (j->w.spent || j->depth > MOST_NESTED) {
		judge_say(j, j->w.spent ? "not within the budget of steps" : "nested too deeply");
		return DECIDE_UNKNOWN;
	}
	j->depth++;
	if (tree_same(j, a, b)) {
		d = has_value(j, a) ? DECIDE_SAME : DECIDE_UNKNOWN;
		judge_say(j, d == DECIDE_SAME ? "the same expression" : "the reference has no value");
	} else {
		d = same_kinds(j, a, b, share);
	}
	j->depth--;
	return j->w.spent && d != DECIDE_SAME ? DECIDE_UNKNOWN : d;
}

enum decision any_same(struct judge *j, struct view a, struct view b)
{
	double share;
	return compare(j, a, b, &share);
}

/* A fraction of integers that could be shortened. */
static bool is_unreduced(struct view v)
{
	const struct expr_node *n = node_of(v);
	bool found = false;
	if (n->kind == EXPR_QUOTIENT) {
		struct view top = child_of(v, 0), bottom = child_of(v, 1);
		while (node_of(top)->kind == EXPR_NEGATE)
			top = child_of(top, 0);
		while (node_of(bottom)->kind == EXPR_NEGATE)
			bottom = child_of(bottom, 0);
		struct rho_str x = node_of(top)->text, y = node_of(bottom)->text;
		if (node_of(top)->kind == EXPR_INTEGER && node_of(bottom)->kind == EXPR_INTEGER &&
		    x.len < 1000 && y.len < 1000) {
			char text[1000];
			fmpz_t p, q;
			fmpz_init(p);
			fmpz_init(q);
			memcpy(text, x.at, x.len);
			text[x.len] = 0;
			fmpz_set_str(p, text, 10);
			memcpy(text, y.at, y.len);
			text[y.len] = 0;
			fmpz_set_str(q, text, 10);
			fmpz_gcd(p, p, q);
			found = !fmpz_is_one(p) || fmpz_is_one(q);
			fmpz_clear(p);
			fmpz_clear(q);
		}
	}
	for (uint32_t i = 0; !found && i < n->n; i++)
		found = is_unreduced(child_of(v, i));
	return found;
}

void decide(struct decider *decider, const struct expr *reference, const struct expr *answer,
            const struct decide_options *options, struct decided *out)
{
	struct judge *j = &decider->judge;
	struct view a = { .x = reference, .node = reference->root },
		    b = { .x = answer, .node = answer->root };
	*out = (struct decided){ .what = DECIDE_UNKNOWN };
	*j = (struct judge){ .options = options, .why = out->why };
	work_init(&j->w, options->budget);
	out->what = compare(j, a, b, &out->share);
	if (out->what == DECIDE_DIFFERENT && options->loose_percent &&
	    (has_flag(a, EXPR_PERCENT) || has_flag(b, EXPR_PERCENT))) {
		a.bare_percent = b.bare_percent = true;
		out->what = compare(j, a, b, &out->share);
	}
	if (out->what == DECIDE_SAME && !units_agree(reference->units, answer->units)) {
		out->what = DECIDE_DIFFERENT;
		judge_say(j, "other units: %.*s for %.*s", units_shown(answer->units), answer->units.at,
		          units_shown(reference->units), reference->units.at);
	}
	if (out->what == DECIDE_SAME && options->reduced && is_unreduced(b)) {
		out->what = DECIDE_DIFFERENT;
		judge_say(j, "the same value, but a fraction is not in lowest terms");
	}
	if (out->what != DECIDE_PARTLY)
		out->share = 0;
	out->steps = j->w.steps;
	work_clear(&j->w);
}
