/* best.c: a binary heap of numbers and places. */
#include "best.h"

/* Whether entry i is worse than a number at a place. */
static bool worse(const struct rho_best *b, size_t i, float score, uint32_t place)
{
	return b->score[i] < score || (b->score[i] == score && b->place[i] > place);
}

static void put(struct rho_best *b, size_t i, float score, uint32_t place)
{
	b->score[i] = score;
	b->place[i] = place;
}

/* Puts a number at the root of the first n, the old root's being gone. */
static void sink(struct rho_best *b, size_t n, float score, uint32_t place)
{
	size_t i = 0;
	for (size_t down; (down = 2 * i + 1) < n; i = down) {
		if (down + 1 < n && worse(b, down + 1, b->score[down], b->place[down]))
			down++;
		if (!worse(b, down, score, place))
			break;
		put(b, i, b->score[down], b->place[down]);
	}
	put(b, i, score, place);
}

bool rho_best_offer(struct rho_best *b, float score, uint32_t place)
{
	size_t i = b->n;
	if (i == b->room) {
		if (!worse(b, 0, score, place))
			return false;
		sink(b, b->n, score, place);
		return true;
	}
	b->n++;
	for (size_t up; i && !worse(b, up = (i - 1) / 2, score, place); i = up)
		put(b, i, b->score[up], b->place[up]);
	put(b, i, score, place);
	return true;
}

void rho_best_sort(struct rho_best *b)
{
	for (size_t n = b->n; n > 1; n--) {
		float score = b->score[n - 1];
		uint32_t place = b->place[n - 1];
		put(b, n - 1, b->score[0], b->place[0]);
		sink(b, n - 1, score, place);
	}
}
