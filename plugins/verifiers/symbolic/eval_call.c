/* The functions with names: exact where a rational of a rational is known, else balls. */
#include <math.h>
#include <string.h>

#include "eval_inner.h"

static bool has_pi(const struct env *e, struct view v)
{
	const struct expr_node *n = node_of(v);
	if (!spend(e->w, 1))
		return false;
	if ((n->kind == EXPR_CONSTANT && n->op == EXPR_PI) || n->flags & EXPR_DEGREES)
		return true;
	for (uint32_t i = 0; i < n->n; i++)
		if (has_pi(e, child_of(v, i)))
			return true;
	return false;
}

/* Whether a view is a rational multiple of pi, and which: out. */
static bool of_pi(const struct env *e, struct view v, struct value *out)
{
	const struct expr_node *n = node_of(v);
	struct value other;
	bool fine = true, found = false;
	if (n->flags & EXPR_DEGREES) {
		struct env plain = { e->w, e->names, false };
		fine = !eval_at(&plain, v, out) && out->exact;
		if (fine)
			fmpq_div_fmpz(out->q, out->q, (fmpz[]){ 180 });
		return fine;
	}
	if (n->kind == EXPR_CONSTANT && n->op == EXPR_PI) {
		value_set_si(out, 1);
		return true;
	}
	if (n->kind == EXPR_NEGATE || n->kind == EXPR_PLUS_MINUS) {
		fine = n->n == 1 && of_pi(e, child_of(v, 0), out);
		if (fine && (n->kind == EXPR_NEGATE || (v.sign < 0) != n->op))
			value_negate(out);
		return fine;
	}
	if (n->kind != EXPR_SUM && n->kind != EXPR_PRODUCT && n->kind != EXPR_QUOTIENT)
		return false;
	value_init(&other);
	value_set_si(out, n->kind == EXPR_SUM ? 0 : 1);
	for (uint32_t i = 0; fine && i < n->n; i++) {
		struct view c = child_of(v, i);
		bool pi = has_pi(e, c);
		if (n->kind == EXPR_SUM)
			fine = pi && of_pi(e, c, &other) && !value_add(e->w, out, out, &other);
		else if (pi)
			fine = !found && (n->kind == EXPR_PRODUCT || !i) && of_pi(e, c, &other) &&
			       !value_multiply(e->w, out, out, &other);
		else
			fine = !eval_at(e, c, &other) && other.exact &&
			       !(n->kind == EXPR_QUOTIENT && i ? value_divide(e->w, out, out, &other)
			                                       : value_multiply(e->w, out, out, &other));
		found |= pi;
	}
	value_clear(&other);
	return fine && out->exact;
}

enum { SINE, COSINE };

/* sin or cos of q pi where that is a rational (Niven): twice it, in *twice. */
static bool niven(const fmpq_t q, int which, int *twice)
{
	static const int sixths[12] = { 0, 1, 9, 2, 9, 1, 0, -1, 9, -2, 9, -1 };        /* 9: none */
	fmpz_t n;
	bool fine = false;
	if (fmpz_cmp_si(fmpq_denref(q), 6) > 0)
		return false;
	slong below = fmpz_get_si(fmpq_denref(q));
	if (below == 4 || below == 5)
		return false;
	fmpz_init(n);
	fmpz_mul_si(n, fmpq_numref(q), 6 / below);
	ulong sixth = (fmpz_fdiv_ui(n, 12) + (which == COSINE ? 3 : 0)) % 12;
	fine = sixths[sixth] != 9;
	*twice = sixths[sixth];
	fmpz_clear(n);
	return fine;
}

/* The parts of tan and the like: function of the sine s and the cosine c. */
static enum status of_sine(struct work *w, unsigned op, struct value *s, struct value *c, struct value *out)
{
	struct value one;
	enum status done = FINE;
	value_init(&one);
	value_set_si(&one, 1);
	switch (op) {
	case EXPR_SIN: value_set(out, s); break;
	case EXPR_COS: value_set(out, c); break;
	case EXPR_TAN: done = value_divide(w, out, s, c); break;
	case EXPR_COT: done = value_divide(w, out, c, s); break;
	case EXPR_SEC: done = value_divide(w, out, &one, c); break;
	default: done = value_divide(w, out, &one, s); break;
	}
	value_clear(&one);
	return done;
}

