/* Two numbers, or two functions of variables: exactly where they are rational; else by balls that shrink
 * until they are apart, or until what is left of their difference is smaller than anything but 0 can be. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "scalar.h"

enum { MOST_PREC = 1 << 16 };

void judge_say(struct judge *j, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(j->why, 120, fmt, ap);
	va_end(ap);
}

/* Whether a value is 0, at rising precision. */
struct answer scalar_ask(struct judge *j, struct question q)
{
	struct answer a = { .is = OPEN };
	struct value v;
	struct work *w = &j->w;
	bool done = false;
	value_init(&v);
	for (w->prec = 96; !done && w->prec <= MOST_PREC; ) {
		work_forget(w);
		a.status = q.make(j, q.arg, &v);
		if (a.status == UNCLEAR && w->prec < 2000) {
			w->prec *= 4;
			continue;
		}
		if (a.status) {
			a.is = a.status == NO_VALUE || a.status == NOT_REAL ? SKIPPED
			     : a.status == NO_NUMBER ? NOT_ONE : OPEN;
			break;
		}
		if (value_sign(&v, &a.sign) == NOT_ZERO || v.exact) {
			a.is = v.exact && !a.sign ? ZERO : NONZERO;
			a.proved = true;
			break;
		}
		double need = value_separation(w, &v, &a.proved), radius = value_log_radius(&v);
		if (radius < -need) {
			a.is = ZERO;
			a.bits = need;
			done = true;
		} else {
			double next = need + radius + (double)w->prec + 16;
			if (!(next <= MOST_PREC))
				break;
			w->prec = next > 2 * (double)w->prec ? (slong)next : 2 * w->prec;
		}
	}
	value_clear(&v);
	return a;
}

enum status scalar_difference(struct judge *j, void *arg, struct value *out)
{
	struct pair *p = arg;
	struct value b;
	enum status s = eval(&j->w, p->names, p->a, out);
	p->failed = 'a';
	if (s)
		return s;
	value_init(&b);
	p->failed = 'b';
	s = eval(&j->w, p->names, p->b, &b);
	if (!s)
		s = value_subtract(&j->w, out, out, &b);
	value_clear(&b);
	return s;
}

static struct answer difference(struct judge *j, struct pair *p)
{
	struct question q = { scalar_difference, p };
	return scalar_ask(j, q);
}

int scalar_infinite(struct view v)
{
	const struct expr_node *n = node_of(v);
	if (n->kind == EXPR_CONSTANT && n->op == EXPR_INFINITY)
		return 1;
	if (n->kind == EXPR_NEGATE || (n->kind == EXPR_PLUS_MINUS && n->n == 1)) {
		int sign = n->kind == EXPR_NEGATE || (v.sign < 0) != n->op ? -1 : 1;
		return sign * scalar_infinite(child_of(v, 0));
	}
	return 0;
}

int scalar_order(struct judge *j, struct view a, struct view b)
{
	int left = scalar_infinite(a), right = scalar_infinite(b);
	struct pair p = { a, b, NULL, 0 };
	if (left || right)
		return left == right ? 0 : left < right ? -1 : 1;
	j->w.complex = true;
	struct answer d = difference(j, &p);
	return d.is == ZERO ? 0 : d.is == NONZERO && d.sign ? d.sign : 2;
}

/* A plain decimal or the negative of one. */
static const struct expr_node *decimal_of(struct view v)
{
	const struct expr_node *n = node_of(v);
	while (n->kind == EXPR_NEGATE) {
		v = child_of(v, 0);
		n = node_of(v);
	}
	return n->kind == EXPR_DECIMAL && !(n->flags & (EXPR_REPEATS | EXPR_PERCENT)) ? n : NULL;
}

static size_t significant(struct rho_str s, size_t *behind)
{
	size_t n = 0;
	bool point = false;
	*behind = 0;
	for (size_t i = 0; i < s.len; i++) {
		*behind += point;
		point |= s.at[i] == '.';
		if (s.at[i] != '.' && (n || s.at[i] != '0'))
			n++;
	}
	return n;
}

/* |a - b| <= the larger of `absolute` and relative |a|, by balls of 512 bits; true only where that is sure.
 */
static bool is_near(struct judge *j, struct view a, struct view b, const arb_t absolute, double relative)
{
	struct value x, y;
	arb_t most;
	bool near = false;
	value_init(&x);
	value_init(&y);
	arb_init(most);
	j->w.prec = 512;
	work_forget(&j->w);
	if (!eval(&j->w, NULL, a, &x) && !eval(&j->w, NULL, b, &y) && spend(&j->w, 400)) {
		value_ball(&x, 512);
		value_ball(&y, 512);
		acb_sub(y.z, y.z, x.z, 512);
		acb_abs(acb_realref(y.z), y.z, 512);
		acb_abs(most, x.z, 512);
		arb_set_d(acb_imagref(y.z), relative);
		arb_mul(most, most, acb_imagref(y.z), 512);
		near = arb_le(acb_realref(y.z), most) || arb_le(acb_realref(y.z), absolute);
	}
	value_clear(&x);
	value_clear(&y);
	arb_clear(most);
	return near;
}

