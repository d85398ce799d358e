/* Orders of contexts; the permutation of an epoch is computed place by place. */
#include "order.h"

enum { ROUNDS = 6 };

const char *const rho_order_names[] = { "shuffle", "uniform", "file", NULL };

/* Where place `at` of 2^(2 half) goes: a permutation, from six round keys. */
static uint64_t scramble(const uint64_t *key, unsigned half, uint64_t at)
{
	uint64_t mask = ((uint64_t)1 << half) - 1, left = at >> half, right = at & mask;
	for (int r = 0; r < ROUNDS; r++) {
		uint64_t x = (right ^ key[r]) * 0x9e3779b97f4a7c15u, was = left;
		x = (x ^ x >> 32) * 0xbf58476d1ce4e5b9u;
		left = right;
		right = was ^ (x >> 32 & mask);
	}
	return left << half | right;
}

static uint32_t shuffled(const struct rho_rng *key, uint32_t n, uint64_t epoch, uint64_t place)
{
	struct rho_rng rng = rho_fork(key, epoch, 0);
	uint64_t round[ROUNDS];
	unsigned half = 3;
	while ((uint64_t)1 << 2 * half < n)
		half++;
	for (int r = 0; r < ROUNDS; r++)
		round[r] = rho_u64(&rng);
	do
		place = scramble(round, half, place);
	while (place >= n);
	return (uint32_t)place;
}

uint32_t rho_order_at(const struct rho_rng *key, enum rho_order order, uint32_t n, size_t lanes, size_t lane,
                      uint64_t episode)
{
	uint64_t at = episode * lanes + lane;
	if (order == RHO_ORDER_UNIFORM) {
		struct rho_rng rng = rho_fork(key, lane, episode);
		return rho_below(&rng, n);
	}
	return order == RHO_ORDER_FILE ? (uint32_t)(at % n) : shuffled(key, n, at / n, at % n);
}