static enum status sine_of_pi(struct work *w, const fmpq_t q, struct value *s, struct value *c)
{
	struct value *both[2] = { s, c };
	fmpz_t order;
	fmpz_init(order);
	fmpz_mul_si(order, fmpq_denref(q), 4);
	ulong n = fmpz_cmp_si(order, 100000) < 0 ? fmpz_get_ui(order) : 100001;
	fmpz_clear(order);
	for (int which = 0; which < 2; which++) {
		int twice;
		if (niven(q, which, &twice)) {
			fmpq_set_si(both[which]->q, twice, 2);
			fmpq_canonicalise(both[which]->q);
			both[which]->exact = true;
			continue;
		}
		acb_zero(both[which]->z);
		if (which == SINE)
			arb_sin_pi_fmpq(acb_realref(both[which]->z), q, w->prec);
		else
			arb_cos_pi_fmpq(acb_realref(both[which]->z), q, w->prec);
		value_unity(w, both[which], n, true, 16 + 2 * (double)fmpz_bits(fmpq_denref(q)));
	}
	return FINE;
}

static enum status trigonometric(const struct env *e, unsigned op, struct view v, struct value *out)
{
	struct work *w = e->w;
	struct env angle = { w, e->names, true };
	struct value x, s, c;
	enum status done;
	value_init(&x);
	value_init(&s);
	value_init(&c);
	done = spend(w, 40 * cost_of_product((double)w->prec)) ? FINE : TOO_MUCH;
	if (done) {
	} else if (has_pi(e, v) && of_pi(e, v, &x) && fmpz_bits(fmpq_numref(x.q)) < 64) {
		done = sine_of_pi(w, x.q, &s, &c);
	} else if (!(done = eval_at(&angle, v, &x))) {
		value_ball(&x, w->prec);
		mag_t m;
		mag_init(m);
		acb_get_mag(m, x.z);
		if (x.exact && fmpq_is_zero(x.q)) {
			value_set_si(&s, 0);
			value_set_si(&c, 1);
		} else if (mag_cmp_2exp_si(m, 1000) > 0) {
			done = TOO_MUCH;
		} else {
			acb_sin_cos(s.z, c.z, x.z, w->prec);
			done = value_transcendental(&s, value_weight(&x));
			done = done ? done : value_transcendental(&c, value_weight(&x));
		}
		mag_clear(m);
	}
	if (!done)
		done = of_sine(w, op, &s, &c, out);
	value_clear(&x);
	value_clear(&s);
	value_clear(&c);
	return done;
}

/* log of a to the base b where it is a small fraction of whole numbers. */
static bool log_exact(const struct value *a, const struct value *b, struct value *out)
{
	if (!a->exact || !b->exact || fmpq_sgn(a->q) <= 0 || fmpq_sgn(b->q) <= 0 || fmpq_is_one(b->q) ||
	    fmpq_height_bits(a->q) > 4000 || fmpq_height_bits(b->q) > 400)
		return false;
	double ratio = (fmpz_dlog(fmpq_numref(a->q)) - fmpz_dlog(fmpq_denref(a->q))) /
	               (fmpz_dlog(fmpq_numref(b->q)) - fmpz_dlog(fmpq_denref(b->q)));
	bool found = false;
	fmpq_t left, right;
	fmpq_init(left);
	fmpq_init(right);
	for (slong below = 1; below <= 12 && !found; below++) {
		double top = nearbyint(ratio * (double)below);
		if (fabs(ratio * (double)below - top) > 1e-6 || fabs(top) > 4000)
			continue;
		fmpq_pow_si(left, a->q, below);
		fmpq_pow_si(right, b->q, (slong)top);
		found = fmpq_equal(left, right);
		if (found) {
			fmpq_set_si(out->q, (slong)top, 1);
			fmpq_div_fmpz(out->q, out->q, (fmpz[]){ below });
			out->exact = true;
		}
	}
	fmpq_clear(left);
	fmpq_clear(right);
	return found;
}

