/* rational.h: fractions of whole numbers, exact, of a bounded size and without memory of their own. */
#ifndef RHO_KIT_RATIONAL_H
#define RHO_KIT_RATIONAL_H

#include <rho/view.h>

enum { RHO_RATIONAL_LIMBS = 64 };       /* 2,048 bits, 616 decimal digits, above and below the line */

/* Always in lowest terms, bottom above 0; 0 is 0/1 without a sign. Two equal values have equal fields. */
struct rho_rational {
	bool minus;
	uint32_t n_top, n_bottom;               /* limbs in use; n_top 0: zero */
	uint32_t top[RHO_RATIONAL_LIMBS];       /* (n_top), lowest first */
	uint32_t bottom[RHO_RATIONAL_LIMBS];    /* (n_bottom) */
};

struct rho_rational rho_rational_of(int64_t);

/* Digits with at most one point among them, no sign: "12", "0.50", ".5", "7.". False: it is something else, or
 * too long. */
bool rho_rational_read(struct rho_str, struct rho_rational *out);

/* out may be one of the operands. False: the result is too large, or (div) b is 0; out is then unchanged.
 * At most some 10^5 word operations each; a handful where everything fits 64 bits. */
bool rho_rational_add(const struct rho_rational *a, const struct rho_rational *b, struct rho_rational *out);
bool rho_rational_sub(const struct rho_rational *a, const struct rho_rational *b, struct rho_rational *out);
bool rho_rational_mul(const struct rho_rational *a, const struct rho_rational *b, struct rho_rational *out);
bool rho_rational_div(const struct rho_rational *a, const struct rho_rational *b, struct rho_rational *out);

/* a^b for a whole number b; 0^0 is 1. False: too large, b is no whole number, or 0 to a power below 0. */
bool rho_rational_pow(const struct rho_rational *a, const struct rho_rational *b, struct rho_rational *out);

/* Below 0, 0, above 0 as a is less than, equal to, greater than b. */
int rho_rational_order(const struct rho_rational *a, const struct rho_rational *b);

double rho_rational_f64(const struct rho_rational *);   /* to within a few last bits; may be infinite */

/* "-12", "3/4": decimal, cut off with "..." where there is no room. Always ends with NUL; room >= 8. */
void rho_rational_write(const struct rho_rational *, char *out, size_t room);

#endif
