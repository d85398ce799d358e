/* value.h: numbers: rationals as long as they can be exact, else complex balls, each with what bounds how
 * near 0 it can be without being 0.
 *
 * The bound on algebraic numbers is that of Burnikel, Fleischer, Mehlhorn and Schirra (2000, Theorem 1): a
 * value is U / L for algebraic integers U and L whose conjugates are all at most 2^top and 2^bottom. In a
 * field of degree D it is 0 or at least 2^-(bottom + (D^2 - 1) top), with D for D^2 where L is a rational
 * integer. */
#ifndef RHO_SYMBOLIC_VALUE_H
#define RHO_SYMBOLIC_VALUE_H

#include <acb.h>
#include <flint/fmpq.h>

#include "expr.h"

/* GCC takes the array parameters of FLINT's functions (acb_t and the like) for the first member that was
 * looked at. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wstringop-overflow"
#pragma GCC diagnostic ignored "-Wstringop-overread"
#endif

enum status {
	FINE,
	NO_VALUE,       /* undefined: a quotient by 0, log 0        */
	NOT_REAL,       /* outside the reals where only these count */
	UNCLEAR,        /* at this precision                        */
	TOO_MUCH,       /* over the budget, or a number too large   */
	NO_NUMBER,      /* words, sets, infinity: no single number  */
};

enum { MOST_BITS = 1 << 18, MOST_RADICALS = 32 };

/* What the values of one comparison share. */
struct work {
	uint64_t steps, budget;
	bool spent;             /* something would have gone over the budget */
	bool complex;           /* values beyond the reals are allowed       */
	slong prec;             /* bits of the balls                         */
	unsigned point;         /* which assignment of the variables it is   */
	int sign;               /* which of the signs of ±                    */
	bool radians;           /* a degree sign is pi/180 everywhere, not in sines alone */
	/* The field: rationals with radicals (each of a degree), roots of unity and i. */
	struct {
		fmpz_t what;    /* what is under it, where that is rational: x is NULL then */
		const struct expr *x; uint32_t node;
		unsigned point;
		int sign;
		ulong index;
	} radical[MOST_RADICALS];
	size_t n_radicals;
	double log_degree;      /* log2 of the radicals' degrees */
	ulong cyclotomic;       /* its order; 0: more than 10000 */
};

struct value {                  /* value_init and value_clear */
	bool exact;             /* it is q; else it lies in z */
	fmpq_t q;
	acb_t z;
	bool algebraic, whole;  /* whole: L is a rational integer; both for balls only */
	double top, bottom;     /* log2, for balls */
	double weight;          /* bits that were written to say it, for balls */
};

void work_init(struct work *, uint64_t budget);
void work_clear(struct work *);
void work_forget(struct work *);        /* the field is the rationals again */
bool spend(struct work *, uint64_t steps);      /* false: over the budget; nothing is spent */
uint64_t cost_of_product(double bits);

void value_init(struct value *);
void value_clear(struct value *);
void value_set(struct value *, const struct value *);
void value_set_si(struct value *, slong);
double value_weight(const struct value *);

/* Results may be their operands; exact operands get their ball where it is needed. */
enum status value_add(struct work *, struct value *r, struct value *a, struct value *b);
enum status value_subtract(struct work *, struct value *r, struct value *a, struct value *b);
enum status value_multiply(struct work *, struct value *r, struct value *a, struct value *b);
enum status value_divide(struct work *, struct value *r, struct value *a, struct value *b);
void value_negate(struct value *);
enum status value_power(struct work *, struct value *r, struct value *base, struct value *exponent,
                        const struct expr *x, uint32_t node);

/* The k-th root: the real one where there is one, else the principal one. x, node: what is under the radical
 * sign, by which equal radicals are known to be one. */
enum status value_root(struct work *, struct value *r, struct value *a, ulong k, const struct expr *x,
                       uint32_t node);

void value_ball(struct value *, slong prec);    /* gives an exact value's ball its digits */
/* A ball that r->z holds, of a function of `of`: its size is looked at, it is no longer algebraic. */
enum status value_transcendental(struct value *r, double weight);
/* r->z holds an algebraic integer with conjugates of at most 2, over another (whole: over 2), both among the
 * sums of roots of unity of `order`. */
void value_unity(struct work *, struct value *r, ulong order, bool whole, double weight);

/* A value v that is not 0 has |v| > 2^-bits: proved where the value is algebraic (*proved), else as far as
 * anyone has seen (Richardson's conjecture: numbers so near 0 take more digits to write than these have). */
double value_separation(const struct work *, const struct value *v, bool *proved);

enum sign { ZERO_INSIDE, NOT_ZERO };
enum sign value_sign(const struct value *, int *sign);  /* sign: -1, 0, 1 of a real one; 0 where not known */
double value_log_radius(const struct value *);          /* log2 of how far the ball reaches from 0 */

#endif