static enum status logarithm(struct work *w, struct value *x, struct value *out)
{
	if (x->exact && fmpq_is_zero(x->q))
		return NO_VALUE;
	if (x->exact && fmpq_is_one(x->q)) {
		value_set_si(out, 0);
		return FINE;
	}
	value_ball(x, w->prec);
	if (acb_contains_zero(x->z))
		return UNCLEAR;
	if (!w->complex && !arb_is_positive(acb_realref(x->z)))
		return arb_is_negative(acb_realref(x->z)) ? NOT_REAL : UNCLEAR;
	double weight = value_weight(x);
	acb_log(out->z, x->z, w->prec);
	return value_transcendental(out, weight);
}

static enum status log_to_base(struct work *w, struct value *x, struct value *base, struct value *out)
{
	enum status s;
	if (!spend(w, 100 * cost_of_product((double)w->prec)))
		return TOO_MUCH;
	if (log_exact(x, base, out))
		return FINE;
	if ((s = logarithm(w, base, base)) || (s = logarithm(w, x, x)))
		return s;
	return value_divide(w, out, x, base);
}

/* A function of one argument that is nowhere rational but at 0 or 1. */
static enum status elementary(struct work *w, unsigned op, struct value *x, struct value *out)
{
	double weight = value_weight(x);
	bool zero = x->exact && fmpq_is_zero(x->q);
	arb_t one;
	if (!spend(w, 60 * cost_of_product((double)w->prec)))
		return TOO_MUCH;
	if (zero && op != EXPR_ARCCOS) {
		value_set_si(out, op == EXPR_EXP || op == EXPR_COSH);
		return FINE;
	}
	value_ball(x, w->prec);
	mag_t m;
	mag_init(m);
	acb_get_mag(m, x->z);
	bool huge = mag_cmp_2exp_si(m, 40) > 0;
	if (op == EXPR_TANH && !huge)
		weight += 4 * mag_get_d(m);     /* tanh x is 1 but for 2 e^-2x, as sinh and cosh would weigh */
	mag_clear(m);
	if (huge)
		return TOO_MUCH;
	if (op == EXPR_ARCSIN || op == EXPR_ARCCOS) {
		arb_init(one);
		arb_abs(one, acb_realref(x->z));
		arb_sub_ui(one, one, 1, w->prec);
		bool outside = acb_is_real(x->z) && arb_is_positive(one);
		bool unclear = acb_is_real(x->z) && !outside && arb_contains_positive(one);
		arb_clear(one);
		if (outside && !w->complex)
			return NOT_REAL;
		if (unclear)
			return UNCLEAR;
	}
	switch (op) {
	case EXPR_EXP:    acb_exp(out->z, x->z, w->prec); break;
	case EXPR_SINH:   acb_sinh(out->z, x->z, w->prec); break;
	case EXPR_COSH:   acb_cosh(out->z, x->z, w->prec); break;
	case EXPR_TANH:   acb_tanh(out->z, x->z, w->prec); break;
	case EXPR_ARCSIN: acb_asin(out->z, x->z, w->prec); break;
	case EXPR_ARCCOS: acb_acos(out->z, x->z, w->prec); break;
	default:          acb_atan(out->z, x->z, w->prec); break;
	}
	return value_transcendental(out, weight);
}

enum status eval_exponential(struct work *w, struct value *x, struct value *out)
{
	return elementary(w, EXPR_EXP, x, out);
}

/* gcd, lcm, least and greatest of all arguments. */
static enum status of_many(const struct env *e, const struct expr_node *n, struct view v, struct value *out)
{
	struct value x, d;
	enum status done = eval_at(e, child_of(v, 0), out);
	value_init(&x);
	value_init(&d);
	for (uint32_t i = 1; !done && i < n->n; i++) {
		int sign;
		if ((done = eval_at(e, child_of(v, i), &x)))
			break;
		if (n->op == EXPR_GCD || n->op == EXPR_LCM) {
			if (!x.exact || !out->exact || !fmpz_is_one(fmpq_denref(x.q)) ||
			    !fmpz_is_one(fmpq_denref(out->q)))
				done = NO_VALUE;
			else if (!spend(e->w, 20 * cost_of_product((double)fmpq_height_bits(x.q))))
				done = TOO_MUCH;
			else if (n->op == EXPR_GCD)
				fmpz_gcd(fmpq_numref(out->q), fmpq_numref(out->q), fmpq_numref(x.q));
			else
				fmpz_lcm(fmpq_numref(out->q), fmpq_numref(out->q), fmpq_numref(x.q));
			continue;
		}
		if ((done = value_subtract(e->w, &d, &x, out)))
			break;
		if (value_sign(&d, &sign) == ZERO_INSIDE ? !d.exact : !sign)
			done = UNCLEAR;
		else if (n->op == EXPR_MIN ? sign < 0 : sign > 0)
			value_set(out, &x);
	}
	value_clear(&x);
	value_clear(&d);
	return done;
}

