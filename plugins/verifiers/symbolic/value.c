/* Values: rationals while they stay short, then balls with a bound on their conjugates. Every operation is
 * paid for before it is done. */
#include <math.h>

#include "value.h"

static const ulong small_primes[] = { 2,  3,  5,  7,  11, 13, 17, 19, 23, 29, 31, 37, 41,
	                              43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97 };

void work_init(struct work *w, uint64_t budget)
{
	*w = (struct work){ .budget = budget, .complex = true, .prec = 96, .cyclotomic = 2 };
	for (size_t i = 0; i < MOST_RADICALS; i++)
		fmpz_init(w->radical[i].what);
}

void work_clear(struct work *w)
{
	for (size_t i = 0; i < MOST_RADICALS; i++)
		fmpz_clear(w->radical[i].what);
}

void work_forget(struct work *w)
{
	w->n_radicals = 0;
	w->log_degree = 0;
	w->cyclotomic = 2;
}

bool spend(struct work *w, uint64_t steps)
{
	if (w->spent || steps > w->budget - w->steps) {
		w->spent = true;
		return false;
	}
	w->steps += steps;
	return true;
}

uint64_t cost_of_product(double bits)
{
	double words = bits / 64 + 1;
	return 20 + (uint64_t)(words < 32 ? words * words : 6 * words * log2(words));
}

void value_init(struct value *v)
{
	*v = (struct value){ .exact = true };
	fmpq_init(v->q);
	acb_init(v->z);
}

void value_clear(struct value *v)
{
	fmpq_clear(v->q);
	acb_clear(v->z);
}

void value_set(struct value *r, const struct value *a)
{
	if (r == a)
		return;
	fmpq_set(r->q, a->q);
	acb_set(r->z, a->z);
	r->exact = a->exact;
	r->algebraic = a->algebraic;
	r->whole = a->whole;
	r->top = a->top;
	r->bottom = a->bottom;
	r->weight = a->weight;
}

void value_set_si(struct value *r, slong n)
{
	fmpq_set_si(r->q, n, 1);
	r->exact = true;
}

static double top_bits(const struct value *v)
{
	return v->exact ? (double)fmpz_bits(fmpq_numref(v->q)) : v->top;
}

static double bottom_bits(const struct value *v)
{
	return !v->exact                        ? v->bottom
	       : fmpz_is_one(fmpq_denref(v->q)) ? 0
	                                        : (double)fmpz_bits(fmpq_denref(v->q));
}

static bool is_whole(const struct value *v) { return v->exact || v->whole; }
static bool is_algebraic(const struct value *v) { return v->exact || v->algebraic; }

double value_weight(const struct value *v)
{
	return v->exact ? 8 + 2 * (double)(fmpz_bits(fmpq_numref(v->q)) + fmpz_bits(fmpq_denref(v->q)))
	                : v->weight;
}

void value_ball(struct value *v, slong prec)
{
	if (!v->exact)
		return;
	arb_set_fmpq(acb_realref(v->z), v->q, prec);
	arb_zero(acb_imagref(v->z));
}

/* A ball without any information, or of a size that no double holds, is no use; a large or small number
 * weighs twice its size: what is made of it, as its cosine or ln cosh, can be twice as near to another. */
static enum status look_at_size(struct value *r)
{
	mag_t m;
	enum status s = FINE;
	if (!acb_is_finite(r->z))
		return UNCLEAR;
	mag_init(m);
	acb_get_mag(m, r->z);
	if (!mag_is_zero(m)) {
		const fmpz *e = MAG_EXPREF(m);
		if (COEFF_IS_MPZ(*e) || fmpz_cmpabs(e, (fmpz[]){ WORD(1) << 50 }) > 0)
			s = TOO_MUCH;
		else if (fmpz_cmp_si(e, 64) > 0 || (fmpz_cmp_si(e, -64) < 0 && !acb_contains_zero(r->z)))
			r->weight += 2 * fabs((double)fmpz_get_si(e));
	}
	mag_clear(m);
	return s;
}

enum status value_transcendental(struct value *r, double weight)
{
	r->exact = r->algebraic = r->whole = false;
	r->weight = weight + 8;
	return look_at_size(r);
}

static void add_unity(struct work *w, ulong order)
{
	ulong both = w->cyclotomic;
	if (both && order <= 10000)
		both = both / n_gcd(both, order) * order;
	w->cyclotomic = both && order <= 10000 && both <= 10000 ? both : 0;
}

void value_unity(struct work *w, struct value *r, ulong order, bool whole, double weight)
{
	add_unity(w, order);
	r->exact = false;
	r->algebraic = true;
	r->whole = whole;
	r->top = r->bottom = 1;
	r->weight = weight + 8;
}

