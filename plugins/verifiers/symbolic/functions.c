/* Two functions of variables: rational ones at one point far out, which proves it; others at points. */
#include <math.h>

#include "scalar.h"

enum { MOST_EXPONENT = 4096 };

/* Bounds on the polynomials that the top and the bottom of a rational function expand to: log2 of the sum of
 * their coefficients' sizes, and their degree in each variable. */
struct poly { double top, bottom, degree[2][MOST_NAMES]; };

static double text_bits(struct rho_str s) { return 3.33 * (double)s.len + 2; }

static size_t name_of(const struct names *names, struct rho_str s)
{
	size_t i = 0;
	while (i < names->n && !str_same(names->name[i], s))
		i++;
	return i;
}

struct widest { double height, degree[MOST_NAMES]; };

static void combine(struct poly *r, const struct poly *by, bool sum, bool flipped, size_t n)
{
	double top = flipped ? by->bottom : by->top, bottom = flipped ? by->top : by->bottom;
	if (sum)
		r->top = fmax(r->top + bottom, top + r->bottom) + 1;
	else
		r->top += top;
	r->bottom += bottom;
	for (size_t i = 0; i < n; i++) {
		double up = by->degree[flipped][i], down = by->degree[!flipped][i];
		r->degree[0][i] =
			sum ? fmax(r->degree[0][i] + down, up + r->degree[1][i]) : r->degree[0][i] + up;
		r->degree[1][i] += down;
	}
}

static void widen(struct widest *most, const struct poly *p, size_t n)
{
	most->height = fmax(most->height, fmax(p->top, p->bottom));
	for (size_t i = 0; i < n; i++)
		most->degree[i] = fmax(most->degree[i], fmax(p->degree[0][i], p->degree[1][i]));
}

/* The exponent of a power with a short whole one; 0: it has no such. */
static long whole_exponent(struct view v)
{
	const struct expr_node *n = node_of(v);
	long sign = 1, value = 0;
	if (n->kind == EXPR_NEGATE) {
		sign = -1;
		n = node_of(child_of(v, 0));
	}
	if (n->kind != EXPR_INTEGER || n->flags & EXPR_PERCENT || n->text.len > 4)
		return 0;
	for (size_t i = 0; i < n->text.len; i++)
		value = 10 * value + (n->text.at[i] - '0');
	return value <= MOST_EXPONENT ? sign * value : 0;
}

/* False: it is no rational function with rational coefficients. */
static bool bound(struct judge *j, const struct names *names, struct view v, struct poly *p,
                  struct widest *most)
{
	const struct expr_node *n = node_of(v);
	struct poly by;
	bool fine = spend(&j->w, 10 + 4 * names->n);
	*p = (struct poly){ .top = 0 };
	switch (n->kind) {
	case EXPR_INTEGER: p->top = text_bits(n->text); break;
	case EXPR_BASE: p->top = 6 * (double)n->text.len + 2; break;
	case EXPR_DECIMAL: p->top = p->bottom = text_bits(n->text); break;
	case EXPR_SYMBOL: p->degree[0][name_of(names, n->text)] = 1; break;
	case EXPR_NEGATE: fine = fine && bound(j, names, child_of(v, 0), p, most); break;
	case EXPR_PLUS_MINUS: case EXPR_SUM: case EXPR_PRODUCT: case EXPR_QUOTIENT:
		fine = fine && bound(j, names, child_of(v, 0), p, most);
		for (uint32_t i = 1; fine && i < n->n; i++) {
			fine = bound(j, names, child_of(v, i), &by, most);
			combine(p, &by, n->kind == EXPR_SUM || n->kind == EXPR_PLUS_MINUS,
			        n->kind == EXPR_QUOTIENT, names->n);
		}
		break;
	case EXPR_POWER: {
		long times = whole_exponent(child_of(v, 1));
		fine = fine && times && bound(j, names, child_of(v, 0), &by, most);
		double k = fabs((double)times);
		p->top = k * (times > 0 ? by.top : by.bottom);
		p->bottom = k * (times > 0 ? by.bottom : by.top);
		for (size_t i = 0; fine && i < names->n; i++) {
			p->degree[0][i] = k * by.degree[times < 0][i];
			p->degree[1][i] = k * by.degree[times > 0][i];
		}
		break;
	}
	default: return false;
	}
	if (n->flags & EXPR_PERCENT)
		p->bottom += 7;
	widen(most, p, names->n);
	return fine;
}

/* Decides rational functions at one point: Kronecker's, so far out that no polynomial within the bounds can
 * be 0 there but the one that is 0 everywhere. DECIDE_UNKNOWN: they are none, or too large for it. */
