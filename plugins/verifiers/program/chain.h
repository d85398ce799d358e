/* chain.h: a worked solution: its steps, each of which holds or does not, and the number it ends in. */
#ifndef RHO_PROGRAM_CHAIN_H
#define RHO_PROGRAM_CHAIN_H

#include "calc.h"

enum { CHAIN_BUDGET = 20000000 };       /* word operations of one solution, about: a tenth of a second */

struct chain {
	bool has_final;
	struct rho_rational final;      /* of the #### line, else of the last step */
	size_t steps;
	size_t wrong, unread;           /* the first step that does not hold, that cannot be read; from 1; 0: none */
	struct rho_str wrong_text, unread_text;
	bool by_zero;                   /* the wrong step divides by 0 */
	struct rho_rational is, stated; /* else: the sides that differ */
	bool spent;                     /* numbers too large, or the budget used up: what is missing is not known */
};

/* Reads a solution. Steps are what stands in <<...>>, and in lines without any <<, what reads as "48/2 = 24";
 * without `plain` the latter are not checked, and only give the final number where there is no other. A side
 * holds when it differs from the one before by at most `tolerance` times that (0: not at all). The final
 * number is what follows the last ####, or a line's "A:" or "Answer:", else the value of the last step that can be
 * read; a text that is nothing but a number is that. Time is linear in the length but for the budget. */
void chain_read(struct rho_str text, bool plain, double tolerance, struct chain *out);

#endif
