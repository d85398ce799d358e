/* best.h: the k best of the numbers offered, whatever the order they come in. */
#ifndef RHO_SCORE_BEST_H
#define RHO_SCORE_BEST_H

#include <stdbool.h>
#include <stdint.h>
#include <stddef.h>

/* A heap, the worst at its root. The arrays are the caller's. */
struct rho_best {
	uint32_t *place; /* (room) */
	float *score;    /* (room) */
	size_t n, room;  /* room > 0 */
};

/* Takes a number where there is room or it beats the worst: larger, or equal with a lower place. A NaN
 * must not be offered. True when it was taken. */
bool rho_best_offer(struct rho_best *, float score, uint32_t place);

/* Best first. Nothing can be offered after. */
void rho_best_sort(struct rho_best *);

#endif