/* Whether `rounded` is a decimal long enough to be what floating point prints of `exact`. */
static bool is_rounding(struct judge *j, struct view exact, struct view rounded)
{
	const struct expr_node *n = decimal_of(rounded);
	size_t behind;
	if (!j->options->digits || !n || has_kind(exact, EXPR_DECIMAL) ||
	    significant(n->text, &behind) < (size_t)j->options->digits || behind > 100)
		return false;
	arb_t unit;
	arb_init(unit);
	arb_set_ui(unit, 10);
	arb_pow_ui(unit, unit, behind, 512);
	arb_inv(unit, unit, 512);
	bool near = is_near(j, exact, rounded, unit, 0x1p-52);
	arb_clear(unit);
	return near;
}

/* ": 0.333" or what else a number is about, in room for 40; complex ones as (re, im). */
static const char *shown(struct judge *j, struct view v, char *text)
{
	struct value x;
	value_init(&x);
	j->w.prec = 64;
	snprintf(text, 40, ": a large number");
	if (!eval(&j->w, NULL, v, &x)) {
		value_ball(&x, 64);
		double re = arf_get_d(arb_midref(acb_realref(x.z)), ARF_RND_NEAR);
		double im = arf_get_d(arb_midref(acb_imagref(x.z)), ARF_RND_NEAR);
		if (isfinite(re) && isfinite(im) && fabs(im) > 1e-12 * fabs(re))
			snprintf(text, 40, ": (%.10g, %.10g)", re, im);
		else if (isfinite(re))
			snprintf(text, 40, ": %.17g", re);
	}
	value_clear(&x);
	return text;
}

/* 90 degrees for pi/2 */
static bool same_angle(struct judge *j, struct pair *p)
{
	bool first = has_flag(p->a, EXPR_DEGREES), second = has_flag(p->b, EXPR_DEGREES);
	if (first == second || !has_constant(first ? p->b : p->a, EXPR_PI))
		return false;
	j->w.radians = true;
	bool same = difference(j, p).is == ZERO;
	j->w.radians = false;
	if (same)
		judge_say(j, "the same angle");
	return same;
}

static enum decision number_same(struct judge *j, struct view a, struct view b)
{
	struct pair p = { a, b, NULL, 0 };
	arb_t none;
	char text[40], other[40];
	j->w.complex = true;
	struct answer d = difference(j, &p);
	if (d.is == ZERO) {
		if (d.bits <= 0)
			judge_say(j, "the same number, exactly%s", shown(j, a, text));
		else
			judge_say(j, "the same number, %s %.0f bits%s", d.proved ? "proved by" : "to", d.bits,
			          shown(j, a, text));
		return DECIDE_SAME;
	}
	if (d.is == SKIPPED) {
		judge_say(j, "the %s has no value", p.failed == 'a' ? "reference" : "answer");
		return p.failed == 'a' ? DECIDE_UNKNOWN : DECIDE_DIFFERENT;
	}
	if (d.is != NONZERO) {
		judge_say(j, d.is == NOT_ONE ? "one of the two is no number that is known"
		             : j->w.spent    ? "not within the budget of steps"
		                             : "numbers too large or too near to tell apart");
		return DECIDE_UNKNOWN;
	}
	if (same_angle(j, &p))
		return DECIDE_SAME;
	arb_init(none);
	bool near = is_rounding(j, a, b) || is_rounding(j, b, a) ||
	            (j->options->tolerance > 0 && has_kind(b, EXPR_DECIMAL) &&
	             is_near(j, a, b, none, j->options->tolerance));
	arb_clear(none);
	judge_say(j, "%s%s for%s", near ? "the same number as far as it is written" : "other numbers",
	          shown(j, b, text), shown(j, a, other) + 1);
	return near ? DECIDE_SAME : DECIDE_DIFFERENT;
}

enum decision scalar_same(struct judge *j, struct view a, struct view b)
{
	struct names names;
	struct rho_str first, second;
	enum decision d = DECIDE_UNKNOWN;
	int left = scalar_infinite(a), right = scalar_infinite(b);
	if (left || right) {
		judge_say(j, left == right ? "both are infinite"
		                           : "one of them is infinite, the other is not that");
		return left == right ? DECIDE_SAME : DECIDE_DIFFERENT;
	}
	names_init(&names);
	if (!names_add(&names, a) || !names_add(&names, b))
		judge_say(j, "more than %d variables", MOST_NAMES);
	else if (!names.n && !has_kind(a, EXPR_CALL) && !has_kind(b, EXPR_CALL))
		d = number_same(j, a, b);
	else if (!names.n)
		d = number_same(j, a, b);
	else if (function_constant(a, &first) && function_constant(b, &second) && str_same(first, second))
		d = function_same_but_constant(j, &names, a, b);
	else
		d = function_same(j, &names, a, b);
	names_clear(&names);
	return d;
}
