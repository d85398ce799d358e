/* read.h: numbers as people write answers, read into digits; nothing is rounded. */
#ifndef RHO_EXACT_READ_H
#define RHO_EXACT_READ_H

#include <rho/view.h>

/* Digits (n, no zero at either end; none for 0) times 10^exponent. */
struct exact_decimal { char *digit; size_t n; long exponent; bool minus; };

struct exact_number {
	struct exact_decimal top, bottom;       /* bottom: of a fraction; digit NULL: 1 */
	bool percent;                           /* written with %, which is not in the value */
	struct rho_str unit;                    /* "$", "GBP", "EUR", "JPY", "%", a few words; empty: none */
};

enum { EXACT_MOST_EXPONENT = 99999999, EXACT_MOST_UNIT = 48 };

/* s without blanks around it, each run of blanks inside as one, no-break and thin spaces being blanks, the minus
 * sign U+2212 a hyphen; into out (s.len bytes). */
struct rho_str exact_tidy(struct rho_str s, char *out);

/* Reads the whole of a tidied text as a number: integer, decimal, scientific (1.2e3, 1.2 x 10^3), a fraction of two,
 * a mixed number (3 1/2); with a sign, thousands in threes (1,234 1 234 1'234), a currency, a percent sign, words of a
 * unit, thousand to trillion. Works in out (2 s.len + 40), which the number goes on using. */
bool exact_read(struct rho_str s, char *out, struct exact_number *);

/* Whether two units are the same: case and a plural's s or es aside. */
bool exact_same_unit(struct rho_str a, struct rho_str b);

/* The answer in a whole response, a view of it: the last \boxed{...}; else what follows the last "####", "answer is",
 * "answer:" or a line's "A:", to the end of its line; else all of it. */
struct rho_str exact_marked(struct rho_str);

/* The last (or first) number that stands in a text, without its unit; empty: there is none, or it is part of a
 * formula. */
struct rho_str exact_number_in(struct rho_str, bool last);

/* a * b, digit by digit, in out (a.n + b.n + 1); a times 1 where b has no digits at all. */
struct exact_decimal exact_product(struct exact_decimal a, struct exact_decimal b, char *out);

/* The number as m 10^exponent with 0.1 <= |m| < 10; 0: m is 0. A few last bits are lost. */
double exact_f64(const struct exact_number *, long *exponent);

#endif
