/* The value of a tree: exact where everything in it is, else a ball. */
#include <string.h>

#include "eval_inner.h"

static bool is_same(struct rho_str a, struct rho_str b)
{
	return a.len == b.len && !memcmp(a.at, b.at, a.len);
}

/* Reads digits in a base into out; false: a character is no digit of it. */
static bool read_digits(struct rho_str s, int base, fmpz_t out)
{
	char small[64], *text = s.len < sizeof small ? small : flint_malloc(s.len + 1);
	memcpy(text, s.at, s.len);
	text[s.len] = 0;
	bool fine = s.len && base >= 2 && base <= 36 && !fmpz_set_str(out, text, base);
	if (text != small)
		flint_free(text);
	return fine;
}

/* 12.345 with `repeats` of its last digits for ever. */
static bool read_decimal(struct rho_str s, uint32_t repeats, fmpq_t out)
{
	char small[64], *text = s.len < sizeof small ? small : flint_malloc(s.len + 1);
	size_t n = 0, behind = 0;
	bool point = false, fine;
	for (size_t i = 0; i < s.len; i++) {
		if (s.at[i] == '.') {
			point = true;
			continue;
		}
		text[n++] = s.at[i];
		behind += point;
	}
	struct rho_str digits = { text, n }, head = { text, n - (repeats <= n ? repeats : n) };
	fmpz_t top, bottom, before;
	fmpz_init(top);
	fmpz_init_set_ui(bottom, 10);
	fmpz_init(before);
	fine = n && repeats <= behind && read_digits(digits, 10, top);
	if (fine && repeats) {
		if (head.len)
			fine = read_digits(head, 10, before);
		fmpz_sub(top, top, before);
		fmpz_pow_ui(before, bottom, repeats);
		fmpz_sub_ui(before, before, 1);
		fmpz_pow_ui(bottom, bottom, behind - repeats);
		fmpz_mul(bottom, bottom, before);
	} else if (fine) {
		fmpz_pow_ui(bottom, bottom, behind);
	}
	if (fine)
		fmpq_set_fmpz_frac(out, top, bottom);
	fmpz_clear(top);
	fmpz_clear(bottom);
	fmpz_clear(before);
	if (text != small)
		flint_free(text);
	return fine;
}

static enum status number(const struct env *e, const struct expr_node *n, struct value *out)
{
	bool fine;
	if (!spend(e->w, 20 + 4 * cost_of_product(4 * (double)n->text.len)))
		return TOO_MUCH;
	fmpq_zero(out->q);
	out->exact = true;
	if (n->kind == EXPR_DECIMAL)
		fine = read_decimal(n->text, n->flags & EXPR_REPEATS ? n->op : 0, out->q);
	else
		fine = read_digits(n->text, n->kind == EXPR_BASE ? n->op : 10, fmpq_numref(out->q));
	if (!fine)
		fmpq_zero(out->q);
	return fine ? FINE : NO_VALUE;
}

static enum status constant(const struct env *e, unsigned op, struct value *out)
{
	slong prec = e->w->prec;
	if (op == EXPR_INFINITY)
		return NO_NUMBER;
	if (op == EXPR_UNDEFINED)
		return NO_VALUE;
	if (!spend(e->w, 10 * cost_of_product((double)prec)))
		return TOO_MUCH;
	acb_zero(out->z);
	if (op == EXPR_I) {
		if (!e->w->complex)
			return NOT_REAL;
		acb_onei(out->z);
		value_unity(e->w, out, 4, true, 8);
		out->top = out->bottom = 0;
		return FINE;
	}
	if (op == EXPR_PI)
		arb_const_pi(acb_realref(out->z), prec);
	else
		arb_const_e(acb_realref(out->z), prec);
	return value_transcendental(out, 8);
}

