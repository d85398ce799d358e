/* calc.h: the value of "3*(4+1.5)/2", as a fraction. */
#ifndef RHO_PROGRAM_CALC_H
#define RHO_PROGRAM_CALC_H

#include <kit/rational.h>

enum calc_result { CALC_OK, CALC_UNREADABLE, CALC_BY_ZERO, CALC_TOO_LARGE };

enum { CALC_MOST_DEPTH = 50 };          /* of parentheses; deeper is CALC_TOO_LARGE */

struct calc_value {
	struct rho_rational v;
	size_t operators;       /* between two numbers: 2 in 1+2+3, 0 in -5% */
	size_t end;             /* bytes of the text that were read */
};

/* Numbers with thousands commas, currency signs before them (not looked at) and % behind them; + - * / ^ ( ), also
 * written x, **, × · ÷ − and //; a parenthesis behind a number multiplies. Reads as much of the beginning as makes
 * sense: of "24 - then" 24. `work` goes down by about the word operations spent; at 0 everything is CALC_TOO_LARGE. */
enum calc_result calc_prefix(struct rho_str, int64_t *work, struct calc_value *out);

/* The same of the whole text, blanks around it aside; what follows is CALC_UNREADABLE. */
enum calc_result calc_whole(struct rho_str, int64_t *work, struct calc_value *out);

/* Bytes of the sign, other than a digit, that an expression may hold at s.at[i]: an operator, a blank, a
 * parenthesis, a currency sign; 0: none is there. */
size_t calc_sign(struct rho_str s, size_t i);

#endif