/* What a result in z inherits of its two operands. */
static enum status finish(struct value *r, bool algebraic, bool whole, double top, double bottom,
                          double weight)
{
	r->exact = false;
	r->algebraic = algebraic;
	r->whole = whole;
	r->top = top;
	r->bottom = bottom;
	r->weight = weight + 8;
	return look_at_size(r);
}

static double bits_of(const struct value *a, const struct value *b)
{
	return top_bits(a) + bottom_bits(a) + top_bits(b) + bottom_bits(b);
}

static enum status sum(struct work *w, struct value *r, struct value *a, struct value *b, bool minus)
{
	bool exact = a->exact && b->exact && bits_of(a, b) <= MOST_BITS;
	if (!spend(w, 2 * cost_of_product(exact ? bits_of(a, b) : (double)w->prec)))
		return TOO_MUCH;
	if (exact) {
		if (minus)
			fmpq_sub(r->q, a->q, b->q);
		else
			fmpq_add(r->q, a->q, b->q);
		r->exact = true;
		return FINE;
	}
	double top = fmax(top_bits(a) + bottom_bits(b), top_bits(b) + bottom_bits(a)) + 1;
	double bottom = bottom_bits(a) + bottom_bits(b), weight = value_weight(a) + value_weight(b);
	bool algebraic = is_algebraic(a) && is_algebraic(b), whole = is_whole(a) && is_whole(b);
	value_ball(a, w->prec);
	value_ball(b, w->prec);
	if (minus)
		acb_sub(r->z, a->z, b->z, w->prec);
	else
		acb_add(r->z, a->z, b->z, w->prec);
	return finish(r, algebraic, whole, top, bottom, weight);
}

enum status value_add(struct work *w, struct value *r, struct value *a, struct value *b)
{
	return sum(w, r, a, b, false);
}

enum status value_subtract(struct work *w, struct value *r, struct value *a, struct value *b)
{
	return sum(w, r, a, b, true);
}

enum status value_multiply(struct work *w, struct value *r, struct value *a, struct value *b)
{
	bool exact = a->exact && b->exact && bits_of(a, b) <= MOST_BITS;
	if (!spend(w, cost_of_product(exact ? bits_of(a, b) : (double)w->prec)))
		return TOO_MUCH;
	if (exact || (a->exact && fmpq_is_zero(a->q)) || (b->exact && fmpq_is_zero(b->q))) {
		if (exact)
			fmpq_mul(r->q, a->q, b->q);
		else
			fmpq_zero(r->q);
		r->exact = true;
		return FINE;
	}
	double top = top_bits(a) + top_bits(b), bottom = bottom_bits(a) + bottom_bits(b);
	double weight = value_weight(a) + value_weight(b);
	bool algebraic = is_algebraic(a) && is_algebraic(b), whole = is_whole(a) && is_whole(b);
	value_ball(a, w->prec);
	value_ball(b, w->prec);
	acb_mul(r->z, a->z, b->z, w->prec);
	return finish(r, algebraic, whole, top, bottom, weight);
}

enum status value_divide(struct work *w, struct value *r, struct value *a, struct value *b)
{
	bool exact = a->exact && b->exact && bits_of(a, b) <= MOST_BITS;
	if (b->exact && fmpq_is_zero(b->q))
		return NO_VALUE;
	if (!spend(w, 3 * cost_of_product(exact ? bits_of(a, b) : (double)w->prec)))
		return TOO_MUCH;
	if (exact) {
		fmpq_div(r->q, a->q, b->q);
		r->exact = true;
		return FINE;
	}
	double top = top_bits(a) + bottom_bits(b), bottom = bottom_bits(a) + top_bits(b);
	double weight = value_weight(a) + value_weight(b);
	bool algebraic = is_algebraic(a) && is_algebraic(b), whole = is_whole(a) && b->exact;
	value_ball(a, w->prec);
	value_ball(b, w->prec);
	if (acb_contains_zero(b->z))
		return UNCLEAR;
	acb_div(r->z, a->z, b->z, w->prec);
	return finish(r, algebraic, whole, top, bottom, weight);
}

void value_negate(struct value *v)
{
	if (v->exact)
		fmpq_neg(v->q, v->q);
	else
		acb_neg(v->z, v->z);
}

