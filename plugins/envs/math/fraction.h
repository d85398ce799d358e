/* fraction.h: exact fractions of 64-bit integers, reduced, that say so when a result does not fit. */
#ifndef RHO_MATH_FRACTION_H
#define RHO_MATH_FRACTION_H

#include <rho/view.h>

#define MATH_FRACTION_MOST ((int64_t)1000000000000)     /* of numerator and denominator: 12 digits */

struct math_fraction { int64_t p, q; };         /* p / q, q > 0, no common divisor; q == 0: not a number */

static inline bool math_same(struct math_fraction a, struct math_fraction b)
{
	return a.p == b.p && a.q == b.q;
}

/* Below 0, 0, above 0 as a < b, a = b, a > b. Neither may be no number. */
int math_order(struct math_fraction a, struct math_fraction b);

/* p / q reduced; no number where q is 0 or either is beyond MATH_FRACTION_MOST after reducing. */
struct math_fraction math_fraction_of(int64_t p, int64_t q);

/* a op b, op one of + - * /; no number where either is none, b is 0 under /, or it does not fit. */
struct math_fraction math_do(struct math_fraction a, char op, struct math_fraction b);

/* The number at the front of s: digits with commas between thousands, a decimal point, ".5"; no sign. Gives
 * the bytes read; 0: there is none, or it does not fit. */
size_t math_fraction_read(struct rho_str s, struct math_fraction *);

/* Writes it: "72", "-12.5" where a decimal of at most 6 places is exact, else "1/3". `out` takes 32 bytes;
 * gives the length. */
size_t math_fraction_write(struct math_fraction, char *out);

#endif