static uint64_t mix(uint64_t h, const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++)
		h = (h ^ (unsigned char)text[i]) * 0x100000001b3u;
	return h;
}

/* An unknown function f: some number that follows from its name and from the exact arguments. */
static enum status unknown_function(const struct env *e, const struct expr_node *n, struct view v,
                                    struct value *out)
{
	uint64_t h = mix(0xcbf29ce484222325u, n->text.at, n->text.len);
	struct value x;
	enum status done = FINE;
	value_init(&x);
	for (uint32_t i = 0; !done && i < n->n; i++) {
		done = eval_at(e, child_of(v, i), &x);
		if (!done && (!x.exact || fmpq_height_bits(x.q) > 4096))
			done = NO_NUMBER;
		if (!done) {
			char *text = fmpq_get_str(NULL, 16, x.q);
			h = mix(h * 31, text, strlen(text));
			flint_free(text);
		}
	}
	value_clear(&x);
	h = (h ^ (h >> 31)) * 0x9e3779b97f4a7c15u;
	fmpq_set_si(out->q, (slong)(h >> 52) + 4097, 1 + (h >> 20 & 1023));
	fmpq_canonicalise(out->q);
	out->exact = true;
	return done;
}

enum status eval_call(const struct env *e, const struct expr_node *n, struct view v, struct value *out)
{
	struct value x, base;
	enum status done;
	if (n->op == EXPR_OTHER)
		return unknown_function(e, n, v, out);
	if (!n->n)
		return NO_NUMBER;
	if (n->op <= EXPR_CSC)
		return trigonometric(e, n->op, child_of(v, 0), out);
	if (n->op >= EXPR_MIN && n->op <= EXPR_LCM)
		return of_many(e, n, v, out);
	value_init(&x);
	value_init(&base);
	done = eval_at(e, child_of(v, 0), &x);
	if (!done && n->op == EXPR_LOG) {
		value_set_si(&base, 10);
		if (n->n > 1)
			done = eval_at(e, child_of(v, 1), &base);
		if (!done)
			done = log_to_base(e->w, &x, &base, out);
	} else if (!done && n->op == EXPR_LN) {
		done = spend(e->w, 60 * cost_of_product((double)e->w->prec)) ? logarithm(e->w, &x, out)
		                                                             : TOO_MUCH;
	} else if (!done) {
		done = elementary(e->w, n->op, &x, out);
	}
	value_clear(&x);
	value_clear(&base);
	return done;
}

/* x! where x is no short whole number: the gamma function of x + 1. */
static enum status gamma_of(struct work *w, struct value *x, struct value *out)
{
	double weight = value_weight(x);
	mag_t m;
	if (x->exact && fmpz_is_one(fmpq_denref(x->q)) && fmpq_sgn(x->q) < 0)
		return NO_VALUE;
	if (!spend(w, 400 * cost_of_product((double)w->prec)))
		return TOO_MUCH;
	value_ball(x, w->prec);
	mag_init(m);
	acb_get_mag(m, x->z);
	bool huge = mag_cmp_2exp_si(m, 40) > 0;
	mag_clear(m);
	if (huge || w->prec > 4096)
		return TOO_MUCH;
	acb_add_ui(out->z, x->z, 1, w->prec);
	acb_gamma(out->z, out->z, w->prec);
	return value_transcendental(out, weight);
}