/* a^n for an integer n that is neither 0 nor 1. */
static enum status power_whole(struct work *w, struct value *r, struct value *a, const fmpz_t n)
{
	bool invert = fmpz_sgn(n) < 0;
	if (a->exact && fmpq_is_zero(a->q)) {
		if (invert)
			return NO_VALUE;
		value_set(r, a);
		return FINE;
	}
	if (fmpz_bits(n) > 40) {
		bool minus = a->exact && fmpz_equal_si(fmpq_numref(a->q), -1) && fmpz_is_odd(n);
		if (!a->exact || !fmpz_is_pm1(fmpq_numref(a->q)) || !fmpz_is_one(fmpq_denref(a->q)))
			return TOO_MUCH;
		value_set_si(r, minus ? -1 : 1);
		return FINE;
	}
	slong times = fmpz_get_si(n);
	double size = fabs((double)times), top = size * top_bits(a), bottom = size * bottom_bits(a);
	if (a->exact && top + bottom <= MOST_BITS) {
		if (!spend(w, 2 * cost_of_product(top + bottom)))
			return TOO_MUCH;
		fmpq_pow_si(r->q, a->q, times);
		r->exact = true;
		return FINE;
	}
	if (!spend(w, 2 * fmpz_bits(n) * cost_of_product((double)w->prec + 40)))
		return TOO_MUCH;
	bool algebraic = is_algebraic(a), whole = is_whole(a) && (!invert || a->exact);
	double weight = value_weight(a) + 2 * (double)fmpz_bits(n);
	value_ball(a, w->prec);
	if (invert && acb_contains_zero(a->z))
		return UNCLEAR;
	acb_pow_fmpz(r->z, a->z, n, w->prec);
	return finish(r, algebraic, whole, invert ? bottom : top, invert ? top : bottom, weight);
}

enum status value_power(struct work *w, struct value *r, struct value *base, struct value *exponent,
                        const struct expr *x, uint32_t node)
{
	bool zero = base->exact && fmpq_is_zero(base->q);
	if (exponent->exact) {
		const fmpz *top = fmpq_numref(exponent->q), *bottom = fmpq_denref(exponent->q);
		if (fmpz_is_zero(top)) {
			if (zero)
				return NO_VALUE;
			value_set_si(r, 1);
			return FINE;
		}
		if (fmpz_is_one(bottom)) {
			if (fmpz_is_one(top)) {
				value_set(r, base);
				return FINE;
			}
			return power_whole(w, r, base, top);
		}
		bool minus = base->exact && fmpq_sgn(base->q) < 0;
		if (minus && !w->complex && fmpz_is_even(bottom))
			return NOT_REAL;
		/* Among the reals x^(1/3) is the real root; among the complex numbers the principal one, by
		 * exp and log. */
		if (fmpz_cmp_si(bottom, 64) <= 0 && !(minus && w->complex && fmpz_cmp_si(bottom, 2))) {
			fmpz_t times;
			enum status s = value_root(w, r, base, fmpz_get_ui(bottom), x, node);
			if (s)
				return s;
			fmpz_init_set(times, top);
			s = fmpz_is_one(times) ? FINE : power_whole(w, r, r, times);
			fmpz_clear(times);
			return s;
		}
	}
	if (zero)
		return UNCLEAR;
	if (!spend(w, 60 * cost_of_product((double)w->prec)))
		return TOO_MUCH;
	double weight = value_weight(base) + value_weight(exponent);
	value_ball(base, w->prec);
	value_ball(exponent, w->prec);
	if (acb_contains_zero(base->z))
		return UNCLEAR;
	if (!w->complex && arb_contains_negative(acb_realref(base->z)))
		return arb_is_negative(acb_realref(base->z)) ? NOT_REAL : UNCLEAR;
	mag_t m;
	mag_init(m);
	acb_get_mag(m, exponent->z);
	bool huge = mag_cmp_2exp_si(m, 40) > 0;
	mag_clear(m);
	if (huge)
		return TOO_MUCH;
	acb_pow(r->z, base->z, exponent->z, w->prec);
	return value_transcendental(r, weight);
}

/* Counts a radical of index k into the field, once each: a rational's by its part without k-th powers of
 * small primes, others by what they were read from. */
static void add_radical(struct work *w, const struct value *a, ulong k, const struct expr *x, uint32_t node)
{
	fmpz_t what, rest;
	if (a->exact)
		x = NULL;
	fmpz_init(what);
	fmpz_init(rest);
	if (a->exact) {
		fmpz_pow_ui(what, fmpq_denref(a->q), k - 1);
		fmpz_mul(what, what, fmpq_numref(a->q));
		fmpz_abs(what, what);
		for (size_t i = 0; i < sizeof small_primes / sizeof *small_primes; i++) {
			fmpz_t p;
			fmpz_init_set_ui(p, small_primes[i]);
			slong times = fmpz_remove(rest, what, p);
			if ((ulong)times >= k) {
				fmpz_pow_ui(p, p, (ulong)times % k);
				fmpz_mul(what, rest, p);
			}
			fmpz_clear(p);
		}
	}
	size_t i = 0;
	while (i < w->n_radicals && !(w->radical[i].index == k && w->radical[i].x == x &&
	                              (x ? w->radical[i].node == node && w->radical[i].point == w->point &&
	                                               w->radical[i].sign == w->sign
	                                 : fmpz_equal(w->radical[i].what, what))))
		i++;
	if (i == w->n_radicals) {
		w->log_degree += log2((double)k);
		if (i < MOST_RADICALS) {
			fmpz_set(w->radical[i].what, what);
			w->radical[i].x = x;
			w->radical[i].node = node;
			w->radical[i].point = w->point;
			w->radical[i].sign = w->sign;
			w->radical[i].index = k;
			w->n_radicals++;
		}
	}
	fmpz_clear(what);
	fmpz_clear(rest);
}

