/* Whether two equations are multiples of each other. */
#include "scalar.h"

/* E1(p) E2(q) - E2(p) E1(q), E the left side less the right. */
struct ratio {
	const struct view *first, *second;
	struct names *names;
	uint64_t seed;
	unsigned base, number;
};

static enum status make_side(struct judge *j, const struct ratio *r, const struct view side[2],
                             unsigned number, struct value *out)
{
	struct pair p = { side[0], side[1], r->names, 0 };
	j->w.point = number;
	points_put(r->names, r->seed, number);
	return scalar_difference(j, &p, out);
}

static enum status make_ratio(struct judge *j, void *arg, struct value *out)
{
	const struct ratio *r = arg;
	struct value x, y;
	enum status s;
	value_init(&x);
	value_init(&y);
	if ((s = make_side(j, r, r->second, r->base, &x)) ||
	    (s = make_side(j, r, r->first, r->number, out)) || (s = value_multiply(&j->w, &x, &x, out)) ||
	    (s = make_side(j, r, r->first, r->base, &y)) || (s = make_side(j, r, r->second, r->number, out)))
		goto out;
	if (!(s = value_multiply(&j->w, out, out, &y)))
		s = value_subtract(&j->w, out, out, &x);
out:
	value_clear(&x);
	value_clear(&y);
	j->w.point = 0;
	return s;
}

struct one_side { const struct ratio *r; const struct view *side; };

static enum status make_one_side(struct judge *j, void *arg, struct value *out)
{
	const struct one_side *o = arg;
	enum status s = make_side(j, o->r, o->side, o->r->base, out);
	j->w.point = 0;
	return s;
}

/* A point at which neither equation holds; gives the sign of the second's difference to the first's. */
static enum decision find_base(struct judge *j, struct ratio *r, int *factor)
{
	for (r->base = 0; r->base < GENERAL_POINTS && !j->w.spent; r->base++) {
		struct one_side first = { r, r->first }, second = { r, r->second };
		struct question p = { make_one_side, &first }, q = { make_one_side, &second };
		struct answer a = scalar_ask(j, p), b = scalar_ask(j, q);
		if (a.is == NONZERO && b.is == NONZERO) {
			*factor = a.sign * b.sign;
			return DECIDE_SAME;
		}
		if ((a.is == NONZERO && b.is == ZERO) || (a.is == ZERO && b.is == NONZERO))
			return DECIDE_DIFFERENT;
	}
	return DECIDE_UNKNOWN;
}

enum decision equation_same(struct judge *j, const struct view first[2], const struct view second[2],
                            int *factor)
{
	struct names names;
	struct ratio r = { first, second, &names, 0, 0, 0 };
	struct question q = { make_ratio, &r };
	struct tally t = { 0 };
	enum decision d = DECIDE_UNKNOWN;
	bool fine = true;
	*factor = 0;
	names_init(&names);
	for (int i = 0; i < 2; i++) {
		fine = fine && names_add(&names, first[i]) && names_add(&names, second[i]);
		r.seed += points_seed(first[i]) + points_seed(second[i]);
	}
	j->w.complex = false;
	if (!fine || !names.n) {
		judge_say(j, fine ? "equations without a variable" : "more than %d variables", MOST_NAMES);
	} else if ((d = find_base(j, &r, factor)) != DECIDE_SAME) {
		judge_say(j, d == DECIDE_DIFFERENT ? "equations that do not hold at the same points"
		                                   : "no point found at which the equations can be compared");
	} else {
		d = DECIDE_UNKNOWN;
		for (r.number = r.base + 1;
		     d == DECIDE_UNKNOWN && r.number < r.base + GENERAL_POINTS && !j->w.spent; r.number++)
			d = points_look(j, NULL, q, &names, &t);
		if (d == DECIDE_UNKNOWN)
			d = points_conclude(j, &t);
		if (d == DECIDE_DIFFERENT)
			judge_say(j, "equations that are no multiples of each other");
	}
	names_clear(&names);
	return d;
}