enum status eval_factorial(struct work *w, struct value *x, struct value *out)
{
	if (x->exact && fmpz_is_one(fmpq_denref(x->q)) && fmpq_sgn(x->q) >= 0 &&
	    fmpz_cmp_si(fmpq_numref(x->q), 20000) <= 0) {
		ulong n = fmpz_get_ui(fmpq_numref(x->q));
		if (!spend(w, 4 * cost_of_product((double)n * 15)))
			return TOO_MUCH;
		fmpq_one(out->q);
		fmpz_fac_ui(fmpq_numref(out->q), n);
		out->exact = true;
		return FINE;
	}
	return gamma_of(w, x, out);
}

enum status eval_binomial(struct work *w, struct value *n, struct value *k, struct value *out)
{
	struct value d, f;
	enum status s;
	if (n->exact && k->exact && fmpz_is_one(fmpq_denref(n->q)) && fmpz_is_one(fmpq_denref(k->q)) &&
	    fmpq_sgn(n->q) >= 0 && fmpz_bits(fmpq_numref(n->q)) <= 40) {
		slong many = fmpz_get_si(fmpq_numref(n->q));
		if (fmpq_sgn(k->q) < 0 || fmpz_cmp(fmpq_numref(k->q), fmpq_numref(n->q)) > 0) {
			value_set_si(out, 0);
			return FINE;
		}
		slong few = fmpz_get_si(fmpq_numref(k->q));
		few = few < many - few ? few : many - few;
		if ((double)few * (double)FLINT_BIT_COUNT((ulong)many) <= MOST_BITS) {
			if (!spend(w, 20 * cost_of_product((double)few * 40)))
				return TOO_MUCH;
			fmpq_one(out->q);
			fmpz_bin_uiui(fmpq_numref(out->q), (ulong)many, (ulong)few);
			out->exact = true;
			return FINE;
		}
	}
	value_init(&d);
	value_init(&f);
	(void)((s = value_subtract(w, &d, n, k)) || (s = gamma_of(w, n, out)) || (s = gamma_of(w, k, &f)) ||
	       (s = value_divide(w, out, out, &f)) || (s = gamma_of(w, &d, &f)) ||
	       (s = value_divide(w, out, out, &f)));
	value_clear(&d);
	value_clear(&f);
	return s;
}

enum status eval_absolute(struct work *w, struct value *x, struct value *out)
{
	int sign;
	if (x->exact) {
		fmpq_abs(out->q, x->q);
		out->exact = true;
		return FINE;
	}
	if (!acb_is_real(x->z)) {
		bool whole = x->whole, algebraic = x->algebraic;
		double top = x->top, bottom = x->bottom, weight = x->weight;
		if (!spend(w, 10 * cost_of_product((double)w->prec)))
			return TOO_MUCH;
		acb_abs(acb_realref(out->z), x->z, w->prec);
		arb_zero(acb_imagref(out->z));
		w->log_degree += algebraic;     /* the root of z times its conjugate */
		out->exact = false;
		out->algebraic = algebraic;
		out->whole = whole;
		out->top = top;
		out->bottom = bottom;
		out->weight = weight + 8;
		return FINE;
	}
	if (value_sign(x, &sign) == ZERO_INSIDE)
		return UNCLEAR;
	value_set(out, x);
	if (sign < 0)
		value_negate(out);
	return FINE;
}

enum status eval_rounded(struct work *w, bool up, struct value *x, struct value *out)
{
	fmpz_t n;
	bool fine = true;
	if (!spend(w, cost_of_product((double)w->prec)))
		return TOO_MUCH;
	fmpz_init(n);
	if (x->exact) {
		if (up)
			fmpz_cdiv_q(n, fmpq_numref(x->q), fmpq_denref(x->q));
		else
			fmpz_fdiv_q(n, fmpq_numref(x->q), fmpq_denref(x->q));
	} else {
		arb_t down;
		arb_init(down);
		if (up)
			arb_ceil(down, acb_realref(x->z), w->prec);
		else
			arb_floor(down, acb_realref(x->z), w->prec);
		fine = acb_is_real(x->z) && arb_get_unique_fmpz(n, down);
		arb_clear(down);
	}
	if (fine) {
		fmpq_set_fmpz(out->q, n);
		out->exact = true;
	}
	fmpz_clear(n);
	return fine ? FINE : UNCLEAR;
}