static enum status variable(const struct env *e, struct rho_str name, struct value *out)
{
	for (size_t i = 0; e->names && i < e->names->n; i++)
		if (is_same(e->names->name[i], name)) {
			fmpq_set(out->q, e->names->at[i]);
			out->exact = true;
			return FINE;
		}
	return NO_NUMBER;
}

static enum status sum_or_product(const struct env *e, const struct expr_node *n, struct view v,
                                  struct value *out)
{
	struct value x;
	enum status done = FINE;
	value_init(&x);
	value_set_si(out, n->kind == EXPR_PRODUCT);
	for (uint32_t i = 0; !done && i < n->n; i++) {
		done = eval_at(e, child_of(v, i), &x);
		if (!done)
			done = n->kind == EXPR_SUM ? value_add(e->w, out, out, &x)
			                           : value_multiply(e->w, out, out, &x);
	}
	value_clear(&x);
	return done;
}

/* e^x and e^(x i) are the exponential function. */
static enum status power(const struct env *e, struct view v, struct value *a, struct value *b,
                         struct value *out)
{
	const struct expr_node *base = node_of(child_of(v, 0));
	if (base->kind == EXPR_CONSTANT && base->op == EXPR_E &&
	    !(b->exact && fmpz_is_one(fmpq_denref(b->q))))
		return eval_exponential(e->w, b, out);
	/* Where the exponent varies, a negative base has a power at whole numbers alone: (-1)^n. */
	if (!e->w->complex && a->exact && fmpq_sgn(a->q) < 0 && b->exact && !fmpz_is_one(fmpq_denref(b->q)) &&
	    has_kind(child_of(v, 1), EXPR_SYMBOL))
		return NOT_REAL;
	return value_power(e->w, out, a, b, v.x, child_of(v, 0).node);
}

static enum status of_two(const struct env *e, const struct expr_node *n, struct view v, struct value *out)
{
	struct value a, b;
	enum status done;
	value_init(&a);
	value_init(&b);
	if ((done = eval_at(e, child_of(v, 0), &a)) || (done = eval_at(e, child_of(v, 1), &b))) {
	} else if (n->kind == EXPR_QUOTIENT) {
		done = value_divide(e->w, out, &a, &b);
	} else if (n->kind == EXPR_POWER) {
		done = power(e, v, &a, &b, out);
	} else if (n->kind == EXPR_BINOMIAL) {
		done = eval_binomial(e->w, &a, &b, out);
	} else if (n->kind == EXPR_PLUS_MINUS) {
		done = (v.sign < 0) != n->op ? value_subtract(e->w, out, &a, &b)
		                             : value_add(e->w, out, &a, &b);
	} else if (!b.exact || !fmpz_is_one(fmpq_denref(b.q)) || fmpq_sgn(b.q) <= 0 ||
	           fmpz_cmp_si(fmpq_numref(b.q), 1000) > 0) {
		done = NO_VALUE;
	} else {
		done = value_root(e->w, out, &a, fmpz_get_ui(fmpq_numref(b.q)), v.x, child_of(v, 0).node);
	}
	value_clear(&a);
	value_clear(&b);
	return done;
}

static enum status of_one(const struct env *e, const struct expr_node *n, struct view v, struct value *out)
{
	struct value a;
	enum status done;
	value_init(&a);
	if (!(done = eval_at(e, child_of(v, 0), &a))) {
		switch (n->kind) {
		case EXPR_FACTORIAL: done = eval_factorial(e->w, &a, out); break;
		case EXPR_ABS:       done = eval_absolute(e->w, &a, out); break;
		case EXPR_FLOOR:     done = eval_rounded(e->w, false, &a, out); break;
		case EXPR_CEIL:      done = eval_rounded(e->w, true, &a, out); break;
		default:
			value_set(out, &a);
			if (n->kind == EXPR_NEGATE || (v.sign < 0) != n->op)
				value_negate(out);
		}
	}
	value_clear(&a);
	return done;
}