/* The root of a rational that is one; false: it is none. */
static bool root_exact(struct value *r, struct value *a, ulong k)
{
	fmpq_t q;
	fmpq_init(q);
	bool whole = fmpz_root(fmpq_numref(q), fmpq_numref(a->q), (slong)k) &&
	             fmpz_root(fmpq_denref(q), fmpq_denref(a->q), (slong)k);
	if (whole) {
		fmpq_swap(r->q, q);
		r->exact = true;
	}
	fmpq_clear(q);
	return whole;
}

/* The root of a ball; the ball is real where its imaginary part is exactly 0. */
static enum status root_ball(struct work *w, struct value *r, struct value *a, ulong k)
{
	bool real = acb_is_real(a->z), minus = arb_is_negative(acb_realref(a->z));
	if (real && acb_contains_zero(a->z))
		return UNCLEAR;
	if (real && minus && k % 2) {
		acb_neg(r->z, a->z);
		arb_root_ui(acb_realref(r->z), acb_realref(r->z), k, w->prec);
		arb_zero(acb_imagref(r->z));
		acb_neg(r->z, r->z);
	} else if (real && minus) {
		if (!w->complex)
			return NOT_REAL;
		add_unity(w, 2 * k);
		acb_root_ui(r->z, a->z, k, w->prec);
	} else {
		acb_root_ui(r->z, a->z, k, w->prec);
	}
	return FINE;
}

enum status value_root(struct work *w, struct value *r, struct value *a, ulong k, const struct expr *x,
                       uint32_t node)
{
	double size = top_bits(a) + bottom_bits(a);
	if (k == 1) {
		value_set(r, a);
		return FINE;
	}
	if (!spend(w, 10 * cost_of_product(a->exact ? (double)k * size : (double)w->prec) +
	           (a->exact ? 200 : 0) + 5 * cost_of_product((double)w->prec)))
		return TOO_MUCH;
	if (a->exact && (double)k * size > MOST_BITS)
		return TOO_MUCH;
	if (a->exact && (fmpq_sgn(a->q) >= 0 || k % 2) && root_exact(r, a, k))
		return FINE;
	if (is_algebraic(a))
		add_radical(w, a, k, x, node);
	bool algebraic = is_algebraic(a), whole = is_whole(a);
	double top = (top_bits(a) + (double)(k - 1) * bottom_bits(a)) / (double)k, bottom = bottom_bits(a);
	double weight = value_weight(a);
	value_ball(a, w->prec);
	enum status s = root_ball(w, r, a, k);
	return s ? s : finish(r, algebraic, whole, top, bottom, weight);
}

double value_separation(const struct work *w, const struct value *v, bool *proved)
{
	*proved = v->exact || (v->algebraic && w->cyclotomic);
	if (!*proved)
		return 128 + value_weight(v);
	double degree = exp2(w->log_degree) * (w->cyclotomic > 2 ? (double)w->cyclotomic : 1);
	if (!is_whole(v))
		degree *= degree;
	return bottom_bits(v) + (degree - 1) * top_bits(v) + 1;
}

enum sign value_sign(const struct value *v, int *sign)
{
	*sign = 0;
	if (v->exact) {
		*sign = fmpq_sgn(v->q);
		return *sign ? NOT_ZERO : ZERO_INSIDE;
	}
	if (acb_contains_zero(v->z))
		return ZERO_INSIDE;
	if (arb_contains_zero(acb_imagref(v->z)))
		*sign = arb_is_positive(acb_realref(v->z)) ? 1 : arb_is_negative(acb_realref(v->z)) ? -1 : 0;
	return NOT_ZERO;
}

double value_log_radius(const struct value *v)
{
	if (v->exact)
		return fmpq_is_zero(v->q) ? -INFINITY : INFINITY;
	mag_t m;
	mag_init(m);
	acb_get_mag(m, v->z);
	double at = mag_is_zero(m) ? -INFINITY : mag_is_inf(m) ? INFINITY : mag_get_d_log2_approx(m);
	mag_clear(m);
	return at;
}