static enum decision at_kroneckers_point(struct judge *j, struct names *names, struct view a, struct view b)
{
	struct poly p, by;
	struct widest most = { .height = 1 };
	double bits, stride = 1;
	if (!bound(j, names, a, &p, &most) || !bound(j, names, b, &by, &most))
		return DECIDE_UNKNOWN;
	combine(&p, &by, true, false, names->n);
	widen(&most, &p, names->n);
	bits = ceil(most.height) + 2;
	for (size_t i = 0; i < names->n; i++)
		stride *= most.degree[i] + 1;
	if (!(bits * stride <= MOST_BITS / 8))
		return DECIDE_UNKNOWN;
	for (size_t i = 0; i < names->n; i++) {
		fmpq_one(names->at[i]);
		fmpz_mul_2exp(fmpq_numref(names->at[i]), fmpq_numref(names->at[i]), (ulong)bits);
		bits *= most.degree[i] + 1;
	}
	struct pair pair = { a, b, names, 0 };
	struct question q = { scalar_difference, &pair };
	struct answer d = scalar_ask(j, q);
	if (d.is == ZERO && d.proved)
		judge_say(j, "the same rational function, proved by Kronecker's point");
	else if (d.is == NONZERO && d.proved)
		judge_say(j, "another rational function");
	else if (d.is == SKIPPED && pair.failed == 'b')
		judge_say(j, "the answer divides by 0");
	return d.is == ZERO && d.proved                                                   ? DECIDE_SAME
	       : (d.is == NONZERO && d.proved) || (d.is == SKIPPED && pair.failed == 'b') ? DECIDE_DIFFERENT
	                                                                                  : DECIDE_UNKNOWN;
}

enum decision function_same(struct judge *j, struct names *names, struct view a, struct view b)
{
	struct pair p = { a, b, names, 0 };
	struct question q = { scalar_difference, &p };
	struct tally t = { 0 };
	uint64_t seed = points_seed(a) + points_seed(b);
	enum decision d = at_kroneckers_point(j, names, a, b);
	j->w.complex = has_constant(a, EXPR_I) || has_constant(b, EXPR_I);
	for (unsigned i = 0; d == DECIDE_UNKNOWN && i < GENERAL_POINTS && !j->w.spent; i++) {
		j->w.point = i;
		points_put(names, seed, i);
		d = points_look(j, &p, q, names, &t);
	}
	/* (-1)^n is a thing of whole numbers alone; there it takes more of them to tell patterns of signs
	 * apart. */
	if (d == DECIDE_UNKNOWN && t.same < ENOUGH && !j->w.spent) {
		t = (struct tally){ .open = t.open };
		for (unsigned i = 0; d == DECIDE_UNKNOWN && i < WHOLE_POINTS && !j->w.spent; i++) {
			j->w.point = GENERAL_POINTS + i;
			points_put(names, seed, GENERAL_POINTS + i);
			d = points_look(j, &p, q, names, &t);
		}
		if (t.same < WHOLE_POINTS / 2)
			t.same = 0;
	}
	j->w.point = 0;
	return d != DECIDE_UNKNOWN ? d : points_conclude(j, &t);
}

bool function_constant(struct view v, struct rho_str *which)
{
	const struct expr_node *n = node_of(v);
	bool other = false, found = false;
	if (n->kind != EXPR_SUM)
		return false;
	for (uint32_t i = 0; i < n->n; i++) {
		const struct expr_node *c = node_of(child_of(v, i));
		if (c->kind == EXPR_SYMBOL && c->text.len == 1 &&
		    (*c->text.at == 'C' || *c->text.at == 'K')) {
			found = true;
			*which = c->text;
		}
	}
	for (uint32_t i = 0; found && i < v.x->n_nodes; i++) {
		const struct expr_node *c = &v.x->node[i];
		other |= c->kind == EXPR_SYMBOL && c->text.len == 1 && *c->text.at >= 'r' &&
		         *c->text.at <= 'z';
	}
	return found && other;
}

/* a(p) - b(p) - (a(q) - b(q)), p the first point and q that of the number */
struct shift { struct view a, b; struct names *names; uint64_t seed; unsigned number; };

static enum status make_shift(struct judge *j, void *arg, struct value *out)
{
	struct shift *s = arg;
	struct pair p = { s->a, s->b, s->names, 0 };
	struct value first;
	enum status done;
	value_init(&first);
	j->w.point = 0;
	points_put(s->names, s->seed, 0);
	if (!(done = scalar_difference(j, &p, &first))) {
		j->w.point = s->number;
		points_put(s->names, s->seed, s->number);
		if (!(done = scalar_difference(j, &p, out)))
			done = value_subtract(&j->w, out, out, &first);
	}
	value_clear(&first);
	j->w.point = 0;
	return done;
}

enum decision function_same_but_constant(struct judge *j, struct names *names, struct view a, struct view b)
{
	struct shift s = { a, b, names, points_seed(a) + points_seed(b), 0 };
	struct question q = { make_shift, &s };
	struct tally t = { 0 };
	enum decision d = DECIDE_UNKNOWN;
	j->w.complex = false;
	for (s.number = 1; d == DECIDE_UNKNOWN && s.number < GENERAL_POINTS && !j->w.spent; s.number++)
		d = points_look(j, NULL, q, names, &t);
	return d == DECIDE_UNKNOWN ? points_conclude(j, &t) : d;
}