static enum status bare(const struct env *e, const struct expr_node *n, struct view v, struct value *out)
{
	switch (n->kind) {
	case EXPR_INTEGER: case EXPR_DECIMAL: case EXPR_BASE: return number(e, n, out);
	case EXPR_SYMBOL:   return variable(e, name_in(v, n->text), out);
	case EXPR_CONSTANT: return constant(e, n->op, out);
	case EXPR_SUM: case EXPR_PRODUCT: return sum_or_product(e, n, v, out);
	case EXPR_CALL:     return eval_call(e, n, v, out);
	case EXPR_QUOTIENT: case EXPR_POWER: case EXPR_ROOT: case EXPR_BINOMIAL: return of_two(e, n, v, out);
	case EXPR_PLUS_MINUS: return n->n == 2 ? of_two(e, n, v, out) : of_one(e, n, v, out);
	case EXPR_NEGATE: case EXPR_FACTORIAL: case EXPR_ABS: case EXPR_FLOOR: case EXPR_CEIL:
		return of_one(e, n, v, out);
	default: return NO_NUMBER;
	}
}

enum status eval_at(const struct env *e, struct view v, struct value *out)
{
	const struct expr_node *n = node_of(v);
	struct value by;
	enum status done = spend(e->w, 4) ? bare(e, n, v, out) : TOO_MUCH;
	if (done ||
	    !(((n->flags & EXPR_PERCENT) && !v.bare_percent) || ((n->flags & EXPR_DEGREES) && e->angle)))
		return done;
	value_init(&by);
	value_set_si(&by, n->flags & EXPR_PERCENT ? 100 : 180);
	done = value_divide(e->w, out, out, &by);
	if (!done && !(n->flags & EXPR_PERCENT) && !(done = constant(e, EXPR_PI, &by)))
		done = value_multiply(e->w, out, out, &by);
	value_clear(&by);
	return done;
}

enum status eval(struct work *w, const struct names *names, struct view v, struct value *out)
{
	const struct env e = { w, names, w->radians };
	w->sign = v.sign;
	enum status s = eval_at(&e, v, out);
	if (!s && v.negated)
		value_negate(out);
	return s;
}

void names_init(struct names *names)
{
	names->n = 0;
	for (size_t i = 0; i < MOST_NAMES; i++)
		fmpq_init(names->at[i]);
}

void names_clear(struct names *names)
{
	for (size_t i = 0; i < MOST_NAMES; i++)
		fmpq_clear(names->at[i]);
}

bool names_add(struct names *names, struct view v)
{
	const struct expr_node *n = node_of(v);
	if (n->kind == EXPR_SYMBOL) {
		struct rho_str name = name_in(v, n->text);
		size_t i = 0;
		while (i < names->n && !is_same(names->name[i], name))
			i++;
		if (i == MOST_NAMES)
			return false;
		if (i == names->n)
			names->name[names->n++] = name;
	}
	for (uint32_t i = 0; i < n->n; i++)
		if (!names_add(names, child_of(v, i)))
			return false;
	return true;
}

bool has_kind(struct view v, unsigned kind)
{
	const struct expr_node *n = node_of(v);
	bool has = n->kind == kind;
	for (uint32_t i = 0; !has && i < n->n; i++)
		has = has_kind(child_of(v, i), kind);
	return has;
}

bool has_flag(struct view v, unsigned flag)
{
	const struct expr_node *n = node_of(v);
	bool has = n->flags & flag;
	for (uint32_t i = 0; !has && i < n->n; i++)
		has = has_flag(child_of(v, i), flag);
	return has;
}

bool has_constant(struct view v, unsigned constant)
{
	const struct expr_node *n = node_of(v);
	bool has = n->kind == EXPR_CONSTANT && n->op == constant;
	for (uint32_t i = 0; !has && i < n->n; i++)
		has = has_constant(child_of(v, i), constant);
	return has;
}
